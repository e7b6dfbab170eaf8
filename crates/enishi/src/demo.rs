//! `enishi demo`: the whole world on this machine, for the first five minutes with Enishi and for every
//! day of a developer's work.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::Lang;
use base::outbound::Outbound;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Db;
use tokio::sync::watch;
use url::Url;
use web::Environment;

use crate::config::{ConfigError, File, Role, make_master_key};
use crate::roles::{
    Handle, IssuerRoots, Name, Pem, PortalDelivery, PortalTable, SampleDelivery, SampleTable, TestcardTable, World,
};
use crate::roles_delivery::DeliveryTable;
use crate::roles_desk::DeskTable;
use crate::run::{self, Running};
use crate::walk;

/// The delivery service's id at the portal of the demo.
pub const DELIVERY_ID: &str = "mihon-post";
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
    /// First of five ports: portal, delivery service, sample service, test cards, desk. Default: what the data
    /// folder was made with, else 7100.
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
}

struct Demo {
    data: PathBuf,
    made: Made,
    quiet: bool,
}

impl Demo {
    fn origin(&self, role: Role) -> String {
        format!("http://localhost:{}", self.port(role))
    }

    fn port(&self, role: Role) -> u16 {
        self.made.port_base
            + match role {
                Role::Portal => 0,
                Role::Delivery => 1,
                Role::Sample => 2,
                Role::Testcard => 3,
                Role::Desk => 4,
            }
    }

    fn url(&self, role: Role, path: &str) -> Result<Url, ConfigError> {
        Url::parse(&format!("{}{path}", self.origin(role))).map_err(|e| ConfigError::new(e.to_string()))
    }

    /// The same file that `enishi serve` reads.
    fn file(&self, role: Role) -> File {
        File {
            role,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port(role))),
            database: self
                .made
                .database
                .clone()
                .unwrap_or_else(|| format!("sqlite:{}", self.data.join(format!("{role}.db")).display())),
            database_connections: 8,
            key_file: self.data.join(format!("{role}.key")),
            environment: Environment::Test,
            tls_cert: None,
            tls_key: None,
            behind_proxy: false,
            peers: Vec::new(),
            trusted_roots: Vec::new(),
            portal: None,
            delivery: None,
            sample: None,
            testcard: None,
            desk: None,
        }
    }

    fn testcard(&self) -> Result<File, ConfigError> {
        let table =
            TestcardTable { origin: self.origin(Role::Testcard), relying_parties: vec![self.origin(Role::Portal)] };
        Ok(File { testcard: Some(own(&table)?), ..self.file(Role::Testcard) })
    }

    fn delivery(&self, cost: PasswordCost) -> Result<File, ConfigError> {
        let table = DeliveryTable {
            origin: self.origin(Role::Delivery),
            portal: self.origin(Role::Portal),
            portal_name: portal_name(),
            portal_client_id: "portal".to_owned(),
            our_client_id: DELIVERY_ID.to_owned(),
            password_cost: cost,
            test_people: true,
            // Everybody here comes from one address.
            sign_up_limit: 0,
            authorization_server: None,
        };
        Ok(File { delivery: Some(own(&table)?), ..self.file(Role::Delivery) })
    }

    fn portal(&self, card_roots: String) -> Result<File, ConfigError> {
        let table = PortalTable {
            origin: self.origin(Role::Portal),
            open_registration: true,
            card_reader: self.origin(Role::Testcard),
            card_roots: Pem::Pem(card_roots),
            crl_base: self.url(Role::Testcard, "/crl")?,
            predecessors: Some(self.url(Role::Testcard, "/api/predecessors")?),
            desk: None,
            deliveries: vec![PortalDelivery {
                id: DELIVERY_ID.to_owned(),
                name: delivery_name(),
                operator: Name::of("見本送達株式会社（見本）", "Mihon Delivery Inc. (fictitious)"),
                issuer: self.origin(Role::Delivery),
                resources: None,
                client_id: "portal".to_owned(),
                sso_client_id: Some(DELIVERY_ID.to_owned()),
                initiate_login_uri: Some(self.url(Role::Delivery, "/sso/start")?),
                operating: Some(Name::of(
                    "年中無休、24時間（メンテナンスの時間を除く）",
                    "Every day, around the clock (except for maintenance)",
                )),
            }],
        };
        Ok(File { portal: Some(own(&table)?), ..self.file(Role::Portal) })
    }

    fn sample(&self) -> Result<File, ConfigError> {
        let table = SampleTable {
            origin: self.origin(Role::Sample),
            portal: self.origin(Role::Portal),
            portal_name: portal_name(),
            client_id: None,
            delivery_services: vec![SampleDelivery { id: DELIVERY_ID.to_owned(), name: delivery_name() }],
            issuer_roots: IssuerRoots::Url(self.url(Role::Delivery, "/issuers.pem")?),
            operator: Name::of("みほん年末調整株式会社（見本）", "Mihon Year-End Inc. (fictitious)"),
        };
        Ok(File { sample: Some(own(&table)?), ..self.file(Role::Sample) })
    }

    fn desk(&self, cost: PasswordCost) -> Result<File, ConfigError> {
        let table = DeskTable {
            origin: self.origin(Role::Desk),
            procedures: None,
            documents: Vec::new(),
            password_cost: cost,
            smtp: None,
        };
        Ok(File { desk: Some(own(&table)?), ..self.file(Role::Desk) })
    }

    /// Keeps a role's file in the data folder, so that `enishi serve` can run the role alone.
    fn keep(&self, file: &File) -> Result<(), ConfigError> {
        let path = self.data.join(format!("{}.toml", file.role));
        let text = toml::to_string_pretty(file).map_err(|e| ConfigError::new(e.to_string()))?;
        std::fs::write(&path, text).map_err(|e| ConfigError::new(format!("{} can't be written: {e}", path.display())))
    }

    fn progress(&self, text: &str) {
        if !self.quiet {
            eprint!("{text}");
            // A terminal that can't be written to is no reason to stop.
            let _ = std::io::stderr().flush();
        }
    }
}

