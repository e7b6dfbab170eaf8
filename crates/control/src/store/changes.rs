//! Which decision made which revision: the guard that a decision changes settings once.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;

statements! {
    INSERT = "INSERT INTO control_changes (change_key, portal, subject, case_id, revision, before, made_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (change_key, portal, subject) DO NOTHING";
    OF_KEY = "SELECT change_key, portal, subject, case_id, revision, before, made_at FROM control_changes
              WHERE change_key = $1 ORDER BY portal DESC, subject";
    OF_CASE = "SELECT change_key, portal, subject, case_id, revision, before, made_at FROM control_changes
               WHERE case_id = $1 ORDER BY made_at, change_key";
}

/// A change of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) portal: String,
    pub(crate) subject: String,
    pub(crate) revision: i64,
    /// What was wanted before, JSON.
    pub(crate) before: Option<String>,
}

fn read(row: &mut Row) -> Result<Change> {
    Ok(Change { portal: row.text(1)?, subject: row.text(2)?, revision: row.int(4)?, before: row.opt_text(5)? })
}

/// Writes one down; whether it was new.
pub(crate) fn insert(tx: &mut Tx<'_>, key: &str, case: Option<&str>, c: &Change, now: Timestamp) -> Result<bool> {
    let p = params![key, &c.portal, &c.subject, case, c.revision, &c.before, now];
    Ok(tx.execute(INSERT, &p)? == 1)
}

/// The changes of one decision: test before production.
pub(crate) fn of_key(tx: &mut Tx<'_>, key: &str) -> Result<Vec<Change>> {
    tx.query(OF_KEY, &params![key])?.iter_mut().map(read).collect()
}

/// The changes of a case, the oldest first.
pub(crate) fn of_case(tx: &mut Tx<'_>, case: &str) -> Result<Vec<Change>> {
    tx.query(OF_CASE, &params![case])?.iter_mut().map(read).collect()
}
