//! `/staff/cases/{case}/decide`: what a reviewer proposes and another person approves, returns, or sends back.
//!
//! An approval needs a fresh proof of who it is: whoever comes without one proves it first and comes back.

use axum::extract::{Path, State};
use base::{Lang, Timestamp};
use desk::kit::{Frame, StaffMember, page};
use desk::staff::StaffRole;
use desk::{Desk, Oops, Reply};
use jiff::civil::Date;
use procedures::case::{Case, Context, Event, Proposal};
use procedures::{Act, Api, Differences, Plain, Task};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Upload, Visit};

use super::form::Promotion;
use super::page::{Agreed, FormLine, Head, acts_as, barred, head, load_page as case_view};
use super::{Done, Facts, act, deciding, facts_in};
use crate::shared::{Choice, Names, plain, typed};

#[derive(Serialize)]
pub(crate) struct Decide {
    pub(crate) head: Head,
    pub(crate) step: String,
    pub(crate) label: String,
    /// `review` or `approve`
    pub(crate) act: &'static str,
    /// What the reader may do here.
    pub(crate) may_review: bool,
    pub(crate) may_approve: bool,
    /// They have the role, but agreed themselves or began the case.
    pub(crate) barred: bool,
    pub(crate) may_return: bool,
    pub(crate) may_refuse: bool,
    pub(crate) forms: Vec<FormLine>,
    pub(crate) comments: usize,
    /// What the approval does.
    pub(crate) effect: Option<String>,
    pub(crate) decides_apis: bool,
    pub(crate) decides_tests: bool,
    pub(crate) apis: Vec<Choice>,
    pub(crate) services: Vec<Choice>,
    /// What both have to have seen.
    pub(crate) shown: Vec<Promotion>,
    pub(crate) shown_kind: &'static str,
    pub(crate) digest: String,
    pub(crate) planned: Option<Timestamp>,
    /// The earliest day by the rule, when the planned one is nearer.
    pub(crate) earliest: Option<String>,
    pub(crate) agreed: Vec<Agreed>,
    pub(crate) proposal: Option<Proposed>,
    pub(crate) steps: Vec<Choice>,
    pub(crate) typed: Typed,
}

/// The proposal that awaits its decision.
#[derive(Serialize)]
pub(crate) struct Proposed {
    pub(crate) refuse: bool,
    pub(crate) apis: Vec<Choice>,
    pub(crate) services: Vec<String>,
    pub(crate) skip_tests: bool,
    pub(crate) short_notice: Option<String>,
    pub(crate) note: String,
}

/// What was typed.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Typed {
    pub(crate) verdict: String,
    pub(crate) apis: Vec<String>,
    pub(crate) services: Vec<String>,
    pub(crate) skip_tests: bool,
    pub(crate) short_notice: String,
    pub(crate) note: String,
    pub(crate) approve_note: String,
    pub(crate) approve_apis: Vec<String>,
    pub(crate) reason: String,
    pub(crate) to: String,
    pub(crate) send_back_reason: String,
}

/// The earliest day by the rule, when the notification was shorter before the planned day than it has to be.
pub(crate) fn short_notice(case: &Case, ctx: &Context<'_>) -> Option<Date> {
    let days = ctx.catalogue.procedure(&case.procedure)?.notice_days?;
    let planned = case.planned?;
    let day = |t| base::calendar::jst(t).date();
    let first = procedures::case::earliest(day(planned.notified), days);
    (day(planned.at) < first).then_some(first)
}

/// What both people have to have been shown, as [`procedures::Case`] demands.
fn to_see(case: &Case, approval: &Task, ctx: &Context<'_>) -> (&'static str, Differences) {
    match (approval.promotion, approval.decides_tests) {
        (true, _) => ("promotion", case.promotion(ctx)),
        (_, true) => ("change", case.change(ctx)),
        _ => ("none", Differences::default()),
    }
}

fn shown(desk: &Desk, differences: &Differences, offered: &[procedures::Choice], lang: Lang) -> Vec<Promotion> {
    let view = |d: &procedures::Difference| {
        let form = desk.catalogue().form(&d.form);
        let field = form.and_then(|f| f.field(&d.field));
        let lines = |answer| field.map(|f| desk::kit::lines(f, answer, offered, lang)).unwrap_or_default();
        let name = form.map(|f| f.heading(lang)).unwrap_or_default();
        Promotion {
            label: format!("{name}{}{}", if lang == Lang::Ja { "：" } else { ": " }, d.label.get(lang)),
            before: lines(d.before.as_ref()),
            after: lines(d.after.as_ref()),
            expected: d.expected,
        }
    };
    differences.0.iter().map(view).collect()
}

