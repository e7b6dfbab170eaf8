//! Authorization responses by redirect (RFC 6749 section 4.1.2, RFC 9207).

use base::Secret;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{ErrorCode, OAuthError};
use crate::form::Form;
use crate::redirect::RedirectUri;

/// What a citizen's browser brings back to a client.
#[derive(Clone, Debug)]
pub enum AuthorizationResponse {
    /// A code to trade.
    Code {
        /// The code.
        code: Secret<String>,
        /// The house's outcome word, when the server sent one.
        outcome: Option<String>,
    },
    /// No.
    Error {
        /// As the server sent it; [`ErrorCode::parse`] knows the registered ones.
        error: String,
        /// For the developer.
        description: Option<String>,
        /// The house's outcome word, when the server sent one.
        outcome: Option<String>,
    },
}

/// A redirect to be built.
#[derive(Clone, Copy, Debug)]
pub struct Redirect<'a> {
    /// Where to; may have a query.
    pub redirect_uri: &'a RedirectUri,
    /// The request's state.
    pub state: Option<&'a str>,
    /// The server's issuer (RFC 9207).
    pub issuer: &'a str,
    /// The house's outcome word.
    pub outcome: Option<&'a str>,
}

impl Redirect<'_> {
    /// The address that hands over a code.
    pub fn code(&self, code: &str) -> String {
        self.build(&[("code", code)])
    }

    /// The address that says no. `description` is cleaned to what RFC 6749 allows.
    pub fn error(&self, code: ErrorCode, description: &str) -> String {
        let clean = OAuthError::new(code, description);
        self.build(&[("error", code.as_str()), ("error_description", &clean.description)])
    }

    fn build(&self, first: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(first);
        if let Some(state) = self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", self.issuer);
        if let Some(outcome) = self.outcome {
            query.append_pair("outcome", outcome);
        }
        let base = self.redirect_uri.as_str();
        let glue = match base.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some((_, q)) if q.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{base}{glue}{}", query.finish())
    }
}

/// The address of a pushed request at the authorization endpoint (RFC 9126 section 4).
pub fn authorization_url(endpoint: &Url, client_id: &str, request_uri: &str) -> Url {
    let mut url = endpoint.clone();
    url.query_pairs_mut().append_pair("client_id", client_id).append_pair("request_uri", request_uri);
    url
}

/// What a client remembered about its request.
#[derive(Clone, Copy, Debug)]
pub struct ResponseExpectation<'a> {
    /// The state it sent.
    pub state: &'a str,
    /// The server it sent the citizen to.
    pub issuer: &'a str,
}

/// Why a redirect back was refused; the page may say no more than that the run has to start again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseError {
    /// Repeated or malformed parameters.
    #[error("the redirect's query is malformed")]
    Malformed,
    /// `state` is absent or not ours: another run, or another's.
    #[error("state is not the one that was sent")]
    State,
    /// `iss` is absent or another server's: a mix-up (RFC 9207 section 2.4).
    #[error("iss is absent or another server's")]
    Issuer,
    /// Neither or both of `code` and `error`.
    #[error("the redirect has neither or both of code and error")]
    Neither,
}

impl AuthorizationResponse {
    /// Reads the query of the redirect. `iss` is demanded, also with an error.
    pub fn parse(query: &str, expect: &ResponseExpectation<'_>) -> Result<Self, ResponseError> {
        let form = Form::parse(query.as_bytes()).map_err(|_| ResponseError::Malformed)?;
        let state = form.get("state").ok_or(ResponseError::State)?;
        if !base::codec::same(state.as_bytes(), expect.state.as_bytes()) {
            return Err(ResponseError::State);
        }
        if form.get("iss") != Some(expect.issuer) {
            return Err(ResponseError::Issuer);
        }
        let outcome = form.get("outcome").map(str::to_owned);
        match (form.get("code"), form.get("error")) {
            (Some(code), None) => Ok(Self::Code { code: Secret::new(code.to_owned()), outcome }),
            (None, Some(error)) => Ok(Self::Error {
                error: error.to_owned(),
                description: form.get("error_description").map(str::to_owned),
                outcome,
            }),
            _ => Err(ResponseError::Neither),
        }
    }

    /// The `state` of a redirect, to find the run it belongs to. Not yet checked.
    pub fn peek_state(query: &str) -> Option<String> {
        Form::parse(query.as_bytes()).ok()?.get("state").map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ISSUER: &str = "https://portal.example";

    fn back(uri: &str, state: &str, build: impl Fn(&Redirect<'_>) -> String) -> AuthorizationResponse {
        let redirect_uri = RedirectUri::parse(uri).unwrap();
        let r = Redirect {
            redirect_uri: &redirect_uri,
            state: Some(state),
            issuer: ISSUER,
            outcome: Some("user_cancelled"),
        };
        let address = build(&r);
        assert!(address.starts_with(uri));
        let (_, query) = address.split_once('?').unwrap();
        assert_eq!(AuthorizationResponse::peek_state(query).as_deref(), Some(state));
        AuthorizationResponse::parse(query, &ResponseExpectation { state, issuer: ISSUER }).unwrap()
    }

    #[test]
    fn queries_of_the_registered_address_stay() {
        let uri = RedirectUri::parse("https://a.example/cb?x=1").unwrap();
        let r = Redirect { redirect_uri: &uri, state: None, issuer: ISSUER, outcome: None };
        assert_eq!(r.code("c d"), "https://a.example/cb?x=1&code=c+d&iss=https%3A%2F%2Fportal.example");
        let uri = RedirectUri::parse("https://a.example/cb?").unwrap();
        let r = Redirect { redirect_uri: &uri, state: None, issuer: ISSUER, outcome: None };
        assert!(r.code("c").starts_with("https://a.example/cb?code=c&"));
    }

    #[test]
    fn addresses_of_pushed_requests() {
        let url = authorization_url(&Url::parse("https://p.example/authorize?x=1").unwrap(), "c", "urn:a:b");
        assert_eq!(url.as_str(), "https://p.example/authorize?x=1&client_id=c&request_uri=urn%3Aa%3Ab");
    }

    proptest! {
        #[test]
        fn redirects_round_trip(state in "[ -~]{1,60}", code in "[A-Za-z0-9_-]{1,60}", why in "\\PC{1,80}", query in "(\\?([a-b]=1(&c=2&?)?)?)?") {
            let uri = format!("https://a.example/cb{query}");
            match back(&uri, &state, |r| r.code(&code)) {
                AuthorizationResponse::Code { code: got, .. } => prop_assert_eq!(got.expose(), &code),
                other => prop_assert!(false, "{:?}", other),
            }
            match back(&uri, &state, |r| r.error(ErrorCode::AccessDenied, &why)) {
                AuthorizationResponse::Error { error, description, outcome } => {
                    prop_assert_eq!(error, "access_denied");
                    prop_assert!(description.is_some());
                    prop_assert_eq!(outcome.as_deref(), Some("user_cancelled"));
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn no_query_panics(query in "\\PC{0,200}") {
            let _ = AuthorizationResponse::parse(&query, &ResponseExpectation { state: "s", issuer: ISSUER });
        }
    }
}
