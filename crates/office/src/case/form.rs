//! `/staff/cases/{case}/forms/{form}`: what was submitted, what changed, and remarks on single fields and rows.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use base::{Lang, Timestamp};
use desk::kit::{Frame, ReadSection, Show, StaffMember, attachments, page};
use desk::{Desk, Oops, Reply};
use procedures::case::{Case, Event, Who};
use procedures::compare::compare_promotion;
use procedures::{Answers, Form};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Upload, Visit};

use super::page::{Head, account_of, head};
use super::{Against, Done, Facts, act, differences, facts_in};
use crate::shared::{Choice, Names, done, is, plain, typed, wrong};

#[derive(Serialize)]
pub(crate) struct FormPage {
    pub(crate) head: Head,
    pub(crate) form: String,
    pub(crate) heading: String,
    pub(crate) no: u32,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    pub(crate) against: &'static str,
    pub(crate) against_no: u32,
    pub(crate) versions: Vec<u32>,
    pub(crate) sections: Vec<ReadSection>,
    /// Fields that differ.
    pub(crate) changed: Vec<Choice>,
    /// What goes to production otherwise than it was tested.
    pub(crate) promotion: Vec<Promotion>,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) fields: Vec<Choice>,
    pub(crate) acting: bool,
    pub(crate) field: String,
    pub(crate) row: String,
    pub(crate) text: String,
    pub(crate) done: Option<&'static str>,
}

/// A setting, tested and for production.
#[derive(Clone, Serialize)]
pub(crate) struct Promotion {
    pub(crate) label: String,
    pub(crate) before: Vec<String>,
    pub(crate) after: Vec<String>,
    pub(crate) expected: bool,
}

#[derive(Clone, Serialize)]
pub(crate) struct Remark {
    pub(crate) no: u32,
    pub(crate) field: String,
    pub(crate) place: String,
    pub(crate) text: String,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) submission: u32,
    pub(crate) resolved: Option<Timestamp>,
}

/// Where a remark points, in words.
fn place_of(form: &Form, field: Option<&str>, row: Option<u32>, lang: Lang) -> String {
    let Some(field) = field.and_then(|f| form.field(f)) else { return String::new() };
    match (row, lang) {
        (None, _) => field.label.get(lang).to_owned(),
        (Some(row), Lang::Ja) => format!("{}（{}件目）", field.label.ja, row + 1),
        (Some(row), _) => format!("{} (no. {})", field.label.en, row + 1),
    }
}

pub(crate) fn promotions(
    desk: &Desk,
    case: &Case,
    form: &Form,
    answers: &Answers,
    offered: &[procedures::Choice],
    lang: Lang,
) -> Vec<Promotion> {
    let Some(test) = form.promotes.as_deref().and_then(|t| desk.catalogue().form(t)) else { return Vec::new() };
    let Some(tested) = case.tested_form(&test.id) else { return Vec::new() };
    let view = |d: &procedures::Difference| {
        let label = form.field(&d.field).map_or_else(|| d.label.get(lang), |f| f.label.get(lang)).to_owned();
        let lines = |form: &Form, answer| match form.field(&d.field) {
            Some(field) => desk::kit::lines(field, answer, offered, lang),
            None => Vec::new(),
        };
        Promotion {
            label,
            before: lines(test, d.before.as_ref()),
            after: lines(form, d.after.as_ref()),
            expected: d.expected,
        }
    };
    compare_promotion(test, form, tested, answers).0.iter().map(view).collect()
}

fn view(
    desk: &Desk,
    tx: &mut ::store::Tx<'_>,
    me: &StaffMember,
    facts: &Facts,
    form: &str,
    no: Option<u32>,
    lang: Lang,
) -> Result<Option<FormPage>, ::store::Error> {
    let (case, offered) = (&facts.loaded.case, &facts.loaded.offered);
    let Some(form) = desk.catalogue().form(form) else { return Ok(None) };
    let versions: Vec<_> = case.versions(&form.id).collect();
    let wanted = |s: &procedures::case::Submission| no.is_none_or(|no| s.no == no);
    let Some((submission, answers)) = versions.iter().rev().find(|(s, _)| wanted(s)) else { return Ok(None) };
    let (against, changed) = differences(case, form, submission.no, answers);
    let open: Vec<(String, String)> = case
        .open_comments()
        .filter(|c| c.form == form.id)
        .map(|c| (c.field.clone().unwrap_or_default(), c.text.as_str().to_owned()))
        .collect();
    let show = Show { form, answers, offered, differences: &changed, comments: &open, lang, more: None };
    let mut names = Names::default();
    let mut remarks = Vec::new();
    for c in case.comments.iter().filter(|c| c.form == form.id).rev() {
        remarks.push(Remark {
            no: c.no,
            field: c.field.clone().unwrap_or_default(),
            place: place_of(form, c.field.as_deref(), c.row, lang),
            text: c.text.as_str().to_owned(),
            by: names.of(desk, tx, account_of(&c.by))?,
            at: c.at,
            submission: c.submission,
            resolved: c.resolved.as_ref().map(|(at, _)| *at),
        });
    }
    let label = |id: &str| form.field(id).map(|f| f.label.get(lang).to_owned());
    Ok(Some(FormPage {
        head: head(desk, tx, &mut names, facts, me.id(), lang)?,
        form: form.id.clone(),
        heading: form.heading(lang),
        no: submission.no,
        at: submission.at,
        by: match &submission.by {
            Who::System => String::new(),
            who => names.of(desk, tx, account_of(who))?,
        },
        against: against.word(),
        against_no: match against {
            Against::Approved(n) | Against::Previous(n) => n,
            Against::Live | Against::None => 0,
        },
        versions: versions.iter().map(|(s, _)| s.no).collect(),
        sections: show.read(),
        changed: changed.0.iter().filter_map(|d| Some(Choice::new(&d.field, label(&d.field)?))).collect(),
        promotion: promotions(desk, case, form, answers, offered, lang),
        remarks,
        fields: form
            .fields()
            .filter(|f| form.asks(f, answers))
            .map(|f| Choice::new(&f.id, f.label.get(lang)))
            .collect(),
        acting: is(me, crate::ACTING) && case.outcome().is_none(),
        field: String::new(),
        row: String::new(),
        text: String::new(),
        done: None,
    }))
}

