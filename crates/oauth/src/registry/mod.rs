//! The registry API: how a desk tells a portal who may ask for what (docs/registry.md).
//!
//! The desk makes [`Instruction`]s and signs them ([`Instruction::sign`]); the portal checks ([`check`]) and
//! carries them out. What both have to agree on stands here: the claims, what a client's entry holds
//! ([`ClientEntry`]), its [`digest`], and what its status is at a given moment ([`Terms::status`]).

mod entry;
mod terms;

use std::time::Duration;

use base::codec::{b64url, sha256};
use base::{Rng, Timestamp};
use jose::jws::{self, JwsError, Typ};
use jose::{Alg, KeyError, KeySet, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::shorten;

pub use entry::{
    Api, ClientEntry, ClientStatus, DeliveryEntry, MAX_SCHEDULE, MAX_TESTERS, Note, Scheduled, TesterEntry,
    WindowEntry, plain_id,
};
pub use terms::{Terms, TesterTerms};

/// Where a portal takes instructions.
pub const PATH: &str = "/registry/v1/instructions";
/// Media type of an instruction.
pub const MEDIA_TYPE: &str = "application/jwt";
/// `typ` of an instruction.
pub const TYP: &str = "registry+jwt";
/// The longest life of an instruction.
pub const LIFE: Duration = Duration::from_secs(300);
/// How far the two clocks may differ.
pub const LEEWAY: Duration = Duration::from_secs(60);
/// The longest instruction, in octets of its compact form.
pub const MAX_INSTRUCTION: usize = 128 * 1024;

/// What a desk may tell or ask.
pub mod op {
    /// Adds a client or replaces its entry.
    pub const PUT_CLIENT: &str = "put_client";
    /// One client as the portal has it.
    pub const GET_CLIENT: &str = "get_client";
    /// All clients, a page at a time.
    pub const LIST_CLIENTS: &str = "list_clients";
    /// Adds a delivery service or replaces its entry.
    pub const PUT_DELIVERY_SERVICE: &str = "put_delivery_service";
    /// All delivery services.
    pub const LIST_DELIVERY_SERVICES: &str = "list_delivery_services";
    /// Announces a maintenance window or changes it.
    pub const PUT_MAINTENANCE: &str = "put_maintenance";
    /// Withdraws a maintenance window.
    pub const WITHDRAW_MAINTENANCE: &str = "withdraw_maintenance";

    /// All of them.
    pub const ALL: [&str; 7] = [
        PUT_CLIENT,
        GET_CLIENT,
        LIST_CLIENTS,
        PUT_DELIVERY_SERVICE,
        LIST_DELIVERY_SERVICES,
        PUT_MAINTENANCE,
        WITHDRAW_MAINTENANCE,
    ];
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The desk.
    pub iss: String,
    /// The portal's issuer.
    pub aud: String,
    /// When it was made.
    pub iat: Timestamp,
    /// Until when it counts.
    pub exp: Timestamp,
    /// Its id: it works once.
    pub jti: String,
    /// One of [`op::ALL`].
    pub op: String,
    /// The members that belong to the op: `client`, `client_id`, `window` …
    pub body: Map<String, Value>,
}

impl Instruction {
    /// An instruction that counts for [`LIFE`] from `now` on.
    pub fn new(iss: &str, aud: &str, op: &str, body: Map<String, Value>, now: Timestamp, rng: &Rng) -> Self {
        // Whole seconds travel.
        let iat = Timestamp::from_secs(now.secs());
        let (iss, aud, op) = (iss.to_owned(), aud.to_owned(), op.to_owned());
        Self { iss, aud, iat, exp: iat.plus(LIFE), jti: rng.token(), op, body }
    }

    /// As a compact JWS.
    ///
    /// # Errors
    /// The key.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        let mut claims = self.body.clone();
        for (name, value) in [
            ("iss", json!(self.iss)),
            ("aud", json!(self.aud)),
            ("iat", json!(self.iat.secs())),
            ("exp", json!(self.exp.secs())),
            ("jti", json!(self.jti)),
            ("op", json!(self.op)),
        ] {
            claims.insert(name.to_owned(), value);
        }
        jws::sign(key, TYP, &claims)
    }
}

