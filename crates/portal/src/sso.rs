//! Single sign-on: the portal is the OpenID Provider, a delivery service its client (docs/leg-b.md).
//!
//! A citizen who is signed in by card and linked with that service gets a code and no page. Not signed
//! in: the card comes first. Not linked: `access_denied`. `sub` is the one pairwise subject that the
//! service knows from linking.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use base::Timestamp;
use base::codec::{b64url, b64url_decode};
use oauth::pushed::Prompt;
use oauth::response::Redirect;
use oauth::{ClientKind, ErrorCode, PushedRequest, Scope};
use provider::{GrantBody, LoadedRequest, NewGrant, TOKEN_LIFE};
use serde::Serialize;
use serde_json::Map;
use web::{Fault, Route, Routes, Visit, Who};

use crate::authorize;
use crate::sign_in::{self, Next, Session};
use hub::Portal;
use hub::deliveries::Delivery;
use hub::role::{ACR, scopes};
use hub::store::linkages;

/// The seam of the card room: readings that no run asked for are sign-ins.
pub(crate) use crate::sign_in::card_answered;

/// The way back from the card to a sign-on that waits.
pub const ROUTES: &[Route] =
    &[Route::get("/sso/{client}/{request}", Who::Browser), Route::get("/sso/{client}/{request}/cancel", Who::Browser)];

/// The templates of these pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates!["me/sso-over.html"];

/// How long a sign-on waits for the card: longer than its `request_uri` lives, because the citizen has to
/// find the card first.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.get("/sso/{client}/{request}", go_on).get("/sso/{client}/{request}/cancel", cancel)
}

/// The delivery service whose client for single sign-on this is.
///
/// # Errors
/// The database.
pub(crate) async fn service(portal: &Portal, client_id: &str) -> store::Result<Option<Arc<Delivery>>> {
    let known = portal.deliveries().await?;
    Ok(known.iter().find(|d| d.config.sso_client_id.as_deref() == Some(client_id)).cloned())
}

/// The same, for the page that leads to a sign-on.
///
/// # Errors
/// The database.
pub(crate) async fn service_behind(portal: &Portal, next: &Next) -> store::Result<Option<Arc<Delivery>>> {
    match next.sso().and_then(|(segment, _)| client_of(segment)) {
        Some(client) => service(portal, &client).await,
        None => Ok(None),
    }
}

/// The client id out of a path.
fn client_of(segment: &str) -> Option<String> {
    String::from_utf8(b64url_decode(segment)?).ok()
}

