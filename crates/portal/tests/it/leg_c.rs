//! Leg C and the sandbox, as an API user's developer meets them: registered by themselves, driven without
//! a browser.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base::outbound::{Http as _, Outbound};
use bytes::Bytes;
use drive::Decisions;
use http::Method;
use jose::{Alg, SigningKey};
use oauth::Scope;
use oauth::fapi::{AuthorizationRequest, Client, Config, Tokens};
use oauth::rar::Details;
use oauth::response::AuthorizationResponse;
use portal::registry::{self, NewWindow};
use serde_json::{Value, json};
use store::testing::engines;
use url::Url;

use crate::world::{BACK, PORTAL, POST, World, person};

const CALLBACK: &str = "https://ci.example/callback";

/// A client that registered itself.
async fn client(w: &World) -> Client {
    let key = SigningKey::generate(Alg::Es256, &w.rng).unwrap();
    let body = json!({ "client_name": "CI", "redirect_uris": [CALLBACK], "jwks": { "keys": [key.jwk()] } });
    let (status, answer) = post(w, "/oauth/register", &body).await;
    assert_eq!(status, 201, "{answer}");
    let config = Config {
        issuer: PORTAL.to_owned(),
        client_id: answer["client_id"].as_str().unwrap().to_owned(),
        signing_key: key,
        dpop_key: SigningKey::generate(Alg::Es256, &w.rng).unwrap(),
    };
    let net: Outbound = Arc::new(w.net.clone());
    Client::new(config, net, w.clock.clock(), w.rng.clone())
}

