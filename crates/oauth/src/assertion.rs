//! Client authentication by `private_key_jwt` (RFC 7523, OpenID Connect Core section 9), as FAPI 2.0
//! section 5.3.2.1 narrows it: the audience is the issuer, as a string.

use std::time::Duration;

use base::{Rng, Timestamp};
use jose::jws::{self, JwsError, Typ};
use jose::{Alg, KeyError, KeySet, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{OAuthError, shorten};
use crate::form::Form;

/// `client_assertion_type`
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Farthest that `exp` may be ahead: the `jti` has to be remembered until then.
pub const MAX_LIFETIME: Duration = Duration::from_secs(600);
/// How far a client's clock may be off (FAPI 2.0 section 5.3.2.1 note: accept up to 10 s, refuse over 60 s).
pub const LEEWAY: Duration = Duration::from_secs(10);
const MAX_JTI: usize = 256;

/// An assertion that proves who the client is. Its `jti` has still to be used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedAssertion {
    /// The client.
    pub client_id: String,
    /// To be refused a second time until [`Self::expires`].
    pub jti: String,
    /// When the assertion is no good any more.
    pub expires: Timestamp,
    /// The algorithm it was signed with, for `token_endpoint_auth_signing_alg`.
    pub alg: Alg,
}

/// An assertion that nobody checked yet.
#[derive(Clone, Copy)]
pub struct Unchecked<'a> {
    token: &'a str,
}

impl std::fmt::Debug for Unchecked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unchecked")
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Value>,
    exp: Option<f64>,
    iat: Option<f64>,
    nbf: Option<f64>,
    jti: Option<String>,
}

/// Finds the assertion in a form and **whose it claims to be**, so that the caller can load that
/// client's keys for [`check`].
pub fn peek(form: &Form) -> Result<(String, Unchecked<'_>), OAuthError> {
    if form.get("client_secret").is_some() {
        return Err(OAuthError::invalid_client(
            "client secrets are not used here; authenticate with private_key_jwt (client_assertion)",
        ));
    }
    let token = form.get("client_assertion").ok_or_else(|| {
        OAuthError::invalid_client(
            "client_assertion is missing: authenticate with private_key_jwt, a JWT signed by a registered key",
        )
    })?;
    match form.get("client_assertion_type") {
        Some(TYPE) => {}
        Some(_) | None => return Err(OAuthError::invalid_client(format!("client_assertion_type has to be {TYPE}"))),
    }
    let (_, claims) = jws::peek::<Claims>(token).map_err(refused)?;
    let client_id = claims.sub.ok_or_else(|| missing("sub (the client_id)"))?;
    if form.get("client_id").is_some_and(|c| c != client_id) {
        return Err(OAuthError::invalid_client("client_id is not the sub of the client_assertion"));
    }
    if client_id.is_empty() || client_id.len() > 256 {
        return Err(OAuthError::invalid_client("sub of the client_assertion is not a client_id"));
    }
    Ok((client_id, Unchecked { token }))
}

