//! Leg C: the citizen's certificate documents, listed and fetched through the portal.
//!
//! Every call carries the DPoP-bound token; the portal relays what the delivery services hold. A partial
//! answer is normal: each service has a status of its own. What arrives is nobody's word but its issuer's:
//! the signature on each document is checked here, whoever carried it.

use std::sync::Arc;
use std::time::Duration;

use base::outbound::Outbound;
use base::{Clock, Secret, Timestamp};
use bytes::Bytes;
use document::{Checked, DocumentError};
use futures_util::StreamExt as _;
use http::{Method, StatusCode, header};
use oauth::fapi::{Client, ClientError};
use parking_lot::Mutex;
use pki::Anchors;
use serde::Deserialize;
use url::Url;

use crate::config::Trust;

/// Most documents taken in one import.
pub(crate) const MAX_DOCUMENTS: usize = 100;
/// How long fetched roots are used.
const ROOTS_FRESH: Duration = Duration::from_secs(3600);

/// The answer of `GET {portal}/api/v1/documents`. Members that a later version adds are ignored.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listing {
    #[serde(default)]
    pub(crate) documents: Vec<Entry>,
    #[serde(default)]
    pub(crate) services: Vec<Service>,
}

/// One document, as the delivery service describes it: good enough to name it, not to believe it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) delivery_service: String,
    #[serde(default)]
    pub(crate) title: String,
}

/// A delivery service and how it answered.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) status: String,
}

/// Why nothing could be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The token has ended (they live for five minutes), or the citizen took it back.
    #[error("the access token has ended")]
    TokenEnded,
    /// The token does not allow it.
    #[error("the token does not allow this")]
    NotAllowed,
    /// The portal does not answer as it should.
    #[error("the portal: {0}")]
    Portal(String),
    /// The roots of document issuers can't be had.
    #[error("the roots of document issuers: {0}")]
    Roots(String),
}

impl From<ClientError> for FetchError {
    fn from(e: ClientError) -> Self {
        Self::Portal(e.to_string())
    }
}

/// The list of documents that the token opens.
pub(crate) async fn list(client: &Client, portal: &Url, token: &Secret<String>) -> Result<Listing, FetchError> {
    let url = address(portal, &["api", "v1", "documents"])?;
    let response = client.call(Method::GET, &url, token, None).await?;
    judge(response.status())?;
    serde_json::from_slice(response.body())
        .map_err(|_| FetchError::Portal("the list of documents is no such list".to_owned()))
}

/// The bytes of one document. Larger ones than we would read anyway are cut off as an error.
pub(crate) async fn content(
    client: &Client,
    portal: &Url,
    token: &Secret<String>,
    id: &str,
) -> Result<Vec<u8>, FetchError> {
    let url = address(portal, &["api", "v1", "documents", id, "content"])?;
    let response = client.stream(&url, token, document::MAX_BYTES as u64).await?;
    judge(response.status())?;
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.map_err(|e| FetchError::Portal(e.to_string()))?);
    }
    Ok(bytes)
}

fn judge(status: StatusCode) -> Result<(), FetchError> {
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::UNAUTHORIZED => Err(FetchError::TokenEnded),
        StatusCode::FORBIDDEN => Err(FetchError::NotAllowed),
        other => Err(FetchError::Portal(format!("status {}", other.as_u16()))),
    }
}

/// An address below the portal. An id is one path segment, whatever is in it.
fn address(portal: &Url, segments: &[&str]) -> Result<Url, FetchError> {
    let bad = || FetchError::Portal("an id in the list of documents can't be part of an address".to_owned());
    // Url would resolve these two.
    if segments.iter().any(|s| s.is_empty() || *s == "." || *s == "..") {
        return Err(bad());
    }
    let mut url = portal.clone();
    url.path_segments_mut().map_err(|()| bad())?.pop_if_empty().extend(segments);
    Ok(url)
}

/// The roots of document issuers.
pub(crate) struct Roots {
    trust: Trust,
    http: Outbound,
    clock: Clock,
    copy: Mutex<Option<(Timestamp, Arc<Anchors>)>>,
}

