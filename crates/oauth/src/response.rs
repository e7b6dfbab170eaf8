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
