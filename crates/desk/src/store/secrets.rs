//! Keys of the desk, sealed.

use ::store::{Result, Tx, params, statements};
use base::Timestamp;

statements! {
    GET = "SELECT sealed FROM desk_secrets WHERE name = $1";
    PUT = "INSERT INTO desk_secrets (name, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
}

/// A sealed secret.
pub fn get(tx: &mut Tx<'_>, name: &str) -> Result<Option<Vec<u8>>> {
    tx.query_opt(GET, &params![name])?.map(|mut row| row.blob(0)).transpose()
}

/// Puts a sealed secret down, unless another node was first.
pub fn put(tx: &mut Tx<'_>, name: &str, sealed: &[u8], now: Timestamp) -> Result<()> {
    tx.execute(PUT, &params![name, sealed, now]).map(drop)
}
