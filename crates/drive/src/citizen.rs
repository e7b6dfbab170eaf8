//! A browser with JavaScript off.

use base::outbound::{Outbound, Request};
use base::{Clock, Lang};
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, REFERER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use crate::error::bare;
use crate::page::Submission;
use crate::policy::{Referrer, Relation, form_may_lead};
use crate::{DriveError, Jar, Page};

/// Chromium and Firefox give up after 20.
const HOPS: usize = 20;

/// Where a press led.
#[derive(Debug)]
pub enum Arrival {
    /// To a page.
    Page(Box<Page>),
    /// To where the walk stops; nothing was sent there.
    Stopped {
        /// The whole address, with the answer for the API user.
        redirect_to: Url,
    },
}

impl Arrival {
    /// The page.
    ///
    /// # Errors
    /// When the walk stopped instead.
    pub fn page(self) -> Result<Page, DriveError> {
        match self {
            Self::Page(page) => Ok(*page),
            Self::Stopped { redirect_to } => Err(DriveError::Left(bare(&redirect_to))),
        }
    }

    /// The address where the walk stopped.
    pub const fn stopped(&self) -> Option<&Url> {
        match self {
            Self::Page(_) => None,
            Self::Stopped { redirect_to } => Some(redirect_to),
        }
    }
}

/// A browser with its cookies.
pub struct Citizen {
    outbound: Outbound,
    clock: Clock,
    jar: Jar,
    lang: Lang,
    stop_at: Vec<String>,
    requests: u64,
}

/// A request on its way through redirects.
struct Navigation<'a> {
    method: Method,
    url: Url,
    body: Option<String>,
    from: Option<&'a Page>,
    form: bool,
}

impl Citizen {
    /// A new browser, without cookies, in Japanese.
    pub fn new(outbound: Outbound, clock: Clock) -> Self {
        Self { outbound, clock, jar: Jar::new(), lang: Lang::Ja, stop_at: Vec::new(), requests: 0 }
    }

    /// Asks for pages in this language.
    #[must_use]
    pub const fn speaking(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }

    /// Stops before an address that is one of these, or one of these with a query or fragment: the API
    /// user's redirect URIs.
    #[must_use]
    pub fn stopping_at<I: IntoIterator<Item = S>, S: Into<String>>(mut self, addresses: I) -> Self {
        self.stop_at = addresses.into_iter().map(Into::into).collect();
        self
    }

    /// The cookies.
    pub const fn jar(&self) -> &Jar {
        &self.jar
    }

    /// The cookies, to take some away.
    pub const fn jar_mut(&mut self) -> &mut Jar {
        &mut self.jar
    }

    /// How many requests were sent.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Opens an address that was typed in.
    ///
    /// # Errors
    /// See [`DriveError`].
    pub async fn open(&mut self, address: &str) -> Result<Arrival, DriveError> {
        let url = Url::parse(address).map_err(|_| DriveError::Address(address.chars().take(40).collect()))?;
        self.navigate(Navigation { method: Method::GET, url, body: None, from: None, form: false }).await
    }

    /// Loads the page again, by its address (a page that answered a post is asked for by GET).
    ///
    /// # Errors
    /// See [`DriveError`].
    pub async fn reload(&mut self, page: &Page) -> Result<Arrival, DriveError> {
        let url = page.url().clone();
        self.navigate(Navigation { method: Method::GET, url, body: None, from: None, form: false }).await
    }

    /// Presses what has `data-act`, with these fields filled in.
    ///
    /// # Errors
    /// When the page does not have it, and as [`DriveError`] says.
    pub async fn act(&mut self, page: &Page, act: &str, fields: &[(&str, &str)]) -> Result<Arrival, DriveError> {
        let Submission { method, url, body, form } = page.submission(act, fields)?;
        self.navigate(Navigation { method, url, body, from: Some(page), form }).await
    }

    /// Presses twice, as a double click does: both requests are sent, and the browser shows the answer to
    /// the second.
    ///
    /// # Errors
    /// As [`Citizen::act`].
    pub async fn act_twice(&mut self, page: &Page, act: &str, fields: &[(&str, &str)]) -> Result<Arrival, DriveError> {
        let Submission { method, url, body, form } = page.submission(act, fields)?;
        let first = Navigation { method: method.clone(), url: url.clone(), body: body.clone(), from: Some(page), form };
        if !self.stops(&url) {
            self.send(&first, Relation::SameOrigin).await?;
        }
        self.navigate(Navigation { method, url, body, from: Some(page), form }).await
    }

    /// Sends a form that stands on no page of ours, from `page`'s origin when given: what an attacker's page
    /// or a forged request does. Cookies and headers are those of a browser.
    ///
    /// # Errors
    /// See [`DriveError`].
    pub async fn post_raw(
        &mut self,
        address: &str,
        fields: &[(&str, &str)],
        from: Option<&Page>,
    ) -> Result<Arrival, DriveError> {
        let url = Url::parse(address).map_err(|_| DriveError::Address(address.chars().take(40).collect()))?;
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.navigate(Navigation { method: Method::POST, url, body: Some(body), from, form: false }).await
    }

