//! Forms as spreadsheets and PDF: what is written, and what a filled-in spreadsheet says.

use std::collections::BTreeMap;

use ::paper::pdf;
use ::paper::xlsx::{self, At, Identity, Input, Item, Sheet, Workbook};
use base::{Lang, Timestamp};
use procedures::{Answers, Field, Finding, Form, Kind, World};
use serde::{Deserialize, Serialize};

use super::{ReadSection, Show, lines, options};

/// Empty lines for a list, and empty rows for a table, beyond what is filled in.
const EMPTY: usize = 5;

/// What stands on the paper besides the form.
pub(crate) struct Heading<'a> {
    pub(crate) receipt: &'a str,
    pub(crate) org: &'a str,
    pub(crate) service: &'a str,
    pub(crate) author: String,
    pub(crate) now: Timestamp,
}

/// Which form, of which wording, for which case.
pub(crate) fn identity(form: &Form, case: &str) -> Result<Identity, serde_json::Error> {
    let version = base::codec::sha256_b64url(&serde_json::to_string(form)?);
    Ok(Identity { form: form.id.clone(), version: version.chars().take(12).collect(), copy: Some(case.to_owned()) })
}

/// The form as a workbook, filled in with what is there.
pub(crate) fn workbook(show: &Show<'_>, case: &str, heading: &Heading<'_>) -> Result<Workbook, serde_json::Error> {
    let (form, lang) = (show.form, show.lang);
    let ja = lang == Lang::Ja;
    let word = |j: &str, e: &str| if ja { j } else { e }.to_owned();
    let mut items = Vec::new();
    for section in &form.sections {
        items.push(Item::Heading(section.title.get(lang).to_owned()));
        items.extend(section.explanation.as_ref().map(|e| Item::Note(e.get(lang).to_owned())));
        items.extend(section.fields.iter().map(|f| item(show, f)));
    }
    // Excel takes 31 characters, and none of these, in the name of a sheet.
    let name: String = form.title.get(lang).chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(28).collect();
    Ok(Workbook {
        identity: identity(form, case)?,
        lang,
        title: form.title.get(lang).to_owned(),
        number: form.number.clone(),
        author: heading.author.clone(),
        created: heading.now,
        sheets: vec![Sheet {
            name,
            // The workbook's title stands above it already.
            title: String::new(),
            facts: vec![
                (word("受付番号", "Receipt number"), heading.receipt.to_owned()),
                (word("組織", "Organisation"), heading.org.to_owned()),
                (word("サービス", "Service"), heading.service.to_owned()),
            ],
            instructions: vec![
                form.explanation.get(lang).to_owned(),
                word(
                    "記入したら、同じ画面からアップロードしてください。ファイルの添付は画面で行います。秘密鍵は書かないでください。",
                    "When it is filled in, upload it on the same page. Files are attached on the page. Never write a private key.",
                ),
            ],
            items,
        }],
    })
}

fn choices(list: &[super::OptionView]) -> Vec<xlsx::Choice> {
    list.iter().map(|o| xlsx::Choice { value: o.value.clone(), label: o.label.clone() }).collect()
}

fn input(show: &Show<'_>, field: &Field) -> Input {
    match field.kind {
        Kind::Paragraph | Kind::Jwks => Input::Paragraph,
        Kind::Date => Input::Date,
        Kind::Number => Input::Number,
        Kind::Choice | Kind::YesNo => Input::Choice(choices(&options(field, show.offered, show.lang))),
        Kind::Choices | Kind::Apis | Kind::DeliveryServices => {
            Input::Choices(choices(&options(field, show.offered, show.lang)))
        }
        Kind::RedirectUris | Kind::IpAddresses => Input::List(EMPTY),
        _ => Input::Line,
    }
}

