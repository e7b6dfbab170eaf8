//! The delivery services as the pages and endpoints see them: parsed once, at most a second old.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::outbound::Outbound;
use base::{Clock, Lang, Rng, Secret, Timestamp};
use jose::{KeySet, SigningKey};
use oauth::Scope;
use oauth::fapi;
use oauth::remote_keys::RemoteKeys;
use parking_lot::Mutex;
use store::Db;

use crate::config::DeliveryConfig;
use crate::store::deliveries::{self, DeliveryRow, WindowRow};

/// How old what we know of the registry may be.
const FRESH: Duration = Duration::from_secs(1);
/// A token that ends sooner than this is not begun with.
const TOKEN_MARGIN: Duration = Duration::from_secs(20);

/// The scope of the reconciliation calls (docs/leg-b.md).
const LINKAGES: &str = "linkages";

/// A delivery service, ready for use.
pub struct Delivery {
    /// What the registry says.
    pub config: DeliveryConfig,
    /// Whether it may be used at all.
    pub active: bool,
    /// Its maintenance windows that are not over.
    pub windows: Vec<WindowRow>,
    peer: Arc<Peer>,
}

/// The portal's client at one delivery service, and its token by client credentials.
struct Peer {
    client: fapi::Client,
    /// Keys of the resources, where they stand apart.
    keys: Option<RemoteKeys>,
    token: Mutex<Option<(Secret<String>, Timestamp)>>,
}

impl Delivery {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.config.id
    }

    /// Its name for a reader.
    pub fn name(&self, lang: Lang) -> &str {
        self.config.name.get(lang)
    }

    /// The maintenance window it is in.
    pub fn maintenance(&self, now: Timestamp) -> Option<&WindowRow> {
        self.windows.iter().find(|w| w.starts_at <= now && now < w.ends_at)
    }

    /// The maintenance windows to come.
    pub fn upcoming(&self, now: Timestamp) -> impl Iterator<Item = &WindowRow> {
        self.windows.iter().filter(move |w| now < w.starts_at)
    }

    /// The party under which a citizen's pairwise subject for this service is kept: one value in
    /// linking and in single sign-on.
    pub fn subject_party(&self) -> String {
        subject_party(self.id())
    }

    /// The portal's client there.
    pub fn client(&self) -> &fapi::Client {
        &self.peer.client
    }

    /// A token for the linkage resource by client credentials; the last one while it lives.
    ///
    /// # Errors
    /// What the client says.
    pub async fn linkages_token(&self, now: Timestamp) -> Result<Secret<String>, fapi::ClientError> {
        if let Some((token, until)) = &*self.peer.token.lock()
            && now.plus(TOKEN_MARGIN) < *until
        {
            return Ok(token.clone());
        }
        let tokens = self.peer.client.client_credentials(&Scope::of(&[LINKAGES])).await?;
        let until = tokens.expires_at.unwrap_or(now);
        *self.peer.token.lock() = Some((tokens.access_token.clone(), until));
        Ok(tokens.access_token)
    }

    /// Forgets the token: the service refused it.
    pub fn forget_token(&self) {
        *self.peer.token.lock() = None;
    }

    /// The address of a linkage there (docs/leg-b.md).
    ///
    /// # Errors
    /// When the configured issuer makes no address.
    pub fn linkage_url(&self, linkage_id: &str) -> Result<url::Url, url::ParseError> {
        self.resource(&format!("/linkages/{linkage_id}"))
    }

    /// An address of its resources. `path` starts with `/`.
    ///
    /// # Errors
    /// When the configured issuer makes no address.
    pub fn resource(&self, path: &str) -> Result<url::Url, url::ParseError> {
        let base = self.config.resources.as_ref().map_or(self.config.issuer.as_str(), web::Origin::as_str);
        url::Url::parse(&format!("{base}{path}"))
    }

    /// The keys that its confirmations and events are signed with; fetched anew when `kid` is not among
    /// them.
    ///
    /// # Errors
    /// What the client says.
    pub async fn keys(&self, portal: &crate::Portal, kid: Option<&str>) -> Result<KeySet, fapi::ClientError> {
        match &self.peer.keys {
            Some(keys) => keys.get(portal.outbound(), portal.clock(), kid).await,
            None => self.peer.client.server_keys(kid).await,
        }
    }

    /// Host and port people see: `mail.example.jp`.
    pub fn authority(&self) -> String {
        let origin = url::Url::parse(&self.config.issuer).ok().and_then(|u| web::Origin::of(&u));
        origin.map_or_else(|| self.config.issuer.clone(), |o| o.authority().to_owned())
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delivery({})", self.id())
    }
}

/// The party of a delivery service in `subjects`. Client ids have no colon in front, so the two kinds
/// never meet.
pub fn subject_party(delivery_id: &str) -> String {
    format!("delivery:{delivery_id}")
}

/// When it was read, and what was read.
type Known = (Timestamp, Arc<Vec<Arc<Delivery>>>);

/// The registry in memory.
pub(crate) struct Registry {
    db: Db,
    clock: Clock,
    rng: Rng,
    outbound: Outbound,
    key: SigningKey,
    known: Mutex<Option<Known>>,
    peers: Mutex<HashMap<(String, String, String), Arc<Peer>>>,
}

