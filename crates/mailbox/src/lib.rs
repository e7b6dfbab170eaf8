//! The reference mailbox: 「見本ポスト」 (Mihon Post, fictional), a delivery service (民間送達サービス) on the
//! kit (room `delivery`).
//!
//! It brings what the kit leaves to an operator: own accounts with argon2id passwords, documents and their pages,
//! and sample documents for the test people. It sends no mail, so an address is not verified at sign-up: an
//! operator's own accounts would do that.
//!
//! **Invariant:** a document is seen by the account it was delivered to and by nobody else. **Boundary:** SQL in
//! [`store`] only; what the portal may see goes through the kit only.

mod accounts;
mod documents;
mod issuers;
mod pages;
mod passwords;
mod post;
pub mod store;
mod view;

use std::sync::Arc;

use ::store::{Db, Sealer};
use axum::Router;
use base::outbound::Outbound;
use base::{Clock, Lang, Rng, Secret};
use delivery::kit::{self, Kit, KitConfig, Limits, Parts, Portal, Tokens};
use oauth::ClientName;
use url::Url;
use web::{Environment, Fault, Origin, Routes, Site};

pub use passwords::PasswordCost;
pub use post::{Post, ROUTES, TEMPLATES, TEXTS};
pub use store::MIGRATIONS;
pub use view::{Row, Table, tables};

pub(crate) use post::App;

/// Settings of the reference delivery service.
#[derive(Clone, Debug)]
pub struct Config {
    /// This service's public origin.
    pub origin: Origin,
    /// Test or production.
    pub environment: Environment,
    /// The portal.
    pub portal: Portal,
    /// Whose access tokens the resources take.
    pub tokens: Tokens,
    /// What a guess at a password costs.
    pub passwords: PasswordCost,
    /// Sign-in limits.
    pub limits: Limits,
    /// Whether the test people get their accounts (test environment only).
    pub seed: bool,
    /// Its name on its pages, when it is not 見本ポスト.
    pub name: Option<ClientName>,
    /// What its cookies' names have in place of `delivery`: for two services on one host name.
    pub cookies: Option<String>,
    /// Which sample documents people get (test environment only).
    pub samples: Samples,
}

/// Which sample documents there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Samples {
    /// `document::samples::certificates`.
    #[default]
    Usual,
    /// `document::samples::certificates_elsewhere`: what the same people have at a second delivery service.
    Elsewhere,
}

impl Samples {
    /// Who issues them: the last is the one of elsewhere.
    pub(crate) fn issuers(self) -> &'static [document::samples::Issuer] {
        let (usual, elsewhere) = document::samples::ISSUERS.split_at(document::samples::ISSUERS.len() - 1);
        match self {
            Self::Usual => usual,
            Self::Elsewhere => elsewhere,
        }
    }
}

impl Config {
    /// The usual settings of the test environment: portal and service by their origins.
    ///
    /// # Errors
    /// Never for an origin: an address below one can always be made.
    pub fn test(origin: Origin, portal: Origin) -> Result<Self, url::ParseError> {
        Ok(Self {
            origin,
            environment: Environment::Test,
            portal: Portal {
                name: ClientName { ja: "縁ポータル".to_owned(), en: "Enishi Portal".to_owned() },
                client_id: "portal".to_owned(),
                jwks_uri: Url::parse(&portal.url("/oauth/jwks"))?,
                our_client_id: "mihon-post".to_owned(),
                issuer: portal,
            },
            tokens: Tokens::Own,
            passwords: PasswordCost::default(),
            limits: Limits::default(),
            seed: true,
            name: None,
            cookies: None,
            samples: Samples::Usual,
        })
    }

    /// Where the portal starts single sign-on: this client's `initiate_login_uri`.
    pub fn initiate_login_uri(&self) -> String {
        self.origin.url("/sso/start")
    }

    /// Where the portal answers single sign-on: this client's `redirect_uri`.
    pub fn sso_redirect_uri(&self) -> String {
        self.origin.url("/sso/callback")
    }
}

/// A running delivery service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Delivery {
    kit: Kit,
    post: Post,
}

/// The tables a delivery service's database is opened with.
pub const SCHEMA: ::store::Schema<'static> = &[provider::MIGRATIONS, delivery::KIT_MIGRATIONS, MIGRATIONS];

/// The site: templates, texts, clock and keys.
///
/// # Errors
/// A template or text that does not compile.
pub fn site(config: &Config, sealer: &Sealer, clock: &Clock, rng: &Rng) -> Result<Site, Fault> {
    // From the master key, so that forms people have open survive a restart and work on every node.
    let key = base::codec::b64url_decode(&sealer.blind_index("web.form_key", b"delivery"))
        .and_then(|k| <[u8; 32]>::try_from(k).ok())
        .ok_or_else(|| Fault::new("the form key can't be derived"))?;
    let mut builder = kit::site("delivery", config.origin.clone())
        .environment(config.environment)
        .clock(clock.clone())
        .rng(rng.clone())
        .form_key(Secret::new(key))
        .templates(TEMPLATES);
    for (lang, text) in TEXTS {
        builder = builder.texts(lang, text);
    }
    if let Some(name) = &config.name {
        builder = Lang::ALL.into_iter().fold(builder, |b, lang| b.named(lang, name.get(lang)));
    }
    if let Some(cookies) = &config.cookies {
        builder = builder.cookies(cookies);
    }
    Ok(builder.build()?)
}

/// Puts the service together. `db` is open with [`SCHEMA`].
///
/// # Errors
/// The database; keys sealed with another master key; settings that can't be used.
pub async fn build(
    config: Config,
    db: Db,
    sealer: Sealer,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
) -> Result<(Delivery, Router), Fault> {
    let site = site(&config, &sealer, &clock, &rng)?;
    let parts = Parts { db, sealer, outbound, clock, rng };
    let post = Post::open(&parts, config.environment, config.passwords, config.seed, config.samples).await?;
    let settings = KitConfig {
        origin: config.origin,
        environment: config.environment,
        portal: config.portal,
        home: "/mailbox",
        limits: config.limits,
        tokens: config.tokens,
    };
    let kit = Kit::start(settings, Arc::new(post.clone()), Arc::new(post.clone()), parts, &site).await?;
    let app = App { kit: kit.clone(), post: post.clone() };
    let routes = pages::mount(kit.mount(Routes::new(&site, &[])));
    let router = routes.build(app).map_err(|e| Fault::routes(&e))?;
    Ok((Delivery { kit, post }, router))
}

impl Delivery {
    /// The kit.
    pub fn kit(&self) -> &Kit {
        &self.kit
    }

    /// The mailbox.
    pub fn post(&self) -> &Post {
        &self.post
    }

    /// Makes the test issuers, does jobs and sweeps until it is dropped.
    pub async fn background(self) {
        futures_util::future::join(self.post.prepare(), self.kit.background()).await;
    }

    /// The service's name for a reader.
    pub const fn name(lang: Lang) -> &'static str {
        match lang {
            Lang::Ja => "見本ポスト",
            Lang::En => "Mihon Post",
        }
    }
}
