//! Events from delivery services: each has its effect once.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    FIRST = "INSERT INTO received_events (jti, at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING";
    PURGE = "DELETE FROM received_events WHERE at < $1";
}

/// Whether an event comes for the first time. `id` is unique over all senders.
pub fn first_time(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(FIRST, &params![id, now])? == 1)
}

/// Forgets events received before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}
