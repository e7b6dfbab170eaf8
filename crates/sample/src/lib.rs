//! 「みほん年末調整」 ("Mihon Year-End"): a sample API利用者, and the reference client of leg A and leg C.
//!
//! A citizen fills in the year-end adjustment form here. Instead of typing from paper certificates, they
//! press 「もっとつながる（外部サイト連携）」, link their portal account with a mailbox at a delivery service, come
//! back, and the certificates fill the form.
//!
//! # Where to read what
//!
//! | what an API user has to do | file |
//! |---|---|
//! | what the desk's sheets ask for, and where its client id goes (test environment) | `pages/developer.rs` |
//! | keys: make, keep sealed, publish at `/jwks.json`, rotate | `keys.rs` |
//! | become a client of the portal, push requests (PAR) | `portal.rs` |
//! | say what is asked for (`authorization_details`), leave for the portal | `pages/connect.rs` |
//! | take the citizen back: `state`, `iss`, same browser, once; trade the code | `pages/callback.rs` |
//! | a page for every outcome | `outcome.rs`, `pages/result.rs`, `texts/` |
//! | list and fetch documents with the DPoP-bound token, check their signatures | `documents.rs`, `pages/import.rs` |
//!
//! The protocol itself is `oauth::fapi::Client`; a stock FAPI 2.0 client does the same.
//!
//! **Invariant:** a redirect back is taken only from the browser that left with it, from the portal it
//! left for, and once; nothing is believed of a document but what its issuer signed. **Boundary:** knows
//! the portal by its public interface only; imports neither `portal` nor `journey`.

mod config;
mod documents;
mod filing;
mod keys;
mod outcome;
mod pages;
mod portal;
mod run;
mod status;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use ::store::{Db, Sealer};
use axum::Router;
use base::outbound::Outbound;
use base::{Clock, Lang, Rng, calendar};
use jiff::civil::Date;
use url::Url;
use web::{Fault, Route, Routes, Site, Theme, Who};

pub use config::{ClientId, Config, DeliveryService, Home, Portal, Trust, name};
pub use outcome::{Link, Outcome};
pub use store::{MIGRATIONS, STATEMENTS};

/// Every address of this service but those that all sites share.
pub const ROUTES: &[Route] = &[
    Route::get("/", Who::Browser),
    Route::post("/connect", Who::Browser),
    Route::get("/callback", Who::Browser),
    Route::get("/result", Who::Browser),
    Route::post("/import", Who::Browser),
    Route::get("/form", Who::Browser),
    Route::get("/edit", Who::Browser),
    Route::post("/edit", Who::Browser),
    Route::post("/submit", Who::Browser),
    Route::get("/submitted", Who::Browser),
    Route::get("/jwks.json", Who::Public),
    Route::get("/developer", Who::SandboxPage),
    Route::post("/developer", Who::SandboxPage).body(1024),
];

/// How long runs and forms nobody touched are kept.
const KEPT: Duration = Duration::from_secs(90 * 86_400);

