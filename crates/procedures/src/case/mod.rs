//! A case: one run of a procedure, from its first step to its end.

mod decide;
mod event;
mod machine;
mod people;
mod todo;
mod view;

use std::collections::BTreeMap;

use base::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::answers::{Answers, Plain};
use crate::catalogue::{Actor, Api, Catalogue, Choice, ServiceState};
use crate::check::World;

pub use event::{Effect, Event, Proposal, Refusal};
pub use people::{By, Member, Staff, Who};
pub use todo::{Missing, Todo};
pub use view::{Progress, StepProgress};

/// The version of the JSON of a [`Case`].
pub const VERSION: u32 = 1;

/// What a case is looked at with.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The procedures and forms.
    pub catalogue: &'a Catalogue,
    /// The delivery services that are offered.
    pub delivery_services: &'a [Choice],
    /// The time.
    pub now: Timestamp,
    /// As [`World::local_is_fine`].
    pub local_is_fine: bool,
}

impl<'a> Context<'a> {
    /// What the forms of a procedure are checked against.
    pub fn world(&self, notice_days: Option<u16>) -> World<'a> {
        World {
            today: crate::catalogue::day_in_japan(self.now),
            delivery_services: self.delivery_services,
            notice_days,
            local_is_fine: self.local_is_fine,
        }
    }
}

/// The earliest planned day for a notification made on `day`: that many calendar days later.
pub fn earliest(day: Date, notice_days: u16) -> Date {
    crate::catalogue::plus_days(day, notice_days)
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All steps are done.
    Completed,
    /// The applicant gave up.
    Withdrawn,
    /// 不承諾
    Refused,
}

/// Where a case is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Position {
    /// At a task.
    At {
        /// The step.
        step: String,
        /// The task.
        task: String,
    },
    /// At its end.
    Closed {
        /// How.
        outcome: Outcome,
    },
}

/// What was submitted at once. Never changed, never removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Counted from 1 in the case.
    pub no: u32,
    /// The step.
    pub step: String,
    /// Who.
    pub by: Who,
    /// When.
    pub at: Timestamp,
    /// The answers, by form.
    pub forms: BTreeMap<String, Answers>,
}

/// A reviewer's proposal that awaits its decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The account of the member of staff.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub proposal: Proposal,
}

/// A decision: append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Counted from 1 in the case.
    pub no: u32,
    /// The step.
    pub step: String,
    /// The proposal that was decided on.
    pub review: Review,
    /// The account of who approved.
    pub approved_by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub note: Plain,
    /// The newest submission that it is about; 0 when there is none.
    pub submission: u32,
}

impl Decision {
    /// The two people.
    pub fn decided_by(&self) -> [String; 2] {
        [self.review.by.clone(), self.approved_by.clone()]
    }
}

/// A remark on a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Counted from 1 in the case.
    pub no: u32,
    /// The form.
    pub form: String,
    /// The field.
    pub field: Option<String>,
    /// The row or entry, from 0.
    pub row: Option<u32>,
    /// The remark.
    pub text: Plain,
    /// Who.
    pub by: Who,
    /// When.
    pub at: Timestamp,
    /// The submission that it is about.
    pub submission: u32,
    /// When and by whom it was settled.
    pub resolved: Option<(Timestamp, Who)>,
}

/// The line of the record that every event leaves: append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Who,
    /// The step and task at which it happened; empty at the end.
    pub step: String,
    /// The task.
    pub task: String,
    /// The event's name.
    pub event: String,
    /// Why, or what was said.
    pub text: Plain,
    /// Whether the applicant sees the text.
    pub shared: bool,
}

/// The time that a case spent at one task: for the dates of the steps, and for figures of who was waited for. Its end
/// is set once; nothing else changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The step.
    pub step: String,
    /// The task.
    pub task: String,
    /// Who was waited for.
    pub actor: Actor,
    /// From.
    pub began: Timestamp,
    /// Until; absent while it is there.
    pub ended: Option<Timestamp>,
}

/// A planned day and time, as notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// When it takes effect.
    pub at: Timestamp,
    /// When it was notified.
    pub notified: Timestamp,
}

/// What begins a case.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The receipt number.
    pub receipt: String,
    /// The procedure.
    pub procedure: String,
    /// The organisation.
    pub organisation: String,
    /// The service.
    pub service: String,
    /// What the service is at the moment.
    pub state: ServiceState,
    /// The answers that are live, by form: what a change is compared with.
    pub live: BTreeMap<String, Answers>,
    /// Why, where the desk begins.
    pub reason: Plain,
}

/// One run of a procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// [`VERSION`] when it was written.
    pub version: u32,
    /// The receipt number.
    pub receipt: String,
    /// The procedure.
    pub procedure: String,
    /// The organisation.
    pub organisation: String,
    /// The service.
    pub service: String,
    /// When it began.
    pub opened: Timestamp,
    /// Who began it.
    pub opened_by: Who,
    /// Where it is.
    pub position: Position,
    /// Since when it is there.
    pub since: Timestamp,
    /// The outcome that is to follow when what was opened is closed again.
    pub winding_up: Option<Outcome>,
    /// The live answers when it began.
    pub live: BTreeMap<String, Answers>,
    /// What was submitted.
    pub submissions: Vec<Submission>,
    /// The proposals of this round, the last of which counts; empty when none awaits a decision.
    pub reviews: Vec<Review>,
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// The remarks.
    pub comments: Vec<Comment>,
    /// The record.
    pub log: Vec<Entry>,
    /// The tasks at which it has been, in order; the last one is where it is.
    pub visits: Vec<Visit>,
    /// Tasks that are left out the second time, as `step/task`.
    pub done_once: Vec<String>,
    /// The APIs that were approved.
    pub apis: Vec<Api>,
    /// The delivery services that were approved.
    pub delivery_services: Vec<String>,
    /// Whether the steps that may be left out are.
    pub skip_tests: bool,
    /// The submission of each sheet that passed the connection test.
    pub tested: BTreeMap<String, u32>,
    /// The planned time, as notified.
    pub planned: Option<Planned>,
    /// Whether something was opened that has to be closed when the case is given up.
    pub opened_access: bool,
    /// The effect that is awaited.
    pub awaits: Option<Effect>,
    /// What went wrong with it, until it is tried again.
    pub trouble: Option<Plain>,
}
