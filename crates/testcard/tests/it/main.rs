//! The stand-in over its router, on both engines, judged by the portal's own check.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is what a test is for")]

mod browser;

use std::time::Duration;

use base::codec::{b64_decode, b64url};
use base::{Clock, FakeClock, Rng, Secret, Timestamp};
use browser::Browser;
use http::StatusCode;
use pki::people::{self, PEOPLE};
use pki::profile::Environment;
use pki::{Anchors, AuthCert, CardError, Challenge, Crl, CrlSet, Person, Policy, Purpose};
use serde_json::{Value, json};
use store::testing::{TestDb, engines, prepare_all};
use testcard::{Cards, Config, SignError, Testcard};

const NOW: Timestamp = Timestamp::from_secs(1_795_435_200);
const PORTAL: &str = "http://localhost:7001";

struct World {
    db: TestDb,
    clock: FakeClock,
    role: Testcard,
}

fn build(db: &TestDb, clock: Clock) -> Testcard {
    let config = Config {
        origin: web::Origin::parse("http://localhost:7004").unwrap(),
        relying_parties: vec![web::Origin::parse(PORTAL).unwrap()],
        master: Secret::new([3; 32]),
        hierarchy: testcard::Hierarchy::Test,
    };
    testcard::build(config, db.open(&[testcard::MIGRATIONS]), clock, Rng::system()).unwrap()
}

fn worlds() -> impl Iterator<Item = World> {
    engines().into_iter().map(|engine| {
        let (db, clock) = (TestDb::new(engine), FakeClock::at(NOW));
        let role = build(&db, clock.clock());
        World { db, clock, role }
    })
}

fn person(id: &str) -> &'static Person {
    people::find(id).unwrap()
}

fn challenge(seed: u8) -> Challenge {
    Challenge {
        origin: pki::Origin::parse(PORTAL).unwrap(),
        nonce: [seed; 32],
        session_hash: [9; 32],
        expires: NOW.plus(Duration::from_secs(300)),
        purpose: Purpose::AttributeLinkage,
    }
}

fn address(c: &Challenge, return_to: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("origin", c.origin.as_str())
        .append_pair("nonce", &b64url(&c.nonce))
        .append_pair("session", &b64url(&c.session_hash))
        .append_pair("expires", &c.expires.secs().to_string())
        .append_pair("purpose", c.purpose.as_str())
        .append_pair("return_to", return_to)
        .finish();
    format!("/read?{query}")
}

fn start(seed: u8) -> String {
    address(&challenge(seed), &format!("{PORTAL}/card/return/chl_{seed}"))
}

