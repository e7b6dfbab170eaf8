//! The registry API of the portals (the control plane) in the desk's words: what an instruction says.
//!
//! An instruction is the claims of a compact JWS (`typ` [`TYP`]) that the desk signs and posts to a portal's
//! `/registry/v1/instructions`. Signing, sending and `jti` are the desk's.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::canonical;
use crate::catalogue::Api;
use crate::text::Text;

/// The `typ` of the JWS.
pub const TYP: &str = "registry+jwt";
/// The longest time between `iat` and `exp`, in seconds.
pub const MAX_LIFETIME: i64 = 300;

/// Times as RFC 3339 in UTC.
mod rfc3339 {
    use base::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(t: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&t.rfc3339())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(d)?;
        Timestamp::parse_rfc3339(&text)
            .ok_or_else(|| serde::de::Error::custom("not a time of RFC 3339 with its offset"))
    }

    pub mod option {
        use super::{Deserialize, Deserializer, Serializer, Timestamp};

        pub fn serialize<S: Serializer>(t: &Option<Timestamp>, s: S) -> Result<S::Ok, S::Error> {
            match t {
                Some(t) => super::serialize(t, s),
                None => s.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
            let Some(text) = Option::<String>::deserialize(d)? else { return Ok(None) };
            let time = Timestamp::parse_rfc3339(&text);
            time.map(Some).ok_or_else(|| serde::de::Error::custom("not a time of RFC 3339 with its offset"))
        }
    }
}

/// What a client is at a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientStatus {
    /// For every citizen.
    Active,
    /// Live, for its named testers only.
    ProductionVerification,
    /// Refused for the time being.
    Suspended,
    /// Refused for good; its grants are ended.
    Terminated,
}

/// A change of status that takes effect by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// When.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// To what.
    pub status: ClientStatus,
}

/// A person who checks in production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tester {
    /// Opaque.
    pub tester_id: String,
    /// Whom the link is for, as the portal's page says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// base64url of SHA-256 of the token in the tester's link.
    pub token_hash: String,
    /// Until when the link works.
    #[serde(with = "rfc3339")]
    pub not_after: Timestamp,
}

/// A client as the desk wants a portal to have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    /// `client_id`
    pub client_id: String,
    /// Grows with every change.
    pub revision: u64,
    /// Client metadata (RFC 7591).
    pub metadata: Map<String, Value>,
    /// What it is now.
    pub status: ClientStatus,
    /// Why, for the operator; never shown to citizens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it will be, and when.
    pub schedule: Vec<Scheduled>,
    /// The end of a test period: from then on it is refused as if suspended.
    #[serde(with = "rfc3339::option")]
    pub not_after: Option<Timestamp>,
    /// The APIs that were approved.
    pub apis: Vec<Api>,
    /// The delivery services that were approved.
    pub delivery_services: Vec<String>,
    /// For the production check.
    pub testers: Vec<Tester>,
    /// The receipt number of the case that decided it.
    pub case: String,
    /// The two people who decided it, as opaque ids.
    pub decided_by: [String; 2],
}

impl ClientSettings {
    /// base64url of SHA-256 of the canonical JSON (sorted keys, no blanks): what a portal answers with, and what drift
    /// is found by.
    pub fn digest(&self) -> String {
        canonical::digest(self)
    }
}

/// Whether a delivery service may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// It may.
    Active,
    /// Not for the time being.
    Suspended,
}

/// A delivery service as the desk wants a portal to have it: the portal's own settings of one, and what the status page
/// says (guideline table 2.4-2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverySettings {
    /// Its id in `authorization_details`.
    pub id: String,
    /// Its name on pages.
    pub name: Text,
    /// Who runs it.
    pub operator: Text,
    /// The issuer of its authorization server.
    pub issuer: String,
    /// The portal's client id there.
    pub client_id: String,
    /// The origin of its resources, when they stand apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<String>,
    /// Its client id at the portal, for single sign-on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso_client_id: Option<String>,
    /// Where single sign-on begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Whether it may be used.
    pub status: DeliveryStatus,
    /// Its operating days and hours.
    pub operating: Text,
    /// Grows with every change.
    pub revision: u64,
}

impl DeliverySettings {
    /// As [`ClientSettings::digest`].
    pub fn digest(&self) -> String {
        canonical::digest(self)
    }
}

/// Planned maintenance of a delivery service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its id.
    pub id: String,
    /// The delivery service.
    pub delivery_service: String,
    /// From.
    #[serde(with = "rfc3339")]
    pub starts_at: Timestamp,
    /// Until.
    #[serde(with = "rfc3339")]
    pub ends_at: Timestamp,
    /// For citizens and API users.
    pub note: Text,
}

