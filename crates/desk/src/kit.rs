//! What rooms on the desk (see [`crate::extension`]) are built of: the very same things that the desk's own pages use.
//!
//! ```text
//! async fn show(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(case): Path<String>) -> Reply {
//!     me.must_be(&[StaffRole::Reviewer])?;
//!     let found = desk.db().read(move |tx| load(tx, &case)).await?.ok_or(Refusal::NotFound)?;
//!     Ok(page(&visit, desk.staff_frame(&me, "staff"), "review.html", "review", own).respond())
//! }
//! ```
//!
//! Cases change by [`Desk::act`] or [`Desk::act_in`] only.
//!
//! [`Desk::act`]: crate::Desk::act
//! [`Desk::act_in`]: crate::Desk::act_in

pub use crate::access::StaffMember;
pub use crate::attach::{Place, Sealed, download};
pub use crate::case::act::{
    Acted, EFFECT_JOB, EffectJob, Loaded, TIME_JOB, TimeJob, answers, drafts_of, live, load, state_of,
};
pub use crate::case::list::CaseLine;
pub use crate::case::page::{PhaseView, act_word, broken, phases};
pub use crate::case::{CaseId, ServiceId};
pub use crate::files::FileProblem;
pub use crate::form::{ReadField, ReadSection, Show, cells, lines};
pub use crate::frame::{Frame, Nothing, StaffItem, page};
pub use crate::inquiry::{LONGEST_BODY, LONGEST_SUBJECT, MessageId, Said, ThreadId};
pub use crate::notify::Mail;
pub use crate::org::people::Purpose;
pub use crate::record::{Doer, Line};
pub use crate::store::{
    attachments, cases, counters, decisions, deliveries, drafts, effects, faq, orgs, services, staff, threads,
};
