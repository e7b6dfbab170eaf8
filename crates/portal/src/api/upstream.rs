//! The document resource of a delivery service, as the portal calls it.
//!
//! `GET {issuer}/documents?linkage_id=` and `GET {issuer}/documents/{id}/content?linkage_id=`, with a token
//! by client credentials of scope `documents`. What comes back is the service's word: it is checked for form
//! and length, and never for truth (that is the issuer's signature, which the API user checks).

use std::time::Duration;

use base::Secret;
use base::outbound::BodyStream;
use http::{Method, StatusCode};
use oauth::fapi::ClientError;
use serde::Deserialize;
use url::Url;

use super::document_id::is_plain;
use hub::Portal;
use hub::deliveries::Delivery;

/// How long a service may take for its list.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// How long a service may take to begin with a document.
const FIRST_BYTE: Duration = Duration::from_secs(10);
/// Largest document that is relayed, in octets.
pub(super) const MAX_CONTENT: u64 = 16 * 1024 * 1024;
/// Most documents of one service in a list.
const MAX_DOCUMENTS: usize = 1_000;

/// A document as a service lists it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) year: Option<i16>,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) issuer: String,
    #[serde(default)]
    pub(super) received_at: Option<String>,
    #[serde(default)]
    pub(super) size: Option<u64>,
    #[serde(default)]
    pub(super) digest: Option<String>,
}

/// Why a service's documents can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It does not know the linkage, or it has ended over there.
    Relink,
    /// It has no such document.
    NoDocument,
    /// It does not answer, not in time, or not as it should.
    Unavailable,
}

/// The documents of a linkage.
pub(super) async fn list(portal: &Portal, delivery: &Delivery, linkage: &str) -> Result<Vec<Listed>, Trouble> {
    match tokio::time::timeout(PATIENCE, list_patiently(portal, delivery, linkage)).await {
        Ok(answer) => answer,
        Err(_) => {
            tracing::warn!(delivery = delivery.id(), "a delivery service takes too long for its documents");
            Err(Trouble::Unavailable)
        }
    }
}

async fn list_patiently(portal: &Portal, delivery: &Delivery, linkage: &str) -> Result<Vec<Listed>, Trouble> {
    let url = address(delivery, &["documents"], linkage)?;
    let mut token = token(portal, delivery).await?;
    let mut response = call(delivery, &url, &token).await?;
    if response.status() == StatusCode::UNAUTHORIZED {
        token = another(portal, delivery, &token).await?;
        response = call(delivery, &url, &token).await?;
    }
    judge(delivery, response.status(), Trouble::Relink)?;
    #[derive(Deserialize)]
    struct Answer {
        documents: Vec<Listed>,
    }
    let answer: Answer = serde_json::from_slice(response.body()).map_err(|e| {
        tracing::warn!(delivery = delivery.id(), error = %e, "the list of documents is no such list");
        Trouble::Unavailable
    })?;
    let all = answer.documents.len();
    let good: Vec<Listed> = answer.documents.into_iter().filter_map(Listed::clean).take(MAX_DOCUMENTS).collect();
    if good.len() < all {
        tracing::warn!(delivery = delivery.id(), left_out = all - good.len(), "documents are left out of a list");
    }
    Ok(good)
}

async fn call(delivery: &Delivery, url: &Url, token: &Secret<String>) -> Result<http::Response<bytes::Bytes>, Trouble> {
    delivery.client().call(Method::GET, url, token, None).await.map_err(|e| unavailable(delivery, &e))
}

/// One document, as it arrives.
pub(super) async fn open(
    portal: &Portal,
    delivery: &Delivery,
    linkage: &str,
    document: &str,
) -> Result<http::Response<BodyStream>, Trouble> {
    let url = address(delivery, &["documents", document, "content"], linkage)?;
    let begin = async {
        let mut token = token(portal, delivery).await?;
        let mut response = stream(delivery, &url, &token).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            token = another(portal, delivery, &token).await?;
            response = stream(delivery, &url, &token).await?;
        }
        judge(delivery, response.status(), Trouble::NoDocument)?;
        Ok(response)
    };
    tokio::time::timeout(FIRST_BYTE, begin).await.unwrap_or(Err(Trouble::Unavailable))
}

async fn stream(delivery: &Delivery, url: &Url, token: &Secret<String>) -> Result<http::Response<BodyStream>, Trouble> {
    delivery.client().stream(url, token, MAX_CONTENT).await.map_err(|e| unavailable(delivery, &e))
}

async fn token(portal: &Portal, delivery: &Delivery) -> Result<Secret<String>, Trouble> {
    let tokens = portal.document_tokens();
    tokens.get(delivery, portal.clock().now()).await.map_err(|e| unavailable(delivery, &e))
}

/// After a restart over there a token may be unknown.
async fn another(portal: &Portal, delivery: &Delivery, old: &Secret<String>) -> Result<Secret<String>, Trouble> {
    portal.document_tokens().refused(delivery, old).await;
    token(portal, delivery).await
}

fn unavailable(delivery: &Delivery, e: &ClientError) -> Trouble {
    tracing::warn!(delivery = delivery.id(), error = %e, "a delivery service's documents can't be had");
    Trouble::Unavailable
}

/// `missing`: what 404 is about.
fn judge(delivery: &Delivery, status: StatusCode, missing: Trouble) -> Result<(), Trouble> {
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::NOT_FOUND => Err(missing),
        StatusCode::CONFLICT | StatusCode::GONE => Err(Trouble::Relink),
        other => {
            tracing::warn!(
                delivery = delivery.id(),
                status = other.as_u16(),
                "a delivery service refuses its documents"
            );
            Err(Trouble::Unavailable)
        }
    }
}

fn address(delivery: &Delivery, segments: &[&str], linkage: &str) -> Result<Url, Trouble> {
    let mut url = delivery.resource("").map_err(|_| Trouble::Unavailable)?;
    url.path_segments_mut().map_err(|()| Trouble::Unavailable)?.pop_if_empty().extend(segments);
    url.query_pairs_mut().append_pair("linkage_id", linkage);
    Ok(url)
}

impl Listed {
    /// As it may be passed on; `None` when its id or kind can't be.
    fn clean(mut self) -> Option<Self> {
        let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
        if !is_plain(&self.id) || !is_plain(&self.kind) || self.kind.len() > 64 {
            return None;
        }
        self.title = cut(&self.title);
        self.issuer = cut(&self.issuer);
        self.received_at = self.received_at.filter(|t| t.parse::<jiff::Timestamp>().is_ok());
        self.digest = self.digest.filter(|d| d.len() <= 200 && d.bytes().all(|b| b.is_ascii_graphic()));
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_checked_for_form() {
        let listed: Listed = serde_json::from_str(
            r#"{"id":"d1","type":"TEG800","year":2026,"title":"控除\u0007証明書","issuer":"x","received_at":"soon","digest":"sha-256=:AA==:","more":1}"#,
        )
        .unwrap();
        let clean = listed.clone().clean().unwrap();
        assert_eq!((clean.title.as_str(), clean.received_at.as_deref()), ("控除証明書", None));
        assert_eq!(clean.digest.as_deref(), Some("sha-256=:AA==:"));
        assert!(Listed { id: "../x".into(), ..listed.clone() }.clean().is_none());
        assert!(Listed { kind: "a b".into(), ..listed }.clean().is_none());
    }
}
