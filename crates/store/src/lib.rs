//! Databases: one SQL text over SQLite and PostgreSQL.
//!
//! A role opens one [`Db`] and hands it closures. A closure runs on a worker thread, inside one
//! transaction, and its result comes back once the transaction is durable:
//!
//! ```text
//! let name = db.write(move |tx| {
//!     tx.execute("INSERT INTO t (id, name) VALUES ($1, $2)", &params![id, "x"])?;
//!     Ok::<_, store::Error>("x")
//! }).await?;
//! ```
//!
//! A closure can't wait for anything but the database, so no transaction is ever held open across
//! a call to another role: intent is written, the call is made, the result is written.
//!
//! On SQLite one writer thread runs all waiting closures in savepoints of one transaction and
//! commits once (*group commit*): with `synchronous=FULL` the flush to disk is the price of a
//! commit, and a hundred citizens share it. On PostgreSQL each worker thread has a connection.
//!
//! The portable dialect: `TEXT`, `BIGINT`, `BYTEA`; booleans as 0/1; times as microseconds
//! ([`base::Timestamp`]); JSON and ids as `TEXT`; `$1` placeholders; `ON CONFLICT`, `RETURNING`.
//! Sums are cast (`CAST(sum(x) AS BIGINT)`), the time is passed in. Statements stand in
//! [`statements!`] blocks, and a test of each room prepares them all on both engines.
//!
//! **Invariant:** what a closure returned as `Ok` survives loss of power. **Boundary:** SQL appears
//! here and in `<role>/src/store/` only; no driver type is visible outside.

mod db;
mod error;
pub mod jobs;
pub mod migrate;
mod postgres_engine;
mod queue;
pub mod sealed;
mod sqlite_engine;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod value;

pub use db::{Db, Engine, Target, Tx};
pub use error::Error;
pub use migrate::{Migration, Schema};
pub use sealed::Sealer;
pub use value::{Row, Value};

/// What most operations of this room give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Parameters of a statement: `params![id, now, Some("x")]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}

/// Declares the statements of a file as constants, and lists them in `STATEMENTS`, so that a test
/// can prepare each on both engines.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: &str = $sql;)*
        /// Every statement of this file, by name.
        #[allow(dead_code, reason = "only the test that prepares them all reads it")]
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
