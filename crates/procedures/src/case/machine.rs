//! The transitions.

use std::collections::BTreeMap;

use super::{
    By, Case, Comment, Context, Effect, Entry, Event, Opening, Outcome, Planned, Position, Refusal, Submission,
    VERSION, Visit, Who,
};
use crate::answers::{Answer, Answers, Plain};
use crate::catalogue::{Act, Actor, EffectKind, Form, Initiator, Means, Procedure, Step, Task};
use crate::check::{self, Finding, has_errors};

pub(super) type Step2<'a> = (&'a Step, &'a Task);

impl Case {
    /// Begins a case.
    ///
    /// # Errors
    /// When the procedure does not begin in this state of the service, or is not this person's to begin.
    pub fn open(opening: Opening, by: &By, ctx: &Context<'_>) -> Result<Self, Refusal> {
        let p =
            ctx.catalogue.procedure(&opening.procedure).ok_or_else(|| Refusal::Catalogue(opening.procedure.clone()))?;
        if !p.from.contains(&opening.state) {
            return Err(Refusal::WrongState);
        }
        let (step, task) = p.tasks().next().ok_or_else(|| Refusal::Catalogue(p.id.clone()))?;
        let beginner = match p.initiator {
            Initiator::Applicant => Actor::Applicant,
            Initiator::Desk => task.actor,
        };
        if !by.acts_as(beginner, &opening.organisation) {
            return Err(Refusal::NotYours(beginner));
        }
        if p.initiator == Initiator::Desk && is_blank(&opening.reason) {
            return Err(Refusal::ReasonMissing);
        }
        let mut case = Self {
            version: VERSION,
            receipt: opening.receipt,
            procedure: opening.procedure,
            organisation: opening.organisation,
            service: opening.service,
            opened: ctx.now,
            opened_by: by.who(),
            position: Position::At { step: step.id.clone(), task: task.id.clone() },
            since: ctx.now,
            winding_up: None,
            live: opening.live,
            submissions: Vec::new(),
            reviews: Vec::new(),
            decisions: Vec::new(),
            comments: Vec::new(),
            log: Vec::new(),
            visits: Vec::new(),
            done_once: Vec::new(),
            apis: Vec::new(),
            delivery_services: Vec::new(),
            skip_tests: false,
            tested: BTreeMap::new(),
            planned: None,
            opened_access: false,
            awaits: None,
            trouble: None,
        };
        case.write_down("open", by, ctx, opening.reason, true);
        case.move_to(step, task, ctx);
        Ok(case)
    }

    /// The case after `event`, to be persisted together with the effects before they are carried out.
    ///
    /// # Errors
    /// When the event does not fit; nothing changes then.
    pub fn apply(&mut self, event: Event, by: &By, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        let mut next = self.clone();
        let effects = next.step(event, by, ctx)?;
        *self = next;
        Ok(effects)
    }

