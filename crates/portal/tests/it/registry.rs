//! The registry API, as the desk uses it and as strangers try to.

use std::time::Duration;

use base::outbound::Http as _;
use bytes::Bytes;
use http::Method;
use jose::{Alg, SigningKey};
use oauth::registry::{self, Instruction, op};
use portal::store::{admissions, instructions};
use serde_json::{Map, Value, json};
use store::Engine;
use store::testing::engines;
use tower::ServiceExt as _;

use crate::world::{DESK, PORTAL, World};

pub fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

/// A new instruction of the world's desk.
pub fn instruction(w: &World, op: &str, body: Value) -> Instruction {
    Instruction::new(DESK, PORTAL, op, members(body), w.clock.clock().now(), &w.rng)
}

pub async fn post(w: &World, jws: &str) -> (u16, Value) {
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(format!("{PORTAL}{}", registry::PATH))
        .header("content-type", registry::MEDIA_TYPE)
        .body(Bytes::from(jws.to_owned()))
        .unwrap();
    match w.net.send(request).await {
        Ok(answer) => (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default()),
        Err(_) => (0, Value::Null),
    }
}

/// Instructs the portal as its desk.
pub async fn instruct(w: &World, op: &str, body: Value) -> (u16, Value) {
    post(w, &instruction(w, op, body).sign(&w.desk_key).unwrap()).await
}

/// An entry of the world's API user, approved for everything.
pub async fn entry(w: &World, revision: u64, more: Value) -> Value {
    let mut entry = json!({
        "client_id": "tax", "revision": revision, "metadata": w.metadata().await, "status": "active",
        "schedule": [], "not_after": null, "testers": [],
        "apis": ["attribute_linkage", "user_registration", "notices_documents"], "delivery_services": ["post"],
        "case": "A-2026-0001", "decided_by": ["stf_1", "stf_2"],
    });
    entry.as_object_mut().unwrap().extend(members(more));
    entry
}

pub async fn put(w: &World, revision: u64, more: Value) -> (u16, Value) {
    let entry = entry(w, revision, more).await;
    instruct(w, op::PUT_CLIENT, json!({ "client": entry })).await
}

