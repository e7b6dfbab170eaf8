//! Warnings before something runs out: each once, to the right person, by e-mail and on the page.

pub(crate) mod rules;

use std::collections::BTreeSet;
use std::time::Duration;

use ::store::{Error, Result, Tx};
use accounts::Realm;
use base::{Lang, Timestamp};
use bytes::Bytes;
use desk::Desk;
use desk::kit::{Mail, cases, orgs, services, staff};
use desk::staff::{StaffRole, StaffRoles};
use http::Request;
use oauth::registry::{ClientEntry, digest};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Control;
use crate::config::Place;
use crate::drift::differences;
use crate::store::warnings::{KeysRow, WarningRow};
use crate::store::{provisions, seen, testers, warnings as stored};
use rules::{OpenCase, Owned, World};

/// How often warnings are looked for.
const EVERY: Duration = Duration::from_secs(300);
/// How often portals are compared with what is wanted of them, and the keys of clients are fetched.
const LOOK_EVERY: Duration = Duration::from_secs(900);
/// How long what is over is kept.
const KEPT: Duration = Duration::from_secs(400 * 86_400);

/// A warning on a page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct View {
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) case: Option<String>,
    pub(crate) raised_at: Timestamp,
}

/// The warnings that stand for staff.
pub(crate) fn open_for_staff(tx: &mut Tx<'_>) -> Result<Vec<WarningRow>> {
    Ok(stored::open(tx)?.into_iter().filter(|w| w.org.is_none()).collect())
}

/// The warnings that stand for an organisation.
pub(crate) fn open_of_org(tx: &mut Tx<'_>, org: &str) -> Result<Vec<WarningRow>> {
    stored::of_org(tx, org)
}

/// The variables of a warning's text in a language: times are written out.
fn texts_of(desk: &Desk, lang: Lang, w: &WarningRow) -> Result<Vec<(String, String)>> {
    let args: Map<String, Value> =
        serde_json::from_str(&w.args).map_err(|e| Error::inconsistent("desk_warnings.args", e))?;
    let mut out = Vec::new();
    for (name, value) in args {
        let text = value.as_str().unwrap_or_default().to_owned();
        let text = match name.as_str() {
            "at" => Timestamp::parse_rfc3339(&text).map_or(text, |t| base::calendar::long_time(t, lang)),
            "portal" => {
                let key = format!("portal-{text}");
                desk.site().text(lang, &key, &[]).map_err(|e| Error::inconsistent("texts", e))?
            }
            _ => text,
        };
        out.push((name, text));
    }
    Ok(out)
}

/// Warnings as a page shows them.
pub(crate) fn views(desk: &Desk, lang: Lang, list: &[WarningRow]) -> Result<Vec<View>> {
    list.iter()
        .map(|w| {
            let args = texts_of(desk, lang, w)?;
            let args: Vec<(&str, &str)> = args.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let text = desk.site().text(lang, &format!("warn-{}", w.kind), &args);
            Ok(View {
                kind: w.kind.clone(),
                text: text.map_err(|e| Error::inconsistent("texts", e))?,
                due_at: w.due_at,
                case: w.case.clone(),
                raised_at: w.raised_at,
            })
        })
        .collect()
}

