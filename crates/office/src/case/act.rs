//! `POST /staff/cases/{case}/assign` and `/act`: taking and giving a case, and what needs no decision of two.

use axum::extract::{Path, State};
use desk::kit::{Doer, Line, StaffMember, cases};
use desk::{Desk, Reply};
use procedures::case::Event;
use web::{Refusal, Upload, Visit};

use super::page::refused;
use super::{Done, act as happen};
use crate::shared::{plain, staff_with, typed, wrong};

/// `POST /staff/cases/{case}/assign`: `to` is an account of the staff, or empty to give it back to all.
pub(crate) async fn assign(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(case): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let (to, seen) = (typed(&form, "to"), typed(&form, "seen"));
    let (writer, by, id, now) = (desk.clone(), me.id().to_owned(), case.clone(), desk.now());
    let done = desk
        .db()
        .write(move |tx| {
            let Some(row) = cases::get(tx, &id)? else { return Ok(None) };
            // Two people who take it in the same moment: the second one sees that it is taken.
            if row.assignee.as_deref().unwrap_or_default() != seen {
                return Ok(Some("raced"));
            }
            let to = Some(to).filter(|t| !t.is_empty());
            if let Some(to) = &to
                && !staff_with(&writer, tx, crate::ACTING)?.iter().any(|p| p.value == *to)
            {
                return Ok(Some("nobody"));
            }
            cases::assign(tx, &id, to.as_deref())?;
            let what = match &to {
                Some(to) if *to == by => "case_taken",
                Some(_) => "case_assigned",
                None => "case_given_back",
            };
            let line = Line::new(&id, Doer::Staff(&by), what).org(&row.org);
            let line = match &to {
                Some(to) => line.detail("to", to.as_str()),
                None => line,
            };
            writer.record(tx, line, now)?;
            Ok::<_, ::store::Error>(Some("assigned"))
        })
        .await?;
    match done {
        None => Err(Refusal::NotFound.into()),
        Some("nobody") => refused(&desk, &visit, &me, &case, wrong(&visit, "to", "st-assign-nobody")?, "").await,
        Some(word) => Ok(visit.redirect(&format!("/staff/cases/{case}?done={word}"))),
    }
}

/// `POST /staff/cases/{case}/act`: `event` is `confirm`, `open_form`, `note` or `retry`.
pub(crate) async fn act(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(case): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let event = typed(&form, "event");
    let field = if event == "note" { "note" } else { "text" };
    let text = match plain(&form, &visit, field)? {
        Ok(text) => text,
        // What holds a private key is not shown again either.
        Err(error) => return refused(&desk, &visit, &me, &case, error, "").await,
    };
    let said = text.as_str().to_owned();
    if said.chars().count() > desk::kit::LONGEST_BODY {
        return refused(&desk, &visit, &me, &case, wrong(&visit, field, "st-text-long")?, &said).await;
    }
    let event = match event.as_str() {
        "confirm" => Event::Confirm { note: text },
        "open_form" => Event::OpenForm { note: text },
        "retry" => Event::Retry { note: text },
        "note" => Event::Note { text, shared: form.get("shared").is_some() },
        _ => return Err(Refusal::Form.into()),
    };
    let seen = typed(&form, "seq").parse().map_err(|_| Refusal::Form)?;
    match happen(&desk, &me, &case, seen, event, visit.lang()).await? {
        Done::Acted => Ok(visit.redirect(&format!("/staff/cases/{case}?done=acted"))),
        Done::Raced => Ok(visit.redirect(&format!("/staff/cases/{case}?done=raced"))),
        Done::Refused(message) => {
            let error = web::FieldError { field: field.to_owned(), message };
            refused(&desk, &visit, &me, &case, error, &said).await
        }
    }
}
