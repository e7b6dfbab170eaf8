# Texts of the journey's pages (screens 2 to 7).

list-comma = {", "}
full-stop = .
paren-open = {" ("}
paren-close = )

act-stop = Stop linking
act-return = Return to { $client }
no-link = No link was made.
no-link-yet = No link has been made yet.
link-stands = The link has been made.
registered-stays = Your registration is complete and stays.
maintenance-upcoming = Maintenance is planned
maintenance-to = {" to "}
maintenance-planned = {" (planned)"}

consent-title = Your consent
consent-lead = { $client } ({ $domain }) asks to use your information. Please check what for.
consent-who = Who asks
consent-who-name = Service
consent-who-domain = Domain
consent-who-site = Website of { $client }
consent-who-policy = Privacy policy of { $client }
consent-purpose = What for
consent-purpose-link = To link with your account at { $service } ({ $operator })
consent-purpose-register = To register you with this service, if you are new
consent-purpose-read = To import delivered certificates into { $client }
consent-purpose-list = To see in { $client } which certificates were delivered
consent-documents = Certificates that are passed on
consent-documents-all = All certificates that were delivered
consent-documents-years = Years:
consent-documents-all-years = Years: all
consent-documents-from = From:
consent-documents-from-all = From: every service you have linked
consent-table = What is passed on
consent-caption = What is passed on, to whom, until when, and how to undo it
consent-col-what = What
consent-col-to = To whom
consent-col-until = Until when
consent-col-undo = How to undo
consent-row-status = Whether you are registered and what you have linked
consent-row-status-until = Once, as the result of this procedure
consent-row-link = An identifier for you at this service, and your name, masked
consent-row-link-until = Until you unlink
consent-row-result = The result of linking with { $service }
consent-row-read = List and content of certificates
consent-row-list = List of certificates
consent-row-documents-until = { $days ->
    [one] One day
   *[other] { $days } days
 }
consent-undo-return = You can stop on the way
consent-undo-me = Undo it on your page
consent-undo = You can undo a link on your page at any time afterwards.
consent-idle = After { $minutes } minutes without input, the procedure ends.
consent-agree = I agree to the above
consent-refuse = I do not agree

document-teg800 = Life insurance premium certificate (生命保険料控除証明書)
document-teg810 = Earthquake insurance premium certificate (地震保険料控除証明書)
document-teg820 = Donation receipt (寄附金受領証明書)
document-teg830 = Certificate for donation deduction (寄附金控除に関する証明書)
document-teg840 = National pension contribution certificate (国民年金保険料等の控除証明書)
document-teg850 = Small enterprise mutual aid contribution certificate (小規模企業共済等掛金払込証明書)

terms-title = Terms of use
terms-version = Version: { $version }
terms-1 = This service verifies who you are and links your account at the delivery service you choose.
terms-2 = It uses the user-authentication certificate of your My Number Card. It does not take your My Number or your PIN. Certificates and their numbers are not stored, only a value made from them that can't be turned back.
terms-3 = A delivery service gets an identifier made for it alone and your name, masked. The service that asks gets an identifier made for it alone and what the table above lists.
terms-4 = Certificates are relayed only for the period and the kinds you agreed to. Their content is not stored.
terms-5 = You can undo links and consents on your page at any time. Information that was passed on before can't be called back.
terms-6 = If you stop after registering, your registration stays.
terms-7 = A record of the procedure is kept with its receipt number, to answer questions.

identify-title = Verify your identity with your My Number Card
identify-again = Please verify your identity again
identify-again-text = Some time has passed since your card was read. To be safe, it has to be read once more.
identify-lead = Your My Number Card is read to verify who you are.
identify-need = What you need
identify-need-card = Your My Number Card
identify-need-pin = The PIN of the user-authentication certificate (four digits)
identify-need-reader = A smartphone that can read My Number Cards, or a card reader
identify-lock = Three wrong PINs in a row lock the card
identify-lock-text = Wrong PINs in other services count too. A locked PIN has to be reset, for example at your municipal office.
identify-next = The button takes you to the page that reads your card ({ $host }). Your PIN is not sent to this service.
identify-go = Verify my identity

card-error-again = Read the card again
card-error-check-again = Check again
card-error-not-read-title = Your My Number Card could not be read
card-error-not-read-text = Hold the card to the back of your phone and do not move it until reading is done. Take off the case. Move away from metal desks. Turn on NFC.
card-error-other-card-title = The card that was read is not a My Number Card
card-error-other-card-text = Please have your My Number Card ready.
card-error-too-late-title = The time to read the card has run out
card-error-too-late-text = To be safe, the card has to be read within five minutes. Please read it again.
card-error-validity-title = Your certificate could not be checked
card-error-validity-text = Please try again after a while. There is nothing wrong with your card.
card-error-other-person-title = This is a different My Number Card
card-error-other-person-text = Please use the card of the person who started.

