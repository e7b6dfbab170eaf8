//! TEG810 地震保険料控除証明書.
//!
//! We know few of the official element codes: WDE00020 (対象), WDE00070 (目的) and WDE00170 (地震保険料) from
//! a public reader of the XSD (third party). WDA/WDC/WDD/WDE00000/WDE00010 are assumed by analogy with
//! TEG800. **Codes with an X (`WDX…`) are ours**; they do not exist in the official form.

use super::{count, field, words, year, yen};
use crate::xml::{Children, KYOTSU, Writer};
use crate::{DocumentError, EarthquakeInsurance, EarthquakePolicy, InsuredObject, PremiumAtDecember};

pub(super) fn write(w: &mut Writer, c: &EarthquakeInsurance) {
    w.text("WDA00000", &c.issuer);
    w.date("WDC00000", c.certified_on);
    w.text("WDD00000", &c.policy_holder);
    for d in &c.details {
        w.element("WDE00000", |w| detail(w, d));
    }
}

fn detail(w: &mut Writer, d: &EarthquakePolicy) {
    w.year("WDE00010", d.year);
    w.code(
        "WDE00020",
        match (d.earthquake, d.old_long_term) {
            (_, None) => "1",
            (None, Some(_)) => "2",
            (Some(_), Some(_)) => "3",
        },
    );
    w.text("WDX00010", &d.policy_number);
    w.text("WDX00020", &d.kind);
    w.text("WDX00030", &d.insured);
    w.code(
        "WDE00070",
        match d.object {
            InsuredObject::Building => "1",
            InsuredObject::Contents => "2",
            InsuredObject::Both => "3",
            InsuredObject::Other => "4",
        },
    );
    w.date("WDX00040", d.from);
    w.date("WDX00050", d.until);
    for (certified, expected, premium) in
        [("WDE00170", "WDX00060", d.earthquake), ("WDX00070", "WDX00080", d.old_long_term)]
    {
        let Some(premium) = premium else { continue };
        w.yen(certified, premium.certified);
        if let Some(amount) = premium.expected {
            w.yen(expected, amount);
        }
    }
}

pub(super) fn read(mut of: Children<'_, '_>) -> Result<EarthquakeInsurance, DocumentError> {
    let issuer = of.text("WDA00000")?;
    of.skip(&["WDB00000"]);
    let certified_on = of.date("WDC00000")?;
    let policy_holder = of.text("WDD00000")?;
    let mut details = Vec::new();
    while let Some(node) = of.optional(KYOTSU, "WDE00000") {
        details.push(read_detail(Children::of(node)?)?);
        count(details.len())?;
    }
    of.end()?;
    Ok(EarthquakeInsurance { issuer, certified_on, policy_holder, details })
}

fn read_detail(mut of: Children<'_, '_>) -> Result<EarthquakePolicy, DocumentError> {
    let year = of.year("WDE00010")?;
    let covers = of.code("WDE00020")?;
    let policy_number = of.text("WDX00010")?;
    let kind = of.text("WDX00020")?;
    let insured = of.text("WDX00030")?;
    let object = match of.code("WDE00070")?.as_str() {
        "1" => InsuredObject::Building,
        "2" => InsuredObject::Contents,
        "3" => InsuredObject::Both,
        "4" => InsuredObject::Other,
        _ => return Err(DocumentError::Malformed("WDE00070 is not an object we know".to_owned())),
    };
    let (from, until) = (of.date("WDX00040")?, of.date("WDX00050")?);
    let (has_earthquake, has_old) = match covers.as_str() {
        "1" => (true, false),
        "2" => (false, true),
        "3" => (true, true),
        _ => return Err(DocumentError::Malformed("WDE00020 is not a kind we know".to_owned())),
    };
    let mut premium = |there: bool, certified: &str, expected: &str| {
        there
            .then(|| {
                let certified = of.yen(certified)?;
                let expected = of.optional_yen(expected)?;
                Ok(PremiumAtDecember { certified, expected })
            })
            .transpose()
    };
    let earthquake = premium(has_earthquake, "WDE00170", "WDX00060")?;
    let old_long_term = premium(has_old, "WDX00070", "WDX00080")?;
    of.end()?;
    Ok(EarthquakePolicy { year, policy_number, kind, object, insured, from, until, earthquake, old_long_term })
}

pub(super) fn check(c: &EarthquakeInsurance) -> Result<(), DocumentError> {
    count(c.details.len())?;
    for d in &c.details {
        year("証明年", d.year)?;
        words("policy number", &d.policy_number)?;
        words("kind", &d.kind)?;
        words("insured", &d.insured)?;
        field("保険期間", d.from)?;
        field("保険期間", d.until)?;
        if d.until < d.from {
            return Err(DocumentError::Malformed("a term that ends before it begins".to_owned()));
        }
        if d.earthquake.is_none() && d.old_long_term.is_none() {
            return Err(DocumentError::Malformed("a policy without any amount".to_owned()));
        }
        for premium in [d.earthquake, d.old_long_term].into_iter().flatten() {
            yen(premium.certified)?;
            premium.expected.map_or(Ok(()), yen)?;
        }
    }
    Ok(())
}
