service-name = Mihon Year-End
list-joiner = {", "}

connect = Connect more (link external sites)
manual = Enter the amounts myself without linking
import = Import certificates
later = Later
retry = Connect again
retry-rest = Connect again with the services that are not linked
submit = Submit this
edit = Change the amounts
save = Go on to check
yes = Yes
no = No

# ①
start-title = Import deduction certificates as data
start-lead = Import the deduction certificates (控除証明書) for your { $year } year-end adjustment (年末調整) instead of copying them from paper.
start-linked = You are already linked
start-linked-with = Linked with: { $services }.
start-linked-at = Last confirmed:
start-maintenance = Maintenance of { $name } is planned
start-maintenance-now = { $name } is under maintenance
start-until = until
start-maintenance-text = You can't link during this time. You can still enter the amounts yourself.
start-get = What you can import
start-get-life = Certificates of life insurance premiums (生命保険料)
start-get-earthquake = Certificates of earthquake insurance premiums (地震保険料)
start-get-pension = Certificates of National Pension contributions (国民年金保険料等)
start-get-text = We check the electronic signature of each certificate, then fill in your return. You can check and change every amount before you submit.
start-need = What you need
start-need-card = Your My Number Card (マイナンバーカード)
start-need-pin = The PIN of its user-authentication certificate (4 digits)
start-need-reader = A smartphone or a card reader
start-how = About the procedure
start-time = Time needed
start-time-value = About 5 minutes
start-hours = Hours
start-hours-value = 24 hours, every day (except during maintenance)
start-next = Sites you will go to
start-next-value = You confirm who you are at { $portal } ({ $host }), then sign in or sign up at { $services }.
start-next-several = You verify your identity at { $portal } ({ $host }), then sign in or sign up at the services you choose ({ $services }), one after the other.
start-how-text = If you stop on the way, you come back here and can enter the amounts yourself. You can undo the link at any time on your page at { $portal }.
start-ask = What to do
start-ask-all = Link and import documents
start-ask-documents = I am linked already: import documents only
start-services = Services to connect
start-services-hint = Choose the services where your certificates arrive. If you choose more than one, you go through them one after the other.
start-services-none = Choose at least one service to connect
start-developer = Settings for developers
start-developer-text = Only in the test environment. Changes the authorization_details that are sent.
start-message = Message to the delivery service (message)
start-message-hint = The portal does not read it and passes it to the delivery service. {"{service}"} in it becomes the id of each service. Up to 4096 bytes.
start-message-long = Enter a message of at most { $max } bytes
start-reconfirm = Confirm again at the delivery service even if linked
start-unregistered = Send a redirect address that is not registered (to see how it is refused)
start-operator = Operator:

# When what came back can't be taken
refused-title = You can't go on from this page
refused-text = The result of linking can be received once, by the browser that started. You see this page if you started in another browser or app, or opened a link that somebody sent you.
refused-link = Nothing was linked or imported on this page.
refused-start = Start again

# ⑦
outcome-pending = Checking the result
pending-text = We are receiving the result. Wait a few seconds, then refresh.
pending-refresh = Refresh

outcome-linked = Linking is complete
outcome-already_linked = You are already linked
outcome-partly_linked = Some services were linked
outcome-consent_denied = Not linked because you did not agree
outcome-user_cancelled = You stopped linking
outcome-card_pin_locked = The PIN is locked
outcome-cert_expired = The certificate on your card has expired
outcome-cert_revoked = The certificate on your card has been revoked
outcome-different_person = This is a different My Number Card
outcome-service_maintenance = The delivery service is under maintenance
outcome-service_unavailable = The delivery service does not answer
outcome-link_conflict = This account can't be linked
outcome-link_failed = Linking failed
outcome-session_expired = The procedure timed out
outcome-client_suspended = Linking is suspended at present
outcome-temporarily_unavailable = Linking is not possible right now
outcome-server_error = Something went wrong while linking
outcome-unconfirmed = We could not receive the result

