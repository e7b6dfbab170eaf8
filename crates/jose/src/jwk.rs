//! Public keys as JSON (RFC 7517), strictly.

use base::codec::{b64url, b64url_decode, sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::Alg;

/// Most keys that a set may hold.
pub const MAX_KEYS: usize = 32;
const MAX_KID: usize = 256;
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a JWK was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// The JSON holds a private or shared key. Its owner has to be told: that key is now known to others.
    #[error(
        "this is a private key; send the public key only, and make a new pair because this one has now left your hands"
    )]
    PrivateKey,
    /// `kty` is none of EC, OKP, RSA.
    #[error("key type {0:?} is not supported; use EC (P-256), OKP (Ed25519) or RSA (2048 bits or more)")]
    KeyType(String),
    /// `crv` is neither P-256 nor Ed25519.
    #[error("curve {0:?} is not supported; use P-256 with EC or Ed25519 with OKP")]
    Curve(String),
    /// `alg` is not the one algorithm that this kind of key is used with.
    #[error("alg {0:?} is not supported with this kind of key; use ES256, PS256 or EdDSA")]
    Alg(String),
    /// The RSA modulus is shorter than 2048 bits (RFC 7518 section 3.5); its length in bits.
    #[error("an RSA key of {0} bits is too short; use 2048 bits or more")]
    WeakRsa(usize),
    /// A member is missing or has the wrong shape.
    #[error("the key is malformed: {0}")]
    Malformed(&'static str),
    /// More than [`MAX_KEYS`] keys.
    #[error("more than {MAX_KEYS} keys in one set")]
    TooManyKeys,
    /// Two keys of a set share a `kid`.
    #[error("two keys have the kid {0:?}")]
    DuplicateKid(String),
}

/// What a key is for (RFC 7517 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `sig`
    Signature,
    /// `enc`
    Encryption,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Params {
    P256 { x: [u8; 32], y: [u8; 32] },
    Ed25519 { x: [u8; 32] },
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// A public key. Can't hold a private one, a weak one, or one of an unknown kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    pub(crate) params: Params,
    kid: Option<String>,
    usage: Option<Use>,
    /// As given; for a signature key it is always [`Jwk::alg`]'s name.
    alg: Option<String>,
}

impl Jwk {
    pub(crate) const fn from_params(params: Params) -> Self {
        Self { params, kid: None, usage: None, alg: None }
    }

    /// This key with its thumbprint as `kid`, its algorithm, and `use` = `sig`.
    pub(crate) fn for_signing(mut self) -> Self {
        self.kid = Some(self.thumbprint());
        self.usage = Some(Use::Signature);
        self.alg = Some(self.alg().name().to_owned());
        self
    }

    /// Reads a key from JSON text.
    pub fn from_json(text: &str) -> Result<Self, JwkError> {
        let value: Value = serde_json::from_str(text).map_err(|_| JwkError::Malformed("not JSON"))?;
        Self::from_value(&value)
    }

