//! Registered clients.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    GET = "SELECT status, metadata, updated_at FROM oauth_clients WHERE id = $1";
    VERSION = "SELECT updated_at FROM oauth_clients WHERE id = $1";
    LIST = "SELECT id, status, metadata, updated_at FROM oauth_clients ORDER BY id";
    PUT = "INSERT INTO oauth_clients (id, status, metadata, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
        ON CONFLICT (id) DO UPDATE SET status = $2, metadata = $3, updated_at = $4";
    SET_STATUS = "UPDATE oauth_clients SET status = $2, updated_at = $3 WHERE id = $1";
}

/// A stored client.
pub struct ClientRow {
    /// Client id.
    pub id: String,
    /// [`crate::Status`] as text.
    pub status: String,
    /// [`oauth`] metadata as JSON.
    pub metadata: String,
    /// Last change.
    pub updated_at: Timestamp,
}

/// One client.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<ClientRow>> {
    tx.query_opt(GET, &params![id])?
        .map(|mut r| {
            Ok(ClientRow { id: id.to_owned(), status: r.text(0)?, metadata: r.text(1)?, updated_at: r.time(2)? })
        })
        .transpose()
}

/// When it was last changed, to keep a parsed copy as long as it holds.
pub fn version(tx: &mut Tx<'_>, id: &str) -> Result<Option<Timestamp>> {
    tx.query_opt(VERSION, &params![id])?.map(|r| r.time(0)).transpose()
}

/// All clients by id.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<ClientRow>> {
    tx.query(LIST, &[])?
        .into_iter()
        .map(|mut r| Ok(ClientRow { id: r.text(0)?, status: r.text(1)?, metadata: r.text(2)?, updated_at: r.time(3)? }))
        .collect()
}

/// Adds or replaces a client.
pub fn put(tx: &mut Tx<'_>, id: &str, status: &str, metadata: &str, now: Timestamp) -> Result<()> {
    tx.execute(PUT, &params![id, status, metadata, now]).map(drop)
}

/// Changes the status; `false` when there is no such client.
pub fn set_status(tx: &mut Tx<'_>, id: &str, status: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(SET_STATUS, &params![id, status, now])? == 1)
}
