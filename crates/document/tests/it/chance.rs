//! Property tests.

use document::{
    AppliedSystem, Certificate, EarthquakeInsurance, EarthquakePolicy, InsuredObject, LifeAmounts, LifeCategory,
    LifeInsurance, LifePolicy, MAX_YEN, NationalPension, PensionKind, PensionMonth, PensionState, Premium,
    PremiumAtDecember, samples,
};
use jiff::civil::Date;
use proptest::prelude::*;

use crate::{NOW, WORLD, ichiro, signed, verify};

/// Any text that XML 1.0 can carry.
fn words() -> impl Strategy<Value = String> {
    "[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]{1,30}"
}

fn day() -> impl Strategy<Value = Date> {
    (1873i16..=2200, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| jiff::civil::date(y, m, d))
}

fn premium() -> impl Strategy<Value = Option<Premium>> {
    prop::option::of((0..=MAX_YEN, 0u64..=100_000).prop_map(|(paid, dividend)| Premium { paid, dividend }))
}

fn amounts(system: AppliedSystem) -> impl Strategy<Value = LifeAmounts> {
    prop::array::uniform5(premium()).prop_map(move |all| {
        let mut out = LifeAmounts::default();
        for (category, premium) in LifeCategory::ALL.into_iter().zip(all) {
            let fits = match system {
                AppliedSystem::New => !category.is_old(),
                AppliedSystem::Old => category.is_old(),
                AppliedSystem::Both => true,
            };
            if fits {
                out.set(category, premium);
            }
        }
        out
    })
}

fn life_policy() -> impl Strategy<Value = LifePolicy> {
    prop::sample::select(vec![AppliedSystem::New, AppliedSystem::Old, AppliedSystem::Both]).prop_flat_map(|system| {
        (
            (1873i16..=2200, words(), words(), prop::option::of(day()), words()),
            (prop::option::of(words()), prop::option::of(day()), amounts(system), amounts(system)),
        )
            .prop_filter("a policy has some amount", |(_, (.., a, b))| !(a.is_empty() && b.is_empty()))
            .prop_map(
                move |(
                    (year, policy_number, kind, contracted_on, insured),
                    (beneficiary, annuity_from, certified, expected),
                )| LifePolicy {
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
                },
            )
    })
}

fn at_december() -> impl Strategy<Value = PremiumAtDecember> {
    (0..=MAX_YEN, prop::option::of(0..=MAX_YEN))
        .prop_map(|(certified, expected)| PremiumAtDecember { certified, expected })
}

fn earthquake_policy() -> impl Strategy<Value = EarthquakePolicy> {
    let object = prop::sample::select(vec![
        InsuredObject::Building,
        InsuredObject::Contents,
        InsuredObject::Both,
        InsuredObject::Other,
    ]);
    (
        (1873i16..=2200, words(), words(), object, words()),
        (day(), day(), prop::option::of(at_december()), prop::option::of(at_december())),
    )
        .prop_filter("a policy has some amount", |(_, (.., a, b))| a.is_some() || b.is_some())
        .prop_map(|((year, policy_number, kind, object, insured), (a, b, earthquake, old_long_term))| {
            EarthquakePolicy {
                year,
                policy_number,
                kind,
                object,
                insured,
                from: a.min(b),
                until: a.max(b),
                earthquake,
                old_long_term,
            }
        })
}

fn month() -> impl Strategy<Value = PensionMonth> {
    (1873i16..=2200, 1i8..=12, 0u64..=1_000_000, any::<bool>()).prop_map(|(year, month, amount, paid)| PensionMonth {
        year,
        month,
        amount,
        state: if paid { PensionState::Paid } else { PensionState::Expected },
    })
}

/// Any certificate of one of the sample issuers.
fn certificate() -> impl Strategy<Value = Certificate> {
    let name = |i: usize| samples::ISSUERS[i].name.to_owned();
    prop_oneof![
        (day(), words(), prop::collection::vec(life_policy(), 1..4)).prop_map(
            move |(certified_on, policy_holder, details)| {
                Certificate::Life(LifeInsurance { issuer: name(0), certified_on, policy_holder, details })
            }
        ),
        (day(), words(), prop::collection::vec(earthquake_policy(), 1..4)).prop_map(
            move |(certified_on, policy_holder, details)| {
                Certificate::Earthquake(EarthquakeInsurance { issuer: name(2), certified_on, policy_holder, details })
            }
        ),
        (any::<bool>(), 1873i16..=2200, day(), words(), prop::collection::vec(month(), 1..30)).prop_map(
            move |(fund, year, certified_on, insured, months)| {
                Certificate::Pension(NationalPension {
                    kind: if fund { PensionKind::PensionFund } else { PensionKind::NationalPension },
                    issuer: name(3),
                    year,
                    certified_on,
                    insured,
                    months,
                })
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Built, signed, verified, read: the same again, also by way of JSON.
    #[test]
    fn what_is_built_is_read(certificate in certificate()) {
        let signed = crate::signing_for(&certificate).sign(&certificate.to_xml().unwrap());
        let checked = verify(&signed).unwrap();
        prop_assert_eq!(&checked.certificate, &certificate);
        let json = serde_json::to_string(&certificate).unwrap();
        prop_assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    /// No change of a signed file verifies as something else.
    #[test]
    fn changes_never_verify_to_something_else(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..4),
    ) {
        let mut bytes = signed_bytes().to_vec();
        for (at, byte, how) in changes {
            let i = at.index(bytes.len());
            match how {
                0 => bytes[i] = byte,
                1 => bytes.insert(i, byte),
                2 => { bytes.remove(i); }
                _ => bytes[i] ^= 1 << (byte % 8),
            }
        }
        if let Ok(checked) = document::verify(&bytes, &WORLD.anchors, NOW) {
            prop_assert_eq!(&checked.certificate, &ichiro()[0]);
        }
    }

    /// Pieces of the file moved and doubled: the shape of wrapping attacks.
    #[test]
    fn moved_pieces_never_verify_to_something_else(
        from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), len in 1usize..6, cut: bool,
    ) {
        let xml = std::str::from_utf8(signed_bytes()).unwrap();
        let mut tags: Vec<&str> = xml.split_inclusive('>').collect();
        let at = from.index(tags.len());
        let piece: Vec<&str> = tags.iter().copied().skip(at).take(len).collect();
        if cut {
            tags.drain(at..at + piece.len());
        }
        let to = to.index(tags.len() + 1);
        tags.splice(to..to, piece);
        if let Ok(checked) = verify(&tags.concat()) {
            prop_assert_eq!(&checked.certificate, &ichiro()[0]);
        }
    }

    /// Nothing makes the reader panic.
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(document::verify(&bytes, &WORLD.anchors, NOW).is_err());
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Also what looks like XML.
    #[test]
    fn any_markup_is_refused(text in "(<|>|/|&|;|#|=|\"|'|:|!|\\?|-|\\[|\\]|a|xml|xmlns|dsig:Signature|TEG800| |\n){0,80}") {
        prop_assert!(verify(&text).is_err());
        let inside = format!("<a>{text}</a>");
        prop_assert!(verify(&inside).is_err());
    }
}

fn signed_bytes() -> &'static [u8] {
    static SIGNED: std::sync::LazyLock<String> = std::sync::LazyLock::new(signed);
    SIGNED.as_bytes()
}
