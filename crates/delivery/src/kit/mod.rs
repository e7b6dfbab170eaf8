//! The delivery-service kit: everything that linking a mailbox with the portal takes, but the
//! accounts and the documents.
//!
//! An operator implements [`Accounts`] and [`Mailbox`], starts a [`Kit`] and mounts it into its own
//! routes ([`Kit::mount`]) or takes the router as it is ([`build`]). The kit brings
//!
//! - the authorization server (discovery, keys, PAR, token, UserInfo) with the check of subject tokens,
//! - the pages of the hand-over: sign-in and sign-up, permission with both accounts masked, ⑥,
//! - the linkage resource (`docs/leg-b.md`), leg C for the portal (`/documents`),
//! - single sign-on from the portal, sessions, sign-in limits,
//! - events from and to the portal, and the jobs and sweeps behind them ([`Kit::background`]).
//!
//! **Invariant:** a linkage is `active` only after its citizen signed in here for this very request,
//! allowed it, and the portal brought the token of that grant; at most one per account and one per
//! portal subject. Every repetition of a call gives the same answer.

mod authorize;
mod authorize_allow;
mod authorize_return;
mod config;
mod documents;
mod events;
mod foreign;
mod jobs;
mod limits;
pub(crate) mod linkage;
mod linkage_api;
pub mod openapi;
mod operator;
mod role;
mod session;
mod sign_in;
mod sso;
mod subject;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use base::outbound::Outbound;
use base::{Clock, Rng, Timestamp};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use jose::{Alg, SigningKey};
use oauth::remote_keys::RemoteKeys;
use oauth::{ClientKind, ClientMetadata, ClientName, Keys, RedirectUri, RegisteredClient, Scope, ServerMetadata, fapi};
use provider::{Provider, Settings, Status};
use store::{Db, Sealer};
use web::cookie::CookieSpec;
use web::{Fault, Form, Origin, Route, Routes, Site, SiteBuilder, Theme, Visit, Who};

pub use config::{ForeignServer, KitConfig, Limits, Portal, Tokens};
pub use events::LINKAGE_ENDED;
pub use limits::ClientAddress;
pub use linkage::{ActiveLinkage, LinkRefusal, Linked, OFFER_LIFE};
pub use operator::{AccountId, Accounts, ContentStream, Entry, Mailbox, NewAccount, NewLink, Shown, SignUpRefusal};
pub use subject::{CONFIRMATION_TYP, Confirmation, SubjectError, SubjectToken, TYP as SUBJECT_TYP};

use crate::store::events as stored_events;
use linkage::ENDED_JOB;
use role::{KitRole, PortalKeys};

/// The templates of the kit's pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates![
    "sign-in.html",
    "sign-up.html",
    "allow.html",
    "conflict.html",
    "linked.html",
    "ended.html",
    "notice.html",
    "sso-replace.html"
];

/// The texts of the kit's pages.
pub const TEXTS: [(base::Lang, &str); 2] = [
    (base::Lang::Ja, include_str!("../../texts/kit.ja.ftl")),
    (base::Lang::En, include_str!("../../texts/kit.en.ftl")),
];

/// The kit's routes, besides the authorization server's ([`provider::ROUTES`]).
pub const ROUTES: &[Route] = &[
    Route::get("/oauth/authorize", Who::Browser),
    Route::get("/link/{request}/sign-in", Who::Browser),
    Route::post("/link/{request}/sign-in", Who::Browser),
    Route::get("/link/{request}/sign-up", Who::Browser),
    Route::post("/link/{request}/sign-up", Who::Browser),
    Route::post("/link/{request}/cancel", Who::Browser),
    Route::post("/link/{request}/other-account", Who::Browser),
    Route::get("/link/{request}/allow", Who::Browser),
    Route::post("/link/{request}/allow", Who::Browser),
    Route::post("/link/{request}/deny", Who::Browser),
    Route::get("/link/{request}/done", Who::Browser),
    Route::get("/link/{request}/return", Who::Browser),
    Route::get("/sign-in", Who::Browser),
    Route::post("/sign-in", Who::Browser),
    Route::get("/sign-up", Who::Browser),
    Route::post("/sign-up", Who::Browser),
    Route::post("/sign-out", Who::Browser),
    Route::get("/sso/start", Who::Browser),
    Route::get("/sso/callback", Who::Browser),
    Route::get("/sso/replace/{run}", Who::Browser),
    Route::post("/sso/replace/{run}", Who::Browser),
    Route::post("/sso/keep/{run}", Who::Browser),
    Route::get("/linkages", Who::AccessToken { scope: "linkages" }),
    Route::get("/linkages/{id}", Who::AccessToken { scope: "linkages" }),
    Route::put("/linkages/{id}", Who::AccessToken { scope: "linkage" }),
    Route::delete("/linkages/{id}", Who::AccessToken { scope: "linkages" }),
    Route::get("/documents", Who::AccessToken { scope: "documents" }),
    Route::get("/documents/{id}/content", Who::AccessToken { scope: "documents" }),
    Route::post("/events", Who::Peer),
    Route::get("/state", Who::Public),
    Route::get("/openapi.json", Who::Public),
];

