//! The desk: applications, reviews, settings and notices for API users and staff, acting on the running portals.
//!
//! # Where to read what
//!
//! | what | where |
//! |---|---|
//! | who may do what | `access.rs`: `Person`, `Member`, `StaffMember` |
//! | one transaction per event of a case: state, record, e-mails, effects | `case/act.rs` |
//! | forms rendered from data, drafts, conflicts | `form/` |
//! | files people send | `files.rs`, `attach.rs` |
//! | rooms that stand on the desk, and what they are built of | `extension.rs`, `kit.rs` |
//! | tables and statements | `store/`, one file per noun |
//!
//! **Invariant:** a case changes by [`procedures::Case::apply`] only, compare-and-set, with its record, e-mails and effects in
//! the same transaction; an effect is carried out exactly once by key. **Boundary:** talks to portals by the registry API
//! only; SQL stands in `store`.

mod access;
mod attach;
mod case;
mod config;
mod documents;
pub mod extension;
pub mod faq;
mod files;
mod form;
mod frame;
mod help;
mod home;
mod inquiry;
mod jobs;
pub mod kit;
mod notify;
pub mod org;
mod record;
mod routes;
pub mod staff;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::store::{Db, Sealer};
use accounts::Accounts;
use axum::Router;
use axum::response::{IntoResponse, Response};
use base::outbound::Outbound;
use base::{Clock, Lang, Rng, Secret, Timestamp};
use jose::{Alg, SigningKey};
use mail::Outbox;
use procedures::Catalogue;
use web::{Fault, Refusal, Site, Theme};

pub use case::act::ActError;
pub use config::{Config, Document};
pub use extension::Extension;
pub use routes::ROUTES;
pub use store::{MIGRATIONS, STATEMENTS};

/// The tables that a desk's database is opened with.
pub const SCHEMA: ::store::Schema<'static> = &[mail::MIGRATIONS, accounts::MIGRATIONS, MIGRATIONS];

/// The desk's own templates.
pub const TEMPLATES: &[(&str, &str)] = web::templates![
    "layout.html",
    "case-list.html",
    "case.html",
    "check.html",
    "document-list.html",
    "faq.html",
    "field.html",
    "form.html",
    "form-answers.html",
    "form-read.html",
    "help-keys.html",
    "home.html",
    "inquiries.html",
    "inquiry.html",
    "inquiry-new.html",
    "member.html",
    "members.html",
    "org.html",
    "org-edit.html",
    "site-navigation.html",
    "start.html",
    "submitted.html",
    "upload.html",
    "welcome.html"
];

/// The desk's own texts, by topic.
pub const TEXTS: &[(Lang, &str)] = &[
    (Lang::Ja, include_str!("../texts/common.ja.ftl")),
    (Lang::En, include_str!("../texts/common.en.ftl")),
    (Lang::Ja, include_str!("../texts/org.ja.ftl")),
    (Lang::En, include_str!("../texts/org.en.ftl")),
    (Lang::Ja, include_str!("../texts/case.ja.ftl")),
    (Lang::En, include_str!("../texts/case.en.ftl")),
    (Lang::Ja, include_str!("../texts/inquiry.ja.ftl")),
    (Lang::En, include_str!("../texts/inquiry.en.ftl")),
];

/// Why the desk can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The procedures are not as they have to be: every mistake with its file and place.
    #[error(transparent)]
    Procedures(#[from] procedures::CatalogueError),
    /// The database, or keys sealed with another master key.
    #[error(transparent)]
    Store(#[from] ::store::Error),
    /// A template or text of ours: a defect.
    #[error(transparent)]
    Site(#[from] web::SiteError),
    /// A key can't be made or read.
    #[error(transparent)]
    Key(#[from] jose::KeyError),
    /// Something else: a defect.
    #[error("{0:?}")]
    Fault(Fault),
}

impl From<Fault> for BuildError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The running desk: what every handler has at hand. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    config: Config,
    db: Db,
    sealer: Sealer,
    site: Site,
    clock: Clock,
    rng: Rng,
    outbound: Outbound,
    accounts: Accounts,
    outbox: Outbox,
    catalogue: Catalogue,
    key: SigningKey,
    extensions: Vec<Extension>,
}

/// What a handler gives: an answer, or why there is none.
pub type Reply = Result<Response, Oops>;

/// What goes wrong in a handler.
#[derive(Debug)]
pub enum Oops {
    /// On our side.
    Fault(Fault),
    /// A request that is not taken.
    Refusal(Refusal),
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        match self {
            Self::Fault(fault) => fault.into_response(),
            Self::Refusal(refusal) => refusal.into_response(),
        }
    }
}

impl From<Fault> for Oops {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Oops {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

macro_rules! oops {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Oops {
            fn from(error: $error) -> Self {
                Self::Fault(error.into())
            }
        }
    )*};
}

oops![::store::Error, web::text::TextError, serde_json::Error];

/// The site: templates, texts, clock and keys.
///
/// # Errors
/// A template or text that does not compile.
pub fn site(config: &Config, sealer: &Sealer, clock: &Clock, rng: &Rng) -> Result<Site, BuildError> {
    site_with(config, sealer, clock, rng, &[])
}

/// The same with the rooms that stand on the desk.
///
/// # Errors
/// As [`site`].
pub fn site_with(
    config: &Config,
    sealer: &Sealer,
    clock: &Clock,
    rng: &Rng,
    extensions: &[Extension],
) -> Result<Site, BuildError> {
    // From the master key, so that forms people have open survive a restart and work on every node.
    let key = base::codec::b64url_decode(&sealer.blind_index("web.form_key", b"desk"))
        .and_then(|k| <[u8; 32]>::try_from(k).ok())
        .ok_or_else(|| Fault::new("the form key can't be derived"))?;
    let mut builder = Site::builder("desk", config.origin.clone())
        .environment(config.environment)
        .theme(Theme::Desk)
        .clock(clock.clone())
        .rng(rng.clone())
        .form_key(Secret::new(key))
        .templates(accounts::TEMPLATES)
        .templates(TEMPLATES);
    for &(lang, text) in accounts::TEXTS.iter().chain(TEXTS).chain(extensions.iter().flat_map(|e| e.texts)) {
        builder = builder.texts(lang, text);
    }
    for extension in extensions {
        builder = builder.templates(extension.templates);
    }
    Ok(builder.build()?)
}

/// Builds the desk on an open database (migrated with [`SCHEMA`]).
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
) -> Result<(Desk, Router), BuildError> {
    build_with(config, db, sealer, outbound, clock, rng, Vec::new()).await
}

