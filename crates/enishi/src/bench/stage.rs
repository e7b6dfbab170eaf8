//! A world of the bench's own: databases with citizens in them, configuration files, and the roles as
//! processes of this very binary.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use store::Db;
use tokio::process::{Child, Command};
use url::Url;
use web::Environment;

use super::http::Link;
use super::reader::Cards;
use super::seed;
use crate::config::{ConfigError, File, Role, make_master_key};
use crate::demo::{DELIVERY_ID, PasswordCost};
use crate::roles::{Handle, Name, Pem, PortalDelivery, PortalTable, World};
use crate::roles_delivery::{DeliveryTable, Samples};

/// How long a role may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to prepare.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where databases, keys and files go; removed afterwards.
    pub dir: PathBuf,
    /// `postgres://…`; without it SQLite files in `dir`.
    pub database: Option<String>,
    /// How many people have a card.
    pub people: usize,
    /// Whether they are registered at the portal.
    pub registered: bool,
    /// Whether they are linked there with the delivery service.
    pub linked: bool,
    /// With the delivery service, and this password cost there.
    pub delivery: Option<PasswordCost>,
    /// The core of the server side, when processes are pinned.
    pub core: Option<u32>,
}

/// A role that runs.
pub struct Server {
    /// Its role.
    pub role: Role,
    /// Its process.
    pub pid: u32,
    /// Its origin.
    pub origin: String,
    /// Where it listens.
    pub addr: SocketAddr,
    child: Child,
}

/// The world of one scenario.
pub struct Stage {
    /// Everybody's cards.
    pub cards: Arc<Cards>,
    /// What answers as the card reader; to be served by the load thread.
    pub reader: TcpListener,
    /// Its origin.
    pub reader_origin: String,
    /// The roles: the portal first.
    pub servers: Vec<Server>,
    files: Vec<File>,
    dir: PathBuf,
}

fn io(what: &str) -> impl Fn(std::io::Error) -> ConfigError {
    move |e| ConfigError::new(format!("bench: {what}: {e}"))
}

/// A port that is free now.
fn free() -> Result<u16, ConfigError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(io("no free port"))?;
    Ok(listener.local_addr().map_err(io("no free port"))?.port())
}

fn origin(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn own<T: Serialize>(table: &T) -> Result<toml::Table, ConfigError> {
    toml::Table::try_from(table).map_err(|e| ConfigError::new(e.to_string()))
}

fn name(ja: &str, en: &str) -> Name {
    Name::of(ja, en)
}

impl Stage {
    /// Prepares databases and files, then starts the roles.
    ///
    /// # Errors
    /// In words for the person at the terminal.
    pub async fn prepare(plan: &Plan, world: &World) -> Result<Self, ConfigError> {
        std::fs::create_dir_all(&plan.dir).map_err(io("its folder can't be made"))?;
        let reader = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(io("no free port"))?;
        let reader_port = reader.local_addr().map_err(io("no free port"))?.port();
        let (count, now, rng) = (plan.people, world.clock.now(), world.rng.clone());
        let cards = tokio::task::spawn_blocking(move || Cards::issue(count, now, &rng))
            .await
            .map_err(|e| ConfigError::new(format!("bench: {e}")))??;
        let cards = Arc::new(cards);
        let (portal_port, delivery_port) = (free()?, free()?);
        let reader_origin = origin(reader_port);
        let mut files = vec![portal_file(plan, portal_port, delivery_port, &reader_origin, &cards)?];
        if let Some(cost) = plan.delivery {
            files.push(delivery_file(plan, portal_port, delivery_port, cost)?);
        }
        let mut stage = Self { cards, reader, reader_origin, servers: Vec::new(), files, dir: plan.dir.clone() };
        let made = stage.fill(plan, world).await;
        let started = match made {
            Ok(()) => stage.start(plan).await,
            Err(e) => Err(e),
        };
        match started {
            Ok(()) => Ok(stage),
            Err(e) => {
                stage.end().await;
                Err(e)
            }
        }
    }

    async fn fill(&self, plan: &Plan, world: &World) -> Result<(), ConfigError> {
        for file in &self.files {
            make_master_key(&file.key_file, &world.rng)?;
            let text = toml::to_string_pretty(file).map_err(|e| ConfigError::new(e.to_string()))?;
            std::fs::write(self.dir.join(format!("{}.toml", file.role)), text)
                .map_err(io("a file can't be written"))?;
            if plan.database.is_some() {
                seed::must_be_empty(file).await?;
            }
            let built = crate::roles::build(file, world).await?;
            match &built.handle {
                Handle::Portal(portal) if plan.registered => seed::register(portal, &self.cards).await?,
                Handle::Delivery(delivery) => seed::first_account(delivery, &self.cards).await?,
                _ => {}
            }
            // Closes the database: two can't have it.
            drop(built);
            match file.role {
                Role::Delivery => seed::accounts(file, &self.cards, world).await?,
                Role::Portal if plan.linked => seed::link(file, &self.cards, world).await?,
                _ => {}
            }
        }
        Ok(())
    }

    async fn start(&mut self, plan: &Plan) -> Result<(), ConfigError> {
        let program = std::env::current_exe().map_err(io("this program's file can't be found"))?;
        for file in &self.files {
            let role = file.role;
            let log = self.dir.join(format!("{role}.log"));
            let log_file = std::fs::File::create(&log).map_err(io("a log can't be written"))?;
            let mut command = match plan.core {
                Some(core) => {
                    let mut command = Command::new("taskset");
                    command.args(["-c", &core.to_string()]).arg(&program);
                    command
                }
                None => Command::new(&program),
            };
            command.args(["serve", role.name(), "--config"]).arg(self.dir.join(format!("{role}.toml")));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log_file).kill_on_drop(true);
            let child = command.spawn().map_err(io("a role can't be started"))?;
            let pid = child.id().ok_or_else(|| ConfigError::new(format!("bench: {role} ended at once")))?;
            self.servers.push(Server { role, pid, origin: origin(file.listen.port()), addr: file.listen, child });
        }
        for server in &mut self.servers {
            server.ready(&self.dir).await?;
        }
        Ok(())
    }

    /// Stops the roles and removes what was made.
    pub async fn end(mut self) {
        for server in &mut self.servers {
            // A role that has ended already is no trouble now.
            let _ = server.child.kill().await;
        }
        for file in &self.files {
            if let Ok(target) = file.target()
                && let Err(error) = Db::erase(&target)
            {
                tracing::warn!(%error, "a database of the bench can't be removed");
            }
        }
        if let Err(error) = std::fs::remove_dir_all(&self.dir) {
            tracing::warn!(%error, dir = %self.dir.display(), "the bench's folder can't be removed");
        }
    }
}

