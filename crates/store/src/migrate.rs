//! Migrations: numbered SQL texts per room, applied once, never changed afterwards.
//!
//! They must suit the still-running version (expand, then contract in a later release), because
//! nodes are replaced one after the other.

use base::codec::sha256_b64url;

use crate::{Error, Result, Tx, params};

/// One step of a room's tables.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Room it belongs to; versions count per room.
    pub room: &'static str,
    /// 1, 2, 3 …
    pub version: i64,
    /// The statements, in the portable dialect.
    pub sql: &'static str,
}

/// The migrations of all rooms that share a role's database.
pub type Schema<'a> = &'a [&'a [Migration]];

const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    room TEXT NOT NULL, version BIGINT NOT NULL, checksum TEXT NOT NULL, PRIMARY KEY (room, version))";
const LIST: &str = "SELECT checksum FROM schema_migrations WHERE room = $1 AND version = $2";
const INSERT: &str = "INSERT INTO schema_migrations (room, version, checksum) VALUES ($1, $2, $3)";

/// The store's own tables come first.
const OWN: &[Migration] = &[Migration { room: "store", version: 1, sql: crate::jobs::TABLES }];

/// Applies what is missing, in the transaction the caller began.
pub(crate) fn apply(tx: &mut Tx<'_>, schema: Schema<'_>) -> Result<()> {
    apply_all(tx, schema).map_err(|e| match e {
        Error::Open(_) => e,
        e => Error::Open(format!("the tables can't be brought up to date: {e}")),
    })
}

fn apply_all(tx: &mut Tx<'_>, schema: Schema<'_>) -> Result<()> {
    tx.batch(CREATE)?;
    for m in std::iter::once(OWN).chain(schema.iter().copied()).flatten() {
        let checksum = sha256_b64url(m.sql);
        match tx.query_opt(LIST, &params![m.room, m.version])? {
            Some(mut row) => {
                if row.text(0)? == checksum {
                    continue;
                }
                return Err(Error::Open(format!(
                    "migration {} {} was changed after it had been applied; restore the text and add a new one",
                    m.room, m.version
                )));
            }
            None => {
                tx.batch(m.sql)?;
                tx.execute(INSERT, &params![m.room, m.version, &checksum])?;
            }
        }
    }
    Ok(())
}
