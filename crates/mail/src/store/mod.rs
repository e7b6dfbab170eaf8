//! The outbox's table.

pub(crate) mod mails;

use store::Migration;

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[Migration {
    room: "mail",
    version: 1,
    sql: "
CREATE TABLE mails (
    id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    lang TEXT NOT NULL,
    kind TEXT NOT NULL,
    dedupe TEXT,
    content BYTEA,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    refusals BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    expires_at BIGINT,
    ended_at BIGINT);
CREATE UNIQUE INDEX mails_dedupe ON mails (dedupe);
CREATE INDEX mails_due ON mails (due_at) WHERE state = 'queued';
CREATE INDEX mails_state ON mails (state, id);
CREATE INDEX mails_ended ON mails (ended_at);
",
}];

/// Every statement, for the test that prepares them all on both engines.
pub const STATEMENTS: &[&[(&str, &str)]] = &[mails::STATEMENTS];
