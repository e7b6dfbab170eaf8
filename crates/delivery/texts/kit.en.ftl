# Texts of the kit's pages. Keys start with "kit-".
kit-email = E-mail address
kit-email-hint = You sign in with it. Example: hanako@example.jp
kit-password = Password
kit-password-hint = 8 to 128 characters of any kind.
kit-family-name = Family name
kit-given-name = Given name

kit-sign-in-title = Sign in to { $service }
kit-sign-in-link = Sign in with the { $service } account that you want to link with { $portal }. For your safety you sign in again even if you are signed in already.
kit-sign-in-go = Sign in
kit-no-account = No { $service } account yet?
kit-to-sign-up = Sign up
kit-signed-out = You have signed out
kit-cancel = Stop linking and return to { $portal }

kit-sign-up-title = Sign up for { $service }
kit-sign-up-link = After signing up you go on to link with { $portal }.
kit-sign-up-go = Sign up
kit-have-account = Already have an account?
kit-to-sign-in = Go to sign-in

kit-error-email = Enter an e-mail address such as hanako@example.jp
kit-error-password-empty = Enter your password
kit-error-password-length = Enter a password of 8 to 128 characters
kit-error-sign-in = The e-mail address or the password is wrong. Check both and enter them again
kit-error-too-often = Too many sign-ins failed. Wait about 15 minutes and try again
kit-error-family-name = Enter a family name of at most 50 characters
kit-error-given-name = Enter a given name of at most 50 characters
kit-error-taken = This e-mail address has an account already. Sign in, or enter another address
kit-error-not-offered = New accounts are not made here. If you have an account, sign in
kit-error-sign-up-often = Too many accounts were made. Wait about 15 minutes and try again

kit-allow-title = Allow { $portal } to link with this account?
kit-allow-text = These two accounts will be linked. Make sure that both of them are yours.
kit-allow-portal-account = Account at { $portal }
kit-allow-here = Account at { $service }
kit-allow-what-title = What { $portal } will be able to do
kit-allow-what-1 = See the list of your delivered documents
kit-allow-what-2 = Receive the content of your delivered documents
kit-allow-what-3 = Open { $service } from { $portal } without a password
kit-allow-to = Passed to
kit-allow-until = For how long
kit-allow-until-text = Until you unlink
kit-allow-undo = How to undo it
kit-allow-undo-text = You can unlink at any time, on the page of delivered documents at { $service } or on your page at { $portal }
kit-allow-beware = Allow this only if you started it yourself.
kit-allow-go = Allow
kit-deny-go = Do not allow
kit-other-account = Sign in with another account

kit-conflict-title = This account can't be linked
kit-conflict-text = Please check your account at { $service }.
kit-conflict-other = Continue with another account
kit-not-linked = No link was made.

kit-linked-title = You are done at { $service }
kit-linked-panel = Go back to complete the link
kit-linked-when = Allowed
kit-linked-next = Go back with the button below by { $until }. If you close this page instead, no link is made.
kit-linked-go = Return to the attribute linkage service

kit-back = Return to { $portal }
kit-ended-expired-title = The time for this procedure is over
kit-ended-expired-text = It was ended because it was not finished in time. Go back and start again.
kit-ended-refused-title = Linking was stopped
kit-ended-refused-text = This procedure is over.
kit-ended-closed-title = This procedure is over
kit-ended-closed-text = It went on in another window, or was cancelled. Go back to see where it stands.
kit-ended-suspended-title = Links can't be made at present
kit-ended-suspended-text = Please try again later.

kit-notice-unknown-title = This page can't be shown
kit-notice-unknown-text = The address is wrong or its time is over. Start again from { $portal }. If this goes on, contact the service you came from and tell them the receipt number.
kit-notice-elsewhere-title = This procedure goes on in another window
kit-notice-elsewhere-text = Continue in the browser in which you started. If you know nothing of it, close this page.
kit-notice-sso-issuer-title = This page can't be shown
kit-notice-sso-issuer-text = It was opened from a service we don't know. Open it from { $portal }, or sign in with your e-mail address and password.
kit-notice-sso-unavailable-title = It could not be opened from { $portal }
kit-notice-sso-unavailable-text = Try again later, or sign in to { $service } with your e-mail address and password.
kit-notice-sso-not-linked-title = Not linked with { $portal }
kit-notice-sso-not-linked-text = No linked account was found, so it can't be opened from { $portal }. Sign in to { $service } with your e-mail address and password.
kit-notice-sso-again-title = Please open it again
kit-notice-sso-again-text = This page has been used already or was started in another browser. Open { $service } from { $portal } again.

kit-replace-title = Another account is signed in
kit-replace-text = What you opened from { $portal } is another account than the one signed in now. Switch accounts?
kit-replace-current = Account signed in now
kit-replace-next = Account linked with { $portal }
kit-replace-go = Switch
kit-replace-keep = Do not switch
