//! Several delivery services in one run: each its own result, one after the other, nothing of one for another.

use std::time::Duration;

use drive::{Arrival, Citizen, Decisions, Page};
use serde_json::{Value, json};
use store::testing::engines;
use testkit::world::{DELIVERY, DELIVERY_ID, PORTAL, SAMPLE, SECOND, SECOND_ID};
use testkit::{Trouble, World};

use crate::decide;

/// `authorization_details` of the token response, as the sample's result page shows them to developers.
fn details(text: &str) -> Vec<Value> {
    let pre =
        text.split("<pre class=\"en-licence\" lang=\"en\">").nth(1).unwrap_or_else(|| panic!("no details: {text}"));
    let json = pre.split("</pre>").next().unwrap();
    let json = json.replace("&quot;", "\"").replace("&#x2f;", "/").replace("&#x27;", "'").replace("&amp;", "&");
    serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"))
}

/// What the token response says about each service: `(id, result, linkage_id)`.
fn services(text: &str) -> Vec<(String, String, Option<String>)> {
    let all = details(text);
    let linkage = all.iter().find(|d| d["type"] == "attribute_linkage").unwrap();
    let text = |v: &Value| v.as_str().map(str::to_owned);
    linkage["delivery_services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (text(&s["id"]).unwrap(), text(&s["result"]).unwrap(), text(&s["linkage_id"])))
        .collect()
}

fn results(text: &str) -> Vec<String> {
    services(text).into_iter().map(|(_, result, _)| result).collect()
}

/// The citizen in a browser, where the run stands between the two services: linked with the first.
async fn between(w: &World, person: &str) -> (Citizen, String) {
    w.advance(Duration::from_secs(1));
    let (browser, url) = w.leave(w.browser()).await;
    let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
    let decisions = decide(json!({ "stop_at": "between" }));
    let driven = drive::drive(&mut browser, &url, &w.person(person), &decisions, &|_| None).await.unwrap();
    assert_eq!(driven.page_ids().last(), Some(&"between"), "{:?}", driven.page_ids());
    (browser, url)
}

/// Signs in at a delivery service's address and allows; gives where the browser would be sent.
async fn allow(w: &World, browser: Citizen, address: &str, person: &str) -> (Citizen, String) {
    let mut browser = browser.stopping_at([format!("{PORTAL}/link/callback")]);
    let p = w.person(person);
    let page = browser.open(address).await.unwrap().page().unwrap();
    let page = browser
        .act(&page, "sign-in", &[("email", &p.account), ("password", &p.password)])
        .await
        .unwrap()
        .page()
        .unwrap();
    assert_eq!(page.id(), "allow", "{}", page.h1());
    let page = browser.act(&page, "allow", &[]).await.unwrap().page().unwrap();
    let Arrival::Stopped { redirect_to } = browser.act(&page, "return", &[]).await.unwrap() else {
        panic!("not returned to the portal")
    };
    (browser, redirect_to.to_string())
}

/// From ④ (or between) over ⑤ to the address of the delivery service, caught.
async fn hand_over(browser: Citizen, page: &Page, at: &str) -> (Citizen, String) {
    let mut browser = browser.stopping_at([format!("{at}/oauth/authorize")]);
    let page = browser.act(page, "link", &[]).await.unwrap().page().unwrap();
    assert_eq!(page.id(), "handover", "{}", page.h1());
    let Arrival::Stopped { redirect_to } = browser.act(&page, "next", &[]).await.unwrap() else {
        panic!("not handed over")
    };
    (browser, redirect_to.to_string())
}

/// The run's own page.
async fn run_page(w: &World, browser: &mut Citizen) -> Page {
    let rows = w.portal_db.read(|tx| tx.query("SELECT id FROM journeys ORDER BY id DESC", &[])).await.unwrap();
    let id = rows.into_iter().next().unwrap().text(0).unwrap();
    match browser.open(&format!("{PORTAL}/run/{id}")).await.unwrap() {
        Arrival::Page(page) => *page,
        Arrival::Stopped { redirect_to } => panic!("the run has ended: {redirect_to}"),
    }
}

async fn linked_at_portal(w: &World) -> usize {
    w.portal_linkages().await.iter().filter(|(_, s)| s == "linked").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_services_are_linked_one_after_the_other() {
    for engine in engines() {
        let w = World::with_two(engine).await;
        let fields = [("service-2", "on"), ("message", "for {service} only")];
        let (browser, url) = w.leave_with(w.browser(), &fields).await;
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        let driven =
            drive::drive(&mut browser, &url, &w.person("hanako"), &Decisions::default(), &|_| None).await.unwrap();
        let pages = driven.page_ids();
        let count = |id: &str| pages.iter().filter(|p| **p == id).count();
        assert_eq!((count("link"), count("between"), count("handover"), count("allow")), (1, 1, 2, 2), "{pages:?}");
        let (mut browser, done) = w.come_back(browser, driven).await;
        assert_eq!(done.outcome, "linked");
        let told = services(&done.text);
        assert_eq!(results(&done.text), ["linked", "linked"]);
        assert_eq!((told[0].0.as_str(), told[1].0.as_str()), (DELIVERY_ID, SECOND_ID));
        assert!(told[0].2.is_some() && told[0].2 != told[1].2, "each has a linkage of its own: {told:?}");
        w.both_sides_agree().await;
        // ⑤ goes to its own service, and to no other.
        let puts: Vec<_> = w.net.calls().into_iter().filter(|c| c.method == "PUT").collect();
        assert_eq!(puts.len(), 2);
        for (put, (at, id)) in puts.iter().zip([(DELIVERY, DELIVERY_ID), (SECOND, SECOND_ID)]) {
            let body: Value = serde_json::from_slice(&put.body).unwrap();
            assert!(put.url.starts_with(at), "{}", put.url);
            assert_eq!(body["message"], format!("for {id} only"));
        }
        // Certificates come from both, and nothing comes twice.
        let result = browser.open(&format!("{SAMPLE}/result")).await.unwrap().page().unwrap();
        w.person("hanako");
        let form = browser.act(&result, "import", &[]).await.unwrap().page().unwrap();
        assert_eq!(form.status(), 200, "{}", form.h1());
        // Asked again, both are there already.
        assert_eq!(w.run("hanako", &Decisions::default()).await.outcome, "already_linked");
        assert_eq!(linked_at_portal(&w).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_come_from_both_services() {
    for engine in engines() {
        let w = World::with_two(engine).await;
        let (browser, driven) = w.drive(w.browser(), "ichiro", &Decisions::default()).await;
        let (mut browser, done) = w.come_back(browser, driven).await;
        assert_eq!(done.outcome, "linked");
        let result = browser.open(&format!("{SAMPLE}/result")).await.unwrap().page().unwrap();
        let form = browser.act(&result, "import", &[]).await.unwrap().page().unwrap();
        let text = String::from_utf8_lossy(form.body()).into_owned();
        assert!(
            text.contains("見本生命保険株式会社") && text.contains("みどり見本生命保険株式会社"),
            "{engine:?}: {text}"
        );
        assert!(text.contains("みどり文書箱から取り込み"), "{engine:?}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_has_a_result_of_its_own() {
    let rows: Vec<(Value, &str, [&str; 2])> = vec![
        (
            json!({ "services": { SECOND_ID: { "at_delivery": { "allow": "deny" } } } }),
            "partly_linked",
            ["linked", "declined"],
        ),
        (
            json!({ "services": { DELIVERY_ID: { "at_delivery": { "sign": "cancel" } } } }),
            "partly_linked",
            ["declined", "linked"],
        ),
        (
            json!({ "services": { DELIVERY_ID: { "at_delivery": { "allow": "deny" }, "not_linked": "retry" } } }),
            "linked",
            ["linked", "linked"],
        ),
        (json!({ "leave_out": [DELIVERY_ID] }), "partly_linked", ["left_out", "linked"]),
        (json!({ "leave_out": [SECOND_ID] }), "partly_linked", ["linked", "left_out"]),
        (json!({ "services": { SECOND_ID: { "link": "stop" } } }), "partly_linked", ["linked", "stopped"]),
        (json!({ "services": { SECOND_ID: { "hand_over": "stop" } } }), "partly_linked", ["linked", "stopped"]),
        (json!({ "hand_over": "back", "double_submit": true }), "linked", ["linked", "linked"]),
        (json!({ "reload": true }), "linked", ["linked", "linked"]),
    ];
    for engine in engines() {
        for (decisions, outcome, expected) in &rows {
            let w = World::with_two(engine).await;
            let done = w.run("hanako", &decide(decisions.clone())).await;
            assert_eq!(done.outcome, *outcome, "{engine:?} {decisions} {:?}", done.pages);
            assert_eq!(results(&done.text), *expected, "{engine:?} {decisions}");
            for (_, result, linkage_id) in services(&done.text) {
                assert_eq!(linkage_id.is_some(), result == "linked", "{decisions}");
            }
            w.settle().await;
            w.both_sides_agree().await;
            assert_eq!(linked_at_portal(&w).await, expected.iter().filter(|r| **r == "linked").count());
        }
        // Nothing linked: the reason that says most, and no code.
        let w = World::with_two(engine).await;
        for (decisions, outcome) in [
            (json!({ "at_delivery": { "allow": "deny" } }), "user_cancelled"),
            (json!({ "link": "stop" }), "user_cancelled"),
            (json!({ "consent": "refuse" }), "consent_denied"),
        ] {
            let done = w.run("hanako", &decide(decisions.clone())).await;
            assert_eq!(done.outcome, outcome, "{decisions}");
            assert!(!done.redirect_to.as_str().contains("code="));
        }
        assert_eq!(linked_at_portal(&w).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_at_one_service_keeps_the_other() {
    for engine in engines() {
        // The second does not answer when the request is pushed.
        let w = World::with_two(engine).await;
        w.net.trouble(&format!("POST {SECOND}/oauth/par"), Trouble::Refused, 4);
        let done = w.run("hanako", &Decisions::default()).await;
        assert_eq!(
            (done.outcome.as_str(), results(&done.text)),
            ("partly_linked", vec!["linked".into(), "unavailable".into()])
        );
        w.net.calm();
        // Later only what is missing is gone through.
        let done = w.run("hanako", &Decisions::default()).await;
        assert_eq!(
            (done.outcome.as_str(), results(&done.text)),
            ("linked", vec!["already_linked".into(), "linked".into()])
        );
        assert_eq!(done.pages.iter().filter(|p| *p == "allow").count(), 1, "{:?}", done.pages);
        w.both_sides_agree().await;

        // The first is in maintenance: said before the start, and the second goes on.
        let w = World::with_two(engine).await;
        let now = w.clock.clock().now();
        let window = portal::store::deliveries::WindowRow {
            id: "w1".to_owned(),
            delivery_id: DELIVERY_ID.to_owned(),
            starts_at: now.minus(Duration::from_secs(60)),
            ends_at: now.plus(Duration::from_secs(3600)),
            note_ja: None,
            note_en: None,
        };
        w.portal.put_maintenance(window).await.unwrap();
        w.advance(Duration::from_secs(2));
        let (browser, url) = w.leave(w.browser()).await;
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        let consent = browser.open(&url).await.unwrap().page().unwrap();
        assert_eq!(consent.id(), "consent");
        assert!(String::from_utf8_lossy(consent.body()).contains("見本ポストはメンテナンス中です"), "{engine:?}");
        let done = w.run("ichiro", &Decisions::default()).await;
        assert_eq!(
            (done.outcome.as_str(), results(&done.text)),
            ("partly_linked", vec!["maintenance".into(), "linked".into()])
        );
        w.both_sides_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_one_service_does_not_count_for_the_other() {
    for engine in engines() {
        let w = World::with_two(engine).await;
        w.advance(Duration::from_secs(1));
        let (browser, driven) = w.drive(w.browser(), "hanako", &decide(json!({ "stop_at": "link" }))).await;
        assert!(driven.redirect_to.is_none());
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        let page = run_page(&w, &mut browser).await;
        let (browser, address) = hand_over(browser, &page, DELIVERY).await;
        let (browser, first) = allow(&w, browser, &address, "hanako").await;
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        let page = browser.open(&first).await.unwrap().page().unwrap();
        assert_eq!(page.id(), "between", "{}", page.h1());
        assert_eq!(linked_at_portal(&w).await, 1);

        // At the second: the first one's answer again, whole.
        let (browser, address) = hand_over(browser, &page, SECOND).await;
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        let page = browser.open(&first).await.unwrap().page().unwrap();
        assert_eq!(page.id(), "handover", "a replay changes nothing: {}", page.h1());
        assert_eq!(linked_at_portal(&w).await, 1);

        // The second one's answer, with the first one's code, and with its issuer.
        let (browser, second) = allow(&w, browser, &address, "hanako").await;
        let part = |url: &str, name: &str| {
            let url = url::Url::parse(url).unwrap();
            url.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned()
        };
        let forged = |code: &str, iss: &str| {
            let mut url = url::Url::parse(&format!("{PORTAL}/link/callback")).unwrap();
            url.query_pairs_mut()
                .append_pair("code", code)
                .append_pair("state", &part(&second, "state"))
                .append_pair("iss", iss);
            url.to_string()
        };
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        let page = browser.open(&forged(&part(&first, "code"), DELIVERY)).await.unwrap().page().unwrap();
        assert_eq!((page.id(), page.error()), ("not-linked", Some("E9b")), "another issuer: {}", page.h1());
        assert_eq!(linked_at_portal(&w).await, 1);
        // What was spent on the forgery is spent: the true answer comes too late, and the citizen tries again.
        let page = browser.open(&second).await.unwrap().page().unwrap();
        assert_eq!(page.id(), "not-linked");
        let page = browser.act(&page, "retry", &[]).await.unwrap().page().unwrap();
        assert_eq!(page.id(), "handover");
        let mut browser = browser.stopping_at([format!("{SECOND}/oauth/authorize")]);
        let Arrival::Stopped { redirect_to } = browser.act(&page, "next", &[]).await.unwrap() else { panic!() };
        let (browser, again) = allow(&w, browser, redirect_to.as_str(), "hanako").await;
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        // The first one's code under the second one's issuer and state: the second does not know it.
        let mut url = url::Url::parse(&again).unwrap();
        let code = part(&first, "code");
        let (state, iss) = (part(&again, "state"), part(&again, "iss"));
        url.query_pairs_mut().clear().append_pair("code", &code).append_pair("state", &state).append_pair("iss", &iss);
        let page = browser.open(url.as_str()).await.unwrap().page().unwrap();
        assert_eq!((page.id(), page.error()), ("not-linked", Some("E9b")), "{}", page.h1());
        assert_eq!(linked_at_portal(&w).await, 1);
        // The citizen gives up the second: the first stands, once.
        let page = browser.open(page.url().as_str()).await.unwrap().page().unwrap();
        let back = browser.act(&page, "return", &[]).await.unwrap();
        assert!(back.stopped().is_some_and(|u| u.query().unwrap_or_default().contains("outcome=partly_linked")));
        w.settle().await;
        w.both_sides_agree().await;
        assert_eq!(linked_at_portal(&w).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_window_and_a_double_press_between_services_are_harmless() {
    for engine in engines() {
        let w = World::with_two(engine).await;
        let (mut browser, _) = between(&w, "ichiro").await;
        let page = run_page(&w, &mut browser).await;
        assert_eq!(page.id(), "between");
        // Both windows show the same page; the press in one is the press in the other.
        let first = browser.act(&page, "link", &[]).await.unwrap().page().unwrap();
        let second = browser.act(&page, "link", &[]).await.unwrap().page().unwrap();
        assert_eq!((first.id(), second.id()), ("handover", "handover"));
        assert_eq!(w.portal_linkages().await.len(), 2, "one attempt at each service");
        // 「ここで終える」 in the window left behind: told that another one is further on.
        let stale = browser.act(&page, "stop", &[]).await.unwrap().page().unwrap();
        assert_eq!(stale.error(), Some("E14"));
        // A form that was never on the page: an id that is not the run's, an unticked list.
        let forged = [("service-1", "elsewhere"), ("choose", "1")];
        assert!(browser.act(&page, "link", &forged).await.is_err(), "the page has no such fields");
        w.both_sides_agree().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_who_leaves_at_the_second_keeps_the_first() {
    for engine in engines() {
        // Closed at ⑥ of the second: its offer runs out, the run too.
        let w = World::with_two(engine).await;
        let decisions = decide(json!({ "services": { SECOND_ID: { "at_delivery": { "done": "leave" } } } }));
        let (browser, driven) = w.drive(w.browser(), "hanako", &decisions).await;
        assert!(driven.redirect_to.is_none());
        w.advance(Duration::from_secs(40 * 60));
        w.settle().await;
        w.both_sides_agree().await;
        assert_eq!(linked_at_portal(&w).await, 1);
        // Back hours later: returned, with what stands.
        w.advance(Duration::from_secs(3 * 3600));
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        let page = run_page(&w, &mut browser).await;
        assert_eq!((page.id(), page.outcome()), ("ended", Some("partly_linked")), "{}", page.h1());
        let back = browser.act(&page, "return", &[]).await.unwrap();
        assert!(back.stopped().unwrap().query().unwrap().contains("outcome=partly_linked"));

        // The answer to the second PUT is lost: repaired to what is true, and the first is never touched.
        let w = World::with_two(engine).await;
        w.net.trouble(&format!("PUT {SECOND}/linkages/"), Trouble::AnswerLost, 1);
        let (_, driven) = w.drive(w.browser(), "ichiro", &Decisions::default()).await;
        w.net.calm();
        w.advance(Duration::from_secs(120));
        w.settle().await;
        w.both_sides_agree().await;
        let to = driven.redirect_to.map(|u| u.to_string()).unwrap_or_default();
        let told = to.contains("outcome=linked");
        assert_eq!(linked_at_portal(&w).await, if told { 2 } else { 1 }, "{engine:?} {to}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Portal,
    Second,
}

/// Power is lost behind every write of the second half of the run: the first link stands, the second is there on both
/// sides or on neither, and the citizen gets through in the end.
async fn behind_every_write_at_the_second(who: Who) {
    for engine in engines() {
        let mut writes = 1;
        loop {
            let mut w = World::with_two(engine).await;
            // Everything that happens once for all is done before.
            assert_eq!(w.run("yoko", &Decisions::default()).await.outcome, "linked");
            let (mut browser, url) = between(&w, "hanako").await;
            let db = |w: &World| match who {
                Who::Portal => w.portal_db.clone(),
                Who::Second => w.second.as_ref().unwrap().db.clone(),
            };
            db(&w).lose_power_after(writes);
            let first = drive::drive(&mut browser, &url, &w.person("hanako"), &Decisions::default(), &|_| None).await;
            if !db(&w).power_is_lost() {
                assert!(first.unwrap().redirect_to.is_some());
                w.both_sides_agree().await;
                assert!(writes > 3, "the second half writes more than {writes} times");
                break;
            }
            match who {
                Who::Portal => w.restart_portal().await,
                Who::Second => w.restart_second().await,
            }
            crate::crashes::go_on(&w, &mut browser, &url, first, writes).await;
            w.advance(Duration::from_secs(40 * 60));
            w.settle().await;
            w.advance(Duration::from_secs(120));
            w.settle().await;
            w.both_sides_agree().await;
            assert!(linked_at_portal(&w).await >= 3, "{engine:?} {who:?} after write {writes}: the first link is gone");
            let again = w.run("hanako", &Decisions::default()).await;
            assert!(
                matches!(again.outcome.as_str(), "linked" | "already_linked"),
                "{engine:?} {who:?} after write {writes}: {again:?}"
            );
            w.both_sides_agree().await;
            writes += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn power_lost_behind_every_write_of_the_portal_at_the_second_service() {
    behind_every_write_at_the_second(Who::Portal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn power_lost_behind_every_write_of_the_second_service() {
    behind_every_write_at_the_second(Who::Second).await;
}
