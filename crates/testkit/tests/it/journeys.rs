//! The run of guideline 2.3 from ① to ⑦, and every way it can end.

use drive::Decisions;
use serde_json::json;
use store::testing::engines;
use testkit::World;

fn decide(value: serde_json::Value) -> Decisions {
    serde_json::from_value(value).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_time_citizen_goes_through_and_comes_back_linked() {
    for engine in engines() {
        let w = World::new(engine).await;
        let done = w.run("hanako", &Decisions::default()).await;
        assert_eq!(done.outcome, "linked", "{:?}", done.pages);
        for page in ["consent", "identify", "pick", "pin", "register", "link", "handover", "sign-in", "allow", "linked"] {
            assert!(done.pages.iter().any(|p| p == page), "{page} is missing in {:?}", done.pages);
        }
        w.both_sides_agree().await;
        let again = w.run("hanako", &decide(json!({}))).await;
        assert_eq!(again.outcome, "already_linked");
        assert_eq!(w.portal_linkages().await.iter().filter(|(_, s)| s == "linked").count(), 1);
    }
}
