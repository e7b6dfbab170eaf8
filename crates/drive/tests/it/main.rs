//! The citizen against a web of two small sites in memory that keep the page contract and check what
//! browsers send.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop where it fails")]

mod sites;
mod walks;

use base::{FakeClock, Timestamp};
use drive::{Arrival, Citizen, DriveError};
use sites::{CARD, PORTAL, Sites};

fn citizen(sites: &Sites) -> Citizen {
    let clock = FakeClock::at(Timestamp::from_secs(1_780_000_000));
    Citizen::new(sites.outbound(), clock.clock()).stopping_at(["https://user.example/cb"])
}

#[tokio::test]
async fn a_form_is_sent_with_its_hidden_fields_cookies_and_headers() {
    let sites = Sites::new();
    let mut c = citizen(&sites);
    let page = c.open(&format!("{PORTAL}/start")).await.unwrap().page().unwrap();
    assert_eq!((page.id(), page.status(), page.h1()), ("consent", 200, "consent"));
    let first = sites.last("/start");
    assert_eq!(first.header("sec-fetch-site"), "none");
    assert_eq!((first.header("origin"), first.header("referer")), ("", ""));
    c.act(&page, "agree", &[]).await.unwrap();
    let post = sites.last("/agree");
    assert_eq!(post.method, "POST");
    assert_eq!(post.header("origin"), PORTAL);
    assert_eq!(post.header("referer"), format!("{PORTAL}/start"));
    assert_eq!(post.header("sec-fetch-site"), "same-origin");
    assert_eq!(post.header("cookie"), "portal=p1");
    assert_eq!(post.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(post.body, "csrf=t%26k");
    // The redirect after it is a GET that carries no body and no origin.
    let get = sites.last("/identify");
    assert_eq!((get.method.as_str(), get.header("origin"), get.body.as_str()), ("GET", "", ""));
}

#[tokio::test]
async fn redirects_cross_origins_and_stop_where_they_should() {
    let sites = Sites::new();
    let mut c = citizen(&sites);
    let page = c.open(&format!("{PORTAL}/start")).await.unwrap().page().unwrap();
    let page = c.act(&page, "agree", &[]).await.unwrap().page().unwrap();
    let page = c.act(&page, "identify", &[]).await.unwrap().page().unwrap();
    assert_eq!(page.url().as_str(), format!("{CARD}/pick"));
    assert_eq!(sites.last("/pick").header("sec-fetch-site"), "same-site");
    // Cookies of one host are shared across its ports, as browsers do.
    assert_eq!(sites.last("/pick").header("cookie"), "portal=p1");
    let page = c.open(&format!("{PORTAL}/start")).await.unwrap().page().unwrap();
    let before = c.requests();
    let arrival = c.act(&page, "refuse", &[]).await.unwrap();
    let Arrival::Stopped { redirect_to } = arrival else { unreachable!("{arrival:?}") };
    assert_eq!(redirect_to.as_str(), "https://user.example/cb?error=access_denied");
    // Nothing was sent there.
    assert_eq!(c.requests(), before + 1);
}

#[tokio::test]
async fn a_form_that_the_policy_holds_back_goes_nowhere() {
    let sites = Sites::new();
    let mut c = citizen(&sites);
    let page = c.open(&format!("{PORTAL}/start")).await.unwrap().page().unwrap();
    let refused = c.act(&page, "leak", &[]).await;
    assert!(
        matches!(refused, Err(DriveError::FormAction { ref to, .. }) if to == "https://evil.example"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn circles_and_dead_ends_are_told_without_secrets() {
    let sites = Sites::new();
    let mut c = citizen(&sites);
    let circle = c.open(&format!("{PORTAL}/circle?code=secret")).await.unwrap_err();
    assert_eq!(circle.to_string(), format!("too many redirects; the last one came from {PORTAL}/circle"));
    let nobody = c.open("http://nobody.example/x?code=secret").await.unwrap_err();
    assert!(nobody.to_string().starts_with("no answer from http://nobody.example/x: "), "{nobody}");
    assert!(matches!(c.open("javascript:alert(1)").await, Err(DriveError::Address(_))));
}

#[tokio::test]
async fn a_forged_post_carries_no_lax_cookie_and_a_foreign_origin() {
    let sites = Sites::new();
    let mut c = citizen(&sites);
    c.open(&format!("{PORTAL}/start")).await.unwrap();
    let _ = c.post_raw(&format!("{PORTAL}/agree"), &[("csrf", "guess")], None).await.unwrap();
    let post = sites.last("/agree");
    assert_eq!((post.header("origin"), post.header("cookie")), ("null", ""));
    assert_eq!(post.header("sec-fetch-site"), "cross-site");
}
