//! `/staff/control/{portal}/{kind}/{subject}`: one thing that is wanted of a portal, in every detail.

use axum::extract::{Path, State};
use base::Timestamp;
use desk::kit::{StaffMember, page, services};
use desk::{ActError, Desk, Oops, Reply};
use procedures::Plain;
use procedures::case::{Event, Proposal};
use serde::{Deserialize, Serialize};
use web::{FieldError, Form, Page, Refusal, Visit};

use super::overview::status_word;
use super::{must_operate, operates};
use crate::Control;
use crate::config::Place;
use crate::drift::{Drift, differences};
use crate::provision::CLIENT;
use crate::store::{provisions, seen};

/// Longest note or reason in characters.
const LONGEST: usize = 2_000;

#[derive(Serialize)]
pub(crate) struct Detail {
    pub(crate) portal: String,
    pub(crate) portal_name: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) service: String,
    pub(crate) service_id: Option<String>,
    pub(crate) status: String,
    pub(crate) revision: i64,
    pub(crate) digest: String,
    pub(crate) wanted_at: Timestamp,
    pub(crate) applied_at: Option<Timestamp>,
    pub(crate) applied: bool,
    pub(crate) error: Option<String>,
    /// The settings as they are told, readable.
    pub(crate) settings: String,
    pub(crate) drift: Option<Drift>,
    pub(crate) operator: bool,
    /// Whether suspension at once can be proposed.
    pub(crate) may_suspend: bool,
    pub(crate) note: String,
    pub(crate) reason: String,
}

#[derive(Deserialize)]
pub(crate) struct Note {
    note: String,
}

#[derive(Deserialize)]
pub(crate) struct Suspend {
    service: String,
    subject: String,
    reason: String,
}

pub(crate) fn detail_page(visit: &Visit, desk: &Desk, me: &StaffMember, own: Detail) -> Page {
    let here = format!("/staff/control/{}/{}/{}", own.portal, own.kind, own.subject);
    let frame = desk.staff_frame(me, "control");
    page(visit, frame, "control-client.html", "control-client", own).back("/staff/control").at(here)
}

async fn view(
    control: &Control,
    desk: &Desk,
    visit: &Visit,
    me: &StaffMember,
    place: Place,
    kind: &str,
    subject: &str,
) -> Result<Detail, Oops> {
    let (k, s) = (kind.to_owned(), subject.to_owned());
    let found = desk
        .db()
        .read(move |tx| {
            let Some(p) = provisions::get(tx, place.as_str(), &k, &s)? else { return Ok(None) };
            let service = match &p.service {
                Some(id) => services::get(tx, id)?,
                None => None,
            };
            Ok::<_, ::store::Error>(Some((p, service, seen::all(tx)?, seen::looks(tx)?)))
        })
        .await?;
    let (p, service, seen, looks) = found.ok_or(Refusal::NotFound)?;
    let now = desk.now();
    let drift = differences(std::slice::from_ref(&p), &seen, &looks, now)
        .into_iter()
        .find(|d| d.kind == p.kind && d.subject == p.subject && d.portal == p.portal);
    let active = service.as_ref().is_some_and(|s| s.status == "active");
    let live = service.as_ref().is_some_and(|s| s.production_client_id.as_ref() == Some(&p.subject));
    Ok(Detail {
        portal: p.portal.clone(),
        portal_name: control.config().portal(place).name.get(visit.lang()).to_owned(),
        kind: p.kind.clone(),
        subject: p.subject.clone(),
        service: service.as_ref().map(|s| s.name.clone()).unwrap_or_default(),
        service_id: service.map(|s| s.id),
        status: status_word(&p, now),
        revision: p.revision,
        digest: p.digest.clone(),
        wanted_at: p.wanted_at,
        applied_at: p.applied_at,
        applied: p.is_applied(),
        error: p.last_error.clone(),
        settings: serde_json::to_string_pretty(&p.value()?)?,
        drift,
        operator: operates(me),
        may_suspend: operates(me) && active && live && p.kind == CLIENT && place == Place::Production,
        note: String::new(),
        reason: String::new(),
    })
}

/// `GET /staff/control/{portal}/{kind}/{subject}`
pub(crate) async fn show(
    control: Control,
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path((portal, kind, subject)): Path<(String, String, String)>,
) -> Reply {
    me.must_be(super::LOOKERS)?;
    let place = Place::parse(&portal).ok_or(Refusal::NotFound)?;
    let own = view(&control, &desk, &visit, &me, place, &kind, &subject).await?;
    Ok(detail_page(&visit, &desk, &me, own).respond())
}

fn missing(text: &str) -> bool {
    text.is_empty() || text.chars().count() > LONGEST
}

/// `POST /staff/control/{portal}/{kind}/{subject}/again`: tells the portal once more what is wanted of it.
pub(crate) async fn again(
    control: Control,
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path((portal, kind, subject)): Path<(String, String, String)>,
    Form(form): Form<Note>,
) -> Reply {
    must_operate(&me)?;
    let place = Place::parse(&portal).ok_or(Refusal::NotFound)?;
    let note = form.note.trim().to_owned();
    if missing(&note) {
        let message = visit.text("control-note-missing", &[])?;
        let own = view(&control, &desk, &visit, &me, place, &kind, &subject).await?;
        let error = FieldError { field: "note".to_owned(), message };
        return Ok(detail_page(&visit, &desk, &me, Detail { note, ..own }).errors(vec![error]).respond());
    }
    let found = control.apply_again(&desk, (place, &kind, &subject), me.id(), &note).await?;
    if !found {
        return Err(Refusal::NotFound.into());
    }
    Ok(visit.redirect("/staff/control?done=again"))
}

/// `POST /staff/control/suspend`: proposes to suspend a client at once; another person approves.
pub(crate) async fn suspend(
    control: Control,
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Form(form): Form<Suspend>,
) -> Reply {
    must_operate(&me)?;
    let text = form.reason.trim().to_owned();
    let reason = Plain::new(text.clone()).ok().filter(|_| !missing(&text));
    let refused = async |message: String| -> Reply {
        let own = view(&control, &desk, &visit, &me, Place::Production, CLIENT, &form.subject).await?;
        let error = FieldError { field: "reason".to_owned(), message };
        Ok(detail_page(&visit, &desk, &me, Detail { reason: text.clone(), ..own }).errors(vec![error]).respond())
    };
    let Some(reason) = reason else { return refused(visit.text("control-reason-missing", &[])?).await };
    let (writer, by, service) = (desk.clone(), me.by(), form.service.clone());
    let opened = desk
        .db()
        .write(move |tx| {
            let service = services::get(tx, &service)?.ok_or(ActError::NoSuchCase)?;
            let id = writer.open_in(tx, "emergency", &service, &by, reason.clone())?;
            let proposal = Proposal { note: reason, ..Proposal::default() };
            writer.act_in(tx, id.as_str(), Event::Review(proposal), &by, |_, _| Ok(()))?;
            Ok::<_, ActError>(id)
        })
        .await;
    match opened {
        Ok(id) => Ok(visit.redirect(&format!("/staff/cases/{id}"))),
        Err(ActError::Refused(refusal)) => refused(refusal.message().get(visit.lang()).to_owned()).await,
        Err(ActError::Raced) => refused(visit.text("control-raced", &[])?).await,
        Err(ActError::NoSuchCase) => Err(Refusal::NotFound.into()),
        Err(ActError::Store(e)) => Err(e.into()),
    }
}
