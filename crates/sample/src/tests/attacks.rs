//! What must not work at the callback, and who may call what.

use http::StatusCode;
use store::testing::engines;

use super::browser::Browser;
use super::journey::{leave, linked};
use super::world::{PORTAL, World};
use crate::ROUTES;

/// The address with one parameter changed, or without it.
fn with(address: &str, name: &str, value: Option<&str>) -> String {
    let mut url = url::Url::parse(address).unwrap();
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(n, _)| n != name).collect();
    pairs.extend(value.map(|v| (name.to_owned(), v.to_owned())));
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

async fn refused(browser: &mut Browser, address: &str) {
    let page = browser.get(address).await;
    assert_eq!((page.status, page.data("page")), (StatusCode::BAD_REQUEST, Some("refused")), "{address}");
    assert!(page.has("連携も取り込みも行われていません"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_that_is_not_right_changes_nothing() {
    for engine in engines() {
        let w = World::new(engine).await;
        let mut browser = w.browser();
        let portal = leave(&mut browser, &[("ask", "all")]).await;
        let back = w.agrees(&portal, "linked").await;

        for address in [
            with(&back, "state", None),
            with(&back, "state", Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
            with(&back, "state", Some("")),
            // Mix-up: the answer of another server.
            with(&back, "iss", Some("https://evil.example")),
            with(&back, "iss", Some(&format!("{PORTAL}/"))),
            with(&back, "iss", None),
            with(&back, "error", Some("access_denied")),
            with(&back, "code", None),
            format!("{back}&state=x"),
            format!("{back}&code=x"),
            format!("{back}&%ZZ"),
            "/callback".to_owned(),
        ] {
            refused(&mut browser, &address).await;
        }
        // A stranger with the whole address (a leaked history, a planted link): nothing, and it is not used up.
        refused(&mut w.browser(), &back).await;
        let mut other = w.browser();
        leave(&mut other, &[("ask", "all")]).await;
        refused(&mut other, &back).await;

        let callback = browser.get(&back).await;
        let result = browser.get(callback.to()).await;
        assert_eq!(result.data("outcome"), Some("linked"), "its owner still gets through");
        // The address of the result is nobody else's either.
        assert_eq!(other.get(callback.to()).await.to(), "/");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_run_fills_nobody_elses_form() {
    let w = World::new(engines()[0]).await;
    let (mut attacker, mut victim) = (w.browser(), w.browser());
    let portal = leave(&mut attacker, &[("ask", "all")]).await;
    let planted = w.agrees(&portal, "linked").await;
    victim.get("/").await;
    refused(&mut victim, &planted).await;
    assert_eq!(victim.get("/result").await.to(), "/");
    // Nor by pressing import for the attacker's run.
    let done = attacker.get(&planted).await.to().to_owned();
    let run = done.split("run=").nth(1).unwrap().to_owned();
    let own = linked(&w, &mut victim).await;
    let own_run = own.html.split("name=\"run\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let page = super::browser::Page {
        status: own.status,
        headers: own.headers.clone(),
        html: own.html.replace(own_run, &run),
    };
    assert_eq!(victim.press(&page, "/import", &[]).await.to(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_or_a_prefetch_shows_the_same_result_again() {
    for engine in engines() {
        let w = World::new(engine).await;
        let mut browser = w.browser();
        let portal = leave(&mut browser, &[("ask", "all")]).await;
        let back = w.agrees(&portal, "linked").await;
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let (mut browser, back) = (browser.clone(), back.clone());
                tokio::spawn(async move { browser.get(&back).await.to().to_owned() })
            })
            .collect();
        let mut places = std::collections::BTreeSet::new();
        for racer in racers {
            places.insert(racer.await.unwrap());
        }
        assert_eq!(places.len(), 1);
        // An old error for the same state changes nothing any more.
        let late = with(&with(&back, "code", None), "error", Some("access_denied"));
        assert_eq!(browser.get(&late).await.to(), places.first().unwrap());
        let result = browser.get(places.first().unwrap()).await;
        assert_eq!(result.data("outcome"), Some("linked"));
        // The code went to the portal once only: had it gone twice, the token would be dead now.
        let import = browser.press(&result, "/import", &[]).await;
        assert!(browser.get(import.to()).await.has("4件の証明書を取り込みました"), "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_called_so() {
    let w = World::new(engines()[0]).await;
    let mut browser = w.browser();
    let portal = leave(&mut browser, &[("ask", "all")]).await;
    let back = w.agrees(&portal, "linked").await;
    w.cut_portal(true);
    let callback = browser.get(&back).await;
    let result = browser.get(callback.to()).await;
    assert_eq!(result.data("outcome"), Some("unconfirmed"));
    assert!(result.has("連携が行われたかどうかを確認できていません"));
    assert_eq!(result.acts(), ["retry", "manual"]);
    w.cut_portal(false);
    // Also a code that came too late.
    let portal = leave(&mut browser, &[("ask", "all")]).await;
    let back = w.agrees(&portal, "linked").await;
    w.clock.advance(provider::CODE_LIFE);
    let callback = browser.get(&back).await;
    assert_eq!(browser.get(callback.to()).await.data("outcome"), Some("unconfirmed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dying_while_the_code_is_traded_ends_in_a_plain_word() {
    // Writes that come through before the power goes, and what the citizen sees then and a minute later.
    for (writes, at_once, later) in [(1, None, "unconfirmed"), (2, Some("linked"), "linked")] {
        for engine in engines() {
            let w = World::new(engine).await;
            let mut browser = w.browser();
            let portal = leave(&mut browser, &[("ask", "all")]).await;
            let back = w.agrees(&portal, "linked").await;
            w.sample.0.db.lose_power_after(writes);
            assert_eq!(browser.get(&back).await.status, StatusCode::INTERNAL_SERVER_ERROR);
            w.sample.0.db.lose_power_after(i64::MAX);
            let callback = browser.get(&back).await;
            let soon = browser.get(callback.to()).await;
            assert_eq!(soon.data("outcome"), at_once, "{engine:?}");
            assert_eq!(soon.has("結果を確認しています"), at_once.is_none());
            w.clock.advance(std::time::Duration::from_secs(61));
            assert_eq!(browser.get(callback.to()).await.data("outcome"), Some(later), "{engine:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_database_opens_nothing_and_tells_nothing() {
    let w = World::new(store::Engine::Sqlite).await;
    let mut browser = w.browser();
    let portal = leave(&mut browser, &[("ask", "all")]).await;
    let back = w.agrees(&portal, "linked").await;
    let url = url::Url::parse(&back).unwrap();
    let secrets: Vec<String> =
        url.query_pairs().filter(|(n, _)| n == "state" || n == "code").map(|(_, v)| v.into_owned()).collect();
    let stored = w.stored();
    let holds = |stored: &[u8], what: &str| stored.windows(what.len()).any(|w| w == what.as_bytes());
    assert!(holds(&stored, "sample_runs"), "the test looks at the right place");
    assert_eq!(secrets.len(), 2);
    let callback = browser.get(&back).await;
    let result = browser.get(callback.to()).await;
    browser.press(&result, "/import", &[]).await;
    let stored = [stored, w.stored()].concat();
    for what in
        secrets.iter().map(String::as_str).chain([browser.cookie(), "reply-6", "lnk_1", "見本生命", "code_verifier"])
    {
        assert!(!holds(&stored, what), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_get_no_500_and_no_form_taken() {
    let w = World::new(engines()[0]).await;
    for row in ROUTES {
        let mut stranger = w.browser();
        let page = if row.method == http::Method::POST {
            stranger
                .post(row.path, &[("csrf".to_owned(), "x".to_owned()), ("run".to_owned(), "run_x".to_owned())])
                .await
        } else {
            stranger.get(row.path).await
        };
        match (row.method == http::Method::POST, row.path) {
            (true, _) => assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", row.path),
            (false, "/callback") => assert_eq!(page.status, StatusCode::BAD_REQUEST),
            (false, "/result" | "/submitted") => assert_eq!(page.to(), "/"),
            // This service registered itself: there is no client id to enter.
            (false, "/developer") => assert_eq!(page.status, StatusCode::NOT_FOUND),
            (false, _) => assert_eq!(page.status, StatusCode::OK, "{}", row.path),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_the_page_does_not_offer_is_refused() {
    let w = World::new(engines()[0]).await;
    let mut browser = w.browser();
    let start = browser.get("/").await;
    let page = browser.press(&start, "/connect", &[("ask", "all"), ("service-1", "elsewhere")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let page = browser.press(&start, "/connect", &[("ask", "everything")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let long = "あ".repeat(1366);
    let page = browser.press(&start, "/connect", &[("ask", "all"), ("message", &long)]).await;
    assert_eq!((page.status, page.data("page")), (StatusCode::UNPROCESSABLE_ENTITY, Some("start")));
    assert!(page.has("4096バイト以内") && page.has(&long));
}
