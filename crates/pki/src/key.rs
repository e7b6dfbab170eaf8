//! RSA-2048 keys of test cards, the test CA and test issuers.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base::Secret;

/// A key that can't be made, read or used.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the RSA key can't be {0}")]
pub struct KeyError(pub(crate) &'static str);

/// An RSA-2048 key pair with e = 65537. Prints nothing of itself.
pub struct RsaKey(RsaKeyPair);

impl RsaKey {
    /// A new key from the cryptographic library's own generator, which can't be seeded. Takes some
    /// tenths of a second: keep it off asynchronous threads.
    pub fn generate() -> Result<Self, KeyError> {
        RsaKeyPair::generate(KeySize::Rsa2048).map(Self).map_err(|_| KeyError("generated"))
    }

    /// From an unencrypted PKCS #8 (RFC 5208) RSA-2048 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError("read"))?;
        if pair.public_modulus_len() == 256 { Ok(Self(pair)) } else { Err(KeyError("read: it is not RSA-2048")) }
    }

    /// As unencrypted PKCS #8, to be stored sealed.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, KeyError> {
        self.0.as_der().map(|d| Secret::new(d.as_ref().to_vec())).map_err(|_| KeyError("encoded"))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2): what `802A0380` of the card does.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut out = vec![0; self.0.public_modulus_len()];
        #[expect(
            clippy::disallowed_methods,
            reason = "the signature is deterministic; the library asks for a generator and ignores it"
        )]
        let unused = aws_lc_rs::rand::SystemRandom::new();
        self.0.sign(&RSA_PKCS1_SHA256, &unused, message, &mut out).map_err(|_| KeyError("used"))?;
        Ok(out)
    }

    /// The public key as `RSAPublicKey` (RFC 8017 appendix A.1.1).
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The public key as `SubjectPublicKeyInfo` (RFC 5280).
    pub(crate) fn spki(&self) -> Result<Vec<u8>, KeyError> {
        self.0.public_key().as_der().map(|d| d.as_ref().to_vec()).map_err(|_| KeyError("encoded"))
    }
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaKey")
    }
}

/// Whether `signature` is RSASSA-PKCS1-v1_5 with SHA-256 over `message` by `public_key` (`RSAPublicKey`).
pub fn verifies(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_storage() {
        let key = RsaKey::generate().unwrap();
        let again = RsaKey::from_pkcs8(key.to_pkcs8().unwrap().expose()).unwrap();
        let signature = again.sign(b"message").unwrap();
        assert!(verifies(key.public_key(), b"message", &signature));
        assert!(!verifies(key.public_key(), b"massage", &signature));
        assert!(RsaKey::from_pkcs8(b"no key").is_err());
        assert_eq!(format!("{key:?}"), "RsaKey");
    }
}
