//! What became of an attempt that was cut between W4 and W6, and cancelling what must not stand
//! (docs/leg-b.md, "After a crash behind every write").

use std::time::Duration;

use base::outbound::Response;
use http::{Method, StatusCode};
use journey::{DeliveryFailure, Event};
use oauth::fapi::ClientError;
use serde::{Deserialize, Serialize};
use store::{Engine, Error, jobs};

use super::callback::{Answer, accept};
use super::confirmation::Confirmed;
use super::offer::apply;
use crate::Portal;
use crate::deliveries::Delivery;
use crate::run::again;
use crate::run::step::{Around, Way};
use crate::store::journeys::OVERTAKEN;
use crate::store::linkages::{self, LinkageRow, State};

/// How long another node may work on an attempt before this one takes it for cut.
const OTHER_NODE: Duration = Duration::from_secs(45);

/// How sure one has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only what the delivery service says counts; without an answer all stays as it is.
    Ask,
    /// The run is to end: without an answer there is no link, and a job cancels it over there.
    Decide,
}

/// Finds out what became of an attempt and applies it. Whether it is settled now.
///
/// # Errors
/// The database.
pub async fn resolve(portal: &Portal, linkage_id: &str, mode: Mode) -> store::Result<bool> {
    let Some(_guard) = portal.in_flight().enter(linkage_id) else {
        portal.wait_for(linkage_id).await;
        return Ok(find(portal, linkage_id).await?.is_none_or(|row| row.state != State::Offered));
    };
    let Some(row) = find(portal, linkage_id).await? else { return Ok(true) };
    let Some(started) = row.started_at.filter(|_| row.state == State::Offered) else {
        return Ok(row.state != State::Offered);
    };
    let now = portal.clock().now();
    // Another node may be in the middle of it: then only a proof counts, and nothing is cancelled.
    let ours = portal.db().engine() == Engine::Sqlite || now.since(started) >= OTHER_NODE;
    let may_cancel = ours || mode == Mode::Decide;
    let around = Around::new(portal, base::Lang::default()).await?;
    let verdict = match around.delivery(&row.delivery_id) {
        Some(delivery) => ask(portal, delivery, &row, may_cancel).await,
        None => Answer::None,
    };
    let error = match (verdict, mode) {
        (Answer::Confirmed(confirmed, reply), _) => {
            confirm(&around, linkage_id, confirmed, reply, false).await?;
            return Ok(true);
        }
        (Answer::Refused(error), _) => error,
        (Answer::None, Mode::Ask) => return Ok(false),
        (Answer::None, Mode::Decide) => DeliveryFailure::Unavailable,
    };
    tracing::info!(linkage = linkage_id, journey = row.journey_id, "an attempt that was cut made no link");
    let event = move |linkage_id| Event::LinkFailed { linkage_id, error };
    apply(&around, &row.journey_id, linkage_id, event).await?;
    Ok(true)
}

async fn find(portal: &Portal, linkage_id: &str) -> store::Result<Option<LinkageRow>> {
    let key = linkage_id.to_owned();
    portal.db().read(move |tx| linkages::get(tx, &key)).await
}

/// Asks the delivery service; if it may, makes sure that what is not active there never will be.
async fn ask(portal: &Portal, delivery: &Delivery, row: &LinkageRow, may_cancel: bool) -> Answer {
    #[derive(Deserialize)]
    struct Seen {
        state: String,
    }
    let response = match call(portal, delivery, Method::GET, &row.id).await {
        Ok(response) => response,
        Err(e) => {
            tracing::warn!(linkage = row.id, error = %e, "a linkage can't be asked for");
            return Answer::None;
        }
    };
    let state = match response.status() {
        StatusCode::OK => serde_json::from_slice::<Seen>(response.body()).map(|s| s.state).ok(),
        StatusCode::NOT_FOUND => Some("unknown".to_owned()),
        _ => None,
    };
    match state.as_deref() {
        Some("active") => accept(portal, delivery, row, response.body()).await,
        Some("cancelled" | "ended") => Answer::Refused(DeliveryFailure::Failed),
        Some("offered" | "unknown") if !may_cancel => Answer::None,
        Some("offered" | "unknown") => match delete(portal, delivery, &row.id).await {
            Ok(()) => Answer::Refused(DeliveryFailure::Failed),
            Err(reason) => {
                tracing::warn!(linkage = row.id, reason, "a linkage can't be cancelled");
                Answer::None
            }
        },
        _ => Answer::None,
    }
}

