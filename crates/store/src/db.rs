//! [`Db`] and [`Tx`].

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::queue::Queue;
use crate::{Error, Result, Row, Schema, Value, postgres_engine, sqlite_engine};

/// Which database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An embedded file, made when missing. One process at a time.
    Sqlite(PathBuf),
    /// A PostgreSQL server; the role's tables live in `schema`, made when missing.
    Postgres {
        /// `postgres://user:password@host:port/database?sslmode=…`
        url: String,
        /// Schema name, `[a-z_][a-z0-9_]*`.
        schema: String,
        /// How many connections this process may hold, at least 2: three in four write.
        connections: usize,
    },
}

/// Which engine runs underneath. Code above branches on this only where one node and several
/// nodes really differ (a memory that one process can keep for itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One process holds the file.
    Sqlite,
    /// Several nodes may share it.
    Postgres,
}

/// An open database. Cheap to clone; closes when the last clone goes.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: Engine,
    writes: Arc<Queue<Job>>,
    reads: Arc<Queue<Job>>,
    /// SQLite: connections for reads that need not wait for a thread.
    here: Option<sqlite_engine::Readers>,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
    /// Set by tests: how many more writes come through before the role "loses power".
    writes_left: Arc<AtomicI64>,
    _lock: Option<std::fs::File>,
}

/// A closure on its way to a worker thread. The engine runs it, then tells it whether the
/// transaction around it became durable; only then does its caller hear.
pub(crate) struct Job {
    pub(crate) run: Box<dyn FnOnce(Run<'_, '_>) -> Done + Send>,
}

/// What a worker gives to a job: a transaction, or the reason why there is none.
pub(crate) enum Run<'r, 't> {
    In(&'r mut Tx<'t>),
    Failed(Error),
}

/// What a job leaves behind: whether to keep its changes, and how to tell its caller.
pub(crate) struct Done {
    pub(crate) keep: bool,
    pub(crate) tell: Box<dyn FnOnce(Result<()>) + Send>,
}

impl Db {
    /// Opens the database and brings its tables up to date with `schema`.
    ///
    /// # Errors
    /// [`Error::Open`] in words for the operator: file in use by another process, server not
    /// reachable, TLS required, a migration that changed after it was applied.
    pub fn open(target: &Target, schema: Schema<'_>) -> Result<Self> {
        let writes = Arc::new(Queue::new(10_000));
        let reads = Arc::new(Queue::new(10_000));
        let mut here = None;
        let (engine, threads, lock) = match target {
            Target::Sqlite(path) => {
                let (threads, lock) = sqlite_engine::start(path, schema, &writes, &reads)?;
                here = Some(sqlite_engine::Readers::open(path)?);
                (Engine::Sqlite, threads, Some(lock))
            }
            Target::Postgres { url, schema: name, connections } => {
                let threads = postgres_engine::start(url, name, *connections, schema, &writes, &reads)?;
                (Engine::Postgres, threads, None)
            }
        };
        Ok(Self::of(engine, writes, reads, here, threads, lock))
    }

    /// Opens the database of a role that may be running, for a short administrative change beside it:
    /// no lock is taken and no table touched. The role notices such changes within the second that its
    /// memories live; anything that one process must keep for itself (replay) is not to be done here.
    ///
    /// # Errors
    /// [`Error::Open`] when it is not there or can't be reached.
    pub fn attach(target: &Target) -> Result<Self> {
        let writes = Arc::new(Queue::new(100));
        let reads = Arc::new(Queue::new(100));
        let (engine, threads) = match target {
            Target::Sqlite(path) => (Engine::Sqlite, sqlite_engine::attach(path, &writes, &reads)?),
            Target::Postgres { url, schema, .. } => {
                (Engine::Postgres, postgres_engine::attach(url, schema, &writes, &reads)?)
            }
        };
        Ok(Self::of(engine, writes, reads, None, threads, None))
    }

    fn of(
        engine: Engine,
        writes: Arc<Queue<Job>>,
        reads: Arc<Queue<Job>>,
        here: Option<sqlite_engine::Readers>,
        threads: Vec<std::thread::JoinHandle<()>>,
        lock: Option<std::fs::File>,
    ) -> Self {
        Self(Arc::new(Inner {
            engine,
            writes,
            reads,
            here,
            threads: Mutex::new(threads),
            writes_left: Arc::new(AtomicI64::new(i64::MAX)),
            _lock: lock,
        }))
    }

    /// Erases a role's database for good: the SQLite file, or the schema with everything in it.
    ///
    /// # Errors
    /// [`Error::Open`] when another process has it open, or it can't be reached.
    pub fn erase(target: &Target) -> Result<()> {
        match target {
            Target::Sqlite(path) => sqlite_engine::erase(path),
            Target::Postgres { url, schema, .. } => postgres_engine::erase(url, schema),
        }
    }

