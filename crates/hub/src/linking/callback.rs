//! Back from the delivery service: cookie, `state`, `iss`, code, ID Token; then W4, `PUT`, W6
//! (docs/leg-b.md).

use std::time::Duration;

use base::codec::sha256_b64url;
use base::{Secret, Timestamp};
use http::{Method, StatusCode};
use journey::{DeliveryFailure, Event, Phase};
use oauth::fapi::Tokens;
use oauth::response::AuthorizationResponse;
use serde::{Deserialize, Serialize};

use super::confirmation::{self, Confirmed, MAX_REPLY};
use super::offer::{apply, json_body};
use super::resolve::confirm;
use super::{Pending, failure};
use crate::Portal;
use crate::deliveries::Delivery;
use crate::run::again;
use crate::run::step::{Around, Way};
use crate::store::hand_overs::{self, HandOverRow};
use crate::store::journeys::Run;
use crate::store::linkages::{self, LinkageRow};

/// How long to wait before the one repetition of a `PUT` that got no answer.
const PUT_PAUSE: Duration = Duration::from_millis(300);

/// An attempt whose answer has come.
pub struct Attempt {
    /// What its steps need.
    pub around: Around,
    /// What was kept when the citizen left.
    pub hand_over: HandOverRow,
    /// The run it belongs to.
    pub run: Run,
}

impl Attempt {
    /// Takes the answer (`query` of the callback): every check, W4, `PUT`, W6. Call it detached: what was
    /// begun over there has to be written down though the browser has left.
    ///
    /// # Errors
    /// The database.
    pub async fn run(&self, query: &str) -> store::Result<Way> {
        let portal = &self.around.portal;
        if self.hand_over.used_at.is_some() {
            // The code was traded in and nothing came of it: a crash came between (W3, W4).
            return self.failed(DeliveryFailure::Failed).await;
        }
        let pending = Pending::open(portal, &self.hand_over.pending)?;
        let response = pending.pushed.read(query);
        if !self.use_up().await? {
            return Ok(Way::Run);
        }
        let code = match response {
            Ok(AuthorizationResponse::Code { code, .. }) => code,
            Ok(AuthorizationResponse::Error { error, outcome, .. }) => {
                tracing::info!(journey = self.run.id, error, outcome, "the delivery service sends the citizen back");
                return match declined(&error, outcome.as_deref()) {
                    None => self.apply(|linkage_id| Event::DeliveryDeclined { linkage_id }).await,
                    Some(error) => self.failed(error).await,
                };
            }
            Err(e) => {
                tracing::warn!(journey = self.run.id, error = %e, "a callback is refused");
                return self.failed(DeliveryFailure::Failed).await;
            }
        };
        let Some(delivery) = self.around.delivery(&self.hand_over.delivery_id) else {
            return self.failed(DeliveryFailure::Failed).await;
        };
        let tokens = match delivery.client().exchange(&pending.pushed, &code).await {
            Ok(tokens) => tokens,
            Err(e) => {
                tracing::warn!(journey = self.run.id, error = %e, "a code can't be traded");
                return self.failed(failure(&e)).await;
            }
        };
        let Some(row) = self.start(&tokens, &pending).await? else { return Ok(Way::Run) };
        self.link(delivery, &row, &pending, &tokens.access_token).await
    }

    /// `state` works once, whoever comes first.
    async fn use_up(&self) -> store::Result<bool> {
        let (key, now) = (self.hand_over.state_hash.clone(), self.around.portal.clock().now());
        self.around.portal.db().write(move |tx| hand_overs::use_up(tx, &key, now)).await
    }

    async fn apply(&self, event: impl Fn(String) -> Event + Clone + Send + 'static) -> store::Result<Way> {
        apply(&self.around, &self.run.id, &self.hand_over.linkage_id, event).await?;
        Ok(Way::Run)
    }

