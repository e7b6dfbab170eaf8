//! The citizen's own page: sign-in by card, single sign-on, unlinking on either side, taking back.

use drive::{Citizen, Page};
use jose::{Alg, SigningKey};
use oauth::client::{ClientKind, ClientMetadata, ClientName, Keys, RegisteredClient};
use oauth::set::SetClaims;
use oauth::{RedirectUri, Scope};
use portal::{DeliveryConfig, events};
use provider::Status;
use serde_json::{Value, json};
use store::Engine;
use store::testing::engines;
use url::Url;

use crate::world::{CARD, PORTAL, POST, World, person};

/// A world whose delivery service signs citizens in by way of the portal.
async fn world(engine: Engine) -> World {
    let w = World::new(engine).await;
    let name = |ja: &str, en: &str| ClientName { ja: ja.into(), en: en.into() };
    let client = RegisteredClient {
        client_id: "mihon-post".into(),
        kind: ClientKind::Delivery,
        issued_at: w.clock.clock().now(),
        metadata: ClientMetadata {
            name: name("みほんポスト", "Sample Post"),
            redirect_uris: vec![RedirectUri::parse(&format!("{POST}/sso/callback")).unwrap()],
            keys: Keys::JwksUri(Url::parse(&format!("{POST}/oauth/jwks")).unwrap()),
            grant_types: vec!["authorization_code".into()],
            scope: Scope::of(&["openid"]),
            authorization_details_types: Vec::new(),
            assertion_alg: None,
            id_token_alg: Alg::Es256,
            // Single sign-on begins where the service registered it.
            initiate_login_uri: Some(Url::parse(&format!("{POST}/sso/start")).unwrap()),
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            logo_uri: None,
            contacts: Vec::new(),
        },
    };
    w.portal.provider().put_client(&client, Status::Active).await.unwrap();
    let delivery = DeliveryConfig {
        id: "post".into(),
        name: name("みほんポスト", "Sample Post"),
        operator: name("みほん社", "Sample Inc."),
        issuer: POST.into(),
        client_id: "portal".into(),
        resources: None,
        sso_client_id: Some("mihon-post".into()),
        initiate_login_uri: None,
        operating: None,
    };
    w.portal.put_delivery(&delivery, true).await.unwrap();
    w
}

/// Links somebody by a whole run.
async fn link(w: &World, who: &str) {
    let pushed = w.push(World::details()).await;
    let driven = w.walk(&mut w.citizen(), &pushed, who, &drive::Decisions::default()).await;
    w.tokens(&pushed, &driven).await;
}

async fn open(browser: &mut Citizen, address: &str) -> Page {
    browser.open(address).await.unwrap().page().unwrap()
}

async fn act(browser: &mut Citizen, page: &Page, act: &str) -> Page {
    browser.act(page, act, &[]).await.unwrap().page().unwrap()
}

/// From a page that asks for the card, through the reader, to what comes then.
async fn card(browser: &mut Citizen, page: &Page, press: &str, who: &str) -> Page {
    let page = act(browser, page, press).await;
    assert_eq!(page.id(), "pick", "{}", page.h1());
    assert!(page.url().as_str().starts_with(CARD));
    let page = browser.act(&page, "pick", &[("person", who)]).await.unwrap().page().unwrap();
    if page.id() != "pin" {
        return page;
    }
    browser.act(&page, "enter-pin", &[("pin", &person(who).pin)]).await.unwrap().page().unwrap()
}

async fn me(browser: &mut Citizen, who: &str) -> Page {
    let page = open(browser, &format!("{PORTAL}/me")).await;
    if page.id() == "me" {
        return page;
    }
    assert_eq!(page.id(), "sign-in");
    card(browser, &page, "sign-in", who).await
}

fn text(page: &Page) -> String {
    String::from_utf8_lossy(page.body()).into_owned()
}

/// Lets both sides do what waits.
async fn settle(w: &World) {
    for _ in 0..2 {
        w.portal.run_jobs().await.unwrap();
        w.delivery.kit().run_jobs().await.unwrap();
    }
}

