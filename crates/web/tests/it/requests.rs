//! Forms and errors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use web::{Environment, Fault, Form, Route, Routes, Visit, Who};

use crate::{FORM, get, send, site, test_router};

#[tokio::test]
async fn a_form_of_ours_is_taken_from_the_browser_that_got_it() {
    let router = test_router();
    let page = get(&router, "/", &[]).await;
    let cookie = page.cookies().join("; ");
    let body = format!("csrf={}&nick=%E8%8A%B1", page.token());
    let sent = send(&router, "POST", "/send", &[FORM, ("cookie", &cookie)], &body).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    // With what a browser sends along, and to the address with its query.
    let headers = [FORM, ("cookie", &*cookie), ("origin", crate::ORIGIN), ("sec-fetch-site", "same-origin")];
    assert_eq!(send(&router, "POST", "/send?x=1", &headers, &body).await.status, StatusCode::SEE_OTHER);
    // The same cookie comes back, no new one.
    assert!(get(&router, "/", &[("cookie", &cookie)]).await.cookies().is_empty());
}

#[tokio::test]
async fn any_other_form_gets_a_page_that_says_how_to_go_on() {
    let router = test_router();
    let page = get(&router, "/", &[]).await;
    let other = get(&router, "/", &[]).await;
    let (cookie, other_cookie) = (page.cookies().join("; "), other.cookies().join("; "));
    assert_ne!(cookie, other_cookie);
    let good = format!("csrf={}", page.token());
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        ("no token", &[FORM, ("cookie", &cookie)], "nick=x"),
        ("no cookie", &[FORM], &good),
        ("another browser", &[FORM, ("cookie", &other_cookie)], &good),
        ("another site", &[FORM, ("cookie", &cookie), ("origin", "https://evil.example")], &good),
        ("another site, no origin", &[FORM, ("cookie", &cookie), ("sec-fetch-site", "cross-site")], &good),
        ("a planted second cookie", &[FORM, ("cookie", &format!("{cookie}; enishi_test_browser=x"))], &good),
    ];
    for (what, headers, body) in cases {
        let mut headers = headers.to_vec();
        headers.push(("referer", "http://localhost:7009/?step=3"));
        let refused = send(&router, "POST", "/send", &headers, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{what}");
        assert!(refused.body.contains(r#"data-page="stale-form""#), "{what}");
        assert!(refused.body.contains(r#"href="/?step=3" data-act="again""#), "{what}: {}", refused.body);
        assert!(refused.body.contains("受付番号"), "{what}");
    }
    // A token for one address opens no other.
    let sent = send(&router, "POST", "/unguarded", &[FORM, ("cookie", &cookie)], &good).await;
    assert_eq!(sent.status, StatusCode::INTERNAL_SERVER_ERROR, "a handler that forgets the check is a fault");
    // A way back to another site is none.
    let headers = [FORM, ("cookie", &*cookie), ("referer", "https://evil.example/x")];
    assert!(send(&router, "POST", "/send", &headers, "").await.body.contains(r#"href="/" data-act="again""#));
}

#[tokio::test]
async fn malformed_forms_are_refused() {
    let router = test_router();
    let page = get(&router, "/", &[]).await;
    let cookie = page.cookies().join("; ");
    let good = format!("csrf={}", page.token());
    for (body, kind) in
        [(format!("{good}&nick=1&nick=2"), FORM.1), (format!("{good}&nick=%zz"), FORM.1), (good, "text/plain")]
    {
        let sent = send(&router, "POST", "/send", &[("content-type", kind), ("cookie", &cookie)], &body).await;
        assert_eq!(sent.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(sent.body.contains(r#"data-page="bad-form""#));
    }
    let large = format!("nick={}", "x".repeat(70_000));
    let sent = send(&router, "POST", "/send", &[FORM, ("cookie", &cookie)], &large).await;
    assert_eq!(sent.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(sent.body.contains(r#"data-page="too-large""#));
    let api = send(&router, "POST", "/api/echo", &[FORM], &large[..200]).await;
    assert_eq!(api.body, "error: the body is too large");
    assert_eq!(send(&router, "POST", "/api/echo", &[FORM], "b=1&a=2").await.body, r#"{"a", "b"}"#);
}

#[tokio::test]
async fn missing_pages_speak_the_readers_language_or_json() {
    let router = test_router();
    let html = ("accept", "text/html,*/*");
    let page = get(&router, "/nowhere", &[html, ("accept-language", "en")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("Page not found") && page.body.contains("<title>Error: "));
    let json = get(&router, "/nowhere", &[("accept", "application/json")]).await;
    assert_eq!(json.header("content-type"), "application/problem+json");
    assert_eq!(get(&router, "/api/nowhere", &[]).await.header("content-type"), "application/problem+json");
    let method = send(&router, "POST", "/", &[html, FORM], "").await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(method.header("allow"), "GET,HEAD");
    assert!(method.body.contains(r#"data-page="method""#));
    assert_eq!(send(&router, "HEAD", "/", &[], "").await.status, StatusCode::OK);
    // What axum's extractors refuse.
    assert!(get(&router, "/number/x", &[html]).await.body.contains(r#"data-page="bad-form""#));
    let api = get(&router, "/api/number/x", &[html]).await;
    assert_eq!((api.status, api.header("content-type")), (StatusCode::BAD_REQUEST, "application/problem+json"));
    assert!(api.body.contains("bad_request") && api.body.contains("Cannot parse"), "{}", api.body);
}

#[tokio::test]
async fn what_breaks_on_our_side_has_a_receipt_and_no_details() {
    let router = test_router();
    for path in ["/fault", "/panic", "/broken", "/unguarded"] {
        let method = if path == "/unguarded" { "POST" } else { "GET" };
        let page = send(&router, method, path, &[("accept", "text/html")], "").await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(page.body.contains(r#"data-page="fault""#) && page.body.contains("受付番号"), "{path}");
        assert!(!page.body.contains("1234") && !page.body.contains("a bug"), "{path}");
        assert!(!page.header("content-security-policy").is_empty(), "{path}");
    }
    let api = get(&router, "/api/fault", &[]).await;
    let problem: serde_json::Value = serde_json::from_str(&api.body).unwrap();
    assert_eq!(problem["code"], "server_error");
    assert_eq!(problem["receipt"].as_str().unwrap().len(), 10);
    let late = get(&router, "/slow", &[("accept", "text/html")]).await;
    assert_eq!(late.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(late.body.contains(r#"data-page="timeout""#));
}

#[tokio::test]
async fn only_the_checked_origin_is_added_to_form_action() {
    let router = test_router();
    let policy = |answer: &crate::Answer| answer.header("content-security-policy").to_owned();
    let plain = policy(&get(&router, "/", &[]).await);
    assert!(
        plain.contains("form-action 'self';")
            && plain.contains("default-src 'none'")
            && plain.contains("frame-ancestors 'none'")
    );
    let away = policy(&get(&router, "/away", &[]).await);
    assert_eq!(away.replace(" https://r.example", ""), plain);
}

#[tokio::test]
async fn a_form_is_read_into_a_type() {
    #[derive(serde::Deserialize)]
    struct Nick {
        nick: String,
    }
    const TABLE: &[Route] = &[Route::get("/", Who::Browser), Route::post("/send", Who::Citizen)];
    let router = Routes::new(&site("https://portal.example.jp", Environment::Production), TABLE)
        .get("/", async |visit: Visit| {
            visit.page("page.html", "page").with([("name", "x")].into_iter().collect::<BTreeMap<_, _>>())
        })
        .post("/send", async |form: Form<Nick>| -> Result<String, Fault> { Ok(form.0.nick) })
        .build(())
        .unwrap();
    let page = get(&router, "/", &[]).await;
    let cookie = page.cookies().join("; ");
    let token = page.token();
    let sent = send(&router, "POST", "/send", &[FORM, ("cookie", &cookie)], &format!("csrf={token}&nick=a+b")).await;
    assert_eq!((sent.status, sent.body.as_str()), (StatusCode::OK, "a b"));
    let short = send(&router, "POST", "/send", &[FORM, ("cookie", &cookie)], &format!("csrf={token}")).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
}

/// What the log holds of a request: the route's pattern, nothing that was typed or carried.
#[tokio::test(flavor = "current_thread")]
async fn the_log_has_receipts_and_no_secrets() {
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // For the whole process: a subscriber of one thread races with the tests beside it, which make the
    // log's call sites known while nobody listens.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let router = test_router();
    let page = get(&router, "/?code=secret-query", &[("cookie", "enishi_test_session=secret-cookie")]).await;
    let cookie = page.cookies().join("; ");
    let body = format!("csrf={}&nick=secret-body", page.token());
    send(&router, "POST", "/send", &[FORM, ("cookie", &cookie)], &body).await;
    send(&router, "POST", "/send", &[FORM, ("cookie", &cookie)], "nick=secret-body").await;
    get(&router, "/number/77", &[]).await;
    let fault = get(&router, "/api/fault", &[]).await;
    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(!log.contains("secret-"), "{log}");
    assert!(!log.contains(page.token()) && !log.contains(&cookie), "{log}");
    assert!(log.contains("path=\"/number/{n}\"") && !log.contains("/77"), "{log}");
    let problem: serde_json::Value = serde_json::from_str(&fault.body).unwrap();
    let receipt = problem["receipt"].as_str().unwrap();
    assert!(log.lines().any(|l| l.contains(receipt) && l.contains("fault")), "{log}");
}
