//! What every room of the house stands on: ids, [`Clock`], [`Rng`], [`Secret`], languages, masks,
//! the Japanese calendar, and the [`outbound`] port.
//!
//! **Invariant:** no I/O. Time, randomness and outbound HTTP come in as arguments, so that every
//! decision above can be replayed by a test. **Boundary:** imports no other room.

pub mod amount;
pub mod calendar;
pub mod clock;
pub mod codec;
pub mod id;
pub mod lang;
pub mod mask;
pub mod outbound;
pub mod rng;
pub mod secret;

pub use clock::{Clock, FakeClock, Timestamp};
pub use lang::Lang;
pub use rng::Rng;
pub use secret::Secret;
