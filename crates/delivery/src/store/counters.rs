//! Counters of failures within a window, for the sign-in limits.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    GET = "SELECT hits FROM counters WHERE id = $1 AND until > $2";
    // A window that has passed begins anew.
    HIT = "INSERT INTO counters (id, hits, until) VALUES ($1, 1, $3)
        ON CONFLICT (id) DO UPDATE SET
            hits = CASE WHEN counters.until > $2 THEN counters.hits + 1 ELSE 1 END,
            until = CASE WHEN counters.until > $2 THEN counters.until ELSE $3 END
        RETURNING hits";
    UNDO = "UPDATE counters SET hits = hits - 1 WHERE id = $1 AND hits > 0";
    CLEAR = "DELETE FROM counters WHERE id = $1";
    PURGE = "DELETE FROM counters WHERE until < $1";
}

/// How often it was hit in the window that runs.
pub fn get(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<i64> {
    tx.query_opt(GET, &params![id, now])?.map_or(Ok(0), |row| row.int(0))
}

/// One hit more, and how many that makes; a window that begins ends at `until`.
pub fn hit(tx: &mut Tx<'_>, id: &str, now: Timestamp, until: Timestamp) -> Result<i64> {
    tx.query_opt(HIT, &params![id, now, until])?.map_or(Ok(1), |row| row.int(0))
}

/// Takes one hit back.
pub fn undo(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(UNDO, &params![id]).map(drop)
}

/// Forgets the hits.
pub fn clear(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(CLEAR, &params![id]).map(drop)
}

/// Forgets windows that have passed.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![now])
}
