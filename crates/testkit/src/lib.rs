//! The whole world in one process: every role on its own database, a network in memory, a clock moved
//! by hand. For tests that need more than one room.
//!
//! **Invariant:** a test moves time and trouble; nothing here waits or guesses. **Boundary:** dev only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: whatever goes wrong here has to fail the test loudly"
)]

pub mod admissions;
pub mod net;
pub mod world;

pub use admissions::Admissions;
pub use net::{Net, Trouble};
pub use world::{Finished, World};
