//! The form each browser is filling in, and what was submitted.

use ::store::{Result, Tx, params, statements};
use base::Timestamp;

statements! {
    GET = "SELECT body, version FROM sample_filings WHERE browser = $1";
    PUT = "INSERT INTO sample_filings (browser, body, version, updated_at) VALUES ($1, $2, 1, $3)
           ON CONFLICT (browser) DO UPDATE SET body = excluded.body, version = sample_filings.version + 1,
               updated_at = excluded.updated_at";
    PURGE = "DELETE FROM sample_filings WHERE updated_at < $1";
    SUBMIT = "INSERT INTO sample_submissions (receipt, browser, version, body, submitted_at) VALUES ($1, $2, $3, $4, $5)
              ON CONFLICT (browser, version) DO NOTHING";
    LATEST = "SELECT receipt, body, submitted_at FROM sample_submissions WHERE browser = $1
              ORDER BY submitted_at DESC LIMIT 1";
}

/// The form of a browser, sealed, and its version.
pub(crate) fn get(tx: &mut Tx<'_>, browser: &str) -> Result<Option<(Vec<u8>, i64)>> {
    tx.query_opt(GET, &params![browser])?.map(|mut r| Ok((r.blob(0)?, r.int(1)?))).transpose()
}

/// Writes the form of a browser; its version goes up by one.
pub(crate) fn put(tx: &mut Tx<'_>, browser: &str, body: &[u8], now: Timestamp) -> Result<()> {
    tx.execute(PUT, &params![browser, body, now]).map(drop)
}

/// Forgets forms not touched since `before`.
pub(crate) fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    tx.execute(PURGE, &params![before]).map(drop)
}

/// Submits a version of a form; a second time it changes nothing.
pub(crate) fn submit(
    tx: &mut Tx<'_>,
    receipt: &str,
    browser: &str,
    version: i64,
    body: &[u8],
    now: Timestamp,
) -> Result<()> {
    tx.execute(SUBMIT, &params![receipt, browser, version, body, now]).map(drop)
}

/// What was submitted.
pub(crate) struct Submission {
    pub(crate) receipt: String,
    pub(crate) body: Vec<u8>,
    pub(crate) submitted_at: Timestamp,
}

/// What this browser submitted last.
pub(crate) fn latest(tx: &mut Tx<'_>, browser: &str) -> Result<Option<Submission>> {
    let row = tx.query_opt(LATEST, &params![browser])?;
    row.map(|mut r| Ok(Submission { receipt: r.text(0)?, body: r.blob(1)?, submitted_at: Timestamp(r.int(2)?) }))
        .transpose()
}
