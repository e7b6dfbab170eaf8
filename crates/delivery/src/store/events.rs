//! What may count once (received events, proofs of foreign tokens), and the kit's own secrets.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO received_events (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    PURGE = "DELETE FROM received_events WHERE expires_at < $1";
    SECRET = "SELECT sealed FROM kit_secrets WHERE name = $1";
    // Nodes that start at once agree on the first one's secret.
    SET_SECRET = "INSERT INTO kit_secrets (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
}

/// Remembers `id` until `expires`; `false` when it was there already.
pub fn first_time(tx: &mut Tx<'_>, id: &str, expires: Timestamp) -> Result<bool> {
    Ok(tx.execute(INSERT, &params![id, expires])? == 1)
}

/// Forgets what expired.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![now])
}

/// Reads a secret.
pub fn secret(tx: &mut Tx<'_>, name: &str) -> Result<Option<Vec<u8>>> {
    tx.query_opt(SECRET, &params![name])?.map(|mut r| r.blob(0)).transpose()
}

/// Keeps `fresh` unless there is one, and reads what is there.
pub fn set_secret(tx: &mut Tx<'_>, name: &str, fresh: &[u8]) -> Result<Vec<u8>> {
    tx.execute(SET_SECRET, &params![name, fresh])?;
    Ok(secret(tx, name)?.unwrap_or_else(|| fresh.to_vec()))
}
