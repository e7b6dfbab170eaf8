//! What happens without a citizen: jobs, repair of attempts that were cut, runs that were left, tidying.

use std::time::Duration;

use base::{Lang, Timestamp};
use store::jobs::{self, Job};

use crate::linking::{self, Cancel, Mode};
use crate::run::step::Around;
use crate::store::events as received;
use crate::store::{challenges, hand_overs, instructions, journeys, linkages, sessions, sign_ins};
use crate::{Portal, events};

/// How often [`Portal::sweep`] runs.
pub const EVERY: Duration = Duration::from_secs(30);
/// How often jobs are looked at.
const JOBS: Duration = Duration::from_secs(1);
/// An attempt that is cut is left to its citizen's reload for so long.
const CUT: Duration = Duration::from_secs(60);
/// An offer whose citizen does not come back is closed after this.
const ABANDONED: Duration = Duration::from_secs(30 * 60);
/// How often both sides' lists are compared.
const RECONCILE: Duration = Duration::from_secs(3600);
/// A challenge lives for five minutes; after this long even its late answer finds nothing.
const CHALLENGES: Duration = Duration::from_secs(2 * 3600);
/// How long what was used up is kept: the time in which a late citizen is still returned.
const KEPT: Duration = Duration::from_secs(25 * 3600);

impl Portal {
    /// The background work: jobs and the sweep, until the future is dropped.
    pub async fn background(self) {
        let jobs = self.clone();
        let jobs = jobs::run_forever(self.db().clone(), self.clock().clone(), JOBS, move |job| {
            let portal = jobs.clone();
            async move { portal.work(job).await }
        });
        let sweep = async {
            loop {
                if let Err(e) = self.sweep().await {
                    tracing::warn!(error = %e, "the sweep could not finish");
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        let reconcile = async {
            loop {
                tokio::time::sleep(RECONCILE).await;
                if let Err(e) = self.reconcile().await {
                    tracing::warn!(error = %e, "linkages could not be reconciled");
                }
            }
        };
        futures_util::future::join3(jobs, sweep, reconcile).await;
    }

    /// Does every job that is due now, for tests; tells how many.
    ///
    /// # Errors
    /// The database.
    pub async fn run_jobs(&self) -> store::Result<usize> {
        let handler = |job| {
            let portal = self.clone();
            async move { portal.work(job).await }
        };
        jobs::run_due(self.db(), self.clock(), &handler).await
    }

    async fn work(&self, job: Job) -> Result<(), String> {
        match job.kind.as_str() {
            Cancel::KIND => Cancel::run(self, &job.payload).await,
            events::JOB => events::deliver(self, &job.payload).await,
            other => Err(format!("nobody does jobs of the kind {other}")),
        }
    }

    /// One round: resolves attempts that were cut, closes offers and runs that were left, forgets what is
    /// past every use.
    ///
    /// # Errors
    /// The database. What a delivery service does not answer is left for the next round.
    pub async fn sweep(&self) -> store::Result<()> {
        let now = self.clock().now();
        self.resolve_cut(now).await?;
        self.end_idle(now).await?;
        self.close_abandoned(now).await?;
        let before = now.minus(KEPT);
        self.db()
            .write(move |tx| {
                challenges::purge(tx, now.minus(CHALLENGES))?;
                hand_overs::purge(tx, before)?;
                sign_ins::purge(tx, before)?;
                sessions::purge(tx, now)?;
                received::purge(tx, now.minus(events::REMEMBERED))?;
                instructions::purge(tx, now)?;
                journeys::purge(tx, before).map(drop)
            })
            .await?;
        self.provider().end_grants_of_ended_clients().await?;
        self.provider().purge().await
    }

    /// W4 without W6.
    async fn resolve_cut(&self, now: Timestamp) -> store::Result<()> {
        let before = now.minus(CUT);
        for id in self.db().read(move |tx| linkages::unresolved(tx, before)).await? {
            linking::resolve(self, &id, Mode::Ask).await?;
        }
        Ok(())
    }

    /// Runs without a sign of the citizen end with `session_expired`; the citizen is still returned.
    async fn end_idle(&self, now: Timestamp) -> store::Result<()> {
        let before = now.minus(journey::IDLE);
        let ids = self.db().read(move |tx| journeys::idle(tx, before)).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let around = Around::new(self, Lang::default()).await?;
        for id in ids {
            self.end_one(&around, &id).await?;
        }
        Ok(())
    }

    /// Loading a run brings it up to date; storing it is all there is to do. A straight return waits for
    /// its citizen, so it is not taken here.
    async fn end_one(&self, around: &Around, id: &str) -> store::Result<()> {
        crate::run::again(|| {
            let (around, id) = (around.clone(), id.to_owned());
            async move {
                let db = around.portal.db().clone();
                db.write(move |tx| {
                    let now = around.portal.clock().now();
                    let Some((mut run, before)) = Around::load(tx, &id, now)? else { return Ok(()) };
                    around.store(tx, &mut run, &before, now)
                })
                .await
            }
        })
        .await
    }

    /// Offers whose citizen never came back. Their runs have ended by now, and closed them; this is for
    /// those that a crash left behind.
    async fn close_abandoned(&self, now: Timestamp) -> store::Result<()> {
        let before = now.minus(ABANDONED);
        let left = self.db().read(move |tx| linkages::abandoned(tx, before)).await?;
        for (linkage_id, journey_id) in left {
            let rng = self.rng().clone();
            self.db()
                .write(move |tx| {
                    if let Some(run) = journeys::get(tx, &journey_id)?
                        && !run.journey.has_ended()
                        && run.journey.current().and_then(|l| l.linkage_id()) == Some(linkage_id.as_str())
                        && !run.journey.is_idle(now)
                    {
                        // The citizen is still at it.
                        return Ok(());
                    }
                    let Some(row) = linkages::get(tx, &linkage_id)? else { return Ok(()) };
                    if linkages::fail(tx, &linkage_id, "expired", now)? && hand_overs::any(tx, &linkage_id)? {
                        let job = Cancel { delivery_id: row.delivery_id, linkage_id };
                        jobs::add(tx, Cancel::KIND, &job.to_json(), now, &rng)?;
                    }
                    Ok::<_, store::Error>(())
                })
                .await?;
        }
        Ok(())
    }
}
