//! Linkages as the citizen's page and leg C look at them.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    ENDED = "SELECT id, delivery_id, linked_at, ended_at, ended_by FROM linkages
        WHERE citizen_id = $1 AND state = 'ended' ORDER BY ended_at DESC LIMIT $2";
    LAST_END = "SELECT ended_by FROM linkages
        WHERE citizen_id = $1 AND delivery_id = $2 AND state = 'ended' ORDER BY ended_at DESC LIMIT 1";
}

/// A linkage that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRow {
    /// Its id.
    pub id: String,
    /// At which delivery service.
    pub delivery_id: String,
    /// Since when it was linked.
    pub linked_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// By what: `citizen`, `delivery`, `replaced`.
    pub ended_by: Option<String>,
}

/// A citizen's linkages that have ended, newest first.
pub fn ended(tx: &mut Tx<'_>, citizen: &str, limit: i64) -> Result<Vec<EndedRow>> {
    tx.query(ENDED, &params![citizen, limit])?
        .into_iter()
        .map(|mut r| {
            Ok(EndedRow {
                id: r.text(0)?,
                delivery_id: r.text(1)?,
                linked_at: r.opt_time(2)?,
                ended_at: r.opt_time(3)?,
                ended_by: r.opt_text(4)?,
            })
        })
        .collect()
}

/// By what the last linkage of a citizen with a delivery service was ended; `None`: there was none.
pub fn last_end(tx: &mut Tx<'_>, citizen: &str, delivery: &str) -> Result<Option<String>> {
    Ok(match tx.query_opt(LAST_END, &params![citizen, delivery])? {
        Some(mut row) => Some(row.opt_text(0)?.unwrap_or_default()),
        None => None,
    })
}
