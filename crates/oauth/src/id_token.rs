//! ID Tokens (OpenID Connect Core sections 2 and 3.1.3.7).

use std::time::Duration;

use base::Timestamp;
use jose::jws::{self, JwsError, Typ};
use jose::{KeyError, KeySet, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// request, for `max_age` that less `max_age`. Demands `auth_time`.
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
    let verified = jws::verify(token, keys, Typ::AbsentOr(&["JWT"]))?;
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
    let (exp, iat) = (Timestamp::from_secs(c.exp), Timestamp::from_secs(c.iat));
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
        let at = Timestamp::from_secs(c.auth_time.ok_or(IdTokenError::StaleSignIn)?);
        // `auth_time` is in whole seconds; the leeway covers that too.
        if at.plus(LEEWAY) < since || at > expect.now.plus(LEEWAY) {
            return Err(IdTokenError::StaleSignIn);
        }
    }
    Ok(c)
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use jose::Alg;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

    fn expect() -> IdTokenExpectation<'static> {
        IdTokenExpectation {
            issuer: "https://op.example",
            client_id: "c",
            nonce: Some("n"),
            signed_in_since: Some(NOW.minus(Duration::from_secs(60))),
            now: NOW,
        }
    }

    fn verdict(
        change: impl Fn(&mut IdTokenClaims),
        expect: &IdTokenExpectation<'_>,
    ) -> Result<IdTokenClaims, IdTokenError> {
        let key = SigningKey::generate(Alg::Es256, &Rng::seeded(1)).unwrap();
        let mut claims = IdTokenClaims::new("https://op.example", "s", "c", NOW, Duration::from_secs(60));
        claims.nonce = Some("n".to_owned());
        claims.auth_time = Some(NOW.secs() - 5);
        change(&mut claims);
        check(&claims.sign(&key).unwrap(), &KeySet::from(&key), expect)
    }

    #[test]
    fn every_claim_counts() {
        type Change = fn(&mut IdTokenClaims);
        assert!(verdict(|_| {}, &expect()).is_ok());
        assert!(verdict(|c| c.aud = Audience::Many(vec!["c".to_owned()]), &expect()).is_ok());
        assert!(verdict(|c| c.azp = Some("c".to_owned()), &expect()).is_ok());
        let cases: [(Change, IdTokenError); 11] = [
            (|c| c.iss.push('/'), IdTokenError::Claim("iss")),
            (|c| c.sub.clear(), IdTokenError::Claim("sub")),
            (|c| c.aud = Audience::One("d".to_owned()), IdTokenError::Claim("aud")),
            (|c| c.aud = Audience::Many(vec!["c".to_owned(), "d".to_owned()]), IdTokenError::Claim("aud")),
            (|c| c.azp = Some("d".to_owned()), IdTokenError::Claim("azp")),
            (|c| c.exp = NOW.secs() - 10, IdTokenError::Expired(10)),
            (|c| c.iat = NOW.secs() + 11, IdTokenError::Future(11)),
            (|c| c.nonce = None, IdTokenError::Claim("nonce")),
            (|c| c.auth_time = None, IdTokenError::StaleSignIn),
            (|c| c.auth_time = Some(NOW.secs() - 71), IdTokenError::StaleSignIn),
            (|c| c.auth_time = Some(NOW.secs() + 11), IdTokenError::StaleSignIn),
        ];
        for (change, error) in cases {
            assert_eq!(verdict(change, &expect()), Err(error));
        }
        // A nonce that nobody asked for is not ours.
        assert_eq!(verdict(|_| {}, &IdTokenExpectation { nonce: None, ..expect() }), Err(IdTokenError::Claim("nonce")));
        assert!(verdict(|c| c.auth_time = None, &IdTokenExpectation { signed_in_since: None, ..expect() }).is_ok());
    }
}
