//! Hand-overs to a delivery service that wait for their citizen to come back.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO hand_overs (state_hash, journey_id, linkage_id, delivery_id, pending, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    GET = "SELECT journey_id, linkage_id, delivery_id, pending, created_at, used_at FROM hand_overs WHERE state_hash = $1";
    LATEST = "SELECT pending FROM hand_overs WHERE linkage_id = $1 AND used_at IS NULL ORDER BY created_at DESC LIMIT 1";
    ANY = "SELECT created_at FROM hand_overs WHERE linkage_id = $1 LIMIT 1";
    USE = "UPDATE hand_overs SET used_at = $2 WHERE state_hash = $1 AND used_at IS NULL";
    PURGE = "DELETE FROM hand_overs WHERE created_at < $1";
}

/// A stored hand-over.
#[derive(Clone)]
pub struct HandOverRow {
    /// Hash of the `state` parameter.
    pub state_hash: String,
    /// The run.
    pub journey_id: String,
    /// The attempt.
    pub linkage_id: String,
    /// Where the citizen was sent.
    pub delivery_id: String,
    /// Sealed [`crate::linking::Pending`].
    pub pending: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its answer came.
    pub used_at: Option<Timestamp>,
}

/// Keeps a hand-over.
pub fn insert(tx: &mut Tx<'_>, row: &HandOverRow) -> Result<()> {
    tx.execute(
        INSERT,
        &params![&row.state_hash, &row.journey_id, &row.linkage_id, &row.delivery_id, &row.pending, row.created_at],
    )
    .map(drop)
}

/// The hand-over of a `state`.
pub fn get(tx: &mut Tx<'_>, state_hash: &str) -> Result<Option<HandOverRow>> {
    tx.query_opt(GET, &params![state_hash])?
        .map(|mut r| {
            Ok(HandOverRow {
                state_hash: state_hash.to_owned(),
                journey_id: r.text(0)?,
                linkage_id: r.text(1)?,
                delivery_id: r.text(2)?,
                pending: r.blob(3)?,
                created_at: r.time(4)?,
                used_at: r.opt_time(5)?,
            })
        })
        .transpose()
}

/// What was sealed for the newest hand-over of an attempt whose answer has not come.
pub fn latest(tx: &mut Tx<'_>, linkage_id: &str) -> Result<Option<Vec<u8>>> {
    tx.query_opt(LATEST, &params![linkage_id])?.map(|mut r| r.blob(0)).transpose()
}

/// Whether an attempt was ever pushed to its delivery service.
pub fn any(tx: &mut Tx<'_>, linkage_id: &str) -> Result<bool> {
    Ok(tx.query_opt(ANY, &params![linkage_id])?.is_some())
}

/// Uses a `state` up; `false` when its answer has come before.
pub fn use_up(tx: &mut Tx<'_>, state_hash: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(USE, &params![state_hash, now])? == 1)
}

/// Forgets hand-overs made before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}
