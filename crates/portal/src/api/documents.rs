//! `GET /api/v1/documents`: what the granted delivery services hold. All are asked at the same time, each
//! has three seconds, and each gets a status of its own: a partial answer beats an error.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::Timestamp;
use futures_util::future::join_all;
use http::{HeaderMap, Method, Uri};
use oauth::rar::DocumentAction;
use oauth::registry::Api;
use provider::Access;
use serde::Serialize;

use super::document_id::DocumentId;
use super::reach::Reach;
use super::upstream::{self, Trouble};
use super::{ApiError, grant, with_nonce};
use hub::Portal;
use hub::deliveries::{self, Delivery};
use hub::role::scopes;
use hub::store::linkages::{self, LinkageRow};
use hub::store::linkages_me;

/// The last use of a linkage is noted no oftener than this.
const NOTE_EVERY: Duration = Duration::from_secs(600);

/// How a delivery service stands for this citizen and grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// It answered, and there are documents.
    Ready,
    /// It answered; nothing there yet that was asked for.
    NoDocumentsYet,
    /// It did not answer, not in time, or not as it should.
    Unavailable,
    /// It was linked; the citizen has to link it again.
    RelinkRequired,
    /// It is in an announced maintenance.
    Maintenance,
    /// The citizen has not linked it, or had not when agreeing.
    NotLinked,
}

impl Status {
    pub(super) const ALL: [Self; 6] = [
        Self::Ready,
        Self::NoDocumentsYet,
        Self::Unavailable,
        Self::RelinkRequired,
        Self::Maintenance,
        Self::NotLinked,
    ];
}

#[derive(Serialize)]
struct Answer {
    documents: Vec<Document>,
    services: Vec<ServiceAnswer>,
}

#[derive(Serialize)]
struct ServiceAnswer {
    id: String,
    status: Status,
}

#[derive(Serialize)]
struct Document {
    id: String,
    delivery_service: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<i16>,
    title: String,
    issuer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

pub(super) async fn get(State(portal): State<Portal>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let access = match portal.provider().access(&method, uri.path(), &headers, scopes::DOCUMENTS).await {
        Ok(access) => access,
        Err(refusal) => return refusal.into_response(),
    };
    with_nonce(&portal, list(&portal, &access, uri.query().unwrap_or_default()).await)
}

async fn list(portal: &Portal, access: &Access, query: &str) -> Result<Response, ApiError> {
    ApiError::must_be_approved(access, Api::NoticesDocuments)?;
    let grant = grant(access)?;
    let reach = Reach::of(&grant.body)?;
    reach.may(DocumentAction::List)?;
    let reach = Arc::new(reach.narrowed(query)?);
    let known = known(portal, &grant.account, &reach.services).await?;
    let deliveries = portal.approved_deliveries(&access.client).await?;
    let now = portal.clock().now();
    let asked = reach.services.iter().map(|id| {
        let place = place(&reach, id, &known, deliveries::find(&deliveries, id), now);
        ask(portal, &reach, id, place)
    });
    let mut answer = Answer { documents: Vec::new(), services: Vec::new() };
    let mut used = Vec::new();
    for (service, documents, linkage) in join_all(asked).await {
        answer.services.push(service);
        answer.documents.extend(documents);
        used.extend(linkage);
    }
    note_use(portal, used, now).await;
    Ok(Json(answer).into_response())
}

/// What this portal knows of a citizen at the services of a grant.
pub(super) struct Known {
    linked: Vec<LinkageRow>,
    /// Services that the citizen was linked with and is no more, by the doing of the service.
    lost: Vec<String>,
}

pub(super) async fn known(portal: &Portal, citizen: &str, services: &[String]) -> store::Result<Known> {
    let (citizen, services) = (citizen.to_owned(), services.to_vec());
    portal
        .db()
        .read(move |tx| {
            let linked = linkages::linked(tx, &citizen)?;
            let mut lost = Vec::new();
            for id in services.into_iter().filter(|id| !linked.iter().any(|l| l.delivery_id == *id)) {
                // What citizens undid themselves they do not have to mend.
                if linkages_me::last_end(tx, &citizen, &id)?.is_some_and(|by| by != "citizen") {
                    lost.push(id);
                }
            }
            Ok::<_, store::Error>(Known { linked, lost })
        })
        .await
}

/// Where the documents of a service are to be asked for, or why nowhere.
fn place<'a>(
    reach: &Reach,
    id: &str,
    known: &'a Known,
    delivery: Option<&'a Arc<Delivery>>,
    now: Timestamp,
) -> Result<(&'a Arc<Delivery>, &'a LinkageRow), Status> {
    let Some(linkage) = known.linked.iter().find(|l| l.delivery_id == id) else {
        return Err(if known.lost.iter().any(|l| l == id) { Status::RelinkRequired } else { Status::NotLinked });
    };
    if !reach.opens(id) {
        return Err(Status::NotLinked);
    }
    let delivery = delivery.ok_or(Status::Unavailable)?;
    if delivery.maintenance(now).is_some() {
        return Err(Status::Maintenance);
    }
    Ok((delivery, linkage))
}

async fn ask(
    portal: &Portal,
    reach: &Reach,
    id: &str,
    place: Result<(&Arc<Delivery>, &LinkageRow), Status>,
) -> (ServiceAnswer, Vec<Document>, Option<LinkageRow>) {
    let answer = |status| ServiceAnswer { id: id.to_owned(), status };
    let (delivery, linkage) = match place {
        Ok(place) => place,
        Err(status) => return (answer(status), Vec::new(), None),
    };
    match upstream::list(portal, delivery, &linkage.id).await {
        Err(Trouble::Relink | Trouble::NoDocument) => (answer(Status::RelinkRequired), Vec::new(), None),
        Err(Trouble::Unavailable) => (answer(Status::Unavailable), Vec::new(), None),
        Ok(listed) => {
            let covered = listed.into_iter().filter(|d| reach.covers(&d.kind, d.year));
            let documents: Vec<_> = covered.map(|d| document(portal, delivery.id(), &linkage.id, d)).collect();
            let status = if documents.is_empty() { Status::NoDocumentsYet } else { Status::Ready };
            (answer(status), documents, Some(linkage.clone()))
        }
    }
}

fn document(portal: &Portal, service: &str, linkage: &str, d: upstream::Listed) -> Document {
    let id = DocumentId { linkage: linkage.to_owned(), document: d.id, kind: d.kind.clone(), year: d.year };
    Document {
        id: id.seal(portal.sealer()),
        delivery_service: service.to_owned(),
        kind: d.kind,
        year: d.year,
        title: d.title,
        issuer: d.issuer,
        received_at: d.received_at,
        size: d.size,
        digest: d.digest,
    }
}

/// Notes that linkages were used. A failure is the log's alone: the caller has its answer.
pub(super) async fn note_use(portal: &Portal, used: Vec<LinkageRow>, now: Timestamp) {
    let quiet = now.minus(NOTE_EVERY);
    let due: Vec<_> = used.into_iter().filter(|l| l.last_used_at.is_none_or(|at| at < quiet)).map(|l| l.id).collect();
    if due.is_empty() {
        return;
    }
    let noted = portal.db().write(move |tx| due.iter().try_for_each(|id| linkages::used(tx, id, now, quiet)));
    if let Err(e) = noted.await {
        tracing::warn!(error = %e, "the use of a linkage can't be noted");
    }
}
