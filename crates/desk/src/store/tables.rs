//! The tables of this room.

use ::store::Migration;

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[Migration { room: "desk", version: 1, sql: FIRST }];

const FIRST: &str = "
CREATE TABLE desk_secrets (
    name TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL);

CREATE TABLE desk_orgs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    corporate_number TEXT,
    address TEXT NOT NULL,
    phone TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL);
CREATE INDEX desk_orgs_number ON desk_orgs (corporate_number);

CREATE TABLE desk_members (
    org TEXT NOT NULL,
    account TEXT NOT NULL,
    role TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (org, account));
CREATE INDEX desk_members_account ON desk_members (account);

CREATE TABLE desk_invitations (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    link TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT);
CREATE INDEX desk_invitations_org ON desk_invitations (org, ended_at);

CREATE TABLE desk_staff (
    account TEXT PRIMARY KEY,
    roles TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    ended_at BIGINT);

CREATE TABLE desk_services (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    name TEXT NOT NULL,
    test_client_id TEXT UNIQUE,
    production_client_id TEXT UNIQUE,
    status TEXT NOT NULL,
    live_since BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL);
CREATE INDEX desk_services_org ON desk_services (org);

CREATE TABLE desk_cases (
    id TEXT PRIMARY KEY,
    receipt TEXT NOT NULL UNIQUE,
    org TEXT NOT NULL,
    service TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    seq BIGINT NOT NULL,
    phase TEXT NOT NULL,
    step TEXT NOT NULL,
    waiting_on TEXT NOT NULL,
    due_at BIGINT,
    assignee TEXT,
    opened_by TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    waiting_since BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT);
CREATE INDEX desk_cases_org ON desk_cases (org, opened_at);
CREATE INDEX desk_cases_service ON desk_cases (service, opened_at);
CREATE INDEX desk_cases_queue ON desk_cases (waiting_on, due_at) WHERE closed_at IS NULL;

CREATE TABLE desk_drafts (
    case_id TEXT NOT NULL,
    form TEXT NOT NULL,
    version BIGINT NOT NULL,
    answers TEXT NOT NULL,
    edited_by TEXT NOT NULL,
    edited_at BIGINT NOT NULL,
    PRIMARY KEY (case_id, form));

CREATE TABLE desk_uploads (
    case_id TEXT NOT NULL,
    form TEXT NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    answers TEXT NOT NULL,
    findings TEXT NOT NULL,
    uploaded_at BIGINT NOT NULL,
    PRIMARY KEY (case_id, form, account));

CREATE TABLE desk_decisions (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    org TEXT,
    seq BIGINT,
    actor TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    what TEXT NOT NULL,
    why TEXT,
    details TEXT NOT NULL,
    decided_at BIGINT NOT NULL);
CREATE INDEX desk_decisions_subject ON desk_decisions (subject, decided_at);
CREATE INDEX desk_decisions_at ON desk_decisions (decided_at);

CREATE TABLE desk_effects (
    effect_key TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    effect TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    done_at BIGINT,
    outcome TEXT);
CREATE INDEX desk_effects_case ON desk_effects (case_id, queued_at);
CREATE INDEX desk_effects_org ON desk_effects (org, kind);

CREATE TABLE desk_attachments (
    id TEXT PRIMARY KEY,
    org TEXT,
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    digest TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_at BIGINT NOT NULL);
CREATE INDEX desk_attachments_place ON desk_attachments (place);
CREATE INDEX desk_attachments_org ON desk_attachments (org);

CREATE TABLE desk_threads (
    id TEXT PRIMARY KEY,
    receipt TEXT NOT NULL UNIQUE,
    org TEXT,
    case_id TEXT,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    assignee TEXT,
    opened_by TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    waiting_since BIGINT NOT NULL,
    closed_at BIGINT);
CREATE INDEX desk_threads_by ON desk_threads (opened_by, updated_at);
CREATE INDEX desk_threads_org ON desk_threads (org, updated_at);
CREATE INDEX desk_threads_case ON desk_threads (case_id);
CREATE INDEX desk_threads_status ON desk_threads (status, waiting_since);

CREATE TABLE desk_messages (
    id TEXT PRIMARY KEY,
    thread TEXT NOT NULL,
    author TEXT NOT NULL,
    author_kind TEXT NOT NULL,
    internal BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL);
CREATE INDEX desk_messages_thread ON desk_messages (thread, created_at);

CREATE TABLE desk_templates (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    subject_ja TEXT NOT NULL,
    body_ja TEXT NOT NULL,
    subject_en TEXT NOT NULL,
    body_en TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    retired_at BIGINT);

CREATE TABLE desk_faq (
    id TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    published BIGINT NOT NULL,
    updated_at BIGINT NOT NULL);

CREATE TABLE desk_faq_versions (
    faq TEXT NOT NULL,
    version BIGINT NOT NULL,
    question_ja TEXT NOT NULL,
    answer_ja TEXT NOT NULL,
    question_en TEXT NOT NULL,
    answer_en TEXT NOT NULL,
    author TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (faq, version));

CREATE TABLE desk_deliveries (
    id TEXT PRIMARY KEY,
    settings TEXT NOT NULL,
    revision BIGINT NOT NULL,
    status TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL);

CREATE TABLE desk_maintenance (
    id TEXT PRIMARY KEY,
    delivery TEXT,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    note_ja TEXT NOT NULL,
    note_en TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    withdrawn_at BIGINT);
CREATE INDEX desk_maintenance_ends ON desk_maintenance (ends_at);

CREATE TABLE desk_provisions (
    portal TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    service TEXT,
    desired TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest TEXT NOT NULL,
    wanted_at BIGINT NOT NULL,
    applied_revision BIGINT,
    applied_digest TEXT,
    applied_at BIGINT,
    seen_digest TEXT,
    seen_status TEXT,
    seen_at BIGINT,
    last_error TEXT,
    PRIMARY KEY (portal, kind, subject));
CREATE INDEX desk_provisions_service ON desk_provisions (service);

CREATE TABLE desk_warnings (
    warning_key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    org TEXT,
    case_id TEXT,
    service TEXT,
    args TEXT NOT NULL,
    raised_at BIGINT NOT NULL,
    due_at BIGINT,
    ended_at BIGINT);
CREATE INDEX desk_warnings_org ON desk_warnings (org) WHERE ended_at IS NULL;
CREATE INDEX desk_warnings_case ON desk_warnings (case_id) WHERE ended_at IS NULL;

CREATE TABLE desk_counters (
    id TEXT PRIMARY KEY,
    hits BIGINT NOT NULL,
    until BIGINT NOT NULL);
CREATE INDEX desk_counters_until ON desk_counters (until);
";
