//! The desk's control plane: what was decided is carried out on the portals, and what they do is watched.
//!
//! # Where to read what
//!
//! | what | where |
//! |---|---|
//! | what an effect changes, from what stands: pure | `plan.rs` |
//! | written down once, told until confirmed, then e-mails | `provision.rs` |
//! | one signed instruction | `portal.rs` |
//! | links of named testers | `testers.rs` |
//! | differences between what is wanted and what the portals have | `drift.rs` |
//! | delivery services and their maintenance | `deliveries/` |
//! | warnings before something runs out | `warnings/` |
//!
//! **Invariant:** a decision changes a portal exactly once, whatever dies; a portal is told nothing that two people have not
//! decided; what goes live is what was verified. **Boundary:** stands on `desk`; knows portals by their registry API only.

mod config;
mod deliveries;
mod drift;
mod pages;
mod plan;
pub mod players;
mod portal;
mod provision;
mod store;
mod testers;
mod warnings;

use std::sync::Arc;

use base::Lang;
use desk::Extension;

pub use config::{Config, Place, PortalConfig};
pub use deliveries::maintenance::{Announcement, announce, withdraw};
pub use deliveries::settings::{Admission, Connection, DeliveryService, Put, put as put_delivery_service};
pub use pages::ROUTES;
pub use portal::Trouble;
pub use store::{MIGRATIONS, STATEMENTS};

/// The tables that a desk with a control plane is opened with.
pub const SCHEMA: ::store::Schema<'static> = &[mail::MIGRATIONS, accounts::MIGRATIONS, desk::MIGRATIONS, MIGRATIONS];

/// The templates of its pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates![
    "control.html",
    "control-client.html",
    "deliveries.html",
    "delivery-edit.html",
    "maintenance.html",
    "member-nav.html",
    "notices.html"
];

/// The texts of its pages and e-mails.
pub const TEXTS: &[(Lang, &str)] =
    &[(Lang::Ja, include_str!("../texts/ja.ftl")), (Lang::En, include_str!("../texts/en.ftl"))];

/// The control plane. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Control(Arc<Config>);

impl Control {
    /// Over these portals.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(config))
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0
    }

    /// As a room on the desk.
    pub fn extension(&self) -> Extension {
        let (effects, mount, background) = (self.clone(), self.clone(), self.clone());
        Extension {
            name: "control",
            templates: TEMPLATES,
            texts: TEXTS,
            routes: ROUTES,
            mount: Some(Arc::new(move |routes| pages::mount(&mount, routes))),
            navigation: pages::NAVIGATION,
            effects: Some(Arc::new(move |desk, of| Box::pin(effects.clone().carry_out(desk, of)))),
            jobs: vec![(deliveries::JOB, self.tell_job())],
            background: Some(Arc::new(move |desk| Box::pin(background.clone().watch(desk)))),
        }
    }
}
