//! The figures, for people and for programs.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::load;
use super::measure;

/// What the figures hang on.
#[derive(Debug)]
pub struct Around {
    version: &'static str,
    database: &'static str,
    concurrency: usize,
    flush: Option<Duration>,
    cores: String,
    logging: String,
}

/// One measurement.
#[derive(Debug)]
pub struct Scene {
    /// Its name.
    pub name: &'static str,
    /// Its figures.
    pub result: load::Result,
}

impl Around {
    /// Looks around. `cores`: of the server side and of the load, or why nothing is pinned.
    pub fn new(database: &str, dir: &Path, concurrency: usize, cores: Result<(u32, u32), &String>) -> Self {
        let cores = match cores {
            Ok((server, load)) => format!("servers on core {server}, load on core {load}"),
            Err(why) => format!("not pinned to cores: {why}"),
        };
        let sqlite = database == "sqlite";
        Self {
            version: env!("CARGO_PKG_VERSION"),
            database: if sqlite {
                "SQLite, synchronous=FULL"
            } else {
                "PostgreSQL, synchronous_commit=on (its processes on any core)"
            },
            concurrency,
            flush: if sqlite { measure::flush_time(dir) } else { None },
            cores,
            logging: std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned()),
        }
    }

    /// A portal about whose surroundings nothing is known.
    pub fn of_target(concurrency: usize) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            database: "the target's database",
            concurrency,
            flush: None,
            cores: "not pinned to cores".to_owned(),
            logging: "the target's".to_owned(),
        }
    }

    /// For people.
    pub fn print(&self) {
        println!("enishi {} · {} · {} · {} at a time", self.version, self.database, self.cores, self.concurrency);
        if let Some(flush) = self.flush {
            println!("one flush of this disk: {:.2} ms (median) · logging: {}", ms(flush), self.logging);
        }
        if cfg!(debug_assertions) {
            println!("This is a debug build: its figures mean nothing. Use `cargo build --release`.");
        }
    }
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1000.0
}

impl Scene {
    /// For people.
    pub fn print(&self) {
        let r = &self.result;
        let what = if self.name == "calls" { "calls" } else { "runs" };
        println!("\n{}: {:.0} {what}/s ({} in {:.1} s)", self.name, r.per_second, r.runs, r.seconds);
        if r.ran_out {
            println!("  ended early: everybody was linked");
        }
        for (error, count) in &r.errors {
            println!("  FAILED {count} × {error}");
        }
        for p in &r.processes {
            println!(
                "  {:<10} {:>8.3} ms CPU each · {:>3.0} % of a core · peak {:.0} MiB",
                p.name, p.cpu_ms_per_run, p.core_percent, p.peak_mib
            );
        }
        println!("  {:<28} {:>8} {:>9} {:>9} {:>9}", "milliseconds", "count", "p50", "p95", "p99");
        for l in r.run.iter().chain(&r.steps) {
            println!("  {:<28} {:>8} {:>9.2} {:>9.2} {:>9.2}", l.step, l.count, l.p50_ms, l.p95_ms, l.p99_ms);
        }
    }
}

/// For programs.
pub fn json(around: &Around, scenes: &[Scene]) -> Value {
    let scenes: serde_json::Map<String, Value> = scenes.iter().map(|s| (s.name.to_owned(), json!(s.result))).collect();
    json!({
        "version": around.version,
        "database": around.database,
        "concurrency": around.concurrency,
        "flush_ms": around.flush.map(ms),
        "cores": around.cores,
        "logging": around.logging,
        "debug_build": cfg!(debug_assertions),
        "scenarios": scenes,
    })
}
