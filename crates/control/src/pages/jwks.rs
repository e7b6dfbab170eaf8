//! `GET /registry/jwks.json`: the key by which portals know the desk's instructions.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use desk::Desk;
use http::HeaderValue;
use http::header::CACHE_CONTROL;

/// `GET /registry/jwks.json`
pub(crate) async fn get(State(desk): State<Desk>) -> Response {
    let mut response = Json(serde_json::json!({ "keys": [desk.signing_key().jwk()] })).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
