//! Forms: what is typed, what is said about it, and what becomes of it.

use base::{Lang, Rng};
use jose::{Alg, SigningKey};
use oauth::registry::ClientStatus;
use procedures::check::check_field;
use procedures::settings::{self, ClientParts, SettingsError};
use procedures::{Answer, Answers, Code, Environment, Finding, Form, Kind, ServiceState, Severity, World, has_errors};

use crate::sample::{self, CATALOGUE, at, ctx, plain};

fn now() -> base::Timestamp {
    at("2026-06-01T10:00:00+09:00")
}

fn world() -> World<'static> {
    ctx(now()).world(Some(14))
}

fn form(id: &str) -> &'static Form {
    CATALOGUE.form(id).unwrap()
}

/// The findings about one field, when this is typed into it and the rest is sound.
fn typed(id: &str, field: &str, text: &str) -> Vec<Finding> {
    let form = form(id);
    let reading = form.read([(field, text)], &Answers::new(), &world());
    let name = field.split('.').next().unwrap();
    let mut answers = sample::answers(id, now());
    match reading.answers.get(name) {
        Some(a) => answers.set(name, a.clone()),
        None => answers.remove(name),
    }
    let mut out = reading.findings;
    out.extend(form.check(&answers, &world()));
    out
}

#[test]
fn sound_answers_and_every_example_pass() {
    for form in &CATALOGUE.forms {
        let findings = form.check(&sample::answers(&form.id, now()), &world());
        assert!(!has_errors(&findings), "{}: {findings:#?}", form.id);
        for field in form.fields().chain(form.fields().flat_map(|f| &f.columns)) {
            let (Some(example), false) = (&field.example, field.kind == Kind::Date) else { continue };
            let typed = form.read([(field.id.as_str(), example.as_str())], &Answers::new(), &world());
            if form.field(&field.id).is_some() {
                let findings = check_field(form, field, &typed.answers, &world());
                assert!(findings.is_empty(), "{}, {}: {findings:#?}", form.id, field.id);
            }
        }
    }
}

#[test]
fn every_text_stands_in_both_languages() {
    let mut n = 0;
    let mut look = |t: &procedures::Text, place: &str| {
        n += 1;
        let (ja, en) = (t.get(Lang::Ja), t.get(Lang::En));
        let kana = |c: char| ('\u{3040}'..='\u{30ff}').contains(&c) || ('\u{4e00}'..='\u{9fff}').contains(&c);
        assert!(!ja.is_empty() && !en.is_empty(), "{place}");
        // A label in the other language by mistake would pass as text.
        let sample = en.replace("ヤマダ タロウ", "").replace("none", "");
        assert!(!sample.chars().any(kana), "{place}: {en}");
        let only_sign = ja.is_ascii();
        assert!(ja.chars().any(kana) || only_sign, "{place}: {ja}");
    };
    for f in &CATALOGUE.forms {
        look(&f.title, &f.id);
        look(&f.explanation, &f.id);
        for s in &f.sections {
            look(&s.title, &f.id);
            s.explanation.iter().for_each(|t| look(t, &f.id));
        }
        for x in f.fields().chain(f.fields().flat_map(|x| &x.columns)) {
            look(&x.label, &x.id);
            look(&x.hint, &x.id);
            x.choices.iter().for_each(|c| look(&c.label, &x.id));
        }
    }
    for p in &CATALOGUE.procedures {
        look(&p.label, &p.id);
        look(&p.explanation, &p.id);
        for s in p.steps.iter().chain(&p.winding_up) {
            look(&s.label, &s.id);
            look(&s.explanation, &s.id);
            for t in &s.tasks {
                look(&t.name(), &s.id);
                look(&t.actor.label(), &s.id);
                t.effect.iter().for_each(|e| look(&e.label(), &s.id));
            }
        }
    }
    CATALOGUE.phases.iter().for_each(|p| look(&p.label, &p.id));
    assert!(n > 500, "{n}");
}

