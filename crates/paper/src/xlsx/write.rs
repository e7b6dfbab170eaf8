//! A [`Workbook`] as an .xlsx file.

use base::calendar;
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, IgnoreError,
    ProtectionOptions, Workbook as File, Worksheet, XlsxError,
};

use super::marks::{self, Mark};
use super::model::{Choice, Column, Field, Input, Item, MAX_CELL, ModelError, Sheet, Table, Workbook};
use super::{HIDDEN_SHEET, text_width};

/// Hidden column of marks; label; input; hint.
const MARKS: u16 = 0;
const LABEL: u16 = 1;
const INPUT: u16 = 2;
const HINT: u16 = 3;
/// Widths in characters of the columns from [`LABEL`] on.
const WIDTHS: [f64; 3] = [30.0, 52.0, 34.0];
const FURTHER_WIDTH: f64 = 24.0;

/// What Excel and LibreOffice have in Japan; the character set makes others choose a Japanese font.
const FONT: &str = "Yu Gothic";
const CHARSET_SHIFT_JIS: u8 = 128;
const FAMILY_SWISS: u8 = 2;

/// Sets a choice out of several.
pub(super) const MARK: &str = "○";

impl Workbook {
    /// Writes the workbook. The same model gives the same bytes.
    ///
    /// Every text cell is of type string with the number format "text": nothing that starts with `=`, `+`, `-` or `@`
    /// is ever a formula, and what is typed (postal codes, telephone numbers) keeps its leading zeros.
    ///
    /// # Errors
    /// [`ModelError`], as [`Workbook::check`] says, or when a text is too long for a cell.
    pub fn write(&self) -> Result<Vec<u8>, ModelError> {
        self.check()?;
        let looks = Looks::new();
        let mut file = File::new();
        file.set_default_format(&looks.plain, 24, 72).map_err(library)?;
        let made = calendar::jst(self.created);
        let made = ExcelDateTime::from_ymd(made.year().clamp(1900, 9999) as u16, made.month() as u8, made.day() as u8)
            .and_then(|d| d.and_hms(made.hour() as u16, made.minute() as u8, f64::from(made.second())))
            .map_err(library)?;
        file.set_properties(
            &DocProperties::new()
                .set_title(&self.title)
                .set_subject(self.number.as_deref().unwrap_or_default())
                .set_author(&self.author)
                .set_creation_datetime(&made),
        );
        let mut lists = Lists::default();
        for sheet in &self.sheets {
            let page = Page { book: self, looks: &looks, sheet: file.add_worksheet(), row: 0, lists: &mut lists };
            page.write(sheet)?;
        }
        let hidden = file.add_worksheet();
        hidden.set_name(HIDDEN_SHEET).map_err(library)?;
        hidden.set_very_hidden(true).protect();
        let identity = marks::identity(&self.identity);
        hidden.write_string_with_format(0, 0, &identity, &looks.plain).map_err(library)?;
        for (column, list) in (1u16..).zip(&lists.lists) {
            for (row, label) in (0u32..).zip(list) {
                put(hidden, row, column, label, &looks.plain)?;
            }
        }
        file.save_to_buffer().map_err(library)
    }
}

fn library(error: XlsxError) -> ModelError {
    ModelError::Library(error.to_string())
}

struct Looks {
    plain: Format,
    title: Format,
    number: Format,
    sheet_title: Format,
    heading: Format,
    note: Format,
    label: Format,
    hint: Format,
    shown: Format,
    input: Format,
    input_quoted: Format,
    mark: Format,
}

impl Looks {
    fn new() -> Self {
        let plain = Format::new()
            .set_font_name(FONT)
            .set_font_size(11)
            .set_font_family(FAMILY_SWISS)
            .set_font_charset(CHARSET_SHIFT_JIS);
        // 49 is the built-in "text" format.
        let text = plain.clone().set_num_format_index(49).set_text_wrap().set_align(FormatAlign::Top);
        let boxed = text.clone().set_border(FormatBorder::Thin).set_border_color(0x76_76_76);
        let input = boxed.clone().set_background_color(0xff_fb_e6).set_unlocked();
        Self {
            title: text.clone().set_font_size(16).set_bold().unset_text_wrap(),
            number: text.clone().set_align(FormatAlign::Right).unset_text_wrap(),
            sheet_title: text.clone().set_font_size(13).set_bold().unset_text_wrap(),
            heading: text.clone().set_bold().set_background_color(0xe8_f1_fe).set_font_size(12).unset_text_wrap(),
            note: text.clone(),
            label: boxed.clone().set_bold().set_background_color(0xf2_f2_f2),
            hint: text.set_font_size(9).set_font_color(0x59_59_59),
            shown: boxed.set_background_color(0xf8_f8_f8),
            input_quoted: input.clone().set_quote_prefix(),
            mark: input.clone().set_align(FormatAlign::Center),
            input,
            plain,
        }
    }

