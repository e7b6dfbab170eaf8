//! Runs: one for each press of 「もっとつながる」.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;

statements! {
    INSERT = "INSERT INTO sample_runs (id, browser, asked, state_hash, pushed, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    INSERT_ENDED = "INSERT INTO sample_runs (id, browser, asked, created_at, finished_at, outcome, result)
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
    PURGE = "DELETE FROM sample_runs WHERE created_at < $1";
    BY_STATE = "SELECT id, browser, asked, pushed, created_at, used_at, finished_at, outcome, result, token, token_expires_at
                FROM sample_runs WHERE state_hash = $1";
    BY_ID = "SELECT id, browser, asked, pushed, created_at, used_at, finished_at, outcome, result, token, token_expires_at
             FROM sample_runs WHERE id = $1 AND browser = $2";
    LATEST = "SELECT id, browser, asked, pushed, created_at, used_at, finished_at, outcome, result, token, token_expires_at
              FROM sample_runs WHERE browser = $1 AND used_at IS NOT NULL OR browser = $1 AND finished_at IS NOT NULL
              ORDER BY created_at DESC LIMIT 1";
    LATEST_LINKED = "SELECT id, browser, asked, pushed, created_at, used_at, finished_at, outcome, result, token, token_expires_at
                     FROM sample_runs WHERE browser = $1 AND outcome IN ('linked', 'already_linked', 'partly_linked')
                     ORDER BY finished_at DESC LIMIT 1";
    CLAIM = "UPDATE sample_runs SET used_at = $2 WHERE id = $1 AND used_at IS NULL";
    FINISH = "UPDATE sample_runs SET finished_at = $2, outcome = $3, result = $4, token = $5, token_expires_at = $6, pushed = NULL
              WHERE id = $1 AND finished_at IS NULL";
    DROP_TOKEN = "UPDATE sample_runs SET token = NULL WHERE id = $1";
}

/// A run as stored; what is sealed is still sealed.
#[derive(Clone, Debug)]
pub(crate) struct RunRow {
    pub(crate) id: String,
    /// Hash of the browser's cookie.
    pub(crate) browser: String,
    /// What was asked for, JSON.
    pub(crate) asked: String,
    /// The pushed request; gone when the run has ended.
    pub(crate) pushed: Option<Vec<u8>>,
    pub(crate) created_at: Timestamp,
    /// When the citizen came back.
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) outcome: Option<String>,
    pub(crate) result: Option<Vec<u8>>,
    pub(crate) token: Option<Vec<u8>>,
    pub(crate) token_expires_at: Option<Timestamp>,
}

/// A run about to be written.
pub(crate) struct NewRun {
    pub(crate) id: String,
    pub(crate) browser: String,
    pub(crate) asked: String,
    pub(crate) now: Timestamp,
}

/// How a run ended.
pub(crate) struct End {
    pub(crate) outcome: &'static str,
    pub(crate) result: Vec<u8>,
    pub(crate) token: Option<Vec<u8>>,
    pub(crate) token_expires_at: Option<Timestamp>,
}

fn read(mut r: Row) -> Result<RunRow> {
    Ok(RunRow {
        id: r.text(0)?,
        browser: r.text(1)?,
        asked: r.text(2)?,
        pushed: r.opt_blob(3)?,
        created_at: Timestamp(r.int(4)?),
        used_at: r.opt_int(5)?.map(Timestamp),
        finished_at: r.opt_int(6)?.map(Timestamp),
        outcome: r.opt_text(7)?,
        result: r.opt_blob(8)?,
        token: r.opt_blob(9)?,
        token_expires_at: r.opt_int(10)?.map(Timestamp),
    })
}

/// A run whose citizen is about to leave for the portal.
pub(crate) fn insert(tx: &mut Tx<'_>, run: &NewRun, state_hash: &str, pushed: &[u8]) -> Result<()> {
    tx.execute(INSERT, &params![&run.id, &run.browser, &run.asked, state_hash, pushed, run.now]).map(drop)
}

/// A run that the portal did not even take.
pub(crate) fn insert_ended(tx: &mut Tx<'_>, run: &NewRun, end: &End) -> Result<()> {
    let params = params![&run.id, &run.browser, &run.asked, run.now, run.now, end.outcome, &end.result];
    tx.execute(INSERT_ENDED, &params).map(drop)
}

/// Forgets runs begun before `before`.
pub(crate) fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    tx.execute(PURGE, &params![before]).map(drop)
}

/// The run that a `state` belongs to, whosever it is.
pub(crate) fn by_state(tx: &mut Tx<'_>, state_hash: &str) -> Result<Option<RunRow>> {
    tx.query_opt(BY_STATE, &params![state_hash])?.map(read).transpose()
}

/// A run of this browser.
pub(crate) fn by_id(tx: &mut Tx<'_>, id: &str, browser: &str) -> Result<Option<RunRow>> {
    tx.query_opt(BY_ID, &params![id, browser])?.map(read).transpose()
}

/// The last run of this browser that came back.
pub(crate) fn latest(tx: &mut Tx<'_>, browser: &str) -> Result<Option<RunRow>> {
    tx.query_opt(LATEST, &params![browser])?.map(read).transpose()
}

/// The last run of this browser after which a link stood.
pub(crate) fn latest_linked(tx: &mut Tx<'_>, browser: &str) -> Result<Option<RunRow>> {
    tx.query_opt(LATEST_LINKED, &params![browser])?.map(read).transpose()
}

/// Takes a run for trading its code: true for one caller only.
pub(crate) fn claim(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(CLAIM, &params![id, now])? == 1)
}

pub(crate) fn finish(tx: &mut Tx<'_>, id: &str, now: Timestamp, end: &End) -> Result<()> {
    let params = params![id, now, end.outcome, &end.result, end.token.as_deref(), end.token_expires_at];
    tx.execute(FINISH, &params).map(drop)
}

/// Forgets the token of a run: it has ended.
pub(crate) fn drop_token(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(DROP_TOKEN, &params![id]).map(drop)
}
