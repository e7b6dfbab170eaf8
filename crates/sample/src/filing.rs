//! The form (給与所得者の保険料控除申告書): eight amounts, where each came from, what follows from them.

use std::collections::BTreeMap;

use base::Timestamp;
use document::deduction::{self, EarthquakeDeduction, Family, LifeDeduction, LifePremiums};
use document::{Certificate, Form, MAX_YEN, Yen};
use serde::{Deserialize, Serialize};

/// A line of the form where the citizen enters an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// 一般の生命保険料, 新
    NewGeneral,
    /// 一般の生命保険料, 旧
    OldGeneral,
    /// 介護医療保険料
    Medical,
    /// 個人年金保険料, 新
    NewPension,
    /// 個人年金保険料, 旧
    OldPension,
    /// 地震保険料
    Earthquake,
    /// 旧長期損害保険料
    OldLongTerm,
    /// 社会保険料 that the citizen paid (国民年金など)
    Social,
}

impl Line {
    pub(crate) const ALL: [Self; 8] = [
        Self::NewGeneral,
        Self::OldGeneral,
        Self::Medical,
        Self::NewPension,
        Self::OldPension,
        Self::Earthquake,
        Self::OldLongTerm,
        Self::Social,
    ];

    /// The field's name; also the end of the keys of its texts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NewGeneral => "new_general",
            Self::OldGeneral => "old_general",
            Self::Medical => "medical",
            Self::NewPension => "new_pension",
            Self::OldPension => "old_pension",
            Self::Earthquake => "earthquake",
            Self::OldLongTerm => "old_long_term",
            Self::Social => "social",
        }
    }

    /// The certificate that fills this line.
    const fn certificate(self) -> Form {
        match self {
            Self::Earthquake | Self::OldLongTerm => Form::Earthquake,
            Self::Social => Form::Pension,
            _ => Form::Life,
        }
    }
}

/// Where an amount came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// Nobody filled it in.
    #[default]
    Empty,
    /// The citizen typed it, or changed what was imported.
    Typed,
    /// From certificates delivered by these services.
    Imported(Vec<String>),
}

/// An amount on the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) yen: Yen,
    pub(crate) source: Source,
}

/// A certificate that was taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accepted {
    /// What form it is.
    pub(crate) form: Form,
    /// Who certified and signed.
    pub(crate) issuer: String,
    /// 証明日, `2026-10-09`.
    pub(crate) certified_on: String,
    /// Who delivered it.
    pub(crate) service: String,
}

/// A document that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// As the delivery service calls it (unverified).
    pub(crate) title: String,
    /// Who delivered it.
    pub(crate) service: String,
    /// Key of the text that says why: one of `document::DocumentError::REASONS`, or `not_received`.
    pub(crate) reason: String,
}

/// What the last import brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Import {
    pub(crate) at: Timestamp,
    /// Key of the text that says why nothing could be fetched at all.
    pub(crate) trouble: Option<String>,
    pub(crate) accepted: Vec<Accepted>,
    pub(crate) refused: Vec<Refused>,
    /// Delivery services with the status the portal gave.
    pub(crate) services: Vec<(String, String)>,
    /// Details left out because they are for another year.
    pub(crate) other_years: usize,
}

/// The form of one browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Filing {
    /// 年分
    pub(crate) year: i16,
    pub(crate) figures: BTreeMap<Line, Figure>,
    /// 23歳未満の扶養親族: no certificate knows.
    pub(crate) dependant_under_23: bool,
    pub(crate) import: Option<Import>,
}

/// What follows from the amounts.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Deductions {
    pub(crate) life: LifeDeduction,
    pub(crate) earthquake: EarthquakeDeduction,
    pub(crate) social: Yen,
    pub(crate) total: Yen,
}

impl Filing {
    pub(crate) fn new(year: i16) -> Self {
        Self { year, figures: BTreeMap::new(), dependant_under_23: false, import: None }
    }

    pub(crate) fn figure(&self, line: Line) -> Figure {
        self.figures.get(&line).cloned().unwrap_or_default()
    }

    /// Fills in what certificates say. A line that no certificate speaks of keeps what the citizen typed.
    pub(crate) fn fill(&mut self, certificates: &[Certificate], import: Import) {
        let family = Family { dependant_under_23: self.dependant_under_23 };
        let filled = deduction::fill(self.year, certificates, family);
        for line in Line::ALL {
            let yen = match line {
                Line::NewGeneral => filled.life_premiums.new_general,
                Line::OldGeneral => filled.life_premiums.old_general,
                Line::Medical => filled.life_premiums.medical,
                Line::NewPension => filled.life_premiums.new_pension,
                Line::OldPension => filled.life_premiums.old_pension,
                Line::Earthquake => filled.earthquake_premiums,
                Line::OldLongTerm => filled.old_long_term_premiums,
                Line::Social => filled.social,
            };
            if yen > 0 {
                let mut from: Vec<String> = import
                    .accepted
                    .iter()
                    .filter(|a| a.form == line.certificate())
                    .map(|a| a.service.clone())
                    .collect();
                from.sort();
                from.dedup();
                self.figures.insert(line, Figure { yen, source: Source::Imported(from) });
            }
        }
        self.import = Some(Import { other_years: filled.other_years, ..import });
    }

