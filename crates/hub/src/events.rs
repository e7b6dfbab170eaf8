//! Unlinking travels as Security Event Tokens (RFC 8417), pushed by RFC 8935, both ways.
//!
//! Out: [`announce`] writes a job in the transaction that ended the linkage; [`deliver`] signs and pushes
//! until the delivery service takes it. In: `POST /events` ends the linkage that has ended over there.
//! Receiving an event twice changes nothing.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::Timestamp;
use base::codec::sha256_b64url;
use http::header::{ACCEPT, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use oauth::set::{self, SetClaims, SetError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Tx, jobs};
use web::{Fault, Route, Routes, Who};

use crate::Portal;
use crate::deliveries::Delivery;
use crate::store::{events, linkages};

/// The event's name (docs/leg-b.md).
pub const LINKAGE_ENDED: &str = "https://enishi.example/events/linkage-ended";
/// The kind of the job that pushes it.
pub const JOB: &str = "push-linkage-ended";
/// How long a received event is remembered. A replay after that finds the linkage ended.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

/// Where delivery services push events.
pub const ROUTES: &[Route] = &[Route::post("/events", Who::Peer)];

/// Its handler.
pub fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.post("/events", receive)
}

/// What the job remembers: the same event at every try.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Announcement {
    delivery_id: String,
    linkage_id: String,
    subject: String,
    jti: String,
    at: Timestamp,
}

/// Writes the job that tells the delivery service, in the transaction that ended the linkage here.
///
/// # Errors
/// The database.
pub fn announce(portal: &Portal, tx: &mut Tx<'_>, linkage_id: &str) -> store::Result<()> {
    let Some(row) = linkages::get(tx, linkage_id)? else { return Ok(()) };
    let now = portal.clock().now();
    let job = Announcement {
        delivery_id: row.delivery_id,
        linkage_id: row.id,
        subject: row.subject,
        jti: portal.rng().token(),
        at: now,
    };
    let payload = serde_json::to_string(&job).map_err(|e| store::Error::Refused(e.to_string()))?;
    jobs::add(tx, JOB, &payload, now, portal.rng())
}

/// Pushes an announced event: the handler of [`JOB`].
///
/// # Errors
/// In words, when it has to be tried again.
pub async fn deliver(portal: &Portal, payload: &str) -> Result<(), String> {
    let job: Announcement = serde_json::from_str(payload).map_err(|e| format!("the job's payload: {e}"))?;
    let delivery = portal.delivery(&job.delivery_id).await.map_err(|e| e.to_string())?;
    let Some(delivery) = delivery else {
        tracing::warn!(delivery = job.delivery_id, "an ended linkage can't be announced: the service is gone");
        return Ok(());
    };
    let token = job.sign(portal, &delivery).map_err(|e| e.to_string())?;
    let url = delivery.resource("/events").map_err(|e| e.to_string())?;
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(CONTENT_TYPE, set::MEDIA_TYPE)
        .header(ACCEPT, "application/json")
        .body(Bytes::from(token))
        .map_err(|e| e.to_string())?;
    let answer = portal.outbound().send(request).await.map_err(|e| e.to_string())?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(refused(answer.status(), answer.body()))
}

impl Announcement {
    fn sign(&self, portal: &Portal, delivery: &Delivery) -> Result<String, jose::KeyError> {
        let issuer = portal.provider().issuer();
        let payload = json!({ "linkage_id": self.linkage_id });
        let mut claims = SetClaims::new(issuer, &delivery.config.issuer, LINKAGE_ENDED, payload, self.at, portal.rng());
        // Sent again, it is the same event (RFC 8935 section 2).
        claims.jti = self.jti.clone();
        claims.sub_id = Some(json!({ "format": "opaque", "id": self.subject }));
        claims.sign(portal.provider().signing_key())
    }
}

/// What the receiver says, cut to a bearable length.
fn refused(status: StatusCode, body: &[u8]) -> String {
    let told = serde_json::from_slice::<Value>(body).ok().and_then(|v| {
        let text = |name: &str| v.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(format!("{} {}", text("err"), text("description"))).filter(|t| !t.trim().is_empty())
    });
    let told: String = told.unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    format!("the delivery service answered {} {told}", status.as_u16())
}

/// Why an event is not taken (RFC 8935 section 2.3).
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    err: &'static str,
    description: String,
}

impl Refused {
    fn new(err: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, err, description: description.into() }
    }
}

impl From<SetError> for Refused {
    fn from(e: SetError) -> Self {
        Self::new(e.code(), e.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({ "err": self.err, "description": self.description }).to_string();
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CONTENT_LANGUAGE, HeaderValue::from_static("en")),
        ];
        (self.status, headers, body).into_response()
    }
}

async fn receive(State(portal): State<Portal>, headers: HeaderMap, body: Bytes) -> Result<Response, Fault> {
    let media = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    let event = match check(&portal, media, &body).await? {
        Ok(event) => event,
        Err(refused) => {
            tracing::warn!(err = refused.err, why = refused.description, "an event is refused");
            return Ok(refused.into_response());
        }
    };
    let now = portal.clock().now();
    let ended = portal.db().write(move |tx| event.take(tx, now)).await?;
    if ended {
        tracing::info!("a linkage was ended by its delivery service");
    }
    Ok(StatusCode::ACCEPTED.into_response())
}

