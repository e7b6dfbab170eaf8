//! Ids of documents, opaque to API users: they name linkage, document, kind and year, under a keyed hash,
//! so that `content` knows without asking whether the grant covers it, and nobody can make one up.

use base::codec::{b64url, b64url_decode, same};
use serde::{Deserialize, Serialize};
use store::Sealer;

/// What the keyed hash is for.
const PURPOSE: &str = "api.document_id";
/// Longest id that is looked at.
const MAX: usize = 512;

/// A document of a linkage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DocumentId {
    /// The linkage it came by: it belongs to one citizen and one delivery service.
    #[serde(rename = "l")]
    pub(super) linkage: String,
    /// Its id over there.
    #[serde(rename = "d")]
    pub(super) document: String,
    /// Its kind, such as `TEG800`.
    #[serde(rename = "t")]
    pub(super) kind: String,
    /// Its year.
    #[serde(rename = "y")]
    pub(super) year: Option<i16>,
}

impl DocumentId {
    /// As API users see it: one path segment of plain characters.
    pub(super) fn seal(&self, sealer: &Sealer) -> String {
        // A struct of strings and a number always is JSON.
        let plain = serde_json::to_vec(self).unwrap_or_default();
        format!("{}.{}", b64url(&plain), sealer.blind_index(PURPOSE, &plain))
    }

    /// The reverse of [`DocumentId::seal`]; `None` for anything else.
    pub(super) fn open(sealer: &Sealer, text: &str) -> Option<Self> {
        let (plain, tag) = text.split_once('.').filter(|_| text.len() <= MAX)?;
        let plain = b64url_decode(plain)?;
        if !same(tag.as_bytes(), sealer.blind_index(PURPOSE, &plain).as_bytes()) {
            return None;
        }
        serde_json::from_slice(&plain).ok()
    }
}

/// Whether a delivery service's id of a document is one that we pass on: 1 to 128 of letters, digits, `-`,
/// `_`, `.`, and no path of its own.
pub(super) fn is_plain(id: &str) -> bool {
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    plain && (1..=128).contains(&id.len()) && id.bytes().any(|b| b != b'.')
}

#[cfg(test)]
mod tests {
    use base::{Rng, Secret};
    use proptest::prelude::*;

    use super::*;

    fn sealer(seed: u8) -> Sealer {
        Sealer::new(&Secret::new([seed; 32]), Rng::seeded(1)).unwrap()
    }

    proptest! {
        #[test]
        fn ids_come_back_and_none_is_made_up(document in "[A-Za-z0-9_.-]{1,64}", year in proptest::option::of(2000i16..2200), at in any::<proptest::sample::Index>()) {
            let id = DocumentId { linkage: "lnk_01".into(), document, kind: "TEG800".into(), year };
            let text = id.seal(&sealer(1));
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
            prop_assert_eq!(DocumentId::open(&sealer(1), &text), Some(id));
            prop_assert_eq!(DocumentId::open(&sealer(2), &text), None);
            let mut bytes = text.into_bytes();
            let i = at.index(bytes.len());
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            prop_assert_eq!(DocumentId::open(&sealer(1), &String::from_utf8(bytes).unwrap()), None);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,600}") {
            let _ = DocumentId::open(&sealer(1), &text);
        }
    }

    #[test]
    fn ids_from_over_there_stay_one_segment() {
        assert!(is_plain("doc_1") && is_plain("a.b-c"));
        for bad in ["", ".", "..", "a/b", "a?b", "a%2fb", "あ", &"x".repeat(129)] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
