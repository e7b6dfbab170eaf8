org-new-title = Register a new organisation
org-new-lead = Whoever registers it becomes its owner.
org-edit-title = Change the organisation's details
org-save-new = Register
org-stale = Somebody else changed it first
org-stale-text = What you typed is still here. If you save now, it replaces theirs.
org-kind = Kind of organisation
org-kind-private = Private business
org-kind-national = National body
org-kind-local = Local government
org-kind-other = Other public body
org-name = Name
org-name-hint = The official name, in Japanese if it has one
org-name_en = Name in English
org-name_en-hint = Shown on English pages.
org-corporate_number = Corporate Number (法人番号)
org-corporate_number-hint = 13 digits. Required for private businesses.
org-address = Address
org-address-hint = Begin with the postal code.
org-phone = Telephone number
org-kind-missing = Choose the kind of organisation.
org-name-missing = Enter the name of the organisation.
org-address-missing = Enter the address.
org-phone-missing = Enter the telephone number.
org-too-long = At most 200 characters.
org-corporate_number-missing = Enter the Corporate Number.
org-corporate_number-length = The Corporate Number has 13 digits.
org-corporate_number-check = The check digit of the Corporate Number does not fit. Look for a wrong digit.
org-cases = Procedures
org-no-cases = There are no procedures yet.
org-services = Services
org-facts = Details
service-new = Not started
service-active = In use
service-suspended = Suspended
service-terminated = Terminated

role-owner = Owner
role-editor = Editor
role-viewer = Viewer
role-owner-long = Owner: everything, and looking after the organisation and its members
role-editor-long = Editor: filling in, submitting, writing to the desk
role-viewer-long = Viewer: looking and asking
members-link = Members and invitations
members-title = Members
members-you = (you)
members-since = Since
members-done-invited = The invitation was sent
members-done-withdrawn = The invitation was withdrawn
members-done-role = The role was changed
members-done-removed = The member was removed
invitations-open = Open invitations
invitations-until = Until
invitations-withdraw = Withdraw
invite-title = Invite a member
invite-lead = We send a link to this address that works for 14 days. Only the owner of the address can join.
invite-email = E-mail address
invite-role = Role
invite-go = Invite
invite-email-wrong = Enter an e-mail address like name@example.jp.
invite-role-missing = Choose a role.
invite-too-many = That is more invitations than can be sent in a day. Try again tomorrow.
member-title = { $name }
member-me-title = Your role
people-only-owner = The only owner
people-last-owner = An organisation needs an owner. Make another member owner first.
hand-over-title = Hand the organisation over
hand-over-lead = When you leave or move on, hand ownership over to another member.
hand-over-to = New owner
hand-over-then = You afterwards
hand-over-editor = Stay as editor
hand-over-viewer = Stay as viewer
hand-over-leave = Leave the organisation
hand-over-go = Hand over
hand-over-to-missing = Choose the new owner.
hand-over-then-missing = Choose what you will be afterwards.
role-title = Change the role
role-go = Change the role
leave-title = Leave the organisation
leave-text = When you leave, you can no longer see its procedures and documents, at once.
remove-title = Remove from the members
remove-text = { $name } can no longer see the organisation's procedures and documents, at once. What was submitted and the history stay.

mail-removed-subject = [API user desk] You are no longer a member of { $org }
mail-removed-text =
    Dear { $person },

    An owner of { $org } has removed you from its members.
    If you did not expect this, ask its owners.
mail-owner-subject = [API user desk] You are now an owner of { $org }
mail-owner-text =
    Dear { $person },

    { $from } has handed { $org } over to you.
    You can now look after its members and all procedures.
