//! From a decision to a portal: what is wanted is written down first, once for each decision, then told until the portal
//! has confirmed it, then the applicant hears of it.
//!
//! | dies it behind | then |
//! |---|---|
//! | the decision | its job (same transaction) comes here |
//! | writing down what is wanted | the key of the decision is found, nothing is counted twice, it is told |
//! | telling the portal | told again with the same revision and digest: the portal finds its work done |
//! | the portal's confirmation | the e-mails have keys, and go once |

use ::store::{Error, Tx};
use base::Timestamp;
use desk::Desk;
use desk::extension::{EffectError, EffectOf};
use desk::kit::{Loaded, Mail, load, services};
use oauth::registry::{ClientEntry, digest};
use procedures::EffectKind;
use serde_json::{Map, Value};

use crate::Control;
use crate::config::Place;
use crate::plan::{Ids, Standing, plan};
use crate::portal::{Trouble, tell};
use crate::store::changes::{self, Change};
use crate::store::provisions::{self, Provision};
use crate::testers;

/// `desk_provisions.kind` of clients.
pub(crate) const CLIENT: &str = "client";

base::id!(
    /// A client of the test portal.
    TestClientId,
    "t"
);

base::id!(
    /// A client of the production portal.
    LiveClientId,
    "p"
);

/// Why what is wanted could not be written down.
#[derive(Debug)]
enum Stop {
    /// An operator has to look.
    Stuck(String),
    /// The database.
    Store(Error),
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Store(e)
    }
}

fn later(e: &Error) -> EffectError {
    EffectError::Later(e.to_string())
}

impl Control {
    /// Carries an effect out. Called at least once for each; idempotent by its key.
    pub(crate) async fn carry_out(self, desk: Desk, of: EffectOf) -> Result<String, EffectError> {
        if !of.effect.kind.is_remote() {
            return Ok("recorded".to_owned());
        }
        let (writer, asked) = (desk.clone(), of.clone());
        let wanted = desk.db().write(move |tx| want(&writer, tx, &asked)).await;
        let wanted = wanted.map_err(|stop| match stop {
            Stop::Stuck(words) => EffectError::Stuck(words),
            Stop::Store(e) => later(&e),
        })?;
        let mut done = Vec::new();
        for change in &wanted {
            let Some(place) = Place::parse(&change.portal) else { continue };
            match self.send(&desk, place, CLIENT, &change.subject).await {
                Ok(p) => done.push(format!("{}: {} revision {} digest {}", p.portal, p.subject, p.revision, p.digest)),
                Err(Trouble { lasting: true, words, .. }) => return Err(EffectError::Stuck(words)),
                Err(Trouble { words, .. }) => return Err(EffectError::Later(words)),
            }
        }
        let (control, writer) = (self, desk.clone());
        let told = desk.db().write(move |tx| control.tell_people(&writer, tx, &of, &wanted)).await;
        told.map_err(|e| later(&e))?;
        Ok(if done.is_empty() { "nothing was open".to_owned() } else { done.join("; ") })
    }

    /// Has a portal confirm what is wanted of it, if it has not yet.
    pub(crate) async fn send(
        &self,
        desk: &Desk,
        place: Place,
        kind: &str,
        subject: &str,
    ) -> Result<Provision, Trouble> {
        let passing = |e: Error| Trouble { words: e.to_string(), lasting: false, code: None, revision: None };
        let (portal, what, id) = (place.as_str(), kind.to_owned(), subject.to_owned());
        let row = desk.db().read(move |tx| provisions::get(tx, portal, &what, &id)).await.map_err(passing)?;
        let row = row.ok_or_else(|| passing(Error::inconsistent("desk_provisions", "nothing is wanted")))?;
        if row.is_applied() {
            return Ok(row);
        }
        let (op, body) = instruction(&row).map_err(passing)?;
        let answer = tell(desk, &self.config().portal(place).origin, op, body).await;
        let now = desk.now();
        match answer {
            Ok(said) => {
                let digest = said["digest"].as_str().unwrap_or_default().to_owned();
                // A portal that confirms something else is not believed.
                if kind != crate::deliveries::MAINTENANCE && digest != row.digest {
                    let words =
                        format!("{}: it confirmed other settings than it was told", self.config().portal(place).origin);
                    let trouble = Trouble { words, lasting: true, code: None, revision: None };
                    return Err(self.note_failure(desk, &row, trouble).await);
                }
                let kept = row.clone();
                let digest = row.digest.clone();
                desk.db().write(move |tx| provisions::applied(tx, &kept, &digest, now)).await.map_err(passing)?;
                tracing::info!(portal, kind, subject, revision = row.revision, "a portal has confirmed its settings");
                Ok(row)
            }
            Err(trouble) => Err(self.note_failure(desk, &row, trouble).await),
        }
    }