    /// The task at which the case is, with its step; `None` when it is over.
    ///
    /// # Errors
    /// When the catalogue was replaced by one that has not this place.
    pub fn at<'c>(&self, ctx: &Context<'c>) -> Result<Option<(&'c Step, &'c Task)>, Refusal> {
        let Position::At { step, task } = &self.position else { return Ok(None) };
        let p = self.procedure(ctx)?;
        let s = p.step(step).ok_or_else(|| Refusal::Catalogue(step.clone()))?;
        let t = s.task(task).ok_or_else(|| Refusal::Catalogue(format!("{step}/{task}")))?;
        Ok(Some((s, t)))
    }

    pub(super) fn procedure<'c>(&self, ctx: &Context<'c>) -> Result<&'c Procedure, Refusal> {
        ctx.catalogue.procedure(&self.procedure).ok_or_else(|| Refusal::Catalogue(self.procedure.clone()))
    }

    fn step(&mut self, event: Event, by: &By, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        let name = event.name();
        // A remark on a case that is over has nobody to read it; all else has to find its task.
        let here = self.at(ctx)?.ok_or(Refusal::Closed)?;
        let (text, shared) = said(&event);
        if let Some(actor) = self.not_theirs(&event, by, here) {
            return Err(Refusal::NotYours(actor));
        }
        self.write_down(name, by, ctx, text, shared);
        match event {
            Event::Confirm { .. } => self.simple(Act::Confirm, here, ctx),
            Event::Contact { message } => {
                needs(&message)?;
                self.simple(Act::Contact, here, ctx)
            }
            Event::OpenForm { .. } => self.simple(Act::OpenForm, here, ctx),
            Event::Accept { .. } => self.simple(Act::Accept, here, ctx),
            Event::Submit { forms } => self.submit(forms, by, here, ctx),
            Event::Review(proposal) => self.review(proposal, by, here, ctx),
            Event::Return { reason, to } => self.return_(&reason, to, here, ctx),
            Event::SendBack { reason } => self.send_back(&reason, here, ctx),
            Event::Approve { note, apis, differences_seen } => {
                self.approve(note, apis, differences_seen, by, here, ctx)
            }
            Event::Applied { key } => self.applied(&key, here, ctx),
            Event::ApplyFailed { key, error } => {
                self.awaited(&key)?;
                self.trouble = Some(error);
                Ok(Vec::new())
            }
            Event::Retry { .. } => {
                let effect = self.awaits.clone().filter(|_| self.trouble.is_some()).ok_or(Refusal::NotNow)?;
                self.trouble = None;
                Ok(vec![effect])
            }
            Event::TimeReached => {
                expect(here.1, Act::Wait)?;
                if self.planned.is_some_and(|p| ctx.now < p.at) {
                    return Err(Refusal::NotNow);
                }
                self.advance(here, ctx)
            }
            Event::Comment { form, field, row, text } => self.comment(form, field, row, text, by, ctx),
            Event::Resolve { comment } => self.resolve(comment, by, ctx),
            Event::Note { text, .. } => needs(&text).map(|()| Vec::new()),
            Event::Reopen { step, reason } => self.reopen(&step, &reason, here, ctx),
            Event::Withdraw { reason } => self.withdraw(&reason, here, ctx),
        }
    }

    /// Whose it is, when it is not theirs.
    fn not_theirs(&self, event: &Event, by: &By, (step, task): Step2<'_>) -> Option<Actor> {
        let unless = |good: bool, actor| (!good).then_some(actor);
        let acts_as = |actor| by.acts_as(actor, &self.organisation);
        match event {
            Event::Applied { .. } | Event::ApplyFailed { .. } | Event::TimeReached => {
                unless(acts_as(Actor::System), Actor::System)
            }
            Event::Retry { .. } => unless(acts_as(Actor::Operator), Actor::Operator),
            Event::Withdraw { .. } | Event::Reopen { .. } => unless(acts_as(Actor::Applicant), Actor::Applicant),
            Event::Comment { .. } | Event::Resolve { .. } => {
                unless(by.is_acting_staff() || acts_as(Actor::Applicant), Actor::Applicant)
            }
            Event::Note { .. } => unless(by.is_acting_staff(), Actor::Reception),
            // A reviewer may better a proposal that awaits its approval.
            Event::Review(_) if task.act == Act::Approve => {
                let review = step.tasks.iter().rev().skip_while(|t| t.id != task.id).find(|t| t.act == Act::Review);
                let actor = review.map_or(Actor::Reviewer, |t| t.actor);
                unless(acts_as(actor), actor)
            }
            _ => unless(acts_as(task.actor), task.actor),
        }
    }

    fn write_down(&mut self, event: &str, by: &By, ctx: &Context<'_>, text: Plain, shared: bool) {
        let (step, task) = match &self.position {
            Position::At { step, task } => (step.clone(), task.clone()),
            Position::Closed { .. } => Default::default(),
        };
        self.log.push(Entry { at: ctx.now, by: by.who(), step, task, event: event.to_owned(), text, shared });
    }

    fn simple(&mut self, act: Act, here: Step2<'_>, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        expect(here.1, act)?;
        self.advance(here, ctx)
    }

    fn submit(
        &mut self,
        forms: BTreeMap<String, Answers>,
        by: &By,
        here: Step2<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        expect(here.1, Act::Submit)?;
        let p = self.procedure(ctx)?;
        let wrong = |id: &&String| here.1.forms.contains(id) != forms.contains_key(*id);
        let wrong: Vec<String> = here.1.forms.iter().chain(forms.keys()).filter(wrong).cloned().collect();
        if !wrong.is_empty() {
            return Err(Refusal::Forms(wrong));
        }
        let world = ctx.world(p.notice_days);
        let mut findings = Vec::new();
        for (id, answers) in &forms {
            let form = ctx.catalogue.form(id).ok_or_else(|| Refusal::Catalogue(id.clone()))?;
            findings.extend(form.check(answers, &world));
            findings.extend(self.not_approved(form, answers));
            let planned = form.meaning(Means::PlannedDate).and_then(|f| Some((f, answers.date(&f.id)?)));
            if let (Some((field, date)), Some(_)) = (planned, p.notice_days) {
                let time = form.meaning(Means::PlannedTime).and_then(|f| answers.time(&f.id)).unwrap_or_default();
                let at = base::calendar::from_jst(date.to_datetime(time));
                if at <= ctx.now {
                    findings.push(check::planned_past(form, field, ctx.now));
                }
                self.planned = Some(Planned { at, notified: ctx.now });
            }
        }
        if has_errors(&findings) {
            return Err(Refusal::Findings(findings));
        }
        let no = count(&self.submissions);
        self.submissions.push(Submission { no, step: here.0.id.clone(), by: by.who(), at: ctx.now, forms });
        // What was agreed before is about something else now.
        self.reviews.clear();
        self.advance(here, ctx)
    }

    /// A settings sheet can ask for what was approved, or less.
    fn not_approved(&self, form: &Form, answers: &Answers) -> Vec<Finding> {
        let apis: Vec<&str> = self.apis.iter().map(|a| a.as_str()).collect();
        let services: Vec<&str> = self.delivery_services.iter().map(String::as_str).collect();
        if apis.is_empty() || form.environment.is_none() {
            return Vec::new();
        }
        let of = |means: Means, approved: &[&str]| {
            let Some(field) = form.meaning(means) else { return Vec::new() };
            let asked = answers.list(&field.id).into_iter().enumerate();
            let others = asked.filter(|(_, a)| !approved.contains(a));
            others.map(|(i, a)| check::not_approved(form, field, i, a)).collect()
        };
        let mut out = of(Means::Apis, &apis);
        out.extend(of(Means::DeliveryServices, &services));
        out
    }

    pub(super) fn move_to(&mut self, step: &Step, task: &Task, ctx: &Context<'_>) {
        let (step, actor, task) = (step.id.clone(), task.actor, task.id.clone());
        self.leave(ctx);
        self.visits.push(Visit { step: step.clone(), task: task.clone(), actor, began: ctx.now, ended: None });
        self.position = Position::At { step, task };
        self.since = ctx.now;
    }

    fn awaited(&self, key: &str) -> Result<(), Refusal> {
        match &self.awaits {
            Some(e) if e.key == key => Ok(()),
            _ => Err(Refusal::NotNow),
        }
    }

    fn applied(&mut self, key: &str, here: Step2<'_>, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        self.awaited(key)?;
        expect(here.1, Act::Apply)?;
        self.awaits = None;
        self.trouble = None;
        self.advance(here, ctx)
    }

    fn comment(
        &mut self,
        form: String,
        field: Option<String>,
        row: Option<u32>,
        text: Plain,
        by: &By,
        ctx: &Context<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        needs(&text)?;
        let submission = self.submissions.iter().rev().find(|s| s.forms.contains_key(&form));
        let submission = submission.map(|s| s.no).ok_or_else(|| Refusal::NoSuch(form.clone()))?;
        if let (Some(f), Some(field)) = (ctx.catalogue.form(&form), &field)
            && f.field(field).is_none()
        {
            return Err(Refusal::NoSuch(field.clone()));
        }
        let answer = field.as_ref().and_then(|f| self.form(&form)?.get(f));
        let rows = match answer {
            Some(Answer::List(l)) => l.len(),
            Some(Answer::Files(l)) => l.len(),
            Some(Answer::Rows(l)) => l.len(),
            Some(Answer::Text(_)) | None => 0,
        };
        if let Some(row) = row.filter(|r| usize::try_from(*r).is_ok_and(|r| r >= rows)) {
            return Err(Refusal::NoSuch(format!("{form}.{}.{row}", field.as_deref().unwrap_or_default())));
        }
        let no = count(&self.comments);
        self.comments.push(Comment {
            no,
            form,
            field,
            row,
            text,
            by: by.who(),
            at: ctx.now,
            submission,
            resolved: None,
        });
        Ok(Vec::new())
    }

    fn resolve(&mut self, no: u32, by: &By, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        let comment = self.comments.iter_mut().find(|c| c.no == no).ok_or_else(|| Refusal::NoSuch(no.to_string()))?;
        // The desk settles its own remarks; whoever had to mend something does not decide that it is mended.
        if let (Who::Staff(_), By::Member { .. }) = (&comment.by, by) {
            return Err(Refusal::NotYours(Actor::Reviewer));
        }
        if comment.resolved.is_some() {
            return Err(Refusal::NotNow);
        }
        comment.resolved = Some((ctx.now, by.who()));
        Ok(Vec::new())
    }

    fn reopen(
        &mut self,
        step: &str,
        reason: &Plain,
        here: Step2<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        needs(reason)?;
        if !here.1.reopen.iter().any(|r| r == step) {
            return Err(Refusal::NotNow);
        }
        let target = self.earlier_submit(here, Some(step), ctx)?;
        self.go_back(target, ctx);
        Ok(Vec::new())
    }

    fn withdraw(&mut self, reason: &Plain, here: Step2<'_>, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        needs(reason)?;
        if self.winding_up.is_some() {
            return Err(Refusal::NotNow);
        }
        // What the portal has been told, or is being told, is not taken back by one person.
        let told = here.1.act == Act::Wait || self.awaits.is_some();
        if told {
            return Err(Refusal::TooLate);
        }
        self.give_up(Outcome::Withdrawn, ctx)
    }

    /// Ends the case, after what was opened is closed again.
    pub(super) fn give_up(&mut self, outcome: Outcome, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        self.reviews.clear();
        let winding = self.procedure(ctx)?.winding_up.as_ref().filter(|_| self.opened_access);
        match winding.and_then(|w| w.tasks.first().map(|t| (w, t))) {
            Some((step, task)) => {
                self.winding_up = Some(outcome);
                self.move_to(step, task, ctx);
            }
            None => self.close(outcome, ctx),
        }
        Ok(Vec::new())
    }

    fn leave(&mut self, ctx: &Context<'_>) {
        if let Some(last) = self.visits.last_mut() {
            last.ended = Some(ctx.now);
        }
    }

    fn close(&mut self, outcome: Outcome, ctx: &Context<'_>) {
        self.leave(ctx);
        self.position = Position::Closed { outcome };
        self.since = ctx.now;
    }

    /// On to the next task, with the effects of the one that is done and of the one that begins.
    pub(super) fn advance(&mut self, here: Step2<'_>, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        let p = self.procedure(ctx)?;
        let mut effects = Vec::new();
        if let Some(kind) = here.1.effect
            && here.1.act == Act::Approve
        {
            effects.push(self.effect(kind, here)?);
            if kind == EffectKind::RecordTested {
                self.tested = self.sheets_under_test(ctx);
            }
        }
        if here.1.once {
            self.done_once.push(format!("{}/{}", here.0.id, here.1.id));
        }
        let all: Vec<Step2<'_>> = match &p.winding_up {
            Some(w) if w.id == here.0.id => w.tasks.iter().map(|t| (w, t)).collect(),
            _ => p.tasks().collect(),
        };
        let after = all.iter().skip_while(|(s, t)| (&s.id, &t.id) != (&here.0.id, &here.1.id)).skip(1);
        let left_out = |(s, t): &&Step2<'_>| {
            (s.skippable && self.skip_tests) || (t.once && self.done_once.contains(&format!("{}/{}", s.id, t.id)))
        };
        let next = after.into_iter().find(|t| !left_out(t)).copied();
        let Some((step, task)) = next else {
            self.close(self.winding_up.unwrap_or(Outcome::Completed), ctx);
            return Ok(effects);
        };
        self.move_to(step, task, ctx);
        if let Some(kind) = task.effect
            && task.act == Act::Apply
        {
            let effect = self.effect(kind, (step, task))?;
            self.awaits = Some(effect.clone());
            self.opened_access |= kind.opens();
            effects.push(effect);
        }
        Ok(effects)
    }

    fn effect(&self, kind: EffectKind, (step, task): Step2<'_>) -> Result<Effect, Refusal> {
        let decision = self.decisions.last().ok_or(Refusal::NotNow)?;
        let at = self.planned.filter(|_| kind.is_planned()).map(|p| p.at);
        let key = format!("{}/{}/{}/{}", self.receipt, step.id, task.id, decision.no);
        Ok(Effect { kind, key, at, decided_by: decision.decided_by() })
    }
}

