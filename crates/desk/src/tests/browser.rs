//! A browser with cookies, as far as these tests need one.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// A browser of one person.
#[derive(Clone)]
pub(super) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
}

/// An answer.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
    pub(super) html: String,
}

impl Page {
    /// Where it redirects to.
    #[track_caller]
    pub(super) fn to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "no redirect: {}", self.html);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// `data-page` and the like.
    pub(super) fn data(&self, name: &str) -> Option<&str> {
        self.html.split(&format!(" data-{name}=\"")).nth(1)?.split('"').next()
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    #[track_caller]
    pub(super) fn expect(self, status: u16, page: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.data("page")), (status, Some(page)), "{}", self.html);
        self
    }

    /// The hidden fields of the form that goes to `action`.
    #[track_caller]
    pub(super) fn hidden(&self, action: &str) -> Vec<(String, String)> {
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

    pub(super) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap()).await
    }

    /// Follows redirects of ours.
    pub(super) async fn follow(&mut self, page: Page) -> Page {
        let mut page = page;
        while page.status == StatusCode::SEE_OTHER {
            let to = page.to().split('#').next().unwrap().to_owned();
            page = self.get(&to).await;
        }
        page
    }

    /// Presses the button of the form on `page` that goes to `action`; what is typed replaces hidden fields.
    pub(super) async fn press(&mut self, page: &Page, action: &str, typed: &[(&str, &str)]) -> Page {
        let fields = self::typed(page, action, typed);
        self.post(action, &fields).await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// The same with files: field, name, bytes.
    pub(super) async fn upload(
        &mut self,
        page: &Page,
        action: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Page {
        let mut body = Vec::new();
        let mut part = |head: String, content: &[u8]| {
            body.extend_from_slice(format!("--BoUnD\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        for (name, value) in typed(page, action, fields) {
            part(format!("name=\"{name}\""), value.as_bytes());
        }
        for (field, name, content) in files {
            part(format!("name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: application/pdf"), content);
        }
        body.extend_from_slice(b"--BoUnD--\r\n");
        let request = Request::post(action)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=BoUnD")
            .header(header::ACCEPT, "text/html");
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
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        let html = String::from_utf8_lossy(&bytes).into_owned();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/html") {
            assert_eq!(web::testing::faults(&html), Vec::<String>::new(), "{html}");
            assert_ne!(parts.status, StatusCode::INTERNAL_SERVER_ERROR, "{html}");
        }
        Page { status: parts.status, headers: parts.headers, bytes, html }
    }
}

fn typed(page: &Page, action: &str, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields = page.hidden(action);
    fields.retain(|(name, _)| !typed.iter().any(|(n, _)| n == name));
    fields.extend(typed.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    fields
}
