acc-email = E-mail address
acc-email-hint = For example hanako@example.jp
acc-password = Password
acc-new-password = New password
acc-current-password = Present password
acc-password-hint = At least 12 characters of any kind. A few words in a row are long and easy to remember.
acc-password-set = Set
acc-name = Name
acc-name-hint = Shown on pages and in e-mails.
acc-code = Code (six digits)
acc-code-hint = The digits that your authenticator app shows. They change every 30 seconds.
acc-save = Save
acc-on = Set up
acc-off = Not set up
acc-count = { $n }
acc-count-left = { $n } left
acc-home = To the start page
acc-sign-out = Sign out

acc-error-email = Enter an e-mail address like hanako@example.jp.
acc-error-email-same = This is your present e-mail address. Enter the new one.
acc-error-name = Enter your name in at most 60 characters, without “/”, “<”, “>” and “www.”.
acc-error-password-empty = Enter your password.
acc-error-password-length = Enter a password of { $least } to { $most } characters.
acc-error-password-common = This password is easy to guess. Choose one that nobody else uses.
acc-error-password-personal = This is almost your e-mail address or your name. Add other words, or choose another password.
acc-error-sign-in = The e-mail address or the password is wrong. Check them and try again.
acc-error-current = The password is wrong. Check it and try again.
acc-error-too-often = Too many wrong tries. Wait about 15 minutes, then try again.
acc-error-mails-often = Too many e-mails were asked for. Wait about 15 minutes, then try again.
acc-error-code = The code is wrong or was used already. Wait for the next code and enter it.
acc-error-recovery = The recovery code is wrong or was used already. Check your notes and try again.
acc-error-passkey = The passkey could not be checked. Try again or use another way.
acc-error-new-passkey = The passkey could not be registered. Press “Create a passkey” again.

acc-register-title = Register with { $service }
acc-register-text = First we check your e-mail address. We send a link there with which you go on.
acc-register-go = Send the e-mail
acc-register-again = Start the registration again
acc-have-account = Registered already?
acc-no-account = New here?
acc-to-register = Register

acc-sent-title = Check your e-mail
acc-sent-register = We sent an e-mail. Open the link in it to go on with your registration. The link works once, for { $hours } hours.
acc-sent-forgot = If this e-mail address is registered, we sent a link to choose a new password. It works once, for { $hours } hour(s).
acc-sent-missing = If nothing arrives within a few minutes, look into your junk folder and check the address you entered.
acc-sent-outbox = The test environment keeps e-mails in its outbox instead of sending them. Open the outbox
acc-sent-again = Enter the e-mail address again

acc-new-title = Name and password
acc-new-text = Your e-mail address is confirmed. Enter your name and choose a password.
acc-new-go = Register

acc-gone-title = This link does not work
acc-gone-text = It has expired or was used already.
acc-gone-register = If you have not registered yet, start again. If you have, simply sign in.
acc-gone-reset = If you still need one, have another e-mail sent by “Forgot your password?” on the sign-in page.
acc-gone-email = Your e-mail address has not changed. If you want to change it, start again on your account page.
acc-gone-invitation = Ask the person who invited you for a new invitation. If you have accepted it already, simply sign in.

acc-sign-in-title = Sign in to { $service }
acc-sign-in-staff-title = Staff sign-in
acc-sign-in-go = Sign in
acc-sign-in-passkey = Sign in with a passkey
acc-forgot-link = Forgot your password?
acc-signed-out = You are signed out
acc-reset-done = Your password was changed. Sign in with the new one.
acc-email-changed = Your e-mail address was changed. Sign in with the new one.

acc-second-title = One more step
acc-second-text = { $name }, please confirm in a second way that it is you.
acc-second-passkey = Use a passkey
acc-second-go = Confirm
acc-second-recovery = No app or passkey at hand? Use a recovery code
acc-second-cancel = Stop signing in
acc-passkey-needs-script = Passkeys need a browser that knows them, with JavaScript on. Without, use an authenticator app.
acc-passkey-failed = The passkey was not used. Try again or use another way.

