//! The citizen's page: linked services, opening them, undoing a link, API users with a living grant.
//!
//! | path | page | what |
//! |---|---|---|
//! | `GET /me` | `me` | linked services, what ended, API users that may still fetch |
//! | `GET /me/linkages/{id}` | `linkage` | one linkage |
//! | `GET /me/linkages/{id}/open` | – | to the service, signed in (third-party-initiated login) |
//! | `GET /me/linkages/{id}/unlink` | `unlink` | what unlinking does; asks for the card when it was read long ago |
//! | `POST /me/linkages/{id}/unlink/card` | – | to the reader |
//! | `POST /me/linkages/{id}/unlink` | – | unlinks |
//! | `GET /me/linkages/{id}/unlinked` | `unlinked` | done |
//! | `POST /me/grants/revoke` | – | ends what an API user may fetch |

mod grants;
mod index;
mod linkage;
mod unlink;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::{Lang, Timestamp};
use serde::{Deserialize, Serialize};
use web::{Fault, Refusal, Route, Routes, Visit, Who};

use crate::sign_in::{self, Next, Session};
use hub::Portal;
use hub::deliveries::Delivery;
use hub::store::linkages::{self, LinkageRow};

/// The citizen's page.
pub const ROUTES: &[Route] = &[
    Route::get("/", Who::Public),
    Route::get("/me", Who::Citizen),
    Route::get("/me/linkages/{id}", Who::Citizen),
    Route::get("/me/linkages/{id}/open", Who::Citizen),
    Route::get("/me/linkages/{id}/unlink", Who::Citizen),
    Route::post("/me/linkages/{id}/unlink", Who::Citizen),
    Route::post("/me/linkages/{id}/unlink/card", Who::Citizen),
    Route::get("/me/linkages/{id}/unlinked", Who::Citizen),
    Route::post("/me/grants/revoke", Who::Citizen),
];

/// The templates of these pages.
pub const TEMPLATES: &[(&str, &str)] =
    web::templates!["me/account.html", "me/index.html", "me/linkage.html", "me/unlink.html", "me/unlinked.html"];

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes
        .get("/", root)
        .get("/me", index::show)
        .get("/me/linkages/{id}", linkage::show)
        .get("/me/linkages/{id}/open", linkage::open)
        .get("/me/linkages/{id}/unlink", unlink::show)
        .post("/me/linkages/{id}/unlink", unlink::confirm)
        .post("/me/linkages/{id}/unlink/card", unlink::card)
        .get("/me/linkages/{id}/unlinked", unlink::unlinked)
        .post("/me/grants/revoke", grants::revoke)
}

/// The portal's address itself leads to the citizen's page.
async fn root(State(_): State<Portal>, visit: Visit) -> Response {
    visit.redirect("/me")
}

/// A form without fields of its own.
#[derive(Deserialize)]
struct Nothing {}

/// The path of a linkage's page.
fn path(id: &str) -> String {
    format!("/me/linkages/{id}")
}

/// How a linkage stands, in words of the texts: `me-state-{…}`, and the colour that goes with the words.
#[derive(Clone, Debug, Serialize)]
struct Standing {
    state: &'static str,
    kind: &'static str,
    /// The end of a maintenance.
    until: Option<Timestamp>,
    note: Option<String>,
}

impl Standing {
    fn of(delivery: Option<&Arc<Delivery>>, now: Timestamp, lang: Lang) -> Self {
        let plain = |state, kind| Self { state, kind, until: None, note: None };
        match delivery {
            Some(d) if d.active => match d.maintenance(now) {
                Some(window) => Self {
                    state: "maintenance",
                    kind: "warning",
                    until: Some(window.ends_at),
                    note: match lang {
                        Lang::Ja => window.note_ja.clone(),
                        Lang::En => window.note_en.clone(),
                    },
                },
                None => plain("linked", "success"),
            },
            _ => plain("suspended", "error"),
        }
    }
}

/// The signed-in citizen's linkage, or what to answer instead. Somebody else's looks like none.
async fn own(
    portal: &Portal,
    visit: &Visit,
    id: &str,
    page: &str,
) -> Result<Result<(Session, LinkageRow), Response>, Fault> {
    let Some(session) = sign_in::session(portal, visit).await? else {
        let next = Next::parse(page).unwrap_or_else(Next::home);
        return Ok(Err(sign_in::ask(visit, &next)));
    };
    let key = id.to_owned();
    let row = portal.db().read(move |tx| linkages::get(tx, &key)).await?;
    Ok(match row.filter(|l| l.citizen_id == session.citizen_id && l.linked_at.is_some()) {
        Some(row) => Ok((session, row)),
        None => Err(Refusal::NotFound.into_response()),
    })
}

/// The name of an API user for a reader; its id when it is gone.
async fn client_name(portal: &Portal, id: &str, lang: Lang) -> store::Result<String> {
    let client = portal.provider().client(id).await?;
    Ok(client.map_or_else(|| id.to_owned(), |c| c.registered.metadata.name.get(lang).to_owned()))
}

#[cfg(test)]
mod samples;
#[cfg(test)]
pub(crate) use samples::samples;
