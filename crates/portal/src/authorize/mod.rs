//! The authorization endpoint: ② for an API user's request, single sign-on for a delivery service's.
//!
//! An unknown client, request or redirect address is never redirected to (E12). `GET` changes nothing;
//! the first `POST` binds the request to this browser.

mod consent;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use journey::{Event, Journey, Outcome};
use oauth::pushed::Prompt;
use oauth::{ClientKind, ErrorCode};
use provider::{LoadedRequest, RequestRefusal, Status};
use serde::{Deserialize, Serialize};
use web::{Environment, Fault, Form, Origin, Route, Routes, Visit, Who};

use crate::run::pages;
use crate::{sso, verification};
use hub::deliveries::Delivery;
use hub::run::{answer, path};
use hub::store::deliveries::WindowRow;
use hub::store::journeys;
use hub::{Portal, role};

pub use consent::TEXT_VERSION;
#[cfg(test)]
pub(crate) use consent::samples;

const AUTHORIZE: &str = "/oauth/authorize";

/// The authorization endpoint.
pub const ROUTES: &[Route] = &[Route::get(AUTHORIZE, Who::Browser), Route::post(AUTHORIZE, Who::Browser)];

/// The templates of these pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates!["journey/consent.html", "journey/error.html"];

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.get(AUTHORIZE, show).post(AUTHORIZE, decide)
}

/// E12: a page with a receipt number, never a redirect. `why` is for the developer: in the log, and on the
/// page of the test environment.
pub(crate) fn unknown(visit: &Visit, why: &str) -> Response {
    tracing::info!(receipt = %visit.receipt(), why, "E12");
    error_page(visit, "E12", "unknown", Some(why), StatusCode::BAD_REQUEST)
}

/// The run, request or challenge belongs to another browser.
pub(crate) fn other_browser(visit: &Visit) -> Response {
    error_page(visit, "E8", "other-browser", None, StatusCode::FORBIDDEN)
}

#[derive(Serialize)]
pub(crate) struct ErrorPage {
    pub(crate) stem: &'static str,
    pub(crate) developer: Option<String>,
}

fn error_page(visit: &Visit, id: &'static str, stem: &'static str, why: Option<&str>, status: StatusCode) -> Response {
    let test = visit.site().environment() == Environment::Test;
    let developer = why.filter(|_| test).map(str::to_owned);
    visit.page("journey/error.html", "error").error(id).status(status).with(ErrorPage { stem, developer }).respond()
}

const fn explain(refusal: RequestRefusal) -> &'static str {
    match refusal {
        RequestRefusal::Malformed => {
            "client_id or request_uri is missing or malformed; push the request first (RFC 9126) and send the \
             browser here with client_id and the request_uri you got, and nothing else"
        }
        RequestRefusal::UnknownClient => "no client of this client_id is registered here",
        RequestRefusal::UnknownRequest => "no request of this request_uri was pushed here, or it is too old",
        RequestRefusal::OtherClient => "this request_uri was pushed by another client",
    }
}

/// Why there is no consent page for a request that is in order.
enum Hindrance {
    /// The address in the browser is older than it may be.
    Late,
    /// The client may not act.
    Suspended,
    /// Every delivery service that is asked for is in a maintenance window.
    Maintenance(Vec<(String, WindowRow)>),
}

impl Hindrance {
    const fn outcome(&self) -> Outcome {
        match self {
            Self::Late => Outcome::SessionExpired,
            Self::Suspended => Outcome::ClientSuspended,
            Self::Maintenance(_) => Outcome::ServiceMaintenance,
        }
    }
}

/// What stands behind an address at this endpoint.
enum Found {
    /// Answered already.
    Answer(Response),
    /// An API user's request that no browser has begun with.
    Fresh(Box<Fresh>),
}

/// An API user's request that no browser has begun with.
struct Fresh {
    loaded: LoadedRequest,
    /// Why there is no consent page for it.
    hindrance: Option<Hindrance>,
    /// Whom this browser tests the client as, while the client is in production verification.
    tester: Option<String>,
}