link-made = A link was made
link-before = The link was made before
link-partly = Only part of the link was made
link-none = No link was made
link-unknown = We could not confirm whether a link was made

why-linked = You finished at { $portal }. You can import the certificates that have arrived.
why-already_linked = Nothing new is needed. You can import the certificates that have arrived.
why-partly_linked = You can import from the services that were linked. The others are shown below.
why-consent_denied = “Do not agree” was chosen at { $portal }. You can start again whenever you like.
why-user_cancelled = The procedure was stopped at { $portal } or at the delivery service. You can start again whenever you like.
why-card_pin_locked = This card can't confirm who you are. Have the PIN reset at your municipal office, then start again.
why-cert_expired = Renew the certificate at your municipal office, then start again.
why-cert_revoked = This certificate can't be used now. Ask your municipal office about the reason and a new one.
why-different_person = Start again with the card of the person who started the procedure.
why-service_maintenance = Start again when the maintenance is over.
why-service_unavailable = Wait a while, then try again.
why-link_conflict = Check which account you signed in to at the delivery service, then start again with your own.
why-link_failed = The procedure could not be completed at the delivery service or at { $portal }. Wait a while, then try again. If it goes on, contact us with the receipt number.
why-session_expired = The procedure ended because nothing was done for 30 minutes. Please start again.
why-client_suspended = Linking from Mihon Year-End is suspended at { $portal }. Please wait until it is resumed.
why-temporarily_unavailable = { $portal } is busy or down. Nothing you entered is lost. Wait a while, then try again.
why-server_error = Something went wrong between us and { $portal }. Nothing you entered is lost. If it goes on, contact us with the receipt number.
why-unconfirmed = You finished at { $portal }, but we could not receive the result. Press “Connect again” to see whether you are linked. You can't be linked twice.

service-linked = Linked
service-already_linked = Linked before
service-declined = Stopped at the delivery service
service-stopped = Stopped on the way
service-conflict = The account is linked to somebody else
service-maintenance = Under maintenance
service-unavailable = No answer
service-failed = Linking failed
service-expired = Timed out
service-left_out = Not chosen
service-not_attempted = Not attempted

result-details = Details
result-linked-at = Linked on:
status-user = User registration at { $portal }
status-registered = Registered
status-registered-now = Registered just now
status-not-registered = Not registered
status-linked = Link with { $name }
status-linked-yes = Linked
status-linked-no = Not linked
result-import-text = Start the import within 5 minutes. After that, connect again to import.
result-token-ended = The time for importing (5 minutes) is over. Connect again to go on; when you are linked it takes a moment only.
result-manual = You can enter the amounts from your certificates yourself, without linking.
result-developer = Information for developers

# The return
form-title = Check your insurance premium deductions for { $year }
form-trouble = The certificates could not be imported
form-trouble-back = Go back to the result and import again
trouble-portal = The linking service does not answer. Wait a while, then import again. What you entered stays as it is.
trouble-not_allowed = The linking service does not allow importing documents. Connect again from the first page. If it goes on, contact us with the receipt number.
trouble-roots = The information for checking the issuers' signatures can't be had. Wait a while, then import again.
form-imported = { $n ->
    [one] One certificate was imported
   *[other] { $n } certificates were imported
 }
form-imported-text = We checked the issuers' electronic signatures. Check the amounts and change them if they are wrong.
form-nothing = There are no certificates to import yet
form-nothing-text = You are linked. Certificates arrive when insurers issue them (mostly from mid-October). Import again when they have arrived.
form-service-no_documents_yet = { $name }: no documents have arrived yet.
form-service-unavailable = { $name }: no answer, so nothing was imported. Wait a while, then try again.
form-service-relink_required = { $name }: the link has to be made again. Connect again from the first page.
form-service-maintenance = { $name }: under maintenance, so nothing was imported. Try again when it is over.
form-service-not_linked = { $name }: not linked.
form-refused = { $n ->
    [one] One document was not imported
   *[other] { $n } documents were not imported
 }
