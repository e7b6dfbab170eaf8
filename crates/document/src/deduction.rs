//! From certificates to the figures of the 年末調整 form (給与所得者の保険料控除申告書).
//!
//! Source: 所得税法 76条 (生命保険料控除), 77条 (地震保険料控除), 74条 (社会保険料控除), and the calculation
//! tables printed on the form. Fractions of a yen are rounded up, as the form says. Income tax only
//! (resident tax has other tables).
//!
//! For 令和8年分 (2026) there is a higher table for 一般 新生命保険料 of people with a dependant under 23 (令和7年度
//! 税制改正; whether it goes on in later years was not known when this was written). No certificate knows
//! about the family, so [`Family`] is asked for.

use serde::{Deserialize, Serialize};

use crate::{Certificate, Form, LifeCategory, Yen};

/// Upper limit of 生命保険料控除 as a whole.
pub const LIFE_CAP: Yen = 120_000;
/// Upper limit of one category under the new system, and of new and old together.
pub const LIFE_NEW_CAP: Yen = 40_000;
/// Upper limit of one category under the old system alone.
pub const LIFE_OLD_CAP: Yen = 50_000;
/// Upper limit of 一般, new system alone or with old, for [`Family::dependant_under_23`] in 2026.
pub const LIFE_GENERAL_CAP_2026: Yen = 60_000;
/// Upper limit of 地震保険料控除 as a whole.
pub const EARTHQUAKE_CAP: Yen = 50_000;
/// Upper limit of 旧長期損害保険料 within it.
pub const OLD_LONG_TERM_CAP: Yen = 15_000;

/// 新制度, formula I: ≤ 20,000 all · ≤ 40,000 half + 10,000 · ≤ 80,000 quarter + 20,000 · above 40,000.
pub const fn life_new(premiums: Yen) -> Yen {
    match premiums {
        0..=20_000 => premiums,
        20_001..=40_000 => premiums.div_ceil(2) + 10_000,
        40_001..=80_000 => premiums.div_ceil(4) + 20_000,
        _ => LIFE_NEW_CAP,
    }
}

/// 新制度 一般 with a dependant under 23, 令和8年分: ≤ 30,000 all · ≤ 60,000 half + 15,000 · ≤ 120,000 quarter +
/// 30,000 · above 60,000.
pub const fn life_new_general_2026(premiums: Yen) -> Yen {
    match premiums {
        0..=30_000 => premiums,
        30_001..=60_000 => premiums.div_ceil(2) + 15_000,
        60_001..=120_000 => premiums.div_ceil(4) + 30_000,
        _ => LIFE_GENERAL_CAP_2026,
    }
}

/// 旧制度, formula II: ≤ 25,000 all · ≤ 50,000 half + 12,500 · ≤ 100,000 quarter + 25,000 · above 50,000.
pub const fn life_old(premiums: Yen) -> Yen {
    match premiums {
        0..=25_000 => premiums,
        25_001..=50_000 => premiums.div_ceil(2) + 12_500,
        50_001..=100_000 => premiums.div_ceil(4) + 25_000,
        _ => LIFE_OLD_CAP,
    }
}

/// One category with contracts of both systems: new and old together up to 40,000, or the old alone (up
/// to 50,000) when that is more.
pub fn life_category(new: Yen, old: Yen) -> Yen {
    together(life_new(new), life_old(old), LIFE_NEW_CAP)
}

fn together(new: Yen, old: Yen, cap: Yen) -> Yen {
    (new + old).min(cap).max(old)
}

/// What the tables ask about the family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// 23歳未満の扶養親族 on 31 December of the year.
    pub dependant_under_23: bool,
}

/// 旧長期損害保険料: ≤ 10,000 all · ≤ 20,000 half + 5,000 · above 15,000.
pub const fn old_long_term(premiums: Yen) -> Yen {
    match premiums {
        0..=10_000 => premiums,
        10_001..=20_000 => premiums.div_ceil(2) + 5_000,
        _ => OLD_LONG_TERM_CAP,
    }
}

