//! What may be used once: assertion and proof ids.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO oauth_replay (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    PURGE = "DELETE FROM oauth_replay WHERE expires_at < $1";
}

/// Remembers `id` until `expires`; `false` when it was there already.
pub fn first_time(tx: &mut Tx<'_>, id: &str, expires: Timestamp) -> Result<bool> {
    Ok(tx.execute(INSERT, &params![id, expires])? == 1)
}

/// Forgets what expired.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![now])
}
