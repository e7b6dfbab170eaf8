//! What goes wrong: [`Fault`] (our side), [`Refusal`] (a request we don't take), [`Problem`] (APIs).
//!
//! Handlers return them; [`crate::Routes`] turns them into a page in the reader's language or JSON, with
//! the receipt number, and logs them.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// Something went wrong on our side. Every error converts into it with `?`; the reader sees a page with a
/// receipt number, the details go to the log only. Don't put secrets into errors.
pub struct Fault {
    what: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    /// A fault found by ourselves.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), source: None }
    }

    /// Says what was being done when it happened.
    #[must_use]
    pub fn context(mut self, doing: &str) -> Self {
        self.what = format!("{doing}: {}", self.what);
        self
    }

    /// What happened, with its causes, for the log.
    pub fn details(&self) -> String {
        let mut text = self.what.clone();
        let mut next = self.source.as_deref().and_then(StdError::source);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({})", self.details())
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Fault {
    fn from(source: E) -> Self {
        Self { what: source.to_string(), source: Some(Box::new(source)) }
    }
}

/// Rides on a response until the gate of [`crate::Routes`] makes a page or JSON of it.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    Fault(Arc<str>),
    Refusal(Refusal),
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Trouble::Fault(self.details().into()));
        response
    }
}

/// A request that is refused before or instead of a handler. Answered by a page that says how to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such page (404).
    NotFound,
    /// The address exists, the method does not fit (405).
    Method,
    /// A form that is none of ours: wrong type, malformed, or fields missing (400).
    Form,
    /// A form without a valid token, or from another site (403).
    StaleForm,
    /// Known who asks, and it is not for them (403).
    Forbidden,
    /// A body larger than the route takes (413).
    TooLarge,
    /// It took too long (503).
    Timeout,
}

impl Refusal {
    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Form => StatusCode::BAD_REQUEST,
            Self::StaleForm | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The `data-page` id of the page, and the stem of its texts.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Method => "method",
            Self::Form => "bad-form",
            Self::StaleForm => "stale-form",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "too-large",
            Self::Timeout => "timeout",
        }
    }

    /// The same for an API.
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(self.status(), "not_found", "There is nothing at this address"),
            Self::Method => Problem::new(self.status(), "method_not_allowed", "This address does not take this method"),
            Self::Form => Problem::new(self.status(), "bad_form", "The form can't be read"),
            Self::StaleForm => Problem::new(self.status(), "stale_form", "The form is not from a page of this session"),
            Self::Forbidden => Problem::new(self.status(), "forbidden", "This is not for you to do"),
            Self::TooLarge => Problem::new(self.status(), "too_large", "The body is larger than this address takes"),
            Self::Timeout => Problem::new(self.status(), "timeout", "The answer took too long; try again"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Trouble::Refusal(self));
        response
    }
}

/// An error of an API as `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    status: u16,
    /// A stable word for programs.
    code: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

impl Problem {
    /// A problem with a stable `code` for programs and a `title` for people (English).
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            status: status.as_u16(),
            code,
            title: title.into(),
            detail: None,
            receipt: None,
            more: serde_json::Map::new(),
        }
    }

    /// What exactly is wrong and how to mend it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The receipt number of the request.
    #[must_use]
    pub fn receipt(mut self, receipt: &crate::Receipt) -> Self {
        self.receipt = Some(receipt.to_string());
        self
    }

    /// A further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match serde_json::to_vec(&self) {
            Ok(body) => {
                let kind = HeaderValue::from_static("application/problem+json");
                (status, [(header::CONTENT_TYPE, kind)], body).into_response()
            }
            Err(error) => Fault::from(error).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_its_causes_to_the_log() {
        #[derive(Debug, thiserror::Error)]
        #[error("the query failed")]
        struct Outer(#[source] std::io::Error);
        let fault = Fault::from(Outer(std::io::Error::other("disk full"))).context("saving the consent");
        assert_eq!(fault.details(), "saving the consent: the query failed: disk full");
    }

    #[test]
    fn a_problem_is_rfc_9457() {
        let p = Problem::new(StatusCode::BAD_REQUEST, "bad_year", "No such year")
            .detail("years are 2019 to 2026")
            .with("year", 1);
        let json = serde_json::to_value(&p).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"type": "about:blank", "status": 400, "code": "bad_year", "title": "No such year",
                               "detail": "years are 2019 to 2026", "year": 1})
        );
    }
}