/// Why an instruction is refused before it is looked into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstructionError {
    /// Form, type, key or signature.
    #[error("{0}")]
    Token(#[from] JwsError),
    /// Another algorithm than ES256.
    #[error("an instruction has to be signed with ES256, not {0}")]
    Alg(Alg),
    /// Somebody else's desk.
    #[error("iss is '{got}'; this portal takes instructions of '{want}'")]
    Issuer {
        /// Who signed.
        got: String,
        /// Who should have.
        want: String,
    },
    /// For another portal.
    #[error("aud is {got}; this portal is '{want}' (one string, exactly)")]
    Audience {
        /// Whom it is for, as JSON.
        got: String,
        /// Who we are.
        want: String,
    },
    /// It has run out.
    #[error("the instruction has expired; make a new one")]
    Expired,
    /// Made in the future.
    #[error("iat lies {0} seconds in the future; check the clocks")]
    Future(i64),
    /// It lives for longer than it may, or ends before it begins.
    #[error("exp has to be after iat and at most {} seconds after it", LIFE.as_secs())]
    Lifetime,
    /// No id, or a long one.
    #[error("jti has to be 16 to 128 characters, new for every instruction")]
    Jti,
}

impl InstructionError {
    /// A stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(JwsError::Signature | JwsError::UnknownKid(_) | JwsError::NoKeyForAlg(_)) => {
                "invalid_signature"
            }
            Self::Token(_) | Self::Alg(_) | Self::Jti => "invalid_instruction",
            Self::Issuer { .. } => "invalid_issuer",
            Self::Audience { .. } => "invalid_audience",
            Self::Expired => "expired",
            Self::Future(_) | Self::Lifetime => "invalid_lifetime",
        }
    }

    /// The HTTP status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Token(JwsError::Signature | JwsError::UnknownKid(_) | JwsError::NoKeyForAlg(_))
            | Self::Issuer { .. } => 401,
            Self::Audience { .. } => 403,
            _ => 400,
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Value,
    iat: i64,
    exp: i64,
    jti: String,
    op: String,
    #[serde(flatten)]
    body: Map<String, Value>,
}

/// Checks an instruction of the desk `desk` for the portal `portal`. Whether its `jti` was seen before, and
/// what is in its body, is the caller's to find out.
///
/// # Errors
/// What is wrong with it.
pub fn check(
    token: &str,
    keys: &KeySet,
    desk: &str,
    portal: &str,
    now: Timestamp,
) -> Result<Instruction, InstructionError> {
    let verified = jws::verify_within(token, keys, Typ::Is(TYP), MAX_INSTRUCTION)?;
    if verified.header.alg != Alg::Es256 {
        return Err(InstructionError::Alg(verified.header.alg));
    }
    let c: Claims = verified.claims()?;
    if c.iss != desk {
        return Err(InstructionError::Issuer { got: shorten(&c.iss), want: desk.to_owned() });
    }
    // An instruction for two portals would be one for production made in a test.
    if c.aud.as_str() != Some(portal) {
        return Err(InstructionError::Audience { got: shorten(&c.aud.to_string()), want: portal.to_owned() });
    }
    let (iat, exp) = (Timestamp::from_secs(c.iat), Timestamp::from_secs(c.exp));
    if iat > now.plus(LEEWAY) {
        return Err(InstructionError::Future(c.iat.saturating_sub(now.secs())));
    }
    if exp <= iat || exp.since(iat) > LIFE {
        return Err(InstructionError::Lifetime);
    }
    if now >= exp {
        return Err(InstructionError::Expired);
    }
    if !(16..=128).contains(&c.jti.len()) {
        return Err(InstructionError::Jti);
    }
    Ok(Instruction { iss: c.iss, aud: portal.to_owned(), iat, exp, jti: c.jti, op: c.op, body: c.body })
}

