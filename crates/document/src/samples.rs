//! Sample documents of the test environment. Insurers and figures are made up; the names say so (見本).

use jiff::civil::{Date, date};

use crate::{
    AppliedSystem, Certificate, EarthquakeInsurance, EarthquakePolicy, Form, InsuredObject, LifeAmounts, LifeInsurance,
    LifePolicy, NationalPension, PensionKind, PensionMonth, PensionState, Premium, PremiumAtDecember, Yen,
};

/// A fictional issuer. Each has its own key and certificate from the test issuer CA; the certificate's
/// subject carries `name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Short name for files and addresses.
    pub id: &'static str,
    /// Name on the documents and in the certificate.
    pub name: &'static str,
    /// 法人番号 for the certificate. Real ones never begin with 0, so these belong to nobody.
    pub corporate_number: &'static str,
    /// The form it issues.
    pub form: Form,
}

/// Every issuer of the samples.
pub static ISSUERS: [Issuer; 5] = [
    Issuer {
        id: "mihon-life", name: "見本生命保険株式会社", corporate_number: "0000000000001", form: Form::Life
    },
    Issuer {
        id: "kaede-life",
        name: "かえで見本生命保険相互会社",
        corporate_number: "0000000000002",
        form: Form::Life,
    },
    Issuer {
        id: "mihon-fire",
        name: "見本損害保険株式会社",
        corporate_number: "0000000000003",
        form: Form::Earthquake,
    },
    Issuer { id: "mihon-pension", name: "見本年金機構", corporate_number: "0000000000004", form: Form::Pension },
    Issuer {
        id: "midori-life",
        name: "みどり見本生命保険株式会社",
        corporate_number: "0000000000005",
        form: Form::Life,
    },
];

/// Monthly contribution of the samples (near the real one, which changes every fiscal year).
const PENSION_MONTH: Yen = 17_500;

/// The issuer by the name that a document carries.
pub fn issuer_named(name: &str) -> Option<&'static Issuer> {
    ISSUERS.iter().find(|i| i.name == name)
}

/// The documents of one test person for `year`: life insurance from two insurers, earthquake insurance,
/// national pension, in the order of the first four [`ISSUERS`]. The same arguments always give the same documents.
///
/// They look as such documents do in autumn: certified in October, with what is expected by December.
/// `id` is the person's id in `pki::people`; figures and policy numbers depend on it.
pub fn certificates(id: &str, name: &str, year: i16) -> Vec<Certificate> {
    let seed = Seed::of(id);
    vec![
        Certificate::Life(first_insurer(&seed, name, year)),
        Certificate::Life(second_insurer(&seed, name, year)),
        Certificate::Earthquake(earthquake(&seed, name, year)),
        Certificate::Pension(pension(&seed, name, year)),
    ]
}

/// What the same person has at another delivery service: a life insurance with the last of [`ISSUERS`], so that nothing
/// comes twice.
pub fn certificates_elsewhere(id: &str, name: &str, year: i16) -> Vec<Certificate> {
    let mut life = first_insurer(&Seed::of(&format!("{id} elsewhere")), name, year);
    ISSUERS[4].name.clone_into(&mut life.issuer);
    vec![Certificate::Life(life)]
}

/// Repeatable variety from a person's id.
struct Seed([u8; 32]);

impl Seed {
    fn of(id: &str) -> Self {
        Self(base::codec::sha256(format!("enishi sample documents {id}").as_bytes()))
    }

    /// A number below `n`, by place.
    fn below(&self, place: usize, n: u64) -> u64 {
        let byte = |i: usize| u64::from(self.0[(place * 2 + i) % 32]);
        (byte(0) * 256 + byte(1)) % n
    }

    /// Monthly premium between `low` and `high`, in steps of 10 yen.
    fn monthly(&self, place: usize, low: Yen, high: Yen) -> Yen {
        low + self.below(place, (high - low) / 10 + 1) * 10
    }

    fn policy_number(&self, place: usize) -> String {
        format!("{:03}-{:06}", self.below(place, 1_000), self.below(place + 1, 60_000) * 16 + self.below(place + 2, 16))
    }

    fn day(&self, place: usize, years: std::ops::Range<i16>) -> Date {
        let span = u64::try_from(years.len()).unwrap_or(1).max(1);
        let year = years.start + i16::try_from(self.below(place, span)).unwrap_or(0);
        let month = 1 + i8::try_from(self.below(place + 1, 12)).unwrap_or(0);
        date(year, month, 1)
    }
}

/// Nine months paid when certified, twelve by December; dividends only once a year.
fn by_october(monthly: Yen, dividend: Yen) -> (Premium, Premium) {
    (Premium { paid: monthly * 9, dividend }, Premium { paid: monthly * 12, dividend })
}

