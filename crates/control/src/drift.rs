//! Drift: what a portal has, compared with what is wanted of it.

use std::collections::{BTreeMap, BTreeSet};

use ::store::{Error, Result, Tx};
use base::Timestamp;
use desk::Desk;
use desk::kit::{Doer, Line};
use oauth::registry::{ClientEntry, digest};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Control;
use crate::config::Place;
use crate::deliveries::{MAINTENANCE, SERVICE, queue};
use crate::plan::{settle, status_at};
use crate::portal::{Trouble, tell};
use crate::provision::{CLIENT, put_client};
use crate::store::provisions::{self, Provision};
use crate::store::seen::{self, Look, Seen};

/// Most pages of clients that are asked for: ten thousand clients.
const PAGES: usize = 100;

/// How something at a portal differs from what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// It is wanted and not there.
    Missing,
    /// It is there and nobody wanted it.
    Unknown,
    /// Its settings differ.
    Different,
}

/// One member that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Field {
    /// Its name, with dots between levels.
    pub(crate) name: String,
    /// As wanted, JSON; absent: it should not be there.
    pub(crate) wanted: Option<String>,
    /// As the portal has it.
    pub(crate) has: Option<String>,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Drift {
    pub(crate) portal: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) what: Kind,
    /// Who made it so at the portal: `desk`, `registration`, `command_line`, `settings`.
    pub(crate) source: String,
    pub(crate) fields: Vec<Field>,
    /// When the portal was asked.
    pub(crate) seen_at: Option<Timestamp>,
}

impl Control {
    /// Asks a portal for everything that it has, and keeps it.
    ///
    /// # Errors
    /// What the portal said, or that it did not answer.
    pub async fn look(&self, desk: &Desk, place: Place) -> std::result::Result<(), Trouble> {
        let found = self.everything(desk, place).await;
        let (portal, now) = (place.as_str(), desk.now());
        let said = found.as_ref().err().map(|t| t.words.clone());
        let list = found.as_ref().ok().cloned().unwrap_or_default();
        let kept = desk.db().write(move |tx| match said {
            None => seen::replace(tx, portal, &list, now),
            Some(words) => seen::failed(tx, portal, &words, now),
        });
        if let Err(error) = kept.await {
            tracing::warn!(%error, portal, "what the portal has could not be kept");
        }
        found.map(drop)
    }

    /// How many differences there are, as of the last look at each portal.
    ///
    /// # Errors
    /// The database.
    pub async fn drift(&self, desk: &Desk) -> Result<usize> {
        let now = desk.now();
        let (wanted, seen, looks) =
            desk.db().read(|tx| Ok::<_, Error>((provisions::all(tx)?, seen::all(tx)?, seen::looks(tx)?))).await?;
        Ok(differences(&wanted, &seen, &looks, now).len())
    }

    /// What the portals have not confirmed: portal, id, and why, in words.
    ///
    /// # Errors
    /// The database.
    pub async fn unconfirmed(&self, desk: &Desk) -> Result<Vec<String>> {
        let all = desk.db().read(provisions::all).await?;
        let line = |p: Provision| format!("{} {}: {}", p.portal, p.subject, p.last_error.unwrap_or_default());
        Ok(all.into_iter().filter(|p| !p.is_applied()).map(line).collect())
    }

    /// Has a portal told once more what is wanted of it (portal, kind, id), by whom and why. `false`: it is not wanted.
    ///
    /// # Errors
    /// The database.
    pub async fn apply_again(
        &self,
        desk: &Desk,
        (place, kind, subject): (Place, &str, &str),
        by: &str,
        note: &str,
    ) -> Result<bool> {
        let (writer, kind, subject) = (desk.clone(), kind.to_owned(), subject.to_owned());
        let (by, note) = (by.to_owned(), note.to_owned());
        desk.db()
            .write(move |tx| {
                let now = writer.now();
                let order = Again { place, kind: &kind, subject: &subject, by: &by, note: &note };
                let found = again(&writer, tx, &order, now)?;
                if found {
                    queue(&writer, tx, place, &kind, &subject, now)?;
                }
                Ok(found)
            })
            .await
    }

