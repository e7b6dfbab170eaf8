//! Answers: what people wrote into a form, normalised.
//!
//! Drafts hold what was written even when it is wrong, so that a page can show it again. One thing they can't hold: a
//! private key. [`Plain`] is the only text there is, and it has no other way in.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Deserializer, Serialize};

use crate::private_key;

/// Longest text of one answer, in octets.
pub const MAX_TEXT: usize = 65_536;

/// What was pasted is, or holds, a private key. Its owner has to be told: make a new pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this holds a private key; it was not kept. Make a new pair, and send the public key only")]
pub struct PrivateKey;

/// A text that holds no private key (JWK, PEM, DER or PKCS#12 in base64, PuTTY, …) and is at most [`MAX_TEXT`] octets.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Plain(String);

impl Plain {
    /// The text, unless it holds a private key. What is longer than [`MAX_TEXT`] is cut.
    ///
    /// # Errors
    /// [`PrivateKey`]; the text is dropped.
    pub fn new(text: impl Into<String>) -> Result<Self, PrivateKey> {
        let mut text = text.into();
        if private_key::is_in(&text) {
            return Err(PrivateKey);
        }
        if text.len() > MAX_TEXT {
            let end = (0..=MAX_TEXT).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
            text.truncate(end);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// A file that is stored elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// Its id in the store.
    pub id: Plain,
    /// Its name, as it was given.
    pub name: Plain,
    /// Its media type, as it was found to be.
    pub media_type: Plain,
    /// Octets.
    pub size: u64,
    /// SHA-256 in base64url.
    pub sha256: Plain,
}

/// A row of a table, by the ids of its columns.
pub type Row = BTreeMap<String, Plain>;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// Everything that is one text: also dates, numbers, keys, a choice.
    Text(Plain),
    /// Everything that is a list of texts.
    List(Vec<Plain>),
    /// Files.
    Files(Vec<FileRef>),
    /// Rows of a table.
    Rows(Vec<Row>),
}

impl Answer {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(t) => t.as_str().is_empty(),
            Self::List(l) => l.is_empty(),
            Self::Files(l) => l.is_empty(),
            Self::Rows(l) => l.is_empty(),
        }
    }
}

/// The answers to one form, by the ids of its fields. Empty ones are not held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, Answer>);

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, Answer>::deserialize(d)?;
        Ok(Self(map.into_iter().filter(|(_, a)| !a.is_empty()).collect()))
    }
}

impl Answers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets an answer; an empty one is removed.
    pub fn set(&mut self, field: &str, answer: Answer) {
        if answer.is_empty() {
            self.0.remove(field);
        } else {
            self.0.insert(field.to_owned(), answer);
        }
    }

    /// Removes an answer.
    pub fn remove(&mut self, field: &str) {
        self.0.remove(field);
    }

    /// The answer to a field.
    pub fn get(&self, field: &str) -> Option<&Answer> {
        self.0.get(field)
    }

    /// All of them, by field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Answer)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// The text of a field; empty when there is none.
    pub fn text(&self, field: &str) -> &str {
        match self.get(field) {
            Some(Answer::Text(t)) => t.as_str(),
            _ => "",
        }
    }

    /// The texts of a list field.
    pub fn list(&self, field: &str) -> Vec<&str> {
        match self.get(field) {
            Some(Answer::List(l)) => l.iter().map(Plain::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The files of a field.
    pub fn files(&self, field: &str) -> &[FileRef] {
        match self.get(field) {
            Some(Answer::Files(l)) => l,
            _ => &[],
        }
    }

    /// The rows of a field.
    pub fn rows(&self, field: &str) -> &[Row] {
        match self.get(field) {
            Some(Answer::Rows(l)) => l,
            _ => &[],
        }
    }

    /// The day that a field holds, when it holds one.
    pub fn date(&self, field: &str) -> Option<Date> {
        self.text(field).parse().ok()
    }

    /// The time of day that a field holds, when it holds one.
    pub fn time(&self, field: &str) -> Option<Time> {
        self.text(field).parse().ok()
    }

    /// The number that a field holds, when it holds one.
    pub fn number(&self, field: &str) -> Option<i64> {
        self.text(field).parse().ok()
    }

    /// Whether a field says `yes`.
    pub fn is_yes(&self, field: &str) -> bool {
        self.text(field) == "yes"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_plain_json() {
        let json = r#"{"apis":["attribute_linkage"],"logo":[{"id":"att_1","name":"logo.png","media_type":"image/png","size":3,"sha256":"x"}],"name":"縁","rows":[{"item":"a","outcome":"passed"}]}"#;
        let a: Answers = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&a).unwrap(), json);
        assert_eq!((a.text("name"), a.list("apis"), a.files("logo")[0].size), ("縁", vec!["attribute_linkage"], 3));
        assert_eq!(a.rows("rows")[0]["outcome"].as_str(), "passed");
        // Empty answers are not held.
        let empty: Answers = serde_json::from_str(r#"{"a":"","b":[]}"#).unwrap();
        assert!(empty.is_empty());
    }

    #[test]
    fn a_stored_private_key_does_not_load() {
        let json = r#"{"x":"-----BEGIN PRIVATE KEY-----\nMIG"}"#;
        assert!(serde_json::from_str::<Answers>(json).is_err());
        assert!(Plain::new(r#"{"kty":"EC","d":"abc"}"#).is_err());
        assert_eq!(Plain::new("あ".repeat(30_000)).unwrap().as_str().len(), 65_535);
    }
}
