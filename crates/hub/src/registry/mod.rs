//! The registry: clients, delivery services, maintenance windows.
//!
//! Here: as a person changes it on the command line, which works beside the running role on the same database;
//! every node takes notice within a second. The desk's way is the registry API ([`endpoint`],
//! docs/registry.md). What a running portal does to itself goes by [`crate::Portal::put_delivery`] and its
//! neighbours.

mod clients;
pub mod endpoint;
mod services;
mod verdict;

use base::{Clock, Rng, Timestamp};
use oauth::registry::{Scheduled, plain_id};
use oauth::{ClientKind, ClientMetadata, OAuthError, RegisteredClient};
use provider::store::clients as stored;
use provider::{Status, Terms};
use store::Db;

use crate::config::DeliveryConfig;
use crate::role;
use crate::store::admissions::{self, AdmissionRow};
use crate::store::deliveries::{self, WindowRow};
use crate::store::registry;

/// Why the registry was not changed, in words for the person at the command line.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The metadata is not that of a client.
    #[error("{}", .0.description)]
    Metadata(OAuthError),
    /// The id is taken.
    #[error("the client id {0} is taken")]
    Taken(String),
    /// The id can't be one.
    #[error("a client id has to be 1 to 64 of letters, digits, '-', '_' and '.'")]
    Id,
    /// There is none of that id.
    #[error("there is no {0} with the id {1}")]
    Missing(&'static str, String),
    /// The window ends before it begins, or is over.
    #[error("{0}")]
    Window(&'static str),
}

/// A delivery service with its status and windows, for a list.
#[derive(Clone, Debug)]
pub struct ListedDelivery {
    /// What the registry says.
    pub config: DeliveryConfig,
    /// Whether it may be used.
    pub active: bool,
    /// Its windows that are not over.
    pub windows: Vec<WindowRow>,
}

/// Registers a client from its metadata (RFC 7591, JSON) under `id`, or under a new one.
///
/// # Errors
/// [`RegistryError`]: the metadata, naming the member; an id that is taken.
pub async fn add_client(
    db: &Db,
    clock: &Clock,
    rng: &Rng,
    metadata: &[u8],
    id: Option<String>,
    kind: ClientKind,
) -> Result<RegisteredClient, RegistryError> {
    let metadata = role::with_policy(|p| ClientMetadata::from_json(metadata, p)).map_err(RegistryError::Metadata)?;
    let now = clock.now();
    let client_id = id.unwrap_or_else(|| format!("cl_{}", base::id::ulid(now, rng)));
    // It becomes part of addresses of ours.
    if !plain_id(&client_id) {
        return Err(RegistryError::Id);
    }
    let client = RegisteredClient { client_id, kind, issued_at: now, metadata };
    let json = serde_json::to_string(&client).map_err(|e| store::Error::Refused(e.to_string()))?;
    let key = client.client_id.clone();
    let free = db
        .write(move |tx| {
            if stored::get(tx, &key)?.is_some() {
                return Ok(false);
            }
            stored::put(tx, &key, Status::Active, &Terms::default(), &json, now)?;
            admissions::by_hand(tx, &key, now)?;
            Ok::<_, store::Error>(true)
        })
        .await?;
    if free { Ok(client) } else { Err(RegistryError::Taken(client.client_id)) }
}

/// A client with its status, for a list.
#[derive(Clone, Debug)]
pub struct ListedClient {
    /// What it registered.
    pub client: RegisteredClient,
    /// Its status now.
    pub status: Status,
    /// What is planned next.
    pub next: Option<Scheduled>,
    /// `desk`, `command_line` or `registration`: who decided last.
    pub source: &'static str,
    /// The desk's revision; 0 without one.
    pub revision: u64,
}

/// Every client with its status.
///
/// # Errors
/// The database.
pub async fn clients(db: &Db, clock: &Clock) -> Result<Vec<ListedClient>, RegistryError> {
    let now = clock.now();
    let list = db.read(move |tx| {
        let mut list = Vec::new();
        for row in stored::list(tx)? {
            let admission = admissions::get(tx, &row.id)?;
            let client = serde_json::from_str(&row.metadata)
                .map_err(|e| store::Error::inconsistent("oauth_clients.metadata", e))?;
            let (set, terms) = (status(&row)?, row.terms()?);
            list.push(ListedClient {
                client,
                status: terms.status(set, now),
                next: terms.next(set, now),
                source: source(admission.as_ref()),
                revision: admission.map_or(0, |a| a.revision),
            });
        }
        Ok::<_, store::Error>(list)
    });
    Ok(list.await?)
}

fn status(row: &stored::ClientRow) -> store::Result<Status> {
    Status::parse(&row.status).ok_or_else(|| store::Error::inconsistent("oauth_clients.status", "not a status"))
}

/// Who decided last on a client.
fn source(admission: Option<&AdmissionRow>) -> &'static str {
    match admission {
        None => "registration",
        Some(a) if a.is_desks() => "desk",
        Some(_) => "command_line",
    }
}

