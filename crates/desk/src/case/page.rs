//! `GET /cases/{case}`: every step with who must act, by when and what is missing; and `POST /cases/{case}/act` for what
//! needs no form.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use base::{Lang, Timestamp};
use procedures::case::{Case, Context, Event, Outcome, Progress, StepProgress, Who};
use procedures::{Act, Actor, Answers, Plain};
use serde::{Deserialize, Serialize};
use web::{FieldError, Form, Page, Refusal, Visit};

use super::act::{ActError, Loaded, drafts_of, load};
use crate::access::Member;
use crate::frame::{Frame, page};
use crate::store::services;
use crate::{Desk, Oops, Reply};

#[derive(Serialize)]
pub(crate) struct CasePage {
    id: String,
    org_id: String,
    org: String,
    service: String,
    procedure: String,
    receipt: String,
    opened: Timestamp,
    outcome: Option<String>,
    /// What the desk said since the applicant acted last.
    said: Vec<Said>,
    todo: Option<TodoView>,
    may_edit: bool,
    phases: Vec<PhaseView>,
    forms: Vec<FormLine>,
    events: Vec<EventLine>,
    reopen: Vec<StepName>,
    may_withdraw: bool,
    disclosed: bool,
    done: Option<&'static str>,
    text: String,
}

/// Words of the desk that must not be looked for in the history.
#[derive(Serialize)]
struct Said {
    /// `return`, `refuse`, or another event by its name.
    event: String,
    at: Timestamp,
    text: String,
}

#[derive(Serialize)]
struct TodoView {
    step: String,
    label: String,
    explanation: String,
    /// The applicant has to act.
    ours: bool,
    actor: String,
    /// `submit`, `confirm`, `contact`, `accept`, or something of the desk's.
    act: &'static str,
    due: Option<String>,
    overdue: bool,
    forms: Vec<FormTask>,
    planned: Option<Timestamp>,
}

#[derive(Serialize)]
struct FormTask {
    id: String,
    label: String,
    /// `untouched`, `incomplete`, `ready`
    status: &'static str,
    missing: usize,
    comments: usize,
}

/// A phase with its steps, for templates.
#[derive(Serialize)]
pub struct PhaseView {
    label: String,
    steps: Vec<StepView>,
}

#[derive(Serialize)]
struct StepView {
    id: String,
    label: String,
    explanation: String,
    /// `done`, `now`, `later`, `skipped`
    state: &'static str,
    actor: String,
    at: Option<Timestamp>,
}

#[derive(Serialize)]
struct FormLine {
    id: String,
    label: String,
    no: u32,
    at: Timestamp,
}

#[derive(Serialize)]
struct EventLine {
    at: Timestamp,
    who: &'static str,
    event: String,
    step: String,
    text: String,
}

#[derive(Serialize)]
struct StepName {
    value: String,
    label: String,
}

/// What the applicant can do without a form.
#[derive(Deserialize)]
pub(crate) struct ActForm {
    event: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    step: String,
}

/// What is needed to show a case.
pub(crate) struct Facts {
    pub(crate) loaded: Loaded,
    pub(crate) drafts: BTreeMap<String, Answers>,
    pub(crate) service: String,
    pub(crate) disclosed: bool,
}

pub(crate) async fn facts(desk: &Desk, case: &str) -> Result<Facts, Oops> {
    let (id, reader) = (case.to_owned(), desk.clone());
    let found = desk
        .db()
        .read(move |tx| {
            let Some(loaded) = load(tx, &id)? else { return Ok(None) };
            Ok::<_, ::store::Error>(Some(Facts {
                drafts: drafts_of(tx, &id)?,
                service: services::get(tx, &loaded.row.service)?.map(|s| s.name).unwrap_or_default(),
                disclosed: reader.disclosed(tx, &loaded.row.org)?,
                loaded,
            }))
        })
        .await?;
    found.ok_or(Oops::Refusal(Refusal::NotFound))
}

/// A refusal of the catalogue is a fault of whoever replaced it: nothing a reader can mend.
pub fn broken(refusal: &procedures::case::Refusal) -> Oops {
    Oops::Fault(web::Fault::new(refusal.to_string()))
}

/// The stable word of an act, for templates.
pub const fn act_word(act: Act) -> &'static str {
    match act {
        Act::Submit => "submit",
        Act::Confirm => "confirm",
        Act::Contact => "contact",
        Act::Accept => "accept",
        Act::OpenForm => "open_form",
        Act::Review => "review",
        Act::Approve => "approve",
        Act::Apply => "apply",
        Act::Wait => "wait",
    }
}