    /// Asks a portal something: one of the operations of the registry API that change nothing.
    ///
    /// # Errors
    /// What the portal said, or that it did not answer.
    pub async fn ask(&self, desk: &Desk, place: Place, op: &str, body: Value) -> std::result::Result<Value, Trouble> {
        let body = body.as_object().cloned().unwrap_or_default();
        tell(desk, &self.config().portal(place).origin, op, body).await
    }

    async fn everything(&self, desk: &Desk, place: Place) -> std::result::Result<Vec<Seen>, Trouble> {
        let origin = &self.config().portal(place).origin;
        let at = desk.now();
        let mut out = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let body = after.take().map(|a| ("after".to_owned(), Value::from(a))).into_iter().collect::<Map<_, _>>();
            let said = tell(desk, origin, "list_clients", body).await?;
            out.extend(list(&said, "clients").map(|c| entry(place, CLIENT, c, "client_id", "client", at)));
            match said["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => break,
            }
        }
        let said = tell(desk, origin, "list_delivery_services", Map::new()).await?;
        out.extend(list(&said, "delivery_services").map(|d| entry(place, SERVICE, d, "id", "delivery_service", at)));
        out.extend(list(&said, "maintenance").map(|w| Seen {
            portal: place.as_str().to_owned(),
            kind: MAINTENANCE.to_owned(),
            subject: text(w, "id"),
            source: "desk".to_owned(),
            revision: 0,
            digest: String::new(),
            status: String::new(),
            entry: w.to_string(),
            at,
        }));
        // A portal that names one twice would make the list impossible to keep.
        let mut names = BTreeSet::new();
        out.retain(|s: &Seen| names.insert((s.kind.clone(), s.subject.clone())));
        Ok(out)
    }
}

fn list<'a>(said: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    said[name].as_array().into_iter().flatten()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().chars().take(500).collect()
}

fn entry(place: Place, kind: &str, line: &Value, id: &str, settings: &str, at: Timestamp) -> Seen {
    Seen {
        portal: place.as_str().to_owned(),
        kind: kind.to_owned(),
        subject: text(line, id),
        source: text(line, "source"),
        revision: line["revision"].as_i64().unwrap_or_default(),
        digest: text(line, "digest"),
        status: text(line, "status"),
        entry: line[settings].to_string(),
        at,
    }
}

/// Everything that differs, as of the last look. What is on its way to a portal is no drift.
pub(crate) fn differences(wanted: &[Provision], seen: &[Seen], looks: &[Look], now: Timestamp) -> Vec<Drift> {
    let key = |portal: &str, kind: &str, subject: &str| (portal.to_owned(), kind.to_owned(), subject.to_owned());
    let has: BTreeMap<_, &Seen> = seen.iter().map(|s| (key(&s.portal, &s.kind, &s.subject), s)).collect();
    let looked: BTreeMap<_, _> = looks.iter().filter_map(|l| Some((l.portal.as_str(), l.good_at?))).collect();
    let mut out = Vec::new();
    for p in wanted.iter().filter(|p| p.is_applied()) {
        let Some(looked) = looked.get(p.portal.as_str()) else { continue };
        let want: Value = serde_json::from_str(&p.desired).unwrap_or_default();
        let found = has.get(&key(&p.portal, &p.kind, &p.subject));
        let drift = |what, source: &str, fields, at| Drift {
            portal: p.portal.clone(),
            kind: p.kind.clone(),
            subject: p.subject.clone(),
            what,
            source: source.to_owned(),
            fields,
            seen_at: at,
        };
        let over = p.kind == MAINTENANCE && is_over(&want, now);
        match found {
            // Windows that are over are not listed any more.
            None if over || (p.kind == MAINTENANCE && want["withdrawn"] == true) => {}
            // The look was before it was confirmed.
            _ if p.applied_at.is_some_and(|at| at > *looked) => {}
            None => out.push(drift(Kind::Missing, "", Vec::new(), None)),
            Some(s) => {
                let has: Value = serde_json::from_str(&s.entry).unwrap_or_default();
                let mut fields = Vec::new();
                let same = p.kind != MAINTENANCE && s.digest == p.digest && s.revision == p.revision;
                if !same {
                    compare("", &want, &has, &mut fields);
                }
                if let Some(status) = wanted_status(&p.kind, &want, now).filter(|w| *w != s.status) {
                    fields.retain(|f| f.name != "status");
                    let has = Some(s.status.clone());
                    fields.push(Field { name: "status".to_owned(), wanted: Some(status), has });
                }
                if !fields.is_empty() {
                    out.push(drift(Kind::Different, &s.source, fields, Some(s.at)));
                }
            }
        }
    }
    let known: BTreeSet<_> = wanted.iter().map(|p| key(&p.portal, &p.kind, &p.subject)).collect();
    for s in seen.iter().filter(|s| !known.contains(&key(&s.portal, &s.kind, &s.subject))) {
        // Developers register clients of the test environment themselves; what an operator set up by the portal's own
        // configuration (a delivery service's client for single sign-on among it) is shown in its own list.
        let expected = s.source == "registration" || s.source == "settings" || is_delivery(s);
        if !expected {
            out.push(Drift {
                portal: s.portal.clone(),
                kind: s.kind.clone(),
                subject: s.subject.clone(),
                what: Kind::Unknown,
                source: s.source.clone(),
                fields: Vec::new(),
                seen_at: Some(s.at),
            });
        }
    }
    out
}

