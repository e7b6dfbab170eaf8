//! Runs from ② to the return.

use drive::{AtDelivery, Consent, Decisions, Driven, HandOver, Link, Pin, Register, Sign};
use http::Method;
use oauth::fapi::Pushed;
use oauth::rar::{Detail, Granted};
use oauth::response::AuthorizationResponse;
use serde_json::{Value, json};
use store::Engine;
use store::testing::engines;

use crate::world::{BACK, PORTAL, POST, World};

const LINKING: [&str; 10] =
    ["consent", "identify", "pick", "pin", "register", "link", "handover", "sign-in", "allow", "linked"];

fn outcome(pushed: &Pushed, driven: &Driven) -> String {
    match World::answer(pushed, driven) {
        AuthorizationResponse::Code { outcome, .. } | AuthorizationResponse::Error { outcome, .. } => {
            outcome.expect("every answer has its outcome")
        }
    }
}

fn services(granted: &[Granted]) -> &[oauth::rar::ServiceResult] {
    granted
        .iter()
        .find_map(
            |g| if let Granted::AttributeLinkage { delivery_services } = g { Some(delivery_services) } else { None },
        )
        .expect("attribute_linkage")
}

/// What the delivery service says of a linkage.
async fn over_there(w: &World, linkage_id: &str) -> String {
    let d = w.portal.delivery("post").await.unwrap().unwrap();
    let token = d.linkages_token(w.portal.clock().now()).await.unwrap();
    let url = d.linkage_url(linkage_id).unwrap();
    let answer = d.client().call(Method::GET, &url, &token, None).await.unwrap();
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    body["state"].as_str().unwrap_or("unknown").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_timer_registers_links_and_comes_back() {
    for engine in engines() {
        let w = World::new(engine).await;
        let pushed = w.push(World::details()).await;
        let mut browser = w.citizen();
        let driven = w.walk(&mut browser, &pushed, "hanako", &Decisions::default()).await;
        assert_eq!(driven.page_ids(), LINKING);
        assert_eq!(outcome(&pushed, &driven), "linked");
        let tokens = w.tokens(&pushed, &driven).await;
        let granted = tokens.response.granted();
        let [service] = services(&granted) else { panic!("{granted:?}") };
        assert_eq!((service.id.as_str(), service.result.0.as_str()), ("post", "linked"));
        let linkage = service.linkage_id.clone().unwrap();
        assert!(granted.contains(&Granted::UserRegistration { registered: true, registered_now: true }));
        let status = &tokens.response.extra["user_status"];
        assert_eq!(status["registered"], true);
        assert_eq!(status["delivery_services"][0]["linkage_id"], linkage.as_str());
        assert_eq!(tokens.response.extra["outcome"], "linked");
        let id_token = tokens.id_token.as_ref().unwrap();
        assert_eq!(id_token.acr.as_deref(), Some(portal::role::ACR));
        assert_eq!(over_there(&w, &linkage).await, "active");

        // The second run of the same person: nothing to link, and another pairwise value is not made up.
        let pushed = w.push(World::details()).await;
        let driven = w.walk(&mut browser, &pushed, "hanako", &Decisions::default()).await;
        assert_eq!(driven.page_ids(), ["consent", "identify", "pick", "pin", "already-linked"]);
        assert_eq!(outcome(&pushed, &driven), "already_linked");
        let again = w.tokens(&pushed, &driven).await;
        assert_eq!(again.id_token.as_ref().unwrap().sub, id_token.sub);

        // Documents alone.
        let pushed = w.push(vec![World::documents()]).await;
        let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &Decisions::default()).await;
        assert_eq!(driven.page_ids(), ["consent", "identify", "pick", "pin", "ready"]);
        let tokens = w.tokens(&pushed, &driven).await;
        assert_eq!(tokens.response.scope.as_deref(), Some("openid user_status notices documents"));
        // Who has nothing linked has nothing to pass on.
        let pushed = w.push(vec![Detail::UserRegistration(oauth::rar::UserRegistration {}), World::documents()]).await;
        let driven = w.walk(&mut w.citizen(), &pushed, "emma", &Decisions::default()).await;
        assert_eq!(outcome(&pushed, &driven), "link_failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reloading_and_pressing_twice_changes_nothing() {
    let w = World::new(Engine::Sqlite).await;
    let pushed = w.push(World::details()).await;
    let decisions = Decisions { double_submit: true, reload: true, ..Decisions::default() };
    let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &decisions).await;
    assert_eq!(driven.page_ids(), LINKING);
    assert_eq!(outcome(&pushed, &driven), "linked");
    w.tokens(&pushed, &driven).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_out_returns_with_its_outcome() {
    let w = World::new(Engine::Sqlite).await;
    let d = Decisions::default;
    let at = |at_delivery| Decisions { at_delivery, ..d() };
    let fault = |f: &str| Decisions { faults: vec![f.to_owned()], card_error: drive::CardError::Stop, ..d() };
    let cases: Vec<(&str, Decisions, &str, &str)> = vec![
        ("hanako", Decisions { consent: Consent::Refuse, ..d() }, "consent_denied", "consent"),
        ("hanako", Decisions { identify: drive::Identify::Stop, ..d() }, "user_cancelled", "stop"),
        ("hanako", Decisions { pin: Pin::Cancel, ..d() }, "user_cancelled", "stop"),
        ("hanako", Decisions { register: Register::Stop, ..d() }, "user_cancelled", "stop"),
        ("hanako", Decisions { link: Link::Stop, ..d() }, "user_cancelled", "stop"),
        ("hanako", Decisions { hand_over: HandOver::Stop, ..d() }, "user_cancelled", "stop"),
        ("hanako", at(AtDelivery { sign: Sign::Cancel, ..AtDelivery::default() }), "user_cancelled", "not-linked"),
        (
            "hanako",
            at(AtDelivery { allow: drive::Allow::Deny, ..AtDelivery::default() }),
            "user_cancelled",
            "not-linked",
        ),
        ("hanako", fault("card_not_read"), "user_cancelled", "stop"),
        ("hanako", fault("other_card"), "user_cancelled", "stop"),
        ("kenji", d(), "cert_expired", "ended"),
        ("mika", d(), "cert_revoked", "ended"),
        ("takashi", d(), "card_pin_locked", "ended"),
    ];
    for (who, decisions, expected, last) in cases {
        let pushed = w.push(World::details()).await;
        let driven = w.walk(&mut w.citizen(), &pushed, who, &decisions).await;
        assert_eq!(outcome(&pushed, &driven), expected, "{who} {decisions:?}: {:?}", driven.page_ids());
        assert_eq!(driven.page_ids().last(), Some(&last), "{who} {decisions:?}");
    }
    // Nothing stands over there, and whatever was offered is cancelled by the jobs.
    w.portal.run_jobs().await.unwrap();
    assert_eq!(store::jobs::waiting(&w.db).await.unwrap(), 0);
    // After 「戻る」 the same attempt goes on.
    let pushed = w.push(World::details()).await;
    let back = Decisions { hand_over: HandOver::Back, ..d() };
    let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &back).await;
    assert_eq!(outcome(&pushed, &driven), "linked");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_addresses_and_other_browsers_lead_nowhere() {
    let w = World::new(Engine::Sqlite).await;
    let pushed = w.push(World::details()).await;
    for path in [
        "/oauth/authorize",
        "/oauth/authorize?client_id=tax&redirect_uri=https%3A%2F%2Ftax.example%2Freturn&response_type=code",
        "/oauth/authorize?client_id=nobody&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "/run/jrn_x",
        "/card/return/chl_x?handle=x",
        "/link/callback?state=x&code=y&iss=https%3A%2F%2Fpost.example",
        "/link/callback",
    ] {
        let page = w.citizen().open(&format!("{PORTAL}{path}")).await.unwrap().page().unwrap();
        assert_eq!((page.id(), page.error()), ("error", Some("E12")), "{path}");
        assert_eq!(page.status(), 400);
    }
    let stop = Decisions { stop_at: Some("link".into()), ..Decisions::default() };
    let mut first = w.citizen();
    w.walk(&mut first, &pushed, "hanako", &stop).await;
    // Somebody else with the same address: no redirect, no run.
    let page = w.citizen().open(&pushed.authorization_url).await.unwrap().page().unwrap();
    assert_eq!((page.id(), page.error(), page.status()), ("error", Some("E8"), 403));
    // The same browser goes on where it was.
    let page = first.open(&pushed.authorization_url).await.unwrap().page().unwrap();
    assert_eq!(page.id(), "link");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_window_is_told_and_can_take_over() {
    let w = World::new(Engine::Sqlite).await;
    let pushed = w.push(World::details()).await;
    let stop = Decisions { stop_at: Some("link".into()), ..Decisions::default() };
    let mut browser = w.citizen();
    w.walk(&mut browser, &pushed, "hanako", &stop).await;
    let one = browser.open(&pushed.authorization_url).await.unwrap().page().unwrap();
    let two = browser.open(&pushed.authorization_url).await.unwrap().page().unwrap();
    let on = browser.act(&one, "stop", &[]).await.unwrap().page().unwrap();
    assert_eq!(on.id(), "stop");
    let stale = browser.act(&two, "link", &[]).await.unwrap().page().unwrap();
    assert_eq!((stale.id(), stale.error()), ("elsewhere", Some("E14")));
    let here = browser.act(&stale, "here", &[]).await.unwrap().page().unwrap();
    assert_eq!(here.id(), "stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_runs_end_and_their_citizens_are_returned_for_a_day() {
    let w = World::new(Engine::Sqlite).await;
    let pushed = w.push(World::details()).await;
    let stop = Decisions { stop_at: Some("handover".into()), ..Decisions::default() };
    let mut browser = w.citizen();
    w.walk(&mut browser, &pushed, "hanako", &stop).await;
    w.advance(31 * 60);
    w.portal.sweep().await.unwrap();
    w.portal.run_jobs().await.unwrap();
    w.advance(20 * 3600);
    let page = browser.open(&pushed.authorization_url).await.unwrap().page().unwrap();
    assert_eq!((page.id(), page.error(), page.outcome()), ("ended", Some("E8"), Some("session_expired")));
    let back = browser.act(&page, "return", &[]).await.unwrap();
    assert!(back.stopped().unwrap().as_str().contains("outcome=session_expired"));
    // A request that nobody began with in time.
    let pushed = w.push(World::details()).await;
    w.advance(600);
    let mut browser = w.citizen();
    let page = browser.open(&pushed.authorization_url).await.unwrap().page().unwrap();
    assert_eq!((page.id(), page.outcome()), ("ended", Some("session_expired")));
    let back = browser.act(&page, "return", &[]).await.unwrap();
    assert!(back.stopped().unwrap().as_str().starts_with(BACK));
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_and_suspension_are_told_before_anybody_works() {
    let w = World::new(Engine::Sqlite).await;
    let now = w.clock.clock().now();
    let window = portal::store::deliveries::WindowRow {
        id: "w1".into(),
        delivery_id: "post".into(),
        starts_at: now,
        ends_at: base::Timestamp(now.0 + 3_600_000_000),
        note_ja: None,
        note_en: None,
    };
    // ④: it begins while the citizen is on the way.
    let pushed = w.push(World::details()).await;
    let mut browser = w.citizen();
    let stop = Decisions { stop_at: Some("link".into()), ..Decisions::default() };
    w.walk(&mut browser, &pushed, "hanako", &stop).await;
    w.portal.put_maintenance(window).await.unwrap();
    let driven = w.walk(&mut browser, &pushed, "hanako", &Decisions::default()).await;
    assert_eq!(driven.page_ids(), ["link", "ended"]);
    assert_eq!(outcome(&pushed, &driven), "service_maintenance");
    // ②
    let pushed = w.push(World::details()).await;
    let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &Decisions::default()).await;
    assert_eq!(driven.page_ids(), ["ended"]);
    assert_eq!(outcome(&pushed, &driven), "service_maintenance");
    w.portal.drop_maintenance("w1").await.unwrap();
    // Suspended on the way, and before.
    let pushed = w.push(World::details()).await;
    let late = w.push(World::details()).await;
    let mut browser = w.citizen();
    w.walk(&mut browser, &pushed, "hanako", &stop).await;
    w.portal.provider().set_client_status("tax", provider::Status::Suspended).await.unwrap();
    let driven = w.walk(&mut browser, &pushed, "hanako", &Decisions::default()).await;
    assert_eq!(outcome(&pushed, &driven), "client_suspended");
    let driven = w.walk(&mut w.citizen(), &late, "hanako", &Decisions::default()).await;
    assert_eq!(outcome(&late, &driven), "client_suspended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_service_that_is_away_leaves_no_half_link() {
    let w = World::new(Engine::Sqlite).await;
    // ④: the request can't be pushed.
    let pushed = w.push(World::details()).await;
    w.net.down(&format!("POST {POST}/oauth/par"));
    let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &Decisions::default()).await;
    assert_eq!(driven.page_ids().last(), Some(&"not-linked"));
    assert_eq!(outcome(&pushed, &driven), "service_unavailable");
    w.net.up();
    // The link is made and the answer lost, both times: the reload asks, and finds the proof.
    let pushed = w.push(World::details()).await;
    w.net.lose(&format!("PUT {POST}/linkages/"));
    let driven = w.walk(&mut w.citizen(), &pushed, "hanako", &Decisions::default()).await;
    assert_eq!(outcome(&pushed, &driven), "linked");
    w.tokens(&pushed, &driven).await;
    w.net.up();
    // Nothing arrives and nobody answers: unconfirmed, and the citizen may still go back at once.
    let pushed = w.push(World::details()).await;
    w.net.down(&format!("{POST}/linkages/"));
    let driven = w.walk(&mut w.citizen(), &pushed, "ichiro", &Decisions::default()).await;
    assert_eq!(driven.page_ids().last(), Some(&"not-linked"), "{:?}", driven.page_ids());
    let said = outcome(&pushed, &driven);
    assert!(["user_cancelled", "service_unavailable"].contains(&said.as_str()), "{said}");
    w.net.up();
    w.advance(3);
    assert!(w.portal.run_jobs().await.unwrap() > 0);
    let ids = w.db.read(|tx| portal::store::linkages::states_after(tx, "post", "", 100)).await.unwrap();
    for (id, state) in ids {
        let there = over_there(&w, &id).await;
        let agrees = match state {
            portal::store::linkages::State::Linked => there == "active",
            _ => ["cancelled", "ended", "unknown"].contains(&there.as_str()),
        };
        assert!(agrees, "{id}: {state:?} here, {there} there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_side_ended_and_the_other_missed_is_reconciled() {
    use portal::store::linkages::{self, State};
    for engine in engines() {
        let w = World::new(engine).await;
        let mut links = Vec::new();
        for who in ["hanako", "ichiro"] {
            let pushed = w.push(World::details()).await;
            let driven = w.walk(&mut w.citizen(), &pushed, who, &Decisions::default()).await;
            let granted = w.tokens(&pushed, &driven).await.response.granted();
            links.push(services(&granted)[0].linkage_id.clone().unwrap());
        }
        assert_eq!(w.portal.reconcile().await.unwrap().seen, 2);
        // Ended here, and nobody told the other side.
        let (id, now) = (links[0].clone(), w.clock.clock().now());
        w.db.write(move |tx| linkages::end(tx, &id, "citizen", now)).await.unwrap();
        let found = w.portal.reconcile().await.unwrap();
        assert_eq!((found.ended_there, found.ended_here), (1, 0));
        w.portal.run_jobs().await.unwrap();
        assert_eq!(over_there(&w, &links[0]).await, "ended");
        // Ended there, and the event was lost.
        let d = w.portal.delivery("post").await.unwrap().unwrap();
        let token = d.linkages_token(w.portal.clock().now()).await.unwrap();
        let url = d.linkage_url(&links[1]).unwrap();
        w.net.down(&format!("POST {PORTAL}/events"));
        d.client().call(Method::DELETE, &url, &token, None).await.unwrap();
        let found = w.portal.reconcile().await.unwrap();
        assert_eq!((found.ended_there, found.ended_here), (0, 1));
        let id = links[1].clone();
        let row = w.db.read(move |tx| linkages::get(tx, &id)).await.unwrap().unwrap();
        assert_eq!((row.state, row.ended_by.as_deref()), (State::Ended, Some("delivery")));
        assert_eq!(w.portal.reconcile().await.unwrap(), portal::linking::Reconciled { seen: 2, ..Default::default() });
    }
}

/// 「手続きを続ける」 of the time warning keeps the run alive and the page as it is.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_warning_can_be_answered_again_and_again() {
    let w = World::new(Engine::Sqlite).await;
    for stop in ["identify", "register", "link", "handover"] {
        let mut browser = w.citizen();
        let decisions = Decisions { stop_at: Some(stop.into()), ..Decisions::default() };
        let pushed = w.push(World::details()).await;
        w.walk(&mut browser, &pushed, if stop == "register" { "emma" } else { "hanako" }, &decisions).await;
        for _ in 0..12 {
            w.advance(26 * 60);
            let page = browser.open(&pushed.authorization_url).await.unwrap().page().unwrap();
            assert_eq!(page.id(), stop);
            let page = browser.act(&page, "extend", &[]).await.unwrap().page().unwrap();
            assert_eq!(page.id(), stop);
        }
        let page = browser.open(&pushed.authorization_url).await.unwrap().page().unwrap();
        let asked = browser.act(&page, "stop", &[]).await.unwrap().page().unwrap();
        let still = browser.act(&asked, "extend", &[]).await.unwrap().page().unwrap();
        assert_eq!(still.id(), "stop");
        let on = browser.act(&still, "continue", &[]).await.unwrap().page().unwrap();
        assert_eq!(on.id(), stop);
    }
}

/// Power is lost behind every write of the portal, one after the other; the citizen reloads and goes on
/// in the same browser. Whatever happens, both sides agree and the citizen is returned.
#[tokio::test(flavor = "multi_thread")]
async fn power_loss_behind_every_write() {
    let mut ends = Vec::new();
    for writes in 1.. {
        let w = World::new(Engine::Sqlite).await;
        let pushed = w.push(World::details()).await;
        let mut browser = w.citizen();
        w.db.lose_power_after(writes);
        let url = pushed.authorization_url.clone();
        let who = crate::world::person("hanako");
        let first = drive::drive(&mut browser, &url, &who, &Decisions::default(), &|_| None).await;
        if !w.db.power_is_lost() {
            assert_eq!(outcome(&pushed, &first.unwrap()), "linked");
            break;
        }
        let w = w.restart().await;
        let said = match first {
            // The answer had left when the lights went out.
            Ok(driven) => outcome(&pushed, &driven),
            Err(_) => {
                let driven = drive::drive(&mut browser, &url, &who, &Decisions::default(), &|_| None)
                    .await
                    .unwrap_or_else(|e| panic!("after {writes} writes: {e}"));
                outcome(&pushed, &driven)
            }
        };
        w.advance(31 * 60);
        w.portal.sweep().await.unwrap();
        w.portal.run_jobs().await.unwrap();
        let ids = w.db.read(|tx| portal::store::linkages::states_after(tx, "post", "", 100)).await.unwrap();
        for (id, state) in ids {
            let there = over_there(&w, &id).await;
            let agrees = match state {
                portal::store::linkages::State::Linked => there == "active",
                portal::store::linkages::State::Offered => false,
                _ => ["cancelled", "ended", "unknown"].contains(&there.as_str()),
            };
            assert!(agrees, "after {writes} writes: {id}: {state:?} here, {there} there");
        }
        ends.push(json!([writes, said]));
    }
    assert!(ends.len() > 8, "{ends:?}");
    assert!(
        ends.iter().all(|e| ["linked", "already_linked", "link_failed"].contains(&e[1].as_str().unwrap())),
        "{ends:?}"
    );
}