/// Sums of the declared premiums (申告額) by column of the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifePremiums {
    /// 一般, 新制度
    pub new_general: Yen,
    /// 一般, 旧制度
    pub old_general: Yen,
    /// 介護医療
    pub medical: Yen,
    /// 個人年金, 新制度
    pub new_pension: Yen,
    /// 個人年金, 旧制度
    pub old_pension: Yen,
}

/// 生命保険料控除.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeDeduction {
    /// イ 一般の生命保険料
    pub general: Yen,
    /// ロ 介護医療保険料
    pub medical: Yen,
    /// ハ 個人年金保険料
    pub pension: Yen,
    /// イ＋ロ＋ハ, at most 120,000
    pub total: Yen,
}

/// 生命保険料控除額 of these premiums for `year`.
pub fn life(year: i16, premiums: &LifePremiums, family: Family) -> LifeDeduction {
    let general = if year == 2026 && family.dependant_under_23 {
        let (new, old) = (life_new_general_2026(premiums.new_general), life_old(premiums.old_general));
        together(new, old, LIFE_GENERAL_CAP_2026)
    } else {
        life_category(premiums.new_general, premiums.old_general)
    };
    let medical = life_new(premiums.medical);
    let pension = life_category(premiums.new_pension, premiums.old_pension);
    LifeDeduction { general, medical, pension, total: (general + medical + pension).min(LIFE_CAP) }
}

/// 地震保険料控除.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarthquakeDeduction {
    /// 地震保険料 (all of it up to 50,000)
    pub earthquake: Yen,
    /// 旧長期損害保険料 (up to 15,000)
    pub old_long_term: Yen,
    /// Both, at most 50,000
    pub total: Yen,
}

/// 地震保険料控除額 of these premiums.
pub fn earthquake(premiums: Yen, old: Yen) -> EarthquakeDeduction {
    let (earthquake, old_long_term) = (premiums.min(EARTHQUAKE_CAP), old_long_term(old));
    EarthquakeDeduction { earthquake, old_long_term, total: (earthquake + old_long_term).min(EARTHQUAKE_CAP) }
}

/// 社会保険料控除額: everything that was or will be paid in the year.
pub const fn social(contributions: Yen) -> Yen {
    contributions
}

/// The form of one year, filled from certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// 年分
    pub year: i16,
    /// Declared life insurance premiums by column.
    pub life_premiums: LifePremiums,
    /// 生命保険料控除
    pub life: LifeDeduction,
    /// Declared 地震保険料.
    pub earthquake_premiums: Yen,
    /// Declared 旧長期損害保険料.
    pub old_long_term_premiums: Yen,
    /// 地震保険料控除
    pub earthquake: EarthquakeDeduction,
    /// 社会保険料控除 from these certificates (contributions the employer deducts come on top).
    pub social: Yen,
    /// Details left out because they are for another year.
    pub other_years: usize,
    /// Details left out because a newer certificate for the same policy is there (再発行, 見込額変更).
    pub replaced: usize,
}

