//! Access tokens of a foreign authorization server (RFC 9068 JWTs bound by DPoP), so that any standard
//! server can stand in front of the kit's resources.
//!
//! Permission and sign-in happened there; what this room still sees to is that the token is for us, bound
//! to the caller's key, names the linkage, and says when its citizen signed in.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use base::Timestamp;
use base::codec::sha256_b64url;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode};
use jose::jws::{self, Typ};
use jose::{DpopExpectation, NonceKey, dpop};
use oauth::id_token::Audience;
use oauth::remote_keys::RemoteKeys;
use oauth::resource::{access_token, challenge, no_proof, proof_error};
use oauth::{ErrorCode, OAuthError, Scope};
use serde::Deserialize;
use serde_json::Value;
use web::Fault;

use super::config::ForeignServer;
use super::linkage::LinkGrant;
use super::linkage_api::Caller;
use super::{Kit, Parts};
use crate::store::events;

const LEEWAY: Duration = Duration::from_secs(10);
const SECRET: &str = "kit_secrets.sealed";

/// The check of a foreign server's tokens.
pub(crate) struct Foreign {
    server: ForeignServer,
    keys: Arc<RemoteKeys>,
    nonces: NonceKey,
}

/// What an access token says (RFC 9068 section 2.2, RFC 9449 section 6, RFC 9396 section 9.1).
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    client_id: String,
    #[serde(default)]
    scope: String,
    cnf: Bound,
    #[serde(default)]
    authorization_details: Vec<Value>,
    #[serde(default)]
    auth_time: Option<i64>,
}

#[derive(Deserialize)]
struct Bound {
    jkt: String,
}

impl Foreign {
    pub(crate) async fn new(server: ForeignServer, parts: &Parts) -> Result<Self, Fault> {
        let fresh: [u8; 32] = parts.rng.bytes();
        let sealed = parts.sealer.seal(SECRET, &fresh)?;
        let stored = parts.db.write(move |tx| events::set_secret(tx, "dpop-nonce", &sealed)).await?;
        let key: [u8; 32] = parts
            .sealer
            .open(SECRET, &stored)?
            .try_into()
            .map_err(|_| Fault::new("the stored nonce key has not 32 bytes"))?;
        Ok(Self { keys: Arc::new(RemoteKeys::new(server.jwks_uri.clone())), nonces: NonceKey::new(key), server })
    }

