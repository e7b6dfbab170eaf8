//! `/orgs/{org}/start`: begins a procedure: an application for a new service, or a change, suspension, resumption,
//! termination of one that is there.

use axum::extract::State;
use procedures::{Initiator, Plain, Procedure};
use serde::{Deserialize, Serialize};
use web::{FieldError, Form, Page, Refusal, Visit};

use super::act::{ActError, state_of};
use crate::access::Member;
use crate::frame::{Frame, page};
use crate::store::{cases, services};
use crate::{Desk, Oops, Reply};

/// Longest name of a service in characters.
const LONGEST: usize = 100;

#[derive(Serialize)]
pub(crate) struct Start {
    org_id: String,
    org: String,
    /// Procedures for a new service.
    fresh: Vec<Offer>,
    /// Services with what can be begun for each.
    services: Vec<ServiceOffers>,
    name: String,
}

#[derive(Serialize)]
struct Offer {
    procedure: String,
    label: String,
    explanation: String,
}

#[derive(Serialize)]
struct ServiceOffers {
    id: String,
    name: String,
    status: String,
    offers: Vec<Offer>,
    /// Cases that are running for it.
    running: Vec<Running>,
}

#[derive(Serialize)]
struct Running {
    id: String,
    label: String,
}

#[derive(Deserialize)]
pub(crate) struct StartForm {
    procedure: String,
    /// An existing service; empty for a new one.
    #[serde(default)]
    service: String,
    /// The name of a new service.
    #[serde(default)]
    name: String,
}

fn offer(p: &Procedure, lang: base::Lang) -> Offer {
    Offer {
        procedure: p.id.clone(),
        label: p.label.get(lang).to_owned(),
        explanation: p.explanation.get(lang).to_owned(),
    }
}

async fn view(desk: &Desk, visit: &Visit, me: &Member, name: String) -> Result<Start, Oops> {
    let (org, reader, lang) = (me.org.id.clone(), desk.clone(), visit.lang());
    let services = desk
        .db()
        .read(move |tx| {
            let mut out = Vec::new();
            for service in services::of_org(tx, org.as_str())? {
                let state = state_of(&service)?;
                let open: Vec<_> =
                    cases::of_service(tx, &service.id)?.into_iter().filter(|c| c.closed_at.is_none()).collect();
                let can = |p: &&Procedure| {
                    p.initiator == Initiator::Applicant
                        && p.from.contains(&state)
                        && !open.iter().any(|c| c.kind == p.id)
                };
                let label = |kind: &str| {
                    reader.catalogue().procedure(kind).map_or_else(|| kind.to_owned(), |p| p.label.get(lang).to_owned())
                };
                out.push(ServiceOffers {
                    offers: reader.catalogue().procedures.iter().filter(can).map(|p| offer(p, lang)).collect(),
                    running: open.iter().map(|c| Running { id: c.id.clone(), label: label(&c.kind) }).collect(),
                    id: service.id,
                    name: service.name,
                    status: service.status,
                });
            }
            Ok::<_, ::store::Error>(out)
        })
        .await?;
    let fresh = desk
        .catalogue()
        .procedures
        .iter()
        .filter(|p| p.initiator == Initiator::Applicant && p.from.contains(&procedures::ServiceState::New));
    Ok(Start {
        org_id: me.org.id.to_string(),
        org: me.org.name.clone(),
        fresh: fresh.map(|p| offer(p, lang)).collect(),
        services,
        name,
    })
}

pub(crate) fn start_page(visit: &Visit, account: &accounts::Account, own: Start) -> Page {
    let (back, here) = (format!("/orgs/{}", own.org_id), format!("/orgs/{}/start", own.org_id));
    page(visit, Frame::person(account, "home"), "start.html", "start", own).back(back).at(here)
}

/// `GET /orgs/{org}/start`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: Member) -> Reply {
    me.must_edit()?;
    let own = view(&desk, &visit, &me, String::new()).await?;
    Ok(start_page(&visit, &me.account, own).respond())
}

/// `POST /orgs/{org}/start`
pub(crate) async fn begin(State(desk): State<Desk>, visit: Visit, me: Member, Form(form): Form<StartForm>) -> Reply {
    me.must_edit()?;
    let name = web::form::line(&form.name);
    let fresh = form.service.is_empty();
    if fresh && (name.is_empty() || name.chars().count() > LONGEST || Plain::new(name.as_str()).is_err()) {
        let error = FieldError { field: "name".to_owned(), message: visit.text("start-name-missing", &[])? };
        let own = view(&desk, &visit, &me, name).await?;
        return Ok(start_page(&visit, &me.account, own).errors(vec![error]).respond());
    }
    let (writer, org, by) = (desk.clone(), me.org.id.clone(), me.by());
    let begun = desk
        .db()
        .write(move |tx| {
            let service = if fresh {
                writer.new_service(tx, org.as_str(), &name)?
            } else {
                services::get(tx, &form.service)?.filter(|s| s.org == org.as_str()).ok_or(ActError::NoSuchCase)?
            };
            writer.open_in(tx, &form.procedure, &service, &by, Plain::default())
        })
        .await;
    match begun {
        Ok(id) => Ok(visit.redirect(&format!("/cases/{id}"))),
        Err(ActError::NoSuchCase) => Err(Refusal::NotFound.into()),
        Err(ActError::Store(e)) => Err(e.into()),
        Err(ActError::Refused(refusal)) => {
            let message = refusal.message().get(visit.lang()).to_owned();
            let error = FieldError { field: "start".to_owned(), message };
            let own = view(&desk, &visit, &me, String::new()).await?;
            Ok(start_page(&visit, &me.account, own).errors(vec![error]).respond())
        }
        Err(ActError::Raced) => Ok(visit.redirect(&format!("/orgs/{}/start", me.org.id))),
    }
}