/// What a portal is told or asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    /// Have this client so.
    PutClient {
        /// The client.
        client: Box<ClientSettings>,
    },
    /// Say how you have it.
    GetClient {
        /// The client.
        client_id: String,
    },
    /// Say how you have them all.
    ListClients,
    /// Have this delivery service so.
    PutDeliveryService {
        /// The delivery service.
        delivery_service: Box<DeliverySettings>,
    },
    /// Say how you have them all.
    ListDeliveryServices,
    /// Announce a window.
    PutMaintenance {
        /// The window.
        window: Window,
    },
    /// Take a window back.
    WithdrawMaintenance {
        /// The window.
        id: String,
    },
}

/// The claims of one instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// The desk's origin.
    pub iss: String,
    /// The portal's issuer, exactly.
    pub aud: String,
    /// Seconds since the epoch.
    pub iat: i64,
    /// At most [`MAX_LIFETIME`] later.
    pub exp: i64,
    /// Works once.
    pub jti: String,
    /// What.
    #[serde(flatten)]
    pub op: Op,
}

impl Instruction {
    /// An instruction that is good from `now` for [`MAX_LIFETIME`].
    pub fn new(iss: &str, aud: &str, jti: &str, op: Op, now: Timestamp) -> Self {
        let iat = now.secs();
        Self { iss: iss.to_owned(), aud: aud.to_owned(), iat, exp: iat + MAX_LIFETIME, jti: jti.to_owned(), op }
    }
}

/// How a portal has a client: the answer to `put_client`, and a line of `list_clients`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientReport {
    /// The client.
    pub client_id: String,
    /// The revision that it has; absent when it was not the desk that made it.
    #[serde(default)]
    pub revision: Option<u64>,
    /// [`ClientSettings::digest`] of what it has.
    #[serde(default)]
    pub digest: Option<String>,
    /// What the client is there at the moment, schedules and the end of its period counted in.
    pub status: ClientStatus,
    /// `desk`, `registration` or `command_line`.
    #[serde(default)]
    pub source: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_instruction_is_the_json_of_the_registry_api() {
        let at = Timestamp::parse_rfc3339("2026-06-01T00:00:00+09:00").unwrap();
        let client = ClientSettings {
            client_id: "cl_1".to_owned(),
            revision: 3,
            metadata: Map::from_iter([("client_name".to_owned(), json!("縁"))]),
            status: ClientStatus::ProductionVerification,
            reason: None,
            schedule: vec![Scheduled { at, status: ClientStatus::Suspended }],
            not_after: None,
            apis: vec![Api::AttributeLinkage],
            delivery_services: vec!["mihon-post".to_owned()],
            testers: vec![Tester { tester_id: "t1".to_owned(), name: None, token_hash: "h".to_owned(), not_after: at }],
            case: "R8-000001".to_owned(),
            decided_by: ["a".to_owned(), "b".to_owned()],
        };
        let i = Instruction::new(
            "https://desk",
            "https://portal",
            "j",
            Op::PutClient { client: Box::new(client.clone()) },
            at,
        );
        let value = serde_json::to_value(&i).unwrap();
        assert_eq!(
            value,
            json!({
                "iss": "https://desk", "aud": "https://portal", "iat": 1_780_239_600, "exp": 1_780_239_900, "jti": "j",
                "op": "put_client",
                "client": {
                    "client_id": "cl_1", "revision": 3, "metadata": {"client_name": "縁"},
                    "status": "production_verification",
                    "schedule": [{"at": "2026-05-31T15:00:00Z", "status": "suspended"}],
                    "not_after": null, "apis": ["attribute_linkage"], "delivery_services": ["mihon-post"],
                    "testers": [{"tester_id": "t1", "token_hash": "h", "not_after": "2026-05-31T15:00:00Z"}],
                    "case": "R8-000001", "decided_by": ["a", "b"],
                }
            })
        );
        assert_eq!(serde_json::from_value::<Instruction>(value).unwrap(), i);
        let other = ClientSettings { revision: 4, ..client.clone() };
        assert!(client.digest() != other.digest() && client.digest().len() == 43);
        // Computed apart from this code, from the JSON above.
        assert_eq!(client.digest(), canonical::digest(&serde_json::to_value(&client).unwrap()));
    }

    #[test]
    fn the_other_operations() {
        let at = Timestamp::from_secs(0);
        let op = |op: Op| serde_json::to_value(Instruction::new("d", "p", "j", op, at)).unwrap();
        assert_eq!(op(Op::ListClients)["op"], "list_clients");
        assert_eq!(op(Op::GetClient { client_id: "c".to_owned() })["client_id"], "c");
        assert_eq!(op(Op::WithdrawMaintenance { id: "w".to_owned() })["id"], "w");
        let window = Window {
            id: "w".to_owned(),
            delivery_service: "d".to_owned(),
            starts_at: at,
            ends_at: Timestamp::from_secs(60),
            note: Text::new("点検", "Check"),
        };
        let value = op(Op::PutMaintenance { window });
        assert_eq!(value["window"]["ends_at"], "1970-01-01T00:01:00Z");
        assert_eq!(value["window"]["note"], json!({"ja": "点検", "en": "Check"}));
    }
}
