//! How often somebody did something within a window of time: limits that hold on every node.

use ::store::{Result, Tx, params, statements};
use base::Timestamp;

statements! {
    HIT = "INSERT INTO desk_counters (id, hits, until) VALUES ($1, 1, $3)
           ON CONFLICT (id) DO UPDATE SET
               hits = CASE WHEN desk_counters.until <= $2 THEN 1 ELSE desk_counters.hits + 1 END,
               until = CASE WHEN desk_counters.until <= $2 THEN excluded.until ELSE desk_counters.until END
           RETURNING hits";
    PURGE = "DELETE FROM desk_counters WHERE until < $1";
}

/// Counts one more in the window that ends at `until` unless one is running; tells how many there are.
pub fn hit(tx: &mut Tx<'_>, id: &str, now: Timestamp, until: Timestamp) -> Result<i64> {
    tx.query_opt(HIT, &params![id, now, until])?.map_or(Ok(0), |row| row.int(0))
}

/// Forgets windows that have passed.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
    tx.execute(PURGE, &params![now]).map(drop)
}
