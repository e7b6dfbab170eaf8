//! The transitions.

use std::collections::BTreeMap;

use super::{
    By, Case, Comment, Context, Decision, Effect, Entry, Event, Opening, Outcome, Planned, Position, Proposal, Refusal,
    Review, Submission, VERSION, Who, earliest,
};
use crate::answers::{Answers, Plain};
use crate::catalogue::{Act, Actor, Api, EffectKind, Initiator, Means, Procedure, Step, Task, day_in_japan};
use crate::check::has_errors;

type Step2<'a> = (&'a Step, &'a Task);

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
            let date = form.meaning(Means::PlannedDate).and_then(|f| answers.date(&f.id));
            if let (Some(date), Some(_)) = (date, p.notice_days) {
                let time = form.meaning(Means::PlannedTime).and_then(|f| answers.time(&f.id)).unwrap_or_default();
                let at = base::calendar::from_jst(date.to_datetime(time));
                self.planned = Some(Planned { at, notified: ctx.now });
            }
        }
        if has_errors(&findings) {
            return Err(Refusal::Findings(findings));
        }
        if self.planned.is_some_and(|p| p.at <= ctx.now) && p.notice_days.is_some() {
            return Err(Refusal::PlannedPast);
        }
        let no = count(&self.submissions);
        self.submissions.push(Submission { no, step: here.0.id.clone(), by: by.who(), at: ctx.now, forms });
        // What was agreed before is about something else now.
        self.reviews.clear();
        self.advance(here, ctx)
    }

    fn review(
        &mut self,
        proposal: Proposal,
        by: &By,
        here: Step2<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let approval = match here.1.act {
            Act::Approve => here.1,
            Act::Review => self.approval_of(here)?,
            _ => return Err(Refusal::NotNow),
        };
        if proposal.refuse {
            needs(&proposal.note)?;
            if self.winding_up.is_some() {
                // There is nothing to refuse in closing what was opened.
                return Err(Refusal::NotNow);
            }
        } else {
            self.check_proposal(&proposal, approval, ctx)?;
        }
        let By::Staff { id, .. } = by else { return Err(Refusal::NotYours(here.1.actor)) };
        self.reviews.push(Review { by: id.clone(), at: ctx.now, proposal });
        if here.1.act == Act::Review { self.advance(here, ctx) } else { Ok(Vec::new()) }
    }

    /// The approval behind a review; the catalogue's check has seen to it that there is one.
    fn approval_of<'c>(&self, here: Step2<'c>) -> Result<&'c Task, Refusal> {
        let at = here.0.tasks.iter().position(|t| t.id == here.1.id).unwrap_or_default();
        here.0.tasks.get(at + 1).ok_or_else(|| Refusal::Catalogue(format!("{}/approve", here.0.id)))
    }

    fn check_proposal(&self, proposal: &Proposal, approval: &Task, ctx: &Context<'_>) -> Result<(), Refusal> {
        if approval.decides_apis {
            let (apis, services) = self.asked_for(ctx);
            let fits = !proposal.apis.is_empty()
                && proposal.apis.iter().all(|a| apis.contains(a))
                && proposal.delivery_services.iter().all(|s| services.contains(s))
                && (!proposal.delivery_services.is_empty() || services.is_empty());
            if !fits {
                return Err(Refusal::Apis);
            }
        }
        if proposal.skip_tests {
            if !approval.decides_tests {
                return Err(Refusal::NotNow);
            }
            let changed = self.change(ctx);
            let tested: Vec<String> = changed.tested().map(|d| d.label.ja.clone()).collect();
            if !tested.is_empty() {
                return Err(Refusal::TestsNeeded(tested));
            }
        }
        if let Some(day) = self.short_notice(ctx)
            && proposal.short_notice.as_ref().is_none_or(is_blank)
        {
            return Err(Refusal::ShortNotice(day));
        }
        self.check_seen(approval, proposal.differences_seen.as_deref(), ctx)
    }

    fn check_seen(&self, approval: &Task, seen: Option<&str>, ctx: &Context<'_>) -> Result<(), Refusal> {
        if approval.promotion && !self.is_tested(ctx) {
            return Err(Refusal::Untested);
        }
        let shown = match (approval.promotion, approval.decides_tests) {
            (true, _) => self.promotion(ctx),
            (_, true) => self.change(ctx),
            _ => return Ok(()),
        };
        match shown.digest() {
            Some(digest) if seen != Some(digest.as_str()) => Err(Refusal::DifferencesUnseen),
            _ => Ok(()),
        }
    }

    /// The earliest day by the rule, when the notification was made later than the rule asks for.
    pub(super) fn short_notice(&self, ctx: &Context<'_>) -> Option<jiff::civil::Date> {
        let days = self.procedure(ctx).ok()?.notice_days?;
        let planned = self.planned?;
        let first = earliest(day_in_japan(planned.notified), days);
        (day_in_japan(planned.at) < first).then_some(first)
    }

    fn return_(
        &mut self,
        reason: &Plain,
        to: Option<String>,
        here: Step2<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        needs(reason)?;
        if !matches!(here.1.act, Act::Review | Act::Approve) || self.winding_up.is_some() {
            return Err(Refusal::NotNow);
        }
        let target = self.earlier_submit(here, to.as_deref(), ctx)?;
        self.reviews.clear();
        self.go_back(target, ctx);
        Ok(Vec::new())
    }

    /// The last task before this one where something is submitted; of the step `to` when it is named.
    fn earlier_submit<'c>(&self, here: Step2<'_>, to: Option<&str>, ctx: &Context<'c>) -> Result<Step2<'c>, Refusal> {
        let p = self.procedure(ctx)?;
        let before = p.tasks().take_while(|(s, t)| (&s.id, &t.id) != (&here.0.id, &here.1.id));
        before
            .filter(|(s, t)| {
                t.act == Act::Submit && to.is_none_or(|to| s.id == to) && !(s.skippable && self.skip_tests)
            })
            .last()
            .ok_or_else(|| to.map_or(Refusal::NotNow, |to| Refusal::NoSuch(to.to_owned())))
    }

    fn go_back(&mut self, (step, task): Step2<'_>, ctx: &Context<'_>) {
        // Settings are going to be submitted again, and what was tested or left out was about the old ones.
        if task.forms.iter().any(|f| self.tested.contains_key(f)) {
            self.tested.clear();
        }
        let decides = |s: &&Step| s.tasks.iter().any(|t| t.decides_tests);
        let ahead = self.procedure(ctx).ok().into_iter().flat_map(|p| p.steps.iter().skip_while(|s| s.id != step.id));
        if ahead.into_iter().any(|s| decides(&s)) {
            self.skip_tests = false;
        }
        self.move_to(step, task, ctx);
    }

    fn move_to(&mut self, step: &Step, task: &Task, ctx: &Context<'_>) {
        self.position = Position::At { step: step.id.clone(), task: task.id.clone() };
        self.since = ctx.now;
    }

    fn send_back(&mut self, reason: &Plain, here: Step2<'_>, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
        needs(reason)?;
        expect(here.1, Act::Approve)?;
        let at = here.0.tasks.iter().position(|t| t.id == here.1.id).unwrap_or_default();
        let review = at.checked_sub(1).and_then(|i| here.0.tasks.get(i)).ok_or(Refusal::NotNow)?;
        self.move_to(here.0, review, ctx);
        Ok(Vec::new())
    }

    fn approve(
        &mut self,
        note: Plain,
        apis: Option<Vec<Api>>,
        seen: Option<String>,
        by: &By,
        here: Step2<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        expect(here.1, Act::Approve)?;
        let By::Staff { id, .. } = by else { return Err(Refusal::NotYours(Actor::Approver)) };
        let mut review = self.reviews.last().cloned().ok_or(Refusal::NotNow)?;
        // Also whoever made a proposal that was bettered since, and whoever began the case for the desk.
        if self.reviews.iter().any(|r| r.by == *id) || self.opened_by == Who::Staff(id.clone()) {
            return Err(Refusal::FourEyes);
        }
        if !review.proposal.refuse {
            if let Some(apis) = apis {
                if !apis.iter().all(|a| review.proposal.apis.contains(a)) {
                    return Err(Refusal::Apis);
                }
                review.proposal.apis = apis;
            }
            // The world may have moved on since the proposal.
            self.check_proposal(&review.proposal, here.1, ctx)?;
            self.check_seen(here.1, seen.as_deref(), ctx)?;
            if self.winding_up.is_none() && self.planned.is_some_and(|p| p.at <= ctx.now) {
                return Err(Refusal::PlannedPast);
            }
        }
        let proposal = review.proposal.clone();
        self.decisions.push(Decision {
            no: count(&self.decisions),
            step: here.0.id.clone(),
            review,
            approved_by: id.clone(),
            at: ctx.now,
            note,
            submission: self.submissions.last().map_or(0, |s| s.no),
        });
        self.reviews.clear();
        if proposal.refuse {
            return self.give_up(Outcome::Refused, ctx);
        }
        if here.1.decides_apis {
            self.apis = proposal.apis;
            self.delivery_services = proposal.delivery_services;
        }
        if here.1.decides_tests {
            self.skip_tests = proposal.skip_tests;
        }
        self.advance(here, ctx)
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
        match (&comment.by, by) {
            (Who::Staff(_), By::Member { .. }) => return Err(Refusal::NotYours(Actor::Reviewer)),
            (Who::Applicant(_), By::Staff { .. }) | _ => {}
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
    fn give_up(&mut self, outcome: Outcome, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
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

    fn close(&mut self, outcome: Outcome, ctx: &Context<'_>) {
        self.position = Position::Closed { outcome };
        self.since = ctx.now;
    }

    /// On to the next task, with the effects of the one that is done and of the one that begins.
    fn advance(&mut self, here: Step2<'_>, ctx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
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

fn expect(task: &Task, act: Act) -> Result<(), Refusal> {
    if task.act == act { Ok(()) } else { Err(Refusal::NotNow) }
}

fn is_blank(text: &Plain) -> bool {
    text.as_str().trim().is_empty()
}

fn needs(reason: &Plain) -> Result<(), Refusal> {
    if is_blank(reason) { Err(Refusal::ReasonMissing) } else { Ok(()) }
}

fn count<T>(list: &[T]) -> u32 {
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