impl Control {
    /// Compares, fetches keys and warns, as long as the desk runs.
    pub(crate) async fn watch(self, desk: Desk) {
        let mut looked: Option<Timestamp> = None;
        loop {
            let now = desk.now();
            if looked.is_none_or(|at| now >= at.plus(LOOK_EVERY)) {
                looked = Some(now);
                for place in Place::ALL {
                    if let Err(trouble) = self.look(&desk, place).await {
                        tracing::warn!(portal = place.as_str(), why = %trouble, "a portal can't be compared");
                    }
                }
                if let Err(error) = self.fetch_keys(&desk).await {
                    tracing::warn!(%error, "the keys of clients could not be looked at");
                }
            }
            if let Err(error) = self.warn(&desk).await {
                tracing::warn!(%error, "warnings could not be looked for");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Fetches the keys of every client that publishes them at an address.
    pub(crate) async fn fetch_keys(&self, desk: &Desk) -> Result<()> {
        let uris: BTreeSet<String> = desk
            .db()
            .read(|tx| {
                let all = provisions::all(tx)?;
                Ok::<_, Error>(
                    all.iter()
                        .filter(|p| rules::is_client(p))
                        .filter_map(|p| p.value().ok())
                        .filter(|v| v["status"] != "terminated")
                        .filter_map(|v| v["metadata"]["jwks_uri"].as_str().map(str::to_owned))
                        .collect(),
                )
            })
            .await?;
        for uri in uris {
            let found = fetch(desk, &uri).await;
            let now = desk.now();
            desk.db()
                .write(move |tx| {
                    let old = stored::keys(tx, &uri)?;
                    let row = match found {
                        Ok((digest, expires_at)) => KeysRow {
                            uri,
                            changed_at: match &old {
                                Some(o) if o.digest.as_ref().is_some_and(|d| *d != digest) => Some(now),
                                Some(o) => o.changed_at,
                                None => None,
                            },
                            digest: Some(digest),
                            looked_at: now,
                            good_at: Some(now),
                            failing_since: None,
                            error: None,
                            expires_at,
                        },
                        Err(why) => KeysRow {
                            uri,
                            digest: old.as_ref().and_then(|o| o.digest.clone()),
                            looked_at: now,
                            good_at: old.as_ref().and_then(|o| o.good_at),
                            failing_since: old.as_ref().and_then(|o| o.failing_since).or(Some(now)),
                            error: Some(why),
                            changed_at: old.as_ref().and_then(|o| o.changed_at),
                            expires_at: old.and_then(|o| o.expires_at),
                        },
                    };
                    stored::put_keys(tx, &row)
                })
                .await?;
        }
        Ok(())
    }

    /// Raises what is to be warned of at the clock's time, and ends what is not any more.
    ///
    /// # Errors
    /// The database.
    pub async fn warn(&self, desk: &Desk) -> Result<()> {
        let (now, staff) = (desk.now(), staff_accounts(desk).await?);
        let writer = desk.clone();
        desk.db()
            .write(move |tx| {
                let world = world(tx, now)?;
                let standing = rules::warnings(&world, now);
                let keys: BTreeSet<&str> = standing.iter().map(|w| w.key.as_str()).collect();
                for old in stored::open(tx)?.iter().filter(|w| !keys.contains(w.key.as_str())) {
                    stored::end(tx, &old.key, now)?;
                }
                for w in &standing {
                    if stored::raise(tx, w)? {
                        tell(&writer, tx, w, &staff, now)?;
                    }
                }
                stored::purge(tx, now.minus(KEPT))?;
                testers::purge(tx, now.minus(KEPT))
            })
            .await
    }
}

/// The members of staff with their roles.
type StaffAccounts = Vec<(accounts::Account, StaffRoles)>;

async fn staff_accounts(desk: &Desk) -> Result<StaffAccounts> {
    let accounts = desk.accounts().list(Realm::Staff).await?;
    let rows = desk.db().read(staff::all).await?;
    Ok(accounts
        .into_iter()
        .filter_map(|a| {
            let roles = rows.iter().find(|(id, _)| *id == a.id)?;
            Some((a.clone(), StaffRoles::parse(&roles.1)))
        })
        .collect())
}

/// Digest of the keys at an address, and the end of the first that ends.
async fn fetch(desk: &Desk, uri: &str) -> std::result::Result<(String, Option<Timestamp>), String> {
    let request = Request::get(uri).body(Bytes::new()).map_err(|e| e.to_string())?;
    let answer = desk.outbound().send(request).await.map_err(|e| e.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("{uri}: {}", answer.status()));
    }
    let keys: Value = serde_json::from_slice(answer.body()).map_err(|e| format!("{uri}: {e}"))?;
    if keys["keys"].as_array().is_none_or(Vec::is_empty) {
        return Err(format!("{uri}: there are no keys"));
    }
    Ok((digest(&keys), rules::first_end(&keys)))
}

/// What the rules look at.
fn world(tx: &mut Tx<'_>, now: Timestamp) -> Result<World> {
    let mut w = World { provisions: provisions::all(tx)?, looks: seen::looks(tx)?, ..World::default() };
    let all = services::all(tx)?;
    let clients: Vec<_> = w.provisions.iter().filter(|p| rules::is_client(p)).cloned().collect();
    for p in clients {
        let client: ClientEntry =
            serde_json::from_str(&p.desired).map_err(|e| Error::inconsistent("desk_provisions.desired", e))?;
        let Some(service) = all.iter().find(|s| Some(&s.id) == p.service.as_ref()) else { continue };
        if let Some(uri) = client.metadata.get("jwks_uri").and_then(Value::as_str)
            && let Some(row) = stored::keys(tx, uri)?
        {
            w.keys.insert(uri.to_owned(), row);
        }
        w.add_testers(&client.client_id, &testers::of_client(tx, &client.client_id)?);
        w.clients.push(Owned {
            portal: p.portal.clone(),
            client,
            org: service.org.clone(),
            service: service.id.clone(),
            service_name: service.name.clone(),
        });
    }
    for c in cases::open(tx)? {
        let name = all.iter().find(|s| s.id == c.service).map(|s| s.name.clone()).unwrap_or_default();
        w.cases.push(OpenCase {
            id: c.id,
            receipt: c.receipt,
            org: c.org,
            service: c.service,
            service_name: name,
            step: c.step,
            waiting_on: c.waiting_on,
            due_at: c.due_at,
            seq: c.seq,
        });
    }
    w.drifts = differences(&w.provisions, &seen::all(tx)?, &w.looks, now);
    Ok(w)
}

/// Writes to whom it concerns: the organisation's people who can act, or the members of staff whose turn it is.
fn tell(desk: &Desk, tx: &mut Tx<'_>, w: &WarningRow, staff: &StaffAccounts, now: Timestamp) -> Result<()> {
    let path = match (&w.case, &w.org) {
        (Some(case), Some(_)) => format!("/cases/{case}"),
        (Some(case), None) => format!("/staff/cases/{case}"),
        (None, Some(_)) => "/notices".to_owned(),
        (None, None) => "/staff/control".to_owned(),
    };
    let link = desk.site().origin().url(&path);
    let once = format!("warning:{}:{}", w.key, w.raised_at.0);
    let write = |tx: &mut Tx<'_>, to: &accounts::Account| -> Result<()> {
        let args = texts_of(desk, to.lang, w)?;
        let pairs: Vec<(&str, &str)> = args.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let text = desk.site().text(to.lang, &format!("warn-{}", w.kind), &pairs);
        let text = text.map_err(|e| Error::inconsistent("texts", e))?;
        desk.mail(tx, Mail::new("mail-warning", to).arg("text", text).arg("link", &link).once(&once), now)
    };
    match &w.org {
        Some(org) => {
            for member in orgs::members(tx, org)?.into_iter().filter(|m| m.role.may_edit()) {
                if let Some(account) = desk.accounts().find_in(tx, &member.account)? {
                    write(tx, &account)?;
                }
            }
        }
        None => {
            let args: Value = serde_json::from_str(&w.args).unwrap_or_default();
            let role = args["role"].as_str().and_then(StaffRole::parse).unwrap_or(StaffRole::Operator);
            for (account, _) in staff.iter().filter(|(_, roles)| roles.has(role)) {
                write(tx, account)?;
            }
        }
    }
    Ok(())
}
