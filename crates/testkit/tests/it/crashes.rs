//! Power is lost behind every write, of either side, in turn; then the role starts again, and the citizen
//! goes on or is returned. In the end both sides agree, and nothing is half.

use std::time::Duration;

use drive::{Arrival, Decisions, DriveError};
use store::Db;
use store::testing::engines;
use testkit::{World, world};

#[derive(Clone, Copy, Debug)]
enum Who {
    Portal,
    Delivery,
}

impl Who {
    fn db(self, w: &World) -> &Db {
        match self {
            Self::Portal => &w.portal_db,
            Self::Delivery => &w.delivery_db,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn power_lost_behind_every_write_of_the_portal() {
    behind_every_write(Who::Portal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn power_lost_behind_every_write_of_the_delivery_service() {
    behind_every_write(Who::Delivery).await;
}

async fn behind_every_write(who: Who) {
    for engine in engines() {
        let mut writes = 1;
        loop {
            let mut w = World::new(engine).await;
            // Everything that happens once for all (registration, tokens) is done before.
            assert_eq!(w.run("yoko", &Decisions::default()).await.outcome, "linked");
            let browser = w.browser();
            let (mut browser, url) = w.leave(browser).await;
            browser = browser.stopping_at([format!("{}/callback", world::SAMPLE)]);
            who.db(&w).lose_power_after(writes);
            let first = drive::drive(&mut browser, &url, &w.person("hanako"), &Decisions::default(), &|_| None).await;
            if !who.db(&w).power_is_lost() {
                let first = first.unwrap();
                assert!(first.redirect_to.is_some());
                w.both_sides_agree().await;
                assert!(writes > 4, "the run writes more than {writes} times");
                break;
            }
            match who {
                Who::Portal => w.restart_portal().await,
                Who::Delivery => w.restart_delivery().await,
            }
            go_on(&w, &mut browser, &url, first, writes).await;
            w.advance(Duration::from_secs(40 * 60));
            w.settle().await;
            w.advance(Duration::from_secs(120));
            w.settle().await;
            w.both_sides_agree().await;
            // Nobody is stuck: a new run of the same person gets through.
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

/// What a patient citizen does after an error page: opens the address of the run again, and presses what
/// is there. Gives up after a while; then they are returned when they come back later.
pub(crate) async fn go_on(
    w: &World,
    browser: &mut drive::Citizen,
    url: &str,
    first: Result<drive::Driven, DriveError>,
    writes: i64,
) {
    if first.as_ref().is_ok_and(|d| d.redirect_to.is_some()) {
        return;
    }
    let second = drive::drive(browser, url, &w.person("hanako"), &Decisions::default(), &|_| None).await;
    match second {
        Ok(driven) if driven.redirect_to.is_some() => {
            let to = driven.redirect_to.unwrap();
            let query = to.query().unwrap_or_default().to_owned();
            assert!(
                query.contains("code=") || query.contains("error="),
                "after write {writes}: returned without an answer: {to}"
            );
        }
        // A run that has ended shows its last page, with the way home.
        Ok(_) => {}
        Err(e) => {
            let page = browser.open(url).await.unwrap_or_else(|e| panic!("after write {writes}: {e}"));
            match page {
                Arrival::Page(page) => {
                    assert!(page.status() < 500, "after write {writes}: {e}; {} {}", page.status(), page.h1());
                    assert!(
                        page.has("home") || page.has("return") || page.has("retry") || page.id() == "error",
                        "after write {writes}: {e}; no way on from {}",
                        page.id()
                    );
                }
                Arrival::Stopped { .. } => {}
            }
        }
    }
}
