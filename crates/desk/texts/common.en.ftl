service-name = API user desk
desk-name = The desk
nav-label = Menu
nav-home = Home
nav-inquiries = Inquiries
nav-faq = FAQ
nav-keys = Making keys
nav-to-staff = Staff pages
nav-account = Account settings
signed-in-as = { $name }
sign-in = Sign in
sign-out = Sign out
register = Create an account
save = Save
none = None
name = Name
email = E-mail address
org = Organisation
status = Status
receipt = Receipt number
reason = Reason
not-entered = (nothing entered)
viewer-note = Your role is "viewer". Ask an editor or owner to fill in and submit.
private-key = This holds a private key, so it was refused and not stored. Do not use this key: make a new pair.

welcome-title = Apply to use the APIs
welcome-lead = From the application for the attribute linkage, user registration and notices/documents APIs through the connection test and the start in production to changes, suspension, resumption and termination: all of it is done on this site.
welcome-1 = Create an account (e-mail address and password).
welcome-2 = Register your organisation and invite colleagues if you like.
welcome-3 = Fill in the "API use application (disclosure)". Drafts can be saved as often as you like.
welcome-4 = When you submit, you get a receipt number. What comes next, and by when, can be seen here at any time.
welcome-ask = Once signed in, you can ask the desk at any time.

home-title = To do
home-no-org = You belong to no organisation yet
home-no-org-text = Register a new one, or ask the owner of an existing one to invite you.
home-tasks = For your organisations to do
home-no-tasks = There is nothing to do now.
home-watched = For your editors or owners to do
home-answered = Inquiries with an answer
home-running = With the desk
home-orgs = Organisations

keys-title = Making keys
keys-lead = The list of public keys (JWKS) lets the portal check your system's signatures when it calls the APIs. You make the keys on your own machines. Nothing is entered on this page.
keys-never = Never send a private key anywhere
keys-never-text = Only public keys are applied for. If you paste a private key (a file that says PRIVATE KEY, or the "d" of a JWK), this site refuses it and stores nothing. Do not use that key any more; make a new one.
keys-which = Which kind of key
keys-which-text = If in doubt, use EC P-256 (ES256). Ed25519 (EdDSA) and RSA of 2048 bits and more (PS256) are possible too. Use different keys for the test and the production environment.
keys-make = 1. Make a pair of keys
keys-make-text = With OpenSSL. client-key.pem is the private key: it stays on your server, readable by its owner only.
keys-convert = 2. Turn the public key into a JWKS
keys-convert-text = This reads the public key (client-public.pem) only and prints the JWKS. It needs Python 3 and OpenSSL, nothing else.
keys-convert-after = Paste the JSON (from {"{"} to {"}"}) into "Public keys (JWKS)" of the settings sheet.
keys-uri = By address
keys-uri-text = You may publish the same JSON at an https address of yours (such as https://service.example.co.jp/jwks.json) and write that address. Then no application is needed when keys change, so we recommend it.
keys-change = When keys change
keys-change-text = Publish the new public key beside the old one for a while. Switch your signatures to the new key, then take the old one off.

documents-title = Disclosed specifications
documents-lead = Disclosed to approved organisations only. Do not pass them on outside yours.
documents-none = There are no documents yet.

files-label = Attachments
files-hint = PDF, PNG, JPEG, Word, Excel, PowerPoint, text. Up to 10 MB each.
logo-hint = PNG, 48 to 2048 pixels wide and high, up to 512 KB.
files-too-many = A field takes at most { $n } files. Take some off.
file-empty = { $name } is empty. Choose a file with content.
file-too-large = { $name } is too large. 10 MB at most.
file-type = { $name } is of a kind that is not taken. Use PDF, PNG, JPEG, Word, Excel, PowerPoint or text.
file-mismatch = The ending of { $name } does not fit its content. Give it the right ending, or choose another file.
file-macro = { $name } holds macros or embedded files. Remove them and save it again.
file-picture = The picture { $name } is too large or damaged. At most 12,000 pixels wide and high.
file-archive = { $name } is damaged or grows too large when unpacked. Save it again.
file-quota = This would be more than the 500 MB of files that you may keep here. Ask the desk.
file-private-key = { $name } holds a private key, so it was refused and not stored. Do not use this key: make a new pair.

mail-foot =
    --
    API user desk
    { $origin }
    Nobody reads replies to this e-mail. Please use "Inquiries" on the site.

punct-open = { " (" }
punct-close = )
punct-colon = { ": " }
punct-comma = { ", " }
