//! `enishi demo`: the whole world on this machine, for the first five minutes with Enishi and for every
//! day of a developer's work.

mod files;
mod people;
mod procedures;
mod tell;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base::Clock;
use serde::{Deserialize, Serialize};
use store::Db;
use tokio::sync::watch;

use crate::config::{ConfigError, File, make_master_key};
use crate::roles::{Handle, World};
use crate::run::{self, Running};
use files::{Demo, Part};

/// The delivery service's id at the portal of the demo.
pub const DELIVERY_ID: &str = "mihon-post";
/// The id of a second one, which the test portal knows too: for runs with several.
pub const SECOND_ID: &str = "midori-box";
const DEFAULT_PORT_BASE: u16 = 7100;

/// Options of `enishi demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Where databases, keys and configuration files live.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// Begin anew: forget everything that is in the data folder (and in the given database).
    #[arg(long)]
    fresh: bool,
    /// First of ten ports: portal, delivery service, sample service, test cards, desk, then the production world (portal,
    /// delivery service, cards, a service that wants to be admitted), then a second delivery service of the test world.
    /// Default: what the data folder was made with, else 7100.
    #[arg(long)]
    port_base: Option<u16>,
    /// postgres://… to use PostgreSQL (one schema for each role) in place of the embedded databases.
    #[arg(long)]
    database: Option<String>,
    /// Print one line of JSON when ready, with the addresses and the test people.
    #[arg(long)]
    json: bool,
    /// Cost of password hashing at the delivery service: `standard` or, for load tests only, `low`.
    #[arg(long, value_enum, default_value_t = PasswordCost::Standard)]
    password_cost: PasswordCost,
    /// Put the demo's clock forward by this many days, to see what was planned come (on a data folder that was made before).
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=365))]
    days_ahead: u16,
    /// Prepare the data folder (keys, configuration files, test people), then end without serving.
    #[arg(long)]
    prepare_only: bool,
}

/// How much a password check costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PasswordCost {
    /// argon2id as recommended (19 MiB, 2 passes).
    Standard,
    /// As little as argon2id allows: to measure everything but the password.
    Low,
}

/// What the data folder was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    port_base: u16,
    database: Option<String>,
    seeded: bool,
    /// Whether the desk has its sample organisations.
    #[serde(default)]
    desk_seeded: bool,
}

/// Starts the demo and serves until Ctrl-C.
///
/// # Errors
/// In words for the person at the terminal.
pub async fn run(options: Options, world: &World) -> Result<(), ConfigError> {
    let began = Instant::now();
    let ahead = Duration::from_secs(86_400 * u64::from(options.days_ahead));
    let world = &match options.days_ahead {
        0 => world.clone(),
        _ => World { clock: Clock::ahead(ahead), ..world.clone() },
    };
    let mut interrupted = Box::pin(run::interrupted());
    let mut demo = prepare(&options)?;
    let (stop, stopping) = watch::channel(false);
    let mut running = Vec::new();

    // Two worlds at once: keys take time to make.
    let (test, live) = tokio::try_join!(
        test_world(&demo, &options, world, &stopping),
        live_world(&demo, &options, world, &stopping),
    )?;
    let (portal, stand_in) = (test.portal.clone(), test.cards.clone());
    running.extend(test.running);
    running.extend(live);
    let new = start(&demo, Part::NewSample, &demo.sample(Part::NewSample)?, world, &stopping).await?;
    running.push(new);
    let file = demo.desk(options.password_cost)?;
    let first = start(&demo, Part::Desk, &file, world, &stopping).await?;
    let Handle::Desk(desk, control) = &first.handle else { return Err(ConfigError::new("another role started")) };
    let desk = (desk.clone(), control.clone());
    running.push(first);

    if !demo.made.seeded {
        let since = Instant::now();
        people::seed(&demo, &portal, &stand_in, world).await?;
        demo.made.seeded = true;
        demo.progress(&format!("  {:<20} ready ({:.1} s)\n", "test people", since.elapsed().as_secs_f32()));
    }
    // Who signs in first finds the staff; the cases of the sample organisations follow while the pages are in use.
    let crew = match &desk {
        (desk, Some(_)) if !demo.made.desk_seeded => Some(procedures::staff(desk).await?),
        _ => None,
    };
    remember(&demo)?;
    if options.json {
        println!("{}", tell::announcement(&demo));
    } else {
        tell::greet(&demo, began.elapsed());
    }
    if let (Some(crew), (desk, Some(_)), false) = (crew, desk, options.prepare_only) {
        let made = tokio::select! {
            // The next start goes on with the organisation after the one that was begun.
            () = &mut interrupted => return stopped(&demo, stop, running).await,
            made = procedures::organisations(&demo, &desk, &crew) => made,
        };
        match made {
            Ok(()) => demo.made.desk_seeded = true,
            Err(e) => demo.progress(&format!("  the sample organisations of the desk are not complete: {e}\n")),
        }
        remember(&demo)?;
    }
    if !options.prepare_only {
        interrupted.await;
    }
    stopped(&demo, stop, running).await
}

