//! Runs: one row each. Every step is one compare-and-set update, so that two windows, two presses
//! and two nodes can't both take a step from the same state.

use base::Timestamp;
use journey::Journey;
use oauth::PushedRequest;
use provider::store::clients::read_terms;
use provider::{Status, Terms};
use store::{Error, Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO journeys (id, request_id, client_id, request, browser, receipt, state, seq, outcome,
            created_at, updated_at, ended_at, returned_at, tester_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13) ON CONFLICT (request_id) DO NOTHING";
    // With the client's status and terms of this very moment (the provider's table, in the same database): a
    // suspended client's run ends at its next step.
    GET = "SELECT j.request_id, j.client_id, j.request, j.browser, j.receipt, j.state, j.seq, j.card_index, j.answer, c.status,
            c.terms, j.tester_id
        FROM journeys j LEFT JOIN oauth_clients c ON c.id = j.client_id WHERE j.id = $1";
    BY_REQUEST = "SELECT id, browser FROM journeys WHERE request_id = $1";
    STEP = "UPDATE journeys SET state = $3, seq = $4, card_index = $5, outcome = $6, answer = $7, updated_at = $8,
            ended_at = COALESCE(ended_at, $9), returned_at = COALESCE(returned_at, $10)
        WHERE id = $1 AND seq = $2";
    IDLE = "SELECT id FROM journeys WHERE ended_at IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT 200";
    PURGE = "DELETE FROM journeys WHERE updated_at < $1 AND ended_at IS NOT NULL";
    // The provider's table, in the same database: whether a code may still be sent once more.
    CODE = "SELECT code_expires_at FROM oauth_grants WHERE code = $1 AND code_used_at IS NULL AND revoked_at IS NULL";
}

/// A run with what its pages need, so that a step reads one row.
#[derive(Clone)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The pushed request it came from.
    pub request_id: String,
    /// Who asked.
    pub client_id: String,
    /// What was asked, as it was pushed.
    pub request: PushedRequest,
    /// Hash of the cookie of the one browser that may go on with it.
    pub browser: String,
    /// Receipt number of the request that began it.
    pub receipt: String,
    /// Where it stands.
    pub journey: Journey,
    /// Keyed index of the card that was read in this run.
    pub card_index: Option<String>,
    /// The sealed answer to the API user, once a code was minted.
    pub answer: Option<Vec<u8>>,
    /// Who the citizen is among the client's testers, when the run began as a tester's.
    pub tester: Option<String>,
    /// The client's status as it was set and what is planned; `None` when the client is gone.
    client: Option<(Status, Terms)>,
    /// `seq` as stored: what the next update compares.
    stored_seq: u64,
}

impl Run {
    /// Whether the client may go on with this citizen at `now`.
    pub fn is_served(&self, now: Timestamp) -> bool {
        self.client.as_ref().is_some_and(|(set, terms)| terms.serves(*set, self.tester.as_deref(), now))
    }

    /// The tester whose run this is, while the client is open to its testers only: then the card has to be
    /// that tester's.
    pub fn verifying_tester(&self, now: Timestamp) -> Option<&str> {
        let (set, terms) = self.client.as_ref()?;
        let tester = self.tester.as_deref();
        tester.filter(|_| terms.status(*set, now) == Status::ProductionVerification)
    }
}

/// Begins a run; `false` when its request has one already.
#[expect(clippy::too_many_arguments, reason = "what a row begins with")]
pub fn insert(
    tx: &mut Tx<'_>,
    id: &str,
    request_id: &str,
    request: &PushedRequest,
    browser: &str,
    receipt: &str,
    journey: &Journey,
    tester: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let json = serde_json::to_string(request).map_err(|e| Error::Refused(e.to_string()))?;
    let ended = journey.has_ended().then_some(now);
    let outcome = journey.outcome().map(journey::Outcome::as_str);
    let seq = i64::try_from(journey.seq()).unwrap_or(i64::MAX);
    let n = tx.execute(
        INSERT,
        &params![
            id,
            request_id,
            &request.client_id,
            &json,
            browser,
            receipt,
            &journey.to_json(),
            seq,
            outcome,
            now,
            ended,
            journey.returned(),
            tester
        ],
    )?;
    Ok(n == 1)
}

/// One run.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Run>> {
    let Some(mut r) = tx.query_opt(GET, &params![id])? else { return Ok(None) };
    let state = r.text(5)?;
    Ok(Some(Run {
        id: id.to_owned(),
        request_id: r.text(0)?,
        client_id: r.text(1)?,
        request: r.json(2, "journeys.request")?,
        browser: r.text(3)?,
        receipt: r.text(4)?,
        journey: Journey::from_json(&state).map_err(|e| Error::inconsistent("journeys.state", e))?,
        card_index: r.opt_text(7)?,
        answer: r.opt_blob(8)?,
        client: match r.opt_text(9)? {
            None => None,
            Some(status) => {
                let status = Status::parse(&status);
                let status = status.ok_or_else(|| Error::inconsistent("oauth_clients.status", "not a status"))?;
                Some((status, read_terms(r.opt_text(10)?.as_deref())?))
            }
        },
        tester: r.opt_text(11)?,
        stored_seq: u64::try_from(r.int(6)?).map_err(|e| Error::inconsistent("journeys.seq", e))?,
    }))
}

/// The run of a request and the browser it belongs to.
pub fn by_request(tx: &mut Tx<'_>, request_id: &str) -> Result<Option<(String, String)>> {
    tx.query_opt(BY_REQUEST, &params![request_id])?.map(|mut r| Ok((r.text(0)?, r.text(1)?))).transpose()
}

/// Stores a run after its step, if nobody else took one meanwhile.
///
/// # Errors
/// [`Error::Unavailable`] when somebody did: the whole transaction is undone, and the caller looks again.
pub fn step(tx: &mut Tx<'_>, run: &mut Run, now: Timestamp) -> Result<()> {
    let (from, to) = (run.stored_seq, run.journey.seq());
    let ended = run.journey.has_ended().then_some(now);
    let n = tx.execute(
        STEP,
        &params![
            &run.id,
            i64::try_from(from).unwrap_or(i64::MAX),
            &run.journey.to_json(),
            i64::try_from(to).unwrap_or(i64::MAX),
            &run.card_index,
            run.journey.outcome().map(journey::Outcome::as_str),
            run.answer.as_ref(),
            now,
            ended,
            run.journey.returned()
        ],
    )?;
    if n == 1 {
        run.stored_seq = to;
        Ok(())
    } else {
        Err(Error::Unavailable(OVERTAKEN.to_owned()))
    }
}

/// The text of [`step`]'s error: somebody else took the step first.
pub const OVERTAKEN: &str = "the run was changed meanwhile";

/// Runs that nobody touched since `before` and that have not ended.
pub fn idle(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<String>> {
    tx.query(IDLE, &params![before])?.into_iter().map(|mut r| r.text(0)).collect()
}

/// Forgets ended runs that nobody touched since `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}

/// Whether a code (by its hash) was neither redeemed nor ended, and lives.
pub fn code_waits(tx: &mut Tx<'_>, code_hash: &str, now: Timestamp) -> Result<bool> {
    Ok(match tx.query_opt(CODE, &params![code_hash])? {
        Some(row) => now < row.time(0)?,
        None => false,
    })
}
