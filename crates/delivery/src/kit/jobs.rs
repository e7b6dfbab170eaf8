//! Jobs and sweeps: what has to happen even if nobody looks.

use std::time::Duration;

use base::Timestamp;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, StatusCode};
use oauth::id_token::Audience;
use oauth::set::{self, SetClaims};
use serde::Deserialize;
use serde_json::{Map, json};
use store::jobs::{self, Job};
use web::Fault;

use super::events::LINKAGE_ENDED;
use super::{ENDED_JOB, Kit};
use crate::store::{counters, events, linkages, sessions, sign_ins};

const LOOK: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(30);
/// Runs through the pages are kept as long as a late citizen is still returned.
const RUNS_KEPT: Duration = provider::RETURN_WINDOW;

#[derive(Deserialize)]
struct Ended {
    linkage_id: String,
    subject: Option<String>,
    jti: String,
    iat: i64,
}

impl Kit {
    /// Does jobs and sweeps until it is dropped.
    pub async fn background(self) {
        let kit = self.clone();
        let handler = move |job: Job| {
            let kit = kit.clone();
            async move { kit.job(job).await }
        };
        let jobs = jobs::run_forever(self.db().clone(), self.0.parts.clock.clone(), LOOK, handler);
        let sweep = async {
            loop {
                if let Err(fault) = self.sweep().await {
                    tracing::warn!(details = fault.details(), "the sweep failed and comes back");
                }
                tokio::time::sleep(SWEEP).await;
            }
        };
        futures_util::future::join(jobs, sweep).await;
    }

    /// Does every job that is due; for tests and shutdown.
    ///
    /// # Errors
    /// The database.
    pub async fn run_jobs(&self) -> Result<usize, Fault> {
        let handler = |job: Job| self.job(job);
        Ok(jobs::run_due(self.db(), &self.0.parts.clock, &handler).await?)
    }

    /// Cancels offers past their time and forgets what is past every use.
    ///
    /// # Errors
    /// The database.
    pub async fn sweep(&self) -> Result<(), Fault> {
        let now = self.now();
        let expired = self
            .db()
            .write(move |tx| {
                let expired = linkages::expire(tx, now)?;
                sign_ins::purge(tx, now.minus(RUNS_KEPT))?;
                sessions::purge(tx, now)?;
                events::purge(tx, now)?;
                counters::purge(tx, now)?;
                Ok::<_, store::Error>(expired)
            })
            .await?;
        if expired > 0 {
            tracing::info!(expired, "offers whose citizen never returned were cancelled");
        }
        Ok(self.provider().purge().await?)
    }

    /// One job.
    async fn job(&self, job: Job) -> Result<(), String> {
        match job.kind.as_str() {
            ENDED_JOB => self.tell_portal(&job.payload).await,
            kind => Err(format!("nobody knows the job {kind}")),
        }
    }

    /// Tells the portal that a link has ended. The same event id at every try.
    async fn tell_portal(&self, payload: &str) -> Result<(), String> {
        let ended: Ended = serde_json::from_str(payload).map_err(|e| e.to_string())?;
        let mut claims = SetClaims {
            iss: self.0.issuer.clone(),
            aud: Audience::One(self.portal_issuer().to_owned()),
            iat: Timestamp::from_secs(ended.iat).secs(),
            jti: ended.jti,
            events: Map::new(),
            sub_id: ended.subject.map(|id| json!({ "format": "opaque", "id": id })),
            txn: None,
        };
        claims.events.insert(LINKAGE_ENDED.to_owned(), json!({ "linkage_id": ended.linkage_id }));
        let token = claims.sign(self.provider().signing_key()).map_err(|e| e.to_string())?;
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(self.0.config.portal.issuer.url("/events"))
            .header(CONTENT_TYPE, set::MEDIA_TYPE)
            .header(ACCEPT, "application/json")
            .body(Bytes::from(token))
            .map_err(|e| e.to_string())?;
        let response = self.0.parts.outbound.send(request).await.map_err(|e| e.to_string())?;
        match response.status() {
            StatusCode::ACCEPTED | StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
            status => Err(format!("the portal answered {status}")),
        }
    }
}
