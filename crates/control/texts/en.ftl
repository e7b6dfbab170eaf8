nav-control = Portal settings
nav-deliveries = Delivery services
nav-maintenance = Maintenance
nav-notices = Deadlines and notices

portal-test = Test environment
portal-production = Production
kind-client = Client
kind-delivery_service = Delivery service
kind-maintenance = Maintenance window
status-active = active
status-production_verification = production check
status-suspended = suspended
status-terminated = terminated
status-withdrawn = withdrawn
status-unknown = unknown
until = to

control-title = Portal settings
control-portals = Portals
control-looked = Last compared
control-not-looked = Not compared yet
control-unreachable = Can't be compared
control-look = Compare now
control-done-looked = Compared
control-done-again = The portal is being told again
control-drift = Differences at the portals
control-drift-lead = What a portal has is not what was decided here. Look at the members that differ, and apply what is right again.
control-no-drift = No difference was found when they were last compared.
control-drift-fields = Differences member by member
control-field = Member
control-wanted = As decided
control-has = At the portal
control-clients = Clients
control-others = Delivery services and maintenance
control-applied = applied
control-waiting = waiting
control-failed = not applied
control-revision = revision { $n }
control-revision-label = Revision
control-portal = Portal
control-service = Service
control-wanted-at = Decided
control-applied-at = Confirmed by the portal
control-digest = Digest
control-settings = The settings in full (JSON)
control-source-desk = set by this desk
control-source-registration = registered by a developer
control-source-command_line = changed on the portal's command line
control-source-settings = from the portal's configuration file
drift-missing = missing at the portal
drift-unknown = not decided here
drift-different = different
control-again-title = Apply again
control-again-lead = Sends what was decided to the portal once more, as a new revision. Nothing of it changes.
control-again = Apply again
control-note = Reason (kept in the record)
control-note-missing = Give a reason of at most 2,000 characters.
control-reason-missing = Give the reason for the suspension, at most 2,000 characters.
control-raced = Somebody else acted in the same moment. Look at the present state and try again.
control-suspend-title = Suspend at once
control-suspend-lead = For incidents: suspends without notice. This is a proposal; once another person approves it, every request is refused within a second.
control-suspend = Propose to suspend at once

deliveries-title = Delivery services
deliveries-done = Saved; the portals are being told
deliveries-none = No delivery service is admitted.
deliveries-updated = Updated
delivery-new-title = Admit a delivery service
delivery-edit-title = Change a delivery service
delivery-lead = When you save, the portals of the environments that you fill in are told. Forms offer it from then on.
delivery-id = ID
delivery-id-hint = Letters, digits, "-", "_" and ".", at most 64. It can't be changed later.
delivery-name_ja = Name (Japanese)
delivery-name_en = Name (English)
delivery-operator_ja = Operator (Japanese)
delivery-operator_en = Operator (English)
delivery-operating = Operating days and hours
delivery-operating_ja = Operating days and hours (Japanese)
delivery-operating_en = Operating days and hours (English)
delivery-operating-hint = For example: every day, around the clock (except for maintenance)
delivery-at-test = Connection with the test environment
delivery-at-production = Connection with production
delivery-at-lead = Leave all of it empty when it is not used in this environment.
delivery-issuer = Issuer
delivery-issuer-hint = Address of its authorization server: https://, without a slash at the end.
delivery-client_id = The portal's client ID
delivery-client_id-hint = The ID that the delivery service gave to the portal.
delivery-resources = Address of its resources
delivery-resources-hint = Only when they stand apart from the authorization server.
delivery-sso_client_id = Client ID for single sign-on
delivery-sso_client_id-hint = The ID that the portal gave to this delivery service.
delivery-initiate_login_uri = Address that starts single sign-on
delivery-initiate_login_uri-hint = Leave empty when not used.
delivery-note = Reason for the change (kept in the record)
delivery-save = Save and apply
delivery-taken = There is a delivery service with this ID. Choose another.
delivery-raced = Somebody else changed it first
delivery-raced-text = What you entered is kept. Check it; saving overwrites the other change.
delivery-wrong-id = Use letters, digits, "-", "_" and ".", at most 64, beginning with a letter or digit.
delivery-wrong-name = Enter at most 100 characters.
delivery-wrong-operating = Enter at most 500 characters.
delivery-wrong-issuer = Enter an address that begins with https://, without a slash at the end.
delivery-wrong-client = Enter at most 255 plain characters.
delivery-wrong-address = Enter an address that begins with https://.
delivery-wrong-none = Fill in the connection with at least one environment.
delivery-wrong-status = Choose a status.

