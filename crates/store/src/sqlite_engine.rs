//! SQLite: one writer thread with group commit, a few readers; most reads run where they are asked for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::db::{Done, Imp, Job, Run, Tx};
use crate::queue::Queue;
use crate::{Error, Result, Row, Schema, Value, migrate};

/// How many waiting writes share one commit. More would only make the first of them wait longer.
const GROUP: usize = 128;
/// How long the first of them waits for the others, when the groups before had others. A commit writes
/// whole pages and waits for the disk: ten writes in one cost little more than one alone.
const GATHER: Duration = Duration::from_micros(1_000);
const READERS: usize = 2;

pub(crate) fn start(
    path: &Path,
    schema: Schema<'_>,
    writes: &Arc<Queue<Job>>,
    reads: &Arc<Queue<Job>>,
) -> Result<(Vec<JoinHandle<()>>, File)> {
    let lock = lock(path)?;
    let writer = connect(path, false)?;
    writer.execute_batch("BEGIN IMMEDIATE")?;
    // Dropping the connection on an error rolls back.
    migrate::apply(&mut Tx(Imp::Sqlite(&writer)), schema)?;
    writer.execute_batch("COMMIT")?;
    let mut threads = Vec::new();
    let queue = writes.clone();
    threads.push(spawn("sqlite-write", move || write_loop(&writer, &queue))?);
    for _ in 0..READERS {
        let conn = connect(path, true)?;
        let queue = reads.clone();
        threads.push(spawn("sqlite-read", move || read_loop(&conn, &queue))?);
    }
    Ok((threads, lock))
}

/// One writer and one reader beside a process that may have the file open.
pub(crate) fn attach(path: &Path, writes: &Arc<Queue<Job>>, reads: &Arc<Queue<Job>>) -> Result<Vec<JoinHandle<()>>> {
    if !path.exists() {
        return Err(Error::Open(format!("there is no database {}", path.display())));
    }
    let (writer, reader) = (connect(path, false)?, connect(path, true)?);
    let (writes, reads) = (writes.clone(), reads.clone());
    Ok(vec![
        spawn("sqlite-write", move || write_loop(&writer, &writes))?,
        spawn("sqlite-read", move || read_loop(&reader, &reads))?,
    ])
}

/// Connections for reads on the caller's own thread.
///
/// Such a read takes some microseconds, less than handing it to another thread and being woken again. The
/// pages it needs are nearly always in memory; when they are not, this thread waits for the disk as a
/// worker thread would.
pub(crate) struct Readers(Mutex<Vec<Connection>>);

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Ok(Self(Mutex::new((0..READERS).map(|_| connect(path, true)).collect::<Result<_>>()?)))
    }

    /// Runs a read here and now when a connection is free; gives the job back when none is.
    pub(crate) fn run(&self, job: Job) -> std::result::Result<(), Job> {
        let Some(conn) = self.0.lock().pop() else { return Err(job) };
        read(&conn, job);
        self.0.lock().push(conn);
        Ok(())
    }
}

fn spawn(name: &str, f: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(f)
        .map_err(|e| Error::Open(format!("can't start a thread: {e}")))
}

/// Takes the file for this process. Two processes with one SQLite file would each keep memories
/// (replay, caches) that the other does not know.
fn lock(path: &Path) -> Result<File> {
    let name = path.with_extension("lock");
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)
            .map_err(|e| Error::Open(format!("can't make the folder {}: {e}", dir.display())))?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|e| Error::Open(format!("can't open {}: {e}", name.display())))?;
    file.try_lock().map_err(|_| {
        Error::Open(format!(
            "{} is in use by another process; stop that one first, or use PostgreSQL for several nodes",
            path.display()
        ))
    })?;
    Ok(file)
}

pub(crate) fn erase(path: &Path) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    // Held until the files are gone: nobody may open what is being erased.
    let _lock = lock(path)?;
    for suffix in ["-wal", "-shm", ""] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Open(format!("{} can't be removed: {e}", Path::new(&name).display())));
            }
            _ => {}
        }
    }
    Ok(())
}

fn connect(path: &Path, read_only: bool) -> Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.set_prepared_statement_cache_capacity(256);
        conn.busy_timeout(Duration::from_secs(10))?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        // FULL: a commit is on the disk before anybody hears of it.
        conn.pragma_update(None, "synchronous", "FULL")?;
        // Plans don't hang on the values bound. Without this, SQLite compiles a statement anew whenever a
        // value changes that it compared with the condition of a partial index or met in a LEFT JOIN.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.pragma_update(None, "cache_size", -8192)?;
        conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
        if read_only {
            conn.pragma_update(None, "query_only", true)?;
        }
        Ok(conn)
    };
    open().map_err(|e| Error::Open(format!("can't open the database {}: {e}", path.display())))
}