acc-recovery-sign-in-title = Confirm with a recovery code
acc-recovery-sign-in-text = Enter one of the recovery codes that you wrote down when you set up your app or passkey. A code works once.
acc-recovery-code = Recovery code
acc-recovery-code-hint = For example 7K2M-Q9XD-4RTA-0B3C
acc-recovery-none-title = No recovery code either?
acc-recovery-none = Then your identity has to be checked before your settings are removed. Ask your organisation's owner or the desk.

acc-forgot-title = Forgot your password?
acc-forgot-text = We send a link to your registered e-mail address with which you choose a new password.
acc-forgot-go = Send the e-mail
acc-reset-title = Choose a new password
acc-reset-text = Choose a new password. You are signed out on all other devices. Your app and passkeys stay as they are.
acc-reset-go = Change the password

acc-account-title = Your account
acc-profile = Name and language
acc-mail-lang = Language of e-mails
acc-sign-in-data = Sign-in
acc-email-waiting = A new e-mail address waits for confirmation
acc-email-waiting-text = Open the links that we sent to your present address and to { $email }, and press the button on each page. Then it changes.
acc-done-profile = Saved
acc-done-password = Your password was changed. Other devices are signed out.
acc-done-session = Signed out
acc-done-email = Two e-mails were sent for confirmation
acc-factors-change = Change the ways of confirmation
acc-sessions = Where you are signed in
acc-sessions-text = If you do not recognise one of these, sign it out and change your password.
acc-session-unknown = Unknown browser
acc-session-since = Signed in:
acc-session-seen = Last used:
acc-session-this = This device
acc-session-end = Sign this one out
acc-sessions-end = Sign out everywhere else

acc-password-title = Change the password
acc-password-text = You are signed out on other devices.
acc-password-go = Change the password

acc-email-title = Change the e-mail address
acc-email-text = We send a link to both your present and your new address. It changes when both are confirmed. If you can not read e-mails to your present address, ask your organisation's owner or the desk.
acc-email-now = Present e-mail address
acc-email-new = New e-mail address
acc-email-go = Send the e-mails
acc-email-link-title = Confirm the change of the e-mail address
acc-email-link-old = The e-mail address of this account changes to this one.
acc-email-link-new = This becomes the e-mail address of the account.
acc-email-agree = Agree to the change
acc-email-link-not-you = If this was not you, close this page. Nothing changes then.
acc-email-done-title = Your e-mail address was changed
acc-email-done = From now on sign in with the new address. You are signed out everywhere.
acc-email-half-title = Confirmed
acc-email-half = Confirm by the link in the e-mail to the other address too, and the change is complete.

acc-factors-title = Ways of confirmation
acc-factors-text = With a second way besides the password, nobody else can sign in even if they know your password.
acc-must = Set up a second way of confirmation
acc-must-text = Staff need a passkey or an authenticator app before they can use other pages.
acc-factors-later = Go on without for now
acc-factors-on = Go on
acc-factor-removed = It was removed
acc-factor-last = The last one can not be removed
acc-factor-last-text = Staff need a way of confirmation besides the password. Add another one first.
acc-passkeys = Passkeys
acc-passkeys-text = You sign in with your finger, face, device PIN or a security key. No password is typed, and it does not work on a false site: the safest way.
acc-passkey-title = Register a passkey
acc-passkey-add = Add a passkey
acc-passkey-name = Name of the passkey
acc-passkey-name-hint = So that you know it again, for example “work laptop”
acc-passkey-make = Create a passkey
acc-passkey-not-made = No passkey was created. Try again or use an authenticator app.
acc-passkey-exists = The passkey of this device is registered already.
acc-passkey-unnamed = Passkey
acc-passkey-since = Registered:
acc-passkey-used = Last used:
acc-passkey-remove = Remove “{ $name }”
acc-totp = Authenticator app
acc-totp-text = After your password you enter six digits that an app on your phone shows.
acc-totp-add = Set up an authenticator app
acc-totp-remove = Remove the authenticator app
acc-totp-title = Set up an authenticator app
acc-totp-step-1 = Open your authenticator app (any that does TOTP).
acc-totp-step-2 = Scan the code with it. If you can not, enter the setup key.
acc-totp-step-2-text = Enter the setup key into it. The kind is “time-based”.
acc-totp-step-3 = Enter below the six digits that the app shows.
acc-totp-qr = Two-dimensional code for your authenticator app. If you can not scan it, use the setup key that follows.
acc-totp-secret = Setup key
acc-totp-open = Open in the app on this device
acc-totp-go = Set up

