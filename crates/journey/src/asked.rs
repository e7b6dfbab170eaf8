//! What the API user asked for in `authorization_details` (RFC 9396), as far as the run depends on it.

use serde::{Deserialize, Serialize};

/// What a run is for. At least one of linkage and documents is asked: registration alone has no
/// outcome in the vocabulary, and DESIGN.md knows it only as "in the same run".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    linkage: Option<Linkage>,
    #[serde(default)]
    registration: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    documents: Option<Documents>,
}

/// `attribute_linkage`: link these services, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linkage {
    /// Ids of the delivery services, in the order asked. (Message ⑤ is opaque and up to 4 KiB, so it
    /// stays with the request and is not carried through every step.)
    pub services: Vec<String>,
    /// What to do with a service that is linked already.
    #[serde(default)]
    pub if_linked: IfLinked,
}

/// What to do with a service that is linked already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfLinked {
    /// Leave it: E7 and `already_linked`.
    #[default]
    Return,
    /// Let the citizen go through ④–⑥ again.
    Reconfirm,
}

/// `delivered_documents`: read documents from linked services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// Only from these delivery services; empty means from any that the API user may use.
    #[serde(default)]
    pub services: Vec<String>,
}

/// Why a combination makes no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    /// Neither linkage nor documents.
    #[error("ask for `attribute_linkage` or `delivered_documents`; `user_registration` goes with one of them")]
    Nothing,
    /// `attribute_linkage` without a service.
    #[error("`attribute_linkage` names no delivery service")]
    NoService,
    /// One service twice.
    #[error("`attribute_linkage` names a delivery service twice")]
    Twice,
}

impl Asked {
    /// A run for what was asked.
    ///
    /// # Errors
    /// When nothing can come of it; the text says how to ask.
    pub fn new(linkage: Option<Linkage>, registration: bool, documents: Option<Documents>) -> Result<Self, AskedError> {
        match &linkage {
            None if documents.is_none() => return Err(AskedError::Nothing),
            Some(l) if l.services.is_empty() => return Err(AskedError::NoService),
            Some(l) if l.services.iter().enumerate().any(|(i, s)| l.services[..i].contains(s)) => {
                return Err(AskedError::Twice);
            }
            _ => {}
        }
        Ok(Self { linkage, registration, documents })
    }

    /// The services to link, if linkage was asked.
    pub const fn linkage(&self) -> Option<&Linkage> {
        self.linkage.as_ref()
    }

    /// Whether a first-timer may register in this run.
    pub const fn registration(&self) -> bool {
        self.registration
    }

    /// The documents asked for.
    pub const fn documents(&self) -> Option<&Documents> {
        self.documents.as_ref()
    }

    /// Documents and no linkage: the run ends after the card.
    pub const fn documents_only(&self) -> bool {
        self.linkage.is_none()
    }

    /// Whether a documents-only run has a service to read from, given the services that are linked.
    pub(crate) fn can_read_from(&self, linked: &[String]) -> bool {
        self.documents.as_ref().is_some_and(|d| linked.iter().any(|s| d.services.is_empty() || d.services.contains(s)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_needs_something_to_do() {
        let link = |s: &[&str]| {
            Some(Linkage { services: s.iter().map(|&s| s.to_owned()).collect(), if_linked: IfLinked::Return })
        };
        assert_eq!(Asked::new(None, true, None), Err(AskedError::Nothing));
        assert_eq!(Asked::new(link(&[]), true, None), Err(AskedError::NoService));
        assert_eq!(Asked::new(link(&["a", "b", "a"]), true, None), Err(AskedError::Twice));
        assert!(Asked::new(link(&["a", "b"]), false, None).is_ok());
        assert!(Asked::new(None, false, Some(Documents::default())).is_ok());
    }
}