    /// Reads a key from JSON. Members that RFC 7517 does not name are ignored, as it asks.
    pub fn from_value(value: &Value) -> Result<Self, JwkError> {
        let map = value.as_object().ok_or(JwkError::Malformed("not a JSON object"))?;
        // First of all, so that a leaked private key is called by its name whatever else is wrong.
        if PRIVATE_MEMBERS.iter().any(|m| map.contains_key(*m)) {
            return Err(JwkError::PrivateKey);
        }
        let kty = text(map, "kty")?.ok_or(JwkError::Malformed("kty is missing"))?;
        let crv = text(map, "crv")?.unwrap_or_default();
        let params = match (kty, crv) {
            ("EC", "P-256") => Params::P256 {
                x: fixed(map, "x", "x is not 32 octets in base64url")?,
                y: fixed(map, "y", "y is not 32 octets in base64url")?,
            },
            ("OKP", "Ed25519") => Params::Ed25519 { x: fixed(map, "x", "x is not 32 octets in base64url")? },
            ("RSA", _) => {
                let n = uint(map, "n", "n is not a base64url number without leading zeros")?;
                let e = uint(map, "e", "e is not a base64url number without leading zeros")?;
                let bits = n.len() * 8 - n[0].leading_zeros() as usize;
                if bits < 2048 {
                    return Err(JwkError::WeakRsa(bits));
                }
                if bits > 8192 || e.len() > 4 || e.last().is_none_or(|b| b % 2 == 0) || e == [1] {
                    return Err(JwkError::Malformed("the RSA modulus is over 8192 bits or the exponent is unusual"));
                }
                Params::Rsa { n, e }
            }
            ("EC" | "OKP", other) => return Err(JwkError::Curve(shorten(other))),
            (other, _) => return Err(JwkError::KeyType(shorten(other))),
        };
        let usage = match text(map, "use")? {
            None => None,
            Some("sig") => Some(Use::Signature),
            Some("enc") => Some(Use::Encryption),
            Some(_) => return Err(JwkError::Malformed("use is neither sig nor enc")),
        };
        if let Some(ops) = map.get("key_ops") {
            let ops = ops.as_array().ok_or(JwkError::Malformed("key_ops is not an array"))?;
            if usage == Some(Use::Signature) && !ops.iter().any(|o| o == "verify") {
                return Err(JwkError::Malformed("key_ops of a signature key lacks verify"));
            }
        }
        let kid = text(map, "kid")?.map(str::to_owned);
        if kid.as_ref().is_some_and(|k| k.is_empty() || k.len() > MAX_KID) {
            return Err(JwkError::Malformed("kid is empty or longer than 256 octets"));
        }
        let alg = text(map, "alg")?.map(str::to_owned);
        let jwk = Self { params, kid, usage, alg };
        if let Some(alg) = &jwk.alg
            && jwk.usage != Some(Use::Encryption)
            && alg != jwk.alg().name()
        {
            return Err(JwkError::Alg(shorten(alg)));
        }
        Ok(jwk)
    }

