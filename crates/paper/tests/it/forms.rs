//! Forms to test with.

use base::{Lang, Timestamp};
use paper::xlsx::{Choice, Column, Field, Identity, Input, Item, Sheet, Table, Workbook};

pub fn choices(list: &[(&str, &str)]) -> Vec<Choice> {
    list.iter().map(|(value, label)| Choice { value: (*value).into(), label: (*label).into() }).collect()
}

pub fn field(id: &str, input: Input, values: &[&str]) -> Field {
    Field {
        id: id.into(),
        label: format!("項目 {id}"),
        hint: "記入例".into(),
        required: true,
        input,
        values: values.iter().map(|v| (*v).into()).collect(),
    }
}

pub fn book(items: Vec<Item>) -> Workbook {
    Workbook {
        identity: Identity { form: "sheet-1-test".into(), version: "2026-04.1".into(), copy: Some("case-17".into()) },
        lang: Lang::Ja,
        title: "API設定シート1（接続確認環境）".into(),
        number: Some("API-設シ1".into()),
        author: "運営".into(),
        created: Timestamp::from_secs(1_780_000_000),
        sheets: vec![Sheet {
            name: "設定".into(),
            title: "接続確認環境の設定".into(),
            facts: vec![("受付番号".into(), "2026-000017".into())],
            instructions: vec!["黄色の欄に記入してください。".into()],
            items,
        }],
    }
}

/// One of everything.
pub fn full() -> Workbook {
    let column = |id: &str, input: Input| Column {
        id: id.into(),
        label: id.into(),
        hint: String::new(),
        required: false,
        input,
    };
    book(vec![
        Item::Heading("申請者".into()),
        Item::Note("法人番号は13桁です。".into()),
        Item::Shown("利用者番号".into(), "U-1".into()),
        Item::Field(field("name", Input::Line, &["=HYPERLINK(\"http://evil.example\")"])),
        Item::Field(field("about", Input::Paragraph, &["一行目\n二行目"])),
        Item::Field(field("postal", Input::Line, &["0600001"])),
        Item::Field(field("start", Input::Date, &["2026-04-01"])),
        Item::Field(field("users", Input::Number, &["1200"])),
        Item::Field(field(
            "kind",
            Input::Choice(choices(&[("private", "民間事業者"), ("local", "地方公共団体")])),
            &["local"],
        )),
        Item::Field(field(
            "apis",
            Input::Choices(choices(&[("linkage", "属性連携"), ("notices", "お知らせ・文書")])),
            &["notices"],
        )),
        Item::Field(field("redirects", Input::List(3), &["https://a.example/cb", "https://b.example/cb"])),
        Item::Table(Table {
            id: "testers".into(),
            label: "動作確認をする人".into(),
            hint: "5人まで".into(),
            required: true,
            columns: vec![
                column("name", Input::Line),
                column("email", Input::Line),
                column("from", Input::Date),
                column("role", Input::Choice(choices(&[("lead", "責任者"), ("staff", "担当者")]))),
            ],
            rows: vec![vec!["+81 太郎".into(), "a@example.jp".into(), "2026-05-01".into(), "lead".into()]],
            empty_rows: 3,
        }),
    ])
}