fn is_delivery(s: &Seen) -> bool {
    let entry: Value = serde_json::from_str(&s.entry).unwrap_or_default();
    s.kind == CLIENT && entry["kind"] == "delivery"
}

fn is_over(window: &Value, now: Timestamp) -> bool {
    window["ends_at"].as_str().and_then(Timestamp::parse_rfc3339).is_some_and(|end| end <= now)
}

/// What the portal should say the status is now, in its words.
fn wanted_status(kind: &str, want: &Value, now: Timestamp) -> Option<String> {
    match kind {
        CLIENT => {
            let client: ClientEntry = serde_json::from_value(want.clone()).ok()?;
            serde_json::to_value(status_at(&client, now)).ok()?.as_str().map(str::to_owned)
        }
        SERVICE => want["status"].as_str().map(str::to_owned),
        _ => None,
    }
}

/// The members that differ; of objects each member by itself.
fn compare(at: &str, want: &Value, has: &Value, out: &mut Vec<Field>) {
    match (want, has) {
        (Value::Object(w), Value::Object(h)) => {
            let names: BTreeSet<&String> = w.keys().chain(h.keys()).collect();
            for name in names {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                compare(&path, w.get(name).unwrap_or(&Value::Null), h.get(name).unwrap_or(&Value::Null), out);
            }
        }
        (w, h) if w == h => {}
        (w, h) => {
            let text = |v: &Value| (!v.is_null()).then(|| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
            out.push(Field { name: at.to_owned(), wanted: text(w), has: text(h) });
        }
    }
}

/// What is to be told once more, who asks, and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Again<'a> {
    pub(crate) place: Place,
    pub(crate) kind: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) by: &'a str,
    pub(crate) note: &'a str,
}

