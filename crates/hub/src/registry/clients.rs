//! Clients as the desk puts them and asks for them.

use base::Timestamp;
use http::StatusCode;
use oauth::registry::{self, ClientEntry};
use oauth::{ClientMetadata, RegisteredClient};
use provider::store::clients as stored;
use provider::{Status, Terms};
use serde_json::{Value, json};
use store::{Error, Tx};

use super::verdict::Verdict;
use super::{source, status};
use crate::Portal;
use crate::role;
use crate::store::admissions::{self, AdmissionRow};
use crate::store::{deliveries, journeys, testers};

/// How many clients are listed at a time.
const PAGE: usize = 100;

fn conflict(code: &'static str, detail: impl Into<String>) -> Verdict {
    Verdict::refused(StatusCode::CONFLICT, code, "The instruction does not fit what stands", detail)
}

/// Whether a revision is new, stands already, or is refused. Clients and delivery services alike.
pub(super) enum Revision {
    New,
    Same,
    Refused(Verdict),
}

impl Revision {
    /// `current` and `known`: revision and digest that stand.
    pub(super) fn judge(revision: u64, digest: &str, current: u64, known: &str) -> Self {
        if revision > current {
            return Self::New;
        }
        if revision == current && digest == known {
            return Self::Same;
        }
        let verdict = if revision < current {
            conflict("stale_revision", format!("revision {revision} is older than the one that stands, {current}"))
        } else {
            conflict("revision_conflict", format!("revision {revision} stands already, with other content"))
        };
        Self::Refused(verdict.with("revision", current).with("digest", known))
    }
}

/// `put_client`
pub(super) fn put(portal: &Portal, tx: &mut Tx<'_>, value: &Value, now: Timestamp) -> store::Result<Verdict> {
    let entry = match ClientEntry::read(value) {
        Ok(entry) => entry,
        Err(wrong) => return Ok(Verdict::malformed(wrong)),
    };
    let id = entry.client_id.clone();
    Ok(put_entry(portal, tx, value, &entry, now)?.about(&id))
}

fn put_entry(
    portal: &Portal,
    tx: &mut Tx<'_>,
    value: &Value,
    entry: &ClientEntry,
    now: Timestamp,
) -> store::Result<Verdict> {
    let metadata = serde_json::to_vec(&entry.metadata).map_err(|e| Error::Refused(e.to_string()))?;
    let metadata = match role::with_policy(|p| ClientMetadata::from_json(&metadata, p)) {
        Ok(metadata) => metadata,
        Err(e) => {
            let title = "The metadata is not that of a client";
            let detail = format!("client.metadata: {}", e.description);
            return Ok(Verdict::refused(StatusCode::UNPROCESSABLE_ENTITY, e.code.as_str(), title, detail));
        }
    };
    let known: Vec<_> = deliveries::list(tx)?.into_iter().map(|d| d.id).collect();
    if let Some(id) = entry.delivery_services.iter().find(|id| !known.contains(id)) {
        let detail = format!(
            "client.delivery_services: there is no delivery service '{id}' at this portal; there are: {}",
            known.join(", ")
        );
        let title = "There is no such delivery service";
        return Ok(Verdict::refused(StatusCode::UNPROCESSABLE_ENTITY, "unknown_delivery_service", title, detail));
    }
    let digest = registry::digest(value);
    let (terms, id) = (entry.terms(), entry.client_id.as_str());
    let answer = json!({
        "client_id": id, "revision": entry.revision, "digest": digest, "status": terms.status(entry.status, now),
    });
    let current = stored::get(tx, id)?;
    let admission = admissions::get(tx, id)?;
    if let Some(a) = &admission {
        match Revision::judge(entry.revision, &digest, a.revision, &a.digest) {
            // What somebody changed on the command line meanwhile is put right.
            Revision::Same if a.is_desks() => return Ok(Verdict::unchanged(answer)),
            Revision::Same | Revision::New => {}
            Revision::Refused(verdict) => return Ok(verdict),
        }
    }
    let mut issued_at = now;
    if let Some(row) = &current {
        let old: RegisteredClient =
            serde_json::from_str(&row.metadata).map_err(|e| Error::inconsistent("oauth_clients.metadata", e))?;
        if old.kind != entry.kind {
            return Ok(conflict("other_kind", "client.kind: a client stays what it is; admit another one"));
        }
        issued_at = old.issued_at;
        let over = row.terms()?.status(status(row)?, now) == Status::Terminated;
        if over && terms.status(entry.status, now) != Status::Terminated {
            return Ok(conflict("terminated", "the use of this client has ended for good; admit another one"));
        }
    }
    if let Some(refused) = put_testers(tx, entry)? {
        return Ok(refused);
    }
    let client = RegisteredClient { client_id: id.to_owned(), kind: entry.kind, issued_at, metadata };
    let json = serde_json::to_string(&client).map_err(|e| Error::Refused(e.to_string()))?;
    stored::put(tx, id, entry.status, &terms, &json, now)?;
    if terms.status(entry.status, now) == Status::Terminated {
        provider::end_grants(tx, id, now)?;
    }
    if !admissions::put(tx, id, entry.revision, &digest, &registry::canonical(value), now)? {
        // Another node was first with a later revision: judge again.
        return Err(Error::Unavailable(journeys::OVERTAKEN.to_owned()));
    }
    tracing::info!(client = id, status = entry.status.as_str(), portal = ?portal, "the desk put a client");
    Ok(Verdict::ok(answer))
}