/// Canonical JSON: members sorted by name, no blanks, strings as `serde_json` writes them. For names and
/// numbers as they occur in instructions this is RFC 8785.
pub fn canonical(value: &Value) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Object(map) => {
                let mut names: Vec<_> = map.iter().collect();
                names.sort_by_key(|(name, _)| *name);
                out.push('{');
                for (i, (name, value)) in names.into_iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    write(value, out);
                }
                out.push('}');
            }
            Value::Array(list) => {
                out.push('[');
                for (i, value) in list.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write(value, out);
                }
                out.push(']');
            }
            other => out.push_str(&other.to_string()),
        }
    }
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// `b64url(SHA-256(canonical JSON))` of an entry as it stands in its instruction: equal on both sides exactly
/// when both have the same.
pub fn digest(entry: &impl Serialize) -> String {
    // Entries have no maps with keys other than texts, and no other way to fail.
    let value = serde_json::to_value(entry).unwrap_or_default();
    b64url(&sha256(canonical(&value).as_bytes()))
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use proptest::prelude::*;

    use super::*;

    const DESK: &str = "https://desk.example";
    const PORTAL: &str = "https://portal.example";

    fn body() -> Map<String, Value> {
        Map::from_iter([("client_id".to_owned(), json!("tax"))])
    }

    #[test]
    fn instructions_travel_and_others_do_not() {
        let rng = Rng::seeded(1);
        let key = SigningKey::generate(Alg::Es256, &rng).unwrap();
        let keys = KeySet::from(&key);
        let now = Timestamp::from_secs(1_795_438_800);
        let made = Instruction::new(DESK, PORTAL, op::GET_CLIENT, body(), now, &rng);
        let token = made.sign(&key).unwrap();
        assert_eq!(check(&token, &keys, DESK, PORTAL, now).unwrap(), made);
        let code = |token: &str, keys: &KeySet, desk: &str, portal: &str, now: Timestamp| {
            let e = check(token, keys, desk, portal, now).unwrap_err();
            (e.code(), e.status())
        };
        let other = SigningKey::generate(Alg::Es256, &rng).unwrap();
        assert_eq!(code(&token, &KeySet::from(&other), DESK, PORTAL, now), ("invalid_signature", 401));
        assert_eq!(code(&token, &keys, "https://x.example", PORTAL, now), ("invalid_issuer", 401));
        assert_eq!(code(&token, &keys, DESK, "https://test.example", now), ("invalid_audience", 403));
        assert_eq!(code(&token, &keys, DESK, PORTAL, now.plus(LIFE)), ("expired", 400));
        let early = now.minus(LEEWAY).minus(Duration::from_secs(1));
        assert_eq!(code(&token, &keys, DESK, PORTAL, early), ("invalid_lifetime", 400));
        let long = Instruction { exp: made.iat.plus(LIFE + Duration::from_secs(1)), ..made.clone() };
        assert_eq!(code(&long.sign(&key).unwrap(), &keys, DESK, PORTAL, now), ("invalid_lifetime", 400));
        let short = Instruction { jti: "1".into(), ..made.clone() };
        assert_eq!(code(&short.sign(&key).unwrap(), &keys, DESK, PORTAL, now), ("invalid_instruction", 400));
        // Rightly signed, but another kind of token; another algorithm; two audiences.
        let claims = json!({"iss": DESK, "aud": PORTAL, "iat": now.secs(), "exp": now.secs() + 9, "jti": "x".repeat(20), "op": "get_client"});
        let jwt = jws::sign(&key, "JWT", &claims).unwrap();
        assert_eq!(code(&jwt, &keys, DESK, PORTAL, now), ("invalid_instruction", 400));
        let ed = SigningKey::generate(Alg::EdDsa, &rng).unwrap();
        let token = made.sign(&ed).unwrap();
        assert_eq!(check(&token, &KeySet::from(&ed), DESK, PORTAL, now), Err(InstructionError::Alg(Alg::EdDsa)));
        let mut two = claims;
        two["aud"] = json!([PORTAL]);
        let token = jws::sign(&key, TYP, &two).unwrap();
        assert_eq!(code(&token, &keys, DESK, PORTAL, now), ("invalid_audience", 403));
    }

    #[test]
    fn canonical_json_does_not_hang_on_order() {
        let value: Value = serde_json::from_str(r#" {"b": [1, {"d": "é\n", "c": null}], "a": true} "#).unwrap();
        assert_eq!(canonical(&value), r#"{"a":true,"b":[1,{"c":null,"d":"é\n"}]}"#);
        // Computed with Python's json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False).
        assert_eq!(digest(&json!({})), "RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o");
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_the_same_json(text in "\\PC{0,40}", n in any::<i64>(), flag in any::<bool>()) {
            let value = json!({ text.clone(): [n, flag, { "x": text }], "z": null });
            let again: Value = serde_json::from_str(&canonical(&value)).unwrap();
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(digest(&again), digest(&value));
        }
    }
}
