//! The kit's tables.

pub(crate) mod accounts;
pub(crate) mod counters;
pub(crate) mod emails;
pub(crate) mod factors;
pub(crate) mod links;
pub(crate) mod passkeys;
pub(crate) mod sessions;

use store::Migration;

/// The tables of this room; they stand in the role's database, beside [`mail::MIGRATIONS`].
pub const MIGRATIONS: &[Migration] = &[Migration {
    room: "accounts",
    version: 1,
    sql: "
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    realm TEXT NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    lang TEXT NOT NULL,
    password TEXT NOT NULL,
    password_at BIGINT NOT NULL,
    factors BIGINT NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL);
CREATE UNIQUE INDEX accounts_email ON accounts (realm, email);

CREATE TABLE account_sessions (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    realm TEXT NOT NULL,
    level TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    proved_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL);
CREATE INDEX account_sessions_account ON account_sessions (account);
CREATE INDEX account_sessions_expires ON account_sessions (expires_at);

CREATE TABLE account_links (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    realm TEXT NOT NULL,
    email TEXT NOT NULL,
    account TEXT,
    reference TEXT,
    body TEXT NOT NULL,
    expires_at BIGINT NOT NULL);
CREATE INDEX account_links_account ON account_links (account);
CREATE INDEX account_links_reference ON account_links (reference);
CREATE INDEX account_links_expires ON account_links (expires_at);

CREATE TABLE account_email_changes (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    email TEXT NOT NULL,
    old_ok BIGINT NOT NULL,
    new_ok BIGINT NOT NULL,
    expires_at BIGINT NOT NULL);
CREATE INDEX account_email_changes_account ON account_email_changes (account);

CREATE TABLE account_totp (
    account TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL);

CREATE TABLE account_passkeys (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT);
CREATE INDEX account_passkeys_account ON account_passkeys (account);

CREATE TABLE account_recovery (
    account TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (account, code));

CREATE TABLE account_fresh_codes (
    account TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL,
    expires_at BIGINT NOT NULL);

CREATE TABLE account_once (
    id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL);

CREATE TABLE account_counters (
    id TEXT PRIMARY KEY,
    hits BIGINT NOT NULL,
    until BIGINT NOT NULL);
CREATE INDEX account_counters_until ON account_counters (until);
",
}];

/// Every statement, for the test that prepares them all on both engines.
pub const STATEMENTS: &[&[(&str, &str)]] = &[
    accounts::STATEMENTS,
    counters::STATEMENTS,
    emails::STATEMENTS,
    factors::STATEMENTS,
    links::STATEMENTS,
    passkeys::STATEMENTS,
    sessions::STATEMENTS,
];
