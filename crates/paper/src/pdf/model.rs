//! What a document is, apart from any file.

use base::{Lang, Timestamp};

/// A document to print or keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Language of the fixed texts, and of the document for screen readers.
    pub lang: Lang,
    /// Title; also shown by viewers instead of the file's name.
    pub title: String,
    /// Number of the form (様式番号).
    pub number: Option<String>,
    /// Receipt number (受付番号).
    pub receipt: Option<String>,
    /// Date as printed, already written out.
    pub date: Option<String>,
    /// Named as author in the file's properties.
    pub author: String,
    /// When the file is made.
    pub created: Timestamp,
    /// The content.
    pub blocks: Vec<Block>,
}

/// One part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading of level 2; also an entry of the outline.
    Heading(String),
    /// A paragraph. Line ends are kept.
    Paragraph(String),
    /// Labels and values.
    Facts(Vec<Fact>),
    /// A table whose header is repeated on each page.
    Table(Table),
    /// A list of things that were checked.
    Checks(Vec<Check>),
    /// What follows starts on a new page.
    NewPage,
}

/// A label and its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// The label.
    pub label: String,
    /// The value. Line ends are kept.
    pub value: String,
    /// What it was before, when it was changed: marked, and printed below the value.
    pub before: Option<String>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Printed above it, and its name for screen readers; may be empty.
    pub caption: String,
    /// The columns; a table without columns is left out.
    pub columns: Vec<Column>,
    /// The rows, a text for each column. Missing texts are empty, further ones are left out.
    pub rows: Vec<Vec<String>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Header.
    pub label: String,
    /// Its part of the width, against the other columns' parts; 0 counts as 1.
    pub weight: u16,
    /// Set to the right, as numbers are.
    pub right: bool,
}

/// Something that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The result.
    pub mark: Mark,
    /// What was checked.
    pub label: String,
    /// A remark below it; may be empty.
    pub note: String,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Fulfilled.
    Done,
    /// Not fulfilled, or not looked at yet.
    Open,
    /// Does not apply.
    NotApplicable,
}

impl Mark {
    pub(super) const fn text(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Done, Lang::Ja) => "適合",
            (Self::Done, Lang::En) => "Yes",
            (Self::Open, Lang::Ja) => "未了",
            (Self::Open, Lang::En) => "Open",
            (Self::NotApplicable, Lang::Ja) => "対象外",
            (Self::NotApplicable, Lang::En) => "N/A",
        }
    }
}
