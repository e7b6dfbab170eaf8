//! `enishi client`: the clients of a portal or a delivery service, changed beside the running role. The
//! role takes notice within a second.

use std::path::PathBuf;

use clap::Subcommand;
use oauth::client::RegistrationPolicy;
use oauth::{ClientKind, ClientMetadata, RegisteredClient, Scope};
use provider::Status;
use provider::store::clients;
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
    /// List the clients with their status.
    List,
    /// Refuse its requests, tokens and calls from now on; running journeys return their citizens.
    Suspend {
        /// Client id.
        id: String,
    },
    /// Let it act again.
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
    let failed = |e: store::Error| ConfigError::new(e.to_string());
    let db = Db::attach(&file.target()?).map_err(failed)?;
    let now = world.clock.now();
    let set = async |id: String, status: Status| {
        let key = id.clone();
        let found = db.write(move |tx| clients::set_status(tx, &key, status.as_str(), now)).await.map_err(failed)?;
        if !found {
            return Err(ConfigError::new(format!("there is no client {id}; `enishi client list` shows all")));
        }
        println!("{id} is {} (in force everywhere within a second)", status.as_str());
        Ok(())
    };
    match options.action {
        Action::Suspend { id } => set(id, Status::Suspended).await,
        Action::Resume { id } => set(id, Status::Active).await,
        Action::Terminate { id } => set(id, Status::Terminated).await,
        Action::List => {
            let rows = db.read(clients::list).await.map_err(failed)?;
            for row in &rows {
                let client: RegisteredClient = serde_json::from_str(&row.metadata)
                    .map_err(|e| ConfigError::new(format!("the client {} can't be read: {e}", row.id)))?;
                println!("{}\t{}\t{}", row.id, row.status, client.metadata.name.ja);
            }
            if rows.is_empty() {
                eprintln!("no clients yet; `enishi client add` registers one");
            }
            Ok(())
        }
        Action::Add { metadata, id } => {
            let client = read(&metadata, id, world)?;
            let json = serde_json::to_string(&client).map_err(|e| ConfigError::new(e.to_string()))?;
            let key = client.client_id.clone();
            let there = db.read(move |tx| clients::get(tx, &key)).await.map_err(failed)?;
            if there.is_some() {
                return Err(ConfigError::new(format!("the client id {} is taken", client.client_id)));
            }
            let key = client.client_id.clone();
            db.write(move |tx| clients::put(tx, &key, Status::Active.as_str(), &json, now)).await.map_err(failed)?;
            println!("{}", client.response());
            Ok(())
        }
    }
}

fn read(path: &PathBuf, id: Option<String>, world: &World) -> Result<RegisteredClient, ConfigError> {
    let body = if path.as_os_str() == "-" {
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut body).map(|_| body)
    } else {
        std::fs::read(path)
    }
    .map_err(|e| ConfigError::new(format!("{} can't be read: {e}", path.display())))?;
    let policy = RegistrationPolicy {
        grant_types: portal::role::GRANT_TYPES,
        scope: &Scope::of(portal::role::scopes::ALL),
        authorization_details_types: portal::role::DETAILS,
        id_token_algs: provider::ID_TOKEN_ALGS,
    };
    let metadata = ClientMetadata::from_json(&body, &policy)
        .map_err(|e| ConfigError::new(format!("{}: {}", path.display(), e.description)))?;
    let now = world.clock.now();
    let client_id = id.unwrap_or_else(|| format!("cl_{}", base::id::ulid(now, &world.rng)));
    if client_id.is_empty() || client_id.len() > 255 || !client_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ConfigError::new("--id has to be 1 to 255 printable ASCII characters"));
    }
    Ok(RegisteredClient { client_id, kind: ClientKind::ApiUser, issued_at: now, metadata })
}
