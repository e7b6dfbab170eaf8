//! Delivery services that are admitted.

use ::store::{Result, Tx, params, statements};
use base::Timestamp;
use procedures::{Choice, Text};

statements! {
    ADMITTED = "SELECT id, settings FROM desk_deliveries WHERE status = 'active' ORDER BY id";
    PUT = "INSERT INTO desk_deliveries (id, settings, revision, status, updated_by, updated_at) VALUES ($1, $2, 1, $3, $4, $5)
           ON CONFLICT (id) DO UPDATE SET settings = excluded.settings, revision = desk_deliveries.revision + 1,
               status = excluded.status, updated_by = excluded.updated_by, updated_at = excluded.updated_at";
}

#[derive(serde::Deserialize)]
struct Named {
    name: Text,
}

/// What forms offer: every admitted delivery service, by its name.
pub fn choices(tx: &mut Tx<'_>) -> Result<Vec<Choice>> {
    let mut rows = tx.query(ADMITTED, &[])?;
    rows.iter_mut()
        .map(|row| {
            let named: Named = row.json(1, "desk_deliveries.settings")?;
            Ok(Choice { id: row.text(0)?, label: named.name })
        })
        .collect()
}

/// Writes a delivery service: its settings as JSON, with at least `name` in both languages.
pub fn put(tx: &mut Tx<'_>, id: &str, settings: &str, status: &str, by: &str, now: Timestamp) -> Result<()> {
    tx.execute(PUT, &params![id, settings, status, by, now]).map(drop)
}
