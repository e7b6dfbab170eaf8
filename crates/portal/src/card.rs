//! The way back from the card reader's site, for every purpose.

use axum::extract::{Path, State};
use axum::response::Response;
use hub::Portal;
use hub::card::Reading;
use hub::store::challenges;
use journey::CardFailure;
use pki::Purpose;
use web::{Fault, Route, Routes, Visit, Who};

use crate::{authorize, run, sso};

/// The way back from the reader.
pub const ROUTES: &[Route] = &[Route::get("/card/return/{challenge}", Who::Browser)];

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.get("/card/return/{challenge}", came_back)
}

async fn came_back(State(portal): State<Portal>, Path(id): Path<String>, visit: Visit) -> Result<Response, Fault> {
    let key = id.clone();
    let Some(challenge) = portal.db().read(move |tx| challenges::get(tx, &key)).await? else {
        return Ok(authorize::unknown(&visit, "there is no such card challenge"));
    };
    if visit.known_browser().is_none_or(|b| b.hash() != challenge.browser) {
        return Ok(authorize::other_browser(&visit));
    }
    let Some(purpose) = Purpose::parse(&challenge.purpose) else {
        return Err(Fault::new("a stored challenge has an unknown purpose"));
    };
    // What follows uses up a handle: it goes on when the reader's page is left meanwhile, and a second
    // request for the same challenge waits for the first one's result.
    let Some(guard) = portal.in_flight().enter(&challenge.id) else {
        portal.wait_for(&challenge.id).await;
        return finish(&portal, &visit, purpose, Reading { result: Err(CardFailure::NotRead), challenge }, true).await;
    };
    let used = challenge.used_at.is_some();
    let handle = visit.query("handle").unwrap_or_default();
    let work = async move {
        let result =
            if used { Err(CardFailure::NotRead) } else { portal.read_card(&challenge, purpose, &handle).await };
        let answer = finish(&portal, &visit, purpose, Reading { challenge, result }, used).await;
        drop(guard);
        answer
    };
    run::detached(work).await?
}

async fn finish(
    portal: &Portal,
    visit: &Visit,
    purpose: Purpose,
    reading: Reading,
    used: bool,
) -> Result<Response, Fault> {
    match purpose {
        Purpose::AttributeLinkage => run::card::answered(portal, visit, reading, used).await,
        Purpose::SignIn | Purpose::Unlink => sso::card_answered(portal, visit, purpose, reading, used).await,
    }
}
