//! The server's own description (RFC 8414, OpenID Connect Discovery, RFC 9126, 9207, 9396, 9449).

use jose::Alg;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

/// A metadata document. Serialise it for `/.well-known/oauth-authorization-server` and
/// `/.well-known/openid-configuration`; parse it in clients (members that are not known end up in `extra`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerMetadata {
    /// The server's name; equal, octet by octet, to what clients were configured with.
    pub issuer: String,
    /// Authorization endpoint.
    pub authorization_endpoint: Url,
    /// Token endpoint.
    pub token_endpoint: Url,
    /// PAR endpoint (RFC 9126 section 5).
    pub pushed_authorization_request_endpoint: Url,
    /// The server's public keys.
    pub jwks_uri: Url,
    /// RFC 7591; the test environment only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<Url>,
    /// RFC 7009
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<Url>,
    /// OpenID Connect Core section 5.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<Url>,
    /// Always true here; a foreign server may differ.
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// RFC 9207
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Scopes.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// `["code"]`
    #[serde(default)]
    pub response_types_supported: Vec<String>,
    /// `["query"]`
    #[serde(default)]
    pub response_modes_supported: Vec<String>,
    /// Grant types.
    #[serde(default)]
    pub grant_types_supported: Vec<String>,
    /// `["pairwise"]`
    #[serde(default)]
    pub subject_types_supported: Vec<String>,
    /// ID Token algorithms.
    #[serde(default)]
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// `["private_key_jwt"]`
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Assertion algorithms.
    #[serde(default)]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// `["S256"]` (RFC 7636)
    #[serde(default)]
    pub code_challenge_methods_supported: Vec<String>,
    /// RFC 9449 section 5.1
    #[serde(default)]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// RFC 9396 section 10
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// OpenID Connect Discovery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values_supported: Vec<String>,
    /// OpenID Connect Discovery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_supported: Vec<String>,
    /// OpenID Connect Core: `prompt` values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_values_supported: Vec<String>,
    /// Languages of the pages (BCP 47).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales_supported: Vec<String>,
    /// Whether the `claims` parameter is understood.
    #[serde(default)]
    pub claims_parameter_supported: bool,
    /// Whether request objects are: no.
    #[serde(default)]
    pub request_parameter_supported: bool,
    /// Whether `request_uri` by reference (other than PAR's) is: no. Absent means true in OpenID Connect, so it is always written.
    #[serde(default)]
    pub request_uri_parameter_supported: bool,
    /// Documentation for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<Url>,
    /// Everything else, such as the addresses of the house's own resources.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ServerMetadata {
    /// A FAPI 2.0 server of the house: endpoints are named, everything that the profile fixes is set.
    /// The remaining lists are the caller's to fill.
    pub fn fapi(issuer: &str, authorization: Url, token: Url, par: Url, jwks: Url) -> Self {
        let one = |s: &str| vec![s.to_owned()];
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: authorization,
            token_endpoint: token,
            pushed_authorization_request_endpoint: par,
            jwks_uri: jwks,
            registration_endpoint: None,
            revocation_endpoint: None,
            userinfo_endpoint: None,
            require_pushed_authorization_requests: true,
            authorization_response_iss_parameter_supported: true,
            scopes_supported: one("openid"),
            response_types_supported: one("code"),
            response_modes_supported: one("query"),
            grant_types_supported: one("authorization_code"),
            subject_types_supported: one("pairwise"),
            id_token_signing_alg_values_supported: one(Alg::Es256.name()),
            token_endpoint_auth_methods_supported: one("private_key_jwt"),
            token_endpoint_auth_signing_alg_values_supported: Alg::names(),
            code_challenge_methods_supported: one("S256"),
            dpop_signing_alg_values_supported: Alg::names(),
            authorization_details_types_supported: Vec::new(),
            acr_values_supported: Vec::new(),
            claims_supported: Vec::new(),
            prompt_values_supported: Vec::new(),
            ui_locales_supported: vec!["ja".to_owned(), "en".to_owned()],
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            service_documentation: None,
            extra: Map::new(),
        }
    }
}

/// Where the OpenID Connect discovery document of an issuer is: `{issuer}/.well-known/openid-configuration`.
pub fn openid_configuration(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// Where the RFC 8414 document of an issuer is (section 3.1): the well-known part goes between host and path.
pub fn oauth_authorization_server(issuer: &Url) -> String {
    let path = issuer.path().trim_end_matches('/');
    format!("{}/.well-known/oauth-authorization-server{path}", issuer.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_the_profile_demands() {
        let at = |p: &str| Url::parse(&format!("https://portal.example{p}")).unwrap();
        let m = ServerMetadata::fapi("https://portal.example", at("/authorize"), at("/token"), at("/par"), at("/jwks"));
        let json = serde_json::to_value(&m).unwrap();
        assert_eq!(json["require_pushed_authorization_requests"], true);
        assert_eq!(json["authorization_response_iss_parameter_supported"], true);
        assert_eq!(json["token_endpoint_auth_methods_supported"], serde_json::json!(["private_key_jwt"]));
        assert_eq!(json["dpop_signing_alg_values_supported"], serde_json::json!(["ES256", "PS256", "EdDSA"]));
        assert_eq!(json["request_uri_parameter_supported"], false);
        assert!(json.get("registration_endpoint").is_none());
        let mut foreign = json;
        foreign["userinfo_signing_alg_values_supported"] = serde_json::json!(["RS256"]);
        let back: ServerMetadata = serde_json::from_value(foreign).unwrap();
        assert_eq!(back.issuer, m.issuer);
        assert!(back.extra.contains_key("userinfo_signing_alg_values_supported"));
    }

    #[test]
    fn well_known_addresses() {
        assert_eq!(
            openid_configuration("https://a.example/x/"),
            "https://a.example/x/.well-known/openid-configuration"
        );
        assert_eq!(
            oauth_authorization_server(&Url::parse("https://a.example/x").unwrap()),
            "https://a.example/.well-known/oauth-authorization-server/x"
        );
    }
}
