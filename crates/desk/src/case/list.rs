//! Cases in lists: home, organisation.

use ::store::{Error, Tx};
use base::Lang;
use jiff::civil::Date;
use serde::Serialize;

use crate::Desk;
use crate::org::Role;
use crate::store::cases::{self, CaseRow};
use crate::store::services;

/// A case in a list.
#[derive(Clone, Debug, Serialize)]
pub struct CaseLine {
    /// Its id.
    pub id: String,
    /// Its 受付番号.
    pub receipt: String,
    /// The procedure's name.
    pub procedure: String,
    /// The service's name.
    pub service: String,
    /// Step id and label, or how it ended.
    pub step: String,
    /// Who has to act: `applicant`, `colleagues` (the organisation, but not this reader), `desk` or `nobody`.
    pub waiting: &'static str,
    /// Kind of chip for who has to act.
    pub chip: &'static str,
    /// By which day.
    pub due: Option<String>,
    /// The day it is due by is over.
    pub overdue: bool,
}

impl Desk {
    /// A case for a list.
    pub fn case_line(&self, tx: &mut Tx<'_>, row: CaseRow, lang: Lang) -> Result<CaseLine, Error> {
        let procedure = self.catalogue().procedure(&row.kind);
        let step = procedure.and_then(|p| p.step(&row.step));
        let waiting = match row.waiting_on.as_str() {
            "applicant" => "applicant",
            "nobody" => "nobody",
            _ => "desk",
        };
        let due: Option<Date> = row.due_at.map(|t| base::calendar::jst(t).date());
        let overdue = row.due_at.is_some_and(|t| t < self.now());
        Ok(CaseLine {
            service: services::get(tx, &row.service)?.map(|s| s.name).unwrap_or_default(),
            procedure: procedure.map_or_else(|| row.kind.clone(), |p| p.label.get(lang).to_owned()),
            step: match step {
                Some(step) => format!("{} {}", step.id, step.label.get(lang)),
                None => self.site().text(lang, &format!("outcome-{}", row.step), &[]).unwrap_or_default(),
            },
            chip: match waiting {
                "applicant" if overdue => "error",
                "applicant" => "warning",
                "nobody" => "plain",
                _ => "info",
            },
            waiting,
            due: due.map(|d| d.to_string()),
            overdue,
            id: row.id,
            receipt: row.receipt,
        })
    }
}

/// The cases of an organisation, the latest first, for a member with this role.
pub fn case_lines(desk: &Desk, tx: &mut Tx<'_>, org: &str, role: Role, lang: Lang) -> Result<Vec<CaseLine>, Error> {
    let rows = cases::of_org(tx, org)?.into_iter();
    let line = |row| {
        let line = desk.case_line(tx, row, lang)?;
        Ok(match line.waiting {
            "applicant" if !role.may_edit() => CaseLine { waiting: "colleagues", ..line },
            _ => line,
        })
    };
    rows.map(line).collect()
}
