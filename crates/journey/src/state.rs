//! The state of a run, as the portal persists it after every step.

use std::collections::BTreeMap;
use std::time::Duration;

use base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Asked, DeliveryFailure, Outcome, ServiceResult};

/// A run without a sign of the citizen ends after this long (facts/screens.md 2.6).
pub const IDLE: Duration = Duration::from_secs(30 * 60);

/// So long after its last step a citizen can still be returned to the API user (DESIGN.md invariant 1).
pub const RETURN_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// A card signature is fresh for a hand-over this long; an older one is asked for again.
pub const CARD_FRESH: Duration = Duration::from_secs(30 * 60);

/// How far the delivery service's clock may be off when `auth_time` is compared with the hand-over
/// (FAPI 2.0 Security Profile section 5.3.2.1 takes 10 s for time claims).
pub const CLOCK_SKEW: Duration = Duration::from_secs(10);

/// So long an answer with a code may be repeated, if it is the same unredeemed code: the lifetime
/// of a code (DESIGN.md leg A).
pub const REPEAT: Duration = Duration::from_secs(60);

/// The version of the persisted form. Raised only when an older node could not read it rightly; new
/// fields alone do not raise it. 2: a service can be left out ([`Event::ServicesChosen`](crate::Event::ServicesChosen)).
pub const VERSION: u32 = 2;

/// The version of a run that uses nothing newer: what a node of the release before can still carry on.
const FIRST_VERSION: u32 = 1;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// ② is shown.
    Requested,
    /// ③ is shown, or what went wrong with the card.
    Consented,
    /// The browser is at the card with a challenge.
    Identifying,
    /// The card is good, the person is new.
    Register,
    /// ④ is shown for the current service.
    Confirm,
    /// ⑤ is shown for the current service.
    HandOver,
    /// The browser was sent to the delivery service.
    AtDelivery,
    /// The link is being made; whether it exists is unknown until resolved.
    Linking,
    /// E9, E9b, E7b: an attempt came to nothing; try again or go back.
    NotLinked,
    /// Nothing more to ask: E7, or a documents-only run after the card.
    Ready,
    /// The outcome is fixed, the citizen is not back yet.
    Ended,
    /// The API user has its answer.
    Returned,
}

/// What went wrong with the card, where the citizen can try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardTrouble {
    /// E1.
    NotRead,
    /// E1b.
    OtherCard,
    /// E11: the challenge ran out.
    TooLate,
    /// E5b.
    ValidityUnknown,
    /// E13.
    OtherPerson,
}

/// Why an attempt at a delivery service came to nothing, where the citizen can try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegTrouble {
    /// E9: stopped over there.
    Declined,
    /// E9b: no answer.
    Unavailable,
    /// E9b: an error, or an answer that proved nothing.
    Failed,
    /// E7b.
    Conflict,
}

impl LegTrouble {
    /// The result when the citizen gives up at this.
    pub const fn result(self) -> ServiceResult {
        match self {
            Self::Declined => ServiceResult::Declined,
            Self::Unavailable => ServiceResult::Unavailable,
            Self::Failed => ServiceResult::Failed,
            Self::Conflict => ServiceResult::Conflict,
        }
    }

    /// `None` for maintenance, where trying again at once is pointless.
    pub(crate) const fn of(failure: DeliveryFailure) -> Option<Self> {
        match failure {
            DeliveryFailure::Maintenance => None,
            DeliveryFailure::Unavailable => Some(Self::Unavailable),
            DeliveryFailure::Failed => Some(Self::Failed),
            DeliveryFailure::Conflict => Some(Self::Conflict),
        }
    }
}

/// Why a run ended: what its last page says, where the outcome alone is not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Every service has its result.
    Completed,
    /// E10.
    ConsentRefused,
    /// The citizen stopped.
    Stopped,
    /// E3.
    PinLocked,
    /// E4.
    CertExpired {
        /// `notAfter` of the certificate.
        not_after: Option<Timestamp>,
    },
    /// E5.
    CertRevoked,
    /// A renewed card whose predecessor is registered.
    Renewed,
    /// Not registered, and registration was not asked for.
    NotRegistered,
    /// A documents-only run, and none of the services is linked.
    NothingLinked,
    /// E6.
    Maintenance,
    /// E8.
    Idle,
    /// The API user is suspended.
    ClientSuspended,
    /// The portal failed.
    Fault,
}

/// The end of a run; fixed once set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The one outcome.
    pub outcome: Outcome,
    /// Why.
    pub why: Why,
    /// No page between: the citizen's own press (refuse, stop, give up) or the finished run leads
    /// straight back to the API user.
    pub straight: bool,
    /// When.
    pub at: Timestamp,
}

