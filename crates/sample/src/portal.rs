//! Leg A: we are a FAPI 2.0 client of the portal.
//!
//! `oauth::fapi::Client` does the protocol (PAR, PKCE, `private_key_jwt`, DPoP, `iss`, ID Token). What
//! is left for an API user: become known to the portal, say what is asked for, keep what comes back.

use std::time::Duration;

use base::outbound::Outbound;
use base::{Clock, Rng};
use oauth::fapi::{self, ClientError, Pushed};
use oauth::rar::types;
use oauth::{ClientMetadata, ClientName, Keys as ClientKeys, RedirectUri, Scope};
use store::Db;
use tokio::sync::Mutex;
use url::Url;

use crate::config::{ClientId, Config};
use crate::keys::Keys;
use crate::store::secrets::{self, Registration};

/// What our tokens are for: who the citizen is to us (`openid`), leg C, and the citizen's state. We ask
/// for those of them that the portal knows.
const SCOPES: [&str; 3] = ["openid", "user_status", "documents"];
/// A registration younger than this is not thrown away: when even a new one is refused, another one helps
/// nobody.
const REGISTER_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Why the portal could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PortalError {
    /// What the protocol says.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Our own database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A setting of ours that the protocol does not take.
    #[error("{0}")]
    Setting(String),
}

/// Our connection to the portal.
pub(crate) struct Portal {
    config: Config,
    name: ClientName,
    db: Db,
    keys: Keys,
    http: Outbound,
    clock: Clock,
    rng: Rng,
    /// Made when first needed: the portal may start after us.
    live: Mutex<Option<fapi::Client>>,
}

impl Portal {
    pub(crate) fn new(config: Config, name: ClientName, keys: Keys, http: Outbound) -> Self {
        let (db, clock, rng) = (keys.db.clone(), keys.clock.clone(), keys.rng.clone());
        Self { config, name, db, keys, http, clock, rng, live: Mutex::new(None) }
    }

    fn issuer(&self) -> &str {
        self.config.portal.issuer.as_str()
    }

    /// Our client, registered and ready.
    pub(crate) async fn client(&self) -> Result<fapi::Client, PortalError> {
        let mut live = self.live.lock().await;
        if let Some(client) = &*live {
            return Ok(client.clone());
        }
        let client_id = match &self.config.client {
            ClientId::Given(id) => id.clone(),
            ClientId::SelfRegister => self.registration().await?.client_id,
            ClientId::Entered => self.entered().await?.ok_or_else(|| {
                PortalError::Setting("no client id was entered on the page for developers".to_owned())
            })?,
        };
        let config = fapi::Config {
            issuer: self.issuer().to_owned(),
            client_id,
            signing_key: self.keys.client().await?,
            dpop_key: self.keys.dpop().await?,
        };
        let client = fapi::Client::new(config, self.http.clone(), self.clock.clone(), self.rng.clone());
        *live = Some(client.clone());
        Ok(client)
    }

    /// The client id that was entered on the page for developers.
    pub(crate) async fn entered(&self) -> Result<Option<String>, store::Error> {
        let issuer = self.issuer().to_owned();
        Ok(self.db.read(move |tx| secrets::registration(tx, &issuer)).await?.map(|r| r.client_id))
    }

    /// Takes a client id that was entered.
    pub(crate) async fn enter(&self, client_id: String) -> Result<(), store::Error> {
        let (issuer, redirect_uri, registered_at) =
            (self.issuer().to_owned(), self.config.redirect_uri(), self.clock.now());
        let row = Registration { client_id, redirect_uri, registered_at };
        self.db.write(move |tx| secrets::register(tx, &issuer, &row)).await?;
        self.forget().await;
        Ok(())
    }

    /// Reads keys and registration anew at the next call.
    pub(crate) async fn forget(&self) {
        *self.live.lock().await = None;
    }