async fn stopped(demo: &Demo, stop: watch::Sender<bool>, running: Vec<Running>) -> Result<(), ConfigError> {
    demo.progress("\nstopping …\n");
    let _ = stop.send(true);
    for role in running {
        role.finish().await;
    }
    Ok(())
}

/// The roles of the test environment.
struct TestWorld {
    running: Vec<Running>,
    portal: portal::Portal,
    cards: testcard::Cards,
}

async fn test_world(
    demo: &Demo,
    options: &Options,
    world: &World,
    stop: &watch::Receiver<bool>,
) -> Result<TestWorld, ConfigError> {
    let (cards, first) = cards(demo, Part::Cards, world, stop).await?;
    let mut running = vec![first];
    let roots = cards.ca_pem().await.map_err(|e| ConfigError::new(e.to_string()))?;
    let file = demo.delivery(Part::Delivery, options.password_cost)?;
    running.push(start(demo, Part::Delivery, &file, world, stop).await?);
    let file = demo.delivery(Part::Second, options.password_cost)?;
    running.push(start(demo, Part::Second, &file, world, stop).await?);
    let hub = start(demo, Part::Portal, &demo.portal(Part::Portal, roots)?, world, stop).await?;
    let Handle::Portal(portal) = &hub.handle else { return Err(ConfigError::new("another role started")) };
    let portal = portal.clone();
    running.push(hub);
    running.push(start(demo, Part::Sample, &demo.sample(Part::Sample)?, world, stop).await?);
    Ok(TestWorld { running, portal, cards })
}

/// The roles of the production world: the portal with its own data, keys and cards, and no sandbox.
async fn live_world(
    demo: &Demo,
    options: &Options,
    world: &World,
    stop: &watch::Receiver<bool>,
) -> Result<Vec<Running>, ConfigError> {
    let (cards, first) = cards(demo, Part::LiveCards, world, stop).await?;
    let roots = cards.ca_pem().await.map_err(|e| ConfigError::new(e.to_string()))?;
    let file = demo.delivery(Part::LiveDelivery, options.password_cost)?;
    let delivery = start(demo, Part::LiveDelivery, &file, world, stop).await?;
    let portal = start(demo, Part::LivePortal, &demo.portal(Part::LivePortal, roots)?, world, stop).await?;
    Ok(vec![first, delivery, portal])
}

async fn cards(
    demo: &Demo,
    part: Part,
    world: &World,
    stop: &watch::Receiver<bool>,
) -> Result<(testcard::Cards, Running), ConfigError> {
    let running = start(demo, part, &demo.cards(part)?, world, stop).await?;
    let Handle::Testcard(cards) = &running.handle else { return Err(ConfigError::new("another role started")) };
    Ok((cards.clone(), running))
}

