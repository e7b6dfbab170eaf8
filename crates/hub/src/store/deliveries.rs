//! The registry of delivery services and their maintenance windows.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    LIST = "SELECT id, config, status FROM deliveries ORDER BY id";
    PUT = "INSERT INTO deliveries (id, config, status, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET config = $2, status = $3, updated_at = $4";
    SEED = "INSERT INTO deliveries (id, config, status, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET config = $2, updated_at = $4";
    WINDOWS = "SELECT id, delivery_id, starts_at, ends_at, note_ja, note_en FROM maintenance WHERE ends_at > $1 ORDER BY starts_at";
    PUT_WINDOW = "INSERT INTO maintenance (id, delivery_id, starts_at, ends_at, note_ja, note_en)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET delivery_id = $2, starts_at = $3, ends_at = $4, note_ja = $5, note_en = $6";
    DROP_WINDOW = "DELETE FROM maintenance WHERE id = $1";
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

/// As [`put`], but a status that was set at run time stays.
pub fn seed(tx: &mut Tx<'_>, row: &DeliveryRow, now: Timestamp) -> Result<()> {
    tx.execute(SEED, &params![&row.id, &row.config, &row.status, now]).map(drop)
}

/// Windows that are not over at `now`.
pub fn windows(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<WindowRow>> {
    tx.query(WINDOWS, &params![now])?
        .into_iter()
        .map(|mut r| {
            Ok(WindowRow {
                id: r.text(0)?,
                delivery_id: r.text(1)?,
                starts_at: r.time(2)?,
                ends_at: r.time(3)?,
                note_ja: r.opt_text(4)?,
                note_en: r.opt_text(5)?,
            })
        })
        .collect()
}

/// Adds or replaces a window.
pub fn put_window(tx: &mut Tx<'_>, w: &WindowRow) -> Result<()> {
    tx.execute(PUT_WINDOW, &params![&w.id, &w.delivery_id, w.starts_at, w.ends_at, &w.note_ja, &w.note_en]).map(drop)
}

/// Removes a window; `false` when there is none of that id.
pub fn drop_window(tx: &mut Tx<'_>, id: &str) -> Result<bool> {
    Ok(tx.execute(DROP_WINDOW, &params![id])? == 1)
}