/// Checks an assertion with the client's keys. `issuer` is this server's.
pub fn check(
    assertion: Unchecked<'_>,
    client_id: &str,
    keys: &KeySet,
    issuer: &str,
    now: Timestamp,
) -> Result<CheckedAssertion, OAuthError> {
    let verified =
        jws::verify(assertion.token, keys, Typ::AbsentOr(&["JWT", "client-authentication+jwt"])).map_err(refused)?;
    let c: Claims = verified.claims().map_err(refused)?;
    if c.iss.as_deref() != Some(client_id) || c.sub.as_deref() != Some(client_id) {
        return Err(wrong("iss and sub have to be the client_id, both"));
    }
    match c.aud {
        Some(Value::String(aud)) if aud == issuer => {}
        Some(Value::String(aud)) => {
            return Err(wrong(&format!(
                "aud is '{}'; it has to be exactly the issuer '{issuer}', not the address of an endpoint",
                shorten(&aud)
            )));
        }
        Some(Value::Array(_)) => {
            return Err(wrong(&format!("aud is an array; it has to be exactly the string '{issuer}' (FAPI 2.0)")));
        }
        _ => return Err(missing(&format!("aud; it has to be exactly the string '{issuer}'"))),
    }
    let exp = time(c.exp).ok_or_else(|| missing("exp as a number of seconds"))?;
    if exp.plus(LEEWAY) <= now {
        let ago = now.secs() - exp.secs();
        return Err(wrong(&format!(
            "it expired {ago} seconds ago; make a new one for each request, and check your clock"
        )));
    }
    if exp > now.plus(MAX_LIFETIME).plus(LEEWAY) {
        let ahead = exp.secs() - now.secs();
        return Err(wrong(&format!(
            "exp is {ahead} seconds ahead; at most {} are accepted (if you meant less, check your clock)",
            MAX_LIFETIME.as_secs()
        )));
    }
    for (name, value) in [("iat", c.iat), ("nbf", c.nbf)] {
        if let Some(value) = value {
            let t = time(Some(value)).ok_or_else(|| wrong(&format!("{name} is not a number of seconds")))?;
            if t > now.plus(LEEWAY) {
                let ahead = t.secs() - now.secs();
                return Err(wrong(&format!("{name} is {ahead} seconds in the future; check your clock")));
            }
        }
    }
    let jti = c.jti.filter(|j| !j.is_empty()).ok_or_else(|| missing("jti"))?;
    if jti.len() > MAX_JTI {
        return Err(wrong("jti is longer than 256 octets"));
    }
    Ok(CheckedAssertion { client_id: client_id.to_owned(), jti, expires: exp.plus(LEEWAY), alg: verified.header.alg })
}

/// What to answer when the caller's storage has seen the `jti` before.
pub fn replayed() -> OAuthError {
    wrong("its jti was used before; make a new one for each request")
}

/// What to answer when nobody of that id is registered.
pub fn unknown_client(client_id: &str) -> OAuthError {
    OAuthError::invalid_client(format!("client '{}' is not registered here", shorten(client_id)))
}

/// Makes an assertion, good for one minute.
pub fn make(key: &SigningKey, client_id: &str, issuer: &str, now: Timestamp, rng: &Rng) -> Result<String, KeyError> {
    #[derive(Serialize)]
    struct Made<'a> {
        iss: &'a str,
        sub: &'a str,
        aud: &'a str,
        iat: i64,
        exp: i64,
        jti: String,
    }
    let claims =
        Made { iss: client_id, sub: client_id, aud: issuer, iat: now.secs(), exp: now.secs() + 60, jti: rng.token() };
    jws::sign(key, "JWT", &claims)
}

/// A JWT time: seconds, possibly with a fraction.
fn time(t: Option<f64>) -> Option<Timestamp> {
    t.filter(|t| t.abs() < 1e11).map(|t| Timestamp((t * 1e6) as i64))
}

fn refused(e: JwsError) -> OAuthError {
    wrong(&e.to_string())
}

fn wrong(what: &str) -> OAuthError {
    OAuthError::invalid_client(format!("client_assertion: {what}"))
}

