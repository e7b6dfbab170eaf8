//! What is worth a warning, from what stands: pure. Thresholds are days before something happens; each is told once.

use std::collections::BTreeMap;

use base::Timestamp;
use oauth::registry::{ClientEntry, ClientStatus, digest};
use serde_json::{Value, json};

use crate::drift::Drift;
use crate::plan::status_at;
use crate::provision::CLIENT;
use crate::store::provisions::Provision;
use crate::store::seen::Look;
use crate::store::testers::TesterRow;
use crate::store::warnings::{KeysRow, WarningRow};

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);
/// Keys and certificates, test periods: days before their end.
const LONG: &[u32] = &[30, 7, 1];
/// Planned days and deadlines.
const SHORT: &[u32] = &[7, 1];
const NEAR: &[u32] = &[3];

/// A client that is wanted, with whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    pub(crate) portal: String,
    pub(crate) client: ClientEntry,
    pub(crate) org: String,
    pub(crate) service: String,
    pub(crate) service_name: String,
}

/// An open case, as far as it is late or soon will be.
#[derive(Clone, Debug)]
pub(crate) struct OpenCase {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) org: String,
    pub(crate) service: String,
    pub(crate) service_name: String,
    pub(crate) step: String,
    /// `applicant`, `reception`, `reviewer`, `approver`, `operator`.
    pub(crate) waiting_on: String,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) seq: i64,
}

/// Everything that the rules look at.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) clients: Vec<Owned>,
    pub(crate) keys: BTreeMap<String, KeysRow>,
    pub(crate) cases: Vec<OpenCase>,
    /// By client.
    pub(crate) testers: BTreeMap<String, Vec<(String, Timestamp)>>,
    pub(crate) provisions: Vec<Provision>,
    pub(crate) looks: Vec<Look>,
    pub(crate) drifts: Vec<Drift>,
}

impl World {
    /// Testers of a client, as far as the rules look at them.
    pub(crate) fn add_testers(&mut self, client: &str, rows: &[TesterRow]) {
        let list = rows.iter().map(|t| (t.name.clone(), t.not_after)).collect();
        self.testers.insert(client.to_owned(), list);
    }
}

/// The smallest threshold that has been reached: `Some(7)` from seven days before on.
fn reached(at: Timestamp, now: Timestamp, days: &[u32]) -> Option<u32> {
    days.iter().copied().filter(|d| now.plus(DAY * *d) >= at).min()
}

fn warning(key: String, kind: &str, due: Option<Timestamp>, now: Timestamp, args: Value) -> WarningRow {
    WarningRow {
        key,
        kind: kind.to_owned(),
        org: None,
        case: None,
        service: None,
        args: args.to_string(),
        raised_at: now,
        due_at: due,
    }
}

/// The end of the first key or certificate that ends, of keys by value.
pub(crate) fn first_end(keys: &Value) -> Option<Timestamp> {
    // `exp` of a key (seconds since 1970) is what several implementations publish; RFC 7517 leaves room for it.
    let ends = |k: &Value| k["exp"].as_i64().into_iter().chain(certificate_end(k)).min();
    keys["keys"].as_array()?.iter().filter_map(ends).min().map(Timestamp::from_secs)
}

