//! The hand-over through the real pages, from PAR to the link.

use std::time::Duration;

use http::{Method, StatusCode, header};
use jose::jws::{self, Typ};
use pki::people::MAILBOX_PASSWORD;
use serde_json::json;
use store::Engine;
use store::testing::engines;

use crate::browser::{Answer, Browser};
use crate::world::{PORTAL, POST, World, value};
use delivery::kit::{CONFIRMATION_TYP, Confirmation};

const RIGHT: [(&str, &str); 2] = [("email", "hanako@example.jp"), ("password", MAILBOX_PASSWORD)];

async fn signed_in(world: &World, browser: &mut Browser, linkage: &str, token: &str) -> (oauth::fapi::Pushed, Answer) {
    let pushed = world.push(linkage, token).await.unwrap();
    let page = browser.get(&pushed.authorization_url).await;
    assert_eq!(page.page(), "sign-in", "{}", page.html);
    let page = browser.press(&page, "sign-in", &RIGHT).await;
    (pushed, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_par_to_the_link_and_its_documents() {
    for engine in engines() {
        let world = World::new(engine).await;
        let mut browser = Browser::new(&world.router);
        let token = world.subject_token("lnk_1", "subject-1");
        let (pushed, page) = signed_in(&world, &mut browser, "lnk_1", &token).await;
        assert_eq!((page.page(), page.h1()), ("allow".into(), "縁ポータルとの連携を許可しますか".into()));
        // Both accounts, masked.
        assert!(page.html.contains("佐＊ 花＊") && page.html.contains("h***@example.jp"));
        assert!(!page.html.contains("hanako@example.jp"));
        let csp = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(csp.contains(&format!("form-action 'self' {PORTAL};")), "{csp}");
        let done = browser.press(&page, "allow", &[]).await;
        assert_eq!((done.page(), done.h1()), ("linked".into(), "見本ポストでの手続きが終わりました".into()));
        assert!(done.html.contains("戻ると連携が完了します") && done.html.contains("属性連携設定サービスへ戻る"));

        // Looking ahead, reloading and going back use nothing up.
        let peek = browser.with("sec-purpose", "prefetch;prerender").get(&done.link("return")).await;
        assert_eq!((peek.status, peek.away), (StatusCode::SERVICE_UNAVAILABLE, None));
        assert_eq!(browser.get(&done.at).await.page(), "linked");
        assert_eq!(browser.get(&pushed.authorization_url).await.page(), "linked");

        // Going back twice: the first code dies.
        let first = browser.get(&done.link("return")).await.away.unwrap();
        let back = browser.get(&done.link("return")).await.away.unwrap();
        assert!(back.starts_with(&format!("{PORTAL}/link/callback?code=")) && first != back);
        assert_eq!(world.trade(&pushed, &first).await.unwrap_err().code(), Some("invalid_grant"));
        let tokens = world.trade(&pushed, &back).await.unwrap();
        let id_token = tokens.id_token.clone().unwrap();
        assert_eq!(id_token.auth_time, Some(world.now().secs()));

        // The link, twice the same.
        let body = json!({ "subject_token": token, "message": "⑤ opaque" });
        let (status, _, first) =
            world.call(Method::PUT, "/linkages/lnk_1", &tokens.access_token, Some(body.clone())).await;
        assert_eq!(status, StatusCode::OK, "{first:?}");
        world.clock.advance(Duration::from_secs(2));
        let (status, _, again) = world.call(Method::PUT, "/linkages/lnk_1", &tokens.access_token, Some(body)).await;
        assert_eq!((status, &again), (StatusCode::OK, &first));
        let linked = value(&first);
        assert_eq!(linked["state"], "active");
        assert_eq!(linked["reply"], json!({ "mailbox": "h***@example.jp", "documents": 4 }).to_string());
        let keys = world.delivery.kit().provider().verifying_keys();
        let confirmation: Confirmation =
            jws::verify(linked["confirmation"].as_str().unwrap(), keys, Typ::Is(CONFIRMATION_TYP))
                .unwrap()
                .claims()
                .unwrap();
        assert_eq!(confirmation.iss, POST);
        assert_eq!(confirmation.aud, PORTAL);
        assert_eq!(confirmation.account, id_token.sub);
        assert_eq!(confirmation.sub, "subject-1");
        assert_eq!(confirmation.subject_token_hash, base::codec::sha256_b64url(&token));
        assert_eq!(Some(confirmation.auth_time), id_token.auth_time);

        // Leg C.
        let (status, _, list) = world.portal_call(Method::GET, "/documents?linkage_id=lnk_1", "documents").await;
        assert_eq!(status, StatusCode::OK);
        let list = value(&list);
        let documents = list["documents"].as_array().unwrap();
        assert_eq!(documents.len(), 4);
        for d in documents {
            let path = format!("/documents/{}/content?linkage_id=lnk_1", d["id"].as_str().unwrap());
            let (status, headers, content) = world.portal_call(Method::GET, &path, "documents").await;
            assert_eq!(status, StatusCode::OK);
            let digest = format!("sha-256=:{}:", base::codec::b64(&base::codec::sha256(&content)));
            assert_eq!(d["digest"], digest);
            assert_eq!(headers["content-digest"], digest);
            assert_eq!(d["size"], content.len());
            assert_eq!(d["year"], 2026);
            let root = world.delivery.post().issuers_root().await.unwrap();
            let anchors = pki::Anchors::from_pem(&root).unwrap();
            let checked = document::verify(&content, &anchors, world.now()).unwrap();
            assert_eq!(checked.certificate.policy_holder(), "佐藤 花子");
        }
        // At ⑥ again after the link: still no dead end.
        assert_eq!(browser.get(&done.at).await.page(), "linked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_within_the_run_in_english() {
    let world = World::new(Engine::Sqlite).await;
    let mut browser = Browser::new(&world.router);
    let token = world.subject_token("lnk_1", "s");
    let pushed = world.push("lnk_1", &token).await.unwrap();
    let page = browser.get(&pushed.authorization_url).await;
    let page = browser.get(&format!("{}?lang=en", page.at)).await;
    assert_eq!(page.h1(), "Sign in to Mihon Post");
    let page = browser.get(&page.link("to-sign-up")).await;
    assert_eq!((page.page(), page.h1()), ("sign-up".into(), "Sign up for Mihon Post".into()));
    let bad = browser
        .press(&page, "sign-up", &[("family_name", ""), ("given_name", "K"), ("email", "x"), ("password", "short")])
        .await;
    assert_eq!((bad.status, bad.page()), (StatusCode::UNPROCESSABLE_ENTITY, "sign-up".into()));
    assert!(bad.html.contains("Enter a password of 8 to 128 characters"));
    let taken =
        [("family_name", "Sato"), ("given_name", "Hana"), ("email", "hanako@example.jp"), ("password", "long enough")];
    assert!(browser.press(&bad, "sign-up", &taken).await.html.contains("has an account already"));
    let good =
        [("family_name", "Tanaka"), ("given_name", "Ken"), ("email", "KEN@example.jp"), ("password", "long enough")];
    let page = browser.press(&bad, "sign-up", &good).await;
    assert_eq!(page.page(), "allow");
    assert!(page.html.contains("k***@example.jp"));
    let done = browser.press(&page, "allow", &[]).await;
    let back = browser.get(&done.link("return")).await.away.unwrap();
    let tokens = world.trade(&pushed, &back).await.unwrap();
    let body = json!({ "subject_token": token });
    let (status, _, answer) = world.call(Method::PUT, "/linkages/lnk_1", &tokens.access_token, Some(body)).await;
    assert_eq!(status, StatusCode::OK);
    // A new mailbox is empty, which is nothing unusual.
    assert!(value(&answer)["reply"].as_str().unwrap().contains("\"documents\":0"));
    let (status, _, list) = world.portal_call(Method::GET, "/documents?linkage_id=lnk_1", "documents").await;
    assert_eq!((status, value(&list)), (StatusCode::OK, json!({ "documents": [] })));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_out_leads_back_to_the_portal() {
    let world = World::new(Engine::Sqlite).await;
    let token = world.subject_token("lnk_1", "s");
    // Cancelled at sign-in, and denied.
    let pushed = world.push("lnk_1", &token).await.unwrap();
    let mut browser = Browser::new(&world.router);
    let page = browser.get(&pushed.authorization_url).await;
    let away = browser.press(&page, "cancel", &[]).await.away.unwrap();
    assert!(away.starts_with(&format!("{PORTAL}/link/callback?error=access_denied")), "{away}");
    assert!(away.contains("outcome=user_cancelled") && away.contains(&format!("state={}", pushed.state)));
    let (pushed, page) = signed_in(&world, &mut browser, "lnk_1", &token).await;
    assert!(browser.press(&page, "deny", &[]).await.away.unwrap().contains("outcome=user_cancelled"));
    // Pressing 戻る of the browser afterwards: a page with the same way.
    let ended = browser.get(&pushed.authorization_url).await;
    assert_eq!((ended.page(), ended.error()), ("ended".into(), "E9".into()));
    assert!(ended.link("return").contains("outcome=user_cancelled"));
    // And pressing the old button again.
    assert_eq!(browser.press(&page, "allow", &[]).await.page(), "ended");

    // Too late to begin; too late at ⑥.
    let pushed = world.push("lnk_1", &token).await.unwrap();
    world.clock.advance(Duration::from_secs(301));
    let late = Browser::new(&world.router).get(&pushed.authorization_url).await;
    assert_eq!((late.page(), late.error()), ("ended".into(), "E8".into()));
    assert!(late.link("return").contains("outcome=session_expired"));
    let (_, page) = signed_in(&world, &mut browser, "lnk_1", &token).await;
    let done = browser.press(&page, "allow", &[]).await;
    world.clock.advance(Duration::from_secs(15 * 60));
    let late = browser.get(&done.link("return")).await;
    assert_eq!((late.page(), late.error(), late.away.clone()), ("ended".into(), "E8".into(), None));
    world.delivery.kit().sweep().await.unwrap();
    assert_eq!(browser.get(&done.at).await.page(), "ended");
    let (_, _, body) = world.portal_call(Method::GET, "/linkages/lnk_1", "linkages").await;
    assert_eq!(value(&body)["state"], "cancelled");
    // And the portal hears at once that this linkage is over.
    let token = world.subject_token("lnk_1", "s");
    assert_eq!(world.push("lnk_1", &token).await.unwrap_err().code(), Some("invalid_authorization_details"));

    // Nowhere to go back to: never a redirect.
    for bad in ["/oauth/authorize", "/oauth/authorize?client_id=portal&request_uri=x", "/link/none/sign-in"] {
        let page = Browser::new(&world.router).get(bad).await;
        assert_eq!((page.status, page.error(), page.away.clone()), (StatusCode::BAD_REQUEST, "E12".into(), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_belongs_to_the_browser_that_began_it() {
    let world = World::new(Engine::Sqlite).await;
    let token = world.subject_token("lnk_1", "s");
    let mut attacker = Browser::new(&world.router);
    let (pushed, page) = signed_in(&world, &mut attacker, "lnk_1", &token).await;
    // The victim opens the attacker's address, and every page below it.
    for path in [
        pushed.authorization_url.clone(),
        page.at.clone(),
        page.at.replace("allow", "done"),
        page.at.replace("allow", "return"),
    ] {
        let mut victim = Browser::new(&world.router);
        let seen = victim.get(&path).await;
        assert_eq!((seen.page(), seen.error()), ("elsewhere".into(), "E14".into()), "{path}");
    }
    // A form of one run is no good in another browser.
    let mut victim = Browser::new(&world.router);
    victim.get("/sign-in").await;
    assert_eq!(victim.press(&page, "allow", &[]).await.page(), "stale-form");

    // Two accounts in two tabs: a permission is for the account that was shown.
    let again = attacker.press(&page, "other-account", &[]).await;
    assert_eq!(again.page(), "sign-in");
    let second =
        attacker.press(&again, "sign-in", &[("email", "ichiro@example.jp"), ("password", MAILBOX_PASSWORD)]).await;
    assert!(second.html.contains("i***@example.jp"));
    let asked_again = attacker.press(&page, "allow", &[]).await;
    assert_eq!(asked_again.page(), "allow");
    assert!(asked_again.html.contains("i***@example.jp"));
    assert_eq!(attacker.press(&asked_again, "allow", &[]).await.page(), "linked");
    // Pressed twice.
    assert_eq!(attacker.press(&asked_again, "allow", &[]).await.page(), "linked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_has_one_portal_account() {
    let world = World::new(Engine::Sqlite).await;
    let mut browser = Browser::new(&world.router);
    let token = world.subject_token("lnk_1", "subject-1");
    let (pushed, page) = signed_in(&world, &mut browser, "lnk_1", &token).await;
    let done = browser.press(&page, "allow", &[]).await;
    let back = browser.get(&done.link("return")).await.away.unwrap();
    let tokens = world.trade(&pushed, &back).await.unwrap();
    let body = json!({ "subject_token": token });
    world.call(Method::PUT, "/linkages/lnk_1", &tokens.access_token, Some(body)).await;

    let token = world.subject_token("lnk_2", "subject-2");
    let (_, page) = signed_in(&world, &mut browser, "lnk_2", &token).await;
    assert_eq!((page.page(), page.error()), ("conflict".into(), "E7b".into()));
    assert_eq!(page.h1(), "このアカウントとは連携できません");
    assert!(!page.html.contains("subject-1"));
    let other = browser.press(&page, "other-account", &[]).await;
    assert_eq!(other.page(), "sign-in");
    let page = browser.press(&other, "sign-in", &RIGHT).await;
    assert!(browser.press(&page, "cancel", &[]).await.away.unwrap().contains("outcome=link_conflict"));

    // The same two again: the portal lost its row; the new link takes the old one's place.
    let token = world.subject_token("lnk_3", "subject-1");
    let (pushed, page) = signed_in(&world, &mut browser, "lnk_3", &token).await;
    let done = browser.press(&page, "allow", &[]).await;
    let back = browser.get(&done.link("return")).await.away.unwrap();
    let tokens = world.trade(&pushed, &back).await.unwrap();
    let body = json!({ "subject_token": token });
    for _ in 0..2 {
        let (status, ..) = world.call(Method::PUT, "/linkages/lnk_3", &tokens.access_token, Some(body.clone())).await;
        assert_eq!(status, StatusCode::OK);
        world.clock.advance(Duration::from_secs(2));
    }
    let (_, _, old) = world.portal_call(Method::GET, "/linkages/lnk_1", "linkages").await;
    assert_eq!(value(&old)["state"], "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_and_the_right_person_gets_in_again() {
    let world = World::new(Engine::Sqlite).await;
    let mut browser = Browser::new(&world.router);
    let page = browser.get("/sign-in").await;
    let wrong = [("email", "hanako@example.jp"), ("password", "wrong")];
    for _ in 0..5 {
        assert_eq!(browser.press(&page, "sign-in", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let limited = browser.press(&page, "sign-in", &RIGHT).await;
    assert_eq!((limited.status, limited.page()), (StatusCode::TOO_MANY_REQUESTS, "sign-in".into()));
    // Others at the same address are not shut out.
    let other = [("email", "ichiro@example.jp"), ("password", MAILBOX_PASSWORD)];
    assert_eq!(browser.clone().press(&page, "sign-in", &other).await.page(), "mailbox");
    world.clock.advance(Duration::from_secs(15 * 60 + 1));
    assert_eq!(browser.press(&page, "sign-in", &RIGHT).await.page(), "mailbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_sent_all_at_once_count_too() {
    for engine in engines() {
        let world = World::new(engine).await;
        let mut browser = Browser::new(&world.router);
        let page = browser.get("/sign-in").await;
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                let (mut browser, form) = (browser.clone(), page.form("sign-in"));
                tokio::spawn(async move {
                    let fields = [("email", "hanako@example.jp"), ("password", &*format!("guess {n}"))];
                    browser.send(form, &fields).await.status
                })
            })
            .collect();
        let mut judged = 0;
        for task in tasks {
            match task.await.unwrap() {
                StatusCode::UNPROCESSABLE_ENTITY => judged += 1,
                other => assert_eq!(other, StatusCode::TOO_MANY_REQUESTS),
            }
        }
        assert_eq!(judged, 5, "{engine:?}");
        // From here on the account is shut for this address only, and opens again.
        world.clock.advance(Duration::from_secs(15 * 60 + 1));
        assert_eq!(browser.press(&page, "sign-in", &RIGHT).await.page(), "mailbox");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_often_is_no_offence() {
    let world = World::new(Engine::Sqlite).await;
    for _ in 0..60 {
        let mut browser = Browser::new(&world.router);
        let page = browser.get("/sign-in").await;
        assert_eq!(browser.press(&page, "sign-in", &RIGHT).await.page(), "mailbox");
    }
}
