//! Tables and statements of the desk.

pub(crate) mod attachments;
pub(crate) mod cases;
pub(crate) mod counters;
pub(crate) mod decisions;
pub(crate) mod deliveries;
pub(crate) mod drafts;
pub(crate) mod effects;
pub(crate) mod faq;
pub(crate) mod orgs;
pub(crate) mod secrets;
pub(crate) mod services;
pub(crate) mod staff;
mod tables;
pub(crate) mod threads;

pub use tables::MIGRATIONS;

/// Every statement of this room, for the test that prepares them all.
pub const STATEMENTS: &[&[(&str, &str)]] = &[
    attachments::STATEMENTS,
    cases::STATEMENTS,
    counters::STATEMENTS,
    decisions::STATEMENTS,
    deliveries::STATEMENTS,
    drafts::STATEMENTS,
    effects::STATEMENTS,
    faq::STATEMENTS,
    orgs::STATEMENTS,
    secrets::STATEMENTS,
    services::STATEMENTS,
    staff::STATEMENTS,
    threads::STATEMENTS,
];
