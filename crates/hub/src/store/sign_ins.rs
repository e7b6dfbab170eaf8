//! Where a card reading leads that no run asked for: the page to go on with.

use base::Timestamp;
use store::{Migration, Result, Tx, params};

/// The table of this file.
pub const MIGRATIONS: &[Migration] = &[Migration {
    room: "portal-sign-in",
    version: 1,
    sql: "
CREATE TABLE sign_ins (
    challenge_id TEXT PRIMARY KEY,
    next TEXT NOT NULL,
    created_at BIGINT NOT NULL);
CREATE INDEX sign_ins_created ON sign_ins (created_at);
",
}];

store::statements! {
    INSERT = "INSERT INTO sign_ins (challenge_id, next, created_at) VALUES ($1, $2, $3)";
    NEXT = "SELECT next FROM sign_ins WHERE challenge_id = $1";
    PURGE = "DELETE FROM sign_ins WHERE created_at < $1";
}

/// Remembers where a challenge leads: a path of ours.
pub fn insert(tx: &mut Tx<'_>, challenge: &str, next: &str, now: Timestamp) -> Result<()> {
    tx.execute(INSERT, &params![challenge, next, now]).map(drop)
}

/// Where a challenge leads.
pub fn next(tx: &mut Tx<'_>, challenge: &str) -> Result<Option<String>> {
    tx.query_opt(NEXT, &params![challenge])?.map(|mut r| r.text(0)).transpose()
}

/// Forgets what began before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}
