//! `GET /api/v1/documents/{id}/content`: one document, relayed as it arrives and never stored.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};
use oauth::rar::DocumentAction;
use oauth::registry::Api;
use provider::Access;

use super::document_id::DocumentId;
use super::documents::note_use;
use super::reach::Reach;
use super::upstream::{self, Trouble};
use super::{ApiError, grant, with_nonce};
use hub::role::scopes;
use hub::store::linkages::{self, State as LinkageState};
use hub::{Portal, deliveries};

/// What is passed on of the delivery service's headers: the document's nature, size and digest
/// (RFC 9530; `digest` of RFC 3230 from older servers).
const PASSED: [HeaderName; 5] = [
    CONTENT_TYPE,
    CONTENT_LENGTH,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
];

pub(super) async fn get(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let access = match portal.provider().access(&method, uri.path(), &headers, scopes::DOCUMENTS).await {
        Ok(access) => access,
        Err(refusal) => return refusal.into_response(),
    };
    with_nonce(&portal, relay(&portal, &access, &id).await)
}

fn unknown() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "unknown_document",
        "There is no such document",
        "take ids from GET /api/v1/documents with a token of the same citizen",
    )
}

fn relink() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "relink_required",
        "The delivery service is not linked any more",
        "ask the citizen to link it again (attribute_linkage)",
    )
}

fn later(code: &'static str, title: &str) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, title, "try again later; the citizen need not do anything")
}

async fn relay(portal: &Portal, access: &Access, id: &str) -> Result<Response, ApiError> {
    ApiError::must_be_approved(access, Api::NoticesDocuments)?;
    let grant = grant(access)?;
    let reach = Reach::of(&grant.body)?;
    reach.may(DocumentAction::Read)?;
    let id = DocumentId::open(portal.sealer(), id).ok_or_else(unknown)?;
    let key = id.linkage.clone();
    let linkage = portal.db().read(move |tx| linkages::get(tx, &key)).await?;
    // Another citizen's document looks like none at all.
    let linkage = linkage.filter(|l| l.citizen_id == grant.account).ok_or_else(unknown)?;
    if linkage.state != LinkageState::Linked {
        return Err(relink());
    }
    if !reach.opens(&linkage.delivery_id) || !reach.covers(&id.kind, id.year) {
        return Err(ApiError::not_granted("this document is outside of what the citizen agreed to with this token"));
    }
    let known = portal.approved_deliveries(&access.client).await?;
    let now = portal.clock().now();
    let delivery = deliveries::find(&known, &linkage.delivery_id)
        .ok_or_else(|| later("service_unavailable", "The delivery service is not available"))?;
    if delivery.maintenance(now).is_some() {
        return Err(later("service_maintenance", "The delivery service is under maintenance"));
    }
    let answer = match upstream::open(portal, delivery, &linkage.id, &id.document).await {
        Ok(answer) => answer,
        Err(Trouble::NoDocument) => return Err(unknown()),
        Err(Trouble::Relink) => return Err(relink()),
        Err(Trouble::Unavailable) => {
            return Err(later("service_unavailable", "The delivery service does not answer"));
        }
    };
    note_use(portal, vec![linkage], now).await;
    Ok(passed_on(answer))
}

fn passed_on(answer: http::Response<base::outbound::BodyStream>) -> Response {
    let (head, body) = answer.into_parts();
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    for name in PASSED {
        if let Some(value) = head.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/octet-stream"));
    // Somebody else's content under our name: never to be shown as a page of ours.
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn digest_size_and_type_go_through_and_nothing_else() {
        let body: base::outbound::BodyStream =
            Box::pin(futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"<a/>"))]));
        let mut answer = http::Response::new(body);
        for (name, value) in [
            ("content-type", "application/xml"),
            ("content-length", "4"),
            ("repr-digest", "sha-256=:AA==:"),
            ("set-cookie", "x=y"),
            ("content-security-policy", "default-src *"),
        ] {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let response = passed_on(answer);
        let names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
        for name in ["content-type", "content-length", "repr-digest", "content-disposition"] {
            assert!(names.contains(&name), "{name}");
        }
        assert_eq!(names.len(), 4);
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(&body[..], b"<a/>");
    }
}
