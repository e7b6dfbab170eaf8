//! The marks in the hidden first column of each sheet. They say in the cells themselves which row is which field, so that they move
//! with the rows: Excel, LibreOffice and openpyxl keep values, while defined names and hidden sheets get lost when
//! rows are inserted by a library or a sheet is copied to another workbook.

use std::fmt;

use super::model::{Identity, is_id};

/// Version of this arrangement.
const LAYOUT: &str = "1";
/// Marks the column of inputs in the row of roles.
pub(super) const INPUT: &str = "#input";
/// Id of the only column of a list.
pub(super) const LIST: &str = "value";

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// One of several choices: field and value.
    Choice(String, String),
    /// The hidden row with the ids of a table's columns.
    Columns(String),
    /// The row below a table.
    End(String),
    /// A field.
    Field(String),
    /// The header of a table.
    Head(String),
    /// The hidden row that says where the inputs are.
    Roles,
    /// A row of a table.
    Row(String),
    /// Nothing to read.
    Text,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Choice(id, value) => write!(f, "#choice {id} {value}"),
            Self::Columns(id) => write!(f, "#columns {id}"),
            Self::End(id) => write!(f, "#end {id}"),
            Self::Field(id) => write!(f, "#field {id}"),
            Self::Head(id) => write!(f, "#head {id}"),
            Self::Roles => f.write_str("#roles"),
            Self::Row(id) => write!(f, "#row {id}"),
            Self::Text => f.write_str("#text"),
        }
    }
}

impl Mark {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let id = |at: usize| words.get(at).filter(|w| is_id(w)).map(|w| (*w).to_owned());
        Some(match (*words.first()?, words.len()) {
            ("#choice", 3) => Self::Choice(id(1)?, id(2)?),
            ("#columns", 2) => Self::Columns(id(1)?),
            ("#end", 2) => Self::End(id(1)?),
            ("#field", 2) => Self::Field(id(1)?),
            ("#head", 2) => Self::Head(id(1)?),
            ("#roles", 1) => Self::Roles,
            ("#row", 2) => Self::Row(id(1)?),
            ("#text", 1) => Self::Text,
            _ => return None,
        })
    }

    /// In the row of [`Mark::Columns`].
    pub(super) fn column(id: &str) -> String {
        format!("#column {id}")
    }

    pub(super) fn parse_column(text: &str) -> Option<String> {
        text.trim().strip_prefix("#column ").filter(|id| is_id(id)).map(str::to_owned)
    }
}

pub(super) fn identity(identity: &Identity) -> String {
    let Identity { form, version, copy } = identity;
    match copy {
        Some(copy) => format!("#enishi-form {LAYOUT} {form} {version} {copy}"),
        None => format!("#enishi-form {LAYOUT} {form} {version}"),
    }
}

pub(super) fn parse_identity(text: &str) -> Option<Identity> {
    let mut words = text.split_ascii_whitespace();
    if words.next()? != "#enishi-form" || words.next()? != LAYOUT {
        return None;
    }
    let mut id = || words.next().map(|w| is_id(w).then(|| w.to_owned()));
    let (form, version) = (id()??, id()??);
    let copy = match id() {
        None => None,
        Some(copy) => Some(copy?),
    };
    words.next().is_none().then_some(Identity { form, version, copy })
}
