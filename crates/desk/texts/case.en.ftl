start-title = Begin a procedure
start-name = Name of the service
start-name-hint = To tell your procedures apart. The name that citizens see is entered in the settings sheet.
start-name-missing = Enter the name of the service, at most 100 characters.
start-new-go = Begin the application
start-go = Begin: { $what }
start-running = Running: { $what }
start-nothing = There is nothing that can be begun now.

case-line = Receipt number { $receipt }, { $step }
case-due = Due
case-overdue = Overdue
case-opened = Begun
case-now = Now: { $step }
case-ours = Your organisation's turn
case-colleagues = The turn of your organisation's editors or owners
case-theirs = { $who }'s turn
case-said = From the desk
case-said-return = The documents were returned
case-said-refuse = Why it was refused
case-planned = Planned time:
case-comments = ({ $n ->
    [one] one remark
   *[other] { $n } remarks
 })
case-steps = Steps
case-actor = By: { $who }
case-forms = Submitted documents
case-ask = Ask about this procedure
case-log = History
case-acted = Sent
case-raced = Somebody else acted in the same moment
case-raced-text = Nothing was changed. Look at where it stands, then try again.
waiting-applicant = Your turn
waiting-colleagues = With your editors or owners
waiting-desk = With the desk
waiting-nobody = Over
outcome-completed = Completed
outcome-withdrawn = Withdrawn
outcome-refused = Not consented to
step-done = Done
step-now = Now
step-later = Later
step-skipped = Left out
party-applicant = Applicant
party-staff = Desk
party-system = System
form-status-untouched = Not begun
form-status-incomplete = In progress ({ $n } left)
form-status-ready = Ready
form-version = version { $n }
act-text-confirm = What the desk should know
act-text-contact = Your message
act-text-accept = What the desk should know
act-hint-confirm = For example when it was done, and how it went.
act-hint-contact = Write when it is planned and why. The desk then opens the notification form.
act-hint-accept = If you have anything to add.
act-go-confirm = Say that it has been done
act-go-contact = Send
act-go-accept = Agree
reopen-title = Go back to mend something
reopen-text = To mend settings, say to which step you go back and why. It goes on from there.
reopen-step = Back to
withdraw-title = Withdraw
withdraw-text = This ends the procedure. What was set up for it is closed by the desk.
event-open = Begun
event-confirm = Done
event-contact = Message
event-open_form = Form opened
event-submit = Submitted
event-review = Reviewed
event-return = Returned
event-send_back = Back to review
event-approve = Approved
event-accept = Agreed
event-applied = Settings applied
event-apply_failed = Settings could not be applied
event-retry = Tried again
event-time_reached = Planned time reached
event-comment = Remark
event-resolve = Remark settled
event-note = Note
event-reopen = Back to an earlier step
event-withdraw = Withdrawn

form-back = Back to the procedure
form-edited = Last saved by { $who },
form-done-saved = The draft was saved
form-done-taken = The file's contents were taken over and the draft saved
form-done-text = There is something to mend. The draft is saved all the same.
form-warning = Please look at this
form-submitted-at = Submitted
form-submitted-by = By
form-previous = Version before (version { $n })
form-against-live = Changed fields show what is live now.
form-against-previous = Changed fields show the version before.
field-comment = Remark of the desk
field-changed = Changed
field-before = Before:
field-date = For example 2026, 6, 1.
field-year = Year
field-month = Month
field-day = Day
field-keys = How to make keys
field-no-options = There is nothing to choose at the moment. Ask the desk.
field-files = Attached files ({ $what })
field-file-off = Take { $name } off
field-file-get = Download
field-row = No. { $n }
field-row-off = Remove no. { $n }
field-row-add = Save and add lines
conflict-title = Somebody else saved first
conflict-text = Some fields differ from what { $who } saved. What you typed is still below. If you save now, it replaces theirs.
conflict-theirs = Saved:
conflict-mine = Yours:

sheet-title = Fill it in with a spreadsheet
sheet-text = This form can be filled in with Excel or LibreOffice too.
sheet-get = Download the .xlsx file
sheet-file = The filled-in .xlsx file
sheet-hint = You see what is in it before it is taken over. Uploading alone does not change the draft. Up to 4 MB.
sheet-go = Upload and look
sheet-missing = Choose a file.
upload-title = What you uploaded
upload-findings = { $n ->
    [one] One thing to mend
   *[other] { $n } things to mend
 }
upload-findings-text = Mend the file and upload it again, or take it over and mend it on the page.
upload-fine = No mistakes were found
upload-changes = What changes in the draft
upload-after = After:
upload-same = The draft says the same.
upload-take = Take it over
upload-drop = Back without taking it over
form-pdf = Download as PDF
form-xlsx = Download as .xlsx

check-title = Check and submit
check-changed = Something has changed
check-changed-text = The documents were changed after you looked at them. Check them again, then submit.
check-missing = { $n ->
    [one] One thing to mend
   *[other] { $n } things to mend
 }
check-declare = Once submitted, nothing can be changed until the review is over. Make sure that everything is right, then submit.
check-not-ready = There are things left to mend. After that you can submit.
check-go = Submit
submitted-title = Submitted
submitted-mail = We sent an e-mail to your organisation's editors and owners.
submitted-next = What comes next
submitted-next-text = Next to act: { $who }.
submitted-back = To the procedure

mail-submitted-subject = [API user desk] Documents received ({ $receipt }-{ $no })
mail-submitted-text =
    Dear { $person },

    We have received these documents from { $org }.
    Receipt number: { $receipt }-{ $no }
    { $forms }

    You can follow the procedure here:
    { $link }
mail-your-turn-subject = [API user desk] It is your turn ({ $service }, { $receipt })
mail-your-turn-text =
    Dear { $person },

    There is something to do for { $org }.
    Service: { $service }
    Procedure: { $procedure }
    Receipt number: { $receipt }
    Step: { $step }

    What it is, and by when, is on this page:
    { $link }
mail-returned-subject = [API user desk] Documents returned to be mended ({ $service }, { $receipt })
mail-returned-text =
    Dear { $person },

    The desk has returned what { $org } submitted: something has to be mended.
    Service: { $service }
    Procedure: { $procedure }
    Receipt number: { $receipt }
    Step: { $step }

    The reason and the fields in question are on this page. Mend them and submit again:
    { $link }
mail-closed-subject = [API user desk] A procedure is over ({ $service }, { $receipt })
mail-closed-text =
    Dear { $person },

    This procedure of { $org } is over.
    Service: { $service }
    Procedure: { $procedure }
    Receipt number: { $receipt }

    The result is on this page:
    { $link }