/// `/oauth/authorize` for a client of kind Delivery; the request is its own.
///
/// # Errors
/// The database.
pub(crate) async fn authorize(portal: &Portal, visit: &Visit, loaded: &LoadedRequest) -> Result<Response, Fault> {
    if loaded.consumed {
        return Ok(over(visit));
    }
    if let Err(e) = loaded.client.must_be_active(portal.clock().now()) {
        return Ok(refuse(portal, visit, loaded, e.code, &e.description));
    }
    let Some(delivery) = service(portal, loaded.client.id()).await?.filter(|d| d.active) else {
        let why = "this client is no delivery service of the registry, or not active there";
        return Ok(refuse(portal, visit, loaded, ErrorCode::UnauthorizedClient, why));
    };
    let now = portal.clock().now();
    let age = Age { pushed_at: loaded.pushed_at, fresh: loaded.fresh };
    match judge(&loaded.request, age, sign_in::session(portal, visit).await?.as_ref(), now) {
        Verdict::Good(session) => issue(portal, visit, loaded, &delivery, session, now).await,
        Verdict::Ask { again } => {
            // A client id may be any text; as base64url it is a plain path segment.
            let next = Next::parse(&format!("/sso/{}/{}", b64url(loaded.client.id().as_bytes()), loaded.id));
            let next = next.ok_or_else(|| Fault::new("the address of a sign-on that waits is no path of ours"))?;
            Ok(visit.redirect(&next.sign_in(again)))
        }
        Verdict::LoginRequired => {
            let why = "the citizen is not signed in, and prompt=none forbids to ask";
            Ok(refuse(portal, visit, loaded, ErrorCode::LoginRequired, why))
        }
        Verdict::TooLate => {
            let why = "the request has expired; begin again";
            Ok(refuse(portal, visit, loaded, ErrorCode::AccessDenied, why))
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict<T> {
    Good(T),
    Ask { again: bool },
    LoginRequired,
    TooLate,
}

/// How old a request is.
#[derive(Clone, Copy)]
struct Age {
    pushed_at: Timestamp,
    /// Its address is still good for a browser.
    fresh: bool,
}

/// Whether a session answers a request: it exists, and is as young as `prompt` and `max_age` want it.
fn judge<'a>(request: &PushedRequest, age: Age, session: Option<&'a Session>, now: Timestamp) -> Verdict<&'a Session> {
    let since = match request.max_age {
        _ if request.prompts(Prompt::Login) => age.pushed_at,
        Some(seconds) => age.pushed_at.minus(Duration::from_secs(seconds)),
        None => Timestamp(i64::MIN),
    };
    let waits = now.since(age.pushed_at) < PATIENCE;
    match session {
        // After its address has run out, a request goes on only for who read a card for it.
        Some(s) if s.signed_in_at >= since && (age.fresh || (waits && s.signed_in_at >= age.pushed_at)) => {
            Verdict::Good(s)
        }
        _ if request.prompts(Prompt::None) => Verdict::LoginRequired,
        _ if !waits => Verdict::TooLate,
        other => Verdict::Ask { again: other.is_some() },
    }
}

async fn issue(
    portal: &Portal,
    visit: &Visit,
    loaded: &LoadedRequest,
    delivery: &Delivery,
    session: &Session,
    now: Timestamp,
) -> Result<Response, Fault> {
    let (this, request, delivery_id) = (portal.clone(), loaded.clone(), delivery.id().to_owned());
    let (citizen, auth_time) = (session.citizen_id.clone(), session.signed_in_at);
    let code = portal
        .db()
        .write(move |tx| {
            let linked = linkages::linked(tx, &citizen)?.into_iter().find(|l| l.delivery_id == delivery_id);
            let Some(linkage) = linked else { return Ok(Err(Denied::NotLinked)) };
            if !this.provider().consume_request(tx, &request.id)? {
                return Ok(Err(Denied::Over));
            }
            linkages::used(tx, &linkage.id, now, now)?;
            let r = &request.request;
            let grant = NewGrant {
                client_id: request.client.id().to_owned(),
                account: citizen,
                subject: linkage.subject,
                expires: now.plus(TOKEN_LIFE),
                body: GrantBody {
                    redirect_uri: r.redirect_uri.as_str().to_owned(),
                    code_challenge: r.code_challenge.clone(),
                    dpop_jkt: r.dpop_jkt.clone(),
                    nonce: r.nonce.clone(),
                    scope: Scope::of(&[scopes::OPENID]),
                    auth_time,
                    acr: Some(ACR.to_owned()),
                    details: Vec::new(),
                    extra: Map::new(),
                    private: Map::new(),
                    tester: None,
                },
            };
            this.provider().issue_code(tx, &grant).map(Ok)
        })
        .await?;
    match code {
        Ok(code) => Ok(visit.redirect(&redirect(portal, loaded).code(&code))),
        Err(Denied::Over) => Ok(over(visit)),
        Err(Denied::NotLinked) => {
            let why = "the citizen who is signed in at the portal is not linked with this service";
            Ok(refuse(portal, visit, loaded, ErrorCode::AccessDenied, why))
        }
    }
}

enum Denied {
    NotLinked,
    Over,
}

fn redirect<'a>(portal: &'a Portal, loaded: &'a LoadedRequest) -> Redirect<'a> {
    let r = &loaded.request;
    Redirect {
        redirect_uri: &r.redirect_uri,
        state: r.state.as_deref(),
        issuer: portal.provider().issuer(),
        outcome: None,
    }
}

fn refuse(portal: &Portal, visit: &Visit, loaded: &LoadedRequest, code: ErrorCode, why: &str) -> Response {
    visit.redirect(&redirect(portal, loaded).error(code, why))
}

#[derive(Serialize)]
pub(crate) struct Over {}

/// A sign-on that had its answer: reload, back.
fn over(visit: &Visit) -> Response {
    visit.page("me/sso-over.html", "done").at("/me").no_referrer().with(Over {}).respond()
}

/// A sign-on that waits, by its path.
async fn waiting(
    portal: &Portal,
    visit: &Visit,
    path: &(String, String),
) -> Result<Result<LoadedRequest, Response>, Fault> {
    let unknown = || Ok(Err(authorize::unknown(visit, "there is no such single sign-on")));
    let Some(client) = client_of(&path.0) else { return unknown() };
    match portal.provider().request_by_id(&client, &path.1).await? {
        Ok(loaded) if loaded.client.registered.kind == ClientKind::Delivery => Ok(Ok(loaded)),
        _ => unknown(),
    }
}

/// Back from the card.
async fn go_on(
    State(portal): State<Portal>,
    Path(path): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Fault> {
    match waiting(&portal, &visit, &path).await? {
        Ok(loaded) => authorize(&portal, &visit, &loaded).await,
        Err(response) => Ok(response),
    }
}

/// The citizen does not want to sign in: back to where they came from. Changes nothing.
async fn cancel(
    State(portal): State<Portal>,
    Path(path): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Fault> {
    Ok(match waiting(&portal, &visit, &path).await? {
        Ok(loaded) => refuse(&portal, &visit, &loaded, ErrorCode::AccessDenied, "the citizen did not sign in"),
        Err(response) => response,
    })
}

#[cfg(test)]
mod tests {
    use oauth::RedirectUri;
    use oauth::rar::Details;

    use super::*;

    fn request(prompt: Vec<Prompt>, max_age: Option<u64>) -> PushedRequest {
        PushedRequest {
            client_id: "post".into(),
            redirect_uri: RedirectUri::parse("https://post.example/sso/callback").unwrap(),
            state: None,
            nonce: None,
            scope: Scope::of(&["openid"]),
            code_challenge: String::new(),
            prompt,
            max_age,
            ui_locales: None,
            acr_values: None,
            login_hint: None,
            claims: None,
            dpop_jkt: None,
            authorization_details: Details::default(),
        }
    }

    #[test]
    fn a_session_has_to_be_as_young_as_it_is_asked_for() {
        let at = |minutes: i64| Timestamp::from_secs(1_800_000_000 + 60 * minutes);
        let session =
            |minutes: i64| Session {
                citizen_id: "ctz_1".into(), signed_in_at: at(minutes), name: "佐藤 花子".into()
            };
        // Pushed at minute 0; its address is good for 5 minutes.
        let told = |prompt: &[Prompt], max_age, signed_in: Option<i64>, now: i64| {
            let session = signed_in.map(session);
            let age = Age { pushed_at: at(0), fresh: now < 5 };
            match judge(&request(prompt.to_vec(), max_age), age, session.as_ref(), at(now)) {
                Verdict::Good(_) => "code",
                Verdict::Ask { again: true } => "ask again",
                Verdict::Ask { again: false } => "ask",
                Verdict::LoginRequired => "login_required",
                Verdict::TooLate => "too late",
            }
        };
        assert_eq!(told(&[], None, Some(-60), 1), "code");
        assert_eq!(told(&[], None, None, 1), "ask");
        assert_eq!(told(&[Prompt::None], None, None, 1), "login_required");
        assert_eq!(told(&[Prompt::None], None, Some(-1), 1), "code");
        assert_eq!(told(&[Prompt::Login], None, Some(-1), 1), "ask again");
        assert_eq!(told(&[Prompt::Login], None, Some(1), 2), "code");
        assert_eq!(told(&[], Some(600), Some(-11), 1), "ask again");
        assert_eq!(told(&[], Some(600), Some(-9), 1), "code");
        // The card took longer than the address lives.
        assert_eq!(told(&[], None, Some(8), 9), "code");
        // A session of before does not bring an old address back to life.
        assert_eq!(told(&[], None, Some(-1), 9), "ask again");
        assert_eq!(told(&[], None, None, 9), "ask");
        assert_eq!(told(&[], None, Some(14), 15), "too late");
        assert_eq!(told(&[], None, None, 16), "too late");
    }
}