fn portal_name() -> Name {
    Name::of("縁ポータル", "Enishi Portal")
}

fn delivery_name() -> Name {
    Name::of("見本ポスト", "Mihon Post")
}

fn own<T: Serialize>(table: &T) -> Result<toml::Table, ConfigError> {
    toml::Table::try_from(table).map_err(|e| ConfigError::new(e.to_string()))
}

/// Starts the demo and serves until Ctrl-C.
///
/// # Errors
/// In words for the person at the terminal.
pub async fn run(options: Options, world: &World) -> Result<(), ConfigError> {
    let began = Instant::now();
    let interrupted = run::interrupted();
    let mut demo = prepare(&options)?;
    let (stop, stopping) = watch::channel(false);
    let mut running = Vec::new();

    let cards = demo.testcard()?;
    let first = start(&demo, &cards, "test cards", world, &stopping).await?;
    let Handle::Testcard(stand_in) = &first.handle else { return Err(ConfigError::new("another role started")) };
    let stand_in = stand_in.clone();
    let roots = stand_in.ca_pem().await.map_err(|e| ConfigError::new(e.to_string()))?;
    running.push(first);
    let delivery = demo.delivery(options.password_cost)?;
    running.push(start(&demo, &delivery, "delivery service", world, &stopping).await?);
    let portal_file = demo.portal(roots)?;
    let hub = start(&demo, &portal_file, "portal", world, &stopping).await?;
    let Handle::Portal(portal) = &hub.handle else { return Err(ConfigError::new("another role started")) };
    let portal = portal.clone();
    running.push(hub);
    let sample = demo.sample()?;
    running.push(start(&demo, &sample, "sample service", world, &stopping).await?);
    let desk = demo.desk(options.password_cost)?;
    running.push(start(&demo, &desk, "desk", world, &stopping).await?);

    if !demo.made.seeded {
        demo.progress("  test people        ");
        let since = Instant::now();
        seed(&demo, &portal, &stand_in, world).await?;
        demo.made.seeded = true;
        demo.progress(&format!("ready ({:.1} s)\n", since.elapsed().as_secs_f32()));
    }
    remember(&demo)?;
    if options.json {
        println!("{}", announcement(&demo));
    } else {
        greet(&demo, began.elapsed());
    }
    if !options.prepare_only {
        interrupted.await;
        demo.progress("\nstopping …\n");
    }
    let _ = stop.send(true);
    for role in running {
        role.finish().await;
    }
    Ok(())
}

