//! `enishi client`: the clients of a portal or a delivery service, changed beside the running role. The
//! role takes notice within a second.

use std::path::PathBuf;

use clap::Subcommand;
use oauth::ClientKind;
use portal::registry::{self, RegistryError};
use provider::Status;
use store::Db;

use crate::config::{ConfigError, File, Role};
use crate::roles::World;

/// Options of `enishi client`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The role's configuration file (TOML).
    #[arg(long)]
    config: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// Register a client from its metadata (RFC 7591, JSON; `-` reads standard input).
    Add {
        /// The metadata.
        metadata: PathBuf,
        /// Its client id; without it a new one is made.
        #[arg(long)]
        id: Option<String>,
    },
    /// List the clients: id, status (and what is planned next), who decided last, name.
    List,
    /// Refuse its requests, tokens and calls from now on; running journeys return their citizens.
    Suspend {
        /// Client id.
        id: String,
    },
    /// Let it act again. What the desk had planned for it is given up.
    Resume {
        /// Client id.
        id: String,
    },
    /// End it for good.
    Terminate {
        /// Client id.
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
            "clients are registered at a portal; {} is for the role {}",
            options.config.display(),
            file.role
        )));
    }
    let failed = |e: RegistryError| ConfigError::new(e.to_string());
    let db = Db::attach(&file.target()?).map_err(|e| ConfigError::new(e.to_string()))?;
    let set = async |id: String, status: Status| {
        let now = registry::set_client_status(&db, &world.clock, &id, status).await.map_err(failed)?;
        println!("{id} is {} (in force everywhere within a second)", now.as_str());
        if now != status {
            println!("its test period is over; the desk that admitted it can give it a longer one");
        }
        Ok(())
    };
    match options.action {
        Action::Suspend { id } => set(id, Status::Suspended).await,
        Action::Resume { id } => set(id, Status::Active).await,
        Action::Terminate { id } => set(id, Status::Terminated).await,
        Action::List => {
            let clients = registry::clients(&db, &world.clock).await.map_err(failed)?;
            for c in &clients {
                let next =
                    c.next.map_or(String::new(), |n| format!(" ({} from {})", n.status.as_str(), n.at.rfc3339()));
                let (id, name) = (&c.client.client_id, &c.client.metadata.name.ja);
                println!("{id}\t{}{next}\t{}\t{name}", c.status.as_str(), c.source);
            }
            if clients.is_empty() {
                eprintln!("no clients yet; `enishi client add` registers one");
            }
            Ok(())
        }
        Action::Add { metadata, id } => {
            let body = read(&metadata)?;
            let client = registry::add_client(&db, &world.clock, &world.rng, &body, id, ClientKind::ApiUser)
                .await
                .map_err(failed)?;
            println!("{}", client.response());
            Ok(())
        }
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, ConfigError> {
    let body = if path.as_os_str() == "-" {
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut body).map(|_| body)
    } else {
        std::fs::read(path)
    };
    body.map_err(|e| ConfigError::new(format!("{} can't be read: {e}", path.display())))
}