/// Suspends, resumes or ends a client and gives up what was planned for it: pushed requests, tokens and
/// fetches follow within a second; runs under way return their citizens. The desk sees that it was not the
/// desk's doing. Gives the status that counts now: after the end of a test period that is `suspended`
/// whatever is set.
///
/// # Errors
/// [`RegistryError::Missing`], the database.
pub async fn set_client_status(db: &Db, clock: &Clock, id: &str, status: Status) -> Result<Status, RegistryError> {
    let (key, now) = (id.to_owned(), clock.now());
    let found = db.write(move |tx| {
        if !provider::set_status(tx, &key, status, now)? {
            return Ok(None);
        }
        admissions::by_hand(tx, &key, now)?;
        let row = stored::get(tx, &key)?;
        row.map(|row| row.terms().map(|terms| terms.status(status, now))).transpose()
    });
    let found: Option<Status> = found.await?;
    found.ok_or_else(|| RegistryError::Missing("client", id.to_owned()))
}

/// Every delivery service.
///
/// # Errors
/// The database.
pub async fn deliveries(db: &Db, clock: &Clock) -> Result<Vec<ListedDelivery>, RegistryError> {
    let now = clock.now();
    let (rows, windows) =
        db.read(move |tx| Ok::<_, store::Error>((deliveries::list(tx)?, deliveries::windows(tx, now)?))).await?;
    rows.into_iter()
        .map(|row| {
            let config =
                serde_json::from_str(&row.config).map_err(|e| store::Error::inconsistent("deliveries.config", e))?;
            Ok(ListedDelivery {
                config,
                active: row.status == "active",
                windows: windows.iter().filter(|w| w.delivery_id == row.id).cloned().collect(),
            })
        })
        .collect()
}

/// Suspends or resumes a delivery service: no new links and no documents while it is suspended; links stay.
///
/// # Errors
/// [`RegistryError::Missing`], the database.
pub async fn set_delivery_active(db: &Db, clock: &Clock, id: &str, active: bool) -> Result<(), RegistryError> {
    let (key, now) = (id.to_owned(), clock.now());
    let status = if active { "active" } else { "suspended" };
    let found = db.write(move |tx| registry::set_delivery_status(tx, &key, status, now)).await?;
    if found { Ok(()) } else { Err(RegistryError::Missing("delivery service", id.to_owned())) }
}

/// A maintenance window to be announced.
#[derive(Clone, Debug)]
pub struct NewWindow {
    /// Whose.
    pub delivery_id: String,
    /// From.
    pub starts_at: Timestamp,
    /// To.
    pub ends_at: Timestamp,
    /// A remark in Japanese.
    pub note_ja: Option<String>,
    /// A remark in English.
    pub note_en: Option<String>,
}

/// Announces a maintenance window. Gives its id.
///
/// # Errors
/// [`RegistryError::Window`], [`RegistryError::Missing`], the database.
pub async fn add_maintenance(db: &Db, clock: &Clock, rng: &Rng, window: NewWindow) -> Result<WindowRow, RegistryError> {
    let now = clock.now();
    if window.ends_at <= window.starts_at {
        return Err(RegistryError::Window("the window ends before it begins"));
    }
    if window.ends_at <= now {
        return Err(RegistryError::Window("the window is over already"));
    }
    let row = WindowRow {
        id: format!("mnt_{}", base::id::ulid(now, rng)),
        delivery_id: window.delivery_id,
        starts_at: window.starts_at,
        ends_at: window.ends_at,
        note_ja: window.note_ja,
        note_en: window.note_en,
    };
    let stored = row.clone();
    let known = db
        .write(move |tx| {
            let known = deliveries::list(tx)?.iter().any(|d| d.id == stored.delivery_id);
            if known {
                deliveries::put_window(tx, &stored, now)?;
            }
            Ok::<_, store::Error>(known)
        })
        .await?;
    if known { Ok(row) } else { Err(RegistryError::Missing("delivery service", row.delivery_id)) }
}

