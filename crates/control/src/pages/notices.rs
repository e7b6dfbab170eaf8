//! `GET /notices`: what runs out or is due soon in the organisations of who is signed in.

use accounts::{Account, Realm, SignedIn};
use axum::extract::State;
use desk::kit::{Frame, orgs, page};
use desk::{Desk, Reply};
use serde::Serialize;
use web::{Page, Refusal, Visit};

use crate::warnings;

#[derive(Serialize)]
pub(crate) struct Notices {
    pub(crate) groups: Vec<Group>,
}

#[derive(Serialize)]
pub(crate) struct Group {
    pub(crate) org: String,
    pub(crate) warnings: Vec<warnings::View>,
}

pub(crate) fn notices_page(visit: &Visit, account: &Account, own: Notices) -> Page {
    page(visit, Frame::person(account, "notices"), "notices.html", "notices", own)
}

/// `GET /notices`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: SignedIn) -> Reply {
    if me.realm != Realm::Member {
        return Err(Refusal::NotFound.into());
    }
    let id = me.account.id.clone();
    let found = desk
        .db()
        .read(move |tx| {
            let mut out = Vec::new();
            for (org, _) in orgs::of_account(tx, &id)? {
                let open = warnings::open_of_org(tx, org.id.as_str())?;
                out.push((org.name, open));
            }
            Ok::<_, ::store::Error>(out)
        })
        .await?;
    let mut groups = Vec::new();
    for (org, open) in found {
        groups.push(Group { org, warnings: warnings::views(&desk, visit.lang(), &open)? });
    }
    Ok(notices_page(&visit, &me.account, Notices { groups }).respond())
}
