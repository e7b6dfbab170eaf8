//! Single sign-on at delivery services, and card readings for the citizen's own pages.

use axum::response::Response;
use oauth::ErrorCode;
use oauth::response::Redirect;
use pki::Purpose;
use provider::LoadedRequest;
use web::{Fault, Visit};

use crate::card::Reading;
use crate::{Portal, authorize};

/// `GET /oauth/authorize` of a delivery service: signs a citizen in whose session here is alive.
///
/// # Errors
/// The database.
pub(crate) async fn authorize(portal: &Portal, visit: &Visit, request: &LoadedRequest) -> Result<Response, Fault> {
    let back = Redirect {
        redirect_uri: &request.request.redirect_uri,
        state: request.request.state.as_deref(),
        issuer: portal.provider().issuer(),
        outcome: None,
    };
    // No session is kept here yet, so nobody is signed in (OpenID Connect Core section 3.1.2.6).
    Ok(visit.redirect(&back.error(ErrorCode::LoginRequired, "nobody is signed in at the portal in this browser")))
}

/// A card reading whose purpose is not a run.
///
/// # Errors
/// The database.
pub(crate) async fn card_answered(
    _portal: &Portal,
    visit: &Visit,
    _purpose: Purpose,
    _reading: Reading,
    _used: bool,
) -> Result<Response, Fault> {
    Ok(authorize::unknown(visit, "no page of this portal asks for a card for this purpose"))
}