    fn stops(&self, url: &Url) -> bool {
        self.stop_at.iter().any(|s| {
            url.as_str().strip_prefix(s.as_str()).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(['?', '#']) || (s.contains('?') && rest.starts_with('&'))
            })
        })
    }

    async fn navigate(&mut self, mut nav: Navigation<'_>) -> Result<Arrival, DriveError> {
        let mut relation = Relation::SameOrigin;
        for _ in 0..HOPS {
            if self.stops(&nav.url) {
                self.check_form_action(&nav)?;
                return Ok(Arrival::Stopped { redirect_to: nav.url });
            }
            if !matches!(nav.url.scheme(), "http" | "https") {
                return Err(DriveError::Address(nav.url.scheme().to_owned()));
            }
            self.check_form_action(&nav)?;
            // The farthest hop counts for the rest of the way (Fetch Metadata section 2.4).
            if let Some(from) = nav.from {
                relation = relation.max(Relation::of(from.url(), &nav.url));
            }
            let response = self.send(&nav, relation).await?;
            let (parts, body) = response.into_parts();
            if !parts.status.is_redirection() || !parts.headers.contains_key(LOCATION) {
                return Ok(Arrival::Page(Box::new(Page::read(nav.url, parts.status.as_u16(), parts.headers, body))));
            }
            let to = location(&nav.url, &parts.headers).ok_or_else(|| DriveError::Location(bare(&nav.url)))?;
            if !matches!(parts.status.as_u16(), 307 | 308) {
                nav.method = Method::GET;
                nav.body = None;
            }
            nav.url = to;
        }
        Err(DriveError::TooManyHops(bare(&nav.url)))
    }

    fn check_form_action(&self, nav: &Navigation<'_>) -> Result<(), DriveError> {
        match nav.from {
            Some(page) if nav.form && !form_may_lead(page.headers(), page.url(), &nav.url) => {
                Err(DriveError::FormAction { page: page.name(), to: nav.url.origin().ascii_serialization() })
            }
            _ => Ok(()),
        }
    }

    async fn send(&mut self, nav: &Navigation<'_>, relation: Relation) -> Result<base::outbound::Response, DriveError> {
        let now = self.clock.now();
        let mut request = Request::new(Bytes::from(nav.body.clone().unwrap_or_default()));
        *request.method_mut() = nav.method.clone();
        let mut sent = nav.url.clone();
        sent.set_fragment(None);
        *request.uri_mut() = sent.as_str().parse().map_err(|_| DriveError::Address(bare(&nav.url)))?;
        let headers = request.headers_mut();
        let mut set = |name: HeaderName, value: &str| {
            // What is no header value was no header value in a browser either.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
        set(ACCEPT_LANGUAGE, if self.lang == Lang::En { "en,ja;q=0.5" } else { "ja,en;q=0.5" });
        set(USER_AGENT, concat!("enishi-drive/", env!("CARGO_PKG_VERSION")));
        set(HeaderName::from_static("upgrade-insecure-requests"), "1");
        set(HeaderName::from_static("sec-fetch-dest"), "document");
        set(HeaderName::from_static("sec-fetch-mode"), "navigate");
        set(HeaderName::from_static("sec-fetch-user"), "?1");
        let site = match nav.from {
            Some(_) => relation.as_str(),
            None if nav.method == Method::GET => "none",
            None => "cross-site",
        };
        set(HeaderName::from_static("sec-fetch-site"), site);
        if let Some(page) = nav.from {
            let policy = Referrer::of(page.headers()).unwrap_or(Referrer::StrictOriginWhenCrossOrigin);
            if let Some(referer) = policy.header(page.url(), &nav.url) {
                set(REFERER, &referer);
            }
            if nav.method == Method::POST {
                set(ORIGIN, &policy.origin(page.url(), &nav.url));
            }
        } else if nav.method == Method::POST {
            // A post from nowhere: a page whose origin is opaque.
            set(ORIGIN, "null");
        }
        if nav.body.is_some() {
            set(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let safe = nav.method == Method::GET;
        let from = match nav.from {
            Some(_) => relation,
            // Typed in counts as one's own; a post from nowhere as a stranger's.
            None if safe => Relation::SameOrigin,
            None => Relation::CrossSite,
        };
        if let Some(cookies) = self.jar.header(&nav.url, from, safe, now) {
            set(COOKIE, &cookies);
        }
        self.requests += 1;
        let response = self
            .outbound
            .send(request)
            .await
            .map_err(|source| DriveError::Outbound { address: bare(&nav.url), source })?;
        self.jar.store(&nav.url, response.headers(), self.clock.now());
        Ok(response)
    }
}

fn location(base: &Url, headers: &HeaderMap) -> Option<Url> {
    let mut to = base.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    if to.fragment().is_none() {
        to.set_fragment(base.fragment());
    }
    Some(to)
}
