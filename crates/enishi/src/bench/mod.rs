//! `enishi bench`: complete runs against portal and delivery service, measured.
//!
//! The bench prepares a world of its own in a folder that it removes afterwards, starts the server side
//! as processes of this very binary (`enishi serve`) on one core, and plays the API user, the citizens
//! and the card reader on another. Everything goes through the public HTTP interface; the databases are
//! as durable as in production (`synchronous=FULL`), and the roles log as they do in production.
//!
//! | scenario | one run |
//! |---|---|
//! | `documents` | PAR → ② → ③ with card → return → token → one DPoP-bound call |
//! | `linking` | PAR → ② → ③ with card → ④ → ⑤ → sign-in and permission at the delivery service → ⑥ → callback → token → call |
//! | `calls` | `GET /api/v1/user-status` with a fresh proof |

mod http;
mod load;
mod measure;
mod page;
mod reader;
mod report;
mod seed;
mod stage;
mod walk;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::config::ConfigError;
use crate::demo::PasswordCost;
use crate::roles::World;
use load::{Kind, Length, Load, Source, Watched};
use report::{Around, Scene};
use stage::{Plan, Stage};
use walk::Asked;

/// Options of `enishi bench`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// What to measure.
    #[arg(long, value_enum, default_value_t = Scenario::All)]
    scenario: Scenario,
    /// How long each measurement takes.
    #[arg(long, default_value_t = 10, value_name = "S", conflicts_with = "runs")]
    seconds: u64,
    /// How long to run before a measurement begins.
    #[arg(long, default_value_t = 2, value_name = "S")]
    warm_up: u64,
    /// Measure so many runs (or calls) in place of a time, without warm-up.
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// How many citizens are on their way at a time.
    #[arg(long, default_value_t = 32, value_name = "C")]
    concurrency: usize,
    /// `sqlite`, or postgres://… of an empty database, whose Enishi tables are removed afterwards.
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// In which folder the bench makes its own: it decides which disk is measured. Default: the
    /// system's folder for temporary files.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Linking: nobody is registered at the portal beforehand, so that each run has the registration too.
    #[arg(long)]
    first_timers: bool,
    /// Linking: cost of password hashing at the delivery service. Default: both, one after the other.
    #[arg(long, value_enum)]
    password_cost: Option<PasswordCost>,
    /// Measure a portal of the test environment that runs already (its origin, plain HTTP), with the card of
    /// the linked test person of its stand-in. Scenarios documents and calls; nothing is prepared or pinned.
    #[arg(long, value_name = "ORIGIN", conflicts_with_all = ["database", "data", "first_timers", "password_cost"])]
    target: Option<String>,
    /// Let the system choose the cores.
    #[arg(long)]
    unpinned: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Scenario {
    /// Complete document-only runs.
    Documents,
    /// Complete linking runs.
    Linking,
    /// DPoP-bound calls.
    Calls,
    /// One after the other.
    All,
}

/// Citizens that document-only runs and calls take turns with.
const FEW: usize = 400;
/// Most linking runs that a second may bring; each needs a citizen of its own.
const LINKS_A_SECOND: u64 = 700;

/// One measurement.
#[derive(Clone, Copy, Debug)]
struct Part {
    name: &'static str,
    kind: Kind,
    delivery: Option<PasswordCost>,
}

impl Options {
    fn parts(&self) -> Vec<Part> {
        let documents = Part { name: "documents", kind: Kind::Runs(Asked::Documents), delivery: None };
        let calls = Part { name: "calls", kind: Kind::Calls, delivery: None };
        let costs = self.password_cost.map_or(vec![PasswordCost::Low, PasswordCost::Standard], |c| vec![c]);
        let linking = costs.into_iter().map(|cost| Part {
            name: match cost {
                PasswordCost::Low => "linking",
                PasswordCost::Standard => "linking, passwords at full cost",
            },
            kind: Kind::Runs(Asked::Linkage),
            delivery: Some(cost),
        });
        match self.scenario {
            Scenario::Documents => vec![documents],
            Scenario::Calls => vec![calls],
            Scenario::Linking => linking.collect(),
            // The stand-in's people can be linked once only.
            Scenario::All if self.target.is_some() => vec![documents, calls],
            Scenario::All => [documents].into_iter().chain(linking).chain([calls]).collect(),
        }
    }