async fn load_page(
    desk: &Desk,
    visit: &Visit,
    me: &StaffMember,
    case: &str,
    form: &str,
    no: Option<u32>,
) -> Result<FormPage, Oops> {
    let (reader, id, form, who, lang) = (desk.clone(), case.to_owned(), form.to_owned(), me.clone(), visit.lang());
    let found = desk.db().read(move |tx| {
        let Some(facts) = facts_in(tx, &id)? else { return Ok(None) };
        view(&reader, tx, &who, &facts, &form, no, lang)
    });
    found.await.map_err(|e: ::store::Error| Oops::from(e))?.ok_or(Oops::Refusal(Refusal::NotFound))
}

pub(crate) fn form_page(visit: &Visit, frame: Frame, own: FormPage) -> Page {
    let back = format!("/staff/cases/{}", own.head.id);
    let here = format!("/staff/cases/{}/forms/{}", own.head.id, own.form);
    page(visit, frame, "staff-form.html", "staff-form", own).back(back).at(here)
}

/// `GET /staff/cases/{case}/forms/{form}?no=…`: the newest submission, or one before. `field=…` begins a remark on it.
pub(crate) async fn show(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path((case, form)): Path<(String, String)>,
) -> Reply {
    let no = visit.query("no").and_then(|n| n.parse().ok());
    let mut own = load_page(&desk, &visit, &me, &case, &form, no).await?;
    own.field = visit.query("field").unwrap_or_default();
    own.done = done(&visit, &["commented", "resolved", "raced"]);
    Ok(form_page(&visit, desk.staff_frame(&me, "staff"), own).respond())
}

/// `POST /staff/cases/{case}/forms/{form}/comments`
pub(crate) async fn comment(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path((case, form)): Path<(String, String)>,
    sent: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let (field, row) = (typed(&sent, "field"), typed(&sent, "row"));
    let refused = async |error: FieldError, text: String| -> Reply {
        let mut own = load_page(&desk, &visit, &me, &case, &form, None).await?;
        (own.field, own.row, own.text) = (field.clone(), row.clone(), text);
        Ok(form_page(&visit, desk.staff_frame(&me, "staff"), own).errors(vec![error]).respond())
    };
    let text = match plain(&sent, &visit, "text")? {
        Ok(text) => text,
        Err(error) => return refused(error, String::new()).await,
    };
    let said = text.as_str().to_owned();
    if said.is_empty() || said.chars().count() > desk::kit::LONGEST_BODY {
        return refused(wrong(&visit, "text", "st-comment-missing")?, said).await;
    }
    // Rows count from 1 for people.
    let at: Option<u32> = match (row.is_empty(), web::form::digits(&row).and_then(|r| r.parse::<u32>().ok())) {
        (true, _) => None,
        (false, Some(n)) if n > 0 => Some(n - 1),
        (false, _) => return refused(wrong(&visit, "row", "st-comment-row")?, said).await,
    };
    let field_of = Some(field.clone()).filter(|f| !f.is_empty());
    let event = Event::Comment { form: form.clone(), field: field_of, row: at, text };
    let seen = typed(&sent, "seq").parse().map_err(|_| Refusal::Form)?;
    match act(&desk, &me, &case, seen, event, visit.lang()).await? {
        Done::Acted => Ok(visit.redirect(&format!("/staff/cases/{case}/forms/{form}?done=commented"))),
        Done::Raced => Ok(visit.redirect(&format!("/staff/cases/{case}/forms/{form}?done=raced"))),
        Done::Refused(message) => refused(FieldError { field: "text".to_owned(), message }, said).await,
    }
}

/// `POST /staff/cases/{case}/comments/{no}/resolve`
pub(crate) async fn resolve(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path((case, no)): Path<(String, u32)>,
    sent: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let seen = typed(&sent, "seq").parse().map_err(|_| Refusal::Form)?;
    let forms: BTreeMap<u32, String> = {
        let facts = super::facts(&desk, &case).await?;
        facts.loaded.case.comments.iter().map(|c| (c.no, c.form.clone())).collect()
    };
    let form = forms.get(&no).ok_or(Refusal::NotFound)?;
    let word = match act(&desk, &me, &case, seen, Event::Resolve { comment: no }, visit.lang()).await? {
        Done::Acted => "resolved",
        Done::Raced | Done::Refused(_) => "raced",
    };
    Ok(visit.redirect(&format!("/staff/cases/{case}/forms/{form}?done={word}")))
}

/// `GET /staff/cases/{case}/files/{file}`: evidence, as a download.
pub(crate) async fn file(
    State(desk): State<Desk>,
    _: StaffMember,
    Path((case, file)): Path<(String, String)>,
) -> Reply {
    let found = desk.db().read(move |tx| attachments::get(tx, &file)).await?;
    desk.hand_out(found.filter(|f| f.place == case).ok_or(Refusal::NotFound)?).await
}
