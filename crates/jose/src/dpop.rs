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
        return Err(JwsError::TooLarge.into());
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
