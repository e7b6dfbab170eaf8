//! The portal's subject token (`typ: enishi-subject+jwt`): whom the portal asks a link for.

use std::time::Duration;

use base::Timestamp;
use jose::jws::{self, JwsError, Typ};
use jose::{KeyError, KeySet, SigningKey};
use serde::{Deserialize, Serialize};

/// `typ` of the token.
pub const TYP: &str = "enishi-subject+jwt";
/// How far the two clocks may differ.
const LEEWAY: Duration = Duration::from_secs(60);
/// Longest life that is taken; the portal gives thirty minutes.
const MAX_LIFE: i64 = 3600;

/// What the token says. Times are seconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectToken {
    /// The portal.
    pub iss: String,
    /// This delivery service: one string.
    pub aud: String,
    /// The portal's pairwise subject.
    pub sub: String,
    /// The linkage it is for.
    pub linkage_id: String,
    /// 256 random bits of this linkage.
    pub nonce: String,
    /// The masked name that the citizen agreed to show.
    pub display: String,
    /// The token's id.
    pub jti: String,
    /// Issued.
    pub iat: i64,
    /// Expiry.
    pub exp: i64,
}

/// What is expected of it.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The portal's issuer.
    pub portal: &'a str,
    /// Our issuer.
    pub issuer: &'a str,
    /// The linkage it came with.
    pub linkage_id: &'a str,
    /// The present time.
    pub now: Timestamp,
}

/// Why a subject token was refused, in words for the portal's developer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Form, type, key or signature.
    #[error("subject_token: {0}")]
    Token(#[from] JwsError),
    /// A claim is not as expected.
    #[error("subject_token: {0} is not as expected")]
    Claim(&'static str),
    /// Past its time.
    #[error("subject_token: it expired {0} seconds ago")]
    Expired(i64),
    /// From the future.
    #[error("subject_token: iat is {0} seconds in the future; check the clocks")]
    Future(i64),
}

impl SubjectToken {
    /// Checks a token.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn check(token: &str, keys: &KeySet, expect: &Expected<'_>) -> Result<Self, SubjectError> {
        let claims: Self = jws::verify(token, keys, Typ::Is(TYP))?.claims()?;
        let sized =
            |text: &str, max: usize| !text.is_empty() && text.len() <= max && !text.chars().any(char::is_control);
        let claim = |ok: bool, name| if ok { Ok(()) } else { Err(SubjectError::Claim(name)) };
        claim(claims.iss == expect.portal, "iss")?;
        claim(claims.aud == expect.issuer, "aud")?;
        claim(claims.linkage_id == expect.linkage_id, "linkage_id")?;
        claim(sized(&claims.sub, 255), "sub")?;
        claim((22..=256).contains(&claims.nonce.len()) && sized(&claims.nonce, 256), "nonce")?;
        claim(sized(&claims.display, 400), "display")?;
        claim(sized(&claims.jti, 256), "jti")?;
        claim(claims.exp.saturating_sub(claims.iat) <= MAX_LIFE, "exp (more than an hour after iat)")?;
        if Timestamp::from_secs(claims.exp).plus(LEEWAY) <= expect.now {
            return Err(SubjectError::Expired(expect.now.secs().saturating_sub(claims.exp)));
        }
        if Timestamp::from_secs(claims.iat) > expect.now.plus(LEEWAY) {
            return Err(SubjectError::Future(claims.iat.saturating_sub(expect.now.secs())));
        }
        Ok(claims)
    }

    /// Reads a token that was checked before, out of our own storage.
    ///
    /// # Errors
    /// When it is none.
    pub fn stored(token: &str) -> Result<Self, JwsError> {
        jws::peek(token).map(|(_, claims)| claims)
    }

    /// Signs one, as a portal does.
    ///
    /// # Errors
    /// When the key fails.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        jws::sign(key, TYP, self)
    }
}

/// `typ` of the confirmation.
pub const CONFIRMATION_TYP: &str = "enishi-linkage-confirmation+jwt";

/// What this service confirms by its signature. Times are seconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// This delivery service.
    pub iss: String,
    /// The portal.
    pub aud: String,
    /// The linkage.
    pub linkage_id: String,
    /// From the subject token.
    pub nonce: String,
    /// The portal's pairwise subject.
    pub sub: String,
    /// The `sub` of the ID Token of this sign-in.
    pub account: String,
    /// When the citizen signed in here.
    pub auth_time: i64,
    /// Since when it is a link.
    pub linked_at: i64,
    /// base64url SHA-256 of the subject token.
    pub subject_token_hash: String,
    /// Its id.
    pub jti: String,
    /// Issued.
    pub iat: i64,
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use jose::Alg;

    use super::*;

    fn token(now: i64) -> SubjectToken {
        SubjectToken {
            iss: "https://portal.example".into(),
            aud: "https://post.example".into(),
            sub: "pairwise".into(),
            linkage_id: "lnk_1".into(),
            nonce: "n".repeat(43),
            display: "佐＊ 花＊".into(),
            jti: "j".into(),
            iat: now,
            exp: now + 1800,
        }
    }

    #[test]
    fn every_claim_is_held_to() {
        let now = Timestamp::from_secs(1_800_000_000);
        let key = SigningKey::generate(Alg::Es256, &Rng::seeded(1)).unwrap();
        let keys = KeySet::from(&key);
        let expect =
            Expected { portal: "https://portal.example", issuer: "https://post.example", linkage_id: "lnk_1", now };
        let good = token(now.secs());
        assert_eq!(SubjectToken::check(&good.sign(&key).unwrap(), &keys, &expect).unwrap(), good);
        type Change = fn(&mut SubjectToken);
        let wrong: [(&str, Change); 9] = [
            ("iss", |t| t.iss.push('x')),
            ("aud", |t| t.aud.push('x')),
            ("linkage_id", |t| t.linkage_id.push('x')),
            ("sub", |t| t.sub.clear()),
            ("nonce", |t| t.nonce.truncate(10)),
            ("display", |t| t.display.push('\n')),
            ("expired", |t| {
                t.iat -= 1900;
                t.exp -= 1900;
            }),
            ("future", |t| t.iat += 61),
            ("exp", |t| t.exp += 3600),
        ];
        for (what, change) in wrong {
            let mut bad = good.clone();
            change(&mut bad);
            let error = SubjectToken::check(&bad.sign(&key).unwrap(), &keys, &expect).unwrap_err().to_string();
            assert!(error.contains(what), "{what}: {error}");
        }
        let other = SigningKey::generate(Alg::Es256, &Rng::seeded(2)).unwrap();
        assert!(SubjectToken::check(&good.sign(&other).unwrap(), &keys, &expect).is_err());
        // An ID Token by the same key is no subject token.
        assert!(SubjectToken::check(&jws::sign(&key, "JWT", &good).unwrap(), &keys, &expect).is_err());
    }
}