async fn start(
    demo: &Demo,
    file: &File,
    what: &str,
    world: &World,
    stop: &watch::Receiver<bool>,
) -> Result<Running, ConfigError> {
    demo.progress(&format!("  {what:<19}"));
    let since = Instant::now();
    make_master_key(&file.key_file, &world.rng)?;
    demo.keep(file)?;
    let (listener, tls) = run::bind(file).await.map_err(|e| {
        demo.progress("\n");
        ConfigError::new(format!("{e} (`--port-base N` takes five other ports)"))
    })?;
    let built = crate::roles::build(file, world).await?;
    let running = run::start(built, listener, tls, file.behind_proxy, stop.clone());
    demo.progress(&format!("ready ({:.1} s)\n", since.elapsed().as_secs_f32()));
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
        },
        quiet: options.json,
    };
    if demo.made.port_base < 1024 || demo.made.port_base > u16::MAX - 4 {
        return Err(ConfigError::new("--port-base has to be between 1024 and 65531"));
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
    for role in Role::ALL {
        for database in [known.and_then(|k| k.database.as_deref()), demo.made.database.as_deref()].into_iter().flatten()
        {
            Db::erase(&crate::config::target(database, role, 2)?).map_err(|e| ConfigError::new(e.to_string()))?;
        }
        let file = demo.data.join(format!("{role}.db"));
        Db::erase(&store::Target::Sqlite(file)).map_err(|e| ConfigError::new(e.to_string()))?;
        for ending in ["key", "toml"] {
            remove(&demo.data.join(format!("{role}.{ending}")))?;
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

/// Brings the test people to where their case says they stand: registered, linked.
async fn seed(demo: &Demo, portal: &portal::Portal, cards: &testcard::Cards, world: &World) -> Result<(), ConfigError> {
    let failed = |e: String| ConfigError::new(format!("the test people can't be prepared: {e}"));
    for person in pki::people::PEOPLE.iter().filter(|p| p.is_registered()) {
        // Somebody whose card was renewed registered with the card before.
        let old = cards.predecessor_key(person).await.map_err(|e| failed(e.to_string()))?;
        let key = match old {
            Some(old) => old,
            None => cards.card_key(person).await.map_err(|e| failed(e.to_string()))?,
        };
        let (family, given) = person.name.split_once(' ').unwrap_or((person.name, ""));
        portal.seed_citizen(&key, family, given).await.map_err(|e| failed(e.details()))?;
    }
    let http = web::outbound::Client::builder(Environment::Test).build().map_err(|e| failed(e.to_string()))?;
    let http: Outbound = Arc::new(http);
    for person in pki::people::PEOPLE.iter().filter(|p| p.case == pki::people::Case::Linked) {
        // The link is made the way every link is made: by a run through the real pages.
        let (sample, portal) = (demo.origin(Role::Sample), demo.origin(Role::Portal));
        let outcome = walk::from_the_sample_service(http.clone(), &world.clock, &sample, &portal, person)
            .await
            .map_err(failed)?;
        if !matches!(outcome.as_str(), "linked" | "already_linked") {
            return Err(failed(format!("the run of {} ended with {outcome}", person.id)));
        }
    }
    Ok(())
}

fn announcement(demo: &Demo) -> serde_json::Value {
    let people: Vec<_> = pki::people::PEOPLE
        .iter()
        .map(|p| {
            json!({
                "id": p.id,
                "name": p.name_in(Lang::Ja),
                "name_en": p.name_in(Lang::En),
                "case": p.case.as_str(),
                "pin": p.pin,
                "mailbox": p.email(),
                "password": pki::people::MAILBOX_PASSWORD,
            })
        })
        .collect();
    json!({
        "portal": demo.origin(Role::Portal),
        "delivery": demo.origin(Role::Delivery),
        "sample": demo.origin(Role::Sample),
        "cards": demo.origin(Role::Testcard),
        "desk": demo.origin(Role::Desk),
        "delivery_id": DELIVERY_ID,
        "data": demo.data,
        "people": people,
    })
}

fn greet(demo: &Demo, took: Duration) {
    let (portal, delivery) = (demo.origin(Role::Portal), demo.origin(Role::Delivery));
    let (sample, cards) = (demo.origin(Role::Sample), demo.origin(Role::Testcard));
    let desk = demo.origin(Role::Desk);
    println!(
        "
縁 Enishi is ready ({:.1} s). Ctrl-C stops it; the next start goes on where it was.

  sample service     {sample}
  portal             {portal}/me
  delivery service   {delivery}
  test cards         {cards}
  desk               {desk}   (e-mails: {desk}/outbox)

Three things to try:

  1. Open {sample}, press 「もっとつながる（外部サイト連携）」 and go through as 佐藤 花子
     (card PIN 1111; mailbox hanako@example.jp, password {}). You come back linked, with certificates.
  2. Open {portal}/me with the card of 高橋 陽子 (PIN 3333) and open the mailbox with one press:
     signed in, no password. Unlink it, and see both sides know.
  3. Start again at {sample} and let something go wrong: a locked card (渡辺 隆, 6666), a revoked
     certificate (伊藤 美香, 5555), 「連携をやめる」, or refuse at the delivery service.

Developers: {portal}/.well-known/openid-configuration, {portal}/openapi.json, README.md.
",
        took.as_secs_f32(),
        pki::people::MAILBOX_PASSWORD,
    );
}
