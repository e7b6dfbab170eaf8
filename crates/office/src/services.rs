//! `/staff/services`: services with their state, and the suspension at once.

use axum::extract::{Path, State};
use base::Timestamp;
use desk::kit::{Frame, StaffMember, cases, orgs, page, services};
use desk::staff::StaffRole;
use desk::{ActError, Desk, Oops, Reply};
use procedures::Initiator;
use procedures::case::{Event, Proposal};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Upload, Visit};

use crate::shared::{plain, wrong};

/// The procedure by which the desk suspends at once.
const EMERGENCY: &str = "emergency";

#[derive(Serialize)]
pub(crate) struct Services {
    pub(crate) lines: Vec<Line>,
    pub(crate) may_suspend: bool,
}

#[derive(Clone, Serialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) org: String,
    pub(crate) status: String,
    pub(crate) since: Option<Timestamp>,
    pub(crate) test: Option<String>,
    pub(crate) production: Option<String>,
    /// The case by which it is being suspended at once.
    pub(crate) emergency: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Suspend {
    pub(crate) line: Line,
    pub(crate) reason: String,
}

fn line(tx: &mut ::store::Tx<'_>, s: services::Service) -> Result<Line, ::store::Error> {
    let open = cases::of_service(tx, &s.id)?;
    Ok(Line {
        org: orgs::get(tx, &s.org)?.map(|o| o.name).unwrap_or_default(),
        emergency: open.into_iter().find(|c| c.kind == EMERGENCY && c.closed_at.is_none()).map(|c| c.id),
        id: s.id,
        name: s.name,
        status: s.status,
        since: s.live_since,
        test: s.test_client_id,
        production: s.production_client_id,
    })
}

pub(crate) fn list_page(visit: &Visit, frame: Frame, own: Services) -> Page {
    page(visit, frame, "staff-services.html", "staff-services", own)
}

/// `GET /staff/services`
pub(crate) async fn list(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    let lines = desk
        .db()
        .read(|tx| {
            let all = services::all(tx)?;
            all.into_iter().map(|s| line(tx, s)).collect::<Result<Vec<_>, ::store::Error>>()
        })
        .await?;
    let own = Services { lines, may_suspend: me.roles.has(StaffRole::Operator) };
    Ok(list_page(&visit, desk.staff_frame(&me, "staff-services"), own).respond())
}

pub(crate) fn suspend_page(visit: &Visit, frame: Frame, own: Suspend) -> Page {
    let here = format!("/staff/services/{}/suspend", own.line.id);
    page(visit, frame, "staff-suspend.html", "staff-suspend", own).back("/staff/services").at(here)
}

async fn one(desk: &Desk, service: String) -> Result<Line, Oops> {
    let found = desk.db().read(move |tx| match services::get(tx, &service)? {
        Some(s) => line(tx, s).map(Some),
        None => Ok(None),
    });
    found.await?.ok_or(Oops::Refusal(Refusal::NotFound))
}

fn prove(visit: &Visit, service: &str) -> axum::response::Response {
    visit.redirect(&format!("/staff/account/again?next=/staff/services/{service}/suspend"))
}

/// `GET /staff/services/{service}/suspend`
pub(crate) async fn ask(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(id): Path<String>) -> Reply {
    me.must_be(&[StaffRole::Operator])?;
    let line = one(&desk, id).await?;
    if !me.fresh {
        return Ok(prove(&visit, &line.id));
    }
    let own = Suspend { line, reason: String::new() };
    Ok(suspend_page(&visit, desk.staff_frame(&me, "staff-services"), own).respond())
}

/// `POST /staff/services/{service}/suspend`: begins the case and proposes it in one go; when another person approves, the
/// service is suspended at once.
pub(crate) async fn suspend(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(&[StaffRole::Operator])?;
    let line = one(&desk, id.clone()).await?;
    if !me.fresh {
        return Ok(prove(&visit, &line.id));
    }
    let again = |error: FieldError, reason: String| {
        let own = Suspend { line: line.clone(), reason };
        Ok(suspend_page(&visit, desk.staff_frame(&me, "staff-services"), own).errors(vec![error]).respond())
    };
    let reason = match plain(&form, &visit, "reason")? {
        Ok(reason) => reason,
        Err(error) => return again(error, String::new()),
    };
    let said = reason.as_str().to_owned();
    if said.is_empty() || said.chars().count() > desk::kit::LONGEST_BODY {
        return again(wrong(&visit, "reason", "st-suspend-reason-missing")?, said);
    }
    let known = desk.catalogue().procedure(EMERGENCY).filter(|p| p.initiator == Initiator::Desk);
    known.ok_or_else(|| web::Fault::new("the catalogue has no procedure by which the desk suspends"))?;
    let (writer, by) = (desk.clone(), me.by());
    let begun = desk
        .db()
        .write(move |tx| {
            let service = services::get(tx, &id)?.ok_or(ActError::NoSuchCase)?;
            let case = writer.open_in(tx, EMERGENCY, &service, &by, reason.clone())?;
            let event = Event::Review(Proposal { note: reason, ..Proposal::default() });
            writer.act_in(tx, case.as_str(), event, &by, |_, _| Ok(()))?;
            Ok(case)
        })
        .await;
    match begun {
        Ok(case) => Ok(visit.redirect(&format!("/staff/cases/{case}?done=suspended"))),
        Err(ActError::Refused(refusal)) => {
            let error =
                FieldError { field: "reason".to_owned(), message: refusal.message().get(visit.lang()).to_owned() };
            again(error, said)
        }
        Err(ActError::Raced) => Ok(visit.redirect("/staff/services")),
        Err(ActError::NoSuchCase) => Err(Refusal::NotFound.into()),
        Err(ActError::Store(e)) => Err(e.into()),
    }
}