/// What a role gives to the kit.
#[derive(Clone)]
pub struct Parts {
    /// The role's database, opened with [`crate::store::KIT_MIGRATIONS`] and [`provider::MIGRATIONS`].
    pub db: Db,
    /// Seals keys and messages.
    pub sealer: Sealer,
    /// To the portal.
    pub outbound: Outbound,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
}

/// The kit of one running service. Cheap to clone.
#[derive(Clone)]
pub struct Kit(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: KitConfig,
    pub(crate) parts: Parts,
    /// The issuer as the portal knows this service.
    pub(crate) issuer: String,
    pub(crate) provider: Provider,
    pub(crate) keys: PortalKeys,
    pub(crate) foreign: Option<foreign::Foreign>,
    /// Us as a client of the portal.
    pub(crate) portal: fapi::Client,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) mailbox: Arc<dyn Mailbox>,
    session: CookieSpec,
}

/// Starts a site for a role built on the kit: the kit's templates and texts are in it; the operator adds
/// its own, `service-name` among them.
pub fn site(role: &'static str, origin: Origin) -> SiteBuilder {
    let mut builder = Site::builder(role, origin).theme(Theme::Delivery).templates(TEMPLATES);
    for (lang, text) in TEXTS {
        builder = builder.texts(lang, text);
    }
    builder
}

/// A whole role out of the kit, for an operator whose own pages run elsewhere.
///
/// # Errors
/// As [`Kit::start`]; a route table that does not fit.
pub async fn build(
    config: KitConfig,
    accounts: Arc<dyn Accounts>,
    mailbox: Arc<dyn Mailbox>,
    parts: Parts,
    site: &Site,
) -> Result<(Kit, Router), Fault> {
    let kit = Kit::start(config, accounts, mailbox, parts, site).await?;
    let router = kit.mount(Routes::new(site, &[])).build(()).map_err(|e| Fault::routes(&e))?;
    Ok((kit, router))
}

/// Last touch on the discovery document.
fn describe(m: &mut ServerMetadata) {
    for (name, path) in
        [("linkage_endpoint", "/linkages"), ("documents_endpoint", "/documents"), ("events_endpoint", "/events")]
    {
        let address = format!("{}{path}", m.issuer);
        m.extra.insert(name.to_owned(), address.into());
    }
    m.prompt_values_supported = vec!["login".to_owned()];
}

impl Kit {
    /// Starts the kit: loads keys, registers the portal as a client.
    ///
    /// # Errors
    /// The database, or keys sealed with another master key.
    pub async fn start(
        config: KitConfig,
        accounts: Arc<dyn Accounts>,
        mailbox: Arc<dyn Mailbox>,
        parts: Parts,
        site: &Site,
    ) -> Result<Self, Fault> {
        let Parts { db, sealer, outbound, clock, rng } = parts.clone();
        let own = config.origin.as_str().to_owned();
        let (issuer, foreign) = match &config.tokens {
            Tokens::Own => (own.clone(), None),
            Tokens::Foreign(server) => {
                (server.issuer.clone(), Some(foreign::Foreign::new(server.clone(), &parts).await?))
            }
        };
        let keys = PortalKeys {
            keys: Arc::new(RemoteKeys::new(config.portal.jwks_uri.clone())),
            outbound: outbound.clone(),
            clock: clock.clone(),
        };
        let role = KitRole {
            issuer: issuer.clone(),
            portal: config.portal.issuer.as_str().to_owned(),
            portal_client: config.portal.client_id.clone(),
            keys: keys.clone(),
            db: db.clone(),
            clock: clock.clone(),
        };
        let settings = Settings {
            issuer: own.clone(),
            scope: Scope::of(&["openid", "linkage", "linkages", "documents"]),
            details: &["linkage"],
            grant_types: &["authorization_code", "client_credentials"],
            open_registration: false,
            metadata: describe,
        };
        let provider =
            Provider::start(&db, &sealer, settings, Arc::new(role), outbound.clone(), clock.clone(), rng.clone())
                .await?;
        let client = portal_client(&config, clock.now())?;
        match provider.client(&client.client_id).await? {
            Some(known) if known.registered.metadata == client.metadata => {}
            known => provider.put_client(&client, known.map_or(Status::Active, |k| k.set)).await?,
        }
        let portal = fapi::Client::new(
            fapi::Config {
                issuer: config.portal.issuer.as_str().to_owned(),
                client_id: config.portal.our_client_id.clone(),
                signing_key: provider.signing_key().clone(),
                dpop_key: dpop_key(&parts).await?,
            },
            outbound,
            clock,
            rng,
        );
        let session = site.cookie("session");
        Ok(Self(Arc::new(Inner { config, parts, issuer, provider, keys, foreign, portal, accounts, mailbox, session })))
    }

