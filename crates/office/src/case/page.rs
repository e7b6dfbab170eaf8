//! `GET /staff/cases/{case}`: where it is, what was submitted, who may decide, what was said and done.

use ::store::{Error, Tx};
use axum::extract::{Path, State};
use base::{Lang, Timestamp};
use desk::kit::{Frame, PhaseView, StaffMember, act_word, broken, decisions, effects, orgs, page, phases, threads};
use desk::staff::StaffRole;
use desk::{Desk, Oops, Reply};
use procedures::case::{Case, Who};
use procedures::{Act, Actor};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Visit};

use super::{Facts, differences, facts_in, place};
use crate::shared::{Choice, Names, done, is, staff_with};

#[derive(Serialize)]
pub(crate) struct CasePage {
    pub(crate) head: Head,
    pub(crate) now: Option<Now>,
    pub(crate) outcome: Option<String>,
    pub(crate) winding_up: bool,
    pub(crate) forms: Vec<FormLine>,
    pub(crate) effects: Vec<EffectLine>,
    pub(crate) threads: Vec<threads::Thread>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) record: Vec<RecordLine>,
    pub(crate) phases: Vec<PhaseView>,
    /// Whether the reader may write into the case.
    pub(crate) acting: bool,
    pub(crate) people: Vec<Choice>,
    pub(crate) done: Option<&'static str>,
    /// What was typed when it was not taken.
    pub(crate) text: String,
    pub(crate) note: String,
    pub(crate) reason: String,
}

/// What stands above every page of a case.
#[derive(Clone, Serialize)]
pub(crate) struct Head {
    pub(crate) id: String,
    pub(crate) seq: i64,
    pub(crate) receipt: String,
    pub(crate) org: String,
    pub(crate) org_id: String,
    pub(crate) corporate_number: Option<String>,
    pub(crate) service: String,
    pub(crate) procedure: String,
    pub(crate) opened: Timestamp,
    pub(crate) assignee: Option<String>,
    pub(crate) assignee_id: String,
    pub(crate) mine: bool,
    /// The reader's account.
    pub(crate) me: String,
}

/// What has to be done now.
#[derive(Serialize)]
pub(crate) struct Now {
    pub(crate) step: String,
    pub(crate) label: String,
    pub(crate) actor: String,
    pub(crate) act: &'static str,
    pub(crate) due: Option<String>,
    pub(crate) overdue: bool,
    pub(crate) since: Timestamp,
    pub(crate) planned: Option<Timestamp>,
    /// Whether it is for the reader to do.
    pub(crate) mine: bool,
    /// Whether the page where it is decided has something for the reader.
    pub(crate) decide: bool,
    pub(crate) trouble: Option<String>,
    pub(crate) retry: bool,
    /// Whoever agreed in this round, when and how.
    pub(crate) agreed: Vec<Agreed>,
    /// Who may approve after that.
    pub(crate) may_approve: Vec<String>,
    /// Whether nobody is there who may approve.
    pub(crate) stuck: bool,
    /// Whether what was submitted can be returned from here.
    pub(crate) returns: bool,
}

#[derive(Clone, Serialize)]
pub(crate) struct Agreed {
    pub(crate) name: String,
    pub(crate) at: Timestamp,
    pub(crate) refuse: bool,
    pub(crate) note: String,
}

#[derive(Serialize)]
pub(crate) struct FormLine {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) no: u32,
    pub(crate) at: Timestamp,
    pub(crate) changed: usize,
    pub(crate) against: &'static str,
    pub(crate) comments: usize,
}

#[derive(Serialize)]
pub(crate) struct EffectLine {
    pub(crate) label: String,
    pub(crate) at: Option<Timestamp>,
    pub(crate) decided: Timestamp,
    pub(crate) done_at: Option<Timestamp>,
    pub(crate) outcome: Option<String>,
    pub(crate) by: Vec<String>,
}

/// What happened, with every word that was said.
#[derive(Serialize)]
pub(crate) struct LogLine {
    pub(crate) at: Timestamp,
    pub(crate) who: String,
    pub(crate) party: &'static str,
    pub(crate) step: String,
    pub(crate) event: String,
    pub(crate) text: String,
    pub(crate) shared: bool,
}

/// A line of the desk's record that is not an event of the case: assignments, messages.
#[derive(Serialize)]
pub(crate) struct RecordLine {
    pub(crate) at: Timestamp,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) why: Option<String>,
}

/// The account of who did something.
pub(crate) fn account_of(who: &Who) -> &str {
    match who {
        Who::Applicant(id) | Who::Staff(id) => id,
        Who::System => "system",
    }
}

