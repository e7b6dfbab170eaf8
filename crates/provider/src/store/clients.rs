//! Registered clients.

use base::Timestamp;
use oauth::registry::Terms;
use store::{Error, Result, Tx, params};

use crate::Status;

store::statements! {
    GET = "SELECT status, metadata, updated_at, terms FROM oauth_clients WHERE id = $1";
    VERSION = "SELECT updated_at FROM oauth_clients WHERE id = $1";
    LIST = "SELECT id, status, metadata, updated_at, terms FROM oauth_clients ORDER BY id";
    LIST_AFTER = "SELECT id, status, metadata, updated_at, terms FROM oauth_clients WHERE id > $1 ORDER BY id LIMIT $2";
    PUT = "INSERT INTO oauth_clients (id, status, metadata, created_at, updated_at, terms) VALUES ($1, $2, $3, $4, $4, $5)
        ON CONFLICT (id) DO UPDATE SET status = $2, metadata = $3, updated_at = $4, terms = $5, ended_at = NULL";
    SET_STATUS = "UPDATE oauth_clients SET status = $2, terms = $3, updated_at = $4, ended_at = NULL WHERE id = $1";
    LIVING = "SELECT id, status, metadata, updated_at, terms FROM oauth_clients WHERE ended_at IS NULL ORDER BY id";
    ENDED = "UPDATE oauth_clients SET ended_at = $2 WHERE id = $1";
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
    /// [`Terms`] as JSON; none: the default ones.
    pub terms: Option<String>,
}

impl ClientRow {
    /// What was approved and what is planned.
    ///
    /// # Errors
    /// What is stored can't be read.
    pub fn terms(&self) -> Result<Terms> {
        read_terms(self.terms.as_deref())
    }
}

/// [`Terms`] as `oauth_clients.terms` holds them.
///
/// # Errors
/// What is stored can't be read.
pub fn read_terms(text: Option<&str>) -> Result<Terms> {
    match text {
        None => Ok(Terms::default()),
        Some(text) => serde_json::from_str(text).map_err(|e| Error::inconsistent("oauth_clients.terms", e)),
    }
}

/// The reverse of [`read_terms`].
fn write_terms(terms: &Terms) -> Result<Option<String>> {
    if *terms == Terms::default() {
        return Ok(None);
    }
    serde_json::to_string(terms).map(Some).map_err(|e| Error::Refused(e.to_string()))
}

/// One client.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<ClientRow>> {
    tx.query_opt(GET, &params![id])?
        .map(|mut r| {
            Ok(ClientRow {
                id: id.to_owned(),
                status: r.text(0)?,
                metadata: r.text(1)?,
                updated_at: r.time(2)?,
                terms: r.opt_text(3)?,
            })
        })
        .transpose()
}

/// When it was last changed, to keep a parsed copy as long as it holds.
pub fn version(tx: &mut Tx<'_>, id: &str) -> Result<Option<Timestamp>> {
    tx.query_opt(VERSION, &params![id])?.map(|r| r.time(0)).transpose()
}

/// All clients by id.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<ClientRow>> {
    rows(tx.query(LIST, &[])?)
}

/// A page of clients by id, after `after`.
pub fn list_after(tx: &mut Tx<'_>, after: &str, limit: i64) -> Result<Vec<ClientRow>> {
    rows(tx.query(LIST_AFTER, &params![after, limit])?)
}

/// Clients whose grants were not ended with them.
pub fn living(tx: &mut Tx<'_>) -> Result<Vec<ClientRow>> {
    rows(tx.query(LIVING, &[])?)
}

fn rows(rows: Vec<store::Row>) -> Result<Vec<ClientRow>> {
    rows.into_iter()
        .map(|mut r| {
            Ok(ClientRow {
                id: r.text(0)?,
                status: r.text(1)?,
                metadata: r.text(2)?,
                updated_at: r.time(3)?,
                terms: r.opt_text(4)?,
            })
        })
        .collect()
}

/// Adds or replaces a client.
pub fn put(tx: &mut Tx<'_>, id: &str, status: Status, terms: &Terms, metadata: &str, now: Timestamp) -> Result<()> {
    tx.execute(PUT, &params![id, status.as_str(), metadata, now, &write_terms(terms)?]).map(drop)
}

/// Changes the status and what is planned; `false` when there is no such client.
pub fn set_status(tx: &mut Tx<'_>, id: &str, status: Status, terms: &Terms, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(SET_STATUS, &params![id, status.as_str(), &write_terms(terms)?, now])? == 1)
}

/// Notes that a client's grants were ended with it.
pub fn ended(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<()> {
    tx.execute(ENDED, &params![id, now]).map(drop)
}