/// Brings the testers in line with the entry.
fn put_testers(tx: &mut Tx<'_>, entry: &ClientEntry) -> store::Result<Option<Verdict>> {
    let id = entry.client_id.as_str();
    // Judged before anything is written: a refusal is kept, and nothing else may be.
    for (i, t) in entry.testers.iter().enumerate() {
        let holder = testers::by_token(tx, &t.token_hash)?;
        if holder.is_some_and(|h| h.client_id != id || h.tester_id != t.tester_id) {
            let what = format!("client.testers[{i}].token_hash: this link was given to somebody else; make a new one");
            return Ok(Some(Verdict::malformed(what)));
        }
    }
    for old in testers::of(tx, id)? {
        if !entry.testers.iter().any(|t| t.tester_id == old.tester_id) {
            testers::remove(tx, id, &old.tester_id)?;
        }
    }
    for t in &entry.testers {
        testers::put(tx, id, t)?;
    }
    Ok(None)
}

/// `get_client`
pub(super) fn get(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> store::Result<Verdict> {
    Ok(match stored::get(tx, id)? {
        Some(row) => Verdict::ok(describe(tx, &row, now)?),
        None => {
            let title = "There is no such client";
            Verdict::refused(StatusCode::NOT_FOUND, "unknown_client", title, format!("no client '{id}' is known here"))
        }
    }
    .about(id))
}

/// `list_clients`
pub(super) fn list(tx: &mut Tx<'_>, after: &str, now: Timestamp) -> store::Result<Verdict> {
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = stored::list_after(tx, after, limit)?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|r| r.id.clone());
    let clients = rows.iter().map(|row| describe(tx, row, now)).collect::<store::Result<Vec<_>>>()?;
    Ok(Verdict::ok(json!({ "clients": clients, "next": next })))
}

/// What the desk is told of a client: enough to find every difference to what it put.
fn describe(tx: &mut Tx<'_>, row: &stored::ClientRow, now: Timestamp) -> store::Result<Value> {
    let client: RegisteredClient =
        serde_json::from_str(&row.metadata).map_err(|e| Error::inconsistent("oauth_clients.metadata", e))?;
    let admission = admissions::get(tx, &row.id)?;
    let (set, terms) = (status(row)?, row.terms()?);
    let entry = admission.as_ref().filter(|a| a.revision > 0).map(entry_of).transpose()?;
    let entry = entry.unwrap_or_else(
        || json!({ "client_id": row.id, "kind": client.kind, "metadata": client.metadata.to_json(), "status": set }),
    );
    let digest = match &admission {
        Some(a) if a.revision > 0 => a.digest.clone(),
        _ => registry::digest(&entry),
    };
    let testers = testers::of(tx, &row.id)?;
    let testers = testers.iter().map(|t| {
        json!({
            "tester_id": t.tester_id, "not_after": t.not_after.rfc3339(),
            "bound_at": t.bound_at.map(Timestamp::rfc3339), "identified_at": t.identified_at.map(Timestamp::rfc3339),
        })
    });
    Ok(json!({
        "client_id": row.id,
        "source": source(admission.as_ref()),
        "revision": admission.as_ref().map_or(0, |a| a.revision),
        "digest": digest,
        "status": terms.status(set, now),
        "next": next(&terms, set, now),
        "updated_at": row.updated_at.rfc3339(),
        "testers": testers.collect::<Vec<_>>(),
        "client": entry,
    }))
}

fn next(terms: &Terms, set: Status, now: Timestamp) -> Value {
    terms.next(set, now).map_or(Value::Null, |n| json!({ "at": n.at.rfc3339(), "status": n.status }))
}

fn entry_of(a: &AdmissionRow) -> store::Result<Value> {
    serde_json::from_str(&a.entry).map_err(|e| Error::inconsistent("admissions.entry", e))
}
