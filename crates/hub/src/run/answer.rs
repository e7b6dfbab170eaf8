//! The answer to the API user: minted once, in the transaction that marks the run returned.

use base::Timestamp;
use journey::{Journey, Outcome, ServiceResult};
use oauth::rar::{self, Granted};
use oauth::response::Redirect;
use oauth::{ErrorCode, PushedRequest, Scope};
use provider::{GrantBody, NewGrant, Provider};
use serde_json::{Map, Value, json};
use store::{Error, Tx};

use super::step::Around;
use crate::role::{ACR, scopes};
use crate::store::journeys::{self, Run};
use crate::store::linkages::LinkageRow;
use crate::store::{citizens, linkages};
use crate::user_status::UserStatus;

const COLUMN: &str = "journeys.answer";
const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// The redirect of an outcome that comes as an error.
pub fn refusal(issuer: &str, request: &PushedRequest, outcome: Outcome) -> String {
    let code = outcome.oauth_error().and_then(ErrorCode::parse).unwrap_or(ErrorCode::ServerError);
    redirect(issuer, request, outcome).error(code, explain(outcome))
}

fn redirect<'a>(issuer: &'a str, request: &'a PushedRequest, outcome: Outcome) -> Redirect<'a> {
    Redirect {
        redirect_uri: &request.redirect_uri,
        state: request.state.as_deref(),
        issuer,
        outcome: Some(outcome.as_str()),
    }
}

/// For the developer at the other side.
const fn explain(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Linked | Outcome::AlreadyLinked | Outcome::PartlyLinked => "a link stands",
        Outcome::ConsentDenied => "the citizen did not agree; no link was made",
        Outcome::UserCancelled => "the citizen stopped; no link was made",
        Outcome::CardPinLocked => "the PIN of the citizen's card is locked; no link was made",
        Outcome::CertExpired => "the certificate on the citizen's card has expired; no link was made",
        Outcome::CertRevoked => "the certificate on the citizen's card was revoked; no link was made",
        Outcome::DifferentPerson => "another person's card was shown; no link was made",
        Outcome::ServiceMaintenance => "the delivery service is under maintenance; no link was made",
        Outcome::ServiceUnavailable => "the delivery service did not answer; no link was made",
        Outcome::LinkConflict => "the account at the delivery service belongs to another person; no link was made",
        Outcome::LinkFailed => "no link was made",
        Outcome::SessionExpired => "the citizen was away for too long; no link was made",
        Outcome::ClientSuspended => "this client is suspended; ask the desk that admitted it",
        Outcome::TemporarilyUnavailable => "the card could not be checked at the moment; try again later",
        Outcome::ServerError => "the portal failed; no link was made",
    }
}

/// Mints the answer for a run that has just been marked returned.
///
/// # Errors
/// The database.
pub fn mint(around: &Around, tx: &mut Tx<'_>, run: &mut Run, now: Timestamp) -> store::Result<String> {
    let provider = around.portal.provider();
    let outcome = run.journey.outcome().ok_or_else(|| Error::inconsistent("journeys.state", "returned, no outcome"))?;
    provider.consume_request(tx, &run.request_id)?;
    if !outcome.with_code() {
        return Ok(refusal(provider.issuer(), &run.request, outcome));
    }
    let citizen = run.journey.citizen().ok_or_else(|| Error::inconsistent("journeys.state", "a code, no citizen"))?;
    let linked = linkages::linked(tx, citizen)?;
    let subject = citizens::subject(tx, citizen, &run.client_id, || provider.new_subject())?;
    let grant = NewGrant {
        client_id: run.client_id.clone(),
        account: citizen.to_owned(),
        subject,
        expires: expires(&run.request, now),
        body: body(around, run, &linked, outcome, now),
    };
    let code = provider.issue_code(tx, &grant)?;
    let url = redirect(provider.issuer(), &run.request, outcome).code(&code);
    // Kept for a minute's worth of double clicks and lost responses; sealed, because it works once.
    run.answer = Some(around.portal.sealer().seal(COLUMN, url.as_bytes())?);
    Ok(url)
}

