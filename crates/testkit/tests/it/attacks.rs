//! Attempts to link somebody else's mailbox, and to use twice what works once.

use std::time::Duration;

use drive::{Arrival, Decisions};
use serde_json::json;
use store::testing::engines;
use testkit::{World, world};
use url::Url;

use crate::decide;

/// Where the attacker's browser stands when it would be handed over: the delivery service's address with
/// the attacker's request.
async fn hand_over_address(w: &World, person: &str) -> (drive::Citizen, String) {
    // Ids of the same moment have no order.
    w.advance(Duration::from_secs(1));
    let (browser, driven) = w.drive(w.browser(), person, &decide(json!({ "stop_at": "handover" }))).await;
    assert!(driven.redirect_to.is_none());
    let mut browser = browser.stopping_at([format!("{}/oauth/authorize", world::DELIVERY)]);
    let rows = w.portal_db.read(|tx| tx.query("SELECT id FROM journeys ORDER BY id DESC", &[])).await.unwrap();
    let id = rows.into_iter().next().unwrap().text(0).unwrap();
    let page = browser.open(&format!("{}/run/{id}", world::PORTAL)).await.unwrap().page().unwrap();
    let Arrival::Stopped { redirect_to } = browser.act(&page, "next", &[]).await.unwrap() else {
        panic!("not handed over")
    };
    (browser, redirect_to.to_string())
}

