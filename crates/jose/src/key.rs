//! Keys parsed once and used many times.

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base::{Rng, Secret};

use crate::jwk::{Jwk, JwkError, JwkSet, Params};
use crate::{Alg, JwsError};

/// Why a private key could not be made, read, written or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the PKCS#8 DER of a P-256, Ed25519 or RSA (2048 to 8192 bits) private key.
    #[error("not a PKCS#8 private key for ES256, EdDSA or PS256")]
    Unreadable,
    /// The cryptographic library failed; nothing the caller sent can cause it.
    #[error("the cryptographic library failed")]
    Library,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Ps256(Box<RsaKeyPair>),
}

struct Inner {
    pair: Pair,
    jwk: Jwk,
    kid: String,
    verifying: VerifyingKey,
}

/// A private key, ready to sign. Cheap to clone; never prints.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

impl SigningKey {
    /// A new key. ES256 and EdDSA keys are made from `rng`; RSA keys from the library's own generator.
    pub fn generate(alg: Alg, rng: &Rng) -> Result<Self, KeyError> {
        let pair = match alg {
            Alg::EdDsa => {
                let seed = Secret::new(rng.bytes::<32>().to_vec());
                Pair::EdDsa(Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| KeyError::Library)?)
            }
            Alg::Es256 => {
                // A random 256-bit number is a valid P-256 scalar but for one in 2^32; then we draw again.
                let drawn = (0..16).find_map(|_| p256_from_scalar(&Secret::new(rng.bytes::<32>().to_vec())));
                Pair::Es256(drawn.ok_or(KeyError::Library)?)
            }
            Alg::Ps256 => Pair::Ps256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Library)?)),
        };
        Self::new(pair)
    }

    /// Reads PKCS#8 DER, as [`Self::to_pkcs8`] and OpenSSL write it. The kind is found by trying.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = if let Ok(p) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            Pair::Es256(p)
        } else if let Ok(p) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            Pair::EdDsa(p)
        } else if let Ok(p) = RsaKeyPair::from_pkcs8(der) {
            Pair::Ps256(Box::new(p))
        } else {
            return Err(KeyError::Unreadable);
        };
        Self::new(pair)
    }

    /// The private key as PKCS#8 (version 1) DER, for sealed storage.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, KeyError> {
        let der = match &self.0.pair {
            Pair::Es256(p) => p.to_pkcs8v1().map(|d| d.as_ref().to_vec()),
            Pair::EdDsa(p) => p.to_pkcs8v1().map(|d| d.as_ref().to_vec()),
            Pair::Ps256(p) => AsDer::<Pkcs8V1Der<'_>>::as_der(&**p).map(|d| d.as_ref().to_vec()),
        };
        der.map(Secret::new).map_err(|_| KeyError::Library)
    }

    fn new(pair: Pair) -> Result<Self, KeyError> {
        let params = match &pair {
            Pair::Es256(p) => point(p.public_key().as_ref()),
            Pair::EdDsa(p) => p.public_key().as_ref().try_into().ok().map(|x| Params::Ed25519 { x }),
            Pair::Ps256(p) => rsa_public(p.public_key().as_ref()),
        };
        let jwk = Jwk::from_params(params.ok_or(KeyError::Unreadable)?).for_signing();
        let kid = jwk.thumbprint();
        let verifying = VerifyingKey::from_jwk(&jwk).map_err(|_| KeyError::Unreadable)?;
        Ok(Self(Arc::new(Inner { pair, jwk, kid, verifying })))
    }

    /// The algorithm it signs with.
    pub fn alg(&self) -> Alg {
        self.0.jwk.alg()
    }

    /// The key's name: the RFC 7638 thumbprint of its public half (so also its DPoP `jkt`).
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The public half, with `kid`, `alg` and `use`.
    pub fn jwk(&self) -> &Jwk {
        &self.0.jwk
    }

    /// The public half, ready to check.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.0.verifying
    }

    /// Signs octets. JWS format: R and S of ECDSA are concatenated (RFC 7518 section 3.4).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        // Signing a digest takes no random generator argument; the library draws ECDSA's nonce and
        // PSS's salt itself, as it should.
        match &self.0.pair {
            Pair::Es256(p) => p.sign_digest(&digest::digest(&digest::SHA256, message)).map(|s| s.as_ref().to_vec()),
            Pair::EdDsa(p) => p.try_sign(message).map(|s| s.as_ref().to_vec()),
            Pair::Ps256(p) => {
                let mut signature = vec![0; p.public_modulus_len()];
                p.sign_digest(&RSA_PSS_SHA256, &digest::digest(&digest::SHA256, message), &mut signature)
                    .map(|()| signature)
            }
        }
        .map_err(|_| KeyError::Library)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({} {})", self.alg(), self.kid())
    }
}

fn p256_from_scalar(scalar: &Secret<Vec<u8>>) -> Option<EcdsaKeyPair> {
    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
    let public = PrivateKey::from_private_key(&ECDH_P256, scalar.expose()).ok()?.compute_public_key().ok()?;
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, scalar.expose(), public.as_ref())
        .ok()
}

