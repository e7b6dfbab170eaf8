//! Work beside the pages: effects, planned times, old drafts of spreadsheets.

use std::time::Duration;

use ::store::jobs::{self, Job};
use procedures::case::{By, Effect, Event, Refusal};

use crate::Desk;
use crate::case::act::{ActError, EFFECT_JOB, EffectJob, TIME_JOB, TimeJob};
use crate::store::{counters, drafts, effects, orgs};

const LOOK: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(3600);
/// Spreadsheets that nobody took over, and invitations that ended, are forgotten after this.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

impl Desk {
    /// Does jobs and sweeps until it is dropped. E-mails are [`mail::Worker`]'s, sessions [`accounts::Accounts::background`]'s.
    pub async fn background(self) {
        let desk = self.clone();
        let handler = move |job: Job| {
            let desk = desk.clone();
            async move { desk.job(job).await }
        };
        let jobs = jobs::run_forever(self.db().clone(), self.0.clock.clone(), LOOK, handler);
        let sweep = async {
            loop {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "what is old could not be removed");
                }
                tokio::time::sleep(SWEEP).await;
            }
        };
        tokio::join!(jobs, sweep);
    }

    /// Does every job that is due; for tests and shutdown.
    ///
    /// # Errors
    /// The database.
    pub async fn run_jobs(&self) -> ::store::Result<usize> {
        jobs::run_due(self.db(), &self.0.clock, &|job: Job| self.job(job)).await
    }

    /// Forgets what is past every use.
    ///
    /// # Errors
    /// The database.
    pub async fn sweep(&self) -> ::store::Result<()> {
        let now = self.now();
        self.db()
            .write(move |tx| {
                counters::purge(tx, now)?;
                orgs::purge_invitations(tx, now.minus(KEPT))?;
                drafts::purge_uploads(tx, now.minus(KEPT))
            })
            .await
    }

    async fn job(&self, job: Job) -> Result<(), String> {
        let text = |e: serde_json::Error| e.to_string();
        match job.kind.as_str() {
            EFFECT_JOB => self.effect_job(serde_json::from_str(&job.payload).map_err(text)?).await,
            TIME_JOB => self.time_job(serde_json::from_str(&job.payload).map_err(text)?).await,
            kind => Err(format!("nobody knows the job {kind}")),
        }
    }

    /// Carries an effect out, once: a job that comes back finds it done.
    async fn effect_job(&self, job: EffectJob) -> Result<(), String> {
        let key = job.key.clone();
        let stored = self.db().read(move |tx| effects::get(tx, &key)).await.map_err(|e| e.to_string())?;
        let stored = stored.ok_or("the effect is not there")?;
        let effect: Effect = serde_json::from_str(&stored.effect).map_err(|e| e.to_string())?;
        if stored.done_at.is_none() {
            let outcome = self.carry_out(&stored.case_id, &effect).await?;
            let (key, now) = (job.key.clone(), self.now());
            self.db().write(move |tx| effects::done(tx, &key, now, &outcome)).await.map_err(|e| e.to_string())?;
        }
        // Told again after a crash in between: the case knows what it awaits.
        match self.act(&stored.case_id, Event::Applied { key: job.key }, By::System).await {
            Ok(_) | Err(ActError::Refused(Refusal::NotNow | Refusal::Closed | Refusal::NoSuch(_))) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn time_job(&self, job: TimeJob) -> Result<(), String> {
        match self.act(&job.case, Event::TimeReached, By::System).await {
            // It moved on by itself, or the planned time was changed: then another job is waiting for that one.
            Ok(_) | Err(ActError::Refused(_) | ActError::NoSuchCase) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}
