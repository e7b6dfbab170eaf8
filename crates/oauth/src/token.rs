//! The token endpoint (RFC 6749 sections 4.1.3, 4.4.2, 5.1; RFC 9449 section 5).

use base::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{ErrorCode, OAuthError, shorten};
use crate::form::Form;
use crate::pkce;
use crate::rar::Granted;
use crate::scope::Scope;

/// What a client asks the token endpoint for.
#[derive(Clone, Debug)]
pub enum TokenRequest {
    /// Trades a code.
    AuthorizationCode {
        /// The code.
        code: Secret<String>,
        /// Has to be the one of the authorization request.
        redirect_uri: String,
        /// PKCE; of the right shape.
        code_verifier: Secret<String>,
    },
    /// A token for the client itself.
    ClientCredentials {
        /// Scopes; empty when not sent.
        scope: Scope,
    },
    /// Trades a refresh token.
    RefreshToken {
        /// The token.
        refresh_token: Secret<String>,
        /// Narrower scopes, when sent.
        scope: Option<Scope>,
    },
}

impl TokenRequest {
    /// Reads the form; whether the client may use the grant type is [`Self::grant_type`]'s to ask.
    pub fn parse(form: &Form) -> Result<Self, OAuthError> {
        match form.require("grant_type")? {
            "authorization_code" => {
                let verifier = form.get("code_verifier").ok_or_else(|| {
                    OAuthError::invalid_request(
                        "code_verifier is missing: keep the one whose challenge you pushed and send it here (RFC 7636)",
                    )
                })?;
                if !pkce::is_verifier(verifier) {
                    return Err(OAuthError::invalid_grant(
                        "code_verifier has to be 43 to 128 letters, digits, '-', '.', '_' or '~'; send the verifier itself, not its challenge",
                    ));
                }
                Ok(Self::AuthorizationCode {
                    code: Secret::new(form.require("code")?.to_owned()),
                    redirect_uri: form.require("redirect_uri")?.to_owned(),
                    code_verifier: Secret::new(verifier.to_owned()),
                })
            }
            "client_credentials" => {
                Ok(Self::ClientCredentials { scope: Scope::parse(form.get("scope").unwrap_or_default())? })
            }
            "refresh_token" => Ok(Self::RefreshToken {
                refresh_token: Secret::new(form.require("refresh_token")?.to_owned()),
                scope: form.get("scope").map(Scope::parse).transpose()?,
            }),
            other => Err(OAuthError::new(
                ErrorCode::UnsupportedGrantType,
                format!("grant_type '{}' is not supported", shorten(other)),
            )),
        }
    }

    /// The grant type's name.
    pub const fn grant_type(&self) -> &'static str {
        match self {
            Self::AuthorizationCode { .. } => "authorization_code",
            Self::ClientCredentials { .. } => "client_credentials",
            Self::RefreshToken { .. } => "refresh_token",
        }
    }
}

/// What a code was issued for, as a server stored it.
#[derive(Clone, Copy, Debug)]
pub struct CodeBinding<'a> {
    /// Whose code it is.
    pub client_id: &'a str,
    /// Redirect address of the authorization request.
    pub redirect_uri: &'a str,
    /// PKCE challenge.
    pub code_challenge: &'a str,
    /// DPoP key of the authorization request, if it named one.
    pub dpop_jkt: Option<&'a str>,
}

impl CodeBinding<'_> {
    /// Whether the token request is by the one whom the code was issued to. Whether the code is
    /// fresh and unused is for storage to say.
    pub fn check(
        &self,
        client_id: &str,
        redirect_uri: &str,
        code_verifier: &str,
        proof_jkt: &str,
    ) -> Result<(), OAuthError> {
        if client_id != self.client_id {
            // Nothing more: another client's code is none of this one's business.
            return Err(OAuthError::invalid_grant("the code is unknown, expired or already used"));
        }
        if redirect_uri != self.redirect_uri {
            return Err(OAuthError::invalid_grant(format!(
                "redirect_uri is not the one of the authorization request, '{}'",
                self.redirect_uri
            )));
        }
        if !pkce::verify(self.code_challenge, code_verifier) {
            return Err(OAuthError::invalid_grant(
                "code_verifier does not match the code_challenge of the pushed request",
            ));
        }
        if self.dpop_jkt.is_some_and(|jkt| jkt != proof_jkt) {
            return Err(OAuthError::invalid_grant(
                "the DPoP key is not the one that the code was bound to (dpop_jkt); use the same key for both requests",
            ));
        }
        Ok(())
    }
}