pub(super) fn expect(task: &Task, act: Act) -> Result<(), Refusal> {
    if task.act == act { Ok(()) } else { Err(Refusal::NotNow) }
}

pub(super) fn is_blank(text: &Plain) -> bool {
    text.as_str().trim().is_empty()
}

pub(super) fn needs(reason: &Plain) -> Result<(), Refusal> {
    if is_blank(reason) { Err(Refusal::ReasonMissing) } else { Ok(()) }
}

pub(super) fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX - 1) + 1
}

/// What is written down of an event, and whether the applicant sees it. Proposals and what goes on among the staff
/// before a decision are not for them.
fn said(event: &Event) -> (Plain, bool) {
    match event {
        Event::Confirm { note } | Event::OpenForm { note } | Event::Accept { note } => (note.clone(), true),
        Event::Approve { note, .. } | Event::Retry { note } => (note.clone(), false),
        Event::Contact { message } => (message.clone(), true),
        Event::Review(p) => (p.note.clone(), false),
        Event::Return { reason, .. } | Event::Reopen { reason, .. } | Event::Withdraw { reason } => {
            (reason.clone(), true)
        }
        Event::SendBack { reason } => (reason.clone(), false),
        Event::ApplyFailed { error, .. } => (error.clone(), false),
        Event::Comment { text, .. } => (text.clone(), true),
        Event::Note { text, shared } => (text.clone(), *shared),
        Event::Submit { .. } | Event::Applied { .. } | Event::TimeReached | Event::Resolve { .. } => {
            (Plain::default(), true)
        }
    }
}