fn item(show: &Show<'_>, field: &Field) -> Item {
    let (answers, lang) = (show.answers, show.lang);
    let label = field.label.get(lang).to_owned();
    if field.kind.is_files() {
        let names = lines(field, answers.get(&field.id), show.offered, lang);
        let text = match (names.is_empty(), lang) {
            (false, _) => names.join("、"),
            (true, Lang::Ja) => "（画面で添付してください）".to_owned(),
            (true, Lang::En) => "(to be attached on the page)".to_owned(),
        };
        return Item::Shown(label, text);
    }
    let hint = super::hint(show.form, field, show.offered, lang);
    if field.kind.is_rows() {
        let column = |c: &Field| xlsx::Column {
            id: c.id.clone(),
            label: c.label.get(lang).to_owned(),
            hint: c.hint.get(lang).to_owned(),
            required: c.required,
            input: input(show, c),
        };
        let cell = |row: &procedures::Row, c: &Field| row.get(&c.id).map(|t| t.as_str().to_owned()).unwrap_or_default();
        return Item::Table(xlsx::Table {
            id: field.id.clone(),
            label,
            hint,
            required: field.required,
            columns: field.columns.iter().map(column).collect(),
            rows: answers
                .rows(&field.id)
                .iter()
                .map(|row| field.columns.iter().map(|c| cell(row, c)).collect())
                .collect(),
            empty_rows: EMPTY,
        });
    }
    let values = if field.kind.is_list() {
        answers.list(&field.id).into_iter().map(str::to_owned).collect()
    } else {
        Some(answers.text(&field.id)).filter(|t| !t.is_empty()).map(str::to_owned).into_iter().collect()
    };
    Item::Field(xlsx::Field {
        id: field.id.clone(),
        label,
        hint,
        required: field.required && field.when.is_none(),
        input: input(show, field),
        values,
    })
}

/// What a filled-in spreadsheet says.
#[derive(Debug)]
pub(crate) struct FilledIn {
    /// The answers that can be kept, those of the draft where the file has none to give (files).
    pub(crate) answers: Answers,
    /// Everything that is wrong, each with its sheet and cell and how to mend it.
    pub(crate) findings: Vec<SheetFinding>,
}

/// Something wrong in a spreadsheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SheetFinding {
    /// Sheet and cell, for a reader; empty when it is about no cell.
    pub(crate) place: String,
    /// What is wrong and how to mend it.
    pub(crate) message: String,
}

/// Reads a spreadsheet by the form it was made from.
///
/// # Errors
/// A text for the reader: another kind of file, another form, an older wording, something that has no place in a form.
pub(crate) fn read(
    bytes: &[u8],
    show: &Show<'_>,
    case: &str,
    heading: &Heading<'_>,
    world: &World<'_>,
) -> Result<FilledIn, String> {
    let lang = show.lang;
    let fault = |e: serde_json::Error| e.to_string();
    let filled = xlsx::read(bytes, &xlsx::Limits::default())
        .map_err(|refusal| format!("{}{}", refusal.what(lang), refusal.mend(lang)))?;
    let expected = identity(show.form, case).map_err(fault)?;
    if filled.identity.form != expected.form {
        return Err(match lang {
            Lang::Ja => "別の書類のファイルです。この画面からダウンロードしたファイルをアップロードしてください。",
            Lang::En => "This is the file of another form. Upload the one that you downloaded from this page.",
        }
        .to_owned());
    }
    if filled.identity.version != expected.version {
        return Err(match lang {
            Lang::Ja => {
                "様式が改訂される前のファイルです。この画面から新しいファイルをダウンロードし、記入し直してください。"
            }
            Lang::En => {
                "The form has changed since this file was made. Download it anew from this page and fill it in."
            }
        }
        .to_owned());
    }
    let model = workbook(show, case, heading).map_err(fault)?;
    let got = filled.answers(&model);
    let mut findings: Vec<SheetFinding> = got
        .errors
        .iter()
        .map(|e| SheetFinding { place: e.place(lang), message: format!("{}{}", e.what(lang), e.mend(lang)) })
        .collect();
    if filled.identity.copy != expected.copy {
        let message = match lang {
            Lang::Ja => "別の手続のためにダウンロードしたファイルです。内容がこの手続のものか確かめてください。",
            Lang::En => "This file was made for another procedure. Make sure that it holds what you want here.",
        };
        findings.push(SheetFinding { place: String::new(), message: message.to_owned() });
    }
    let (pairs, places) = pairs(&got.answers);
    let reading = show.form.read(pairs.iter().map(|(n, t)| (n.as_str(), t.as_str())), show.answers, world);
    let mut wrong: Vec<Finding> = reading.findings;
    wrong.extend(show.form.check(&reading.answers, world));
    for finding in wrong {
        let place = places.get(&finding.place.input()).or_else(|| places.get(&finding.place.field));
        findings.push(SheetFinding {
            place: place.map(|at| place_text(at, lang)).unwrap_or_default(),
            message: finding.text(lang).to_owned(),
        });
    }
    Ok(FilledIn { answers: reading.answers, findings })
}

