//! How a run ends: the closed vocabulary that API, pages, logs, documents and test reports share.

use serde::{Deserialize, Serialize};

/// Declares a closed enum whose members have one text each.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every member.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The text that stands for it everywhere.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The reverse of [`Self::as_str`]; `None` for any other text.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

vocabulary! {
    /// What the API user is told when the citizen comes back: exactly one of these.
    Outcome {
        /// Every service asked for is linked now, at least one of them by this run.
        Linked = "linked",
        /// Every service asked for was linked before; for a documents-only run, at least one.
        AlreadyLinked = "already_linked",
        /// At least one of several services is linked and at least one is not.
        PartlyLinked = "partly_linked",
        /// 「同意しない」 at ②.
        ConsentDenied = "consent_denied",
        /// The citizen stopped, at the portal or at the delivery service.
        UserCancelled = "user_cancelled",
        /// E3: the PIN is locked.
        CardPinLocked = "card_pin_locked",
        /// E4: the user-authentication certificate has expired.
        CertExpired = "cert_expired",
        /// E5: the user-authentication certificate has been revoked.
        CertRevoked = "cert_revoked",
        /// E13: the card was another person's than the run belongs to, and the citizen stopped there.
        DifferentPerson = "different_person",
        /// E6: the delivery service is under announced maintenance.
        ServiceMaintenance = "service_maintenance",
        /// The delivery service gave no answer.
        ServiceUnavailable = "service_unavailable",
        /// E7b: the delivery account is tied to somebody else.
        LinkConflict = "link_conflict",
        /// No link, for a reason that none of the others names (not registered, renewed card,
        /// nothing linked in a documents-only run, an error of the delivery service).
        LinkFailed = "link_failed",
        /// E8: 30 minutes without a sign of the citizen.
        SessionExpired = "session_expired",
        /// The API user was suspended while the citizen was on the way.
        ClientSuspended = "client_suspended",
        /// The portal could not decide now (for example, certificate validity unknown): try later.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// A fault of the portal.
        ServerError = "server_error",
    }
}

impl Outcome {
    /// Whether the API user gets an authorization code. The others come as [`Self::oauth_error`].
    pub const fn with_code(self) -> bool {
        matches!(self, Self::Linked | Self::AlreadyLinked | Self::PartlyLinked)
    }

    /// The `error` of the authorization response (RFC 6749 section 4.1.2.1); the outcome itself
    /// travels beside it as `outcome`. `None` when a code is issued.
    pub const fn oauth_error(self) -> Option<&'static str> {
        match self {
            Self::Linked | Self::AlreadyLinked | Self::PartlyLinked => None,
            // What the citizen or the card decided.
            Self::ConsentDenied
            | Self::UserCancelled
            | Self::CardPinLocked
            | Self::CertExpired
            | Self::CertRevoked
            | Self::DifferentPerson => Some("access_denied"),
            Self::ServiceMaintenance | Self::ServiceUnavailable | Self::TemporarilyUnavailable => {
                Some("temporarily_unavailable")
            }
            Self::ClientSuspended => Some("unauthorized_client"),
            Self::LinkConflict | Self::LinkFailed | Self::SessionExpired | Self::ServerError => Some("server_error"),
        }
    }

    /// One outcome for several delivery services; the order of `results` does not matter.
    ///
    /// All linked: `already_linked` if all were before, else `linked`. Some linked: `partly_linked`.
    /// None linked: the reason that tells most, first how the run ended (stopped, expired), then
    /// what the citizen did or can mend (declined, conflict), then failures of the other side, with those
    /// before maintenance, which was announced. A service that was left out tells least: others were wanted.
    /// Services not attempted say nothing; with nothing said at all, `link_failed`.
    pub fn summarise(results: &[ServiceResult]) -> Self {
        use ServiceResult as R;
        let stands = results.iter().filter(|r| r.is_linked()).count();
        if stands > 0 {
            return if stands < results.len() {
                Self::PartlyLinked
            } else if results.contains(&R::Linked) {
                Self::Linked
            } else {
                Self::AlreadyLinked
            };
        }
        const ORDER: [(ServiceResult, Outcome); 8] = [
            (R::Stopped, Outcome::UserCancelled),
            (R::Expired, Outcome::SessionExpired),
            (R::Declined, Outcome::UserCancelled),
            (R::Conflict, Outcome::LinkConflict),
            (R::Failed, Outcome::LinkFailed),
            (R::Unavailable, Outcome::ServiceUnavailable),
            (R::Maintenance, Outcome::ServiceMaintenance),
            (R::LeftOut, Outcome::UserCancelled),
        ];
        ORDER.iter().find(|(r, _)| results.contains(r)).map_or(Self::LinkFailed, |(_, outcome)| *outcome)
    }
}

