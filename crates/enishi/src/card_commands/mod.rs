//! `enishi card`: a test person's card in the virtual reader, and what a card in a reader says of itself.

#[cfg(feature = "pcsc")]
mod check;
mod plug;

use clap::Subcommand;

use crate::config::ConfigError;
use crate::roles::World;

/// Options of `enishi card`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// Put a test person's card into vsmartcard's virtual reader, where every program of this machine finds it.
    Plug(plug::Options),
    /// Find a card in a reader; with --sign, present the PIN and have it sign (the PIN is asked for).
    #[cfg(feature = "pcsc")]
    Check(check::Options),
}

/// Does it.
///
/// # Errors
/// In words for the person at the terminal.
pub async fn run(options: Options, world: &World) -> Result<(), ConfigError> {
    match options.action {
        Action::Plug(options) => plug::run(options, world).await,
        #[cfg(feature = "pcsc")]
        Action::Check(options) => check::run(options, world).await,
    }
}
