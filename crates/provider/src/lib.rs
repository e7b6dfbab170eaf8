//! The authorization server that portal and delivery service share.
//!
//! It owns clients, pushed requests, grants with their codes, access tokens and the server's keys,
//! and serves discovery, JWKS, PAR, token, UserInfo and (test environment) registration. What a
//! person sees and decides is the role's: the role finds the pushed request ([`Provider::request`]),
//! shows its pages, and writes a grant in the same transaction as its own decision
//! ([`Provider::issue_code`]). Resources ask [`Provider::access`].
//!
//! **Invariant:** codes, assertions and proofs are used once, also across nodes and restarts; status
//! of client, grant and token is at most a second old at every call. **Boundary:** no pages; SQL in
//! [`store`](crate::store) of this room.

mod clients;
mod endpoints;
mod grant;
mod keys;
mod replay;
mod request;
mod resource;
pub mod store;
mod token;

use std::sync::Arc;
use std::time::Duration;

use ::store::{Db, Engine, Sealer, Tx};
use async_trait::async_trait;
use base::codec::{b64url, sha256_b64url};
use base::outbound::Outbound;
use base::{Clock, Rng};
use jose::{JwkSet, NonceKey, SigningKey};
use oauth::{OAuthError, PushedRequest, RegisteredClient, Scope, ServerMetadata};

pub use clients::{Client, FRESH, ID_TOKEN_ALGS, Status};
pub use endpoints::{ROUTES, SANDBOX_ROUTES};
pub use grant::{Access, AccessGrant, GrantBody, NewGrant};
pub use oauth::registry::Terms;
pub use request::{LoadedRequest, REQUEST_LIFE, RETURN_WINDOW, RequestRefusal};
pub use resource::ResourceRefusal;
pub use store::MIGRATIONS;

use clients::Clients;
use keys::OwnKeys;
use replay::Replay;

/// How long a code may be redeemed (FAPI 2.0 section 5.3.2.1: at most 60 s).
pub const CODE_LIFE: Duration = Duration::from_secs(60);
/// How long an access token lives.
pub const TOKEN_LIFE: Duration = Duration::from_secs(300);
/// How long an ID Token may be presented.
pub const ID_TOKEN_LIFE: Duration = Duration::from_secs(300);

/// What differs between the roles' servers.
pub struct Settings {
    /// The issuer: the role's public origin, without a slash at the end.
    pub issuer: String,
    /// Scopes this server knows.
    pub scope: Scope,
    /// Types of `authorization_details` this server knows.
    pub details: &'static [&'static str],
    /// Grant types.
    pub grant_types: &'static [&'static str],
    /// Whether developers may register clients themselves (RFC 7591): test environment only.
    pub open_registration: bool,
    /// Last touch on the discovery document: `acr_values_supported`, the role's own addresses.
    pub metadata: fn(&mut ServerMetadata),
}

/// What only the role knows.
#[async_trait]
pub trait Role: Send + Sync + 'static {
    /// Judges a pushed request that is good OAuth: delivery services that exist and are approved for
    /// this client, a subject token that holds.
    ///
    /// # Errors
    /// What the client is told.
    async fn check_pushed(&self, client: &Client, request: &PushedRequest) -> Result<(), OAuthError>;
}

/// The authorization server of one role. Cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    rng: Rng,
    settings: Settings,
    role: Arc<dyn Role>,
    keys: OwnKeys,
    jwks: String,
    discovery: String,
    nonces: NonceKey,
    replay: Replay,
    clients: Clients,
    tokens: resource::Cache,
}