acc-recovery-codes = Recovery codes
acc-recovery-title = Recovery codes
acc-recovery-open = Look at the recovery codes
acc-recovery-left = You have { $n } recovery codes left.
acc-recovery-write = Write these recovery codes down
acc-recovery-write-text = With them you sign in when you have lost your app or passkey. Each works once. Print or copy them and keep them where nobody else looks. They can be shown for 30 minutes only.
acc-recovery-done = I have written them down
acc-recovery-new-text = New codes replace the ones before.
acc-recovery-new = Make new recovery codes
acc-recovery-no-factor = Recovery codes come with an authenticator app or a passkey.

acc-again-title = Confirm that it is you
acc-again-text = We ask once more before an important setting is changed.
acc-again-go = Confirm

acc-invitation-title = Invitation to { $to_what }
acc-invitation-text = { $from } invites you to { $to_what }.
acc-invitation-register = Enter your name and choose a password to register and accept.
acc-invitation-register-go = Register and accept
acc-invitation-sign-in = This e-mail address is registered. Sign in, and you come back here.
acc-invitation-other = You are signed in with another account. Sign out, then open the link in the e-mail again.
acc-invitation-go = Accept the invitation

acc-outbox-title = Outbox (sample)
acc-outbox-text = In the test environment e-mails are kept here instead of being sent.
acc-outbox-empty = There are no e-mails.
acc-outbox-to = To
acc-outbox-state = State
acc-outbox-state-kept = Kept, not sent
acc-outbox-state-queued = Waiting
acc-outbox-state-sent = Sent
acc-outbox-state-given_up = Could not be sent

acc-changed-password = Your password was changed
acc-changed-email = Your e-mail address was changed
acc-changed-totp-on = An authenticator app was set up
acc-changed-totp-off = The authenticator app was removed
acc-changed-passkey-on = A passkey was registered
acc-changed-passkey-off = A passkey was removed
acc-changed-factors-reset = All second ways of confirmation were removed
acc-changed-recovery-new = New recovery codes were made
acc-changed-recovery-used = A recovery code was used

acc-mail-foot = { $service }
    { $origin }
    This e-mail was sent automatically. Replies are not read.
acc-mail-register-subject = [{ $service }] Confirm your registration
acc-mail-register = Thank you for registering with { $service }.
    Open this link to go on. It works once, for 24 hours.

    { $link }

    If this was not you, delete this e-mail. Nothing is registered.
acc-mail-known-subject = [{ $service }] You are registered already
acc-mail-known = Dear { $name },

    somebody wanted to register this e-mail address, but it is registered already.
    Sign in here; if you forgot your password, choose a new one there.

    { $link }

    If this was not you, there is nothing to do.
acc-mail-reset-subject = [{ $service }] Choose a new password
acc-mail-reset = Dear { $name },

    a new password was asked for.
    Open this link to choose one. It works once, for one hour.

    { $link }

    If this was not you, delete this e-mail. Your password stays.
acc-mail-email-old-subject = [{ $service }] Confirm the change of your e-mail address
acc-mail-email-old = Dear { $name },

    your e-mail address is to be changed to { $email }.
    Open this link and agree. When the new address has agreed too, it changes.
    The link works once, for 24 hours.

    { $link }

    If this was not you, do not agree, and change your password now.
acc-mail-email-new-subject = [{ $service }] Confirm your new e-mail address
acc-mail-email-new = This e-mail address is to be used for an account of { $service }.
    Open this link and agree. It works once, for 24 hours.

    { $link }

    If this was not you, delete this e-mail.
acc-mail-invite-subject = [{ $service }] Invitation to { $to_what }
acc-mail-invite = { $from } invites you to { $to_what } at { $service }.
    Open this link to accept. It works once, for 14 days.

    { $link }

    If you do not know why, delete this e-mail.
acc-mail-changed-subject = [{ $service }] A setting of your account was changed
acc-mail-changed = Dear { $name },

    { $what }.
    When: { $time }

    If this was not you, change your password now, look at where you are signed in, and tell the desk.
