//! The linkage resource (`docs/leg-b.md`): `PUT`, `GET`, list, `DELETE`.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use web::{Fault, Visit};

use super::linkage::{By, LinkGrant, LinkRefusal, Linked, MAX_MESSAGE};
use super::{AccountId, Kit, json, refuse};
use crate::store::linkages::{self, Linkage, State};

/// Most linkages in one answer.
const PAGE: i64 = 500;

/// The body of a `PUT`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutBody {
    subject_token: String,
    #[serde(default)]
    message: Option<String>,
}

/// Whether a text can be a linkage's id.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn bad_id() -> Response {
    refuse(StatusCode::BAD_REQUEST, "invalid_request", "a linkage_id has 1 to 64 letters, digits, '-', '_' and '.'")
}

fn answer(linked: Linked) -> Response {
    let mut body = json!({
        "linkage_id": linked.linkage_id,
        "state": State::Active,
        "linked_at": linked.linked_at.rfc3339(),
        "confirmation": linked.confirmation,
    });
    if let (Some(reply), Some(map)) = (linked.reply, body.as_object_mut()) {
        map.insert("reply".to_owned(), reply.into());
    }
    json(StatusCode::OK, &body)
}

fn refused(refusal: LinkRefusal) -> Response {
    match refusal {
        LinkRefusal::Conflict => refuse(
            StatusCode::CONFLICT,
            "link_conflict",
            "that mailbox is linked with another portal account, or that portal account with another mailbox",
        ),
        LinkRefusal::Closed => refuse(
            StatusCode::GONE,
            "linkage_closed",
            "this linkage was cancelled, has expired or has ended; begin a new one",
        ),
        LinkRefusal::OtherLinkage => refuse(
            StatusCode::FORBIDDEN,
            "other_linkage",
            "the access token is of another linkage; use the one of this linkage's sign-in",
        ),
        LinkRefusal::SubjectToken(why) => refuse(StatusCode::BAD_REQUEST, "invalid_subject_token", &why),
        LinkRefusal::Unavailable(why) => refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", &why),
    }
}

/// Who calls a resource.
pub(crate) enum Caller {
    /// The portal for itself.
    Portal,
    /// The portal with a citizen's permission for a link.
    Link(LinkGrant),
}

impl Kit {
    /// Checks token and proof of a call.
    pub(crate) async fn caller(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        scope: &'static str,
    ) -> Result<Caller, Box<Response>> {
        if let Some(foreign) = &self.0.foreign {
            return foreign.caller(self, method, path, headers, scope).await.map_err(Box::new);
        }
        let access = self.provider().access(method, path, headers, scope).await;
        let access = access.map_err(|r| Box::new(r.into_response()))?;
        if access.client.id() != self.0.config.portal.client_id {
            return Err(Box::new(refuse(StatusCode::FORBIDDEN, "access_denied", "this resource is the portal's")));
        }
        let Some(grant) = &access.grant else { return Ok(Caller::Portal) };
        let linkage_ids = grant.body.details.iter().filter_map(|d| match d {
            oauth::rar::Granted::Linkage { linkage_id } => Some(linkage_id.clone()),
            _ => None,
        });
        Ok(Caller::Link(LinkGrant {
            linkage_ids: linkage_ids.collect(),
            account: AccountId(grant.account.clone()),
            account_sub: grant.subject.clone(),
            auth_time: grant.body.auth_time,
            foreign: false,
        }))
    }

