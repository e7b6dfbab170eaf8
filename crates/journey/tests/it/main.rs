//! The journey's invariants (DESIGN.md "The journey"), as examples, as properties over arbitrary
//! event sequences, and over every reachable state.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails should stop where it fails")]

mod examples;
mod properties;
mod reachable;
mod world;
