//! Planned maintenance: announced to the organisations whose services use the delivery service, and to the portals, whose
//! status page, feed and journey show it to citizens.

use std::collections::BTreeSet;

use ::store::{Error, Result, Tx};
use base::{Lang, Timestamp};
use desk::Desk;
use desk::kit::{Doer, Line, Mail, services};
use oauth::registry::{ClientEntry, ClientStatus, Note, WindowEntry, digest};
use procedures::Text;

use super::{MAINTENANCE, queue};
use crate::config::Place;
use crate::provision::CLIENT;
use crate::store::deliveries::{self, WindowRow};
use crate::store::provisions;

base::id!(
    /// A maintenance window.
    WindowId,
    "mnt"
);

/// What is announced, by whom.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// The delivery service.
    pub delivery: String,
    /// The portals that show it.
    pub places: Vec<Place>,
    /// From.
    pub from: Timestamp,
    /// Until.
    pub until: Timestamp,
    /// For citizens and API users.
    pub note: Text,
    /// The member of staff.
    pub by: String,
}

/// Announces a window. Gives its id.
///
/// # Errors
/// The database.
pub fn announce(desk: &Desk, tx: &mut Tx<'_>, a: &Announcement) -> Result<String> {
    let now = desk.now();
    let row = WindowRow {
        id: WindowId::new(now, desk.rng()).to_string(),
        delivery: a.delivery.clone(),
        starts_at: Timestamp::from_secs(a.from.secs()),
        ends_at: Timestamp::from_secs(a.until.secs()),
        note_ja: a.note.ja.clone(),
        note_en: a.note.en.clone(),
        created_by: a.by.clone(),
        created_at: now,
        withdrawn_at: None,
    };
    deliveries::add_window(tx, &row)?;
    let window = WindowEntry {
        id: row.id.clone(),
        delivery_service: row.delivery.clone(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        note: Note { ja: some(&a.note.ja), en: some(&a.note.en) },
    };
    let value = serde_json::to_value(&window).map_err(|e| Error::inconsistent("desk_provisions.desired", e))?;
    let (text, digest) = (value.to_string(), digest(&value));
    for place in &a.places {
        provisions::put(tx, place.as_str(), MAINTENANCE, &row.id, None, &text, 1, &digest, now)?;
        queue(desk, tx, *place, MAINTENANCE, &row.id, now)?;
    }
    tell(desk, tx, &row, &a.places, "mail-maintenance", now)?;
    let line = Line::new(&row.id, Doer::Staff(&a.by), "maintenance_announced").detail("delivery_service", &*a.delivery);
    desk.record(tx, line, now)?;
    Ok(row.id)
}

/// Takes a window back, at every portal that it was announced at. `false`: it does not stand.
///
/// # Errors
/// The database.
pub fn withdraw(desk: &Desk, tx: &mut Tx<'_>, id: &str, by: &str) -> Result<bool> {
    let now = desk.now();
    let Some(row) = deliveries::window_of(tx, id)? else { return Ok(false) };
    if !deliveries::withdraw(tx, id, now)? {
        return Ok(false);
    }
    let value = serde_json::json!({ "withdrawn": true });
    let (text, digest) = (value.to_string(), digest(&value));
    let mut places = Vec::new();
    for place in Place::ALL {
        let Some(p) = provisions::get(tx, place.as_str(), MAINTENANCE, id)? else { continue };
        provisions::put(tx, place.as_str(), MAINTENANCE, id, None, &text, p.revision + 1, &digest, now)?;
        queue(desk, tx, place, MAINTENANCE, id, now)?;
        places.push(place);
    }
    tell(desk, tx, &row, &places, "mail-maintenance-withdrawn", now)?;
    desk.record(tx, Line::new(id, Doer::Staff(by), "maintenance_withdrawn"), now)?;
    Ok(true)
}

/// The organisations with a client at one of these portals that may ask for the delivery service.
pub(crate) fn users(tx: &mut Tx<'_>, delivery: &str, places: &[Place]) -> Result<BTreeSet<String>> {
    let mut orgs = BTreeSet::new();
    for p in provisions::all(tx)?.iter().filter(|p| p.kind == CLIENT) {
        let client: ClientEntry =
            serde_json::from_str(&p.desired).map_err(|e| Error::inconsistent("desk_provisions.desired", e))?;
        let here = places.iter().any(|place| place.as_str() == p.portal);
        let asks = client.delivery_services.iter().any(|d| d == delivery);
        if here
            && asks
            && client.status != ClientStatus::Terminated
            && let Some(service) = &p.service
            && let Some(service) = services::get(tx, service)?
        {
            orgs.insert(service.org);
        }
    }
    Ok(orgs)
}

fn tell(
    desk: &Desk,
    tx: &mut Tx<'_>,
    w: &WindowRow,
    places: &[Place],
    stem: &'static str,
    now: Timestamp,
) -> Result<()> {
    let Some(row) = deliveries::get(tx, &w.delivery)? else { return Ok(()) };
    let service = super::settings::DeliveryService::read(&row)?;
    let link = desk.site().origin().url("/maintenance");
    for org in users(tx, &w.delivery, places)? {
        desk.mail_org(tx, &org, now, |account| {
            let note = if account.lang == Lang::Ja { &w.note_ja } else { &w.note_en };
            Mail::new(stem, account)
                .arg("delivery", service.name.get(account.lang))
                .arg("from", base::calendar::long_time(w.starts_at, account.lang))
                .arg("until", base::calendar::long_time(w.ends_at, account.lang))
                .arg("note", if note.is_empty() { "-" } else { note.as_str() })
                .arg("link", &link)
                .once(&format!("{stem}:{}", w.id))
        })?;
    }
    Ok(())
}

fn some(words: &str) -> Option<String> {
    (!words.is_empty()).then(|| words.to_owned())
}
