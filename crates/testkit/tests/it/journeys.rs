//! The run of guideline 2.3 from ① to ⑦, and every way it can end.

use std::time::Duration;

use drive::{Arrival, Decisions};
use provider::Status;
use serde_json::{Value, json};
use store::Engine;
use store::testing::engines;
use testkit::{Trouble, World, world};

use crate::decide;

#[tokio::test(flavor = "multi_thread")]
async fn a_first_time_citizen_goes_through_and_comes_back_linked() {
    for engine in engines() {
        let w = World::new(engine).await;
        let done = w.run("hanako", &Decisions::default()).await;
        assert_eq!(done.outcome, "linked", "{:?}", done.pages);
        for page in ["consent", "identify", "pick", "pin", "register", "link", "handover", "sign-in", "allow", "linked"]
        {
            assert!(done.pages.iter().any(|p| p == page), "{page} is missing in {:?}", done.pages);
        }
        w.both_sides_agree().await;
        let again = w.run("hanako", &Decisions::default()).await;
        assert_eq!(again.outcome, "already_linked");
        assert_eq!(w.portal_linkages().await.iter().filter(|(_, s)| s == "linked").count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_double_clicks_and_reloads_come_to_the_same() {
    for engine in engines() {
        let w = World::new(engine).await;
        for (person, decisions) in [
            (
                "emma",
                json!({ "at_delivery": { "sign": "up", "account": "emma.new@example.jp", "password": "a long new password" } }),
            ),
            ("katsuragi", json!({ "double_submit": true })),
            ("sora", json!({ "reload": true })),
            ("mari", json!({ "hand_over": "back", "stop": "continue" })),
            ("naomi", json!({})),
        ] {
            let done = w.run(person, &decide(decisions)).await;
            assert_eq!(done.outcome, "linked", "{engine:?} {person} {:?}", done.pages);
        }
        w.both_sides_agree().await;
        assert_eq!(w.portal_linkages().await.iter().filter(|(_, s)| s == "linked").count(), 5);
    }
}

/// One row of the table below: person, decisions, outcome, page that has to be seen on the way.
type Row = (&'static str, Value, &'static str, &'static str);

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_and_every_card_has_its_outcome_and_comes_back() {
    let rows: Vec<Row> = vec![
        ("hanako", json!({ "consent": "refuse" }), "consent_denied", "consent"),
        ("hanako", json!({ "identify": "stop" }), "user_cancelled", "stop"),
        ("hanako", json!({ "register": "stop" }), "user_cancelled", "stop"),
        ("hanako", json!({ "link": "stop" }), "user_cancelled", "stop"),
        ("hanako", json!({ "hand_over": "stop" }), "user_cancelled", "stop"),
        ("hanako", json!({ "at_delivery": { "sign": "cancel" } }), "user_cancelled", "not-linked"),
        ("hanako", json!({ "at_delivery": { "allow": "deny" } }), "user_cancelled", "not-linked"),
        ("hanako", json!({ "faults": ["card_not_read"], "card_error": "stop" }), "user_cancelled", "card-error"),
        ("hanako", json!({ "faults": ["other_card"], "card_error": "stop" }), "user_cancelled", "card-error"),
        ("hanako", json!({ "pin": "cancel", "card_error": "stop" }), "user_cancelled", "pin"),
        ("kenji", json!({}), "cert_expired", "ended"),
        ("mika", json!({}), "cert_revoked", "ended"),
        ("takashi", json!({}), "card_pin_locked", "ended"),
        ("naomi", json!({ "pins": ["0000"] }), "card_pin_locked", "ended"),
        ("jun", json!({}), "link_failed", "ended"),
    ];
    for engine in engines() {
        let w = World::new(engine).await;
        for (person, decisions, outcome, page) in &rows {
            let done = w.run(person, &decide(decisions.clone())).await;
            assert_eq!(done.outcome, *outcome, "{engine:?} {person} {decisions}: {:?}", done.pages);
            assert!(done.pages.iter().any(|p| p == page), "{person} {decisions}: {:?}", done.pages);
            w.both_sides_agree().await;
        }
        assert!(!w.portal_linkages().await.iter().any(|(_, s)| s == "linked"));
        // What went wrong once does not stand in the way: the same person tries again and gets through.
        let done =
            w.run("hanako", &decide(json!({ "faults": ["card_not_read", "other_card"], "pins": ["0000"] }))).await;
        assert_eq!(done.outcome, "linked", "{:?}", done.pages);
        let done = w.run("ichiro", &decide(json!({ "at_delivery": { "allow": "deny" }, "not_linked": "retry" }))).await;
        assert_eq!(done.outcome, "linked", "{:?}", done.pages);
        w.both_sides_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_card_never_makes_a_second_account() {
    for engine in engines() {
        let w = World::new(engine).await;
        let count = async || {
            let rows = w.portal_db.read(|tx| tx.query("SELECT id FROM citizens", &[])).await.unwrap();
            rows.len()
        };
        let before = count().await;
        for _ in 0..2 {
            assert_eq!(w.run("jun", &Decisions::default()).await.outcome, "link_failed");
        }
        assert_eq!(count().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_mailbox_is_a_conflict_for_both() {
    for engine in engines() {
        let w = World::new(engine).await;
        assert_eq!(w.run("hanako", &Decisions::default()).await.outcome, "linked");
        // Ichiro signs in with Hanako's mailbox, which is linked with Hanako's portal account.
        let hers =
            json!({ "at_delivery": { "sign": "in", "account": "hanako@example.jp", "password": "demo-password-1" } });
        let done = w.run("ichiro", &decide(hers)).await;
        assert_eq!(done.outcome, "link_conflict", "{:?}", done.pages);
        w.both_sides_agree().await;
        assert_eq!(w.portal_linkages().await.iter().filter(|(_, s)| s == "linked").count(), 1);
        let done = w.run("ichiro", &Decisions::default()).await;
        assert_eq!(done.outcome, "linked", "{:?}", done.pages);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_who_is_away_for_too_long_is_still_returned() {
    for engine in engines() {
        let w = World::new(engine).await;
        for page in ["identify", "register", "link", "handover"] {
            w.advance(Duration::from_secs(1));
            let (browser, driven) = w.drive(w.browser(), "hanako", &decide(json!({ "stop_at": page }))).await;
            assert!(driven.redirect_to.is_none());
            w.advance(Duration::from_secs(31 * 60));
            w.settle().await;
            let mut browser = browser;
            let run = run_url(&w, &driven).await;
            let ended = browser.open(&run).await.unwrap().page().unwrap();
            assert_eq!((ended.id(), ended.outcome()), ("ended", Some("session_expired")), "{page}");
            let Arrival::Stopped { redirect_to } = browser.act(&ended, "return", &[]).await.unwrap() else {
                panic!("not returned")
            };
            assert!(redirect_to.query().unwrap().contains("outcome=session_expired"), "{redirect_to}");
            w.both_sides_agree().await;
        }
    }
}

/// The address of the newest run.
async fn run_url(w: &World, _: &drive::Driven) -> String {
    let rows = w.portal_db.read(|tx| tx.query("SELECT id FROM journeys ORDER BY id DESC", &[])).await.unwrap();
    let id = rows.into_iter().next().unwrap().text(0).unwrap();
    format!("{}/run/{id}", world::PORTAL)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_client_gets_its_citizens_back_and_nothing_else() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (browser, driven) = w.drive(w.browser(), "hanako", &decide(json!({ "stop_at": "link" }))).await;
        let (sample, _) = w
            .portal
            .provider()
            .list_clients()
            .await
            .unwrap()
            .into_iter()
            .find(|(c, _)| c.kind == oauth::ClientKind::ApiUser)
            .unwrap();
        assert!(w.portal.provider().set_client_status(&sample.client_id, Status::Suspended).await.unwrap());
        w.advance(Duration::from_secs(2));
        let mut browser = browser;
        let page = browser.open(&run_url(&w, &driven).await).await.unwrap().page().unwrap();
        let page =
            if page.id() == "ended" { page } else { browser.act(&page, "link", &[]).await.unwrap().page().unwrap() };
        assert_eq!((page.id(), page.outcome()), ("ended", Some("client_suspended")));
        let Arrival::Stopped { redirect_to } = browser.act(&page, "return", &[]).await.unwrap() else {
            panic!("not returned")
        };
        assert!(redirect_to.query().unwrap().contains("error=unauthorized_client"), "{redirect_to}");
        // New runs don't even begin.
        let mut other = w.browser().stopping_at([format!("{}/oauth/authorize", world::PORTAL)]);
        let start = other.open(world::SAMPLE).await.unwrap().page().unwrap();
        assert!(matches!(other.act(&start, "connect", &[]).await.unwrap(), Arrival::Page(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_service_that_is_down_or_in_maintenance_is_said_and_left() {
    for engine in engines() {
        let w = World::new(engine).await;
        let router = w.net.unplug(world::DELIVERY);
        let done = w.run("ichiro", &Decisions::default()).await;
        assert_eq!(done.outcome, "service_unavailable", "{:?}", done.pages);
        w.net.host(world::DELIVERY, router);
        w.settle().await;
        w.both_sides_agree().await;

        let now = w.clock.clock().now();
        let window = portal::store::deliveries::WindowRow {
            id: "mnt_1".to_owned(),
            delivery_id: world::DELIVERY_ID.to_owned(),
            starts_at: now.minus(Duration::from_secs(60)),
            ends_at: now.plus(Duration::from_secs(3600)),
            note_ja: None,
            note_en: None,
        };
        w.portal.put_maintenance(window).await.unwrap();
        w.advance(Duration::from_secs(2));
        let done = w.run("ichiro", &Decisions::default()).await;
        assert_eq!(done.outcome, "service_maintenance", "{:?}", done.pages);
        assert!(!done.pages.iter().any(|p| p == "identify"), "told before the citizen works: {:?}", done.pages);
        w.advance(Duration::from_secs(2 * 3600));
        assert_eq!(w.run("ichiro", &Decisions::default()).await.outcome, "linked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_take_turns_and_the_citizen_does_not_notice() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let w = World::new(Engine::Postgres).await;
    w.second_portal_node().await;
    for person in ["hanako", "ichiro", "emma"] {
        let done = w.run(person, &decide(json!({ "reload": true }))).await;
        assert_eq!(done.outcome, "linked", "{person} {:?}", done.pages);
    }
    w.both_sides_agree().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_comes_through_and_fills_the_form() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (browser, driven) = w.drive(w.browser(), "hanako", &Decisions::default()).await;
        let (mut browser, done) = w.come_back(browser, driven).await;
        assert_eq!(done.outcome, "linked");
        let result = browser.open(&format!("{}/result", world::SAMPLE)).await.unwrap().page().unwrap();
        let form = browser.act(&result, "import", &[]).await.unwrap().page().unwrap();
        assert_eq!(form.id(), "form", "{}", form.h1());
        let text = String::from_utf8_lossy(form.body()).into_owned();
        assert!(text.contains("見本ポスト"), "the source is named");
        assert!(text.contains("見本生命"), "the insurer is named: {text}");
        // Nothing there yet is normal.
        let (browser, driven) = w.drive(w.browser(), "mari", &Decisions::default()).await;
        let (mut browser, done) = w.come_back(browser, driven).await;
        assert_eq!(done.outcome, "linked");
        let result = browser.open(&format!("{}/result", world::SAMPLE)).await.unwrap().page().unwrap();
        let page = browser.act(&result, "import", &[]).await.unwrap().page().unwrap();
        assert_eq!(page.status(), 200, "{}", page.h1());
        w.both_sides_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_repaired_to_linked_on_both_sides() {
    for engine in engines() {
        let w = World::new(engine).await;
        // The PUT is acted on, but the portal never hears of it.
        w.net.trouble("PUT https://post.example/linkages/", Trouble::AnswerLost, 1);
        let (_, driven) = w.drive(w.browser(), "ichiro", &Decisions::default()).await;
        w.net.calm();
        w.advance(Duration::from_secs(120));
        w.settle().await;
        w.both_sides_agree().await;
        let to = driven.redirect_to.map(|u| u.to_string()).unwrap_or_default();
        let linked = w.portal_linkages().await.iter().any(|(_, s)| s == "linked");
        assert!(linked == to.contains("code="), "{engine:?}: what the API user hears is what is true: {to} {linked}");
    }
}
