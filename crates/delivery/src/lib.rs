//! The delivery-service kit (民間送達サービス): what an operator builds a delivery service on. The reference
//! mailbox (room `mailbox`) is one such operator.
//!
//! [`kit`] has all protocol parts of leg B and leg C. Accounts, documents and everything a citizen sees of
//! them are the operator's, behind [`kit::Accounts`] and [`kit::Mailbox`].
//!
//! **Invariant:** see [`kit`]. **Boundary:** SQL in [`store`] only; talks to the portal over HTTP only;
//! knows nothing of what a document says.

pub mod kit;
pub mod store;
#[cfg(test)]
mod tests;

pub use kit::{Kit, KitConfig, Limits, Parts, Portal, Tokens};
pub use store::KIT_MIGRATIONS;
