//! What the forms say, typed.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An amount of money in yen.
pub type Yen = u64;

/// Most details (明細) in one document; the XSD of TEG800 says the same.
pub const MAX_DETAILS: usize = 100;
/// Largest amount a form can carry: twelve digits.
pub const MAX_YEN: Yen = 999_999_999_999;

/// A deduction certificate (控除証明書).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form")]
pub enum Certificate {
    /// TEG800 生命保険料控除証明書
    #[serde(rename = "TEG800")]
    Life(LifeInsurance),
    /// TEG810 地震保険料控除証明書
    #[serde(rename = "TEG810")]
    Earthquake(EarthquakeInsurance),
    /// TEG840 国民年金保険料等控除証明書
    #[serde(rename = "TEG840")]
    Pension(NationalPension),
}

/// A kind of form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Form {
    /// 生命保険料控除証明書
    #[serde(rename = "TEG800")]
    Life,
    /// 地震保険料控除証明書
    #[serde(rename = "TEG810")]
    Earthquake,
    /// 国民年金保険料等控除証明書
    #[serde(rename = "TEG840")]
    Pension,
}

impl Form {
    /// Every form we read.
    pub const ALL: [Self; 3] = [Self::Life, Self::Earthquake, Self::Pension];

    /// The form's code, which is the name of the root element.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Life => "TEG800",
            Self::Earthquake => "TEG810",
            Self::Pension => "TEG840",
        }
    }

    /// The form by its code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.code() == code)
    }

    /// The title printed on the form.
    pub const fn title(self, lang: base::Lang) -> &'static str {
        match (self, lang) {
            (Self::Life, base::Lang::Ja) => "生命保険料控除証明書",
            (Self::Life, base::Lang::En) => "Certificate of life insurance premiums",
            (Self::Earthquake, base::Lang::Ja) => "地震保険料控除証明書",
            (Self::Earthquake, base::Lang::En) => "Certificate of earthquake insurance premiums",
            (Self::Pension, base::Lang::Ja) => "国民年金保険料等控除証明書",
            (Self::Pension, base::Lang::En) => "Certificate of National Pension contributions",
        }
    }
}

impl Certificate {
    /// Which form this is.
    pub const fn form(&self) -> Form {
        match self {
            Self::Life(_) => Form::Life,
            Self::Earthquake(_) => Form::Earthquake,
            Self::Pension(_) => Form::Pension,
        }
    }

    /// Who certifies (保険会社名 or the pension service).
    pub fn issuer(&self) -> &str {
        match self {
            Self::Life(c) => &c.issuer,
            Self::Earthquake(c) => &c.issuer,
            Self::Pension(c) => &c.issuer,
        }
    }

    /// 証明日
    pub const fn certified_on(&self) -> Date {
        match self {
            Self::Life(c) => c.certified_on,
            Self::Earthquake(c) => c.certified_on,
            Self::Pension(c) => c.certified_on,
        }
    }

    /// 契約者; for a pension the insured person.
    pub fn policy_holder(&self) -> &str {
        match self {
            Self::Life(c) => &c.policy_holder,
            Self::Earthquake(c) => &c.policy_holder,
            Self::Pension(c) => &c.insured,
        }
    }
}

/// 生命保険料控除証明書 (TEG800).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeInsurance {
    /// 保険会社名
    pub issuer: String,
    /// 証明日
    #[serde(with = "iso_date")]
    pub certified_on: Date,
    /// 契約者
    pub policy_holder: String,
    /// 明細, 1 to [`MAX_DETAILS`]
    pub details: Vec<LifePolicy>,
}

