//! The hub without its pages: what a portal keeps and does, whoever asks. `portal` puts pages and APIs on it.
//!
//! **Invariant:** a linkage is `linked` only with a confirmation that was checked against what this portal
//! kept of that very run; whatever dies between two writes is repaired by the next look
//! ([`Portal::sweep`]). **Boundary:** talks to delivery services and the card side by HTTP only; SQL
//! stands in `store`; no page and no text of a page.
//!
//! | module | what |
//! |---|---|
//! | [`state`], [`config`] | the portal that every handler shares; the operator's settings |
//! | [`role`] | leg A: scopes, what may be pushed |
//! | [`run`] | a run's step and its answer, in one transaction each |
//! | [`card`] | challenges and card readings, for every purpose |
//! | [`linking`] | leg B (docs/leg-b.md) |
//! | [`events`] | unlinking as Security Event Tokens, both ways |
//! | [`sweep`] | what repairs and tidies in the background |
//! | [`user_status`] | ② of the API: registered? linked? |
//! | [`deliveries`] | delivery services as handlers see them |
//! | [`registry`] | clients, delivery services, maintenance: for the desk (docs/registry.md) and the command line |
//! | [`verification`] | 本番動作確認: a client's named testers |

pub mod card;
pub mod citizen;
pub mod config;
pub mod deliveries;
pub mod events;
pub mod linking;
pub mod registry;
pub mod role;
pub mod run;
mod seed;
pub mod state;
pub mod store;
pub mod sweep;
pub mod tokens;
pub mod user_status;
pub mod verification;

use ::store::Migration;

pub use config::{CardConfig, Config, DeliveryConfig, DeskConfig};
pub use state::Portal;

/// The tables of a portal, for [`::store::Db::open`].
pub const SCHEMA: &[&[Migration]] = &[provider::MIGRATIONS, store::MIGRATIONS, store::sign_ins::MIGRATIONS];