register-title = Registration
register-lead = You are using this service for the first time. Your identity has been verified.
register-family-name = Family name
register-family-name-hint = For example: 佐藤 or Johansson. Any script can be used.
register-given-name = Given name
register-given-name-hint = For example: 花子 or Emma Louise
register-email = E-mail address
register-email-hint = For messages from this service. For example: hanako@example.jp
register-use = Your name, masked, is shown on the page where the other service asks you to confirm.
register-go = Register
register-family-name-empty = Enter your family name
register-family-name-long = The family name may have up to 100 characters
register-given-name-empty = Enter your given name
register-given-name-long = The given name may have up to 100 characters
register-email-wrong = Enter an e-mail address like hanako@example.jp

link-header = Linking with other services
link-title = Link services
link-lead = Your identity has been verified. Please link { $portal } with the service you use.
link-operator = Operator
link-host = Domain
link-passed = What { $service } gets
link-passed-subject = An identifier made for it alone (no other service uses it)
link-passed-name = Your name, masked
link-passed-message = A message from { $client }
link-not-passed = Your My Number, certificate, address and date of birth are not passed on.
link-undo = You can undo a link on your page at any time afterwards.
link-go = Link with { $service }
chip-linked = Linked
chip-not-linked = Not linked

handover-title = You are going to { $service }
handover-where = The next page
handover-name = Service
handover-host = Domain
handover-text = You have to sign in or sign up there. When you are done, you come back to this service.
handover-window = Please do not close this window before you are done.
handover-go = Next

stop-title = Stop linking?
stop-text = Linking is not complete yet. If you stop, you return to { $client } and no link is made.
stop-continue = Continue
stop-return = Stop linking and return to { $client }

not-linked-declined-title = Linking is not complete
not-linked-declined-text = The procedure was stopped at { $service }.
not-linked-declined-again = Try to link again
not-linked-declined-return = Return to { $client } without linking
not-linked-failed-title = Linking with { $service } did not work
not-linked-failed-text = Please try again after a while. There is nothing wrong with your account at { $service }.
not-linked-failed-again = Try to link again
not-linked-failed-return = Return to { $client }
not-linked-conflict-title = This account can't be linked
not-linked-conflict-text = Please check which account you use at { $service }.
not-linked-conflict-again = Continue with another account
not-linked-conflict-return = Stop linking and return to { $client }
not-linked-unconfirmed-title = It could not be confirmed yet whether { $service } is linked
not-linked-unconfirmed-text = { $service } does not answer. Please wait a little and check again. If you return now, the link is cancelled.
not-linked-unconfirmed-again = Check again
not-linked-unconfirmed-return = Return to { $client }

already-linked-title = You are already linked with { $service }
already-linked-since-before = {"Linked on "}
already-linked-since-after = .
already-linked-text = There is nothing more to do.
already-linked-details = See the link

ready-title = Your identity has been verified
ready-text = When you return, { $client } can fetch the certificates you agreed to for { $client }.

ended-not-after = {"Valid until: "}
ended-completed-title = Linking is complete
ended-completed-text = Please return to { $client }.
ended-stopped-title = The procedure was stopped
ended-stopped-text = Please return to { $client }.
ended-pin-locked-title = Your PIN is locked
ended-pin-locked-text = It was wrong three times in a row, so this card can't be used to verify your identity. Have it reset at your municipal office, or at a convenience store that offers it (after a procedure in the smartphone app).
ended-cert-expired-title = Your certificate has expired
ended-cert-expired-text = Please have it renewed at your municipal office.
ended-cert-revoked-title = Your certificate has been revoked
ended-cert-revoked-text = This certificate can't be used now. Your municipal office can tell you why and how to get a new one.
ended-renewed-title = Your new card has to be joined to your registration
ended-renewed-text = You are registered with an earlier certificate. Joining the new one can't be done on this page yet. Please contact us with the receipt number.
ended-not-registered-title = You are not registered
ended-not-registered-text = This procedure does not include registration. Please return to { $client } and follow its directions.
ended-nothing-linked-title = You have not linked a service yet
ended-nothing-linked-text = There is no linked service to fetch certificates from. Please return to { $client } and link one first.
ended-maintenance-title = { $service } is under maintenance
ended-maintenance-text = Please try again when it is over.
ended-idle-title = Your time has run out
ended-idle-text = The procedure ended after 30 minutes without input. Please start again from { $client }.
ended-suspended-title = This procedure is suspended
ended-suspended-text = Procedures with { $client } are not accepted at present.
ended-fault-title = Something went wrong
ended-fault-text = The problem is on our side. Please start again from { $client }.

elsewhere-title = You are continuing in another window
elsewhere-text = Please continue there.
elsewhere-here = Continue in this window

done-title = This procedure is finished
done-text = The result has been passed to { $client }. Please go on there.
done-home = Open { $client }

error-unknown-title = This page can't be shown
error-unknown-text = Please contact the service you came from.
error-other-browser-title = This procedure is under way in another browser
error-other-browser-text = Please continue in the browser in which you started. If you did not start it yourself, close this page. No link was made.
error-developer = For developers
