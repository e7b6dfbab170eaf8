//! Writes a form and two documents into a folder, and reads forms back: for a look at them, and for trying other programs.
//!
//! ```text
//! cargo run -p enishi-paper --example paper_files -- write DIR     # form.xlsx, short.pdf, long.pdf
//! cargo run -p enishi-paper --example paper_files -- read FILE…    # answers and mistakes, one a line
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use base::{Lang, Timestamp};
use paper::pdf::{self, Block, Check, Column, Document, Fact, Mark, Table};
use paper::xlsx::{self, Answer, Choice, Field, Identity, Input, Item, Limits, Sheet, Workbook};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((verb, [dir])) if verb == "write" => {
            let dir = std::path::Path::new(dir);
            std::fs::write(dir.join("form.xlsx"), form().write()?)?;
            for (name, document) in [("short.pdf", short()), ("long.pdf", long())] {
                let pdf = pdf::render(&document)?;
                println!("{name}: {} pages, {} bytes, missing {:?}", pdf.pages, pdf.bytes.len(), pdf.missing);
                std::fs::write(dir.join(name), pdf.bytes)?;
            }
        }
        Some((verb, files)) if verb == "read" => {
            for file in files {
                show(file)?;
            }
        }
        _ => return Err("paper_files write DIR | read FILE…".into()),
    }
    Ok(())
}

fn show(file: &str) -> Result<(), Box<dyn std::error::Error>> {
    let filled = match xlsx::read(&std::fs::read(file)?, &Limits::default()) {
        Ok(filled) => filled,
        Err(refusal) => {
            println!("{file}: {} {} ({refusal})", refusal.what(Lang::Ja), refusal.mend(Lang::Ja));
            return Ok(());
        }
    };
    println!("{file}: {:?}", filled.identity);
    let answers = filled.answers(&form());
    for (id, answer) in &answers.answers {
        match answer {
            Answer::One(e) => println!("{id}\t{}\t{:?}", e.at, e.text),
            Answer::Many(entries) => entries.iter().for_each(|e| println!("{id}\t{}\t{:?}", e.at, e.text)),
            Answer::Rows(rows) => rows.iter().for_each(|row| {
                println!(
                    "{id}\t{:?}",
                    row.iter().map(|(c, e)| format!("{c}={}@{}", e.text, e.at.cell())).collect::<Vec<_>>()
                );
            }),
        }
    }
    for error in &answers.errors {
        println!("! {}", error.message(Lang::Ja));
        println!("! {}", error.message(Lang::En));
    }
    Ok(())
}

fn choices(list: &[(&str, &str)]) -> Vec<Choice> {
    list.iter().map(|(value, label)| Choice { value: (*value).into(), label: (*label).into() }).collect()
}

fn field(id: &str, label: &str, hint: &str, input: Input, values: &[&str]) -> Item {
    Item::Field(Field {
        id: id.into(),
        label: label.into(),
        hint: hint.into(),
        required: true,
        input,
        values: values.iter().map(|v| (*v).into()).collect(),
    })
}

fn form() -> Workbook {
    let column = |id: &str, label: &str, input: Input| xlsx::Column {
        id: id.into(),
        label: label.into(),
        hint: String::new(),
        required: true,
        input,
    };
    Workbook {
        identity: Identity { form: "sheet-1-test".into(), version: "2026-04".into(), copy: Some("case-17".into()) },
        lang: Lang::Ja,
        title: "API設定シート1（接続確認環境）".into(),
        number: Some("API-設シ1".into()),
        author: "属性連携設定API 運営".into(),
        created: Timestamp::from_secs(1_780_000_000),
        sheets: vec![
            Sheet {
                name: "申請者".into(),
                title: "1　申請者".into(),
                facts: vec![("受付番号".into(), "2026-000017".into()), ("組織".into(), "サンプル年末調整株式会社".into())],
                instructions: vec![
                    "黄色の欄に記入してください。灰色の欄は変更できません。記入が終わったら保存し、手続のページからアップロードしてください。".into(),
                ],
                items: vec![
                    Item::Heading("組織".into()),
                    field("name", "名称", "登記のとおりに記入してください。", Input::Line, &["サンプル年末調整株式会社"]),
                    field(
                        "kind",
                        "区分",
                        "一覧から選んでください。",
                        Input::Choice(choices(&[("private", "民間事業者"), ("state", "国の機関"), ("local", "地方公共団体"), ("other", "その他")])),
                        &["private"],
                    ),
                    field("postal", "郵便番号", "例：1000001", Input::Line, &["0600001"]),
                    field("phone", "代表電話番号", "例：0312345678", Input::Line, &["0312345678"]),
                    field("start", "利用開始希望日", "例：2026-04-01", Input::Date, &["2026-04-01"]),
                    field("users", "想定利用者数（年）", "数字で記入してください。", Input::Number, &["120000"]),
                    field("about", "サービスの概要", "400字以内", Input::Paragraph, &["年末調整の控除証明書を集めるサービスです。\n=1+1 のような文字も、そのまま文字として扱います。"]),
                ],
            },
            Sheet {
                name: "設定".into(),
                title: "2　設定".into(),
                items: vec![
                    field("apis", "利用するAPI", "", Input::Choices(choices(&[("linkage", "属性連携設定"), ("registration", "利用者登録"), ("notices", "お知らせ・文書")])), &["linkage"]),
                    field("redirects", "リダイレクトURI", "httpsで始まるURIを1行に1つ", Input::List(3), &["https://nencho.example.jp/callback"]),
                    Item::Table(xlsx::Table {
                        id: "testers".into(),
                        label: "動作確認をする人".into(),
                        hint: "本番動作確認をする人を、5人まで記入してください。".into(),
                        required: true,
                        columns: vec![
                            column("name", "氏名", Input::Line),
                            column("email", "メールアドレス", Input::Line),
                            column("until", "期限", Input::Date),
                            column("role", "役割", Input::Choice(choices(&[("lead", "責任者"), ("staff", "担当者")]))),
                        ],
                        rows: vec![vec!["髙橋 花子".into(), "hanako@example.jp".into(), "2026-09-30".into(), "lead".into()]],
                        empty_rows: 4,
                    }),
                ],
                ..Sheet::default()
            },
        ],
    }
}

