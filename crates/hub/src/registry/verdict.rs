//! What comes of an instruction: the answer, and what is kept of it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;
use web::Problem;

/// What comes of an instruction.
#[derive(Debug)]
pub(super) struct Verdict {
    /// `ok`, `unchanged`, or the code of the refusal.
    pub(super) outcome: &'static str,
    /// The client, delivery service or window it is about.
    pub(super) subject: Option<String>,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Done(Value),
    Refused(StatusCode, Box<Problem>),
}

impl Verdict {
    /// Carried out.
    pub(super) const fn ok(answer: Value) -> Self {
        Self { outcome: "ok", subject: None, answer: Answer::Done(answer) }
    }

    /// Nothing had to be done: it stands so already.
    pub(super) const fn unchanged(answer: Value) -> Self {
        Self { outcome: "unchanged", subject: None, answer: Answer::Done(answer) }
    }

    /// Refused: why, and how to mend it.
    pub(super) fn refused(status: StatusCode, code: &'static str, title: &str, detail: impl Into<String>) -> Self {
        let problem = Problem::new(status, code, title).detail(detail);
        Self { outcome: code, subject: None, answer: Answer::Refused(status, Box::new(problem)) }
    }

    /// What is in the instruction's body is wrong.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        let title = "The instruction can't be carried out as it stands";
        Self::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_instruction", title, detail)
    }

    /// A further member of a refusal.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Answer::Refused(status, problem) = self.answer {
            self.answer = Answer::Refused(status, Box::new(problem.with(name, value)));
        }
        self
    }

    /// What it is about.
    pub(super) fn about(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }

    /// HTTP status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        match &self.answer {
            Answer::Done(_) => StatusCode::OK,
            Answer::Refused(status, _) => *status,
        }
    }

    /// Whether it was carried out or stood already.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.answer, Answer::Done(_))
    }
}

impl IntoResponse for Verdict {
    fn into_response(self) -> Response {
        match self.answer {
            Answer::Done(value) => Json(value).into_response(),
            Answer::Refused(_, problem) => problem.into_response(),
        }
    }
}
