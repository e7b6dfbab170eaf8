//! What the registry's word does to clients, citizens on the way, grants and nodes.

use drive::{Arrival, Decisions};
use http::Method;
use oauth::fapi::{ClientError, Tokens};
use oauth::registry::op;
use oauth::response::AuthorizationResponse;
use serde_json::{Value, json};
use store::Engine;
use store::testing::engines;

use crate::registry::{instruct, put};
use crate::world::{DESK, PORTAL, World, person};

fn outcome(answer: AuthorizationResponse) -> String {
    match answer {
        AuthorizationResponse::Code { outcome, .. } | AuthorizationResponse::Error { outcome, .. } => outcome.unwrap(),
    }
}

fn at(page: &str) -> Decisions {
    Decisions { stop_at: Some(page.into()), ..Decisions::default() }
}

/// Status and `outcome` of a call to a resource.
async fn fetch(w: &World, tokens: &Tokens, path: &str) -> (u16, Value) {
    let url = format!("{PORTAL}{path}").parse().unwrap();
    let answer = w.client().call(Method::GET, &url, &tokens.access_token, None).await.unwrap();
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    (answer.status().as_u16(), body["outcome"].clone())
}

async fn try_push(w: &World) -> Result<(), ClientError> {
    let request = oauth::fapi::AuthorizationRequest {
        redirect_uri: crate::world::BACK.into(),
        scope: oauth::Scope::of(&["openid"]),
        authorization_details: oauth::rar::Details::of(World::details()),
        ..Default::default()
    };
    w.client().push(&request).await.map(drop)
}

fn is_refused(result: Result<(), ClientError>) -> bool {
    match result {
        Err(ClientError::OAuth { error, .. }) => error == "unauthorized_client",
        Ok(()) => false,
        Err(e) => panic!("{e}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_every_page_the_citizen_is_returned() {
    for stop in ["consent", "identify", "pin", "register", "link", "handover", "sign-in", "allow", "linked"] {
        let w = World::new(Engine::Sqlite).await;
        let pushed = w.push(World::details()).await;
        let mut browser = w.citizen();
        let driven = w.walk(&mut browser, &pushed, "hanako", &at(stop)).await;
        assert_eq!(driven.page_ids().last(), Some(&stop));
        assert_eq!(put(&w, 1, json!({ "status": "suspended" })).await.0, 200);
        let driven = w.walk(&mut browser, &pushed, "hanako", &Decisions::default()).await;
        assert_eq!(driven.page_ids(), ["ended"], "at {stop}");
        assert_eq!(outcome(World::answer(&pushed, &driven)), "client_suspended", "at {stop}");
        // No half links.
        w.advance(31 * 60);
        w.portal.sweep().await.unwrap();
        w.portal.run_jobs().await.unwrap();
        let rows = w.db.read(|tx| portal::store::linkages::states_after(tx, "post", "", 10)).await.unwrap();
        assert!(rows.iter().all(|(_, state)| *state == portal::store::linkages::State::Failed), "at {stop}: {rows:?}");
    }
    // Where there is nothing left to do.
    let w = World::new(Engine::Sqlite).await;
    let pushed = w.push(World::details()).await;
    w.walk(&mut w.citizen(), &pushed, "hanako", &Decisions::default()).await;
    for (n, (stop, details)) in
        [("already-linked", World::details()), ("ready", vec![World::documents()])].into_iter().enumerate()
    {
        let pushed = w.push(details).await;
        let mut browser = w.citizen();
        w.walk(&mut browser, &pushed, "hanako", &at(stop)).await;
        let revision = 2 * n as u64 + 1;
        put(&w, revision, json!({ "status": "suspended" })).await;
        let driven = w.walk(&mut browser, &pushed, "hanako", &Decisions::default()).await;
        assert_eq!(outcome(World::answer(&pushed, &driven)), "client_suspended", "at {stop}");
        put(&w, revision + 1, json!({})).await;
    }
    // At the delivery service, and pressed on there as if nothing had happened.
    let w = World::new(Engine::Sqlite).await;
    let pushed = w.push(World::details()).await;
    let mut browser = w.citizen();
    w.walk(&mut browser, &pushed, "hanako", &at("allow")).await;
    let there = browser.open(&pushed.authorization_url).await.unwrap().page().unwrap();
    assert_eq!(there.id(), "handover");
    let there = browser.act(&there, "next", &[]).await.unwrap().page().unwrap();
    put(&w, 1, json!({ "status": "suspended" })).await;
    let mut page = there;
    let who = person("hanako");
    for _ in 0..6 {
        let press = match page.id() {
            "sign-in" => ("sign-in", vec![("email", who.account.as_str()), ("password", who.password.as_str())]),
            "allow" => ("allow", Vec::new()),
            "linked" | "ended" => ("return", Vec::new()),
            other => panic!("{other}"),
        };
        match browser.act(&page, press.0, &press.1).await.unwrap() {
            Arrival::Page(next) => page = *next,
            Arrival::Stopped { redirect_to } => {
                assert_eq!(outcome(pushed.read(redirect_to.query().unwrap()).unwrap()), "client_suspended");
                return;
            }
        }
    }
    panic!("not returned: {}", page.id());
}

/// The clock alone: no desk, no job, no restart, on every node at the same second.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_takes_effect_on_every_node_by_itself() {
    for engine in engines() {
        let w = World::new(engine).await;
        let mut nodes = vec![w.net.router(PORTAL)];
        let second = if engine == Engine::Postgres { Some(w.second_node(|_| ()).await) } else { None };
        nodes.extend(second.iter().map(|(_, router)| router.clone()));
        let start = w.clock.clock().now();
        let when = |s: u64| start.plus(std::time::Duration::from_secs(s)).rfc3339();
        let schedule = json!([
            { "at": when(100), "status": "suspended" },
            { "at": when(200), "status": "active" },
            { "at": when(300), "status": "terminated" },
        ]);
        assert_eq!(put(&w, 1, json!({ "schedule": schedule })).await.0, 200);
        let (_, seen) = instruct(&w, op::GET_CLIENT, json!({ "client_id": "tax" })).await;
        assert_eq!(seen["next"], json!({ "at": when(100), "status": "suspended" }));
        w.net.down(DESK);
        w.advance(60);
        let pushed = w.push(World::details()).await;
        let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &Decisions::default()).await;
        let tokens = w.tokens(&pushed, &driven).await;
        // On the way, and with a code in hand, when the time comes.
        let late = w.push(World::details()).await;
        let mut on_the_way = w.citizen();
        w.walk(&mut on_the_way, &late, "ichiro", &at("link")).await;
        w.advance(39);
        let coded = w.push(World::details()).await;
        let driven = w.walk(&mut w.citizen(), &coded, "hanako", &Decisions::default()).await;
        let AuthorizationResponse::Code { code, .. } = World::answer(&coded, &driven) else { panic!("no code") };
        for node in &nodes {
            w.net.host(PORTAL, node.clone());
            try_push(&w).await.unwrap();
            assert_eq!(fetch(&w, &tokens, "/api/v1/user-status").await.0, 200);
        }
        w.advance(1);
        for node in &nodes {
            w.net.host(PORTAL, node.clone());
            assert!(is_refused(try_push(&w).await), "{engine:?}");
            assert_eq!(fetch(&w, &tokens, "/api/v1/user-status").await, (403, json!("client_suspended")));
            assert_eq!(fetch(&w, &tokens, "/api/v1/documents").await, (403, json!("client_suspended")));
            assert!(is_refused(w.client().exchange(&coded, &code).await.map(drop)));
        }
        let driven = w.walk(&mut on_the_way, &late, "ichiro", &Decisions::default()).await;
        assert_eq!(outcome(World::answer(&late, &driven)), "client_suspended");
        // Resumed: nobody is asked again.
        w.advance(100);
        for node in &nodes {
            w.net.host(PORTAL, node.clone());
            try_push(&w).await.unwrap();
            assert_eq!(fetch(&w, &tokens, "/api/v1/user-status").await.0, 200);
        }
        // Ended: for good, with its grants; the citizen's link stays.
        w.advance(100);
        for node in &nodes {
            w.net.host(PORTAL, node.clone());
            assert!(is_refused(try_push(&w).await));
            assert_eq!(fetch(&w, &tokens, "/api/v1/user-status").await.0, 403);
        }
        w.portal.sweep().await.unwrap();
        w.portal.sweep().await.unwrap();
        w.net.up();
        let again = put(&w, 2, json!({})).await;
        assert_eq!((again.0, again.1["code"].as_str()), (409, Some("terminated")));
        assert_eq!(put(&w, 2, json!({ "status": "terminated" })).await.0, 200);
        let grants = w.db.read(|tx| portal::store::linkages::states_after(tx, "post", "", 10)).await.unwrap();
        let linked = grants.iter().filter(|(_, s)| *s == portal::store::linkages::State::Linked).count();
        assert_eq!(linked, 1, "the citizen's own link is not the client's");
        // By hand, which the registry API would not: tokens of the time before are dead all the same.
        portal::registry::set_client_status(&w.db, &w.clock.clock(), "tax", provider::Status::Active).await.unwrap();
        w.advance(1);
        let (status, _) = fetch(&w, &tokens, "/api/v1/user-status").await;
        assert_eq!(status, 401, "{engine:?}");
    }
}

