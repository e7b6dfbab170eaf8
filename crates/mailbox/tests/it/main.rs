//! The service against a portal made of the house's own parts, over in-process HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod api;
mod browser;
mod flow;
mod foreign;
mod pages;
mod seed;
mod sso;
mod world;

use store::testing;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_understood_by_both_engines() {
    let complaints = testing::prepare_all(mailbox::SCHEMA, mailbox::store::STATEMENTS).await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}
