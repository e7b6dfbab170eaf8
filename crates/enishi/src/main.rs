//! `enishi`: the binary of every role.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its terminal")]

mod bench;
mod card_commands;
mod client;
mod config;
mod delivery_services;
mod demo;
mod desk_admin;
mod doctor;
mod log;
mod roles;
mod roles_delivery;
mod roles_desk;
mod run;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;

use base::{Clock, Rng};
use clap::{Parser, Subcommand};

use crate::config::{ConfigError, File, make_master_key};
use crate::roles::World;

/// Pages and JSON are many small short-lived pieces; the system's allocator takes a tenth of a run for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 縁: attribute linkage between a citizen's portal and private delivery services.
#[derive(Parser)]
#[command(name = "enishi", version, about, max_term_width = 100)]
struct Cli {
    /// How to log: for people or as JSON lines. What is logged: RUST_LOG (default: warn; serve: info).
    #[arg(long, value_enum, default_value_t = log::Format::Text, global = true)]
    log: log::Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the whole world on this machine: portal, delivery service, sample API user, test cards.
    Demo(demo::Options),
    /// Run one role from its configuration file.
    Serve {
        /// Which role; has to be the file's.
        #[arg(value_enum)]
        role: config::Role,
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Make the master key if there is none, and bring the database up to date.
    Migrate {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Find what is wrong with a configuration, and say how to mend it.
    Doctor {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Clients of a portal's or delivery service's authorization server.
    Client(client::Options),
    /// Delivery services of a portal, and their maintenance windows.
    Delivery(delivery_services::Options),
    /// The desk's staff.
    Desk(desk_admin::Options),
    /// Cards: put a test person's card into the virtual reader, look at the card in a reader.
    Card(card_commands::Options),
    /// Drive complete runs against a target and print runs/s and latencies.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    log::start(cli.log, matches!(cli.command, Command::Serve { .. }));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("enishi: the runtime can't start: {e}");
            return ExitCode::FAILURE;
        }
    };
    let world = World { clock: Clock::system(), rng: Rng::system() };
    match runtime.block_on(run(cli.command, &world)) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("enishi: {e}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, world: &World) -> Result<ExitCode, ConfigError> {
    match command {
        Command::Demo(options) => demo::run(options, world).await?,
        Command::Serve { role, config } => {
            let file = File::read(&config)?;
            if file.role != role {
                return Err(ConfigError::new(format!(
                    "{} is for the role {}, not {role}",
                    config.display(),
                    file.role
                )));
            }
            run::serve(&file, world).await?;
        }
        Command::Migrate { config } => {
            let file = File::read(&config)?;
            if make_master_key(&file.key_file, &world.rng)? {
                println!(
                    "made the master key {}: keep a copy apart from the database's backups",
                    file.key_file.display()
                );
            }
            roles::open(&file)?;
            println!("the database of {} is up to date", file.role);
        }
        Command::Doctor { config } => return doctor::run(&config, world).await,
        Command::Client(options) => client::run(options, world).await?,
        Command::Delivery(options) => delivery_services::run(options, world).await?,
        Command::Desk(options) => desk_admin::run(options, world).await?,
        Command::Card(options) => card_commands::run(options, world).await?,
        Command::Bench(options) => bench::run(options, world).await?,
    }
    Ok(ExitCode::SUCCESS)
}
