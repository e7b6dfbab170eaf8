//! Who has to do what, by when, and what is missing.

use std::collections::BTreeMap;

use base::Timestamp;
use jiff::civil::Date;

use super::{Case, Context, Refusal};
use crate::answers::Answers;
use crate::catalogue::{Act, Actor, day_in_japan};
use crate::check::{Finding, has_errors};
use crate::text::Text;

/// One thing that has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Todo {
    /// The step.
    pub step: String,
    /// The task.
    pub task: String,
    /// Who.
    pub actor: Actor,
    /// What.
    pub act: Act,
    /// What, in words.
    pub label: Text,
    /// Since when.
    pub since: Timestamp,
    /// The last day, in Japan.
    pub due: Option<Date>,
    /// Whether that day is over.
    pub overdue: bool,
    /// The forms that have to be submitted.
    pub forms: Vec<String>,
    /// Whether something went wrong that this is to mend.
    pub trouble: bool,
}

/// What keeps a form from being submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The form.
    pub form: String,
    /// Whether nothing was written into it yet.
    pub untouched: bool,
    /// What has to be mended.
    pub findings: Vec<Finding>,
}

impl Case {
    /// Who has to act now: at least one line until the case is over, and none then.
    ///
    /// # Errors
    /// When the catalogue was replaced by one that has not the case's place.
    pub fn todo(&self, ctx: &Context<'_>) -> Result<Vec<Todo>, Refusal> {
        let Some((step, task)) = self.at(ctx)? else { return Ok(Vec::new()) };
        let today = day_in_japan(ctx.now);
        let start = day_in_japan(self.since);
        let due = match task.act {
            Act::Wait => self.planned.map(|p| day_in_japan(p.at)),
            _ => task.due.map(|d| ctx.catalogue.working_days.due(start, d)),
        };
        let first = Todo {
            step: step.id.clone(),
            task: task.id.clone(),
            actor: task.actor,
            act: task.act,
            label: task.name(),
            since: self.since,
            due,
            overdue: due.is_some_and(|d| d < today),
            forms: task.forms.clone(),
            trouble: false,
        };
        let mut out = vec![first];
        if self.trouble.is_some() {
            // The desk could not do it by itself; now a person has to look.
            out.insert(
                0,
                Todo {
                    actor: Actor::Operator,
                    label: Text::new("設定の反映の失敗への対応", "Mend what keeps the settings from being applied"),
                    trouble: true,
                    ..out[0].clone()
                },
            );
        }
        Ok(out)
    }

    /// What is missing from the drafts before they can be submitted, in the order of the task's forms. Empty when the
    /// task is not about forms or all is there.
    ///
    /// # Errors
    /// As [`Self::todo`].
    pub fn missing(&self, drafts: &BTreeMap<String, Answers>, ctx: &Context<'_>) -> Result<Vec<Missing>, Refusal> {
        let Some((_, task)) = self.at(ctx)? else { return Ok(Vec::new()) };
        let world = ctx.world(self.procedure(ctx)?.notice_days);
        let mut out = Vec::new();
        for id in &task.forms {
            let form = ctx.catalogue.form(id).ok_or_else(|| Refusal::Catalogue(id.clone()))?;
            let empty = Answers::new();
            let answers = drafts.get(id).unwrap_or(&empty);
            let findings = form.check(answers, &world);
            if has_errors(&findings) {
                out.push(Missing { form: id.clone(), untouched: answers.is_empty(), findings });
            }
        }
        Ok(out)
    }
}
