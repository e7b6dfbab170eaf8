//! `GET /`: for strangers what this is and where to begin; for people of API users what they have to do.

use accounts::MaybeSignedIn;
use axum::extract::State;
use serde::Serialize;
use web::{Page, Visit};

use crate::access::frame_of;
use crate::case::list::{CaseLine, case_lines};
use crate::frame::{Nothing, page};
use crate::org::{Organisation, Role};
use crate::store::orgs;
use crate::store::threads::{self, Thread};
use crate::{Desk, Reply};

#[derive(Serialize)]
pub(crate) struct Home {
    orgs: Vec<OrgLine>,
    /// What is waiting for the reader's organisations.
    tasks: Vec<CaseLine>,
    /// What is waiting for others of the reader's organisations.
    watched: Vec<CaseLine>,
    /// What is waiting for the desk.
    running: Vec<CaseLine>,
    answered: Vec<Thread>,
}

#[derive(Serialize)]
struct OrgLine {
    id: String,
    name: String,
    role: Role,
}

pub(crate) fn welcome(visit: &Visit, me: &MaybeSignedIn) -> Page {
    page(visit, frame_of(me, "home"), "welcome.html", "welcome", Nothing {})
}

pub(crate) fn home_page(visit: &Visit, me: &MaybeSignedIn, own: Home) -> Page {
    page(visit, frame_of(me, "home"), "home.html", "home", own)
}

pub(crate) fn view(mine: Vec<(Organisation, Role)>, cases: Vec<CaseLine>, answered: Vec<Thread>) -> Home {
    let (tasks, rest): (Vec<_>, Vec<_>) = cases.into_iter().partition(|c| c.waiting == "applicant");
    let (watched, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|c| c.waiting == "colleagues");
    Home {
        orgs: mine.into_iter().map(|(o, role)| OrgLine { id: o.id.to_string(), name: o.name, role }).collect(),
        tasks,
        watched,
        running: rest.into_iter().filter(|c| c.waiting == "desk").collect(),
        answered,
    }
}

/// `GET /`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: MaybeSignedIn) -> Reply {
    let Some(signed) = &me.0 else { return Ok(welcome(&visit, &me).respond()) };
    let (id, reader, lang) = (signed.account.id.clone(), desk.clone(), visit.lang());
    let own = desk
        .db()
        .read(move |tx| {
            let mine = orgs::of_account(tx, &id)?;
            let mut cases = Vec::new();
            for (org, role) in &mine {
                cases.extend(case_lines(&reader, tx, org.id.as_str(), *role, lang)?);
            }
            let answered = threads::for_person(tx, &id)?.into_iter().filter(|t| t.status == "answered").collect();
            Ok::<_, ::store::Error>(view(mine, cases, answered))
        })
        .await?;
    Ok(home_page(&visit, &me, own).respond())
}