    /// Pushes a request (PAR).
    pub(crate) async fn push(&self, request: &fapi::AuthorizationRequest) -> Result<Pushed, PortalError> {
        match self.try_push(request).await {
            Err(e) if unknown(&e) => {}
            done => return done,
        }
        // Another node of ours may have changed key or registration: read them anew.
        self.forget().await;
        match self.try_push(request).await {
            // A test portal that was set up anew does not know us any more. Then, and only then, a new
            // registration is the mend; a real API user would hear it from the portal's operator.
            Err(e) if unknown(&e) && self.unregister().await? => self.try_push(request).await,
            done => done,
        }
    }

    async fn try_push(&self, request: &fapi::AuthorizationRequest) -> Result<Pushed, PortalError> {
        let client = self.client().await?;
        let mut request = request.clone();
        request.scope = scope(&client.metadata().await?);
        Ok(client.push(&request).await?)
    }

    /// Throws our registration away, unless it is new (or not ours to throw away).
    async fn unregister(&self) -> Result<bool, PortalError> {
        if !matches!(self.config.client, ClientId::SelfRegister) {
            return Ok(false);
        }
        let issuer = self.issuer().to_owned();
        let now = self.clock.now();
        let forgot = self
            .db
            .write(move |tx| {
                let known = secrets::registration(tx, &issuer)?;
                let Some(old) = known.filter(|r| now.since(r.registered_at) >= REGISTER_AGAIN_AFTER) else {
                    return Ok::<_, store::Error>(false);
                };
                secrets::unregister(tx, &issuer, &old.client_id).map(|()| true)
            })
            .await?;
        if forgot {
            tracing::warn!("the portal does not know our client id any more; registering again");
            self.forget().await;
        }
        Ok(forgot)
    }

    /// The registration of this address, made when there is none (RFC 7591).
    async fn registration(&self) -> Result<Registration, PortalError> {
        let (issuer, redirect_uri) = (self.issuer().to_owned(), self.config.redirect_uri());
        let key = issuer.clone();
        let known = self.db.read(move |tx| secrets::registration(tx, &key)).await?;
        // After a move to another address the old registration is no good.
        if let Some(known) = known.filter(|r| r.redirect_uri == redirect_uri) {
            return Ok(known);
        }
        let server = fapi::discover(&self.http, &issuer).await?;
        let metadata = self.metadata(&redirect_uri, scope(&server))?;
        let client_id = fapi::register(&self.http, &server, &metadata).await?;
        tracing::info!(client_id, "registered at the portal");
        let fresh = Registration { client_id, redirect_uri, registered_at: self.clock.now() };
        let row = fresh.clone();
        self.db.write(move |tx| secrets::register(tx, &issuer, &row)).await?;
        Ok(fresh)
    }

    /// What we register. `jwks_uri` and not `jwks`: keys can be changed without asking anybody.
    fn metadata(&self, redirect_uri: &str, scope: Scope) -> Result<ClientMetadata, PortalError> {
        let bad = |what: String| PortalError::Setting(what);
        Ok(ClientMetadata {
            name: self.name.clone(),
            redirect_uris: vec![RedirectUri::parse(redirect_uri).map_err(|e| bad(e.description))?],
            keys: ClientKeys::JwksUri(Url::parse(&self.config.jwks_uri()).map_err(|e| bad(e.to_string()))?),
            grant_types: vec!["authorization_code".to_owned()],
            scope,
            authorization_details_types: [
                types::ATTRIBUTE_LINKAGE,
                types::USER_REGISTRATION,
                types::DELIVERED_DOCUMENTS,
            ]
            .map(str::to_owned)
            .to_vec(),
            assertion_alg: Some(jose::Alg::Es256),
            id_token_alg: jose::Alg::Es256,
            initiate_login_uri: None,
            // The portal's error pages show it as the way out.
            client_uri: Url::parse(&self.config.origin.url("/")).ok(),
            policy_uri: None,
            tos_uri: None,
            logo_uri: None,
            contacts: Vec::new(),
        })
    }
}

fn scope(server: &oauth::ServerMetadata) -> Scope {
    let known = |name: &&str| server.scopes_supported.iter().any(|s| s == name);
    Scope::of(&SCOPES.into_iter().filter(known).collect::<Vec<_>>())
}

/// Whether the portal does not know us, or not by this key.
fn unknown(error: &PortalError) -> bool {
    matches!(error, PortalError::Client(e) if e.code() == Some("invalid_client"))
}
