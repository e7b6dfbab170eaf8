//! 「見本ポスト」 (Mihon Post, fictional): what it keeps and what all of it shares.

use std::sync::Arc;

use ::store::{Db, Sealer};
use axum::response::{IntoResponse as _, Response};
use base::{Clock, Rng};
use delivery::kit::{Kit, Parts};
use http::{HeaderValue, header};
use web::{Environment, Fault, Route, Who};

use crate::Samples;
use crate::issuers::{Issuers, LazyIssuers};
use crate::passwords::{PasswordCost, Passwords};

/// The templates of the mailbox's pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates!["mailbox.html", "document.html", "unlink.html"];

/// The texts of the mailbox's pages.
pub const TEXTS: [(base::Lang, &str); 2] =
    [(base::Lang::Ja, include_str!("../texts/ja.ftl")), (base::Lang::En, include_str!("../texts/en.ftl"))];

/// The mailbox's routes, besides the kit's.
pub const ROUTES: &[Route] = &[
    Route::get("/", Who::Public),
    Route::get("/mailbox", Who::Citizen),
    Route::get("/mailbox/documents/{id}", Who::Citizen),
    Route::get("/mailbox/documents/{id}/xml", Who::Citizen),
    Route::get("/mailbox/unlink", Who::Citizen),
    Route::post("/mailbox/unlink", Who::Citizen),
    Route::post("/mailbox/samples", Who::SandboxPage),
    Route::get("/issuers.pem", Who::Sandbox),
];

/// The reference mailbox's accounts and documents. Cheap to clone.
#[derive(Clone)]
pub struct Post(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) passwords: Passwords,
    pub(crate) issuers: LazyIssuers,
    pub(crate) environment: Environment,
    pub(crate) samples: Samples,
}

impl Post {
    /// Opens the mailbox; in the test environment with the test people's accounts, if `seed`.
    ///
    /// # Errors
    /// The database; a password cost that can't be used.
    pub async fn open(
        parts: &Parts,
        environment: Environment,
        cost: PasswordCost,
        seed: bool,
        samples: Samples,
    ) -> Result<Self, Fault> {
        let Parts { db, sealer, clock, rng, .. } = parts.clone();
        let passwords = Passwords::new(cost, rng.clone())?;
        let issuers = LazyIssuers::new(samples.issuers());
        let post = Self(Arc::new(Inner { db, sealer, clock, rng, passwords, issuers, environment, samples }));
        if seed && environment == Environment::Test {
            post.seed().await?;
        }
        Ok(post)
    }

    /// The test issuers; made when first asked for.
    pub(crate) async fn issuers(&self) -> Result<Arc<Issuers>, Fault> {
        let i = &*self.0;
        i.issuers.get(&i.db, &i.sealer, &i.clock, &i.rng).await
    }

    /// The test issuers' authority in PEM: the trust anchor of the sample documents.
    ///
    /// # Errors
    /// The database.
    pub async fn issuers_root(&self) -> Result<String, Fault> {
        Ok(self.issuers().await?.root_pem.clone())
    }

    /// Makes the test issuers' keys ahead of the first person who needs them.
    pub async fn prepare(&self) {
        if self.0.environment == Environment::Test
            && let Err(fault) = self.issuers().await
        {
            tracing::error!(details = fault.details(), "the test issuers can't be made");
        }
    }

    /// `GET /issuers.pem`: the trust anchor of the sample documents.
    pub(crate) async fn issuers_pem(&self) -> Result<Response, Fault> {
        let mut response = self.issuers_root().await?.into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pem-certificate-chain"));
        Ok(response)
    }
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Post")
    }
}

/// What the mailbox's page handlers share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) kit: Kit,
    pub(crate) post: Post,
}
