//! Clients as the endpoints see them: parsed once, never older than a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Timestamp, outbound::Outbound};
use jose::{Alg, JwkSet, KeySet};
use oauth::{Keys, OAuthError, RegisteredClient};
use parking_lot::Mutex;
use store::Db;
use url::Url;

use crate::store::clients::{self, ClientRow};

/// How old what we know of a client's status may be: a suspension is in force everywhere this fast.
pub const FRESH: Duration = Duration::from_secs(1);
/// How long a fetched key set serves without asking again.
const KEYS_FRESH: Duration = Duration::from_secs(300);
/// Not more often than this is an address asked again because of an unknown key id.
const KEYS_PAUSE: Duration = Duration::from_secs(10);

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
    Address(Url, Mutex<Option<Fetched>>),
}

#[derive(Clone)]
struct Fetched {
    keys: KeySet,
    at: Timestamp,
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

    /// The keys of a client. `kid` unknown to a fetched set makes us fetch again, within reason: that
    /// is how a client rotates its keys.
    pub(crate) async fn keys(&self, client: &Client, kid: Option<&str>) -> Result<KeySet, OAuthError> {
        let (url, slot) = match &client.keys {
            KeySource::Given(keys) => return Ok(keys.clone()),
            KeySource::Address(url, slot) => (url, slot),
        };
        let now = self.clock.now();
        let known = slot.lock().clone();
        if let Some(f) = &known {
            let age = now.since(f.at);
            let has = kid.is_none_or(|k| f.keys.has_kid(k));
            if (has && age < KEYS_FRESH) || (!has && age < KEYS_PAUSE) {
                return Ok(f.keys.clone());
            }
        }
        match fetch_keys(&self.outbound, url).await {
            Ok(keys) => {
                *slot.lock() = Some(Fetched { keys: keys.clone(), at: now });
                Ok(keys)
            }
            // A client whose key address is down for a moment still works with what we know.
            Err(why) => match known {
                Some(f) if kid.is_none_or(|k| f.keys.has_kid(k)) => Ok(f.keys),
                _ => {
                    Err(OAuthError::invalid_client(format!("the keys at the registered jwks_uri can't be used: {why}")))
                }
            },
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
        Keys::JwksUri(url) => KeySource::Address(url.clone(), Mutex::new(None)),
    };
    Ok(Client { registered, status, keys })
}

/// Fetches a key set; the reason of a failure in words for the client's developer.
async fn fetch_keys(outbound: &Outbound, url: &Url) -> Result<KeySet, String> {
    let request = http::Request::get(url.as_str())
        .header(http::header::ACCEPT, "application/jwk-set+json, application/json")
        .body(bytes::Bytes::new())
        .map_err(|e| e.to_string())?;
    let response = outbound.send(request).await.map_err(|e| e.to_string())?;
    if response.status() != http::StatusCode::OK {
        return Err(format!("it answered {}", response.status()));
    }
    let set = JwkSet::from_json(response.body()).map_err(|e| e.to_string())?;
    KeySet::from_jwks(&set).map_err(|e| e.to_string())
}

/// Algorithms that ID Tokens are signed with here.
pub(crate) const ID_TOKEN_ALGS: &[Alg] = &[Alg::Es256];