    async fn note_failure(&self, desk: &Desk, row: &Provision, trouble: Trouble) -> Trouble {
        let (kept, words) = (row.clone(), trouble.words.clone());
        if let Err(error) = desk.db().write(move |tx| provisions::failed(tx, &kept, &words)).await {
            tracing::warn!(%error, "why a portal was not told could not be written down");
        }
        tracing::warn!(portal = row.portal, subject = row.subject, why = %trouble, "a portal has not confirmed");
        trouble
    }

    /// E-mails of what has been done: to the applicant how to connect, to each tester their link.
    fn tell_people(&self, desk: &Desk, tx: &mut Tx<'_>, of: &EffectOf, wanted: &[Change]) -> Result<(), Error> {
        let now = desk.now();
        let stem = match of.effect.kind {
            EffectKind::ProvisionTest => "mail-open-test",
            EffectKind::ProvisionVerification => "mail-open-check",
            EffectKind::StartService => "mail-started",
            EffectKind::ApplyChange => "mail-changed",
            EffectKind::SuspendNow => "mail-suspended",
            _ => return Ok(()),
        };
        let Some(Loaded { row, .. }) = load(tx, &of.case)? else { return Ok(()) };
        let Some(change) = wanted.first() else { return Ok(()) };
        let Some(place) = Place::parse(&change.portal) else { return Ok(()) };
        let portal = self.config().portal(place);
        let service = services::get(tx, &row.service)?.map(|s| s.name).unwrap_or_default();
        let link = desk.site().origin().url(&format!("/cases/{}", row.id));
        let key = format!("{stem}:{}", of.effect.key);
        desk.mail_org(tx, &row.org, now, |account| {
            Mail::new(stem, account)
                .arg("service", &service)
                .arg("portal", portal.name.get(account.lang))
                .arg("issuer", portal.origin.as_str())
                .arg("client", &change.subject)
                .arg("receipt", &row.receipt)
                .arg("link", &link)
                .once(&key)
        })?;
        if of.effect.kind == EffectKind::ProvisionVerification {
            testers::write_to(self, desk, tx, &change.subject, &service, now)?;
        }
        Ok(())
    }
}

/// The instruction that has a portal have it so.
fn instruction(row: &Provision) -> Result<(&'static str, Map<String, Value>), Error> {
    let value = row.value()?;
    let (op, name, value) = match row.kind.as_str() {
        CLIENT => ("put_client", "client", value),
        crate::deliveries::SERVICE => ("put_delivery_service", "delivery_service", value),
        crate::deliveries::MAINTENANCE if value["withdrawn"] == true => {
            ("withdraw_maintenance", "id", Value::from(row.subject.as_str()))
        }
        crate::deliveries::MAINTENANCE => ("put_maintenance", "window", value),
        kind => return Err(Error::inconsistent("desk_provisions.kind", kind.to_owned())),
    };
    Ok((op, Map::from_iter([(name.to_owned(), value)])))
}