    /// The authorization server.
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// The settings.
    pub fn config(&self) -> &KitConfig {
        &self.0.config
    }

    /// This service's issuer, as the portal knows it.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// The role's database.
    pub fn db(&self) -> &Db {
        &self.0.parts.db
    }

    /// The portal's issuer, under which its linkages are kept.
    pub(crate) fn portal_issuer(&self) -> &str {
        self.0.config.portal.issuer.as_str()
    }

    /// Registers the kit's handlers, its table, and those of its authorization server.
    pub fn mount<S: Clone + Send + Sync + 'static>(&self, routes: Routes<S>) -> Routes<S> {
        /// A handler that gives its extracted arguments to a method of the kit.
        macro_rules! to {
            ($method:ident($($arg:ident: $kind:ty),*)) => {{
                let kit = self.clone();
                async move |$($arg: $kind),*| kit.$method($($arg),*).await
            }};
        }
        let db = self.db().clone();
        let routes = routes
            .ready(move || {
                let db = db.clone();
                async move { db.ping().await.map_err(|e| e.to_string()) }
            })
            .table(ROUTES);
        self.provider()
            .mount(routes)
            .get("/oauth/authorize", to!(authorize(visit: Visit)))
            .get("/link/{request}/sign-in", to!(link_sign_in(visit: Visit, id: Path<String>)))
            .post(
                "/link/{request}/sign-in",
                to!(link_sign_in_post(visit: Visit, id: Path<String>, from: ClientAddress, form: Form<sign_in::SignInForm>)),
            )
            .get("/link/{request}/sign-up", to!(link_sign_up(visit: Visit, id: Path<String>)))
            .post(
                "/link/{request}/sign-up",
                to!(link_sign_up_post(visit: Visit, id: Path<String>, from: ClientAddress, form: Form<sign_in::SignUpForm>)),
            )
            .post("/link/{request}/cancel", to!(link_cancel(visit: Visit, id: Path<String>, form: Form<NoFields>)))
            .post("/link/{request}/deny", to!(link_cancel(visit: Visit, id: Path<String>, form: Form<NoFields>)))
            .post(
                "/link/{request}/other-account",
                to!(link_other_account(visit: Visit, id: Path<String>, form: Form<NoFields>)),
            )
            .get("/link/{request}/allow", to!(link_allow(visit: Visit, id: Path<String>)))
            .post("/link/{request}/allow", to!(link_allow_post(visit: Visit, id: Path<String>, form: Form<authorize_allow::AllowForm>)))
            .get("/link/{request}/done", to!(link_done(visit: Visit, id: Path<String>)))
            .get(
                "/link/{request}/return",
                to!(link_return(visit: Visit, id: Path<String>, method: Method, headers: HeaderMap)),
            )
            .get("/sign-in", to!(sign_in(visit: Visit)))
            .post("/sign-in", to!(sign_in_post(visit: Visit, from: ClientAddress, form: Form<sign_in::SignInForm>)))
            .get("/sign-up", to!(sign_up(visit: Visit)))
            .post("/sign-up", to!(sign_up_post(visit: Visit, from: ClientAddress, form: Form<sign_in::SignUpForm>)))
            .post("/sign-out", to!(sign_out(visit: Visit, form: Form<NoFields>)))
            .get("/sso/start", to!(sso_start(visit: Visit, method: Method, headers: HeaderMap)))
            .get("/sso/callback", to!(sso_callback(visit: Visit, method: Method, uri: Uri)))
            .get("/sso/replace/{run}", to!(sso_replace(visit: Visit, id: Path<String>)))
            .post("/sso/replace/{run}", to!(sso_replace_post(visit: Visit, id: Path<String>, form: Form<NoFields>)))
            .post("/sso/keep/{run}", to!(sso_keep_post(visit: Visit, id: Path<String>, form: Form<NoFields>)))
            .get("/linkages", to!(linkages_list(visit: Visit, uri: Uri, headers: HeaderMap)))
            .get("/linkages/{id}", to!(linkages_get(id: Path<String>, uri: Uri, headers: HeaderMap)))
            .put("/linkages/{id}", to!(linkages_put(id: Path<String>, uri: Uri, headers: HeaderMap, body: Bytes)))
            .delete("/linkages/{id}", to!(linkages_delete(id: Path<String>, uri: Uri, headers: HeaderMap)))
            .get("/documents", to!(documents_list(visit: Visit, uri: Uri, headers: HeaderMap)))
            .get(
                "/documents/{id}/content",
                to!(documents_content(visit: Visit, id: Path<String>, uri: Uri, headers: HeaderMap)),
            )
            .post("/events", to!(events_post(headers: HeaderMap, body: Bytes)))
            .get("/state", to!(state()))
            .get("/openapi.json", to!(openapi()))
    }

    /// `GET /state`: whether this service takes links now.
    async fn state(&self) -> Response {
        let ready = self.db().ping().await.is_ok();
        let body = serde_json::json!({
            "state": if ready { "ready" } else { "unavailable" },
            "issuer": self.0.issuer,
            "environment": self.0.config.environment,
        });
        json(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body)
    }
}

