//! What is wrong with an answer, and how to mend it.

use base::Lang;
use serde::Serialize;

use crate::text::Text;

/// Where in a form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Place {
    /// The field.
    pub field: String,
    /// The row of a table or entry of a list, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The column of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

impl Place {
    /// A field as a whole.
    pub fn field(id: &str) -> Self {
        Self { field: id.to_owned(), row: None, column: None }
    }

    /// An entry of a list, or a row.
    pub fn row(id: &str, row: usize) -> Self {
        Self { row: Some(row), ..Self::field(id) }
    }

    /// The name of the input on a page: `redirect_uris`, `testers.0.name`.
    pub fn input(&self) -> String {
        match (self.row, &self.column) {
            (Some(row), Some(column)) => format!("{}.{row}.{column}", self.field),
            _ => self.field.clone(),
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To be looked at; the form can be submitted.
    Warning,
    /// Has to be mended before the form can be submitted.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What is wrong. Closed; tests and pages may rely on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// As it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// Nothing was written.
    Missing = "missing";
    /// Too many characters.
    TooLong = "too_long";
    /// Too few rows or entries.
    TooFew = "too_few";
    /// Too many rows or entries.
    TooMany = "too_many";
    /// The same twice.
    Duplicate = "duplicate";
    /// Not of the field's kind.
    Malformed = "malformed";
    /// A number outside its range.
    OutOfRange = "out_of_range";
    /// None of what is offered.
    Unknown = "unknown";
    /// None of what was approved.
    NotApproved = "not_approved";
    /// The form has no such field.
    UnknownField = "unknown_field";
    /// The check digit does not fit.
    CheckDigit = "check_digit";
    /// A private key; it was not kept.
    PrivateKey = "private_key";
    /// A key that is too weak, of an unsuited kind, or malformed.
    UnsuitedKey = "unsuited_key";
    /// A key without a `kid`.
    MissingKid = "missing_kid";
    /// An address that can't be registered.
    BadAddress = "bad_address";
    /// An address of this machine or of a private network.
    PrivateAddress = "private_address";
    /// A day in the past.
    Past = "past";
    /// A day before the one it has to follow.
    Order = "order";
    /// The notice is shorter than the guideline asks for.
    ShortNotice = "short_notice";
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The form.
    pub form: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// How bad.
    pub severity: Severity,
    /// What.
    pub code: Code,
    /// In words: what is wrong and how to mend it.
    pub message: Text,
    /// A value that would be right, when there is one near.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl Finding {
    /// The words for a reader.
    pub fn text(&self, lang: Lang) -> &str {
        self.message.get(lang)
    }
}

/// Whether one of them has to be mended before the form can be submitted.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error)
}