/// One policy of a life insurance certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifePolicy {
    /// 証明年
    pub year: i16,
    /// 適用制度
    pub system: AppliedSystem,
    /// 証券番号
    pub policy_number: String,
    /// 保険種類
    pub kind: String,
    /// 契約日
    #[serde(with = "iso_date::option")]
    pub contracted_on: Option<Date>,
    /// 被保険者
    pub insured: String,
    /// 受取人
    pub beneficiary: Option<String>,
    /// 年金支払開始日 (個人年金保険)
    #[serde(with = "iso_date::option")]
    pub annuity_from: Option<Date>,
    /// 証明額: what had been paid when the certificate was made
    pub certified: LifeAmounts,
    /// 証明額（12月期想定）: what will have been paid by the end of December; its 申告額 is what
    /// 年末調整 uses
    pub expected: LifeAmounts,
}

impl LifePolicy {
    /// 申告額 of one category: the amount expected at December, or else the certified one.
    pub fn declared(&self, category: LifeCategory) -> Yen {
        self.expected.get(category).or(self.certified.get(category)).map_or(0, Premium::net)
    }
}

/// 適用制度: which system a policy falls under (contracts from 2012 on: the new one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppliedSystem {
    /// 新生命保険料控除制度 (code 1)
    New,
    /// 旧生命保険料控除制度 (code 2)
    Old,
    /// 新生命保険料控除制度及び旧生命保険料控除制度 (code 3)
    Both,
}

/// The five columns of the deduction form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifeCategory {
    /// 旧制度 一般
    OldGeneral,
    /// 旧制度 個人年金
    OldPension,
    /// 新制度 一般
    NewGeneral,
    /// 新制度 介護医療
    Medical,
    /// 新制度 個人年金
    NewPension,
}

impl LifeCategory {
    /// In the order of the form's element codes.
    pub const ALL: [Self; 5] = [Self::OldGeneral, Self::OldPension, Self::NewGeneral, Self::Medical, Self::NewPension];

    /// Whether it belongs to the old system (旧制度).
    pub const fn is_old(self) -> bool {
        matches!(self, Self::OldGeneral | Self::OldPension)
    }
}

/// Amounts by category; absent where the policy has nothing of that category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeAmounts {
    /// 旧制度 一般
    pub old_general: Option<Premium>,
    /// 旧制度 個人年金
    pub old_pension: Option<Premium>,
    /// 新制度 一般
    pub new_general: Option<Premium>,
    /// 新制度 介護医療
    pub medical: Option<Premium>,
    /// 新制度 個人年金
    pub new_pension: Option<Premium>,
}

impl LifeAmounts {
    /// The amount of one category.
    pub const fn get(&self, category: LifeCategory) -> Option<Premium> {
        match category {
            LifeCategory::OldGeneral => self.old_general,
            LifeCategory::OldPension => self.old_pension,
            LifeCategory::NewGeneral => self.new_general,
            LifeCategory::Medical => self.medical,
            LifeCategory::NewPension => self.new_pension,
        }
    }

    /// Sets the amount of one category.
    pub const fn set(&mut self, category: LifeCategory, premium: Option<Premium>) {
        match category {
            LifeCategory::OldGeneral => self.old_general = premium,
            LifeCategory::OldPension => self.old_pension = premium,
            LifeCategory::NewGeneral => self.new_general = premium,
            LifeCategory::Medical => self.medical = premium,
            LifeCategory::NewPension => self.new_pension = premium,
        }
    }

    /// Whether no category has an amount.
    pub fn is_empty(&self) -> bool {
        LifeCategory::ALL.into_iter().all(|c| self.get(c).is_none())
    }
}

/// What was paid, what came back as dividend, and the difference that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Premium {
    /// 保険料 (年間払込保険料)
    pub paid: Yen,
    /// 配当金
    pub dividend: Yen,
}

impl Premium {
    /// Without dividend.
    pub const fn of(paid: Yen) -> Self {
        Self { paid, dividend: 0 }
    }

    /// 差引保険料等合計額 or 申告額: paid less dividend, never below zero.
    pub const fn net(self) -> Yen {
        self.paid.saturating_sub(self.dividend)
    }
}

