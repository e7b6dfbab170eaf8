//! Warnings: raised once for their key, ended when their reason is gone.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;

statements! {
    RAISE = "INSERT INTO desk_warnings (warning_key, kind, org, case_id, service, args, raised_at, due_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (warning_key) DO NOTHING";
    // What comes back (a portal that fails again) is raised again.
    AGAIN = "UPDATE desk_warnings SET ended_at = NULL, raised_at = $2, args = $3, due_at = $4
             WHERE warning_key = $1 AND ended_at IS NOT NULL";
    OPEN = "SELECT warning_key, kind, org, case_id, service, args, raised_at, due_at FROM desk_warnings WHERE ended_at IS NULL
            ORDER BY due_at, raised_at, warning_key";
    OF_ORG = "SELECT warning_key, kind, org, case_id, service, args, raised_at, due_at FROM desk_warnings
              WHERE ended_at IS NULL AND org = $1 ORDER BY due_at, raised_at, warning_key";
    END = "UPDATE desk_warnings SET ended_at = $2 WHERE warning_key = $1 AND ended_at IS NULL";
    PURGE = "DELETE FROM desk_warnings WHERE ended_at < $1";
    KEYS = "SELECT uri, digest, looked_at, good_at, failing_since, error, expires_at, changed_at FROM control_keys WHERE uri = $1";
    PUT_KEYS = "INSERT INTO control_keys (uri, digest, looked_at, good_at, failing_since, error, expires_at, changed_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                ON CONFLICT (uri) DO UPDATE SET digest = excluded.digest, looked_at = excluded.looked_at,
                    good_at = excluded.good_at, failing_since = excluded.failing_since, error = excluded.error,
                    expires_at = excluded.expires_at, changed_at = excluded.changed_at";
}

/// A warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WarningRow {
    pub(crate) key: String,
    pub(crate) kind: String,
    /// Whose it is; none: the staff's.
    pub(crate) org: Option<String>,
    pub(crate) case: Option<String>,
    pub(crate) service: Option<String>,
    /// JSON: an object of texts.
    pub(crate) args: String,
    pub(crate) raised_at: Timestamp,
    pub(crate) due_at: Option<Timestamp>,
}

/// What is known of the keys at a client's `jwks_uri`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeysRow {
    pub(crate) uri: String,
    pub(crate) digest: Option<String>,
    pub(crate) looked_at: Timestamp,
    pub(crate) good_at: Option<Timestamp>,
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) error: Option<String>,
    pub(crate) expires_at: Option<Timestamp>,
    /// When they were first seen to differ from those before.
    pub(crate) changed_at: Option<Timestamp>,
}

fn read(row: &mut Row) -> Result<WarningRow> {
    Ok(WarningRow {
        key: row.text(0)?,
        kind: row.text(1)?,
        org: row.opt_text(2)?,
        case: row.opt_text(3)?,
        service: row.opt_text(4)?,
        args: row.text(5)?,
        raised_at: row.time(6)?,
        due_at: row.opt_time(7)?,
    })
}

/// Raises a warning; whether it was not raised yet.
pub(crate) fn raise(tx: &mut Tx<'_>, w: &WarningRow) -> Result<bool> {
    let p = params![&w.key, &w.kind, &w.org, &w.case, &w.service, &w.args, w.raised_at, w.due_at];
    if tx.execute(RAISE, &p)? == 1 {
        return Ok(true);
    }
    Ok(tx.execute(AGAIN, &params![&w.key, w.raised_at, &w.args, w.due_at])? == 1)
}

/// Every warning that stands.
pub(crate) fn open(tx: &mut Tx<'_>) -> Result<Vec<WarningRow>> {
    tx.query(OPEN, &[])?.iter_mut().map(read).collect()
}

/// Those of an organisation.
pub(crate) fn of_org(tx: &mut Tx<'_>, org: &str) -> Result<Vec<WarningRow>> {
    tx.query(OF_ORG, &params![org])?.iter_mut().map(read).collect()
}

/// Its reason is gone.
pub(crate) fn end(tx: &mut Tx<'_>, key: &str, now: Timestamp) -> Result<()> {
    tx.execute(END, &params![key, now]).map(drop)
}

/// Forgets what ended long ago.
pub(crate) fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    tx.execute(PURGE, &params![before]).map(drop)
}

/// What is known of the keys at an address.
pub(crate) fn keys(tx: &mut Tx<'_>, uri: &str) -> Result<Option<KeysRow>> {
    tx.query_opt(KEYS, &params![uri])?
        .map(|mut row| {
            Ok(KeysRow {
                uri: row.text(0)?,
                digest: row.opt_text(1)?,
                looked_at: row.time(2)?,
                good_at: row.opt_time(3)?,
                failing_since: row.opt_time(4)?,
                error: row.opt_text(5)?,
                expires_at: row.opt_time(6)?,
                changed_at: row.opt_time(7)?,
            })
        })
        .transpose()
}

/// Keeps what is known of the keys at an address.
pub(crate) fn put_keys(tx: &mut Tx<'_>, k: &KeysRow) -> Result<()> {
    let p = params![&k.uri, &k.digest, k.looked_at, k.good_at, k.failing_since, &k.error, k.expires_at, k.changed_at];
    tx.execute(PUT_KEYS, &p).map(drop)
}
