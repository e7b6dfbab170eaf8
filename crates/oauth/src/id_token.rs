//! ID Tokens (OpenID Connect Core sections 2 and 3.1.3.7).

use std::time::Duration;

use base::Timestamp;
use jose::jws::{self, JwsError, Typ};
use jose::{KeyError, KeySet, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::assertion;

/// How far the two clocks may differ.
pub const LEEWAY: Duration = Duration::from_secs(10);

/// `aud`: one or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// As a string.
    One(String),
    /// As an array.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `who` is meant.
    pub fn has(&self, who: &str) -> bool {
        match self {
            Self::One(a) => a == who,
            Self::Many(list) => list.iter().any(|a| a == who),
        }
    }

    /// Whether anybody else is meant too.
    pub fn others(&self, who: &str) -> bool {
        match self {
            Self::One(a) => a != who,
            Self::Many(list) => list.iter().any(|a| a != who),
        }
    }
}

/// What an ID Token says. Times are seconds since the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// Issuer.
    pub iss: String,
    /// Pairwise subject.
    pub sub: String,
    /// The client.
    pub aud: Audience,
    /// Expiry.
    pub exp: i64,
    /// Issued.
    pub iat: i64,
    /// Of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// When the citizen proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strongly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By what means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// Authorised party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// Further claims.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl IdTokenClaims {
    /// Claims for a client, good for `lifetime`.
    pub fn new(iss: &str, sub: &str, client_id: &str, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            iss: iss.to_owned(),
            sub: sub.to_owned(),
            aud: Audience::One(client_id.to_owned()),
            exp: now.plus(lifetime).secs(),
            iat: now.secs(),
            nonce: None,
            auth_time: None,
            acr: None,
            amr: None,
            azp: None,
            extra: Map::new(),
        }
    }

    /// Signs them.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        jws::sign(key, "JWT", self)
    }
}

/// What the client knows about the token that it waits for.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenExpectation<'a> {
    /// The server's issuer.
    pub issuer: &'a str,
    /// The client itself.
    pub client_id: &'a str,
    /// The request's nonce, if it had one.
    pub nonce: Option<&'a str>,
    /// When the citizen has to have signed in at the earliest: for `prompt=login` the time of the
    /// request, for `max_age` the present less `max_age`. Demands `auth_time`.
    pub signed_in_since: Option<Timestamp>,
    /// The present time.
    pub now: Timestamp,
}

/// Why an ID Token was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Form, key or signature.
    #[error("ID Token: {0}")]
    Token(#[from] JwsError),
    /// A claim is not as expected; its name.
    #[error("ID Token: {0} is not as expected")]
    Claim(&'static str),
    /// It expired; seconds ago.
    #[error("ID Token: expired {0} seconds ago")]
    Expired(i64),
    /// It is from the future; seconds ahead.
    #[error("ID Token: issued {0} seconds in the future; one of the clocks is wrong")]
    Future(i64),
    /// The citizen's sign-in is older than asked for, or its time is not told.
    #[error("ID Token: no fresh sign-in (auth_time)")]
    StaleSignIn,
}

/// Checks a token (section 3.1.3.7).
pub fn check(token: &str, keys: &KeySet, expect: &IdTokenExpectation<'_>) -> Result<IdTokenClaims, IdTokenError> {
    #[derive(Deserialize)]
    struct Times {
        exp: Option<f64>,
        iat: Option<f64>,
        auth_time: Option<f64>,
    }
    let verified = jws::verify(token, keys, Typ::AbsentOr(&["JWT"]))?;
    let times: Times = verified.claims()?;
    let c: IdTokenClaims = verified.claims()?;
    if c.iss != expect.issuer {
        return Err(IdTokenError::Claim("iss"));
    }
    if c.sub.is_empty() || c.sub.len() > 255 {
        return Err(IdTokenError::Claim("sub"));
    }
    // No other audience is trusted here, so none may be named (section 3.1.3.7, step 3).
    if !c.aud.has(expect.client_id) || c.aud.others(expect.client_id) {
        return Err(IdTokenError::Claim("aud"));
    }
    if c.azp.as_deref().is_some_and(|a| a != expect.client_id) {
        return Err(IdTokenError::Claim("azp"));
    }
    let exp = assertion::time(times.exp).ok_or(IdTokenError::Claim("exp"))?;
    let iat = assertion::time(times.iat).ok_or(IdTokenError::Claim("iat"))?;
    if exp.plus(LEEWAY) <= expect.now {
        return Err(IdTokenError::Expired(expect.now.secs() - exp.secs()));
    }
    if iat > expect.now.plus(LEEWAY) {
        return Err(IdTokenError::Future(iat.secs() - expect.now.secs()));
    }
    if c.nonce.as_deref() != expect.nonce {
        return Err(IdTokenError::Claim("nonce"));
    }
    if let Some(since) = expect.signed_in_since {
        let at = assertion::time(times.auth_time).ok_or(IdTokenError::StaleSignIn)?;
        // `auth_time` is in whole seconds; the leeway covers that too.
        if at.plus(LEEWAY) < since || at > expect.now.plus(LEEWAY) {
            return Err(IdTokenError::StaleSignIn);
        }
    }
    Ok(c)
}
