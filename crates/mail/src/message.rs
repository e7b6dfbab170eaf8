//! A message as its writer hands it over.

use base::{Lang, Timestamp};

use crate::Email;

/// Longest subject in characters: more is cut off by every mail program.
const SUBJECT: usize = 200;

/// A subject: one line, never more. Whatever could end a header line has become a blank, so a subject made from what
/// somebody typed can't bring a header of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// Makes one line of `text`.
    pub fn new(text: &str) -> Self {
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let line: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
        Self(line.trim().chars().take(SUBJECT).collect())
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Subject {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Subject {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

/// An e-mail of plain text to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// To whom.
    pub to: Email,
    /// In which language it is written (`Content-Language`).
    pub lang: Lang,
    /// What it is about.
    pub subject: Subject,
    /// The text. Lines end in `\n`; control characters are left out when it is queued.
    pub text: String,
    /// What sort of message it is, for lists and figures: `receipt`, `warning`.
    pub kind: &'static str,
    /// A message with the same key is queued once, ever: a warning goes out one time however often its reason is found.
    pub dedupe: Option<String>,
    /// After this it is of no use to its reader (a link that has expired) and is given up instead of sent.
    pub expires: Option<Timestamp>,
}

/// The text as it is kept: no control characters but line ends and tabs.
pub(crate) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_subject_is_one_line(text in any::<String>()) {
            let subject = Subject::new(&text);
            let breaks = |c: char| c.is_control() || matches!(u32::from(c), 0x2028 | 0x2029);
            prop_assert!(!subject.as_str().contains(breaks));
            prop_assert!(subject.as_str().chars().count() <= SUBJECT);
            let again = Subject::new(subject.as_str());
            prop_assert_eq!(again.as_str().trim(), subject.as_str().trim());
        }

        #[test]
        fn a_text_keeps_its_words(text in "[a-z花\r\n\t\u{7}]{0,80}") {
            let kept = clean(&text);
            prop_assert!(!kept.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
            let words = |t: &str| t.chars().filter(|c| c.is_alphabetic()).collect::<String>();
            prop_assert_eq!(words(&kept), words(&text));
        }
    }

    #[test]
    fn a_header_can_not_be_smuggled_in() {
        assert_eq!(Subject::new("Hello\r\nBcc: x@example.jp").as_str(), "Hello  Bcc: x@example.jp");
    }
}
