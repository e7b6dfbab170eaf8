//! Clients as the endpoints see them: parsed once, never older than a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Timestamp, outbound::Outbound};
use jose::{Alg, KeySet};
use oauth::registry::Terms;
use oauth::remote_keys::RemoteKeys;
use oauth::{Keys, OAuthError, RegisteredClient};
use parking_lot::Mutex;
use store::Db;

use crate::store::clients::{self, ClientRow};

/// How old what we know of a client's status may be: a suspension is in force everywhere this fast.
pub const FRESH: Duration = Duration::from_secs(1);
/// Whether a client may act, as it was set; what it is at a given moment says [`Client::status`].
pub use oauth::registry::ClientStatus as Status;

/// A client ready for use.
pub struct Client {
    /// What it registered.
    pub registered: RegisteredClient,
    /// Its status as it was set.
    pub set: Status,
    /// What was approved and what is planned.
    pub terms: Terms,
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

    /// Its status at `now`: a change that was planned needs nobody to take effect.
    pub fn status(&self, now: Timestamp) -> Status {
        self.terms.status(self.set, now)
    }

    /// `unauthorized_client` with `outcome=client_suspended` unless it may act, be it for its testers only.
    pub fn must_be_active(&self, now: Timestamp) -> Result<(), OAuthError> {
        match self.status(now) {
            Status::Active | Status::ProductionVerification => Ok(()),
            Status::Suspended => Err(suspended("this client is suspended; ask the desk that admitted it")),
            Status::Terminated => Err(suspended("the use of this client has ended; ask the desk that admitted it")),
        }
    }

    /// As [`Client::must_be_active`], for a person: `tester` is who they are among the client's testers,
    /// if anybody.
    pub fn must_serve(&self, tester: Option<&str>, now: Timestamp) -> Result<(), OAuthError> {
        self.must_be_active(now)?;
        if self.terms.serves(self.set, tester, now) {
            return Ok(());
        }
        Err(suspended("this client is in production verification: it is open to its named testers only"))
    }
}

fn suspended(why: &str) -> OAuthError {
    OAuthError::new(oauth::ErrorCode::UnauthorizedClient, why).with("outcome", "client_suspended")
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({}, {})", self.id(), self.set.as_str())
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
    let terms = row.terms()?;
    Ok(Client { registered, set: status, terms, keys })
}

/// Algorithms that ID Tokens are signed with here.
pub const ID_TOKEN_ALGS: &[Alg] = &[Alg::Es256];