pub(crate) fn view(desk: &Desk, me: &Member, facts: &Facts, lang: Lang) -> Result<CasePage, Oops> {
    let Loaded { row, case, offered } = &facts.loaded;
    let ctx = desk.context(offered, desk.now());
    let procedure = desk.catalogue().procedure(&case.procedure);
    let todo = case.todo(&ctx).map_err(|e| broken(&e))?;
    let step_of = |id: &str| procedure.and_then(|p| p.step(id));
    let step_name = |id: &str| match step_of(id) {
        Some(step) => format!("{} {}", step.id, step.label.get(lang)),
        None => String::new(),
    };
    let todo_view = match todo.first() {
        None => None,
        Some(first) => {
            let missing = case.missing(&facts.drafts, &ctx).map_err(|e| broken(&e))?;
            let task = |id: &String| {
                let form = desk.catalogue().form(id);
                let lacks = missing.iter().find(|m| m.form == *id);
                // What a draft begins with counts as well: a returned form is not empty.
                let touched = facts.drafts.contains_key(id);
                FormTask {
                    label: form.map_or_else(|| id.clone(), |f| f.heading(lang)),
                    status: match (touched, lacks) {
                        (false, _) => "untouched",
                        (true, Some(_)) => "incomplete",
                        (true, None) => "ready",
                    },
                    missing: lacks.map_or(0, |m| m.findings.len()),
                    comments: case.open_comments().filter(|c| c.form == *id).count(),
                    id: id.clone(),
                }
            };
            Some(TodoView {
                step: step_name(&first.step),
                label: first.label.get(lang).to_owned(),
                explanation: step_of(&first.step).map(|s| s.explanation.get(lang).to_owned()).unwrap_or_default(),
                ours: first.actor == Actor::Applicant,
                actor: first.actor.label().get(lang).to_owned(),
                act: act_word(first.act),
                due: first.due.map(|d| d.to_string()),
                overdue: first.overdue,
                forms: first.forms.iter().map(task).collect(),
                planned: case.planned.map(|p| p.at),
            })
        }
    };
    let reopen = match case.at(&ctx).map_err(|e| broken(&e))? {
        Some((_, task)) => task.reopen.iter().map(|id| StepName { value: id.clone(), label: step_name(id) }).collect(),
        None => Vec::new(),
    };
    let forms = case.submissions.iter().rev().flat_map(|s| {
        s.forms.keys().map(move |id| FormLine {
            label: desk.catalogue().form(id).map_or_else(|| id.clone(), |f| f.heading(lang)),
            id: id.clone(),
            no: s.no,
            at: s.at,
        })
    });
    let events = case.log.iter().rev().filter(|e| e.shared || matches!(e.by, Who::Applicant(_))).map(|e| EventLine {
        at: e.at,
        who: match e.by {
            Who::Applicant(_) => "applicant",
            Who::Staff(_) => "staff",
            Who::System => "system",
        },
        event: e.event.clone(),
        step: e.step.clone(),
        text: if e.shared || matches!(e.by, Who::Applicant(_)) { e.text.as_str().to_owned() } else { String::new() },
    });
    Ok(CasePage {
        id: row.id.clone(),
        org_id: row.org.clone(),
        org: me.org.name.clone(),
        service: facts.service.clone(),
        procedure: procedure.map_or_else(|| row.kind.clone(), |p| p.label.get(lang).to_owned()),
        receipt: row.receipt.clone(),
        opened: row.opened_at,
        outcome: case.outcome().map(|_| row.step.clone()),
        may_edit: me.role.may_edit(),
        phases: phases(desk, case, &ctx, lang)?,
        forms: forms.collect(),
        events: events.collect(),
        reopen,
        may_withdraw: case.outcome().is_none() && case.winding_up.is_none(),
        disclosed: facts.disclosed,
        said: said(case),
        todo: todo_view,
        done: None,
        text: String::new(),
    })
}

/// What the desk said to the applicant since they acted last, the latest first: why something was returned or refused, and
/// the words that go with a form.
fn said(case: &Case) -> Vec<Said> {
    let refusal = case.decisions.last().filter(|d| {
        d.review.proposal.refuse && (case.winding_up.is_some() || case.outcome() == Some(Outcome::Refused))
    });
    let reason = refusal.map(|d| Said {
        event: "refuse".to_owned(),
        at: d.at,
        text: d.review.proposal.note.as_str().to_owned(),
    });
    let since = case.log.iter().rev().take_while(|e| !matches!(e.by, Who::Applicant(_)));
    let words = since.filter(|e| e.shared && e.event != "comment" && !e.text.as_str().is_empty());
    let words = words.map(|e| Said { event: e.event.clone(), at: e.at, text: e.text.as_str().to_owned() });
    reason.into_iter().chain(words).collect()
}

