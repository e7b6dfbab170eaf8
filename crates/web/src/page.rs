//! Pages: template, context, status, headers.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use base::{Lang, Timestamp};
use http::{HeaderValue, StatusCode, header};
use minijinja::Value;
use minijinja::value::{Object, Serde};
use serde::Serialize;

use crate::headers;
use crate::{Environment, Fault, Origin, Visit};

/// A page to be rendered: made by [`Visit::page`], sent by [`Page::respond`].
#[derive(Debug)]
#[must_use = "a page is sent by respond()"]
pub struct Page {
    template: &'static str,
    status: StatusCode,
    scope: Scope,
    context: Value,
    form_action: Vec<Origin>,
    no_referrer: bool,
}

/// What a field of a form is blamed for; shown in the summary above the heading and by the field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's `name` (its id is the same).
    pub field: String,
    /// What is wrong and how to mend it, in the reader's language.
    pub message: String,
}

/// What templates see as `page`.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) visit: Visit,
    id: &'static str,
    error: Option<&'static str>,
    outcome: Option<String>,
    failed: bool,
    step: Option<u8>,
    steps: u8,
    back: Option<String>,
    here: Option<String>,
    errors: Vec<FieldError>,
    show_receipt: bool,
    session_ends: Option<(Timestamp, String)>,
}

impl Page {
    pub(crate) fn new(visit: Visit, template: &'static str, id: &'static str) -> Self {
        Self {
            template,
            status: StatusCode::OK,
            scope: Scope {
                visit,
                id,
                error: None,
                outcome: None,
                failed: false,
                step: None,
                steps: 5,
                back: None,
                here: None,
                errors: Vec::new(),
                show_receipt: false,
                session_ends: None,
            },
            context: minijinja::context! {},
            form_action: Vec::new(),
            no_referrer: false,
        }
    }

    /// The page's own context: a struct or map; its fields are the template's variables. The name
    /// `page` is taken.
    pub fn with<T: Serialize>(mut self, context: T) -> Self {
        self.context = Value::from(Serde(context));
        self
    }

    /// The HTTP status; 200 without this call.
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// `data-error`: the id of the error state in `facts/screens.md` 3.1. The title then starts
    /// 「エラー：」 and the receipt number is shown.
    pub const fn error(mut self, id: &'static str) -> Self {
        self.scope.error = Some(id);
        self.scope.failed = true;
        self.scope.show_receipt = true;
        self
    }

    /// `data-error` of a state that is no error to its reader (E7, E14): the title stays as it is.
    pub const fn state(mut self, id: &'static str) -> Self {
        self.scope.error = Some(id);
        self.scope.show_receipt = true;
        self
    }

    /// `data-outcome`: how the journey ended. The receipt number is shown.
    pub fn outcome(mut self, outcome: &str) -> Self {
        self.scope.outcome = Some(outcome.to_owned());
        self.scope.show_receipt = true;
        self
    }

    /// The title starts 「エラー：」.
    pub const fn failed(mut self) -> Self {
        self.scope.failed = true;
        self
    }

    /// Shows the receipt number at the end of the page.
    pub const fn receipt(mut self) -> Self {
        self.scope.show_receipt = true;
        self
    }

    /// The page is step `n` of the linked run (全5ステップ).
    pub const fn step(mut self, n: u8) -> Self {
        self.scope.step = Some(n);
        self
    }

    /// 「戻る」 above the heading leads to this path of ours.
    pub fn back(mut self, path: impl Into<String>) -> Self {
        self.scope.back = Some(path.into());
        self
    }

