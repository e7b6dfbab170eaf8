//! Compact JWS (RFC 7515), as JWTs (RFC 7519) with the advice of RFC 8725: explicit types, one
//! algorithm per key, nothing critical.

use std::borrow::Cow;

use base::codec::{b64url, b64url_decode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::jwk::{Jwk, JwkError, shorten};
use crate::{Alg, KeyError, KeySet, SigningKey, VerifyingKey};

/// Longest token that is looked at, in octets.
pub const MAX_TOKEN: usize = 16 * 1024;

/// Why a token was refused. The text says how to mend it and holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Over the limit, [`MAX_TOKEN`] as a rule.
    #[error("the token is longer than {0} octets")]
    TooLarge(usize),
    /// Not three base64url parts around a JSON header.
    #[error("not a compact JWS: {0}")]
    Malformed(&'static str),
    /// `alg` is `none`, an HMAC, or otherwise not allowed.
    #[error("alg {0:?} is not allowed; use ES256, PS256 or EdDSA")]
    Alg(String),
    /// `crit` is present (RFC 7515 section 4.1.11): no extension is understood here.
    #[error("the header has crit, but no extension is understood here")]
    Critical,
    /// The header brings its own key where only known keys count.
    #[error("the header carries a jwk; remove it and name a registered key by kid")]
    EmbeddedKey,
    /// The `typ` is not the expected one.
    #[error("typ is {got:?}, expected {expected:?}")]
    Typ {
        /// What would have been right.
        expected: String,
        /// What was there; empty when absent.
        got: String,
    },
    /// The set has no key of this name.
    #[error("no key with kid {0:?}; publish it in the key set, or sign with a key that is there")]
    UnknownKid(String),
    /// The named key, or every key, is for another algorithm.
    #[error("no key for {0} in the key set")]
    NoKeyForAlg(Alg),
    /// No key makes the signature right.
    #[error("the signature does not match")]
    Signature,
    /// The claims are not the JSON that was expected.
    #[error("the claims are not as expected: {0}")]
    Claims(String),
    /// The embedded key of a DPoP proof is not acceptable.
    #[error("jwk: {0}")]
    Jwk(#[from] JwkError),
}

/// The header members that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Algorithm.
    pub alg: Alg,
    /// Type.
    pub typ: Option<String>,
    /// Name of the key.
    pub kid: Option<String>,
    /// The key itself; only DPoP proofs may have it.
    pub jwk: Option<Jwk>,
}

/// Which `typ` is expected. Compared without case and without `application/` (RFC 7515 section 4.1.9).
#[derive(Clone, Copy, Debug)]
pub enum Typ<'a> {
    /// Has to be there and be this.
    Is(&'a str),
    /// May be absent; when there, one of these.
    AbsentOr(&'a [&'a str]),
}

impl Typ<'_> {
    fn check(self, got: Option<&str>) -> Result<(), JwsError> {
        let same = |want: &str, got: &str| {
            let bare = match got.get(..12) {
                Some(prefix) if prefix.eq_ignore_ascii_case("application/") => &got[12..],
                _ => got,
            };
            bare.eq_ignore_ascii_case(want)
        };
        let (ok, expected) = match (self, got) {
            (Self::Is(want), got) => (got.is_some_and(|g| same(want, g)), want.to_owned()),
            (Self::AbsentOr(wants), None) => (true, wants.join(" or ")),
            (Self::AbsentOr(wants), Some(g)) => (wants.iter().any(|w| same(w, g)), wants.join(" or ")),
        };
        if ok { Ok(()) } else { Err(JwsError::Typ { expected, got: shorten(got.unwrap_or_default()) }) }
    }
}

/// A token whose signature is right. What the claims say is still to be judged.
#[derive(Clone)]
pub struct Verified {
    /// The header.
    pub header: Header,
    /// The claims, as they were signed.
    pub payload: Vec<u8>,
}

/// Without the claims.
impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Verified {
    /// The claims as a type. Duplicate members of that type are refused.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        claims(&self.payload)
    }
}

