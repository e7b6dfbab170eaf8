//! Everything that can happen to a run from outside, and why it may be refused.

use base::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that happened. Who saw it happen (a form, a callback, a job) has checked it: a
/// `CardVerified` is only made from a verified signature and path, a `LinkConfirmed` only from a
/// verified confirmation. The machine checks that it fits the run, now, for this attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// ② 「上記に同意する」.
    ConsentGiven {
        /// Version of the text the citizen saw.
        text_version: String,
    },
    /// ② 「同意しない」.
    ConsentRefused,
    /// ③ 「本人確認をする」, also 「もう一度読み取る」: the browser goes to the card with this challenge.
    /// A later challenge replaces an earlier one.
    IdentifyStarted {
        /// Id of the challenge.
        challenge: String,
    },
    /// The card's signature over the challenge and its certificate are good.
    CardVerified {
        /// Id of the challenge that was signed.
        challenge: String,
        /// The portal's id of this person; for a first-timer the id reserved for their registration.
        citizen: String,
        /// Whether this person is registered.
        registered: bool,
        /// Ids of the delivery services linked for this person.
        linked: Vec<String>,
    },
    /// The card gave no signature, or a signature that must not count.
    CardFailed {
        /// Id of the challenge.
        challenge: String,
        /// Why.
        why: CardFailure,
    },
    /// The citizen pressed 「利用者登録をする」 and the registration is stored.
    Registered {
        /// The citizen's id as stored.
        citizen: String,
        /// False when the same person was registered meanwhile by another run.
        new: bool,
    },
    /// ④ of a run with several services: which of those without a result are to be linked; the others are left
    /// out. Applied together with the press that begins the attempt, and again whenever the citizen chooses anew.
    ServicesChosen {
        /// Ids of the delivery services; at least one, each of them waiting for its turn.
        services: Vec<String>,
    },
    /// ④ 「{D}と連携する」: an attempt begins, persisted before the request is pushed to the delivery
    /// service. After 「戻る」 the attempt may go on under the same linkage id.
    LinkChosen {
        /// Id of the linkage, stored as `offered`.
        linkage_id: String,
    },
    /// ⑤ 「次へ」: the browser goes to the delivery service.
    HandOver {
        /// Id of the linkage.
        linkage_id: String,
    },
    /// ⑤ 「戻る」.
    BackFromHandOver,
    /// Back from the delivery service: the citizen refused or gave up there.
    DeliveryDeclined {
        /// The attempt it belongs to.
        linkage_id: String,
    },
    /// Back from the delivery service with an error, or it could not be reached for the hand-over.
    DeliveryError {
        /// The attempt it belongs to.
        linkage_id: String,
        /// Which.
        error: DeliveryFailure,
    },
    /// Back from the delivery service with an ID Token that was verified for this attempt
    /// (signature, `iss`, `aud`, `nonce`, and the one browser).
    SignInVerified {
        /// The attempt it belongs to.
        linkage_id: String,
        /// `auth_time` of the ID Token.
        auth_time: Timestamp,
    },
    /// Intent to create the linkage, persisted before the call to the delivery service.
    LinkStarted {
        /// The attempt it belongs to.
        linkage_id: String,
    },
    /// The delivery service's signed confirmation for this linkage was verified.
    LinkConfirmed {
        /// The attempt it belongs to.
        linkage_id: String,
    },
    /// The delivery service refuses: its account is tied to another person.
    LinkConflict {
        /// The attempt it belongs to.
        linkage_id: String,
    },
    /// There is no link and there will be none from this attempt: the delivery service said so, or the
    /// portal decided so and has stored a job that cancels it over there.
    LinkFailed {
        /// The attempt it belongs to.
        linkage_id: String,
        /// How it failed.
        error: DeliveryFailure,
    },
    /// The portal finds this service linked for this citizen (by another run, meanwhile).
    FoundLinked {
        /// The delivery service.
        service: String,
    },
    /// 「もう一度連携する」 after an attempt that came to nothing: a new attempt.
    RetryChosen {
        /// Id of the new linkage, never used before.
        linkage_id: String,
    },
    /// 「連携せずに{R}に戻る」 on the page that says what went wrong: give up this service (E9, E9b, E7b)
    /// or the card check (E5b), without asking again.
    GiveUp,
    /// 「連携をやめる」: ask first (page Q).
    StopAsked,
    /// Q 「手続きを続ける」.
    Continue,
    /// Q 「連携をやめて{R}に戻る」.
    StopConfirmed,
    /// 「手続きを続ける」 of the time warning: the citizen is there. Nothing else changes, and the forms of the
    /// current page stay good.
    Extended,
    /// The run has been idle for [`crate::IDLE`].
    Expired,
    /// The API user's client was suspended.
    ClientSuspended,
    /// The delivery service is in a maintenance window now.
    ServiceMaintenance {
        /// The delivery service.
        service: String,
    },
    /// The portal itself failed in a way the run cannot survive.
    Fault,
    /// The answer to the API user is being minted in the same transaction.
    Returned,
}