/// The same with the rooms that stand on the desk: their pages at the same origin, their handlers behind its effects and
/// jobs. The database has their tables as well.
///
/// # Errors
/// See [`BuildError`].
pub async fn build_with(
    config: Config,
    db: Db,
    sealer: Sealer,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
    extensions: Vec<Extension>,
) -> Result<(Desk, Router), BuildError> {
    let catalogue = Catalogue::overlay(&config.procedures)?;
    let site = site_with(&config, &sealer, &clock, &rng, &extensions)?;
    let outbox = Outbox::new(sealer.clone(), rng.clone());
    let accounts = kit(&config, &db, &sealer, &outbox, &site)?;
    let key = signing_key(&db, &sealer, &clock, &rng).await?;
    let desk = Desk(Arc::new(Inner {
        config,
        db,
        sealer,
        site,
        clock,
        rng,
        outbound,
        accounts,
        outbox,
        catalogue,
        key,
        extensions,
    }));
    let router = routes::build(&desk)?;
    Ok((desk, router))
}

/// The sign-in kit: what an accepted invitation brings is ours.
fn kit(config: &Config, db: &Db, sealer: &Sealer, outbox: &Outbox, site: &Site) -> Result<Accounts, Fault> {
    let (clock, rng) = (site.clock().clone(), site.rng().clone());
    let on_accept: accounts::OnAccept =
        Arc::new(move |tx, account, purpose| org::people::accepted(tx, account, purpose, clock.now(), &rng));
    let mut settings = accounts::Settings::new("/", "/staff", on_accept);
    settings.qr = Some(|uri, label| ::paper::qr::svg(uri, label).ok());
    settings.cost = config.passwords;
    Accounts::new(settings, db.clone(), sealer.clone(), outbox.clone(), site)
}

/// The key that signs instructions to portals: made once, the same on every node.
async fn signing_key(db: &Db, sealer: &Sealer, clock: &Clock, rng: &Rng) -> Result<SigningKey, BuildError> {
    const COLUMN: &str = "desk_secrets.registry_key";
    let fresh = SigningKey::generate(Alg::Es256, rng)?;
    let sealed = sealer.seal(COLUMN, fresh.to_pkcs8()?.expose())?;
    let now = clock.now();
    let kept = db
        .write(move |tx| {
            if store::secrets::get(tx, "registry_key")?.is_none() {
                store::secrets::put(tx, "registry_key", &sealed, now)?;
            }
            store::secrets::get(tx, "registry_key")
        })
        .await?;
    let sealed = kept.ok_or_else(|| ::store::Error::inconsistent(COLUMN, "it was not kept"))?;
    Ok(SigningKey::from_pkcs8(&sealer.open(COLUMN, &sealed)?)?)
}

impl Desk {
    /// Its database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Seals what must not be readable at rest.
    pub fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    /// The site: texts, origin, form keys.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// Randomness.
    pub fn rng(&self) -> &Rng {
        &self.0.rng
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The outbox, for who sends what is in it.
    pub fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The clock, for work that waits.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The rooms that stand on it.
    pub(crate) fn extensions(&self) -> &[Extension] {
        &self.0.extensions
    }

    /// The procedures and forms.
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// The sign-in kit.
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// Calls to other roles.
    pub fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    /// The key that signs instructions to portals.
    pub fn signing_key(&self) -> &SigningKey {
        &self.0.key
    }
}

impl AsRef<Accounts> for Desk {
    fn as_ref(&self) -> &Accounts {
        &self.0.accounts
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Desk({})", self.0.config.origin)
    }
}
