//! The record: who decided or did what, when and why. Only ever added to.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;
use serde::Serialize;

statements! {
    INSERT = "INSERT INTO desk_decisions (id, subject, org, seq, actor, actor_kind, what, why, details, decided_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    OF_SUBJECT = "SELECT id, subject, org, seq, actor, actor_kind, what, why, details, decided_at FROM desk_decisions
                  WHERE subject = $1 ORDER BY decided_at, coalesce(seq, 0), id LIMIT 1000";
    // Ids sort by age; '~' sorts behind all of them.
    LATEST = "SELECT id, subject, org, seq, actor, actor_kind, what, why, details, decided_at FROM desk_decisions
              WHERE id < $1 ORDER BY id DESC LIMIT $2";
}

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Its id; they sort by age.
    pub id: String,
    /// What it is about: the id of a case, an organisation, a delivery service.
    pub subject: String,
    /// The organisation concerned.
    pub org: Option<String>,
    /// For a case: the sequence number that the case had afterwards.
    pub seq: Option<i64>,
    /// The account, or `system`.
    pub actor: String,
    /// `member`, `staff` or `system`.
    pub actor_kind: String,
    /// What was done, in a stable word: the name of the event.
    pub what: String,
    /// Why, in the words of who did it.
    pub why: Option<String>,
    /// The rest, as JSON.
    pub details: String,
    /// When.
    pub at: Timestamp,
}

/// Adds a line.
pub fn append(tx: &mut Tx<'_>, d: &Decision) -> Result<()> {
    let p = params![&d.id, &d.subject, &d.org, d.seq, &d.actor, &d.actor_kind, &d.what, &d.why, &d.details, d.at];
    tx.execute(INSERT, &p).map(drop)
}

fn read(row: &mut Row) -> Result<Decision> {
    Ok(Decision {
        id: row.text(0)?,
        subject: row.text(1)?,
        org: row.opt_text(2)?,
        seq: row.opt_int(3)?,
        actor: row.text(4)?,
        actor_kind: row.text(5)?,
        what: row.text(6)?,
        why: row.opt_text(7)?,
        details: row.text(8)?,
        at: row.time(9)?,
    })
}

/// What was decided about a subject, the oldest first.
pub fn of(tx: &mut Tx<'_>, subject: &str) -> Result<Vec<Decision>> {
    tx.query(OF_SUBJECT, &params![subject])?.iter_mut().map(read).collect()
}

/// The latest lines below an id, the newest first.
pub fn latest(tx: &mut Tx<'_>, before: &str, limit: i64) -> Result<Vec<Decision>> {
    tx.query(LATEST, &params![before, limit])?.iter_mut().map(read).collect()
}
