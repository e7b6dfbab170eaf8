//! 本番動作確認: named testers, and nobody else.

use drive::{Citizen, Decisions, Page};
use http::Method;
use oauth::registry::op;
use oauth::response::AuthorizationResponse;
use serde_json::{Value, json};
use store::Engine;
use store::testing::engines;

use crate::registry::{instruct, put};
use crate::world::{PORTAL, World};

const TOKEN: &str = "a-link-that-nobody-else-has";
const OTHER: &str = "another-link-of-somebody-else";

fn tester(id: &str, token: &str, not_after: &str) -> Value {
    let hash = base::codec::sha256_b64url(token);
    json!({ "tester_id": id, "name": "試験 太郎", "token_hash": hash, "not_after": not_after })
}

fn verifying(w: &World, days: u64) -> Value {
    let until = w.clock.clock().now().plus(std::time::Duration::from_secs(days * 86_400)).rfc3339();
    json!({ "status": "production_verification", "testers": [tester("t1", TOKEN, &until), tester("t2", OTHER, &until)] })
}

async fn open(browser: &mut Citizen, token: &str) -> (Page, String) {
    let page = browser.open(&format!("{PORTAL}/verification/{token}")).await.unwrap().page().unwrap();
    let html = String::from_utf8_lossy(page.body()).into_owned();
    (page, html)
}

async fn bind(browser: &mut Citizen, token: &str) -> (Page, String) {
    let (page, _) = open(browser, token).await;
    let page = browser.act(&page, "bind", &[]).await.unwrap().page().unwrap();
    let html = String::from_utf8_lossy(page.body()).into_owned();
    (page, html)
}

