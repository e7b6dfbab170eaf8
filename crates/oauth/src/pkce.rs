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

#[cfg(test)]
mod tests {
    use base::Rng;
    use proptest::prelude::*;

    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_rfc_s_example() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(verify("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", verifier));
        assert!(!is_verifier("short"));
        assert!(!is_verifier(&"a".repeat(129)));
        assert!(!is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="));
        assert!(is_verifier(&super::verifier(&Rng::seeded(1))));
    }

    proptest! {
        #[test]
        fn only_the_verifier_fits(a in "[A-Za-z0-9._~-]{43,128}", b in "[A-Za-z0-9._~-]{43,128}") {
            prop_assert!(is_challenge(&challenge(&a)));
            prop_assert!(verify(&challenge(&a), &a));
            prop_assert_eq!(verify(&challenge(&a), &b), a == b);
            // Sending the challenge as the verifier (method "plain") is no way in.
            prop_assert!(!verify(&challenge(&a), &challenge(&a)));
        }
    }
}
