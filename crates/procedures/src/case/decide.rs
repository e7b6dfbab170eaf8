//! Review, return and approval: four eyes.

use super::machine::{Step2, count, expect, is_blank, needs};
use super::{By, Case, Context, Decision, Effect, Outcome, Proposal, Refusal, Review, Who, earliest};
use crate::answers::Plain;
use crate::catalogue::{Act, Actor, Api, Step, Task, day_in_japan};

impl Case {
    pub(super) fn review(
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

    pub(super) fn return_(
        &mut self,
        reason: &Plain,
        to: Option<String>,
        here: Step2<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        needs(reason)?;
        // Reception may return what is not complete, before anybody reviews it.
        let desks = matches!(here.1.act, Act::Review | Act::Approve)
            || (here.1.act == Act::Confirm && here.1.actor != Actor::Applicant);
        if !desks || self.winding_up.is_some() {
            return Err(Refusal::NotNow);
        }
        let target = self.earlier_submit(here, to.as_deref(), ctx)?;
        self.reviews.clear();
        self.go_back(target, ctx);
        Ok(Vec::new())
    }

    /// The last task before this one where something is submitted; of the step `to` when it is named.
    pub(super) fn earlier_submit<'c>(
        &self,
        here: Step2<'_>,
        to: Option<&str>,
        ctx: &Context<'c>,
    ) -> Result<Step2<'c>, Refusal> {
        let p = self.procedure(ctx)?;
        let before = p.tasks().take_while(|(s, t)| (&s.id, &t.id) != (&here.0.id, &here.1.id));
        before
            .filter(|(s, t)| {
                t.act == Act::Submit && to.is_none_or(|to| s.id == to) && !(s.skippable && self.skip_tests)
            })
            .last()
            .ok_or_else(|| to.map_or(Refusal::NotNow, |to| Refusal::NoSuch(to.to_owned())))
    }

    pub(super) fn go_back(&mut self, (step, task): Step2<'_>, ctx: &Context<'_>) {
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

    pub(super) fn send_back(
        &mut self,
        reason: &Plain,
        here: Step2<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        needs(reason)?;
        expect(here.1, Act::Approve)?;
        let at = here.0.tasks.iter().position(|t| t.id == here.1.id).unwrap_or_default();
        let review = at.checked_sub(1).and_then(|i| here.0.tasks.get(i)).ok_or(Refusal::NotNow)?;
        self.move_to(here.0, review, ctx);
        Ok(Vec::new())
    }

    pub(super) fn approve(
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
}
