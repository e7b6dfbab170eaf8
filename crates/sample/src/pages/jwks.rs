//! `GET /jwks.json`: our public keys. The portal checks our client assertions with them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use web::Fault;

use crate::Sample;

pub(crate) async fn get(State(app): State<Sample>) -> Result<Response, Fault> {
    let keys = app.0.keys.published().await?;
    let body = serde_json::to_string(&keys)?;
    let headers = [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=60")];
    Ok((headers, body).into_response())
}