/// The same answer once more, as far as it may be repeated: an error as long as the address is kept,
/// a code only the same one while nobody redeemed it.
///
/// # Errors
/// The database.
pub fn repeat(around: &Around, tx: &mut Tx<'_>, run: &Run, now: Timestamp) -> store::Result<Option<String>> {
    let Some(outcome) = run.journey.outcome().filter(|_| run.journey.may_repeat(now)) else { return Ok(None) };
    let Some(sealed) = &run.answer else {
        let issuer = around.portal.provider().issuer();
        return Ok((!outcome.with_code()).then(|| refusal(issuer, &run.request, outcome)));
    };
    let url = String::from_utf8(around.portal.sealer().open(COLUMN, sealed)?)
        .map_err(|_| Error::inconsistent(COLUMN, "not an address"))?;
    let code = url::Url::parse(&url)
        .ok()
        .and_then(|u| u.query_pairs().filter(|(name, _)| name == "code").last().map(|(_, value)| value.into_owned()));
    let code = code.ok_or_else(|| Error::inconsistent(COLUMN, "no code"))?;
    Ok(journeys::code_waits(tx, &Provider::code_hash(&code), now)?.then_some(url))
}

/// Until when tokens may live on the grant: the period agreed to for documents, else a day.
fn expires(request: &PushedRequest, now: Timestamp) -> Timestamp {
    let days = request.authorization_details.delivered_documents().map_or(1, |d| d.period_days.max(1));
    now.plus(DAY * u32::from(days))
}

fn body(around: &Around, run: &Run, linked: &[LinkageRow], outcome: Outcome, now: Timestamp) -> GrantBody {
    let request = &run.request;
    let approved: Vec<_> = around.deliveries.iter().filter(|d| d.active).cloned().collect();
    let status = UserStatus::of(run.journey.registered(), linked, &approved);
    let mut extra = Map::new();
    extra.insert("outcome".to_owned(), outcome.as_str().into());
    extra.insert("user_status".to_owned(), json!(status));
    GrantBody {
        redirect_uri: request.redirect_uri.as_str().to_owned(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        nonce: request.nonce.clone(),
        scope: scope(request),
        auth_time: run.journey.card_at().unwrap_or(now),
        acr: Some(ACR.to_owned()),
        details: details(run, linked, now),
        extra,
        private: private(request, linked),
        tester: run.tester.clone(),
    }
}

/// Documents and notices only where `delivered_documents` was asked for and agreed to.
fn scope(request: &PushedRequest) -> Scope {
    let documents = request.authorization_details.delivered_documents().is_some();
    let keep = |s: &&str| documents || !matches!(*s, scopes::DOCUMENTS | scopes::NOTICES);
    Scope::of(&request.scope.iter().filter(keep).collect::<Vec<_>>())
}

fn details(run: &Run, linked: &[LinkageRow], now: Timestamp) -> Vec<Granted> {
    let asked = &run.request.authorization_details;
    asked
        .iter()
        .filter_map(|detail| {
            Some(match detail {
                rar::Detail::AttributeLinkage(_) => {
                    Granted::AttributeLinkage { delivery_services: services(run, linked) }
                }
                rar::Detail::UserRegistration(_) => Granted::UserRegistration {
                    registered: run.journey.registered(),
                    registered_now: run.journey.registered_now(),
                },
                rar::Detail::DeliveredDocuments(d) => d.granted(expires(&run.request, now)),
                rar::Detail::Linkage(_) => return None,
            })
        })
        .collect()
}

fn services(run: &Run, linked: &[LinkageRow]) -> Vec<rar::ServiceResult> {
    let journey: &Journey = &run.journey;
    journey
        .services()
        .iter()
        .map(|leg| {
            let result = leg.result().unwrap_or(ServiceResult::NotAttempted);
            let told = rar::ServiceResult::new(leg.service(), result.as_str());
            match linked.iter().find(|l| l.delivery_id == leg.service()) {
                // ⑥ was meant for the API user of the run that linked, and for nobody else.
                Some(l) => {
                    let reply = l.reply.clone().filter(|_| l.journey_id == run.id);
                    told.linked(&l.id, l.linked_at.unwrap_or(l.created_at), reply)
                }
                None => told,
            }
        })
        .collect()
}

/// What leg C finds behind a token: whose documents, from where, which, until when. The delivery
/// services are those linked now, so that one linked later is not read without having been agreed to.
fn private(request: &PushedRequest, linked: &[LinkageRow]) -> Map<String, Value> {
    let mut map = Map::new();
    if let Some(d) = request.authorization_details.delivered_documents() {
        let asked = |id: &String| d.delivery_services.as_ref().is_none_or(|list| list.contains(id));
        let services: Vec<_> = linked.iter().map(|l| &l.delivery_id).filter(|id| asked(id)).collect();
        map.insert("delivery_services".to_owned(), json!(services));
        map.insert("actions".to_owned(), json!(d.actions));
        map.insert("document_types".to_owned(), json!(d.document_types));
        map.insert("years".to_owned(), json!(d.years));
    }
    map
}