async fn start(
    demo: &Demo,
    part: Part,
    file: &File,
    world: &World,
    stop: &watch::Receiver<bool>,
) -> Result<Running, ConfigError> {
    let since = Instant::now();
    make_master_key(&file.key_file, &world.rng)?;
    demo.keep(part, file)?;
    let (listener, tls) =
        run::bind(file).await.map_err(|e| ConfigError::new(format!("{e} (`--port-base N` takes ten other ports)")))?;
    let built = crate::roles::build(file, world).await?;
    let running = run::start(built, listener, tls, file.behind_proxy, stop.clone());
    demo.progress(&format!("  {:<20} ready ({:.1} s)\n", part.name(), since.elapsed().as_secs_f32()));
    Ok(running)
}

/// The data folder: new, or as it was left.
fn prepare(options: &Options) -> Result<Demo, ConfigError> {
    let absolute = std::path::absolute(&options.data)
        .map_err(|e| ConfigError::new(format!("{} is no folder: {e}", options.data.display())))?;
    let mut demo = Demo {
        data: absolute,
        made: Made {
            port_base: options.port_base.unwrap_or(DEFAULT_PORT_BASE),
            database: options.database.clone(),
            seeded: false,
            desk_seeded: false,
        },
        quiet: options.json,
    };
    if demo.made.port_base < 1024 || demo.made.port_base > u16::MAX - 9 {
        return Err(ConfigError::new("--port-base has to be between 1024 and 65526"));
    }
    let note = note(&demo.data);
    let known: Option<Made> = std::fs::read_to_string(&note).ok().and_then(|t| serde_json::from_str(&t).ok());
    if options.fresh {
        erase(&demo, known.as_ref())?;
    } else if let Some(known) = known {
        // Addresses are part of registrations, tokens and links: the same data can't live elsewhere.
        if options.port_base.is_some_and(|p| p != known.port_base) {
            return Err(ConfigError::new(format!(
                "the data in {} belongs to --port-base {}; use that, another --data, or --fresh",
                demo.data.display(),
                known.port_base
            )));
        }
        if options.database.is_some() && options.database != known.database {
            return Err(ConfigError::new(format!(
                "the data in {} belongs to another database; use another --data, or --fresh",
                demo.data.display()
            )));
        }
        demo.made = known;
    }
    std::fs::create_dir_all(&demo.data)
        .map_err(|e| ConfigError::new(format!("{} can't be made: {e}", demo.data.display())))?;
    demo.progress(&format!("Enishi demo, data in {}\n", demo.data.display()));
    Ok(demo)
}

fn note(data: &Path) -> PathBuf {
    data.join("demo.json")
}

fn remember(demo: &Demo) -> Result<(), ConfigError> {
    let text = serde_json::to_string_pretty(&demo.made).map_err(|e| ConfigError::new(e.to_string()))?;
    std::fs::write(note(&demo.data), text).map_err(|e| ConfigError::new(format!("demo.json can't be written: {e}")))
}

/// Removes what the demo itself made, and nothing else that may lie in the folder.
fn erase(demo: &Demo, known: Option<&Made>) -> Result<(), ConfigError> {
    for part in Part::ALL {
        for database in [known.and_then(|k| k.database.as_deref()), demo.made.database.as_deref()].into_iter().flatten()
        {
            let target = crate::config::target(database, part.role(), part.schema().as_deref(), 2)?;
            Db::erase(&target).map_err(|e| ConfigError::new(e.to_string()))?;
        }
        let file = demo.data.join(format!("{}.db", part.name()));
        Db::erase(&store::Target::Sqlite(file)).map_err(|e| ConfigError::new(e.to_string()))?;
        for ending in ["key", "toml"] {
            remove(&demo.data.join(format!("{}.{ending}", part.name())))?;
        }
    }
    remove(&note(&demo.data))
}

fn remove(path: &Path) -> Result<(), ConfigError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(ConfigError::new(format!("{} can't be removed: {e}", path.display())))
        }
        _ => Ok(()),
    }
}
