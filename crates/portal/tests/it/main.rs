//! The portal with the real test-card stand-in and the real delivery service around it, in one process:
//! runs from ② to the return, on both engines. The whole world with every attack and crash is in
//! `testkit`; here is what concerns the portal alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod leg_c;
mod me;
mod registry;
mod runs;
mod suspension;
mod tables;
mod verification;
mod world;