#[test]
fn mistakes_are_named_with_the_mend() {
    let day = "2026-06-10";
    for (id, field, text, code, ja, near) in [
        ("plan", "organisation_name", " ", Code::Missing, "法人・団体名を入力してください。", None),
        ("plan", "service_name_ja", &"長".repeat(61) as &str, Code::TooLong, "60文字以内", None),
        ("plan", "contact_kana", "Yamada", Code::Malformed, "全角カタカナ", None),
        ("plan", "contact_email", "yamada@example", Code::Malformed, "名前@ドメイン", None),
        ("plan", "contact_phone", "1234", Code::Malformed, "市外局番", None),
        ("plan", "postal_code", "1020", Code::Malformed, "7桁", None),
        ("plan", "corporate_number", "7000012050003", Code::CheckDigit, "検査数字", None),
        ("plan", "corporate_number", "70000120", Code::Malformed, "13桁", None),
        (
            "plan",
            "website",
            "http://www.example.co.jp/",
            Code::BadAddress,
            "https://",
            Some("https://www.example.co.jp/"),
        ),
        ("plan", "citizens_per_year", "0", Code::OutOfRange, "1から130000000まで", Some("1")),
        ("plan", "citizens_per_year", "たくさん", Code::Malformed, "整数", None),
        (
            "plan",
            "organisation_kind",
            "民間事業社",
            Code::Unknown,
            "「民間事業者」ではありませんか",
            Some("private_company"),
        ),
        (
            "plan",
            "apis",
            "atribute_linkage",
            Code::Unknown,
            "「属性連携設定API」ではありませんか",
            Some("attribute_linkage"),
        ),
        ("plan", "delivery_services", "みほん私書函", Code::Unknown, "「みほん私書箱」", Some("mihon-post")),
        ("plan", "test_start", "2026-02-30", Code::Malformed, "2026-02-28ではありませんか", Some("2026-02-28")),
        ("plan", "test_start", "来年", Code::Malformed, "西暦", None),
        ("plan", "service_start", "2026-01-01", Code::Order, "接続試験の開始予定日", None),
        ("check-security", "tls", "たぶん", Code::Unknown, "「はい」か「いいえ」", None),
        ("sheet-1-test", "test_until", "2026-05-31", Code::Past, "2026年）6月1日以降", None),
        (
            "sheet-2",
            "redirect_uris",
            "https://a.example/cb#x",
            Code::BadAddress,
            "「#」から後ろ",
            Some("https://a.example/cb"),
        ),
        (
            "sheet-2",
            "redirect_uris",
            "http://a.example/cb",
            Code::BadAddress,
            "https://で始まる",
            Some("https://a.example/cb"),
        ),
        ("sheet-2", "redirect_uris", "https://a.example/*", Code::BadAddress, "「*」は使わず", None),
        ("sheet-2", "redirect_uris", "https://a.example/ https://a.example/", Code::Duplicate, "2回", None),
        ("sheet-4", "redirect_uris", "http://localhost:3000/cb", Code::PrivateAddress, "localhost", None),
        ("sheet-2", "ip_addresses", "203.0.113.300", Code::Malformed, "203.0.113.10", None),
        ("sheet-4", "ip_addresses", "192.168.0.1", Code::PrivateAddress, "インターネット側", None),
        ("sheet-2", "jwks", "http://a.example/jwks", Code::BadAddress, "https://", None),
        ("sheet-2", "jwks", "{\"keys\":[]}", Code::UnsuitedKey, "署名を検証する", None),
        ("form-3", "declaration", "terms", Code::TooFew, "すべて確認", None),
        ("form-4", "performed_to", day, Code::OutOfRange, "までの日付", None),
        ("form-4", "results.0.outcome", "passed", Code::Missing, "項目を入力", None),
        ("form-6", "testers.0.email", "x", Code::Malformed, "名前@ドメイン", None),
        ("form-8-suspension", "planned_date", "2026-05-01", Code::Past, "以降の日付", None),
        ("form-8-suspension", "planned_date", day, Code::ShortNotice, "2026年）6月15日以降", Some("2026-06-15")),
        ("form-8-suspension", "planned_date", day, Code::Missing, "2週間より前に届け出られない理由", None),
        ("form-8-suspension", "planned_time", "26時", Code::Malformed, "0時00分から", None),
        ("form-9", "no_such_field", "x", Code::UnknownField, "この様式にありません", None),
    ] {
        let found = typed(id, field, text);
        let hit = found.iter().find(|f| f.code == code && f.message.ja.contains(ja));
        let hit = hit.unwrap_or_else(|| panic!("{id}.{field} {text:?}: {found:#?}"));
        assert_eq!(hit.suggestion.as_deref(), near, "{id}.{field} {text:?}");
        assert!(
            !hit.message.en.is_empty() && hit.message.en.is_ascii()
                || hit.message.en.contains('ヤ')
                || !text.is_ascii()
        );
    }
    // The fourteenth day is early enough.
    assert!(typed("form-9", "planned_date", "2026-06-15").iter().all(|f| f.code != Code::ShortNotice));
    assert!(typed("form-9", "planned_date", "2026-06-14").iter().any(|f| f.code == Code::ShortNotice));
    // Where local addresses are fine, they are fine in production sheets too.
    let demo = World { local_is_fine: true, ..world() };
    let sheet = form("sheet-4");
    let pairs = [("redirect_uris", "http://localhost:3000/cb"), ("ip_addresses", "127.0.0.1")];
    let reading = sheet.read(pairs, &Answers::new(), &demo);
    for f in ["redirect_uris", "ip_addresses"] {
        assert_eq!(check_field(sheet, sheet.field(f).unwrap(), &reading.answers, &demo), []);
    }
}

#[test]
fn a_private_key_is_refused_wherever_it_is_pasted() {
    let pem =
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----";
    let jwk = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}]}"#;
    for (id, field) in [
        ("sheet-2", "jwks"),
        ("sheet-2", "redirect_uris"),
        ("sheet-2", "technical_name"),
        ("form-4", "open_issues"),
        ("form-4", "results.0.remark"),
        ("plan", "apis"),
        ("plan", "organisation_kind"),
    ] {
        for key in [pem, jwk] {
            let reading = form(id).read([(field, key)], &Answers::new(), &world());
            assert!(reading.answers.is_empty(), "{id}.{field}: {:?}", reading.answers);
            let f = &reading.findings[0];
            assert!(f.code == Code::PrivateKey && f.severity == Severity::Error, "{id}.{field}");
            assert!(f.message.ja.contains("新しい鍵の組") && !format!("{f:?}").contains("MIGH"));
            assert_eq!(f.place.field, field.split('.').next().unwrap());
        }
    }
}

