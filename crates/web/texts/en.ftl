# Texts every site has. Keys start with "web-".
web-skip = Skip to main content
web-demo = This site is a demonstration.
web-demo-more = It is not a real government service.
web-languages = Language
web-title-error = Error:{" "}
web-title-step = Step { $step } of { $steps }
web-back = Back
web-back-label = Previous page
web-receipt = Receipt number:
web-footer = Enishi (縁) is a demonstration of attribute linkage, built on open standards.
web-accessibility = Accessibility
web-status = Service status and maintenance
web-licences = Licences

web-steps = Progress (5 steps)
web-step-1 = Consent
web-step-2 = Identity check
web-step-3 = Check the link
web-step-4 = At the other service
web-step-5 = Done
web-step-done = {" "}(done)

web-errors = Please check what you entered
web-required = (required)
web-optional = (optional)
web-error-mark = *{" "}
web-show-pin = Show the PIN
web-change = Change<span class="en-hide"> { $what }</span>
web-copy = Copy
web-copied = Copied
web-icon-success = Success
web-icon-error = Error
web-icon-warning = Warning
web-icon-info = Notice

web-session-title = Your session is about to end
web-session-text = It ends in five minutes unless you press the button.
web-session-extend = Continue

web-error-again = Back to the previous page
web-error-home = Back to the start
web-error-not-found-title = Page not found
web-error-not-found-text = Please check the address. The page may have moved or no longer exist.
web-error-method-title = This can't be done here
web-error-method-text = This address can't be opened that way. Please go back and try again from the page you came from.
web-error-bad-form-title = We could not read what was sent
web-error-bad-form-text = Please go back and send it again. Nothing of your procedure so far is lost.
web-error-stale-form-title = The page you used has expired
web-error-stale-form-text = To be safe, we did not accept what was sent. Please go back and press the button again. Nothing of your procedure so far is lost. If cookies are turned off in your browser, please turn them on.
web-error-forbidden-title = You are not allowed to do this
web-error-forbidden-text = Ask somebody who may do it, or ask for the right to do it. Nothing was changed.
web-error-too-large-title = What was sent is too large
web-error-too-large-text = Please go back, make it shorter and send it again.
web-error-timeout-title = It took too long
web-error-timeout-text = The service may be busy. Please wait a little, go back and try again.
web-error-fault-title = Something went wrong
web-error-fault-text = The problem is on our side. Please wait a little, go back and try again. If it goes on, contact us and quote the receipt number.

web-licences-own = The program of this service is provided under the Apache License 2.0 or the MIT License.
web-licences-tokens = Design tokens of the Digital Agency Design System
web-licences-tokens-text = Colours and type sizes use @digital-go-jp/design-tokens 1.1.9. This site was not made by the Digital Agency of Japan.
web-licences-font = Typeface of the PDF files
web-licences-font-text = The PDF files use a subset of Noto Sans CJK JP 2.004 (© 2014-2021 Adobe).

web-accessibility-aim = We aim at WCAG 2.2 level AA (which includes the level AA criteria of JIS X 8341-3:2016). Conformance status: "considered" (配慮).
web-accessibility-built = How it is built
web-accessibility-built-1 = Everything works without JavaScript and with the keyboard alone.
web-accessibility-built-2 = Pages can be read without scrolling sideways at 200% text size and on screens 320 pixels wide.
web-accessibility-built-3 = Colour is never the only sign of a state. Dark mode, forced colours and reduced motion are followed.
web-accessibility-tested = How it is checked
web-accessibility-tested-1 = Automated checks (axe-core) in Japanese and English at phone and desktop width.
web-accessibility-tested-2 = Every page is rendered in both languages by a test that checks headings, labels and language marks.
web-accessibility-untested = Not checked yet
web-accessibility-untested-text = Tests by people with screen readers (NVDA, VoiceOver and others) and with real card readers have not been done yet.
