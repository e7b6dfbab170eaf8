//! Reads what was typed into a form and says what is wrong with it.

mod address;
mod field;
mod finding;
mod keys;
pub(crate) mod normal;

use std::collections::BTreeMap;

use base::Lang;
use jiff::civil::Date;

use crate::answers::{Answer, Answers, Plain, Row};
use crate::catalogue::{Api, Choice, Field, Form, Kind};
use crate::text::Text;

pub use field::check_field;
pub(crate) use field::{not_approved, planned_past};
pub use finding::{Code, Finding, Place, Severity, has_errors};
pub use keys::{KeyMistake, parse_keys};

/// The name of an API in both languages.
pub(crate) fn api_label(api: Api) -> Text {
    Text::new(api.label(Lang::Ja), api.label(Lang::En))
}

/// What answers are checked against, besides their form.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The day in Japan.
    pub today: Date,
    /// The delivery services that are offered.
    pub delivery_services: &'a [Choice],
    /// Calendar days between the notification and the planned day, in principle (guideline 5.2 to 5.4).
    pub notice_days: Option<u16>,
    /// Whether addresses on this machine and in private networks may stand in production sheets: for the demo only.
    pub local_is_fine: bool,
}

/// What was read from a page or a spreadsheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What could be kept, normalised; also what is wrong and has to be mended.
    pub answers: Answers,
    /// What could not be kept: private keys, and names that the form has not.
    pub findings: Vec<Finding>,
}

