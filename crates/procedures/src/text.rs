//! Words in both languages, and where they come from.

use base::Lang;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One text in both languages of the pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// 日本語
    pub ja: String,
    /// English
    pub en: String,
}

impl Text {
    /// A text of these words.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    /// The words for a reader.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }

    /// Whether a language has no words, or blanks around them.
    pub(crate) fn is_sloppy(&self) -> bool {
        [&self.ja, &self.en].into_iter().any(|t| t.trim().is_empty() || t.trim() != t)
    }
}

/// Where an item comes from: a section of the guideline (利用ガイドライン 1.8), or our reconstruction of what the
/// guideline leaves to documents that are not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The section, such as `6.1`.
    Guideline(String),
    /// Ours.
    Reconstruction,
}

impl Basis {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None if text == "reconstruction" => Some(Self::Reconstruction),
            Some(("guideline", section)) if section.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(Self::Guideline(section.to_owned()))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Basis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Guideline(section) => write!(f, "guideline {section}"),
            Self::Reconstruction => f.write_str("reconstruction"),
        }
    }
}

impl Serialize for Basis {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Basis {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("basis '{text}' has to be 'guideline SECTION' or 'reconstruction'"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_names_a_section_or_says_that_it_is_ours() {
        assert_eq!(Basis::parse("guideline 4.1.2 (3)"), Some(Basis::Guideline("4.1.2 (3)".to_owned())));
        assert_eq!(Basis::parse("reconstruction").map(|b| b.to_string()).as_deref(), Some("reconstruction"));
        for wrong in ["", "guideline", "guideline x", "ours"] {
            assert_eq!(Basis::parse(wrong), None, "{wrong}");
        }
    }
}
