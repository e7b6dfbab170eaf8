//! The load: so many citizens at a time, each beginning a new run when the last one has ended.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Clock, Rng};
use jose::{Alg, SigningKey};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::http::Link;
use super::measure::{self, Latency, Meter};
use super::reader::{Cards, Reader};
use super::walk::{ApiUser, Asked, CardSide, Walker};
use crate::config::ConfigError;
use crate::demo::DELIVERY_ID;

/// When measuring ends.
#[derive(Clone, Copy, Debug)]
pub enum Length {
    /// After this time; what happens in the first `warm_up` before it does not count.
    Seconds {
        /// Measured.
        measured: Duration,
        /// Before.
        warm_up: Duration,
    },
    /// After so many runs, all of them counted.
    Runs(u64),
}

/// What the load does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Complete runs.
    Runs(Asked),
    /// Calls with tokens of document-only runs.
    Calls,
}

/// A process whose CPU time is counted.
#[derive(Clone, Debug)]
pub struct Watched {
    /// What it is called in the report.
    pub name: String,
    /// Its processes.
    pub pids: Vec<u32>,
}

/// Where the citizens' cards come from.
pub enum Source {
    /// The bench's own: the cards, the reader's listener, its origin.
    Own(Arc<Cards>, std::net::TcpListener, String),
    /// A test person of the target's test-card stand-in.
    StandIn(&'static pki::Person),
}

/// Where citizens of a target come back: nobody has to listen there.
const NOWHERE: &str = "http://127.0.0.1:1";

/// What the load needs to know; goes to its thread.
pub struct Load {
    /// What to do.
    pub kind: Kind,
    /// How long.
    pub length: Length,
    /// How many citizens at a time.
    pub concurrency: usize,
    /// Who has cards, and where they are read.
    pub cards: Source,
    /// Origins with their addresses, the portal's first.
    pub origins: Vec<(String, std::net::SocketAddr)>,
    /// Which processes to watch.
    pub watched: Vec<Watched>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Result {
    /// Complete runs (or calls).
    pub runs: u64,
    /// In this many seconds.
    pub seconds: f64,
    /// Per second.
    pub per_second: f64,
    /// Duration of whole runs.
    pub run: Option<Latency>,
    /// Duration of each step.
    pub steps: Vec<Latency>,
    /// What went wrong, and how often.
    pub errors: std::collections::BTreeMap<String, u64>,
    /// CPU and memory of each process.
    pub processes: Vec<Process>,
    /// Nobody was left to begin a run before the time was over.
    pub ran_out: bool,
}

/// What a process used.
#[derive(Clone, Debug, Serialize)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// CPU time for each run, in milliseconds.
    pub cpu_ms_per_run: f64,
    /// Share of one core, in percent.
    pub core_percent: f64,
    /// Largest resident size, in MiB.
    pub peak_mib: f64,
}

/// What the citizens share.
struct Shared {
    meter: Rc<RefCell<Meter>>,
    next: Cell<u64>,
    stop: Cell<bool>,
    ran_out: Cell<bool>,
    limit: Option<u64>,
    ended: Notify,
}

impl Load {
    /// Runs on a thread of its own; returns when everything is measured.
    ///
    /// # Errors
    /// When the load can't start: the thread, the runtime, the client's registration.
    pub async fn run(self) -> core::result::Result<Result, ConfigError> {
        let failed = |e: String| ConfigError::new(format!("bench: {e}"));
        let thread = std::thread::Builder::new().name("load".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|e| failed(e.to_string()))?;
            tokio::task::LocalSet::new().block_on(&runtime, self.measure())
        });
        let thread = thread.map_err(|e| failed(e.to_string()))?;
        tokio::task::spawn_blocking(move || {
            thread.join().unwrap_or_else(|_| Err(failed("the load panicked".to_owned())))
        })
        .await
        .map_err(|e| failed(e.to_string()))?
    }

    async fn measure(self) -> core::result::Result<Result, ConfigError> {
        let failed = |e: String| ConfigError::new(format!("bench: {e}"));
        let (cards, people, home) = match self.cards {
            Source::Own(cards, listener, origin) => {
                let reader = Reader::new(cards.clone(), self.rng.clone());
                listener.set_nonblocking(true).map_err(|e| failed(e.to_string()))?;
                let listener = TcpListener::from_std(listener).map_err(|e| failed(e.to_string()))?;
                // Ends with this thread's runtime.
                tokio::task::spawn_local(reader.clone().serve(listener));
                (CardSide::Own(reader, origin.clone()), cards.people.len() as u64, origin)
            }
            Source::StandIn(person) => (CardSide::StandIn(person), 1, NOWHERE.to_owned()),
        };

        let Some((portal, addr)) = self.origins.first().cloned() else { return Err(failed("no portal".to_owned())) };
        let key = || SigningKey::generate(Alg::Es256, &self.rng).map_err(|e| failed(e.to_string()));
        let (signing, dpop) = (key()?, key()?);
        let redirect_uri = format!("{home}/callback");
        let client_id =
            Walker::register(&mut Link::new(addr), &portal, &signing, &redirect_uri).await.map_err(failed)?;
        let api = Rc::new(ApiUser {
            portal,
            client_id,
            signing,
            dpop,
            redirect_uri,
            delivery_id: DELIVERY_ID,
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            nonce: RefCell::new(None),
        });
        let meter = Rc::new(RefCell::new(Meter::default()));
        let limit = match self.length {
            Length::Runs(n) => Some(n),
            Length::Seconds { .. } => None,
        };
        let shared = Rc::new(Shared {
            meter: meter.clone(),
            next: Cell::new(0),
            stop: Cell::new(false),
            ran_out: Cell::new(false),
            limit,
            ended: Notify::new(),
        });
        let walkers: Vec<_> = (0..self.concurrency)
            .map(|_| Walker::new(api.clone(), cards.clone(), meter.clone(), &self.origins))
            .collect();
        let mut workers = Vec::new();
        match self.kind {
            Kind::Runs(asked) => {
                for walker in walkers {
                    workers.push(tokio::task::spawn_local(runs(shared.clone(), walker, asked, people)));
                }
            }
            Kind::Calls => {
                let mut ready = Vec::new();
                for (n, mut walker) in walkers.into_iter().enumerate() {
                    let person = n % usize::try_from(people).unwrap_or(1).max(1);
                    let token =
                        walker.run(Asked::Documents, person).await.map_err(|e| failed(format!("no token: {e}")))?;
                    ready.push((walker, token));
                }
                // Only now: what is done before measuring begins does not count.
                for (walker, token) in ready {
                    workers.push(tokio::task::spawn_local(calls(shared.clone(), walker, token)));
                }
            }
        }
        if let Length::Seconds { warm_up, .. } = self.length {
            tokio::time::sleep(warm_up).await;
        }
        meter.borrow_mut().open = true;
        let (since, before) = (Instant::now(), cpu(&self.watched));
        match self.length {
            Length::Seconds { measured, .. } => {
                tokio::select! {
                    () = tokio::time::sleep(measured) => {}
                    () = shared.ended.notified() => {}
                }
            }
            Length::Runs(_) => shared.ended.notified().await,
        }
        let (took, after) = (since.elapsed(), cpu(&self.watched));
        meter.borrow_mut().open = false;
        shared.stop.set(true);
        for worker in workers {
            // A worker that panicked has left its run uncounted, which the error below makes known.
            if worker.await.is_err() {
                meter.borrow_mut().error("a citizen of the bench panicked".to_owned());
            }
        }
        let meter = meter.borrow();
        let runs = meter.runs;
        let processes = self.watched.iter().zip(before.iter().zip(&after)).map(|(w, (b, a))| {
            let used = a.saturating_sub(*b).as_secs_f64();
            Process {
                name: w.name.clone(),
                cpu_ms_per_run: if runs == 0 { 0.0 } else { used * 1000.0 / runs as f64 },
                core_percent: used * 100.0 / took.as_secs_f64(),
                peak_mib: w.pids.iter().map(|pid| measure::peak_mib(*pid)).sum(),
            }
        });
        Ok(Result {
            runs,
            seconds: took.as_secs_f64(),
            per_second: runs as f64 / took.as_secs_f64(),
            run: meter.whole.as_ref().map(|h| Latency::of("whole run", h)),
            steps: meter.steps(),
            errors: meter.errors.clone(),
            processes: processes.collect(),
            ran_out: shared.ran_out.get(),
        })
    }
}

