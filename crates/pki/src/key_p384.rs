//! ECDSA P-384 keys of test cards of the next generation.

use aws_lc_rs::digest::{Digest, SHA384, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use base::Secret;

use crate::key::KeyError;

/// An ECDSA key pair on P-384 (FIPS 186-5). Prints nothing of itself.
pub struct P384Key(EcdsaKeyPair);

impl P384Key {
    /// A new key from the cryptographic library's own generator, which can't be seeded.
    pub fn generate() -> Result<Self, KeyError> {
        EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).map(Self).map_err(|_| KeyError("generated"))
    }

    /// From an unencrypted PKCS #8 (RFC 5208) key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der).map(Self).map_err(|_| KeyError("read"))
    }

    /// As unencrypted PKCS #8, to be stored sealed.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, KeyError> {
        self.0.to_pkcs8v1().map(|d| Secret::new(d.as_ref().to_vec())).map_err(|_| KeyError("encoded"))
    }

    /// ECDSA over a SHA-384 hash (48 bytes): r and s, 48 bytes each. What a card does, which is given no message.
    pub fn sign_hash(&self, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        let hash = Digest::import_less_safe(hash, &SHA384).map_err(|_| KeyError("used: no SHA-384 hash"))?;
        self.0.sign_digest(&hash).map(|s| s.as_ref().to_vec()).map_err(|_| KeyError("used"))
    }

    /// The public key as an uncompressed point (SEC 1 section 2.3.3).
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The public key as `SubjectPublicKeyInfo` (RFC 5480).
    pub(crate) fn spki(&self) -> Result<Vec<u8>, KeyError> {
        self.0.public_key().as_der().map(|d| d.as_ref().to_vec()).map_err(|_| KeyError("encoded"))
    }
}

impl std::fmt::Debug for P384Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("P384Key")
    }
}

/// SHA-384.
pub fn sha384(message: &[u8]) -> [u8; 48] {
    let mut out = [0; 48];
    out.copy_from_slice(digest(&SHA384, message).as_ref());
    out
}

/// Whether `signature` (r and s, 48 bytes each) is ECDSA with SHA-384 over `message` by `public_key` (an
/// uncompressed point on P-384).
pub fn verifies(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, public_key).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_over_the_hash_is_one_over_the_message() {
        let key = P384Key::generate().unwrap();
        let again = P384Key::from_pkcs8(key.to_pkcs8().unwrap().expose()).unwrap();
        let signature = again.sign_hash(&sha384(b"message")).unwrap();
        assert_eq!(signature.len(), 96);
        assert!(verifies(key.public_key(), b"message", &signature));
        assert!(!verifies(key.public_key(), b"massage", &signature));
        assert!(key.sign_hash(&[0; 32]).is_err());
        assert!(P384Key::from_pkcs8(b"no key").is_err());
        assert_eq!(format!("{key:?}"), "P384Key");
    }
}
