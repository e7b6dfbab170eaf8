//! `enishi delivery`: the delivery services of a portal and their maintenance windows, changed beside the
//! running portal, which takes notice within a second.

use std::path::PathBuf;

use base::{Lang, Timestamp, calendar};
use clap::Subcommand;
use portal::registry::{self, NewWindow, RegistryError};
use store::Db;

use crate::config::{ConfigError, File, Role};
use crate::roles::World;

/// Options of `enishi delivery`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The portal's configuration file (TOML).
    #[arg(long)]
    config: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// List the delivery services with their status and maintenance windows.
    List,
    /// Announce maintenance: shown before a citizen starts, and on the portal's public status.
    Maintenance {
        /// Id of the delivery service.
        id: String,
        /// When it begins: 2026-11-30T02:00:00+09:00
        from: String,
        /// When it is planned to end.
        to: String,
        /// A remark in Japanese.
        #[arg(long)]
        note_ja: Option<String>,
        /// A remark in English.
        #[arg(long)]
        note_en: Option<String>,
    },
    /// Withdraw a maintenance window.
    Withdraw {
        /// Id of the window, as `list` shows it.
        window: String,
    },
    /// Take no new links with it for now.
    Suspend {
        /// Id of the delivery service.
        id: String,
    },
    /// Take new links again.
    Resume {
        /// Id of the delivery service.
        id: String,
    },
}

/// Does it.
///
/// # Errors
/// In words for the operator.
pub async fn run(options: Options, world: &World) -> Result<(), ConfigError> {
    let file = File::read(&options.config)?;
    if file.role != Role::Portal {
        return Err(ConfigError::new(format!(
            "{} is for the role {}, not for a portal",
            options.config.display(),
            file.role
        )));
    }
    let db = Db::attach(&file.target()?).map_err(|e| ConfigError::new(e.to_string()))?;
    let failed = |e: RegistryError| ConfigError::new(e.to_string());
    let clock = &world.clock;
    match options.action {
        Action::List => {
            for d in registry::deliveries(&db, clock).await.map_err(failed)? {
                println!("{}\t{}\t{}", d.config.id, if d.active { "active" } else { "suspended" }, d.config.name.ja);
                for w in d.windows {
                    println!("\t{}\t{} – {}", w.id, said(w.starts_at), said(w.ends_at));
                }
            }
        }
        Action::Maintenance { id, from, to, note_ja, note_en } => {
            let (starts_at, ends_at) = (time(&from)?, time(&to)?);
            let window = NewWindow { delivery_id: id, starts_at, ends_at, note_ja, note_en };
            let row = registry::add_maintenance(&db, clock, &world.rng, window).await.map_err(failed)?;
            println!("{}\t{} – {}", row.id, said(row.starts_at), said(row.ends_at));
        }
        Action::Withdraw { window } => registry::drop_maintenance(&db, clock, &window).await.map_err(failed)?,
        Action::Suspend { id } => registry::set_delivery_active(&db, clock, &id, false).await.map_err(failed)?,
        Action::Resume { id } => registry::set_delivery_active(&db, clock, &id, true).await.map_err(failed)?,
    }
    Ok(())
}

fn said(t: Timestamp) -> String {
    calendar::long_time(t, Lang::En)
}

fn time(text: &str) -> Result<Timestamp, ConfigError> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| ConfigError::new(format!("{text} is no time with its zone, such as 2026-11-30T02:00:00+09:00")))
}