fn cpu(watched: &[Watched]) -> Vec<Duration> {
    watched.iter().map(|w| w.pids.iter().map(|pid| measure::cpu(*pid)).sum()).collect()
}

impl Shared {
    /// The number of the next run; `None` when there is to be none.
    fn ticket(&self) -> Option<u64> {
        let n = self.next.get();
        if self.stop.get() || self.limit.is_some_and(|limit| n >= limit) {
            return None;
        }
        self.next.set(n + 1);
        Some(n)
    }

    /// After a run: whether it was the last.
    fn done(&self) {
        if self.limit.is_some_and(|limit| self.meter.borrow().runs >= limit) {
            self.ended.notify_one();
        }
    }
}

/// One citizen after the other in one browser's place.
async fn runs(shared: Rc<Shared>, mut walker: Walker, asked: Asked, people: u64) {
    while let Some(n) = shared.ticket() {
        if asked == Asked::Linkage && n >= people {
            // Everybody is linked.
            shared.ran_out.set(true);
            shared.ended.notify_one();
            return;
        }
        let since = Instant::now();
        let person = usize::try_from(n % people.max(1)).unwrap_or(0);
        match walker.run(asked, person).await {
            Ok(_) => {
                shared.meter.borrow_mut().run(since);
                shared.done();
            }
            Err(what) => {
                shared.meter.borrow_mut().error(what);
                if shared.limit.is_some() {
                    shared.ended.notify_one();
                }
                // A server that refuses everything is not to be asked as fast as possible.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn calls(shared: Rc<Shared>, mut walker: Walker, token: String) {
    while shared.ticket().is_some() {
        let since = Instant::now();
        match walker.call(&token).await {
            Ok(()) => {
                shared.meter.borrow_mut().run(since);
                shared.done();
            }
            Err(what) => {
                shared.meter.borrow_mut().error(what);
                if shared.limit.is_some() {
                    shared.ended.notify_one();
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