fn missing(what: &str) -> OAuthError {
    OAuthError::invalid_client(format!("client_assertion has no {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::ErrorCode;

    const ISSUER: &str = "https://portal.example";
    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

    fn key() -> SigningKey {
        SigningKey::generate(Alg::EdDsa, &base::Rng::seeded(1)).unwrap()
    }

    fn form(token: &str) -> Form {
        Form::of([("client_assertion", token), ("client_assertion_type", TYPE)])
    }

    fn verdict(token: &str) -> Result<CheckedAssertion, OAuthError> {
        let form = form(token);
        let (id, unchecked) = peek(&form)?;
        check(unchecked, &id, &KeySet::from(&key()), ISSUER, NOW)
    }

    fn with(name: &str, value: Value) -> Result<CheckedAssertion, OAuthError> {
        let mut claims =
            json!({"iss": "c", "sub": "c", "aud": ISSUER, "exp": NOW.secs() + 60, "iat": NOW.secs(), "jti": "j"});
        claims[name] = value;
        verdict(&jws::sign(&key(), "", &claims).unwrap())
    }

    #[test]
    fn our_own_assertions_pass() {
        let token = make(&key(), "c", ISSUER, NOW, &base::Rng::seeded(2)).unwrap();
        let checked = verdict(&token).unwrap();
        assert_eq!((checked.client_id.as_str(), checked.alg), ("c", Alg::EdDsa));
        assert_eq!(checked.expires, NOW.plus(Duration::from_secs(70)));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(with("x", json!(1)).is_ok());
        for (name, value, what) in [
            ("aud", json!([ISSUER]), "aud is an array; it has to be exactly the string 'https://portal.example'"),
            ("aud", json!("https://portal.example/token"), "not the address of an endpoint"),
            ("aud", json!("https://portal.example/"), "exactly the issuer"),
            ("aud", Value::Null, "has no aud"),
            ("iss", json!("d"), "iss and sub"),
            ("iss", Value::Null, "iss and sub"),
            ("sub", Value::Null, "has no sub"),
            ("exp", Value::Null, "has no exp"),
            ("exp", json!(NOW.secs() - 10), "expired 10 seconds ago"),
            ("exp", json!(NOW.secs() + 3600), "3600 seconds ahead"),
            ("iat", json!(NOW.secs() + 11), "iat is 11 seconds in the future; check your clock"),
            ("nbf", json!(NOW.secs() + 42), "nbf is 42 seconds in the future"),
            ("iat", json!(1e300), "iat is not a number"),
            ("jti", Value::Null, "has no jti"),
            ("jti", json!(""), "has no jti"),
            ("jti", json!("j".repeat(257)), "longer than 256"),
        ] {
            let e = with(name, value).unwrap_err();
            assert!(e.code == ErrorCode::InvalidClient && e.status == 401, "{e}");
            assert!(e.description.contains(what), "{name}: {e}");
        }
        // Ten seconds of skew pass on each side.
        assert!(with("iat", json!(NOW.secs() + 10)).is_ok());
        assert!(with("exp", json!(NOW.secs() - 9)).is_ok());
        assert!(with("exp", json!(NOW.secs() as f64 + 0.5)).is_ok());
    }

    #[test]
    fn forms_without_a_good_assertion() {
        let says = |form: Form, what: &str| {
            let e = peek(&form).unwrap_err();
            assert!(e.code == ErrorCode::InvalidClient && e.description.contains(what), "{e}");
        };
        says(Form::default(), "client_assertion is missing");
        says(Form::of([("client_secret", "x")]), "client secrets");
        says(Form::of([("client_assertion", "x")]), "client_assertion_type");
        says(form("x"), "compact JWS");
        let token = make(&key(), "c", ISSUER, NOW, &base::Rng::seeded(2)).unwrap();
        let mut other = form(&token);
        other.push("client_id", "d");
        says(other, "client_id is not the sub");
        let stranger = SigningKey::generate(Alg::Es256, &base::Rng::seeded(9)).unwrap();
        let token = make(&stranger, "c", ISSUER, NOW, &base::Rng::seeded(2)).unwrap();
        let e = verdict(&token).unwrap_err();
        assert!(e.description.contains("no key with kid") && e.description.contains(stranger.kid()), "{e}");
        let hs = format!("{}.{}.x", base::codec::b64url(br#"{"alg":"HS256"}"#), base::codec::b64url(br#"{"sub":"c"}"#));
        assert!(verdict(&hs).unwrap_err().description.contains("alg 'HS256' is not allowed"));
        let proof = jws::sign(&key(), "dpop+jwt", &json!({"sub": "c"})).unwrap();
        assert!(verdict(&proof).unwrap_err().description.contains("typ"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}", claims in "\\PC{0,100}") {
            let _ = verdict(&text);
            let _ = verdict(&format!("{}.{}.x", base::codec::b64url(br#"{"alg":"EdDSA"}"#), base::codec::b64url(claims.as_bytes())));
        }
    }
}
