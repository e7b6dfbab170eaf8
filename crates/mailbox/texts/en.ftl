# Texts of Mihon Post's pages.
service-name = Mihon Post

mailbox-title = Delivered documents
mailbox-sign-out = Sign out
mailbox-unread = { $n ->
    [one] One document is unread.
   *[other] { $n } documents are unread.
 }
mailbox-all-read = No document is unread.
mailbox-filter = Show one kind
mailbox-all = All
mailbox-caption = List of documents
mailbox-subject = Subject
mailbox-sender = Sender
mailbox-year = Tax year
mailbox-received = Received
mailbox-is-unread = Unread
mailbox-is-read = Read
mailbox-empty = No documents have been delivered yet.
mailbox-samples = Deliver sample documents
mailbox-links = Linked services
mailbox-no-links = No service is linked.
mailbox-link-state = Status
mailbox-linked = Linked
mailbox-link-with = Account there
mailbox-link-since = Linked since
mailbox-unlink = Unlink
mailbox-unlinked = { $portal } is no longer linked

unlink-title = Unlink { $portal }?
unlink-effect-1 = { $portal } can no longer receive your documents.
unlink-effect-2 = Documents that were passed on already are not recalled.
unlink-effect-3 = This mailbox and its documents stay.
unlink-go = Unlink

doc-head = Item
doc-value = Content
doc-certificate = Certificate
doc-issuer = Certified by
doc-certified-on = Date of certification
doc-holder = Policy holder or insured person
doc-detail = Policy { $n }
doc-policy-number = Policy number
doc-kind = Kind
doc-system = System applied
doc-system-new = New system
doc-system-old = Old system
doc-system-both = New and old system
doc-contracted-on = Date of contract
doc-insured = Insured person
doc-beneficiary = Beneficiary
doc-annuity-from = Annuity begins
doc-old-general = Old system, general
doc-old-pension = Old system, private pension
doc-new-general = New system, general
doc-medical = New system, nursing and medical care
doc-new-pension = New system, private pension
doc-amount-certified = { $what } (certified amount)
doc-amount-declared = { $what } (amount to declare, expected by the end of December)
doc-object = What is insured
doc-object-building = Building
doc-object-contents = Household goods
doc-object-both = Building and household goods
doc-object-other = Other
doc-from = First day of insurance
doc-until = Last day of insurance
doc-earthquake = Earthquake insurance premium (to declare)
doc-old-long-term = Former long-term damage insurance premium (to declare)
doc-contributions = Contributions
doc-pension-national = National Pension contributions
doc-pension-fund = National Pension Fund contributions
doc-month = { $year }-{ $month } ({ $state })
doc-paid = paid
doc-expected = expected
doc-paid-sum = Paid so far
doc-declared = Total (to declare)
doc-download = Download XML ({ $size })