/// Consent ②, held here until the citizen is known at ③.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Version of the text.
    pub text_version: String,
    /// When.
    pub at: Timestamp,
}

/// What proves the link of the current attempt, in the order it must come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When the card signed in this run; fresh at the hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Timestamp>,
    /// `auth_time` of the sign-in at the delivery service, after the hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<Timestamp>,
    /// When the intent to link was persisted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When the delivery service's confirmation was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Timestamp>,
}

/// One delivery service of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLeg {
    pub(crate) service: String,
    #[serde(default)]
    pub(crate) attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) linkage_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) handed_over: Option<Timestamp>,
    #[serde(default)]
    pub(crate) proof: Proof,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<LegTrouble>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<ServiceResult>,
    /// Not wanted, as the citizen said last. Becomes a result when the last wanted one has its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) left_out: bool,
}

impl ServiceLeg {
    pub(crate) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            attempt: 0,
            linkage_id: None,
            handed_over: None,
            proof: Proof::default(),
            trouble: None,
            result: None,
            left_out: false,
        }
    }

    /// Id of the delivery service.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// How many attempts there were, each with a linkage id of its own.
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Id of the current attempt's linkage.
    pub fn linkage_id(&self) -> Option<&str> {
        self.linkage_id.as_deref()
    }

    /// When the current attempt was first handed over.
    pub const fn handed_over(&self) -> Option<Timestamp> {
        self.handed_over
    }

    /// What proves the current attempt.
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// What went wrong with the last attempt.
    pub const fn trouble(&self) -> Option<LegTrouble> {
        self.trouble
    }

    /// What came of it; fixed once set.
    pub const fn result(&self) -> Option<ServiceResult> {
        self.result
    }

    /// Whether the citizen left it out when they chose last.
    pub const fn left_out(&self) -> bool {
        self.left_out
    }

    /// Whether its turn is still to come: without a result, and not left out.
    pub const fn waits(&self) -> bool {
        self.result.is_none() && !self.left_out
    }
}

/// One citizen's run from ② to the return. Changed only by [`Journey::apply`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    pub(crate) version: u32,
    pub(crate) seq: u64,
    /// `seq` of the step that made the current page.
    #[serde(default)]
    pub(crate) form: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) last: String,
    pub(crate) asked: Asked,
    pub(crate) phase: Phase,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) stop_asked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) consent: Option<Consent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card_trouble: Option<CardTrouble>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) citizen: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) registered: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) registered_now: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) linked_before: Vec<String>,
    #[serde(default)]
    pub(crate) services: Vec<ServiceLeg>,
    #[serde(default)]
    pub(crate) cursor: usize,
    /// The end that waits for an unresolved link attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ending: Option<Why>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<End>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) returned: Option<Timestamp>,
    pub(crate) started: Timestamp,
    pub(crate) last_activity: Timestamp,
    /// Fields written by a newer node, kept so that a rolling upgrade loses nothing.
    #[serde(flatten)]
    pub(crate) extra: BTreeMap<String, serde_json::Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(b: &bool) -> bool {
    !*b
}

/// Why a persisted run could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Not the JSON of a run.
    #[error("the stored run cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Written by a newer release in a form that this one does not know.
    #[error("the stored run has version {0}, and this release knows {VERSION}")]
    Newer(u32),
}

impl Journey {
    /// A run that has just been asked for.
    pub fn new(asked: Asked, now: Timestamp) -> Self {
        let services =
            asked.linkage().map_or_else(Vec::new, |l| l.services.iter().map(|s| ServiceLeg::new(s)).collect());
        Self {
            version: FIRST_VERSION,
            seq: 0,
            form: 0,
            last: String::new(),
            asked,
            phase: Phase::Requested,
            stop_asked: false,
            consent: None,
            challenge: None,
            card_trouble: None,
            card_at: None,
            citizen: None,
            registered: false,
            registered_now: false,
            linked_before: Vec::new(),
            services,
            cursor: 0,
            ending: None,
            end: None,
            returned: None,
            started: now,
            last_activity: now,
            extra: BTreeMap::new(),
        }
    }

