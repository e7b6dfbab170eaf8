//! What is written is read back.

use base::Lang;
use paper::xlsx::{Answer, Answers, Fault, Input, Item, Limits, ModelError, Workbook, read};
use proptest::prelude::*;

use crate::forms::{book, choices, field, full};
use crate::zips;

const SHEET: &str = "xl/worksheets/sheet1.xml";

fn back(model: &Workbook) -> Answers {
    let filled = read(&model.write().unwrap(), &Limits::default()).unwrap();
    assert_eq!(filled.identity, model.identity);
    filled.answers(model)
}

fn texts(answers: &Answers, id: &str) -> Vec<String> {
    match &answers.answers[id] {
        Answer::One(entry) => vec![entry.text.clone()],
        Answer::Many(entries) => entries.iter().map(|e| e.text.clone()).collect(),
        Answer::Rows(rows) => rows
            .iter()
            .map(|r| r.iter().map(|(k, e)| format!("{k}={}", e.text)).collect::<Vec<_>>().join(" "))
            .collect(),
    }
}

#[test]
fn everything_comes_back() {
    let answers = back(&full());
    assert_eq!(answers.errors, []);
    for (id, expected) in [
        ("name", vec!["=HYPERLINK(\"http://evil.example\")"]),
        ("about", vec!["一行目\n二行目"]),
        ("postal", vec!["0600001"]),
        ("start", vec!["2026-04-01"]),
        ("users", vec!["1200"]),
        ("kind", vec!["local"]),
        ("apis", vec!["notices"]),
        ("redirects", vec!["https://a.example/cb", "https://b.example/cb"]),
        ("testers", vec!["email=a@example.jp from=2026-05-01 name=+81 太郎 role=lead"]),
    ] {
        assert_eq!(texts(&answers, id), expected, "{id}");
    }
}

#[test]
fn nothing_that_is_written_is_a_formula() {
    for (name, content) in zips::parts(&full().write().unwrap()) {
        if name.starts_with("xl/worksheets/") {
            let text = String::from_utf8(content).unwrap();
            assert!(!text.contains("<f>") && !text.contains("<f "), "{name}");
            assert!(text.contains("<sheetProtection "), "{name} is protected");
        }
    }
    assert_eq!(full().write().unwrap(), full().write().unwrap(), "the same model gives the same bytes");
}

#[test]
fn inserted_rows_and_typed_numbers_are_understood() {
    // Excel's own kinds of values: a date (serial 46113 with a date format), a number without and with a fraction.
    let model = book(vec![
        Item::Field(field("a", Input::Line, &["x1"])),
        Item::Field(field("b", Input::Line, &["x2"])),
        Item::Field(field("c", Input::Line, &["x3"])),
    ]);
    let mut file = model.write().unwrap();
    let answers = read(&file, &Limits::default()).unwrap().answers(&model);
    for (id, xml, expected) in
        [("a", "<v>46113</v>", "46113"), ("b", "<v>0.30000000000000004</v>", "0.3"), ("c", "<v>1.5E+3</v>", "1500")]
    {
        let Answer::One(entry) = &answers.answers[id] else { panic!() };
        let cell = entry.at.cell();
        let sheet = String::from_utf8(zips::parts(&file).into_iter().find(|(n, _)| n == SHEET).unwrap().1).unwrap();
        let from = sheet.find(&format!("<c r=\"{cell}\"")).unwrap();
        let old = sheet[from..from + sheet[from..].find("</c>").unwrap() + 4].to_owned();
        file = zips::edit(&file, SHEET, &old, &format!("<c r=\"{cell}\">{xml}</c>"));
        let now = read(&file, &Limits::default()).unwrap().answers(&model);
        assert_eq!(texts(&now, id), [expected]);
        let Answer::One(entry) = &now.answers[id] else { panic!() };
        assert!(entry.number);
    }
}

#[test]
fn choices_are_compared_kindly_and_refused_by_name() {
    let list = choices(&[("a", "民間事業者"), ("b", "国の機関")]);
    let mut model = book(vec![Item::Field(field("kind", Input::Choice(list), &["a"]))]);
    let file = model.write().unwrap();
    let file =
        zips::edit(&file, "xl/sharedStrings.xml", "<t>民間事業者</t>", "<t xml:space=\"preserve\"> 民間 事業者　</t>");
    assert_eq!(texts(&read(&file, &Limits::default()).unwrap().answers(&model), "kind"), ["a"]);
    let Item::Field(f) = &mut model.sheets[0].items[0] else { panic!() };
    f.values = vec!["個人".into()];
    let answers = back(&model);
    assert_eq!(answers.errors[0].fault, Fault::NotAChoice("個人".into(), vec!["民間事業者".into(), "国の機関".into()]));
    assert!(answers.errors[0].message(Lang::En).contains("Choose one of: 民間事業者; 国の機関"));
}