    async fn failed(&self, error: DeliveryFailure) -> store::Result<Way> {
        self.apply(move |linkage_id| Event::DeliveryError { linkage_id, error }).await
    }

    /// The link is not there, or must not count: closed here, cancelled over there by a job.
    async fn not_linked(&self, error: DeliveryFailure) -> store::Result<Way> {
        if error == DeliveryFailure::Conflict {
            return self.apply(|linkage_id| Event::LinkConflict { linkage_id }).await;
        }
        self.apply(move |linkage_id| Event::LinkFailed { linkage_id, error }).await
    }

    /// W4: the sign-in is verified, whom to link is known, and that it is being done. `None`: the run does not wait
    /// for this any more, or the sign-in is not fresh; the run shows which.
    async fn start(&self, tokens: &Tokens, pending: &Pending) -> store::Result<Option<LinkageRow>> {
        let Some((account, auth_time)) =
            tokens.id_token.as_ref().and_then(|c| Some((c.sub.clone(), Timestamp::from_secs(c.auth_time?))))
        else {
            self.failed(DeliveryFailure::Failed).await?;
            return Ok(None);
        };
        let token_hash = sha256_b64url(&pending.subject_token);
        again(|| {
            let (around, account, token_hash) = (self.around.clone(), account.clone(), token_hash.clone());
            let (journey_id, linkage_id) = (self.run.id.clone(), self.hand_over.linkage_id.clone());
            async move {
                let db = around.portal.db().clone();
                db.write(move |tx| {
                    let now = around.portal.clock().now();
                    let Some((mut run, before)) = Around::load(tx, &journey_id, now)? else { return Ok(None) };
                    let verified = Event::SignInVerified { linkage_id: linkage_id.clone(), auth_time };
                    let mut started = false;
                    if let Ok(journey) = run.journey.apply(verified, now) {
                        run.journey = journey;
                        if run.journey.phase() == Phase::AtDelivery {
                            started = linkages::start(tx, &linkage_id, &account, auth_time, &token_hash, now)?;
                            let linkage_id = linkage_id.clone();
                            let event = if started {
                                Event::LinkStarted { linkage_id }
                            } else {
                                Event::DeliveryError { linkage_id, error: DeliveryFailure::Failed }
                            };
                            match run.journey.apply(event, now) {
                                Ok(journey) => run.journey = journey,
                                Err(_) => {
                                    return Err(store::Error::inconsistent("journeys.state", "no link can start"));
                                }
                            }
                        }
                    }
                    around.settle(tx, &mut run, &before, now)?;
                    if started { linkages::get(tx, &linkage_id) } else { Ok(None) }
                })
                .await
            }
        })
        .await
    }

    /// `PUT`, and what came of it.
    async fn link(
        &self,
        delivery: &Delivery,
        row: &LinkageRow,
        pending: &Pending,
        token: &Secret<String>,
    ) -> store::Result<Way> {
        let asked = self.run.request.authorization_details.attribute_linkage();
        let message = asked
            .and_then(|l| l.delivery_services.iter().find(|s| s.id == row.delivery_id))
            .and_then(|s| s.message.as_deref());
        let body = Put { subject_token: &pending.subject_token, message };
        for attempt in 0..2 {
            if attempt > 0 {
                tokio::time::sleep(PUT_PAUSE).await;
            }
            match self.put(delivery, row, &body, token).await? {
                Answer::Confirmed(confirmed, reply) => {
                    return confirm(&self.around, &row.id, confirmed, reply, true).await;
                }
                Answer::Refused(error) => return self.not_linked(error).await,
                Answer::None => {}
            }
        }
        // Unknown whether it is linked: the reload asks (docs/leg-b.md, W4 and W5).
        Ok(Way::Run)
    }

