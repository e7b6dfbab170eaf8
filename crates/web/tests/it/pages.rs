//! Pages, languages, texts.

use base::{Lang, Timestamp};
use http::StatusCode;
use web::testing::{Sample, keys_equal, keys_used, render_all};
use web::{Environment, FieldError, Origin, Site};

use crate::{ORIGIN, get, site, test_router};

const DEMO_JA: &str = include_str!("../../examples/demo_page/ja.ftl");
const SHARED_JA: &str = include_str!("../../texts/ja.ftl");
const SHARED_EN: &str = include_str!("../../texts/en.ftl");

fn demo() -> Site {
    Site::builder("demo", Origin::parse(ORIGIN).unwrap())
        .templates(&[
            ("all.html", include_str!("../../examples/demo_page/all.html")),
            ("form.html", include_str!("../../examples/demo_page/form.html")),
            ("done.html", include_str!("../../examples/demo_page/done.html")),
        ])
        .texts(Lang::Ja, DEMO_JA)
        .texts(Lang::En, include_str!("../../examples/demo_page/en.ftl"))
        .build()
        .unwrap()
}

fn error() -> Vec<FieldError> {
    vec![FieldError { field: "pin".into(), message: "a <b> wrong".into() }]
}

#[test]
fn every_component_renders_in_every_language() {
    let now = Timestamp::from_secs(1_780_239_900);
    let pages = render_all(
        &demo(),
        &[
            Sample::new(move |v| {
                v.page("all.html", "all").step(3).with(std::collections::BTreeMap::from([("now", now)]))
            }),
            Sample::new(|v| v.page("form.html", "pin").step(2).back("/")),
            Sample::new(|v| v.page("form.html", "pin").step(2).errors(error())),
            Sample::new(move |v| v.page("form.html", "pin").session(now, "/extend")),
            Sample::new(move |v| {
                v.page("done.html", "linked")
                    .step(5)
                    .outcome("linked")
                    .with(std::collections::BTreeMap::from([("now", now)]))
            }),
        ],
    )
    .unwrap();
    assert_eq!(pages.len(), 10);
    let ja = &pages[0].html;
    assert!(ja.contains("<title>サービス連携｜ステップ3／5｜外部サービスとの連携</title>"), "{ja}");
    assert!(ja.contains(r#"<main id="main" class="en-main" tabindex="-1" data-page="all">"#));
    assert!(ja.contains(r#"<time datetime="2026-05-31T15:05:00Z">令和8年（2026年）6月1日 0時05分</time>"#), "{ja}");
    assert!(ja.contains("84,000円") && pages[5].html.contains("¥84,000"));
    let wrong = &pages[2].html;
    assert!(wrong.contains("<title>エラー：暗証番号の入力"));
    assert!(wrong.contains(r##"<a href="#pin">a &lt;b&gt; wrong</a>"##));
    assert!(wrong.contains(r#"aria-describedby="pin-error pin-hint" aria-invalid="true""#), "{wrong}");
}

#[test]
fn a_template_without_a_sample_is_found() {
    assert!(render_all(&demo(), &[]).unwrap_err().contains("all.html: no sample renders it"));
}

#[test]
fn shared_texts_are_equal_and_all_used() {
    keys_equal(SHARED_JA, SHARED_EN).unwrap();
    keys_used(&demo(), SHARED_JA, &["web-steps", "web-step-*"]).unwrap();
    keys_equal(DEMO_JA, include_str!("../../examples/demo_page/en.ftl")).unwrap();
    keys_used(&demo(), DEMO_JA, &["pin-wrong"]).unwrap_err(); // "refuse" and "agree" are not used
}

#[test]
fn names_of_steps_need_no_escaping() {
    for source in [SHARED_JA, SHARED_EN] {
        let steps = source.lines().filter(|line| line.starts_with("web-step") || line.starts_with("web-title-step"));
        assert!(steps.clone().count() >= 7 && steps.clone().all(|line| !line.contains(['<', '>', '&'])));
    }
}

#[tokio::test]
async fn what_is_put_in_is_escaped_and_what_is_ours_is_not() {
    let page = get(&test_router(), "/", &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<p>&lt;b&gt;&amp;花子さん</p>"), "{}", page.body);
    assert!(page.body.contains("<p><strong>&lt;b&gt;&amp;花子</strong>さん</p>"), "{}", page.body);
    assert_eq!(page.header("content-language"), "ja");
}

#[tokio::test]
async fn the_reader_chooses_the_language_and_it_stays() {
    let router = test_router();
    let lang = async |path: &str, headers: &[(&str, &str)]| {
        get(&router, path, headers).await.header("content-language").to_owned()
    };
    assert_eq!(lang("/", &[]).await, "ja");
    assert_eq!(lang("/", &[("accept-language", "en-GB,ja;q=0.5")]).await, "en");
    assert_eq!(lang("/?ui_locales=en", &[("accept-language", "ja")]).await, "en");
    assert_eq!(lang("/?ui_locales=en", &[("cookie", "enishi_test_lang=ja")]).await, "ja");
    assert_eq!(lang("/?ui_locales=en", &[("cookie", "enishi_test_lang=~ja")]).await, "en");
    assert_eq!(lang("/", &[("cookie", "enishi_test_lang=~en"), ("accept-language", "ja")]).await, "en");
    assert_eq!(lang("/?lang=en", &[("cookie", "enishi_test_lang=ja")]).await, "en");
    assert_eq!(lang("/suggest", &[]).await, "en");
    assert_eq!(lang("/suggest", &[("cookie", "enishi_test_lang=ja")]).await, "ja");
    assert_eq!(lang("/?lang=xx", &[]).await, "ja");

    let chosen = get(&router, "/?a=1&lang=en&b=%26", &[]).await;
    assert!(chosen.cookies().contains(&"enishi_test_lang=en".to_owned()));
    assert!(chosen.body.contains(r#"href="/?a=1&amp;b=%26&amp;lang=ja" lang="ja" hreflang="ja">"#), "{}", chosen.body);
    let suggested = get(&router, "/?ui_locales=en", &[]).await;
    assert!(suggested.cookies().contains(&"enishi_test_lang=~en".to_owned()));
}

#[tokio::test]
async fn assets_are_kept_and_pages_are_not() {
    let router = test_router();
    let page = get(&router, "/", &[]).await;
    assert_eq!(page.header("cache-control"), "no-store");
    let css = page.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let sheet = get(&router, css, &[]).await;
    assert_eq!(sheet.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(sheet.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(sheet.body.contains("--color-primitive-blue-900") && sheet.body.contains(".en-button"));
    assert!(sheet.cookies().is_empty());
    assert_eq!(get(&router, "/assets/app.000000000000.css", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/favicon.ico", &[]).await.header("content-type"), "image/svg+xml");
    for path in ["/accessibility", "/licences"] {
        for lang in ["ja", "en"] {
            let page = get(&router, &format!("{path}?lang={lang}"), &[]).await;
            assert_eq!(page.status, StatusCode::OK);
            assert_eq!(page.body.matches("<h1>").count(), 1);
        }
    }
    assert!(get(&router, "/licences", &[]).await.body.contains("Copyright (c) 2023 デジタル庁"));
}

#[tokio::test]
async fn in_production_nothing_says_it_is_a_sample() {
    let router = crate::router(&site("https://portal.example.jp", Environment::Production));
    let page = get(&router, "/", &[]).await;
    assert!(!page.body.contains("en-demo"));
    assert!(page.header("strict-transport-security").contains("max-age="));
    let line = page.headers.get("set-cookie").unwrap().to_str().unwrap();
    assert!(line.starts_with("__Host-enishi_test_browser=") && line.contains("; Secure"), "{line}");
}