form-refused-document = { $title } ({ $service }):
refused-too_large = The file is too large.
refused-malformed = It can't be read as a deduction certificate.
refused-not_supported = Its format is not supported here.
refused-no_signature = It has no electronic signature.
refused-tampered = It was changed after it had been signed.
refused-issuer_expired = The issuer's certificate has expired.
refused-issuer_not_yet_valid = The issuer's certificate is not valid yet.
refused-foreign_signer = It is not signed by a trusted issuer.
refused-issuer_revoked = The issuer's certificate has been revoked.
refused-other_issuer = The company named in it is not the one that signed it.
refused-not_received = The file could not be received. Please import again.
form-documents = Imported certificates
form-document-by = {" "}({ $issuer }; imported from { $service })
form-document-on = Certified on:
form-other-years = { $n ->
    [one] One entry for a year other than { $year } was left out.
   *[other] { $n } entries for years other than { $year } were left out.
 }
form-amounts = Amounts to declare
source-imported = Imported from { $service }
source-typed = Entered by you
source-empty = Not entered
line-new_general = General life insurance (new system)
line-old_general = General life insurance (old system)
line-medical = Nursing and medical insurance
line-new_pension = Individual annuity insurance (new system)
line-old_pension = Individual annuity insurance (old system)
line-earthquake = Earthquake insurance
line-old_long_term = Former long-term casualty insurance
line-social = National Pension and other social insurance
dependant = Dependant under 23
dependant-label = I have a dependant under 23 (age on 31 December)
form-deductions = How the deductions are worked out
form-deduction = Deduction
form-amount = Amount
deduct-general = Life insurance: general
deduct-medical = Life insurance: nursing and medical
deduct-pension = Life insurance: individual annuity
deduct-life = Life insurance deduction (total)
deduct-earthquake = Earthquake insurance deduction
deduct-social = Social insurance deduction
deduct-total = All deductions
form-note = These are deductions from income tax. Your employer works out the social insurance taken from your salary.

edit-title = Enter your insurance premium deductions for { $year }
edit-lead = Enter the amount to declare (申告額) from each certificate. Leave empty what you do not have.
edit-amount-wrong = { $what }: enter an amount in digits only (for example 12300)
hint-new_general = Whole life or term insurance taken out on or after 1 January 2012
hint-old_general = Whole life or endowment insurance taken out on or before 31 December 2011
hint-medical = Medical or nursing care insurance
hint-new_pension = Tax-qualified annuity insurance taken out on or after 1 January 2012
hint-old_pension = Tax-qualified annuity insurance taken out on or before 31 December 2011
hint-earthquake = “Earthquake insurance” on the certificate
hint-old_long_term = Insurance of ten years or more with a maturity refund, taken out on or before 31 December 2006
hint-social = National Pension contributions and the like that you paid yourself
hint-imported = { $hint }. This amount was imported from { $service }.

submitted-title = Your return was submitted
submitted-number = Receipt number
submitted-at = Submitted
submitted-year = Year
submitted-next = Your employer will check it. To correct something, change the amounts and submit again.
submitted-keep = You can print or save this page. This is a sample service: no return is filed.
submitted-home = Back to the first page

developer-title = For developers: what the desk asks for, and the client ID
developer-lead = To become a client of the portal, apply at the desk. Its sheets ask for these values.
developer-redirect = Redirect address
developer-jwks = Address of the public keys (JWKS)
developer-portal = Portal (issuer)
developer-client = Client ID
developer-client-hint = As the desk's e-mail says it.
developer-save = Use this client ID
developer-saved = This client ID is used from now on
developer-missing = No client ID was entered yet
developer-missing-text = Apply at the desk, then enter the client ID that it tells you.
developer-wrong = Enter at most 255 plain characters.
developer-none = none yet
