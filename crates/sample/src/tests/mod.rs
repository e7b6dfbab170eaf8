//! The service over its router, against a portal whose authorization server is the real one (`provider`)
//! and whose citizen is this test. The real portal and the real journey run in `testkit`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod attacks;
mod browser;
mod journey;
mod pages;
mod world;

use store::testing::prepare_all;

use crate::{MIGRATIONS, STATEMENTS};

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_on_both_engines() {
    assert_eq!(prepare_all(&[MIGRATIONS], STATEMENTS).await, Vec::<String>::new());
}

#[test]
fn the_tax_year_is_the_latest_with_certificates() {
    use jiff::civil::date;
    let years = [date(2026, 10, 24), date(2026, 10, 25), date(2027, 3, 15)].map(crate::tax_year);
    assert_eq!(years, [2025, 2026, 2026]);
}
