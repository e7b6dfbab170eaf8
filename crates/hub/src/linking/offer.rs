//! ④ and ⑤: the linkage row, the subject token, the pushed request.

use std::time::Duration;

use base::Timestamp;
use base::codec::sha256_b64url;
use bytes::Bytes;
use journey::{DeliveryFailure, Event, Journey};
use oauth::Scope;
use oauth::fapi::{AuthorizationRequest, Pushed};
use oauth::pushed::Prompt;
use oauth::rar::{Detail, Details, Linkage};
use serde::Serialize;
use store::{Error, Tx};

use super::{CALLBACK, Pending, failure};
use crate::Portal;
use crate::citizen::Profile;
use crate::deliveries::{Delivery, subject_party};
use crate::run::again;
use crate::run::step::Around;
use crate::store::citizens;
use crate::store::hand_overs::{self, HandOverRow};
use crate::store::journeys::Run;
use crate::store::linkages::{self, LinkageRow, NewLinkage};

/// `typ` of the subject token.
const SUBJECT_TYP: &str = "enishi-subject+jwt";
/// How long a subject token counts: as long as a run may be idle.
const SUBJECT_LIFE: Duration = Duration::from_secs(30 * 60);
/// A pushed request that ends sooner than this is pushed anew before the browser is sent there.
const PUSH_MARGIN: Duration = Duration::from_secs(15);

/// A new linkage id.
pub fn new_id(portal: &Portal) -> String {
    format!("lnk_{}", base::id::ulid(portal.clock().now(), portal.rng()))
}

/// Keeps the offer, in the transaction of ④.
pub fn offer(
    portal: &Portal,
    tx: &mut Tx<'_>,
    run: &Run,
    linkage_id: &str,
    citizen: &str,
    service: &str,
    now: Timestamp,
) -> store::Result<()> {
    let subject = citizens::subject(tx, citizen, &subject_party(service), || portal.provider().new_subject())?;
    let offer = NewLinkage {
        id: linkage_id,
        citizen_id: citizen,
        delivery_id: service,
        journey_id: &run.id,
        client_id: &run.client_id,
        subject: &subject,
        nonce: &portal.rng().token(),
        // Set with the push, which makes the token.
        subject_token_hash: "",
    };
    linkages::insert(tx, &offer, now)
}

/// The subject token (docs/leg-b.md): identifies a portal account, authorises nothing by itself.
#[derive(Serialize)]
struct SubjectToken<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    linkage_id: &'a str,
    nonce: &'a str,
    display: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

fn subject_token(portal: &Portal, delivery: &Delivery, row: &LinkageRow, display: &str) -> store::Result<String> {
    let now = portal.clock().now();
    let claims = SubjectToken {
        iss: portal.provider().issuer(),
        aud: &delivery.config.issuer,
        sub: &row.subject,
        linkage_id: &row.id,
        nonce: &row.nonce,
        display,
        jti: portal.rng().token(),
        iat: now.secs(),
        exp: now.plus(SUBJECT_LIFE).secs(),
    };
    jose::jws::sign(portal.provider().signing_key(), SUBJECT_TYP, &claims).map_err(|e| Error::Refused(e.to_string()))
}