/// Fills the form of `year`.
///
/// A policy that occurs in several certificates (reissued, or delivered twice) counts once, by the one
/// certified last. Where one contract carries both 地震保険料 and 旧長期損害保険料, the law lets it count on
/// one side only: the side that alone gives more is taken.
pub fn fill(year: i16, certificates: &[Certificate], family: Family) -> Filled {
    let mut out = Filled { year, ..Filled::default() };
    let mut newest: Vec<&Certificate> = certificates.iter().collect();
    newest.sort_by_key(|c| std::cmp::Reverse(c.certified_on()));
    let mut seen = std::collections::BTreeSet::new();
    let mut take = |out: &mut Filled, key: (Form, &str, String), of: i16| {
        if of != year {
            out.other_years += 1;
            return false;
        }
        let issuer = key.1.to_owned();
        let new = seen.insert((key.0, issuer, key.2));
        out.replaced += usize::from(!new);
        new
    };
    for certificate in newest {
        let form = certificate.form();
        match certificate {
            Certificate::Life(c) => {
                for d in &c.details {
                    // One policy may have a detail for each system or rider.
                    let key = format!("{}\u{0}{:?}\u{0}{}", d.policy_number, d.system, d.kind);
                    if !take(&mut out, (form, &c.issuer, key), d.year) {
                        continue;
                    }
                    let p = &mut out.life_premiums;
                    for category in LifeCategory::ALL {
                        let sum = match category {
                            LifeCategory::OldGeneral => &mut p.old_general,
                            LifeCategory::OldPension => &mut p.old_pension,
                            LifeCategory::NewGeneral => &mut p.new_general,
                            LifeCategory::Medical => &mut p.medical,
                            LifeCategory::NewPension => &mut p.new_pension,
                        };
                        *sum = sum.saturating_add(d.declared(category));
                    }
                }
            }
            Certificate::Earthquake(c) => {
                for d in &c.details {
                    if !take(&mut out, (form, &c.issuer, d.policy_number.clone()), d.year) {
                        continue;
                    }
                    let new = d.earthquake.map_or(0, |p| p.declared());
                    let old = d.old_long_term.map_or(0, |p| p.declared());
                    if new.min(EARTHQUAKE_CAP) >= old_long_term(old) {
                        out.earthquake_premiums = out.earthquake_premiums.saturating_add(new);
                    } else {
                        out.old_long_term_premiums = out.old_long_term_premiums.saturating_add(old);
                    }
                }
            }
            Certificate::Pension(c) => {
                let key = format!("{}\u{0}{:?}", c.insured, c.kind);
                if take(&mut out, (form, &c.issuer, key), c.year) {
                    out.social = out.social.saturating_add(social(c.declared()));
                }
            }
        }
    }
    out.life = life(year, &out.life_premiums, family);
    out.earthquake = earthquake(out.earthquake_premiums, out.old_long_term_premiums);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    /// The tables of the form at and around every step.
    #[test]
    fn published_tables() {
        for (premium, deduction) in [
            (0, 0),
            (1, 1),
            (20_000, 20_000),
            (20_001, 20_001),
            (20_003, 20_002),
            (30_001, 25_001),
            (40_000, 30_000),
            (40_001, 30_001),
            (60_001, 35_001),
            (79_999, 40_000),
            (80_000, 40_000),
            (80_001, 40_000),
            (1_000_000, 40_000),
        ] {
            assert_eq!(life_new(premium), deduction, "new system, {premium}");
        }
        for (premium, deduction) in [
            (0, 0),
            (25_000, 25_000),
            (25_001, 25_001),
            (37_501, 31_251),
            (50_000, 37_500),
            (50_001, 37_501),
            (75_002, 43_751),
            (100_000, 50_000),
            (100_001, 50_000),
        ] {
            assert_eq!(life_old(premium), deduction, "old system, {premium}");
        }
        for (premium, deduction) in
            [(0, 0), (10_000, 10_000), (10_001, 10_001), (15_001, 12_501), (20_000, 15_000), (20_001, 15_000)]
        {
            assert_eq!(old_long_term(premium), deduction, "old long-term, {premium}");
        }
        assert_eq!(earthquake(49_999, 0).total, 49_999);
        assert_eq!(earthquake(50_001, 0).total, 50_000);
        assert_eq!(
            earthquake(40_000, 20_000),
            EarthquakeDeduction { earthquake: 40_000, old_long_term: 15_000, total: 50_000 }
        );
        assert_eq!(social(204_000), 204_000);
    }

    #[test]
    fn both_systems_in_one_category() {
        // Together, capped at 40,000.
        assert_eq!(life_category(80_000, 20_000), 40_000);
        // The old contract alone gives more than the common cap.
        assert_eq!(life_category(80_000, 100_000), 50_000);
        assert_eq!(life_category(10_000, 20_000), 30_000);
        assert_eq!(life_category(0, 60_000), 40_000);
        let all = LifePremiums {
            new_general: 90_000,
            old_general: 120_000,
            medical: 90_000,
            new_pension: 0,
            old_pension: 120_000,
        };
        assert_eq!(
            life(2026, &all, Family::default()),
            LifeDeduction { general: 50_000, medical: 40_000, pension: 50_000, total: 120_000 }
        );
    }

    #[test]
    fn dependants_under_23_in_2026() {
        for (premium, deduction) in [
            (30_000, 30_000),
            (30_001, 30_001),
            (60_000, 45_000),
            (60_001, 45_001),
            (120_000, 60_000),
            (120_001, 60_000),
        ] {
            assert_eq!(life_new_general_2026(premium), deduction, "{premium}");
        }
        let family = Family { dependant_under_23: true };
        let general = |year, new_general, old_general| {
            life(year, &LifePremiums { new_general, old_general, ..LifePremiums::default() }, family).general
        };
        assert_eq!(general(2026, 120_000, 0), 60_000);
        assert_eq!(general(2026, 20_000, 100_000), 60_000);
        assert_eq!(general(2025, 120_000, 0), 40_000);
        // Only 一般 is raised, and not the whole.
        let all =
            LifePremiums { new_general: 200_000, medical: 200_000, new_pension: 200_000, ..LifePremiums::default() };
        assert_eq!(
            life(2026, &all, family),
            LifeDeduction { general: 60_000, medical: 40_000, pension: 40_000, total: 120_000 }
        );
    }

    #[test]
    fn a_policy_counts_once_and_only_in_its_year() {
        let certificates = samples::certificates("ichiro", "鈴木 一郎", 2026);
        let once = fill(2026, &certificates, Family::default());
        assert!(once.life.total > 0 && once.earthquake.total > 0 && once.social > 0);
        assert_eq!((once.other_years, once.replaced), (0, 0));

        let twice: Vec<_> = certificates.iter().chain(&certificates).cloned().collect();
        let filled = fill(2026, &twice, Family::default());
        assert!(filled.replaced > 0);
        assert_eq!(Filled { replaced: 0, ..filled }, once);

        let other = fill(2025, &certificates, Family::default());
        assert!(other.other_years > 0);
        assert_eq!((other.life.total, other.earthquake.total, other.social), (0, 0, 0));
    }

    #[test]
    fn the_newer_certificate_of_a_policy_wins() {
        let mut certificates = samples::certificates("ichiro", "鈴木 一郎", 2026);
        let Some(Certificate::Pension(old)) = certificates.iter().find(|c| c.form() == Form::Pension).cloned() else {
            panic!("there is a pension certificate")
        };
        let mut new = old.clone();
        new.certified_on = jiff::civil::date(2026, 12, 1);
        new.months.truncate(6);
        let expected = new.declared();
        assert_ne!(expected, old.declared());
        certificates.insert(0, Certificate::Pension(new));
        assert_eq!(fill(2026, &certificates, Family::default()).social, expected);
    }

    proptest! {
        #[test]
        fn more_premium_never_gives_less(a in 0u64..200_000, b in 0u64..200_000, c in 0u64..200_000) {
            prop_assert!(life_new(a) <= life_new(a + 1));
            prop_assert!(life_old(a) <= life_old(a + 1));
            prop_assert!(old_long_term(a) <= old_long_term(a + 1));
            prop_assert!(life_category(a, b) <= life_category(a + 1, b));
            prop_assert!(life_category(a, b) <= life_category(a, b + 1));
            prop_assert!(life_category(a, b) <= LIFE_OLD_CAP);
            let all = LifePremiums { new_general: a, old_general: b, medical: c, new_pension: b, old_pension: a };
            let (plain, family) = (life(2026, &all, Family::default()), life(2026, &all, Family { dependant_under_23: true }));
            prop_assert!(plain.total <= family.total);
            prop_assert!(family.total <= LIFE_CAP);
            prop_assert!(earthquake(a, b).total <= EARTHQUAKE_CAP);
        }
    }
}