fn api_choice(api: Api, lang: Lang) -> Choice {
    Choice::new(api.as_str(), api.label(lang))
}

fn view(
    desk: &Desk,
    tx: &mut ::store::Tx<'_>,
    me: &StaffMember,
    facts: &Facts,
    forms: Vec<FormLine>,
    agreed: Vec<Agreed>,
    lang: Lang,
) -> Result<Result<Option<Decide>, Oops>, ::store::Error> {
    let (case, offered) = (&facts.loaded.case, &facts.loaded.offered);
    let ctx = desk.context(offered, desk.now());
    let (step, task) = match deciding(case, &ctx) {
        Ok(Some(here)) => here,
        Ok(None) => return Ok(Ok(None)),
        Err(oops) => return Ok(Err(oops)),
    };
    let at = step.tasks.iter().position(|t| t.id == task.id).unwrap_or_default();
    let (review, approval) = match task.act {
        Act::Review => (task, step.tasks.get(at + 1).unwrap_or(task)),
        _ => (at.checked_sub(1).and_then(|i| step.tasks.get(i)).unwrap_or(task), task),
    };
    let (asked_apis, asked_services) = case.asked_for(&ctx);
    let service = |id: &String| {
        let known = offered.iter().find(|c| c.id == *id);
        Choice::new(id, known.map_or(id.as_str(), |c| c.label.get(lang)))
    };
    let (shown_kind, differences) = to_see(case, approval, &ctx);
    let proposal = case.reviews.last().map(|r| &r.proposal);
    let proposed = proposal.map(|p| Proposed {
        refuse: p.refuse,
        apis: p.apis.iter().map(|a| api_choice(*a, lang)).collect(),
        services: p.delivery_services.iter().map(|s| service(s).label).collect(),
        skip_tests: p.skip_tests,
        short_notice: p.short_notice.as_ref().map(|t| t.as_str().to_owned()),
        note: p.note.as_str().to_owned(),
    });
    let procedure = desk.catalogue().procedure(&case.procedure);
    let before = procedure.map(|p| {
        let until = p.steps.iter().take_while(|s| s.id != step.id).chain(p.steps.iter().filter(|s| s.id == step.id));
        until
            .filter(|s| s.tasks.iter().take_while(|t| s.id != step.id || t.id != task.id).any(|t| t.act == Act::Submit))
            .map(|s| Choice::new(&s.id, format!("{} {}", s.id, s.label.get(lang))))
            .collect::<Vec<_>>()
    });
    let steps = before.unwrap_or_default();
    let mut names = Names::default();
    let approver = me.roles.has(StaffRole::Approver) && task.act == Act::Approve;
    let closing = case.winding_up.is_some();
    // A proposal is bettered by whoever may review; what was typed for it before is a start.
    let typed = Typed {
        verdict: if proposal.is_some_and(|p| p.refuse) { "refuse" } else { "agree" }.to_owned(),
        apis: match proposal {
            Some(p) => p.apis.iter().map(|a| a.as_str().to_owned()).collect(),
            None => asked_apis.iter().map(|a| a.as_str().to_owned()).collect(),
        },
        services: proposal.map_or_else(|| asked_services.clone(), |p| p.delivery_services.clone()),
        skip_tests: proposal.is_some_and(|p| p.skip_tests),
        approve_apis: proposal.map(|p| p.apis.iter().map(|a| a.as_str().to_owned()).collect()).unwrap_or_default(),
        ..Typed::default()
    };
    Ok(Ok(Some(Decide {
        head: head(desk, tx, &mut names, facts, me.id(), lang)?,
        step: format!("{} {}", step.id, step.label.get(lang)),
        label: task.name().get(lang).to_owned(),
        act: if task.act == Act::Review { "review" } else { "approve" },
        may_review: acts_as(me, review.actor),
        may_approve: approver && !barred(case, me.id()),
        barred: approver && barred(case, me.id()),
        may_return: acts_as(me, task.actor) && !closing && !steps.is_empty(),
        may_refuse: !closing,
        forms: if closing { Vec::new() } else { forms },
        comments: case.open_comments().count(),
        effect: effect_of(step, approval, lang),
        decides_apis: approval.decides_apis,
        decides_tests: approval.decides_tests,
        apis: asked_apis.iter().map(|a| api_choice(*a, lang)).collect(),
        services: asked_services.iter().map(service).collect(),
        shown: shown(desk, &differences, offered, lang),
        shown_kind,
        digest: differences.digest().unwrap_or_default(),
        planned: case.planned.map(|p| p.at),
        earliest: short_notice(case, &ctx).map(|d| d.to_string()),
        agreed,
        proposal: proposed,
        steps,
        typed,
    })))
}

