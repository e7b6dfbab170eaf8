//! What every handler of the portal shares.

use std::sync::Arc;

use base::outbound::Outbound;
use base::{Clock, Lang, Rng};
use oauth::remote_keys::RemoteKeys;
use provider::{Client, Provider};
use store::{Db, Sealer};
use web::{Fault, Site};

use crate::card::Cards;
use crate::config::Config;
use crate::deliveries::{Delivery, Registry};
use crate::linking::InFlight;
use crate::role;
use crate::tokens::Tokens;

/// The portal. Cheap to clone.
#[derive(Clone)]
pub struct Portal(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) db: Db,
    pub(crate) sealer: Sealer,
    pub(crate) provider: Provider,
    pub(crate) site: Site,
    pub(crate) outbound: Outbound,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) registry: Registry,
    pub(crate) cards: Cards,
    pub(crate) in_flight: InFlight,
    pub(crate) document_tokens: Tokens,
    /// The desk's keys, where there is a desk.
    pub(crate) desk_keys: Option<RemoteKeys>,
}

impl Portal {
    /// Starts a portal: its authorization server, its delivery services. `site` is what its pages share.
    ///
    /// # Errors
    /// The database, or roots that can't be read.
    pub async fn start(
        config: Config,
        db: Db,
        sealer: Sealer,
        outbound: Outbound,
        clock: Clock,
        rng: Rng,
        site: Site,
    ) -> Result<Self, Fault> {
        let seed = Seed::new();
        let provider = Provider::start(
            &db,
            &sealer,
            role::settings(&config),
            Arc::new(role::PortalRole(seed.clone())),
            outbound.clone(),
            clock.clone(),
            rng.clone(),
        )
        .await?;
        let cards = Cards::new(&config)?;
        let key = provider.signing_key().clone();
        let registry = Registry::new(db.clone(), clock.clone(), rng.clone(), outbound.clone(), key);
        let desk_keys = config.desk.as_ref().map(|d| RemoteKeys::new(d.jwks_uri.clone()));
        let portal = Self(Arc::new(Inner {
            config,
            db,
            sealer,
            provider,
            site,
            outbound,
            clock,
            rng,
            registry,
            cards,
            in_flight: InFlight::default(),
            document_tokens: Tokens::default(),
            desk_keys,
        }));
        seed.grow(&portal);
        portal.seed_deliveries().await?;
        Ok(portal)
    }

    /// The operator's settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Seals columns and makes blind indexes.
    pub fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    /// The authorization server.
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// What the pages share.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// Outbound HTTP.
    pub fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The source of randomness.
    pub fn rng(&self) -> &Rng {
        &self.0.rng
    }

    /// What this process is working on at other parties right now.
    pub fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }

    /// The portal's own tokens for documents at the delivery services.
    pub fn document_tokens(&self) -> &Tokens {
        &self.0.document_tokens
    }

    /// Whether the sandbox exists here.
    pub fn has_sandbox(&self) -> bool {
        self.config().environment == web::Environment::Test
    }

    /// Every delivery service of the registry, at most a second old.
    ///
    /// # Errors
    /// The database.
    pub async fn deliveries(&self) -> store::Result<Arc<Vec<Arc<Delivery>>>> {
        self.0.registry.all().await
    }

    /// One delivery service.
    ///
    /// # Errors
    /// The database.
    pub async fn delivery(&self, id: &str) -> store::Result<Option<Arc<Delivery>>> {
        Ok(crate::deliveries::find(&self.deliveries().await?, id).cloned())
    }

    /// Forgets what is remembered of the registry: call it after changing it.
    pub fn registry_changed(&self) {
        self.0.registry.forget();
    }

    /// The delivery services that a client may ask for: those of its approval that are active.
    ///
    /// # Errors
    /// The database.
    pub async fn approved_deliveries(&self, client: &Client) -> store::Result<Vec<Arc<Delivery>>> {
        let may = |d: &&Arc<Delivery>| d.active && client.terms.approves_service(d.id());
        Ok(self.deliveries().await?.iter().filter(may).cloned().collect())
    }

    /// The name of a delivery service for a reader; its id when the registry has lost it.
    ///
    /// # Errors
    /// The database.
    pub async fn delivery_name(&self, id: &str, lang: Lang) -> store::Result<String> {
        Ok(self.delivery(id).await?.map_or_else(|| id.to_owned(), |d| d.name(lang).to_owned()))
    }
}

/// What the authorization server's role needs before the server itself is there.
#[derive(Clone)]
pub(crate) struct Seed(pub(crate) Arc<std::sync::OnceLock<std::sync::Weak<Inner>>>);

impl Seed {
    pub(crate) fn new() -> Self {
        Self(Arc::new(std::sync::OnceLock::new()))
    }

    /// Ties the knot: the role now knows its portal.
    pub(crate) fn grow(&self, portal: &Portal) {
        let _ = self.0.set(Arc::downgrade(&portal.0));
    }

    pub(crate) async fn deliveries(&self) -> store::Result<Arc<Vec<Arc<Delivery>>>> {
        match self.0.get().and_then(std::sync::Weak::upgrade) {
            Some(inner) => inner.registry.all().await,
            None => Err(store::Error::Unavailable("the portal is starting or stopping".to_owned())),
        }
    }
}

impl std::fmt::Debug for Portal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Portal({})", self.0.config.origin)
    }
}
