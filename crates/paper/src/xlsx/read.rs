//! An .xlsx file as what its marks say.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, Xlsx, XlsxError};

use super::error::{At, Fault, OtherKind, Refusal};
use super::marks::{self, Mark};
use super::model::Identity;
use super::{HIDDEN_SHEET, Limits, package};

/// A filled-in form, as far as the file alone tells. [`Filled::answers`] reads it by the form's model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Which form, version and copy the file says it is. A stranger can write anything here.
    pub identity: Identity,
    pub(super) fields: BTreeMap<String, Vec<Got>>,
    pub(super) choices: BTreeMap<(String, String), Vec<Got>>,
    pub(super) tables: BTreeMap<String, Vec<BTreeMap<String, Got>>>,
    pub(super) strays: Vec<At>,
}

/// A cell that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) at: At,
    pub(super) text: String,
    pub(super) number: bool,
    pub(super) fault: Option<Fault>,
}

/// Reads a filled-in form.
///
/// # Errors
/// [`Refusal`] when the file is no form of ours or holds what a form must not hold. Mistakes in single cells are
/// reported by [`Filled::answers`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Filled, Refusal> {
    let checked = package::open(bytes, limits)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(checked)).map_err(|e| refusal(&e))?;
    let sheets: Vec<String> =
        book.sheets_metadata().iter().filter(|s| s.typ == SheetType::WorkSheet).map(|s| s.name.clone()).collect();
    if sheets.len() > 64 {
        return Err(Refusal::TooMuchInside("sheets"));
    }
    let mut filled: Option<Filled> = None;
    let mut unmarked = Vec::new();
    let mut budget = Budget { cells: limits.cells, chars: limits.chars };
    for name in &sheets {
        let rows = rows_of(&mut book, name, limits, &mut budget)?;
        let identity = rows.get(&0).and_then(|r| r.get(&0)).and_then(|got| marks::parse_identity(&got.text));
        let Some(identity) = identity else {
            // Somebody's own sheet: what is written there would get lost unseen.
            if name != HIDDEN_SHEET {
                unmarked.extend(rows.values().flat_map(BTreeMap::values).next().map(|got| got.at.clone()));
            }
            continue;
        };
        let filled = filled.get_or_insert_with(|| Filled {
            identity: identity.clone(),
            fields: BTreeMap::new(),
            choices: BTreeMap::new(),
            tables: BTreeMap::new(),
            strays: Vec::new(),
        });
        if filled.identity != identity {
            return Err(Refusal::MixedForms);
        }
        if name != HIDDEN_SHEET {
            filled.take_sheet(rows);
        }
    }
    let mut filled = filled.ok_or(Refusal::NotOurForm)?;
    filled.strays.append(&mut unmarked);
    Ok(filled)
}

fn refusal(error: &XlsxError) -> Refusal {
    match error {
        XlsxError::Password => Refusal::Encrypted,
        XlsxError::NotAWorksheet(_) | XlsxError::WorksheetNotFound(_) | XlsxError::FileNotFound(_) => {
            Refusal::OtherKind(OtherKind::Unknown)
        }
        other => Refusal::Damaged(other.to_string()),
    }
}

struct Budget {
    cells: usize,
    chars: usize,
}

type Rows = BTreeMap<u32, BTreeMap<u32, Got>>;

fn rows_of(
    book: &mut Xlsx<Cursor<Vec<u8>>>,
    sheet: &str,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Rows, Refusal> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|e| refusal(&e))?;
    let mut rows = Rows::new();
    // Not the call that writes formulas out: it reserves memory by a number in the file.
    while let Some(record) = cells.next_cell_with_formula_metadata().map_err(|e| refusal(&e))? {
        budget.cells = budget.cells.checked_sub(1).ok_or(Refusal::TooMuchInside("cells"))?;
        let (mut text, number, mut fault) = text_of(&record.value);
        if record.formula.is_some() {
            fault = Some(Fault::Formula);
        }
        let chars = text.chars().count();
        if chars > limits.cell_chars {
            fault = fault.or(Some(Fault::TooLong { chars, limit: limits.cell_chars }));
            text = text.chars().take(limits.cell_chars).collect();
        }
        budget.chars = budget.chars.checked_sub(text.len()).ok_or(Refusal::TooMuchInside("texts"))?;
        let text = tidy(&text);
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            fault = fault.or(Some(Fault::Invisible));
        }
        if text.is_empty() && fault.is_none() {
            continue;
        }
        let (row, column) = record.pos;
        let at = At { sheet: sheet.to_owned(), row, column };
        rows.entry(row).or_default().insert(column, Got { at, text, number, fault });
    }
    Ok(rows)
}

