//! Leg C and what else API users call: the citizen's state, delivered documents; the public status and
//! the description of it all.
//!
//! | path | what |
//! |---|---|
//! | `GET /api/v1/user-status` | ② again, at any time |
//! | `GET /api/v1/documents` | what the granted delivery services hold, each with a status of its own |
//! | `GET /api/v1/documents/{id}/content` | one document, relayed as it arrives, never stored |
//! | `GET /api/v1/status`, `/status.json` | delivery services and maintenance, for everybody |
//! | `GET /openapi.json` | the OpenAPI document |

mod content;
mod document_id;
mod documents;
pub mod openapi;
mod reach;
pub(crate) mod status;
mod upstream;
mod user_status;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use oauth::registry::Api;
use provider::{Access, AccessGrant};
use web::{Fault, Problem, Route, Routes, Who};

use hub::Portal;
use hub::role::{self, scopes};

/// The API's routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/user-status", Who::AccessToken { scope: scopes::USER_STATUS }),
    Route::get("/api/v1/documents", Who::AccessToken { scope: scopes::DOCUMENTS }),
    Route::get("/api/v1/documents/{id}/content", Who::AccessToken { scope: scopes::DOCUMENTS }),
    Route::get("/api/v1/status", Who::Public),
    Route::get("/status.json", Who::Public),
    Route::get("/openapi.json", Who::Public),
];

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes
        .get("/api/v1/user-status", user_status::get)
        .get("/api/v1/documents", documents::get)
        .get("/api/v1/documents/{id}/content", content::get)
        .get("/api/v1/status", status::get)
        .get("/status.json", status::get)
        .get("/openapi.json", openapi::get)
}

/// Why a call is not answered.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// What the caller can mend, or has to wait for (RFC 9457).
    Problem(Box<Problem>),
    /// Our side.
    Fault(Fault),
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, title: &str, detail: impl Into<String>) -> Self {
        Self::Problem(Box::new(Problem::new(status, code, title).detail(detail)))
    }

    fn not_granted(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_granted", "The citizen did not agree to this", detail)
    }

    /// What the citizen agreed to, but the desk did not (any more).
    fn must_be_approved(access: &Access, api: Api) -> Result<(), Self> {
        let terms = &access.client.terms;
        if terms.approves(api) {
            return Ok(());
        }
        let (api, may) = (api.as_str(), role::approvals(terms));
        let detail = format!("this needs the approval {api}; this client is approved for: {may}");
        Err(Self::new(StatusCode::FORBIDDEN, "not_approved", "This client is not approved for this", detail))
    }

    fn bad_parameter(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_parameter", "A parameter can't be used", detail)
    }
}

impl<E: Into<Fault>> From<E> for ApiError {
    fn from(e: E) -> Self {
        Self::Fault(e.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Fault(fault) => fault.into_response(),
        }
    }
}

/// Every answer brings the nonce for the next proof, so that a caller seldom needs two tries.
fn with_nonce(portal: &Portal, answer: Result<Response, ApiError>) -> Response {
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    if let Ok(nonce) = HeaderValue::from_str(&portal.provider().dpop_nonce()) {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

/// The citizen behind a call.
fn grant(access: &Access) -> Result<&AccessGrant, ApiError> {
    let none = || ApiError::not_granted("this token is not about a citizen; use one that came for a citizen's code");
    access.grant.as_deref().ok_or_else(none)
}