    /// The path of ours that shows this page, for the language links of a page that answers a `POST`.
    /// Without it: the page the form was on.
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.scope.here = Some(path.into());
        self
    }

    /// Field errors: the page comes with status 422, the summary above the heading, and the title
    /// starts 「エラー：」.
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        if !errors.is_empty() {
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
            self.scope.failed = true;
        }
        self.scope.errors = errors;
        self
    }

    /// The forms of this page may be answered by a redirect to `origin`, which the caller has checked.
    /// Chromium applies `form-action` to every hop of the redirect.
    pub fn form_action(mut self, origin: Origin) -> Self {
        self.form_action.push(origin);
        self
    }

    /// `Referrer-Policy: no-referrer`, for pages with a code in their own address.
    pub const fn no_referrer(mut self) -> Self {
        self.no_referrer = true;
        self
    }

    /// Warns five minutes before `ends` (with JavaScript) and offers to go on by a form posted to the
    /// path `extend`.
    pub fn session(mut self, ends: Timestamp, extend: impl Into<String>) -> Self {
        self.scope.session_ends = Some((ends, extend.into()));
        self
    }

    /// The template's name.
    pub const fn template(&self) -> &'static str {
        self.template
    }

    /// Renders the HTML.
    pub fn html(&self) -> Result<String, minijinja::Error> {
        let page = Value::from_object(self.scope.clone());
        let visit = &self.scope.visit;
        visit.site().templates().render(visit.lang(), self.template, page, &self.context)
    }

    /// Renders and answers. A template that fails is a fault of ours: logged, and a 500 page.
    pub fn respond(self) -> Response {
        let html = match self.html() {
            Ok(html) => html,
            Err(error) => return Fault::new(format!("template {}: {error:#}", self.template)).into_response(),
        };
        let mut response = (self.status, html).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.scope.visit.lang().tag()));
        if !self.form_action.is_empty() {
            headers.insert(header::CONTENT_SECURITY_POLICY, headers::csp(&self.form_action));
        }
        if self.no_referrer {
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        response
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        self.respond()
    }
}

/// The attributes of `page` in templates.
pub(crate) const SCOPE_KEYS: &[&str] = &[
    "lang",
    "id",
    "error",
    "outcome",
    "failed",
    "step",
    "steps",
    "back",
    "errors",
    "receipt",
    "role",
    "origin",
    "host",
    "demo",
    "theme",
    "css",
    "js",
    "languages",
    "session_ends",
    "session_extend",
    "status_page",
];

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let site = self.visit.site();
        Some(match key {
            "lang" => Value::from(self.visit.lang().tag()),
            "id" => Value::from(self.id),
            "error" => Value::from(self.error),
            "outcome" => Value::from(self.outcome.clone()),
            "failed" => Value::from(self.failed),
            "step" => Value::from(self.step),
            "steps" => Value::from(self.steps),
            "back" => Value::from(self.back.clone()),
            "errors" => Value::from(Serde(&self.errors)),
            "receipt" => Value::from(self.show_receipt.then(|| self.visit.receipt().as_str().to_owned())),
            "role" => Value::from(site.role()),
            "origin" => Value::from(site.origin().as_str()),
            "host" => Value::from(site.origin().authority()),
            "demo" => Value::from(site.environment() == Environment::Test),
            "theme" => Value::from(site.theme().class()),
            "css" => Value::from(site.assets().css_path()),
            "js" => Value::from(site.assets().js_path()),
            "languages" => self.languages(),
            "status_page" => Value::from(site.status_page()),
            "session_ends" => Value::from(self.session_ends.as_ref().map(|(t, _)| t.secs())),
            "session_extend" => Value::from(self.session_ends.as_ref().map(|(_, path)| path.clone())),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> minijinja::value::Enumerator {
        minijinja::value::Enumerator::Str(SCOPE_KEYS)
    }
}

impl Scope {
    /// The message of a field.
    pub(crate) fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|e| e.field == field).map(|e| e.message.as_str())
    }

    /// The language links: this page in each language.
    fn languages(&self) -> Value {
        let here = self.here.clone().unwrap_or_else(|| self.visit.here());
        let (path, query) = here.split_once('?').unwrap_or((&here, ""));
        let kept: String = query
            .split('&')
            .filter(|pair| !pair.is_empty() && *pair != "lang" && !pair.starts_with("lang="))
            .map(|pair| format!("{pair}&"))
            .collect();
        let current = self.visit.lang();
        Value::from_iter(Lang::ALL.map(|lang| {
            let name = match lang {
                Lang::Ja => "日本語",
                Lang::En => "English",
            };
            minijinja::context! {
                tag => lang.tag(), name, current => lang == current, href => format!("{path}?{kept}lang={}", lang.tag()),
            }
        }))
    }
}