vocabulary! {
    /// What came of one delivery service in a run.
    ServiceResult {
        /// Linked by this run.
        Linked = "linked",
        /// Linked before this run.
        AlreadyLinked = "already_linked",
        /// The citizen refused or gave up at the delivery service.
        Declined = "declined",
        /// The citizen stopped at the portal.
        Stopped = "stopped",
        /// The delivery account is tied to another person.
        Conflict = "conflict",
        /// The delivery service is under announced maintenance.
        Maintenance = "maintenance",
        /// The delivery service gave no answer.
        Unavailable = "unavailable",
        /// The delivery service answered with an error, or its answer proved nothing.
        Failed = "failed",
        /// The citizen did not come back in time.
        Expired = "expired",
        /// The citizen left it out at ④, where several services were asked for.
        LeftOut = "left_out",
        /// The run ended before this service's turn.
        NotAttempted = "not_attempted",
    }
}

impl ServiceResult {
    /// Whether a link stands after the run.
    pub const fn is_linked(self) -> bool {
        matches!(self, Self::Linked | Self::AlreadyLinked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_is_closed_and_reads_back() {
        for o in Outcome::ALL {
            assert_eq!(Outcome::parse(o.as_str()), Some(o));
            assert_eq!(serde_json::to_value(o).unwrap(), o.as_str());
            assert_eq!(o.with_code(), o.oauth_error().is_none());
        }
        for r in ServiceResult::ALL {
            assert_eq!(ServiceResult::parse(r.as_str()), Some(r));
        }
        assert_eq!(Outcome::parse("Linked"), None);
        let with_code: Vec<_> = Outcome::ALL.into_iter().filter(|o| o.with_code()).map(Outcome::as_str).collect();
        assert_eq!(with_code, ["linked", "already_linked", "partly_linked"]);
    }

    #[test]
    fn several_services_make_one_outcome() {
        use ServiceResult::*;
        let cases: [(&[ServiceResult], Outcome); 15] = [
            (&[Linked], Outcome::Linked),
            (&[AlreadyLinked, AlreadyLinked], Outcome::AlreadyLinked),
            (&[AlreadyLinked, Linked], Outcome::Linked),
            (&[Linked, Declined], Outcome::PartlyLinked),
            (&[AlreadyLinked, NotAttempted], Outcome::PartlyLinked),
            (&[Linked, LeftOut], Outcome::PartlyLinked),
            (&[Linked, AlreadyLinked, Maintenance], Outcome::PartlyLinked),
            (&[Failed, LeftOut], Outcome::LinkFailed),
            (&[Maintenance, LeftOut], Outcome::ServiceMaintenance),
            (&[NotAttempted, LeftOut], Outcome::UserCancelled),
            (&[Maintenance, Stopped], Outcome::UserCancelled),
            (&[Conflict, Unavailable], Outcome::LinkConflict),
            (&[Maintenance, NotAttempted], Outcome::ServiceMaintenance),
            (&[NotAttempted], Outcome::LinkFailed),
            (&[], Outcome::LinkFailed),
        ];
        for (results, expected) in cases {
            assert_eq!(Outcome::summarise(results), expected, "{results:?}");
            let reversed: Vec<_> = results.iter().rev().copied().collect();
            assert_eq!(Outcome::summarise(&reversed), expected, "order must not matter");
        }
        for r in ServiceResult::ALL {
            assert_eq!(Outcome::summarise(&[r]).with_code(), r.is_linked());
        }
    }
}
