//! Forms and settings sheets as data.

use serde::{Deserialize, Serialize};

use crate::text::{Basis, Text};

pub use oauth::registry::Api;

/// Which portal a sheet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// 接続確認環境
    Test,
    /// 本番環境
    Production,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One line of text.
    Line,
    /// フリガナ: hiragana and half-width kana are converted.
    Kana,
    /// Several lines.
    Paragraph,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// 郵便番号, seven digits.
    PostalCode,
    /// 法人番号, thirteen digits with a check digit.
    CorporateNumber,
    /// An `https` address.
    Url,
    /// Redirect addresses, one a line: registered and compared exactly.
    RedirectUris,
    /// Public keys: a JWK Set or the address of one. A private key is refused and never stored.
    Jwks,
    /// A day, `2026-06-01`.
    Date,
    /// A time of day, `09:30`.
    Time,
    /// One of [`Field::choices`].
    Choice,
    /// Some of [`Field::choices`].
    Choices,
    /// `yes` or `no`.
    YesNo,
    /// A whole number from [`Field::min`] to [`Field::max`].
    Number,
    /// One picture (PNG or SVG made safe by whoever stores it), as a reference.
    Logo,
    /// Attached files, as references.
    File,
    /// Rows of [`Field::columns`].
    Table,
    /// Ids of delivery services that are offered.
    DeliveryServices,
    /// Some of the three APIs.
    Apis,
    /// IP addresses or networks (CIDR), one a line.
    IpAddresses,
    /// People who check in production: rows with the columns `name` and `email`.
    Testers,
}

impl Kind {
    /// Whether the answer is rows of columns.
    pub const fn is_rows(self) -> bool {
        matches!(self, Self::Table | Self::Testers)
    }

    /// Whether the answer is a list of texts.
    pub const fn is_list(self) -> bool {
        matches!(self, Self::RedirectUris | Self::Choices | Self::DeliveryServices | Self::Apis | Self::IpAddresses)
    }

    /// Whether the answer is references to files.
    pub const fn is_files(self) -> bool {
        matches!(self, Self::Logo | Self::File)
    }

    /// Whether a column of a table may be of this kind.
    pub const fn fits_a_column(self) -> bool {
        matches!(
            self,
            Self::Line
                | Self::Kana
                | Self::Paragraph
                | Self::Email
                | Self::Phone
                | Self::Url
                | Self::Date
                | Self::Time
                | Self::Choice
                | Self::YesNo
                | Self::Number
        )
    }
}

/// What a field means to the procedures, whatever its label says. Official forms that replace ours keep these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// The APIs asked for.
    Apis,
    /// The delivery services asked for.
    DeliveryServices,
    /// The people of the production check.
    Testers,
    /// The day from which a suspension, resumption or termination is planned.
    PlannedDate,
    /// The time of that day, in Japan; midnight when left out.
    PlannedTime,
    /// Why the planned day is nearer than the notice that the guideline asks for.
    ShortNoticeReason,
    /// The last day of the test period.
    TestUntil,
    /// The day on which the service is meant to start.
    ServiceStart,
}

/// One of several answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// As it is stored.
    pub id: String,
    /// As it is shown.
    pub label: Text,
}

/// The condition under which a field is asked: another field of the form has one of these values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The other field.
    pub field: String,
    /// Its values; for a list, one of them is enough.
    pub is: Vec<String>,
}

/// A field of a form, or a column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in answers: lower-case letters, digits and `_`.
    pub id: String,
    /// What it takes.
    pub kind: Kind,
    /// Its label.
    pub label: Text,
    /// What to write, and how.
    pub hint: Text,
    /// An example value, the same in both languages.
    #[serde(default)]
    pub example: Option<String>,
    /// Whether it has to be answered (when [`Self::when`] holds).
    #[serde(default)]
    pub required: bool,
    /// When it is asked at all.
    #[serde(default)]
    pub when: Option<When>,
    /// Least number, fewest rows or entries.
    #[serde(default)]
    pub min: Option<i64>,
    /// Greatest number, most characters, rows or entries.
    #[serde(default)]
    pub max: Option<i64>,
    /// For a day: the field whose day it may not lie before.
    #[serde(default)]
    pub after: Option<String>,
    /// For a day: whether it may not lie in the future.
    #[serde(default)]
    pub until_today: bool,
    /// For [`Kind::Choice`] and [`Kind::Choices`].
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// For [`Kind::Table`] and [`Kind::Testers`].
    #[serde(default)]
    pub columns: Vec<Field>,
    /// The member of client metadata (RFC 7591) that it becomes.
    #[serde(default)]
    pub metadata: Option<String>,
    /// What it means to the procedures.
    #[serde(default)]
    pub means: Option<Means>,
    /// Whether a change of it needs a connection test and a production check.
    #[serde(default)]
    pub tested: bool,
    /// Whether it is expected to differ between the test and the production environment.
    #[serde(default)]
    pub per_environment: bool,
    /// Where it comes from, when it is not [`Form::fields_basis`].
    #[serde(default)]
    pub basis: Option<Basis>,
}

impl Field {
    /// The choice of this id.
    pub fn choice(&self, id: &str) -> Option<&Choice> {
        self.choices.iter().find(|c| c.id == id)
    }

    /// The column of this id.
    pub fn column(&self, id: &str) -> Option<&Self> {
        self.columns.iter().find(|c| c.id == id)
    }
}

/// Fields under one heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its id in the form.
    pub id: String,
    /// Its heading.
    pub title: Text,
    /// Words under the heading.
    #[serde(default)]
    pub explanation: Option<Text>,
    /// Its fields, in order.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
}

/// A form or settings sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Its id, which is also the name of its file.
    pub id: String,
    /// Its number in the guideline's tables, such as `API-設シ1`; documents of chapter 5.1 have none.
    #[serde(default)]
    pub number: Option<String>,
    /// Its title.
    pub title: Text,
    /// What it is for.
    pub explanation: Text,
    /// Which portal it is for, when it is for one.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// The sheet of the test environment whose fields it repeats for production.
    #[serde(default)]
    pub promotes: Option<String>,
    /// Where its title and number come from.
    pub basis: Basis,
    /// Where its fields come from.
    pub fields_basis: Basis,
    /// Its sections, in order.
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
}

impl Form {
    /// All fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.sections.iter().flat_map(|s| &s.fields)
    }

    /// The field of this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields().find(|f| f.id == id)
    }

    /// The field with this meaning.
    pub fn meaning(&self, means: Means) -> Option<&Field> {
        self.fields().find(|f| f.means == Some(means))
    }

    /// Where a field comes from.
    pub fn basis_of<'a>(&'a self, field: &'a Field) -> &'a Basis {
        field.basis.as_ref().unwrap_or(&self.fields_basis)
    }

    /// Number and title, as on a heading: 「API-設シ1 サービス情報設定シート（接続確認環境）」.
    pub fn heading(&self, lang: base::Lang) -> String {
        match &self.number {
            Some(number) => format!("{number} {}", self.title.get(lang)),
            None => self.title.get(lang).to_owned(),
        }
    }
}
