//! `/`: what this is, who the test people are, and putting their cards back.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::{PersonLine, lines};
use crate::App;
use crate::request::{Parameters, ReadRequest};

#[derive(Serialize)]
struct Context {
    people: Vec<PersonLine>,
    reset: bool,
}

pub(crate) fn page(visit: &Visit, reset: bool) -> Page {
    visit.page("home.html", "cards").with(Context { people: lines(visit.lang()), reset })
}

pub(crate) async fn show(visit: Visit) -> Response {
    page(&visit, visit.query("reset").is_some()).respond()
}

/// The parameters of the reading under way, when the button was pressed on its page.
#[derive(Deserialize)]
pub(crate) struct ResetForm {
    #[serde(default)]
    origin: String,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    return_to: String,
}

pub(crate) async fn reset(
    State(app): State<App>,
    visit: Visit,
    Form(form): Form<ResetForm>,
) -> Result<Response, Fault> {
    app.cards.reset().await?;
    let ResetForm { origin, nonce, session, expires, purpose, return_to } = form;
    let parameters = Parameters { origin, nonce, session, expires, purpose, return_to };
    Ok(match ReadRequest::parse(&parameters, &app.relying_parties, app.clock.now()) {
        Ok(request) => visit.redirect(&format!("{}&reset=done", request.page())),
        Err(_) => visit.redirect("/?reset=done"),
    })
}