impl Server {
    async fn ready(&mut self, dir: &Path) -> Result<(), ConfigError> {
        let role = self.role;
        let since = Instant::now();
        let request = format!("GET /health/ready HTTP/1.1\r\nhost: {}\r\n\r\n", self.addr);
        loop {
            if let Ok(reply) = Link::new(self.addr).send(request.as_bytes()).await
                && reply.status == 200
            {
                return Ok(());
            }
            let gone = self.child.try_wait().map_err(io("a role can't be watched"))?;
            if gone.is_some() || since.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(dir.join(format!("{role}.log"))).unwrap_or_default();
                let last = log.lines().last().unwrap_or("its log is empty").to_owned();
                return Err(ConfigError::new(format!("bench: {role} does not start: {last}")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn file(plan: &Plan, role: Role, port: u16) -> File {
    let sqlite = || format!("sqlite:{}", plan.dir.join(format!("{role}.db")).display());
    File {
        role,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        database: plan.database.clone().unwrap_or_else(sqlite),
        schema: None,
        database_connections: 16,
        key_file: plan.dir.join(format!("{role}.key")),
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

fn portal_file(plan: &Plan, port: u16, delivery: u16, reader: &str, cards: &Cards) -> Result<File, ConfigError> {
    let url = |base: &str, path: &str| {
        Url::parse(&format!("{base}{path}")).map_err(|e| ConfigError::new(format!("bench: {e}")))
    };
    let delivery = origin(delivery);
    let table = PortalTable {
        origin: origin(port),
        open_registration: true,
        desk: None,
        card_reader: reader.to_owned(),
        card_roots: Pem::Pem(cards.root_pem()),
        crl_base: url(reader, "/crl")?,
        predecessors: Some(url(reader, "/api/predecessors")?),
        deliveries: vec![PortalDelivery {
            id: DELIVERY_ID.to_owned(),
            name: name("見本ポスト", "Mihon Post"),
            operator: name("見本送達株式会社（見本）", "Mihon Delivery Inc. (fictitious)"),
            issuer: delivery.clone(),
            client_id: "portal".to_owned(),
            resources: None,
            sso_client_id: Some(DELIVERY_ID.to_owned()),
            initiate_login_uri: Some(url(&delivery, "/sso/start")?),
            operating: None,
        }],
    };
    Ok(File { portal: Some(own(&table)?), ..file(plan, Role::Portal, port) })
}

fn delivery_file(plan: &Plan, portal: u16, port: u16, cost: PasswordCost) -> Result<File, ConfigError> {
    let table = DeliveryTable {
        origin: origin(port),
        portal: origin(portal),
        portal_name: name("縁ポータル", "Enishi Portal"),
        portal_client_id: "portal".to_owned(),
        our_client_id: DELIVERY_ID.to_owned(),
        name: None,
        cookies: None,
        password_cost: cost,
        test_people: false,
        samples: Samples::Usual,
        sign_up_limit: 0,
        authorization_server: None,
    };
    Ok(File { delivery: Some(own(&table)?), ..file(plan, Role::Delivery, port) })
}
