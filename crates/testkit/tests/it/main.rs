//! Whole journeys in one process, on both engines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod attacks;
mod control;
mod crashes;
mod journeys;
mod several;

fn decide(value: serde_json::Value) -> drive::Decisions {
    serde_json::from_value(value).unwrap()
}
