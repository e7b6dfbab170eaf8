//! Pushed requests (RFC 9126), under the hash of their `request_uri`.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO oauth_requests (id, client_id, request, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    GET = "SELECT client_id, request, created_at, expires_at, consumed_at FROM oauth_requests WHERE id = $1";
    CONSUME = "UPDATE oauth_requests SET consumed_at = $2 WHERE id = $1 AND consumed_at IS NULL";
    PURGE = "DELETE FROM oauth_requests WHERE created_at < $1";
}

/// A stored request.
pub struct RequestRow {
    /// Who pushed it.
    pub client_id: String,
    /// `oauth::pushed::PushedRequest` as JSON.
    pub request: String,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// Until when a browser may begin with it.
    pub expires_at: Timestamp,
    /// When it led to a code.
    pub consumed_at: Option<Timestamp>,
}

/// Keeps a request.
pub fn insert(
    tx: &mut Tx<'_>,
    id: &str,
    client_id: &str,
    request: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<()> {
    tx.execute(INSERT, &params![id, client_id, request, now, expires]).map(drop)
}

/// One request.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<RequestRow>> {
    tx.query_opt(GET, &params![id])?
        .map(|mut r| {
            Ok(RequestRow {
                client_id: r.text(0)?,
                request: r.text(1)?,
                created_at: r.time(2)?,
                expires_at: r.time(3)?,
                consumed_at: r.opt_time(4)?,
            })
        })
        .transpose()
}

/// Uses a request up; `false` when somebody did already.
pub fn consume(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(CONSUME, &params![id, now])? == 1)
}

/// Forgets requests pushed before `before` (kept 24 h, so that a late citizen is still returned).
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}
