//! What is asked for in detail: `authorization_details` (RFC 9396).
//!
//! `message` ⑤ and `reply` ⑥ are opaque: they pass through unread.

mod granted;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{ErrorCode, OAuthError, shorten};

pub use granted::{Granted, GrantedDocuments, ServiceOutcome, ServiceResult};

/// Most delivery services in one request.
pub const MAX_SERVICES: usize = 8;
/// Largest opaque message, in octets.
pub const MAX_MESSAGE: usize = 4096;
/// Longest access to documents, in days (guideline: up to 90 days).
pub const MAX_PERIOD_DAYS: u16 = 90;

/// The names of the types.
pub mod types {
    /// Leg A: link accounts at delivery services.
    pub const ATTRIBUTE_LINKAGE: &str = "attribute_linkage";
    /// Leg A: register a first-time user.
    pub const USER_REGISTRATION: &str = "user_registration";
    /// Leg A and C: fetch delivered documents.
    pub const DELIVERED_DOCUMENTS: &str = "delivered_documents";
    /// Leg B: one linkage.
    pub const LINKAGE: &str = "linkage";
}

/// A delivery service asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRequest {
    /// Its id at the portal.
    pub id: String,
    /// ⑤ for it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Without the message.
impl std::fmt::Debug for ServiceRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceRequest").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What to do for a citizen who is linked already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfLinked {
    /// Return at once.
    #[default]
    Return,
    /// Ask at the delivery service again.
    Reconfirm,
}

/// `attribute_linkage`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeLinkage {
    /// One to eight, each once.
    pub delivery_services: Vec<ServiceRequest>,
    /// For a citizen who is linked already.
    #[serde(default)]
    pub if_linked: IfLinked,
}

/// `user_registration`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRegistration {}

/// What may be done with documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentAction {
    /// See which there are.
    List,
    /// Fetch them.
    Read,
}

/// `delivered_documents`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveredDocuments {
    /// At least one.
    pub actions: Vec<DocumentAction>,
    /// Such as `TEG800`; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_types: Option<Vec<String>>,
    /// Tax years; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<Vec<i16>>,
    /// Ids of delivery services; absent: all that are linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_services: Option<Vec<String>>,
    /// How long, in days: 1 to 90.
    #[serde(default = "one_day")]
    pub period_days: u16,
}

const fn one_day() -> u16 {
    1
}

/// `linkage` (leg B): the portal asks a delivery service to confirm one linkage.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linkage {
    /// The linkage.
    pub linkage_id: String,
    /// The portal-signed subject token.
    pub subject_token: String,
}

/// Without the token.
impl std::fmt::Debug for Linkage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linkage").field("linkage_id", &self.linkage_id).finish_non_exhaustive()
    }
}

/// One thing asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Detail {
    /// Link accounts.
    AttributeLinkage(AttributeLinkage),
    /// Register a first-time user.
    UserRegistration(UserRegistration),
    /// Fetch documents.
    DeliveredDocuments(DeliveredDocuments),
    /// Leg B.
    Linkage(Linkage),
}

impl Detail {
    /// The name of its type.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::AttributeLinkage(_) => types::ATTRIBUTE_LINKAGE,
            Self::UserRegistration(_) => types::USER_REGISTRATION,
            Self::DeliveredDocuments(_) => types::DELIVERED_DOCUMENTS,
            Self::Linkage(_) => types::LINKAGE,
        }
    }

    fn from_value(index: usize, value: &Value) -> Result<Self, OAuthError> {
        let at = |what: &str| bad(format!("authorization_details[{index}]{what}"));
        let Value::Object(map) = value else { return Err(at(" is not a JSON object")) };
        let mut map = map.clone();
        let kind = match map.remove("type") {
            Some(Value::String(kind)) => kind,
            _ => return Err(at(" has no type")),
        };
        // serde_json's text names the field: "unknown field `x`, expected `id` or `message`".
        let wrong = |e: serde_json::Error| at(&format!(" ({kind}): {e}"));
        let body = Value::Object(map);
        let detail = match kind.as_str() {
            types::ATTRIBUTE_LINKAGE => Self::AttributeLinkage(serde_json::from_value(body).map_err(wrong)?),
            types::USER_REGISTRATION => Self::UserRegistration(serde_json::from_value(body).map_err(wrong)?),
            types::DELIVERED_DOCUMENTS => Self::DeliveredDocuments(serde_json::from_value(body).map_err(wrong)?),
            types::LINKAGE => Self::Linkage(serde_json::from_value(body).map_err(wrong)?),
            other => return Err(at(&format!(": type '{}' is unknown", shorten(other)))),
        };
        detail.check().map_err(|what| at(&format!(" ({kind}): {what}")))?;
        Ok(detail)
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::AttributeLinkage(a) => {
                let services = &a.delivery_services;
                if services.is_empty() || services.len() > MAX_SERVICES {
                    return Err(format!("delivery_services has to name 1 to {MAX_SERVICES} services"));
                }
                for (i, s) in services.iter().enumerate() {
                    id("delivery_services.id", &s.id)?;
                    if services[..i].iter().any(|o| o.id == s.id) {
                        return Err(format!("delivery service '{}' is named twice", s.id));
                    }
                    if s.message.as_ref().is_some_and(|m| m.len() > MAX_MESSAGE) {
                        return Err(format!("message for '{}' is longer than {MAX_MESSAGE} octets", s.id));
                    }
                }
                Ok(())
            }
            Self::UserRegistration(UserRegistration {}) => Ok(()),
            Self::DeliveredDocuments(d) => {
                if d.actions.is_empty() || has_duplicates(&d.actions) {
                    return Err("actions has to name list or read or both, each once".to_owned());
                }
                if d.period_days == 0 || d.period_days > MAX_PERIOD_DAYS {
                    return Err(format!("period_days has to be 1 to {MAX_PERIOD_DAYS}"));
                }
                list("document_types", d.document_types.as_deref(), 32)?;
                list("delivery_services", d.delivery_services.as_deref(), MAX_SERVICES)?;
                if let Some(years) = &d.years {
                    if years.is_empty() || years.len() > 10 || has_duplicates(years) {
                        return Err("years has to name 1 to 10 different years, or be absent for all".to_owned());
                    }
                    if years.iter().any(|y| !(2000..=2200).contains(y)) {
                        return Err("years has to hold Gregorian years such as 2026".to_owned());
                    }
                }
                Ok(())
            }
            Self::Linkage(l) => {
                id("linkage_id", &l.linkage_id)?;
                if l.subject_token.len() > 8192 || l.subject_token.split('.').count() != 3 {
                    return Err("subject_token has to be a compact JWS of at most 8192 octets".to_owned());
                }
                Ok(())
            }
        }
    }
}

