//! The staff's side through its real router.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod browser;
mod four_eyes;
mod pages;
mod people;
#[allow(dead_code, reason = "sound answers, shared with the procedures' own tests")]
#[path = "../../../procedures/tests/it/sample.rs"]
mod sample;
mod world;

use store::testing::prepare_all;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_on_both_engines() {
    assert_eq!(prepare_all(office::SCHEMA, office::STATEMENTS).await, Vec::<String>::new());
}
