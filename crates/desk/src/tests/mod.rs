//! The desk through its real router: cookie jar, forms, both engines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod browser;
mod cases;
mod crash;
mod forms;
mod inquiries;
mod orgs;
mod pages;
mod world;

use store::testing::prepare_all;
use web::testing::keys_equal;

use crate::{SCHEMA, STATEMENTS, TEXTS};

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_on_both_engines() {
    assert_eq!(prepare_all(SCHEMA, STATEMENTS).await, Vec::<String>::new());
}

#[test]
fn both_languages_have_the_same_keys() {
    for pair in TEXTS.chunks(2) {
        keys_equal(pair[0].1, pair[1].1).unwrap_or_else(|e| panic!("{e}"));
    }
}