    const fn length(&self) -> Length {
        match self.runs {
            Some(n) => Length::Runs(n),
            None => Length::Seconds {
                measured: Duration::from_secs(self.seconds),
                warm_up: Duration::from_secs(self.warm_up),
            },
        }
    }

    /// How many people a measurement needs.
    fn people(&self, part: &Part) -> usize {
        let needed = match (part.kind, self.runs) {
            (Kind::Runs(Asked::Linkage), Some(runs)) => runs,
            // A password at full cost takes longer than everything else of a run.
            (Kind::Runs(Asked::Linkage), None) if part.delivery == Some(PasswordCost::Standard) => {
                (self.seconds + self.warm_up + 1) * 100
            }
            (Kind::Runs(Asked::Linkage), None) => (self.seconds + self.warm_up + 1) * LINKS_A_SECOND,
            _ => return FEW,
        };
        usize::try_from(needed).unwrap_or(usize::MAX).max(1)
    }
}

/// The cores of the server side and of the load, when processes can be pinned.
#[derive(Clone, Copy, Debug)]
struct Cores {
    server: u32,
    load: u32,
}

/// Pins this process with all its threads. The kernel's own tool does it: nothing here may be unsafe.
fn pin(cores: &str) -> Result<(), String> {
    let out = Command::new("taskset").args(["-a", "-p", "-c", cores, &std::process::id().to_string()]).output();
    match out {
        Ok(out) if out.status.success() => Ok(()),
        Ok(out) => Err(format!("taskset fails: {}", String::from_utf8_lossy(&out.stderr).trim())),
        Err(e) => Err(format!("taskset (util-linux) can't be used: {e}")),
    }
}

fn cores(options: &Options) -> Result<Cores, String> {
    if options.unpinned {
        return Err("asked not to".to_owned());
    }
    match measure::cores().as_slice() {
        [server, load, ..] => Ok(Cores { server: *server, load: *load }),
        _ => Err("there is one core only".to_owned()),
    }
}

/// Measures and prints.
///
/// # Errors
/// In words for the person at the terminal; also when any run failed.
pub async fn run(options: Options, world: &World) -> Result<(), ConfigError> {
    if options.concurrency == 0 || options.concurrency > 1024 {
        return Err(ConfigError::new("--concurrency has to be between 1 and 1024"));
    }
    if let Some(target) = &options.target {
        return against(&options, target, world).await;
    }
    let base = options.data.clone().unwrap_or_else(std::env::temp_dir);
    let base =
        std::path::absolute(&base).map_err(|e| ConfigError::new(format!("{} is no folder: {e}", base.display())))?;
    std::fs::create_dir_all(&base).map_err(|e| ConfigError::new(format!("{} can't be made: {e}", base.display())))?;
    let allowed = measure::cores().iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let mut cores = cores(&options);
    if let Ok(chosen) = &cores
        && let Err(e) = pin(&format!("{},{}", chosen.server, chosen.load))
    {
        cores = Err(e);
    }
    let around = Around::new(&options.database, &base, options.concurrency, cores.as_ref().map(|c| (c.server, c.load)));
    if !options.json {
        around.print();
    }
    let mut scenes = Vec::new();
    for (n, part) in options.parts().into_iter().enumerate() {
        let dir = base.join(format!("enishi-bench-{}-{n}", std::process::id()));
        let scene = measure_one(&options, &part, dir, cores.as_ref().ok().copied(), &allowed, world).await?;
        if !options.json {
            scene.print();
        }
        scenes.push(scene);
    }
    conclude(&options, &around, &scenes)
}