/// W6: keeps the confirmation; the linkage is `linked`. Where the run has then ended and the citizen's
/// browser waits (`here`), it returns in the same transaction.
///
/// # Errors
/// The database.
pub(super) async fn confirm(
    around: &Around,
    linkage_id: &str,
    confirmed: Confirmed,
    reply: Option<String>,
    here: bool,
) -> store::Result<Way> {
    again(|| {
        let (around, linkage_id) = (around.clone(), linkage_id.to_owned());
        let (confirmed, reply) = (confirmed.clone(), reply.clone());
        async move {
            let db = around.portal.db().clone();
            let written = db.write(move |tx| {
                let now = around.portal.clock().now();
                let Some(row) = linkages::get(tx, &linkage_id)? else { return Ok(Way::Run) };
                let loaded = Around::load(tx, &row.journey_id, now)?;
                let reply = reply.as_deref();
                let mut cancelled = Vec::new();
                match linkages::link(tx, &row, confirmed.linked_at, &confirmed.token, reply, now)? {
                    Some(replaced) => cancelled.extend(replaced),
                    // Closed meanwhile: what stands over there must not.
                    None if row.state != State::Linked => cancelled.push(row.id.clone()),
                    None => {}
                }
                for linkage_id in cancelled {
                    let job = Cancel { delivery_id: row.delivery_id.clone(), linkage_id };
                    jobs::add(tx, Cancel::KIND, &job.to_json(), now, around.portal.rng())?;
                }
                let Some((mut run, before)) = loaded else { return Ok(Way::Run) };
                let linked = linkages::get(tx, &linkage_id)?.is_some_and(|l| l.state == State::Linked);
                let event = if linked {
                    Event::LinkConfirmed { linkage_id }
                } else {
                    Event::LinkFailed { linkage_id, error: DeliveryFailure::Failed }
                };
                if let Ok(journey) = run.journey.apply(event, now) {
                    run.journey = journey;
                }
                if here {
                    around.settle(tx, &mut run, &before, now)
                } else {
                    around.store(tx, &mut run, &before, now).map(|()| Way::Run)
                }
            });
            // Two runs of one citizen linked at the same moment: the constraint let one through.
            written.await.map_err(|e: Error| match e {
                Error::Unique(_) => Error::Unavailable(OVERTAKEN.to_owned()),
                e => e,
            })
        }
    })
    .await
}

/// A job: a linkage that must not stand over there (docs/leg-b.md, `DELETE`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cancel {
    /// Where.
    pub delivery_id: String,
    /// Which.
    pub linkage_id: String,
}

impl Cancel {
    /// Its kind among the jobs.
    pub const KIND: &str = "cancel-linkage";

    /// As a job's payload.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Does it.
    ///
    /// # Errors
    /// Why it has to come back later.
    pub(crate) async fn run(portal: &Portal, payload: &str) -> Result<(), String> {
        let job: Self = serde_json::from_str(payload).map_err(|e| e.to_string())?;
        let delivery = portal.delivery(&job.delivery_id).await.map_err(|e| e.to_string())?;
        let delivery = delivery.ok_or("the registry has no such delivery service")?;
        delete(portal, &delivery, &job.linkage_id).await
    }
}

/// `DELETE`: `offered` becomes `cancelled` there, `active` becomes `ended`, unknown a tombstone.
///
/// # Errors
/// Why, in words.
pub(crate) async fn delete(portal: &Portal, delivery: &Delivery, linkage_id: &str) -> Result<(), String> {
    let response = call(portal, delivery, Method::DELETE, linkage_id).await.map_err(|e| e.to_string())?;
    match response.status() {
        s if s.is_success() => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(()),
        s => Err(format!("the delivery service answers {}", s.as_u16())),
    }
}

/// A client-authenticated call to a linkage there.
async fn call(portal: &Portal, delivery: &Delivery, method: Method, linkage_id: &str) -> Result<Response, ClientError> {
    let url = delivery.linkage_url(linkage_id).map_err(|_| ClientError::Protocol("the linkage has no address"))?;
    fetch(portal, delivery, method, &url).await
}

/// A call with the token by client credentials; a token that was refused is replaced once.
///
/// # Errors
/// What the client says.
pub(crate) async fn fetch(
    portal: &Portal,
    delivery: &Delivery,
    method: Method,
    url: &url::Url,
) -> Result<Response, ClientError> {
    let token = delivery.linkages_token(portal.clock().now()).await?;
    let response = delivery.client().call(method.clone(), url, &token, None).await?;
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(response);
    }
    delivery.forget_token();
    let token = delivery.linkages_token(portal.clock().now()).await?;
    delivery.client().call(method, url, &token, None).await
}
