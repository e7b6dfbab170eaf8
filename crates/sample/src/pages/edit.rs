//! `GET` and `POST /edit`: the amounts as fields, empty for who enters them by hand, filled for who
//! imported them.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use web::{Fault, FieldError, Fields, Form, Page, Visit};

use crate::Sample;
use crate::filing::{Filing, Line, amount};
use crate::pages::form::{Row, rows};

#[derive(Serialize)]
pub(crate) struct Edit {
    year: i16,
    fields: Vec<Field>,
    dependant_under_23: bool,
}

#[derive(Serialize)]
struct Field {
    #[serde(flatten)]
    row: Row,
    /// As typed; for a fresh page the amount, or nothing for zero.
    value: String,
}

pub(crate) async fn show(State(app): State<Sample>, visit: Visit) -> Result<Response, Fault> {
    let (filing, _) = app.filing(visit.browser().hash()).await?;
    Ok(page(&app, &visit, &filing, None, Vec::new()).respond())
}

pub(crate) async fn post(
    State(app): State<Sample>,
    visit: Visit,
    Form(typed): Form<Fields>,
) -> Result<Response, Fault> {
    let browser = visit.browser().hash();
    let (mut filing, _) = app.filing(browser.clone()).await?;
    let mut errors = Vec::new();
    for line in Line::ALL {
        match amount(typed.get(line.name()).unwrap_or_default()) {
            Some(yen) => filing.enter(line, yen),
            None => {
                let what = visit.text(&format!("line-{}", line.name()), &[])?;
                let message = visit.text("edit-amount-wrong", &[("what", &what)])?;
                errors.push(FieldError { field: line.name().to_owned(), message });
            }
        }
    }
    filing.dependant_under_23 = typed.get("dependant_under_23").is_some();
    if !errors.is_empty() {
        return Ok(page(&app, &visit, &filing, Some(&typed), errors).respond());
    }
    app.save_filing(browser, &filing).await?;
    Ok(visit.redirect("/form"))
}

pub(crate) fn page(
    app: &Sample,
    visit: &Visit,
    filing: &Filing,
    typed: Option<&Fields>,
    errors: Vec<FieldError>,
) -> Page {
    let field = |row: Row| Field {
        value: match typed {
            Some(fields) => fields.get(row.name).unwrap_or_default().to_owned(),
            None if row.yen == 0 => String::new(),
            None => row.yen.to_string(),
        },
        row,
    };
    visit.page("edit.html", "edit").back("/form").at("/edit").errors(errors).with(Edit {
        year: filing.year,
        fields: rows(app, visit.lang(), filing).into_iter().map(field).collect(),
        dependant_under_23: filing.dependant_under_23,
    })
}
