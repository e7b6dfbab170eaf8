//! Tables and statements of the desk.

pub mod attachments;
pub mod cases;
pub mod counters;
pub mod decisions;
pub mod deliveries;
pub mod drafts;
pub mod effects;
pub mod faq;
pub mod orgs;
pub mod secrets;
pub mod services;
pub mod staff;
mod tables;
pub mod threads;

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
