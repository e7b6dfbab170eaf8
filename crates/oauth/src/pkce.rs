//! Proof key for code exchange (RFC 7636), S256 only.

use base::Rng;
use base::codec::{b64url_decode, same, sha256_b64url};

/// A fresh verifier (section 4.1): 43 characters, 256 bits.
pub fn verifier(rng: &Rng) -> String {
    rng.token()
}

/// The challenge of a verifier (section 4.2).
pub fn challenge(verifier: &str) -> String {
    sha256_b64url(verifier)
}

/// Whether this can be an S256 challenge: 32 octets in base64url.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && b64url_decode(text).is_some_and(|b| b.len() == 32)
}

/// Whether this can be a verifier (section 4.1): 43 to 128 unreserved characters.
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

/// Whether `verifier` belongs to `challenge` (section 4.6).
pub fn verify(challenge: &str, verifier: &str) -> bool {
    is_verifier(verifier) && same(self::challenge(verifier).as_bytes(), challenge.as_bytes())
}
