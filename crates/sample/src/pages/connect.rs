//! `POST /connect`: asks the portal for a run (PAR) and sends the citizen there.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use oauth::fapi::{AuthorizationRequest, ClientError};
use oauth::rar::{
    AttributeLinkage, DeliveredDocuments, Detail, Details, DocumentAction, IfLinked, MAX_MESSAGE, ServiceRequest,
    UserRegistration,
};
use web::form::Fields;
use web::{Environment, Fault, FieldError, Form, Refusal, Visit};

use crate::config::ClientId;
use crate::outcome::Outcome;
use crate::portal::PortalError;
use crate::run::{self, Ask, Choice, Learned, RunId};
use crate::store::runs::{self, NewRun};
use crate::{Sample, pages};

pub(crate) async fn post(
    State(app): State<Sample>,
    visit: Visit,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    let config = &app.0.config;
    // Boxes: `service-1`, `service-2` and so on, each with an id.
    let named = fields.iter().filter(|(name, _)| name.starts_with("service-"));
    let services: Vec<String> = named.map(|(_, id)| id.to_owned()).collect();
    let boxes = fields.get("choose").is_some();
    let Ok(mut choice) = fields.into_type::<Choice>() else { return Ok(Refusal::Form.into_response()) };
    if config.environment == Environment::Production {
        choice = Choice { ask: choice.ask, ..Choice::default() };
    }
    if !services.iter().all(|id| config.delivery_services.iter().any(|d| d.id == *id)) {
        return Ok(Refusal::Form.into_response());
    }
    if boxes && services.is_empty() {
        let message = visit.text("start-services-none", &[])?;
        let errors = vec![FieldError { field: "services".to_owned(), message }];
        return Ok(pages::start::page(&app, &visit, choice, errors).await?.respond());
    }
    choice.services = services;
    if choice.message.len() > MAX_MESSAGE {
        let message = visit.text("start-message-long", &[("max", &MAX_MESSAGE.to_string())])?;
        let errors = vec![FieldError { field: "message".to_owned(), message }];
        return Ok(pages::start::page(&app, &visit, choice, errors).await?.respond());
    }

    if matches!(config.client, ClientId::Entered) && app.0.portal.entered().await?.is_none() {
        // Nobody can know us yet: first the desk, then its client id.
        return Ok(visit.redirect("/developer?missing=1"));
    }
    let mut redirect_uri = config.redirect_uri();
    if choice.unregistered {
        redirect_uri.push_str("-unregistered");
    }
    let request = AuthorizationRequest {
        redirect_uri,
        authorization_details: details(&app, &choice),
        ui_locales: Some(visit.lang().tag().to_owned()),
        // Scopes are filled in by what the portal knows.
        ..AuthorizationRequest::default()
    };
    let new = NewRun {
        id: RunId::new(app.0.clock.now(), &app.0.rng).to_string(),
        browser: visit.browser().hash(),
        asked: serde_json::to_string(&choice)?,
        now: app.0.clock.now(),
    };
    match app.0.portal.push(&request).await {
        Ok(pushed) => {
            // `state` is a door: stored as a hash, like a password. The whole (with nonce and PKCE
            // verifier) is sealed. Both hang on this browser's cookie: nobody else can come back with it.
            let state = base::codec::sha256_b64url(&pushed.state);
            let sealed = run::seal_pushed(&app.0.sealer, &pushed)?;
            app.0.db.write(move |tx| runs::insert(tx, &new, &state, &sealed)).await?;
            Ok(visit.redirect(&pushed.authorization_url))
        }
        // The portal does not take it. That is an end like any other: page ⑦ says it, and nothing is lost.
        Err(PortalError::Client(error)) => {
            tracing::warn!(receipt = %visit.receipt(), %error, "the portal did not take the pushed request");
            let (outcome, learned) = refused(&error);
            let end = run::end(&app.0.sealer, outcome, &learned, None)?;
            let to = format!("/result?run={}", new.id);
            app.0.db.write(move |tx| runs::insert_ended(tx, &new, &end)).await?;
            Ok(visit.redirect(&to))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is asked for, as RFC 9396 `authorization_details`.
fn details(app: &Sample, choice: &Choice) -> Details {
    let config = &app.0.config;
    let ids: Vec<String> = choice.ids(config).into_iter().map(str::to_owned).collect();
    let documents = Detail::DeliveredDocuments(DeliveredDocuments {
        actions: vec![DocumentAction::List, DocumentAction::Read],
        // No more than the form needs: its three certificates, its year, today.
        document_types: Some(document::Form::ALL.map(|f| f.code().to_owned()).to_vec()),
        years: Some(vec![app.tax_year()]),
        delivery_services: Some(ids.clone()),
        period_days: 1,
    });
    if choice.ask == Ask::Documents {
        return Details::of(vec![documents]);
    }
    let message = |id: &str| (!choice.message.is_empty()).then(|| choice.message.replace("{service}", id));
    let linkage = Detail::AttributeLinkage(AttributeLinkage {
        delivery_services: ids.into_iter().map(|id| ServiceRequest { message: message(&id), id }).collect(),
        if_linked: if choice.reconfirm { IfLinked::Reconfirm } else { IfLinked::Return },
    });
    Details::of(vec![linkage, Detail::UserRegistration(UserRegistration {}), documents])
}

/// How a refusal at the PAR endpoint is told to the citizen.
fn refused(error: &ClientError) -> (Outcome, Learned) {
    let said = |error: &str, description: &str| Some((error.to_owned(), description.to_owned()));
    let (outcome, error) = match error {
        ClientError::Network(e) => (Outcome::TemporarilyUnavailable, said("no answer", &e.to_string())),
        ClientError::OAuth { status, error, description } => {
            let outcome = match (error.as_str(), status) {
                (_, 502..=504) => Outcome::TemporarilyUnavailable,
                (error, _) => Outcome::of_error(error, None),
            };
            (outcome, said(error, description.as_deref().unwrap_or_default()))
        }
        other => (Outcome::ServerError, said("protocol", &other.to_string())),
    };
    (outcome, Learned { error, ..Learned::default() })
}
