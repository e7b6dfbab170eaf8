//! PostgreSQL: each worker thread has a connection and runs one transaction at a time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::{Client, Config, Statement, Transaction};

use crate::db::{Done, Imp, Job, Run, Tx};
use crate::queue::Queue;
use crate::{Error, Result, Row, Schema, Value, migrate, tls};

/// Prepared statements of a connection, by the address of their (static) text.
pub(crate) type Statements = HashMap<(*const u8, usize), Statement>;

/// Serialises migrations of several nodes that start at once. Any number will do.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7305041188)";

#[derive(Clone)]
struct Address {
    config: Config,
    schema: String,
}

pub(crate) fn start(
    url: &str,
    schema_name: &str,
    connections: usize,
    schema: Schema<'_>,
    writes: &Arc<Queue<Job>>,
    reads: &Arc<Queue<Job>>,
) -> Result<Vec<JoinHandle<()>>> {
    let address = address(url, schema_name)?;
    // The blocking client must not run on a thread of the async runtime, not even to start.
    on_a_thread(|| migrate_on(&address, schema))?;
    let readers = (connections / 4).max(1);
    let writers = connections.saturating_sub(readers).max(1);
    workers(&address, writes, reads, writers, readers)
}

/// One writer and one reader beside running nodes.
pub(crate) fn attach(
    url: &str,
    schema: &str,
    writes: &Arc<Queue<Job>>,
    reads: &Arc<Queue<Job>>,
) -> Result<Vec<JoinHandle<()>>> {
    let address = address(url, schema)?;
    on_a_thread(|| connect(&address).map(drop).map_err(|e| Error::Open(format!("PostgreSQL can't be reached: {e}"))))?;
    workers(&address, writes, reads, 1, 1)
}

fn workers(
    address: &Address,
    writes: &Arc<Queue<Job>>,
    reads: &Arc<Queue<Job>>,
    writers: usize,
    readers: usize,
) -> Result<Vec<JoinHandle<()>>> {
    let mut threads = Vec::new();
    for (name, queue, count) in [("postgres-write", writes, writers), ("postgres-read", reads, readers)] {
        for _ in 0..count {
            let queue = queue.clone();
            let address = address.clone();
            let write = name == "postgres-write";
            threads.push(
                std::thread::Builder::new()
                    .name(name.to_owned())
                    .spawn(move || work(&address, &queue, write))
                    .map_err(|e| Error::Open(format!("can't start a thread: {e}")))?,
            );
        }
    }
    Ok(threads)
}

/// Runs `f` on a thread of its own, where the blocking client may run.
fn on_a_thread(f: impl FnOnce() -> Result<()> + Send) -> Result<()> {
    let panicked = || Err(Error::Open("the database thread panicked".to_owned()));
    std::thread::scope(|scope| scope.spawn(f).join().unwrap_or_else(|_| panicked()))
}

fn address(url: &str, schema: &str) -> Result<Address> {
    let valid = !schema.is_empty()
        && schema.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !schema.as_bytes()[0].is_ascii_digit();
    if !valid {
        return Err(Error::Open(format!("\"{schema}\" is no schema name: use a-z, 0-9 and _")));
    }
    Ok(Address { config: config(url)?, schema: schema.to_owned() })
}

pub(crate) fn erase(url: &str, schema: &str) -> Result<()> {
    let address = address(url, schema)?;
    on_a_thread(|| {
        let mut client = connect(&address).map_err(|e| Error::Open(format!("PostgreSQL can't be reached: {e}")))?;
        client.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", address.schema)).map_err(Error::from)
    })
}

fn config(url: &str) -> Result<Config> {
    let mut config: Config = url.parse().map_err(|e| Error::Open(format!("not a PostgreSQL address: {e}")))?;
    config.application_name("enishi");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    let local = config.get_hosts().iter().all(|h| match h {
        postgres::config::Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        postgres::config::Host::Unix(_) => true,
    });
    if !local {
        // Off this machine the connection is encrypted and the server's name is checked; there is
        // no mode in which a failed check is passed over.
        config.ssl_mode(SslMode::Require);
    }
    Ok(config)
}