pub(crate) fn head(
    desk: &Desk,
    tx: &mut Tx<'_>,
    names: &mut Names,
    facts: &Facts,
    me: &str,
    lang: Lang,
) -> Result<Head, Error> {
    let row = &facts.loaded.row;
    let procedure = desk.catalogue().procedure(&row.kind);
    let org = orgs::get(tx, &row.org)?;
    Ok(Head {
        id: row.id.clone(),
        seq: row.seq,
        receipt: row.receipt.clone(),
        org: facts.org.clone(),
        org_id: row.org.clone(),
        corporate_number: org.and_then(|o| o.corporate_number).map(|n| n.as_str().to_owned()),
        service: facts.service.clone(),
        procedure: procedure.map_or_else(|| row.kind.clone(), |p| p.label.get(lang).to_owned()),
        opened: row.opened_at,
        assignee: row.assignee.as_deref().map(|a| names.of(desk, tx, a)).transpose()?,
        assignee_id: row.assignee.clone().unwrap_or_default(),
        mine: row.assignee.as_deref() == Some(me),
        me: me.to_owned(),
    })
}

const fn role_of(actor: Actor) -> Option<StaffRole> {
    match actor {
        Actor::Reception => Some(StaffRole::Reception),
        Actor::Reviewer => Some(StaffRole::Reviewer),
        Actor::Approver => Some(StaffRole::Approver),
        Actor::Operator => Some(StaffRole::Operator),
        Actor::Applicant | Actor::System => None,
    }
}

/// Whether a person has the role of an actor.
pub(crate) fn acts_as(me: &StaffMember, actor: Actor) -> bool {
    role_of(actor).is_some_and(|r| me.roles.has(r))
}

/// Whether this person can't approve what is proposed now: they agreed, or began the case for the desk.
pub(crate) fn barred(case: &Case, account: &str) -> bool {
    case.reviews.iter().any(|r| r.by == account) || case.opened_by == Who::Staff(account.to_owned())
}

fn now_view(
    desk: &Desk,
    tx: &mut Tx<'_>,
    names: &mut Names,
    facts: &Facts,
    me: &StaffMember,
    lang: Lang,
) -> Result<Result<Option<Now>, Oops>, Error> {
    let (case, at) = (&facts.loaded.case, desk.now());
    let ctx = desk.context(&facts.loaded.offered, at);
    let (step, task, todo) = match (place(case, &ctx), case.todo(&ctx)) {
        (Ok(Some((step, task))), Ok(todo)) => (step, task, todo),
        (Ok(None), Ok(_)) => return Ok(Ok(None)),
        (Err(oops), _) => return Ok(Err(oops)),
        (_, Err(refusal)) => return Ok(Err(broken(&refusal))),
    };
    let Some(first) = todo.first() else { return Ok(Ok(None)) };
    let mut agreed = Vec::new();
    for r in &case.reviews {
        agreed.push(Agreed {
            name: names.of(desk, tx, &r.by)?,
            at: r.at,
            refuse: r.proposal.refuse,
            note: r.proposal.note.as_str().to_owned(),
        });
    }
    let deciding = matches!(task.act, Act::Review | Act::Approve);
    let approvers = if deciding { staff_with(desk, tx, &[StaffRole::Approver])? } else { Vec::new() };
    let may: Vec<String> = approvers.into_iter().filter(|p| !barred(case, &p.value)).map(|p| p.label).collect();
    let review = step.tasks.iter().find(|t| t.act == Act::Review).map_or(Actor::Reviewer, |t| t.actor);
    Ok(Ok(Some(Now {
        step: format!("{} {}", step.id, step.label.get(lang)),
        label: first.label.get(lang).to_owned(),
        actor: first.actor.label().get(lang).to_owned(),
        act: act_word(task.act),
        due: first.due.map(|d| d.to_string()),
        overdue: first.overdue,
        since: case.since,
        planned: case.planned.map(|p| p.at),
        mine: !first.trouble && acts_as(me, task.actor),
        decide: deciding && (acts_as(me, task.actor) || (task.act == Act::Approve && acts_as(me, review))),
        trouble: case.trouble.as_ref().map(|t| t.as_str().to_owned()),
        retry: case.trouble.is_some() && me.roles.has(StaffRole::Operator),
        stuck: deciding && may.is_empty(),
        may_approve: may,
        agreed,
        returns: task.act == Act::Confirm
            && acts_as(me, task.actor)
            && case.winding_up.is_none()
            && !case.submissions.is_empty(),
    })))
}

fn form_lines(desk: &Desk, case: &Case, lang: Lang) -> Vec<FormLine> {
    let mut out: Vec<FormLine> = Vec::new();
    for submission in case.submissions.iter().rev() {
        for (id, answers) in &submission.forms {
            if out.iter().any(|l| l.id == *id) {
                continue;
            }
            let Some(form) = desk.catalogue().form(id) else { continue };
            let (against, changed) = differences(case, form, submission.no, answers);
            out.push(FormLine {
                id: id.clone(),
                label: form.heading(lang),
                no: submission.no,
                at: submission.at,
                changed: changed.0.len(),
                against: against.word(),
                comments: case.open_comments().filter(|c| c.form == *id).count(),
            });
        }
    }
    out
}

