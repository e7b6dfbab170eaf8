//! What is measured: durations by step, errors by kind, and what `/proc` says of a process.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Ticks of `/proc/{pid}/stat` in a second: 100 for every Linux that runs here (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Durations of one step in microseconds.
pub type Durations = Histogram<u64>;

/// What one thread collects.
#[derive(Default)]
pub struct Meter {
    /// Whether counting is on: not while warming up.
    pub open: bool,
    /// Complete runs.
    pub runs: u64,
    /// Duration of complete runs.
    pub whole: Option<Durations>,
    steps: Vec<(&'static str, Durations)>,
    /// Failed runs by what went wrong. Counted from the first moment: a failure is one also in the warm-up.
    pub errors: BTreeMap<String, u64>,
}

/// One minute at most, three digits.
fn histogram() -> Option<Durations> {
    Histogram::new_with_bounds(1, 60_000_000, 3).ok()
}

fn record(histogram: Option<&mut Durations>, took: Duration) {
    if let Some(h) = histogram {
        h.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1));
    }
}

impl Meter {
    /// Counts a step that began at `since`.
    pub fn step(&mut self, name: &'static str, since: Instant) {
        let at = self.steps.iter().position(|(n, _)| *n == name);
        let at = at.unwrap_or_else(|| {
            // Also while warming up: the first citizen goes through the steps in their order.
            self.steps.extend(histogram().map(|new| (name, new)));
            self.steps.len().saturating_sub(1)
        });
        if self.open {
            record(self.steps.get_mut(at).map(|(_, h)| h), since.elapsed());
        }
    }

    /// Counts a complete run.
    pub fn run(&mut self, since: Instant) {
        if self.open {
            self.runs += 1;
            if self.whole.is_none() {
                self.whole = histogram();
            }
            record(self.whole.as_mut(), since.elapsed());
        }
    }

    /// Counts a failure.
    pub fn error(&mut self, what: String) {
        *self.errors.entry(what).or_default() += 1;
    }

    /// The steps, in the order in which they first ended.
    pub fn steps(&self) -> Vec<Latency> {
        self.steps.iter().filter(|(_, h)| !h.is_empty()).map(|(name, h)| Latency::of(name, h)).collect()
    }
}

/// Percentiles of a step, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// Its name.
    pub step: String,
    /// How many.
    pub count: u64,
    /// Half were faster.
    pub p50_ms: f64,
    /// 95 of 100 were faster.
    pub p95_ms: f64,
    /// 99 of 100 were faster.
    pub p99_ms: f64,
}

impl Latency {
    /// Of a histogram.
    pub fn of(name: &str, h: &Durations) -> Self {
        let at = |q: f64| h.value_at_quantile(q) as f64 / 1000.0;
        Self { step: name.to_owned(), count: h.len(), p50_ms: at(0.50), p95_ms: at(0.95), p99_ms: at(0.99) }
    }
}

/// CPU time that a process has used so far; zero when it is gone.
pub fn cpu(pid: u32) -> Duration {
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold blanks; fields 14 and 15 are user and system time.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace().skip(11);
        let user: u64 = fields.next()?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        Some(user + system)
    };
    Duration::from_secs_f64(ticks().unwrap_or(0) as f64 / TICKS)
}

/// Largest resident size that a process has had, in MiB.
pub fn peak_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.split_ascii_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// The PostgreSQL server's processes whose connections are to `database`, with all their siblings (the
/// background writers): whoever shares that server is counted too.
pub fn postgres_pids(database: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut servers = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let (Some((head, rest)), Ok(line)) = (stat.rsplit_once(')'), std::fs::read(entry.path().join("cmdline")))
        else {
            continue;
        };
        if !head.ends_with("(postgres") {
            continue;
        }
        let Some(parent) = rest.split_ascii_whitespace().nth(1).and_then(|p| p.parse::<u32>().ok()) else { continue };
        let title = String::from_utf8_lossy(&line).into_owned();
        if title.split_ascii_whitespace().any(|word| word == database) {
            servers.push(parent);
        }
        found.push((pid, parent));
    }
    found
        .into_iter()
        .filter(|(pid, parent)| servers.contains(parent) || servers.contains(pid))
        .map(|(p, _)| p)
        .collect()
}

/// The cores this process may use.
pub fn cores() -> Vec<u32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status.lines().find_map(|l| l.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
    let mut out = Vec::new();
    for part in list.trim().split(',').filter(|p| !p.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse::<u32>()) {
            out.extend(from..=to);
        }
    }
    out
}

/// How long the disk under `dir` takes to keep 4 KiB for good: the median of some tries.
pub fn flush_time(dir: &std::path::Path) -> Option<Duration> {
    use std::os::unix::fs::FileExt as _;
    let path = dir.join("flush-time");
    let file = std::fs::File::create(&path).ok()?;
    let page = [1u8; 4096];
    let mut times = Vec::new();
    for n in 0..64u64 {
        let since = Instant::now();
        file.write_all_at(&page, n * 4096).ok()?;
        file.sync_data().ok()?;
        times.push(since.elapsed());
    }
    drop(file);
    std::fs::remove_file(path).ok()?;
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_proc() {
        let pid = std::process::id();
        assert!(peak_mib(pid) > 1.0);
        assert_eq!(peak_mib(u32::MAX), 0.0);
        assert!(!cores().is_empty());
        let since = Instant::now();
        let mut x = 0u64;
        // A busy machine may give this thread little of its time.
        while cpu(pid) < Duration::from_millis(10) && since.elapsed() < Duration::from_secs(20) {
            (0..1_000_000).for_each(|_| x = std::hint::black_box(x.wrapping_add(1)));
        }
        assert!(cpu(pid) >= Duration::from_millis(10));
    }

    #[test]
    fn counts_only_while_open_but_errors_always() {
        let mut m = Meter::default();
        let since = Instant::now();
        m.step("token", since);
        m.run(since);
        m.error("status 500 at token".to_owned());
        m.open = true;
        for _ in 0..3 {
            m.step("token", since);
            m.run(since);
        }
        assert_eq!((m.runs, m.steps()[0].count, m.errors["status 500 at token"]), (3, 3, 1));
    }
}
