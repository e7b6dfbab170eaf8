//! One request, as pages need to know it: whose browser, which language, which receipt number.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use base::Lang;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use parking_lot::Mutex;
use url::Url;

use crate::cookie::{self, CookieSpec};
use crate::page::Page;
use crate::routes::{Route, Who};
use crate::site::{Browser, Receipt, Site};
use crate::text::TextError;
use crate::{Fault, guard};

/// One request to a page. An extractor; cheap to clone.
///
/// Nothing is computed before it is asked for, so API requests pay only for the receipt number.
#[derive(Clone)]
pub struct Visit(Arc<Inner>);

struct Inner {
    site: Site,
    receipt: Receipt,
    method: Method,
    uri: Uri,
    row: Option<&'static Route>,
    cookies: Vec<HeaderValue>,
    accept: Option<HeaderValue>,
    accept_language: Option<HeaderValue>,
    referer: Option<HeaderValue>,
    lang: AtomicU8,
    browser: OnceLock<Browser>,
    set: Mutex<Vec<HeaderValue>>,
    form_checked: AtomicBool,
}

impl Visit {
    pub(crate) fn new(site: Site, row: Option<&'static Route>, request: &http::Request<axum::body::Body>) -> Self {
        let headers = request.headers();
        Self(Arc::new(Inner {
            receipt: Receipt::new(site.rng()),
            method: request.method().clone(),
            uri: request.uri().clone(),
            row,
            cookies: headers.get_all(header::COOKIE).iter().cloned().collect(),
            accept: headers.get(header::ACCEPT).cloned(),
            accept_language: headers.get(header::ACCEPT_LANGUAGE).cloned(),
            referer: headers.get(header::REFERER).cloned(),
            lang: AtomicU8::new(0),
            browser: OnceLock::new(),
            set: Mutex::new(Vec::new()),
            form_checked: AtomicBool::new(false),
            site,
        }))
    }

    pub(crate) fn detached(site: Site, lang: Lang) -> Self {
        let visit = Self::new(site, None, &http::Request::new(axum::body::Body::empty()));
        visit.0.lang.store(code(lang), Ordering::Relaxed);
        visit
    }

    /// The site this request came to.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// The 受付番号 of this request; also in the log.
    pub fn receipt(&self) -> &Receipt {
        &self.0.receipt
    }

    /// The path asked for.
    pub fn path(&self) -> &str {
        self.0.uri.path()
    }

