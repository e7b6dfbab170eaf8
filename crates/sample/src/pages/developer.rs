//! `/developer` (test environment): what the desk's sheets ask for, and where the client id is entered that the desk gives.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use web::{Fault, FieldError, Form, Page, Refusal, Visit};

use crate::Sample;
use crate::config::ClientId;

#[derive(Serialize)]
pub(crate) struct Developer {
    pub(crate) redirect_uri: String,
    pub(crate) jwks_uri: String,
    pub(crate) portal: String,
    pub(crate) current: Option<String>,
    pub(crate) entered: String,
    pub(crate) saved: bool,
    pub(crate) missing: bool,
}

#[derive(Deserialize)]
pub(crate) struct Entered {
    client_id: String,
}

pub(crate) fn page(visit: &Visit, own: Developer) -> Page {
    visit.page("developer.html", "developer").at("/developer").back("/").with(own)
}

async fn view(app: &Sample, visit: &Visit) -> Result<Developer, Fault> {
    Ok(Developer {
        redirect_uri: app.0.config.redirect_uri(),
        jwks_uri: app.0.config.jwks_uri(),
        portal: app.0.config.portal.issuer.to_string(),
        current: app.0.portal.entered().await?,
        entered: String::new(),
        saved: visit.query("saved").is_some(),
        missing: visit.query("missing").is_some(),
    })
}

pub(crate) async fn show(State(app): State<Sample>, visit: Visit) -> Result<Response, Fault> {
    if !matches!(app.0.config.client, ClientId::Entered) {
        return Ok(Refusal::NotFound.into_response());
    }
    Ok(page(&visit, view(&app, &visit).await?).respond())
}

pub(crate) async fn enter(
    State(app): State<Sample>,
    visit: Visit,
    Form(form): Form<Entered>,
) -> Result<Response, Fault> {
    if !matches!(app.0.config.client, ClientId::Entered) {
        return Ok(Refusal::NotFound.into_response());
    }
    let id = form.client_id.trim().to_owned();
    if id.is_empty() || id.len() > 255 || !id.bytes().all(|b| b.is_ascii_graphic()) {
        let error = FieldError { field: "client_id".to_owned(), message: visit.text("developer-wrong", &[])? };
        let own = Developer { entered: id, saved: false, missing: false, ..view(&app, &visit).await? };
        return Ok(page(&visit, own).errors(vec![error]).respond());
    }
    app.0.portal.enter(id).await?;
    Ok(visit.redirect("/developer?saved=1"))
}
