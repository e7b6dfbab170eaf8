//! The test-card stand-in: the card reader, the cards and the certification authority of the test
//! environment, on an origin of their own.
//!
//! A relying party (the portal) sends the citizen's browser to `/read` with a challenge. Here the
//! citizen picks a test person's card or a fault, enters the PIN, and goes back with a one-time handle,
//! for which the relying party fetches certificate and signature (`/api/redeem`). A real reader or phone
//! will sign the very same bytes ([`pki::challenge`]).
//!
//! **Invariant:** a PIN never leaves this origin and is never written down; a handle is redeemed once; the
//! browser is sent nowhere but into an origin on the allow list. **Boundary:** exists in the test
//! environment only; its certificates carry the test policy, which production refuses.

mod api;
mod cards;
mod pages;
mod request;
mod store;

use ::store::{Db, Sealer};
use axum::Router;
use base::codec::hmac_sha256;
use base::{Clock, Lang, Rng, Secret};
use web::{FormKey, Origin, Route, Routes, Site, Theme, Who};

pub use cards::{CardFault, Cards, Exported, SignError, Signed};
pub use store::{MIGRATIONS, STATEMENTS};

/// What the stand-in needs to know.
#[derive(Debug)]
pub struct Config {
    /// Its own address.
    pub origin: Origin,
    /// Who may ask for readings: the portals.
    pub relying_parties: Vec<Origin>,
    /// Seals the keys in the database and makes form tokens; the same on every node, kept apart from the
    /// database.
    pub master: Secret<[u8; 32]>,
    /// Whose cards these are.
    pub hierarchy: Hierarchy,
}

/// Whose cards a stand-in has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hierarchy {
    /// Test cards: their certificates carry the test policy, which no production portal takes.
    #[default]
    Test,
    /// For a demonstration of the production environment: an authority of its own, named 見本, whose certificates carry the
    /// production policy. Worth something only at a portal whose operator pins its root, which nobody but a demonstration
    /// does; a test portal refuses them by their policy.
    Demonstration,
}

/// The role, ready to be served.
#[derive(Debug)]
pub struct Testcard {
    /// Pages and APIs.
    pub router: Router,
    /// The cards, for programs in the same process.
    pub cards: Cards,
}

/// Why the role can't be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The master key can't be used.
    #[error(transparent)]
    Store(#[from] ::store::Error),
    /// Templates or texts are wrong.
    #[error(transparent)]
    Site(#[from] web::SiteError),
    /// Routes and handlers don't fit.
    #[error("{0:?}")]
    Routes(Vec<web::RouteError>),
}

/// Every route and who may call it.
pub const ROUTES: &[Route] = &[
    Route::get("/", Who::SandboxPage),
    Route::post("/reset", Who::SandboxPage).body(4 * 1024),
    Route::get("/read", Who::SandboxPage),
    Route::post("/read", Who::SandboxPage).body(4 * 1024),
    Route::get("/read/{id}", Who::SandboxPage),
    Route::post("/read/{id}/pin", Who::SandboxPage).body(1024),
    Route::post("/read/{id}/cancel", Who::SandboxPage).body(1024),
    Route::post("/read/{id}/back", Who::SandboxPage).body(1024),
    Route::post("/api/redeem", Who::Peer).body(1024),
    Route::post("/api/predecessors", Who::Sandbox).body(1024),
    Route::get("/people.json", Who::Sandbox),
    Route::get("/ca.pem", Who::Sandbox),
    Route::get("/crl/{file}", Who::Sandbox),
];

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) cards: Cards,
    pub(crate) relying_parties: std::sync::Arc<[Origin]>,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
}

pub(crate) fn site(config: &Config, clock: &Clock, rng: &Rng) -> Result<Site, web::SiteError> {
    Site::builder("card", config.origin.clone())
        .theme(Theme::Card)
        .clock(clock.clone())
        .rng(rng.clone())
        .form_key(FormKey::new(hmac_sha256(config.master.expose(), b"enishi form key v1")))
        .templates(pages::TEMPLATES)
        .texts(Lang::Ja, pages::JA)
        .texts(Lang::En, pages::EN)
        .build()
}

/// The cards alone, for a program beside the role: a card in software.
///
/// # Errors
/// When the master key can't be used.
pub fn cards(
    db: Db,
    master: &Secret<[u8; 32]>,
    hierarchy: Hierarchy,
    clock: Clock,
    rng: Rng,
) -> Result<Cards, BuildError> {
    let sealer = Sealer::new(master, rng.clone())?;
    Ok(Cards::new(db, sealer, clock, rng, hierarchy))
}

/// Builds the role over a database opened with [`MIGRATIONS`]. Keys are made at first use, so this is quick.
pub fn build(config: Config, db: Db, clock: Clock, rng: Rng) -> Result<Testcard, BuildError> {
    let sealer = Sealer::new(&config.master, rng.clone())?;
    let site = site(&config, &clock, &rng)?;
    let cards = Cards::new(db.clone(), sealer, clock.clone(), rng.clone(), config.hierarchy);
    let app = App { db: db.clone(), cards: cards.clone(), relying_parties: config.relying_parties.into(), clock, rng };
    let router = Routes::new(&site, ROUTES)
        .ready(move || {
            let db = db.clone();
            async move { db.ping().await.map_err(|e| e.to_string()) }
        })
        .get("/", pages::home::show)
        .post("/reset", pages::home::reset)
        .get("/read", pages::pick::show)
        .post("/read", pages::pick::pick)
        .get("/read/{id}", pages::pin::show)
        .post("/read/{id}/pin", pages::pin::enter)
        .post("/read/{id}/cancel", pages::pin::cancel)
        .post("/read/{id}/back", pages::pin::back)
        .post("/api/redeem", api::redeem)
        .post("/api/predecessors", api::predecessors)
        .get("/people.json", api::people)
        .get("/ca.pem", api::ca)
        .get("/crl/{file}", api::crl)
        .build(app)
        .map_err(BuildError::Routes)?;
    Ok(Testcard { router, cards })
}
