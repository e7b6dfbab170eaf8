//! Jobs: work that must happen even if this process dies now. Written in the same transaction as
//! its reason, done at least once, retried with growing pauses.

use std::future::Future;
use std::time::Duration;

use base::{Clock, Rng, Timestamp};

use crate::{Db, Error, Result, Tx, params};

pub(crate) const TABLES: &str = "
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    gave_up BIGINT NOT NULL);
CREATE INDEX jobs_due ON jobs (due_at) WHERE gave_up = 0;
";

crate::statements! {
    INSERT = "INSERT INTO jobs (id, kind, payload, due_at, locked_until, attempts, gave_up) VALUES ($1, $2, $3, $4, 0, 0, 0)";
    // Two workers may choose the same row; the outer condition lets one of them have it.
    CLAIM = "UPDATE jobs SET locked_until = $2, attempts = attempts + 1
        WHERE locked_until <= $1 AND gave_up = 0 AND id = (
            SELECT id FROM jobs WHERE due_at <= $1 AND locked_until <= $1 AND gave_up = 0 ORDER BY due_at LIMIT 1)
        RETURNING id, kind, payload, attempts";
    DONE = "DELETE FROM jobs WHERE id = $1";
    RETRY = "UPDATE jobs SET due_at = $2, locked_until = 0, last_error = $3, gave_up = $4 WHERE id = $1";
    WAITING = "SELECT CAST(count(*) AS BIGINT) FROM jobs WHERE gave_up = 0";
}

/// How long a worker may keep a job before another takes it over.
const LEASE: Duration = Duration::from_secs(60);
/// After this many tries (about two days) a person has to look.
const TRIES: i64 = 40;
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// A job as its handler sees it.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is to be done; the handler knows the kinds.
    pub kind: String,
    /// JSON.
    pub payload: String,
    /// 1 at the first try.
    pub attempt: i64,
    id: String,
}

/// Puts a job down in the transaction of its reason.
///
/// # Errors
/// What the database said.
pub fn add(tx: &mut Tx<'_>, kind: &str, payload: &str, due: Timestamp, rng: &Rng) -> Result<()> {
    let id = base::id::ulid(due, rng);
    tx.execute(INSERT, &params![&id, kind, payload, due]).map(drop)
}

/// How many jobs wait or run, for tests and readiness.
///
/// # Errors
/// What the database said.
pub async fn waiting(db: &Db) -> Result<i64> {
    db.read(|tx| tx.query_opt(WAITING, &[])?.map_or(Ok(0), |row| row.int(0))).await
}

/// Does every job that is due now; tells how many it did. The handler's `Err` is a reason in words
/// without secrets; the job comes back later.
///
/// # Errors
/// What the database said; the handler's errors are kept on the job.
pub async fn run_due<F, Fut>(db: &Db, clock: &Clock, handler: &F) -> Result<usize>
where
    F: Fn(Job) -> Fut,
    Fut: Future<Output = Result<(), String>>,
{
    let mut done = 0;
    while let Some(job) = claim(db, clock.now()).await? {
        let id = job.id.clone();
        let attempt = job.attempt;
        match handler(job).await {
            Ok(()) => {
                db.write(move |tx| tx.execute(DONE, &params![&id]).map(drop)).await?;
                done += 1;
            }
            Err(reason) => {
                let give_up = attempt >= TRIES;
                if give_up {
                    tracing::error!(job = id, reason, "a job was given up");
                } else {
                    tracing::warn!(job = id, attempt, reason, "a job failed and will be tried again");
                }
                let due = clock.now().plus(pause(attempt));
                db.write(move |tx| tx.execute(RETRY, &params![&id, due, &reason, give_up]).map(drop)).await?;
            }
        }
    }
    Ok(done)
}

/// Runs jobs until the task is dropped, looking every `every`.
pub async fn run_forever<F, Fut>(db: Db, clock: Clock, every: Duration, handler: F)
where
    F: Fn(Job) -> Fut,
    Fut: Future<Output = Result<(), String>>,
{
    loop {
        if let Err(e) = run_due(&db, &clock, &handler).await {
            tracing::warn!(error = %e, "jobs can't be read");
        }
        tokio::time::sleep(every).await;
    }
}

async fn claim(db: &Db, now: Timestamp) -> Result<Option<Job>> {
    // A look without writing first: an idle role must not write every second.
    if waiting(db).await? == 0 {
        return Ok(None);
    }
    db.write(move |tx| {
        tx.query_opt(CLAIM, &params![now, now.plus(LEASE)])?
            .map(|mut row| {
                Ok::<_, Error>(Job {
                    id: row.text(0)?,
                    kind: row.text(1)?,
                    payload: row.text(2)?,
                    attempt: row.int(3)?,
                })
            })
            .transpose()
    })
    .await
}

/// 1 s, 2 s, 4 s … up to an hour.
fn pause(attempt: i64) -> Duration {
    let exponent = u32::try_from(attempt.clamp(1, 20)).unwrap_or(20) - 1;
    Duration::from_secs(1 << exponent).min(LONGEST_PAUSE)
}

/// This file's statements, for the test that prepares them all.
#[cfg(feature = "testing")]
pub const STATEMENTS_FOR_TESTS: &[(&str, &str)] = STATEMENTS;
