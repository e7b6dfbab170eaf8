//! `clientDataJSON`: what the browser says it was asked (section 5.8.1).

use serde::Deserialize;

use super::{Expected, Refused};

/// Which ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Get,
}

/// The members that matter. Browsers add others.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    pub(super) challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<String>,
}

impl ClientData {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(bytes).map_err(|e| Refused::ClientData(e.to_string()))
    }

    pub(super) fn check(&self, kind: Kind, expected: &Expected<'_>) -> Result<(), Refused> {
        let wanted = match kind {
            Kind::Create => "webauthn.create",
            Kind::Get => "webauthn.get",
        };
        if self.kind != wanted {
            return Err(Refused::Kind(self.kind.clone()));
        }
        if self.origin != expected.origin {
            return Err(Refused::Origin(self.origin.clone()));
        }
        if self.cross_origin || self.top_origin.as_deref().is_some_and(|top| top != expected.origin) {
            return Err(Refused::CrossOrigin);
        }
        Ok(())
    }
}
