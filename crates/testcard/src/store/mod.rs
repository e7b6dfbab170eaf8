//! The stand-in's tables.

pub(crate) mod keys;
pub(crate) mod pins;
pub(crate) mod readings;

use store::Migration;

/// The tables of this role.
pub const MIGRATIONS: &[Migration] = &[Migration {
    room: "testcard",
    version: 1,
    sql: "
CREATE TABLE card_keys (
    name TEXT PRIMARY KEY,
    sealed_key BYTEA NOT NULL,
    certificate BYTEA NOT NULL);
CREATE TABLE card_pins (
    person TEXT PRIMARY KEY,
    tries_left BIGINT NOT NULL);
CREATE TABLE readings (
    id TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    person TEXT,
    request TEXT NOT NULL,
    handle TEXT UNIQUE,
    result TEXT,
    ends_at BIGINT NOT NULL);
CREATE INDEX readings_ends ON readings (ends_at);
",
}];

/// Every statement, for the test that prepares them all on both engines.
pub const STATEMENTS: &[&[(&str, &str)]] = &[keys::STATEMENTS, pins::STATEMENTS, readings::STATEMENTS];
