//! What a form workbook is, apart from any file.

use base::{Lang, Timestamp};

/// A form as a workbook, to be filled in and sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workbook {
    /// Which form this is; written into the file where people don't see it.
    pub identity: Identity,
    /// Language of the fixed texts.
    pub lang: Lang,
    /// Title of the form.
    pub title: String,
    /// Number of the form (様式番号), printed beside the title.
    pub number: Option<String>,
    /// Named as author in the file's properties.
    pub author: String,
    /// When the file is made.
    pub created: Timestamp,
    /// The sheets, in order; at least one.
    pub sheets: Vec<Sheet>,
}

/// What makes an uploaded file recognisable. Each part has 1 to 100 characters of `A-Z a-z 0-9 _ . : / -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Id of the form.
    pub form: String,
    /// Version of the form's definition.
    pub version: String,
    /// For whom the file was made (a case, a service), so that a file meant for another one is noticed.
    pub copy: Option<String>,
}

/// One sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Name on the tab: 1 to 31 characters, none of `[ ] : * ? / \`.
    pub name: String,
    /// Heading of the sheet, below the form's title.
    pub title: String,
    /// Facts that are known already (receipt number, organisation …): label and text.
    pub facts: Vec<(String, String)>,
    /// How to fill it in, one paragraph each.
    pub instructions: Vec<String>,
    /// The content.
    pub items: Vec<Item>,
}

/// One part of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Note(String),
    /// A text that can be read and not changed: label and text. It is not read back.
    Shown(String, String),
    /// A field to fill in.
    Field(Field),
    /// A table to fill in.
    Table(Table),
}

/// A field to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Unique within the workbook; characters as in [`Identity`].
    pub id: String,
    /// Label in the left column.
    pub label: String,
    /// Hint in the right column; may be empty.
    pub hint: String,
    /// Marked as required. Whether it is filled in is judged by the caller: a draft may be incomplete.
    pub required: bool,
    /// What is filled in.
    pub input: Input,
    /// What is in it now: one text, or several for [`Input::Choices`] and [`Input::List`]. Choices by their `value`.
    pub values: Vec<String>,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// One line of text.
    Line,
    /// Several lines.
    Paragraph,
    /// A date. Read back as `2026-04-01` when it is one, otherwise as it was typed.
    Date,
    /// A number. Read back with ASCII digits and without separators when it is one, otherwise as it was typed.
    Number,
    /// One of these, by drop-down.
    Choice(Vec<Choice>),
    /// Any of these, one row each with a ○ to set.
    Choices(Vec<Choice>),
    /// A list of lines: one row each, this many empty ones; rows may be inserted.
    List(usize),
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is read back; characters as in [`Identity`].
    pub value: String,
    /// What people see.
    pub label: String,
}

/// A table to fill in; rows may be inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Unique within the workbook among fields and tables; characters as in [`Identity`].
    pub id: String,
    /// Label above the table.
    pub label: String,
    /// Hint below the label; may be empty.
    pub hint: String,
    /// Marked as required.
    pub required: bool,
    /// The columns, 1 to 20.
    pub columns: Vec<Column>,
    /// Rows that are filled in already, a text for each column.
    pub rows: Vec<Vec<String>>,
    /// Empty rows below them.
    pub empty_rows: usize,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Unique within the table; characters as in [`Identity`].
    pub id: String,
    /// Header.
    pub label: String,
    /// Hint below the header; may be empty.
    pub hint: String,
    /// Marked as required.
    pub required: bool,
    /// What is filled in; [`Input::Choices`] and [`Input::List`] are not possible in a table.
    pub input: Input,
}

/// A model that cannot be written as a workbook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// An id, version, copy or choice value that is empty, too long or has other characters than [`Identity`] allows.
    #[error("not an id that can stand in a workbook: {0:?}")]
    BadId(String),
    /// An [`Input`] that cannot stand in a table.
    #[error("column {0} cannot be a list or several choices")]
    BadColumn(String),
    /// A name on a tab that spreadsheets don't take.
    #[error("not a name for a sheet: {0:?}")]
    BadSheetName(String),
    /// A choice without anything to choose, or with the same value or label twice.
    #[error("choices of {0} are empty or not distinct")]
    BadChoices(String),
    /// More than a workbook holds: 32,767 characters in a cell, 20 columns, 2,000 rows.
    #[error("{0} is more than a workbook holds")]
    TooMuch(String),
    /// An id or a sheet's name that is there twice.
    #[error("{0} is there twice")]
    Twice(String),
    /// No sheet.
    #[error("there is no sheet")]
    NoSheet,
    /// The library could not write it.
    #[error("the workbook could not be written: {0}")]
    Library(String),
}