fn connect(address: &Address) -> Result<Client> {
    let mut client = if address.config.get_ssl_mode() == SslMode::Require {
        address.config.connect(tls::connector()?)?
    } else {
        address.config.connect(postgres::NoTls)?
    };
    client.batch_execute(&format!("SET search_path TO {}; SET synchronous_commit TO on", address.schema))?;
    Ok(client)
}

fn migrate_on(address: &Address, schema: Schema<'_>) -> Result<()> {
    let mut client = connect(address).map_err(|e| Error::Open(format!("PostgreSQL can't be reached: {e}")))?;
    let statements = RefCell::new(Statements::new());
    let mut tx = client.transaction()?;
    tx.batch_execute(MIGRATION_LOCK)?;
    tx.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", address.schema))?;
    let mut tx = Tx(Imp::Postgres { tx: RefCell::new(tx), statements: &statements });
    migrate::apply(&mut tx, schema)?;
    let Imp::Postgres { tx, .. } = tx.0 else { return Ok(()) };
    tx.into_inner().commit().map_err(Error::from)
}

fn work(address: &Address, queue: &Queue<Job>, write: bool) {
    let mut client: Option<Client> = None;
    let statements = RefCell::new(Statements::new());
    while let Some(job) = queue.pop() {
        if client.as_ref().is_none_or(Client::is_closed) {
            statements.borrow_mut().clear();
            client = match connect(address) {
                Ok(c) => Some(c),
                Err(e) => {
                    tracing::warn!(error = %e, "PostgreSQL can't be reached");
                    let done = (job.run)(Run::Failed(Error::Unavailable(e.to_string())));
                    (done.tell)(Ok(()));
                    continue;
                }
            };
        }
        if let Some(client) = client.as_mut() {
            run(client, &statements, job, write);
        }
    }
}

fn run(client: &mut Client, statements: &RefCell<Statements>, job: Job, write: bool) {
    let begun = client.build_transaction().read_only(!write).start();
    let tx = match begun {
        Ok(tx) => tx,
        Err(e) => {
            let done = (job.run)(Run::Failed(e.into()));
            return (done.tell)(Ok(()));
        }
    };
    let mut tx = Tx(Imp::Postgres { tx: RefCell::new(tx), statements });
    let done = catch_unwind(AssertUnwindSafe(|| (job.run)(Run::In(&mut tx)))).unwrap_or_else(|_| {
        tracing::error!("a database closure panicked; its changes were rolled back");
        Done { keep: false, tell: Box::new(|_| ()) }
    });
    let Imp::Postgres { tx, .. } = tx.0 else { return };
    let tx = tx.into_inner();
    let durable = if done.keep { tx.commit().map_err(Error::from) } else { tx.rollback().or(Ok(())) };
    (done.tell)(durable);
}

fn prepared(tx: &mut Transaction<'_>, statements: &RefCell<Statements>, sql: &'static str) -> Result<Statement> {
    if let Some(found) = statements.borrow().get(&(sql.as_ptr(), sql.len())) {
        return Ok(found.clone());
    }
    let statement = tx.prepare(sql)?;
    statements.borrow_mut().insert((sql.as_ptr(), sql.len()), statement.clone());
    Ok(statement)
}

fn as_params<'a>(params: &'a [Value<'a>]) -> Vec<&'a (dyn postgres::types::ToSql + Sync)> {
    params.iter().map(|v| v as &(dyn postgres::types::ToSql + Sync)).collect()
}

pub(crate) fn execute(
    tx: &mut Transaction<'_>,
    statements: &RefCell<Statements>,
    sql: &'static str,
    params: &[Value<'_>],
) -> Result<u64> {
    let statement = prepared(tx, statements, sql)?;
    tx.execute(&statement, &as_params(params)).map_err(Error::from)
}

pub(crate) fn query(
    tx: &mut Transaction<'_>,
    statements: &RefCell<Statements>,
    sql: &'static str,
    params: &[Value<'_>],
) -> Result<Vec<Row>> {
    let statement = prepared(tx, statements, sql)?;
    let rows = tx.query(&statement, &as_params(params))?;
    Ok(rows.iter().map(Row::from).collect())
}