/// Puts what is wanted down once more as a newer revision than the portal has, to be told again. `false`: it is not wanted.
pub(crate) fn again(desk: &Desk, tx: &mut Tx<'_>, order: &Again<'_>, now: Timestamp) -> Result<bool> {
    let Again { place, kind, subject, by, note } = *order;
    let Some(p) = provisions::get(tx, place.as_str(), kind, subject)? else { return Ok(false) };
    let theirs = seen::all(tx)?
        .into_iter()
        .find(|s| s.portal == p.portal && s.kind == p.kind && s.subject == p.subject)
        .map_or(0, |s| s.revision);
    let base = p.revision.max(theirs);
    let mut value = p.value()?;
    if kind == CLIENT {
        let mut client: ClientEntry =
            serde_json::from_value(value).map_err(|e| Error::inconsistent("desk_provisions.desired", e))?;
        settle(&mut client, now);
        if base > p.revision {
            // Make room: the next one counts from what the portal has.
            provisions::put(tx, &p.portal, kind, subject, p.service.as_deref(), &p.desired, base, &p.digest, now)?;
        }
        let service = p.service.clone().unwrap_or_default();
        put_client(tx, &format!("again/{}/{subject}/{}", p.portal, base + 1), None, &service, place, client, now)?;
    } else {
        value["revision"] = Value::from(base + 1);
        if kind == MAINTENANCE
            && let Some(map) = value.as_object_mut()
        {
            map.remove("revision");
        }
        let digest = digest(&value);
        provisions::put(tx, &p.portal, kind, subject, None, &value.to_string(), base + 1, &digest, now)?;
    }
    let line = Line::new(subject, Doer::Staff(by), "applied_again").why(note).detail("portal", place.as_str());
    desk.record(tx, line.detail("revision", base + 1), now)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client(revision: u64, uri: &str, schedule: Value) -> ClientEntry {
        serde_json::from_value(json!({
            "client_id": "p_1", "revision": revision, "metadata": {"redirect_uris": [uri], "client_name": "縁"},
            "status": "active", "schedule": schedule, "not_after": null, "apis": [], "delivery_services": [], "testers": [],
            "case": "D-1", "decided_by": ["a", "b"],
        }))
        .unwrap()
    }

    fn wanted(c: &ClientEntry, applied: bool) -> Provision {
        let revision = i64::try_from(c.revision).unwrap();
        Provision {
            portal: "production".into(),
            kind: CLIENT.into(),
            subject: c.client_id.clone(),
            service: None,
            desired: serde_json::to_string(c).unwrap(),
            revision,
            digest: digest(c),
            wanted_at: Timestamp::from_secs(0),
            applied_revision: applied.then_some(revision),
            applied_digest: None,
            applied_at: applied.then_some(Timestamp::from_secs(0)),
            last_error: None,
        }
    }

    fn has(c: &ClientEntry, source: &str, status: &str) -> Seen {
        Seen {
            portal: "production".into(),
            kind: CLIENT.into(),
            subject: c.client_id.clone(),
            source: source.into(),
            revision: i64::try_from(c.revision).unwrap(),
            digest: digest(c),
            status: status.into(),
            entry: serde_json::to_string(c).unwrap(),
            at: Timestamp::from_secs(5),
        }
    }

    #[test]
    fn differences_are_found_field_by_field() {
        let look = |at: i64| {
            let at = Timestamp::from_secs(at);
            Look { portal: "production".into(), at, error: None, good_at: Some(at) }
        };
        let looked = [look(5)];
        let now = Timestamp::from_secs(10);
        let find = |w: &[Provision], s: &[Seen]| differences(w, s, &looked, now);
        let ours = client(2, "https://a.example/cb", json!([]));
        assert!(find(&[wanted(&ours, true)], &[has(&ours, "desk", "active")]).is_empty());
        // Somebody suspended it on the command line.
        let d = find(&[wanted(&ours, true)], &[has(&ours, "command_line", "suspended")]);
        assert_eq!(
            (d[0].what, d[0].fields[0].name.as_str(), d[0].source.as_str()),
            (Kind::Different, "status", "command_line")
        );
        // Other settings of the same revision.
        let theirs = client(2, "https://evil.example/cb", json!([]));
        let d = find(&[wanted(&ours, true)], &[has(&theirs, "desk", "active")]);
        assert_eq!(d[0].fields.len(), 1);
        assert_eq!(d[0].fields[0].name, "metadata.redirect_uris");
        assert_eq!(d[0].fields[0].has.as_deref(), Some("[\"https://evil.example/cb\"]"));
        // A status that comes by its schedule is none.
        let planned = client(3, "https://a.example/cb", json!([{"at": "1970-01-01T00:00:07Z", "status": "suspended"}]));
        assert!(find(&[wanted(&planned, true)], &[has(&planned, "desk", "suspended")]).is_empty());
        assert_eq!(find(&[wanted(&planned, true)], &[has(&planned, "desk", "active")]).len(), 1);
        // Not confirmed yet: on its way.
        assert!(find(&[wanted(&ours, false)], &[]).is_empty());
        assert_eq!(find(&[wanted(&ours, true)], &[])[0].what, Kind::Missing);
        assert_eq!(find(&[], &[has(&ours, "command_line", "active")])[0].what, Kind::Unknown);
        assert!(find(&[], &[has(&ours, "registration", "active")]).is_empty());
        // A portal that could not be asked says nothing.
        assert!(differences(&[wanted(&ours, true)], &[], &[], now).is_empty());
        // Nor one that was asked before it was told.
        assert!(differences(&[wanted(&ours, true)], &[], &[look(-1)], now).is_empty());
    }
}
