//! A filled-in form by its model: answers, and mistakes with their cells.

use std::collections::BTreeMap;

use base::calendar::ERAS;
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

use super::error::{At, CellError, Fault};
use super::fold;
use super::marks;
use super::model::{Choice, Field, Input, Item, Table, Workbook};
use super::read::{Filled, Got};

/// What was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One text; empty when nothing was entered.
    One(Entry),
    /// Several choices, or the lines of a list. Empty lines are left out.
    Many(Vec<Entry>),
    /// The rows of a table, by column id. Empty rows and cells are left out.
    Rows(Vec<BTreeMap<String, Entry>>),
}

/// A text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The cell.
    pub at: At,
    /// The text. Of a choice its `value`.
    pub text: String,
    /// The spreadsheet held a number or a date and not a text; leading zeros, if there were any, are lost.
    pub number: bool,
}

/// Answers by id of field or table, and the mistakes that were found on the way. A cell with a mistake has no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// By id of field or table.
    pub answers: BTreeMap<String, Answer>,
    /// In the order of the form.
    pub errors: Vec<CellError>,
}

impl Filled {
    /// Reads the answers by the model that the file was written from (the caller finds it by [`Filled::identity`]).
    pub fn answers(&self, model: &Workbook) -> Answers {
        let mut out = Answers::default();
        for sheet in &model.sheets {
            for item in &sheet.items {
                match item {
                    Item::Field(field) => self.field(field, &sheet.name, &mut out),
                    Item::Table(table) => {
                        let rows = self.table(table, &sheet.name, &mut out);
                        out.answers.extend(rows.map(|rows| (table.id.clone(), Answer::Rows(rows))));
                    }
                    Item::Heading(_) | Item::Note(_) | Item::Shown(..) => {}
                }
            }
        }
        for at in self.strays.iter().take(50) {
            out.errors.push(CellError {
                sheet: at.sheet.clone(),
                at: Some(at.clone()),
                field: None,
                label: String::new(),
                fault: Fault::Stray,
            });
        }
        out
    }

    fn field(&self, field: &Field, sheet: &str, out: &mut Answers) {
        let answer = match &field.input {
            Input::List(_) => {
                let Some(rows) = self.tables.get(&field.id) else { return out.missing(sheet, &field.id, &field.label) };
                let cells = rows.iter().filter_map(|row| row.get(marks::LIST));
                Answer::Many(cells.filter_map(|got| out.entry(got, &field.id, &field.label, &Input::Line)).collect())
            }
            Input::Choices(choices) => {
                let mut set = Vec::new();
                for choice in choices {
                    let label = format!("{}：{}", field.label, choice.label);
                    let Some(got) = self.choices.get(&(field.id.clone(), choice.value.clone())) else {
                        out.missing(sheet, &field.id, &label);
                        continue;
                    };
                    if let Some(entry) = out.only(got, &field.id, &label, &Input::Line) {
                        match is_set(&entry.text) {
                            Some(true) => set.push(Entry { text: choice.value.clone(), ..entry }),
                            Some(false) => {}
                            None => out.wrong(&entry.at, &field.id, &label, Fault::NotAMark(entry.text.clone())),
                        }
                    }
                }
                Answer::Many(set)
            }
            input => {
                let Some(got) = self.fields.get(&field.id) else { return out.missing(sheet, &field.id, &field.label) };
                let Some(entry) = out.only(got, &field.id, &field.label, input) else { return };
                Answer::One(entry)
            }
        };
        out.answers.insert(field.id.clone(), answer);
    }

    fn table(&self, table: &Table, sheet: &str, out: &mut Answers) -> Option<Vec<BTreeMap<String, Entry>>> {
        let Some(rows) = self.tables.get(&table.id) else {
            out.missing(sheet, &table.id, &table.label);
            return None;
        };
        let mut answer = Vec::new();
        for row in rows {
            let mut entries = BTreeMap::new();
            for column in &table.columns {
                let Some(got) = row.get(&column.id) else { continue };
                let label = format!("{}：{}", table.label, column.label);
                let entry = out.entry(got, &table.id, &label, &column.input);
                entries.extend(entry.map(|entry| (column.id.clone(), entry)));
            }
            if !entries.is_empty() {
                answer.push(entries);
            }
        }
        Some(answer)
    }
}

impl Answers {
    fn missing(&mut self, sheet: &str, field: &str, label: &str) {
        self.errors.push(CellError {
            sheet: sheet.to_owned(),
            at: None,
            field: Some(field.to_owned()),
            label: label.to_owned(),
            fault: Fault::Missing,
        });
    }

