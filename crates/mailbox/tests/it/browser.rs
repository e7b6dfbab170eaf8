//! A browser without JavaScript: cookies, links, forms.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use tower::ServiceExt as _;
use url::Url;

use crate::world::POST;

/// A person's browser at the delivery service.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    at: String,
    extra: Vec<(&'static str, &'static str)>,
}

/// What it got.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
    /// Path it came from, after redirects within the service.
    pub at: String,
    /// A redirect that leads away from the service.
    pub away: Option<String>,
}

impl Answer {
    pub fn page(&self) -> String {
        self.attribute("data-page")
    }

    pub fn error(&self) -> String {
        self.attribute("data-error")
    }

    fn attribute(&self, name: &str) -> String {
        let html = Html::parse_document(&self.html);
        let main = Selector::parse("main").unwrap();
        html.select(&main).next().and_then(|m| m.attr(name)).unwrap_or_default().to_owned()
    }

    pub fn h1(&self) -> String {
        let html = Html::parse_document(&self.html);
        let h1 = Selector::parse("h1").unwrap();
        html.select(&h1).next().map(|h| h.text().collect::<String>().trim().to_owned()).unwrap_or_default()
    }

    /// Where a link leads.
    pub fn link(&self, act: &str) -> String {
        let html = Html::parse_document(&self.html);
        let a = Selector::parse(&format!("a[data-act=\"{act}\"]")).unwrap();
        let link = html.select(&a).next().and_then(|a| a.attr("href")).map(str::to_owned);
        link.unwrap_or_else(|| panic!("no link {act} on {}: {}", self.at, self.html))
    }

    /// The form with the button `act`: where it is sent, and its hidden fields.
    pub fn form(&self, act: &str) -> (String, BTreeMap<String, String>) {
        let html = Html::parse_document(&self.html);
        let form = Selector::parse("form").unwrap();
        let button = Selector::parse(&format!("button[data-act=\"{act}\"]")).unwrap();
        let hidden = Selector::parse("input[type=hidden]").unwrap();
        for f in html.select(&form) {
            if f.select(&button).next().is_none() {
                continue;
            }
            let fields =
                f.select(&hidden).map(|i| (i.attr("name").unwrap().to_owned(), i.attr("value").unwrap().to_owned()));
            return (f.attr("action").unwrap().to_owned(), fields.collect());
        }
        panic!("no button {act} on {}: {}", self.at, self.html)
    }
}

impl Browser {
    pub fn new(router: &Router) -> Self {
        Self { router: router.clone(), cookies: BTreeMap::new(), at: "/".to_owned(), extra: Vec::new() }
    }

    /// The same browser, sending a further header.
    pub fn with(&self, name: &'static str, value: &'static str) -> Self {
        let mut other = self.clone();
        other.extra.push((name, value));
        other
    }

    /// Opens an address of the service and follows its redirects as far as they stay there.
    pub async fn get(&mut self, url: &str) -> Answer {
        self.go(Method::GET, url, None).await
    }

    /// Presses a button.
    pub async fn press(&mut self, page: &Answer, act: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(page.form(act), fields).await
    }

    /// Sends a form.
    pub async fn send(&mut self, form: (String, BTreeMap<String, String>), fields: &[(&str, &str)]) -> Answer {
        let (action, mut all) = form;
        all.extend(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        self.go(Method::POST, &action, Some(body)).await
    }

    async fn go(&mut self, method: Method, url: &str, body: Option<String>) -> Answer {
        let mut path = url.strip_prefix(POST).unwrap_or(url).to_owned();
        let (mut method, mut body) = (method, body);
        for _ in 0..10 {
            let mut request = http::Request::builder().method(method.clone()).uri(&path);
            if !self.cookies.is_empty() {
                let jar: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
                request = request.header(header::COOKIE, jar.join("; "));
            }
            if body.is_some() {
                request = request
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header(header::ORIGIN, POST)
                    .header(header::REFERER, format!("{POST}{}", self.at));
            }
            for (name, value) in &self.extra {
                request = request.header(*name, *value);
            }
            let request = request.body(Body::from(body.take().unwrap_or_default())).unwrap();
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, answer) = response.into_parts();
            for line in parts.headers.get_all(header::SET_COOKIE) {
                let line = line.to_str().unwrap();
                let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
                if line.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            let html = String::from_utf8_lossy(&answer.collect().await.unwrap().to_bytes()).into_owned();
            let location = parts.headers.get(header::LOCATION).map(|v| v.to_str().unwrap().to_owned());
            assert_ne!(parts.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}: {html}");
            match location {
                Some(to) if to.starts_with('/') || to.starts_with(POST) => {
                    path = to.strip_prefix(POST).unwrap_or(&to).to_owned();
                    method = Method::GET;
                }
                away => {
                    self.at.clone_from(&path);
                    if let Some(to) = &away {
                        Url::parse(to).unwrap();
                    }
                    return Answer { status: parts.status, headers: parts.headers, html, at: path, away };
                }
            }
        }
        panic!("redirects without end at {path}")
    }
}

impl Browser {
    /// The service at the other end was started anew.
    pub fn moved_to(&mut self, router: &Router) {
        self.router = router.clone();
    }
}
