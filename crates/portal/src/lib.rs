//! The hub: authorization server of leg A, the journey's pages, leg B as a client, the citizen's
//! page, resource APIs.
//!
//! **Invariant:** a run belongs to one browser and is answered once; a linkage is `linked` only with a
//! confirmation that was checked against what this portal kept of that very run; whatever dies between
//! two writes is repaired by the next look ([`Portal::sweep`]). **Boundary:** talks to delivery services
//! and the card side by HTTP only; SQL stands in `store`.
//!
//! | module | what |
//! |---|---|
//! | [`authorize`] | `/oauth/authorize`: ② and what is refused there |
//! | [`run`] | the pages ③ to the return under `/run/{id}` |
//! | [`card`] | challenges and card readings, for every purpose |
//! | [`linking`] | leg B (docs/leg-b.md) |
//! | [`sweep`] | what repairs and tidies in the background |
//! | [`user_status`] | ② of the API: registered? linked? |
//! | [`sign_in`], [`me`] | sign-in by card, the citizen's page, unlinking |
//! | [`sso`] | the portal as OpenID Provider of the delivery services |
//! | [`events`] | unlinking as Security Event Tokens, both ways |
//! | [`api`] | leg C, public status, OpenAPI |
//! | [`registry`] | clients and maintenance, for the command line |
//! | [`sandbox`] | the citizen played, in the test environment |

pub mod api;
pub mod authorize;
pub mod card;
pub mod citizen;
pub mod config;
pub mod deliveries;
pub mod events;
pub mod linking;
pub mod me;
pub mod registry;
pub mod role;
pub mod run;
#[cfg(test)]
mod samples;
pub mod sandbox;
mod seed;
pub mod sign_in;
pub mod sso;
pub mod state;
pub mod store;
pub mod sweep;
pub mod user_status;

use std::sync::Arc;

use ::store::{Db, Migration, Sealer};
use axum::Router;
use base::outbound::Outbound;
use base::{Clock, Lang, Rng, codec};
use provider::Provider;
use web::{Fault, Route, Routes, Site, Theme};

pub use config::{CardConfig, Config, DeliveryConfig};
pub use state::Portal;

/// The tables of this role, for [`Db::open`].
pub const SCHEMA: &[&[Migration]] = &[provider::MIGRATIONS, store::MIGRATIONS, store::sign_ins::MIGRATIONS];

/// Every template of this role.
pub const TEMPLATES: &[&[(&str, &str)]] =
    &[authorize::TEMPLATES, run::TEMPLATES, me::TEMPLATES, sign_in::TEMPLATES, sso::TEMPLATES];

/// Texts of this role: Japanese and English, one pair for each area.
pub const TEXTS: &[(&str, &str)] = &[
    (include_str!("../texts/common.ja.ftl"), include_str!("../texts/common.en.ftl")),
    (include_str!("../texts/journey.ja.ftl"), include_str!("../texts/journey.en.ftl")),
    (include_str!("../texts/me.ja.ftl"), include_str!("../texts/me.en.ftl")),
];

/// Texts that Rust looks up rather than a template, for the test that finds idle ones (`stem-*` for all
/// that begin so).
#[cfg(test)]
const TEXTS_IN_RUST: &[&str] = &["me-grant-*", "me-list-comma"];

/// Samples of the pages of further areas.
#[cfg(test)]
fn more_samples() -> Vec<web::testing::Sample> {
    me::samples()
}

/// Every route of this role, besides those of `provider` and `web`.
pub const ROUTES: &[&[Route]] = &[
    authorize::ROUTES,
    card::ROUTES,
    run::ROUTES,
    linking::ROUTES,
    sign_in::ROUTES,
    sso::ROUTES,
    me::ROUTES,
    events::ROUTES,
    api::ROUTES,
    sandbox::ROUTES,
];

/// Makes a portal and its router. The background work is [`Portal::background`]'s.
///
/// # Errors
/// The database, roots that can't be read, or a mistake in our own tables, templates and texts.
pub async fn build(
    config: Config,
    db: Db,
    sealer: Sealer,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
) -> Result<(Portal, Router), Fault> {
    let seed = state::Seed::new();
    let provider = Provider::start(
        &db,
        &sealer,
        role::settings(&config),
        Arc::new(role::PortalRole(seed.clone())),
        outbound.clone(),
        clock.clone(),
        rng.clone(),
    )
    .await?;
    let site = site(&config, &sealer, &clock, &rng)?;
    let cards = card::Cards::new(&config)?;
    let registry = deliveries::Registry::new(
        db.clone(),
        clock.clone(),
        rng.clone(),
        outbound.clone(),
        provider.signing_key().clone(),
    );
    let portal = Portal(Arc::new(state::Inner {
        config,
        db,
        sealer,
        provider,
        site,
        outbound,
        clock,
        rng,
        registry,
        cards,
        in_flight: linking::InFlight::default(),
        document_tokens: api::Tokens::default(),
    }));
    seed.grow(&portal);
    portal.seed_deliveries().await?;
    let router = router(&portal)?;
    Ok((portal, router))
}

/// The pages' frame: templates, texts, keys.
///
/// # Errors
/// A template or text that does not compile.
pub fn site(config: &Config, sealer: &Sealer, clock: &Clock, rng: &Rng) -> Result<Site, Fault> {
    // Derived from the master key, so that every node and every start of this portal knows the forms it
    // gave out.
    let key = codec::b64url_decode(&sealer.blind_index("web.form_key", b"v1")).and_then(|k| k.try_into().ok());
    let mut builder = Site::builder("portal", config.origin.clone())
        .environment(config.environment)
        .theme(Theme::Portal)
        .clock(clock.clone())
        .rng(rng.clone())
        .form_key(web::FormKey::new(key.ok_or_else(|| Fault::new("the form key has another length"))?));
    for list in TEMPLATES {
        builder = builder.templates(list);
    }
    for (ja, en) in TEXTS {
        builder = builder.texts(Lang::Ja, ja).texts(Lang::En, en);
    }
    Ok(builder.build()?)
}

fn router(portal: &Portal) -> Result<Router, Fault> {
    let db = portal.db().clone();
    let mut routes = Routes::new(portal.site(), &[]);
    for table in ROUTES {
        routes = routes.table(table);
    }
    let routes = portal.provider().mount(routes);
    let routes = authorize::mount(routes);
    let routes = card::mount(routes);
    let routes = run::mount(routes);
    let routes = linking::mount(routes);
    let routes = me::mount(sso::mount(sign_in::mount(routes)));
    let routes = sandbox::mount(api::mount(events::mount(routes)));
    routes
        .ready(move || {
            let db = db.clone();
            async move { db.ping().await.map_err(|e| e.to_string()) }
        })
        .build(portal.clone())
        .map_err(|e| Fault::routes(&e))
}