    fn wrong(&mut self, at: &At, field: &str, label: &str, fault: Fault) {
        self.errors.push(CellError {
            sheet: at.sheet.clone(),
            at: Some(at.clone()),
            field: Some(field.to_owned()),
            label: label.to_owned(),
            fault,
        });
    }

    /// The one cell of a field: a copy of its row would leave open which one counts.
    fn only(&mut self, got: &[Got], field: &str, label: &str, input: &Input) -> Option<Entry> {
        if let [_, second, ..] = got {
            self.wrong(&second.at, field, label, Fault::Twice);
            return None;
        }
        self.entry(got.first()?, field, label, input)
    }

    fn entry(&mut self, got: &Got, field: &str, label: &str, input: &Input) -> Option<Entry> {
        if let Some(fault) = &got.fault {
            self.wrong(&got.at, field, label, fault.clone());
            return None;
        }
        let text = match input {
            Input::Date => iso_date(&got.text).map_or_else(|| got.text.clone(), |d| d.to_string()),
            Input::Number => plain_number(&got.text).unwrap_or_else(|| got.text.clone()),
            Input::Choice(choices) if !got.text.is_empty() => match chosen(choices, &got.text) {
                Some(value) => value.to_owned(),
                None => {
                    let allowed = choices.iter().map(|c| c.label.clone()).collect();
                    self.wrong(&got.at, field, label, Fault::NotAChoice(got.text.clone(), allowed));
                    return None;
                }
            },
            _ => got.text.clone(),
        };
        Some(Entry { at: got.at.clone(), text, number: got.number })
    }
}

fn chosen<'a>(choices: &'a [Choice], text: &str) -> Option<&'a str> {
    let folded = fold(text);
    let by_label = choices.iter().find(|c| fold(&c.label) == folded);
    by_label.or_else(|| choices.iter().find(|c| c.value == text)).map(|c| c.value.as_str())
}

/// The many ways to tick. × is left out on purpose: it means yes to some and no to others.
fn is_set(text: &str) -> Option<bool> {
    match text {
        "" | "FALSE" => Some(false),
        "○" | "〇" | "◯" | "●" | "◎" | "✓" | "✔" | "☑" | "レ" | "1" | "TRUE" | "はい" | "yes" | "Yes" | "o" | "O" => {
            Some(true)
        }
        _ => None,
    }
}

/// `2026-04-01` from it, 2026/4/1, 2026.4.1, 2026年4月1日, 令和8年4月1日, R8.4.1 and their full-width forms.
fn iso_date(text: &str) -> Option<Date> {
    let text: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    let (years_before, rest) = ERAS
        .iter()
        .find_map(|era| {
            let rest = text.strip_prefix(era.name).or_else(|| text.strip_prefix(era.letter))?;
            Some((era.since.year() - 1, rest))
        })
        .unwrap_or((0, &text));
    let rest = rest.replacen("元年", "1年", 1);
    let mut parts = rest.split(['-', '/', '.', '年', '月', '日']).filter(|p| !p.is_empty());
    let mut number =
        || parts.next().filter(|p| p.len() <= 4 && p.bytes().all(|b| b.is_ascii_digit()))?.parse::<i16>().ok();
    let (year, month, day) = (number()?, number()?, number()?);
    if parts.next().is_some() || (years_before == 0 && year < 1000) {
        return None;
    }
    Date::new(year.checked_add(years_before)?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// `1000` from `1,000` or `１０００`; none when it is no number.
fn plain_number(text: &str) -> Option<String> {
    let text: String = text.nfkc().filter(|c| !matches!(c, ',' | ' ')).collect();
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let good = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (good(whole) && good(part)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_type_them() {
        for text in [
            "2026-04-01",
            "2026/4/1",
            "2026.4.1",
            "2026年4月1日",
            "令和8年4月1日",
            "R8.4.1",
            "２０２６年４月１日",
            "令和 8 年 4 月 1 日",
        ] {
            assert_eq!(iso_date(text).map(|d| d.to_string()).as_deref(), Some("2026-04-01"), "{text}");
        }
        assert_eq!(iso_date("令和元年5月1日").unwrap().to_string(), "2019-05-01");
        for text in ["", "4/1", "26/4/1", "2026-02-30", "2026-04-01 09:00", "R.4.1", "2026-4-1-1", "近日中"] {
            assert_eq!(iso_date(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_as_people_type_them() {
        assert_eq!(plain_number("１，０００").as_deref(), Some("1000"));
        assert_eq!(plain_number("-1.5").as_deref(), Some("-1.5"));
        for text in ["", "-", "1.", ".5", "1e5", "約100", "0x10"] {
            assert_eq!(plain_number(text), None, "{text}");
        }
    }
}