async fn find(portal: &Portal, visit: &Visit, client_id: &str, request_uri: &str) -> Result<Found, Fault> {
    let loaded = match portal.provider().request(client_id, request_uri).await? {
        Ok(loaded) => loaded,
        Err(refusal) => return Ok(Found::Answer(unknown(visit, explain(refusal)))),
    };
    match loaded.client.registered.kind {
        ClientKind::ApiUser => {}
        ClientKind::Delivery => return Ok(Found::Answer(sso::authorize(portal, visit, &loaded).await?)),
        ClientKind::Portal => return Ok(Found::Answer(unknown(visit, "a portal has nothing to ask here"))),
    }
    if let Some(lang) = loaded.request.ui_locales.as_deref().and_then(base::Lang::from_ui_locales) {
        visit.suggest_lang(lang);
    }
    let id = loaded.id.clone();
    if let Some((run, browser)) = portal.db().read(move |tx| journeys::by_request(tx, &id)).await? {
        let ours = visit.known_browser().is_some_and(|b| b.hash() == browser);
        let answer = if ours { visit.redirect(&path(&run)) } else { other_browser(visit) };
        return Ok(Found::Answer(answer));
    }
    if loaded.consumed {
        return Ok(Found::Answer(pages::done(visit, &loaded.client, &loaded.request)));
    }
    let now = portal.clock().now();
    let tester = match loaded.client.status(now) {
        Status::ProductionVerification => {
            portal.tester(&loaded.client, visit.cookie(&verification::cookie(portal))).await?
        }
        _ => None,
    };
    let hindrance = hindrance(portal, &loaded, tester.as_deref()).await?;
    Ok(Found::Fresh(Box::new(Fresh { loaded, hindrance, tester })))
}

async fn hindrance(portal: &Portal, loaded: &LoadedRequest, tester: Option<&str>) -> Result<Option<Hindrance>, Fault> {
    // Also a stranger at a client that is open to its testers only: nothing is asked of them.
    if loaded.client.must_serve(tester, portal.clock().now()).is_err() {
        return Ok(Some(Hindrance::Suspended));
    }
    if !loaded.fresh {
        return Ok(Some(Hindrance::Late));
    }
    let Some(linkage) = loaded.request.authorization_details.attribute_linkage() else { return Ok(None) };
    let known = portal.deliveries().await?;
    let now = portal.clock().now();
    let window = |id: &str| {
        let delivery: &Delivery = hub::deliveries::find(&known, id)?;
        delivery.maintenance(now).map(|w| (id.to_owned(), w.clone()))
    };
    let down: Vec<_> = linkage.delivery_services.iter().filter_map(|s| window(&s.id)).collect();
    Ok((down.len() == linkage.delivery_services.len()).then_some(Hindrance::Maintenance(down)))
}

/// `GET /oauth/authorize?client_id=&request_uri=`
async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Fault> {
    let (Some(client_id), Some(request_uri)) = (visit.query("client_id"), visit.query("request_uri")) else {
        return Ok(unknown(&visit, explain(RequestRefusal::Malformed)));
    };
    let Fresh { loaded, hindrance, .. } = match find(&portal, &visit, &client_id, &request_uri).await? {
        Found::Answer(response) => return Ok(response),
        Found::Fresh(fresh) => *fresh,
    };
    if loaded.request.prompts(Prompt::None) {
        // Nobody is asked, so nobody can have agreed (OpenID Connect Core section 3.1.2.6).
        let back = oauth::response::Redirect {
            redirect_uri: &loaded.request.redirect_uri,
            state: loaded.request.state.as_deref(),
            issuer: portal.provider().issuer(),
            outcome: None,
        };
        return Ok(visit.redirect(&back.error(ErrorCode::InteractionRequired, "a citizen has to agree on a page")));
    }
    let uri = Handle { client_id: &client_id, request_uri: &request_uri };
    match hindrance {
        None => consent::show(&portal, &visit, &loaded, uri).await,
        Some(hindrance) => hindered(&portal, &visit, &loaded, uri, &hindrance).await,
    }
}

/// What the forms of this endpoint carry.
#[derive(Clone, Copy, Serialize)]
struct Handle<'a> {
    client_id: &'a str,
    request_uri: &'a str,
}

/// The page that says why there is no consent page, with the way back.
async fn hindered(
    portal: &Portal,
    visit: &Visit,
    loaded: &LoadedRequest,
    uri: Handle<'_>,
    hindrance: &Hindrance,
) -> Result<Response, Fault> {
    let lang = visit.lang();
    let (stem, error, windows) = match hindrance {
        Hindrance::Late => ("idle", Some("E8"), Vec::new()),
        Hindrance::Suspended => ("suspended", None, Vec::new()),
        Hindrance::Maintenance(down) => {
            let mut windows = Vec::new();
            for (id, w) in down {
                let name = portal.delivery_name(id, lang).await?;
                windows.push(pages::Window::new(name, w, lang));
            }
            ("maintenance", Some("E6"), windows)
        }
    };
    let client = loaded.client.registered.metadata.name.get(lang).to_owned();
    let fields = std::collections::BTreeMap::from([
        ("client_id", uri.client_id.to_owned()),
        ("request_uri", uri.request_uri.to_owned()),
        ("decision", "return".to_owned()),
    ]);
    let context = pages::Ended {
        stem,
        client,
        delivery: windows.first().map(|w| w.service.clone()),
        not_after: None,
        windows,
        linked: false,
        legs: Vec::new(),
        registered_now: false,
        action: AUTHORIZE.to_owned(),
        fields,
    };
    Ok(pages::ended(visit, error, hindrance.outcome(), &loaded.request, context).respond())
}

