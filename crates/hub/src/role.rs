//! The portal's part of its authorization server: what may be pushed, and what discovery says.

use async_trait::async_trait;
use journey::Asked;
use oauth::client::RegistrationPolicy;
use oauth::rar::{self, Details, types};
use oauth::registry::Api;
use oauth::{ClientKind, ErrorCode, OAuthError, PushedRequest, Scope, ServerMetadata};
use provider::{Client, Role, Settings, Terms};

use crate::config::Config;
use crate::deliveries;
use crate::state::Seed;

/// Scopes of leg A and C.
pub mod scopes {
    /// An ID Token.
    pub const OPENID: &str = "openid";
    /// `GET /api/v1/user-status`.
    pub const USER_STATUS: &str = "user_status";
    /// Notices.
    pub const NOTICES: &str = "notices";
    /// Delivered documents.
    pub const DOCUMENTS: &str = "documents";

    /// All of them.
    pub const ALL: &[&str] = &[OPENID, USER_STATUS, NOTICES, DOCUMENTS];
}

/// How the citizen was identified: by the user-authentication certificate of a card.
pub const ACR: &str = "urn:enishi:acr:user-authentication-certificate";

/// Types of `authorization_details` that leg A knows.
pub const DETAILS: &[&str] = &[types::ATTRIBUTE_LINKAGE, types::USER_REGISTRATION, types::DELIVERED_DOCUMENTS];

/// Grant types of leg A.
pub const GRANT_TYPES: &[&str] = &["authorization_code"];

/// What clients may register.
pub(crate) fn with_policy<T>(f: impl FnOnce(&RegistrationPolicy<'_>) -> T) -> T {
    f(&RegistrationPolicy {
        grant_types: GRANT_TYPES,
        scope: &Scope::of(scopes::ALL),
        authorization_details_types: DETAILS,
        id_token_algs: provider::ID_TOKEN_ALGS,
    })
}

pub(crate) fn settings(config: &Config) -> Settings {
    Settings {
        issuer: config.origin.as_str().to_owned(),
        scope: Scope::of(scopes::ALL),
        details: DETAILS,
        grant_types: GRANT_TYPES,
        open_registration: config.registration_is_open(),
        metadata,
    }
}

fn metadata(m: &mut ServerMetadata) {
    m.acr_values_supported = vec![ACR.to_owned()];
    m.ui_locales_supported = base::Lang::ALL.map(|l| l.tag().to_owned()).to_vec();
    let at = |path: &str| serde_json::Value::String(format!("{}{path}", m.issuer));
    let more = [("user_status_endpoint", at("/api/v1/user-status")), ("documents_endpoint", at("/api/v1/documents"))];
    m.extra.extend(more.map(|(name, value)| (name.to_owned(), value)));
}

/// What a run is for, out of the request.
///
/// # Errors
/// `invalid_authorization_details`, saying how to ask.
pub fn asked(details: &Details) -> Result<Asked, OAuthError> {
    let linkage = details.attribute_linkage().map(|l| journey::Linkage {
        services: l.delivery_services.iter().map(|s| s.id.clone()).collect(),
        if_linked: match l.if_linked {
            rar::IfLinked::Return => journey::IfLinked::Return,
            rar::IfLinked::Reconfirm => journey::IfLinked::Reconfirm,
        },
    });
    let documents = details
        .delivered_documents()
        .map(|d| journey::Documents { services: d.delivery_services.clone().unwrap_or_default() });
    Asked::new(linkage, details.user_registration(), documents)
        .map_err(|e| OAuthError::new(ErrorCode::InvalidAuthorizationDetails, format!("authorization_details: {e}")))
}

/// Every delivery service that a request names.
fn named(details: &Details) -> Vec<&String> {
    let mut ids = Vec::new();
    if let Some(linkage) = details.attribute_linkage() {
        ids.extend(linkage.delivery_services.iter().map(|s| &s.id));
    }
    if let Some(documents) = details.delivered_documents() {
        ids.extend(documents.delivery_services.iter().flatten());
    }
    ids
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// What a client is approved for, in words for its developer.
pub fn approvals(terms: &Terms) -> String {
    list(Api::ALL.into_iter().filter(|api| terms.approves(*api)).map(Api::as_str))
}

/// Each of the three APIs is approved by itself (guideline 1.2).
fn approved(terms: &Terms, request: &PushedRequest) -> Result<(), OAuthError> {
    let details = &request.authorization_details;
    let asked = [
        (types::ATTRIBUTE_LINKAGE, Api::AttributeLinkage, details.attribute_linkage().is_some()),
        (types::USER_REGISTRATION, Api::UserRegistration, details.user_registration()),
        (types::DELIVERED_DOCUMENTS, Api::NoticesDocuments, details.delivered_documents().is_some()),
    ];
    let refused = |code, what: &str, api: Api| {
        let (api, may) = (api.as_str(), approvals(terms));
        Err(OAuthError::new(code, format!("{what} needs the approval {api}; this client is approved for: {may}")))
    };
    if let Some((kind, api, _)) = asked.into_iter().find(|(_, api, asked)| *asked && !terms.approves(*api)) {
        let what = format!("authorization_details: type {kind}");
        return refused(ErrorCode::InvalidAuthorizationDetails, &what, api);
    }
    let scope = request.scope.iter().find(|s| matches!(*s, scopes::NOTICES | scopes::DOCUMENTS));
    match scope.filter(|_| !terms.approves(Api::NoticesDocuments)) {
        Some(scope) => refused(ErrorCode::InvalidScope, &format!("scope {scope}"), Api::NoticesDocuments),
        None => Ok(()),
    }
}

/// Judges pushed requests.
pub(crate) struct PortalRole(pub(crate) Seed);

#[async_trait]
impl Role for PortalRole {
    async fn check_pushed(&self, client: &Client, request: &PushedRequest) -> Result<(), OAuthError> {
        let details = &request.authorization_details;
        match client.registered.kind {
            ClientKind::ApiUser => {}
            ClientKind::Delivery if details.is_empty() && request.openid() => return Ok(()),
            ClientKind::Delivery => {
                return Err(OAuthError::invalid_request(
                    "a delivery service signs citizens in here: ask for scope openid, without authorization_details",
                ));
            }
            ClientKind::Portal => {
                return Err(OAuthError::new(ErrorCode::UnauthorizedClient, "another portal has nothing to ask here"));
            }
        }
        asked(details)?;
        approved(&client.terms, request)?;
        let known = self.0.deliveries().await.map_err(|e| {
            tracing::error!(error = %e, "the registry can't be read");
            OAuthError::server_error()
        })?;
        for id in named(details) {
            if !deliveries::find(&known, id).is_some_and(|d| d.active && client.terms.approves_service(id)) {
                let may = known.iter().filter(|d| d.active && client.terms.approves_service(d.id()));
                return Err(OAuthError::new(
                    ErrorCode::InvalidAuthorizationDetails,
                    format!(
                        "authorization_details: there is no delivery service '{id}' for this client; there are: {}",
                        list(may.map(|d| d.id()))
                    ),
                ));
            }
        }
        Ok(())
    }
}