/// A run of a browser: the ids of its pages, and the outcome.
async fn run(w: &World, browser: &mut Citizen, who: &str, decisions: &Decisions) -> (Vec<String>, String) {
    let pushed = w.push(World::details()).await;
    let driven = w.walk(browser, &pushed, who, decisions).await;
    let outcome = match World::answer(&pushed, &driven) {
        AuthorizationResponse::Code { outcome, .. } | AuthorizationResponse::Error { outcome, .. } => outcome.unwrap(),
    };
    (driven.page_ids().into_iter().map(str::to_owned).collect(), outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn testers_get_through_and_strangers_are_returned_before_anything() {
    for engine in engines() {
        let w = World::new(engine).await;
        assert_eq!(put(&w, 1, verifying(&w, 60)).await.0, 200);
        let d = Decisions::default();
        // A stranger sees no consent page.
        assert_eq!(run(&w, &mut w.citizen(), "hanako", &d).await, (vec!["ended".into()], "client_suspended".into()));
        // Looking at the link changes nothing; the button does, for this browser.
        let mut browser = w.citizen();
        let (page, html) = open(&mut browser, TOKEN).await;
        assert!(page.id() == "verification" && page.has("bind"), "{html}");
        assert!(html.contains("みほん確定申告") && html.contains("試験 太郎"), "{html}");
        assert!(run(&w, &mut browser, "hanako", &d).await.1 == "client_suspended");
        let (page, html) = bind(&mut browser, TOKEN).await;
        assert!(!page.has("bind") && html.contains("準備ができました"), "{html}");
        // A second browser finds the link used.
        let mut second = w.citizen();
        let (page, html) = open(&mut second, TOKEN).await;
        assert!(!page.has("bind") && html.contains("すでに使われています"), "{html}");
        // The tester's card fills the slot; the run goes to its end, and so does what comes of its code.
        let pushed = w.push(World::details()).await;
        let driven = w.walk(&mut browser, &pushed, "hanako", &d).await;
        let tokens = w.tokens(&pushed, &driven).await;
        let url = format!("{PORTAL}/api/v1/user-status").parse().unwrap();
        assert_eq!(w.client().call(Method::GET, &url, &tokens.access_token, None).await.unwrap().status(), 200);
        // Somebody else's card in the tester's browser is refused, again and again; the tester's is not.
        let cards = Decisions { cards: vec!["ichiro".into(), "ichiro".into()], ..Decisions::default() };
        let (pages, outcome) = run(&w, &mut browser, "hanako", &cards).await;
        assert_eq!(pages.iter().filter(|p| *p == "card-error").count(), 2, "{pages:?}");
        assert_eq!(outcome, "already_linked");
        let stop = Decisions { card_error: drive::CardError::Stop, ..Decisions::default() };
        assert_eq!(run(&w, &mut browser, "ichiro", &stop).await.1, "different_person", "{engine:?}");
        let (_, seen) = instruct(&w, op::GET_CLIENT, json!({ "client_id": "tax" })).await;
        let seen = seen["testers"].as_array().unwrap();
        assert!(seen[0]["identified_at"].is_string() && seen[1]["bound_at"].is_null(), "{seen:?}");

        // Taken off on the way: returned. Nobody's tokens of the time live on.
        let pushed = w.push(World::details()).await;
        w.walk(
            &mut browser,
            &pushed,
            "hanako",
            &Decisions { stop_at: Some("already-linked".into()), ..Decisions::default() },
        )
        .await;
        let mut less = verifying(&w, 60);
        less["testers"].as_array_mut().unwrap().remove(0);
        assert_eq!(put(&w, 2, less).await.0, 200);
        let driven = w.walk(&mut browser, &pushed, "hanako", &d).await;
        assert_eq!(driven.page_ids(), ["ended"]);
        let answer = w.client().call(Method::GET, &url, &tokens.access_token, None).await.unwrap();
        assert_eq!(answer.status(), 403);
        assert!(open(&mut browser, TOKEN).await.1.contains("このリンクは使えません"));
        // Open to everybody: links are dead, and nobody needs one.
        assert_eq!(put(&w, 3, json!({})).await.0, 200);
        assert!(open(&mut w.citizen(), OTHER).await.1.contains("このリンクは使えません"));
        assert_eq!(run(&w, &mut w.citizen(), "ichiro", &d).await.1, "linked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_run_out_and_are_replaced() {
    let w = World::new(Engine::Sqlite).await;
    put(&w, 1, verifying(&w, 100)).await;
    let d = Decisions::default();
    let mut browser = w.citizen();
    bind(&mut browser, TOKEN).await;
    assert_eq!(run(&w, &mut browser, "hanako", &d).await.1, "linked");
    // A browser is bound for 30 days at most, though the tester may test for longer.
    w.advance(30 * 86_400);
    assert_eq!(run(&w, &mut browser, "hanako", &d).await.1, "client_suspended");
    assert!(open(&mut browser, TOKEN).await.1.contains("すでに使われています"));
    // A new link for the same person: another browser, the same card.
    let fresh = "a-new-link-for-the-same-person";
    let mut entry = verifying(&w, 100);
    entry["testers"][0] = tester("t1", fresh, entry["testers"][0]["not_after"].as_str().unwrap());
    assert_eq!(put(&w, 2, entry).await.0, 200);
    let mut second = w.citizen();
    bind(&mut second, fresh).await;
    let cards = Decisions { cards: vec!["ichiro".into()], ..Decisions::default() };
    let (pages, outcome) = run(&w, &mut second, "hanako", &cards).await;
    assert!(pages.contains(&"card-error".to_owned()) && outcome == "already_linked", "{pages:?} {outcome}");
    // The link of one tester given to another is refused.
    let mut entry = verifying(&w, 100);
    entry["testers"][0] = tester("t3", fresh, entry["testers"][0]["not_after"].as_str().unwrap());
    let refused = put(&w, 3, entry).await;
    assert!(refused.1["detail"].as_str().unwrap().contains("given to somebody else"), "{refused:?}");
    // The end of the tester's time.
    w.advance(101 * 86_400);
    assert!(open(&mut second, fresh).await.1.contains("このリンクは使えません"));
    assert_eq!(run(&w, &mut second, "hanako", &d).await.1, "client_suspended");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_learn_nothing_from_links() {
    let w = World::new(Engine::Sqlite).await;
    put(&w, 1, verifying(&w, 60)).await;
    for path in ["/verification/x", "/verification/nobody-was-ever-given-this-one", "/verification/%3Cscript%3E"] {
        let answer = w.portal_call(Method::GET, path, "").await;
        let html = String::from_utf8_lossy(answer.body()).into_owned();
        assert_eq!(answer.status(), 404);
        assert!(
            html.contains("このリンクは使えません") && !html.contains("<script>") && !html.contains("みほん確定申告")
        );
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    }
    // A press that is no press of our page's form binds nothing.
    let answer = w.portal_call(Method::POST, &format!("/verification/{TOKEN}"), "csrf=x").await;
    assert_eq!(answer.status(), 403);
    let (page, _) = open(&mut w.citizen(), TOKEN).await;
    assert!(page.has("bind"));
    // Two browsers press at the same moment: one is bound.
    let (mut a, mut b) = (w.citizen(), w.citizen());
    let (pa, _) = open(&mut a, TOKEN).await;
    let (pb, _) = open(&mut b, TOKEN).await;
    let pa = a.act(&pa, "bind", &[]).await.unwrap().page().unwrap();
    let pb = b.act(&pb, "bind", &[]).await.unwrap().page().unwrap();
    let text = |p: &Page| String::from_utf8_lossy(p.body()).into_owned();
    assert!(text(&pa).contains("準備ができました") && text(&pb).contains("すでに使われています"));
}