/// What a citizen decides on ②.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Decision {
    /// 「上記に同意する」
    Agree,
    /// 「同意しない」
    Refuse,
    /// Back, from a page that says why there is no ②.
    Return,
}

#[derive(Deserialize)]
struct DecisionForm {
    client_id: String,
    request_uri: String,
    decision: Decision,
}

/// `POST /oauth/authorize`: binds the request to this browser.
async fn decide(State(portal): State<Portal>, visit: Visit, Form(form): Form<DecisionForm>) -> Result<Response, Fault> {
    let Fresh { loaded, hindrance, tester } = match find(&portal, &visit, &form.client_id, &form.request_uri).await? {
        Found::Answer(response) => return Ok(response),
        Found::Fresh(fresh) => *fresh,
    };
    match (form.decision, hindrance) {
        (_, Some(hindrance)) => {
            // An error may be repeated, so nothing but the request itself is used up.
            let id = loaded.id.clone();
            let provider = portal.provider().clone();
            portal.db().write(move |tx| provider.consume_request(tx, &id)).await?;
            Ok(visit.redirect(&answer::refusal(portal.provider().issuer(), &loaded.request, hindrance.outcome())))
        }
        (Decision::Agree, None) => begin(&portal, &visit, &loaded, tester, true).await,
        (Decision::Refuse, None) => begin(&portal, &visit, &loaded, tester, false).await,
        (Decision::Return, None) => {
            // What hindered has passed meanwhile: on with ②.
            let mut url = url::form_urlencoded::Serializer::new(format!("{AUTHORIZE}?"));
            url.append_pair("client_id", &form.client_id).append_pair("request_uri", &form.request_uri);
            Ok(visit.redirect(&url.finish()))
        }
    }
}

/// The run begins, or ends at once with 「同意しない」.
async fn begin(
    portal: &Portal,
    visit: &Visit,
    loaded: &LoadedRequest,
    tester: Option<String>,
    agreed: bool,
) -> Result<Response, Fault> {
    let now = portal.clock().now();
    let asked = role::asked(&loaded.request.authorization_details)
        .map_err(|e| Fault::new(format!("a stored request asks for nothing: {e}")))?;
    let fits = |e: journey::Refusal| Fault::new(format!("a new run refuses its first step: {e}"));
    let journey = Journey::new(asked, now);
    let journey = if agreed {
        journey.apply(Event::ConsentGiven { text_version: TEXT_VERSION.to_owned() }, now).map_err(fits)?
    } else {
        let refused = journey.apply(Event::ConsentRefused, now).map_err(fits)?;
        refused.apply(Event::Returned, now).map_err(fits)?
    };
    let id = format!("jrn_{}", base::id::ulid(now, portal.rng()));
    let (run, request_id, request) = (id.clone(), loaded.id.clone(), loaded.request.clone());
    let (browser, receipt) = (visit.browser().hash(), visit.receipt().to_string());
    let provider = portal.provider().clone();
    let first = portal.db().write(move |tx| {
        let tester = tester.as_deref();
        let first = journeys::insert(tx, &run, &request_id, &request, &browser, &receipt, &journey, tester, now)?;
        if first && journey.has_ended() {
            provider.consume_request(tx, &request_id)?;
        }
        let holder = if first { None } else { journeys::by_request(tx, &request_id)? };
        Ok::<_, store::Error>(holder)
    });
    match first.await? {
        // Another press was first: of this browser or of another.
        Some((run, browser)) if browser == visit.browser().hash() => Ok(visit.redirect(&path(&run))),
        Some(_) => Ok(other_browser(visit)),
        None if agreed => Ok(visit.redirect(&path(&id))),
        None => {
            let issuer = portal.provider().issuer();
            Ok(visit.redirect(&answer::refusal(issuer, &loaded.request, Outcome::ConsentDenied)))
        }
    }
}

/// The origin that the forms of a page may end at, besides our own.
pub(crate) fn way_back(request: &oauth::PushedRequest) -> Option<Origin> {
    Origin::parse(&request.redirect_uri.origin()).ok()
}