fn claims<T: DeserializeOwned>(payload: &[u8]) -> Result<T, JwsError> {
    // serde_json quotes offending values; the claims of a client are no secret to that client.
    serde_json::from_slice(payload).map_err(|e| JwsError::Claims(shorten(&e.to_string())))
}

/// Signs claims: `kid` is the key's thumbprint, `typ` as given (left out when empty).
pub fn sign<T: Serialize>(key: &SigningKey, typ: &str, claims: &T) -> Result<String, KeyError> {
    let typ = if typ.is_empty() { String::new() } else { format!(r#""typ":"{typ}","#) };
    compact(key, &format!(r#"{{{typ}"alg":"{}","kid":"{}"}}"#, key.alg(), key.kid()), claims)
}

/// Signs claims under a header that carries the public key (DPoP).
pub(crate) fn sign_embedded<T: Serialize>(key: &SigningKey, typ: &str, claims: &T) -> Result<String, KeyError> {
    let jwk = key.jwk().bare().to_value();
    compact(key, &format!(r#"{{"typ":"{typ}","alg":"{}","jwk":{jwk}}}"#, key.alg()), claims)
}

fn compact<T: Serialize>(key: &SigningKey, header: &str, claims: &T) -> Result<String, KeyError> {
    let payload = serde_json::to_vec(claims).map_err(|_| KeyError::Library)?;
    let mut token = b64url(header.as_bytes());
    token.push('.');
    token.push_str(&b64url(&payload));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&b64url(&signature));
    Ok(token)
}

/// Checks form, algorithm, type, key and signature. Without a `kid`, every key of the algorithm is tried.
pub fn verify(token: &str, keys: &KeySet, typ: Typ<'_>) -> Result<Verified, JwsError> {
    verify_within(token, keys, typ, MAX_TOKEN)
}

/// As [`verify`], for tokens that may be longer (or have to be shorter) than [`MAX_TOKEN`]: up to `max` octets.
pub fn verify_within(token: &str, keys: &KeySet, typ: Typ<'_>, max: usize) -> Result<Verified, JwsError> {
    let parts = Parts::split(token, max)?;
    let header = parts.header()?;
    if header.jwk.is_some() {
        return Err(JwsError::EmbeddedKey);
    }
    typ.check(header.typ.as_deref())?;
    let signature = parts.signature()?;
    let candidates = keys.candidates(header.kid.as_deref(), header.alg)?;
    if !candidates.iter().any(|k| k.verify(parts.signed.as_bytes(), &signature)) {
        return Err(JwsError::Signature);
    }
    Ok(Verified { header, payload: parts.payload()? })
}

/// Checks a token that brings its own key; the caller has to bind the key to something.
pub(crate) fn verify_embedded(token: &str, typ: Typ<'_>) -> Result<(Jwk, Verified), JwsError> {
    let parts = Parts::split(token, MAX_TOKEN)?;
    let header = parts.header()?;
    typ.check(header.typ.as_deref())?;
    let jwk = header.jwk.clone().ok_or(JwsError::Malformed("the header has no jwk"))?;
    if jwk.alg() != header.alg {
        return Err(JwsError::NoKeyForAlg(header.alg));
    }
    let key = VerifyingKey::from_jwk(&jwk)?;
    if !key.verify(parts.signed.as_bytes(), &parts.signature()?) {
        return Err(JwsError::Signature);
    }
    Ok((jwk, Verified { header, payload: parts.payload()? }))
}

/// The header and claims of a token **whose signature nobody checked**: to find out whose keys to load.
pub fn peek<T: DeserializeOwned>(token: &str) -> Result<(Header, T), JwsError> {
    peek_within(token, MAX_TOKEN)
}

/// As [`peek`], for tokens of up to `max` octets.
pub fn peek_within<T: DeserializeOwned>(token: &str, max: usize) -> Result<(Header, T), JwsError> {
    let parts = Parts::split(token, max)?;
    Ok((parts.header()?, claims(&parts.payload()?)?))
}

struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str, max: usize) -> Result<Self, JwsError> {
        if token.len() > max {
            return Err(JwsError::TooLarge(max));
        }
        let parts = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let (header, payload) = signed.split_once('.')?;
            (!payload.contains('.')).then_some(Self { header, payload, signature, signed })
        };
        parts().ok_or(JwsError::Malformed("it does not have three parts"))
    }

    fn header(&self) -> Result<Header, JwsError> {
        #[derive(Deserialize)]
        struct Raw<'b> {
            #[serde(borrow)]
            alg: Cow<'b, str>,
            typ: Option<String>,
            kid: Option<String>,
            jwk: Option<Value>,
            #[serde(default, deserialize_with = "present")]
            crit: bool,
        }
        let bytes = b64url_decode(self.header).ok_or(JwsError::Malformed("the header is not base64url"))?;
        let raw: Raw<'_> =
            serde_json::from_slice(&bytes).map_err(|_| JwsError::Malformed("the header is not a JOSE header"))?;
        if raw.crit {
            return Err(JwsError::Critical);
        }
        let alg = Alg::parse(&raw.alg).ok_or_else(|| JwsError::Alg(shorten(&raw.alg)))?;
        let jwk = raw.jwk.as_ref().map(Jwk::from_value).transpose()?;
        Ok(Header { alg, typ: raw.typ, kid: raw.kid, jwk })
    }

    fn payload(&self) -> Result<Vec<u8>, JwsError> {
        b64url_decode(self.payload).ok_or(JwsError::Malformed("the payload is not base64url"))
    }

    fn signature(&self) -> Result<Vec<u8>, JwsError> {
        b64url_decode(self.signature).ok_or(JwsError::Malformed("the signature is not base64url"))
    }
}

fn present<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(d).map(|_| true)
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use jsonwebtoken as oracle;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::JwkSet;

    const ANY: Typ<'static> = Typ::AbsentOr(&["JWT"]);

    fn key(alg: Alg) -> SigningKey {
        SigningKey::generate(alg, &Rng::seeded(5)).unwrap()
    }

    fn set(value: Value) -> KeySet {
        KeySet::from_jwks(&JwkSet::from_value(&json!({"keys": [value]})).unwrap()).unwrap()
    }

    /// Signs any header, as only an attacker would.
    fn forged(key: &SigningKey, header: &Value) -> String {
        compact(key, &header.to_string(), &json!({"sub": "x"})).unwrap()
    }

    /// RFC 7515 appendix A.3.
    #[test]
    fn es256_of_the_rfc() {
        let keys = set(json!({"kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}));
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let verified = verify(token, &keys, ANY).unwrap();
        assert_eq!(verified.claims::<Value>().unwrap()["iss"], "joe");
        assert_eq!(
            verify(token, &keys, Typ::Is("JWT")).unwrap_err(),
            JwsError::Typ { expected: "JWT".to_owned(), got: String::new() }
        );
    }

    /// RFC 8037 appendix A.4, A.5.
    #[test]
    fn eddsa_of_the_rfc() {
        let keys = set(json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
        let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(verify(token, &keys, ANY).unwrap().payload, b"Example of Ed25519 signing");
    }

    /// `jsonwebtoken` is the oracle, both ways.
    #[test]
    fn another_library_agrees() {
        let claims = json!({"sub": "縁", "n": 1});
        for (alg, name) in [
            (Alg::Es256, oracle::Algorithm::ES256),
            (Alg::EdDsa, oracle::Algorithm::EdDSA),
            (Alg::Ps256, oracle::Algorithm::PS256),
        ] {
            let key = key(alg);
            let token = sign(&key, "JWT", &claims).unwrap();
            let jwk: oracle::jwk::Jwk = serde_json::from_value(key.jwk().to_value()).unwrap();
            let mut rules = oracle::Validation::new(name);
            rules.required_spec_claims.clear();
            rules.validate_exp = false;
            let theirs =
                oracle::decode::<Value>(&token, &oracle::DecodingKey::from_jwk(&jwk).unwrap(), &rules).unwrap();
            assert_eq!(theirs.claims, claims);
            assert_eq!(theirs.header.kid.as_deref(), Some(key.kid()));
            if alg != Alg::Ps256 {
                let der = key.to_pkcs8().unwrap();
                let encoding = match alg {
                    Alg::Es256 => oracle::EncodingKey::from_ec_der(der.expose()),
                    _ => oracle::EncodingKey::from_ed_der(der.expose()),
                };
                let theirs = oracle::encode(&oracle::Header::new(name), &claims, &encoding).unwrap();
                assert_eq!(verify(&theirs, &KeySet::from(&key), ANY).unwrap().claims::<Value>().unwrap(), claims);
            }
        }
    }

    #[test]
    fn refuses_every_known_trick() {
        let key = key(Alg::Es256);
        let keys = KeySet::from(&key);
        let refuse = |header: Value| verify(&forged(&key, &header), &keys, ANY).unwrap_err();
        for alg in ["none", "None", "HS256", "RS256", "ES384", "es256", ""] {
            assert_eq!(refuse(json!({"alg": alg})), JwsError::Alg(alg.to_owned()));
        }
        assert_eq!(refuse(json!({"alg": "EdDSA"})), JwsError::NoKeyForAlg(Alg::EdDsa));
        assert_eq!(refuse(json!({"alg": "ES256", "crit": ["b64"], "b64": false})), JwsError::Critical);
        assert_eq!(refuse(json!({"alg": "ES256", "jwk": key.jwk()})), JwsError::EmbeddedKey);
        assert_eq!(refuse(json!({"alg": "ES256", "kid": "other"})), JwsError::UnknownKid("other".to_owned()));
        assert!(matches!(refuse(json!({"alg": "ES256", "typ": "dpop+jwt"})), JwsError::Typ { .. }));
        assert!(matches!(refuse(json!({"typ": "JWT"})), JwsError::Malformed(_)));
        assert!(verify(&forged(&key, &json!({"alg": "ES256", "typ": "application/jwt"})), &keys, ANY).is_ok());
        let twice = compact(&key, r#"{"alg":"ES256","alg":"none"}"#, &json!({})).unwrap();
        assert!(matches!(verify(&twice, &keys, ANY), Err(JwsError::Malformed(_))));
        assert_eq!(verify(&"a".repeat(MAX_TOKEN + 1), &keys, ANY).unwrap_err(), JwsError::TooLarge(MAX_TOKEN));
        let token = sign(&key, "JWT", &json!({})).unwrap();
        for wrong in [
            format!("{token}."),
            format!("{token}="),
            token.replacen('.', "..", 1),
            format!(" {token}"),
            token[..token.len() - 1].to_owned(),
        ] {
            assert!(verify(&wrong, &keys, ANY).is_err(), "{wrong}");
        }
        let (body, _) = token.rsplit_once('.').unwrap();
        assert_eq!(verify(&format!("{body}."), &keys, ANY).unwrap_err(), JwsError::Signature);
        assert_eq!(verify(&format!("{body}.{}", b64url(&[0; 64])), &keys, ANY).unwrap_err(), JwsError::Signature);
    }

    #[test]
    fn another_key_of_the_same_name_does_not_help() {
        let mut other = SigningKey::generate(Alg::Es256, &Rng::seeded(6)).unwrap().jwk().to_value();
        let key = key(Alg::Es256);
        other["kid"] = key.kid().into();
        assert_eq!(verify(&sign(&key, "JWT", &json!({})).unwrap(), &set(other), ANY).unwrap_err(), JwsError::Signature);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,300}", dotted in "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}") {
            let keys = KeySet::from(&key(Alg::EdDsa));
            prop_assert!(verify(&text, &keys, ANY).is_err());
            prop_assert!(verify(&dotted, &keys, ANY).is_err());
            let _ = peek::<Value>(&text);
            let _ = peek::<Value>(&dotted);
        }

        #[test]
        fn any_flipped_bit_is_refused(at in 0usize..10_000, bit in 0u8..8, es in any::<bool>()) {
            let key = key(if es { Alg::Es256 } else { Alg::EdDsa });
            let mut token = sign(&key, "JWT", &json!({"sub": "a", "n": 7})).unwrap().into_bytes();
            let at = at % token.len();
            token[at] ^= 1 << bit;
            if let Ok(token) = String::from_utf8(token) {
                prop_assert!(verify(&token, &KeySet::from(&key), ANY).is_err());
            }
        }
    }
}
