//! Access to resources: a DPoP-bound token and a proof for this very request.

use std::collections::HashMap;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use base::Timestamp;
use base::codec::sha256_b64url;
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode};
use oauth::resource::{access_token, challenge, no_proof, proof_error};
use oauth::{ErrorCode, OAuthError, Scope};
use parking_lot::Mutex;

use crate::clients::FRESH;
use crate::store::grants::{self, TokenRow};
use crate::token::{database, replayed_proof};
use crate::{Access, AccessGrant, Client, Provider};

/// Tokens as they were at most [`FRESH`] ago, by hash.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<String, (Timestamp, Arc<Known>)>>);

struct Known {
    access: Access,
    jkt: String,
}

/// Past this many, what is stale is dropped.
const CACHE_LIMIT: usize = 8_192;

impl Cache {
    fn get(&self, hash: &str, now: Timestamp) -> Option<Arc<Known>> {
        let cache = self.0.lock();
        let (at, known) = cache.get(hash)?;
        (*at <= now && now.since(*at) < FRESH).then(|| known.clone())
    }

    fn put(&self, hash: String, now: Timestamp, known: Arc<Known>) {
        let mut cache = self.0.lock();
        if cache.len() >= CACHE_LIMIT {
            cache.retain(|_, (at, _)| *at <= now && now.since(*at) < FRESH);
            if cache.len() >= CACHE_LIMIT {
                cache.clear();
            }
        }
        cache.insert(hash, (now, known));
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}

/// Why a resource call is refused, ready to be answered: status, JSON body, `WWW-Authenticate`,
/// `DPoP-Nonce` (RFC 9449 sections 7.1 and 9).
#[derive(Debug)]
pub struct ResourceRefusal {
    error: OAuthError,
    /// Whether any credentials came; without them no error is named in the challenge (RFC 6750 section 3.1).
    credentials: bool,
    scope: Option<&'static str>,
    nonce: String,
}

impl IntoResponse for ResourceRefusal {
    fn into_response(self) -> Response {
        let mut response = crate::endpoints::error(&self.error);
        let value = challenge(self.credentials.then_some(&self.error), self.scope);
        let headers = response.headers_mut();
        let challenged =
            [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].iter().any(|s| s.as_u16() == self.error.status);
        if challenged && let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        if let Ok(value) = HeaderValue::from_str(&self.nonce) {
            headers.insert("dpop-nonce", value);
        }
        response
    }
}

impl Provider {
    /// Checks a call to a resource of this role: token, proof (bound to method, address and token,
    /// with our nonce, first use), client, grant, scope. `path` is the request's path.
    ///
    /// # Errors
    /// [`ResourceRefusal`], to be returned as it is.
    pub async fn access(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        scope: &'static str,
    ) -> Result<Access, ResourceRefusal> {
        let authorization = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok());
        self.check_access(method, path, headers, authorization, scope).await.map_err(|error| ResourceRefusal {
            credentials: authorization.is_some(),
            error,
            scope: Some(scope),
            nonce: self.dpop_nonce(),
        })
    }

    async fn check_access(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<Access, OAuthError> {
        let now = self.0.clock.now();
        let token = access_token(authorization)?;
        let proof = one_proof(headers)?.ok_or_else(no_proof)?;
        let htu = format!("{}{path}", self.issuer());
        let proof = jose::dpop::check(
            proof,
            &jose::DpopExpectation {
                htm: method.as_str(),
                htu: &htu,
                access_token: Some(token),
                nonce: Some(&self.0.nonces),
                now,
            },
        )
        .map_err(proof_error)?;
        let known = self.known(token, now).await?;
        if known.jkt != proof.jkt {
            return Err(OAuthError::new(ErrorCode::InvalidToken, "the token is bound to another DPoP key"));
        }
        let fresh = self.0.replay.first_time(&proof.jkt, &proof.jti, now, proof.replayable_until);
        if !fresh.await.map_err(database)? {
            return Err(replayed_proof().status(401));
        }
        if !known.access.scope.has(scope) {
            return Err(OAuthError::new(
                ErrorCode::InsufficientScope,
                format!("this needs the scope {scope}, which the token does not have"),
            ));
        }
        // Of the client as it is now: the token's copy may be as old again as the client's.
        let client = self.living_client(known.access.client.id()).await?;
        let tester = known.access.grant.as_ref().and_then(|g| g.body.tester.as_deref());
        // Not `unauthorized_client` alone: a resource says 403 and names the outcome.
        client.must_serve(tester, now).map_err(|e| e.status(403))?;
        Ok(Access { client, ..known.access.clone() })
    }

    async fn living_client(&self, id: &str) -> Result<Arc<Client>, OAuthError> {
        let gone = || OAuthError::new(ErrorCode::InvalidToken, "the client of this token is gone");
        self.client(id).await.map_err(database)?.ok_or_else(gone)
    }

    async fn known(&self, token: &str, now: Timestamp) -> Result<Arc<Known>, OAuthError> {
        let dead = || OAuthError::new(ErrorCode::InvalidToken, "the access token is unknown, expired or revoked");
        let hash = sha256_b64url(token);
        let known = match self.0.tokens.get(&hash, now) {
            Some(known) => known,
            None => {
                let key = hash.clone();
                let row = self.0.db.read(move |tx| grants::token(tx, &key)).await.map_err(database)?;
                let row = row.filter(|r| !r.revoked).ok_or_else(dead)?;
                let known = Arc::new(self.describe(row).await?);
                self.0.tokens.put(hash, now, known.clone());
                known
            }
        };
        if now >= known.access.expires {
            return Err(dead());
        }
        Ok(known)
    }

    async fn describe(&self, row: TokenRow) -> Result<Known, OAuthError> {
        let client = self.living_client(&row.client_id).await?;
        let mut expires = row.expires_at;
        let grant = match row.grant {
            None => None,
            Some(g) => {
                expires = expires.min(g.expires_at);
                let body = serde_json::from_str(&g.body)
                    .map_err(|e| database(::store::Error::inconsistent("oauth_grants.body", e)))?;
                Some(Arc::new(AccessGrant { id: g.id, account: g.account, subject: g.subject, body }))
            }
        };
        Ok(Known { access: Access { client, scope: Scope::parse(&row.scope)?, grant, expires }, jkt: row.jkt })
    }
}

/// The one `DPoP` header; two are refused (RFC 9449 section 4.3, check 1).
pub(crate) fn one_proof(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let mut all = headers.get_all("dpop").iter();
    let Some(first) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(OAuthError::new(ErrorCode::InvalidDpopProof, "there is more than one DPoP header"));
    }
    first.to_str().map(Some).map_err(|_| OAuthError::new(ErrorCode::InvalidDpopProof, "the DPoP header is not text"))
}