/// What an approval does, or the task that the desk carries out right after it.
fn effect_of(step: &procedures::Step, approval: &Task, lang: Lang) -> Option<String> {
    let after = step.tasks.iter().skip_while(|t| t.id != approval.id).nth(1).filter(|t| t.act == Act::Apply);
    let kind = approval.effect.or_else(|| after.and_then(|t| t.effect))?;
    Some(kind.label().get(lang).to_owned())
}

async fn load_page(desk: &Desk, visit: &Visit, me: &StaffMember, case: &str) -> Result<Option<Decide>, Oops> {
    // The forms and who agreed stand on the page of the case as well.
    let around = case_view(desk, visit, me, case).await?;
    let Some(now) = around.now else { return Ok(None) };
    let (reader, id, who, lang) = (desk.clone(), case.to_owned(), me.clone(), visit.lang());
    let found = desk.db().read(move |tx| {
        let Some(facts) = facts_in(tx, &id)? else { return Ok(None) };
        view(&reader, tx, &who, &facts, around.forms, now.agreed, lang).map(Some)
    });
    found.await.map_err(|e: ::store::Error| Oops::from(e))?.ok_or(Oops::Refusal(Refusal::NotFound))?
}

pub(crate) fn decide_page(visit: &Visit, frame: Frame, own: Decide) -> Page {
    let (back, here) = (format!("/staff/cases/{}", own.head.id), format!("/staff/cases/{}/decide", own.head.id));
    page(visit, frame, "staff-decide.html", "staff-decide", own).back(back).at(here)
}

fn prove(visit: &Visit, case: &str) -> axum::response::Response {
    visit.redirect(&format!("/staff/account/again?next=/staff/cases/{case}/decide"))
}

/// `GET /staff/cases/{case}/decide`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(case): Path<String>) -> Reply {
    match load_page(&desk, &visit, &me, &case).await? {
        None => Ok(visit.redirect(&format!("/staff/cases/{case}"))),
        // Before reading and typing rather than after.
        Some(own) if own.may_approve && !me.fresh => Ok(prove(&visit, &case)),
        Some(own) => Ok(decide_page(&visit, desk.staff_frame(&me, "staff"), own).respond()),
    }
}

/// The page again, with what was wrong and what was typed; a case that is not decided on now sends to its page.
async fn again(
    desk: &Desk,
    visit: &Visit,
    me: &StaffMember,
    case: &str,
    error: FieldError,
    put: impl FnOnce(&mut Typed),
) -> Reply {
    match load_page(desk, visit, me, case).await? {
        // Reception returns from the page of the case.
        None => {
            let mut typed = Typed::default();
            put(&mut typed);
            super::page::refused(desk, visit, me, case, error, &typed.reason).await
        }
        Some(mut own) => {
            put(&mut own.typed);
            Ok(decide_page(visit, desk.staff_frame(me, "staff"), own).errors(vec![error]).respond())
        }
    }
}

fn seen(form: &Upload) -> Result<i64, Refusal> {
    typed(form, "seq").parse().map_err(|_| Refusal::Form)
}

fn apis_of<'a>(values: impl Iterator<Item = &'a str>) -> Result<Vec<Api>, Refusal> {
    values.map(|v| Api::parse(v).ok_or(Refusal::Form)).collect()
}

fn some(text: Plain) -> Option<Plain> {
    (!text.as_str().is_empty()).then_some(text)
}

/// Does what a form of this page asks for, and says where to go.
#[expect(clippy::too_many_arguments, reason = "what a form brings")]
async fn settle(
    desk: &Desk,
    visit: &Visit,
    me: &StaffMember,
    case: &str,
    seq: i64,
    event: Event,
    field: &str,
    word: &str,
    put: impl FnOnce(&mut Typed),
) -> Reply {
    match act(desk, me, case, seq, event, visit.lang()).await? {
        Done::Acted => Ok(visit.redirect(&format!("/staff/cases/{case}?done={word}"))),
        Done::Raced => Ok(visit.redirect(&format!("/staff/cases/{case}?done=raced"))),
        Done::Refused(message) => {
            again(desk, visit, me, case, FieldError { field: field.to_owned(), message }, put).await
        }
    }
}