pub(crate) fn log_lines(desk: &Desk, tx: &mut Tx<'_>, names: &mut Names, case: &Case) -> Result<Vec<LogLine>, Error> {
    let mut out = Vec::new();
    for e in case.log.iter().rev() {
        out.push(LogLine {
            at: e.at,
            who: if e.by == Who::System { String::new() } else { names.of(desk, tx, account_of(&e.by))? },
            party: match e.by {
                Who::Applicant(_) => "applicant",
                Who::Staff(_) => "staff",
                Who::System => "system",
            },
            step: e.step.clone(),
            event: e.event.clone(),
            text: e.text.as_str().to_owned(),
            shared: e.shared || matches!(e.by, Who::Applicant(_)),
        });
    }
    Ok(out)
}

fn effect_lines(
    desk: &Desk,
    tx: &mut Tx<'_>,
    names: &mut Names,
    case: &str,
    lang: Lang,
) -> Result<Vec<EffectLine>, Error> {
    let mut out = Vec::new();
    for stored in effects::of_case(tx, case)? {
        let effect: procedures::Effect =
            serde_json::from_str(&stored.effect).map_err(|e| Error::inconsistent("desk_effects.effect", e))?;
        let by = effect.decided_by.iter().map(|id| names.of(desk, tx, id)).collect::<Result<_, _>>()?;
        out.push(EffectLine {
            label: effect.kind.label().get(lang).to_owned(),
            at: effect.at,
            decided: stored.queued_at,
            done_at: stored.done_at,
            outcome: stored.outcome.filter(|o| o != "recorded"),
            by,
        });
    }
    Ok(out)
}

pub(crate) fn view(
    desk: &Desk,
    tx: &mut Tx<'_>,
    me: &StaffMember,
    id: &str,
    lang: Lang,
) -> Result<Option<Result<CasePage, Oops>>, Error> {
    let Some(facts) = facts_in(tx, id)? else { return Ok(None) };
    let mut names = Names::default();
    let case = &facts.loaded.case;
    let ctx = desk.context(&facts.loaded.offered, desk.now());
    let now = match now_view(desk, tx, &mut names, &facts, me, lang)? {
        Ok(now) => now,
        Err(oops) => return Ok(Some(Err(oops))),
    };
    let mut record = Vec::new();
    for d in decisions::of(tx, id)?.into_iter().filter(|d| d.seq.is_none()).rev() {
        record.push(RecordLine {
            at: d.at,
            who: if d.actor == "system" { String::new() } else { names.of(desk, tx, &d.actor)? },
            what: crate::record::what(desk, lang, &d.what),
            why: d.why,
        });
    }
    Ok(Some(Ok(CasePage {
        head: head(desk, tx, &mut names, &facts, me.id(), lang)?,
        now,
        outcome: case.outcome().map(|_| facts.loaded.row.step.clone()),
        winding_up: case.winding_up.is_some(),
        forms: form_lines(desk, case, lang),
        effects: effect_lines(desk, tx, &mut names, id, lang)?,
        threads: threads::of_case(tx, id)?,
        log: log_lines(desk, tx, &mut names, case)?,
        record,
        phases: match phases(desk, case, &ctx, lang) {
            Ok(phases) => phases,
            Err(oops) => return Ok(Some(Err(oops))),
        },
        acting: is(me, crate::ACTING),
        people: staff_with(desk, tx, crate::ACTING)?,
        done: None,
        text: String::new(),
        note: String::new(),
        reason: String::new(),
    })))
}

pub(crate) fn case_page(visit: &Visit, frame: Frame, own: CasePage) -> Page {
    let here = format!("/staff/cases/{}", own.head.id);
    page(visit, frame, "staff-case.html", "staff-case", own).back("/staff").at(here)
}

pub(crate) async fn load_page(desk: &Desk, visit: &Visit, me: &StaffMember, case: &str) -> Result<CasePage, Oops> {
    let (reader, id, who, lang) = (desk.clone(), case.to_owned(), me.clone(), visit.lang());
    let found = desk.db().read(move |tx| view(&reader, tx, &who, &id, lang)).await?;
    found.ok_or(Oops::Refusal(Refusal::NotFound))?
}

/// The page again, with what was wrong and what was typed.
pub(crate) async fn refused(
    desk: &Desk,
    visit: &Visit,
    me: &StaffMember,
    case: &str,
    error: FieldError,
    text: &str,
) -> Reply {
    let mut own = load_page(desk, visit, me, case).await?;
    match error.field.as_str() {
        "note" => text.clone_into(&mut own.note),
        "reason" => text.clone_into(&mut own.reason),
        _ => text.clone_into(&mut own.text),
    }
    Ok(case_page(visit, desk.staff_frame(me, "staff"), own).errors(vec![error]).respond())
}

/// `GET /staff/cases/{case}`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(case): Path<String>) -> Reply {
    let mut own = load_page(&desk, &visit, &me, &case).await?;
    own.done = done(&visit, &["acted", "assigned", "raced", "sent", "approved", "suspended"]);
    Ok(case_page(&visit, desk.staff_frame(&me, "staff"), own).respond())
}