pub(super) fn is_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'/' | b'-'))
}

/// Longest text of a cell in UTF-16 code units, which is what Excel counts.
pub(super) const MAX_CELL: usize = 32_767;

impl Workbook {
    /// Looks whether this can be written.
    ///
    /// # Errors
    /// [`ModelError`] names the part that cannot.
    pub fn check(&self) -> Result<(), ModelError> {
        let Identity { form, version, copy } = &self.identity;
        for id in [Some(form), Some(version), copy.as_ref()].into_iter().flatten() {
            good_id(id)?;
        }
        if self.sheets.is_empty() {
            return Err(ModelError::NoSheet);
        }
        let mut names = std::collections::BTreeSet::new();
        let mut ids = std::collections::BTreeSet::new();
        for sheet in &self.sheets {
            let name = &sheet.name;
            if !(1..=31).contains(&name.encode_utf16().count())
                || name.contains(['[', ']', ':', '*', '?', '/', '\\'])
                || name.starts_with('\'')
                || name.ends_with('\'')
                || name.chars().any(char::is_control)
                || name.eq_ignore_ascii_case("history")
                || name.eq_ignore_ascii_case(super::HIDDEN_SHEET)
            {
                return Err(ModelError::BadSheetName(name.clone()));
            }
            if !names.insert(name.to_lowercase()) {
                return Err(ModelError::Twice(name.clone()));
            }
            for item in &sheet.items {
                match item {
                    Item::Field(field) => {
                        good_id(&field.id)?;
                        if !ids.insert(&field.id) {
                            return Err(ModelError::Twice(field.id.clone()));
                        }
                        good_input(&field.id, &field.input)?;
                        if field.values.len() > 2000 || matches!(field.input, Input::List(n) if n > 2000) {
                            return Err(ModelError::TooMuch(field.id.clone()));
                        }
                    }
                    Item::Table(table) => {
                        good_id(&table.id)?;
                        if !ids.insert(&table.id) {
                            return Err(ModelError::Twice(table.id.clone()));
                        }
                        if !(1..=20).contains(&table.columns.len()) || table.rows.len() + table.empty_rows > 2000 {
                            return Err(ModelError::TooMuch(table.id.clone()));
                        }
                        let mut columns = std::collections::BTreeSet::new();
                        for column in &table.columns {
                            good_id(&column.id)?;
                            if !columns.insert(&column.id) {
                                return Err(ModelError::Twice(column.id.clone()));
                            }
                            if matches!(column.input, Input::Choices(_) | Input::List(_)) {
                                return Err(ModelError::BadColumn(column.id.clone()));
                            }
                            good_input(&column.id, &column.input)?;
                        }
                    }
                    Item::Heading(_) | Item::Note(_) | Item::Shown(..) => {}
                }
            }
        }
        Ok(())
    }
}

fn good_id(id: &str) -> Result<(), ModelError> {
    if is_id(id) { Ok(()) } else { Err(ModelError::BadId(id.to_owned())) }
}

fn good_input(id: &str, input: &Input) -> Result<(), ModelError> {
    let (Input::Choice(choices) | Input::Choices(choices)) = input else { return Ok(()) };
    let mut values = std::collections::BTreeSet::new();
    let mut labels = std::collections::BTreeSet::new();
    for choice in choices {
        good_id(&choice.value)?;
        if choice.label.trim().is_empty() || !values.insert(&choice.value) || !labels.insert(super::fold(&choice.label))
        {
            return Err(ModelError::BadChoices(id.to_owned()));
        }
    }
    if choices.is_empty() { Err(ModelError::BadChoices(id.to_owned())) } else { Ok(()) }
}
