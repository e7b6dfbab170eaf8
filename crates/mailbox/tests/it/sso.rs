//! Single sign-on, the mailbox behind it, and unlinking from either side.

use std::time::Duration;

use http::{Method, StatusCode};
use jose::KeySet;
use oauth::set::{self, SetClaims};
use pki::people::MAILBOX_PASSWORD;
use serde_json::json;
use store::Engine;

use crate::browser::{Answer, Browser};
use crate::seed::{SeedLink, seed_link};
use crate::world::{PORTAL, POST, World, value};
use delivery::kit::LINKAGE_ENDED;

const START: &str = "/sso/start?iss=http%3A%2F%2Flocalhost%3A7001";

async fn linked(world: &World, email: &str, subject: &str, id: &str) {
    let link = SeedLink {
        linkage_id: id.to_owned(),
        email: email.to_owned(),
        subject: subject.to_owned(),
        display: "高＊ 陽＊".to_owned(),
        nonce: world.rng.token(),
        linked_at: world.now(),
    };
    assert!(seed_link(&world.delivery, link.clone()).await.is_some());
    // A second start seeds nothing twice.
    assert!(seed_link(&world.delivery, link).await.is_none());
}

/// From `/sso/start` through the portal and back.
async fn through(world: &World, browser: &mut Browser) -> Answer {
    let to_portal = browser.get(START).await.away.unwrap();
    assert!(to_portal.starts_with(&format!("{PORTAL}/oauth/authorize?")), "{to_portal}");
    let request = http::Request::builder().uri(to_portal).body(bytes::Bytes::new()).unwrap();
    let response = base::outbound::Http::send(&*world.net, request).await.unwrap();
    let back = response.headers()[http::header::LOCATION].to_str().unwrap().to_owned();
    assert!(back.starts_with(&format!("{POST}/sso/callback?")));
    browser.get(&back).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_press_at_the_portal_opens_the_mailbox() {
    let world = World::new(Engine::Sqlite).await;
    linked(&world, "yoko@example.jp", "subject-yoko", "lnk_seed").await;
    *world.portal.citizen.lock() = Some("subject-yoko".to_owned());
    let mut browser = Browser::new(&world.router);
    let page = through(&world, &mut browser).await;
    assert_eq!((page.page(), page.h1()), ("mailbox".into(), "届いた文書".into()));
    assert!(page.html.contains("yoko@example.jp") && page.html.contains("未読の文書が4件あります"));

    // A document: the certificate as a table, then its file.
    let document = browser.get(&page.link("open")).await;
    assert_eq!(document.page(), "document");
    assert!(document.html.contains("証明日") && document.html.contains("円"));
    let file = browser.get(&document.link("download")).await;
    assert_eq!(file.headers["content-type"], "application/xml");
    assert!(file.html.starts_with("<?xml"));
    assert!(browser.get("/mailbox").await.html.contains("未読の文書が3件あります"));
    assert_eq!(browser.get("/mailbox?type=TEG800&lang=en").await.h1(), "Delivered documents");
    // Somebody else's document is none.
    assert_eq!(browser.get("/mailbox/documents/doc_none").await.status, StatusCode::NOT_FOUND);

    // Another account is signed in: asked first.
    let mut other = Browser::new(&world.router);
    let page = other.get("/sign-in").await;
    let page = other.press(&page, "sign-in", &[("email", "ichiro@example.jp"), ("password", MAILBOX_PASSWORD)]).await;
    assert_eq!(page.page(), "mailbox");
    let question = through(&world, &mut other).await;
    assert_eq!(question.page(), "sso-replace");
    assert!(question.html.contains("ichiro@example.jp") && question.html.contains("yoko@example.jp"));
    let kept = other.clone().press(&question, "keep", &[]).await;
    assert!(kept.html.contains("ichiro@example.jp"));
    let question = through(&world, &mut other).await;
    let replaced = other.press(&question, "replace", &[]).await;
    assert!(replaced.html.contains("yoko@example.jp"));
    let out = other.press(&replaced, "sign-out", &[]).await;
    assert_eq!(out.page(), "sign-in");
    assert_eq!(other.get("/mailbox").await.page(), "sign-in");

    // Idle for half an hour.
    world.clock.advance(Duration::from_secs(30 * 60 + 1));
    assert_eq!(browser.get("/mailbox").await.page(), "sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_single_sign_on_refuses() {
    let world = World::new(Engine::Sqlite).await;
    let mut browser = Browser::new(&world.router);
    // Not linked: by the portal's word, and by ours.
    let page = through(&world, &mut browser).await;
    assert_eq!((page.page(), page.h1()), ("sso-failed".into(), "縁ポータルと連携していません".into()));
    *world.portal.citizen.lock() = Some("nobody".to_owned());
    assert_eq!(through(&world, &mut browser).await.h1(), "縁ポータルと連携していません");
    // Another issuer; looking ahead; a portal that is away.
    assert_eq!(browser.get("/sso/start?iss=https%3A%2F%2Fevil.example").await.error(), "E12");
    assert_eq!(browser.with("sec-purpose", "prefetch").get(START).await.status, StatusCode::SERVICE_UNAVAILABLE);
    world.net.cut(true);
    assert_eq!(browser.get(START).await.error(), "E9b");
    world.net.cut(false);

    // An answer begun by another browser (the attacker's account in the victim's browser), and one used twice.
    linked(&world, "yoko@example.jp", "subject-yoko", "lnk_seed").await;
    *world.portal.citizen.lock() = Some("subject-yoko".to_owned());
    let to_portal = browser.get(START).await.away.unwrap();
    let request = http::Request::builder().uri(to_portal).body(bytes::Bytes::new()).unwrap();
    let response = base::outbound::Http::send(&*world.net, request).await.unwrap();
    let back = response.headers()[http::header::LOCATION].to_str().unwrap().to_owned();
    let mut victim = Browser::new(&world.router);
    victim.get("/sign-in").await;
    assert_eq!(victim.get(&back).await.page(), "sso-failed");
    assert_eq!(browser.get(&back).await.page(), "mailbox");
    assert_eq!(browser.get(&back).await.page(), "mailbox");
    assert_eq!(victim.get("/mailbox").await.page(), "sign-in");
    // Led nowhere else by an address in the link.
    let mut third = Browser::new(&world.router);
    for target in
        ["https://evil.example/", "//evil.example", "http://localhost:7002//evil.example", "javascript:alert(1)"]
    {
        let target: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let to_portal = third.get(&format!("{START}&target_link_uri={target}")).await.away.unwrap();
        let request = http::Request::builder().uri(to_portal).body(bytes::Bytes::new()).unwrap();
        let response = base::outbound::Http::send(&*world.net, request).await.unwrap();
        let back = response.headers()[http::header::LOCATION].to_str().unwrap().to_owned();
        assert_eq!(third.get(&back).await.at, "/mailbox");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unlinking_here_reaches_the_portal() {
    let world = World::new(Engine::Sqlite).await;
    linked(&world, "yoko@example.jp", "subject-yoko", "lnk_seed").await;
    let mut browser = Browser::new(&world.router);
    let page = browser.get("/sign-in").await;
    let page = browser.press(&page, "sign-in", &[("email", "yoko@example.jp"), ("password", MAILBOX_PASSWORD)]).await;
    assert!(page.html.contains("高＊ 陽＊"));
    let ask = browser.get(&page.link("unlink")).await;
    assert_eq!(ask.page(), "unlink");
    // The portal is away: the message waits.
    world.net.cut(true);
    let page = browser.press(&ask, "confirm", &[]).await;
    assert!(page.html.contains("縁ポータルとの連携を解除しました"));
    assert_eq!(world.delivery.kit().run_jobs().await.unwrap(), 0);
    world.net.cut(false);
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.delivery.kit().run_jobs().await.unwrap(), 1);
    let events = world.portal.events.lock().clone();
    assert_eq!(events.len(), 1);
    let keys: &KeySet = world.delivery.kit().provider().verifying_keys();
    let event = set::check(&events[0], keys, POST, PORTAL, world.now()).unwrap();
    assert_eq!(event.event(LINKAGE_ENDED), Some(&json!({ "linkage_id": "lnk_seed" })));
    assert_eq!(event.sub_id, Some(json!({ "format": "opaque", "id": "subject-yoko" })));
    let (_, _, body) = world.portal_call(Method::GET, "/linkages/lnk_seed", "linkages").await;
    assert_eq!(value(&body)["state"], "ended");
    let (status, ..) = world.portal_call(Method::GET, "/documents?linkage_id=lnk_seed", "documents").await;
    assert_eq!(status, StatusCode::GONE);
    // Pressed again in another tab.
    assert_eq!(browser.press(&ask, "confirm", &[]).await.page(), "mailbox");
    assert_eq!(world.delivery.kit().run_jobs().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_from_the_portal() {
    let world = World::new(Engine::Sqlite).await;
    linked(&world, "yoko@example.jp", "subject-yoko", "lnk_seed").await;
    let key = world.portal.provider.signing_key();
    let event =
        |iss: &str, aud: &str, payload| SetClaims::new(iss, aud, LINKAGE_ENDED, payload, world.now(), &world.rng);
    let send = async |token: String, media: &'static str| {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("{POST}/events"))
            .header("content-type", media)
            .body(bytes::Bytes::from(token))
            .unwrap();
        let response = base::outbound::Http::send(&*world.net, request).await.unwrap();
        (response.status(), response.into_body())
    };
    let good = event(PORTAL, POST, json!({ "linkage_id": "lnk_seed" }));
    let stranger = jose::SigningKey::generate(jose::Alg::Es256, &world.rng).unwrap();
    for (token, media, err) in [
        (good.sign(&stranger).unwrap(), set::MEDIA_TYPE, "invalid_key"),
        (event(POST, POST, json!({ "linkage_id": "lnk_seed" })).sign(key).unwrap(), set::MEDIA_TYPE, "invalid_issuer"),
        (event(PORTAL, PORTAL, json!({ "linkage_id": "x" })).sign(key).unwrap(), set::MEDIA_TYPE, "invalid_audience"),
        (event(PORTAL, POST, json!({})).sign(key).unwrap(), set::MEDIA_TYPE, "invalid_request"),
        (good.sign(key).unwrap(), "application/json", "invalid_request"),
        ("rubbish".to_owned(), set::MEDIA_TYPE, "invalid_request"),
    ] {
        let (status, body) = send(token, media).await;
        assert_eq!((status, value(&body)["err"].as_str()), (StatusCode::BAD_REQUEST, Some(err)));
    }
    let (_, _, body) = world.portal_call(Method::GET, "/linkages/lnk_seed", "linkages").await;
    assert_eq!(value(&body)["state"], "active");
    let token = good.sign(key).unwrap();
    for _ in 0..2 {
        assert_eq!(send(token.clone(), set::MEDIA_TYPE).await.0, StatusCode::ACCEPTED);
    }
    let (_, _, body) = world.portal_call(Method::GET, "/linkages/lnk_seed", "linkages").await;
    assert_eq!(value(&body)["state"], "ended");
    // Who ended it is not told of it.
    assert_eq!(world.delivery.kit().run_jobs().await.unwrap(), 0);
}
