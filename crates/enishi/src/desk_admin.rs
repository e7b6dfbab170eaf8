//! `enishi desk staff …`: the first member of staff, and one who has lost every second factor; and what `enishi doctor` asks the portals of a desk.

use std::path::{Path, PathBuf};

use base::Lang;
use clap::Subcommand;
use control::{Control, Place};
use desk::Desk;
use desk::staff::StaffRole;
use mail::Email;
use serde_json::json;
use store::{Db, Sealer};

use crate::config::{ConfigError, File, Role, master_key};
use crate::roles::World;

/// Options of `enishi desk`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    #[command(subcommand)]
    part: Part,
}

#[derive(Clone, Debug, Subcommand)]
enum Part {
    /// Members of staff.
    #[command(subcommand)]
    Staff(StaffAction),
    /// What an authenticator app shows now for a secret: to sign in to a demonstration without an app.
    Code {
        /// The secret, as the demo's greeting or the page of the second factor shows it (base 32).
        secret: String,
    },
}

#[derive(Clone, Debug, Subcommand)]
enum StaffAction {
    /// Invite a member of staff: prints a link that works once, to be handed over by hand. The person chooses a password
    /// and a second factor there. Further members are invited on the pages.
    Add {
        /// The desk's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// The person's address; only an account of this address can accept.
        #[arg(long)]
        email: String,
        /// A role; may be given several times.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// The language of the pages: ja or en.
        #[arg(long, default_value = "ja")]
        lang: String,
    },
    /// Take every second factor from a member of staff who has lost them all: they are signed out and told by e-mail, and
    /// set up a new one at their next sign-in. Check who asks, by other means than e-mail.
    Reset {
        /// The desk's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// The person's address.
        #[arg(long)]
        email: String,
        /// Why, and how the person was identified: it is kept in the record.
        #[arg(long)]
        reason: String,
    },
}

/// Does it.
///
/// # Errors
/// In words for the operator.
pub async fn run(options: Options, world: &World) -> Result<(), ConfigError> {
    match options.part {
        Part::Staff(StaffAction::Add { config, email, roles, lang }) => {
            add(&config, &email, &roles, &lang, world).await
        }
        Part::Staff(StaffAction::Reset { config, email, reason }) => reset(&config, &email, &reason, world).await,
        Part::Code { secret } => {
            let code = accounts::totp_code_of(&secret, world.clock.now());
            println!(
                "{}",
                code.ok_or_else(|| ConfigError::new("this is no authenticator secret: 32 letters and digits"))?
            );
            Ok(())
        }
    }
}

fn desk_file(config: &Path) -> Result<File, ConfigError> {
    let file = File::read(config)?;
    if file.role != Role::Desk {
        return Err(ConfigError::new(format!(
            "staff belongs to a desk; {} is for the role {}",
            config.display(),
            file.role
        )));
    }
    Ok(file)
}

fn address(email: &str) -> Result<Email, ConfigError> {
    Email::parse(email).map_err(|e| ConfigError::new(format!("--email: {e}")))
}

async fn reset(config: &Path, email: &str, reason: &str, world: &World) -> Result<(), ConfigError> {
    let (file, email) = (desk_file(config)?, address(email)?);
    if reason.trim().is_empty() {
        return Err(ConfigError::new("--reason: say why, and how the person was identified"));
    }
    let (desk, _) = open(&file, world).await?;
    match office::reset_staff(&desk, &email, reason.trim()).await.map_err(|e| ConfigError::new(e.to_string()))? {
        true => println!("{} is signed out and sets up a new second factor at the next sign-in", email.as_str()),
        false => return Err(ConfigError::new(format!("nobody among the staff has the address {}", email.as_str()))),
    }
    Ok(())
}

async fn add(config: &Path, email: &str, roles: &[String], lang: &str, world: &World) -> Result<(), ConfigError> {
    let (file, email) = (desk_file(config)?, address(email)?);
    let lang = Lang::from_tag(lang).ok_or_else(|| ConfigError::new("--lang is ja or en"))?;
    let known = StaffRole::ALL.map(StaffRole::as_str).join(", ");
    let wanted = roles
        .iter()
        .map(|r| StaffRole::parse(r).ok_or_else(|| ConfigError::new(format!("--role {r}: there are {known}"))))
        .collect::<Result<Vec<_>, _>>()?;
    let (desk, _) = open(&file, world).await?;
    let link = office::add_staff(&desk, &email, &wanted, lang).await.map_err(|e| ConfigError::new(e.to_string()))?;
    let words: Vec<&str> = wanted.iter().map(|r| r.as_str()).collect();
    println!("{link}\n");
    eprintln!("for {}, as {}; it works once, for fourteen days", email.as_str(), words.join(" "));
    Ok(())
}

/// The desk of a configuration file, on its database as it stands.
async fn open(file: &File, world: &World) -> Result<(Desk, Option<Control>), ConfigError> {
    let db = Db::attach(&file.target()?)
        .map_err(|e| ConfigError::new(format!("{e}; `enishi migrate` makes the database")))?;
    let master = master_key(&file.key_file)?;
    let sealer = Sealer::new(&master, world.rng.clone()).map_err(|e| ConfigError::new(e.to_string()))?;
    let outbound = crate::roles::outbound(file)?;
    crate::roles_desk::open(file, db, sealer, outbound, world.clock.clone(), world.rng.clone()).await
}

/// Whether each portal takes the instructions of this desk: it is asked a question that changes nothing.
pub async fn known_at_portals(file: &File, world: &World) -> Vec<(&'static str, Result<String, String>)> {
    let (desk, control) = match open(file, world).await {
        Ok((desk, Some(control))) => (desk, control),
        Ok((_, None)) => {
            let words = "no portals are configured: decisions wait ([desk.portals.test], [desk.portals.production])";
            return vec![("test and production", Err(words.to_owned()))];
        }
        Err(e) => return vec![("test and production", Err(e.to_string()))],
    };
    let mut out = Vec::new();
    for place in Place::ALL {
        let said = control.ask(&desk, place, "list_delivery_services", json!({})).await;
        out.push((
            place.as_str(),
            said.map(|_| "it takes instructions of this desk".to_owned()).map_err(|trouble| trouble.words),
        ));
    }
    out
}