fn place_text(at: &At, lang: Lang) -> String {
    match lang {
        Lang::Ja => format!("シート「{}」のセル {}", at.sheet, at.cell()),
        Lang::En => format!("Sheet “{}”, cell {}", at.sheet, at.cell()),
    }
}

/// Answers as a page would send them, and where each stood.
fn pairs(answers: &BTreeMap<String, xlsx::Answer>) -> (Vec<(String, String)>, BTreeMap<String, At>) {
    let mut out = Vec::new();
    let mut places = BTreeMap::new();
    for (field, answer) in answers {
        match answer {
            xlsx::Answer::One(entry) => {
                places.insert(field.clone(), entry.at.clone());
                out.push((field.clone(), entry.text.clone()));
            }
            xlsx::Answer::Many(entries) => {
                for entry in entries {
                    places.entry(field.clone()).or_insert_with(|| entry.at.clone());
                    out.push((field.clone(), entry.text.clone()));
                }
            }
            xlsx::Answer::Rows(rows) => {
                for (i, row) in rows.iter().enumerate() {
                    for (column, entry) in row {
                        let name = format!("{field}.{i}.{column}");
                        places.entry(field.clone()).or_insert_with(|| entry.at.clone());
                        places.insert(name.clone(), entry.at.clone());
                        out.push((name, entry.text.clone()));
                    }
                }
            }
        }
    }
    (out, places)
}

/// A submitted form as a document to print or keep.
pub(crate) fn document(show: &Show<'_>, heading: &Heading<'_>, no: u32, at: Timestamp) -> pdf::Document {
    let lang = show.lang;
    let word = |j: &str, e: &str| if lang == Lang::Ja { j } else { e }.to_owned();
    let mut blocks = vec![pdf::Block::Facts(vec![
        fact(word("組織", "Organisation"), heading.org.to_owned()),
        fact(word("サービス", "Service"), heading.service.to_owned()),
    ])];
    for section in show.read() {
        blocks.push(pdf::Block::Heading(section.title.clone()));
        blocks.extend(section_blocks(section, &word("（入力なし）", "(nothing entered)")));
    }
    pdf::Document {
        lang,
        title: show.form.title.get(lang).to_owned(),
        number: show.form.number.clone(),
        receipt: Some(format!("{}-{no}", heading.receipt)),
        date: Some(base::calendar::long_time(at, lang)),
        author: heading.author.clone(),
        created: heading.now,
        blocks,
    }
}

fn fact(label: String, value: String) -> pdf::Fact {
    pdf::Fact { label, value, before: None }
}

fn section_blocks(section: ReadSection, nothing: &str) -> Vec<pdf::Block> {
    let mut blocks = Vec::new();
    let mut facts = Vec::new();
    for field in section.fields {
        if field.rows.is_empty() {
            let mut lines = field.lines;
            lines.extend(field.files.into_iter().map(|(_, name)| name));
            let value = if lines.is_empty() { nothing.to_owned() } else { lines.join("\n") };
            facts.push(pdf::Fact { label: field.label, value, before: field.before.map(|l| l.join("\n")) });
            continue;
        }
        if !facts.is_empty() {
            blocks.push(pdf::Block::Facts(std::mem::take(&mut facts)));
        }
        let column = |label: String| pdf::Column { label, weight: 1, right: false };
        blocks.push(pdf::Block::Table(pdf::Table {
            caption: field.label,
            columns: field.head.into_iter().map(column).collect(),
            rows: field.rows,
        }));
    }
    if !facts.is_empty() {
        blocks.push(pdf::Block::Facts(facts));
    }
    blocks
}

/// The name of a downloaded file: number or title, receipt number.
pub(crate) fn file_name(form: &Form, receipt: &str, ending: &str, lang: Lang) -> String {
    let name = form.number.as_deref().unwrap_or_else(|| form.title.get(lang));
    format!("{name}_{}_{receipt}.{ending}", form.id)
}
