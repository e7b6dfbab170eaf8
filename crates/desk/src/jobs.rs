//! Work beside the pages: effects, planned times, old drafts of spreadsheets.

use std::time::Duration;

use ::store::jobs::{self, Job};
use procedures::Plain;
use procedures::case::{By, Effect, Event, Refusal};

use crate::Desk;
use crate::case::act::{ActError, EFFECT_JOB, EffectJob, TIME_JOB, TimeJob};
use crate::extension::{EffectError, EffectOf, Work};
use crate::store::{counters, drafts, effects, orgs};

const LOOK: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(3600);
/// Spreadsheets that nobody took over, and invitations that ended, are forgotten after this.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Runs all of them until all have ended.
async fn side_by_side(works: Vec<Work<()>>) {
    let mut works = works;
    std::future::poll_fn(move |cx| {
        works.retain_mut(|w| w.as_mut().poll(cx).is_pending());
        if works.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

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
            if let Err(error) = self.seed_faq().await {
                tracing::warn!(%error, "the first questions and answers could not be written");
            }
            loop {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "what is old could not be removed");
                }
                tokio::time::sleep(SWEEP).await;
            }
        };
        let others: Vec<_> =
            self.extensions().iter().filter_map(|e| e.background.as_ref()).map(|b| b(self.clone())).collect();
        tokio::join!(jobs, sweep, side_by_side(others));
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
            EFFECT_JOB => self.effect_job(serde_json::from_str(&job.payload).map_err(text)?, job.attempt).await,
            TIME_JOB => self.time_job(serde_json::from_str(&job.payload).map_err(text)?).await,
            kind => match self.extensions().iter().flat_map(|e| &e.jobs).find(|(k, _)| *k == kind) {
                Some((_, handler)) => handler(self.clone(), job.payload).await,
                None => Err(format!("nobody knows the job {kind}")),
            },
        }
    }

    /// Carries an effect out, once: a job that comes back finds it done.
    async fn effect_job(&self, job: EffectJob, attempt: i64) -> Result<(), String> {
        let key = job.key.clone();
        let stored = self.db().read(move |tx| effects::get(tx, &key)).await.map_err(|e| e.to_string())?;
        let stored = stored.ok_or("the effect is not there")?;
        let effect: Effect = serde_json::from_str(&stored.effect).map_err(|e| e.to_string())?;
        if stored.done_at.is_none() {
            let of = EffectOf { case: stored.case_id.clone(), effect, attempt };
            let outcome = match self.carry_out(of).await {
                Ok(outcome) => outcome,
                Err(EffectError::Later(reason)) => return Err(reason),
                Err(EffectError::Stuck(reason)) => return self.stuck(&stored.case_id, job.key, reason).await,
            };
            let (key, now) = (job.key.clone(), self.now());
            self.db().write(move |tx| effects::done(tx, &key, now, &outcome)).await.map_err(|e| e.to_string())?;
        }
        // Told again after a crash in between: the case knows what it awaits.
        match self.act(&stored.case_id, Event::Applied { key: job.key }, By::System).await {
            Ok(_) | Err(ActError::Refused(Refusal::NotNow | Refusal::Closed | Refusal::NoSuch(_))) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// An operator has to look; the job ends, and comes back with [`Event::Retry`].
    async fn stuck(&self, case: &str, key: String, reason: String) -> Result<(), String> {
        tracing::error!(case, key, reason, "an effect can't be carried out");
        let error = Plain::new(reason).map_err(|e| e.to_string())?;
        match self.act(case, Event::ApplyFailed { key, error }, By::System).await {
            Ok(_) | Err(ActError::Refused(Refusal::NotNow | Refusal::Closed)) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn carry_out(&self, of: EffectOf) -> Result<String, EffectError> {
        match self.extensions().iter().find_map(|e| e.effects.as_ref()) {
            Some(handler) => handler(self.clone(), of).await,
            // Only a portal can do this; without a control plane the job waits and the log says so.
            None => Err(EffectError::Later(format!("nothing is there to carry out {:?}", of.effect.kind))),
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
