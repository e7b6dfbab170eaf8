//! The citizen's way from screen 1 to 7 as a pure state machine, and the outcome vocabulary.
//!
//! **Invariant:** from every state there is a way back to the API user with exactly one [`Outcome`]; a
//! service is [`ServiceResult::Linked`] only by a proven attempt; an answer is minted once; a run never
//! ends while a link attempt is unresolved. The tests prove it over arbitrary event sequences and
//! over every reachable state. **Boundary:** imports `base` only; no I/O, no time of its own.
//!
//! ```text
//! Requested ─▶ Consented ⇄ Identifying ─▶ Register ─▶ Confirm ⇄ HandOver ─▶ AtDelivery ─▶ Linking
//!    ②            ③           card                      ④          ⑤            │            │
//!                               │                      ▲ ▲  ┌──── NotLinked ◀───┴────────────┤
//!                               │                      │ └──┘ again   │                      │
//!                               │                      └──────────────┴───── next service ───┤
//!                               ▼                                                            ▼
//!                             Ready ──────────────────▶ Returned ◀──────────────────────── Ended
//! ```
//!
//! How the portal uses it, in one transaction each: load, [`Journey::tick`], [`Journey::apply`] (or
//! [`Journey::apply_form`]), persist [`Journey::to_json`]; then act on [`Journey::next`]. A GET shows
//! [`Journey::page`] and changes nothing. A refusal is answered with [`Journey::page_after`], or, when
//! it is [`Refusal::AlreadyDone`], with [`Journey::next`] as the first answer was.
//!
//! Decisions where the design left room:
//!
//! - A locked PIN, an expired or revoked certificate, a renewed card, an unregistered citizen without
//!   registration asked for, and documents asked for with nothing linked end the run at once, after a page
//!   with one button. Card and delivery troubles that can pass offer another try.
//! - Giving up at the PIN leads to page Q, not to an end.
//! - Stopping while a page says what went wrong tells that reason (E5b `temporarily_unavailable`, E13
//!   `different_person`, E9b `link_failed` or `service_unavailable`, E7b `link_conflict`); any other stop is
//!   `user_cancelled`.
//! - Where everything was linked before (E7) or a documents-only run is ready, the outcome is fixed by
//!   the press that returns, so that no code is minted for a citizen who left 30 minutes ago.
//! - A link made in this run is told however the run ends (`linked`, `partly_linked`), except to a
//!   suspended client, which gets no code. A link from before is told too where the citizen stops at another
//!   service, but not where they went away or showed another person's card.
//! - Several services come one after the other, in the order asked. Each gets one result, which nothing
//!   changes afterwards. At ④ the citizen may leave some out ([`ServiceResult::LeftOut`]); between two
//!   services there is a page and a press ([`Page::Between`]). Giving up one goes on with the next, also while it
//!   is unknown whether the link exists (then that is decided first); stopping ends the run and keeps what is linked.
//! - A card signature serves a hand-over for 30 minutes; then the card is asked for again, and another
//!   person's card does not count (E13).

mod asked;
mod event;
mod machine;
mod outcome;
mod page;
mod state;

pub use asked::{Asked, AskedError, Documents, IfLinked, Linkage};
pub use event::{CardFailure, DeliveryFailure, Event, Refusal};
pub use outcome::{Outcome, ServiceResult};
pub use page::{Act, Next, Page};
pub use state::{
    CARD_FRESH, CLOCK_SKEW, CardTrouble, Consent, End, IDLE, Journey, LegTrouble, LoadError, Phase, Proof, REPEAT,
    RETURN_WINDOW, ServiceLeg, VERSION, Why,
};