/// The windows that are not over, the next one first.
///
/// # Errors
/// The database.
pub async fn maintenance(db: &Db, clock: &Clock) -> Result<Vec<WindowRow>, RegistryError> {
    let now = clock.now();
    Ok(db.read(move |tx| deliveries::windows(tx, now)).await?)
}

/// Withdraws a window.
///
/// # Errors
/// [`RegistryError::Missing`], the database.
pub async fn drop_maintenance(db: &Db, clock: &Clock, id: &str) -> Result<(), RegistryError> {
    let (key, now) = (id.to_owned(), clock.now());
    let found = db.write(move |tx| deliveries::drop_window(tx, &key, now)).await?;
    if found { Ok(()) } else { Err(RegistryError::Missing("maintenance window", id.to_owned())) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base::FakeClock;
    use store::testing::{TestDb, engines};

    use super::*;

    #[tokio::test]
    async fn clients_and_windows_come_and_go() {
        let time = FakeClock::at(Timestamp::from_secs(1_800_000_000));
        let (clock, rng) = (time.clock(), Rng::seeded(1));
        let metadata = serde_json::json!({
            "client_name": "Tax", "redirect_uris": ["https://tax.example/cb"], "jwks_uri": "https://tax.example/jwks",
        })
        .to_string();
        for engine in engines() {
            let test = TestDb::new(engine);
            let db = test.open(crate::SCHEMA);
            let add =
                |id: &str| add_client(&db, &clock, &rng, metadata.as_bytes(), Some(id.to_owned()), ClientKind::ApiUser);
            assert_eq!(add("tax").await.unwrap().client_id, "tax");
            assert!(matches!(add("tax").await, Err(RegistryError::Taken(_))));
            assert!(matches!(add("a/b").await, Err(RegistryError::Id)));
            let broken = add_client(&db, &clock, &rng, b"{}", None, ClientKind::ApiUser).await.unwrap_err();
            assert!(broken.to_string().contains("jwks"), "{broken}");
            set_client_status(&db, &clock, "tax", Status::Suspended).await.unwrap();
            let list = clients(&db, &clock).await.unwrap();
            assert_eq!((list.len(), list[0].status, list[0].source), (1, Status::Suspended, "command_line"));
            assert!(matches!(
                set_client_status(&db, &clock, "other", Status::Active).await,
                Err(RegistryError::Missing("client", _))
            ));

            let now = clock.now();
            let window = |id: &str, from: u64, to: u64| NewWindow {
                delivery_id: id.to_owned(),
                starts_at: now.plus(Duration::from_secs(from)),
                ends_at: now.plus(Duration::from_secs(to)),
                note_ja: None,
                note_en: Some("new disks".to_owned()),
            };
            assert!(matches!(
                add_maintenance(&db, &clock, &rng, window("post", 10, 20)).await,
                Err(RegistryError::Missing(..))
            ));
            let row = deliveries::DeliveryRow {
                id: "post".into(),
                config: serde_json::json!({
                    "id": "post", "name": {"ja": "郵便", "en": "Post"}, "operator": {"ja": "会社", "en": "Company"},
                    "issuer": "https://post.example", "client_id": "portal",
                })
                .to_string(),
                status: "active".into(),
            };
            db.write(move |tx| deliveries::put(tx, &row, now)).await.unwrap();
            assert!(matches!(
                add_maintenance(&db, &clock, &rng, window("post", 20, 20)).await,
                Err(RegistryError::Window(_))
            ));
            let added = add_maintenance(&db, &clock, &rng, window("post", 10, 20)).await.unwrap();
            assert_eq!(maintenance(&db, &clock).await.unwrap(), std::slice::from_ref(&added));
            set_delivery_active(&db, &clock, "post", false).await.unwrap();
            let listed = deliveries(&db, &clock).await.unwrap();
            assert!(!listed[0].active && listed[0].windows.len() == 1);
            drop_maintenance(&db, &clock, &added.id).await.unwrap();
            assert!(matches!(drop_maintenance(&db, &clock, &added.id).await, Err(RegistryError::Missing(..))));
            assert!(maintenance(&db, &clock).await.unwrap().is_empty());
        }
    }
}