    /// A call that the portal makes for itself.
    async fn portal_call(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Box<Response>> {
        match self.caller(method, uri.path(), headers, "linkages").await? {
            Caller::Portal => Ok(()),
            Caller::Link(_) => Err(Box::new(refuse(
                StatusCode::FORBIDDEN,
                "insufficient_scope",
                "this needs a token by client_credentials with the scope linkages",
            ))),
        }
    }

    pub(crate) async fn linkages_put(
        &self,
        Path(id): Path<String>,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, Fault> {
        let grant = match self.caller(&Method::PUT, uri.path(), &headers, "linkage").await {
            Ok(Caller::Link(grant)) => grant,
            Ok(Caller::Portal) => {
                return Ok(refuse(
                    StatusCode::FORBIDDEN,
                    "other_linkage",
                    "this needs the token of the citizen's sign-in, not one by client_credentials",
                ));
            }
            Err(response) => return Ok(*response),
        };
        if !is_id(&id) {
            return Ok(bad_id());
        }
        let body: PutBody = match serde_json::from_slice(&body) {
            Ok(body) => body,
            Err(e) => {
                let text = format!("the body has to be JSON with subject_token and, if there is one, message: {e}");
                return Ok(refuse(StatusCode::BAD_REQUEST, "invalid_request", &text));
            }
        };
        if body.message.as_ref().is_some_and(|m| m.len() > MAX_MESSAGE) {
            let text = format!("message is longer than {MAX_MESSAGE} octets");
            return Ok(refuse(StatusCode::BAD_REQUEST, "invalid_request", &text));
        }
        Ok(match self.link(&id, &grant, &body.subject_token, body.message.as_deref()).await? {
            Ok(linked) => answer(linked),
            Err(refusal) => refused(refusal),
        })
    }

    fn describe(&self, l: &Linkage) -> Result<Value, Fault> {
        let mut map = Map::new();
        let state = l.state_at(self.now());
        map.insert("linkage_id".to_owned(), l.id.clone().into());
        map.insert("state".to_owned(), state.as_str().into());
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                map.insert(name.to_owned(), value.into());
            }
        };
        put("sub", l.subject.clone());
        put("linked_at", l.linked.map(|t| t.rfc3339()));
        let ended = l.ended.or(if state == State::Cancelled { l.expires } else { None });
        put("ended_at", ended.map(|t| t.rfc3339()));
        put("confirmation", l.confirmation.clone());
        put("reply", self.reply(l)?);
        Ok(Value::Object(map))
    }

    pub(crate) async fn linkages_get(
        &self,
        Path(id): Path<String>,
        uri: Uri,
        headers: HeaderMap,
    ) -> Result<Response, Fault> {
        if let Err(response) = self.portal_call(&Method::GET, &uri, &headers).await {
            return Ok(*response);
        }
        if !is_id(&id) {
            return Ok(bad_id());
        }
        let portal = self.portal_issuer().to_owned();
        Ok(match self.db().read(move |tx| linkages::get(tx, &portal, &id)).await? {
            Some(l) => json(StatusCode::OK, &self.describe(&l)?),
            None => refuse(StatusCode::NOT_FOUND, "unknown_linkage", "there is no linkage of that id"),
        })
    }

    pub(crate) async fn linkages_list(&self, visit: Visit, uri: Uri, headers: HeaderMap) -> Result<Response, Fault> {
        if let Err(response) = self.portal_call(&Method::GET, &uri, &headers).await {
            return Ok(*response);
        }
        let after = visit.query("after").unwrap_or_default();
        let limit = match visit.query("limit").map(|l| l.parse::<i64>()) {
            None => 100,
            Some(Ok(limit)) if (1..=PAGE).contains(&limit) => limit,
            Some(_) => {
                return Ok(refuse(StatusCode::BAD_REQUEST, "invalid_request", "limit has to be 1 to 500"));
            }
        };
        let portal = self.portal_issuer().to_owned();
        let mut found = self.db().read(move |tx| linkages::list(tx, &portal, &after, limit + 1)).await?;
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit)?);
        let mut body = Map::new();
        if more && let Some(last) = found.last() {
            body.insert("next".to_owned(), last.id.clone().into());
        }
        let list = found.iter().map(|l| self.describe(l)).collect::<Result<Vec<_>, _>>()?;
        body.insert("linkages".to_owned(), list.into());
        Ok(json(StatusCode::OK, &Value::Object(body)))
    }

    pub(crate) async fn linkages_delete(
        &self,
        Path(id): Path<String>,
        uri: Uri,
        headers: HeaderMap,
    ) -> Result<Response, Fault> {
        if let Err(response) = self.portal_call(&Method::DELETE, &uri, &headers).await {
            return Ok(*response);
        }
        if !is_id(&id) {
            return Ok(bad_id());
        }
        self.close(&id, By::Portal).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}