    /// Checks a call.
    pub(crate) async fn caller(
        &self,
        kit: &Kit,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        scope: &'static str,
    ) -> Result<Caller, Response> {
        let authorization = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok());
        let checked = self.check(kit, method, path, headers, authorization, scope).await;
        checked.map_err(|e| self.refuse(kit, &e, authorization.is_some(), scope))
    }

    async fn check(
        &self,
        kit: &Kit,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        authorization: Option<&str>,
        scope: &str,
    ) -> Result<Caller, OAuthError> {
        let now = kit.now();
        let token = access_token(authorization)?;
        let mut proofs = headers.get_all("dpop").iter();
        let proof = match (proofs.next().and_then(|v| v.to_str().ok()), proofs.next()) {
            (Some(proof), None) => proof,
            (_, Some(_)) => {
                return Err(
                    OAuthError::new(ErrorCode::InvalidDpopProof, "there is more than one DPoP header").status(401)
                );
            }
            (None, None) => return Err(no_proof()),
        };
        let htu = kit.config().origin.url(path);
        let expect = DpopExpectation {
            htm: method.as_str(),
            htu: &htu,
            access_token: Some(token),
            nonce: Some(&self.nonces),
            now,
        };
        let proof = dpop::check(proof, &expect).map_err(proof_error)?;
        let claims = self.claims(kit, token, now).await?;
        if claims.cnf.jkt != proof.jkt {
            return Err(invalid("the token is bound to another DPoP key"));
        }
        let id = sha256_b64url(&format!("dpop\n{}\n{}", proof.jkt, proof.jti));
        let until = proof.replayable_until;
        let first = kit.db().write(move |tx| events::first_time(tx, &id, until)).await.map_err(database)?;
        if !first {
            return Err(
                OAuthError::new(ErrorCode::InvalidDpopProof, "the jti of the DPoP proof was used before").status(401)
            );
        }
        if !Scope::parse(&claims.scope)?.has(scope) {
            return Err(OAuthError::new(ErrorCode::InsufficientScope, format!("this needs the scope {scope}")));
        }
        if claims.client_id != self.server.portal_client_id {
            return Err(OAuthError::new(ErrorCode::InsufficientScope, "this resource is the portal's"));
        }
        // RFC 9068 section 2.2: a token by client credentials has the client as its subject.
        if claims.sub == claims.client_id {
            return Ok(Caller::Portal);
        }
        self.grant(kit, claims).await.map(Caller::Link)
    }

    async fn claims(&self, kit: &Kit, token: &str, now: Timestamp) -> Result<Claims, OAuthError> {
        let kid = jws::peek::<serde::de::IgnoredAny>(token).ok().and_then(|(header, _)| header.kid);
        let parts = &kit.0.parts;
        let keys = self.keys.get(&parts.outbound, &parts.clock, kid.as_deref()).await.map_err(|e| {
            tracing::warn!(error = %e, "the foreign authorization server's keys can't be fetched");
            OAuthError::new(ErrorCode::TemporarilyUnavailable, "the authorization server's keys can't be fetched")
        })?;
        let verified = jws::verify(token, &keys, Typ::Is("at+jwt")).map_err(|e| invalid(&e.to_string()))?;
        let claims: Claims = verified.claims().map_err(|e| invalid(&e.to_string()))?;
        if claims.iss != self.server.issuer {
            return Err(invalid("the token is another issuer's"));
        }
        if !claims.aud.has(&self.server.audience) {
            return Err(invalid("the token is for another audience"));
        }
        if Timestamp::from_secs(claims.exp).plus(LEEWAY) <= now {
            return Err(invalid("the token has expired"));
        }
        if claims.nbf.is_some_and(|n| Timestamp::from_secs(n) > now.plus(LEEWAY)) {
            return Err(invalid("the token is not valid yet"));
        }
        Ok(claims)
    }

    async fn grant(&self, kit: &Kit, claims: Claims) -> Result<LinkGrant, OAuthError> {
        let auth_time =
            claims.auth_time.ok_or_else(|| invalid("the token does not say when its citizen signed in (auth_time)"))?;
        let linkage_ids = claims
            .authorization_details
            .iter()
            .filter(|d| d["type"] == oauth::rar::types::LINKAGE)
            .filter_map(|d| d["linkage_id"].as_str().map(str::to_owned))
            .collect();
        let account = kit.0.accounts.by_foreign_subject(&claims.sub).await.map_err(|fault| {
            tracing::error!(details = fault.details(), "accounts can't be looked up");
            OAuthError::server_error()
        })?;
        let account = account.ok_or_else(|| invalid("nobody here has the token's subject"))?;
        Ok(LinkGrant {
            linkage_ids,
            account,
            account_sub: claims.sub,
            auth_time: Timestamp::from_secs(auth_time),
            foreign: true,
        })
    }

    fn refuse(&self, kit: &Kit, e: &OAuthError, credentials: bool, scope: &str) -> Response {
        let status = StatusCode::from_u16(e.status).unwrap_or(StatusCode::UNAUTHORIZED);
        let mut response = (status, e.body()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
            && let Ok(value) = HeaderValue::from_str(&challenge(credentials.then_some(e), Some(scope)))
        {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        if let Ok(value) = HeaderValue::from_str(&self.nonces.issue(kit.now())) {
            headers.insert("dpop-nonce", value);
        }
        response
    }
}

fn invalid(what: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidToken, what)
}

fn database(e: store::Error) -> OAuthError {
    tracing::error!(error = %e, "the database");
    OAuthError::new(ErrorCode::TemporarilyUnavailable, "too busy for a moment; try again").status(503)
}