    /// The row of the route table that answers, when one does.
    pub fn route(&self) -> Option<&'static Route> {
        self.0.row
    }

    /// A page: its template and its `data-page` id.
    pub fn page(&self, template: &'static str, id: &'static str) -> Page {
        Page::new(self.clone(), template, id)
    }

    /// Sends the browser on (303, GET). `to` is a path of ours or an absolute address that the caller
    /// has checked.
    pub fn redirect(&self, to: &str) -> Response {
        match HeaderValue::from_str(to) {
            Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
            Err(_) => Fault::new("a redirect address holds characters that no header can").into_response(),
        }
    }

    /// The value of one of our cookies.
    pub fn cookie(&self, spec: &CookieSpec) -> Option<&str> {
        cookie::read(self.0.cookies.iter(), spec.name())
    }

    /// Sets a cookie with the answer to this request, whatever the answer is. A value that no cookie can
    /// hold is a fault of ours.
    pub fn set_cookie(&self, spec: &CookieSpec, value: &str) -> Result<(), Fault> {
        let line = spec.set(value).ok_or_else(|| Fault::new("a cookie value holds characters that no cookie can"))?;
        self.0.set.lock().push(line);
        Ok(())
    }

    /// Removes a cookie with the answer to this request.
    pub fn clear_cookie(&self, spec: &CookieSpec) {
        self.0.set.lock().extend(spec.clear());
    }

    /// This browser. The first call for a browser without our cookie makes a new value and sets the
    /// cookie with the answer.
    pub fn browser(&self) -> &Browser {
        self.0.browser.get_or_init(|| {
            if let Some(known) = self.known_browser() {
                return known;
            }
            let fresh = Browser(self.0.site.rng().token());
            // A token is base64url, so there is always a line.
            self.0.set.lock().extend(self.0.site.browser_cookie().set(&fresh.0));
            fresh
        })
    }

    /// This browser, when it brought our cookie.
    pub fn known_browser(&self) -> Option<Browser> {
        self.cookie(self.0.site.browser_cookie()).and_then(Browser::parse)
    }

    /// Whether this `POST` carries the token of a form we gave to this browser for this path.
    pub(crate) fn accepts_form(&self, token: &str) -> bool {
        self.0.form_checked.store(true, Ordering::Relaxed);
        let Some(browser) = self.known_browser() else { return false };
        guard::accepts(self.0.site.form_key(), &browser.0, self.path(), token)
    }

    /// For extractors that turn a request away before its form is read, having done nothing (nobody is signed in): their
    /// answer needs no token. Without this word a `POST` that succeeds without a checked form is a fault of ours.
    pub fn turns_away(&self) {
        self.0.form_checked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn form_was_checked(&self) -> bool {
        self.0.form_checked.load(Ordering::Relaxed)
    }

    /// The token for a form of ours that is sent to `path`; templates do this by themselves.
    pub fn form_token(&self, path: &str) -> String {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        guard::token(self.0.site.form_key(), &self.browser().0, path)
    }

    /// The reader's language: chosen by `?lang=` > chosen before (cookie) > `ui_locales` in the query >
    /// suggested before > `Accept-Language` > Japanese.
    pub fn lang(&self) -> Lang {
        match self.0.lang.load(Ordering::Relaxed) {
            1 => Lang::Ja,
            2 => Lang::En,
            _ => {
                let lang = self.find_lang();
                self.0.lang.store(code(lang), Ordering::Relaxed);
                lang
            }
        }
    }

    fn find_lang(&self) -> Lang {
        let spec = self.0.site.lang_cookie();
        if let Some(chosen) = self.query("lang").and_then(|tag| Lang::from_tag(&tag)) {
            self.0.set.lock().extend(spec.set(chosen.tag()));
            return chosen;
        }
        let kept = self.cookie(spec);
        if let Some(lang) = kept.filter(|v| !v.starts_with('~')).and_then(Lang::from_tag) {
            return lang;
        }
        if let Some(hint) = self.query("ui_locales").and_then(|list| Lang::from_ui_locales(&list)) {
            self.keep_suggestion(hint);
            return hint;
        }
        if let Some(lang) = kept.and_then(|v| Lang::from_tag(v.strip_prefix('~')?)) {
            return lang;
        }
        let header = self.0.accept_language.as_ref().and_then(|v| v.to_str().ok());
        header.and_then(Lang::from_accept_language).unwrap_or_default()
    }

    /// A text in the reader's language, for field errors and the like.
    pub fn text(&self, key: &str, args: &[(&str, &str)]) -> Result<String, TextError> {
        self.0.site.text(self.lang(), key, args)
    }

    /// Uses `lang` for this and the following pages unless the reader has chosen one: the `ui_locales`
    /// of a pushed authorization request.
    pub fn suggest_lang(&self, lang: Lang) {
        let chosen = self.cookie(self.0.site.lang_cookie()).is_some_and(|v| !v.starts_with('~'));
        if !chosen && self.query("lang").is_none() {
            self.keep_suggestion(lang);
            self.0.lang.store(code(lang), Ordering::Relaxed);
        }
    }

    /// `~` marks a suggestion: the next hint replaces it, a choice never.
    fn keep_suggestion(&self, lang: Lang) {
        self.0.set.lock().extend(self.0.site.lang_cookie().set(&format!("~{}", lang.tag())));
    }

    /// A parameter of the query; none when it stands twice or the query is malformed.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.0.uri.query()?;
        crate::form::Fields::parse(query.as_bytes()).ok()?.take(name)
    }

    /// Whether the caller wants JSON rather than a page.
    pub(crate) fn wants_json(&self) -> bool {
        if let Some(row) = self.0.row.filter(|row| row.who != Who::Public) {
            return row.who.is_api();
        }
        let accept = self.0.accept.as_ref().and_then(|v| v.to_str().ok()).unwrap_or_default();
        !accept.contains("text/html")
            && (accept.contains("json") || self.path().starts_with("/api/") || self.path().starts_with("/.well-known/"))
    }

    /// Path and query of the page the reader sees, for links that stay on it: this request's own, or
    /// for a `POST` the page that held the form.
    pub(crate) fn here(&self) -> String {
        if matches!(self.0.method, Method::GET | Method::HEAD) {
            return self.0.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        }
        self.previous().unwrap_or_else(|| "/".to_owned())
    }

    /// Path and query of the page of ours that the reader came from.
    pub fn previous(&self) -> Option<String> {
        let referer = Url::parse(self.0.referer.as_ref()?.to_str().ok()?).ok()?;
        let ours = referer.origin().ascii_serialization() == self.0.site.origin().as_str();
        ours.then(|| referer[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
            .filter(|path| path.starts_with('/') && !path.starts_with("//"))
    }

    /// Moves the collected cookies into an answer.
    pub(crate) fn finish(&self, headers: &mut HeaderMap) {
        for line in self.0.set.lock().drain(..) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}

const fn code(lang: Lang) -> u8 {
    match lang {
        Lang::Ja => 1,
        Lang::En => 2,
    }
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Visit({})", self.0.receipt)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let visit = parts.extensions.get::<Self>().cloned();
        visit.ok_or_else(|| Fault::new("a handler that needs a Visit was registered without web::Routes"))
    }
}