impl std::fmt::Debug for Kit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kit({})", self.0.issuer)
    }
}

/// A form that is one button.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub(crate) struct NoFields {}

/// A JSON answer.
pub fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A JSON error of the kit's resources: `{"error", "error_description"}`.
pub fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    json(status, &serde_json::json!({ "error": error, "error_description": description }))
}

/// Whether a browser only looks ahead (`Sec-Purpose: prefetch`, and its elder forms): then nothing may
/// be used up.
pub fn only_looks(method: &Method, headers: &HeaderMap) -> bool {
    let says = |name: &str| {
        headers.get_all(name).iter().any(|v| {
            v.to_str().is_ok_and(|v| {
                let v = v.to_ascii_lowercase();
                v.contains("prefetch") || v.contains("prerender") || v.contains("preview")
            })
        })
    };
    *method == Method::HEAD || says("sec-purpose") || says("purpose") || says("x-moz") || says("x-purpose")
}

/// The answer to a browser that only looks ahead: it throws this away and asks again when its person
/// presses.
pub fn not_now() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
}

/// The portal as a client of ours.
fn portal_client(config: &KitConfig, now: Timestamp) -> Result<RegisteredClient, Fault> {
    let portal = &config.portal;
    Ok(RegisteredClient {
        client_id: portal.client_id.clone(),
        kind: ClientKind::Portal,
        issued_at: now,
        metadata: ClientMetadata {
            name: ClientName { ja: portal.name.ja.clone(), en: portal.name.en.clone() },
            redirect_uris: vec![RedirectUri::parse(&portal.issuer.url("/link/callback"))?],
            keys: Keys::JwksUri(portal.jwks_uri.clone()),
            grant_types: vec!["authorization_code".to_owned(), "client_credentials".to_owned()],
            scope: Scope::of(&["openid", "linkage", "linkages", "documents"]),
            authorization_details_types: vec!["linkage".to_owned()],
            assertion_alg: None,
            id_token_alg: Alg::Es256,
            initiate_login_uri: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            logo_uri: None,
            contacts: Vec::new(),
        },
    })
}

/// The key behind our proofs at the portal: one for all nodes, or a run begun on one could not end on
/// another.
async fn dpop_key(parts: &Parts) -> Result<SigningKey, Fault> {
    const COLUMN: &str = "kit_secrets.sealed";
    let stored = parts.db.read(|tx| stored_events::secret(tx, "dpop-key")).await?;
    let sealed = match stored {
        Some(sealed) => sealed,
        None => {
            let fresh = SigningKey::generate(Alg::Es256, &parts.rng)?;
            let sealed = parts.sealer.seal(COLUMN, fresh.to_pkcs8()?.expose())?;
            parts.db.write(move |tx| stored_events::set_secret(tx, "dpop-key", &sealed)).await?
        }
    };
    Ok(SigningKey::from_pkcs8(&parts.sealer.open(COLUMN, &sealed)?)?)
}
