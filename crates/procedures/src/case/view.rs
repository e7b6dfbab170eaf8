//! What a case says about itself.

use std::collections::BTreeMap;

use super::{Case, Context, Outcome, Position, Submission};
use crate::answers::Answers;
use crate::catalogue::{Api, Environment, Means};
use crate::compare::{Differences, compare, compare_promotion};

impl Case {
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

    /// The answers to begin a draft of a form with: what was submitted last, else what is live, else, for a sheet that
    /// goes from test to production, what was tested.
    pub fn draft(&self, id: &str, ctx: &Context<'_>) -> Answers {
        let promoted = || {
            let form = ctx.catalogue.form(id)?;
            let tested = self.form(form.promotes.as_deref()?)?;
            let mut out = Answers::new();
            for (field, answer) in tested.iter().filter(|(f, _)| form.field(f).is_some()) {
                out.set(field, answer.clone());
            }
            Some(out)
        };
        self.form(id).or_else(|| self.live.get(id)).cloned().or_else(promoted).unwrap_or_default()
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
        let newest = |means: Means| {
            let forms = self.submissions.iter().rev().flat_map(|s| &s.forms);
            forms
                .filter_map(|(id, a)| Some(a.list(&ctx.catalogue.form(id)?.meaning(means)?.id)))
                .next()
                .unwrap_or_default()
        };
        let apis = newest(Means::Apis).into_iter().filter_map(Api::parse).collect();
        (apis, newest(Means::DeliveryServices).into_iter().map(str::to_owned).collect())
    }

    /// The remarks that are not settled.
    pub fn open_comments(&self) -> impl Iterator<Item = &super::Comment> {
        self.comments.iter().filter(|c| c.resolved.is_none())
    }
}
