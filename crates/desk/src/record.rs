//! The record: every decision and change, who, when, what, why. Only ever added to.

use ::store::{Result, Tx};
use base::{Rng, Timestamp};
use serde_json::{Map, Value};

use crate::Desk;
use crate::store::decisions::{self, Decision};

base::id!(
    /// A line of the record.
    DecisionId,
    "dec"
);

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doer<'a> {
    /// A member of an API user's organisation.
    Member(&'a str),
    /// A member of staff.
    Staff(&'a str),
    /// The desk itself: time passed, a portal answered.
    System,
}

impl Doer<'_> {
    /// The account, or `system`.
    pub const fn id(&self) -> &str {
        match self {
            Self::Member(id) | Self::Staff(id) => id,
            Self::System => "system",
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Staff(_) => "staff",
            Self::System => "system",
        }
    }
}

/// A line before it is written.
#[derive(Debug)]
pub struct Line<'a> {
    subject: &'a str,
    by: Doer<'a>,
    what: &'a str,
    org: Option<&'a str>,
    seq: Option<i64>,
    why: Option<&'a str>,
    details: Map<String, Value>,
}

impl<'a> Line<'a> {
    /// Something done to `subject` (an id), in a stable word.
    pub fn new(subject: &'a str, by: Doer<'a>, what: &'a str) -> Self {
        Self { subject, by, what, org: None, seq: None, why: None, details: Map::new() }
    }

    /// The organisation concerned.
    pub const fn org(mut self, org: &'a str) -> Self {
        self.org = Some(org);
        self
    }

    /// The sequence number of the case afterwards.
    pub const fn seq(mut self, seq: i64) -> Self {
        self.seq = Some(seq);
        self
    }

    /// The reason that was given.
    pub const fn why(mut self, why: &'a str) -> Self {
        self.why = Some(why);
        self
    }

    /// One more thing.
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// Adds a line to the record.
pub fn append(tx: &mut Tx<'_>, line: Line<'_>, now: Timestamp, rng: &Rng) -> Result<()> {
    decisions::append(
        tx,
        &Decision {
            id: DecisionId::new(now, rng).to_string(),
            subject: line.subject.to_owned(),
            org: line.org.map(str::to_owned),
            seq: line.seq,
            actor: line.by.id().to_owned(),
            actor_kind: line.by.kind().to_owned(),
            what: line.what.to_owned(),
            why: line.why.map(str::to_owned),
            details: Value::Object(line.details).to_string(),
            at: now,
        },
    )
}

impl Desk {
    /// Adds a line to the record.
    pub fn record(&self, tx: &mut Tx<'_>, line: Line<'_>, now: Timestamp) -> Result<()> {
        append(tx, line, now, self.rng())
    }
}