#[test]
fn rows_days_in_parts_and_files_are_read() {
    let f = form("form-4");
    let mut before = Answers::new();
    before.set("evidence", sample::file("a.pdf"));
    let pairs = [
        ("performed_from.year", "２０２６"),
        ("performed_from.month", "5"),
        ("performed_from.day", "7"),
        ("performed_to.year", ""),
        ("performed_to.month", ""),
        ("performed_to.day", ""),
        ("results.0.item", " "),
        ("results.1.item", "戻る"),
        ("results.1.outcome", "合格"),
        ("results.1.performed_on", "R8.5.7"),
        ("evidence", "attempt to write a file"),
        ("results.9999.item", "x"),
    ];
    let r = f.read(pairs, &before, &world());
    assert_eq!((r.answers.text("performed_from"), r.answers.text("performed_to")), ("2026-05-07", ""));
    assert_eq!(r.answers.rows("results").len(), 1);
    assert_eq!(r.answers.rows("results")[0]["outcome"].as_str(), "passed");
    assert_eq!(r.answers.rows("results")[0]["performed_on"].as_str(), "2026-05-07");
    assert_eq!(r.answers.files("evidence").len(), 1);
    assert_eq!(r.findings.iter().filter(|f| f.code == Code::UnknownField).count(), 2);
    // What is not asked is not missed; what is asked, is.
    let seven = form("form-7");
    let with = |yes| seven.read([("with_other_apis", yes)], &Answers::new(), &world()).answers;
    let field = seven.field("other_apis_documents").unwrap();
    assert!(!seven.asks(field, &with("no")) && seven.asks(field, &with("yes")));
}

#[test]
fn keys_that_could_be_better_are_named_without_barring_the_way() {
    let key = SigningKey::generate(Alg::Es256, &Rng::seeded(1)).unwrap();
    let mut jwk = serde_json::to_value(key.jwk()).unwrap();
    jwk.as_object_mut().unwrap().remove("kid");
    let found = typed("sheet-2", "jwks", &jwk.to_string());
    assert!(!has_errors(&found));
    let f = found.iter().find(|f| f.code == Code::MissingKid).unwrap();
    assert_eq!(f.suggestion.as_deref(), Some(key.jwk().thumbprint().as_str()));
}

#[test]
fn approved_sheets_become_the_client() {
    let mut case = sample::open("admission", ServiceState::New, now());
    let parts = || ClientParts {
        client_id: "cl_1".to_owned(),
        revision: 1,
        status: ClientStatus::Active,
        reason: None,
        schedule: Vec::new(),
        testers: Vec::new(),
        logo_uri: Some("https://desk.example/logo/1.png".to_owned()),
    };
    let client = |case: &_, e| settings::client(case, e, parts(), &ctx(now()));
    assert_eq!(client(&case, Environment::Test), Err(SettingsError::NoSheet));
    crate::life::play(&mut case, Some("A-11"), now());
    let c = client(&case, Environment::Test).unwrap();
    assert_eq!(c.metadata["client_name#ja"], "みほん年末調整");
    assert_eq!(c.metadata["redirect_uris"], serde_json::json!(["https://nencho.example.co.jp/callback"]));
    assert_eq!(c.metadata["scope"], "openid user_status notices documents");
    assert_eq!(
        c.metadata["authorization_details_types"],
        serde_json::json!(["attribute_linkage", "delivered_documents"])
    );
    assert_eq!(c.metadata["contacts"], serde_json::json!(["support@example.co.jp"]));
    assert_eq!(c.metadata["jwks"]["keys"].as_array().unwrap().len(), 1);
    // The end of the last day, in Japan.
    assert_eq!(c.not_after, Some(at("2026-08-01T00:00:00+09:00")));
    assert_eq!((c.decided_by[0].as_str(), c.decided_by[1].as_str()), ("acc_reviewer", "acc_approver"));
    assert_eq!(client(&case, Environment::Production), Err(SettingsError::NoSheet));
    crate::life::play(&mut case, Some("A-17"), now());
    let live = client(&case, Environment::Production).unwrap();
    assert_eq!((live.not_after, live.delivery_services), (None, vec!["mihon-post".to_owned()]));
    let named = settings::testers(&case, &ctx(now()));
    assert_eq!((named[0].name.as_str(), named[0].email.as_str()), ("山田 太郎", "yamada@example.co.jp"));
    // What the portal would refuse is refused here.
    let mut sheet = sample::answers("sheet-2", now());
    sheet.set("redirect_uris", Answer::List(vec![plain("http://a.example/")]));
    let e = settings::metadata(&[(form("sheet-2"), &sheet)], &case.apis, None).unwrap_err();
    assert!(matches!(e, SettingsError::Metadata(_)));
}
