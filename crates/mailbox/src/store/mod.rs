//! The mailbox's tables and statements.

pub mod accounts;
pub mod documents;
pub mod issuers;

use ::store::Migration;

/// The reference mailbox's tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    room: "mailbox",
    version: 1,
    sql: "
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    family_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    password TEXT NOT NULL,
    lang TEXT,
    person TEXT,
    documents_at BIGINT,
    created_at BIGINT NOT NULL);
CREATE UNIQUE INDEX accounts_email ON accounts (email);

CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    year BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    certificate TEXT NOT NULL,
    content BYTEA NOT NULL,
    size BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    read_at BIGINT);
CREATE INDEX documents_account ON documents (account, received_at);

CREATE TABLE issuers (
    id TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL,
    certificate BYTEA NOT NULL,
    created_at BIGINT NOT NULL);
",
}];

/// Every statement of this crate, for the test that prepares them all.
pub const STATEMENTS: &[&[(&str, &str)]] = &[accounts::STATEMENTS, documents::STATEMENTS, issuers::STATEMENTS];
