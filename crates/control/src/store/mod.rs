//! Tables and statements of the control plane. What is wanted of a portal stands in the desk's own `desk_provisions`.

pub(crate) mod changes;
pub(crate) mod deliveries;
pub(crate) mod provisions;
pub(crate) mod seen;
mod tables;
pub(crate) mod testers;
pub(crate) mod warnings;

pub use tables::MIGRATIONS;

/// Every statement of this room, for the test that prepares them all.
pub const STATEMENTS: &[&[(&str, &str)]] = &[
    changes::STATEMENTS,
    deliveries::STATEMENTS,
    provisions::STATEMENTS,
    seen::STATEMENTS,
    testers::STATEMENTS,
    warnings::STATEMENTS,
];
