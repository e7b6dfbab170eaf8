//! The room as a whole: the house's catalogue, the life of a case, and what holds for every case.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod catalogue;
mod coverage;
mod forms;
mod life;
mod properties;
mod sample;
