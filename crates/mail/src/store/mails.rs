//! Messages and what became of them.

use base::Timestamp;
use store::{Result, Row, Tx, params};

store::statements! {
    // A dedupe key that is there already makes this do nothing; NULLs never collide.
    INSERT = "INSERT INTO mails (id, recipient, lang, kind, dedupe, content, state, attempts, refusals, created_at, due_at, locked_until, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, 0, $7, $7, 0, $8) ON CONFLICT (dedupe) DO NOTHING";
    WAITING = "SELECT CAST(count(*) AS BIGINT), min(created_at) FROM mails WHERE state = 'queued'";
    DUE = "SELECT CAST(count(*) AS BIGINT) FROM mails WHERE state = 'queued' AND due_at <= $1 AND locked_until <= $1";
    // Two workers may choose the same row; the outer condition lets one of them have it.
    CLAIM = "UPDATE mails SET locked_until = $2, attempts = attempts + 1
        WHERE locked_until <= $1 AND state = 'queued' AND id = (
            SELECT id FROM mails WHERE state = 'queued' AND due_at <= $1 AND locked_until <= $1 ORDER BY due_at, id LIMIT 1)
        RETURNING id, recipient, lang, kind, content, attempts, refusals, created_at, expires_at";
    // What was sent is of no more use to us, and may hold a link that works once.
    SENT = "UPDATE mails SET state = 'sent', content = NULL, last_error = NULL, ended_at = $2 WHERE id = $1";
    KEPT = "UPDATE mails SET state = 'kept', last_error = NULL, ended_at = $2 WHERE id = $1";
    RETRY = "UPDATE mails SET due_at = $2, locked_until = 0, last_error = $3, refusals = $4 WHERE id = $1";
    GIVE_UP = "UPDATE mails SET state = 'given_up', last_error = $3, refusals = $4, ended_at = $2 WHERE id = $1";
    AGAIN = "UPDATE mails SET state = 'queued', due_at = $2, created_at = $2, locked_until = 0, attempts = 0, refusals = 0, ended_at = NULL
        WHERE id = $1 AND state = 'given_up' AND content IS NOT NULL";
    LIST = "SELECT id, recipient, lang, kind, content, state, attempts, last_error, created_at, due_at, ended_at FROM mails
        WHERE state = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    GET = "SELECT id, recipient, lang, kind, content, state, attempts, last_error, created_at, due_at, ended_at FROM mails WHERE id = $1";
    // Rows with a key stay: they are the memory that makes a warning go once.
    PURGE = "DELETE FROM mails WHERE ended_at < $1 AND dedupe IS NULL AND state <> 'given_up'";
    PURGE_CONTENT = "UPDATE mails SET content = NULL WHERE ended_at < $1 AND content IS NOT NULL AND state = 'given_up'";
}

/// A message as it is kept; `content` is sealed.
#[derive(Clone, Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: &'a str,
    pub(crate) recipient: &'a str,
    pub(crate) lang: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) dedupe: Option<&'a str>,
    pub(crate) content: &'a [u8],
    pub(crate) expires: Option<Timestamp>,
}

/// `false`: a message with this key was queued before.
pub(crate) fn insert(tx: &mut Tx<'_>, m: &New<'_>, now: Timestamp) -> Result<bool> {
    let p = params![m.id, m.recipient, m.lang, m.kind, m.dedupe, m.content, now, m.expires];
    Ok(tx.execute(INSERT, &p)? == 1)
}

/// A message that a worker has taken.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) id: String,
    pub(crate) recipient: String,
    pub(crate) lang: String,
    pub(crate) kind: String,
    pub(crate) content: Vec<u8>,
    pub(crate) attempts: i64,
    pub(crate) refusals: i64,
    pub(crate) created: Timestamp,
    pub(crate) expires: Option<Timestamp>,
}

/// How many are due and free.
pub(crate) fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<i64> {
    tx.query_opt(DUE, &params![now])?.map_or(Ok(0), |row| row.int(0))
}

/// Takes one that is due, until `until`.
pub(crate) fn claim(tx: &mut Tx<'_>, now: Timestamp, until: Timestamp) -> Result<Option<Claimed>> {
    tx.query_opt(CLAIM, &params![now, until])?
        .map(|mut r| {
            Ok(Claimed {
                id: r.text(0)?,
                recipient: r.text(1)?,
                lang: r.text(2)?,
                kind: r.text(3)?,
                content: r.blob(4)?,
                attempts: r.int(5)?,
                refusals: r.int(6)?,
                created: r.time(7)?,
                expires: r.opt_time(8)?,
            })
        })
        .transpose()
}

pub(crate) fn sent(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<()> {
    tx.execute(SENT, &params![id, now]).map(drop)
}

pub(crate) fn kept(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<()> {
    tx.execute(KEPT, &params![id, now]).map(drop)
}

pub(crate) fn retry(tx: &mut Tx<'_>, id: &str, due: Timestamp, error: &str, refusals: i64) -> Result<()> {
    tx.execute(RETRY, &params![id, due, error, refusals]).map(drop)
}

pub(crate) fn give_up(tx: &mut Tx<'_>, id: &str, now: Timestamp, error: &str, refusals: i64) -> Result<()> {
    tx.execute(GIVE_UP, &params![id, now, error, refusals]).map(drop)
}

/// Puts one that was given up back; `false` when it is not there or its text is gone.
pub(crate) fn again(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(AGAIN, &params![id, now])? == 1)
}

/// How many wait, and since when the oldest.
pub(crate) fn waiting(tx: &mut Tx<'_>) -> Result<(i64, Option<Timestamp>)> {
    tx.query_opt(WAITING, &[])?.map_or(Ok((0, None)), |row| Ok((row.int(0)?, row.opt_time(1)?)))
}

/// A row for a list.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) recipient: String,
    pub(crate) lang: String,
    pub(crate) kind: String,
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) state: String,
    pub(crate) attempts: i64,
    pub(crate) last_error: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) due: Timestamp,
    pub(crate) ended: Option<Timestamp>,
}

fn line(mut r: Row) -> Result<Line> {
    Ok(Line {
        id: r.text(0)?,
        recipient: r.text(1)?,
        lang: r.text(2)?,
        kind: r.text(3)?,
        content: r.opt_blob(4)?,
        state: r.text(5)?,
        attempts: r.int(6)?,
        last_error: r.opt_text(7)?,
        created: r.time(8)?,
        due: r.time(9)?,
        ended: r.opt_time(10)?,
    })
}

/// Those in `state`, newest first, older than id `before`.
pub(crate) fn list(tx: &mut Tx<'_>, state: &str, before: &str, limit: i64) -> Result<Vec<Line>> {
    tx.query(LIST, &params![state, before, limit])?.into_iter().map(line).collect()
}

pub(crate) fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Line>> {
    tx.query_opt(GET, &params![id])?.map(line).transpose()
}

/// Forgets what ended before `ended`.
pub(crate) fn purge(tx: &mut Tx<'_>, ended: Timestamp) -> Result<u64> {
    Ok(tx.execute(PURGE, &params![ended])? + tx.execute(PURGE_CONTENT, &params![ended])?)
}
