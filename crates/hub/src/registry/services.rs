//! Delivery services and their maintenance as the desk puts them and asks for them.

use base::Timestamp;
use http::StatusCode;
use oauth::registry::{self, DeliveryEntry, Note, WindowEntry};
use serde_json::{Value, json};
use store::{Error, Tx};
use url::Url;
use web::Origin;

use super::clients::Revision;
use super::verdict::Verdict;
use crate::config::DeliveryConfig;
use crate::store::deliveries::{self, EntryRow, WindowRow};
use crate::store::journeys;

/// `put_delivery_service`
pub(super) fn put(tx: &mut Tx<'_>, value: &Value, now: Timestamp) -> store::Result<Verdict> {
    let entry = match DeliveryEntry::read(value) {
        Ok(entry) => entry,
        Err(wrong) => return Ok(Verdict::malformed(wrong)),
    };
    let id = entry.id.clone();
    Ok(put_entry(tx, value, entry, now)?.about(&id))
}

fn put_entry(tx: &mut Tx<'_>, value: &Value, entry: DeliveryEntry, now: Timestamp) -> store::Result<Verdict> {
    let digest = registry::digest(value);
    let (id, revision, status) = (entry.id.clone(), entry.revision, entry.status.as_str());
    let config = match config(entry) {
        Ok(config) => config,
        Err(wrong) => return Ok(Verdict::malformed(wrong)),
    };
    let rows = deliveries::entries(tx)?;
    // Two services of one issuer: nobody could say whose event it is.
    if let Some(other) = rows.iter().filter(|r| r.id != id).find(|r| is_of(r, &config.issuer)) {
        let what = format!("delivery_service.issuer: this is the issuer of the delivery service '{}'", other.id);
        return Ok(Verdict::malformed(what));
    }
    let answer = json!({ "id": id, "revision": revision, "digest": digest, "status": status });
    if let Some(known) = rows.iter().find(|r| r.id == id) {
        match Revision::judge(revision, &digest, known.revision, &known.digest) {
            Revision::Same if known.status == status => return Ok(Verdict::unchanged(answer)),
            Revision::Same | Revision::New => {}
            Revision::Refused(verdict) => return Ok(verdict),
        }
    }
    let row = EntryRow {
        config: serde_json::to_string(&config).map_err(|e| Error::Refused(e.to_string()))?,
        status: status.to_owned(),
        entry: registry::canonical(value),
        updated_at: now,
        id,
        revision,
        digest,
    };
    if !deliveries::put_entry(tx, &row)? {
        return Err(Error::Unavailable(journeys::OVERTAKEN.to_owned()));
    }
    Ok(Verdict::ok(answer))
}

fn is_of(row: &EntryRow, issuer: &str) -> bool {
    serde_json::from_str::<DeliveryConfig>(&row.config).is_ok_and(|c| c.issuer == issuer)
}

fn config(e: DeliveryEntry) -> Result<DeliveryConfig, String> {
    let resources = e.resources.as_deref().map(Origin::parse).transpose();
    let initiate = e.initiate_login_uri.as_deref().map(Url::parse).transpose();
    Ok(DeliveryConfig {
        id: e.id,
        name: e.name,
        operator: e.operator,
        issuer: e.issuer,
        client_id: e.client_id,
        resources: resources.map_err(|e| format!("delivery_service.resources: {e}"))?,
        sso_client_id: e.sso_client_id,
        initiate_login_uri: initiate.map_err(|e| format!("delivery_service.initiate_login_uri: {e}"))?,
        operating: e.operating,
    })
}

/// `list_delivery_services`, with the windows that stand.
pub(super) fn list(tx: &mut Tx<'_>, now: Timestamp) -> store::Result<Verdict> {
    let mut services = Vec::new();
    for row in deliveries::entries(tx)? {
        let parse = |text: &str| serde_json::from_str(text).map_err(|e| Error::inconsistent("deliveries", e));
        let (source, entry): (_, Value) =
            if row.revision > 0 { ("desk", parse(&row.entry)?) } else { ("settings", parse(&row.config)?) };
        let digest = if row.revision > 0 { row.digest } else { registry::digest(&entry) };
        services.push(json!({
            "id": row.id, "source": source, "revision": row.revision, "digest": digest, "status": row.status,
            "updated_at": row.updated_at.rfc3339(), "delivery_service": entry,
        }));
    }
    let windows: Vec<_> = deliveries::windows(tx, now)?.into_iter().map(entry_of).collect();
    Ok(Verdict::ok(json!({ "delivery_services": services, "maintenance": windows })))
}

fn entry_of(w: WindowRow) -> WindowEntry {
    WindowEntry {
        id: w.id,
        delivery_service: w.delivery_id,
        starts_at: w.starts_at,
        ends_at: w.ends_at,
        note: Note { ja: w.note_ja, en: w.note_en },
    }
}

/// `put_maintenance`
pub(super) fn put_window(tx: &mut Tx<'_>, value: &Value, now: Timestamp) -> store::Result<Verdict> {
    let entry = match WindowEntry::read(value) {
        Ok(entry) => entry,
        Err(wrong) => return Ok(Verdict::malformed(wrong)),
    };
    let id = entry.id.clone();
    let answer = json!({ "id": id });
    let row = WindowRow {
        id: entry.id,
        delivery_id: entry.delivery_service,
        starts_at: entry.starts_at,
        ends_at: entry.ends_at,
        note_ja: entry.note.ja.filter(|n| !n.is_empty()),
        note_en: entry.note.en.filter(|n| !n.is_empty()),
    };
    let known: Vec<_> = deliveries::list(tx)?.into_iter().map(|d| d.id).collect();
    if !known.contains(&row.delivery_id) {
        let detail = format!(
            "window.delivery_service: there is no '{}' at this portal; there are: {}",
            row.delivery_id,
            known.join(", ")
        );
        let title = "There is no such delivery service";
        let code = "unknown_delivery_service";
        return Ok(Verdict::refused(StatusCode::UNPROCESSABLE_ENTITY, code, title, detail).about(&id));
    }
    let standing = deliveries::window(tx, &id)?;
    if standing.as_ref() == Some(&row) {
        return Ok(Verdict::unchanged(answer).about(&id));
    }
    // One that stands may be shortened when the work was done sooner.
    if row.ends_at <= now && standing.is_none() {
        return Ok(Verdict::malformed("window.ends_at: the window is over already").about(&id));
    }
    deliveries::put_window(tx, &row, now)?;
    Ok(Verdict::ok(answer).about(&id))
}

/// `withdraw_maintenance`
pub(super) fn withdraw(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> store::Result<Verdict> {
    let answer = json!({ "id": id });
    let verdict = if deliveries::drop_window(tx, id, now)? {
        Verdict::ok(answer)
    } else if deliveries::is_withdrawn(tx, id)? {
        Verdict::unchanged(answer)
    } else {
        let title = "There is no such maintenance window";
        let detail = format!("no window '{id}' was announced here");
        Verdict::refused(StatusCode::NOT_FOUND, "unknown_window", title, detail)
    };
    Ok(verdict.about(id))
}