const JA: &str = include_str!("../texts/ja.ftl");
const EN: &str = include_str!("../texts/en.ftl");

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A setting makes no sense.
    #[error("{0}")]
    Config(&'static str),
    /// The database, or keys sealed with another master key.
    #[error(transparent)]
    Store(#[from] ::store::Error),
    /// A template or text of ours: a defect.
    #[error(transparent)]
    Site(#[from] web::SiteError),
    /// The route table: a defect.
    #[error("{0:?}")]
    Routes(Fault),
}

/// The running service: what every handler has at hand. Cheap to clone.
#[derive(Clone)]
pub struct Sample(Arc<Inner>);

struct Inner {
    config: Config,
    db: Db,
    sealer: Sealer,
    clock: Clock,
    rng: Rng,
    keys: keys::Keys,
    portal: portal::Portal,
    portal_url: Url,
    roots: documents::Roots,
    status: status::Status,
}

/// Builds the service on an open database (migrated with [`MIGRATIONS`]). Nothing is asked of the portal
/// yet, so the order in which roles start does not matter.
///
/// # Errors
/// See [`BuildError`].
pub async fn build(
    config: Config,
    db: Db,
    sealer: Sealer,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
) -> Result<(Sample, Router), BuildError> {
    if matches!(config.client, ClientId::Entered) && config.environment == web::Environment::Production {
        return Err(BuildError::Config("sample: in production the client id stands in the configuration"));
    }
    if config.delivery_services.is_empty() {
        return Err(BuildError::Config("sample: name at least one delivery service to ask for"));
    }
    let portal_url = Url::parse(config.portal.issuer.as_str())
        .map_err(|_| BuildError::Config("sample: the portal's issuer is no address"))?;
    let keys = keys::Keys { db: db.clone(), sealer: sealer.clone(), clock: clock.clone(), rng: rng.clone() };
    // Made now, so that /jwks.json is complete before the portal first looks.
    keys.client().await?;
    keys.dpop().await?;
    let site = site(&config, &clock, &rng, keys.form().await?)?;
    let text = |lang| site.text(lang, "service-name", &[]).map_err(|e| BuildError::Site(e.into()));
    let own_name = oauth::ClientName { ja: text(Lang::Ja)?, en: text(Lang::En)? };
    let sample = Sample(Arc::new(Inner {
        portal: portal::Portal::new(config.clone(), own_name, keys.clone(), outbound.clone()),
        roots: documents::Roots::new(config.trust.clone(), outbound.clone(), clock.clone()),
        status: status::Status::new(&config.portal.issuer, outbound, clock.clone()),
        portal_url,
        keys,
        config,
        db,
        sealer,
        clock,
        rng,
    }));
    let ready = sample.0.db.clone();
    let router = Routes::new(&site, ROUTES)
        .ready(move || {
            let db = ready.clone();
            async move { db.ping().await.map_err(|e| e.to_string()) }
        })
        .get("/", pages::start::show)
        .post("/connect", pages::connect::post)
        .get("/callback", pages::callback::get)
        .get("/result", pages::result::show)
        .post("/import", pages::import::post)
        .get("/form", pages::form::show)
        .get("/edit", pages::edit::show)
        .post("/edit", pages::edit::post)
        .post("/submit", pages::submit::post)
        .get("/submitted", pages::submit::show)
        .get("/jwks.json", pages::jwks::get)
        .get("/developer", pages::developer::show)
        .post("/developer", pages::developer::enter)
        .build(sample.clone())
        .map_err(|e| BuildError::Routes(Fault::routes(&e)))?;
    Ok((sample, router))
}

fn site(config: &Config, clock: &Clock, rng: &Rng, form_key: web::FormKey) -> Result<Site, web::SiteError> {
    Site::builder("sample", config.origin.clone())
        .environment(config.environment)
        .theme(Theme::Sample)
        .clock(clock.clone())
        .rng(rng.clone())
        .form_key(form_key)
        .templates(web::templates![
            "developer.html",
            "start.html",
            "refused.html",
            "result.html",
            "form.html",
            "edit.html",
            "submitted.html"
        ])
        .texts(Lang::Ja, JA)
        .texts(Lang::En, EN)
        .build()
}

impl Sample {
    /// Registers at the portal now, if that is still to be done, instead of at the first press of the
    /// button. For whoever starts all roles and knows that the portal is up.
    ///
    /// # Errors
    /// In words, when the portal does not answer or does not take us; it is tried again when needed.
    pub async fn prepare(&self) -> Result<(), String> {
        if matches!(self.0.config.client, ClientId::Entered) {
            // Somebody enters it on the page for developers, some day.
            return Ok(());
        }
        self.0.portal.client().await.map(drop).map_err(|e| e.to_string())
    }

    /// The work beside the pages, until dropped: registers at the portal as soon as that answers, and
    /// forgets runs and forms that nobody touched for 90 days.
    pub async fn background(&self) {
        let mut pause = Duration::from_secs(1);
        while let Err(error) = self.prepare().await {
            tracing::warn!(error, "not yet registered at the portal; trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(60));
        }
        loop {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "what is old could not be removed");
            }
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    }

    /// Forgets runs and forms that nobody touched for 90 days. Submitted forms stay.
    ///
    /// # Errors
    /// The database.
    pub async fn sweep(&self) -> ::store::Result<()> {
        let before = self.0.clock.now().minus(KEPT);
        self.0
            .db
            .write(move |tx| {
                store::runs::purge(tx, before)?;
                store::filings::purge(tx, before)
            })
            .await
    }

    /// Makes a new client key; from now on assertions are signed with it. The portal finds it at
    /// `/jwks.json`.
    ///
    /// # Errors
    /// The database.
    pub async fn rotate_client_key(&self) -> ::store::Result<()> {
        self.0.keys.rotate().await?;
        self.0.portal.forget().await;
        Ok(())
    }

    /// The tax year of the form: the latest whose certificates have come. Insurers and the pension service
    /// send them until the end of October; before that, a return (確定申告, 還付申告) is for the year before.
    fn tax_year(&self) -> i16 {
        self.0.config.tax_year.unwrap_or_else(|| tax_year(calendar::jst(self.0.clock.now()).date()))
    }
}

fn tax_year(today: Date) -> i16 {
    if (today.month(), today.day()) >= (10, 25) { today.year() } else { today.year() - 1 }
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sample({})", self.0.config.origin)
    }
}
