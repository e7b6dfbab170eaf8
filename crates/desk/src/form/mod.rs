//! Forms rendered from data: fields for filling in, answers for reading.

pub mod edit;
pub mod paper;
pub mod read;
pub mod sheet;

use base::Lang;
use procedures::compare::Differences;
use procedures::{Answer, Answers, Api, Choice, Field, Finding, Form, Kind, Row};
use serde::Serialize;
use web::FieldError;

/// A form to fill in.
#[derive(Clone, Debug, Serialize)]
pub struct FormView {
    pub id: String,
    pub heading: String,
    pub explanation: String,
    pub sections: Vec<SectionView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SectionView {
    title: String,
    explanation: Option<String>,
    pub fields: Vec<FieldView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FieldView {
    id: String,
    /// What the template makes of it.
    kind: &'static str,
    label: String,
    hint: String,
    required: bool,
    max: Option<i64>,
    /// One text, or the entries of a list one a line.
    value: String,
    /// Year, month, day.
    parts: [String; 3],
    /// What is ticked.
    values: Vec<String>,
    options: Vec<OptionView>,
    columns: Vec<ColumnView>,
    /// The cells of each row, by column.
    rows: Vec<Vec<String>>,
    files: Vec<FileView>,
    /// Remarks of the desk.
    comments: Vec<String>,
    /// What is live, where a change differs from it.
    before: Option<Vec<String>>,
}

#[derive(Clone, Debug, Serialize)]
struct OptionView {
    value: String,
    label: String,
}

#[derive(Clone, Debug, Serialize)]
struct ColumnView {
    id: String,
    kind: &'static str,
    label: String,
    hint: String,
    required: bool,
    options: Vec<OptionView>,
}

#[derive(Clone, Debug, Serialize)]
struct FileView {
    id: String,
    name: String,
    size: u64,
}

/// A form to read.
#[derive(Clone, Debug, Serialize)]
pub struct ReadSection {
    /// Its title.
    pub title: String,
    /// What it asks.
    pub fields: Vec<ReadField>,
}

/// A question with its answer.
#[derive(Clone, Debug, Serialize)]
pub struct ReadField {
    /// Its id.
    pub id: String,
    /// What is asked.
    pub label: String,
    /// Lines; empty when there is no answer.
    pub lines: Vec<String>,
    /// Rows of a table, with their heads.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// Files: id and name.
    pub files: Vec<(String, String)>,
    /// What it was before, where it differs.
    pub before: Option<Vec<String>>,
    /// Remarks on it that are not settled.
    pub comments: Vec<String>,
}

/// What forms are shown with.
pub struct Show<'a> {
    /// The form.
    pub form: &'a Form,
    /// The answers to it.
    pub answers: &'a Answers,
    /// The delivery services that forms offer.
    pub offered: &'a [Choice],
    /// Against what is live.
    pub differences: &'a Differences,
    /// Field (empty: the whole form) and remark.
    pub comments: &'a [(String, String)],
    /// For whom.
    pub lang: Lang,
    /// A field that gets more empty rows.
    pub more: Option<&'a str>,
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Line | Kind::Kana => "line",
        Kind::PostalCode | Kind::CorporateNumber | Kind::Number => "digits",
        Kind::Time => "time",
        Kind::Paragraph => "paragraph",
        Kind::Email => "email",
        Kind::Phone => "phone",
        Kind::Url => "url",
        Kind::RedirectUris | Kind::IpAddresses => "list",
        Kind::Jwks => "jwks",
        Kind::Date => "date",
        Kind::Choice | Kind::YesNo => "one",
        Kind::Choices | Kind::DeliveryServices | Kind::Apis => "some",
        Kind::Logo => "logo",
        Kind::File => "file",
        Kind::Table | Kind::Testers => "rows",
    }
}

/// What can be chosen.
fn options(field: &Field, offered: &[Choice], lang: Lang) -> Vec<OptionView> {
    let of = |list: &[Choice]| -> Vec<OptionView> {
        list.iter().map(|c| OptionView { value: c.id.clone(), label: c.label.get(lang).to_owned() }).collect()
    };
    match field.kind {
        Kind::Choice | Kind::Choices => of(&field.choices),
        Kind::DeliveryServices => of(offered),
        Kind::Apis => {
            Api::ALL.map(|a| OptionView { value: a.as_str().to_owned(), label: a.label(lang).to_owned() }).into()
        }
        Kind::YesNo => [("yes", "はい", "Yes"), ("no", "いいえ", "No")]
            .map(|(value, ja, en)| OptionView {
                value: value.to_owned(),
                label: if lang == Lang::Ja { ja } else { en }.to_owned(),
            })
            .into(),
        _ => Vec::new(),
    }
}

