//! Public keys at somebody else's address, remembered.

use std::time::Duration;

use base::outbound::Outbound;
use base::{Clock, Timestamp};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use jose::{JwkSet, KeySet};
use parking_lot::Mutex;
use url::Url;

use crate::fapi::ClientError;

/// After this a copy is fetched anew, so that a key taken away there stops working here.
const FRESH: Duration = Duration::from_secs(600);
/// A copy younger than this is not fetched anew for an unknown `kid`: anybody can name one.
const THROTTLE: Duration = Duration::from_secs(10);
/// How long an old copy is used when the address does not answer.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// A JWK set behind a `jwks_uri`, with its last copy.
#[derive(Debug)]
pub struct RemoteKeys {
    url: Url,
    copy: Mutex<Option<(Timestamp, KeySet)>>,
    tried: Mutex<Option<Timestamp>>,
}

impl RemoteKeys {
    /// The set at `url`; fetched when first asked for.
    pub const fn new(url: Url) -> Self {
        Self { url, copy: Mutex::new(None), tried: Mutex::new(None) }
    }

    /// The address.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The keys; fetched when there is no copy, it is older than ten minutes, or it lacks `kid`.
    /// When the address fails, an old copy still serves for a day.
    pub async fn get(&self, http: &Outbound, clock: &Clock, kid: Option<&str>) -> Result<KeySet, ClientError> {
        let now = clock.now();
        let copy = self.copy.lock().clone();
        if let Some((at, keys)) = &copy {
            let fresh = now.since(*at) < FRESH && kid.is_none_or(|k| keys.has_kid(k));
            let just_tried = self.tried.lock().is_some_and(|t| now.since(t) < THROTTLE);
            if fresh || just_tried {
                return Ok(keys.clone());
            }
        }
        *self.tried.lock() = Some(now);
        match fetch(http, &self.url).await {
            Ok(set) => {
                let keys = KeySet::from_jwks(&set)
                    .map_err(|_| ClientError::Protocol("the key set at jwks_uri has a key that is none"))?;
                *self.copy.lock() = Some((now, keys.clone()));
                Ok(keys)
            }
            Err(e) => match copy {
                Some((at, keys)) if now.since(at) < STALE => Ok(keys),
                _ => Err(e),
            },
        }
    }
}

/// Fetches a JWK set once.
pub async fn fetch(http: &Outbound, url: &Url) -> Result<JwkSet, ClientError> {
    let request = http::Request::builder()
        .method(Method::GET)
        .uri(url.as_str())
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .body(Bytes::new())
        .map_err(|_| ClientError::Protocol("jwks_uri can't be called"))?;
    let response = http.send(request).await?;
    if response.status() != StatusCode::OK {
        return Err(ClientError::Protocol("jwks_uri did not answer with 200"));
    }
    JwkSet::from_json(response.body()).map_err(|e| match e {
        jose::JwkError::PrivateKey => ClientError::Protocol("the key set at jwks_uri holds a private key"),
        _ => ClientError::Protocol("the answer of jwks_uri is not a key set"),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use base::outbound::{BodyStream, Http, OutboundError, Request, Response};
    use base::{FakeClock, Rng};
    use jose::{Alg, SigningKey};

    use super::*;

    struct Publisher {
        keys: Mutex<Option<JwkSet>>,
        asked: AtomicUsize,
    }

    #[async_trait]
    impl Http for Publisher {
        async fn send(&self, _: Request) -> Result<Response, OutboundError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let body = self.keys.lock().as_ref().map(|k| serde_json::to_vec(k).unwrap());
            body.map(|b| http::Response::new(b.into())).ok_or(OutboundError::Timeout)
        }

        async fn stream(&self, _: Request, _: u64) -> Result<http::Response<BodyStream>, OutboundError> {
            Err(OutboundError::Timeout)
        }
    }

    #[tokio::test]
    async fn copies_are_kept_refreshed_and_outlive_a_failure() {
        let rng = Rng::seeded(1);
        let [a, b] = [Alg::Es256, Alg::EdDsa].map(|alg| SigningKey::generate(alg, &rng).unwrap());
        let publisher = Arc::new(Publisher {
            keys: Mutex::new(Some(JwkSet::new(vec![a.jwk().clone()]))),
            asked: AtomicUsize::new(0),
        });
        let asked = |n| assert_eq!(publisher.asked.load(Ordering::SeqCst), n);
        let http: Outbound = publisher.clone();
        let time = FakeClock::at(Timestamp::from_secs(1_000_000));
        let clock = time.clock();
        let remote = RemoteKeys::new(Url::parse("https://a.example/jwks").unwrap());

        assert!(remote.get(&http, &clock, Some(a.kid())).await.unwrap().has_kid(a.kid()));
        remote.get(&http, &clock, Some(a.kid())).await.unwrap();
        asked(1);
        // Strangers naming unknown keys don't make us ask again and again.
        *publisher.keys.lock() = Some(JwkSet::new(vec![a.jwk().clone(), b.jwk().clone()]));
        assert!(!remote.get(&http, &clock, Some(b.kid())).await.unwrap().has_kid(b.kid()));
        asked(1);
        time.advance(Duration::from_secs(10));
        assert!(remote.get(&http, &clock, Some(b.kid())).await.unwrap().has_kid(b.kid()));
        asked(2);
        // A key taken away stops working within ten minutes; a server that is down does not stop anything.
        *publisher.keys.lock() = None;
        time.advance(Duration::from_secs(600));
        assert!(remote.get(&http, &clock, Some(a.kid())).await.unwrap().has_kid(a.kid()));
        asked(3);
        *publisher.keys.lock() = Some(JwkSet::new(vec![b.jwk().clone()]));
        time.advance(Duration::from_secs(10));
        assert!(!remote.get(&http, &clock, Some(a.kid())).await.unwrap().has_kid(a.kid()));
        *publisher.keys.lock() = None;
        time.advance(Duration::from_secs(25 * 3600));
        assert!(remote.get(&http, &clock, None).await.is_err());
    }
}
