//! `POST /submit` and `GET /submitted`: sends the form, once per version, and gives its 受付番号.

use axum::extract::State;
use axum::response::Response;
use base::Timestamp;
use document::Yen;
use serde::Deserialize;
use serde::Serialize;
use web::{Fault, Form, Page, Receipt, Visit};

use crate::Sample;
use crate::store::filings;

#[derive(Deserialize)]
pub(crate) struct Press {
    version: i64,
}

#[derive(Serialize)]
pub(crate) struct Submitted {
    number: String,
    at: Timestamp,
    year: i16,
    total: Yen,
}

pub(crate) async fn post(State(app): State<Sample>, visit: Visit, Form(press): Form<Press>) -> Result<Response, Fault> {
    let browser = visit.browser().hash();
    let (filing, version) = app.filing(browser.clone()).await?;
    // Changed in another tab meanwhile: what would be sent is not what was seen. Look again.
    if press.version != version {
        return Ok(visit.redirect("/form"));
    }
    if version == 0 {
        return Ok(visit.redirect("/edit"));
    }
    let receipt = Receipt::new(&app.0.rng);
    let sealed = app.seal_filing(&filing)?;
    let now = app.0.clock.now();
    // A double press finds the version already submitted and keeps its number.
    app.0.db.write(move |tx| filings::submit(tx, receipt.as_str(), &browser, version, &sealed, now)).await?;
    Ok(visit.redirect("/submitted"))
}

pub(crate) async fn show(State(app): State<Sample>, visit: Visit) -> Result<Response, Fault> {
    let browser = visit.browser().hash();
    let Some(row) = app.0.db.read(move |tx| filings::latest(tx, &browser)).await? else {
        return Ok(visit.redirect("/"));
    };
    let filing = app.open_filing(&row.body)?;
    Ok(page(&visit, row.receipt, row.submitted_at, filing.year, filing.deductions().total).respond())
}

pub(crate) fn page(visit: &Visit, number: String, at: Timestamp, year: i16, total: Yen) -> Page {
    visit.page("submitted.html", "submitted").with(Submitted { number, at, year, total })
}
