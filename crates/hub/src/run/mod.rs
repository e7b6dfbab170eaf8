//! What a run's steps do to the database: settled with all that goes with them in one transaction, and
//! answered once.
//!
//! The pages and presses that lead to a step are `portal`'s.

pub mod answer;
pub mod step;

use std::future::Future;

use store::Error;

use crate::store::journeys::OVERTAKEN;

/// Repeats a transaction that lost a race: another press, tab or node took the step first.
///
/// # Errors
/// What the attempt says, or that it lost the race every time.
pub async fn again<T, F, Fut>(mut attempt: F) -> store::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = store::Result<T>>,
{
    for _ in 0..4 {
        match attempt().await {
            Err(Error::Unavailable(what)) if what == OVERTAKEN => {}
            other => return other,
        }
    }
    attempt().await
}

/// The address of a run.
pub fn path(id: &str) -> String {
    format!("/run/{id}")
}
