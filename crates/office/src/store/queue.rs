//! Cases with the names that lists show, without their state.

use ::store::{Result, Tx, params, statements};
use base::Timestamp;

statements! {
    // $1 = 1: those that are over as well.
    LIST = "SELECT c.id, c.receipt, c.org, o.name, o.name_en, s.name, c.kind, c.phase, c.step, c.waiting_on, c.due_at, c.assignee,
                   c.opened_at, c.waiting_since, c.closed_at
            FROM desk_cases c JOIN desk_orgs o ON o.id = c.org JOIN desk_services s ON s.id = c.service
            WHERE c.closed_at IS NULL OR $1 = 1 ORDER BY c.opened_at, c.id LIMIT 20000";
}

/// A case as the queue lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) org_id: String,
    pub(crate) org: String,
    pub(crate) org_en: String,
    pub(crate) service: String,
    /// The procedure's id.
    pub(crate) kind: String,
    pub(crate) phase: String,
    pub(crate) step: String,
    pub(crate) waiting_on: String,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) assignee: Option<String>,
    pub(crate) opened_at: Timestamp,
    pub(crate) waiting_since: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
}

/// Every open case, the oldest first; with `closed` those that are over too.
pub(crate) fn list(tx: &mut Tx<'_>, closed: bool) -> Result<Vec<Row>> {
    tx.query(LIST, &params![i64::from(closed)])?
        .iter_mut()
        .map(|row| {
            Ok(Row {
                id: row.text(0)?,
                receipt: row.text(1)?,
                org_id: row.text(2)?,
                org: row.text(3)?,
                org_en: row.text(4)?,
                service: row.text(5)?,
                kind: row.text(6)?,
                phase: row.text(7)?,
                step: row.text(8)?,
                waiting_on: row.text(9)?,
                due_at: row.opt_time(10)?,
                assignee: row.opt_text(11)?,
                opened_at: row.time(12)?,
                waiting_since: row.time(13)?,
                closed_at: row.opt_time(14)?,
            })
        })
        .collect()
}