maintenance-title = Planned maintenance and operating hours
maintenance-lead = Planned maintenance of the delivery services. The portals show it on their status page and to citizens.
maintenance-none = No maintenance is planned.
maintenance-hours = Operating days and hours
maintenance-new = Announce maintenance
maintenance-new-lead = API users whose services use the delivery service get an e-mail, and the portals show it. Times are Japanese time.
maintenance-delivery = Delivery service
maintenance-place = Environment
maintenance-both = Test environment and production
maintenance-from_day = First day
maintenance-from_time = From (time)
maintenance-until_day = Last day
maintenance-until_time = Until (time)
maintenance-note_ja = What is done (Japanese)
maintenance-note_en = What is done (English)
maintenance-announce = Announce
maintenance-withdraw = Withdraw
maintenance-done-announced = The maintenance is announced
maintenance-done-withdrawn = The maintenance is withdrawn
maintenance-wrong-delivery = Choose a delivery service.
maintenance-wrong-place = Choose an environment.
maintenance-wrong-time = Enter day and time.
maintenance-wrong-order = The end has to be later than the beginning.
maintenance-wrong-past = The end is over already. Choose a time to come.
maintenance-wrong-note = Enter at most 500 characters.
window-planned = planned
window-now = under way
window-over = over
window-withdrawn = withdrawn

notices-title = Deadlines and notices
notices-lead = What is due soon or needs your attention. You get the same by e-mail.
notices-none = There is nothing at the moment.
notices-case = Open the procedure

warn-keys-end = Keys or certificate of "{ $service }" ({ $portal }) end on { $at }. Publish new ones, then switch to them.
warn-keys-changed = The keys of "{ $service }" ({ $portal }) at { $uri } are not those of before (seen { $at }). If it was not you who changed them, say so at once.
warn-keys-gone = The keys of "{ $service }" ({ $portal }) can't be fetched from { $uri }. Its requests will fail ({ $why }).
warn-test-end = The period of "{ $service }" in the test environment ends on { $at }. Ask us for a longer one if you need it.
warn-suspension-near = "{ $service }" will be suspended on { $at }. Check what you tell citizens.
warn-resumption-near = "{ $service }" will resume on { $at }. Check that it is ready.
warn-termination-near = "{ $service }" will end on { $at }. This can't be undone.
warn-check-open = The production check of "{ $service }" is not finished. The link of { $tester } works until { $at }.
warn-step-near = Step { $step } of "{ $service }" (receipt { $receipt }) is due on { $at }.
warn-step-late = Step { $step } of "{ $service }" (receipt { $receipt }) was due on { $at }.
warn-staff-late = Step { $step } of receipt { $receipt } was due on { $at }.
warn-unconfirmed = Settings of { $subject } ({ $portal }) have not been applied for more than 10 minutes ({ $why }).
warn-unreachable = The portal can't be compared for some time now: { $portal } ({ $why }).
warn-drift = Settings of { $subject } ({ $portal }) are not what was decided.

mail-warning-subject = Please check: deadlines and settings
mail-warning-text =
    { $person },

    { $text }

    See this page:
    { $link }
mail-open-test-subject = The test environment is set up (receipt { $receipt })
mail-open-test-text =
    { $person },

    "{ $service }" is set up at { $portal } (test environment). What you need to connect:

    Client ID: { $client }
    Issuer: { $issuer }
    Endpoints: { $issuer }/.well-known/openid-configuration

    What next: carry out the connection test, then submit form 4.
    { $link }
mail-open-check-subject = The production check is set up (receipt { $receipt })
mail-open-check-text =
    { $person },

    "{ $service }" is set up at { $portal } (production) for its check. Only the named testers can use it.

    Client ID: { $client }
    Issuer: { $issuer }
    Endpoints: { $issuer }/.well-known/openid-configuration

    Each tester got a link of their own, to be opened in the browser that they check with.
    What next: when the check is done, submit form 10.
    { $link }
mail-started-subject = The service has started (receipt { $receipt })
mail-started-text =
    { $person },

    "{ $service }" is open to every citizen at { $portal } (production).

    Client ID: { $client }
    Issuer: { $issuer }

    { $link }
mail-changed-subject = The change is live (receipt { $receipt })
mail-changed-text =
    { $person },

    The change of "{ $service }" is live at { $portal } (production).

    Client ID: { $client }
    Issuer: { $issuer }

    { $link }
mail-suspended-subject = The use is suspended (receipt { $receipt })
mail-suspended-text =
    { $person },

    "{ $service }" is suspended at { $portal } (production).
    Client ID: { $client }
    Issuer: { $issuer }

    See this page for the reason and what follows, or ask us.
    { $link }
mail-tester-subject = Your link for the production check ({ $service })
mail-tester-text =
    { $person },

    You are a tester of the production check of "{ $service }". Open this link in the browser that you will check with, and press the button.
    { $link }

    - The link is for you alone. Do not pass it on.
    - Only the browser in which the button is pressed first, and your card that is read first, can be used.
    - It works until { $until } ({ $portal }).
mail-maintenance-subject = Planned maintenance ({ $delivery })
mail-maintenance-text =
    { $person },

    "{ $delivery }" will be under maintenance. Meanwhile it can't be linked and documents can't be fetched.

    When: { $from } to { $until }
    What: { $note }

    { $link }
mail-maintenance-withdrawn-subject = Maintenance withdrawn ({ $delivery })
mail-maintenance-withdrawn-text =
    { $person },

    The maintenance of "{ $delivery }" ({ $from } to { $until }) will not take place.
    What it was: { $note }

    { $link }