/// Measures a portal that runs already.
async fn against(options: &Options, target: &str, world: &World) -> Result<(), ConfigError> {
    let (origin, addr) =
        http::address(target).filter(|(origin, _)| *origin == target.trim_end_matches('/')).ok_or_else(|| {
            ConfigError::new("--target has to be the origin of a portal over plain HTTP, such as http://localhost:7100")
        })?;
    if options.scenario == Scenario::Linking {
        return Err(ConfigError::new(
            "linking runs need fresh people: leave --target out, and the bench makes its own world",
        ));
    }
    let linked = pki::people::PEOPLE.iter().find(|p| p.case == pki::people::Case::Linked);
    let person = linked.ok_or_else(|| ConfigError::new("no test person is linked"))?;
    let around = Around::of_target(options.concurrency);
    if !options.json {
        around.print();
    }
    let mut scenes = Vec::new();
    for part in options.parts() {
        let load = Load {
            kind: part.kind,
            length: options.length(),
            concurrency: options.concurrency,
            cards: Source::StandIn(person),
            origins: vec![(origin.to_owned(), addr)],
            watched: vec![Watched { name: "load".to_owned(), pids: vec![std::process::id()] }],
            clock: world.clock.clone(),
            rng: world.rng.clone(),
        };
        let scene = Scene { name: part.name, result: load.run().await? };
        if !options.json {
            scene.print();
        }
        scenes.push(scene);
    }
    conclude(options, &around, &scenes)
}

fn conclude(options: &Options, around: &Around, scenes: &[Scene]) -> Result<(), ConfigError> {
    if options.json {
        println!("{}", report::json(around, scenes));
    }
    match scenes.iter().map(|s| s.result.errors.values().sum::<u64>()).sum::<u64>() {
        0 => Ok(()),
        failed => Err(ConfigError::new(format!("{failed} runs failed"))),
    }
}

async fn measure_one(
    options: &Options,
    part: &Part,
    dir: PathBuf,
    cores: Option<Cores>,
    allowed: &str,
    world: &World,
) -> Result<Scene, ConfigError> {
    let plan = Plan {
        dir,
        database: (options.database != "sqlite").then(|| options.database.clone()),
        people: options.people(part),
        registered: !(options.first_timers && part.delivery.is_some()),
        // Documents come out of a linked mailbox; without one a run has nothing to grant.
        linked: part.delivery.is_none(),
        delivery: part.delivery,
        core: cores.map(|c| c.server),
    };
    let stage = Stage::prepare(&plan, world).await?;
    let result = drive(options, part, &stage, cores, world).await;
    if cores.is_some()
        && let Err(e) = pin(allowed)
    {
        tracing::warn!(e, "the bench stays on its core");
    }
    stage.end().await;
    Ok(Scene { name: part.name, result: result? })
}

async fn drive(
    options: &Options,
    part: &Part,
    stage: &Stage,
    cores: Option<Cores>,
    world: &World,
) -> Result<load::Result, ConfigError> {
    let mut watched: Vec<_> =
        stage.servers.iter().map(|s| Watched { name: s.role.name().to_owned(), pids: vec![s.pid] }).collect();
    if let Some(name) = options.database.split(['/', '?']).nth(3) {
        let pids = measure::postgres_pids(name);
        if !pids.is_empty() {
            watched.push(Watched { name: "postgres".to_owned(), pids });
        }
    }
    watched.push(Watched { name: "load".to_owned(), pids: vec![std::process::id()] });
    if let Some(cores) = cores {
        pin(&cores.load.to_string()).map_err(ConfigError::new)?;
    }
    let reader = stage.reader.try_clone().map_err(|e| ConfigError::new(format!("bench: {e}")))?;
    let load = Load {
        kind: part.kind,
        length: options.length(),
        concurrency: options.concurrency,
        cards: Source::Own(stage.cards.clone(), reader, stage.reader_origin.clone()),
        origins: stage.servers.iter().map(|s| (s.origin.clone(), s.addr)).collect(),
        watched,
        clock: world.clock.clone(),
        rng: world.rng.clone(),
    };
    load.run().await
}
