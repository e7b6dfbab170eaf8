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
