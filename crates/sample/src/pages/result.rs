//! ⑦ `GET /result`: how it ended, in words, for every outcome; and what can be done now.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use base::{Lang, Timestamp};
use serde::Serialize;
use web::{Environment, Fault, Page, Visit};

use crate::Sample;
use crate::outcome::{Link, Outcome, SERVICE_RESULTS};
use crate::run::{Ask, Choice, Ended, Stage};
use crate::store::runs;

#[derive(Serialize)]
pub(crate) struct Shown {
    run: String,
    /// Stem of the texts; `pending` while the code is being traded.
    outcome: &'static str,
    link: &'static str,
    /// Look of the banner: success, warning, error, info.
    kind: &'static str,
    at: Timestamp,
    portal: String,
    services: Vec<Service>,
    registered: Option<bool>,
    registered_now: bool,
    linked: Vec<Linked>,
    /// We hold a token that still works.
    can_import: bool,
    /// We held one.
    token_ended: bool,
    /// What 「もう一度」 sends: the same choice again.
    again: BTreeMap<String, String>,
    developer: Option<Developer>,
}

/// The fields of the form that asks the same again.
fn again(choice: &Choice) -> BTreeMap<String, String> {
    let flag = |on: bool| if on { "1" } else { "0" }.to_owned();
    let ask = match choice.ask {
        Ask::All => "all",
        Ask::Documents => "documents",
    };
    let mut fields = BTreeMap::from([
        ("ask".to_owned(), ask.to_owned()),
        ("message".to_owned(), choice.message.clone()),
        ("reconfirm".to_owned(), flag(choice.reconfirm)),
        ("unregistered".to_owned(), flag(choice.unregistered)),
    ]);
    fields.extend(choice.services.iter().enumerate().map(|(i, id)| (format!("service-{}", i + 1), id.clone())));
    fields
}

#[derive(Serialize)]
struct Service {
    name: String,
    result: String,
    linked_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Linked {
    name: String,
    linked: bool,
}

#[derive(Serialize)]
struct Developer {
    error: Option<String>,
    description: Option<String>,
    details: Option<String>,
}

pub(crate) async fn show(State(app): State<Sample>, visit: Visit) -> Result<Response, Fault> {
    let Some(browser) = visit.known_browser() else { return Ok(visit.redirect("/")) };
    let (browser, id) = (browser.hash(), visit.query("run"));
    let row = app
        .0
        .db
        .read(move |tx| match id {
            Some(id) => runs::by_id(tx, &id, &browser),
            None => runs::latest(tx, &browser),
        })
        .await?;
    let Some(row) = row else { return Ok(visit.redirect("/")) };
    let now = app.0.clock.now();
    // Still at the portal, as far as we know: nothing to show yet.
    if row.finished_at.is_none() && row.used_at.is_none() {
        return Ok(visit.redirect("/"));
    }
    let can_import = row.token(&app.0.sealer, now)?.is_some();
    let stage = row.stage(&app.0.sealer, now)?;
    // The receipt number on the page leads to this line, and this line to the run.
    tracing::info!(receipt = %visit.receipt(), run = row.id, outcome = row.outcome, "result shown");
    Ok(page(&app, &visit, &row.id, row.choice(), &stage, can_import).respond())
}

pub(crate) fn page(app: &Sample, visit: &Visit, run: &str, choice: Choice, stage: &Stage, can_import: bool) -> Page {
    let config = &app.0.config;
    let page = visit.page("result.html", "result").form_action(config.portal.issuer.clone());
    match stage {
        Stage::Pending => page.with(pending(app, visit.lang(), run, choice)),
        Stage::Ended(ended) => {
            let shown = shown(app, visit.lang(), run, choice, ended, can_import);
            let page = page.outcome(shown.outcome);
            let page = if shown.kind == "error" { page.failed() } else { page };
            page.with(shown)
        }
    }
}

fn pending(app: &Sample, lang: Lang, run: &str, choice: Choice) -> Shown {
    let ended = Ended { outcome: Outcome::Unconfirmed, learned: crate::run::Learned::default(), at: app.0.clock.now() };
    Shown { outcome: "pending", kind: "info", developer: None, ..shown(app, lang, run, choice, &ended, false) }
}

fn shown(app: &Sample, lang: Lang, run: &str, choice: Choice, ended: &Ended, can_import: bool) -> Shown {
    let config = &app.0.config;
    let (outcome, learned) = (ended.outcome, &ended.learned);
    let named = |id: &str| config.service_name(id, lang).to_owned();
    let service = |s: &crate::run::Service| Service {
        name: named(&s.id),
        // A word of a later version of the portal is no reason to show nothing.
        result: SERVICE_RESULTS.into_iter().find(|r| *r == s.result).unwrap_or("failed").to_owned(),
        linked_at: s
            .linked_at
            .as_ref()
            .and_then(|t| t.parse::<jiff::Timestamp>().ok())
            .map(|t| Timestamp(t.as_microsecond())),
    };
    let developer = (config.environment == Environment::Test).then(|| Developer {
        error: learned.error.as_ref().map(|(e, _)| e.clone()),
        description: learned.error.as_ref().map(|(_, d)| d.clone()),
        details: learned.details.as_ref().and_then(|d| serde_json::to_string_pretty(d).ok()),
    });
    Shown {
        run: run.to_owned(),
        outcome: outcome.as_str(),
        link: outcome.link().as_str(),
        kind: match outcome.link() {
            Link::Made | Link::Before => "success",
            Link::Partly | Link::Unknown => "warning",
            // What the citizen decided is no error.
            Link::None if matches!(outcome, Outcome::ConsentDenied | Outcome::UserCancelled) => "info",
            Link::None => "error",
        },
        at: ended.at,
        portal: config.portal.name.get(lang).to_owned(),
        services: learned.services.iter().map(service).collect(),
        registered: learned.user_status.registered,
        registered_now: learned.registered_now,
        linked: learned
            .user_status
            .linked
            .iter()
            // What came of a service in this run says it already.
            .filter(|(id, _)| !learned.services.iter().any(|s| s.id == *id))
            .map(|(id, linked)| Linked { name: named(id), linked: *linked })
            .collect(),
        can_import,
        token_ended: outcome.with_token() && !can_import,
        again: again(&choice),
        developer,
    }
}
