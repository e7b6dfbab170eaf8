//! Card challenges: each is answered once, by the browser that it was made for.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO challenges (id, browser, journey_id, purpose, nonce, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    GET = "SELECT browser, journey_id, purpose, nonce, expires_at, used_at FROM challenges WHERE id = $1";
    USE = "UPDATE challenges SET used_at = $2 WHERE id = $1 AND used_at IS NULL";
    PURGE = "DELETE FROM challenges WHERE created_at < $1";
}

/// A stored challenge.
#[derive(Clone)]
pub struct ChallengeRow {
    /// Its id.
    pub id: String,
    /// Hash of the cookie of the browser that started.
    pub browser: String,
    /// The run it belongs to, for identification at ③.
    pub journey_id: Option<String>,
    /// [`pki::Purpose`] as text.
    pub purpose: String,
    /// What the card signs.
    pub nonce: Vec<u8>,
    /// Not answered after this.
    pub expires_at: Timestamp,
    /// When it was answered.
    pub used_at: Option<Timestamp>,
}

/// Keeps a new challenge.
pub fn insert(tx: &mut Tx<'_>, row: &ChallengeRow, now: Timestamp) -> Result<()> {
    tx.execute(INSERT, &params![&row.id, &row.browser, &row.journey_id, &row.purpose, &row.nonce, now, row.expires_at])
        .map(drop)
}

/// One challenge.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<ChallengeRow>> {
    tx.query_opt(GET, &params![id])?
        .map(|mut r| {
            Ok(ChallengeRow {
                id: id.to_owned(),
                browser: r.text(0)?,
                journey_id: r.opt_text(1)?,
                purpose: r.text(2)?,
                nonce: r.blob(3)?,
                expires_at: r.time(4)?,
                used_at: r.opt_time(5)?,
            })
        })
        .transpose()
}

/// Uses a challenge up; `false` when it was answered before.
pub fn use_up(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(USE, &params![id, now])? == 1)
}

/// Forgets challenges made before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}
