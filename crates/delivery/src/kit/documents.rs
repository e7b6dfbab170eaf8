//! Leg C for the portal: which documents a linked mailbox holds, and their content as a stream.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use base::codec::b64;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::json;
use web::{Fault, Visit};

use super::linkage_api::{Caller, is_id};
use super::{AccountId, Entry, Kit, json, refuse};
use crate::store::linkages::{self, State};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// A digest as RFC 9530 writes it: `sha-256=:…:`.
fn digest(entry: &Entry) -> String {
    format!("sha-256=:{}:", b64(&entry.digest))
}

fn describe(entry: &Entry) -> serde_json::Value {
    json!({
        "id": entry.id,
        "type": entry.kind,
        "year": entry.year,
        "title": entry.title,
        "issuer": entry.issuer,
        "size": entry.size,
        "digest": digest(entry),
        "received_at": entry.received.rfc3339(),
        "content_type": entry.content_type,
    })
}

impl Kit {
    /// Whose documents the call is about.
    async fn linked_account(
        &self,
        visit: &Visit,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Result<AccountId, Box<Response>>, Fault> {
        match self.caller(&Method::GET, uri.path(), headers, "documents").await {
            Ok(Caller::Portal) => {}
            Ok(Caller::Link(_)) => {
                let text = "this needs a token by client_credentials with the scope documents";
                return Ok(Err(Box::new(refuse(StatusCode::FORBIDDEN, "insufficient_scope", text))));
            }
            Err(response) => return Ok(Err(response)),
        }
        let Some(id) = visit.query("linkage_id").filter(|id| is_id(id)) else {
            let text = "linkage_id is missing in the query, or is none";
            return Ok(Err(Box::new(refuse(StatusCode::BAD_REQUEST, "invalid_request", text))));
        };
        let portal = self.portal_issuer().to_owned();
        let found = self.db().read(move |tx| linkages::get(tx, &portal, &id)).await?;
        Ok(match found.as_ref().map(|l| l.state_at(self.now())) {
            Some(State::Active) => match found.and_then(|l| l.account) {
                Some(account) => Ok(AccountId(account)),
                None => return Err(Fault::new("an active linkage has no account")),
            },
            Some(State::Ended | State::Cancelled) => Err(Box::new(refuse(
                StatusCode::GONE,
                "linkage_closed",
                "this linkage has ended or never became a link",
            ))),
            Some(State::Offered) | None => {
                Err(Box::new(refuse(StatusCode::NOT_FOUND, "unknown_linkage", "there is no link of that id")))
            }
        })
    }

    /// `GET /documents?linkage_id=`. An empty list is an answer like any other.
    pub(crate) async fn documents_list(&self, visit: Visit, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
        let account = match self.linked_account(&visit, &uri, &headers).await? {
            Ok(account) => account,
            Err(response) => return Ok(*response),
        };
        let list: Vec<_> = self.0.mailbox.documents(&account).await?.iter().map(describe).collect();
        Ok(json(StatusCode::OK, &json!({ "documents": list })))
    }

    /// `GET /documents/{id}/content?linkage_id=`
    pub(crate) async fn documents_content(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        uri: Uri,
        headers: HeaderMap,
    ) -> Result<Response, Fault> {
        let account = match self.linked_account(&visit, &uri, &headers).await? {
            Ok(account) => account,
            Err(response) => return Ok(*response),
        };
        let found = if is_id(&id) { self.0.mailbox.open(&account, &id).await? } else { None };
        let Some((entry, content)) = found else {
            return Ok(refuse(StatusCode::NOT_FOUND, "unknown_document", "this mailbox has no document of that id"));
        };
        let mut response = Body::from_stream(content).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(&entry.content_type)?);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(entry.size));
        let digest = HeaderValue::from_str(&digest(&entry))?;
        headers.insert(CONTENT_DIGEST, digest.clone());
        headers.insert(REPR_DIGEST, digest);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}
