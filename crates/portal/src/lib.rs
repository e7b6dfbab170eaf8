//! The hub's pages and APIs: authorization endpoint, the journey's pages, the citizen's page, resource APIs.
//! What stands behind them is [`hub`].
//!
//! **Invariant:** a run belongs to one browser and is answered once. **Boundary:** what is kept and what is
//! said to other parties is `hub`'s; here are requests, pages and answers.
//!
//! | module | what |
//! |---|---|
//! | [`authorize`] | `/oauth/authorize`: ② and what is refused there |
//! | [`run`] | the pages ③ to the return under `/run/{id}` |
//! | [`card`], [`callback`] | the ways back from the card reader's site and from a delivery service |
//! | [`sign_in`], [`me`] | sign-in by card, the citizen's page, unlinking |
//! | [`sso`] | the portal as OpenID Provider of the delivery services |
//! | [`api`] | leg C, public status, OpenAPI |
//! | [`status`] | 稼働状況・メンテナンス情報: page and feed |
//! | [`verification`] | testers of a client in production verification |
//! | [`sandbox`] | the citizen played, in the test environment |

pub mod api;
pub mod authorize;
pub mod callback;
pub mod card;
pub mod me;
pub mod run;
#[cfg(test)]
mod samples;
pub mod sandbox;
pub mod sign_in;
pub mod sso;
pub mod status;
pub mod verification;

use ::store::{Db, Sealer};
use axum::Router;
use base::outbound::Outbound;
use base::{Clock, Lang, Rng, codec};
use web::{Fault, Route, Routes, Site, Theme};

pub use hub::{
    CardConfig, Config, DeliveryConfig, DeskConfig, Portal, SCHEMA, citizen, deliveries, events, linking, registry,
    role, store, sweep, user_status,
};

/// Every template of this role.
pub const TEMPLATES: &[&[(&str, &str)]] = &[
    authorize::TEMPLATES,
    run::TEMPLATES,
    me::TEMPLATES,
    sign_in::TEMPLATES,
    sso::TEMPLATES,
    status::TEMPLATES,
    verification::TEMPLATES,
];

/// Texts of this role: Japanese and English, one pair for each area.
pub const TEXTS: &[(&str, &str)] = &[
    (include_str!("../texts/common.ja.ftl"), include_str!("../texts/common.en.ftl")),
    (include_str!("../texts/journey.ja.ftl"), include_str!("../texts/journey.en.ftl")),
    (include_str!("../texts/me.ja.ftl"), include_str!("../texts/me.en.ftl")),
    (include_str!("../texts/status.ja.ftl"), include_str!("../texts/status.en.ftl")),
];

/// Texts that Rust looks up rather than a template, for the test that finds idle ones (`stem-*` for all
/// that begin so).
#[cfg(test)]
const TEXTS_IN_RUST: &[&str] = &["me-grant-*", "me-list-comma", "status-feed-*"];

/// Samples of the pages of further areas.
#[cfg(test)]
fn more_samples() -> Vec<web::testing::Sample> {
    me::samples().into_iter().chain(status::samples::all()).chain(verification::samples::all()).collect()
}

/// Every route of this role, besides those of `provider` and `web`.
pub const ROUTES: &[&[Route]] = &[
    authorize::ROUTES,
    card::ROUTES,
    run::ROUTES,
    callback::ROUTES,
    sign_in::ROUTES,
    sso::ROUTES,
    me::ROUTES,
    events::ROUTES,
    registry::endpoint::ROUTES,
    status::ROUTES,
    verification::ROUTES,
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
    let site = site(&config, &sealer, &clock, &rng)?;
    let portal = Portal::start(config, db, sealer, outbound, clock, rng, site).await?;
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
        .status_page(status::PATH)
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
    let routes = callback::mount(routes);
    let routes = me::mount(sso::mount(sign_in::mount(routes)));
    let routes = verification::mount(status::mount(registry::endpoint::mount(routes)));
    let routes = sandbox::mount(api::mount(events::mount(routes)));
    routes
        .ready(move || {
            let db = db.clone();
            async move { db.ping().await.map_err(|e| e.to_string()) }
        })
        .build(portal.clone())
        .map_err(|e| Fault::routes(&e))
}
