//! Our keys, sealed, and what the portal called us.

use ::store::{Result, Tx, params, statements};
use base::Timestamp;

statements! {
    ADD = "INSERT INTO sample_secrets (name, version, sealed, created_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (name, version) DO NOTHING";
    LIST = "SELECT version, sealed FROM sample_secrets WHERE name = $1 ORDER BY version DESC";
    FORGET_OLD = "DELETE FROM sample_secrets WHERE name = $1 AND version < $2";
    REGISTRATION = "SELECT client_id, redirect_uri, registered_at FROM sample_registrations WHERE issuer = $1";
    REGISTER = "INSERT INTO sample_registrations (issuer, client_id, redirect_uri, registered_at) VALUES ($1, $2, $3, $4)
                ON CONFLICT (issuer) DO UPDATE SET client_id = excluded.client_id,
                    redirect_uri = excluded.redirect_uri, registered_at = excluded.registered_at";
    UNREGISTER = "DELETE FROM sample_registrations WHERE issuer = $1 AND client_id = $2";
}

/// Adds a version of a secret, unless another node was first.
pub(crate) fn add(tx: &mut Tx<'_>, name: &str, version: i64, sealed: &[u8], now: Timestamp) -> Result<()> {
    tx.execute(ADD, &params![name, version, sealed, now]).map(drop)
}

/// Versions of a secret, newest first, sealed.
pub(crate) fn list(tx: &mut Tx<'_>, name: &str) -> Result<Vec<(i64, Vec<u8>)>> {
    tx.query(LIST, &params![name])?.into_iter().map(|mut r| Ok((r.int(0)?, r.blob(1)?))).collect()
}

/// Removes versions older than `version`.
pub(crate) fn forget_before(tx: &mut Tx<'_>, name: &str, version: i64) -> Result<()> {
    tx.execute(FORGET_OLD, &params![name, version]).map(drop)
}

/// Who we are at a portal.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) registered_at: Timestamp,
}

pub(crate) fn registration(tx: &mut Tx<'_>, issuer: &str) -> Result<Option<Registration>> {
    let row = tx.query_opt(REGISTRATION, &params![issuer])?;
    row.map(|mut r| {
        Ok(Registration { client_id: r.text(0)?, redirect_uri: r.text(1)?, registered_at: Timestamp(r.int(2)?) })
    })
    .transpose()
}

pub(crate) fn register(tx: &mut Tx<'_>, issuer: &str, r: &Registration) -> Result<()> {
    tx.execute(REGISTER, &params![issuer, &r.client_id, &r.redirect_uri, r.registered_at]).map(drop)
}

/// Forgets a client id that the portal does not know any more.
pub(crate) fn unregister(tx: &mut Tx<'_>, issuer: &str, client_id: &str) -> Result<()> {
    tx.execute(UNREGISTER, &params![issuer, client_id]).map(drop)
}
