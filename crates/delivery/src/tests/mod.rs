//! The kit with the smallest operator. Everything over HTTP is tested with the reference mailbox on it
//! (room `mailbox`).

mod operator;
mod properties;
mod world;

use ::store::testing;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_understood_by_both_engines() {
    let complaints = testing::prepare_all(world::SCHEMA, crate::store::STATEMENTS).await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}