impl Registry {
    pub(crate) fn new(db: Db, clock: Clock, rng: Rng, outbound: Outbound, key: SigningKey) -> Self {
        Self { db, clock, rng, outbound, key, known: Mutex::new(None), peers: Mutex::default() }
    }

    /// Every delivery service, by id.
    pub(crate) async fn all(&self) -> store::Result<Arc<Vec<Arc<Delivery>>>> {
        let now = self.clock.now();
        if let Some((at, known)) = &*self.known.lock()
            && *at <= now
            && now.since(*at) < FRESH
        {
            return Ok(known.clone());
        }
        let (rows, windows) = self
            .db
            .read(move |tx| Ok::<_, store::Error>((deliveries::list(tx)?, deliveries::windows(tx, now)?)))
            .await?;
        let list = rows.into_iter().map(|row| self.parse(row, &windows)).collect::<store::Result<Vec<_>>>()?;
        let list = Arc::new(list);
        *self.known.lock() = Some((now, list.clone()));
        Ok(list)
    }

    /// Forgets what it knows: this node just changed it.
    pub(crate) fn forget(&self) {
        *self.known.lock() = None;
    }

    fn parse(&self, row: DeliveryRow, windows: &[WindowRow]) -> store::Result<Arc<Delivery>> {
        let config: DeliveryConfig =
            serde_json::from_str(&row.config).map_err(|e| store::Error::inconsistent("deliveries.config", e))?;
        Ok(Arc::new(Delivery {
            active: row.status == "active",
            windows: windows.iter().filter(|w| w.delivery_id == row.id).cloned().collect(),
            peer: self.peer(&config),
            config,
        }))
    }

    /// The client at a service; kept as long as issuer and client id stay, because it remembers keys,
    /// discovery and nonces.
    fn peer(&self, config: &DeliveryConfig) -> Arc<Peer> {
        let resources = config.resources.as_ref().map(ToString::to_string).unwrap_or_default();
        let key = (config.issuer.clone(), config.client_id.clone(), resources);
        let mut peers = self.peers.lock();
        let make = || {
            let keys = config.resources.as_ref().and_then(|o| url::Url::parse(&o.url("/oauth/jwks")).ok());
            let config = fapi::Config {
                issuer: config.issuer.clone(),
                client_id: config.client_id.clone(),
                signing_key: self.key.clone(),
                // The same key proves possession: it is the one key that every node has and that
                // outlives a restart, so a citizen who comes back to another node or after a crash can
                // go on. Assertions and proofs are told apart by `typ`.
                dpop_key: self.key.clone(),
            };
            Arc::new(Peer {
                client: fapi::Client::new(config, self.outbound.clone(), self.clock.clone(), self.rng.clone()),
                keys: keys.map(RemoteKeys::new),
                token: Mutex::new(None),
            })
        };
        peers.entry(key).or_insert_with(make).clone()
    }
}

impl crate::Portal {
    /// Takes over the delivery services of the settings.
    pub(crate) async fn seed_deliveries(&self) -> store::Result<()> {
        let rows = self.config().deliveries.iter().map(|d| row(d, "active")).collect::<store::Result<Vec<_>>>()?;
        let now = self.clock().now();
        self.db().write(move |tx| rows.iter().try_for_each(|row| deliveries::seed(tx, row, now))).await
    }

    /// Adds or replaces a delivery service, at run time.
    ///
    /// # Errors
    /// The database.
    pub async fn put_delivery(&self, config: &DeliveryConfig, active: bool) -> store::Result<()> {
        let row = row(config, if active { "active" } else { "suspended" })?;
        let now = self.clock().now();
        self.db().write(move |tx| deliveries::put(tx, &row, now)).await?;
        self.registry_changed();
        Ok(())
    }

    /// Announces a maintenance window, or changes the one of that id.
    ///
    /// # Errors
    /// The database.
    pub async fn put_maintenance(&self, window: WindowRow) -> store::Result<()> {
        let now = self.clock().now();
        self.db().write(move |tx| deliveries::put_window(tx, &window, now)).await?;
        self.registry_changed();
        Ok(())
    }

    /// Withdraws a maintenance window; `false` when there is none of that id.
    ///
    /// # Errors
    /// The database.
    pub async fn drop_maintenance(&self, id: &str) -> store::Result<bool> {
        let id = id.to_owned();
        let now = self.clock().now();
        let found = self.db().write(move |tx| deliveries::drop_window(tx, &id, now)).await?;
        self.registry_changed();
        Ok(found)
    }
}

fn row(config: &DeliveryConfig, status: &str) -> store::Result<DeliveryRow> {
    let json = serde_json::to_string(config).map_err(|e| store::Error::Refused(e.to_string()))?;
    Ok(DeliveryRow { id: config.id.clone(), config: json, status: status.to_owned() })
}

/// A delivery service among others.
pub fn find<'a>(list: &'a [Arc<Delivery>], id: &str) -> Option<&'a Arc<Delivery>> {
    list.iter().find(|d| d.id() == id)
}