impl Roots {
    pub(crate) const fn new(trust: Trust, http: Outbound, clock: Clock) -> Self {
        Self { trust, http, clock, copy: Mutex::new(None) }
    }

    /// The roots; fetched when they are not at hand. Where one of several addresses gives none now, the
    /// documents that hang on the others can still be checked.
    pub(crate) async fn get(&self) -> Result<Arc<Anchors>, FetchError> {
        let urls = match &self.trust {
            Trust::Roots(anchors) => return Ok(Arc::new(anchors.clone())),
            Trust::Urls(urls) => urls,
        };
        let now = self.clock.now();
        let copy = self.copy.lock().clone();
        if let Some((at, anchors)) = copy
            && now.since(at) < ROOTS_FRESH
        {
            return Ok(anchors);
        }
        let mut texts = String::new();
        let mut failed = None;
        for found in futures_util::future::join_all(urls.iter().map(|url| self.fetch(url))).await {
            match found {
                Ok(text) => {
                    texts.push_str(&text);
                    texts.push('\n');
                }
                Err(error) => {
                    tracing::warn!(%error, "roots of document issuers are missing");
                    failed = Some(error);
                }
            }
        }
        if let Some(error) = failed.take_if(|_| texts.is_empty()) {
            return Err(error);
        }
        let anchors = Arc::new(Anchors::from_pem(&texts).map_err(|e| FetchError::Roots(e.to_string()))?);
        if failed.is_none() {
            *self.copy.lock() = Some((now, anchors.clone()));
        }
        Ok(anchors)
    }

    async fn fetch(&self, url: &Url) -> Result<String, FetchError> {
        let bad = |what: String| FetchError::Roots(what);
        let request = http::Request::builder()
            .uri(url.as_str())
            .header(header::ACCEPT, "application/x-pem-file")
            .body(Bytes::new())
            .map_err(|e| bad(e.to_string()))?;
        let response = self.http.send(request).await.map_err(|e| bad(e.to_string()))?;
        if response.status() != StatusCode::OK {
            return Err(bad(format!("status {}", response.status().as_u16())));
        }
        let text = std::str::from_utf8(response.body()).map_err(|_| bad("not PEM".to_owned()))?;
        Anchors::from_pem(text).map_err(|e| bad(e.to_string()))?;
        Ok(text.to_owned())
    }

    /// Checks a document: signature, the issuer's certificate and its path to one of our roots, and that
    /// the issuer named in the document is the one who signed.
    pub(crate) async fn verify(&self, xml: &[u8]) -> Result<Result<Checked, DocumentError>, FetchError> {
        let roots = self.get().await?;
        let now = self.clock.now();
        let owned = xml.to_vec();
        // RSA and canonicalising are work for a thread that may be busy.
        let checked = tokio::task::spawn_blocking(move || document::verify(&owned, &roots, now)).await;
        checked.map_err(|e| FetchError::Roots(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment() {
        let portal = Url::parse("https://portal.example.jp").unwrap();
        let at = |id: &str| address(&portal, &["api", "v1", "documents", id, "content"]).map(String::from);
        assert_eq!(at("doc_1").unwrap(), "https://portal.example.jp/api/v1/documents/doc_1/content");
        assert_eq!(at("../x?y#z").unwrap(), "https://portal.example.jp/api/v1/documents/..%2Fx%3Fy%23z/content");
        assert!(at("..").is_err());
        assert!(at("").is_err());
    }

    #[test]
    fn an_answer_of_a_later_version_is_read() {
        let json = r#"{"documents":[{"id":"d","delivery_service":"post","type":"TEG800","year":2026,"new":1}],
                       "services":[{"id":"post","status":"ready","since":"x"}],"next":null}"#;
        let listing: Listing = serde_json::from_str(json).unwrap();
        assert_eq!((listing.documents.len(), listing.services[0].status.as_str()), (1, "ready"));
        assert!(serde_json::from_str::<Listing>("{}").unwrap().documents.is_empty());
    }
}
