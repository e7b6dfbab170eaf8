//! The record of everything, narrowed down.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;
use desk::kit::decisions::Decision;

statements! {
    // $3, $4, $5 empty: whatever.
    FIND = "SELECT d.id, d.subject, d.org, d.seq, d.actor, d.actor_kind, d.what, d.why, d.details, d.decided_at
            FROM desk_decisions d
            WHERE d.id < $1 AND ($3 = '' OR d.subject = $3 OR d.org = $3
                      OR d.subject IN (SELECT c.id FROM desk_cases c WHERE c.receipt = $3))
                AND ($4 = '' OR d.actor = $4) AND ($5 = '' OR d.actor_kind = $5)
            ORDER BY d.id DESC LIMIT $2";
    RECEIPT = "SELECT receipt FROM desk_cases WHERE id = $1";
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    /// An id of a case, organisation or account, or a receipt number.
    pub(crate) about: String,
    /// An account.
    pub(crate) actor: String,
    /// `member`, `staff`, `system`.
    pub(crate) kind: String,
}

/// The latest lines below an id, the newest first.
pub(crate) fn find(tx: &mut Tx<'_>, before: &str, limit: i64, s: &Search) -> Result<Vec<Decision>> {
    let read = |row: &mut Row| {
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
            at: Timestamp(row.int(9)?),
        })
    };
    tx.query(FIND, &params![before, limit, &s.about, &s.actor, &s.kind])?.iter_mut().map(read).collect()
}

/// A case's 受付番号.
pub(crate) fn receipt(tx: &mut Tx<'_>, case: &str) -> Result<Option<String>> {
    tx.query_opt(RECEIPT, &params![case])?.map(|mut row| row.text(0)).transpose()
}
