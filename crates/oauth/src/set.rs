//! Security Event Tokens (RFC 8417), pushed by RFC 8935.

use std::time::Duration;

use base::{Rng, Timestamp};
use jose::jws::{self, JwsError, Typ};
use jose::{KeyError, KeySet, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id_token::Audience;

/// `typ` of a SET (RFC 8417 section 2.3).
pub const TYP: &str = "secevent+jwt";
/// Media type of a pushed SET (RFC 8935 section 2).
pub const MEDIA_TYPE: &str = "application/secevent+jwt";
/// How far the two clocks may differ.
pub const LEEWAY: Duration = Duration::from_secs(60);

/// What a SET says (RFC 8417 section 2.2). There is no `exp`, so that it can't be taken for another
/// kind of token (section 4.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetClaims {
    /// Issuer.
    pub iss: String,
    /// The receiver.
    pub aud: Audience,
    /// Issued, seconds since the epoch.
    pub iat: i64,
    /// The event's id: act on it once.
    pub jti: String,
    /// Event URI → its payload.
    pub events: Map<String, Value>,
    /// Whom it is about (RFC 9493), when not told in the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_id: Option<Value>,
    /// Ties events together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txn: Option<String>,
}

impl SetClaims {
    /// One event.
    pub fn new(iss: &str, aud: &str, event: &str, payload: Value, now: Timestamp, rng: &Rng) -> Self {
        let mut events = Map::new();
        events.insert(event.to_owned(), payload);
        Self {
            iss: iss.to_owned(),
            aud: Audience::One(aud.to_owned()),
            iat: now.secs(),
            jti: rng.token(),
            events,
            sub_id: None,
            txn: None,
        }
    }

    /// The payload of an event.
    pub fn event(&self, uri: &str) -> Option<&Value> {
        self.events.get(uri)
    }

    /// Signs it.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        jws::sign(key, TYP, self)
    }
}

/// Why a SET was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// Form, type, key or signature.
    #[error("{0}")]
    Token(#[from] JwsError),
    /// Another issuer.
    #[error("iss is not the expected issuer")]
    Issuer,
    /// For somebody else.
    #[error("aud is not this receiver")]
    Audience,
    /// From the future; seconds ahead.
    #[error("iat is {0} seconds in the future; check your clock")]
    Future(i64),
    /// No event, no `jti`, or too long ones.
    #[error("events or jti is empty or too large")]
    Empty,
}

impl SetError {
    /// The error code of RFC 8935 section 2.4.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(JwsError::Signature | JwsError::UnknownKid(_) | JwsError::NoKeyForAlg(_)) => "invalid_key",
            Self::Issuer => "invalid_issuer",
            Self::Audience => "invalid_audience",
            _ => "invalid_request",
        }
    }
}

/// Checks a SET. Whether its `jti` was seen before is the caller's to find out.
pub fn check(token: &str, keys: &KeySet, issuer: &str, receiver: &str, now: Timestamp) -> Result<SetClaims, SetError> {
    let verified = jws::verify(token, keys, Typ::Is(TYP))?;
    let c: SetClaims = verified.claims()?;
    if c.iss != issuer {
        return Err(SetError::Issuer);
    }
    if !c.aud.has(receiver) {
        return Err(SetError::Audience);
    }
    if Timestamp::from_secs(c.iat) > now.plus(LEEWAY) {
        return Err(SetError::Future(c.iat.saturating_sub(now.secs())));
    }
    if c.events.is_empty() || c.events.len() > 16 || c.jti.is_empty() || c.jti.len() > 256 {
        return Err(SetError::Empty);
    }
    Ok(c)
}

#[cfg(test)]
mod tests {
    use jose::Alg;
    use serde_json::json;

    use super::*;

    const EVENT: &str = "https://enishi.example/events/linkage-ended";

    #[test]
    fn events_travel_and_strangers_do_not() {
        let rng = Rng::seeded(1);
        let key = SigningKey::generate(Alg::Es256, &rng).unwrap();
        let keys = KeySet::from(&key);
        let now = Timestamp::from_secs(1_780_000_000);
        let made =
            SetClaims::new("https://a.example", "https://b.example", EVENT, json!({"linkage_id": "lnk_1"}), now, &rng);
        let token = made.sign(&key).unwrap();
        let got = check(&token, &keys, "https://a.example", "https://b.example", now).unwrap();
        assert_eq!(got.event(EVENT).unwrap()["linkage_id"], "lnk_1");
        let refused = |iss, aud, now| check(&token, &keys, iss, aud, now).unwrap_err().code();
        assert_eq!(refused("https://x.example", "https://b.example", now), "invalid_issuer");
        assert_eq!(refused("https://a.example", "https://x.example", now), "invalid_audience");
        assert_eq!(
            refused("https://a.example", "https://b.example", now.minus(Duration::from_secs(61))),
            "invalid_request"
        );
        let other = KeySet::from(&SigningKey::generate(Alg::Es256, &rng).unwrap());
        assert_eq!(
            check(&token, &other, "https://a.example", "https://b.example", now).unwrap_err().code(),
            "invalid_key"
        );
        // Another kind of token, rightly signed, is no event.
        let id_token = jws::sign(&key, "JWT", &made).unwrap();
        assert!(matches!(
            check(&id_token, &keys, "https://a.example", "https://b.example", now),
            Err(SetError::Token(JwsError::Typ { .. }))
        ));
        let mut empty = made;
        empty.events.clear();
        let token = empty.sign(&key).unwrap();
        assert_eq!(check(&token, &keys, "https://a.example", "https://b.example", now), Err(SetError::Empty));
    }
}