/// The label of a chosen value; a value that is no longer offered shows as it is.
fn label_of(field: &Field, value: &str, offered: &[Choice], lang: Lang) -> String {
    let known = options(field, offered, lang).into_iter().find(|o| o.value == value);
    known.map_or_else(|| value.to_owned(), |o| o.label)
}

/// An answer as lines for a reader.
pub fn lines(field: &Field, answer: Option<&Answer>, offered: &[Choice], lang: Lang) -> Vec<String> {
    match answer {
        None => Vec::new(),
        Some(Answer::Text(text)) => match field.kind {
            Kind::Choice | Kind::YesNo => vec![label_of(field, text.as_str(), offered, lang)],
            Kind::Date => match text.as_str().parse() {
                Ok(day) => vec![base::calendar::long_date(day, lang)],
                Err(_) => vec![text.as_str().to_owned()],
            },
            Kind::Number => match text.as_str().parse() {
                Ok(number) => vec![base::amount::grouped(number)],
                Err(_) => vec![text.as_str().to_owned()],
            },
            _ => text.as_str().lines().map(str::to_owned).collect(),
        },
        Some(Answer::List(list)) => list.iter().map(|v| label_of(field, v.as_str(), offered, lang)).collect(),
        Some(Answer::Files(files)) => files.iter().map(|f| f.name.as_str().to_owned()).collect(),
        Some(Answer::Rows(rows)) => {
            let line = |row: &Row| cells(field, row, offered, lang).join(" / ");
            rows.iter().map(line).collect()
        }
    }
}

/// The cells of a row for a reader, in the order of the columns.
pub fn cells(field: &Field, row: &Row, offered: &[Choice], lang: Lang) -> Vec<String> {
    let cell = |column: &Field| match row.get(&column.id) {
        None => String::new(),
        Some(text) => match column.kind {
            Kind::Choice | Kind::YesNo => label_of(column, text.as_str(), offered, lang),
            _ => text.as_str().to_owned(),
        },
    };
    field.columns.iter().map(cell).collect()
}

/// The hint with the example and the condition.
fn hint(form: &Form, field: &Field, offered: &[Choice], lang: Lang) -> String {
    let mut out = field.hint.get(lang).to_owned();
    if let Some(example) = &field.example {
        match lang {
            Lang::Ja => out.push_str(&format!("（例：{example}）")),
            Lang::En => out.push_str(&format!(" (Example: {example})")),
        }
    }
    if let Some(when) = &field.when
        && let Some(other) = form.field(&when.field)
    {
        let values: Vec<_> = when.is.iter().map(|v| label_of(other, v, offered, lang)).collect();
        match lang {
            Lang::Ja => {
                out.push_str(&format!("「{}」が「{}」のときに入力します。", other.label.ja, values.join("」か「")));
            }
            Lang::En => out.push_str(&format!(" Only when \"{}\" is \"{}\".", other.label.en, values.join("\" or \""))),
        }
    }
    out
}

