//! `GET /api/v1/status` and `/status.json`: which delivery services there are and when they are under
//! maintenance, for everybody. No citizen's data.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::{Lang, Timestamp};
use http::header::{CACHE_CONTROL, HeaderValue};
use serde::Serialize;
use web::Fault;

use hub::Portal;
use hub::deliveries::Delivery;
use hub::store::deliveries::WindowRow;

#[derive(Serialize)]
struct Answer {
    delivery_services: Vec<Service>,
    maintenance: Vec<Window>,
}

#[derive(Serialize)]
struct Text {
    ja: String,
    en: String,
}

#[derive(Serialize)]
struct Service {
    id: String,
    name: Text,
    operator: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    operating: Option<Text>,
    status: &'static str,
}

#[derive(Serialize)]
struct Window {
    delivery_service: String,
    starts_at: String,
    ends_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
}

#[derive(Serialize)]
struct Note {
    #[serde(skip_serializing_if = "Option::is_none")]
    ja: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    en: Option<String>,
}

pub(super) async fn get(State(portal): State<Portal>) -> Result<Response, Fault> {
    let known = portal.deliveries().await?;
    let now = portal.clock().now();
    let answer = Answer {
        delivery_services: known.iter().map(|d| service(d, now)).collect(),
        maintenance: known.iter().flat_map(|d| d.windows.iter()).map(window).collect(),
    };
    let mut response = Json(answer).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=10"));
    Ok(response)
}

fn service(d: &Delivery, now: Timestamp) -> Service {
    let text = |get: &dyn Fn(Lang) -> String| Text { ja: get(Lang::Ja), en: get(Lang::En) };
    Service {
        id: d.id().to_owned(),
        name: text(&|lang| d.name(lang).to_owned()),
        operator: text(&|lang| d.config.operator.get(lang).to_owned()),
        operating: d.config.operating.as_ref().map(|o| Text { ja: o.ja.clone(), en: o.en.clone() }),
        status: word(d, now),
    }
}

/// How a delivery service is, in a word for programs.
pub(crate) fn word(d: &Delivery, now: Timestamp) -> &'static str {
    match (d.active, d.maintenance(now)) {
        (false, _) => "suspended",
        (true, Some(_)) => "maintenance",
        (true, None) => "available",
    }
}

fn window(w: &WindowRow) -> Window {
    Window {
        delivery_service: w.delivery_id.clone(),
        starts_at: w.starts_at.rfc3339(),
        ends_at: w.ends_at.rfc3339(),
        note: (w.note_ja.is_some() || w.note_en.is_some())
            .then(|| Note { ja: w.note_ja.clone(), en: w.note_en.clone() }),
    }
}
