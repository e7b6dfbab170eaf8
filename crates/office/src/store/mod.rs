//! Tables and statements of the staff's side. The desk's own tables are read here where a page asks for several at once.

pub(crate) mod invitations;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod templates;

use ::store::Migration;

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[Migration { room: "office", version: 1, sql: FIRST }];

const FIRST: &str = "
CREATE TABLE office_invitations (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    roles TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT);
CREATE INDEX office_invitations_open ON office_invitations (expires_at) WHERE ended_at IS NULL;

CREATE TABLE office_templates (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    retired_at BIGINT);

CREATE TABLE office_template_versions (
    template TEXT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    subject_ja TEXT NOT NULL,
    body_ja TEXT NOT NULL,
    subject_en TEXT NOT NULL,
    body_en TEXT NOT NULL,
    author TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (template, version));
";

/// Every statement of this room, for the test that prepares them all.
pub const STATEMENTS: &[&[(&str, &str)]] =
    &[invitations::STATEMENTS, queue::STATEMENTS, record::STATEMENTS, templates::STATEMENTS];
