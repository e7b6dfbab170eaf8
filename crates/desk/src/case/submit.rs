//! `/cases/{case}/check`, `/submit`, `/submitted`: check answers, submit, receipt number.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use base::Timestamp;
use procedures::case::{Event, Refusal as CaseRefusal};
use procedures::compare::{Differences, compare};
use procedures::{Act, Actor, Answers};
use serde::{Deserialize, Serialize};
use web::{FieldError, Form, Page, Refusal, Visit};

use super::act::{ActError, Loaded, drafts_of};
use super::page::{Facts, broken, facts};
use crate::access::Member;
use crate::form::{ReadSection, Show, errors};
use crate::frame::{Frame, page};
use crate::notify::Mail;
use crate::{Desk, Oops, Reply};

#[derive(Serialize)]
pub(crate) struct CheckPage {
    case: String,
    receipt: String,
    service: String,
    step: String,
    forms: Vec<CheckForm>,
    ready: bool,
    /// What is being looked at, so that nothing else is submitted.
    seen: String,
    changed: bool,
}

#[derive(Serialize)]
struct CheckForm {
    id: String,
    heading: String,
    sections: Vec<ReadSection>,
    /// What has to be mended, in words.
    missing: Vec<Lack>,
}

#[derive(Serialize)]
struct Lack {
    field: String,
    message: String,
}

#[derive(Deserialize)]
pub(crate) struct SubmitForm {
    seen: String,
}

#[derive(Serialize)]
pub(crate) struct Submitted {
    case: String,
    receipt: String,
    no: u32,
    at: Timestamp,
    forms: Vec<String>,
    next: String,
    due: Option<String>,
}

/// The answers that would be submitted now, by form: the drafts, or what the drafts would begin with.
fn to_submit(
    desk: &Desk,
    loaded: &Loaded,
    drafts: &BTreeMap<String, Answers>,
) -> Result<BTreeMap<String, Answers>, CaseRefusal> {
    let ctx = desk.context(&loaded.offered, desk.now());
    let todo = loaded.case.todo(&ctx)?;
    let forms = todo.iter().filter(|t| t.actor == Actor::Applicant && t.act == Act::Submit).flat_map(|t| &t.forms);
    Ok(forms.map(|id| (id.clone(), drafts.get(id).cloned().unwrap_or_else(|| loaded.case.draft(id, &ctx)))).collect())
}

/// A digest of the case's place and the answers: what its reader saw.
fn seen(loaded: &Loaded, forms: &BTreeMap<String, Answers>) -> Result<String, serde_json::Error> {
    Ok(base::codec::sha256_b64url(&format!("{}\n{}", loaded.row.seq, serde_json::to_string(forms)?)))
}

fn view(desk: &Desk, facts: &Facts, visit: &Visit, changed: bool) -> Result<CheckPage, Oops> {
    let Loaded { row, case, offered } = &facts.loaded;
    let lang = visit.lang();
    let ctx = desk.context(offered, desk.now());
    let forms = to_submit(desk, &facts.loaded, &facts.drafts).map_err(|e| broken(&e))?;
    if forms.is_empty() {
        return Err(Refusal::NotFound.into());
    }
    let missing = case.missing(&forms, &ctx).map_err(|e| broken(&e))?;
    let show = |(id, answers): (&String, &Answers)| {
        let form = desk.catalogue().form(id)?;
        let differences = case.live.get(id).map_or_else(Differences::default, |live| compare(form, live, answers));
        let show = Show { form, answers, offered, differences: &differences, comments: &[], lang, more: None };
        let lacks = missing.iter().find(|m| m.form == *id).map(|m| errors(&m.findings, lang)).unwrap_or_default();
        Some(CheckForm {
            id: id.clone(),
            heading: form.heading(lang),
            sections: show.read(),
            missing: lacks.into_iter().map(|e| Lack { field: e.field, message: e.message }).collect(),
        })
    };
    // In the order of the step, not of their names.
    let order: Vec<String> = case.todo(&ctx).map_err(|e| broken(&e))?.into_iter().flat_map(|t| t.forms).collect();
    let mut shown: Vec<CheckForm> = forms.iter().filter_map(show).collect();
    shown.sort_by_key(|f| order.iter().position(|id| *id == f.id));
    let step = desk.catalogue().procedure(&case.procedure).and_then(|p| p.step(&row.step));
    Ok(CheckPage {
        case: row.id.clone(),
        receipt: row.receipt.clone(),
        service: facts.service.clone(),
        step: step.map(|s| format!("{} {}", s.id, s.label.get(lang))).unwrap_or_default(),
        ready: missing.is_empty(),
        seen: seen(&facts.loaded, &forms)?,
        forms: shown,
        changed,
    })
}

pub(crate) fn check_page(visit: &Visit, account: &accounts::Account, own: CheckPage) -> Page {
    let back = format!("/cases/{}", own.case);
    let here = format!("{back}/check");
    page(visit, Frame::person(account, "home"), "check.html", "check", own).back(back).at(here)
}

/// `GET /cases/{case}/check`
pub(crate) async fn check(State(desk): State<Desk>, visit: Visit, me: Member, Path(case): Path<String>) -> Reply {
    me.must_edit()?;
    let facts = facts(&desk, &case).await?;
    let own = view(&desk, &facts, &visit, visit.query("changed").is_some())?;
    Ok(check_page(&visit, &me.account, own).respond())
}