    /// The key as JSON.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        let mut put = |k: &str, v: &str| map.insert(k.to_owned(), Value::String(v.to_owned()));
        match &self.params {
            Params::P256 { x, y } => {
                put("kty", "EC");
                put("crv", "P-256");
                put("x", &b64url(x));
                put("y", &b64url(y));
            }
            Params::Ed25519 { x } => {
                put("kty", "OKP");
                put("crv", "Ed25519");
                put("x", &b64url(x));
            }
            Params::Rsa { n, e } => {
                put("kty", "RSA");
                put("n", &b64url(n));
                put("e", &b64url(e));
            }
        }
        if let Some(kid) = &self.kid {
            put("kid", kid);
        }
        if let Some(alg) = &self.alg {
            put("alg", alg);
        }
        match self.usage {
            Some(Use::Signature) => put("use", "sig"),
            Some(Use::Encryption) => put("use", "enc"),
            None => None,
        };
        Value::Object(map)
    }

    /// The key with the members of its thumbprint only, as a DPoP proof carries it.
    pub fn bare(&self) -> Self {
        Self::from_params(self.params.clone())
    }

    /// The thumbprint (RFC 7638 section 3; OKP by RFC 8037 section 2), SHA-256 in base64url.
    pub fn thumbprint(&self) -> String {
        let canonical = match &self.params {
            Params::P256 { x, y } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, b64url(x), b64url(y))
            }
            Params::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64url(x)),
            Params::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64url(e), b64url(n)),
        };
        b64url(&sha256(canonical.as_bytes()))
    }

    /// The one signature algorithm that this kind of key is used with here.
    pub const fn alg(&self) -> Alg {
        match self.params {
            Params::P256 { .. } => Alg::Es256,
            Params::Ed25519 { .. } => Alg::EdDsa,
            Params::Rsa { .. } => Alg::Ps256,
        }
    }

    /// The key's name within its set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What the key is for, when it says so.
    pub const fn usage(&self) -> Option<Use> {
        self.usage
    }

    /// Whether signatures may be checked with it: everything but `use` = `enc`.
    pub fn signs(&self) -> bool {
        self.usage != Some(Use::Encryption)
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(s)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::from_value(&Value::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// A set of public keys (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys, in the publisher's order.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// A set of these keys.
    pub const fn new(keys: Vec<Jwk>) -> Self {
        Self { keys }
    }

    /// For registration: every key has to be one that we can use, so that a mistake shows at once.
    /// The error comes with the index of the key.
    pub fn from_value_strict(value: &Value) -> Result<Self, (usize, JwkError)> {
        let keys = Self::array(value).map_err(|e| (0, e))?;
        let mut set = Self::default();
        for (i, key) in keys.iter().enumerate() {
            set.push(Jwk::from_value(key).map_err(|e| (i, e))?).map_err(|e| (i, e))?;
        }
        Ok(set)
    }

    /// For sets fetched from elsewhere: keys of unknown kinds are skipped (RFC 7517 section 5), but
    /// a private key among them still condemns the set.
    pub fn from_value(value: &Value) -> Result<Self, JwkError> {
        let mut set = Self::default();
        for key in Self::array(value)? {
            match Jwk::from_value(key) {
                Ok(jwk) => set.push(jwk)?,
                Err(JwkError::PrivateKey) => return Err(JwkError::PrivateKey),
                Err(_) => {}
            }
        }
        Ok(set)
    }

    /// [`Self::from_value`] on text.
    pub fn from_json(text: &[u8]) -> Result<Self, JwkError> {
        let value: Value = serde_json::from_slice(text).map_err(|_| JwkError::Malformed("not JSON"))?;
        Self::from_value(&value)
    }

    fn array(value: &Value) -> Result<&Vec<Value>, JwkError> {
        let keys = value.get("keys").and_then(Value::as_array).ok_or(JwkError::Malformed("no array named keys"))?;
        if keys.len() > MAX_KEYS { Err(JwkError::TooManyKeys) } else { Ok(keys) }
    }

    fn push(&mut self, jwk: Jwk) -> Result<(), JwkError> {
        // The same kid for another algorithm is legal; for the same one the choice would be a guess.
        if let Some(kid) = jwk.kid()
            && self.keys.iter().any(|k| k.kid() == Some(kid) && k.alg() == jwk.alg())
        {
            return Err(JwkError::DuplicateKid(shorten(kid)));
        }
        self.keys.push(jwk);
        Ok(())
    }

    /// The keys that can check a signature made with `alg` under `kid`.
    pub fn candidates<'a>(&'a self, kid: Option<&'a str>, alg: Alg) -> impl Iterator<Item = &'a Jwk> {
        self.keys.iter().filter(move |k| k.signs() && k.alg() == alg && (kid.is_none() || k.kid() == kid))
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::from_value(&Value::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

fn text<'a>(map: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JwkError> {
    match map.get(name) {
        None => Ok(None),
        Some(Value::String(s)) => Ok(Some(s)),
        Some(_) => Err(JwkError::Malformed("a member that has to be a string is not")),
    }
}

fn bytes(map: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<u8>>, JwkError> {
    Ok(text(map, name)?.filter(|t| t.len() <= 2048).and_then(b64url_decode))
}

fn fixed(map: &Map<String, Value>, name: &'static str, what: &'static str) -> Result<[u8; 32], JwkError> {
    bytes(map, name)?.and_then(|b| b.try_into().ok()).ok_or(JwkError::Malformed(what))
}

fn uint(map: &Map<String, Value>, name: &'static str, what: &'static str) -> Result<Vec<u8>, JwkError> {
    bytes(map, name)?.filter(|b| b.first().is_some_and(|b| *b != 0)).ok_or(JwkError::Malformed(what))
}

/// What a stranger sent, cut for an error message.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// RFC 7638 section 3.1.
    const RSA_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    /// RFC 8037 appendix A.2.
    const ED_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    /// RFC 7515 appendix A.3.
    const EC_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const EC_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn ec() -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": EC_X, "y": EC_Y})
    }

    #[test]
    fn thumbprints_of_the_rfcs() {
        let rsa = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
        // The example key is marked RS256, which we refuse; the numbers count for the thumbprint.
        assert_eq!(Jwk::from_value(&rsa), Err(JwkError::Alg("RS256".to_owned())));
        let rsa = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "alg": "PS256"});
        assert_eq!(Jwk::from_value(&rsa).unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": ED_X});
        assert_eq!(Jwk::from_value(&ed).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn refuses_what_can_not_be_used_by_name() {
        let with = |name: &str, value: Value| {
            let mut key = ec();
            key[name] = value;
            Jwk::from_value(&key)
        };
        assert_eq!(with("d", json!("AAAA")), Err(JwkError::PrivateKey));
        assert_eq!(with("d", Value::Null), Err(JwkError::PrivateKey));
        assert_eq!(with("kty", json!("oct")), Err(JwkError::KeyType("oct".to_owned())));
        assert_eq!(with("crv", json!("P-384")), Err(JwkError::Curve("P-384".to_owned())));
        assert_eq!(with("crv", json!("secp256k1")), Err(JwkError::Curve("secp256k1".to_owned())));
        assert_eq!(with("alg", json!("HS256")), Err(JwkError::Alg("HS256".to_owned())));
        assert_eq!(with("alg", json!("EdDSA")), Err(JwkError::Alg("EdDSA".to_owned())));
        assert!(matches!(with("x", json!("AAAA")), Err(JwkError::Malformed(_))));
        assert!(matches!(with("x", json!(format!("{EC_X}="))), Err(JwkError::Malformed(_))));
        assert!(matches!(with("use", json!("both")), Err(JwkError::Malformed(_))));
        assert!(matches!(with("kid", json!("")), Err(JwkError::Malformed(_))));
        // An encryption key may have its own alg, but checks no signatures.
        assert!(
            !Jwk::from_value(
                &json!({"kty": "EC", "crv": "P-256", "x": EC_X, "y": EC_Y, "use": "enc", "alg": "ECDH-ES"})
            )
            .unwrap()
            .signs()
        );
        let short = json!({"kty": "RSA", "n": b64url(&[0xff; 128]), "e": "AQAB"});
        assert_eq!(Jwk::from_value(&short), Err(JwkError::WeakRsa(1024)));
        let padded = json!({"kty": "RSA", "n": b64url(&[&[0][..], &[0xff; 256][..]].concat()), "e": "AQAB"});
        assert!(matches!(Jwk::from_value(&padded), Err(JwkError::Malformed(_))));
        assert!(matches!(Jwk::from_value(&json!({"kty": "RSA", "n": RSA_N, "e": "AQ"})), Err(JwkError::Malformed(_))));
    }

    #[test]
    fn a_point_off_the_curve_is_no_key() {
        let jwk = Jwk::from_value(&json!({"kty": "EC", "crv": "P-256", "x": EC_X, "y": EC_X})).unwrap();
        assert!(crate::VerifyingKey::from_jwk(&jwk).is_err());
    }

    #[test]
    fn sets_are_lenient_with_strangers_and_strict_at_registration() {
        let rs = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "alg": "RS256"});
        let set = json!({"keys": [ec(), rs]});
        assert_eq!(JwkSet::from_value(&set).unwrap().keys.len(), 1);
        assert_eq!(JwkSet::from_value_strict(&set), Err((1, JwkError::Alg("RS256".to_owned()))));
        let mut private = ec();
        private["d"] = json!("AAAA");
        assert_eq!(JwkSet::from_value(&json!({"keys": [ec(), private]})), Err(JwkError::PrivateKey));
        let mut named = ec();
        named["kid"] = json!("a");
        assert_eq!(JwkSet::from_value(&json!({"keys": [named, named]})), Err(JwkError::DuplicateKid("a".to_owned())));
        let set = JwkSet::from_value(&json!({"keys": [named]})).unwrap();
        assert_eq!(set.candidates(Some("a"), Alg::Es256).count(), 1);
        assert_eq!(set.candidates(Some("b"), Alg::Es256).count(), 0);
        assert_eq!(set.candidates(None, Alg::EdDsa).count(), 0);
        assert_eq!(JwkSet::from_value(&json!({"keys": vec![ec(); 33]})), Err(JwkError::TooManyKeys));
    }

    #[test]
    fn json_round_trips() {
        let mut key = ec();
        key["kid"] = json!("k");
        key["alg"] = json!("ES256");
        key["use"] = json!("sig");
        assert_eq!(Jwk::from_value(&key).unwrap().to_value(), key);
        assert_eq!(serde_json::to_value(serde_json::from_value::<Jwk>(key.clone()).unwrap()).unwrap(), key);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}", kty in "EC|OKP|RSA|x", crv in "P-256|Ed25519|x", x in "[A-Za-z0-9_=-]{0,60}") {
            let _ = Jwk::from_json(&text);
            let _ = JwkSet::from_json(text.as_bytes());
            let value = json!({"kty": kty, "crv": crv, "x": x, "y": x, "n": x, "e": x, "kid": text});
            if let Ok(jwk) = Jwk::from_value(&value) {
                let _ = crate::VerifyingKey::from_jwk(&jwk);
            }
        }
    }
}
