//! Events from the portal: Security Event Tokens (RFC 8417), pushed by RFC 8935.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use base::codec::sha256_b64url;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use oauth::set;
use serde_json::json;
use web::Fault;

use super::linkage::By;
use super::linkage_api::is_id;
use super::{Kit, json};
use crate::store::events;

/// The one event there is.
pub const LINKAGE_ENDED: &str = "https://enishi.example/events/linkage-ended";
/// How long the id of an event is remembered.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// RFC 8935 section 2.3.
fn refuse(status: StatusCode, err: &str, description: &str) -> Response {
    json(status, &json!({ "err": err, "description": description }))
}

impl Kit {
    /// `POST /events`. Taken twice, an event changes nothing the second time.
    pub(crate) async fn events_post(&self, headers: HeaderMap, body: Bytes) -> Result<Response, Fault> {
        let media = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case(set::MEDIA_TYPE) {
            let text = "send Content-Type: application/secevent+jwt";
            return Ok(refuse(StatusCode::BAD_REQUEST, "invalid_request", text));
        }
        let Some(token) = std::str::from_utf8(&body).ok().map(str::trim) else {
            return Ok(refuse(StatusCode::BAD_REQUEST, "invalid_request", "the body is not a compact JWS"));
        };
        let keys = match self.0.keys.of(token).await {
            Ok(keys) => keys,
            Err(why) => {
                tracing::warn!(why, "an event can't be checked: no keys");
                let text = "the portal's keys can't be fetched; send the event again later";
                return Ok(refuse(StatusCode::SERVICE_UNAVAILABLE, "invalid_key", text));
            }
        };
        let now = self.now();
        let event = match set::check(token, &keys, self.portal_issuer(), &self.0.issuer, now) {
            Ok(event) => event,
            Err(e) => return Ok(refuse(StatusCode::BAD_REQUEST, e.code(), &e.to_string())),
        };
        let ended = event.event(LINKAGE_ENDED).map(|payload| payload["linkage_id"].as_str().map(str::to_owned));
        let ended = match ended {
            Some(Some(id)) if is_id(&id) => Some(id),
            Some(_) => {
                let text = "linkage-ended needs a linkage_id";
                return Ok(refuse(StatusCode::BAD_REQUEST, "invalid_request", text));
            }
            // Events we know nothing of are taken and left alone.
            None => None,
        };
        let jti = sha256_b64url(&format!("set\n{}\n{}", event.iss, event.jti));
        let (kit, id) = (self.clone(), ended.clone());
        let was_link = self
            .db()
            .write(move |tx| {
                if !events::first_time(tx, &jti, now.plus(REMEMBERED))? {
                    return Ok(false);
                }
                id.map_or(Ok(false), |id| kit.close_in(tx, &id, By::Portal, now))
            })
            .await?;
        if let (true, Some(id)) = (was_link, ended) {
            self.tell_operator(&id).await;
        }
        Ok(StatusCode::ACCEPTED.into_response())
    }
}
