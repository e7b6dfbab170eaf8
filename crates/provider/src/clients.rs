//! Clients as the endpoints see them: parsed once, never older than a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Timestamp, outbound::Outbound};
use jose::{Alg, KeySet};
use oauth::remote_keys::RemoteKeys;
use oauth::{Keys, OAuthError, RegisteredClient};
use parking_lot::Mutex;
use store::Db;

use crate::store::clients::{self, ClientRow};

/// How old what we know of a client's status may be: a suspension is in force everywhere this fast.
pub const FRESH: Duration = Duration::from_secs(1);
/// Whether a client may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It may.
    Active,
    /// Not for now: new requests, tokens and fetches are refused, running journeys return their citizens.
    Suspended,
    /// Never again.
    Terminated,
}

impl Status {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
        }
    }

    /// From storage or the command line.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended, Self::Terminated].into_iter().find(|s| s.as_str() == text)
    }
}

/// A client ready for use.
pub struct Client {
    /// What it registered.
    pub registered: RegisteredClient,
    /// Whether it may act.
    pub status: Status,
    keys: KeySource,
}

enum KeySource {
    Given(KeySet),
    Address(RemoteKeys),
}

impl Client {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.registered.client_id
    }

    /// `unauthorized_client` with `outcome=client_suspended` unless it may act.
    pub fn must_be_active(&self) -> Result<(), OAuthError> {
        match self.status {
            Status::Active => Ok(()),
            Status::Suspended => Err(OAuthError::new(
                oauth::ErrorCode::UnauthorizedClient,
                "this client is suspended; ask the desk that admitted it",
            )
            .with("outcome", "client_suspended")),
            Status::Terminated => Err(OAuthError::new(
                oauth::ErrorCode::UnauthorizedClient,
                "the use of this client has ended; ask the desk that admitted it",
            )
            .with("outcome", "client_suspended")),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({}, {})", self.id(), self.status.as_str())
    }
}

/// The clients of a server.
pub(crate) struct Clients {
    db: Db,
    clock: Clock,
    outbound: Outbound,
    cache: Mutex<HashMap<String, Cached>>,
}

struct Cached {
    client: Arc<Client>,
    version: Timestamp,
    checked: Timestamp,
}

/// More clients than any portal admits; past it the memory starts anew.
const CACHE_LIMIT: usize = 10_000;

impl Clients {
    pub(crate) fn new(db: Db, clock: Clock, outbound: Outbound) -> Self {
        Self { db, clock, outbound, cache: Mutex::default() }
    }

    /// A client, as it was at most [`FRESH`] ago.
    pub(crate) async fn get(&self, id: &str) -> store::Result<Option<Arc<Client>>> {
        let now = self.clock.now();
        let known = {
            let cache = self.cache.lock();
            match cache.get(id) {
                // A clock that jumped back must not keep a stale entry alive.
                Some(c) if now.since(c.checked) < FRESH && c.checked <= now => return Ok(Some(c.client.clone())),
                Some(c) => Some((c.client.clone(), c.version)),
                None => None,
            }
        };
        let id_owned = id.to_owned();
        let row = self.db.read(move |tx| clients::get(tx, &id_owned)).await?;
        let Some(row) = row else {
            self.cache.lock().remove(id);
            return Ok(None);
        };
        let version = row.updated_at;
        let client = match known {
            Some((client, v)) if v == version => client,
            _ => Arc::new(parse(&row)?),
        };
        let mut cache = self.cache.lock();
        if cache.len() >= CACHE_LIMIT {
            cache.clear();
        }
        cache.insert(id.to_owned(), Cached { client: client.clone(), version, checked: now });
        Ok(Some(client))
    }

    /// Forgets what it knows of a client: this node just changed it.
    pub(crate) fn forget(&self, id: &str) {
        self.cache.lock().remove(id);
    }

    /// The keys of a client. A `kid` unknown to a fetched set makes us fetch again, within reason:
    /// that is how a client rotates its keys.
    pub(crate) async fn keys(&self, client: &Client, kid: Option<&str>) -> Result<KeySet, OAuthError> {
        match &client.keys {
            KeySource::Given(keys) => Ok(keys.clone()),
            KeySource::Address(remote) => remote.get(&self.outbound, &self.clock, kid).await.map_err(|e| {
                OAuthError::invalid_client(format!("the keys at the registered jwks_uri can't be used: {e}"))
            }),
        }
    }
}

pub(crate) fn parse(row: &ClientRow) -> store::Result<Client> {
    let registered: RegisteredClient =
        serde_json::from_str(&row.metadata).map_err(|e| store::Error::inconsistent("oauth_clients.metadata", e))?;
    let status =
        Status::parse(&row.status).ok_or_else(|| store::Error::inconsistent("oauth_clients.status", "not a status"))?;
    let keys = match &registered.metadata.keys {
        Keys::Jwks(set) => KeySource::Given(
            KeySet::from_jwks(set).map_err(|e| store::Error::inconsistent("oauth_clients.metadata", e))?,
        ),
        Keys::JwksUri(url) => KeySource::Address(RemoteKeys::new(url.clone())),
    };
    Ok(Client { registered, status, keys })
}

/// Algorithms that ID Tokens are signed with here.
pub const ID_TOKEN_ALGS: &[Alg] = &[Alg::Es256];
