//! `enishi card plug`: the card of a test person, with the key and certificate that the test authority of a `testcard`
//! role gave it, in the virtual reader of vsmartcard.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use card::soft::{AuthPart, Generation, Image, Memory, SoftCard};
use card::vpcd;
use pki::Person;
use pki::people::{self, PEOPLE};
use store::Db;

use crate::config::{ConfigError, File, Role, master_key};
use crate::roles::{TestcardTable, World};
use crate::run::interrupted;

/// How long after the reader went away it is looked for again.
const AGAIN: Duration = Duration::from_millis(500);

/// Options of `enishi card plug`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Options {
    /// The test person (hanako, ichiro …).
    person: String,
    /// The configuration file (TOML) of the role that issues test cards. Default: the demo's.
    #[arg(long, default_value = "data/testcard.toml")]
    config: PathBuf,
    /// The person's card of the next generation (ECDSA P-384), which no program but this knows.
    #[arg(long)]
    next: bool,
    /// As it was handed out: forget tries that were used and PINs that were changed.
    #[arg(long)]
    fresh: bool,
    /// Where the virtual reader listens.
    #[arg(long, default_value_t = format!("127.0.0.1:{}", vpcd::PORT))]
    reader: String,
    /// Write what is said between programs and card into this file; without PINs and without what is read.
    #[arg(long)]
    trace: Option<PathBuf>,
}

pub(super) async fn run(options: Options, world: &World) -> Result<(), ConfigError> {
    let person = people::find(&options.person).ok_or_else(|| {
        let names: Vec<&str> = PEOPLE.iter().map(|p| p.id).collect();
        ConfigError::new(format!("{} is none of the test people: {}", options.person, names.join(", ")))
    })?;
    let (image, path) = image(&options, person, world).await?;
    let card = SoftCard::new(image, Memory::File(path), world.rng.clone()).map_err(words)?;
    let log = options.trace.as_deref().map(open_trace).transpose()?;
    let slot: Arc<Slot> = Arc::default();
    let (reader, inside) = (options.reader.clone(), slot.clone());
    let served = tokio::task::spawn_blocking(move || serve(&reader, card, &inside, log, person));
    tokio::select! {
        served = served => served.map_err(words)?,
        () = interrupted() => {
            slot.take_out();
            Ok(())
        }
    }
}

/// The connection to the reader, while there is one, and whether it is over.
#[derive(Default)]
struct Slot {
    connection: Mutex<Option<TcpStream>>,
    over: AtomicBool,
}

impl Slot {
    /// Takes the card out: the reader sees the end of the connection.
    fn take_out(&self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(connection) = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    fn put_in(&self, connection: TcpStream) {
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }

    fn over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

/// The card's file, made at first use, and again when the authority has issued another certificate.
async fn image(options: &Options, person: &'static Person, world: &World) -> Result<(Image, PathBuf), ConfigError> {
    let file = File::read(&options.config)?;
    if file.role != Role::Testcard {
        let config = options.config.display();
        return Err(ConfigError::new(format!("{config} is for the role {}, not for test cards", file.role)));
    }
    let table: TestcardTable = file.own()?;
    let hierarchy = if table.demonstration { testcard::Hierarchy::Demonstration } else { testcard::Hierarchy::Test };
    let db = Db::attach(&file.target()?).map_err(words)?;
    let (clock, rng) = (world.clock.clone(), world.rng.clone());
    let cards = testcard::cards(db, &master_key(&file.key_file)?, hierarchy, clock, rng).map_err(words)?;
    let exported = cards.export(person, options.next).await.map_err(words)?;

    let folder = options.config.parent().unwrap_or(Path::new("")).join("cards");
    std::fs::create_dir_all(&folder)
        .map_err(|e| ConfigError::new(format!("{} can't be made: {e}", folder.display())))?;
    let (generation, ending) =
        if options.next { (Generation::Next, "next.card") } else { (Generation::Current, "card") };
    let path = folder.join(format!("{}.{ending}", person.id));
    let kept = Image::read(&path).map_err(words)?.filter(|i| !options.fresh && i.certificate() == exported.certificate);
    let image = match kept {
        Some(image) => image,
        None => {
            let auth = AuthPart { key: exported.key, certificate: exported.certificate, authority: exported.authority };
            let (now, rng) = (world.clock.now(), world.rng.clone());
            let made = tokio::task::spawn_blocking(move || Image::issue(person, generation, auth, now, &rng));
            let image = made.await.map_err(words)?.map_err(words)?;
            image.write(&path).map_err(words)?;
            image
        }
    };
    Ok((image, path))
}

fn serve(
    reader: &str,
    mut card: SoftCard,
    slot: &Slot,
    mut log: Option<std::fs::File>,
    person: &Person,
) -> Result<(), ConfigError> {
    let mut first = true;
    while !slot.over() {
        match TcpStream::connect(reader) {
            Ok(stream) => {
                // Answers are small: they shall not wait for more.
                stream.set_nodelay(true).map_err(words)?;
                slot.put_in(stream.try_clone().map_err(words)?);
                println!("the card of {} ({}) is in the virtual reader at {reader}", person.name, person.id);
                if first {
                    println!(
                        "PIN {}, password for signing {}; Ctrl-C takes it out",
                        person.pin,
                        person.sign_password()
                    );
                }
                first = false;
                let served = vpcd::serve(stream, &mut card, |line| {
                    if let Some(log) = &mut log {
                        // A full disk is no reason to take the card out.
                        let _ = writeln!(log, "{line}");
                    }
                });
                if served.is_err() {
                    card.power_off();
                }
                if slot.over() {
                    break;
                }
                println!("the reader went away; waiting for it");
            }
            Err(e) if first => {
                return Err(ConfigError::new(format!(
                    "there is no virtual reader at {reader} ({e}); on Debian: apt-get install pcscd vsmartcard-vpcd, then start pcscd"
                )));
            }
            Err(_) => {}
        }
        std::thread::sleep(AGAIN);
    }
    Ok(())
}

fn open_trace(path: &Path) -> Result<std::fs::File, ConfigError> {
    std::fs::File::create(path).map_err(|e| ConfigError::new(format!("{} can't be written: {e}", path.display())))
}

fn words(e: impl std::fmt::Display) -> ConfigError {
    ConfigError::new(e.to_string())
}
