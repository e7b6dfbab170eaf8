//! Proofs of possession (RFC 9449).

use std::time::Duration;

use base::codec::{same, sha256_b64url};
use base::{Rng, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::jws::{self, JwsError, Typ};
use crate::{KeyError, NonceKey, SigningKey};

const TYP: &str = "dpop+jwt";
/// Longest `jti` that is accepted, in octets: it has to be remembered.
pub const MAX_JTI: usize = 256;
/// Longest DPoP proof that is looked at, in octets.
pub const MAX_PROOF: usize = 8 * 1024;

#[derive(Serialize)]
struct Made<'a> {
    jti: String,
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

#[derive(Deserialize)]
struct Claims {
    jti: Option<String>,
    htm: Option<String>,
    htu: Option<String>,
    iat: Option<f64>,
    ath: Option<String>,
    nonce: Option<String>,
}

/// Makes a proof for one request (section 4.2). Query and fragment of `htu` are cut off.
pub fn prove(
    key: &SigningKey,
    htm: &str,
    htu: &str,
    access_token: Option<&str>,
    nonce: Option<&str>,
    now: Timestamp,
    rng: &Rng,
) -> Result<String, KeyError> {
    let htu = htu.split(['?', '#']).next().unwrap_or(htu);
    let claims = Made { jti: rng.token(), htm, htu, iat: now.secs(), ath: access_token.map(sha256_b64url), nonce };
    jws::sign_embedded(key, TYP, &claims)
}

/// What a request's proof has to say.
#[derive(Clone, Copy, Debug)]
pub struct DpopExpectation<'a> {
    /// The request's method.
    pub htm: &'a str,
    /// The request's address as its caller wrote it (behind a proxy: the public one). Query and fragment don't count.
    pub htu: &'a str,
    /// At a resource: the access token that came with it; its hash has to be `ath`.
    pub access_token: Option<&'a str>,
    /// When present, the proof has to carry a nonce of this key.
    pub nonce: Option<&'a NonceKey>,
    /// The present time.
    pub now: Timestamp,
}

impl DpopExpectation<'_> {
    /// How old and how far ahead `iat` may be. A nonce proves freshness by our own clock, so with
    /// one a client with a wrong clock is not turned away (section 11.1).
    const fn window(&self) -> (Duration, Duration) {
        match self.nonce {
            Some(_) => (Duration::from_secs(300), Duration::from_secs(60)),
            None => (Duration::from_secs(60), Duration::from_secs(10)),
        }
    }
}

/// A proof that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpopProof {
    /// Thumbprint of the key: what a token is bound to.
    pub jkt: String,
    /// The proof's id: refuse it a second time (together with `jkt`) until [`Self::replayable_until`].
    pub jti: String,
    /// The nonce it carried.
    pub nonce: Option<String>,
    /// When it was made, by its maker's clock.
    pub iat: Timestamp,
    /// After this the proof is too old by itself.
    pub replayable_until: Timestamp,
}

