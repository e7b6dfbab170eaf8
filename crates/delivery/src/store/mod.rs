//! The kit's tables and statements.

pub mod counters;
pub mod events;
pub mod linkages;
pub mod sessions;
pub mod sign_ins;

use store::Migration;

/// The kit's tables. An operator's role adds its own.
pub const KIT_MIGRATIONS: &[Migration] = &[Migration {
    room: "delivery",
    version: 1,
    sql: "
CREATE TABLE linkages (
    id TEXT PRIMARY KEY,
    portal TEXT NOT NULL,
    state TEXT NOT NULL,
    account TEXT,
    account_sub TEXT,
    subject TEXT,
    display TEXT,
    nonce TEXT,
    subject_token_hash TEXT,
    request TEXT,
    auth_time BIGINT,
    message BYTEA,
    reply BYTEA,
    confirmation TEXT,
    offered_at BIGINT,
    expires_at BIGINT,
    linked_at BIGINT,
    ended_at BIGINT,
    created_at BIGINT NOT NULL);
CREATE UNIQUE INDEX linkages_active_account ON linkages (portal, account) WHERE state = 'active';
CREATE UNIQUE INDEX linkages_active_subject ON linkages (portal, subject) WHERE state = 'active';
CREATE INDEX linkages_offers ON linkages (expires_at) WHERE state = 'offered';
CREATE INDEX linkages_account ON linkages (account);

CREATE TABLE subjects (
    account TEXT NOT NULL,
    client_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (account, client_id));

CREATE TABLE sign_ins (
    request TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    phase TEXT NOT NULL,
    account TEXT,
    linkage TEXT NOT NULL,
    auth_time BIGINT,
    code TEXT,
    created_at BIGINT NOT NULL);
CREATE INDEX sign_ins_created ON sign_ins (created_at);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    by_portal BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE sso_runs (
    id TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    phase TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    target TEXT NOT NULL,
    account TEXT,
    expires_at BIGINT NOT NULL);
CREATE INDEX sso_runs_expires ON sso_runs (expires_at);

CREATE TABLE received_events (
    id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL);
CREATE INDEX received_events_expires ON received_events (expires_at);

CREATE TABLE counters (
    id TEXT PRIMARY KEY,
    hits BIGINT NOT NULL,
    until BIGINT NOT NULL);
CREATE INDEX counters_until ON counters (until);

CREATE TABLE kit_secrets (
    name TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL);
",
}];

/// Every statement of this crate, for the test that prepares them all.
pub const STATEMENTS: &[&[(&str, &str)]] =
    &[counters::STATEMENTS, events::STATEMENTS, linkages::STATEMENTS, sessions::STATEMENTS, sign_ins::STATEMENTS];