    async fn put(
        &self,
        delivery: &Delivery,
        row: &LinkageRow,
        body: &Put<'_>,
        token: &Secret<String>,
    ) -> store::Result<Answer> {
        let Ok(url) = delivery.linkage_url(&row.id) else { return Ok(Answer::Refused(DeliveryFailure::Failed)) };
        let body = ("application/json", json_body(body)?);
        let response = match delivery.client().call(Method::PUT, &url, token, Some(body)).await {
            Ok(response) => response,
            Err(e) => {
                tracing::warn!(linkage = row.id, error = %e, "a linkage can't be put");
                return Ok(Answer::None);
            }
        };
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(accept(&self.around.portal, delivery, row, response.body()).await);
        }
        tracing::warn!(linkage = row.id, status = status.as_u16(), "the delivery service refuses a linkage");
        Ok(match status {
            StatusCode::CONFLICT => Answer::Refused(DeliveryFailure::Conflict),
            s if s.is_client_error() => Answer::Refused(DeliveryFailure::Failed),
            _ => Answer::None,
        })
    }
}

/// What the linkage resource takes.
#[derive(Serialize)]
struct Put<'a> {
    subject_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// What came of a `PUT`, or of a `GET` that says `active`.
pub(super) enum Answer {
    /// Linked, and the proof fits.
    Confirmed(Confirmed, Option<String>),
    /// Not linked, or by something that proves nothing.
    Refused(DeliveryFailure),
    /// Unknown.
    None,
}

/// Reads an answer that says that the link is there, and checks its proof.
pub(super) async fn accept(portal: &Portal, delivery: &Delivery, row: &LinkageRow, body: &[u8]) -> Answer {
    #[derive(Deserialize)]
    struct Linked {
        linkage_id: String,
        confirmation: String,
        reply: Option<String>,
    }
    let Ok(linked) = serde_json::from_slice::<Linked>(body) else {
        tracing::warn!(linkage = row.id, "the answer of the linkage resource has another shape");
        return Answer::Refused(DeliveryFailure::Failed);
    };
    if linked.linkage_id != row.id {
        return Answer::Refused(DeliveryFailure::Failed);
    }
    let keys = match confirmation::keys(portal, delivery, &linked.confirmation).await {
        Ok(keys) => keys,
        Err(e) => {
            tracing::warn!(linkage = row.id, error = %e, "the delivery service's keys can't be had");
            return Answer::None;
        }
    };
    let (theirs, ours) = (&delivery.config.issuer, portal.provider().issuer());
    match confirmation::check(&linked.confirmation, &keys, theirs, ours, row, portal.clock().now()) {
        Ok(confirmed) => {
            Answer::Confirmed(confirmed, linked.reply.filter(|r| r.len() <= MAX_REPLY && !r.contains('\0')))
        }
        Err(e) => {
            tracing::error!(linkage = row.id, error = %e, "a confirmation does not count");
            Answer::Refused(DeliveryFailure::Failed)
        }
    }
}

/// What an error of the delivery service means. `None`: the citizen stopped there.
fn declined(error: &str, outcome: Option<&str>) -> Option<DeliveryFailure> {
    match (outcome, error) {
        (Some("link_conflict"), _) => Some(DeliveryFailure::Conflict),
        (Some("service_maintenance"), _) => Some(DeliveryFailure::Maintenance),
        (Some("service_unavailable"), _) | (_, "temporarily_unavailable") => Some(DeliveryFailure::Unavailable),
        (Some("session_expired" | "link_failed"), _) => Some(DeliveryFailure::Failed),
        (_, "access_denied") => None,
        _ => Some(DeliveryFailure::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_no_is_the_citizens() {
        assert_eq!(declined("access_denied", None), None);
        assert_eq!(declined("access_denied", Some("user_cancelled")), None);
        assert_eq!(declined("access_denied", Some("link_conflict")), Some(DeliveryFailure::Conflict));
        assert_eq!(declined("temporarily_unavailable", None), Some(DeliveryFailure::Unavailable));
        assert_eq!(declined("server_error", None), Some(DeliveryFailure::Failed));
    }
}