fn write_loop(conn: &Connection, queue: &Queue<Job>) {
    let mut group: Vec<Done> = Vec::with_capacity(GROUP);
    let mut expected = 1;
    while let Some(first) = queue.pop() {
        // Nobody waits for others who writes alone.
        let came = expected > 1 && queue.gather(expected - 1, GATHER);
        if let Err(e) = cached(conn, "BEGIN IMMEDIATE") {
            refuse(first, e);
            continue;
        }
        let mut next = Some(first);
        while let Some(job) = next {
            group.push(run_in_savepoint(conn, job));
            next = if group.len() < GROUP { queue.try_pop() } else { None };
        }
        // Groups find their size: one more when all came in time, else what there was.
        expected = group.len() + usize::from(came);
        let durable = cached(conn, "COMMIT");
        if durable.is_err() && !conn.is_autocommit() {
            let _ = cached(conn, "ROLLBACK");
        }
        for done in group.drain(..) {
            // A job that failed has its own error to tell, whatever became of the others.
            let result = if done.keep { durable.clone() } else { Ok(()) };
            (done.tell)(result);
        }
    }
}

fn read_loop(conn: &Connection, queue: &Queue<Job>) {
    while let Some(job) = queue.pop() {
        read(conn, job);
    }
}

fn read(conn: &Connection, job: Job) {
    if let Err(e) = cached(conn, "BEGIN") {
        return refuse(job, e);
    }
    let done = catch(conn, job);
    // Nothing was written; what could fail here shows at the next BEGIN.
    let _ = cached(conn, "ROLLBACK");
    (done.tell)(Ok(()));
}

fn refuse(job: Job, e: Error) {
    let done = (job.run)(Run::Failed(e));
    (done.tell)(Ok(()));
}

fn run_in_savepoint(conn: &Connection, job: Job) -> Done {
    if let Err(e) = cached(conn, "SAVEPOINT job") {
        return (job.run)(Run::Failed(e));
    }
    let done = catch(conn, job);
    let end = if done.keep {
        cached(conn, "RELEASE job")
    } else {
        cached(conn, "ROLLBACK TO job").and_then(|()| cached(conn, "RELEASE job"))
    };
    match end {
        Ok(()) => done,
        Err(e) => Done { keep: false, tell: Box::new(move |_| (done.tell)(Err(e))) },
    }
}

/// Runs a job; a panic in it is a defect of that job and must not take the writer thread along.
fn catch(conn: &Connection, job: Job) -> Done {
    catch_unwind(AssertUnwindSafe(|| (job.run)(Run::In(&mut Tx(Imp::Sqlite(conn)))))).unwrap_or_else(|_| {
        tracing::error!("a database closure panicked; its changes were rolled back");
        // Its sender is gone with the panic, so the caller hears `Unavailable`.
        Done { keep: false, tell: Box::new(|_| ()) }
    })
}

fn cached(conn: &Connection, sql: &str) -> Result<()> {
    conn.prepare_cached(sql)?.raw_execute().map(drop).map_err(Error::from)
}

thread_local! {
    /// `$1` is a *name* to SQLite, numbered by first appearance; `?1` is what PostgreSQL means.
    static TEXTS: RefCell<HashMap<(*const u8, usize), String>> = RefCell::new(HashMap::new());
}

fn with_text<T>(sql: &'static str, f: impl FnOnce(&str) -> T) -> T {
    TEXTS.with_borrow_mut(|texts| f(texts.entry((sql.as_ptr(), sql.len())).or_insert_with(|| sql.replace('$', "?"))))
}

fn bound<'c>(conn: &'c Connection, sql: &'static str, params: &[Value<'_>]) -> Result<rusqlite::CachedStatement<'c>> {
    let mut statement = with_text(sql, |text| conn.prepare_cached(text))?;
    for (i, value) in params.iter().enumerate() {
        statement.raw_bind_parameter(i + 1, value)?;
    }
    Ok(statement)
}

pub(crate) fn execute(conn: &Connection, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
    Ok(bound(conn, sql, params)?.raw_execute()? as u64)
}

pub(crate) fn query(conn: &Connection, sql: &'static str, params: &[Value<'_>]) -> Result<Vec<Row>> {
    let mut statement = bound(conn, sql, params)?;
    let mut rows = statement.raw_query();
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(Row::from(row));
    }
    Ok(out)
}

pub(crate) fn prepare(conn: &Connection, sql: &'static str) -> Result<()> {
    with_text(sql, |text| conn.prepare(text).map(drop)).map_err(Error::from)
}