/// Writes down what an effect wants of the portals: once for its key.
fn want(desk: &Desk, tx: &mut Tx<'_>, of: &EffectOf) -> Result<Vec<Change>, Stop> {
    let key = of.effect.key.as_str();
    let made = changes::of_key(tx, key)?;
    if !made.is_empty() {
        return Ok(made);
    }
    let now = desk.now();
    let Loaded { row, case, offered } =
        load(tx, &of.case)?.ok_or_else(|| Stop::Stuck("there is no such case".to_owned()))?;
    let service = services::get(tx, &row.service)?.ok_or_else(|| Stop::Stuck("there is no such service".to_owned()))?;
    let ctx = desk.context(&offered, now);
    let client = |tx: &mut Tx<'_>, place: Place, id: Option<&str>| -> Result<Option<ClientEntry>, Error> {
        let Some(id) = id else { return Ok(None) };
        let Some(p) = provisions::get(tx, place.as_str(), CLIENT, id)? else { return Ok(None) };
        serde_json::from_str(&p.desired).map(Some).map_err(|e| Error::inconsistent("desk_provisions.desired", e))
    };
    let test = client(tx, Place::Test, service.test_client_id.as_deref())?;
    let live = client(tx, Place::Production, service.production_client_id.as_deref())?;
    // What has ended never acts again: another application for the service begins with another client.
    let usable = |c: &Option<ClientEntry>| {
        c.as_ref().filter(|c| c.status != oauth::registry::ClientStatus::Terminated).map(|c| c.client_id.clone())
    };
    let live_id = usable(&live).unwrap_or_else(|| LiveClientId::new(now, desk.rng()).to_string());
    let ids = Ids {
        test: usable(&test).unwrap_or_else(|| TestClientId::new(now, desk.rng()).to_string()),
        check: check_id(&live_id, &case.receipt),
        live: live_id,
    };
    let check = client(tx, Place::Production, Some(&ids.check))?;
    let first = changes::of_case(tx, &row.id)?.into_iter().find(|c| c.portal == Place::Test.as_str());
    let test_before = first.and_then(|c| c.before).map(|b| serde_json::from_str(&b)).transpose();
    let standing = Standing {
        test,
        live,
        check,
        test_before: test_before.map_err(|e| Error::inconsistent("control_changes.before", e))?,
        was_live: service.live_since.is_some(),
    };
    let slots = if of.effect.kind == EffectKind::ProvisionVerification {
        let id = if standing.was_live { &ids.check } else { &ids.live };
        testers::seats(desk, tx, id, &procedures::settings::testers(&case, &ctx), now)?
    } else {
        Vec::new()
    };
    let planned = plan(&of.effect, &case, &ids, standing, slots, &ctx).map_err(|e| Stop::Stuck(e.to_string()))?;
    let mut out = Vec::new();
    for change in planned {
        out.push(put_client(tx, key, Some(&row.id), &service.id, change.place, change.client, now)?);
    }
    // The service's own clients, not the one beside it that a change is checked on.
    for change in out.iter().filter(|c| c.subject == ids.test || c.subject == ids.live) {
        provisions::set_client(tx, &service.id, change.portal == Place::Production.as_str(), &change.subject, now)?;
    }
    Ok(out)
}

/// The client beside a live one on which a change is checked.
pub(crate) fn check_id(live: &str, receipt: &str) -> String {
    let tail: String = receipt.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{live}.{tail}").chars().take(64).collect()
}

/// Writes down what a client is to be, as the next revision.
pub(crate) fn put_client(
    tx: &mut Tx<'_>,
    key: &str,
    case: Option<&str>,
    service: &str,
    place: Place,
    mut client: ClientEntry,
    now: Timestamp,
) -> Result<Change, Error> {
    let before = provisions::get(tx, place.as_str(), CLIENT, &client.client_id)?;
    let revision = before.as_ref().map_or(0, |p| p.revision) + 1;
    client.revision = u64::try_from(revision).unwrap_or(u64::MAX);
    let desired = serde_json::to_string(&client).map_err(|e| Error::inconsistent("desk_provisions.desired", e))?;
    let id = client.client_id.clone();
    provisions::put(tx, place.as_str(), CLIENT, &id, Some(service), &desired, revision, &digest(&client), now)?;
    let change = Change { portal: place.as_str().to_owned(), subject: id, revision, before: before.map(|p| p.desired) };
    if !changes::insert(tx, key, case, &change, now)? {
        // Another node carries the same effect out in the same moment.
        return Err(Error::Unavailable("somebody else carries this out".to_owned()));
    }
    Ok(change)
}
