//! `/staff/control`: what is wanted of the portals, what they have confirmed, how they differ.

use axum::extract::State;
use base::Timestamp;
use desk::kit::{StaffMember, page, services};
use desk::{Desk, Reply};
use serde::Serialize;
use web::{Form, Page, Visit};

use super::{Pressed, must_operate, operates};
use crate::Control;
use crate::config::Place;
use crate::drift::{Drift, differences};
use crate::plan::status_at;
use crate::provision::CLIENT;
use crate::store::provisions::{self, Provision};
use crate::store::seen;
use crate::warnings;

#[derive(Serialize)]
pub(crate) struct Overview {
    pub(crate) done: Option<String>,
    pub(crate) portals: Vec<Portal>,
    pub(crate) drifts: Vec<Drift>,
    pub(crate) clients: Vec<Line>,
    pub(crate) others: Vec<Line>,
    pub(crate) warnings: Vec<warnings::View>,
    pub(crate) operator: bool,
}

#[derive(Serialize)]
pub(crate) struct Portal {
    pub(crate) id: &'static str,
    pub(crate) name: String,
    pub(crate) origin: String,
    pub(crate) looked_at: Option<Timestamp>,
    pub(crate) error: Option<String>,
}

/// One thing that is wanted.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) portal: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    /// The service's name.
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) revision: i64,
    pub(crate) applied: bool,
    pub(crate) wanted_at: Timestamp,
    pub(crate) error: Option<String>,
}

/// What a client's status is by what is wanted of it.
pub(crate) fn status_word(p: &Provision, now: Timestamp) -> String {
    let Ok(value) = p.value() else { return "unknown".to_owned() };
    if p.kind != CLIENT {
        return if value["withdrawn"] == true { "withdrawn" } else { value["status"].as_str().unwrap_or("active") }
            .to_owned();
    }
    let client: Result<oauth::registry::ClientEntry, _> = serde_json::from_value(value);
    let status = client.ok().and_then(|c| serde_json::to_value(status_at(&c, now)).ok());
    status.and_then(|s| s.as_str().map(str::to_owned)).unwrap_or_else(|| "unknown".to_owned())
}

pub(crate) fn overview_page(visit: &Visit, desk: &Desk, me: &StaffMember, own: Overview) -> Page {
    page(visit, desk.staff_frame(me, "control"), "control.html", "control", own).at("/staff/control")
}

async fn view(control: &Control, desk: &Desk, visit: &Visit, me: &StaffMember) -> Result<Overview, ::store::Error> {
    let (now, lang) = (desk.now(), visit.lang());
    let (wanted, seen, looks, names, open) = desk
        .db()
        .read(move |tx| {
            let wanted = provisions::all(tx)?;
            let names = services::all(tx)?;
            Ok::<_, ::store::Error>((wanted, seen::all(tx)?, seen::looks(tx)?, names, warnings::open_for_staff(tx)?))
        })
        .await?;
    let line = |p: &Provision| Line {
        portal: p.portal.clone(),
        kind: p.kind.clone(),
        subject: p.subject.clone(),
        name: names.iter().find(|s| Some(&s.id) == p.service.as_ref()).map(|s| s.name.clone()).unwrap_or_default(),
        status: status_word(p, now),
        revision: p.revision,
        applied: p.is_applied(),
        wanted_at: p.wanted_at,
        error: p.last_error.clone(),
    };
    let portal = |place: Place| {
        let look = looks.iter().find(|l| l.portal == place.as_str());
        let config = control.config().portal(place);
        Portal {
            id: place.as_str(),
            name: config.name.get(lang).to_owned(),
            origin: config.origin.to_string(),
            looked_at: look.map(|l| l.at),
            error: look.and_then(|l| l.error.clone()),
        }
    };
    Ok(Overview {
        done: visit.query("done").filter(|d| matches!(d.as_str(), "looked" | "again")),
        portals: Place::ALL.into_iter().map(portal).collect(),
        drifts: differences(&wanted, &seen, &looks, now),
        clients: wanted.iter().filter(|p| p.kind == CLIENT).map(line).collect(),
        others: wanted.iter().filter(|p| p.kind != CLIENT).map(line).collect(),
        warnings: warnings::views(desk, lang, &open)?,
        operator: operates(me),
    })
}

/// `GET /staff/control`
pub(crate) async fn show(control: Control, State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    me.must_be(super::LOOKERS)?;
    let own = view(&control, &desk, &visit, &me).await?;
    Ok(overview_page(&visit, &desk, &me, own).respond())
}

/// `POST /staff/control/look`: compares now.
pub(crate) async fn look(
    control: Control,
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Form(_): Form<Pressed>,
) -> Reply {
    must_operate(&me)?;
    for place in Place::ALL {
        // What went wrong is kept and shown with the portal.
        if let Err(trouble) = control.look(&desk, place).await {
            tracing::warn!(portal = place.as_str(), why = %trouble, "a portal can't be compared");
        }
    }
    Ok(visit.redirect("/staff/control?done=looked"))
}
