//! The registry of delivery services and their maintenance windows.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    LIST = "SELECT id, config, status, revision, digest, entry, updated_at FROM deliveries ORDER BY id";
    PUT = "INSERT INTO deliveries (id, config, status, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET config = $2, status = $3, updated_at = $4";
    // What the desk put is the desk's: the settings' file gives way to it.
    SEED = "INSERT INTO deliveries (id, config, status, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET config = $2, updated_at = $4 WHERE deliveries.revision IS NULL";
    PUT_ENTRY = "INSERT INTO deliveries (id, config, status, revision, digest, entry, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET config = $2, status = $3, revision = $4, digest = $5, entry = $6, updated_at = $7
        WHERE deliveries.revision IS NULL OR deliveries.revision < $4 OR (deliveries.revision = $4 AND deliveries.digest = $5)";
    WINDOWS = "SELECT id, delivery_id, starts_at, ends_at, note_ja, note_en FROM maintenance
        WHERE ends_at > $1 AND withdrawn_at IS NULL ORDER BY starts_at, id";
    HISTORY = "SELECT id, delivery_id, starts_at, ends_at, note_ja, note_en, updated_at, withdrawn_at FROM maintenance
        WHERE ends_at > $1 ORDER BY starts_at, id";
    PUT_WINDOW = "INSERT INTO maintenance (id, delivery_id, starts_at, ends_at, note_ja, note_en, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET delivery_id = $2, starts_at = $3, ends_at = $4, note_ja = $5, note_en = $6,
            updated_at = $7, withdrawn_at = NULL";
    WINDOW = "SELECT id, delivery_id, starts_at, ends_at, note_ja, note_en FROM maintenance
        WHERE id = $1 AND withdrawn_at IS NULL";
    WITHDRAWN = "SELECT 1 FROM maintenance WHERE id = $1 AND withdrawn_at IS NOT NULL";
    DROP_WINDOW = "UPDATE maintenance SET withdrawn_at = $2, updated_at = $2 WHERE id = $1 AND withdrawn_at IS NULL";
}

/// A stored delivery service.
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// [`crate::config::DeliveryConfig`] as JSON.
    pub config: String,
    /// `active` or `suspended`.
    pub status: String,
}

/// What the desk put of a delivery service.
pub struct EntryRow {
    /// Its id.
    pub id: String,
    /// [`crate::config::DeliveryConfig`] as JSON.
    pub config: String,
    /// `active` or `suspended`.
    pub status: String,
    /// The desk's revision; 0 when the desk never put it.
    pub revision: u64,
    /// Digest of the entry; empty when the desk never put it.
    pub digest: String,
    /// The entry as it stood in the instruction, canonical JSON.
    pub entry: String,
    /// Last change.
    pub updated_at: Timestamp,
}

/// A window with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastWindow {
    /// The window.
    pub window: WindowRow,
    /// When it was announced, changed or withdrawn last.
    pub updated_at: Timestamp,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

/// A stored maintenance window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowRow {
    /// Its id.
    pub id: String,
    /// Whose.
    pub delivery_id: String,
    /// From.
    pub starts_at: Timestamp,
    /// To.
    pub ends_at: Timestamp,
    /// A remark in Japanese.
    pub note_ja: Option<String>,
    /// A remark in English.
    pub note_en: Option<String>,
}

/// All delivery services.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<DeliveryRow>> {
    tx.query(LIST, &[])?
        .into_iter()
        .map(|mut r| Ok(DeliveryRow { id: r.text(0)?, config: r.text(1)?, status: r.text(2)? }))
        .collect()
}

/// Adds or replaces a delivery service.
pub fn put(tx: &mut Tx<'_>, row: &DeliveryRow, now: Timestamp) -> Result<()> {
    tx.execute(PUT, &params![&row.id, &row.config, &row.status, now]).map(drop)
}

/// All delivery services with what the desk put of them.
pub fn entries(tx: &mut Tx<'_>) -> Result<Vec<EntryRow>> {
    tx.query(LIST, &[])?
        .into_iter()
        .map(|mut r| {
            Ok(EntryRow {
                id: r.text(0)?,
                config: r.text(1)?,
                status: r.text(2)?,
                revision: r.opt_int(3)?.and_then(|n| u64::try_from(n).ok()).unwrap_or_default(),
                digest: r.opt_text(4)?.unwrap_or_default(),
                entry: r.opt_text(5)?.unwrap_or_default(),
                updated_at: r.time(6)?,
            })
        })
        .collect()
}

/// Keeps what the desk put; `false` when a later revision came first.
pub fn put_entry(tx: &mut Tx<'_>, row: &EntryRow) -> Result<bool> {
    let revision = i64::try_from(row.revision).unwrap_or(i64::MAX);
    let n = tx.execute(
        PUT_ENTRY,
        &params![&row.id, &row.config, &row.status, revision, &row.digest, &row.entry, row.updated_at],
    )?;
    Ok(n == 1)
}

/// As [`put`], but a status that was set at run time stays.
pub fn seed(tx: &mut Tx<'_>, row: &DeliveryRow, now: Timestamp) -> Result<()> {
    tx.execute(SEED, &params![&row.id, &row.config, &row.status, now]).map(drop)
}

/// Windows that are not over at `now`.
pub fn windows(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<WindowRow>> {
    tx.query(WINDOWS, &params![now])?.into_iter().map(|mut r| window_row(&mut r)).collect()
}

/// One window that stands.
pub fn window(tx: &mut Tx<'_>, id: &str) -> Result<Option<WindowRow>> {
    tx.query_opt(WINDOW, &params![id])?.map(|mut r| window_row(&mut r)).transpose()
}

/// Windows that ended after `since`, also withdrawn ones.
pub fn history(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<PastWindow>> {
    tx.query(HISTORY, &params![since])?
        .into_iter()
        .map(|mut r| {
            let window = window_row(&mut r)?;
            // Those from before this column was there.
            let updated_at = r.opt_time(6)?.unwrap_or(window.starts_at);
            Ok(PastWindow { window, updated_at, withdrawn_at: r.opt_time(7)? })
        })
        .collect()
}

fn window_row(r: &mut store::Row) -> Result<WindowRow> {
    Ok(WindowRow {
        id: r.text(0)?,
        delivery_id: r.text(1)?,
        starts_at: r.time(2)?,
        ends_at: r.time(3)?,
        note_ja: r.opt_text(4)?,
        note_en: r.opt_text(5)?,
    })
}

/// Adds or replaces a window.
pub fn put_window(tx: &mut Tx<'_>, w: &WindowRow, now: Timestamp) -> Result<()> {
    tx.execute(PUT_WINDOW, &params![&w.id, &w.delivery_id, w.starts_at, w.ends_at, &w.note_ja, &w.note_en, now])
        .map(drop)
}

/// Whether a window was announced and withdrawn.
pub fn is_withdrawn(tx: &mut Tx<'_>, id: &str) -> Result<bool> {
    Ok(tx.query_opt(WITHDRAWN, &params![id])?.is_some())
}

/// Withdraws a window; `false` when there is none of that id.
pub fn drop_window(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(DROP_WINDOW, &params![id, now])? == 1)
}
