//! `/verification/{token}`: a tester's link (本番動作確認). The page says for which service and for whom; one
//! button binds this browser. Opening the link changes nothing, so a link that a mail program looked into
//! is still good.

use axum::extract::{Path, State};
use axum::response::Response;
use base::Timestamp;
use http::StatusCode;
use hub::Portal;
use hub::store::testers::TesterRow;
use hub::verification::{BINDING, Link};
use serde::{Deserialize, Serialize};
use web::{CookieSpec, Fault, Form, Page, Route, Routes, Visit, Who};

/// A tester's link and its button.
pub const ROUTES: &[Route] =
    &[Route::get("/verification/{token}", Who::Browser), Route::post("/verification/{token}", Who::Browser)];

/// The template of these pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates!["verification.html"];

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.get("/verification/{token}", show).post("/verification/{token}", bind)
}

/// The cookie of a tester's browser. It is not the one of a run: it has to outlive the browser's session.
pub(crate) fn cookie(portal: &Portal) -> CookieSpec {
    portal.site().cookie("tester").lasting(BINDING)
}

/// What the page of a link shows.
#[derive(Serialize)]
struct VerificationPage {
    /// `dead`, `open`, `ours` or `used`.
    state: &'static str,
    action: String,
    client: Option<String>,
    client_uri: Option<String>,
    /// Whom the link is for.
    name: Option<String>,
    /// Until when: the link, or this browser.
    until: Option<Timestamp>,
}

fn page(visit: &Visit, context: VerificationPage) -> Page {
    let dead = context.state == "dead";
    // The token stands in the address: it is told to nobody.
    let page = visit.page("verification.html", "verification").no_referrer().with(context);
    if dead { page.status(StatusCode::NOT_FOUND).failed() } else { page }
}

fn path(token: &str) -> String {
    format!("/verification/{token}")
}

/// A token of ours is base64url; anything else is no link, and is not written into the page.
fn is_token(text: &str) -> bool {
    (20..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

async fn look(portal: &Portal, visit: &Visit, token: &str) -> Result<Link, Fault> {
    if !is_token(token) {
        return Ok(Link::Dead);
    }
    Ok(portal.tester_link(token, visit.cookie(&cookie(portal))).await?)
}

async fn answer(portal: &Portal, visit: &Visit, token: &str, link: Link) -> Result<Response, Fault> {
    let (state, row, until): (_, Option<TesterRow>, _) = match link {
        Link::Dead => ("dead", None, None),
        Link::Open(row) => ("open", Some(row.clone()), Some(row.not_after)),
        Link::Ours(row, until) => ("ours", Some(row), Some(until)),
        Link::Used(row) => ("used", Some(row), None),
    };
    let client = match &row {
        Some(row) => portal.provider().client(&row.client_id).await?,
        None => None,
    };
    let metadata = client.as_ref().map(|c| &c.registered.metadata);
    let context = VerificationPage {
        state,
        action: if row.is_some() { path(token) } else { String::new() },
        client: metadata.map(|m| m.name.get(visit.lang()).to_owned()),
        client_uri: metadata.and_then(|m| m.client_uri.as_ref()).map(ToString::to_string),
        name: row.and_then(|r| r.name),
        until,
    };
    Ok(page(visit, context).respond())
}

async fn show(State(portal): State<Portal>, Path(token): Path<String>, visit: Visit) -> Result<Response, Fault> {
    let link = look(&portal, &visit, &token).await?;
    answer(&portal, &visit, &token, link).await
}

#[derive(Deserialize)]
struct Nothing {}

async fn bind(
    State(portal): State<Portal>,
    Path(token): Path<String>,
    visit: Visit,
    Form(_): Form<Nothing>,
) -> Result<Response, Fault> {
    let link = look(&portal, &visit, &token).await?;
    let Link::Open(_) = link else { return answer(&portal, &visit, &token, link).await };
    let spec = cookie(&portal);
    // Somebody may test several services in one browser.
    let known = visit.cookie(&spec).filter(|v| is_token(v)).map(str::to_owned);
    let value = known.unwrap_or_else(|| portal.rng().token());
    if portal.bind_tester(&token, &value).await? {
        visit.set_cookie(&spec, &value)?;
        return Ok(visit.redirect(&path(&token)));
    }
    // Another browser was first.
    let link = look(&portal, &visit, &token).await?;
    answer(&portal, &visit, &token, link).await
}

#[cfg(test)]
pub(crate) mod samples {
    use web::testing::Sample;

    use super::*;

    /// Every state, with and without a name and an address.
    pub(crate) fn all() -> Vec<Sample> {
        [("open", true), ("open", false), ("ours", true), ("ours", false), ("used", true), ("dead", false)]
            .map(|(state, full)| {
                Sample::new(move |visit| {
                    let until = Timestamp::from_secs(1_795_438_800);
                    let context = VerificationPage {
                        state,
                        action: "/verification/abc".into(),
                        client: (state != "dead").then(|| "みほん確定申告".into()),
                        client_uri: full.then(|| "https://tax.example/".into()),
                        name: full.then(|| "葛\u{E0100}城 <b>麟太郎".into()),
                        until: (state != "dead" && state != "used").then_some(until),
                    };
                    page(visit, context)
                })
            })
            .into()
    }
}