fn fact(label: &str, value: &str, before: Option<&str>) -> Fact {
    Fact { label: label.into(), value: value.into(), before: before.map(str::to_owned) }
}

fn short() -> Document {
    Document {
        lang: Lang::Ja,
        title: "接続確認環境利用申請書".into(),
        number: Some("様式3".into()),
        receipt: Some("2026-000017".into()),
        date: Some("令和8年（2026年）6月1日".into()),
        author: "属性連携設定API 運営".into(),
        created: Timestamp::from_secs(1_780_000_000),
        blocks: vec![
            Block::Paragraph("接続確認環境の利用を、次のとおり申請します。この文書は、画面で入力された内容から作成したものです。「利用規約」第4条の要件を満たしていることを確認しています。".into()),
            Block::Heading("申請者".into()),
            Block::Facts(vec![
                fact("名称", "サンプル年末調整株式会社", None),
                fact("代表者", "髙橋 花子（代表取締役）", None),
                fact("担当者", "𠮷野 太郎、葛\u{e0100}城 次郎、𪜀山 三郎", Some("吉野 太郎")),
                fact("連絡先", "電話 03-1234-5678\nメール hanako.takahashi@nencho.example.jp", None),
                fact("リダイレクトURI", "https://nencho.example.jp/very/long/path/that/does/not/fit/into/one/line/of/the/table/callback?environment=verification", None),
            ]),
            Block::Heading("確認事項".into()),
            Block::Checks(vec![
                Check { mark: Mark::Done, label: "利用目的が、国民の利便性の向上又は行政運営の簡素化・効率化に資すること。".into(), note: "証拠：利用企画書 3ページ".into() },
                Check { mark: Mark::Open, label: "脆弱性診断を実施し、重大な指摘に対応していること。".into(), note: String::new() },
                Check { mark: Mark::NotApplicable, label: "再委託先の管理".into(), note: "再委託をしない。".into() },
            ]),
        ],
    }
}

fn long() -> Document {
    let rows = (1..=90)
        .map(|i| {
            let note = if i % 9 == 0 {
                "処理の内容を記録し、記録は5年間保存する。保存した記録は、運営の求めに応じて提出する。"
                    .repeat(1 + i / 30)
            } else {
                "なし".into()
            };
            vec![i.to_string(), format!("項目{i}：利用者の同意"), format!("{}", i * 1234), note]
        })
        .collect();
    let column = |label: &str, weight: u16, right: bool| Column { label: label.into(), weight, right };
    Document {
        title: "利用企画書（属性連携設定APIを用いた年末調整サービスの提供に関する計画）及び別表一覧".into(),
        number: Some("利用企画書".into()),
        blocks: vec![
            Block::Heading("目的".into()),
            Block::Paragraph("このサービスは、利用者がマイナポータルから取得した控除証明書を、勤務先の年末調整に使えるようにするものです。".repeat(9)),
            Block::Heading("データの一覧".into()),
            Block::Table(Table {
                caption: "別表1　取り扱うデータ".into(),
                columns: vec![column("番号", 1, true), column("データ", 4, false), column("件数（年）", 2, true), column("備考", 6, false)],
                rows,
            }),
            Block::NewPage,
            Block::Heading("セキュリティ".into()),
            Block::Facts(vec![
                fact("体制", &"情報セキュリティ責任者を置き、年に1回以上の監査を受ける。".repeat(60), None),
                fact("連絡先", "security@nencho.example.jp", None),
            ]),
        ],
        ..short()
    }
}
