//! A browser without JavaScript: cookies, links, forms.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use base::FakeClock;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use tower::ServiceExt as _;

use crate::world::ORIGIN;

#[derive(Clone)]
pub struct Browser {
    router: Router,
    clock: FakeClock,
    pub cookies: BTreeMap<String, String>,
    pub at: String,
}

#[derive(Clone)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
    /// Where it came from, after redirects.
    pub at: String,
}

impl Page {
    #[track_caller]
    pub fn expect(&self, status: u16, page: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.id().as_str()), (status, page), "at {}: {}", self.at, self.html);
        self
    }

    /// The answer of the tiny role's handlers.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.html.contains(words), "no {words:?} at {}: {}", self.at, self.html);
        self
    }

    pub fn id(&self) -> String {
        self.main("data-page").unwrap_or_default()
    }

    fn main(&self, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.html);
        let main = Selector::parse("main").unwrap();
        html.select(&main).next().and_then(|m| m.attr(name)).map(str::to_owned)
    }

    pub fn texts(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        let wanted = Selector::parse(selector).unwrap();
        html.select(&wanted).map(|e| e.text().collect::<String>().trim().to_owned()).collect()
    }

    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.html);
        let wanted = Selector::parse(selector).unwrap();
        html.select(&wanted).next().and_then(|e| e.attr(name)).map(str::to_owned)
    }

    /// Where the form with the button `act` is sent, and its hidden fields.
    #[track_caller]
    pub fn form(&self, act: &str) -> (String, BTreeMap<String, String>) {
        self.forms(act).into_iter().next().unwrap_or_else(|| panic!("no button {act} at {}: {}", self.at, self.html))
    }

    pub fn forms(&self, act: &str) -> Vec<(String, BTreeMap<String, String>)> {
        let html = Html::parse_document(&self.html);
        let form = Selector::parse("form").unwrap();
        let button = Selector::parse(&format!("button[data-act=\"{act}\"]")).unwrap();
        let hidden = Selector::parse("input[type=hidden]").unwrap();
        let with_button = html.select(&form).filter(|f| f.select(&button).next().is_some());
        with_button
            .map(|f| {
                let field = |i: scraper::ElementRef<'_>| {
                    (i.attr("name").unwrap().to_owned(), i.attr("value").unwrap_or_default().to_owned())
                };
                (f.attr("action").unwrap().to_owned(), f.select(&hidden).map(field).collect())
            })
            .collect()
    }
}

impl Browser {
    pub fn new(router: &Router, clock: &FakeClock) -> Self {
        Self { router: router.clone(), clock: clock.clone(), cookies: BTreeMap::new(), at: "/".to_owned() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.go(Method::GET, path, None).await
    }

    /// Presses a button of a page.
    pub async fn press(&mut self, page: &Page, act: &str, fields: &[(&str, &str)]) -> Page {
        self.send(page.form(act), fields).await
    }

    /// Sends a form.
    pub async fn send(&mut self, form: (String, BTreeMap<String, String>), fields: &[(&str, &str)]) -> Page {
        let (action, mut all) = form;
        all.extend(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        self.go(Method::POST, &action, Some(body)).await
    }

    async fn go(&mut self, mut method: Method, path: &str, mut body: Option<String>) -> Page {
        let mut path = path.to_owned();
        for _ in 0..10 {
            // Nothing happens in no time; so e-mails have an order.
            self.clock.advance(std::time::Duration::from_millis(2));
            let jar: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let mut request = http::Request::builder()
                .method(method.clone())
                .uri(&path)
                .header(header::COOKIE, jar.join("; "))
                .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36")
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
            assert_ne!(parts.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}: {html}");
            match parts.headers.get(header::LOCATION) {
                Some(to) => {
                    path = to.to_str().unwrap().to_owned();
                    assert!(path.starts_with('/') && !path.starts_with("//"), "sent away to {path}");
                    method = Method::GET;
                }
                None => {
                    self.at.clone_from(&path);
                    return Page { status: parts.status, headers: parts.headers, html, at: path };
                }
            }
        }
        panic!("redirects without end at {path}")
    }

    /// Signs in by password, as far as that leads.
    pub async fn sign_in(&mut self, path: &str, email: &str, password: &str) -> Page {
        let page = self.get(path).await;
        self.press(&page, "sign-in", &[("email", email), ("password", password)]).await
    }
}
