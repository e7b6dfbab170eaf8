//! Tables and statements of the portal.

pub mod admissions;
pub mod challenges;
pub mod citizens;
pub mod deliveries;
pub mod events;
pub mod grants_me;
pub mod hand_overs;
pub mod instructions;
pub mod journeys;
pub mod linkages;
pub mod linkages_me;
pub mod registry;
pub mod sessions;
pub mod sign_ins;
pub mod testers;

use store::Migration;

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        room: "portal",
        version: 1,
        sql: "
CREATE TABLE citizens (
    id TEXT PRIMARY KEY,
    card_index TEXT NOT NULL UNIQUE,
    profile BYTEA NOT NULL,
    language TEXT NOT NULL,
    registered_at BIGINT NOT NULL,
    ended_at BIGINT);

CREATE TABLE subjects (
    citizen_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    sub TEXT NOT NULL UNIQUE,
    PRIMARY KEY (citizen_id, client_id));

CREATE TABLE consents (
    id TEXT PRIMARY KEY,
    citizen_id TEXT,
    client_id TEXT NOT NULL,
    journey_id TEXT NOT NULL,
    text_version TEXT NOT NULL,
    items TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    ended_at BIGINT);
CREATE INDEX consents_citizen ON consents (citizen_id);

CREATE TABLE journeys (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    request TEXT NOT NULL,
    browser TEXT NOT NULL,
    receipt TEXT NOT NULL,
    state TEXT NOT NULL,
    seq BIGINT NOT NULL,
    card_index TEXT,
    outcome TEXT,
    answer BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT,
    returned_at BIGINT);
CREATE INDEX journeys_open ON journeys (updated_at) WHERE ended_at IS NULL;
CREATE INDEX journeys_updated ON journeys (updated_at);

CREATE TABLE challenges (
    id TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    journey_id TEXT,
    purpose TEXT NOT NULL,
    nonce BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT);
CREATE INDEX challenges_created ON challenges (created_at);

CREATE TABLE hand_overs (
    state_hash TEXT PRIMARY KEY,
    journey_id TEXT NOT NULL,
    linkage_id TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    pending BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT);
CREATE INDEX hand_overs_linkage ON hand_overs (linkage_id);
CREATE INDEX hand_overs_created ON hand_overs (created_at);

CREATE TABLE linkages (
    id TEXT PRIMARY KEY,
    citizen_id TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    journey_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    state TEXT NOT NULL,
    subject TEXT NOT NULL,
    nonce TEXT NOT NULL,
    subject_token_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    account TEXT,
    auth_time BIGINT,
    linked_at BIGINT,
    confirmation TEXT,
    reply TEXT,
    ended_at BIGINT,
    ended_by TEXT,
    last_used_at BIGINT);
CREATE UNIQUE INDEX linkages_linked ON linkages (citizen_id, delivery_id) WHERE state = 'linked';
CREATE INDEX linkages_citizen ON linkages (citizen_id);
CREATE INDEX linkages_journey ON linkages (journey_id);
CREATE INDEX linkages_offered ON linkages (created_at) WHERE state = 'offered';
CREATE INDEX linkages_account ON linkages (delivery_id, subject);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    status TEXT NOT NULL,
    updated_at BIGINT NOT NULL);

CREATE TABLE maintenance (
    id TEXT PRIMARY KEY,
    delivery_id TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    note_ja TEXT,
    note_en TEXT);
CREATE INDEX maintenance_ends ON maintenance (ends_at);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    citizen_id TEXT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL);
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX sessions_citizen ON sessions (citizen_id);

CREATE TABLE received_events (
    jti TEXT PRIMARY KEY,
    at BIGINT NOT NULL);
CREATE INDEX received_events_at ON received_events (at);
",
    },
    Migration {
        room: "portal",
        version: 2,
        sql: "
ALTER TABLE journeys ADD COLUMN tester_id TEXT;

ALTER TABLE deliveries ADD COLUMN revision BIGINT;
ALTER TABLE deliveries ADD COLUMN digest TEXT;
ALTER TABLE deliveries ADD COLUMN entry TEXT;

ALTER TABLE maintenance ADD COLUMN updated_at BIGINT;
ALTER TABLE maintenance ADD COLUMN withdrawn_at BIGINT;

CREATE TABLE admissions (
    client_id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest TEXT NOT NULL,
    entry TEXT NOT NULL,
    updated_at BIGINT NOT NULL);

CREATE TABLE instructions (
    jti TEXT PRIMARY KEY,
    op TEXT NOT NULL,
    subject TEXT,
    jws TEXT NOT NULL,
    status BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    kept BIGINT NOT NULL);
CREATE INDEX instructions_subject ON instructions (subject, received_at);
CREATE INDEX instructions_passing ON instructions (expires_at) WHERE kept = 0;

CREATE TABLE testers (
    client_id TEXT NOT NULL,
    tester_id TEXT NOT NULL,
    name TEXT,
    token_hash TEXT NOT NULL UNIQUE,
    not_after BIGINT NOT NULL,
    browser TEXT,
    bound_at BIGINT,
    card_index TEXT,
    identified_at BIGINT,
    PRIMARY KEY (client_id, tester_id));
CREATE INDEX testers_browser ON testers (browser);
",
    },
];

/// Every statement of this room, for the test that prepares them all. One line for each file.
pub const STATEMENTS: &[&[(&str, &str)]] = &[
    admissions::STATEMENTS,
    instructions::STATEMENTS,
    testers::STATEMENTS,
    challenges::STATEMENTS,
    citizens::STATEMENTS,
    deliveries::STATEMENTS,
    hand_overs::STATEMENTS,
    journeys::STATEMENTS,
    linkages::STATEMENTS,
    events::STATEMENTS,
    grants_me::STATEMENTS,
    linkages_me::STATEMENTS,
    registry::STATEMENTS,
    sessions::STATEMENTS,
    sign_ins::STATEMENTS,
];
