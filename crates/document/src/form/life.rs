//! TEG800 生命保険料控除証明書.
//!
//! Element codes: `documents.md` of the project names WCA, WCC, WCD, WCE00000, WCE00040, 00050, 00080,
//! 00190, 00440 and the five 申告額. All others here come from a public reader that was generated from
//! the official XSD (third party, so medium confidence). None is made up.

use super::{count, field, sum, words, year, yen};
use crate::xml::{Children, KYOTSU, Writer};
use crate::{AppliedSystem, DocumentError, LifeAmounts, LifeCategory, LifeInsurance, LifePolicy, Premium};

/// Codes of one category: its group, then 保険料, 配当金 and 差引 (申告額).
type Codes = [&'static str; 4];
/// A group of amounts: its element, then 旧制度 and 新制度 with their categories.
struct Group {
    element: &'static str,
    systems: [(&'static str, &'static [(LifeCategory, Codes)]); 2],
}

/// WCE00190 証明額
const CERTIFIED: Group = Group {
    element: "WCE00190",
    systems: [
        (
            "WCE00220",
            &[
                (LifeCategory::OldGeneral, ["WCE00230", "WCE00240", "WCE00250", "WCE00260"]),
                (LifeCategory::OldPension, ["WCE00270", "WCE00280", "WCE00290", "WCE00300"]),
            ],
        ),
        (
            "WCE00310",
            &[
                (LifeCategory::NewGeneral, ["WCE00320", "WCE00330", "WCE00340", "WCE00350"]),
                (LifeCategory::Medical, ["WCE00360", "WCE00370", "WCE00380", "WCE00390"]),
                (LifeCategory::NewPension, ["WCE00400", "WCE00410", "WCE00420", "WCE00430"]),
            ],
        ),
    ],
};

/// WCE00440 証明額（12月期想定）
const EXPECTED: Group = Group {
    element: "WCE00440",
    systems: [
        (
            "WCE00460",
            &[
                (LifeCategory::OldGeneral, ["WCE00470", "WCE00480", "WCE00490", "WCE00500"]),
                (LifeCategory::OldPension, ["WCE00510", "WCE00520", "WCE00530", "WCE00540"]),
            ],
        ),
        (
            "WCE00550",
            &[
                (LifeCategory::NewGeneral, ["WCE00560", "WCE00570", "WCE00580", "WCE00590"]),
                (LifeCategory::Medical, ["WCE00600", "WCE00610", "WCE00620", "WCE00630"]),
                (LifeCategory::NewPension, ["WCE00640", "WCE00650", "WCE00660", "WCE00670"]),
            ],
        ),
    ],
};

pub(super) fn write(w: &mut Writer, c: &LifeInsurance) {
    w.text("WCA00000", &c.issuer);
    w.date("WCC00000", c.certified_on);
    w.text("WCD00000", &c.policy_holder);
    for d in &c.details {
        w.element("WCE00000", |w| detail(w, d));
    }
}

fn detail(w: &mut Writer, d: &LifePolicy) {
    w.year("WCE00010", d.year);
    w.text("WCE00020", "生命保険料控除証明書");
    w.code(
        "WCE00030",
        match d.system {
            AppliedSystem::New => "1",
            AppliedSystem::Old => "2",
            AppliedSystem::Both => "3",
        },
    );
    w.text("WCE00040", &d.policy_number);
    w.text("WCE00050", &d.kind);
    if let Some(day) = d.contracted_on {
        w.date("WCE00060", day);
    }
    w.text("WCE00080", &d.insured);
    w.optional_text("WCE00110", d.beneficiary.as_deref());
    if let Some(day) = d.annuity_from {
        w.element("WCE00130", |w| w.date("WCE00180", day));
    }
    amounts(w, &CERTIFIED, &d.certified);
    amounts(w, &EXPECTED, &d.expected);
}

fn amounts(w: &mut Writer, group: &Group, amounts: &LifeAmounts) {
    if amounts.is_empty() {
        return;
    }
    w.element(group.element, |w| {
        for (system, categories) in group.systems {
            if categories.iter().all(|(c, _)| amounts.get(*c).is_none()) {
                continue;
            }
            w.element(system, |w| {
                for (category, [element, paid, dividend, net]) in categories {
                    let Some(premium) = amounts.get(*category) else { continue };
                    w.element(element, |w| {
                        w.yen(paid, premium.paid);
                        w.yen(dividend, premium.dividend);
                        w.yen(net, premium.net());
                    });
                }
            });
        }
    });
}

pub(super) fn read(mut of: Children<'_, '_>) -> Result<LifeInsurance, DocumentError> {
    let issuer = of.text("WCA00000")?;
    of.skip(&["WCB00000"]);
    let certified_on = of.date("WCC00000")?;
    let policy_holder = of.text("WCD00000")?;
    let mut details = Vec::new();
    while let Some(node) = of.optional(KYOTSU, "WCE00000") {
        details.push(read_detail(Children::of(node)?)?);
        count(details.len())?;
    }
    of.end()?;
    Ok(LifeInsurance { issuer, certified_on, policy_holder, details })
}

fn read_detail(mut of: Children<'_, '_>) -> Result<LifePolicy, DocumentError> {
    let year = of.year("WCE00010")?;
    of.skip(&["WCE00020"]);
    let system = match of.code("WCE00030")?.as_str() {
        "1" => AppliedSystem::New,
        "2" => AppliedSystem::Old,
        "3" => AppliedSystem::Both,
        _ => return Err(DocumentError::Malformed("WCE00030 is not a system we know".to_owned())),
    };
    let policy_number = of.text("WCE00040")?;
    let kind = of.text("WCE00050")?;
    let contracted_on = of.optional_date("WCE00060")?;
    of.skip(&["WCE00070"]);
    let insured = of.text("WCE00080")?;
    of.skip(&["WCE00090", "WCE00100"]);
    let beneficiary = of.optional_text("WCE00110")?;
    of.skip(&["WCE00120"]);
    let annuity_from = match of.optional(KYOTSU, "WCE00130") {
        None => None,
        Some(node) => {
            let mut annuity = Children::of(node)?;
            annuity.skip(&["WCE00140", "WCE00150", "WCE00160", "WCE00170"]);
            let from = annuity.optional_date("WCE00180")?;
            annuity.end()?;
            from
        }
    };
    let certified = read_amounts(&mut of, &CERTIFIED)?;
    let expected = read_amounts(&mut of, &EXPECTED)?;
    of.skip(&["WCE00680", "WCE00720"]);
    of.end()?;
    Ok(LifePolicy {
        year,
        system,
        policy_number,
        kind,
        contracted_on,
        insured,
        beneficiary,
        annuity_from,
        certified,
        expected,
    })
}

fn read_amounts(of: &mut Children<'_, '_>, group: &Group) -> Result<LifeAmounts, DocumentError> {
    let mut out = LifeAmounts::default();
    let Some(node) = of.optional(KYOTSU, group.element) else { return Ok(out) };
    let mut systems = Children::of(node)?;
    // 証明対象保険料の月分（自・至）
    systems.skip(&["WCE00200", "WCE00210"]);
    for (system, categories) in group.systems {
        let Some(node) = systems.optional(KYOTSU, system) else { continue };
        let mut of = Children::of(node)?;
        for (category, [element, paid, dividend, net]) in categories {
            let Some(node) = of.optional(KYOTSU, element) else { continue };
            let mut of = Children::of(node)?;
            let premium = Premium { paid: of.yen(paid)?, dividend: of.yen(dividend)? };
            sum(net, of.yen(net)?, premium.net())?;
            of.end()?;
            out.set(*category, Some(premium));
        }
        of.end()?;
    }
    systems.end()?;
    Ok(out)
}

pub(super) fn check(c: &LifeInsurance) -> Result<(), DocumentError> {
    count(c.details.len())?;
    for d in &c.details {
        year("証明年", d.year)?;
        words("policy number", &d.policy_number)?;
        words("kind", &d.kind)?;
        words("insured", &d.insured)?;
        d.beneficiary.as_deref().map_or(Ok(()), |b| words("beneficiary", b))?;
        d.contracted_on.map_or(Ok(()), |day| field("契約日", day))?;
        d.annuity_from.map_or(Ok(()), |day| field("年金支払開始日", day))?;
        if d.certified.is_empty() && d.expected.is_empty() {
            return Err(DocumentError::Malformed("a policy without any amount".to_owned()));
        }
        for category in LifeCategory::ALL {
            for premium in [d.certified.get(category), d.expected.get(category)].into_iter().flatten() {
                yen(premium.paid)?;
                yen(premium.dividend)?;
                let fits = match d.system {
                    AppliedSystem::New => !category.is_old(),
                    AppliedSystem::Old => category.is_old(),
                    AppliedSystem::Both => true,
                };
                if !fits {
                    return Err(DocumentError::Malformed("an amount of the system that does not apply".to_owned()));
                }
            }
        }
    }
    Ok(())
}
