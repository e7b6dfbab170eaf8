//! Errors as OAuth says them (RFC 6749 section 5.2, RFC 6750 section 3.1, RFC 9449, RFC 9396).

use jose::DpopError;
use serde_json::{Map, Value};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal / $status:literal;)*) => {
        /// A registered error code. Closed: nothing else ever leaves a server of the house.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as it is sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status of a JSON answer with this code.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    /// A parameter is missing, repeated, malformed or in the wrong place (RFC 6749).
    InvalidRequest = "invalid_request" / 400;
    /// Client authentication failed (RFC 6749).
    InvalidClient = "invalid_client" / 401;
    /// Code, verifier or refresh token is wrong, used or expired (RFC 6749).
    InvalidGrant = "invalid_grant" / 400;
    /// The client may not do this (RFC 6749).
    UnauthorizedClient = "unauthorized_client" / 400;
    /// No such grant type here (RFC 6749).
    UnsupportedGrantType = "unsupported_grant_type" / 400;
    /// Only `code` (RFC 6749).
    UnsupportedResponseType = "unsupported_response_type" / 400;
    /// Unknown scope, or not this client's (RFC 6749).
    InvalidScope = "invalid_scope" / 400;
    /// The citizen or a rule said no (RFC 6749).
    AccessDenied = "access_denied" / 403;
    /// Ours to mend (RFC 6749).
    ServerError = "server_error" / 500;
    /// Later, please (RFC 6749).
    TemporarilyUnavailable = "temporarily_unavailable" / 503;
    /// The DPoP proof is wrong (RFC 9449 section 5).
    InvalidDpopProof = "invalid_dpop_proof" / 400;
    /// Repeat with the nonce of the `DPoP-Nonce` header (RFC 9449 section 8).
    UseDpopNonce = "use_dpop_nonce" / 400;
    /// A redirect address may not be registered (RFC 7591).
    InvalidRedirectUri = "invalid_redirect_uri" / 400;
    /// Another value may not be registered (RFC 7591).
    InvalidClientMetadata = "invalid_client_metadata" / 400;
    /// `authorization_details` has an unknown type or field, or a bad value (RFC 9396 section 5).
    InvalidAuthorizationDetails = "invalid_authorization_details" / 400;
    /// `request_uri` is unknown, used, expired or another client's (RFC 9101, RFC 9126).
    InvalidRequestUri = "invalid_request_uri" / 400;
    /// The access token is unknown, expired or revoked (RFC 6750).
    InvalidToken = "invalid_token" / 401;
    /// The access token does not cover this (RFC 6750).
    InsufficientScope = "insufficient_scope" / 403;
    /// OpenID Connect Core section 3.1.2.6.
    LoginRequired = "login_required" / 400;
    /// OpenID Connect Core section 3.1.2.6.
    ConsentRequired = "consent_required" / 400;
    /// OpenID Connect Core section 3.1.2.6.
    InteractionRequired = "interaction_required" / 400;
}

impl ErrorCode {
    /// From the code as it is sent.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.as_str() == text)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error answer: JSON body, HTTP status. The description is for the developer at the other side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct OAuthError {
    /// The code.
    pub code: ErrorCode,
    /// What is wrong and how to mend it; only characters that RFC 6749 section 5.2 allows.
    pub description: String,
    /// HTTP status of the JSON answer.
    pub status: u16,
    /// Further members of the JSON answer.
    pub extra: Map<String, Value>,
}

impl OAuthError {
    /// An error with the code's usual status. Characters that a description may not hold are replaced.
    pub fn new(code: ErrorCode, description: impl AsRef<str>) -> Self {
        Self { code, description: clean(description.as_ref()), status: code.status(), extra: Map::new() }
    }

    /// `invalid_request`
    pub fn invalid_request(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// `invalid_client`
    pub fn invalid_client(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidClient, description)
    }

    /// `invalid_grant`
    pub fn invalid_grant(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }

    /// `server_error`, with nothing said: the log knows more.
    pub fn server_error() -> Self {
        Self::new(ErrorCode::ServerError, "the server failed; try again, and tell us if it stays so")
    }

    /// The same with another status.
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with one more member in the answer.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// The JSON answer. To be sent with `Cache-Control: no-store`.
    pub fn body(&self) -> String {
        let mut map = self.extra.clone();
        map.insert("error".to_owned(), self.code.as_str().into());
        map.insert("error_description".to_owned(), self.description.clone().into());
        Value::Object(map).to_string()
    }
}

impl From<DpopError> for OAuthError {
    fn from(e: DpopError) -> Self {
        let code = match e {
            DpopError::Nonce { .. } => ErrorCode::UseDpopNonce,
            _ => ErrorCode::InvalidDpopProof,
        };
        Self::new(code, e.to_string())
    }
}

/// RFC 6749 section 5.2: `%x20-21 / %x23-5B / %x5D-7E`.
fn clean(text: &str) -> String {
    text.chars()
        .take(600)
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}

/// What a stranger sent, cut for a description.
pub(crate) fn shorten(text: &str) -> String {
    let mut out: String = text.chars().take(100).collect();
    if out.len() < text.len() {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_what_the_rfc_allows() {
        let e = OAuthError::invalid_request("a \"quoted\" 値 \\ here").with("hint", 1);
        assert_eq!(e.body(), r#"{"error":"invalid_request","error_description":"a 'quoted' ? / here","hint":1}"#);
        assert_eq!(e.status, 400);
        assert_eq!(OAuthError::invalid_client("x").status, 401);
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
            assert!((400..=503).contains(&code.status()));
        }
        assert_eq!(ErrorCode::parse("other"), None);
        assert_eq!(OAuthError::from(DpopError::Nonce { present: false }).code, ErrorCode::UseDpopNonce);
        assert_eq!(OAuthError::from(DpopError::Jti).code, ErrorCode::InvalidDpopProof);
    }
}
