//! What the portals said they have, when they were last asked.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;

statements! {
    FORGET = "DELETE FROM control_seen WHERE portal = $1";
    INSERT = "INSERT INTO control_seen (portal, kind, subject, source, revision, digest, status, entry, seen_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    ALL = "SELECT portal, kind, subject, source, revision, digest, status, entry, seen_at FROM control_seen
           ORDER BY portal, kind, subject";
    LOOKED = "INSERT INTO control_looks (portal, looked_at, error, good_at) VALUES ($1, $2, $3, $4)
              ON CONFLICT (portal) DO UPDATE SET looked_at = excluded.looked_at, error = excluded.error,
                  good_at = CASE WHEN excluded.good_at IS NULL THEN control_looks.good_at ELSE excluded.good_at END";
    LOOKS = "SELECT portal, looked_at, error, good_at FROM control_looks ORDER BY portal";
}

/// One thing that a portal has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) portal: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) source: String,
    pub(crate) revision: i64,
    pub(crate) digest: String,
    pub(crate) status: String,
    /// JSON.
    pub(crate) entry: String,
    pub(crate) at: Timestamp,
}

/// When a portal was last asked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Look {
    pub(crate) portal: String,
    pub(crate) at: Timestamp,
    pub(crate) error: Option<String>,
    pub(crate) good_at: Option<Timestamp>,
}

fn read(row: &mut Row) -> Result<Seen> {
    Ok(Seen {
        portal: row.text(0)?,
        kind: row.text(1)?,
        subject: row.text(2)?,
        source: row.text(3)?,
        revision: row.int(4)?,
        digest: row.text(5)?,
        status: row.text(6)?,
        entry: row.text(7)?,
        at: row.time(8)?,
    })
}

/// Everything that a portal has, in place of what it had.
pub(crate) fn replace(tx: &mut Tx<'_>, portal: &str, list: &[Seen], now: Timestamp) -> Result<()> {
    tx.execute(FORGET, &params![portal])?;
    for s in list {
        let p = params![portal, &s.kind, &s.subject, &s.source, s.revision, &s.digest, &s.status, &s.entry, now];
        tx.execute(INSERT, &p)?;
    }
    tx.execute(LOOKED, &params![portal, now, None::<&str>, Some(now)]).map(drop)
}

/// It could not be asked.
pub(crate) fn failed(tx: &mut Tx<'_>, portal: &str, why: &str, now: Timestamp) -> Result<()> {
    tx.execute(LOOKED, &params![portal, now, Some(why), None::<Timestamp>]).map(drop)
}

/// Everything that was seen.
pub(crate) fn all(tx: &mut Tx<'_>) -> Result<Vec<Seen>> {
    tx.query(ALL, &[])?.iter_mut().map(read).collect()
}

/// When each portal was last asked.
pub(crate) fn looks(tx: &mut Tx<'_>) -> Result<Vec<Look>> {
    tx.query(LOOKS, &[])?
        .iter_mut()
        .map(|row| {
            Ok(Look { portal: row.text(0)?, at: row.time(1)?, error: row.opt_text(2)?, good_at: row.opt_time(3)? })
        })
        .collect()
}
