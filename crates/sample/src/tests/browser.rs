//! A browser with cookies, as far as these tests need one.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// A browser of one citizen.
#[derive(Clone)]
pub(super) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
}

/// An answer.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) html: String,
}

impl Page {
    /// Where it redirects to.
    pub(super) fn to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "no redirect: {}", self.html);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// `data-page`, `data-outcome` and the like.
    pub(super) fn data(&self, name: &str) -> Option<&str> {
        self.html.split(&format!(" data-{name}=\"")).nth(1)?.split('"').next()
    }

    pub(super) fn acts(&self) -> Vec<&str> {
        self.html.split(" data-act=\"").skip(1).filter_map(|t| t.split('"').next()).collect()
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    /// The hidden fields of the form that goes to `action`.
    fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let start = format!("<form method=\"post\" action=\"{action}\"");
        let form = self.html.split(&start).nth(1).unwrap_or_else(|| panic!("no form to {action}: {}", self.html));
        let form = form.split("</form>").next().unwrap();
        form.split("<input type=\"hidden\" name=\"")
            .skip(1)
            .map(|tail| {
                let (name, tail) = tail.split_once('"').unwrap();
                let value = tail.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
                (name.to_owned(), value.to_owned())
            })
            .collect()
    }
}

impl Browser {
    pub(super) fn new(router: &Router) -> Self {
        Self { router: router.clone(), cookies: BTreeMap::new() }
    }

    /// The cookie that tells this browser from others.
    pub(super) fn cookie(&self) -> &str {
        &self.cookies["enishi_sample_browser"]
    }

    /// Opens a page; absolute addresses are taken for ours.
    pub(super) async fn get(&mut self, to: &str) -> Page {
        let path = match url::Url::parse(to) {
            Ok(url) => url[url::Position::BeforePath..].to_owned(),
            Err(_) => to.to_owned(),
        };
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Presses the button of the form on `page` that goes to `action`.
    pub(super) async fn press(&mut self, page: &Page, action: &str, typed: &[(&str, &str)]) -> Page {
        let mut fields = page.hidden(action);
        fields.extend(typed.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        self.post(action, &fields).await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn send(&mut self, mut request: Request<Body>) -> Page {
        let cookies: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let html = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Page { status: parts.status, headers: parts.headers, html }
    }
}
