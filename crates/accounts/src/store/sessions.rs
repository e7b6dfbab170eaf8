//! Sessions, under the hash of their cookie.

use base::Timestamp;
use store::{Error, Result, Row, Tx, params};

use crate::Realm;

store::statements! {
    GET = "SELECT id, account, realm, level, agent, created_at, proved_at, seen_at, expires_at, ends_at FROM account_sessions
        WHERE id = $1 AND realm = $2 AND expires_at > $3 AND ends_at > $3";
    INSERT = "INSERT INTO account_sessions (id, account, realm, level, agent, created_at, proved_at, seen_at, expires_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SEEN = "UPDATE account_sessions SET seen_at = $2, expires_at = $3 WHERE id = $1";
    LIST = "SELECT id, account, realm, level, agent, created_at, proved_at, seen_at, expires_at, ends_at FROM account_sessions
        WHERE account = $1 AND expires_at > $2 AND ends_at > $2 AND level <> 'half' ORDER BY seen_at DESC, id";
    END = "DELETE FROM account_sessions WHERE id = $1";
    END_OWN = "DELETE FROM account_sessions WHERE id = $1 AND account = $2";
    END_ALL = "DELETE FROM account_sessions WHERE account = $1";
    END_OTHERS = "DELETE FROM account_sessions WHERE account = $1 AND id <> $2";
    PURGE = "DELETE FROM account_sessions WHERE expires_at < $1 OR ends_at < $1";
}

/// A session. `level` is `half` while the second step is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) realm: Realm,
    pub(crate) level: String,
    pub(crate) agent: String,
    pub(crate) created: Timestamp,
    pub(crate) proved: Timestamp,
    pub(crate) seen: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) ends: Timestamp,
}

fn read(mut r: Row) -> Result<Session> {
    Ok(Session {
        id: r.text(0)?,
        account: r.text(1)?,
        realm: Realm::parse(&r.text(2)?).ok_or_else(|| Error::inconsistent("account_sessions.realm", "not a realm"))?,
        level: r.text(3)?,
        agent: r.text(4)?,
        created: r.time(5)?,
        proved: r.time(6)?,
        seen: r.time(7)?,
        expires: r.time(8)?,
        ends: r.time(9)?,
    })
}

/// A session that runs, in this realm.
pub(crate) fn get(tx: &mut Tx<'_>, id: &str, realm: Realm, now: Timestamp) -> Result<Option<Session>> {
    tx.query_opt(GET, &params![id, realm.as_str(), now])?.map(read).transpose()
}

pub(crate) fn insert(tx: &mut Tx<'_>, s: &Session) -> Result<()> {
    let p = params![
        &s.id,
        &s.account,
        s.realm.as_str(),
        &s.level,
        &s.agent,
        s.created,
        s.proved,
        s.seen,
        s.expires,
        s.ends
    ];
    tx.execute(INSERT, &p).map(drop)
}

/// Lets it run longer.
pub(crate) fn seen(tx: &mut Tx<'_>, id: &str, now: Timestamp, expires: Timestamp) -> Result<()> {
    tx.execute(SEEN, &params![id, now, expires]).map(drop)
}

/// The sessions of an account, latest first.
pub(crate) fn list(tx: &mut Tx<'_>, account: &str, now: Timestamp) -> Result<Vec<Session>> {
    tx.query(LIST, &params![account, now])?.into_iter().map(read).collect()
}

pub(crate) fn end(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(END, &params![id]).map(drop)
}

/// Ends a session of this account.
pub(crate) fn end_own(tx: &mut Tx<'_>, id: &str, account: &str) -> Result<()> {
    tx.execute(END_OWN, &params![id, account]).map(drop)
}

pub(crate) fn end_all(tx: &mut Tx<'_>, account: &str) -> Result<u64> {
    tx.execute(END_ALL, &params![account])
}

pub(crate) fn end_others(tx: &mut Tx<'_>, account: &str, keep: &str) -> Result<u64> {
    tx.execute(END_OTHERS, &params![account, keep])
}

pub(crate) fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![now])
}