/// Why a submission did not happen.
enum Stop {
    /// It is not what was looked at any more.
    Changed,
    Act(ActError),
}

impl From<ActError> for Stop {
    fn from(e: ActError) -> Self {
        Self::Act(e)
    }
}

impl From<::store::Error> for Stop {
    fn from(e: ::store::Error) -> Self {
        Self::Act(e.into())
    }
}

/// `POST /cases/{case}/submit`
pub(crate) async fn submit(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path(case): Path<String>,
    Form(form): Form<SubmitForm>,
) -> Reply {
    me.must_edit()?;
    let (writer, id, by, org) = (desk.clone(), case.clone(), me.by(), me.org.clone());
    let done = desk
        .db()
        .write(move |tx| {
            let loaded = super::act::load(tx, &id)?.ok_or(ActError::NoSuchCase)?;
            let drafts = drafts_of(tx, &id)?;
            let forms = to_submit(&writer, &loaded, &drafts).map_err(ActError::from)?;
            let now_seen = seen(&loaded, &forms).map_err(|e| ::store::Error::inconsistent("desk_drafts", e))?;
            if forms.is_empty() || now_seen != form.seen {
                return Err(Stop::Changed);
            }
            let titles = forms.keys().cloned().collect::<Vec<_>>();
            let acted = writer.act_in(tx, &id, Event::Submit { forms }, &by, |_, _| Ok(()))?;
            let no = acted.case.submissions.last().map_or(0, |s| s.no);
            let now = writer.now();
            let link = writer.site().origin().url(&format!("/cases/{id}"));
            writer.mail_org(tx, org.id.as_str(), now, |account| {
                let list: Vec<String> = titles
                    .iter()
                    .filter_map(|t| writer.catalogue().form(t))
                    .map(|f| format!("・{}", f.heading(account.lang)))
                    .collect();
                Mail::new("mail-submitted", account)
                    .arg("org", &org.name)
                    .arg("receipt", &loaded.row.receipt)
                    .arg("no", no.to_string())
                    .arg("forms", list.join("\n"))
                    .arg("link", &link)
                    .once(&format!("submitted:{id}:{no}"))
            })?;
            Ok::<_, Stop>(no)
        })
        .await;
    match done {
        Ok(no) => Ok(visit.redirect(&format!("/cases/{case}/submitted?no={no}"))),
        // A double press finds the first one's submission; a change by somebody else is looked at again.
        Err(
            Stop::Changed | Stop::Act(ActError::Raced | ActError::Refused(CaseRefusal::NotNow | CaseRefusal::Closed)),
        ) => {
            let facts = facts(&desk, &case).await?;
            let forms = to_submit(&desk, &facts.loaded, &facts.drafts).map_err(|e| broken(&e))?;
            Ok(visit.redirect(&if forms.is_empty() {
                match facts.loaded.case.submissions.last() {
                    Some(last) => format!("/cases/{case}/submitted?no={}", last.no),
                    None => format!("/cases/{case}"),
                }
            } else {
                format!("/cases/{case}/check?changed=1")
            }))
        }
        Err(Stop::Act(ActError::Refused(refusal))) => {
            let facts = facts(&desk, &case).await?;
            let own = view(&desk, &facts, &visit, false)?;
            let message = refusal.message().get(visit.lang()).to_owned();
            let error = FieldError { field: "submit".to_owned(), message };
            Ok(check_page(&visit, &me.account, own).errors(vec![error]).respond())
        }
        Err(Stop::Act(ActError::NoSuchCase)) => Err(Refusal::NotFound.into()),
        Err(Stop::Act(ActError::Store(e))) => Err(e.into()),
    }
}

pub(crate) fn submitted_page(visit: &Visit, account: &accounts::Account, own: Submitted) -> Page {
    page(visit, Frame::person(account, "home"), "submitted.html", "submitted", own)
}

/// `GET /cases/{case}/submitted?no=…`
pub(crate) async fn submitted(State(desk): State<Desk>, visit: Visit, me: Member, Path(case): Path<String>) -> Reply {
    let facts = facts(&desk, &case).await?;
    let Loaded { row, case: state, offered } = &facts.loaded;
    let lang = visit.lang();
    let no: u32 = visit.query("no").and_then(|n| n.parse().ok()).ok_or(Refusal::NotFound)?;
    let submission = state.submissions.iter().find(|s| s.no == no).ok_or(Refusal::NotFound)?;
    let ctx = desk.context(offered, desk.now());
    let todo = state.todo(&ctx).map_err(|e| broken(&e))?;
    let own = Submitted {
        case: row.id.clone(),
        receipt: row.receipt.clone(),
        no,
        at: submission.at,
        forms: submission.forms.keys().filter_map(|f| desk.catalogue().form(f)).map(|f| f.heading(lang)).collect(),
        next: todo.first().map(|t| t.actor.label().get(lang).to_owned()).unwrap_or_default(),
        due: todo.first().and_then(|t| t.due).map(|d| d.to_string()),
    };
    Ok(submitted_page(&visit, &me.account, own).respond())
}