    /// Takes what the citizen entered. What stayed as it was keeps its source.
    pub(crate) fn enter(&mut self, line: Line, yen: Yen) {
        if self.figure(line).yen != yen {
            self.figures.insert(line, Figure { yen, source: Source::Typed });
        }
    }

    pub(crate) fn deductions(&self) -> Deductions {
        let yen = |line| self.figure(line).yen;
        let premiums = LifePremiums {
            new_general: yen(Line::NewGeneral),
            old_general: yen(Line::OldGeneral),
            medical: yen(Line::Medical),
            new_pension: yen(Line::NewPension),
            old_pension: yen(Line::OldPension),
        };
        let family = Family { dependant_under_23: self.dependant_under_23 };
        let life = deduction::life(self.year, &premiums, family);
        let earthquake = deduction::earthquake(yen(Line::Earthquake), yen(Line::OldLongTerm));
        let social = deduction::social(yen(Line::Social));
        let total = life.total.saturating_add(earthquake.total).saturating_add(social);
        Deductions { life, earthquake, social, total }
    }
}

/// An amount as people type it: full-width digits, commas, 円. Nothing is zero. `None` for what is no
/// amount: a minus sign, letters, more than twelve digits.
pub(crate) fn amount(text: &str) -> Option<Yen> {
    if text.contains(['-', '－', '−', '‐', 'ー', '―', '▲', '△']) {
        return None;
    }
    let bare = text.replace([',', '，', '、', '円', '¥', '￥'], "");
    let digits = web::form::digits(&bare)?;
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse().ok().filter(|yen| *yen <= MAX_YEN)
}

#[cfg(test)]
mod tests {
    use document::samples;

    use super::*;

    #[test]
    fn amounts_as_people_type_them() {
        for (text, yen) in [("", 0), ("１２，３００円", 12_300), (" 12,300 ", 12_300), ("¥5", 5), ("0", 0)] {
            assert_eq!(amount(text), Some(yen), "{text}");
        }
        for text in ["-5", "△300", "12.5", "abc", "9999999999999"] {
            assert_eq!(amount(text), None, "{text}");
        }
    }

    fn ichiro() -> (Vec<Certificate>, Import) {
        let certificates = samples::certificates("ichiro", "鈴木 一郎", 2026);
        let accepted = certificates
            .iter()
            .map(|c| Accepted {
                form: c.form(),
                issuer: c.issuer().to_owned(),
                certified_on: c.certified_on().to_string(),
                service: "post".to_owned(),
            })
            .collect();
        (certificates, Import { accepted, ..Import::default() })
    }

    #[test]
    fn certificates_fill_their_lines_and_typed_ones_stay() {
        let (certificates, import) = ichiro();
        let expected = deduction::fill(2026, &certificates, Family::default());
        let mut filing = Filing::new(2026);
        filing.enter(Line::OldLongTerm, 700);
        filing.enter(Line::Social, 1);
        filing.fill(&certificates, import);
        let from_post = Source::Imported(vec!["post".to_owned()]);
        assert_eq!(filing.figure(Line::Social), Figure { yen: expected.social, source: from_post.clone() });
        assert_eq!(filing.figure(Line::OldLongTerm), Figure { yen: 700, source: Source::Typed });
        let d = filing.deductions();
        assert_eq!((d.life, d.social), (expected.life, expected.social));
        assert_eq!(d.total, d.life.total + d.earthquake.total + d.social);

        filing.enter(Line::Social, expected.social);
        assert_eq!(filing.figure(Line::Social).source, from_post, "unchanged keeps its source");
        filing.enter(Line::Social, 5);
        assert_eq!(filing.figure(Line::Social).source, Source::Typed);
        let json = serde_json::to_string(&filing).unwrap();
        assert_eq!(serde_json::from_str::<Filing>(&json).unwrap(), filing);
    }

    #[test]
    fn another_year_fills_nothing_and_says_so() {
        let (certificates, import) = ichiro();
        let mut filing = Filing::new(2025);
        filing.fill(&certificates, import);
        assert_eq!(filing.deductions().total, 0);
        assert!(filing.import.unwrap().other_years > 0);
    }
}
