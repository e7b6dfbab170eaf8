//! From ① to 受付番号, and every way it can end.

use std::time::Duration;

use document::deduction::{self, Family};
use document::samples;
use http::{StatusCode, header};
use oauth::ErrorCode;
use provider::{Status, TOKEN_LIFE};
use store::testing::engines;

use super::browser::{Browser, Page};
use super::world::{PORTAL, World, config, documents, foreign_document, pinned};
use crate::{Config, Outcome};

/// From the start page to the portal.
pub(super) async fn leave(browser: &mut Browser, typed: &[(&str, &str)]) -> String {
    let start = browser.get("/").await;
    browser.press(&start, "/connect", typed).await.to().to_owned()
}

/// All the way to page ⑦.
pub(super) async fn linked(w: &World, browser: &mut Browser) -> Page {
    let portal = leave(browser, &[("ask", "all")]).await;
    let back = w.agrees(&portal, "linked").await;
    let callback = browser.get(&back).await;
    browser.get(callback.to()).await
}

fn yen(n: u64) -> String {
    let plain = n.to_string();
    let mut out = String::new();
    for (i, c) in plain.chars().enumerate() {
        if i > 0 && (plain.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out + "円"
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_page_to_the_receipt_number() {
    for engine in engines() {
        let w = World::new(engine).await;
        let mut browser = w.browser();
        let start = browser.get("/").await;
        assert_eq!((start.status, start.data("page")), (StatusCode::OK, Some("start")));
        assert_eq!(start.acts(), ["connect", "manual"]);
        let policy = start.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains(&format!("form-action 'self' {PORTAL};")), "{policy}");

        let portal = leave(&mut browser, &[("ask", "all"), ("message", "見本⑤")]).await;
        assert!(portal.starts_with(&format!("{PORTAL}/oauth/authorize?client_id=")), "{portal}");
        let pushed = w.pushed(&portal).await;
        let linkage = pushed.authorization_details.attribute_linkage().unwrap();
        assert_eq!(linkage.delivery_services[0].message.as_deref(), Some("見本⑤"));
        assert!(pushed.authorization_details.user_registration());
        let asked = pushed.authorization_details.delivered_documents().unwrap();
        assert_eq!((asked.years.clone(), asked.period_days), (Some(vec![2026]), 1));
        assert!(pushed.scope.has("openid") && pushed.scope.has("documents"));

        let back = w.agrees(&portal, "linked").await;
        let callback = browser.get(&back).await;
        let result = browser.get(callback.to()).await;
        assert_eq!((result.data("page"), result.data("outcome")), (Some("result"), Some("linked")));
        assert!(result.has("<h1>連携が完了しました</h1>") && result.has("連携が行われました"));
        assert!(result.has("reply-6"), "the developer sees ⑥");
        assert_eq!(result.acts(), ["import", "later"]);

        let import = browser.press(&result, "/import", &[]).await;
        let form = browser.get(import.to()).await;
        let expected = deduction::fill(2026, &samples::certificates("ichiro", "鈴木 一郎", 2026), Family::default());
        assert_eq!(form.data("page"), Some("form"));
        assert!(form.has("4件の証明書を取り込みました") && form.has("見本ポストから取り込み"));
        for amount in
            [expected.social, expected.earthquake_premiums, expected.life.total, expected.life_premiums.medical]
        {
            assert!(form.has(&yen(amount)), "{amount}");
        }

        let edit = browser.get("/edit").await;
        let mut typed: Vec<(&str, &str)> =
            vec![("new_general", "１２，３００円"), ("social", "-1"), ("dependant_under_23", "on")];
        let wrong = browser.press(&edit, "/edit", &typed).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.has("href=\"#social\"") && wrong.has("value=\"-1\""));
        typed[1].1 = "200,000";
        let saved = browser.press(&edit, "/edit", &typed).await;
        let form = browser.get(saved.to()).await;
        assert!(form.has("12,300円") && form.has("200,000円") && form.has("自分で入力"));

        let submitted = browser.press(&form, "/submit", &[]).await;
        let done = browser.get(submitted.to()).await;
        assert_eq!(done.data("page"), Some("submitted"));
        let again = browser.press(&form, "/submit", &[]).await;
        let again = browser.get(again.to()).await;
        let number = |p: &Page| p.html.split("<strong>").nth(2).map(|t| t.split('<').next().unwrap().to_owned());
        assert_eq!(number(&done), number(&again), "a second press sends nothing new");
        assert_eq!(number(&done).unwrap().len(), 10);

        // Sent from a page that shows something else than what is stored: look again.
        browser.press(&edit, "/edit", &[("social", "1")]).await;
        assert_eq!(browser.press(&form, "/submit", &[]).await.to(), "/form");

        let start = browser.get("/?lang=en").await;
        assert!(start.has("You are already linked") && start.has("Mihon Post"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_only_asks_for_documents_only() {
    let w = World::new(engines()[0]).await;
    let mut browser = w.browser();
    let portal = leave(&mut browser, &[("ask", "documents")]).await;
    let pushed = w.pushed(&portal).await;
    assert_eq!(pushed.authorization_details.iter().count(), 1);
    assert!(pushed.authorization_details.delivered_documents().is_some());
    let back = w.agrees(&portal, "already_linked").await;
    let callback = browser.get(&back).await;
    let result = browser.get(callback.to()).await;
    assert_eq!(result.data("outcome"), Some("already_linked"));
    assert!(result.has("連携は以前に行われています"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_the_portal_has_words_and_a_way_on() {
    let w = World::new(engines()[0]).await;
    for outcome in Outcome::ALL.into_iter().filter(|o| !o.with_token() && *o != Outcome::Unconfirmed) {
        let mut browser = w.browser();
        let portal = leave(&mut browser, &[("ask", "all"), ("message", "keep me")]).await;
        let back = w.refuses(&portal, outcome, ErrorCode::AccessDenied).await;
        let callback = browser.get(&back).await;
        let result = browser.get(callback.to()).await;
        assert_eq!(result.data("outcome"), Some(outcome.as_str()));
        assert!(result.has("連携は行われていません"), "{outcome:?}");
        assert_eq!(result.acts(), ["retry", "manual"], "{outcome:?}");
        // 「もう一度つながる」 asks the same again.
        let again = browser.press(&result, "/connect", &[]).await;
        let pushed = w.pushed(again.to()).await;
        let linkage = pushed.authorization_details.attribute_linkage().unwrap();
        assert_eq!(linkage.delivery_services[0].message.as_deref(), Some("keep me"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_does_not_take_the_request() {
    let w = World::new(engines()[0]).await;
    let mut browser = w.browser();
    w.cut_portal(true);
    let to = leave(&mut browser, &[("ask", "all")]).await;
    let down = browser.get(&to).await;
    assert_eq!(down.data("outcome"), Some("temporarily_unavailable"));
    assert_eq!(down.acts(), ["retry", "manual"]);
    w.cut_portal(false);
    let up = browser.press(&down, "/connect", &[]).await;
    assert!(up.to().starts_with(PORTAL));

    let to = leave(&mut browser, &[("ask", "all"), ("unregistered", "on")]).await;
    let refused = browser.get(&to).await;
    assert_eq!(refused.data("outcome"), Some("server_error"));
    assert!(refused.has("is not registered for this client"), "the developer learns why");

    let client = w.provider.list_clients().await.unwrap().remove(0).0.client_id;
    w.provider.set_client_status(&client, Status::Suspended).await.unwrap();
    let to = leave(&mut browser, &[("ask", "all")]).await;
    let suspended = browser.get(&to).await;
    assert_eq!(suspended.data("outcome"), Some("client_suspended"));
    assert_eq!(w.provider.list_clients().await.unwrap().len(), 1, "no way round by a new registration");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_forgot_us_is_registered_at_again_but_not_in_a_loop() {
    let mut w = World::new(engines()[0]).await;
    let mut browser = w.browser();
    leave(&mut browser, &[("ask", "all")]).await;
    w.portal_forgets().await;
    let to = leave(&mut browser, &[("ask", "all")]).await;
    assert_eq!(browser.get(&to).await.data("outcome"), Some("server_error"), "not within a minute");
    w.clock.advance(Duration::from_secs(61));
    let to = leave(&mut browser, &[("ask", "all")]).await;
    assert!(to.starts_with(PORTAL), "{to}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_client_key_needs_no_word_to_anybody() {
    for engine in engines() {
        let w = World::new(engine).await;
        let mut browser = w.browser();
        let before = leave(&mut browser, &[("ask", "all")]).await;
        let keys = |page: &Page| page.html.matches("\"kid\"").count();
        assert_eq!(keys(&browser.get("/jwks.json").await), 1);
        // The portal asks for unknown keys at most every ten seconds.
        w.clock.advance(Duration::from_secs(11));
        w.sample.rotate_client_key().await.unwrap();
        assert_eq!(keys(&browser.get("/jwks.json").await), 2);
        assert!(!browser.get("/jwks.json").await.has("\"d\""));
        // A run from before the change ends well.
        let back = w.agrees(&before, "linked").await;
        let callback = browser.get(&back).await;
        assert_eq!(browser.get(callback.to()).await.data("outcome"), Some("linked"));
        w.sample.rotate_client_key().await.unwrap();
        assert_eq!(keys(&browser.get("/jwks.json").await), 2, "the oldest is gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_as_it_should_be_is_left_out_with_a_reason() {
    for config in [config(), Config { trust: pinned(), ..config() }] {
        let w = World::with(engines()[0], config).await;
        let mut mixed = documents();
        mixed[0] = mixed[0].replacen("鈴木", "佐藤", 1);
        mixed[1] = foreign_document();
        mixed.push("<TEG800/>".to_owned());
        *w.mailbox.lock() = mixed;
        let mut browser = w.browser();
        let result = linked(&w, &mut browser).await;
        let import = browser.press(&result, "/import", &[]).await;
        let form = browser.get(import.to()).await;
        assert!(form.has("2件の証明書を取り込みました") && form.has("3件の書類は取り込みませんでした"));
        for reason in
            ["署名された後に内容が変えられています", "信頼できる発行元の署名ではありません", "電子署名がありません"]
        {
            assert!(form.has(reason), "{reason}: {}", form.html);
        }
        assert!(form.has("書類0"), "named as the delivery service calls it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_but_nothing_there_yet_is_normal() {
    let w = World::new(engines()[0]).await;
    w.mailbox.lock().clear();
    let mut browser = w.browser();
    let result = linked(&w, &mut browser).await;
    let import = browser.press(&result, "/import", &[]).await;
    let form = browser.get(import.to()).await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.has("取り込める証明書は、まだありません") && form.has("見本ポスト：まだ書類が届いていません"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_fails_at_import_costs_nothing() {
    let w = World::new(engines()[0]).await;
    let mut browser = w.browser();
    let result = linked(&w, &mut browser).await;
    let edit = browser.get("/edit").await;
    browser.press(&edit, "/edit", &[("social", "700")]).await;
    w.cut_portal(true);
    let import = browser.press(&result, "/import", &[]).await;
    let form = browser.get(import.to()).await;
    assert!(form.has("証明書を取り込めませんでした") && form.has("700円"));
    w.cut_portal(false);
    let result = browser.get("/result").await;
    let import = browser.press(&result, "/import", &[]).await;
    assert!(browser.get(import.to()).await.has("4件の証明書を取り込みました"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_minutes_the_way_on_is_to_connect_again() {
    let w = World::new(engines()[0]).await;
    let mut browser = w.browser();
    let result = linked(&w, &mut browser).await;
    w.clock.advance(TOKEN_LIFE);
    let import = browser.press(&result, "/import", &[]).await;
    let ended = browser.get(import.to()).await;
    assert_eq!((ended.data("page"), ended.data("outcome")), (Some("result"), Some("linked")));
    assert_eq!(ended.acts(), ["retry", "manual"]);
    assert!(ended.has("取り込みができる時間（5分）が過ぎました"));

    // The citizen took the consent back at the portal: the same, although by our clock the token lasts.
    let result = linked(&w, &mut browser).await;
    assert_eq!(result.acts(), ["import", "later"]);
    w.revoke().await;
    let import = browser.press(&result, "/import", &[]).await;
    assert_eq!(browser.get(import.to()).await.acts(), ["retry", "manual"]);

    // Suspended meanwhile.
    let result = linked(&w, &mut browser).await;
    let client = w.provider.list_clients().await.unwrap().remove(0).0.client_id;
    w.provider.set_client_status(&client, Status::Suspended).await.unwrap();
    let import = browser.press(&result, "/import", &[]).await;
    assert!(browser.get(import.to()).await.has("書類の取り込みを許可していません"));
}

#[tokio::test(flavor = "multi_thread")]
async fn production_has_no_section_for_developers() {
    let w = World::with(engines()[0], Config { environment: web::Environment::Production, ..config() }).await;
    let mut browser = w.browser();
    let start = browser.get("/").await;
    assert!(!start.has("name=\"message\""));
    let portal = leave(&mut browser, &[("ask", "all"), ("message", "x"), ("unregistered", "on")]).await;
    let pushed = w.pushed(&portal).await;
    assert_eq!(pushed.authorization_details.attribute_linkage().unwrap().delivery_services[0].message, None);
    let back = w.agrees(&portal, "linked").await;
    let callback = browser.get(&back).await;
    assert!(!browser.get(callback.to()).await.has("authorization_details"));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runs_and_forms_are_forgotten() {
    for engine in engines() {
        let w = World::new(engine).await;
        let mut browser = w.browser();
        let result = linked(&w, &mut browser).await;
        browser.press(&result, "/import", &[]).await;
        w.clock.advance(Duration::from_secs(89 * 86_400));
        w.sample.sweep().await.unwrap();
        assert_eq!(browser.get("/result").await.status, StatusCode::OK);
        w.clock.advance(Duration::from_secs(2 * 86_400));
        w.sample.sweep().await.unwrap();
        assert_eq!(browser.get("/result").await.to(), "/");
        assert!(!browser.get("/form").await.has("見本ポストから取り込み"));
    }
}
