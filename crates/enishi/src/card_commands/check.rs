//! `enishi card check`: is the card in the reader one that this can work with?

use std::io::BufRead as _;
use std::time::Duration;

use card::pcsc::PcscCard;
use card::{AuthPin, Card, Jpki, LastTry};
use pki::{Algorithm, AuthCert, Challenge, Origin, Purpose};

use crate::config::ConfigError;
use crate::roles::World;

/// Nobody's: a signature for it is worth nothing anywhere.
const NOBODY: &str = "https://card-check.invalid";

/// Options of `enishi card check`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Options {
    /// Name of the reader. Default: the first that has a card.
    #[arg(long)]
    reader: Option<String>,
    /// Present the PIN (read from standard input, one line) and have the card sign for nobody.
    #[arg(long)]
    sign: bool,
    /// Use the last try, too.
    #[arg(long)]
    last_try: bool,
}

pub(super) async fn run(options: Options, world: &World) -> Result<(), ConfigError> {
    let world = world.clone();
    // Readers are slow: not on a thread that others wait for.
    tokio::task::spawn_blocking(move || check(&options, &world)).await.map_err(words)?
}

fn check(options: &Options, world: &World) -> Result<(), ConfigError> {
    let mut card = Card::new(PcscCard::connect(options.reader.as_deref()).map_err(words)?);
    let mut jpki = Jpki::select(&mut card).map_err(words)?;
    println!("token: {:?}", jpki.token().map_err(words)?);
    let certificate = AuthCert::parse(&jpki.certificate().map_err(words)?).map_err(words)?;
    println!(
        "key: {}",
        match certificate.algorithm() {
            Some(Algorithm::Rsa2048Sha256) => "RSA-2048",
            Some(Algorithm::EcdsaP384Sha384) => "ECDSA P-384",
            _ => "unknown",
        }
    );
    println!("tries left: {}", jpki.tries_left().map_err(words)?);
    if options.sign {
        eprint!("PIN (4 digits): ");
        let line = zeroize_line()?;
        let pin = AuthPin::new(&line).map_err(words)?;
        let challenge = Challenge {
            origin: Origin::parse(NOBODY).ok_or_else(|| ConfigError::new("no origin"))?,
            nonce: world.rng.bytes(),
            session_hash: world.rng.bytes(),
            expires: world.clock.now().plus(Duration::from_secs(60)),
            purpose: Purpose::SignIn,
        };
        let last = if options.last_try { LastTry::Use } else { LastTry::Keep };
        let signed = jpki.verify(&pin, last).map_err(words)?.sign(&challenge, &world.clock).map_err(words)?;
        if !certificate.verifies(&challenge.signed_bytes(), &signed.signature) {
            return Err(ConfigError::new("the card's signature does not fit its certificate"));
        }
        println!("the card signs");
    }
    card.leave().map_err(words)
}

/// One line of standard input, wiped after use.
fn zeroize_line() -> Result<zeroize::Zeroizing<String>, ConfigError> {
    // Long enough for a PIN: growing would leave copies behind.
    let mut line = zeroize::Zeroizing::new(String::with_capacity(64));
    std::io::stdin().lock().read_line(&mut line).map_err(words)?;
    Ok(line)
}

fn words(e: impl std::fmt::Display) -> ConfigError {
    ConfigError::new(e.to_string())
}
