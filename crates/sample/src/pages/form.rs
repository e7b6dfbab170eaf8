//! `GET /form`: check answers. What was imported, what was refused and why, every amount with its source,
//! what follows from them, and the button that sends it.

use axum::extract::State;
use axum::response::Response;
use base::{Lang, Timestamp};
use document::Yen;
use serde::Serialize;
use web::{Fault, Page, Visit};

use crate::Sample;
use crate::filing::{Deductions, Filing, Import, Line, Source};

/// Statuses of delivery services that there is a text for.
const STATUSES: [&str; 6] =
    ["ready", "no_documents_yet", "unavailable", "relink_required", "maintenance", "not_linked"];

#[derive(Serialize)]
pub(crate) struct Check {
    year: i16,
    lines: Vec<Row>,
    deductions: Deductions,
    dependant_under_23: bool,
    version: i64,
    import: Option<Imported>,
}

/// One amount.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) yen: Yen,
    /// `empty`, `typed`, `imported`
    pub(crate) source: &'static str,
    /// Who delivered it.
    pub(crate) from: String,
}

#[derive(Serialize)]
struct Imported {
    at: Timestamp,
    trouble: Option<String>,
    accepted: Vec<Document>,
    refused: Vec<Document>,
    services: Vec<Status>,
    other_years: usize,
}

#[derive(Serialize)]
struct Document {
    title: String,
    issuer: String,
    certified_on: Option<String>,
    service: String,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Status {
    name: String,
    status: &'static str,
}

pub(crate) async fn show(State(app): State<Sample>, visit: Visit) -> Result<Response, Fault> {
    let (filing, version) = app.filing(visit.browser().hash()).await?;
    Ok(page(&app, &visit, &filing, version).respond())
}

pub(crate) fn page(app: &Sample, visit: &Visit, filing: &Filing, version: i64) -> Page {
    let lang = visit.lang();
    let failed = filing.import.as_ref().is_some_and(|i| i.trouble.is_some());
    let page = visit.page("form.html", "form").back("/");
    let page = if failed { page.receipt() } else { page };
    page.with(Check {
        year: filing.year,
        lines: rows(app, lang, filing),
        deductions: filing.deductions(),
        dependant_under_23: filing.dependant_under_23,
        version,
        import: filing.import.as_ref().map(|i| imported(app, lang, i)),
    })
}

/// Every amount with its source.
pub(crate) fn rows(app: &Sample, lang: Lang, filing: &Filing) -> Vec<Row> {
    let row = |line: Line| {
        let figure = filing.figure(line);
        let (source, from) = match &figure.source {
            Source::Empty => ("empty", String::new()),
            Source::Typed => ("typed", String::new()),
            Source::Imported(ids) => {
                let names: Vec<&str> = ids.iter().map(|id| app.0.config.service_name(id, lang)).collect();
                ("imported", names.join(if lang == Lang::Ja { "、" } else { ", " }))
            }
        };
        Row { name: line.name(), yen: figure.yen, source, from }
    };
    Line::ALL.into_iter().map(row).collect()
}

fn imported(app: &Sample, lang: Lang, import: &Import) -> Imported {
    let named = |id: &str| app.0.config.service_name(id, lang).to_owned();
    let accepted = import.accepted.iter().map(|a| Document {
        title: a.form.title(lang).to_owned(),
        issuer: a.issuer.clone(),
        certified_on: Some(a.certified_on.clone()),
        service: named(&a.service),
        reason: None,
    });
    let refused = import.refused.iter().map(|r| Document {
        title: r.title.clone(),
        issuer: String::new(),
        certified_on: None,
        service: named(&r.service),
        reason: Some(r.reason.clone()),
    });
    let status = |(id, status): &(String, String)| Status {
        name: named(id),
        status: STATUSES.into_iter().find(|s| s == status).unwrap_or("unavailable"),
    };
    Imported {
        at: import.at,
        trouble: import.trouble.clone(),
        accepted: accepted.collect(),
        refused: refused.collect(),
        services: import.services.iter().map(status).collect(),
        other_years: import.other_years,
    }
}