/// Pushes the request of an attempt to its delivery service and keeps what its callback needs. When
/// that fails, the run shows what happened.
///
/// # Errors
/// The database.
pub async fn push(around: &Around, linkage_id: &str) -> store::Result<Option<Pushed>> {
    let portal = &around.portal;
    let key = linkage_id.to_owned();
    let found = portal.db().read(move |tx| {
        let Some(row) = linkages::get(tx, &key)? else { return Ok(None) };
        Ok::<_, Error>(citizens::get(tx, &row.citizen_id)?.map(|citizen| (row, citizen)))
    });
    let Some((row, citizen)) = found.await? else {
        return Err(Error::inconsistent("linkages", "an attempt without its row or citizen"));
    };
    let journey_id = row.journey_id.clone();
    let fail = async |error| {
        let event = move |linkage_id| Event::DeliveryError { linkage_id, error };
        apply(around, &journey_id, linkage_id, event).await.map(|()| None)
    };
    let Some(delivery) = around.delivery(&row.delivery_id).filter(|d| d.active) else {
        return fail(DeliveryFailure::Failed).await;
    };
    let display = Profile::open(portal.sealer(), &citizen.profile)?.masked();
    let subject_token = subject_token(portal, delivery, &row, &display)?;
    let request = AuthorizationRequest {
        redirect_uri: portal.config().origin.url(CALLBACK),
        scope: Scope::of(&["openid", "linkage"]),
        authorization_details: Details::of(vec![Detail::Linkage(Linkage {
            linkage_id: row.id.clone(),
            subject_token: subject_token.clone(),
        })]),
        prompt: vec![Prompt::Login],
        ui_locales: Some(around.lang.tag().to_owned()),
        ..Default::default()
    };
    let pushed = match delivery.client().push(&request).await {
        Ok(pushed) => pushed,
        Err(e) => {
            tracing::warn!(delivery = delivery.id(), journey = row.journey_id, error = %e, "a request can't be pushed");
            let now = portal.clock().now();
            let announced = delivery.maintenance(now).is_some();
            return fail(if announced { DeliveryFailure::Maintenance } else { failure(&e) }).await;
        }
    };
    let pending = Pending { pushed: pushed.clone(), subject_token };
    let token_hash = sha256_b64url(&pending.subject_token);
    let hand_over = HandOverRow {
        state_hash: sha256_b64url(&pushed.state),
        journey_id: row.journey_id,
        linkage_id: row.id,
        delivery_id: row.delivery_id,
        pending: pending.seal(portal)?,
        created_at: portal.clock().now(),
        used_at: None,
    };
    portal
        .db()
        .write(move |tx| {
            hand_overs::insert(tx, &hand_over)?;
            linkages::set_token(tx, &hand_over.linkage_id, &token_hash)
        })
        .await?;
    Ok(Some(pushed))
}

/// Where 「次へ」 leads: the request that was pushed at ④, or a new one when that has run out (or when a
/// crash came between the two). `None`: it can't be pushed now, and the run shows why.
///
/// # Errors
/// The database.
pub async fn delivery_url(around: &Around, linkage_id: &str) -> store::Result<Option<String>> {
    let portal = &around.portal;
    let key = linkage_id.to_owned();
    if let Some(sealed) = portal.db().read(move |tx| hand_overs::latest(tx, &key)).await? {
        let pending = Pending::open(portal, &sealed)?;
        if portal.clock().now().plus(PUSH_MARGIN) < pending.pushed.expires_at {
            return Ok(Some(pending.pushed.authorization_url));
        }
    }
    Ok(push(around, linkage_id).await?.map(|p| p.authorization_url))
}

/// Applies what happened to an attempt, if its run still waits for it. Does not return the run: nobody's
/// browser may be there.
pub(super) async fn apply(
    around: &Around,
    journey_id: &str,
    linkage_id: &str,
    event: impl Fn(String) -> Event + Clone + Send + 'static,
) -> store::Result<()> {
    again(|| {
        let (around, journey_id, linkage_id) = (around.clone(), journey_id.to_owned(), linkage_id.to_owned());
        let event = event.clone();
        async move {
            let db = around.portal.db().clone();
            db.write(move |tx| {
                let now = around.portal.clock().now();
                let Some((mut run, before)) = Around::load(tx, &journey_id, now)? else { return Ok(()) };
                let applied: Result<Journey, _> = run.journey.apply(event(linkage_id.clone()), now);
                if let Ok(journey) = applied {
                    run.journey = journey;
                }
                around.store(tx, &mut run, &before, now)
            })
            .await
        }
    })
    .await
}

/// ⑤ as it goes into a linkage resource call.
pub(super) fn json_body<T: Serialize>(value: &T) -> store::Result<Bytes> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|e| Error::Refused(e.to_string()))
}