    /// From what [`Journey::to_json`] wrote, on this node or another, of this release or one beside it.
    ///
    /// # Errors
    /// When the text is no run, or one of a newer form.
    pub fn from_json(text: &str) -> Result<Self, LoadError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        match serde_json::from_str::<Self>(text) {
            Ok(journey) if journey.version <= VERSION => Ok(journey),
            Ok(journey) => Err(LoadError::Newer(journey.version)),
            // A newer form need not parse at all; say so rather than show a puzzle.
            Err(e) => match serde_json::from_str::<Versioned>(text) {
                Ok(v) if v.version > VERSION => Err(LoadError::Newer(v.version)),
                _ => Err(e.into()),
            },
        }
    }

    /// What to persist after every step.
    pub fn to_json(&self) -> String {
        // Strings as keys, no foreign Serialize: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was asked.
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Where it stands.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Counts the steps: each change raises it.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// What the forms of the current page carry (`seq`), so that [`Journey::apply_form`] notices a
    /// double submit and a page left behind.
    pub const fn form_seq(&self) -> u64 {
        self.form
    }

    /// Whether 「連携をやめますか」 is being asked.
    pub const fn stop_asked(&self) -> bool {
        self.stop_asked
    }

    /// The consent given at ②, to be attached to the citizen at ③.
    pub const fn consent(&self) -> Option<&Consent> {
        self.consent.as_ref()
    }

    /// The challenge the browser is at the card with.
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// What went wrong with the card.
    pub const fn card_trouble(&self) -> Option<CardTrouble> {
        self.card_trouble
    }

    /// When the card signed in this run: `auth_time` of the answer.
    pub const fn card_at(&self) -> Option<Timestamp> {
        self.card_at
    }

    /// The citizen the card showed. Not registered yet while the phase is [`Phase::Register`].
    pub fn citizen(&self) -> Option<&str> {
        self.citizen.as_deref()
    }

    /// Whether the citizen is registered, as far as this run knows.
    pub const fn registered(&self) -> bool {
        self.registered
    }

    /// Whether the citizen registered in this run; it stays when they stop later.
    pub const fn registered_now(&self) -> bool {
        self.registered_now
    }

    /// The services that were linked when the card was read.
    pub fn linked_before(&self) -> &[String] {
        &self.linked_before
    }

    /// The services to link, with what came of each.
    pub fn services(&self) -> &[ServiceLeg] {
        &self.services
    }

    /// The service whose turn comes after the current one, if any waits for it.
    pub fn following(&self) -> Option<&ServiceLeg> {
        self.services.iter().enumerate().find(|(i, l)| *i != self.cursor && l.waits()).map(|(_, l)| l)
    }

    /// The current service's place among those that the citizen goes through in this run, and how many these are
    /// (the second of two). What was linked before, left out, or under maintenance before its turn does not count.
    pub fn place(&self) -> (usize, usize) {
        let others = || self.services.iter().enumerate().filter(|(i, _)| *i != self.cursor).map(|(_, l)| l);
        let done = others().filter(|l| l.attempt > 0 && l.result.is_some_and(|r| r != ServiceResult::LeftOut)).count();
        (done + 1, done + 1 + others().filter(|l| l.waits()).count())
    }

    /// The service whose turn it is.
    pub fn current(&self) -> Option<&ServiceLeg> {
        self.services.get(self.cursor)
    }

    /// The service that an attempt belongs to.
    pub fn leg(&self, linkage_id: &str) -> Option<&ServiceLeg> {
        self.services.iter().find(|l| l.linkage_id.as_deref() == Some(linkage_id))
    }

    /// The end, once there is one.
    pub const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The outcome, once there is one.
    pub fn outcome(&self) -> Option<Outcome> {
        self.end.map(|e| e.outcome)
    }

    /// When the API user got its answer.
    pub const fn returned(&self) -> Option<Timestamp> {
        self.returned
    }

    /// When the run began.
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// When the citizen was last seen.
    pub const fn last_activity(&self) -> Timestamp {
        self.last_activity
    }

    /// Whether the outcome is fixed.
    pub const fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended | Phase::Returned)
    }

    /// Whether the run has been idle for too long, so that [`crate::Event::Expired`] is due.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        !self.has_ended() && self.ending.is_none() && now.since(self.last_activity) >= IDLE
    }

    /// Until when the citizen can be returned; the run's record can be deleted afterwards, unless a link
    /// attempt is unresolved.
    pub fn return_until(&self) -> Timestamp {
        let last = self.end.map_or(self.last_activity, |e| e.at.max(self.last_activity));
        last.plus(RETURN_WINDOW)
    }

    /// The attempt whose link may or may not exist at the delivery service. Until it is resolved by
    /// `LinkConfirmed`, `LinkConflict`, `LinkFailed` or `FoundLinked`, the run cannot end.
    pub fn unresolved(&self) -> Option<&str> {
        match self.phase {
            Phase::Linking => self.current()?.linkage_id(),
            _ => None,
        }
    }

    /// Whether the answer to the API user may be sent once more (a double click, a lost response): an
    /// error as long as the address is kept, a code only while it lives and only *the same,
    /// unredeemed* one. A second code is never issued.
    pub fn may_repeat(&self, now: Timestamp) -> bool {
        match (self.returned, self.outcome()) {
            (Some(at), Some(outcome)) if outcome.with_code() => now.since(at) < REPEAT,
            (Some(_), Some(_)) => now < self.return_until(),
            _ => false,
        }
    }
}
