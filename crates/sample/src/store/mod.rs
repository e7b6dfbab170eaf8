//! Tables and statements of the sample service.
//!
//! The browser's cookie stands for the account: a real service would put its own user id in the place of
//! `browser`. Whatever says something about a person or opens a door is sealed.

pub(crate) mod filings;
pub(crate) mod runs;
pub(crate) mod secrets;

use ::store::Migration;

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[Migration {
    room: "sample",
    version: 1,
    sql: "
CREATE TABLE sample_secrets (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (name, version));

CREATE TABLE sample_registrations (
    issuer TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    registered_at BIGINT NOT NULL);

CREATE TABLE sample_runs (
    id TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    asked TEXT NOT NULL,
    state_hash TEXT UNIQUE,
    pushed BYTEA,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    finished_at BIGINT,
    outcome TEXT,
    result BYTEA,
    token BYTEA,
    token_expires_at BIGINT);
CREATE INDEX sample_runs_browser ON sample_runs (browser, finished_at);
CREATE INDEX sample_runs_created ON sample_runs (created_at);

CREATE TABLE sample_filings (
    browser TEXT PRIMARY KEY,
    body BYTEA NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL);
CREATE INDEX sample_filings_updated ON sample_filings (updated_at);

CREATE TABLE sample_submissions (
    receipt TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    version BIGINT NOT NULL,
    body BYTEA NOT NULL,
    submitted_at BIGINT NOT NULL,
    UNIQUE (browser, version));
",
}];

/// Every statement of this room, for the test that prepares them all.
pub const STATEMENTS: &[&[(&str, &str)]] = &[filings::STATEMENTS, runs::STATEMENTS, secrets::STATEMENTS];
