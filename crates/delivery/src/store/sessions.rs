//! Sessions at the mailbox, and single sign-on runs that lead to them.

use base::Timestamp;
use store::{Error, Result, Tx, params};

store::statements! {
    GET = "SELECT account, by_portal, created_at, expires_at FROM sessions WHERE id = $1 AND expires_at > $2";
    INSERT = "INSERT INTO sessions (id, account, by_portal, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    EXTEND = "UPDATE sessions SET expires_at = $2 WHERE id = $1";
    END = "DELETE FROM sessions WHERE id = $1";
    PURGE = "DELETE FROM sessions WHERE expires_at < $1";
    RUN_INSERT = "INSERT INTO sso_runs (id, browser, phase, sealed, target, expires_at) VALUES ($1, $2, 'pushed', $3, $4, $5)";
    RUN_GET = "SELECT browser, phase, sealed, target, account, expires_at FROM sso_runs WHERE id = $1";
    // The answer of the portal is taken once.
    RUN_ANSWERED = "UPDATE sso_runs SET phase = 'answered' WHERE id = $1 AND phase = 'pushed'";
    RUN_PROVEN = "UPDATE sso_runs SET phase = 'proven', account = $2 WHERE id = $1 AND phase = 'answered'";
    RUN_END = "DELETE FROM sso_runs WHERE id = $1 AND phase = 'proven'";
    RUN_PURGE = "DELETE FROM sso_runs WHERE expires_at < $1";
    SUBJECT = "SELECT subject FROM subjects WHERE account = $1 AND client_id = $2";
    SUBJECT_SET = "INSERT INTO subjects (account, client_id, subject) VALUES ($1, $2, $3) ON CONFLICT (account, client_id) DO NOTHING";
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub account: String,
    /// Whether it began by single sign-on from the portal.
    pub by_portal: bool,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub expires: Timestamp,
}

/// A session that runs.
pub fn get(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Option<Session>> {
    tx.query_opt(GET, &params![id, now])?
        .map(|mut r| Ok(Session { account: r.text(0)?, by_portal: r.bool(1)?, since: r.time(2)?, expires: r.time(3)? }))
        .transpose()
}

/// Begins a session.
pub fn insert(tx: &mut Tx<'_>, id: &str, session: &Session) -> Result<()> {
    let s = session;
    tx.execute(INSERT, &params![id, &s.account, s.by_portal, s.since, s.expires]).map(drop)
}

/// Lets it run longer.
pub fn extend(tx: &mut Tx<'_>, id: &str, expires: Timestamp) -> Result<()> {
    tx.execute(EXTEND, &params![id, expires]).map(drop)
}

/// Ends it.
pub fn end(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(END, &params![id]).map(drop)
}

/// Forgets what expired.
pub fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    Ok(tx.execute(PURGE, &params![now])? + tx.execute(RUN_PURGE, &params![now])?)
}

/// How far a single sign-on run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunPhase {
    /// Pushed; the browser is at the portal.
    Pushed,
    /// The portal's answer was taken.
    Answered,
    /// The portal proved who it is; the citizen is asked whether to replace the session.
    Proven,
}

/// A single sign-on run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Hash of the browser's cookie.
    pub browser: String,
    /// How far it has come.
    pub phase: RunPhase,
    /// The pushed request, sealed.
    pub sealed: Vec<u8>,
    /// Path of ours to go to.
    pub target: String,
    /// Who it is.
    pub account: Option<String>,
    /// Until when.
    pub expires: Timestamp,
}

/// Keeps a run under the hash of its `state`.
pub fn run_insert(
    tx: &mut Tx<'_>,
    id: &str,
    browser: &str,
    sealed: &[u8],
    target: &str,
    expires: Timestamp,
) -> Result<()> {
    tx.execute(RUN_INSERT, &params![id, browser, sealed, target, expires]).map(drop)
}

/// One run.
pub fn run(tx: &mut Tx<'_>, id: &str) -> Result<Option<Run>> {
    tx.query_opt(RUN_GET, &params![id])?
        .map(|mut r| {
            let phase = match r.text(1)?.as_str() {
                "pushed" => RunPhase::Pushed,
                "answered" => RunPhase::Answered,
                "proven" => RunPhase::Proven,
                _ => return Err(Error::inconsistent("sso_runs.phase", "not a phase")),
            };
            Ok(Run {
                browser: r.text(0)?,
                phase,
                sealed: r.blob(2)?,
                target: r.text(3)?,
                account: r.opt_text(4)?,
                expires: r.time(5)?,
            })
        })
        .transpose()
}

/// Takes the portal's answer; `false` when it was taken before.
pub fn run_answered(tx: &mut Tx<'_>, id: &str) -> Result<bool> {
    Ok(tx.execute(RUN_ANSWERED, &params![id])? == 1)
}

/// Keeps who it is until the citizen has said whether to replace the session.
pub fn run_proven(tx: &mut Tx<'_>, id: &str, account: &str) -> Result<()> {
    tx.execute(RUN_PROVEN, &params![id, account]).map(drop)
}

/// Uses the question up; `false` when it was answered before.
pub fn run_end(tx: &mut Tx<'_>, id: &str) -> Result<bool> {
    Ok(tx.execute(RUN_END, &params![id])? == 1)
}

/// The pairwise subject of an account for a client, `fresh` when there is none yet.
pub fn subject(tx: &mut Tx<'_>, account: &str, client_id: &str, fresh: &str) -> Result<String> {
    if let Some(mut row) = tx.query_opt(SUBJECT, &params![account, client_id])? {
        return row.text(0);
    }
    tx.execute(SUBJECT_SET, &params![account, client_id, fresh])?;
    tx.query_opt(SUBJECT, &params![account, client_id])?.map_or_else(|| Ok(fresh.to_owned()), |mut r| r.text(0))
}
