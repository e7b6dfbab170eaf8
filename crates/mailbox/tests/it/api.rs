//! The linkage resource over HTTP: rights, states, errors; starting again on the same data.

use base::Secret;
use http::{Method, StatusCode};
use oauth::Scope;
use pki::people::MAILBOX_PASSWORD;
use serde_json::json;
use store::Engine;

use crate::browser::Browser;
use crate::world::{POST, World, config, sealer, value};
use delivery::kit;

/// A token of one citizen's permission for `linkage`.
async fn permission(world: &World, email: &str, linkage: &str, token: &str) -> Secret<String> {
    let mut browser = Browser::new(&world.router);
    let pushed = world.push(linkage, token).await.unwrap();
    let page = browser.get(&pushed.authorization_url).await;
    let page = browser.press(&page, "sign-in", &[("email", email), ("password", MAILBOX_PASSWORD)]).await;
    let done = browser.press(&page, "allow", &[]).await;
    let back = browser.get(&done.link("return")).await.away.unwrap();
    world.trade(&pushed, &back).await.unwrap().access_token
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_the_mistake() {
    let world = World::new(Engine::Sqlite).await;
    let token = world.subject_token("lnk_1", "s");
    let access = permission(&world, "hanako@example.jp", "lnk_1", &token).await;
    let put = async |id: &str, access: &Secret<String>, body: serde_json::Value| {
        let (status, _, answer) = world.call(Method::PUT, &format!("/linkages/{id}"), access, Some(body)).await;
        let word = value(&answer)["error"].as_str().unwrap_or_default().to_owned();
        (status.as_u16(), word)
    };
    let own = world.portal.client.client_credentials(&Scope::of(&["linkages"])).await.unwrap().access_token;
    let both = world.portal.client.client_credentials(&Scope::of(&["linkage"])).await.unwrap().access_token;
    let good = json!({ "subject_token": token });
    assert_eq!(put("lnk_2", &access, good.clone()).await, (403, "other_linkage".into()));
    assert_eq!(put("lnk_1", &own, good.clone()).await, (403, "insufficient_scope".into()));
    assert_eq!(put("lnk_1", &both, good.clone()).await, (403, "other_linkage".into()));
    assert_eq!(put("lnk_1", &access, json!({})).await, (400, "invalid_request".into()));
    assert_eq!(put("lnk_1", &access, json!({ "subject_token": token, "x": 1 })).await, (400, "invalid_request".into()));
    let long = json!({ "subject_token": token, "message": "x".repeat(4097) });
    assert_eq!(put("lnk_1", &access, long).await, (400, "invalid_request".into()));
    // A subject token of another journey, swapped in.
    let other = json!({ "subject_token": world.subject_token("lnk_1", "s") });
    assert_eq!(put("lnk_1", &access, other).await, (400, "invalid_subject_token".into()));
    // A stolen token is no good without its key.
    let thief = oauth::fapi::Client::new(
        oauth::fapi::Config {
            dpop_key: jose::SigningKey::generate(jose::Alg::Es256, &world.rng).unwrap(),
            ..world.portal.client.config().clone()
        },
        world.net.clone(),
        world.clock.clock(),
        world.rng.clone(),
    );
    let url = url::Url::parse(&format!("{POST}/linkages/lnk_1")).unwrap();
    let body = ("application/json", bytes::Bytes::from(good.to_string()));
    let stolen = thief.call(Method::PUT, &url, &access, Some(body)).await.unwrap();
    assert_eq!(stolen.status(), StatusCode::UNAUTHORIZED);
    // Withdrawn: gone.
    assert_eq!(world.portal_call(Method::DELETE, "/linkages/lnk_1", "linkages").await.0, StatusCode::NO_CONTENT);
    assert_eq!(put("lnk_1", &access, good).await, (410, "linkage_closed".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_and_tombstones() {
    let world = World::new(Engine::Sqlite).await;
    // Both allowed before either is linked: the second `PUT` finds out.
    let (t1, t2) = (world.subject_token("lnk_1", "s1"), world.subject_token("lnk_2", "s2"));
    let a1 = permission(&world, "hanako@example.jp", "lnk_1", &t1).await;
    let a2 = permission(&world, "hanako@example.jp", "lnk_2", &t2).await;
    let body = |t: &str| Some(json!({ "subject_token": t }));
    assert_eq!(world.call(Method::PUT, "/linkages/lnk_1", &a1, body(&t1)).await.0, StatusCode::OK);
    // A repetition is one only with the same subject token.
    let swapped = world.subject_token("lnk_1", "s1");
    let (status, _, answer) = world.call(Method::PUT, "/linkages/lnk_1", &a1, body(&swapped)).await;
    assert_eq!((status, value(&answer)["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_subject_token")));
    let (status, _, answer) = world.call(Method::PUT, "/linkages/lnk_2", &a2, body(&t2)).await;
    assert_eq!((status, value(&answer)["error"].as_str()), (StatusCode::CONFLICT, Some("link_conflict")));
    // A refused link stays an offer and can be withdrawn.
    let (_, _, answer) = world.portal_call(Method::GET, "/linkages/lnk_2", "linkages").await;
    assert_eq!(value(&answer)["state"], "offered");
    // Unknown, then buried.
    let get = async |id: &str| {
        let (status, _, body) = world.portal_call(Method::GET, &format!("/linkages/{id}"), "linkages").await;
        (status.as_u16(), value(&body)["state"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(get("lnk_9").await, (404, String::new()));
    for _ in 0..2 {
        let (status, ..) = world.portal_call(Method::DELETE, "/linkages/lnk_9", "linkages").await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert_eq!(get("lnk_9").await, (200, "cancelled".into()));
    }
    let late = world.subject_token("lnk_9", "s9");
    assert!(world.push("lnk_9", &late).await.is_err());
    // The list, page by page.
    let list = async |query: &str| {
        let (status, _, body) = world.portal_call(Method::GET, &format!("/linkages?{query}"), "linkages").await;
        assert_eq!(status, StatusCode::OK);
        let body = value(&body);
        let ids: Vec<_> =
            body["linkages"].as_array().unwrap().iter().map(|l| l["linkage_id"].as_str().unwrap().to_owned()).collect();
        (ids.join(" "), body["next"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(list("").await, ("lnk_1 lnk_2 lnk_9".into(), String::new()));
    assert_eq!(list("limit=2").await, ("lnk_1 lnk_2".into(), "lnk_2".into()));
    assert_eq!(list("limit=2&after=lnk_2").await, ("lnk_9".into(), String::new()));
    assert_eq!(world.portal_call(Method::GET, "/linkages?limit=0", "linkages").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(world.portal_call(Method::GET, "/documents", "documents").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(
        world.portal_call(Method::GET, "/documents?linkage_id=lnk_2", "documents").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_api_route_asks_who_calls() {
    let world = World::new(Engine::Sqlite).await;
    for route in kit::ROUTES.iter().filter(|r| matches!(r.who, web::Who::AccessToken { .. } | web::Who::Peer)) {
        let path = route.path.replace("{id}", "x");
        let request = http::Request::builder()
            .method(route.method.clone())
            .uri(format!("{POST}{path}"))
            .body(bytes::Bytes::new())
            .unwrap();
        let response = base::outbound::Http::send(&*world.net, request).await.unwrap();
        let expected = if route.who == web::Who::Peer { StatusCode::BAD_REQUEST } else { StatusCode::UNAUTHORIZED };
        assert_eq!(response.status(), expected, "{} {path}", route.method);
    }
    let request = http::Request::builder().uri(format!("{POST}/state")).body(bytes::Bytes::new()).unwrap();
    let response = base::outbound::Http::send(&*world.net, request).await.unwrap();
    assert_eq!(value(response.body())["state"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart() {
    let world = World::new(Engine::Sqlite).await;
    let mut browser = Browser::new(&world.router);
    let token = world.subject_token("lnk_1", "s");
    let pushed = world.push("lnk_1", &token).await.unwrap();
    let page = browser.get(&pushed.authorization_url).await;
    let page = browser.press(&page, "sign-in", &[("email", "hanako@example.jp"), ("password", MAILBOX_PASSWORD)]).await;
    let root = world.delivery.post().issuers_root().await.unwrap();
    let World { clock, rng, net, portal, delivery, router, place } = world;
    drop((delivery, router));
    net.add(POST, axum::Router::new());
    // The database file has one owner at a time.
    browser.moved_to(&axum::Router::new());
    let db = place.open(mailbox::SCHEMA);
    let (delivery, router) =
        mailbox::build(config(), db, sealer(1), net.clone(), clock.clock(), rng.clone()).await.unwrap();
    net.add(POST, router.clone());
    let world = World { clock, rng, net, portal, delivery, router, place };
    browser.moved_to(&world.router);
    // The form that was open works on.
    let done = browser.press(&page, "allow", &[]).await;
    assert_eq!(done.page(), "linked");
    let back = browser.get(&done.link("return")).await.away.unwrap();
    let access = world.trade(&pushed, &back).await.unwrap().access_token;
    let (status, ..) =
        world.call(Method::PUT, "/linkages/lnk_1", &access, Some(json!({ "subject_token": token }))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(world.delivery.post().issuers_root().await.unwrap(), root);
}