fn code((status, answer): &(u16, Value)) -> (u16, &str) {
    (*status, answer["code"].as_str().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_desk_is_listened_to() {
    for engine in engines() {
        let w = World::new(engine).await;
        let good = || instruction(&w, op::GET_CLIENT, json!({ "client_id": "tax" }));
        let signed = |i: &Instruction| i.sign(&w.desk_key).unwrap();
        let token = signed(&good());
        assert_eq!(post(&w, &token).await.0, 200);
        // Once, whoever sends it.
        assert_eq!(code(&post(&w, &token).await), (409, "replayed"));
        let stranger = SigningKey::generate(Alg::Es256, &w.rng).unwrap();
        assert_eq!(code(&post(&w, &good().sign(&stranger).unwrap()).await), (401, "invalid_signature"));
        let other_desk = Instruction { iss: "https://evil.example".into(), ..good() };
        assert_eq!(code(&post(&w, &signed(&other_desk)).await), (401, "invalid_issuer"));
        let other_portal = Instruction { aud: "https://test.portal.example".into(), ..good() };
        let answer = post(&w, &signed(&other_portal)).await;
        assert_eq!(code(&answer), (403, "invalid_audience"));
        assert!(answer.1["detail"].as_str().unwrap().contains(PORTAL), "{answer:?}");
        let old = good();
        w.advance(300);
        assert_eq!(code(&post(&w, &signed(&old)).await), (400, "expired"));
        let long = Instruction { exp: good().iat.plus(Duration::from_secs(301)), ..good() };
        assert_eq!(code(&post(&w, &signed(&long)).await), (400, "invalid_lifetime"));
        let early = Instruction { iat: good().iat.plus(Duration::from_secs(120)), exp: good().exp, ..good() };
        assert_eq!(code(&post(&w, &signed(&early)).await), (400, "invalid_lifetime"));
        for (body, want) in
            [("", "invalid_instruction"), ("a.b", "invalid_instruction"), ("a.b.c", "invalid_instruction")]
        {
            assert_eq!(code(&post(&w, body).await), (400, want), "{body}");
        }
        let huge = instruction(&w, op::GET_CLIENT, json!({ "client_id": "x".repeat(registry::MAX_INSTRUCTION) }));
        assert_eq!(post(&w, &signed(&huge)).await.0, 413);
        // As a form, as somebody else's kind of token, without a desk.
        let answer = w.portal_call(Method::POST, registry::PATH, &signed(&good())).await;
        assert_eq!(answer.status(), 415);
        let now = w.clock.clock().now().secs();
        let claims = json!({"iss": DESK, "aud": PORTAL, "iat": now, "exp": now + 60, "jti": "x".repeat(20), "op": "get_client", "client_id": "tax"});
        let set = jose::jws::sign(&w.desk_key, oauth::set::TYP, &claims).unwrap();
        assert_eq!(code(&post(&w, &set).await), (400, "invalid_instruction"));
        // A shut desk: nothing is taken, and it is said why.
        w.advance(700);
        w.net.down(DESK);
        assert_eq!(post(&w, &signed(&good())).await.0, 200, "a copy of the keys serves for a day");
        w.advance(25 * 3600);
        assert_eq!(code(&post(&w, &signed(&good())).await), (503, "desk_keys_unavailable"));
        w.net.up();
        if engine == Engine::Postgres {
            let (_, router) = w.second_node(|c| c.desk = None).await;
            w.net.host(PORTAL, router);
            assert_eq!(code(&post(&w, &signed(&good())).await), (404, "not_found"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_instructions_are_named() {
    let w = World::new(Engine::Sqlite).await;
    for (op, body, status, what) in [
        ("launch", json!({}), 400, "there are: put_client"),
        (op::GET_CLIENT, json!({}), 422, "client_id is missing"),
        (op::GET_CLIENT, json!({ "client_id": "a/b" }), 422, "client_id has to be"),
        (op::GET_CLIENT, json!({ "client_id": "nobody" }), 404, "no client 'nobody'"),
        (op::GET_CLIENT, json!({ "client_id": "tax", "colour": 1 }), 422, "'colour' is no member of get_client"),
        (op::LIST_CLIENTS, json!({ "after": 1 }), 422, "after has to be"),
        (op::PUT_CLIENT, json!({ "client": 1 }), 422, "client: invalid type"),
        (op::PUT_DELIVERY_SERVICE, json!({ "delivery_service": {} }), 422, "missing field"),
        (op::PUT_MAINTENANCE, json!({}), 422, "window is missing"),
        (op::WITHDRAW_MAINTENANCE, json!({ "id": "mnt_1" }), 404, "no window 'mnt_1'"),
    ] {
        let answer = instruct(&w, op, body.clone()).await;
        assert_eq!(answer.0, status, "{op} {body}: {answer:?}");
        assert!(answer.1["detail"].as_str().unwrap().contains(what), "{op} {body}: {answer:?}");
    }
    for (more, status, what) in [
        (json!({ "status": "open" }), 422, "unknown variant `open`"),
        (json!({ "decided_by": ["stf_1", "stf_1"] }), 422, "two different people"),
        (json!({ "delivery_services": ["post", "mail"] }), 422, "'mail' at this portal; there are: post"),
        (json!({ "metadata": { "client_name": "x" } }), 422, "client.metadata: jwks or jwks_uri is missing"),
        (
            json!({ "metadata": { "client_name": "x", "jwks_uri": "https://x.example/j", "redirect_uris": ["http://x.example/"] } }),
            422,
            "has to be https",
        ),
        (json!({ "kind": "delivery" }), 409, "a client stays what it is"),
        (json!({ "extra": true }), 422, "unknown field `extra`"),
    ] {
        let answer = put(&w, 1, more.clone()).await;
        assert_eq!(answer.0, status, "{more}: {answer:?}");
        assert!(answer.1["detail"].as_str().unwrap().contains(what), "{more}: {answer:?}");
    }
    // None of it changed anything.
    let (_, seen) = instruct(&w, op::GET_CLIENT, json!({ "client_id": "tax" })).await;
    assert_eq!((seen["source"].as_str(), seen["revision"].as_u64()), (Some("registration"), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_put_found_and_put_again() {
    for engine in engines() {
        let w = World::new(engine).await;
        let first = entry(&w, 3, json!({ "reason": "service start" })).await;
        let put_first = || instruct(&w, op::PUT_CLIENT, json!({ "client": first.clone() }));
        let (status, answer) = put_first().await;
        assert_eq!(status, 200, "{answer}");
        let digest = registry::digest(&first);
        assert_eq!(answer, json!({ "client_id": "tax", "revision": 3, "digest": digest, "status": "active" }));
        w.advance(1);
        let (_, seen) = instruct(&w, op::GET_CLIENT, json!({ "client_id": "tax" })).await;
        assert_eq!((seen["source"].as_str(), seen["digest"].as_str()), (Some("desk"), Some(digest.as_str())));
        assert_eq!(registry::digest(&seen["client"]), digest, "the desk finds what it put");
        // Once more, older, and equal with other content.
        assert_eq!(put_first().await, (200, answer));
        w.advance(1);
        let stale = put(&w, 2, json!({})).await;
        assert_eq!(code(&stale), (409, "stale_revision"));
        assert_eq!(stale.1["revision"], 3);
        w.advance(1);
        let other = put(&w, 3, json!({ "reason": "another" })).await;
        assert_eq!((code(&other), other.1["digest"].as_str()), ((409, "revision_conflict"), Some(digest.as_str())));
        // Somebody changes it on the command line: the desk sees it, and puts it right with the same revision.
        let set = portal::registry::set_client_status;
        set(&w.db, &w.clock.clock(), "tax", provider::Status::Suspended).await.unwrap();
        w.advance(1);
        let (_, seen) = instruct(&w, op::GET_CLIENT, json!({ "client_id": "tax" })).await;
        assert_eq!((seen["source"].as_str(), seen["status"].as_str()), (Some("command_line"), Some("suspended")));
        assert_eq!(put_first().await.0, 200);
        let (_, list) = instruct(&w, op::LIST_CLIENTS, json!({})).await;
        assert_eq!((list["clients"][0]["status"].as_str(), &list["next"]), (Some("active"), &Value::Null));
        assert_eq!(list["clients"][0]["source"], "desk");
        // What was instructed is kept, as it was signed, with what came of it.
        let kept = w.db.read(|tx| instructions::of(tx, "tax")).await.unwrap();
        let outcomes: Vec<_> = kept.iter().map(|k| k.outcome.as_str()).collect();
        assert_eq!(outcomes, ["ok", "unchanged", "stale_revision", "revision_conflict", "ok"], "{engine:?}");
        let keys = jose::KeySet::from(&w.desk_key);
        for row in &kept {
            registry::check(&row.jws, &keys, DESK, PORTAL, row.received_at).unwrap();
        }
        // Questions are forgotten when nobody could repeat them.
        w.advance(400);
        w.portal.sweep().await.unwrap();
        assert_eq!(w.db.read(|tx| instructions::of(tx, "tax")).await.unwrap().len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_clients_leads_to_the_next() {
    let w = World::new(Engine::Sqlite).await;
    let metadata = w.metadata().await;
    for n in 0..105 {
        let id = format!("c{n:03}");
        let body = serde_json::to_vec(&metadata).unwrap();
        portal::registry::add_client(&w.db, &w.clock.clock(), &w.rng, &body, Some(id), oauth::ClientKind::ApiUser)
            .await
            .unwrap();
    }
    let (_, first) = instruct(&w, op::LIST_CLIENTS, json!({})).await;
    assert_eq!((first["clients"].as_array().unwrap().len(), first["next"].as_str()), (100, Some("c099")));
    assert_eq!(first["clients"][0]["source"], "command_line");
    let (_, second) = instruct(&w, op::LIST_CLIENTS, json!({ "after": "c099" })).await;
    assert_eq!((second["clients"].as_array().unwrap().len(), second["next"].is_null()), (6, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_hold_and_are_named() {
    let w = World::new(Engine::Sqlite).await;
    put(&w, 1, json!({ "apis": ["attribute_linkage"], "delivery_services": [] })).await;
    let refused = async |details| {
        let request = oauth::fapi::AuthorizationRequest {
            redirect_uri: crate::world::BACK.into(),
            scope: oauth::Scope::of(&["openid", "user_status"]),
            authorization_details: oauth::rar::Details::of(details),
            ..Default::default()
        };
        w.client().push(&request).await.unwrap_err().to_string()
    };
    let all = World::details();
    let [linkage, registration, documents] = &all[..] else { panic!("three") };
    let e = refused(vec![registration.clone(), linkage.clone()]).await;
    assert!(e.contains("user_registration needs the approval") && e.contains("approved for: attribute_linkage"), "{e}");
    let e = refused(vec![documents.clone()]).await;
    assert!(e.contains("needs the approval notices_documents"), "{e}");
    let e = refused(vec![linkage.clone()]).await;
    assert!(e.contains("no delivery service 'post' for this client; there are: none"), "{e}");
    w.advance(1);
    put(&w, 2, json!({ "apis": ["attribute_linkage"] })).await;
    let request = oauth::fapi::AuthorizationRequest {
        redirect_uri: crate::world::BACK.into(),
        scope: oauth::Scope::of(portal::role::scopes::ALL),
        authorization_details: oauth::rar::Details::of(vec![linkage.clone()]),
        ..Default::default()
    };
    let e = w.client().push(&request).await.unwrap_err().to_string();
    assert!(e.contains("invalid_scope") && e.contains("notices_documents"), "{e}");
    // What was approved when the citizen agreed and is not any more is not given out.
    w.advance(1);
    put(&w, 3, json!({})).await;
    let pushed = w.push(World::details()).await;
    let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &drive::Decisions::default()).await;
    let tokens = w.tokens(&pushed, &driven).await;
    let url = format!("{PORTAL}/api/v1/documents").parse().unwrap();
    assert_eq!(w.client().call(Method::GET, &url, &tokens.access_token, None).await.unwrap().status(), 200);
    w.advance(1);
    put(&w, 4, json!({ "apis": ["attribute_linkage", "user_registration"] })).await;
    let answer = w.client().call(Method::GET, &url, &tokens.access_token, None).await.unwrap();
    let problem: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!((answer.status().as_u16(), problem["code"].as_str()), (403, Some("not_approved")));
    w.advance(1);
    put(&w, 5, json!({ "delivery_services": [] })).await;
    let answer = w.client().call(Method::GET, &url, &tokens.access_token, None).await.unwrap();
    let list: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(list["services"][0]["status"], "unavailable", "{list}");
}

fn service(revision: u64, more: Value) -> Value {
    let mut entry = json!({
        "id": "mail", "revision": revision, "name": {"ja": "みほんメール", "en": "Sample Mail"},
        "operator": {"ja": "みほん社", "en": "Sample Inc."}, "issuer": "https://mail.example", "client_id": "portal",
        "status": "active", "operating": {"ja": "平日9時から17時", "en": "Weekdays, 9:00 to 17:00"},
    });
    entry.as_object_mut().unwrap().extend(members(more));
    entry
}

#[tokio::test(flavor = "multi_thread")]
async fn delivery_services_come_from_the_desk() {
    for engine in engines() {
        let w = World::new(engine).await;
        let put = |revision, more| {
            instruct(&w, op::PUT_DELIVERY_SERVICE, json!({ "delivery_service": service(revision, more) }))
        };
        let (status, answer) = put(1, json!({})).await;
        assert_eq!((status, answer["digest"].as_str()), (200, Some(registry::digest(&service(1, json!({}))).as_str())));
        assert_eq!(put(1, json!({})).await, (200, answer));
        assert_eq!(code(&put(1, json!({ "status": "suspended" })).await), (409, "revision_conflict"));
        assert_eq!(put(2, json!({ "status": "suspended" })).await.0, 200);
        assert_eq!(code(&put(1, json!({})).await), (409, "stale_revision"));
        let taken = put(3, json!({ "issuer": crate::world::POST })).await;
        assert!(taken.1["detail"].as_str().unwrap().contains("issuer of the delivery service 'post'"), "{taken:?}");
        assert_eq!(put(3, json!({ "resources": "https://mail.example/path" })).await.0, 422);
        let (_, list) = instruct(&w, op::LIST_DELIVERY_SERVICES, json!({})).await;
        let services = list["delivery_services"].as_array().unwrap();
        assert_eq!((services[0]["id"].as_str(), services[0]["source"].as_str()), (Some("mail"), Some("desk")));
        assert_eq!((services[1]["id"].as_str(), services[1]["source"].as_str()), (Some("post"), Some("settings")));
        assert!(!w.portal.delivery("mail").await.unwrap().unwrap().active, "{engine:?}");
        // What the desk put outlives a start with a file that says otherwise.
        let mut post = services[1]["delivery_service"].clone();
        post.as_object_mut().unwrap().extend(members(
            json!({ "revision": 1, "status": "active", "name": {"ja": "新しい名前", "en": "New name"} }),
        ));
        let (status, answer) = instruct(&w, op::PUT_DELIVERY_SERVICE, json!({ "delivery_service": post })).await;
        assert_eq!(status, 200, "{answer}");
        let w = w.restart().await;
        assert_eq!(w.portal.delivery("post").await.unwrap().unwrap().name(base::Lang::En), "New name");
    }
}

async fn page(w: &World, path: &str) -> String {
    String::from_utf8(w.portal_call(Method::GET, path, "").await.body().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_is_announced_before_a_citizen_starts() {
    for engine in engines() {
        let w = World::new(engine).await;
        let now = w.clock.clock().now();
        let at = |hours: u64| now.plus(Duration::from_secs(hours * 3600)).rfc3339();
        let window = |id: &str, from: String, to: String| json!({ "window": { "id": id, "delivery_service": "post", "starts_at": from, "ends_at": to, "note": { "ja": "新しいディスク", "en": "New disks" } } });
        let put = |body| instruct(&w, op::PUT_MAINTENANCE, body);
        assert_eq!(put(window("mnt_1", at(2), at(4))).await, (200, json!({ "id": "mnt_1" })));
        assert_eq!(put(window("mnt_2", at(48), at(50))).await.0, 200);
        assert_eq!(
            code(&put(window("mnt_3", now.minus(Duration::from_secs(60)).rfc3339(), now.rfc3339())).await),
            (422, "invalid_instruction")
        );
        let mut other = window("mnt_3", at(2), at(4));
        other["window"]["delivery_service"] = json!("nobody");
        assert_eq!(code(&put(other).await), (422, "unknown_delivery_service"));

        // ② and ④ tell it, and the status page and its feed do.
        let pushed = w.push(World::details()).await;
        let mut browser = w.citizen();
        for stop in ["consent", "link"] {
            let decisions = drive::Decisions { stop_at: Some(stop.into()), ..Default::default() };
            w.walk(&mut browser, &pushed, "hanako", &decisions).await;
            let page = browser.open(&pushed.authorization_url).await.unwrap().page().unwrap();
            let html = String::from_utf8_lossy(page.body()).into_owned();
            assert!(
                page.id() == stop && html.contains("メンテナンスの予定があります") && html.contains("新しいディスク"),
                "{stop}"
            );
        }
        let html = page(&w, "/status?lang=en").await;
        assert!(html.contains("New disks") && html.contains("In operation") && html.contains("Sample Post"), "{html}");
        let feed = page(&w, "/status/feed.xml").await;
        assert!(feed.contains("<id>https://portal.example/status?lang=ja#mnt_1</id>"), "{feed}");
        assert_eq!(feed.matches("<entry>").count(), 2);
        let updated = |feed: &str| feed.split("<updated>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert_eq!(updated(&feed), now.rfc3339());
        let answer = w.portal_call(Method::GET, "/status/feed.xml", "").await;
        assert_eq!(answer.headers()["content-type"], "application/atom+xml; charset=utf-8");
        assert_eq!(answer.headers()["cache-control"], "public, max-age=60");
        let request = http::Request::get("/status/feed.xml")
            .header("host", "portal.example")
            .header("if-none-match", answer.headers()["etag"].clone());
        let (_, router) = if engine == Engine::Postgres {
            w.second_node(|_| ()).await
        } else {
            (w.portal.clone(), w.net.router(PORTAL))
        };
        assert_eq!(router.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap().status(), 304);

        // Withdrawn: nobody is told any more, but who read of it is.
        w.advance(60);
        assert_eq!(instruct(&w, op::WITHDRAW_MAINTENANCE, json!({ "id": "mnt_2" })).await.0, 200);
        assert_eq!(instruct(&w, op::WITHDRAW_MAINTENANCE, json!({ "id": "mnt_2" })).await.0, 200);
        let feed = page(&w, "/status/feed.xml?lang=en").await;
        assert!(
            feed.contains("Sample Post: maintenance cancelled") && updated(&feed) == w.clock.clock().now().rfc3339(),
            "{feed}"
        );
        let (_, list) = instruct(&w, op::LIST_DELIVERY_SERVICES, json!({})).await;
        assert_eq!(list["maintenance"].as_array().unwrap().len(), 1);
        // Under way: E6, with the way to the status page. Done sooner than planned: shortened, and over.
        w.advance(2 * 3600);
        let pushed = w.push(World::details()).await;
        let ended = w.citizen().open(&pushed.authorization_url).await.unwrap().page().unwrap();
        let html = String::from_utf8_lossy(ended.body()).into_owned();
        assert!(ended.id() == "ended" && html.matches("href=\"/status\"").count() == 2, "{html}");
        assert!(page(&w, "/status").await.contains("実施中"));
        let (start, end) = (at(2), w.clock.clock().now().rfc3339());
        assert_eq!(put(window("mnt_1", start, end)).await.0, 200);
        let html = page(&w, "/status?lang=en").await;
        assert!(html.contains("Over") && html.contains("In operation"), "{html}");
        // After 30 days it is history.
        w.advance(33 * 86_400);
        assert_eq!(page(&w, "/status/feed.xml").await.matches("<entry>").count(), 0);
    }
}

/// Power is lost behind every write of an instruction, or its answer is: the desk sends it again, as a new
/// instruction of the same revision, and everything has happened once.
#[tokio::test(flavor = "multi_thread")]
async fn an_instruction_that_was_cut_is_repeated() {
    let tester = |n: u8| {
        let hash = base::codec::sha256_b64url(&format!("token-{n}"));
        json!({ "tester_id": format!("t{n}"), "token_hash": hash, "not_after": "2030-01-01T00:00:00Z" })
    };
    for writes in 1..=3 {
        let w = World::new(Engine::Sqlite).await;
        let entry =
            entry(&w, 1, json!({ "status": "production_verification", "testers": [tester(1), tester(2)] })).await;
        let body = json!({ "client": entry });
        let first = instruction(&w, op::PUT_CLIENT, body.clone()).sign(&w.desk_key).unwrap();
        w.db.lose_power_after(writes);
        let (status, _) = post(&w, &first).await;
        let lost = w.db.power_is_lost();
        let w = w.restart().await;
        let again = instruct(&w, op::PUT_CLIENT, body).await;
        assert_eq!((again.0, again.1["revision"].as_u64()), (200, Some(1)), "after {writes} writes: {again:?}");
        let row = w.db.read(|tx| admissions::get(tx, "tax")).await.unwrap().unwrap();
        assert_eq!(row.revision, 1);
        let (_, seen) = instruct(&w, op::GET_CLIENT, json!({ "client_id": "tax" })).await;
        assert_eq!(
            (seen["testers"].as_array().unwrap().len(), seen["status"].as_str()),
            (2, Some("production_verification"))
        );
        if !lost {
            assert_eq!(status, 200);
        }
    }
    // The answer is lost on the way.
    let w = World::new(Engine::Sqlite).await;
    let entry = entry(&w, 1, json!({ "status": "suspended" })).await;
    w.net.lose(registry::PATH);
    assert_eq!(instruct(&w, op::PUT_CLIENT, json!({ "client": entry })).await.0, 0);
    w.net.up();
    w.advance(1);
    let (status, answer) = instruct(&w, op::PUT_CLIENT, json!({ "client": entry })).await;
    assert_eq!((status, answer["status"].as_str()), (200, Some("suspended")));
    let kept = w.db.read(|tx| instructions::of(tx, "tax")).await.unwrap();
    assert_eq!(kept.iter().map(|k| k.outcome.as_str()).collect::<Vec<_>>(), ["ok", "unchanged"]);
}
