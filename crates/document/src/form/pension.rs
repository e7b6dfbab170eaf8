//! TEG840 国民年金保険料等控除証明書.
//!
//! We know few of the official element codes: WOA00000 (種類 by code), WOO00000 (repeated) and the codes
//! 済 and 見 from a public reader of the XSD (third party); there the months stand in fields of
//! their own, which we do not know. **Codes with an X (`WOX…`) are ours**; they do not exist in the
//! official form.

use super::{count, sum, year, yen};
use crate::xml::{Children, KYOTSU, Writer};
use crate::{DocumentError, NationalPension, PensionKind, PensionMonth, PensionState};

pub(super) fn write(w: &mut Writer, c: &NationalPension) {
    w.code(
        "WOA00000",
        match c.kind {
            PensionKind::NationalPension => "1",
            PensionKind::PensionFund => "2",
        },
    );
    w.text("WOX00010", &c.issuer);
    w.year("WOX00020", c.year);
    w.date("WOX00030", c.certified_on);
    w.text("WOX00040", &c.insured);
    w.yen("WOX00050", c.paid());
    w.yen("WOX00060", c.declared());
    for m in &c.months {
        w.element("WOO00000", |w| {
            w.element("WOX00070", |w| {
                w.text("gen:yyyy", &m.year.to_string());
                w.text("gen:mm", &m.month.to_string());
            });
            w.code(
                "WOX00080",
                match m.state {
                    PensionState::Paid => "1",
                    PensionState::Expected => "2",
                },
            );
            w.yen("WOX00090", m.amount);
        });
    }
}

pub(super) fn read(mut of: Children<'_, '_>) -> Result<NationalPension, DocumentError> {
    let kind = match of.code("WOA00000")?.as_str() {
        "1" => PensionKind::NationalPension,
        "2" => PensionKind::PensionFund,
        _ => return Err(DocumentError::Malformed("WOA00000 is not a kind we know".to_owned())),
    };
    let issuer = of.text("WOX00010")?;
    let year = of.year("WOX00020")?;
    let certified_on = of.date("WOX00030")?;
    let insured = of.text("WOX00040")?;
    let (paid, declared) = (of.yen("WOX00050")?, of.yen("WOX00060")?);
    let mut months = Vec::new();
    while let Some(node) = of.optional(KYOTSU, "WOO00000") {
        let mut of = Children::of(node)?;
        let (year, month) = of.year_month("WOX00070")?;
        let state = match of.code("WOX00080")?.as_str() {
            "1" => PensionState::Paid,
            "2" => PensionState::Expected,
            _ => return Err(DocumentError::Malformed("WOX00080 is neither paid nor expected".to_owned())),
        };
        let amount = of.yen("WOX00090")?;
        of.end()?;
        months.push(PensionMonth { year, month, amount, state });
        count(months.len())?;
    }
    of.end()?;
    let out = NationalPension { kind, issuer, year, certified_on, insured, months };
    sum("WOX00050", paid, out.paid())?;
    sum("WOX00060", declared, out.declared())?;
    Ok(out)
}

pub(super) fn check(c: &NationalPension) -> Result<(), DocumentError> {
    count(c.months.len())?;
    year("証明年", c.year)?;
    for m in &c.months {
        year("a month", m.year)?;
        yen(m.amount)?;
        if !(1..=12).contains(&m.month) {
            return Err(DocumentError::Malformed("a month outside 1 to 12".to_owned()));
        }
    }
    // Each is within range, so the sum cannot overflow before this looks at it.
    yen(c.declared())
}
