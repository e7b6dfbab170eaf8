//! For tests of other rooms: each test gets a database of its own on both engines.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Db, Engine, Error, Result, Schema, Target};

/// A database for one test. Dropping it removes the SQLite file; a PostgreSQL schema goes with the
/// server, which stops when the test process ends.
pub struct TestDb {
    /// Where it is, to open it again (a restart, a second node).
    pub target: Target,
    _dir: Option<tempfile::TempDir>,
}

/// The engines to test on: both, or what `ENISHI_TEST_ENGINES` names (`sqlite`, `postgres`).
pub fn engines() -> Vec<Engine> {
    let wanted = std::env::var("ENISHI_TEST_ENGINES").unwrap_or_else(|_| "sqlite,postgres".to_owned());
    [("sqlite", Engine::Sqlite), ("postgres", Engine::Postgres)]
        .into_iter()
        .filter(|(name, _)| wanted.split(',').any(|w| w.trim() == *name))
        .map(|(_, e)| e)
        .collect()
}

impl TestDb {
    /// A new, empty place on `engine`.
    ///
    /// # Panics
    /// When the machine can't give one; the message says what is missing.
    #[expect(clippy::expect_used, reason = "a test without a database can't go on")]
    pub fn new(engine: Engine) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        match engine {
            Engine::Sqlite => {
                let dir = tempfile::tempdir().expect("a temporary folder");
                Self { target: Target::Sqlite(dir.path().join("role.db")), _dir: Some(dir) }
            }
            Engine::Postgres => {
                let n = COUNT.fetch_add(1, Ordering::SeqCst);
                let schema = format!("t_{}_{n}", std::process::id());
                Self { target: Target::Postgres { url: postgres_url().to_owned(), schema, connections: 4 }, _dir: None }
            }
        }
    }

    /// Opens it.
    ///
    /// # Panics
    /// When it does not open.
    #[expect(clippy::expect_used, reason = "a test without a database can't go on")]
    pub fn open(&self, schema: Schema<'_>) -> Db {
        Db::open(&self.target, schema).expect("the test database opens")
    }
}

/// Prepares every statement on every engine; gives the complaints.
pub async fn prepare_all(schema: Schema<'_>, statements: &[&'static [(&'static str, &'static str)]]) -> Vec<String> {
    let mut complaints = Vec::new();
    for engine in engines() {
        let db = TestDb::new(engine);
        let db = db.open(schema);
        for (name, sql) in statements.iter().copied().flatten().copied() {
            if let Err(e) = db.write(move |tx| tx.prepare(sql)).await {
                complaints.push(format!("{engine:?}: {name}: {e}"));
            }
        }
    }
    complaints
}

/// The address of a PostgreSQL server for tests: `ENISHI_TEST_POSTGRES`, or one that this process
/// starts in a temporary folder and that ends with it.
///
/// # Panics
/// When neither is possible; the message says what is missing.
#[expect(clippy::panic, reason = "a test without a database can't go on")]
pub fn postgres_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| match std::env::var("ENISHI_TEST_POSTGRES") {
        Ok(url) => url,
        // The port that was free a moment ago may be somebody else's by now.
        Err(_) => start().or_else(|_| start()).or_else(|_| start()).unwrap_or_else(|e| panic!("{e}")),
    })
}

/// Keeps the server's watcher: it stops the server when its standard input closes, which happens
/// when this process ends, however it ends.
static WATCHER: OnceLock<Child> = OnceLock::new();

fn start() -> Result<String> {
    let missing =
        |what: &str| Error::Open(format!("PostgreSQL for tests: {what} (Debian: apt-get install postgresql)"));
    let bin = bin_dir().ok_or_else(|| missing("initdb was not found"))?;
    let dir = tempfile::Builder::new().prefix("enishi-pg-").tempdir().map_err(|e| missing(&e.to_string()))?.keep();
    let port = free_port().ok_or_else(|| missing("no free port"))?;
    // PostgreSQL refuses to run as root: as root, it runs as its own user.
    let script = r#"
        set -e
        as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
        if [ "$(id -u)" = 0 ]; then chown postgres "$DIR"; fi
        cd /
        as "$BIN/initdb" -D "$DIR/data" -U postgres -A trust -E UTF8 --locale=C -N >"$DIR.log" 2>&1
        as "$BIN/pg_ctl" -D "$DIR/data" -w -l "$DIR/log" -o "-p $PORT -k $DIR -c listen_addresses=127.0.0.1 -c max_connections=400 -c fsync=off" start >>"$DIR.log" 2>&1
        echo ready
        cat >/dev/null || true
        as "$BIN/pg_ctl" -D "$DIR/data" -m immediate stop >/dev/null 2>&1 || true
        rm -rf "$DIR" "$DIR.log"
    "#;
    let mut child = Command::new("sh")
        .args(["-c", script])
        .env("BIN", &bin)
        .env("DIR", &dir)
        .env("PORT", port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| missing(&e.to_string()))?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        use std::io::BufRead as _;
        let _ = std::io::BufReader::new(out).read_line(&mut line);
    }
    if line.trim() != "ready" {
        let log = std::fs::read_to_string(dir.with_extension("log")).unwrap_or_default();
        return Err(missing(&format!("the server did not start: {}", log.lines().last().unwrap_or("no log"))));
    }
    let _ = WATCHER.set(child);
    Ok(format!("postgres://postgres@127.0.0.1:{port}/postgres"))
}

fn free_port() -> Option<u16> {
    std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok().map(|a| a.port())
}

fn bin_dir() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path().join("bin"))
        .filter(|p| p.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().or_else(|| {
        std::env::split_paths(&std::env::var_os("PATH")?).find(|p: &PathBuf| Path::new(p).join("initdb").exists())
    })
}