/// One kind of line end, no blanks at the ends.
fn tidy(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

/// A value as text, whether the spreadsheet held it as a number, and what is wrong with it.
fn text_of(value: &DataRef<'_>) -> (String, bool, Option<Fault>) {
    match value {
        DataRef::Empty => (String::new(), false, None),
        DataRef::String(s) => (s.clone(), false, None),
        DataRef::SharedString(s) => ((*s).to_owned(), false, None),
        DataRef::Int(n) => (n.to_string(), true, None),
        DataRef::Float(n) => (number_text(*n), true, None),
        DataRef::Bool(b) => (if *b { "TRUE" } else { "FALSE" }.to_owned(), false, None),
        DataRef::DateTime(t) => (date_text(t), true, None),
        DataRef::DateTimeIso(t) => (t.strip_suffix("T00:00:00").unwrap_or(t).to_owned(), false, None),
        DataRef::DurationIso(t) => (t.clone(), false, None),
        DataRef::Error(e) => (String::new(), false, Some(Fault::ErrorValue(e.to_string()))),
    }
}

/// 15 digits are what a spreadsheet keeps: 0.1 + 0.2 is shown, and read, as 0.3.
fn number_text(n: f64) -> String {
    if !n.is_finite() {
        return String::new();
    }
    if n.fract() == 0.0 && n.abs() < 1e15 {
        // Through an integer: minus zero is zero.
        return (n as i64).to_string();
    }
    let rounded: f64 = format!("{n:.14e}").parse().unwrap_or(n);
    rounded.to_string()
}

/// `2026-04-01`; with a time of day `2026-04-01 09:30`; a time alone `09:30`.
fn date_text(t: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = t.to_ymd_hms_milli();
    let seconds = if second > 0 { format!(":{second:02}") } else { String::new() };
    let time = format!("{hour:02}:{minute:02}{seconds}");
    let serial = t.as_f64();
    if t.is_duration() || (0.0..1.0).contains(&serial) {
        let minutes = (serial * 1440.0).round().clamp(0.0, 1e9) as u64;
        return if t.is_duration() { format!("{:02}:{:02}", minutes / 60, minutes % 60) } else { time };
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if serial.fract() == 0.0 { date } else { format!("{date} {time}") }
}

impl Filled {
    fn take_sheet(&mut self, rows: Rows) {
        let mut input = 2;
        // The table that rows without a mark belong to, with its columns.
        let mut table: Option<(String, BTreeMap<u32, String>)> = None;
        let mut columns: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
        for (row, mut cells) in rows {
            if row == 0 {
                continue;
            }
            let mark = cells.get(&0).and_then(|got| Mark::parse(&got.text));
            match mark {
                Some(Mark::Roles) => {
                    input = cells.iter().find(|(_, got)| got.text == marks::INPUT).map_or(input, |(c, _)| *c);
                    table = None;
                }
                Some(Mark::Columns(id)) => {
                    let ids: BTreeMap<u32, String> =
                        cells.iter().filter_map(|(c, got)| Some((*c, Mark::parse_column(&got.text)?))).collect();
                    columns.insert(id.clone(), ids.clone());
                    self.tables.entry(id.clone()).or_default();
                    table = Some((id, ids));
                }
                Some(Mark::Head(_)) => {}
                Some(Mark::End(_) | Mark::Text) => table = None,
                Some(Mark::Field(id)) => {
                    table = None;
                    let got = take_input(&mut cells, input);
                    self.fields.entry(id).or_default().extend(Some(got.unwrap_or_else(|| blank(&cells, row, input))));
                    self.note_strays(&cells, input);
                }
                Some(Mark::Choice(id, value)) => {
                    table = None;
                    let got = take_input(&mut cells, input);
                    let got = got.unwrap_or_else(|| blank(&cells, row, input));
                    self.choices.entry((id, value)).or_default().push(got);
                    self.note_strays(&cells, input);
                }
                Some(Mark::Row(id)) => {
                    let ids = columns.get(&id).cloned().unwrap_or_default();
                    self.take_row(&id, &ids, cells);
                    table = Some((id, ids));
                }
                None => match &table {
                    Some((id, ids)) => {
                        let (id, ids) = (id.clone(), ids.clone());
                        self.take_row(&id, &ids, cells);
                    }
                    None => self.strays.extend(cells.into_values().next().map(|got| got.at)),
                },
            }
        }
    }

    fn take_row(&mut self, id: &str, columns: &BTreeMap<u32, String>, cells: BTreeMap<u32, Got>) {
        let first = columns.keys().next().copied().unwrap_or(u32::MAX);
        let mut row = BTreeMap::new();
        for (column, got) in cells {
            if let Some(name) = columns.get(&column) {
                row.insert(name.clone(), got);
            } else if column > first {
                self.strays.push(got.at);
            }
        }
        if !row.is_empty() {
            self.tables.entry(id.to_owned()).or_default().push(row);
        }
    }

    /// What stands right of the hint was typed by somebody.
    fn note_strays(&mut self, cells: &BTreeMap<u32, Got>, input: u32) {
        self.strays.extend(cells.range(input.saturating_add(2)..).map(|(_, got)| got.at.clone()));
    }
}

fn take_input(cells: &mut BTreeMap<u32, Got>, input: u32) -> Option<Got> {
    cells.remove(&input)
}

fn blank(cells: &BTreeMap<u32, Got>, row: u32, column: u32) -> Got {
    let sheet = cells.values().next().map(|got| got.at.sheet.clone()).unwrap_or_default();
    Got { at: At { sheet, row, column }, text: String::new(), number: false, fault: None }
}