impl World {
    /// Stops and starts again; all browsers must be gone.
    fn restart(self) -> Self {
        let Self { db, clock, role } = self;
        drop(role);
        let role = build(&db, clock.clock());
        Self { db, clock, role }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.role.router.clone())
    }

    /// Picks a card; gives the page that follows.
    async fn pick(&self, browser: &mut Browser, seed: u8, id: &str) -> browser::Page {
        browser.get(&start(seed)).await.expect(StatusCode::OK, "pick");
        browser.submit("/read", &[("person", id)]).await.follow(browser).await
    }

    async fn redeem(&self, handle: &str) -> (StatusCode, Value) {
        browser::post_json(&self.role.router, "/api/redeem", &json!({ "handle": handle })).await
    }

    async fn text(&self, path: &str) -> Vec<u8> {
        let (status, body) = browser::get(&self.role.router, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }

    /// As the portal does: fetch root and list, check everything.
    async fn verify(&self, result: &Value, challenge: &Challenge) -> Result<pki::VerifiedCard, CardError> {
        let now = self.clock.clock().now();
        let field = |name: &str| b64_decode(result[name].as_str().unwrap()).unwrap();
        let (certificate, signature) = (field("certificate"), field("signature"));
        let pem = String::from_utf8(self.text("/ca.pem").await).unwrap();
        let anchors = Anchors::from_pem(&pem).unwrap();
        let slug = AuthCert::parse(&certificate).unwrap().partition().unwrap().slug();
        let list = self.text(&format!("/crl/{slug}.crl")).await;
        let mut lists = CrlSet::new();
        lists.insert(Crl::parse_and_verify(&list, &anchors, now).unwrap());
        let policy = Policy { environment: Environment::Test };
        pki::verify(policy, &anchors, &lists, &certificate, &signature, challenge, now)
    }

    /// Picks a fault; gives the result behind the handle.
    async fn fault(&self, seed: u8, fault: &str) -> Value {
        let mut browser = self.browser();
        browser.get(&start(seed)).await.expect(StatusCode::OK, "pick");
        let handle = browser.submit("/read", &[("fault", fault)]).await.handle(seed);
        self.redeem(&handle).await.1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_suit_both_engines() {
    let complaints = prepare_all(&[testcard::MIGRATIONS], testcard::STATEMENTS).await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_picked_its_pin_entered_and_the_handle_redeemed_once() {
    for world in worlds() {
        let mut browser = world.browser();
        let page = world.pick(&mut browser, 1, "hanako").await;
        page.expect(StatusCode::OK, "pin").contains("残り3回です。").contains("佐藤 花子").contains("localhost:7001");
        assert!(page.csp().contains(&format!("form-action 'self' {PORTAL}")), "the redirect back passes the policy");

        // Full-width digits are taken.
        let sent = browser.submit_form("enter-pin", &[("pin", "１１１１")]).await;
        let handle = sent.handle(1);
        let (status, result) = world.redeem(&handle).await;
        assert_eq!((status, &result["result"]), (StatusCode::OK, &json!("signed")));
        let card = world.verify(&result, &challenge(1)).await.unwrap();
        assert_eq!(card.key, world.role.cards.card_key(person("hanako")).await.unwrap());

        let (status, again) = world.redeem(&handle).await;
        assert_eq!((status, &again["code"]), (StatusCode::NOT_FOUND, &json!("unknown_handle")));
        assert_eq!(world.redeem("made up").await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn misses_are_counted_until_the_pin_is_locked() {
    for world in worlds() {
        let mut browser = world.browser();
        world.pick(&mut browser, 1, "ichiro").await;
        // What is no PIN costs no try.
        for typed in ["", "12", "abcd", "22223"] {
            let page = browser.submit_form("enter-pin", &[("pin", typed)]).await;
            page.expect(StatusCode::UNPROCESSABLE_ENTITY, "pin")
                .contains("数字4桁で入力してください")
                .contains("残り3回です。");
        }
        let page = browser.submit_form("enter-pin", &[("pin", "9182")]).await;
        page.expect(StatusCode::UNPROCESSABLE_ENTITY, "pin").contains("data-error=\"E2\"");
        page.contains("暗証番号が違います。残り2回です。").contains("エラー：");
        assert!(!page.text.contains("9182"), "a PIN is never echoed");
        let page = browser.submit_form("enter-pin", &[("pin", "9182")]).await;
        page.expect(StatusCode::UNPROCESSABLE_ENTITY, "pin").contains("data-error=\"E2b\"");
        page.contains("次にまちがえるとロックされます").contains("暗証番号を確認してからやり直す");
        let page = browser.submit_form("enter-pin", &[("pin", "9182")]).await;
        page.expect(StatusCode::OK, "card-locked")
            .contains("data-error=\"E3\"")
            .contains("暗証番号がロックされています");
        // Locked is locked, also with the right PIN, also in another browser, also after a restart.
        drop(browser);
        let world = world.restart();
        let mut browser = world.browser();
        world.pick(&mut browser, 2, "ichiro").await.expect(StatusCode::OK, "card-locked");
        let refused = world.role.cards.sign(person("ichiro"), "2222", &challenge(3)).await;
        assert!(matches!(refused, Err(SignError::Locked)));

        let handle = browser.submit_form("back", &[]).await.handle(2);
        let (_, result) = world.redeem(&handle).await;
        assert_eq!(result, json!({ "result": "failed", "reason": "pin_locked", "tries_left": 0 }));

        // Put back.
        browser.get(&start(4)).await;
        let page = browser.submit("/reset", &[]).await.follow(&mut browser).await;
        page.expect(StatusCode::OK, "pick").contains("試験用カードを初期状態に戻しました");
        browser.submit("/read", &[("person", "ichiro")]).await.follow(&mut browser).await.contains("残り3回です。");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_restores_the_tries() {
    for world in worlds() {
        let mut browser = world.browser();
        let page = world.pick(&mut browser, 1, "naomi").await;
        page.expect(StatusCode::OK, "pin").contains("次にまちがえるとロックされます").contains("残り1回です。");
        browser.submit_form("enter-pin", &[("pin", "7777")]).await.handle(1);
        assert_eq!(world.role.cards.tries_left(person("naomi")).await.unwrap(), 3);
        // And a locked card doesn't sign, whatever is entered.
        world.pick(&mut browser, 2, "takashi").await.expect(StatusCode::OK, "card-locked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_counted_one_by_one_however_many_come_at_once() {
    for world in worlds() {
        let cards = &world.role.cards;
        let tries: Vec<_> = (0..12)
            .map(|_| {
                let cards = cards.clone();
                tokio::spawn(async move { cards.sign(person("mari"), "0000", &challenge(1)).await })
            })
            .collect();
        let mut wrong = Vec::new();
        for attempt in tries {
            match attempt.await.unwrap() {
                Err(SignError::WrongPin { tries_left }) => wrong.push(tries_left),
                Err(SignError::Locked) => {}
                other => panic!("{other:?}"),
            }
        }
        wrong.sort_unstable();
        assert_eq!(wrong, [1, 2], "two misses are told, the third and all later ones are: locked");
        assert_eq!(cards.tries_left(person("mari")).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_test_person_fits_the_table() {
    for world in worlds() {
        world.role.cards.reset().await.unwrap();
        for p in &PEOPLE {
            let asked = challenge(1);
            let signed = match world.role.cards.sign(p, p.pin, &asked).await {
                Ok(signed) => signed,
                Err(SignError::Locked) => {
                    assert_eq!(p.id, "takashi");
                    continue;
                }
                Err(other) => panic!("{}: {other}", p.id),
            };
            let result = json!({ "certificate": base::codec::b64(&signed.certificate),
                                 "signature": base::codec::b64(&signed.signature) });
            let checked = world.verify(&result, &asked).await;
            match p.id {
                "kenji" => {
                    // 23:59:59 in Japan on the last birthday.
                    let not_after = checked.unwrap_err();
                    let expected = pki::profile::end_of("2026-05-31".parse().unwrap());
                    assert_eq!(not_after, CardError::Expired { not_after: expected });
                }
                "mika" => assert_eq!(checked, Err(CardError::Revoked)),
                id => assert!(checked.is_ok(), "{id}: {checked:?}"),
            }
        }
        // Years later the certificates still hold up to their end, and lists are made anew.
        world.clock.advance(Duration::from_secs(3 * 365 * 86_400));
        let mut asked = challenge(2);
        asked.expires = world.clock.clock().now().plus(Duration::from_secs(60));
        let signed = world.role.cards.sign(person("hanako"), "1111", &asked).await.unwrap();
        let result = json!({ "certificate": base::codec::b64(&signed.certificate),
                             "signature": base::codec::b64(&signed.signature) });
        world.verify(&result, &asked).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_what_they_say() {
    for world in worlds() {
        let failed = |reason| json!({ "result": "failed", "reason": reason });
        assert_eq!(world.fault(1, "card_not_read").await, failed("card_not_read"));
        assert_eq!(world.fault(2, "other_card").await, failed("other_card"));
        assert_eq!(world.fault(3, "cancelled").await, failed("cancelled"));
        let checked = async |seed, fault| world.verify(&world.fault(seed, fault).await, &challenge(seed)).await;
        assert_eq!(checked(4, "wrong_key").await, Err(CardError::BadSignature));
        assert_eq!(checked(5, "wrong_challenge").await, Err(CardError::BadSignature));
        assert_eq!(checked(6, "other_hierarchy").await, Err(CardError::UnknownIssuer));
        // What isn't offered leads to the page again.
        let mut browser = world.browser();
        browser.get(&start(7)).await;
        let page = browser.submit("/read", &[("fault", "made_up")]).await.follow(&mut browser).await;
        page.expect(StatusCode::OK, "pick");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_a_foreign_origin() {
    let world = worlds().next().unwrap();
    let mut browser = world.browser();
    let mut foreign = challenge(1);
    foreign.origin = pki::Origin::parse("https://evil.example").unwrap();
    for (path, hint) in [
        (address(&foreign, "https://evil.example/x"), "origin が、"),
        (address(&challenge(1), "https://evil.example/x"), "return_to は、"),
        (address(&challenge(1), "http://localhost:7001@evil.example/x"), "return_to は、"),
        (start(1).replace("nonce=", "nonsense="), "それぞれ一つずつ"),
        (format!("{}&origin=https://evil.example", start(1)), "それぞれ一つずつ"),
        (start(1).replace("attribute-linkage", "payment"), "purpose は、"),
    ] {
        let page = browser.get(&path).await;
        page.expect(StatusCode::BAD_REQUEST, "error").contains(hint);
        assert!(!page.headers.contains_key(http::header::LOCATION));
        assert!(!page.csp().contains("evil"));
    }
    // The hidden fields are checked again.
    browser.get(&start(1)).await;
    let form = browser.form(|form| form.contains("data-act=\"pick\"")).replace("card/return", "@evil.example");
    let form = form.replace("http://localhost:7001", "https://evil.example");
    browser.press(&form, &[("person", "hanako")]).await.expect(StatusCode::BAD_REQUEST, "error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_belongs_to_one_browser_and_forms_to_their_pages() {
    let world = worlds().next().unwrap();
    let mut browser = world.browser();
    browser.get(&start(1)).await;
    let sent = browser.submit("/read", &[("person", "hanako")]).await;
    let path = sent.location().to_owned();
    browser.get(&path).await.expect(StatusCode::OK, "pin");

    let mut other = world.browser();
    other.get(&start(2)).await;
    other.get(&path).await.expect(StatusCode::GONE, "reading-gone");
    let pin_form = browser.form(|form| form.contains("enter-pin"));
    other.press(&pin_form, &[("pin", "1111")]).await.expect(StatusCode::FORBIDDEN, "stale-form");
    let page = browser.send(http::Method::POST, &format!("{path}/pin"), "pin=1111".to_owned()).await;
    page.expect(StatusCode::FORBIDDEN, "stale-form");
    for gone in ["/read/rdg_x", "/read/rdg_01kaqzv1m0000000000000000a"] {
        browser.get(gone).await.expect(StatusCode::GONE, "reading-gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pressing_twice_or_going_back_ends_nowhere() {
    for world in worlds() {
        let mut browser = world.browser();
        world.pick(&mut browser, 1, "hanako").await;
        let form = browser.form(|form| form.contains("enter-pin"));
        let first = browser.press(&form, &[("pin", "1111")]).await.handle(1);
        // The browser dropped the first answer: the second press gets the answer, once.
        let second = browser.press(&form, &[("pin", "1111")]).await.handle(1);
        assert_ne!(first, second);
        assert_eq!(world.redeem(&first).await.0, StatusCode::NOT_FOUND);
        assert_eq!(world.redeem(&second).await.0, StatusCode::OK);
        // After that it only leads back to the portal.
        let third = browser.press(&form, &[("pin", "1111")]).await.handle(1);
        assert_eq!(world.redeem(&third).await.0, StatusCode::NOT_FOUND);
        let path = form.split("action=\"").nth(1).unwrap().split("/pin").next().unwrap().to_owned();
        browser.get(&path).await.expect(StatusCode::GONE, "reading-gone");
        browser.submit_form("back", &[]).await.handle(1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_and_being_late_go_back_too() {
    for world in worlds() {
        let mut browser = world.browser();
        world.pick(&mut browser, 1, "jun").await;
        let handle = browser.submit_form("cancel", &[]).await.handle(1);
        let cancelled = json!({ "result": "failed", "reason": "cancelled", "tries_left": 3 });
        assert_eq!(world.redeem(&handle).await.1, cancelled);

        // The challenge expires while the PIN is typed: nothing is signed any more.
        world.pick(&mut browser, 2, "jun").await;
        world.clock.advance(Duration::from_secs(300));
        let late = browser.submit_form("enter-pin", &[("pin", "8888")]).await.handle(2);
        assert_eq!(world.redeem(&late).await.1, json!({ "result": "failed", "reason": "card_not_read" }));
        // Or before a card is picked.
        browser.get(&start(3)).await;
        let late = browser.submit("/read", &[("person", "jun")]).await.handle(3);
        // A handle lives for two minutes beyond the challenge.
        world.clock.advance(Duration::from_secs(120));
        assert_eq!(world.redeem(&late).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_certificates_stay_over_a_restart_and_between_nodes() {
    for world in worlds() {
        let key = |cards: Cards| async move { cards.card_key(person("jun")).await.unwrap() };
        let sign = |cards: Cards| async move { cards.sign(person("jun"), "8888", &challenge(1)).await.unwrap() };
        let (before, signed) = (key(world.role.cards.clone()).await, sign(world.role.cards.clone()).await);
        let world = world.restart();
        assert_eq!(key(world.role.cards.clone()).await, before);
        assert!(sign(world.role.cards.clone()).await == signed, "the same certificate and a repeatable signature");
    }
    for engine in engines().into_iter().filter(|e| *e == store::Engine::Postgres) {
        let (db, clock) = (TestDb::new(engine), FakeClock::at(NOW));
        let (a, b) = (build(&db, clock.clock()), build(&db, clock.clock()));
        let (one, two) = tokio::join!(a.cards.ca_pem(), b.cards.ca_pem());
        assert_eq!(one.unwrap(), two.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_people_and_predecessors() {
    let world = worlds().next().unwrap();
    let people: Value = serde_json::from_slice(&world.text("/people.json").await).unwrap();
    let people = people["people"].as_array().unwrap();
    assert_eq!(people.len(), 12);
    let jun = people.iter().find(|p| p["id"] == "jun").unwrap();
    assert_eq!((&jun["pin"], &jun["case"]), (&json!("8888"), &json!("renewed_card")));

    let ask = async |serial: &str, aki: &str| {
        let body = json!({ "serial": serial, "aki": aki });
        browser::post_json(&world.role.router, "/api/predecessors", &body).await
    };
    let (serial, aki) = (jun["certificate"]["serial"].as_str().unwrap(), jun["certificate"]["aki"].as_str().unwrap());
    let (status, answer) = ask(serial, aki).await;
    assert_eq!((status, &answer["predecessors"]), (StatusCode::OK, &json!([jun["certificate"]["predecessor"]])));
    let before = world.role.cards.predecessor_key(person("jun")).await.unwrap().unwrap();
    let key = world.role.cards.card_key(person("jun")).await.unwrap();
    assert_eq!(key.with_serial_hex(answer["predecessors"][0].as_str().unwrap()), Some(before));
    for (serial, aki) in [(serial, "00"), ("00ff", aki), ("", aki), ("xyz", aki)] {
        assert_eq!(ask(serial, aki).await.1, json!({ "predecessors": [] }));
    }

    for (path, body) in [("/api/redeem", "{}"), ("/api/redeem", "x"), ("/api/predecessors", "[]")] {
        let (status, problem) = browser::post_raw(&world.role.router, path, body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")));
    }
    for missing in ["/crl/x.crl", "/crl/Tokyo-to.Chiyoda-ku.crl", "/crl/Tokyo-to.Kiyose-shi"] {
        assert_eq!(browser::get(&world.role.router, missing).await.0, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_in_software_has_the_key_of_the_card_here_and_the_next_one_replaces_it() {
    for world in worlds() {
        let (cards, hanako) = (&world.role.cards, person("hanako"));
        let exported = cards.export(hanako, false).await.unwrap();
        let signed = cards.sign(hanako, hanako.pin, &challenge(1)).await.unwrap();
        assert_eq!(exported.certificate, signed.certificate);
        let key = pki::RsaKey::from_pkcs8(exported.key.expose()).unwrap();
        assert_eq!(key.sign(&challenge(1).signed_bytes()).unwrap(), signed.signature);
        Anchors::from_der([&exported.authority]).unwrap();

        let next = cards.export(hanako, true).await.unwrap();
        let cert = AuthCert::parse(&next.certificate).unwrap();
        assert_eq!(cert.algorithm(), Some(pki::Algorithm::EcdsaP384Sha384));
        assert_eq!(cards.export(hanako, true).await.unwrap().certificate, next.certificate);
        let (serial, aki) = (cert.key().serial_hex(), cert.key().aki_hex());
        let before = cards.predecessors(serial.expose(), &aki).await.unwrap();
        assert_eq!(before, [cards.card_key(hanako).await.unwrap().serial_hex().expose().clone()]);
        // Somebody whose card was renewed before has two.
        let jun = AuthCert::parse(&cards.export(person("jun"), true).await.unwrap().certificate).unwrap();
        assert_eq!(cards.predecessors(jun.key().serial_hex().expose(), &aki).await.unwrap().len(), 2);
        // Another program beside the role comes to the same keys.
        let beside = testcard::cards(
            store::Db::attach(&world.db.target).unwrap(),
            &Secret::new([3; 32]),
            testcard::Hierarchy::Test,
            world.clock.clock(),
            Rng::system(),
        );
        assert_eq!(beside.unwrap().export(hanako, true).await.unwrap().certificate, next.certificate);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn english_pages_by_ui_locales() {
    let world = worlds().next().unwrap();
    let mut browser = world.browser();
    let page = browser.get(&format!("{}&ui_locales=en", start(1))).await;
    page.expect(StatusCode::OK, "pick").contains("<html lang=\"en\"").contains("Emma Louise Johansson");
    let page = browser.submit("/read", &[("person", "naomi")]).await.follow(&mut browser).await;
    page.expect(StatusCode::OK, "pin").contains("1 try left").contains("One more wrong entry locks the PIN");
    let page = browser.get("/").await;
    page.expect(StatusCode::OK, "cards").contains("Reset test cards");
}
