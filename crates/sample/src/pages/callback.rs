//! `GET /callback`: the citizen's browser comes back from the portal.
//!
//! In this order, and nothing is changed before all of it holds:
//! 1. `state` is one of ours (found by its hash);
//! 2. it left from **this browser**: a redirect planted by somebody else (their code, their documents in
//!    your form, or yours in theirs) ends here;
//! 3. `iss` is the portal this run was pushed to (RFC 9207): no mix-up with another server;
//! 4. it is taken **once**. A reload, a prefetch, a second tab see the same result again, and the code
//!    is not sent a second time: the portal would take that for theft and end the token.
//!
//! Then the code is traded and the citizen goes on to `/result`, whose address says nothing.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::Secret;
use base::codec::{same, sha256_b64url};
use http::StatusCode;
use oauth::fapi::Pushed;
use oauth::response::AuthorizationResponse;
use web::{Fault, Page, Visit};

use crate::Sample;
use crate::outcome::Outcome;
use crate::pages::Nothing;
use crate::run::{self, Learned};
use crate::store::runs::{self, End, RunRow};

pub(crate) async fn get(State(app): State<Sample>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let query = query.unwrap_or_default();
    let Some(row) = ours(&app, &visit, &query).await? else {
        return Ok(refused(&visit).respond());
    };
    let to = format!("/result?run={}", row.id);
    if row.finished_at.is_some() || row.used_at.is_some() {
        return Ok(visit.redirect(&to));
    }
    let Some(pushed) = row.pushed(&app.0.sealer)? else {
        return Ok(visit.redirect(&to));
    };
    let response = match pushed.read(&query) {
        Ok(response) => response,
        Err(error) => {
            tracing::warn!(receipt = %visit.receipt(), %error, "a redirect back was refused");
            return Ok(refused(&visit).respond());
        }
    };
    let (id, now) = (row.id.clone(), app.0.clock.now());
    if !app.0.db.write(move |tx| runs::claim(tx, &id, now)).await? {
        return Ok(visit.redirect(&to));
    }

    let end = match response {
        AuthorizationResponse::Code { code, .. } => trade(&app, &visit, &pushed, &code).await?,
        AuthorizationResponse::Error { error, description, outcome } => {
            let outcome = Outcome::of_error(&error, outcome.as_deref());
            let learned = Learned { error: Some((error, description.unwrap_or_default())), ..Learned::default() };
            run::end(&app.0.sealer, outcome, &learned, None)?
        }
    };
    tracing::info!(receipt = %visit.receipt(), run = row.id, outcome = end.outcome, "a citizen came back");
    let (id, now) = (row.id, app.0.clock.now());
    app.0.db.write(move |tx| runs::finish(tx, &id, now, &end)).await?;
    Ok(visit.redirect(&to))
}

/// The run this redirect belongs to, when it left from this browser.
async fn ours(app: &Sample, visit: &Visit, query: &str) -> Result<Option<RunRow>, Fault> {
    let (Some(state), Some(browser)) = (AuthorizationResponse::peek_state(query), visit.known_browser()) else {
        return Ok(None);
    };
    let hash = sha256_b64url(&state);
    let row = app.0.db.read(move |tx| runs::by_state(tx, &hash)).await?;
    let row = row.filter(|r| same(r.browser.as_bytes(), browser.hash().as_bytes()));
    if row.is_none() {
        tracing::warn!(receipt = %visit.receipt(), "a redirect back with a state that is none of this browser's");
    }
    Ok(row)
}

/// Trades the code; the ID Token is checked on the way. Whatever goes wrong, the code is spent: then we
/// don't know what was agreed, and say so.
async fn trade(app: &Sample, visit: &Visit, pushed: &Pushed, code: &Secret<String>) -> Result<End, Fault> {
    let client = app.0.portal.client().await;
    let traded = match &client {
        Ok(client) => client.exchange(pushed, code).await.map_err(|e| (e.code().map(str::to_owned), e.to_string())),
        Err(e) => Err((None, e.to_string())),
    };
    Ok(match traded {
        Ok(tokens) => {
            let learned = Learned::of_tokens(&tokens.response);
            let outcome = run::outcome_of_tokens(&tokens.response, &learned.services);
            run::end(&app.0.sealer, outcome, &learned, Some(&tokens))?
        }
        Err((error, description)) => {
            tracing::warn!(receipt = %visit.receipt(), error = description, "the code could not be traded");
            // Suspended between code and token is the one thing that can be told apart.
            let outcome = match error.as_deref() {
                Some("unauthorized_client") => Outcome::ClientSuspended,
                _ => Outcome::Unconfirmed,
            };
            let learned = Learned { error: Some((error.unwrap_or_default(), description)), ..Learned::default() };
            run::end(&app.0.sealer, outcome, &learned, None)?
        }
    })
}

/// Says no more than what to do: whoever planted this learns nothing from it.
pub(crate) fn refused(visit: &Visit) -> Page {
    visit
        .page("refused.html", "refused")
        .status(StatusCode::BAD_REQUEST)
        .failed()
        .receipt()
        .no_referrer()
        .at("/")
        .with(Nothing {})
}
