service-name = Test card reader
band = This is a card reader screen for tests.
band-more = Do not use a real My Number Card (マイナンバーカード) or its PIN here.

home-title = Test cards
home-text = This stands in for the card reader and the cards in the test environment. It opens in the middle of a procedure and signs with the card of the test person you choose.
home-json = List of test people (JSON)
people = Test people
pin-is = PIN { $pin }
reset-title = Put the cards back
reset-text = Restores the number of PIN tries of every card to how it was at the start.
reset = Reset test cards
reset-done = The test cards have been reset

case-first_timer = First-time user. Not registered at the portal yet.
case-registered = Registered at the portal, not linked yet.
case-linked = Linked already.
case-certificate_expired = The digital certificate has expired.
case-certificate_revoked = The digital certificate has been revoked.
case-pin_locked = The PIN is locked.
case-one_try_left = One PIN try is left.
case-renewed_card = Renewed card: the certificate's number differs from the registered one.
case-minor = A minor (15 years old).
case-long_name = A long name with character variants.
case-english_only = A resident who reads English only.
case-empty_mailbox = No documents in the mailbox yet.

pick-title = Read a My Number Card (test)
pick-text = Choose the card to read. You enter its PIN on the next screen.
pick-cancel = Stop reading
faults = Failed and forged readings
faults-text = Try what happens when the card or the reader fails, and signatures that must be refused.
fault-card_not_read = Card cannot be read
fault-text-card_not_read = The card was not found, or it moved.
fault-other_card = Another kind of card
fault-text-other_card = The card on the reader is not a My Number Card.
fault-wrong_key = Signature by another key
fault-text-wrong_key = A valid certificate with a signature made by another key. It must be refused.
fault-wrong_challenge = Signature over another challenge
fault-text-wrong_challenge = Something other than what was asked for has been signed. It must be refused.
fault-other_hierarchy = Certificate of another authority
fault-text-other_hierarchy = Issued by an authority with the same name and another key. It must be refused.

pin-title = Enter your PIN
pin-who = Site that asks
pin-why = Purpose
pin-card = Card
purpose-attribute-linkage = Identity verification for linking an external service
purpose-sign-in = Sign-in
purpose-unlink = Removing a link
pin-tries = Three wrong entries in a row lock the PIN.
pin-left = { $n ->
    [one] 1 try left.
   *[other] { $n } tries left.
 }
pin-label = PIN of your user authentication certificate (4 digits)
pin-hint = The 4 digits you set when you received the card. Wrong entries at other services count too.
pin-go = Verify my identity
pin-cancel-attribute-linkage = Stop linking
pin-cancel-sign-in = Stop signing in
pin-cancel-unlink = Keep the link
pin-check-first = Check my PIN and try again later
pin-last = One more wrong entry locks the PIN
pin-last-text = A locked PIN has to be reset, for instance at a municipal office. If you are not sure, you can stop here.
pin-wrong = The PIN is wrong. 2 tries left.
pin-wrong-last = The PIN is wrong. 1 try left.
pin-format = Enter the PIN as 4 digits.

locked-title = Your PIN is locked
locked-text = The PIN was wrong three times in a row, so this card cannot be used for identity verification.
locked-how = Reset it at the office of the municipality where you are registered, or at a participating convenience store (after preparing with the smartphone app).
locked-back = Go back

gone-title = This reading is over
gone-text = The card has been read, or the time ran out. Go back to the service you came from to continue.

bad-title = This page cannot be shown
bad-text = Please contact the service you came from. No card has been read.
bad-developers = For developers
bad-missing = Send the parameters origin, nonce, session, expires, purpose and return_to, each once.
bad-origin = The origin is not registered with this card reader. Write it as browsers send it: no default port, no trailing "/".
bad-return-to = return_to must be an absolute address within the origin, without a user name or "#".
bad-bytes = nonce and session must be 32 bytes in base64url without "=".
bad-expires = expires must be a time within the next 15 minutes, in seconds since 1970.
bad-purpose = purpose must be attribute-linkage, sign-in or unlink.