/// 地震保険料控除証明書 (TEG810).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarthquakeInsurance {
    /// 保険会社名
    pub issuer: String,
    /// 証明日
    #[serde(with = "iso_date")]
    pub certified_on: Date,
    /// 契約者
    pub policy_holder: String,
    /// 明細, 1 to [`MAX_DETAILS`]
    pub details: Vec<EarthquakePolicy>,
}

/// One policy of an earthquake insurance certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarthquakePolicy {
    /// 証明年
    pub year: i16,
    /// 証券番号
    pub policy_number: String,
    /// 保険種類
    pub kind: String,
    /// 保険の目的
    pub object: InsuredObject,
    /// 被保険者 (owner of what is insured)
    pub insured: String,
    /// 保険期間, first day
    #[serde(with = "iso_date")]
    pub from: Date,
    /// 保険期間, last day
    #[serde(with = "iso_date")]
    pub until: Date,
    /// 地震保険料
    pub earthquake: Option<PremiumAtDecember>,
    /// 旧長期損害保険料 (contracts of before 2007 with ten years and more and a maturity refund)
    pub old_long_term: Option<PremiumAtDecember>,
}

/// 保険の目的: what is insured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InsuredObject {
    /// 建物 (code 1)
    Building,
    /// 家財 (code 2)
    Contents,
    /// 建物及び家財 (code 3)
    Both,
    /// その他 (code 4)
    Other,
}

/// An amount as certified, and as expected at the end of December.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PremiumAtDecember {
    /// 証明額
    pub certified: Yen,
    /// 申告額（12月期想定）, when it differs
    pub expected: Option<Yen>,
}

impl PremiumAtDecember {
    /// What 年末調整 uses.
    pub fn declared(self) -> Yen {
        self.expected.unwrap_or(self.certified)
    }
}

/// 国民年金保険料等控除証明書 (TEG840).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NationalPension {
    /// 国民年金保険料 or 国民年金基金掛金
    pub kind: PensionKind,
    /// Who certifies
    pub issuer: String,
    /// 証明年
    pub year: i16,
    /// 証明日
    #[serde(with = "iso_date")]
    pub certified_on: Date,
    /// 被保険者 (加入員)
    pub insured: String,
    /// Contributions by month, 1 to [`MAX_DETAILS`]
    pub months: Vec<PensionMonth>,
}

impl NationalPension {
    /// 納付済額: what had been paid when the certificate was made.
    pub fn paid(&self) -> Yen {
        self.months.iter().filter(|m| m.state == PensionState::Paid).fold(0, |sum, m| sum.saturating_add(m.amount))
    }

    /// 合計額 (paid and expected by the end of December): what 年末調整 uses.
    pub fn declared(&self) -> Yen {
        self.months.iter().fold(0, |sum, m| sum.saturating_add(m.amount))
    }
}

/// 国民年金保険料 or 国民年金基金掛金.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PensionKind {
    /// 国民年金保険料 (code 1)
    NationalPension,
    /// 国民年金基金掛金 (code 2)
    PensionFund,
}

/// The contribution for one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PensionMonth {
    /// Year of the month the contribution is for.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: i8,
    /// Contribution.
    pub amount: Yen,
    /// Paid, or expected by the end of December.
    pub state: PensionState,
}

/// 済 or 見.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PensionState {
    /// 済: paid (code 1)
    Paid,
    /// 見: expected to be paid by the end of December (code 2)
    Expected,
}

/// Dates as `2026-06-01` in JSON.
mod iso_date {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(date: &Date, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(date)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Date, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }

    pub(super) mod option {
        use super::{Date, Deserialize, Deserializer, Error, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(date: &Option<Date>, s: S) -> Result<S::Ok, S::Error> {
            match date {
                Some(date) => s.collect_str(date),
                None => s.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Date>, D::Error> {
            Option::<String>::deserialize(d)?.map(|t| t.parse().map_err(D::Error::custom)).transpose()
        }
    }
}