/// When the certificate of a key ends (RFC 7517 section 4.7: the first of `x5c`, base64 DER), in seconds since 1970.
fn certificate_end(key: &Value) -> Option<i64> {
    let der = base::codec::b64_decode(key["x5c"].get(0)?.as_str()?)?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

/// Every warning that stands at `now`.
pub(crate) fn warnings(w: &World, now: Timestamp) -> Vec<WarningRow> {
    let mut out = Vec::new();
    for o in &w.clients {
        of_client(o, w, now, &mut out);
    }
    for c in &w.cases {
        of_case(c, now, &mut out);
    }
    for p in w.provisions.iter().filter(|p| !p.is_applied() && now >= p.wanted_at.plus(MINUTE * 10)) {
        let key = format!("unconfirmed:{}:{}:{}", p.portal, p.subject, p.revision);
        let args = json!({
            "subject": p.subject, "portal": p.portal, "why": p.last_error.clone().unwrap_or_else(|| "-".to_owned()),
        });
        out.push(warning(key, "unconfirmed", None, now, args));
    }
    for l in w.looks.iter().filter(|l| l.error.is_some()) {
        let since = l.good_at.unwrap_or(Timestamp(0));
        if now >= since.plus(MINUTE * 30) {
            let args = json!({ "portal": l.portal, "why": l.error.clone().unwrap_or_default() });
            out.push(warning(format!("unreachable:{}:{}", l.portal, since.0), "unreachable", None, now, args));
        }
    }
    for d in &w.drifts {
        let what = digest(&json!([d.what, d.fields]));
        let key = format!("drift:{}:{}:{}:{}", d.portal, d.kind, d.subject, what);
        out.push(warning(key, "drift", None, now, json!({ "subject": d.subject, "portal": d.portal })));
    }
    out
}

fn of_client(o: &Owned, w: &World, now: Timestamp, out: &mut Vec<WarningRow>) {
    let c = &o.client;
    let status = status_at(c, now);
    if status == ClientStatus::Terminated {
        return;
    }
    let ours = |row: WarningRow| WarningRow { org: Some(o.org.clone()), service: Some(o.service.clone()), ..row };
    let id = &c.client_id;
    let args = |more: Value| {
        let mut args = json!({ "service": o.service_name, "client": id, "portal": o.portal });
        if let (Some(a), Some(m)) = (args.as_object_mut(), more.as_object()) {
            a.extend(m.clone());
        }
        args
    };
    let uri = c.metadata.get("jwks_uri").and_then(Value::as_str);
    let fetched = uri.and_then(|u| w.keys.get(u));
    let end = match uri {
        Some(_) => fetched.and_then(|k| k.expires_at),
        None => c.metadata.get("jwks").and_then(first_end),
    };
    if let Some(end) = end
        && let Some(days) = reached(end, now, LONG)
    {
        let key = format!("keys-end:{}:{id}:{}:{days}", o.portal, end.secs());
        out.push(ours(warning(key, "keys-end", Some(end), now, args(json!({ "at": end.rfc3339() })))));
    }
    // Changing keys is good practice, and what a thief of the address would do: whoever it belongs to is told once.
    if let (Some(uri), Some(k)) = (uri, fetched)
        && let (Some(digest), Some(at)) = (&k.digest, k.changed_at)
        && now < at.plus(DAY * 7)
    {
        let key = format!("keys-changed:{}:{id}:{digest}", o.portal);
        let more = json!({ "uri": uri, "at": at.rfc3339() });
        out.push(ours(warning(key, "keys-changed", None, now, args(more))));
    }
    if let (Some(uri), Some(k)) = (uri, fetched)
        && let Some(since) = k.failing_since.filter(|s| now >= s.plus(MINUTE * 60))
    {
        let key = format!("keys-gone:{}:{id}:{}", o.portal, since.0);
        let why = k.error.clone().unwrap_or_default();
        out.push(ours(warning(key, "keys-gone", None, now, args(json!({ "uri": uri, "why": why })))));
    }
    if let Some(end) = c.not_after.filter(|end| *end > now)
        && let Some(days) = reached(end, now, LONG)
    {
        let key = format!("test-end:{id}:{}:{days}", end.secs());
        out.push(ours(warning(key, "test-end", Some(end), now, args(json!({ "at": end.rfc3339() })))));
    }
    for s in c.schedule.iter().filter(|s| s.at > now && o.portal == "production") {
        if let Some(days) = reached(s.at, now, SHORT) {
            let kind = match s.status {
                ClientStatus::Suspended => "suspension-near",
                ClientStatus::Terminated => "termination-near",
                ClientStatus::Active | ClientStatus::ProductionVerification => "resumption-near",
            };
            let key = format!("{kind}:{id}:{}:{days}", s.at.secs());
            out.push(ours(warning(key, kind, Some(s.at), now, args(json!({ "at": s.at.rfc3339() })))));
        }
    }
    if status == ClientStatus::ProductionVerification {
        for (name, until) in w.testers.get(id).into_iter().flatten().filter(|(_, until)| *until > now) {
            if let Some(days) = reached(*until, now, SHORT) {
                let key = format!("check-open:{id}:{name}:{}:{days}", until.secs());
                let more = json!({ "tester": name, "at": until.rfc3339() });
                out.push(ours(warning(key, "check-open", Some(*until), now, args(more))));
            }
        }
    }
}

fn of_case(c: &OpenCase, now: Timestamp, out: &mut Vec<WarningRow>) {
    let Some(due) = c.due_at else { return };
    let ours = c.waiting_on == "applicant";
    let args = json!({ "service": c.service_name, "receipt": c.receipt, "step": c.step, "at": due.rfc3339(), "role": c.waiting_on });
    let (kind, stage) = match reached(due, now, NEAR) {
        _ if now >= due => (if ours { "step-late" } else { "staff-late" }, "late".to_owned()),
        Some(days) if ours => ("step-near", days.to_string()),
        _ => return,
    };
    let row = warning(format!("{kind}:{}:{}:{}:{stage}", c.id, c.seq, due.secs()), kind, Some(due), now, args);
    out.push(WarningRow {
        org: ours.then(|| c.org.clone()),
        case: Some(c.id.clone()),
        service: Some(c.service.clone()),
        ..row
    });
}

/// Whether a provision is a client's.
pub(crate) fn is_client(p: &Provision) -> bool {
    p.kind == CLIENT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(days: i64) -> Timestamp {
        Timestamp::from_secs(1_780_000_000 + days * 86_400)
    }

    fn owned(portal: &str, more: Value) -> Owned {
        let mut client = json!({
            "client_id": "c1", "revision": 1, "metadata": {}, "status": "active", "schedule": [], "not_after": null,
            "apis": [], "delivery_services": [], "testers": [], "case": "D-1", "decided_by": ["a", "b"],
        });
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Owned {
            portal: portal.into(),
            client: serde_json::from_value(client).unwrap(),
            org: "org_1".into(),
            service: "svc_1".into(),
            service_name: "年末調整".into(),
        }
    }

    fn kinds(w: &World, now: Timestamp) -> Vec<String> {
        warnings(w, now)
            .into_iter()
            .map(|w| format!("{}/{}", w.kind, w.key.rsplit(':').next().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn ends_are_told_at_their_thresholds() {
        let keys = json!({"metadata": {"jwks": {"keys": [{"exp": t(40).secs()}, {"exp": t(60).secs()}]}}});
        let w = World { clients: vec![owned("production", keys)], ..World::default() };
        assert!(kinds(&w, t(9)).is_empty());
        assert_eq!(kinds(&w, t(10)), ["keys-end/30"]);
        assert_eq!(kinds(&w, t(33)), ["keys-end/7"]);
        assert_eq!(kinds(&w, t(50)), ["keys-end/1"], "also when it is over: it is still wrong");
        let w = World { clients: vec![owned("test", json!({"not_after": t(20).rfc3339()}))], ..World::default() };
        assert_eq!(kinds(&w, t(15)), ["test-end/7"]);
        assert!(kinds(&w, t(21)).is_empty());
    }

    #[test]
    fn planned_days_and_open_checks() {
        let plan = json!({"schedule": [{"at": t(20).rfc3339(), "status": "suspended"}]});
        let w = World { clients: vec![owned("production", plan)], ..World::default() };
        assert!(kinds(&w, t(5)).is_empty());
        assert_eq!(kinds(&w, t(13)), ["suspension-near/7"]);
        assert!(kinds(&w, t(20)).is_empty());
        let mut w = World {
            clients: vec![owned("production", json!({"status": "production_verification"}))],
            ..World::default()
        };
        w.testers.insert("c1".into(), vec![("山田".into(), t(8))]);
        assert!(kinds(&w, t(0)).is_empty());
        assert_eq!(kinds(&w, t(2)), ["check-open/7"]);
    }

    #[test]
    fn deadlines_go_to_whose_turn_it_is() {
        let case = |who: &str| OpenCase {
            id: "cas_1".into(),
            receipt: "D-1".into(),
            org: "org_1".into(),
            service: "svc_1".into(),
            service_name: "x".into(),
            step: "A-4".into(),
            waiting_on: who.into(),
            due_at: Some(t(10)),
            seq: 4,
        };
        let at = |who: &str, now: i64| {
            let found = warnings(&World { cases: vec![case(who)], ..World::default() }, t(now));
            found.into_iter().map(|w| (w.kind, w.org)).collect::<Vec<_>>()
        };
        assert!(at("applicant", 6).is_empty() && at("reviewer", 9).is_empty());
        assert_eq!(at("applicant", 8), [("step-near".to_owned(), Some("org_1".to_owned()))]);
        assert_eq!(at("applicant", 10), [("step-late".to_owned(), Some("org_1".to_owned()))]);
        assert_eq!(at("reviewer", 11), [("staff-late".to_owned(), None)]);
    }

    #[test]
    fn keys_that_can_not_be_fetched() {
        let mut w = World {
            clients: vec![owned("production", json!({"metadata": {"jwks_uri": "https://a.example/k"}}))],
            ..World::default()
        };
        let mut row = KeysRow {
            uri: "https://a.example/k".into(),
            digest: None,
            looked_at: t(0),
            good_at: None,
            failing_since: Some(t(0)),
            error: Some("404".into()),
            expires_at: None,
            changed_at: None,
        };
        w.keys.insert(row.uri.clone(), row.clone());
        assert!(kinds(&w, t(0)).is_empty(), "once may be chance");
        assert_eq!(warnings(&w, t(1))[0].kind, "keys-gone");
        row.failing_since = None;
        w.keys.insert(row.uri.clone(), row.clone());
        assert!(warnings(&w, t(1)).is_empty());
        // Other keys than before: told for a week.
        (row.digest, row.changed_at) = (Some("d".into()), Some(t(1)));
        w.keys.insert(row.uri.clone(), row);
        assert_eq!(kinds(&w, t(1)), ["keys-changed/d"]);
        assert!(warnings(&w, t(8)).is_empty());
    }
}
