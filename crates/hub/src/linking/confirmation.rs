//! The delivery service's signed confirmation (docs/leg-b.md): the portal links only when every claim
//! fits what it kept.

use std::time::Duration;

use base::Timestamp;
use jose::jws::{self, Typ};
use jose::{JwsError, KeySet};
use oauth::fapi::ClientError;
use serde::Deserialize;

use crate::Portal;
use crate::deliveries::Delivery;
use crate::store::linkages::LinkageRow;

/// `typ` of the confirmation.
const TYP: &str = "enishi-linkage-confirmation+jwt";
/// How far the delivery service's clock may be ahead.
const LEEWAY: Duration = Duration::from_secs(60);
/// Longest reply ⑥, in octets.
pub(super) const MAX_REPLY: usize = 4096;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    linkage_id: String,
    nonce: String,
    sub: String,
    account: String,
    auth_time: i64,
    linked_at: i64,
    subject_token_hash: String,
    jti: String,
    iat: i64,
}

/// A confirmation that fits.
#[derive(Clone, Debug)]
pub(super) struct Confirmed {
    /// As it was signed.
    pub(super) token: String,
    /// Since when it is linked over there.
    pub(super) linked_at: Timestamp,
}

/// Why a confirmation does not count. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConfirmationError {
    /// Form, type, key or signature.
    #[error("the confirmation is not signed rightly: {0}")]
    Token(#[from] JwsError),
    /// A claim is not what was kept.
    #[error("the confirmation's {0} is not what was kept")]
    Claim(&'static str),
}

/// Checks a confirmation against a linkage as W4 kept it.
pub(super) fn check(
    token: &str,
    keys: &KeySet,
    delivery_issuer: &str,
    portal_issuer: &str,
    row: &LinkageRow,
    now: Timestamp,
) -> Result<Confirmed, ConfirmationError> {
    let c: Claims = jws::verify(token, keys, Typ::Is(TYP))?.claims()?;
    let claim = |ok: bool, name| if ok { Ok(()) } else { Err(ConfirmationError::Claim(name)) };
    claim(c.iss == delivery_issuer, "iss")?;
    claim(c.aud == portal_issuer, "aud")?;
    claim(c.linkage_id == row.id, "linkage_id")?;
    claim(base::codec::same(c.nonce.as_bytes(), row.nonce.as_bytes()), "nonce")?;
    claim(c.sub == row.subject, "sub")?;
    claim(row.account.as_ref() == Some(&c.account), "account")?;
    claim(row.auth_time.map(Timestamp::secs) == Some(c.auth_time), "auth_time")?;
    claim(!row.subject_token_hash.is_empty() && c.subject_token_hash == row.subject_token_hash, "subject_token_hash")?;
    claim(!c.jti.is_empty(), "jti")?;
    claim(Timestamp::from_secs(c.iat) <= now.plus(LEEWAY), "iat")?;
    let linked_at = Timestamp::from_secs(c.linked_at);
    claim(linked_at <= now.plus(LEEWAY) && linked_at.plus(LEEWAY) >= row.created_at, "linked_at")?;
    Ok(Confirmed { token: token.to_owned(), linked_at })
}

/// The keys that may have signed a confirmation.
pub(super) async fn keys(portal: &Portal, delivery: &Delivery, token: &str) -> Result<KeySet, ClientError> {
    let kid = jws::peek::<serde::de::IgnoredAny>(token).ok().and_then(|(header, _)| header.kid);
    delivery.keys(portal, kid.as_deref()).await
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use jose::{Alg, SigningKey};
    use serde_json::{Value, json};

    use super::*;
    use crate::store::linkages::State;

    fn row(now: Timestamp) -> LinkageRow {
        LinkageRow {
            id: "lnk_1".into(),
            citizen_id: "ctz_1".into(),
            delivery_id: "post".into(),
            journey_id: "jrn_1".into(),
            client_id: "tax".into(),
            state: State::Offered,
            subject: "pairwise".into(),
            nonce: "n1".into(),
            subject_token_hash: "hash".into(),
            created_at: now,
            started_at: Some(now),
            account: Some("acc".into()),
            auth_time: Some(Timestamp(now.0 + 123)),
            linked_at: None,
            confirmation: None,
            reply: None,
            ended_at: None,
            ended_by: None,
            last_used_at: None,
        }
    }

    #[test]
    fn every_claim_has_to_fit() {
        let now = Timestamp::from_secs(1_795_438_800);
        let key = SigningKey::generate(Alg::Es256, &Rng::seeded(1)).unwrap();
        let keys = KeySet::from(&key);
        let row = row(now);
        let good = json!({
            "iss": "https://post.example", "aud": "https://portal.example", "linkage_id": "lnk_1", "nonce": "n1",
            "sub": "pairwise", "account": "acc", "auth_time": now.secs(), "linked_at": now.secs(),
            "subject_token_hash": "hash", "jti": "j", "iat": now.secs(),
        });
        let check = |claims: &Value, typ: &str, keys: &KeySet| {
            let token = jws::sign(&key, typ, claims).unwrap();
            check(&token, keys, "https://post.example", "https://portal.example", &row, now)
        };
        assert_eq!(check(&good, TYP, &keys).unwrap().linked_at, now);
        for name in good.as_object().unwrap().keys() {
            let mut bad = good.clone();
            bad[name] = match &good[name] {
                Value::String(_) => json!(if name == "jti" { "" } else { "another" }),
                _ => json!(now.secs() + 3600),
            };
            assert!(check(&bad, TYP, &keys).is_err(), "{name}");
            bad.as_object_mut().unwrap().remove(name);
            assert!(check(&bad, TYP, &keys).is_err(), "without {name}");
        }
        // Another kind of token by the same key, and another key.
        assert!(check(&good, "JWT", &keys).is_err());
        let other = SigningKey::generate(Alg::Es256, &Rng::seeded(2)).unwrap();
        assert!(check(&good, TYP, &KeySet::from(&other)).is_err());
        // A linkage whose sign-in was never verified has nothing to compare with.
        let mut unproven = row.clone();
        (unproven.account, unproven.auth_time) = (None, None);
        let token = jws::sign(&key, TYP, &good).unwrap();
        assert!(super::check(&token, &keys, "https://post.example", "https://portal.example", &unproven, now).is_err());
    }
}
