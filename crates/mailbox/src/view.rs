//! A certificate as tables for a reader.

use document::{
    AppliedSystem, Certificate, EarthquakePolicy, InsuredObject, LifeCategory, LifePolicy, PensionKind, PensionState,
};
use jiff::civil::Date;
use serde::Serialize;
use web::{Fault, Visit};

/// One table.
#[derive(Debug, Serialize)]
pub struct Table {
    /// What it is about.
    pub caption: String,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// One row: its heading and its value, by kind.
#[derive(Debug, Serialize)]
pub struct Row {
    head: String,
    kind: &'static str,
    text: String,
    yen: i64,
}

struct Rows<'a> {
    visit: &'a Visit,
    rows: Vec<Row>,
}

impl Rows<'_> {
    /// A text of the document's own, in its own language.
    fn text(&mut self, key: &str, text: &str) -> Result<(), Fault> {
        let head = self.visit.text(key, &[])?;
        self.rows.push(Row { head, kind: "own", text: text.to_owned(), yen: 0 });
        Ok(())
    }

    /// A word of ours.
    fn word(&mut self, key: &str, word: &str) -> Result<(), Fault> {
        let head = self.visit.text(key, &[])?;
        let text = self.visit.text(word, &[])?;
        self.rows.push(Row { head, kind: "word", text, yen: 0 });
        Ok(())
    }

    fn date(&mut self, key: &str, date: Date) -> Result<(), Fault> {
        let head = self.visit.text(key, &[])?;
        self.rows.push(Row { head, kind: "date", text: date.to_string(), yen: 0 });
        Ok(())
    }

    fn yen(&mut self, head: String, amount: u64) -> Result<(), Fault> {
        self.rows.push(Row { head, kind: "yen", text: String::new(), yen: i64::try_from(amount)? });
        Ok(())
    }
}

fn table<F>(visit: &Visit, caption: String, fill: F) -> Result<Table, Fault>
where
    F: FnOnce(&mut Rows<'_>) -> Result<(), Fault>,
{
    let mut rows = Rows { visit, rows: Vec::new() };
    fill(&mut rows)?;
    Ok(Table { caption, rows: rows.rows })
}

/// The tables of a certificate.
///
/// # Errors
/// A text that is missing.
pub fn tables(visit: &Visit, certificate: &Certificate) -> Result<Vec<Table>, Fault> {
    let mut out = vec![table(visit, visit.text("doc-certificate", &[])?, |r| {
        r.text("doc-issuer", certificate.issuer())?;
        r.date("doc-certified-on", certificate.certified_on())?;
        r.text("doc-holder", certificate.policy_holder())
    })?];
    match certificate {
        Certificate::Life(c) => {
            for (i, d) in c.details.iter().enumerate() {
                out.push(table(visit, numbered(visit, i)?, |r| life(r, d))?);
            }
        }
        Certificate::Earthquake(c) => {
            for (i, d) in c.details.iter().enumerate() {
                out.push(table(visit, numbered(visit, i)?, |r| earthquake(r, d))?);
            }
        }
        Certificate::Pension(c) => {
            out.push(table(visit, visit.text("doc-contributions", &[])?, |r| {
                r.word(
                    "doc-kind",
                    match c.kind {
                        PensionKind::NationalPension => "doc-pension-national",
                        PensionKind::PensionFund => "doc-pension-fund",
                    },
                )?;
                for m in &c.months {
                    let state = match m.state {
                        PensionState::Paid => "doc-paid",
                        PensionState::Expected => "doc-expected",
                    };
                    let state = r.visit.text(state, &[])?;
                    let (year, month) = (m.year.to_string(), m.month.to_string());
                    let head = r.visit.text("doc-month", &[("year", &year), ("month", &month), ("state", &state)])?;
                    r.yen(head, m.amount)?;
                }
                r.yen(r.visit.text("doc-paid-sum", &[])?, c.paid())?;
                r.yen(r.visit.text("doc-declared", &[])?, c.declared())
            })?);
        }
    }
    Ok(out)
}

fn numbered(visit: &Visit, index: usize) -> Result<String, Fault> {
    Ok(visit.text("doc-detail", &[("n", &(index + 1).to_string())])?)
}

fn life(r: &mut Rows<'_>, d: &LifePolicy) -> Result<(), Fault> {
    r.text("doc-policy-number", &d.policy_number)?;
    r.text("doc-kind", &d.kind)?;
    r.word(
        "doc-system",
        match d.system {
            AppliedSystem::New => "doc-system-new",
            AppliedSystem::Old => "doc-system-old",
            AppliedSystem::Both => "doc-system-both",
        },
    )?;
    if let Some(day) = d.contracted_on {
        r.date("doc-contracted-on", day)?;
    }
    r.text("doc-insured", &d.insured)?;
    if let Some(beneficiary) = &d.beneficiary {
        r.text("doc-beneficiary", beneficiary)?;
    }
    if let Some(day) = d.annuity_from {
        r.date("doc-annuity-from", day)?;
    }
    for category in LifeCategory::ALL {
        let name = r.visit.text(
            match category {
                LifeCategory::OldGeneral => "doc-old-general",
                LifeCategory::OldPension => "doc-old-pension",
                LifeCategory::NewGeneral => "doc-new-general",
                LifeCategory::Medical => "doc-medical",
                LifeCategory::NewPension => "doc-new-pension",
            },
            &[],
        )?;
        if let Some(certified) = d.certified.get(category) {
            r.yen(r.visit.text("doc-amount-certified", &[("what", &name)])?, certified.net())?;
        }
        if let Some(expected) = d.expected.get(category) {
            r.yen(r.visit.text("doc-amount-declared", &[("what", &name)])?, expected.net())?;
        }
    }
    Ok(())
}

fn earthquake(r: &mut Rows<'_>, d: &EarthquakePolicy) -> Result<(), Fault> {
    r.text("doc-policy-number", &d.policy_number)?;
    r.text("doc-kind", &d.kind)?;
    r.word(
        "doc-object",
        match d.object {
            InsuredObject::Building => "doc-object-building",
            InsuredObject::Contents => "doc-object-contents",
            InsuredObject::Both => "doc-object-both",
            InsuredObject::Other => "doc-object-other",
        },
    )?;
    r.text("doc-insured", &d.insured)?;
    r.date("doc-from", d.from)?;
    r.date("doc-until", d.until)?;
    if let Some(premium) = d.earthquake {
        r.yen(r.visit.text("doc-earthquake", &[])?, premium.declared())?;
    }
    if let Some(premium) = d.old_long_term {
        r.yen(r.visit.text("doc-old-long-term", &[])?, premium.declared())?;
    }
    Ok(())
}
