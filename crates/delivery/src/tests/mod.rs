//! The service against a portal made of the house's own parts, over in-process HTTP.

mod api;
mod browser;
mod flow;
mod foreign;
mod operator;
mod pages;
mod properties;
mod seed;
mod sso;
mod world;

use ::store::testing;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_understood_by_both_engines() {
    let complaints = testing::prepare_all(crate::SCHEMA, crate::store::STATEMENTS).await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}