impl Event {
    /// A name for logs and for telling a double submit; never a value.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConsentGiven { .. } => "consent_given",
            Self::ConsentRefused => "consent_refused",
            Self::IdentifyStarted { .. } => "identify_started",
            Self::CardVerified { .. } => "card_verified",
            Self::CardFailed { .. } => "card_failed",
            Self::Registered { .. } => "registered",
            Self::ServicesChosen { .. } => "services_chosen",
            Self::LinkChosen { .. } => "link_chosen",
            Self::HandOver { .. } => "hand_over",
            Self::BackFromHandOver => "back_from_hand_over",
            Self::DeliveryDeclined { .. } => "delivery_declined",
            Self::DeliveryError { .. } => "delivery_error",
            Self::SignInVerified { .. } => "sign_in_verified",
            Self::LinkStarted { .. } => "link_started",
            Self::LinkConfirmed { .. } => "link_confirmed",
            Self::LinkConflict { .. } => "link_conflict",
            Self::LinkFailed { .. } => "link_failed",
            Self::FoundLinked { .. } => "found_linked",
            Self::RetryChosen { .. } => "retry_chosen",
            Self::GiveUp => "give_up",
            Self::StopAsked => "stop_asked",
            Self::Continue => "continue",
            Self::StopConfirmed => "stop_confirmed",
            Self::Extended => "extended",
            Self::Expired => "expired",
            Self::ClientSuspended => "client_suspended",
            Self::ServiceMaintenance { .. } => "service_maintenance",
            Self::Fault => "fault",
            Self::Returned => "returned",
        }
    }

    /// Whether the citizen is there: only this keeps a run from going idle.
    pub(crate) const fn is_activity(&self) -> bool {
        !matches!(
            self,
            Self::LinkConfirmed { .. }
                | Self::LinkConflict { .. }
                | Self::LinkFailed { .. }
                | Self::FoundLinked { .. }
                | Self::Expired
                | Self::ClientSuspended
                | Self::ServiceMaintenance { .. }
                | Self::Fault
        )
    }
}

/// Why a card check came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardFailure {
    /// E1: not found, moved, or the answer was damaged.
    NotRead,
    /// E1b: not a card with a user-authentication certificate that we accept.
    OtherCard,
    /// The challenge ran out before the card was read.
    TooLate,
    /// The citizen gave up at the PIN: page Q.
    Cancelled,
    /// E3: ends the run.
    PinLocked,
    /// E4: ends the run.
    CertExpired {
        /// `notAfter` of the certificate, for the page.
        not_after: Option<Timestamp>,
    },
    /// E5: ends the run.
    CertRevoked,
    /// E5b: the revocation state could not be learned.
    ValidityUnknown,
    /// E13: another person's card than this run (or the signed-in citizen) has.
    OtherPerson,
    /// A renewed card: its predecessor is registered, and until they are joined the run ends here, so
    /// that nobody gets a second account.
    Renewed,
}

/// How a delivery service failed an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFailure {
    /// It says that it is under maintenance.
    Maintenance,
    /// No answer.
    Unavailable,
    /// It answered with an error, or its answer proved nothing.
    Failed,
    /// It says that its account is tied to another person.
    Conflict,
}

/// Why an event was not applied. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has happened already (a double submit, a reload): show what [`crate::Journey::next`] says.
    #[error("this has been done already")]
    AlreadyDone,
    /// It belongs to an earlier page, challenge or attempt, or to another tab: page E14.
    #[error("another window is further on")]
    Stale,
    /// It does not fit here: show the current page.
    #[error("this is not possible at this point of the run")]
    WrongOrder,
    /// The run has been idle for too long: apply [`Event::Expired`] first
    /// ([`crate::Journey::tick`] does).
    #[error("the run has been idle for too long")]
    Idle,
    /// A link attempt is unresolved: resolve it first.
    #[error("a link attempt is unresolved")]
    Unresolved,
    /// The address to return to is no longer kept: nobody is redirected after [`crate::RETURN_WINDOW`].
    #[error("the return address is no longer kept")]
    Gone,
}
