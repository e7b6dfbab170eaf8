//! What every request passes: receipt number, origin check, time limit, panics, error pages, headers,
//! cookies, one log line.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::{Method, StatusCode};

use crate::fault::{Problem, Refusal, Trouble};
use crate::routes::{Route, panic_text};
use crate::{Site, Visit, guard, headers};

/// What the gate of one route knows.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) site: Site,
    pub(crate) row: Option<&'static Route>,
    pub(crate) time_limit: Duration,
}

pub(crate) async fn run(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let https = gate.site.origin().is_https();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let needs_form = method == Method::POST && gate.row.is_some_and(|row| row.who.needs_form());
    let from_us = !needs_form || guard::from_our_pages(request.headers(), gate.site.origin());
    let visit = Visit::new(gate.site, gate.row, &request);
    request.extensions_mut().insert(visit.clone());

    let mut response = if from_us {
        let answer = AssertUnwindSafe(tokio::time::timeout(gate.time_limit, next.run(request))).catch_unwind();
        match answer.await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => Refusal::Timeout.into_response(),
            Err(panic) => crate::Fault::new(format!("panic: {}", panic_text(&*panic))).into_response(),
        }
    } else {
        Refusal::StaleForm.into_response()
    };

    let done = response.status().is_success() || response.status().is_redirection();
    if from_us && needs_form && done && !visit.form_was_checked() {
        response = crate::Fault::new("this handler takes a form of ours but does not use web::Form").into_response();
    }
    if let Some(trouble) = response.extensions_mut().remove::<Trouble>() {
        response = explain(&visit, trouble, response);
    } else if response.status().is_client_error() && is_plain(&response) {
        response = explain_rejection(&visit, response).await;
    }
    visit.finish(response.headers_mut());
    headers::secure(response.headers_mut(), https);
    log(&visit, &method, path.as_ref(), response.status(), started);
    response
}

/// The route's pattern, never the path asked for: paths can hold handles and ids.
fn log(visit: &Visit, method: &Method, path: Option<&MatchedPath>, status: StatusCode, started: Instant) {
    let path = path.map_or("-", MatchedPath::as_str);
    let micros = started.elapsed().as_micros() as u64;
    let (role, receipt, status) = (visit.site().role(), visit.receipt(), status.as_u16());
    if status >= 500 {
        tracing::error!(target: "http", role, %receipt, %method, path, status, micros);
    } else {
        tracing::info!(target: "http", role, %receipt, %method, path, status, micros);
    }
}

fn is_plain(response: &Response) -> bool {
    let kind = response.headers().get(http::header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

/// An extractor of axum has refused the request in plain text: a page for people, JSON for programs.
async fn explain_rejection(visit: &Visit, bare: Response) -> Response {
    let status = bare.status();
    let refusal = match status {
        StatusCode::NOT_FOUND => Refusal::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Refusal::Method,
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::Form,
    };
    if !visit.wants_json() {
        return explain(visit, Trouble::Refusal(refusal), bare);
    }
    let problem = match refusal {
        Refusal::Form => Problem::new(status, "bad_request", "The request can't be read"),
        other => other.problem(),
    };
    let text = axum::body::to_bytes(bare.into_body(), 4_096).await.unwrap_or_default();
    problem.detail(String::from_utf8_lossy(&text)).receipt(visit.receipt()).into_response()
}

/// The answer people or programs get in place of an empty error response.
fn explain(visit: &Visit, trouble: Trouble, bare: Response) -> Response {
    let (status, id, problem) = match &trouble {
        Trouble::Fault(details) => {
            tracing::error!(role = visit.site().role(), receipt = %visit.receipt(), %details, "fault");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            (status, "fault", Problem::new(status, "server_error", "Something went wrong on our side"))
        }
        Trouble::Refusal(refusal) => (refusal.status(), refusal.id(), refusal.problem()),
    };
    let mut response = if visit.wants_json() {
        problem.receipt(visit.receipt()).into_response()
    } else {
        error_page(visit, status, id)
    };
    if let Some(allow) = bare.headers().get(http::header::ALLOW) {
        response.headers_mut().insert(http::header::ALLOW, allow.clone());
    }
    response
}

/// One of the shared error pages. `again` is where the reader can go on without losing anything.
fn error_page(visit: &Visit, status: StatusCode, id: &'static str) -> Response {
    let again =
        visit.previous().filter(|path| path.split('?').next() != Some(visit.path()) || status != StatusCode::NOT_FOUND);
    let context = ErrorContext { stem: id, again };
    let mut response = visit.page("web/error.html", id).status(status).with(context).failed().receipt().respond();
    // A fault of the error page itself must not loop.
    if let Some(trouble) = response.extensions_mut().remove::<Trouble>() {
        tracing::error!(receipt = %visit.receipt(), ?trouble, "the error page itself fails");
        return (status, format!("{}\n", visit.receipt())).into_response();
    }
    response
}

#[derive(serde::Serialize)]
struct ErrorContext {
    stem: &'static str,
    again: Option<String>,
}
