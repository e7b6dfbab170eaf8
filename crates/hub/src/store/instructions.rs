//! Instructions of the desk: each works once, and what came of it is kept as evidence.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO instructions (jti, op, subject, jws, status, outcome, received_at, expires_at, kept)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (jti) DO NOTHING";
    SEEN = "SELECT status FROM instructions WHERE jti = $1";
    OF = "SELECT jti, op, jws, status, outcome, received_at FROM instructions
        WHERE subject = $1 AND kept = 1 ORDER BY received_at, jti";
    PURGE = "DELETE FROM instructions WHERE kept = 0 AND expires_at < $1";
}

/// What is kept of an instruction.
#[derive(Clone, Debug)]
pub struct InstructionRow {
    /// Its id.
    pub jti: String,
    /// What it was to do.
    pub op: String,
    /// The client, delivery service or window it was about.
    pub subject: Option<String>,
    /// The instruction itself, signed.
    pub jws: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// `ok`, `unchanged`, or the code of the refusal.
    pub outcome: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// Whether an instruction of this id came before.
pub fn seen(tx: &mut Tx<'_>, jti: &str) -> Result<bool> {
    Ok(tx.query_opt(SEEN, &params![jti])?.is_some())
}

/// Keeps an instruction; `false` when one of this id came before. Questions (`kept` false) are forgotten
/// when they could not be replayed any more.
pub fn insert(tx: &mut Tx<'_>, row: &InstructionRow, expires: Timestamp, kept: bool) -> Result<bool> {
    let n = tx.execute(
        INSERT,
        &params![
            &row.jti,
            &row.op,
            &row.subject,
            &row.jws,
            i64::from(row.status),
            &row.outcome,
            row.received_at,
            expires,
            i64::from(kept)
        ],
    )?;
    Ok(n == 1)
}

/// What was instructed about a client, delivery service or window, in order.
pub fn of(tx: &mut Tx<'_>, subject: &str) -> Result<Vec<InstructionRow>> {
    tx.query(OF, &params![subject])?
        .into_iter()
        .map(|mut r| {
            Ok(InstructionRow {
                jti: r.text(0)?,
                op: r.text(1)?,
                subject: Some(subject.to_owned()),
                jws: r.text(2)?,
                status: u16::try_from(r.int(3)?).unwrap_or_default(),
                outcome: r.text(4)?,
                received_at: r.time(5)?,
            })
        })
        .collect()
}

/// Forgets questions that expired before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}