    /// Spreadsheets that look at the content and not at the cell's type are told by the prefix that this is a text.
    fn input(&self, text: &str) -> &Format {
        if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) { &self.input_quoted } else { &self.input }
    }
}

/// The drop-downs; equal ones share a column of the hidden sheet.
#[derive(Default)]
struct Lists {
    lists: Vec<Vec<String>>,
}

impl Lists {
    fn reference(&mut self, labels: Vec<String>) -> String {
        let length = labels.len();
        let at = self.lists.iter().position(|l| *l == labels).unwrap_or_else(|| {
            self.lists.push(labels);
            self.lists.len() - 1
        });
        // The first column holds the identity.
        let letters = super::At { sheet: String::new(), row: 0, column: at as u32 + 1 }.cell();
        let letters = letters.trim_end_matches('1');
        format!("={HIDDEN_SHEET}!${letters}$1:${letters}${length}")
    }
}

struct Page<'a> {
    book: &'a Workbook,
    looks: &'a Looks,
    sheet: &'a mut Worksheet,
    row: u32,
    lists: &'a mut Lists,
}

impl Page<'_> {
    fn write(mut self, model: &Sheet) -> Result<(), ModelError> {
        let sheet = &mut *self.sheet;
        sheet.set_name(&model.name).map_err(library)?;
        let further = model.items.iter().map(|item| if let Item::Table(t) = item { t.columns.len() } else { 0 }).max();
        let last = INPUT + (further.unwrap_or(0).max(2) as u16 - 1);
        for column in LABEL..=last {
            let width = WIDTHS.get(usize::from(column - LABEL)).copied().unwrap_or(FURTHER_WIDTH);
            sheet.set_column_width(column, width).map_err(library)?;
        }
        sheet.set_column_hidden(MARKS).map_err(library)?;
        sheet.set_paper_size(9).set_print_fit_to_pages(1, 0).set_margins(0.5, 0.5, 0.6, 0.6, 0.3, 0.3);
        if last > HINT {
            sheet.set_landscape();
        }
        let number = self.book.number.as_deref().unwrap_or_default().replace('&', "&&");
        sheet.set_footer(format!("&L{number}&R&P / &N"));
        sheet.protect_with_options(&ProtectionOptions {
            insert_rows: true,
            format_rows: true,
            format_columns: true,
            ..ProtectionOptions::default()
        });

        // Two hidden rows say what the file is and where its columns are.
        let looks = self.looks;
        self.hidden(&[(MARKS, marks::identity(&self.book.identity))])?;
        self.hidden(&[(MARKS, Mark::Roles.to_string()), (INPUT, marks::INPUT.into())])?;

        let title_row = self.row;
        self.mark(&Mark::Text)?;
        self.text(LABEL, &self.book.title, &looks.title)?;
        if let Some(number) = &self.book.number {
            self.text(last.max(HINT), number, &looks.number)?;
        }
        self.sheet.set_row_height(self.row, 28).map_err(library)?;
        self.sheet.set_repeat_rows(title_row, title_row).map_err(library)?;
        self.row += 1;
        if !model.title.is_empty() {
            self.line(&model.title, &looks.sheet_title, 22.0)?;
        }
        for (label, text) in &model.facts {
            self.pair(&Mark::Text, label, text, &looks.shown, "")?;
        }
        for text in &model.instructions {
            self.wide(text, &looks.note, last)?;
        }
        self.row += 1;
        for item in &model.items {
            match item {
                Item::Heading(text) => {
                    self.row += 1;
                    for column in INPUT..=HINT {
                        self.sheet.write_blank(self.row, column, &looks.heading).map_err(library)?;
                    }
                    self.line(text, &looks.heading, 22.0)?;
                }
                Item::Note(text) => self.wide(text, &looks.note, last)?,
                Item::Shown(label, text) => self.pair(&Mark::Text, label, text, &looks.shown, "")?,
                Item::Field(field) => match &field.input {
                    Input::List(empty) => self.list(field, *empty, last)?,
                    Input::Choices(choices) => self.choices(field, choices)?,
                    _ => self.field(field)?,
                },
                Item::Table(table) => self.table(table, last)?,
            }
        }
        self.sheet.ignore_error_range(0, MARKS, self.row, last, IgnoreError::NumberStoredAsText).map_err(library)?;
        self.sheet.set_print_area(title_row, LABEL, self.row.max(title_row + 1), last.max(HINT)).map_err(library)?;
        Ok(())
    }

    fn mark(&mut self, mark: &Mark) -> Result<(), ModelError> {
        put(self.sheet, self.row, MARKS, &mark.to_string(), &self.looks.plain)
    }

    fn text(&mut self, column: u16, text: &str, format: &Format) -> Result<(), ModelError> {
        put(self.sheet, self.row, column, text, format)
    }

    /// A hidden row of marks.
    fn hidden(&mut self, cells: &[(u16, String)]) -> Result<(), ModelError> {
        for (column, text) in cells {
            put(self.sheet, self.row, *column, text, &self.looks.plain)?;
        }
        self.sheet.set_row_hidden(self.row).map_err(library)?;
        self.row += 1;
        Ok(())
    }

    /// One line that may run over the columns beside it.
    fn line(&mut self, text: &str, format: &Format, height: f64) -> Result<(), ModelError> {
        self.mark(&Mark::Text)?;
        self.text(LABEL, text, format)?;
        self.sheet.set_row_height(self.row, height).map_err(library)?;
        self.row += 1;
        Ok(())
    }

    /// A paragraph over the whole width.
    fn wide(&mut self, text: &str, format: &Format, last: u16) -> Result<(), ModelError> {
        self.mark(&Mark::Text)?;
        let last = last.max(HINT);
        self.sheet.merge_range(self.row, LABEL, self.row, last, "", format).map_err(library)?;
        self.text(LABEL, text, format)?;
        let width: f64 = (LABEL..=last).map(width_of).sum();
        self.height(&[(text, width)])?;
        self.row += 1;
        Ok(())
    }

    fn pair(&mut self, mark: &Mark, label: &str, text: &str, format: &Format, hint: &str) -> Result<(), ModelError> {
        self.mark(mark)?;
        self.text(LABEL, label, &self.looks.label)?;
        self.text(INPUT, text, format)?;
        if !hint.is_empty() {
            self.text(HINT, hint, &self.looks.hint)?;
        }
        self.height(&[(label, width_of(LABEL)), (text, width_of(INPUT)), (hint, width_of(HINT) * 1.2)])?;
        self.row += 1;
        Ok(())
    }

    /// High enough for the longest of these texts in columns of these widths.
    fn height(&mut self, texts: &[(&str, f64)]) -> Result<(), ModelError> {
        let lines = texts.iter().map(|(text, width)| lines(text, *width)).max().unwrap_or(1);
        self.sheet.set_row_height(self.row, 20.0 * lines.clamp(1, 21) as f64).map_err(library)?;
        Ok(())
    }

    fn required(&self, label: &str, required: bool) -> String {
        match (required, self.book.lang) {
            (false, _) => label.to_owned(),
            (true, base::Lang::Ja) => format!("{label}【必須】"),
            (true, base::Lang::En) => format!("{label} (required)"),
        }
    }

    fn field(&mut self, field: &Field) -> Result<(), ModelError> {
        let label = self.required(&field.label, field.required);
        let value = field.values.first().map_or("", String::as_str);
        let shown = match &field.input {
            Input::Choice(choices) => label_of(choices, value),
            _ => value,
        };
        if let Input::Choice(choices) = &field.input {
            self.drop_down(self.row, self.row, INPUT, choices.iter().map(|c| c.label.clone()).collect())?;
        }
        let row = self.row;
        self.pair(&Mark::Field(field.id.clone()), &label, shown, self.looks.input(shown), &field.hint)?;
        if field.input == Input::Paragraph {
            let needed = lines(shown, width_of(INPUT)).max(5).max(lines(&field.hint, width_of(HINT) * 1.2));
            self.sheet.set_row_height(row, 20.0 * needed.min(21) as f64).map_err(library)?;
        }
        Ok(())
    }

    fn choices(&mut self, field: &Field, choices: &[Choice]) -> Result<(), ModelError> {
        let label = self.required(&field.label, field.required);
        self.caption(&label, &field.hint, HINT)?;
        for choice in choices {
            let set = field.values.contains(&choice.value);
            self.drop_down(self.row, self.row, INPUT, vec![MARK.into()])?;
            let mark = Mark::Choice(field.id.clone(), choice.value.clone());
            self.pair(&mark, &choice.label, if set { MARK } else { "" }, &self.looks.mark, "")?;
        }
        self.row += 1;
        Ok(())
    }

    /// Label and hint above a table.
    fn caption(&mut self, label: &str, hint: &str, last: u16) -> Result<(), ModelError> {
        self.line(label, &self.looks.sheet_title.clone().set_font_size(11), 20.0)?;
        if hint.is_empty() { Ok(()) } else { self.wide(hint, &self.looks.hint, last) }
    }

    fn list(&mut self, field: &Field, empty: usize, last: u16) -> Result<(), ModelError> {
        self.table(
            &Table {
                id: field.id.clone(),
                label: field.label.clone(),
                hint: field.hint.clone(),
                required: field.required,
                columns: vec![Column {
                    id: marks::LIST.into(),
                    label: match self.book.lang {
                        base::Lang::Ja => "値（1行に1つ）".into(),
                        base::Lang::En => "Value (one per row)".into(),
                    },
                    hint: String::new(),
                    required: false,
                    input: Input::Line,
                }],
                rows: field.values.iter().map(|v| vec![v.clone()]).collect(),
                empty_rows: empty,
            },
            last,
        )
    }

    fn table(&mut self, table: &Table, last: u16) -> Result<(), ModelError> {
        let looks = self.looks;
        let label = self.required(&table.label, table.required);
        self.caption(&label, &table.hint, last)?;
        let mut ids = vec![(MARKS, Mark::Columns(table.id.clone()).to_string())];
        ids.extend((INPUT..).zip(&table.columns).map(|(c, column)| (c, Mark::column(&column.id))));
        self.hidden(&ids)?;

        self.mark(&Mark::Head(table.id.clone()))?;
        self.text(
            LABEL,
            match self.book.lang {
                base::Lang::Ja => "番号",
                base::Lang::En => "No.",
            },
            &looks.label,
        )?;
        let mut heads = Vec::new();
        for (at, column) in (INPUT..).zip(&table.columns) {
            let mut head = self.required(&column.label, column.required);
            if !column.hint.is_empty() {
                head = format!("{head}\n{}", column.hint);
            }
            self.text(at, &head, &looks.label)?;
            heads.push((head, width_of(at)));
        }
        self.height(&heads.iter().map(|(h, w)| (h.as_str(), *w)).collect::<Vec<_>>())?;
        self.row += 1;

        let count = (table.rows.len() + table.empty_rows).max(1);
        let first = self.row;
        for number in 0..count {
            self.mark(&Mark::Row(table.id.clone()))?;
            self.text(LABEL, &(number + 1).to_string(), &looks.label)?;
            let mut texts = Vec::new();
            for (i, (at, column)) in (INPUT..).zip(&table.columns).enumerate() {
                let value = table.rows.get(number).and_then(|r| r.get(i)).map_or("", String::as_str);
                let shown = match &column.input {
                    Input::Choice(choices) => label_of(choices, value),
                    _ => value,
                };
                self.text(at, shown, looks.input(shown))?;
                texts.push((shown, width_of(at)));
            }
            self.height(&texts)?;
            self.row += 1;
        }
        for (at, column) in (INPUT..).zip(&table.columns) {
            if let Input::Choice(choices) = &column.input {
                self.drop_down(first, self.row - 1, at, choices.iter().map(|c| c.label.clone()).collect())?;
            }
        }
        self.mark(&Mark::End(table.id.clone()))?;
        let more = match self.book.lang {
            base::Lang::Ja => "行が足りないときは、この行の上に行を挿入してください。",
            base::Lang::En => "If there are too few rows, insert rows above this one.",
        };
        self.text(LABEL, more, &looks.hint.clone().unset_text_wrap())?;
        self.row += 2;
        Ok(())
    }

    fn drop_down(&mut self, from: u32, to: u32, column: u16, labels: Vec<String>) -> Result<(), ModelError> {
        let (title, message) = match self.book.lang {
            base::Lang::Ja => ("選択肢にありません", "一覧から選んでください。"),
            base::Lang::En => ("Not one of the choices", "Please choose from the list."),
        };
        let list = self.lists.reference(labels);
        let validation = DataValidation::new()
            .allow_list_formula(Formula::new(list))
            .set_error_title(title)
            .and_then(|v| v.set_error_message(message))
            .map_err(library)?;
        self.sheet.add_data_validation(from, column, to, column, &validation).map_err(library)?;
        Ok(())
    }
}

fn label_of<'a>(choices: &'a [Choice], value: &'a str) -> &'a str {
    choices.iter().find(|c| c.value == value).map_or(value, |c| &c.label)
}

fn width_of(column: u16) -> f64 {
    WIDTHS.get(usize::from(column - LABEL)).copied().unwrap_or(FURTHER_WIDTH)
}

/// How many lines a text takes in a column of this width, estimated.
fn lines(text: &str, width: f64) -> usize {
    text.lines().map(|line| ((text_width(line) as f64 / (width - 2.0)).ceil() as usize).max(1)).sum::<usize>().max(1)
}

fn put(sheet: &mut Worksheet, row: u32, column: u16, text: &str, format: &Format) -> Result<(), ModelError> {
    if text.encode_utf16().count() > MAX_CELL {
        return Err(ModelError::TooMuch(text.chars().take(40).collect()));
    }
    let done = if text.is_empty() {
        sheet.write_blank(row, column, format)
    } else {
        sheet.write_string_with_format(row, column, text, format)
    };
    done.map(|_| ()).map_err(library)
}
