//! The kit in a tiny role, through its real router, on both databases.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod attacks;
mod browser;
mod devices;
mod mailbox;
mod passkeys;
mod second;
mod sessions;
mod sign_up;
mod world;

#[tokio::test(flavor = "multi_thread")]
async fn statements_suit_both_engines() {
    let schema: &[&[store::Migration]] = &[mail::MIGRATIONS, accounts::MIGRATIONS];
    let complaints = store::testing::prepare_all(schema, accounts::STATEMENTS).await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}