impl Show<'_> {
    fn comments_on(&self, field: &str) -> Vec<String> {
        self.comments.iter().filter(|(f, _)| f == field).map(|(_, text)| text.clone()).collect()
    }

    fn before(&self, field: &Field) -> Option<Vec<String>> {
        let difference = self.differences.of(&self.form.id).find(|d| d.field == field.id)?;
        Some(lines(field, difference.before.as_ref(), self.offered, self.lang))
    }

    /// The form to fill in.
    pub fn fill(&self) -> FormView {
        let section = |s: &procedures::catalogue::Section| SectionView {
            title: s.title.get(self.lang).to_owned(),
            explanation: s.explanation.as_ref().map(|e| e.get(self.lang).to_owned()),
            fields: s.fields.iter().map(|f| self.field(f)).collect(),
        };
        FormView {
            id: self.form.id.clone(),
            heading: self.form.heading(self.lang),
            explanation: self.form.explanation.get(self.lang).to_owned(),
            sections: self.form.sections.iter().map(section).collect(),
        }
    }

    fn field(&self, field: &Field) -> FieldView {
        let (answers, lang) = (self.answers, self.lang);
        let value =
            if field.kind.is_list() { answers.list(&field.id).join("\n") } else { answers.text(&field.id).to_owned() };
        let mut options = options(field, self.offered, lang);
        if field.kind == Kind::Choice && !field.required {
            // A radio button can't be unset, so there is one for nothing.
            let label = if lang == Lang::Ja { "選択しない" } else { "None of these" };
            options.push(OptionView { value: String::new(), label: label.to_owned() });
        }
        let mut parts = [const { String::new() }; 3];
        if field.kind == Kind::Date {
            for (part, text) in parts.iter_mut().zip(value.splitn(3, '-')) {
                *part = text.trim_start_matches('0').to_owned();
            }
        }
        let cell = |row: &Row, column: &Field| row.get(&column.id).map(|t| t.as_str().to_owned()).unwrap_or_default();
        let mut rows: Vec<Vec<String>> =
            answers.rows(&field.id).iter().map(|row| field.columns.iter().map(|c| cell(row, c)).collect()).collect();
        if field.kind.is_rows() {
            let least = usize::try_from(field.min.unwrap_or(1)).unwrap_or(1);
            let empty = if self.more == Some(field.id.as_str()) { 5 } else { 1 };
            let most = field.max.and_then(|m| usize::try_from(m).ok()).unwrap_or(200);
            let wanted = (rows.len() + empty).max(least).min(most.max(rows.len()));
            rows.resize(wanted, vec![String::new(); field.columns.len()]);
        }
        let column = |c: &Field| ColumnView {
            id: c.id.clone(),
            kind: kind_word(c.kind),
            label: c.label.get(lang).to_owned(),
            hint: hint(self.form, c, self.offered, lang),
            required: c.required,
            options: {
                let mut list = vec![OptionView { value: String::new(), label: "－".to_owned() }];
                list.extend(self::options(c, self.offered, lang));
                list
            },
        };
        FieldView {
            id: field.id.clone(),
            kind: kind_word(field.kind),
            label: field.label.get(lang).to_owned(),
            hint: hint(self.form, field, self.offered, lang),
            required: field.required && field.when.is_none(),
            max: field.max.filter(|_| matches!(field.kind, Kind::Line | Kind::Kana | Kind::Paragraph)),
            values: answers.list(&field.id).into_iter().map(str::to_owned).collect(),
            value,
            parts,
            options,
            columns: field.columns.iter().map(column).collect(),
            rows,
            files: answers
                .files(&field.id)
                .iter()
                .map(|f| FileView { id: f.id.as_str().to_owned(), name: f.name.as_str().to_owned(), size: f.size })
                .collect(),
            comments: self.comments_on(&field.id),
            before: self.before(field),
        }
    }

    /// The answers to read; what is not asked with these answers is left out.
    pub fn read(&self) -> Vec<ReadSection> {
        let read = |field: &Field| ReadField {
            id: field.id.clone(),
            label: field.label.get(self.lang).to_owned(),
            lines: if field.kind.is_rows() || field.kind.is_files() {
                Vec::new()
            } else {
                lines(field, self.answers.get(&field.id), self.offered, self.lang)
            },
            head: field.columns.iter().map(|c| c.label.get(self.lang).to_owned()).collect(),
            rows: self.answers.rows(&field.id).iter().map(|r| cells(field, r, self.offered, self.lang)).collect(),
            files: self
                .answers
                .files(&field.id)
                .iter()
                .map(|f| (f.id.as_str().to_owned(), f.name.as_str().to_owned()))
                .collect(),
            before: self.before(field),
            comments: self.comments_on(&field.id),
        };
        let section = |s: &procedures::catalogue::Section| ReadSection {
            title: s.title.get(self.lang).to_owned(),
            fields: s.fields.iter().filter(|f| self.form.asks(f, self.answers)).map(read).collect(),
        };
        self.form.sections.iter().map(section).filter(|s| !s.fields.is_empty()).collect()
    }
}

/// Findings as the page blames fields for them. Several for one field become one line each.
pub fn errors<'f>(findings: impl IntoIterator<Item = &'f Finding>, lang: Lang) -> Vec<FieldError> {
    let mut out: Vec<FieldError> = Vec::new();
    for finding in findings {
        let field = finding.place.input();
        let message = finding.text(lang).to_owned();
        match out.iter_mut().find(|e| e.field == field) {
            Some(error) if !error.message.contains(&message) => {
                if lang == Lang::En {
                    error.message.push(' ');
                }
                error.message.push_str(&message);
            }
            Some(_) => {}
            None => out.push(FieldError { field, message }),
        }
    }
    out
}