/// The answer (RFC 6749 section 5.1), to be sent with `Cache-Control: no-store`.
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenResponse {
    /// Opaque.
    pub access_token: String,
    /// `DPoP`
    pub token_type: String,
    /// Seconds.
    #[serde(default)]
    pub expires_in: Option<u64>,
    /// When `openid` was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Granted scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When issued; no rotation (FAPI 2.0 section 5.3.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Enriched. Kept as JSON, so that a client can meet a type of a later version; see [`Self::granted`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
    /// Further members, such as `user_status` and `outcome`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl TokenResponse {
    /// A DPoP-bound token.
    pub fn dpop(access_token: String, expires_in: u64) -> Self {
        Self {
            access_token,
            token_type: "DPoP".to_owned(),
            expires_in: Some(expires_in),
            id_token: None,
            scope: None,
            refresh_token: None,
            authorization_details: Vec::new(),
            extra: Map::new(),
        }
    }

    /// The same with what was granted in detail.
    pub fn with_details(mut self, details: &[Granted]) -> Self {
        self.authorization_details = details.iter().filter_map(|d| serde_json::to_value(d).ok()).collect();
        self
    }

    /// The same with one more member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// What was granted in detail, as far as the types are known.
    pub fn granted(&self) -> Vec<Granted> {
        self.authorization_details.iter().filter_map(|v| serde_json::from_value(v.clone()).ok()).collect()
    }

    /// The JSON answer.
    pub fn body(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Names only.
impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<TokenRequest, OAuthError> {
        TokenRequest::parse(&Form::of(pairs.iter().copied()))
    }

    #[test]
    fn mistakes_are_named() {
        let verifier = "v".repeat(43);
        let e = parse(&[("grant_type", "authorization_code"), ("code", "c"), ("redirect_uri", "r")]).unwrap_err();
        assert!(e.code == ErrorCode::InvalidRequest && e.description.contains("code_verifier is missing"));
        let e = parse(&[("grant_type", "authorization_code"), ("code_verifier", &verifier)]).unwrap_err();
        assert!(e.description.contains("'code' is missing"));
        let e = parse(&[("grant_type", "authorization_code"), ("code_verifier", "short")]).unwrap_err();
        assert_eq!(e.code, ErrorCode::InvalidGrant);
        assert_eq!(parse(&[("grant_type", "password")]).unwrap_err().code, ErrorCode::UnsupportedGrantType);
        assert!(parse(&[]).unwrap_err().description.contains("'grant_type' is missing"));
        let r = parse(&[("grant_type", "refresh_token"), ("refresh_token", "r"), ("scope", "a")]).unwrap();
        assert_eq!(r.grant_type(), "refresh_token");
        assert!(!format!("{r:?}").contains("\"r\""));
    }

    #[test]
    fn a_code_works_for_its_owner_only() {
        let verifier = "v".repeat(43);
        let challenge = pkce::challenge(&verifier);
        let binding =
            CodeBinding { client_id: "c", redirect_uri: "https://a/", code_challenge: &challenge, dpop_jkt: Some("k") };
        assert!(binding.check("c", "https://a/", &verifier, "k").is_ok());
        for (client, uri, verifier, jkt, what) in [
            ("d", "https://a/", verifier.as_str(), "k", "unknown"),
            ("c", "https://a", verifier.as_str(), "k", "redirect_uri"),
            ("c", "https://a/", &"w".repeat(43), "k", "code_verifier"),
            ("c", "https://a/", verifier.as_str(), "l", "DPoP key"),
        ] {
            let e = binding.check(client, uri, verifier, jkt).unwrap_err();
            assert!(e.code == ErrorCode::InvalidGrant && e.description.contains(what), "{e}");
        }
    }

    #[test]
    fn answers_are_flat_and_silent_in_logs() {
        let r = TokenResponse::dpop("secret-token".to_owned(), 300).with("outcome", "linked");
        let json: Value = serde_json::from_str(&r.body()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"access_token": "secret-token", "token_type": "DPoP", "expires_in": 300, "outcome": "linked"})
        );
        assert!(!format!("{r:?}").contains("secret"));
        // A granted detail of a later version does not spoil the rest.
        let later = r#"{"access_token":"a","token_type":"DPoP","authorization_details":[{"type":"later"},{"type":"user_registration","registered":true,"registered_now":false,"more":1}]}"#;
        let r: TokenResponse = serde_json::from_str(later).unwrap();
        assert_eq!(r.granted(), [Granted::UserRegistration { registered: true, registered_now: false }]);
    }

    proptest! {
        #[test]
        fn no_form_panics(grant in "authorization_code|refresh_token|client_credentials|\\PC{0,9}", a in "\\PC{0,60}", b in "\\PC{0,60}") {
            let _ = parse(&[("grant_type", &grant), ("code", &a), ("code_verifier", &b), ("redirect_uri", &a), ("scope", &b)]);
        }
    }
}
