//! How a run ended, as the portal says it: the closed vocabulary of its interface.
//!
//! An API user has to have a page for every word of it. This list is written by hand from the portal's
//! documentation, as any client's would be; nothing of the portal's code is used.

use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Linked by this run.
    Linked,
    /// Linked before.
    AlreadyLinked,
    /// Some of several delivery services.
    PartlyLinked,
    /// The citizen did not agree to the consent.
    ConsentDenied,
    /// The citizen stopped.
    UserCancelled,
    /// The card's PIN is locked.
    CardPinLocked,
    /// The card's certificate has expired.
    CertExpired,
    /// The card's certificate has been revoked.
    CertRevoked,
    /// The card was another person's.
    DifferentPerson,
    /// The delivery service is under maintenance.
    ServiceMaintenance,
    /// The delivery service did not answer.
    ServiceUnavailable,
    /// The mailbox is tied to another person.
    LinkConflict,
    /// No link, for another reason.
    LinkFailed,
    /// The citizen took longer than 30 minutes over a page.
    SessionExpired,
    /// We are suspended at the portal.
    ClientSuspended,
    /// The portal can't decide now.
    TemporarilyUnavailable,
    /// A fault of the portal, or a request of ours that it refuses.
    ServerError,
    /// **Not the portal's word but ours**: the portal gave a code, but we never learned what for (the
    /// code had expired, the connection broke). A new run tells.
    Unconfirmed,
}

/// Whether a link was made: what a citizen wants to know first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// By this run.
    Made,
    /// It was there before.
    Before,
    /// At some services.
    Partly,
    /// No.
    None,
    /// We can't tell.
    Unknown,
}

impl Outcome {
    /// Every word.
    pub const ALL: [Self; 18] = [
        Self::Linked,
        Self::AlreadyLinked,
        Self::PartlyLinked,
        Self::ConsentDenied,
        Self::UserCancelled,
        Self::CardPinLocked,
        Self::CertExpired,
        Self::CertRevoked,
        Self::DifferentPerson,
        Self::ServiceMaintenance,
        Self::ServiceUnavailable,
        Self::LinkConflict,
        Self::LinkFailed,
        Self::SessionExpired,
        Self::ClientSuspended,
        Self::TemporarilyUnavailable,
        Self::ServerError,
        Self::Unconfirmed,
    ];

    /// The word; also the stem of the texts that explain it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::AlreadyLinked => "already_linked",
            Self::PartlyLinked => "partly_linked",
            Self::ConsentDenied => "consent_denied",
            Self::UserCancelled => "user_cancelled",
            Self::CardPinLocked => "card_pin_locked",
            Self::CertExpired => "cert_expired",
            Self::CertRevoked => "cert_revoked",
            Self::DifferentPerson => "different_person",
            Self::ServiceMaintenance => "service_maintenance",
            Self::ServiceUnavailable => "service_unavailable",
            Self::LinkConflict => "link_conflict",
            Self::LinkFailed => "link_failed",
            Self::SessionExpired => "session_expired",
            Self::ClientSuspended => "client_suspended",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// The word read back; `None` for anything that is not in the portal's vocabulary.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == text && *o != Self::Unconfirmed)
    }

    /// From a redirect (or a pushed request) that was answered by an error. The `outcome` beside it is
    /// precise; `error` alone (RFC 6749 section 4.1.2.1) is what a portal without it would send.
    pub fn of_error(error: &str, outcome: Option<&str>) -> Self {
        match (outcome.and_then(Self::parse), error) {
            // A link comes with a code, never with an error.
            (Some(o), _) if o.link() == Link::None => o,
            (_, "access_denied") => Self::UserCancelled,
            (_, "temporarily_unavailable") => Self::TemporarilyUnavailable,
            (_, "unauthorized_client") => Self::ClientSuspended,
            _ => Self::ServerError,
        }
    }

    /// Whether a link was made.
    pub const fn link(self) -> Link {
        match self {
            Self::Linked => Link::Made,
            Self::AlreadyLinked => Link::Before,
            Self::PartlyLinked => Link::Partly,
            Self::Unconfirmed => Link::Unknown,
            _ => Link::None,
        }
    }

    /// Whether we hold a token after it.
    pub const fn with_token(self) -> bool {
        matches!(self, Self::Linked | Self::AlreadyLinked | Self::PartlyLinked)
    }
}

impl Link {
    /// The end of the text's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Before => "before",
            Self::Partly => "partly",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// What came of one delivery service: the portal's second vocabulary, as texts' keys know it.
pub const SERVICE_RESULTS: [&str; 11] = [
    "linked",
    "already_linked",
    "declined",
    "stopped",
    "conflict",
    "maintenance",
    "unavailable",
    "failed",
    "expired",
    "left_out",
    "not_attempted",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_but_ours_can_not_be_sent_to_us() {
        for o in Outcome::ALL {
            assert_eq!(serde_json::to_value(o).unwrap(), o.as_str());
            assert_eq!(Outcome::parse(o.as_str()), (o != Outcome::Unconfirmed).then_some(o));
        }
    }

    #[test]
    fn an_error_never_claims_a_link() {
        assert_eq!(Outcome::of_error("access_denied", Some("cert_expired")), Outcome::CertExpired);
        assert_eq!(Outcome::of_error("access_denied", Some("linked")), Outcome::UserCancelled);
        assert_eq!(Outcome::of_error("access_denied", Some("nonsense")), Outcome::UserCancelled);
        assert_eq!(Outcome::of_error("unauthorized_client", None), Outcome::ClientSuspended);
        assert_eq!(Outcome::of_error("invalid_request", None), Outcome::ServerError);
        for word in Outcome::ALL.map(Outcome::as_str) {
            for error in ["access_denied", "server_error", "x"] {
                assert_eq!(Outcome::of_error(error, Some(word)).link(), Link::None);
            }
        }
    }
}
