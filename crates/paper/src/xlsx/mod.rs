//! Forms as .xlsx workbooks: written, filled in by people in whatever program they have, and read back.
//!
//! # Out
//!
//! A [`Workbook`] is a neutral model: sheets with facts, instructions, fields and tables. [`Workbook::write`] makes
//! the file. Input cells are unlocked, everything else is protected (without a password: against accidents, not against
//! people). The first column of each sheet is hidden and says in each row which field it is, so that the answers are
//! found again after rows were inserted, by whichever program.
//!
//! # In
//!
//! [`read`] takes bytes from strangers. Sizes, entries, tags and nesting are bounded while unpacking; macros, encryption,
//! links, embedded objects and other kinds of files are refused, each with its own [`Refusal`]. Formulas are never
//! evaluated; in an input cell they are a mistake. [`Filled::answers`] then reads the answers by the model and names
//! every mistake by sheet and cell ([`CellError`]).
//!
//! ```
//! use base::{Lang, Timestamp};
//! use paper::xlsx::{self, Answer, Field, Identity, Input, Item, Limits, Sheet, Workbook};
//!
//! let form = Workbook {
//!     identity: Identity { form: "form-3".into(), version: "2026-04".into(), copy: Some("case-17".into()) },
//!     lang: Lang::Ja,
//!     title: "接続確認環境利用申請書".into(),
//!     number: Some("様式3".into()),
//!     author: "属性連携設定API 運営".into(),
//!     created: Timestamp::from_secs(1_780_000_000),
//!     sheets: vec![Sheet {
//!         name: "申請者".into(),
//!         items: vec![Item::Field(Field {
//!             id: "phone".into(),
//!             label: "代表電話番号".into(),
//!             hint: "例：03-1234-5678".into(),
//!             required: true,
//!             input: Input::Line,
//!             values: vec!["0312345678".into()],
//!         })],
//!         ..Sheet::default()
//!     }],
//! };
//! let file = form.write()?;
//!
//! let filled = xlsx::read(&file, &Limits::default())?;
//! assert_eq!(filled.identity, form.identity); // the caller finds the model by it
//! let answers = filled.answers(&form);
//! assert!(answers.errors.is_empty());
//! let Answer::One(phone) = &answers.answers["phone"] else { panic!() };
//! assert_eq!(phone.text, "0312345678");
//! assert_eq!(phone.at.to_string(), "申請者!C5");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The reader underneath
//!
//! [`calamine`](https://docs.rs/calamine) reads the cells. Two of its ways trust numbers in the file with memory
//! (`uniqueCount` of the shared texts, `si` of shared formulas): the first is checked before, the second is not used. Addresses beyond a
//! sheet and ranges upside down, with which it would overflow, are refused before. It never
//! sees the archive that was sent, only a second one that holds the checked parts.

mod answers;
mod error;
mod marks;
mod model;
mod package;
mod read;
mod write;

pub use answers::{Answer, Answers, Entry};
pub use error::{At, CellError, Fault, OtherKind, Refusal};
pub use model::{Choice, Column, Field, Identity, Input, Item, ModelError, Sheet, Table, Workbook};
pub use read::{Filled, read};

use unicode_normalization::UnicodeNormalization as _;

/// The sheet that holds the drop-downs; very hidden.
const HIDDEN_SHEET: &str = "_enishi";

/// What is read of a file at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file in bytes.
    pub file_bytes: usize,
    /// Entries of the archive.
    pub entries: usize,
    /// Bytes of all parts together, unpacked.
    pub unpacked_bytes: usize,
    /// How many times its packed size a part may have (parts up to 64 KiB excepted).
    pub ratio: usize,
    /// Cells of all sheets together, empty ones with a format included.
    pub cells: usize,
    /// Bytes of the texts of all cells together.
    pub chars: usize,
    /// Characters of one cell.
    pub cell_chars: usize,
}

impl Default for Limits {
    /// Ample for a form of a few hundred rows.
    fn default() -> Self {
        Self {
            file_bytes: 4 << 20,
            entries: 200,
            unpacked_bytes: 24 << 20,
            ratio: 250,
            cells: 100_000,
            chars: 4 << 20,
            cell_chars: 10_000,
        }
    }
}

/// How texts are compared: full-width and half-width, case and blanks make no difference.
fn fold(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Width in half-width characters, estimated.
fn text_width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() || matches!(c, '\u{ff61}'..='\u{ff9f}') { 1 } else { 2 }).sum()
}