    /// The engine underneath.
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// Runs `f` in a transaction that may write, and returns once that is durable. When `f` gives
    /// `Err`, nothing of it stays.
    ///
    /// # Errors
    /// What `f` gave, or [`Error::Unavailable`] when the database could not run it. After
    /// `Unavailable` it is unknown whether the changes stayed: callers are written to be idempotent.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let left = self.0.writes_left.clone();
        if left.load(Ordering::SeqCst) <= 0 {
            return Err(lost_power().into());
        }
        self.submit(&self.0.writes, None, f, move || left.fetch_sub(1, Ordering::SeqCst) > 1).await
    }

    /// Runs `f` on a consistent snapshot; writing fails.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        if self.0.writes_left.load(Ordering::SeqCst) <= 0 {
            return Err(lost_power().into());
        }
        self.submit(&self.0.reads, self.0.here.as_ref(), f, || true).await
    }

    async fn submit<T, E, F>(
        &self,
        queue: &Queue<Job>,
        here: Option<&sqlite_engine::Readers>,
        f: F,
        alive: impl FnOnce() -> bool + Send + 'static,
    ) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (tell, told) = oneshot::channel::<Result<T, E>>();
        let job = Job {
            run: Box::new(move |run| {
                let outcome = match run {
                    Run::In(tx) => f(tx),
                    Run::Failed(e) => Err(e.into()),
                };
                Done {
                    keep: outcome.is_ok(),
                    tell: Box::new(move |durable| {
                        let outcome = match durable {
                            Ok(()) if !alive() => Err(lost_power().into()),
                            Ok(()) => outcome,
                            Err(e) => Err(e.into()),
                        };
                        // A caller that went away (its request was cancelled) is no error.
                        let _ = tell.send(outcome);
                    }),
                }
            }),
        };
        let waiting = match here {
            Some(readers) => readers.run(job).err(),
            None => Some(job),
        };
        if let Some(job) = waiting
            && queue.push(job).is_err()
        {
            return Err(Error::Unavailable("too much is waiting for the database".to_owned()).into());
        }
        match told.await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Unavailable("the database worker stopped".to_owned()).into()),
        }
    }

    /// A query that answers when the database does, for readiness checks.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ping(&self) -> Result<()> {
        self.read(|tx| tx.query("SELECT CAST(1 AS BIGINT)", &[]).map(drop)).await
    }

    /// For crash tests: the next `writes` writing transactions come through; the last of them is
    /// durable, but nobody hears of it, and from then on the database answers nothing, as if the
    /// process had been killed at that point.
    #[cfg(feature = "testing")]
    pub fn lose_power_after(&self, writes: i64) {
        self.0.writes_left.store(writes, Ordering::SeqCst);
    }

    /// For crash tests: whether [`Db::lose_power_after`] has struck.
    #[cfg(feature = "testing")]
    pub fn power_is_lost(&self) -> bool {
        self.0.writes_left.load(Ordering::SeqCst) <= 0
    }
}

fn lost_power() -> Error {
    Error::Unavailable("power lost (test)".to_owned())
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({:?})", self.0.engine)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        let me = std::thread::current().id();
        for thread in self.threads.lock().drain(..) {
            // The last clone may go inside a job: a thread can't wait for itself.
            if thread.thread().id() != me {
                let _ = thread.join();
            }
        }
    }
}

/// A transaction.
pub struct Tx<'a>(pub(crate) Imp<'a>);

pub(crate) enum Imp<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres { tx: RefCell<postgres::Transaction<'a>>, statements: &'a RefCell<postgres_engine::Statements> },
}

impl Tx<'_> {
    /// Runs a statement that gives no rows; tells how many rows it touched.
    ///
    /// # Errors
    /// [`Error`], by what the engine said.
    pub fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        match &mut self.0 {
            Imp::Sqlite(conn) => sqlite_engine::execute(conn, sql, params),
            Imp::Postgres { tx, statements } => postgres_engine::execute(&mut tx.borrow_mut(), statements, sql, params),
        }
    }

    /// Runs a statement and gives all its rows.
    ///
    /// # Errors
    /// [`Error`], by what the engine said.
    pub fn query(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<Vec<Row>> {
        match &mut self.0 {
            Imp::Sqlite(conn) => sqlite_engine::query(conn, sql, params),
            Imp::Postgres { tx, statements } => postgres_engine::query(&mut tx.borrow_mut(), statements, sql, params),
        }
    }

    /// The first row, if any.
    ///
    /// # Errors
    /// [`Error`], by what the engine said.
    pub fn query_opt(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<Option<Row>> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// Runs several statements at once, for migrations.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        match &mut self.0 {
            Imp::Sqlite(conn) => conn.execute_batch(sql).map_err(Error::from),
            Imp::Postgres { tx, .. } => tx.borrow_mut().batch_execute(sql).map_err(Error::from),
        }
    }

    /// Parses and plans a statement without running it, for the test that prepares them all.
    ///
    /// # Errors
    /// [`Error::Refused`] when the engine does not understand it.
    pub fn prepare(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.0 {
            Imp::Sqlite(conn) => sqlite_engine::prepare(conn, sql),
            Imp::Postgres { tx, .. } => tx.borrow_mut().prepare(sql).map(drop).map_err(Error::from),
        }
    }
}
