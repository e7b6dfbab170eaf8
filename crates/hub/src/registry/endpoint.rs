//! `POST /registry/v1/instructions`: what the desk tells this portal (docs/registry.md).
//!
//! An instruction is checked, carried out and kept in one transaction: whatever dies, either all of it has
//! happened or nothing. Its `jti` works once, on whichever node; the desk repeats what got no answer as a new
//! instruction of the same revision, which finds its work done.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::Timestamp;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use oauth::registry::{self, Instruction, InstructionError, op};
use serde_json::Value;
use store::{Error, Tx};
use web::{Fault, Problem, Refusal, Route, Routes, Who};

use super::verdict::Verdict;
use super::{clients, services};
use crate::Portal;
use crate::config::DeskConfig;
use crate::run::again;
use crate::store::instructions::{self, InstructionRow};

/// Where the desk sends instructions.
pub const ROUTES: &[Route] = &[Route::post(registry::PATH, Who::Peer).body(registry::MAX_INSTRUCTION + 1024)];

/// Its handler.
pub fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.post(registry::PATH, receive)
}

async fn receive(State(portal): State<Portal>, headers: HeaderMap, body: Bytes) -> Result<Response, Fault> {
    // A portal without a desk has no such address.
    let Some(desk) = portal.config().desk.clone() else { return Ok(Refusal::NotFound.into_response()) };
    let mut response = match read(&portal, &desk, &headers, &body).await {
        Ok((instruction, jws)) => carry_out(&portal, instruction, jws).await?.into_response(),
        Err(problem) => {
            tracing::warn!(why = ?problem, "an instruction is refused");
            problem.into_response()
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn refused(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(status, code, "The instruction is not taken").detail(detail)
}

/// An instruction that is the desk's, for this portal, now.
async fn read(
    portal: &Portal,
    desk: &DeskConfig,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Instruction, String), Problem> {
    let media = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(registry::MEDIA_TYPE) {
        let detail = format!("send Content-Type: {}", registry::MEDIA_TYPE);
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let told = |e: InstructionError| {
        let status = StatusCode::from_u16(e.status()).unwrap_or(StatusCode::BAD_REQUEST);
        refused(status, e.code(), e.to_string())
    };
    let malformed = |what: &str| refused(StatusCode::BAD_REQUEST, "invalid_instruction", what);
    let token = std::str::from_utf8(body).map(str::trim).map_err(|_| malformed("the body is no compact JWS"))?;
    let peeked = jose::jws::peek_within::<serde::de::IgnoredAny>(token, registry::MAX_INSTRUCTION);
    let (header, _) = peeked.map_err(|e| told(e.into()))?;
    let Some(kid) = header.kid else { return Err(malformed("the header has no kid: name the desk's key")) };
    let Some(keys) = &portal.0.desk_keys else { return Err(malformed("this portal has no desk")) };
    let keys = keys.get(portal.outbound(), portal.clock(), Some(&kid)).await.map_err(|e| {
        tracing::warn!(error = %e, "the desk's keys can't be fetched");
        let detail = format!("the desk's keys can't be fetched at the moment ({e}); send it again");
        refused(StatusCode::SERVICE_UNAVAILABLE, "desk_keys_unavailable", detail)
    })?;
    let issuer = portal.provider().issuer();
    let instruction = registry::check(token, &keys, &desk.issuer, issuer, portal.clock().now()).map_err(told)?;
    Ok((instruction, token.to_owned()))
}

async fn carry_out(portal: &Portal, instruction: Instruction, jws: String) -> store::Result<Verdict> {
    let work = std::sync::Arc::new((instruction, jws));
    let verdict = again(|| {
        let (portal, work) = (portal.clone(), work.clone());
        async move {
            let db = portal.db().clone();
            db.write(move |tx| {
                let now = portal.clock().now();
                let (instruction, jws) = &*work;
                if instructions::seen(tx, &instruction.jti)? {
                    return Ok(replayed());
                }
                let verdict = judge(&portal, tx, instruction, now)?;
                let row = InstructionRow {
                    jti: instruction.jti.clone(),
                    op: instruction.op.chars().take(64).collect(),
                    subject: verdict.subject.clone(),
                    jws: jws.clone(),
                    status: verdict.status().as_u16(),
                    outcome: verdict.outcome.to_owned(),
                    received_at: now,
                };
                if !instructions::insert(tx, &row, instruction.exp, is_kept(&instruction.op))? {
                    // Another node was first with it: nothing of this one may stand.
                    return Err(Error::Unavailable(crate::store::journeys::OVERTAKEN.to_owned()));
                }
                Ok(verdict)
            })
            .await
        }
    });
    let verdict = verdict.await?;
    let (instruction, _) = &*work;
    tracing::info!(
        op = instruction.op,
        subject = verdict.subject,
        outcome = verdict.outcome,
        jti = instruction.jti,
        "an instruction of the desk"
    );
    if verdict.is_done() {
        if instruction.op == op::PUT_CLIENT
            && let Some(id) = &verdict.subject
        {
            portal.provider().client_changed(id);
        }
        portal.registry_changed();
    }
    Ok(verdict)
}

fn replayed() -> Verdict {
    let detail = "an instruction of this jti was received before; make a new one for each call";
    Verdict::refused(StatusCode::CONFLICT, "replayed", "The instruction was used before", detail)
}

/// Questions are not kept for longer than they could be replayed.
fn is_kept(op: &str) -> bool {
    !matches!(op, op::GET_CLIENT | op::LIST_CLIENTS | op::LIST_DELIVERY_SERVICES)
}

fn judge(portal: &Portal, tx: &mut Tx<'_>, instruction: &Instruction, now: Timestamp) -> store::Result<Verdict> {
    let body = &instruction.body;
    // What an op does not know is a misspelt member, or meant for a portal that knows more.
    let known: &[&str] = match instruction.op.as_str() {
        op::PUT_CLIENT => &["client"],
        op::GET_CLIENT => &["client_id"],
        op::LIST_CLIENTS => &["after"],
        op::PUT_DELIVERY_SERVICE => &["delivery_service"],
        op::LIST_DELIVERY_SERVICES => &[],
        op::PUT_MAINTENANCE => &["window"],
        op::WITHDRAW_MAINTENANCE => &["id"],
        other => {
            let other: String = other.chars().take(64).collect();
            let detail = format!("op is '{other}'; there are: {}", op::ALL.join(", "));
            return Ok(Verdict::refused(StatusCode::BAD_REQUEST, "unknown_op", "There is no such instruction", detail));
        }
    };
    if let Some(name) = body.keys().find(|name| !known.contains(&name.as_str())) {
        let name: String = name.chars().take(64).collect();
        let members = if known.is_empty() { "no members of its own".to_owned() } else { known.join(", ") };
        return Ok(Verdict::malformed(format!("'{name}' is no member of {}; it has {members}", instruction.op)));
    }
    let value = |name: &str| body.get(name).ok_or_else(|| Verdict::malformed(format!("{name} is missing")));
    let text = |name: &str| {
        let text = value(name)?.as_str().filter(|t| registry::plain_id(t));
        text.ok_or_else(|| Verdict::malformed(format!("{name} has to be 1 to 64 of letters, digits, '-', '_' and '.'")))
    };
    let result = match instruction.op.as_str() {
        op::PUT_CLIENT => value("client").map(|v| clients::put(portal, tx, v, now)),
        op::GET_CLIENT => text("client_id").map(|id| clients::get(tx, id, now)),
        op::LIST_CLIENTS => match body.get("after") {
            None | Some(Value::Null) => Ok(clients::list(tx, "", now)),
            Some(_) => text("after").map(|after| clients::list(tx, after, now)),
        },
        op::PUT_DELIVERY_SERVICE => value("delivery_service").map(|v| services::put(tx, v, now)),
        op::LIST_DELIVERY_SERVICES => Ok(services::list(tx, now)),
        op::PUT_MAINTENANCE => value("window").map(|v| services::put_window(tx, v, now)),
        _ => text("id").map(|id| services::withdraw(tx, id, now)),
    };
    result.unwrap_or_else(Ok)
}