/// Why a proof was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// The nonce is absent, too old, or not ours: answer `use_dpop_nonce` and send a new one (section 8).
    #[error("{}", if *.present { "the DPoP nonce is too old or not from this server; retry with the one in the DPoP-Nonce header" } else { "the DPoP proof has no nonce; retry with the one in the DPoP-Nonce header" })]
    Nonce {
        /// Whether there was one at all.
        present: bool,
    },
    /// Not a proof, or a wrong signature.
    #[error("DPoP proof: {0}")]
    Token(#[from] JwsError),
    /// `typ` is right but a claim is missing.
    #[error("the DPoP proof has no {0}")]
    Missing(&'static str),
    /// `jti` is empty or too long.
    #[error("the jti of the DPoP proof has to be 1 to {MAX_JTI} octets long")]
    Jti,
    /// `htm` is another method.
    #[error("htm of the DPoP proof is {got:?}, but the request is {expected:?}")]
    Method {
        /// The request's.
        expected: String,
        /// The proof's.
        got: String,
    },
    /// `htu` is another address.
    #[error("htu of the DPoP proof is {got:?}, but the request went to {expected:?}")]
    Address {
        /// The request's.
        expected: String,
        /// The proof's.
        got: String,
    },
    /// `iat` is too old.
    #[error("the DPoP proof is {0} seconds old; make a new one for each request, and check your clock")]
    TooOld(i64),
    /// `iat` is in the future.
    #[error("iat of the DPoP proof is {0} seconds in the future; check your clock")]
    Future(i64),
    /// `ath` is not the hash of the access token.
    #[error("ath of the DPoP proof is not the base64url SHA-256 of the access token")]
    TokenHash,
}

/// Checks a proof (section 4.3). Whether its `jti` was seen before is the caller's to find out.
pub fn check(proof: &str, expect: &DpopExpectation<'_>) -> Result<DpopProof, DpopError> {
    if proof.len() > MAX_PROOF {
        return Err(JwsError::TooLarge(MAX_PROOF).into());
    }
    let (jwk, verified) = jws::verify_embedded(proof, Typ::Is(TYP))?;
    let claims: Claims = verified.claims()?;
    let jti = claims.jti.ok_or(DpopError::Missing("jti"))?;
    if jti.is_empty() || jti.len() > MAX_JTI {
        return Err(DpopError::Jti);
    }
    let htm = claims.htm.ok_or(DpopError::Missing("htm"))?;
    if htm != expect.htm {
        return Err(DpopError::Method { expected: expect.htm.to_owned(), got: crate::jwk::shorten(&htm) });
    }
    let htu = claims.htu.ok_or(DpopError::Missing("htu"))?;
    if !same_address(&htu, expect.htu) {
        let got = htu.chars().take(200).collect();
        return Err(DpopError::Address { expected: expect.htu.to_owned(), got });
    }
    let iat = claims.iat.filter(|t| t.abs() < 1e11).ok_or(DpopError::Missing("iat as a number of seconds"))?;
    let iat = Timestamp::from_secs(iat as i64);
    let (old, ahead) = expect.window();
    if iat < expect.now.minus(old) {
        return Err(DpopError::TooOld(expect.now.secs() - iat.secs()));
    }
    if iat > expect.now.plus(ahead) {
        return Err(DpopError::Future(iat.secs() - expect.now.secs()));
    }
    match (expect.access_token, &claims.ath) {
        (None, _) => {}
        (Some(_), None) => return Err(DpopError::Missing("ath")),
        (Some(token), Some(ath)) => {
            if !same(sha256_b64url(token).as_bytes(), ath.as_bytes()) {
                return Err(DpopError::TokenHash);
            }
        }
    }
    // Last, so that a proof that is wrong in itself is not sent for a nonce first.
    if let Some(key) = expect.nonce
        && !claims.nonce.as_deref().is_some_and(|n| key.check(n, expect.now))
    {
        return Err(DpopError::Nonce { present: claims.nonce.is_some() });
    }
    let too_old = iat.plus(old);
    let replayable_until =
        if expect.nonce.is_some() { too_old.min(expect.now.plus(NonceKey::LIFETIME)) } else { too_old };
    Ok(DpopProof { jkt: jwk.thumbprint(), jti, nonce: claims.nonce, iat, replayable_until })
}

/// Compares addresses after syntax- and scheme-based normalisation (RFC 3986 sections 6.2.2, 6.2.3),
/// without query and fragment.
fn same_address(a: &str, b: &str) -> bool {
    a == b || matches!((normalise(a), normalise(b)), (Some(a), Some(b)) if a == b)
}

fn normalise(text: &str) -> Option<(String, String)> {
    let url = Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())?;
    // `Url` lower-cases scheme and host, drops default ports and resolves dot segments; escapes are left to us.
    let mut path = String::with_capacity(url.path().len());
    let mut rest = url.path();
    while let Some(at) = rest.find('%') {
        path.push_str(&rest[..at]);
        let hex = rest.get(at + 1..at + 3);
        // `from_str_radix` alone would take a sign too.
        let hex = hex.filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(b) if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => path.push(char::from(b)),
            Some(b) => path.push_str(&format!("%{b:02X}")),
            None => {
                path.push('%');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 3..];
    }
    path.push_str(rest);
    Some((url.origin().ascii_serialization(), path))
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Alg, JwkError};

    /// RFC 9449 figure 2 (section 4.1).
    const TOKEN_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    /// RFC 9449 figure 12 (section 7.1), with its access token and thumbprint (section 6.1).
    const RESOURCE_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
    const ACCESS_TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
    const HTU: &str = "https://portal.example/token";

    fn key() -> SigningKey {
        SigningKey::generate(Alg::Es256, &Rng::seeded(9)).unwrap()
    }

    fn expect() -> DpopExpectation<'static> {
        DpopExpectation { htm: "POST", htu: HTU, access_token: None, nonce: None, now: NOW }
    }

    fn made(claims: Value) -> Result<DpopProof, DpopError> {
        check(&jws::sign_embedded(&key(), TYP, &claims).unwrap(), &expect())
    }

    #[test]
    fn proofs_of_the_rfc() {
        let at = DpopExpectation {
            htu: "https://server.example.com/token",
            now: Timestamp::from_secs(1_562_262_616),
            ..expect()
        };
        let proof = check(TOKEN_PROOF, &at).unwrap();
        assert_eq!((proof.jkt.as_str(), proof.jti.as_str()), (JKT, "-BwC3ESc6acc2lTc"));
        let rs = DpopExpectation {
            htm: "GET",
            htu: "https://resource.example.org/protectedresource",
            access_token: Some(ACCESS_TOKEN),
            now: Timestamp::from_secs(1_562_262_618),
            nonce: None,
        };
        assert_eq!(check(RESOURCE_PROOF, &rs).unwrap().jkt, JKT);
        let other = DpopExpectation { access_token: Some("other"), ..rs };
        assert_eq!(check(RESOURCE_PROOF, &other).unwrap_err(), DpopError::TokenHash);
        // The proof for the token endpoint has no ath.
        let bare = DpopExpectation { access_token: Some(ACCESS_TOKEN), ..at };
        assert_eq!(check(TOKEN_PROOF, &bare).unwrap_err(), DpopError::Missing("ath"));
    }

    #[test]
    fn our_own_proofs_pass_for_all_algorithms() {
        let rng = Rng::seeded(2);
        for alg in Alg::ALL {
            let key = SigningKey::generate(alg, &rng).unwrap();
            let proof = prove(&key, "POST", &format!("{HTU}?a=b#c"), Some("t"), None, NOW, &rng).unwrap();
            let proof = check(&proof, &DpopExpectation { access_token: Some("t"), ..expect() }).unwrap();
            assert_eq!(proof.jkt, key.kid());
            assert_eq!(proof.replayable_until, NOW.plus(Duration::from_secs(60)));
        }
    }

    #[test]
    fn each_mistake_has_its_name() {
        let good = || json!({"jti": "j", "htm": "POST", "htu": HTU, "iat": NOW.secs()});
        assert!(made(good()).is_ok());
        let with = |name: &str, value: Value| {
            let mut claims = good();
            claims[name] = value;
            made(claims).unwrap_err()
        };
        for (name, missing) in [("jti", "jti"), ("htm", "htm"), ("htu", "htu"), ("iat", "iat as a number of seconds")] {
            assert_eq!(with(name, Value::Null), DpopError::Missing(missing));
        }
        assert_eq!(with("jti", json!("")), DpopError::Jti);
        assert_eq!(with("jti", json!("x".repeat(257))), DpopError::Jti);
        assert!(matches!(with("htm", json!("GET")), DpopError::Method { .. }));
        assert!(matches!(with("htm", json!("post")), DpopError::Method { .. }));
        assert!(matches!(with("htu", json!("https://portal.example/par")), DpopError::Address { .. }));
        assert_eq!(with("iat", json!(NOW.secs() - 61)), DpopError::TooOld(61));
        assert_eq!(with("iat", json!(NOW.secs() + 11)), DpopError::Future(11));
        assert!(matches!(with("iat", json!("now")), DpopError::Token(JwsError::Claims(_))));
        assert_eq!(with("iat", json!(1e300)), DpopError::Missing("iat as a number of seconds"));

        let raw = |header: Value| {
            let input = format!(
                "{}.{}",
                base::codec::b64url(header.to_string().as_bytes()),
                base::codec::b64url(good().to_string().as_bytes())
            );
            let signature = key().sign(input.as_bytes()).unwrap();
            check(&format!("{input}.{}", base::codec::b64url(&signature)), &expect()).unwrap_err()
        };
        let public = key().jwk().bare().to_value();
        let mut private = public.clone();
        private["d"] = json!("AAAA");
        assert_eq!(
            raw(json!({"typ": TYP, "alg": "ES256", "jwk": private})),
            DpopError::Token(JwkError::PrivateKey.into())
        );
        assert!(matches!(
            raw(json!({"typ": "JWT", "alg": "ES256", "jwk": public})),
            DpopError::Token(JwsError::Typ { .. })
        ));
        assert!(matches!(raw(json!({"typ": TYP, "alg": "ES256"})), DpopError::Token(JwsError::Malformed(_))));
        assert!(matches!(
            raw(json!({"typ": TYP, "alg": "EdDSA", "jwk": public})),
            DpopError::Token(JwsError::NoKeyForAlg(_))
        ));
        assert!(matches!(raw(json!({"typ": TYP, "alg": "none", "jwk": public})), DpopError::Token(JwsError::Alg(_))));
        let other = SigningKey::generate(Alg::Es256, &Rng::seeded(10)).unwrap().jwk().bare().to_value();
        assert_eq!(raw(json!({"typ": TYP, "alg": "ES256", "jwk": other})), DpopError::Token(JwsError::Signature));
        assert_eq!(
            check(&"x".repeat(MAX_PROOF + 1), &expect()).unwrap_err(),
            DpopError::Token(JwsError::TooLarge(MAX_PROOF))
        );
    }

    #[test]
    fn nonces_are_demanded_and_excuse_a_wrong_clock() {
        let nonces = NonceKey::new([7; 32]);
        let rng = Rng::seeded(3);
        let need = DpopExpectation { nonce: Some(&nonces), ..expect() };
        let with = |nonce: Option<&str>, at| check(&prove(&key(), "POST", HTU, None, nonce, at, &rng).unwrap(), &need);
        assert_eq!(with(None, NOW).unwrap_err(), DpopError::Nonce { present: false });
        let old = nonces.issue(NOW.minus(Duration::from_secs(180)));
        assert_eq!(with(Some(&old), NOW).unwrap_err(), DpopError::Nonce { present: true });
        let nonce = nonces.issue(NOW);
        let proof = with(Some(&nonce), NOW.minus(Duration::from_secs(200))).unwrap();
        assert_eq!(proof.nonce.as_deref(), Some(nonce.as_str()));
        assert_eq!(proof.replayable_until, NOW.plus(Duration::from_secs(100)));
        assert_eq!(with(Some(&nonce), NOW.minus(Duration::from_secs(301))).unwrap_err(), DpopError::TooOld(301));
        // A proof that is wrong in itself is not sent for a nonce.
        assert_eq!(with(None, NOW.plus(Duration::from_secs(61))).unwrap_err(), DpopError::Future(61));
    }

    #[test]
    fn addresses_compare_as_the_rfc_says() {
        let a = "https://portal.example/a%2Fb/~x";
        for same in [
            "HTTPS://Portal.EXAMPLE:443/a%2fb/%7ex",
            "https://portal.example/a%2Fb/~x?q#f",
            "https://portal.example/z/../a%2Fb/~x",
        ] {
            assert!(same_address(same, a), "{same}");
        }
        for other in [
            "http://portal.example/a%2Fb/~x",
            "https://portal.example:444/a%2Fb/~x",
            "https://portal.example/a/b/~x",
            "https://portal.example/a%2Fb/~x/",
            "https://portal.example/A%2Fb/~x",
            "https://evil.example/a%2Fb/~x",
            "/a%2Fb/~x",
            "",
            "https://portal.example/a%25%32%46b/~x",
        ] {
            assert!(!same_address(other, a), "{other}");
        }
        assert!(same_address("http://localhost:80", "http://localhost/"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,300}", path in "[%a-fA-F0-9+./\\PC]{0,40}") {
            prop_assert!(check(&text, &expect()).is_err());
            let _ = same_address(&format!("https://a.example/{path}"), &text);
            let _ = made(json!({"jti": text, "htm": "POST", "htu": format!("https://a.example/{path}"), "iat": 0}));
        }

        #[test]
        fn any_flipped_bit_is_refused(at in 0usize..10_000, bit in 0u8..8) {
            let mut proof = prove(&key(), "POST", HTU, None, None, NOW, &Rng::seeded(4)).unwrap().into_bytes();
            let at = at % proof.len();
            proof[at] ^= 1 << bit;
            if let Ok(proof) = String::from_utf8(proof) {
                prop_assert!(check(&proof, &expect()).is_err());
            }
        }
    }
}
