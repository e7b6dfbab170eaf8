//! Counters of tries within a window, and things that work once.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    GET = "SELECT hits FROM account_counters WHERE id = $1 AND until > $2";
    // A window that has passed begins anew.
    HIT = "INSERT INTO account_counters (id, hits, until) VALUES ($1, 1, $3)
        ON CONFLICT (id) DO UPDATE SET
            hits = CASE WHEN account_counters.until > $2 THEN account_counters.hits + 1 ELSE 1 END,
            until = CASE WHEN account_counters.until > $2 THEN account_counters.until ELSE $3 END
        RETURNING hits";
    UNDO = "UPDATE account_counters SET hits = hits - 1 WHERE id = $1 AND hits > 0";
    CLEAR = "DELETE FROM account_counters WHERE id = $1";
    PURGE = "DELETE FROM account_counters WHERE until < $1";
    ONCE = "INSERT INTO account_once (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    ONCE_PURGE = "DELETE FROM account_once WHERE expires_at < $1";
}

/// How often it was hit in the window that runs.
pub(crate) fn get(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<i64> {
    tx.query_opt(GET, &params![id, now])?.map_or(Ok(0), |row| row.int(0))
}

/// One hit more, and how many that makes; a window that begins ends at `until`.
pub(crate) fn hit(tx: &mut Tx<'_>, id: &str, now: Timestamp, until: Timestamp) -> Result<i64> {
    tx.query_opt(HIT, &params![id, now, until])?.map_or(Ok(1), |row| row.int(0))
}

/// Takes one hit back.
pub(crate) fn undo(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(UNDO, &params![id]).map(drop)
}

/// Forgets the hits.
pub(crate) fn clear(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(CLEAR, &params![id]).map(drop)
}

/// Uses `id` up; `false` when it was used before. Remembered until `expires`.
pub(crate) fn once(tx: &mut Tx<'_>, id: &str, expires: Timestamp) -> Result<bool> {
    Ok(tx.execute(ONCE, &params![id, expires])? == 1)
}

/// Forgets what has passed.
pub(crate) fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    Ok(tx.execute(PURGE, &params![now])? + tx.execute(ONCE_PURGE, &params![now])?)
}
