//! Citizens signed in to the portal's own pages, by the hash of their cookie.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO sessions (id, citizen_id, signed_in_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)";
    GET = "SELECT s.citizen_id, s.signed_in_at, s.last_seen_at, s.expires_at, c.profile
        FROM sessions s JOIN citizens c ON c.id = s.citizen_id WHERE s.id = $1 AND c.ended_at IS NULL";
    SEEN = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
    REMOVE = "DELETE FROM sessions WHERE id = $1";
    PURGE = "DELETE FROM sessions WHERE expires_at < $1";
}

/// A stored session with the citizen's profile.
#[derive(Clone)]
pub struct SessionRow {
    /// Whose.
    pub citizen_id: String,
    /// When the card was read.
    pub signed_in_at: Timestamp,
    /// The last request, give or take a minute.
    pub last_seen_at: Timestamp,
    /// The end, whatever the citizen does.
    pub expires_at: Timestamp,
    /// Sealed [`crate::citizen::Profile`].
    pub profile: Vec<u8>,
}

/// Keeps a new session under the hash of its cookie.
pub fn insert(tx: &mut Tx<'_>, id: &str, citizen: &str, now: Timestamp, expires: Timestamp) -> Result<()> {
    tx.execute(INSERT, &params![id, citizen, now, expires]).map(drop)
}

/// One session; none when its citizen's account was closed.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<SessionRow>> {
    tx.query_opt(GET, &params![id])?
        .map(|mut r| {
            Ok(SessionRow {
                citizen_id: r.text(0)?,
                signed_in_at: r.time(1)?,
                last_seen_at: r.time(2)?,
                expires_at: r.time(3)?,
                profile: r.blob(4)?,
            })
        })
        .transpose()
}

/// Notes a sign of the citizen.
pub fn seen(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<()> {
    tx.execute(SEEN, &params![id, now]).map(drop)
}

/// Ends a session.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(REMOVE, &params![id]).map(drop)
}

/// Forgets sessions that ended before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}
