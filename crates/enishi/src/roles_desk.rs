//! `[desk]`: the desk from its configuration file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use base::outbound::Outbound;
use base::{Clock, Rng};
use control::{Control, PortalConfig};
use desk::Desk;
use mail::{SmtpSettings, Transport, Worker};
use procedures::{SourceFile, Text};
use serde::{Deserialize, Serialize};
use store::{Db, Sealer};
use web::{Environment, Origin};

use crate::config::{ConfigError, File};
use crate::demo::PasswordCost;
use crate::roles::{Built, Handle, Name};

/// `[desk]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskTable {
    /// Its public address.
    pub origin: String,
    /// A folder with procedures and forms that take the place of the built-in ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedures: Option<PathBuf>,
    /// What is disclosed on approval.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DeskDocument>,
    /// What a password check costs.
    #[serde(default = "standard")]
    pub password_cost: PasswordCost,
    /// The mail server. Without one, the test environment keeps e-mails and shows them at `/outbox`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<toml::Table>,
    /// The portals that the desk acts on. Without them decisions wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portals: Option<DeskPortals>,
}

/// `[desk.portals]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskPortals {
    /// 接続確認環境
    pub test: DeskPortal,
    /// 本番環境
    pub production: DeskPortal,
}

/// `[desk.portals.test]`, `[desk.portals.production]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskPortal {
    /// Its issuer, exactly.
    pub origin: String,
    /// What staff and applicants call it.
    pub name: Name,
}

fn control_plane(portals: Option<DeskPortals>) -> Result<Option<Control>, ConfigError> {
    let Some(portals) = portals else { return Ok(None) };
    let portal = |p: DeskPortal, which: &str| {
        let origin = Origin::parse(&p.origin).map_err(|e| ConfigError::new(format!("desk.portals.{which}: {e}")))?;
        Ok::<_, ConfigError>(PortalConfig { origin, name: Text { ja: p.name.ja, en: p.name.en } })
    };
    let (test, production) = (portal(portals.test, "test")?, portal(portals.production, "production")?);
    if test.origin == production.origin {
        return Err(ConfigError::new(
            "desk.portals: test and production are one portal; what is tested there would be live",
        ));
    }
    Ok(Some(Control::new(control::Config { test, production })))
}

/// `[[desk.documents]]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskDocument {
    /// Its name in addresses: letters, digits, `-` and `.`.
    pub id: String,
    /// Its title.
    pub title: Name,
    /// Where it is.
    pub file: PathBuf,
    /// Its media type.
    pub media_type: String,
}

const fn standard() -> PasswordCost {
    PasswordCost::Standard
}

/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The folder's files, named from it: `forms/plan.toml`.
fn sources(dir: &Path) -> Result<Vec<SourceFile>, ConfigError> {
    let failed = |path: &Path, e: std::io::Error| {
        ConfigError::new(format!("desk.procedures: {} can't be read: {e}", path.display()))
    };
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|e| failed(&folder, e))? {
            let path = entry.map_err(|e| failed(&folder, e))?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&path).map_err(|e| failed(&path, e))?;
                found.push(SourceFile { name, text });
            }
        }
    }
    Ok(found)
}

fn transport(smtp: Option<toml::Table>, environment: Environment) -> Result<Transport, ConfigError> {
    match smtp {
        Some(table) => {
            let settings: SmtpSettings = table.try_into().map_err(|e| ConfigError::new(format!("[desk.smtp]: {e}")))?;
            let smtp = mail::Smtp::new(&settings).map_err(|e| ConfigError::new(format!("[desk.smtp]: {e}")))?;
            Ok(Transport::Smtp(smtp))
        }
        None if environment == Environment::Production => Err(ConfigError::new(
            "[desk.smtp] is missing: in production the desk needs a mail server (host, port, security, from)",
        )),
        None => Ok(Transport::Keep),
    }
}

/// Where e-mails go, for `enishi doctor`.
pub fn mail_server(file: &File) -> Result<String, String> {
    let table: DeskTable = file.own().map_err(|e| e.to_string())?;
    match transport(table.smtp, file.environment).map_err(|e| e.to_string())? {
        Transport::Smtp(smtp) => Ok(format!("{smtp:?}")),
        Transport::Keep => Ok("kept, and shown at /outbox (test environment)".to_owned()),
    }
}

fn config(table: &DeskTable, environment: Environment) -> Result<desk::Config, ConfigError> {
    if table.password_cost == PasswordCost::Low && environment == Environment::Production {
        return Err(ConfigError::new("desk.password_cost: low is for load tests; in production it is standard"));
    }
    Ok(desk::Config {
        origin: Origin::parse(&table.origin).map_err(|e| ConfigError::new(format!("desk.origin: {e}")))?,
        environment,
        procedures: table.procedures.as_deref().map_or_else(|| Ok(Vec::new()), sources)?,
        documents: table
            .documents
            .iter()
            .map(|d| desk::Document {
                id: d.id.clone(),
                title: Text { ja: d.title.ja.clone(), en: d.title.en.clone() },
                file: d.file.clone(),
                media_type: d.media_type.clone(),
            })
            .collect(),
        passwords: match table.password_cost {
            PasswordCost::Standard => accounts::PasswordCost::default(),
            PasswordCost::Low => accounts::PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 2 },
        },
    })
}

/// The desk of a file, without its routes and background work: for the command line.
///
/// # Errors
/// In words for the operator.
pub async fn open(
    file: &File,
    db: Db,
    sealer: Sealer,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
) -> Result<(Desk, Option<Control>), ConfigError> {
    let (desk, control, _) = assemble(file, db, sealer, outbound, clock, rng).await?;
    Ok((desk, control))
}

async fn assemble(
    file: &File,
    db: Db,
    sealer: Sealer,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
) -> Result<(Desk, Option<Control>, Router), ConfigError> {
    let table: DeskTable = file.own()?;
    let config = config(&table, file.environment)?;
    let control = control_plane(table.portals)?;
    let rooms = std::iter::once(office::extension()).chain(control.iter().map(Control::extension)).collect();
    let (desk, router) = desk::build_with(config, db, sealer, outbound, clock, rng, rooms)
        .await
        .map_err(|e| ConfigError::new(format!("desk: {e}")))?;
    Ok((desk, control, router))
}

/// The tables of the desk and of the rooms that stand on it.
pub const SCHEMA: store::Schema<'static> =
    &[mail::MIGRATIONS, accounts::MIGRATIONS, desk::MIGRATIONS, office::MIGRATIONS, control::MIGRATIONS];

/// Builds the role.
///
/// # Errors
/// In words for the operator.
pub async fn build(
    file: &File,
    db: Db,
    sealer: Sealer,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
) -> Result<Built, ConfigError> {
    let table: DeskTable = file.own()?;
    let transport = transport(table.smtp, file.environment)?;
    let (desk, control, router) = assemble(file, db.clone(), sealer, outbound, clock.clone(), rng).await?;
    let origin = desk.config().origin.clone();
    let mails = Worker::new(db, desk.outbox().clone(), clock, transport);
    let (work, sessions) = (desk.clone(), desk.accounts().clone());
    Ok(Built {
        router,
        background: Box::pin(async move {
            tokio::join!(work.background(), sessions.background(), mails.run_forever(LOOK));
        }),
        handle: Handle::Desk(desk, control),
        origin,
    })
}