/// Every step by phase, with what has become of it.
pub fn phases(desk: &Desk, case: &Case, ctx: &Context<'_>, lang: Lang) -> Result<Vec<PhaseView>, Oops> {
    let view = |p: &StepProgress<'_>| {
        let (state, at) = match p.progress {
            Progress::Done(at) => ("done", Some(at)),
            Progress::Current(at) => ("now", Some(at)),
            Progress::Ahead => ("later", None),
            Progress::LeftOut => ("skipped", None),
        };
        let mut actors: Vec<Actor> = p.step.tasks.iter().map(|t| t.actor).collect();
        actors.dedup();
        let actors: Vec<_> = actors.iter().map(|a| a.label().get(lang).to_owned()).collect();
        StepView {
            id: p.step.id.clone(),
            label: p.step.label.get(lang).to_owned(),
            explanation: p.step.explanation.get(lang).to_owned(),
            state,
            actor: actors.join(if lang == Lang::Ja { "、" } else { ", " }),
            at,
        }
    };
    let steps = case.progress(ctx).map_err(|e| broken(&e))?;
    let procedure = desk.catalogue().procedure(&case.procedure);
    let name = |phase: &Option<String>| match phase.as_deref().and_then(|id| desk.catalogue().phase(id)) {
        Some(phase) => phase.label.get(lang).to_owned(),
        None => procedure.map(|p| p.label.get(lang).to_owned()).unwrap_or_default(),
    };
    Ok(steps
        .chunk_by(|a, b| a.step.phase == b.step.phase)
        .map(|group| PhaseView { label: name(&group[0].step.phase), steps: group.iter().map(view).collect() })
        .collect())
}

pub(crate) fn case_page(visit: &Visit, account: &accounts::Account, own: CasePage) -> Page {
    let (back, here) = (format!("/orgs/{}", own.org_id), format!("/cases/{}", own.id));
    page(visit, Frame::person(account, "home"), "case.html", "case", own).back(back).at(here)
}

/// `GET /cases/{case}`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: Member, Path(case): Path<String>) -> Reply {
    let facts = facts(&desk, &case).await?;
    let mut own = view(&desk, &me, &facts, visit.lang())?;
    own.done = match visit.query("done").as_deref() {
        Some("acted") => Some("acted"),
        Some("raced") => Some("raced"),
        _ => None,
    };
    Ok(case_page(&visit, &me.account, own).respond())
}

/// `POST /cases/{case}/act`
pub(crate) async fn act(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path(case): Path<String>,
    Form(form): Form<ActForm>,
) -> Reply {
    me.must_edit()?;
    let refused = async |message: String, field: &str| -> Reply {
        let facts = facts(&desk, &case).await?;
        let mut own = view(&desk, &me, &facts, visit.lang())?;
        own.text = form.text.chars().take(super::super::inquiry::LONGEST_BODY).collect();
        let error = FieldError { field: field.to_owned(), message };
        Ok(case_page(&visit, &me.account, own).errors(vec![error]).respond())
    };
    let Ok(text) = Plain::new(form.text.trim()) else {
        let facts = facts(&desk, &case).await?;
        let own = view(&desk, &me, &facts, visit.lang())?;
        let error = FieldError { field: "text".to_owned(), message: visit.text("private-key", &[])? };
        return Ok(case_page(&visit, &me.account, own).errors(vec![error]).respond());
    };
    let event = match form.event.as_str() {
        "confirm" => Event::Confirm { note: text },
        "contact" => Event::Contact { message: text },
        "accept" => Event::Accept { note: text },
        "reopen" => Event::Reopen { step: form.step.clone(), reason: text },
        "withdraw" => Event::Withdraw { reason: text },
        _ => return Err(Refusal::Form.into()),
    };
    match desk.act(&case, event, me.by()).await {
        Ok(_) => Ok(visit.redirect(&format!("/cases/{case}?done=acted"))),
        Err(ActError::Raced) => Ok(visit.redirect(&format!("/cases/{case}?done=raced"))),
        Err(ActError::NoSuchCase) => Err(Refusal::NotFound.into()),
        Err(ActError::Store(e)) => Err(e.into()),
        Err(ActError::Refused(refusal)) => {
            let field = if form.event == "reopen" || form.event == "withdraw" { form.event.as_str() } else { "text" };
            refused(refusal.message().get(visit.lang()).to_owned(), field).await
        }
    }
}
