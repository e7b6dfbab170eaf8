//! What became of a request: details as the token response enriches them (RFC 9396 section 7.1).

use base::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{DeliveredDocuments, DocumentAction};

/// How it went at one delivery service: a word of the journey's second vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceOutcome(pub String);

/// A delivery service in the token response.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceResult {
    /// Its id at the portal.
    pub id: String,
    /// How it went.
    pub result: ServiceOutcome,
    /// The linkage, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linkage_id: Option<String>,
    /// Since when, RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_at: Option<String>,
    /// ⑥ as the delivery service gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
}

/// Without the reply.
impl std::fmt::Debug for ServiceResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceResult").field("id", &self.id).field("result", &self.result).finish_non_exhaustive()
    }
}

impl ServiceResult {
    /// A result without a linkage.
    pub fn new(id: impl Into<String>, result: impl Into<String>) -> Self {
        Self { id: id.into(), result: ServiceOutcome(result.into()), linkage_id: None, linked_at: None, reply: None }
    }

    /// The same with a linkage.
    pub fn linked(mut self, linkage_id: impl Into<String>, at: Timestamp, reply: Option<String>) -> Self {
        self.linkage_id = Some(linkage_id.into());
        self.linked_at = Some(at.rfc3339());
        self.reply = reply;
        self
    }
}

/// One thing granted: the request's detail enriched by what became of it (RFC 9396 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Granted {
    /// `attribute_linkage`
    AttributeLinkage {
        /// One for each service asked for.
        delivery_services: Vec<ServiceResult>,
    },
    /// `user_registration`
    UserRegistration {
        /// Whether the citizen is registered at the portal now.
        registered: bool,
        /// Whether this run did it.
        registered_now: bool,
    },
    /// `delivered_documents`
    DeliveredDocuments {
        /// As asked for and agreed to.
        #[serde(flatten)]
        granted: GrantedDocuments,
    },
    /// `linkage` (leg B)
    Linkage {
        /// The linkage.
        linkage_id: String,
    },
}

/// `delivered_documents` as granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedDocuments {
    /// What may be done.
    pub actions: Vec<DocumentAction>,
    /// Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_types: Option<Vec<String>>,
    /// Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<Vec<i16>>,
    /// Absent: all that are linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_services: Option<Vec<String>>,
    /// Until when, RFC 3339 in UTC.
    pub expires_at: String,
    /// Members that a later version may add.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl DeliveredDocuments {
    /// As granted until `expires`.
    pub fn granted(&self, expires: Timestamp) -> Granted {
        Granted::DeliveredDocuments {
            granted: GrantedDocuments {
                actions: self.actions.clone(),
                document_types: self.document_types.clone(),
                years: self.years.clone(),
                delivery_services: self.delivery_services.clone(),
                expires_at: expires.rfc3339(),
                extra: Map::new(),
            },
        }
    }
}