async fn post(w: &World, path: &str, body: &Value) -> (u16, Value) {
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(format!("{PORTAL}{path}"))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let answer = w.net.send(request).await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

async fn public(w: &World, path: &str) -> Value {
    serde_json::from_slice(w.portal_call(Method::GET, path, "").await.body()).unwrap()
}

fn documents(more: Value) -> Value {
    let mut d = json!({ "type": "delivered_documents", "actions": ["list", "read"] });
    d.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    d
}

/// A link, a registration on the way, documents.
fn everything() -> Value {
    json!([
        { "type": "attribute_linkage", "delivery_services": [{ "id": "post" }] },
        { "type": "user_registration" },
        documents(json!({})),
    ])
}

fn request(details: &Value) -> AuthorizationRequest {
    AuthorizationRequest {
        redirect_uri: CALLBACK.to_owned(),
        scope: Scope::of(&["openid", "user_status", "documents"]),
        authorization_details: Details::parse(&details.to_string()).unwrap(),
        ..AuthorizationRequest::default()
    }
}

/// From a pushed request through the sandbox to tokens.
async fn tokens(w: &World, client: &Client, who: &str, details: &Value) -> Tokens {
    let pushed = client.push(&request(details)).await.unwrap();
    let ask = json!({ "authorization_url": pushed.authorization_url, "person": who });
    let (status, answer) = post(w, "/sandbox/drive", &ask).await;
    assert_eq!(status, 200, "{answer}");
    let back = Url::parse(answer["redirect_to"].as_str().unwrap()).unwrap();
    assert!(back.as_str().starts_with(CALLBACK));
    match pushed.read(back.query().unwrap()).unwrap() {
        AuthorizationResponse::Code { code, .. } => client.exchange(&pushed, &code).await.unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn get(client: &Client, tokens: &Tokens, path: &str) -> (u16, Value) {
    let url = Url::parse(&format!("{PORTAL}{path}")).unwrap();
    let answer = client.call(Method::GET, &url, &tokens.access_token, None).await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

async fn list(client: &Client, tokens: &Tokens, query: &str) -> (String, Vec<Value>) {
    let (status, answer) = get(client, tokens, &format!("/api/v1/documents{query}")).await;
    assert_eq!(status, 200, "{answer}");
    (answer["services"][0]["status"].as_str().unwrap().to_owned(), answer["documents"].as_array().unwrap().clone())
}

fn content(document: &Value) -> String {
    format!("/api/v1/documents/{}/content", document["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_come_through_as_they_are() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = client(&w).await;
        let t = tokens(&w, &client, "hanako", &everything()).await;
        let (status, user) = get(&client, &t, "/api/v1/user-status").await;
        assert_eq!((status, user["delivery_services"][0]["linked"].as_bool()), (200, Some(true)), "{user}");
        assert_eq!(t.response.extra["user_status"], user);
        let (status, all) = list(&client, &t, "").await;
        assert_eq!(status, "ready", "{engine:?}");
        let first = &all[0];
        for member in ["id", "delivery_service", "type", "year", "title", "issuer", "received_at", "size", "digest"] {
            assert!(!first[member].is_null(), "{member} in {first}");
        }
        let url = Url::parse(&format!("{PORTAL}{}", content(first))).unwrap();
        let answer = client.call(Method::GET, &url, &t.access_token, None).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["repr-digest"], first["digest"].as_str().unwrap());
        assert_eq!(answer.headers()["content-disposition"], "attachment");
        assert_eq!(answer.body().len() as u64, first["size"].as_u64().unwrap());
        let digest = base::codec::b64(&base::codec::sha256(answer.body()));
        assert_eq!(format!("sha-256=:{digest}:"), first["digest"].as_str().unwrap());

        let kind = first["type"].as_str().unwrap();
        let (_, some) = list(&client, &t, &format!("?type={kind}&year={}", first["year"])).await;
        assert!(!some.is_empty() && some.iter().all(|d| d["type"] == kind && d["year"] == first["year"]));
        assert_eq!(list(&client, &t, "?year=2001").await, ("no_documents_yet".to_owned(), Vec::new()));
        for (path, status, code) in [
            ("/api/v1/documents?delivery_service=other", 403, "not_granted"),
            ("/api/v1/documents?limit=1", 400, "bad_parameter"),
            ("/api/v1/documents/abc/content", 404, "unknown_document"),
        ] {
            let (got, problem) = get(&client, &t, path).await;
            assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{path}");
        }
        // Another citizen's id is no id.
        let other = tokens(&w, &client, "ichiro", &everything()).await;
        let (status, problem) = get(&client, &other, &content(first)).await;
        assert_eq!((status, problem["code"].as_str()), (404, Some("unknown_document")));
        // A mailbox without documents.
        let mari = tokens(&w, &client, "mari", &everything()).await;
        assert_eq!(list(&client, &mari, "").await.0, "no_documents_yet");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_agreed_to() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = client(&w).await;
        let wide = tokens(&w, &client, "hanako", &everything()).await;
        let (_, all) = list(&client, &wide, "").await;
        let kinds: BTreeSet<_> = all.iter().map(|d| d["type"].as_str().unwrap()).collect();
        assert!(kinds.len() > 1, "{kinds:?}");
        let one = all[0]["type"].as_str().unwrap();
        let other = all.iter().find(|d| d["type"] != one).unwrap();

        let ask = json!([documents(json!({ "document_types": [one] }))]);
        let narrow = tokens(&w, &client, "hanako", &ask).await;
        let (_, some) = list(&client, &narrow, "").await;
        assert!(!some.is_empty() && some.iter().all(|d| d["type"] == one), "{engine:?}");
        assert_eq!(
            get(&client, &narrow, &format!("/api/v1/documents?type={}", other["type"].as_str().unwrap())).await.0,
            403
        );
        let (status, problem) = get(&client, &narrow, &content(other)).await;
        assert_eq!((status, problem["code"].as_str()), (403, Some("not_granted")), "an id out of a wider grant");

        let ask = json!([documents(json!({ "actions": ["list"] }))]);
        let look = tokens(&w, &client, "hanako", &ask).await;
        assert_eq!(get(&client, &look, &content(&all[0])).await.0, 403);

        // Without documents asked for, there is no scope either.
        let ask = json!([{ "type": "attribute_linkage", "delivery_services": [{ "id": "post" }] }]);
        let link = tokens(&w, &client, "hanako", &ask).await;
        assert_eq!(get(&client, &link, "/api/v1/documents").await.0, 403);
        assert_eq!(get(&client, &link, "/api/v1/user-status").await.0, 200);
        w.advance(301);
        assert_eq!(get(&client, &wide, "/api/v1/documents").await.0, 401, "a token lives five minutes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_says_how_it_stands() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = client(&w).await;
        let t = tokens(&w, &client, "hanako", &everything()).await;
        let (_, all) = list(&client, &t, "").await;
        w.net.down("https://post.example");
        assert_eq!(list(&client, &t, "").await, ("unavailable".to_owned(), Vec::new()), "{engine:?}");
        let (status, problem) = get(&client, &t, &content(&all[0])).await;
        assert_eq!((status, problem["code"].as_str()), (503, Some("service_unavailable")));
        w.net.up();
        assert_eq!(list(&client, &t, "").await.0, "ready");

        let now = w.clock.clock().now();
        let window = NewWindow {
            delivery_id: "post".to_owned(),
            starts_at: now,
            ends_at: now.plus(Duration::from_secs(60)),
            note_ja: Some("作業".to_owned()),
            note_en: None,
        };
        let row = registry::add_maintenance(&w.db, &w.clock.clock(), &w.rng, window).await.unwrap();
        w.advance(2);
        assert_eq!(list(&client, &t, "").await.0, "maintenance");
        assert_eq!(get(&client, &t, &content(&all[0])).await.1["code"], "service_maintenance");
        let told = public(&w, "/status.json").await;
        assert_eq!(told["delivery_services"][0]["status"], "maintenance");
        assert_eq!(told["maintenance"][0]["delivery_service"], "post");
        assert_eq!(public(&w, "/api/v1/status").await, told);
        registry::drop_maintenance(&w.db, &w.clock.clock(), &row.id).await.unwrap();
        registry::set_delivery_active(&w.db, &w.clock.clock(), "post", false).await.unwrap();
        w.advance(2);
        assert_eq!(list(&client, &t, "").await.0, "unavailable");
        registry::set_delivery_active(&w.db, &w.clock.clock(), "post", true).await.unwrap();
        w.advance(2);

        // Ended over there: the citizen has to link again, whether the portal has heard of it or not.
        let mut browser = w.citizen();
        let page = browser.open(&format!("{POST}/mailbox")).await.unwrap().page().unwrap();
        let p = person("hanako");
        let fields = [("email", p.account.as_str()), ("password", p.password.as_str())];
        let mailbox = browser.act(&page, "sign-in", &fields).await.unwrap().page().unwrap();
        let page = browser.act(&mailbox, "unlink", &[]).await.unwrap().page().unwrap();
        browser.act(&page, "confirm", &[]).await.unwrap();
        assert_eq!(list(&client, &t, "").await.0, "relink_required");
        w.delivery.kit().run_jobs().await.unwrap();
        assert_eq!(list(&client, &t, "").await.0, "relink_required");
        assert_eq!(get(&client, &t, &content(&all[0])).await.1["code"], "relink_required");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_says_what_is_wrong() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = client(&w).await;
        let pushed = client.push(&request(&everything())).await.unwrap();
        let url = pushed.authorization_url.clone();
        for (ask, code) in [
            (json!({ "authorization_url": url, "person": "nobody" }), "unknown_person"),
            (
                json!({ "authorization_url": "https://evil.example/oauth/authorize?x", "person": "hanako" }),
                "bad_authorization_url",
            ),
            (json!({ "authorization_url": format!("{PORTAL}/me"), "person": "hanako" }), "bad_authorization_url"),
            (json!({ "authorization_url": url, "person": "hanako", "decisions": { "x": 1 } }), "bad_request"),
            (json!({ "person": "hanako" }), "bad_request"),
        ] {
            let (status, answer) = post(&w, "/sandbox/drive", &ask).await;
            assert_eq!((status, answer["code"].as_str()), (400, Some(code)), "{engine:?} {ask}");
        }
        let ask = json!({ "authorization_url": url, "person": "hanako", "decisions": { "consent": "refuse" } });
        let (status, answer) = post(&w, "/sandbox/drive", &ask).await;
        assert_eq!(status, 200, "{answer}");
        assert!(answer["redirect_to"].as_str().unwrap().contains("outcome=consent_denied"));
        // Once more: it has been answered, and the walk says where it sticks.
        let (status, answer) = post(&w, "/sandbox/drive", &ask).await;
        assert_eq!((status, answer["code"].as_str()), (422, Some("stuck")), "{answer}");
        assert!(answer["page"].is_string());
        assert!(public(&w, "/openapi.json").await["paths"]["/sandbox/drive"].is_object());
    }
}

/// The API user of the world and one that registered itself do not see each other's.
#[tokio::test(flavor = "multi_thread")]
async fn subjects_are_pairwise() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = client(&w).await;
        let mine = tokens(&w, &client, "hanako", &everything()).await;
        let pushed = w.push(World::details()).await;
        let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &Decisions::default()).await;
        assert!(driven.redirect_to.as_ref().unwrap().as_str().starts_with(BACK));
        let theirs = w.tokens(&pushed, &driven).await;
        assert_ne!(mine.id_token.unwrap().sub, theirs.id_token.unwrap().sub, "{engine:?} {}", person("hanako").id);
    }
}
