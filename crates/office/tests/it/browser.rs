//! A browser without JavaScript: cookies, links, forms. Holds every page that it gets against what holds for all pages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use tower::ServiceExt as _;

use crate::world::ORIGIN;

#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    at: String,
    seen: Arc<Mutex<BTreeSet<String>>>,
}

#[derive(Clone)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
    /// Where it came from, after redirects.
    pub at: String,
}

/// Where a form goes, and its fields.
pub type Filled = (String, Vec<(String, String)>);

impl Page {
    #[track_caller]
    pub fn expect(&self, status: u16, page: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.id().as_str()), (status, page), "at {}: {}", self.at, self.html);
        self
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.html.contains(words), "no {words:?} at {}: {}", self.at, self.html);
        self
    }

    #[track_caller]
    pub fn lacks(&self, words: &str) -> &Self {
        assert!(!self.html.contains(words), "{words:?} at {}: {}", self.at, self.html);
        self
    }

    pub fn id(&self) -> String {
        let html = Html::parse_document(&self.html);
        let main = Selector::parse("main").unwrap();
        html.select(&main).next().and_then(|m| m.attr("data-page")).unwrap_or_default().to_owned()
    }

    /// The form that has this action and button, with its hidden fields.
    pub fn has_form(&self, action: &str, act: &str) -> Option<Filled> {
        let html = Html::parse_document(&self.html);
        let form = Selector::parse("form").unwrap();
        let button = Selector::parse(&format!("button[data-act=\"{act}\"]")).unwrap();
        let hidden = Selector::parse("input[type=hidden]").unwrap();
        let mut fits = html.select(&form).filter(|f| f.select(&button).next().is_some());
        let found = fits.find(|f| f.attr("action").is_some_and(|a| a.ends_with(action)))?;
        let field = |i: scraper::ElementRef<'_>| {
            (i.attr("name").unwrap().to_owned(), i.attr("value").unwrap_or_default().to_owned())
        };
        Some((found.attr("action").unwrap().to_owned(), found.select(&hidden).map(field).collect()))
    }

    #[track_caller]
    pub fn form(&self, action: &str, act: &str) -> Filled {
        self.has_form(action, act).unwrap_or_else(|| panic!("no {act} to {action} at {}: {}", self.at, self.html))
    }
}

impl Browser {
    pub fn new(router: &Router) -> Self {
        Self { router: router.clone(), cookies: BTreeMap::new(), at: "/".to_owned(), seen: Arc::default() }
    }

    /// Pages that it has seen, by their ids.
    pub fn seen(&self) -> BTreeSet<String> {
        self.seen.lock().unwrap().clone()
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.go(Method::GET, path, None).await
    }

    /// Presses a button of a page.
    pub async fn press(&mut self, page: &Page, action: &str, act: &str, fields: &[(&str, &str)]) -> Page {
        self.send(page.form(action, act), fields).await
    }

    /// Sends a form; a field of the same name replaces a hidden one.
    pub async fn send(&mut self, form: Filled, fields: &[(&str, &str)]) -> Page {
        let (action, mut all) = form;
        all.retain(|(n, _)| !fields.iter().any(|(f, _)| f == n));
        all.extend(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        self.go(Method::POST, &action, Some(body)).await
    }

    async fn go(&mut self, mut method: Method, path: &str, mut body: Option<String>) -> Page {
        let mut path = path.to_owned();
        for _ in 0..10 {
            let jar: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let mut request = http::Request::builder()
                .method(method.clone())
                .uri(&path)
                .header(header::COOKIE, jar.join("; "))
                .header(header::ACCEPT, "text/html");
            if body.is_some() {
                request = request
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header(header::ORIGIN, ORIGIN)
                    .header(header::REFERER, format!("{ORIGIN}{}", self.at));
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
            match parts.headers.get(header::LOCATION) {
                Some(to) => {
                    path = to.to_str().unwrap().to_owned();
                    assert!(path.starts_with('/') && !path.starts_with("//"), "sent away to {path}");
                    method = Method::GET;
                }
                None => {
                    self.at.clone_from(&path);
                    let page = Page { status: parts.status, headers: parts.headers, html, at: path };
                    if page.html.starts_with("<!DOCTYPE") {
                        let wrong = web::testing::faults(&page.html);
                        assert!(wrong.is_empty(), "{}: {wrong:?}\n{}", page.at, page.html);
                        self.seen.lock().unwrap().insert(page.id());
                    }
                    return page;
                }
            }
        }
        panic!("redirects without end at {path}")
    }
}
