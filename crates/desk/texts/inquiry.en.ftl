faq-title = Frequently asked questions
faq-search = Search
faq-search-hint = Words with blanks between them.
faq-go = Search
faq-found = { $n ->
    [one] One entry found.
   *[other] { $n } entries found.
 }
faq-all = Show all
faq-updated = Updated
faq-not-there = Not found?
faq-ask = Ask the desk.
faq-ask-sign-in = Once signed in, you can ask the desk. Create an account if you have none.
faq-topic-general = General
faq-topic-application = Application
faq-topic-settings = Settings
faq-topic-test = Connection test
faq-topic-service = After the start
faq-topic-trouble = Trouble

inquiries-title = Inquiries
inquiries-lead = Ask at any time, from your first thoughts to the running service. You may find the answer here first:
inquiries-none = There are no inquiries yet.
inquiry-new-title = Ask the desk
inquiry-line = { $receipt }, updated
inquiry-status-open = Waiting for an answer
inquiry-status-answered = Answered
inquiry-status-closed = Closed
inquiry-for = On whose behalf
inquiry-for-hint = If you choose an organisation, its members can read it too.
inquiry-personal = Myself (no organisation)
inquiry-case = About the procedure
inquiry-topic = Topic
inquiry-subject = Subject
inquiry-body = Message
inquiry-body-hint = No private keys or passwords. Up to 10,000 characters.
inquiry-go = Send
inquiry-reply = Write more
inquiry-reply-go = Send
inquiry-close = It is settled; close it
inquiry-done-asked = Your inquiry was received
inquiry-done-asked-text = Its receipt number is { $receipt }. We sent you an e-mail.
inquiry-done-said = Sent
inquiry-done-closed = The inquiry is closed
inquiry-topic-missing = Choose a topic.
inquiry-subject-missing = Enter a subject.
inquiry-subject-long = The subject has at most { $n } characters.
inquiry-body-missing = Write your message.
inquiry-body-long = A message has at most { $n } characters. Attach a file if it is longer.
inquiry-too-many = That is more than can be sent in a day. Try again tomorrow.
topic-application = Application
topic-settings = Settings and keys
topic-test = Connection test
topic-production = Production
topic-service = Change, suspension, resumption, termination
topic-other = Something else

mail-inquiry-subject = [API user desk] We have your inquiry ({ $receipt })
mail-inquiry-text =
    Dear { $person },

    We have received your inquiry.
    Receipt number: { $receipt }
    Subject: { $subject }

    Message and answers are on this page:
    { $link }
