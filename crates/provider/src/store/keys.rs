//! Signing keys and shared secrets, sealed.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    LIST = "SELECT kid, pkcs8, retired_at FROM oauth_keys ORDER BY created_at DESC";
    INSERT = "INSERT INTO oauth_keys (kid, pkcs8, created_at) VALUES ($1, $2, $3)";
    SECRET = "SELECT sealed FROM oauth_secrets WHERE name = $1";
    // Nodes that start at once agree on the first one's secret.
    SET_SECRET = "INSERT INTO oauth_secrets (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
}

/// A stored key.
pub struct KeyRow {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// Sealed PKCS#8.
    pub pkcs8: Vec<u8>,
    /// Set when it no longer signs but is still published.
    pub retired_at: Option<Timestamp>,
}

/// All keys, newest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<KeyRow>> {
    tx.query(LIST, &[])?
        .into_iter()
        .map(|mut r| Ok(KeyRow { kid: r.text(0)?, pkcs8: r.blob(1)?, retired_at: r.opt_time(2)? }))
        .collect()
}

/// Adds a key.
pub fn insert(tx: &mut Tx<'_>, kid: &str, pkcs8: &[u8], now: Timestamp) -> Result<()> {
    tx.execute(INSERT, &params![kid, pkcs8, now]).map(drop)
}

/// Reads a shared secret, after putting `fresh` there when there is none yet.
pub fn secret(tx: &mut Tx<'_>, name: &str, fresh: &[u8]) -> Result<Vec<u8>> {
    tx.execute(SET_SECRET, &params![name, fresh])?;
    let row = tx.query_opt(SECRET, &params![name])?;
    row.map_or_else(|| Ok(fresh.to_vec()), |mut r| r.blob(0))
}