/// `POST /staff/cases/{case}/review`
pub(crate) async fn review(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(case): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let verdict = typed(&form, "verdict");
    let refuse = match verdict.as_str() {
        "agree" => false,
        "refuse" => true,
        _ => return Err(Refusal::Form.into()),
    };
    let all = |name: &str| form.all(name).map(str::to_owned).collect::<Vec<_>>();
    let kept = Typed {
        verdict,
        apis: all("apis"),
        services: all("services"),
        skip_tests: form.get("skip_tests").is_some(),
        ..Typed::default()
    };
    let mut texts = Vec::new();
    for name in ["note", "short_notice"] {
        match plain(&form, &visit, name)? {
            Ok(text) => texts.push(text),
            Err(error) => return again(&desk, &visit, &me, &case, error, |t| put_review(t, kept)).await,
        }
    }
    let (short, note) = (texts.pop().unwrap_or_default(), texts.pop().unwrap_or_default());
    let kept = Typed { note: note.as_str().to_owned(), short_notice: short.as_str().to_owned(), ..kept };
    let proposal = Proposal {
        refuse,
        apis: apis_of(form.all("apis"))?,
        delivery_services: kept.services.clone(),
        skip_tests: kept.skip_tests,
        short_notice: some(short),
        differences_seen: Some(typed(&form, "differences")).filter(|d| !d.is_empty()),
        note,
    };
    let seq = seen(&form)?;
    let (event, put) = (Event::Review(proposal), |t: &mut Typed| put_review(t, kept));
    settle(&desk, &visit, &me, &case, seq, event, "note", "acted", put).await
}

fn put_review(to: &mut Typed, from: Typed) {
    let Typed { verdict, apis, services, skip_tests, short_notice, note, .. } = from;
    *to = Typed { verdict, apis, services, skip_tests, short_notice, note, ..to.clone() };
}

/// `POST /staff/cases/{case}/approve`
pub(crate) async fn approve(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(case): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(&[StaffRole::Approver])?;
    if !me.fresh {
        return Ok(prove(&visit, &case));
    }
    let note = match plain(&form, &visit, "approve_note")? {
        Ok(note) => note,
        Err(error) => return again(&desk, &visit, &me, &case, error, |_| {}).await,
    };
    let kept = note.as_str().to_owned();
    let chosen: Vec<String> = form.all("approve_apis").map(str::to_owned).collect();
    let apis = form.get("narrow").is_some().then(|| apis_of(form.all("approve_apis"))).transpose()?;
    let differences_seen = Some(typed(&form, "differences")).filter(|d| !d.is_empty());
    let seq = seen(&form)?;
    let event = Event::Approve { note, apis, differences_seen };
    let put = |t: &mut Typed| (t.approve_note, t.approve_apis) = (kept, chosen);
    settle(&desk, &visit, &me, &case, seq, event, "approve_note", "approved", put).await
}

/// `POST /staff/cases/{case}/return`: 差し戻し.
pub(crate) async fn give_back(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(case): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let reason = match plain(&form, &visit, "reason")? {
        Ok(reason) => reason,
        Err(error) => return again(&desk, &visit, &me, &case, error, |_| {}).await,
    };
    let (kept, to) = (reason.as_str().to_owned(), typed(&form, "to"));
    let seq = seen(&form)?;
    let event = Event::Return { reason, to: Some(to.clone()).filter(|t| !t.is_empty()) };
    let put = |t: &mut Typed| (t.reason, t.to) = (kept, to);
    settle(&desk, &visit, &me, &case, seq, event, "reason", "acted", put).await
}

/// `POST /staff/cases/{case}/send-back`: the approver wants the review done again.
pub(crate) async fn send_back(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(case): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(&[StaffRole::Approver])?;
    let reason = match plain(&form, &visit, "send_back_reason")? {
        Ok(reason) => reason,
        Err(error) => return again(&desk, &visit, &me, &case, error, |_| {}).await,
    };
    let kept = reason.as_str().to_owned();
    let seq = seen(&form)?;
    let put = |t: &mut Typed| t.send_back_reason = kept;
    settle(&desk, &visit, &me, &case, seq, Event::SendBack { reason }, "send_back_reason", "acted", put).await
}