/// An event that is what it says, from the service it names.
#[derive(Debug)]
struct Event {
    /// Unique over all senders.
    id: String,
    delivery_id: String,
    /// `None`: it is about something that this portal does not act on.
    ended: Option<String>,
}

impl Event {
    /// Acts on it, once. Whether a linkage was ended.
    fn take(&self, tx: &mut Tx<'_>, now: Timestamp) -> store::Result<bool> {
        if !events::first_time(tx, &self.id, now)? {
            return Ok(false);
        }
        let Some(linkage) = &self.ended else { return Ok(false) };
        // A service speaks of its own linkages only.
        match linkages::get(tx, linkage)? {
            Some(row) if row.delivery_id == self.delivery_id => linkages::end(tx, linkage, "delivery", now),
            _ => Ok(false),
        }
    }
}

async fn check(portal: &Portal, media: &str, body: &[u8]) -> Result<Result<Event, Refused>, Fault> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    if !media.eq_ignore_ascii_case(set::MEDIA_TYPE) {
        return Ok(Err(Refused::new("invalid_request", format!("send Content-Type: {}", set::MEDIA_TYPE))));
    }
    let Ok(token) = std::str::from_utf8(body).map(str::trim) else {
        return Ok(Err(Refused::new("invalid_request", "the body is no compact JWS")));
    };
    let (header, unchecked) = match jose::jws::peek::<Issuer>(token) {
        Ok(parts) => parts,
        Err(e) => return Ok(Err(SetError::from(e).into())),
    };
    let known = portal.deliveries().await?;
    let Some(delivery) = known.iter().find(|d| d.config.issuer == unchecked.iss) else {
        return Ok(Err(Refused::new("invalid_issuer", "iss is no delivery service of this portal")));
    };
    let keys = match delivery.keys(portal, header.kid.as_deref()).await {
        Ok(keys) => keys,
        Err(e) => {
            // Not the sender's fault as far as we know: it shall try again.
            tracing::warn!(delivery = delivery.id(), error = %e, "a delivery service's keys can't be fetched");
            let mut refused = Refused::new("invalid_key", "your keys can't be fetched at the moment; send it again");
            refused.status = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(Err(refused));
        }
    };
    let receiver = portal.provider().issuer();
    Ok(set::check(token, &keys, &delivery.config.issuer, receiver, portal.clock().now())
        .map_err(Refused::from)
        .and_then(|claims| read(&claims, delivery.id())))
}

fn read(claims: &SetClaims, delivery_id: &str) -> Result<Event, Refused> {
    let ended = match claims.event(LINKAGE_ENDED) {
        None => None,
        Some(payload) => {
            let id = payload.get("linkage_id").and_then(Value::as_str).filter(|id| id.len() <= 64);
            let id = id.ok_or_else(|| Refused::new("invalid_request", format!("{LINKAGE_ENDED} has no linkage_id")))?;
            Some(id.to_owned())
        }
    };
    Ok(Event {
        id: sha256_b64url(&format!("{}\n{}", claims.iss, claims.jti)),
        delivery_id: delivery_id.to_owned(),
        ended,
    })
}

#[cfg(test)]
mod tests {
    use base::Rng;

    use super::*;

    fn claims(event: &str, payload: Value) -> SetClaims {
        let now = Timestamp::from_secs(1_780_000_000);
        SetClaims::new("https://post.example", "https://portal.example", event, payload, now, &Rng::seeded(1))
    }

    #[test]
    fn an_event_is_read() {
        let event = read(&claims(LINKAGE_ENDED, json!({"linkage_id": "lnk_1"})), "post").unwrap();
        assert_eq!((event.ended.as_deref(), event.delivery_id.as_str()), (Some("lnk_1"), "post"));
        // The same jti of another sender is another event.
        let mut other = claims(LINKAGE_ENDED, json!({"linkage_id": "lnk_1"}));
        other.iss = "https://other.example".into();
        assert_ne!(read(&other, "other").unwrap().id, event.id);
        // What we don't know we take and leave aside.
        assert_eq!(read(&claims("https://x.example/e", json!({})), "post").unwrap().ended, None);
        for bad in [json!({}), json!({"linkage_id": 1}), json!({"linkage_id": "x".repeat(65)})] {
            assert_eq!(read(&claims(LINKAGE_ENDED, bad), "post").unwrap_err().err, "invalid_request");
        }
    }

    #[test]
    fn what_the_receiver_says_is_kept_short() {
        let body = json!({"err": "invalid_key", "description": "x\n".repeat(500)}).to_string();
        let text = refused(StatusCode::BAD_REQUEST, body.as_bytes());
        assert!(text.starts_with("the delivery service answered 400 invalid_key x"));
        assert!(text.len() < 300 && !text.contains('\n'));
        assert_eq!(refused(StatusCode::BAD_GATEWAY, b"<html>").trim(), "the delivery service answered 502");
    }
}
