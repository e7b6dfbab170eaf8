//! A browser without JavaScript: one cookie jar, forms as they stand on the page.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    page: String,
}

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    #[track_caller]
    pub fn expect(&self, status: StatusCode, page: &str) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self.contains(&format!("data-page=\"{page}\""))
    }

    #[track_caller]
    pub fn contains(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "no {words:?} in {}", self.text);
        self
    }

    pub fn csp(&self) -> &str {
        self.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap()
    }

    #[track_caller]
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The handle on the way back to the portal for challenge `chl_{seed}`.
    #[track_caller]
    pub fn handle(&self, seed: u8) -> String {
        let prefix = format!("http://localhost:7001/card/return/chl_{seed}?handle=");
        self.location().strip_prefix(&prefix).expect(&prefix).to_owned()
    }

    pub async fn follow(&self, browser: &mut Browser) -> Self {
        let to = self.location().to_owned();
        browser.get(&to).await
    }
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), page: String::new() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, String::new()).await
    }

    /// Sends the form of the present page with this action, with further fields.
    pub async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.form(|form| form.contains(&format!("action=\"{action}\"")));
        self.press(&form, fields).await
    }

    /// Sends the form of the present page that has this button.
    pub async fn submit_form(&mut self, act: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.form(|form| form.contains(&format!("data-act=\"{act}\"")));
        self.press(&form, fields).await
    }

    #[track_caller]
    pub fn form(&self, which: impl Fn(&str) -> bool) -> String {
        let forms = self.page.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap());
        forms.into_iter().find(|form| which(form)).unwrap_or_else(|| panic!("no such form: {}", self.page)).to_owned()
    }

    /// Sends a form, also one of an earlier page.
    pub async fn press(&mut self, form: &str, fields: &[(&str, &str)]) -> Page {
        let action = attribute(form, "action").unwrap();
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input").skip(1).filter(|tag| tag.contains("type=\"hidden\"")) {
            body.append_pair(&attribute(input, "name").unwrap(), &attribute(input, "value").unwrap());
        }
        body.extend_pairs(fields);
        self.send(Method::POST, &action, body.finish()).await
    }

    pub async fn send(&mut self, method: Method, path: &str, body: String) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        if !text.is_empty() {
            self.page.clone_from(&text);
        }
        Page { status: parts.status, headers: parts.headers, text }
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    let entities = [("&#x2f;", "/"), ("&#x27;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    Some(entities.iter().fold(value.to_owned(), |text, (entity, c)| text.replace(entity, c)))
}

pub async fn get(router: &Router, path: &str) -> (StatusCode, Vec<u8>) {
    let response = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    (response.status(), response.into_body().collect().await.unwrap().to_bytes().to_vec())
}

pub async fn post_raw(router: &Router, path: &str, body: &str) -> (StatusCode, Value) {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_owned()));
    let response = router.clone().oneshot(request.unwrap()).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

pub async fn post_json(router: &Router, path: &str, body: &Value) -> (StatusCode, Value) {
    post_raw(router, path, &body.to_string()).await
}
