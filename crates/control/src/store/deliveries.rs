//! Delivery services and their maintenance windows, in the desk's tables.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;

statements! {
    ALL = "SELECT id, settings, revision, status, updated_by, updated_at FROM desk_deliveries ORDER BY id";
    GET = "SELECT id, settings, revision, status, updated_by, updated_at FROM desk_deliveries WHERE id = $1";
    INSERT = "INSERT INTO desk_deliveries (id, settings, revision, status, updated_by, updated_at) VALUES ($1, $2, 1, $3, $4, $5)
              ON CONFLICT (id) DO NOTHING";
    // Of two people who edit at once the second sees the first's work before it is overwritten.
    UPDATE = "UPDATE desk_deliveries SET settings = $2, revision = revision + 1, status = $3, updated_by = $4, updated_at = $5
              WHERE id = $1 AND revision = $6";
    WINDOWS = "SELECT id, delivery, starts_at, ends_at, note_ja, note_en, created_by, created_at, withdrawn_at
               FROM desk_maintenance ORDER BY starts_at DESC, id LIMIT 500";
    WINDOW = "SELECT id, delivery, starts_at, ends_at, note_ja, note_en, created_by, created_at, withdrawn_at
              FROM desk_maintenance WHERE id = $1";
    ADD_WINDOW = "INSERT INTO desk_maintenance (id, delivery, starts_at, ends_at, note_ja, note_en, created_by, created_at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    WITHDRAW = "UPDATE desk_maintenance SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL";
}

/// A delivery service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryRow {
    pub(crate) id: String,
    /// JSON.
    pub(crate) settings: String,
    pub(crate) revision: i64,
    /// `active`, `suspended` or `withdrawn`.
    pub(crate) status: String,
    pub(crate) updated_at: Timestamp,
}

/// A maintenance window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WindowRow {
    pub(crate) id: String,
    pub(crate) delivery: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) note_ja: String,
    pub(crate) note_en: String,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) withdrawn_at: Option<Timestamp>,
}

fn delivery(row: &mut Row) -> Result<DeliveryRow> {
    Ok(DeliveryRow {
        id: row.text(0)?,
        settings: row.text(1)?,
        revision: row.int(2)?,
        status: row.text(3)?,
        updated_at: row.time(5)?,
    })
}

fn window(row: &mut Row) -> Result<WindowRow> {
    Ok(WindowRow {
        id: row.text(0)?,
        delivery: row.opt_text(1)?.unwrap_or_default(),
        starts_at: row.time(2)?,
        ends_at: row.time(3)?,
        note_ja: row.text(4)?,
        note_en: row.text(5)?,
        created_by: row.text(6)?,
        created_at: row.time(7)?,
        withdrawn_at: row.opt_time(8)?,
    })
}

/// All of them.
pub(crate) fn all(tx: &mut Tx<'_>) -> Result<Vec<DeliveryRow>> {
    tx.query(ALL, &[])?.iter_mut().map(delivery).collect()
}

/// One of them.
pub(crate) fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<DeliveryRow>> {
    tx.query_opt(GET, &params![id])?.map(|mut row| delivery(&mut row)).transpose()
}

/// Writes one that was at `seen` (0: new); whether it was.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    id: &str,
    settings: &str,
    status: &str,
    by: &str,
    seen: i64,
    now: Timestamp,
) -> Result<bool> {
    let n = if seen == 0 {
        tx.execute(INSERT, &params![id, settings, status, by, now])?
    } else {
        tx.execute(UPDATE, &params![id, settings, status, by, now, seen])?
    };
    Ok(n == 1)
}

/// The latest windows, the last to start first.
pub(crate) fn windows(tx: &mut Tx<'_>) -> Result<Vec<WindowRow>> {
    tx.query(WINDOWS, &[])?.iter_mut().map(window).collect()
}

/// A window.
pub(crate) fn window_of(tx: &mut Tx<'_>, id: &str) -> Result<Option<WindowRow>> {
    tx.query_opt(WINDOW, &params![id])?.map(|mut row| window(&mut row)).transpose()
}

/// A new window.
pub(crate) fn add_window(tx: &mut Tx<'_>, w: &WindowRow) -> Result<()> {
    let p = params![&w.id, &w.delivery, w.starts_at, w.ends_at, &w.note_ja, &w.note_en, &w.created_by, w.created_at];
    tx.execute(ADD_WINDOW, &p).map(drop)
}

/// Takes one back; whether it stood.
pub(crate) fn withdraw(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(WITHDRAW, &params![id, now])? == 1)
}