impl Provider {
    /// Starts the server: loads or makes its keys.
    ///
    /// # Errors
    /// The database, or keys sealed with another master key.
    pub async fn start(
        db: &Db,
        sealer: &Sealer,
        settings: Settings,
        role: Arc<dyn Role>,
        outbound: Outbound,
        clock: Clock,
        rng: Rng,
    ) -> ::store::Result<Self> {
        let keys = OwnKeys::load(db, sealer, &clock, &rng).await?;
        let nonces = NonceKey::new(match db.engine() {
            // New at each start, which makes this process's memory of proofs a complete one.
            Engine::Sqlite => rng.bytes(),
            Engine::Postgres => keys::shared_secret(db, sealer, "dpop-nonce", &rng).await?,
        });
        let jwks = serde_json::json!({ "keys": keys.published_values() }).to_string();
        let discovery = endpoints::discovery(&settings).to_string();
        Ok(Self(Arc::new(Inner {
            replay: Replay::new(db, &clock, NonceKey::LIFETIME * 2),
            clients: Clients::new(db.clone(), clock.clone(), outbound),
            tokens: resource::Cache::default(),
            db: db.clone(),
            clock,
            rng,
            settings,
            role,
            keys,
            jwks,
            discovery,
            nonces,
        })))
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    /// The key that signs ID Tokens and whatever else the role signs.
    pub fn signing_key(&self) -> &SigningKey {
        &self.0.keys.signing
    }

    /// The public keys, as published.
    pub fn jwks(&self) -> &JwkSet {
        &self.0.keys.published
    }

    /// The public keys, ready to verify what this server signed itself.
    pub fn verifying_keys(&self) -> &jose::KeySet {
        &self.0.keys.verifying
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// A client as it was at most a second ago.
    ///
    /// # Errors
    /// The database.
    pub async fn client(&self, id: &str) -> ::store::Result<Option<Arc<Client>>> {
        self.0.clients.get(id).await
    }

    /// Adds or replaces a client without a desk: registration by developers, seeding.
    ///
    /// # Errors
    /// The database.
    pub async fn put_client(&self, client: &RegisteredClient, status: Status) -> ::store::Result<()> {
        let id = client.client_id.clone();
        let json = serde_json::to_string(client).map_err(|e| ::store::Error::Refused(e.to_string()))?;
        let now = self.0.clock.now();
        self.0.db.write(move |tx| store::clients::put(tx, &id, status, &Terms::default(), &json, now)).await?;
        self.0.clients.forget(&client.client_id);
        Ok(())
    }

    /// Suspends, resumes or ends a client, and gives up what was planned for it; `false` when there is none of
    /// that id. In force at once here, on other nodes within [`FRESH`].
    ///
    /// # Errors
    /// The database.
    pub async fn set_client_status(&self, id: &str, status: Status) -> ::store::Result<bool> {
        let key = id.to_owned();
        let now = self.0.clock.now();
        let found = self.0.db.write(move |tx| set_status(tx, &key, status, now)).await?;
        self.client_changed(id);
        Ok(found)
    }

    /// Forgets what is remembered of a client: its row was just changed.
    pub fn client_changed(&self, id: &str) {
        self.0.clients.forget(id);
        self.0.tokens.clear();
    }

    /// Ends the grants of clients that have ended meanwhile by their schedule. Called by the role's sweep;
    /// until it comes, their status refuses every call.
    ///
    /// # Errors
    /// The database.
    pub async fn end_grants_of_ended_clients(&self) -> ::store::Result<()> {
        let now = self.0.clock.now();
        let ended = self.0.db.read(move |tx| {
            let mut ended = Vec::new();
            for row in store::clients::living(tx)? {
                if is_over(&row, now)? {
                    ended.push(row.id);
                }
            }
            Ok::<_, ::store::Error>(ended)
        });
        for id in ended.await? {
            self.0.db.write(move |tx| end_grants(tx, &id, now)).await?;
        }
        Ok(())
    }

    /// All clients with their status as it was set.
    ///
    /// # Errors
    /// The database.
    pub async fn list_clients(&self) -> ::store::Result<Vec<(RegisteredClient, Status)>> {
        let rows = self.0.db.read(store::clients::list).await?;
        rows.iter().map(|row| clients::parse(row).map(|c| (c.registered, c.set))).collect()
    }

    /// Writes a grant and gives its code, in the transaction of the role's decision.
    ///
    /// # Errors
    /// The database.
    pub fn issue_code(&self, tx: &mut Tx<'_>, grant: &NewGrant) -> ::store::Result<String> {
        let code = self.0.rng.token();
        let now = self.0.clock.now();
        let id = format!("grt_{}", base::id::ulid(now, &self.0.rng));
        let body = serde_json::to_string(&grant.body).map_err(|e| ::store::Error::Refused(e.to_string()))?;
        store::grants::insert(
            tx,
            &id,
            &grant.client_id,
            &grant.account,
            &grant.subject,
            &body,
            &sha256_b64url(&code),
            now.plus(CODE_LIFE),
            now,
            grant.expires,
        )?;
        Ok(code)
    }

    /// Ends a code nobody redeemed, by its hash ([`Provider::code_hash`]).
    ///
    /// # Errors
    /// The database.
    pub fn drop_code(&self, tx: &mut Tx<'_>, code_hash: &str) -> ::store::Result<bool> {
        store::grants::drop_code(tx, code_hash, self.0.clock.now())
    }

    /// Under what a code is stored.
    pub fn code_hash(code: &str) -> String {
        sha256_b64url(code)
    }

    /// Ends every grant of a person to a client: tokens stop at the next call (within [`FRESH`]).
    ///
    /// # Errors
    /// The database.
    pub fn revoke_grants(&self, tx: &mut Tx<'_>, account: &str, client_id: &str) -> ::store::Result<u64> {
        self.0.tokens.clear();
        store::grants::revoke_for(tx, account, client_id, self.0.clock.now())
    }

    /// A new random pairwise subject.
    pub fn new_subject(&self) -> String {
        b64url(&self.0.rng.bytes::<24>())
    }

    /// Forgets what is past every use. Called by the role's sweep.
    ///
    /// # Errors
    /// The database.
    pub async fn purge(&self) -> ::store::Result<()> {
        let now = self.0.clock.now();
        self.0
            .db
            .write(move |tx| {
                store::replay::purge(tx, now)?;
                store::requests::purge(tx, now.minus(RETURN_WINDOW))?;
                store::grants::purge(tx, now.minus(RETURN_WINDOW)).map(drop)
            })
            .await
    }
}

/// Suspends, resumes or ends a client, gives up what was planned for it, and ends its grants with it.
/// `false` when there is none of that id.
///
/// # Errors
/// The database.
pub fn set_status(tx: &mut Tx<'_>, id: &str, status: Status, now: base::Timestamp) -> ::store::Result<bool> {
    let Some(row) = store::clients::get(tx, id)? else { return Ok(false) };
    // A planned resumption must not undo what somebody decided just now.
    let terms = Terms { schedule: Vec::new(), ..row.terms()? };
    store::clients::set_status(tx, id, status, &terms, now)?;
    if status == Status::Terminated {
        end_grants(tx, id, now)?;
    }
    Ok(true)
}

/// Ends all grants to a client that has ended.
///
/// # Errors
/// The database.
pub fn end_grants(tx: &mut Tx<'_>, client_id: &str, now: base::Timestamp) -> ::store::Result<()> {
    store::grants::revoke_client(tx, client_id, now)?;
    store::clients::ended(tx, client_id, now)
}

fn is_over(row: &store::clients::ClientRow, now: base::Timestamp) -> ::store::Result<bool> {
    let set = Status::parse(&row.status);
    let set = set.ok_or_else(|| ::store::Error::inconsistent("oauth_clients.status", "not a status"))?;
    Ok(row.terms()?.status(set, now) == Status::Terminated)
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.issuer())
    }
}