fn id(what: &str, text: &str) -> Result<(), String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if text.is_empty() || text.len() > 64 || !text.bytes().all(legal) {
        return Err(format!("{what} has to be 1 to 64 of letters, digits, '-', '_' and '.'"));
    }
    Ok(())
}

fn list(what: &str, items: Option<&[String]>, max: usize) -> Result<(), String> {
    let Some(items) = items else { return Ok(()) };
    if items.is_empty() || items.len() > max || has_duplicates(items) {
        return Err(format!("{what} has to name 1 to {max} different values, or be absent for all"));
    }
    items.iter().try_for_each(|i| id(what, i))
}

fn has_duplicates<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().any(|(i, a)| items[..i].contains(a))
}

fn bad(description: impl AsRef<str>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidAuthorizationDetails, description)
}

/// Everything asked for; each type at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Details(Vec<Detail>);

impl Details {
    /// Parses the request parameter; `invalid_authorization_details` names what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|_| bad("authorization_details is not JSON; send a JSON array of objects"))?;
        let items = value.as_array().ok_or_else(|| bad("authorization_details has to be a JSON array of objects"))?;
        let mut out = Self::default();
        for (i, item) in items.iter().enumerate() {
            let detail = Detail::from_value(i, item)?;
            if out.0.iter().any(|d| d.type_name() == detail.type_name()) {
                return Err(bad(format!("authorization_details: type '{}' occurs twice", detail.type_name())));
            }
            out.0.push(detail);
        }
        Ok(out)
    }

    /// Of these, for clients.
    pub const fn of(items: Vec<Detail>) -> Self {
        Self(items)
    }

    /// `invalid_authorization_details` naming the first type that is not in `allowed`.
    pub fn within(&self, allowed: &[String]) -> Result<(), OAuthError> {
        match self.0.iter().find(|d| !allowed.iter().any(|a| a == d.type_name())) {
            None => Ok(()),
            Some(d) => {
                Err(bad(format!("authorization_details: this client is not approved for type '{}'", d.type_name())))
            }
        }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Detail> {
        self.0.iter()
    }

    /// `attribute_linkage`
    pub fn attribute_linkage(&self) -> Option<&AttributeLinkage> {
        self.0.iter().find_map(|d| if let Detail::AttributeLinkage(a) = d { Some(a) } else { None })
    }

    /// Whether `user_registration` is asked for.
    pub fn user_registration(&self) -> bool {
        self.0.iter().any(|d| matches!(d, Detail::UserRegistration(_)))
    }

    /// `delivered_documents`
    pub fn delivered_documents(&self) -> Option<&DeliveredDocuments> {
        self.0.iter().find_map(|d| if let Detail::DeliveredDocuments(a) = d { Some(a) } else { None })
    }

    /// `linkage`
    pub fn linkage(&self) -> Option<&Linkage> {
        self.0.iter().find_map(|d| if let Detail::Linkage(a) = d { Some(a) } else { None })
    }
}