#[test]
fn fields_that_are_gone_are_missed_and_strays_are_seen() {
    let small = book(vec![Item::Field(field("a", Input::Line, &["x"]))]);
    let larger = book(vec![
        Item::Field(field("a", Input::Line, &[])),
        Item::Field(field("b", Input::Line, &[])),
        Item::Field(field("l", Input::List(1), &[])),
    ]);
    let filled = read(&small.write().unwrap(), &Limits::default()).unwrap();
    let faults: Vec<_> = filled.answers(&larger).errors.into_iter().map(|e| (e.field.unwrap(), e.fault)).collect();
    assert_eq!(faults, [("b".into(), Fault::Missing), ("l".into(), Fault::Missing)]);
    let file = small.write().unwrap();
    let file = zips::edit(
        &file,
        SHEET,
        "</sheetData>",
        "<row r=\"90\"><c r=\"C90\" t=\"inlineStr\"><is><t>ここにも書いた</t></is></c></row></sheetData>",
    );
    let answers = read(&file, &Limits::default()).unwrap().answers(&small);
    assert_eq!(answers.errors.len(), 1);
    assert_eq!(
        (answers.errors[0].fault.clone(), answers.errors[0].at.clone().unwrap().cell()),
        (Fault::Stray, "C90".into())
    );
}

#[test]
fn a_model_that_cannot_be_written_says_why() {
    let bad = |change: fn(&mut Workbook)| {
        let mut model = full();
        change(&mut model);
        model.write().unwrap_err()
    };
    assert_eq!(bad(|m| m.sheets.clear()), ModelError::NoSheet);
    assert_eq!(bad(|m| m.sheets[0].name = "a/b".into()), ModelError::BadSheetName("a/b".into()));
    assert_eq!(bad(|m| m.identity.form = "a b".into()), ModelError::BadId("a b".into()));
    assert_eq!(
        bad(|m| m.sheets[0].items.push(Item::Field(field("name", Input::Line, &[])))),
        ModelError::Twice("name".into())
    );
    assert_eq!(
        bad(|m| m.sheets[0].items.push(Item::Field(field("z", Input::Choice(vec![]), &[])))),
        ModelError::BadChoices("z".into())
    );
    assert!(matches!(
        bad(|m| m.sheets[0].items.push(Item::Field(field("z", Input::Line, &[&"あ".repeat(40_000)])))),
        ModelError::TooMuch(_)
    ));
}

/// What survives: blanks at the ends don't, line ends are made one kind, controls are a mistake.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,30}",
        "[ぁ-ん一-龥ァ-ー０-９、。]{0,20}",
        "[=+@\\-'\"\t]{1,3}[ -~]{0,10}",
        "(_x[0-9A-F]{4}_){1,2}",
        "[\u{20000}-\u{2a6d6}]{1,4}",
        "0[0-9]{9}"
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_text_comes_back(one in text(), many in proptest::collection::vec(text(), 0..6), rows in proptest::collection::vec((text(), text()), 0..5)) {
        let mut model = full();
        for item in &mut model.sheets[0].items {
            match item {
                Item::Field(f) if f.id == "name" => f.values = vec![one.clone()],
                Item::Field(f) if f.id == "redirects" => f.values.clone_from(&many),
                Item::Table(t) => {
                    t.rows = rows.iter().map(|(a, b)| vec![a.clone(), b.clone(), String::new(), String::new()]).collect();
                }
                _ => {}
            }
        }
        let answers = back(&model);
        prop_assert_eq!(&answers.errors, &vec![]);
        prop_assert_eq!(texts(&answers, "name"), vec![one.trim().to_owned()]);
        let filled: Vec<String> = many.iter().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect();
        prop_assert_eq!(texts(&answers, "redirects"), filled);
        let Answer::Rows(got) = &answers.answers["testers"] else { panic!() };
        let got: Vec<(String, String)> = got
            .iter()
            .map(|r| ["name", "email"].map(|c| r.get(c).map_or(String::new(), |e| e.text.clone())).into())
            .collect();
        let expected: Vec<(String, String)> = rows
            .iter()
            .map(|(a, b)| (a.trim().to_owned(), b.trim().to_owned()))
            .filter(|(a, b)| !a.is_empty() || !b.is_empty())
            .collect();
        prop_assert_eq!(got, expected);
    }
}
