//! The tables of this room.

use ::store::Migration;

/// The tables of this room; they stand beside the desk's.
pub const MIGRATIONS: &[Migration] = &[
    Migration { room: "control", version: 1, sql: FIRST },
    Migration { room: "control", version: 2, sql: "ALTER TABLE control_keys ADD COLUMN changed_at BIGINT;" },
];

const FIRST: &str = "
CREATE TABLE control_changes (
    change_key TEXT NOT NULL,
    portal TEXT NOT NULL,
    subject TEXT NOT NULL,
    case_id TEXT,
    revision BIGINT NOT NULL,
    before TEXT,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (change_key, portal, subject));
CREATE INDEX control_changes_case ON control_changes (case_id, made_at);

CREATE TABLE control_testers (
    client_id TEXT NOT NULL,
    tester_id TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    sealed_token BYTEA,
    not_after BIGINT NOT NULL,
    PRIMARY KEY (client_id, tester_id));

CREATE TABLE control_seen (
    portal TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    source TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest TEXT NOT NULL,
    status TEXT NOT NULL,
    entry TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (portal, kind, subject));

CREATE TABLE control_keys (
    uri TEXT PRIMARY KEY,
    digest TEXT,
    looked_at BIGINT NOT NULL,
    good_at BIGINT,
    failing_since BIGINT,
    error TEXT,
    expires_at BIGINT);

CREATE TABLE control_looks (
    portal TEXT PRIMARY KEY,
    looked_at BIGINT NOT NULL,
    error TEXT,
    good_at BIGINT);
";
