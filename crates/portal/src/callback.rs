//! Back from the delivery service: whose browser, which attempt. What follows is
//! [`hub::linking::callback`].

use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::codec::sha256_b64url;
use hub::Portal;
use hub::linking::CALLBACK;
use hub::linking::callback::Attempt;
use hub::run::step::{Around, Way, up_to_date};
use hub::store::{hand_overs, journeys};
use journey::Refusal;
use oauth::response::AuthorizationResponse;
use web::{Fault, Route, Routes, Visit, Who};

use crate::authorize;
use crate::run::press::Taken;
use crate::run::{detached, finish, pages};

/// The way back from a delivery service.
pub const ROUTES: &[Route] = &[Route::get(CALLBACK, Who::Browser)];

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.get(CALLBACK, came_back)
}

/// `GET /link/callback`
async fn came_back(State(portal): State<Portal>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let query = query.unwrap_or_default();
    let Some(state) = AuthorizationResponse::peek_state(&query) else {
        return Ok(authorize::unknown(&visit, "the callback has no state"));
    };
    let key = sha256_b64url(&state);
    let found = portal.db().read(move |tx| {
        let Some(hand_over) = hand_overs::get(tx, &key)? else { return Ok(None) };
        Ok::<_, store::Error>(journeys::get(tx, &hand_over.journey_id)?.map(|run| (hand_over, run)))
    });
    let Some((hand_over, run)) = found.await? else {
        return Ok(authorize::unknown(&visit, "the callback's state is not known"));
    };
    // The attacker who sent somebody the address of an attempt of their own ends here.
    if visit.known_browser().is_none_or(|b| b.hash() != run.browser) {
        return Ok(authorize::other_browser(&visit));
    }
    let around = Around::new(&portal, visit.lang()).await?;
    match up_to_date(&run, portal.clock().now()).awaits(&hand_over.linkage_id, portal.clock().now()) {
        Ok(()) => {}
        Err(Refusal::Stale) => return Ok(pages::elsewhere(&visit, &run.id)),
        Err(_) => return finish(&around, &visit, &run.id, Taken::Way(Way::Run)).await,
    }
    let Some(guard) = portal.in_flight().enter(&hand_over.linkage_id) else {
        portal.wait_for(&hand_over.linkage_id).await;
        return finish(&around, &visit, &run.id, Taken::Way(Way::Run)).await;
    };
    let journey_id = run.id.clone();
    let work = {
        let around = around.clone();
        async move {
            let way = Attempt { around, hand_over, run }.run(&query).await;
            drop(guard);
            way
        }
    };
    let way = detached(work).await??;
    finish(&around, &visit, &journey_id, Taken::Way(way)).await
}
