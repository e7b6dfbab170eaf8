//! Workbooks round and about: written and read, changed as people and programs change them, and built by attackers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod attacks;
mod forms;
mod round;
mod zips;