async fn states(w: &World) -> Vec<(String, String)> {
    let rows = w.db.read(|tx| tx.query("SELECT id, state FROM linkages ORDER BY id", &[])).await.unwrap();
    rows.into_iter().map(|mut r| (r.text(0).unwrap(), r.text(1).unwrap())).collect()
}

/// The linkage's state at the delivery service, as its resource says it.
async fn over_there(w: &World, id: &str) -> String {
    let delivery = w.portal.delivery("post").await.unwrap().unwrap();
    let token = delivery.linkages_token(w.clock.clock().now()).await.unwrap();
    let url = delivery.linkage_url(id).unwrap();
    let answer = delivery.client().call(http::Method::GET, &url, &token, None).await.unwrap();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    answer["state"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mailbox_opens_without_a_password() {
    for engine in engines() {
        let w = world(engine).await;
        link(&w, "hanako").await;
        let mut browser = w.citizen();
        let page = me(&mut browser, "hanako").await;
        assert_eq!(page.id(), "me", "{engine:?} {}", page.h1());
        assert!(text(&page).contains("みほんポスト") && text(&page).contains("みほん確定申告"), "{}", text(&page));
        assert!(text(&page).contains("まだ使われていません"));
        let mailbox = act(&mut browser, &page, "open").await;
        assert_eq!(mailbox.id(), "mailbox", "{}", mailbox.h1());
        let page = me(&mut browser, "hanako").await;
        assert!(!text(&page).contains("まだ使われていません"), "its use is noted");
        let page = act(&mut browser, &page, "sign-out").await;
        assert_eq!(page.id(), "sign-in");
        assert_eq!(open(&mut browser, &format!("{PORTAL}/me")).await.id(), "sign-in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_mailbox_the_card_comes_first() {
    for engine in engines() {
        let w = world(engine).await;
        link(&w, "hanako").await;
        let start = format!("{POST}/sso/start?iss={PORTAL}");
        let mut browser = w.citizen();
        let page = open(&mut browser, &start).await;
        assert_eq!((page.id(), page.url().as_str().starts_with(PORTAL)), ("sign-in", true));
        assert!(text(&page).contains("みほんポストを開くには"));
        // Six minutes to find the card: longer than a request_uri lives.
        w.advance(360);
        let page = card(&mut browser, &page, "sign-in", "hanako").await;
        assert_eq!(page.id(), "signed-in", "{engine:?} {}", page.h1());
        let mailbox = act(&mut browser, &page, "next").await;
        assert_eq!(mailbox.id(), "mailbox", "{}", mailbox.h1());
        // The same link once more: it had its answer.
        let again = act(&mut browser, &page, "next").await;
        assert_eq!((again.id(), again.status()), ("done", 200));

        // Who does not want to sign in comes back; so does who is not linked.
        let mut browser = w.citizen();
        let page = open(&mut browser, &start).await;
        let back = act(&mut browser, &page, "cancel").await;
        assert!(back.url().as_str().starts_with(POST) && back.id() != "mailbox", "{}", back.url());
        let pushed = w.push(World::details()).await;
        let registers = drive::Decisions { link: drive::Link::Stop, ..drive::Decisions::default() };
        w.walk(&mut w.citizen(), &pushed, "ichiro", &registers).await;
        let page = open(&mut browser, &start).await;
        let page = card(&mut browser, &page, "sign-in", "ichiro").await;
        let back = act(&mut browser, &page, "next").await;
        assert!(back.url().as_str().starts_with(POST) && back.id() != "mailbox", "{}", back.id());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_does_not_count_is_said() {
    for engine in engines() {
        let w = world(engine).await;
        let mut browser = w.citizen();
        for (who, error) in [("hanako", "not-registered"), ("kenji", "E4"), ("mika", "E5")] {
            let page = open(&mut browser, &format!("{PORTAL}/sign-in")).await;
            let page = card(&mut browser, &page, "sign-in", who).await;
            assert_eq!((page.id(), page.error(), page.status()), ("sign-in", Some(error), 200), "{engine:?} {who}");
        }
        let page = open(&mut browser, &format!("{PORTAL}/sign-in")).await;
        let pick = act(&mut browser, &page, "sign-in").await;
        let page = browser.act(&pick, "pick", &[("fault", "wrong_key")]).await.unwrap().page().unwrap();
        let page = if page.id() == "pick" || page.id() == "pin" { open(&mut browser, PORTAL).await } else { page };
        assert_eq!(page.id(), "sign-in", "{}", page.h1());
        // Lists that can't be had: nobody passes.
        w.net.down("/crl/");
        let page = open(&mut browser, &format!("{PORTAL}/sign-in")).await;
        let page = card(&mut browser, &page, "sign-in", "yoko").await;
        assert_eq!(page.error(), Some("E5b"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unlinking_takes_a_fresh_card_and_reaches_the_other_side() {
    for engine in engines() {
        let w = world(engine).await;
        link(&w, "hanako").await;
        w.advance(1);
        link(&w, "ichiro").await;
        let [(hers, _), (his, _)] = states(&w).await.try_into().unwrap();
        let mut browser = w.citizen();
        let page = me(&mut browser, "ichiro").await;
        w.advance(16 * 60);
        let page = act(&mut browser, &page, "unlink").await;
        assert!(page.has("identify") && !page.has("confirm"), "{engine:?}");
        let address = page.url().to_string();
        let other = card(&mut browser, &page, "identify", "hanako").await;
        assert_eq!((other.id(), other.error()), ("sign-in", Some("E13")), "{}", other.h1());
        let page = card(&mut browser, &other, "sign-in", "ichiro").await;
        assert_eq!(page.id(), "unlink", "{}", page.h1());
        let page = browser.act_twice(&page, "confirm", &[]).await.unwrap().page().unwrap();
        assert_eq!((page.id(), page.status()), ("unlinked", 200));
        let page = open(&mut browser, &address).await;
        assert_eq!(page.id(), "unlinked", "the way back leads to what is true now");
        settle(&w).await;
        assert_eq!(states(&w).await, [(hers.clone(), "linked".to_owned()), (his.clone(), "ended".to_owned())]);
        assert_eq!((over_there(&w, &hers).await, over_there(&w, &his).await), ("active".into(), "ended".into()));
        // Somebody else's linkage is none of theirs.
        for path in ["", "/unlink", "/open", "/unlinked"] {
            let page = open(&mut browser, &format!("{PORTAL}/me/linkages/{hers}{path}")).await;
            assert_eq!(page.status(), 404, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_side_is_told_when_it_is_back() {
    for engine in engines() {
        let w = world(engine).await;
        link(&w, "hanako").await;
        let mut browser = w.citizen();
        let page = me(&mut browser, "hanako").await;
        let page = act(&mut browser, &page, "unlink").await;
        // It is taken there, but the answer is lost; then nobody answers at all.
        w.net.lose("POST https://post.example/events");
        assert_eq!(act(&mut browser, &page, "confirm").await.id(), "unlinked");
        w.portal.run_jobs().await.unwrap();
        w.net.up();
        w.net.down("POST https://post.example/events");
        w.advance(10);
        w.portal.run_jobs().await.unwrap();
        assert_eq!(store::jobs::waiting(&w.db).await.unwrap(), 1, "{engine:?}");
        w.net.up();
        w.advance(10);
        w.portal.run_jobs().await.unwrap();
        assert_eq!(store::jobs::waiting(&w.db).await.unwrap(), 0);
        assert_eq!(over_there(&w, &states(&w).await[0].0).await, "ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_over_there_is_ended_here() {
    for engine in engines() {
        let w = world(engine).await;
        link(&w, "hanako").await;
        let mut browser = w.citizen();
        let page = me(&mut browser, "hanako").await;
        let mailbox = act(&mut browser, &page, "open").await;
        let page = act(&mut browser, &mailbox, "unlink").await;
        act(&mut browser, &page, "confirm").await;
        settle(&w).await;
        assert_eq!(states(&w).await[0].1, "ended", "{engine:?}");
        let page = me(&mut browser, "hanako").await;
        assert!(text(&page).contains("連携しているサービスはありません") && !page.has("open"));
        assert!(text(&page).contains("連携先で解除されました"));
    }
}

async fn push_event(w: &World, media: &str, token: &str) -> (u16, Value) {
    let request = http::Request::builder()
        .method(http::Method::POST)
        .uri(format!("{PORTAL}/events"))
        .header("content-type", media)
        .body(bytes::Bytes::from(token.to_owned()))
        .unwrap();
    let answer = base::outbound::Http::send(&w.net, request).await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_strangers_change_nothing() {
    for engine in engines() {
        let w = world(engine).await;
        link(&w, "hanako").await;
        let id = states(&w).await[0].0.clone();
        let stranger = SigningKey::generate(Alg::Es256, &w.rng).unwrap();
        let now = w.clock.clock().now();
        let its_own = w.delivery.kit().provider().signing_key();
        let event = |iss: &str, aud: &str, linkage: Value, key: &SigningKey| {
            let what = json!({ "linkage_id": linkage });
            SetClaims::new(iss, aud, events::LINKAGE_ENDED, what, now, &w.rng).sign(key).unwrap()
        };
        let media = "application/secevent+jwt";
        for (media, token, err) in [
            (media, event(POST, PORTAL, json!(id), &stranger), "invalid_key"),
            (media, event("https://evil.example", PORTAL, json!(id), its_own), "invalid_issuer"),
            (media, event(POST, "https://other.example", json!(id), its_own), "invalid_audience"),
            (media, event(POST, PORTAL, json!(1), its_own), "invalid_request"),
            ("application/jwt", event(POST, PORTAL, json!(id), its_own), "invalid_request"),
            (media, "nonsense".to_owned(), "invalid_request"),
        ] {
            let (status, answer) = push_event(&w, media, &token).await;
            assert_eq!((status, answer["err"].as_str()), (400, Some(err)), "{engine:?}");
        }
        assert_eq!(push_event(&w, media, &event(POST, PORTAL, json!("lnk_unknown"), its_own)).await.0, 202);
        assert_eq!(states(&w).await[0].1, "linked");
        let true_one = event(POST, PORTAL, json!(id), its_own);
        for _ in 0..2 {
            assert_eq!(push_event(&w, media, &true_one).await.0, 202);
            assert_eq!(states(&w).await[0].1, "ended");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_api_user_may_fetch_can_be_taken_back() {
    for engine in engines() {
        let w = world(engine).await;
        link(&w, "hanako").await;
        let mut browser = w.citizen();
        let page = me(&mut browser, "hanako").await;
        assert!(text(&page).contains("連携したサービスに届いた証明書等"), "{engine:?}");
        let page = act(&mut browser, &page, "revoke").await;
        assert_eq!((page.id(), page.has("revoke")), ("me", false));
        assert!(text(&page).contains("提供を取り消しました"));
        let live = w.db.read(|tx| tx.query("SELECT id FROM oauth_grants WHERE revoked_at IS NULL", &[])).await.unwrap();
        assert!(live.is_empty());
        let open = w.db.read(|tx| tx.query("SELECT id FROM consents WHERE ended_at IS NULL", &[])).await.unwrap();
        assert!(open.is_empty());
        // The link itself stays.
        assert!(page.has("unlink"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end() {
    for engine in engines() {
        let w = world(engine).await;
        link(&w, "hanako").await;
        let mut browser = w.citizen();
        assert_eq!(me(&mut browser, "hanako").await.id(), "me");
        let address = format!("{PORTAL}/me");
        for _ in 0..18 {
            w.advance(25 * 60);
            assert_eq!(open(&mut browser, &address).await.id(), "me", "{engine:?}");
        }
        w.advance(31 * 60);
        assert_eq!(open(&mut browser, &address).await.id(), "sign-in", "idle");
        assert_eq!(me(&mut browser, "hanako").await.id(), "me");
        for _ in 0..17 {
            w.advance(29 * 60);
            open(&mut browser, &address).await;
        }
        assert_eq!(open(&mut browser, &address).await.id(), "sign-in", "eight hours");
        w.portal.sweep().await.unwrap();
        // Whatever stands in `next`, it leads to a page of ours.
        let page = open(&mut browser, &format!("{PORTAL}/sign-in?next=https://evil.example/")).await;
        let page = card(&mut browser, &page, "sign-in", "hanako").await;
        assert_eq!((page.id(), page.url().as_str()), ("me", address.as_str()));
    }
}