#[cfg(test)]
mod tests {
    use base::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_types_of_leg_a_and_b() {
        let text = json!([
            {"type": "attribute_linkage", "delivery_services": [{"id": "mail", "message": "⑤"}, {"id": "post"}]},
            {"type": "user_registration"},
            {"type": "delivered_documents", "actions": ["list", "read"], "document_types": ["TEG800"], "years": [2026]},
            {"type": "linkage", "linkage_id": "lnk_1", "subject_token": "a.b.c"},
        ]);
        let d = Details::parse(&text.to_string()).unwrap();
        assert_eq!(d.attribute_linkage().unwrap().if_linked, IfLinked::Return);
        assert_eq!(d.delivered_documents().unwrap().period_days, 1);
        assert!(d.user_registration());
        assert_eq!(d.linkage().unwrap().linkage_id, "lnk_1");
        // As stored and as pushed by our own client.
        let again = serde_json::to_string(&d).unwrap();
        assert_eq!(serde_json::from_str::<Details>(&again).unwrap(), d);
        assert_eq!(Details::parse(&again).unwrap(), d);
        let allowed = ["attribute_linkage", "user_registration", "delivered_documents"].map(str::to_owned);
        assert!(d.within(&allowed).unwrap_err().description.contains("'linkage'"));
    }

    #[test]
    fn mistakes_are_named() {
        let linkage =
            |services: Value| json!([{"type": "attribute_linkage", "delivery_services": services}]).to_string();
        let documents = |more: Value| {
            let mut d = json!({"type": "delivered_documents", "actions": ["list"]});
            d.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!([d]).to_string()
        };
        for (text, what) in [
            ("x".to_owned(), "not JSON"),
            ("{}".to_owned(), "array"),
            ("[1]".to_owned(), "[0] is not a JSON object"),
            ("[{}]".to_owned(), "[0] has no type"),
            (r#"[{"type":"payment"}]"#.to_owned(), "[0]: type 'payment' is unknown"),
            (r#"[{"type":"user_registration","x":1}]"#.to_owned(), "unknown field `x`"),
            (r#"[{"type":"user_registration"},{"type":"user_registration"}]"#.to_owned(), "occurs twice"),
            (linkage(json!([])), "1 to 8"),
            (linkage(json!((0..9).map(|n| json!({"id": n.to_string()})).collect::<Vec<_>>())), "1 to 8"),
            (linkage(json!([{"id": "a"}, {"id": "a"}])), "'a' is named twice"),
            (linkage(json!([{"id": "a b"}])), "delivery_services.id"),
            (linkage(json!([{"id": "a", "msg": ""}])), "unknown field `msg`"),
            (linkage(json!([{"id": "a", "message": "x".repeat(4097)}])), "longer than 4096"),
            (documents(json!({"actions": []})), "actions"),
            (documents(json!({"actions": ["delete"]})), "unknown variant `delete`"),
            (documents(json!({"actions": ["list", "list"]})), "each once"),
            (documents(json!({"period_days": 91})), "1 to 90"),
            (documents(json!({"period_days": 0})), "1 to 90"),
            (documents(json!({"years": [8]})), "Gregorian"),
            (documents(json!({"years": []})), "years"),
            (documents(json!({"document_types": ["a", "a"]})), "document_types"),
            (json!([{"type": "linkage", "linkage_id": "l", "subject_token": "x"}]).to_string(), "compact JWS"),
        ] {
            let e = Details::parse(&text).unwrap_err();
            assert_eq!(e.code, ErrorCode::InvalidAuthorizationDetails);
            assert!(e.description.contains(what), "{text}: {e}");
        }
        assert!(Details::parse(&linkage(json!([{"id": "a", "message": "x".repeat(4096)}]))).is_ok());
    }

    #[test]
    fn grants_are_enriched() {
        let at = Timestamp::from_secs(1_780_000_000);
        let g = Granted::AttributeLinkage {
            delivery_services: vec![
                ServiceResult::new("mail", "linked").linked("lnk_1", at, Some("⑥".to_owned())),
                ServiceResult::new("post", "failed"),
            ],
        };
        assert_eq!(
            serde_json::to_value(&g).unwrap(),
            json!({"type": "attribute_linkage", "delivery_services": [
            {"id": "mail", "result": "linked", "linkage_id": "lnk_1", "linked_at": at.rfc3339(), "reply": "⑥"},
            {"id": "post", "result": "failed"}]})
        );
        let Detail::DeliveredDocuments(d) =
            serde_json::from_value(json!({"type": "delivered_documents", "actions": ["read"]})).unwrap()
        else {
            panic!()
        };
        let json = serde_json::to_value(d.granted(at)).unwrap();
        assert_eq!(json, json!({"type": "delivered_documents", "actions": ["read"], "expires_at": at.rfc3339()}));
        assert_eq!(serde_json::from_value::<Granted>(json).unwrap(), d.granted(at));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}", kind in "attribute_linkage|user_registration|delivered_documents|linkage", member in "[a-z_]{1,20}", n in any::<i64>()) {
            let _ = Details::parse(&text);
            let _ = Details::parse(&json!([{"type": kind, member.clone(): n}]).to_string());
            let _ = Details::parse(&json!([{"type": kind, member: [text]}]).to_string());
        }
    }
}