/// A word of the desk is in force at once on the node that hears it, and within a second on the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_reaches_every_node_within_a_second() {
    for engine in engines().into_iter().filter(|e| *e == Engine::Postgres) {
        let w = World::new(engine).await;
        let first = w.net.router(PORTAL);
        let (_, second) = w.second_node(|_| ()).await;
        put(&w, 1, json!({})).await;
        w.advance(2);
        let pushed = w.push(World::details()).await;
        let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &Decisions::default()).await;
        let tokens = w.tokens(&pushed, &driven).await;
        w.net.host(PORTAL, second.clone());
        try_push(&w).await.unwrap();
        assert_eq!(fetch(&w, &tokens, "/api/v1/user-status").await.0, 200);
        w.net.host(PORTAL, first);
        put(&w, 2, json!({ "status": "suspended" })).await;
        assert!(is_refused(try_push(&w).await));
        w.advance(1);
        w.net.host(PORTAL, second);
        assert!(is_refused(try_push(&w).await));
        assert_eq!(fetch(&w, &tokens, "/api/v1/user-status").await, (403, json!("client_suspended")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_period_ends_by_itself() {
    let w = World::new(Engine::Sqlite).await;
    let end = w.clock.clock().now().plus(std::time::Duration::from_secs(60));
    put(&w, 1, json!({ "not_after": end.rfc3339() })).await;
    w.advance(59);
    try_push(&w).await.unwrap();
    w.advance(1);
    assert!(is_refused(try_push(&w).await));
    let set = portal::registry::set_client_status;
    let now = set(&w.db, &w.clock.clock(), "tax", provider::Status::Active).await.unwrap();
    assert_eq!(now, provider::Status::Suspended, "the end of a test period is the desk's to move");
}