fn first_insurer(seed: &Seed, name: &str, year: i16) -> LifeInsurance {
    let (general, general_december) = by_october(seed.monthly(0, 2_000, 9_000), seed.below(1, 40) * 25);
    let (medical, medical_december) = by_october(seed.monthly(2, 1_200, 5_500), 0);
    LifeInsurance {
        issuer: ISSUERS[0].name.to_owned(),
        certified_on: date(year, 10, 9),
        policy_holder: name.to_owned(),
        details: vec![LifePolicy {
            year,
            system: AppliedSystem::New,
            policy_number: seed.policy_number(3),
            kind: "終身保険（医療特約付）".to_owned(),
            contracted_on: Some(seed.day(6, 2013..2024)),
            insured: name.to_owned(),
            beneficiary: None,
            annuity_from: None,
            certified: LifeAmounts { new_general: Some(general), medical: Some(medical), ..LifeAmounts::default() },
            expected: LifeAmounts {
                new_general: Some(general_december),
                medical: Some(medical_december),
                ..LifeAmounts::default()
            },
        }],
    }
}

fn second_insurer(seed: &Seed, name: &str, year: i16) -> LifeInsurance {
    let (old, old_december) = by_october(seed.monthly(8, 3_000, 12_000), seed.below(9, 60) * 50);
    let (pension, pension_december) = by_october(seed.monthly(10, 5_000, 15_000), 0);
    LifeInsurance {
        issuer: ISSUERS[1].name.to_owned(),
        certified_on: date(year, 10, 16),
        policy_holder: name.to_owned(),
        details: vec![
            LifePolicy {
                year,
                system: AppliedSystem::Old,
                policy_number: seed.policy_number(11),
                kind: "養老保険".to_owned(),
                contracted_on: Some(seed.day(12, 2001..2011)),
                insured: name.to_owned(),
                beneficiary: None,
                annuity_from: None,
                certified: LifeAmounts { old_general: Some(old), ..LifeAmounts::default() },
                expected: LifeAmounts { old_general: Some(old_december), ..LifeAmounts::default() },
            },
            LifePolicy {
                year,
                system: AppliedSystem::New,
                policy_number: seed.policy_number(13),
                kind: "個人年金保険（税制適格特約付）".to_owned(),
                contracted_on: Some(seed.day(5, 2013..2023)),
                insured: name.to_owned(),
                beneficiary: Some(name.to_owned()),
                annuity_from: Some(seed.day(4, 2045..2060)),
                certified: LifeAmounts { new_pension: Some(pension), ..LifeAmounts::default() },
                expected: LifeAmounts { new_pension: Some(pension_december), ..LifeAmounts::default() },
            },
        ],
    }
}

fn earthquake(seed: &Seed, name: &str, year: i16) -> EarthquakeInsurance {
    let premium = 8_000 + seed.below(7, 300) * 100;
    EarthquakeInsurance {
        issuer: ISSUERS[2].name.to_owned(),
        certified_on: date(year, 10, 20),
        policy_holder: name.to_owned(),
        details: vec![EarthquakePolicy {
            year,
            policy_number: seed.policy_number(9),
            kind: "地震保険（火災保険付帯）".to_owned(),
            object: if seed.below(6, 2) == 0 { InsuredObject::Both } else { InsuredObject::Contents },
            insured: name.to_owned(),
            from: date(year, 4, 1),
            until: date(year + 1, 3, 31),
            earthquake: Some(PremiumAtDecember { certified: premium, expected: None }),
            old_long_term: None,
        }],
    }
}

fn pension(seed: &Seed, name: &str, year: i16) -> NationalPension {
    // Some began to pay in the course of the year (left a company).
    let first = 1 + i8::try_from(seed.below(14, 5)).unwrap_or(0);
    NationalPension {
        kind: PensionKind::NationalPension,
        issuer: ISSUERS[3].name.to_owned(),
        year,
        certified_on: date(year, 10, 1),
        insured: name.to_owned(),
        months: (first..=12)
            .map(|month| PensionMonth {
                year,
                month,
                amount: PENSION_MONTH,
                state: if month <= 9 { PensionState::Paid } else { PensionState::Expected },
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_repeatable_valid_and_differ_by_person() {
        let all = |id: &str| {
            let mut all = certificates(id, "鈴木 一郎", 2026);
            all.extend(certificates_elsewhere(id, "鈴木 一郎", 2026));
            all
        };
        let ichiro = all("ichiro");
        assert_eq!(ichiro, all("ichiro"));
        assert_ne!(ichiro, all("hanako"));
        let issuers: Vec<_> = ISSUERS.iter().map(|i| i.name).collect();
        assert_eq!(ichiro.iter().map(Certificate::issuer).collect::<Vec<_>>(), issuers);
        for (certificate, issuer) in ichiro.iter().zip(&ISSUERS) {
            assert_eq!(certificate.form(), issuer.form);
            assert_eq!(issuer_named(certificate.issuer()), ISSUERS.iter().find(|i| i.id == issuer.id));
            let xml = certificate.to_xml().unwrap();
            assert!(xml.contains("鈴木 一郎"));
        }
    }
}