/// The victim signs in at the delivery service and allows, at an address somebody sent; gives where the
/// browser is sent then.
async fn victim_allows(w: &World, address: &str, person: &str) -> (drive::Citizen, Url) {
    let mut victim = w.browser().stopping_at([format!("{}/link/callback", world::PORTAL)]);
    let p = w.person(person);
    let page = victim.open(address).await.unwrap().page().unwrap();
    assert_eq!(page.id(), "sign-in");
    let page = victim
        .act(&page, "sign-in", &[("email", &p.account), ("password", &p.password)])
        .await
        .unwrap()
        .page()
        .unwrap();
    assert_eq!(page.id(), "allow", "{}", page.h1());
    let page = victim.act(&page, "allow", &[]).await.unwrap().page().unwrap();
    assert_eq!(page.id(), "linked", "{}", page.h1());
    let Arrival::Stopped { redirect_to } = victim.act(&page, "return", &[]).await.unwrap() else {
        panic!("not returned to the portal")
    };
    (victim, redirect_to)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_victim_lured_into_the_attackers_run_is_not_linked() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (attacker, address) = hand_over_address(&w, "ichiro").await;
        let (victim, callback) = victim_allows(&w, &address, "hanako").await;
        // In the victim's browser the portal does not know this run.
        let mut victim = victim.stopping_at([format!("{}/callback", world::SAMPLE)]);
        let page = victim.open(callback.as_str()).await.unwrap().page().unwrap();
        assert!(page.status() < 500);
        assert!(!w.portal_linkages().await.iter().any(|(_, s)| s == "linked"), "{engine:?}");
        assert!(!w.delivery_linkages().await.iter().any(|(_, s)| s == "active"), "{engine:?}");
        // The attempt has not used up the attacker's own state, but neither is there a second code.
        drop(attacker);
        w.both_sides_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attackers_code_in_the_victims_run_links_nothing() {
    for engine in engines() {
        let w = World::new(engine).await;
        // The attacker goes through at the delivery service with the own mailbox and keeps the answer.
        let (_, attackers) = hand_over_address(&w, "ichiro").await;
        let (_, stolen) = victim_allows(&w, &attackers, "ichiro").await;
        // The victim is handed over too; then the attacker's answer is planted into that browser.
        let (victim, _) = hand_over_address(&w, "hanako").await;
        let mut victim = victim.stopping_at([format!("{}/callback", world::SAMPLE)]);
        let _ = victim.open(stolen.as_str()).await.unwrap();
        assert!(!w.portal_linkages().await.iter().any(|(_, s)| s == "linked"), "{engine:?}");
        w.both_sides_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_up_answers_and_replayed_callbacks_are_refused() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (browser, address) = hand_over_address(&w, "ichiro").await;
        let p = w.person("ichiro");
        let mut browser = browser.stopping_at([format!("{}/link/callback", world::PORTAL)]);
        let page = browser.open(&address).await.unwrap().page().unwrap();
        let page = browser
            .act(&page, "sign-in", &[("email", &p.account), ("password", &p.password)])
            .await
            .unwrap()
            .page()
            .unwrap();
        let page = browser.act(&page, "allow", &[]).await.unwrap().page().unwrap();
        let Arrival::Stopped { redirect_to } = browser.act(&page, "return", &[]).await.unwrap() else { panic!() };
        let mut browser = browser.stopping_at([format!("{}/callback", world::SAMPLE)]);
        // Another issuer in the answer: a mix-up.
        let mixed = redirect_to.as_str().replace("iss=https%3A%2F%2Fpost.example", "iss=https%3A%2F%2Fevil.example");
        assert_ne!(mixed, redirect_to.as_str());
        let refused = browser.open(&mixed).await.unwrap();
        assert!(refused.stopped().is_none_or(|u| !u.query().unwrap_or_default().contains("code=")));
        assert!(!w.portal_linkages().await.iter().any(|(_, s)| s == "linked"));
        // The true one works, once: the second time there is no second code for the API user.
        let first = browser.open(redirect_to.as_str()).await.unwrap();
        let codes = |a: &Arrival| a.stopped().is_some_and(|u| u.query().unwrap_or_default().contains("code="));
        let second = browser.open(redirect_to.as_str()).await.unwrap();
        assert!(!codes(&second), "{engine:?}: a second code");
        assert!(usize::from(codes(&first)) <= 1);
        w.both_sides_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_uri_belongs_to_the_first_browser() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (first, url) = w.leave(w.browser()).await;
        let mut first = first.stopping_at([format!("{}/callback", world::SAMPLE)]);
        let page = first.open(&url).await.unwrap().page().unwrap();
        first.act(&page, "agree", &[]).await.unwrap();
        let mut second = w.browser().stopping_at([format!("{}/callback", world::SAMPLE)]);
        let page = second.open(&url).await.unwrap().page().unwrap();
        assert!(!page.has("agree"), "{engine:?}: another browser may not take the run over");
        // A forged press without the form's token does nothing either.
        let forged =
            second.post_raw(&format!("{}/oauth/authorize", world::PORTAL), &[("decision", "agree")], None).await;
        assert!(forged.unwrap().page().unwrap().status() >= 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_reading_counts_for_the_browser_that_asked() {
    for engine in engines() {
        let w = World::new(engine).await;
        // The victim reads the card; the way back is caught.
        let (browser, driven) = w.drive(w.browser(), "hanako", &decide(json!({ "stop_at": "pick" }))).await;
        assert!(driven.redirect_to.is_none());
        let rows = w.portal_db.read(|tx| tx.query("SELECT id FROM challenges ORDER BY id DESC", &[])).await.unwrap();
        let challenge = rows.into_iter().next().unwrap().text(0).unwrap();
        drop(browser);
        let mut attacker = w.browser();
        let page = attacker
            .open(&format!("{}/card/return/{challenge}?handle=AAAA", world::PORTAL))
            .await
            .unwrap()
            .page()
            .unwrap();
        assert!(page.status() >= 400 && page.status() < 500, "{engine:?} {}", page.status());
        // Signatures by another key, over another challenge, of another hierarchy.
        for fault in ["wrong_key", "wrong_challenge", "other_hierarchy"] {
            let done = w.run("hanako", &decide(json!({ "faults": [fault], "card_error": "stop" }))).await;
            assert_ne!(done.outcome, "linked", "{fault}");
            assert!(!done.pages.iter().any(|p| p == "register" || p == "link"), "{fault}: {:?}", done.pages);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_client_or_address_is_never_redirected_to() {
    for engine in engines() {
        let w = World::new(engine).await;
        let mut browser = w.browser();
        for query in [
            "client_id=nobody&request_uri=urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "client_id=nobody&response_type=code&redirect_uri=https://evil.example/&scope=openid",
            "",
        ] {
            let page =
                browser.open(&format!("{}/oauth/authorize?{query}", world::PORTAL)).await.unwrap().page().unwrap();
            assert_eq!(page.id(), "error", "{engine:?} {query}");
            assert!((400..500).contains(&page.status()));
        }
        assert_eq!(w.run("hanako", &Decisions::default()).await.outcome, "linked");
    }
}
