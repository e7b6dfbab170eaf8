//! Whole journeys in one process, on both engines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod journeys;