impl Form {
    /// Reads pairs of name and text as a page or a spreadsheet sends them: `field` (more than once for several
    /// choices), `field.year`, `field.month` and `field.day` for a day in three parts, `field.0.column` for a row.
    /// Files come by another way ([`Answers::set`]); those in `before` are kept.
    pub fn read<'t>(
        &self,
        pairs: impl IntoIterator<Item = (&'t str, &'t str)>,
        before: &Answers,
        world: &World<'_>,
    ) -> Reading {
        let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut rows: BTreeMap<&str, BTreeMap<usize, BTreeMap<&str, &str>>> = BTreeMap::new();
        let mut parts: BTreeMap<&str, [&str; 3]> = BTreeMap::new();
        let mut out = Reading::default();
        for (name, text) in pairs {
            let (id, tail) = name.split_once('.').unwrap_or((name, ""));
            let field = self.field(id).filter(|f| !f.kind.is_files());
            match (field, tail.split_once('.').map(|(row, column)| (row.parse::<usize>(), column)), tail) {
                (Some(f), None, "") if !f.kind.is_rows() => texts.entry(id).or_default().push(text),
                (Some(f), None, part) if f.kind == Kind::Date && matches!(part, "year" | "month" | "day") => {
                    let at = usize::from(part != "year") + usize::from(part == "day");
                    parts.entry(id).or_default()[at] = text;
                }
                (Some(f), Some((Ok(row), column)), _)
                    if f.kind.is_rows() && row < 1000 && f.column(column).is_some() =>
                {
                    rows.entry(id).or_default().entry(row).or_default().insert(column, text);
                }
                _ => out.findings.push(field::unknown_field(self, name)),
            }
        }
        let joined: BTreeMap<&str, String> = parts
            .iter()
            .map(|(id, p)| (*id, if p.iter().all(|t| t.trim().is_empty()) { String::new() } else { p.join("-") }))
            .collect();
        for (id, text) in &joined {
            texts.entry(id).or_default().push(text);
        }
        for field in self.fields() {
            if field.kind.is_files() {
                if let Some(kept) = before.get(&field.id) {
                    out.answers.set(&field.id, kept.clone());
                }
            } else if field.kind.is_rows() {
                let rows = rows.remove(field.id.as_str()).unwrap_or_default();
                let rows =
                    rows.into_values().enumerate().map(|(i, row)| self.row(field, i, &row, world, &mut out.findings));
                out.answers.set(&field.id, Answer::Rows(rows.filter(|r| !r.is_empty()).collect()));
            } else if let Some(list) = texts.get(field.id.as_str()) {
                let answer = self.texts(field, list, world, &mut out.findings);
                out.answers.set(&field.id, answer);
            }
        }
        out
    }

    fn texts(&self, field: &Field, list: &[&str], world: &World<'_>, findings: &mut Vec<Finding>) -> Answer {
        let mut keep = |text: String, place: Place| {
            Plain::new(text)
                .map_err(|_| findings.push(field::private_key(self, field, place)))
                .ok()
                .filter(|t| !t.as_str().is_empty())
        };
        if !field.kind.is_list() {
            let raw = list.iter().find(|t| !t.trim().is_empty()).copied().unwrap_or_default();
            let text = keep(normal::normal(field, raw, world), Place::field(&field.id)).unwrap_or_default();
            return Answer::Text(text);
        }
        // A page may send all entries in one text; a key broken into lines has to be seen before it is split.
        let whole = list.join("\n");
        if keep(whole.clone(), Place::field(&field.id)).is_none() {
            return Answer::List(Vec::new());
        }
        let entries = normal::entries(field.kind, &whole);
        let texts = entries.into_iter().enumerate();
        Answer::List(
            texts.filter_map(|(i, t)| keep(normal::normal(field, t, world), Place::row(&field.id, i))).collect(),
        )
    }

    fn row(
        &self,
        field: &Field,
        index: usize,
        texts: &BTreeMap<&str, &str>,
        world: &World<'_>,
        findings: &mut Vec<Finding>,
    ) -> Row {
        let mut row = Row::new();
        for column in &field.columns {
            let Some(raw) = texts.get(column.id.as_str()) else { continue };
            match Plain::new(normal::normal(column, raw, world)) {
                Ok(text) if text.as_str().is_empty() => {}
                Ok(text) => {
                    row.insert(column.id.clone(), text);
                }
                Err(_) => {
                    let place = Place { column: Some(column.id.clone()), ..Place::row(&field.id, index) };
                    findings.push(field::private_key(self, field, place));
                }
            }
        }
        row
    }

    /// Whether a field is asked, with these answers.
    pub fn asks(&self, field: &Field, answers: &Answers) -> bool {
        let Some(when) = &field.when else { return true };
        let has = |v: &String| answers.text(&when.field) == v || answers.list(&when.field).contains(&v.as_str());
        when.is.iter().any(has)
    }

    /// Everything that is wrong with the answers to the whole form, in the order of its fields.
    pub fn check(&self, answers: &Answers, world: &World<'_>) -> Vec<Finding> {
        let mut out: Vec<Finding> = answers
            .iter()
            .filter(|(id, _)| self.field(id).is_none())
            .map(|(id, _)| field::unknown_field(self, id))
            .collect();
        for field in self.fields().filter(|f| self.asks(f, answers)) {
            out.extend(check_field(self, field, answers, world));
        }
        out
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use std::sync::LazyLock;

    use jiff::civil::date;

    use super::*;
    use crate::text::Text;

    pub(crate) const KINDS: &[Kind] = &[
        Kind::Line,
        Kind::Kana,
        Kind::Paragraph,
        Kind::Email,
        Kind::Phone,
        Kind::PostalCode,
        Kind::CorporateNumber,
        Kind::Url,
        Kind::Jwks,
        Kind::Date,
        Kind::Time,
        Kind::Choice,
        Kind::YesNo,
        Kind::Number,
        Kind::DeliveryServices,
        Kind::Apis,
        Kind::IpAddresses,
    ];

    static SERVICES: LazyLock<Vec<Choice>> = LazyLock::new(|| {
        vec![Choice { id: "mihon-post".to_owned(), label: Text::new("みほん私書箱", "Mihon Post") }]
    });

    pub(crate) fn world() -> World<'static> {
        World { today: date(2026, 6, 1), delivery_services: &SERVICES, notice_days: Some(14), local_is_fine: false }
    }

    pub(crate) fn field(kind: Kind) -> Field {
        let choice = |id: &str, ja: &str, en: &str| Choice { id: id.to_owned(), label: Text::new(ja, en) };
        Field {
            id: "x".to_owned(),
            kind,
            label: Text::new("欄", "Field"),
            hint: Text::new("書いてください。", "Write."),
            example: None,
            required: true,
            when: None,
            min: None,
            max: None,
            after: None,
            until_today: false,
            choices: match kind {
                Kind::Choice | Kind::Choices => {
                    vec![choice("first", "はじめ", "First"), choice("second", "つぎ", "Second")]
                }
                _ => Vec::new(),
            },
            columns: Vec::new(),
            metadata: None,
            means: None,
            tested: false,
            per_environment: false,
            basis: None,
        }
    }
}
