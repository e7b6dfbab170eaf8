//! The mailbox's pages.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use base::Timestamp;
use http::{HeaderMap, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use web::{Environment, Fault, Form, Refusal, Routes, Visit};

use crate::documents::title;
use crate::{App, view};
use delivery::kit::{AccountId, ActiveLinkage, Mailbox as _, only_looks};

/// Registers the mailbox's handlers.
pub(crate) fn mount(routes: Routes<App>) -> Routes<App> {
    routes
        .table(crate::post::ROUTES)
        .get("/", async |visit: Visit| visit.redirect("/mailbox"))
        .get("/mailbox", list)
        .get("/mailbox/documents/{id}", show)
        .get("/mailbox/documents/{id}/xml", download)
        .get("/mailbox/unlink", unlink)
        .post("/mailbox/unlink", unlink_post)
        .post("/mailbox/samples", samples)
        .get("/issuers.pem", async |State(app): State<App>| app.post.issuers_pem().await)
}

/// A form that is one button.
#[derive(Deserialize)]
struct Button {}

#[derive(Serialize)]
struct ListPage {
    account: String,
    documents: Vec<Item>,
    unread: usize,
    filters: Vec<Filter>,
    filtered: bool,
    portal: String,
    linkage: Option<ActiveLinkage>,
    unlinked: bool,
    /// Whether the sample documents can be sent for.
    samples: bool,
}

#[derive(Serialize)]
struct Item {
    id: String,
    title: String,
    issuer: String,
    year: i64,
    received: Timestamp,
    unread: bool,
}

#[derive(Serialize)]
struct Filter {
    label: String,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct DocumentPage {
    account: String,
    id: String,
    title: String,
    issuer: String,
    year: i64,
    received: Timestamp,
    size: i64,
    tables: Vec<view::Table>,
}

#[derive(Serialize)]
struct UnlinkPage {
    account: String,
    portal: String,
    linkage: ActiveLinkage,
}

/// Who is signed in, or the way to sign-in.
async fn citizen(app: &App, visit: &Visit) -> Result<Result<(AccountId, String), Response>, Fault> {
    let Some(account) = app.kit.session(visit).await? else { return Ok(Err(visit.redirect("/sign-in"))) };
    match app.post.account(&account).await? {
        Some(row) => Ok(Ok((account, row.email))),
        None => {
            app.kit.end_session(visit).await?;
            Ok(Err(visit.redirect("/sign-in")))
        }
    }
}

async fn list(State(app): State<App>, visit: Visit) -> Result<Response, Fault> {
    let (account, email) = match citizen(&app, &visit).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    let rows = app.post.rows(&account).await?;
    let kind = visit.query("type").filter(|k| rows.iter().any(|r| r.kind == *k));
    let lang = visit.lang();
    let kinds: BTreeSet<_> = rows.iter().map(|r| r.kind.clone()).collect();
    let mut filters =
        vec![Filter { label: visit.text("mailbox-all", &[])?, href: "/mailbox".to_owned(), current: kind.is_none() }];
    filters.extend(kinds.into_iter().map(|k| Filter {
        label: title(&k, lang),
        href: format!("/mailbox?type={k}"),
        current: kind.as_ref() == Some(&k),
    }));
    let empty = rows.is_empty();
    let unread = rows.iter().filter(|r| r.read.is_none()).count();
    let documents = rows
        .into_iter()
        .filter(|r| kind.as_ref().is_none_or(|k| r.kind == *k))
        .map(|r| Item {
            title: title(&r.kind, lang),
            id: r.id,
            issuer: r.issuer,
            year: r.year,
            received: r.received,
            unread: r.read.is_none(),
        })
        .collect();
    let page = ListPage {
        account: email,
        documents,
        unread,
        filters,
        filtered: kind.is_some(),
        portal: app.kit.portal_name(lang),
        linkage: app.kit.linkage_of(&account).await?,
        unlinked: visit.query("unlinked").is_some(),
        samples: empty && visit.site().environment() == Environment::Test,
    };
    Ok(visit.page("mailbox.html", "mailbox").with(page).respond())
}

async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let (account, email) = match citizen(&app, &visit).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    if only_looks(&method, &headers) {
        // Looking ahead is not reading.
        return Ok(delivery::kit::not_now());
    }
    let Some((row, certificate)) = app.post.page(&account, &id).await? else {
        return Ok(Refusal::NotFound.into_response());
    };
    let page = DocumentPage {
        account: email,
        id: row.id,
        title: title(&row.kind, visit.lang()),
        issuer: row.issuer,
        year: row.year,
        received: row.received,
        size: row.size,
        tables: view::tables(&visit, &certificate)?,
    };
    Ok(visit.page("document.html", "document").back("/mailbox").with(page).respond())
}

async fn download(State(app): State<App>, visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
    let (account, _) = match citizen(&app, &visit).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    let Some((entry, content)) = app.post.open(&account, &id).await? else {
        return Ok(Refusal::NotFound.into_response());
    };
    let mut response = Body::from_stream(content).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(entry.size));
    let year = entry.year.map(|y| format!("-{y}")).unwrap_or_default();
    let name = format!("attachment; filename=\"{}{year}.xml\"", entry.kind);
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&name)?);
    Ok(response)
}

async fn unlink(State(app): State<App>, visit: Visit) -> Result<Response, Fault> {
    let (account, email) = match citizen(&app, &visit).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    let Some(linkage) = app.kit.linkage_of(&account).await? else { return Ok(visit.redirect("/mailbox")) };
    let page = UnlinkPage { account: email, portal: app.kit.portal_name(visit.lang()), linkage };
    Ok(visit.page("unlink.html", "unlink").back("/mailbox").with(page).respond())
}

async fn unlink_post(State(app): State<App>, visit: Visit, _: Form<Button>) -> Result<Response, Fault> {
    let (account, _) = match citizen(&app, &visit).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    app.kit.unlink(&account).await?;
    Ok(visit.redirect("/mailbox?unlinked=1"))
}

async fn samples(State(app): State<App>, visit: Visit, _: Form<Button>) -> Result<Response, Fault> {
    let (account, _) = match citizen(&app, &visit).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    if let Some(row) = app.post.account(&account).await? {
        app.post.deliver_samples(&row).await?;
    }
    Ok(visit.redirect("/mailbox"))
}