/// An uncompressed SEC 1 point.
fn point(bytes: &[u8]) -> Option<Params> {
    let (tag, xy) = bytes.split_first()?;
    if *tag != 4 || xy.len() != 64 {
        return None;
    }
    Some(Params::P256 { x: xy[..32].try_into().ok()?, y: xy[32..].try_into().ok()? })
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 appendix A.1.1).
fn rsa_public(der: &[u8]) -> Option<Params> {
    fn tlv(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
        let (&[t, first], rest) = der.split_first_chunk::<2>()?;
        if t != tag {
            return None;
        }
        let (len, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (size, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (size.iter().fold(0usize, |n, b| (n << 8) | usize::from(*b)), rest)
        };
        rest.split_at_checked(len)
    }
    let number = |n: &[u8]| n.iter().position(|b| *b != 0).map(|start| n[start..].to_vec());
    let (body, _) = tlv(der, 0x30)?;
    let (n, rest) = tlv(body, 0x02)?;
    let (e, _) = tlv(rest, 0x02)?;
    Some(Params::Rsa { n: number(n)?, e: number(e)? })
}

/// A public key, parsed and ready to check signatures. Cheap to clone.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    alg: Alg,
    kid: Option<String>,
    parsed: Arc<ParsedPublicKey>,
}

impl VerifyingKey {
    /// Prepares a key; refuses points that are not on the curve and `use` = `enc`.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, JwkError> {
        if !jwk.signs() {
            return Err(JwkError::Malformed("an encryption key can't check signatures"));
        }
        let parsed = match &jwk.params {
            Params::P256 { x, y } => {
                let mut point = [4u8; 65];
                point[1..33].copy_from_slice(x);
                point[33..].copy_from_slice(y);
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            }
            Params::Ed25519 { x } => ParsedPublicKey::new(&ED25519, x),
            Params::Rsa { n, e } => RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PSS_2048_8192_SHA256),
        };
        let parsed = parsed.map_err(|_| JwkError::Malformed("the numbers are not a key"))?;
        Ok(Self { alg: jwk.alg(), kid: jwk.kid().map(str::to_owned), parsed: Arc::new(parsed) })
    }

    /// The algorithm it checks.
    pub const fn alg(&self) -> Alg {
        self.alg
    }

    /// The key's name within its set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

/// Prepared keys to choose from by `kid` and algorithm. Cheap to clone; make it once per JWK set and keep it.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Arc<[VerifyingKey]>);

impl KeySet {
    /// Prepares the signature keys of a set; keys that are no keys (points off the curve) are refused.
    pub fn from_jwks(set: &JwkSet) -> Result<Self, JwkError> {
        set.keys.iter().filter(|k| k.signs()).map(VerifyingKey::from_jwk).collect::<Result<Arc<_>, _>>().map(Self)
    }

    /// The set of one key.
    pub fn one(key: VerifyingKey) -> Self {
        Self(Arc::new([key]))
    }

    /// Whether a key of this name is there: when not, a cached copy may be stale.
    pub fn has_kid(&self, kid: &str) -> bool {
        self.0.iter().any(|k| k.kid() == Some(kid))
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn candidates(&self, kid: Option<&str>, alg: Alg) -> Result<Vec<&VerifyingKey>, JwsError> {
        let named = |k: &&VerifyingKey| kid.is_none() || k.kid() == kid;
        if let Some(kid) = kid
            && !self.has_kid(kid)
        {
            return Err(JwsError::UnknownKid(crate::jwk::shorten(kid)));
        }
        let found: Vec<_> = self.0.iter().filter(|k| k.alg == alg).filter(named).collect();
        if found.is_empty() { Err(JwsError::NoKeyForAlg(alg)) } else { Ok(found) }
    }
}

impl From<&SigningKey> for KeySet {
    fn from(key: &SigningKey) -> Self {
        Self::one(key.verifying_key().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_storage_and_sign_the_same() {
        let rng = Rng::seeded(1);
        for alg in Alg::ALL {
            let key = SigningKey::generate(alg, &rng).unwrap();
            assert_eq!(key.alg(), alg);
            assert_eq!(key.kid(), key.jwk().thumbprint());
            let again = SigningKey::from_pkcs8(key.to_pkcs8().unwrap().expose()).unwrap();
            assert_eq!(again.jwk(), key.jwk());
            let signature = again.sign(b"message").unwrap();
            assert!(key.verifying_key().verify(b"message", &signature));
            assert!(!key.verifying_key().verify(b"massage", &signature));
            assert!(!format!("{key:?}").contains("BEGIN"));
        }
    }

    #[test]
    fn the_same_randomness_makes_the_same_key() {
        for alg in [Alg::Es256, Alg::EdDsa] {
            let make = |seed| SigningKey::generate(alg, &Rng::seeded(seed)).unwrap().kid().to_owned();
            assert_eq!(make(3), make(3));
            assert_ne!(make(3), make(4));
        }
    }

    /// RFC 8037 appendix A.1, A.4.
    #[test]
    fn ed25519_of_the_rfc() {
        let seed = base::codec::b64url_decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::new(Pair::EdDsa(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap())).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signature = key.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc").unwrap();
        assert_eq!(
            base::codec::b64url(&signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn rubbish_is_no_key() {
        assert_eq!(SigningKey::from_pkcs8(b"").unwrap_err(), KeyError::Unreadable);
        assert_eq!(SigningKey::from_pkcs8(&[0x30, 0x82, 0xff, 0xff]).unwrap_err(), KeyError::Unreadable);
        assert!(rsa_public(&[0x30, 0xff]).is_none());
        assert!(rsa_public(&[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_none());
    }
}
