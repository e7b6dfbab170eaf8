//! What a case says about itself.

use std::collections::BTreeMap;

use base::Timestamp;

use super::{Case, Context, Outcome, Position, Refusal, Submission, Visit};
use crate::answers::{Answer, Answers};
use crate::catalogue::{Api, Environment, Field, Kind, Means, Step};
use crate::compare::{Differences, compare, compare_promotion};

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is done; since when.
    Done(Timestamp),
    /// The case is there; since when.
    Current(Timestamp),
    /// It comes later.
    Ahead,
    /// It was left out, or the case ended before it.
    LeftOut,
}

/// A step of the case's procedure with how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepProgress<'c> {
    /// The step.
    pub step: &'c Step,
    /// How far.
    pub progress: Progress,
}

impl Case {
    /// Every step of the procedure, in order, with how far it is; the winding up only when the case is there or was.
    ///
    /// # Errors
    /// When the catalogue has not the procedure.
    pub fn progress<'c>(&self, ctx: &Context<'c>) -> Result<Vec<StepProgress<'c>>, Refusal> {
        let p = self.procedure(ctx)?;
        let here = match &self.position {
            Position::At { step, .. } => Some(step),
            Position::Closed { .. } => None,
        };
        let at = here.and_then(|id| p.steps.iter().position(|s| s.id == *id));
        let visited = |s: &Step| self.visits.iter().rev().find(|v| v.step == s.id);
        let of = |(i, step): (usize, &'c Step)| {
            let progress = match visited(step) {
                Some(v) if here == Some(&step.id) => Progress::Current(first_since(&self.visits, v)),
                // What lies ahead after a return will be done again.
                Some(v) if at.is_none_or(|at| i < at) => v.ended.map_or(Progress::Ahead, Progress::Done),
                _ if at.is_none_or(|at| i < at) => Progress::LeftOut,
                _ if step.skippable && self.skip_tests => Progress::LeftOut,
                _ => Progress::Ahead,
            };
            StepProgress { step, progress }
        };
        let mut out: Vec<StepProgress<'c>> = p.steps.iter().enumerate().map(of).collect();
        out.extend(p.winding_up.iter().filter(|w| visited(w).is_some()).map(|w| of((usize::MAX, w))));
        Ok(out)
    }

    /// From JSON.
    ///
    /// # Errors
    /// When it is not a case, or of a version that is not known.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let case: Self = serde_json::from_str(text)?;
        if case.version == super::VERSION {
            Ok(case)
        } else {
            Err(serde::de::Error::custom(format!("version {} of a case is not known", case.version)))
        }
    }

    /// To JSON.
    ///
    /// # Errors
    /// None: all keys are texts.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// How it ended, when it has.
    pub const fn outcome(&self) -> Option<Outcome> {
        match self.position {
            Position::Closed { outcome } => Some(outcome),
            Position::At { .. } => None,
        }
    }

    /// The newest answers to a form that were submitted.
    pub fn form(&self, id: &str) -> Option<&Answers> {
        self.submissions.iter().rev().find_map(|s| s.forms.get(id))
    }

    /// All answers to a form that were submitted, the oldest first.
    pub fn versions<'a>(&'a self, id: &'a str) -> impl Iterator<Item = (&'a Submission, &'a Answers)> {
        self.submissions.iter().filter_map(move |s| s.forms.get(id).map(|a| (s, a)))
    }

    /// The answers to begin a draft of a form with: what was submitted last, else what is live, else, between a sheet of
    /// the test environment and its counterpart for production, what the other one says. What is still open is filled
    /// with the newest answer to the same field of another form, so that nobody writes their address twice.
    pub fn draft(&self, id: &str, ctx: &Context<'_>) -> Answers {
        let newest = |id: &str| self.form(id).or_else(|| self.live.get(id)).cloned();
        let Some(form) = ctx.catalogue.form(id) else { return Answers::new() };
        let counterpart = form.promotes.as_deref().or_else(|| ctx.catalogue.promoted(id).map(|f| f.id.as_str()));
        let mut out = newest(id).or_else(|| newest(counterpart?)).unwrap_or_default();
        let gone: Vec<String> =
            out.iter().filter(|(f, _)| form.field(f).is_none()).map(|(f, _)| f.to_owned()).collect();
        gone.iter().for_each(|f| out.remove(f));
        for field in form.fields().filter(|f| is_kept(f.kind)) {
            if out.get(&field.id).is_none()
                && let Some(answer) = self.same_field(field, ctx)
            {
                out.set(&field.id, answer.clone());
            }
        }
        out
    }

    /// The newest answer to a field of this id and kind in another form.
    fn same_field(&self, field: &Field, ctx: &Context<'_>) -> Option<&Answer> {
        let fits = |form: &str| ctx.catalogue.form(form)?.field(&field.id).filter(|f| f.kind == field.kind);
        let submitted = self.submissions.iter().rev().flat_map(|s| &s.forms);
        submitted.chain(&self.live).filter(|(form, _)| fits(form).is_some()).find_map(|(_, a)| a.get(&field.id))
    }

    /// What the last submission of a form changed against the one before.
    pub fn since_last(&self, id: &str, ctx: &Context<'_>) -> Differences {
        let mut versions: Vec<&Answers> = self.versions(id).map(|(_, a)| a).collect();
        match (ctx.catalogue.form(id), versions.pop(), versions.pop()) {
            (Some(form), Some(new), Some(old)) => compare(form, old, new),
            _ => Differences::default(),
        }
    }

    /// What changes against what is live, over all forms that are live (guideline 5.1).
    pub fn change(&self, ctx: &Context<'_>) -> Differences {
        let mut out = Vec::new();
        for form in &ctx.catalogue.forms {
            if let (Some(new), Some(live)) = (self.form(&form.id), self.live.get(&form.id)) {
                out.extend(compare(form, live, new).0);
            }
        }
        Differences(out)
    }

    /// What goes to production otherwise than it was tested.
    pub fn promotion(&self, ctx: &Context<'_>) -> Differences {
        let mut out = Vec::new();
        for form in &ctx.catalogue.forms {
            let Some(test) = form.promotes.as_deref().and_then(|t| ctx.catalogue.form(t)) else { continue };
            if let (Some(live), Some(tested)) = (self.form(&form.id), self.tested_form(&test.id)) {
                out.extend(compare_promotion(test, form, tested, live).0);
            }
        }
        Differences(out)
    }

    /// The answers to a sheet that passed the connection test.
    pub fn tested_form(&self, id: &str) -> Option<&Answers> {
        let no = self.tested.get(id)?;
        self.submissions.iter().find(|s| s.no == *no)?.forms.get(id)
    }

    /// The newest submission of each sheet of the test environment.
    pub(super) fn sheets_under_test(&self, ctx: &Context<'_>) -> BTreeMap<String, u32> {
        let sheets = ctx.catalogue.forms.iter().filter(|f| f.environment == Some(Environment::Test));
        sheets.filter_map(|f| self.versions(&f.id).last().map(|(s, _)| (f.id.clone(), s.no))).collect()
    }

    /// Whether the sheets of the test environment passed the connection test as they are now.
    pub(super) fn is_tested(&self, ctx: &Context<'_>) -> bool {
        !self.tested.is_empty() && self.tested == self.sheets_under_test(ctx)
    }

    /// The APIs and delivery services that the newest answers ask for.
    pub fn asked_for(&self, ctx: &Context<'_>) -> (Vec<Api>, Vec<String>) {
        // In the order of the catalogue: the plan says what is asked for, before the sheets do.
        let newest = |means: Means| {
            let fields = ctx.catalogue.forms.iter().filter_map(|f| Some((&f.id, &f.meaning(means)?.id)));
            let fields: Vec<_> = fields.collect();
            let of =
                |s: &Submission| fields.iter().find_map(|(form, field)| Some((s.forms.get(*form)?.clone(), *field)));
            self.submissions
                .iter()
                .rev()
                .find_map(of)
                .map(|(a, field)| a.list(field).into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        let newest = |means| newest(means).unwrap_or_default();
        let apis = newest(Means::Apis).iter().filter_map(|a| Api::parse(a)).collect();
        (apis, newest(Means::DeliveryServices))
    }

    /// The remarks that are not settled.
    pub fn open_comments(&self) -> impl Iterator<Item = &super::Comment> {
        self.comments.iter().filter(|c| c.resolved.is_none())
    }
}

/// Kinds whose answers say the same in every form: names, addresses, and what is applied for.
const fn is_kept(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Line
            | Kind::Kana
            | Kind::Email
            | Kind::Phone
            | Kind::PostalCode
            | Kind::CorporateNumber
            | Kind::Url
            | Kind::Apis
            | Kind::DeliveryServices
    )
}

/// When the case came to the step of this visit, over the visits to its tasks that follow each other.
fn first_since(visits: &[Visit], last: &Visit) -> Timestamp {
    visits.iter().rev().take_while(|v| v.step == last.step).last().map_or(last.began, |v| v.began)
}
