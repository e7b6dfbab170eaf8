//! Tables and statements of the authorization server.

pub mod clients;
pub mod grants;
pub mod keys;
pub mod replay;
pub mod requests;

use store::Migration;

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        room: "provider",
        version: 1,
        sql: "
CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL);

CREATE TABLE oauth_keys (
    kid TEXT PRIMARY KEY,
    pkcs8 BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT);

CREATE TABLE oauth_secrets (
    name TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL);

CREATE TABLE oauth_requests (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT);
CREATE INDEX oauth_requests_created ON oauth_requests (created_at);

CREATE TABLE oauth_grants (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    account TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    code TEXT UNIQUE,
    code_expires_at BIGINT NOT NULL,
    code_used_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT);
CREATE INDEX oauth_grants_account ON oauth_grants (account);
CREATE INDEX oauth_grants_expires ON oauth_grants (expires_at);

CREATE TABLE oauth_tokens (
    id TEXT PRIMARY KEY,
    grant_id TEXT,
    client_id TEXT NOT NULL,
    jkt TEXT NOT NULL,
    scope TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT);
CREATE INDEX oauth_tokens_grant ON oauth_tokens (grant_id);
CREATE INDEX oauth_tokens_expires ON oauth_tokens (expires_at);

CREATE TABLE oauth_replay (
    id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL);
CREATE INDEX oauth_replay_expires ON oauth_replay (expires_at);
",
    },
    Migration {
        room: "provider",
        version: 2,
        sql: "
ALTER TABLE oauth_clients ADD COLUMN terms TEXT;
ALTER TABLE oauth_clients ADD COLUMN ended_at BIGINT;
",
    },
];

/// Every statement of this room, for the test that prepares them all.
pub const STATEMENTS: &[&[(&str, &str)]] =
    &[clients::STATEMENTS, grants::STATEMENTS, keys::STATEMENTS, replay::STATEMENTS, requests::STATEMENTS];
