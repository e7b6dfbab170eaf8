//! A portal with a delivery service (one site) and a card stand-in (another), as small as the page contract allows.

use std::sync::Arc;

use async_trait::async_trait;
use base::outbound::{BodyStream, Http, Outbound, OutboundError, Request, Response};
use bytes::Bytes;
use parking_lot::Mutex;

pub const PORTAL: &str = "http://localhost:1";
pub const CARD: &str = "http://localhost:2";

#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    pub path: String,
    pub body: String,
    headers: http::HeaderMap,
}

impl Sent {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    wrong_pins: usize,
    accounts: Vec<String>,
    linked: bool,
}

/// The two sites. Cheap to clone.
#[derive(Clone, Default)]
pub struct Sites(Arc<Mutex<State>>);

impl Sites {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn outbound(&self) -> Outbound {
        Arc::new(self.clone())
    }

    pub fn last(&self, path: &str) -> Sent {
        self.0.lock().sent.iter().rev().find(|s| s.path == path).unwrap().clone()
    }

    pub fn count(&self, method: &str, path: &str) -> usize {
        self.0.lock().sent.iter().filter(|s| s.method == method && s.path == path).count()
    }

    pub fn with_account(self, account: &str) -> Self {
        self.0.lock().accounts.push(account.to_owned());
        self
    }
}

fn to(location: &str) -> Response {
    http::Response::builder().status(303).header("location", location).body(Bytes::new()).unwrap()
}

/// A page whose acts are forms (`act=/path`), or links (`act@/path`).
fn page(id: &str, attributes: &str, fields: &str, acts: &[&str]) -> Response {
    let acts: String = acts
        .iter()
        .map(|a| match a.split_once('@') {
            Some((act, href)) => format!(r#"<a data-act="{act}" href="{href}">{act}</a>"#),
            None => {
                let (act, path) = a.split_once('=').unwrap();
                format!(
                    r#"<form method="post" action="{path}"><input type="hidden" name="csrf" value="t&amp;k">{fields}<button data-act="{act}">{act}</button></form>"#
                )
            }
        })
        .collect();
    let body = format!(
        r#"<!doctype html><html lang="ja"><title>{id}</title><main id="main" data-page="{id}" {attributes}><h1>{id}</h1>{acts}</main></html>"#
    );
    http::Response::builder()
        .header("content-type", "text/html; charset=utf-8")
        .header("referrer-policy", "same-origin")
        .header("content-security-policy", format!("form-action 'self' {PORTAL} {CARD} https://user.example"))
        .body(Bytes::from(body))
        .unwrap()
}

impl State {
    fn answer(&mut self, method: &str, path: &str, body: &str) -> Response {
        let field = |name: &str| {
            url::form_urlencoded::parse(body.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
        };
        let link = ["link=/link", "stop=/stop"];
        match (method, path) {
            ("GET", "/start") => {
                let mut page = page("consent", "", "", &["agree=/agree", "refuse=/refuse", "leak=/leak"]);
                page.headers_mut().insert("set-cookie", "portal=p1; Path=/; HttpOnly; SameSite=Lax".parse().unwrap());
                page
            }
            ("POST", "/agree") => to("/identify"),
            ("POST", "/refuse") => to("https://user.example/cb?error=access_denied"),
            ("POST", "/leak") => to("https://evil.example/x"),
            ("GET", "/circle") => to("/circle?code=secret"),
            ("GET", "/identify") => page("identify", "", "", &["identify=/card", "stop=/stop"]),
            ("POST", "/card") => to(&format!("{CARD}/pick")),
            ("GET", "/pick") => {
                let people = ["hanako", "jun"]
                    .map(|p| format!(r#"<button data-act="pick" name="person" value="{p}">{p}</button>"#))
                    .concat();
                let faults = r#"<button data-act="pick" name="fault" value="card_not_read">x</button>"#;
                page("pick", "", &format!("{people}{faults}"), &["none=/pick"])
            }
            ("POST", "/pick") if field("fault").is_some() => to(&format!("{PORTAL}/card-error")),
            ("POST", "/pick") => to(if field("person").unwrap() == "jun" { "/pin/8888" } else { "/pin/1111" }),
            ("GET", "/card-error") => page("card-error", r#"data-error="E1""#, "", &["retry=/card", "stop=/stop"]),
            ("GET", "/pin/1111" | "/pin/8888") => page(
                "pin",
                "",
                r#"<input type="password" name="pin">"#,
                &[&format!("enter-pin={path}"), "cancel=/pin-cancel"],
            ),
            ("POST", "/pin/1111" | "/pin/8888") if path.strip_prefix("/pin/") == field("pin").as_deref() => {
                to(&format!("{PORTAL}/register"))
            }
            ("POST", "/pin/1111" | "/pin/8888") => {
                self.wrong_pins += 1;
                if self.wrong_pins == 3 { to(&format!("{PORTAL}/locked")) } else { to(path) }
            }
            ("POST", "/pin-cancel") => to(&format!("{PORTAL}/stop")),
            ("GET", "/locked") => page(
                "ended",
                r#"data-error="E3" data-outcome="card_pin_locked""#,
                "",
                &["return=/return/card_pin_locked"],
            ),
            ("GET", "/register") => page("register", "", "", &["register=/register", "stop=/stop"]),
            ("POST", "/register") => to("/link"),
            ("GET", "/link") => page("link", "", "", &link),
            ("POST", "/link" | "/not-linked") => to("/handover"),
            ("GET", "/handover") => page("handover", "", "", &["next@/sign-in", "back=/back", "stop=/stop"]),
            ("POST", "/back") => to("/link"),
            ("POST", "/stop") => to("/stop"),
            ("GET", "/stop") => page("stop", "", "", &["continue=/agree", "return=/return/user_cancelled"]),
            ("POST", path) if path.starts_with("/return/") => {
                to(&format!("https://user.example/cb?outcome={}", &path["/return/".len()..]))
            }
            ("GET", "/sign-in") => {
                let fields = r#"<input type="email" name="email" autocomplete="username" required><input type="password" name="password">"#;
                page("sign-in", "", fields, &["sign-in=/sign-in", "to-sign-up@/sign-up", "cancel=/declined"])
            }
            ("POST", "/sign-in") => {
                let known = self.accounts.contains(&field("email").unwrap()) && field("password").unwrap() == "pw";
                to(if known { "/allow" } else { "/sign-in" })
            }
            ("GET", "/sign-up") => {
                let fields = r#"<input name="family_name" required><input name="given_name" required><input type="email" name="email" required><input type="password" name="password" autocomplete="new-password"><input type="checkbox" name="terms" required>"#;
                page("sign-up", "", fields, &["sign-up=/sign-up", "to-sign-in@/sign-in", "cancel=/declined"])
            }
            ("POST", "/sign-up") => {
                assert!(field("family_name").is_some_and(|n| n == "佐藤") && field("terms").is_some_and(|t| t == "on"));
                let email = field("email").unwrap();
                if self.accounts.contains(&email) {
                    return to("/sign-up");
                }
                self.accounts.push(email);
                to("/allow")
            }
            ("GET", "/allow") => page("allow", "", "", &["allow=/allow", "deny=/declined", "other-account=/other"]),
            ("POST", "/allow") => to("/linked"),
            ("POST", "/other") => to("/sign-in"),
            ("POST", "/declined") => to("/not-linked"),
            ("GET", "/linked") => page("linked", "", "", &["return@/callback"]),
            ("GET", "/callback") => {
                self.linked = true;
                to("https://user.example/cb?code=c&iss=i")
            }
            ("GET", "/not-linked") => {
                page("not-linked", r#"data-error="E9""#, "", &["retry=/not-linked", "return=/return/user_cancelled"])
            }
            ("GET", "/blank") => page("error", "", "", &[]),
            other => unreachable!("{other:?}"),
        }
    }
}

#[async_trait]
impl Http for Sites {
    async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        let (parts, body) = request.into_parts();
        let authority = parts.uri.authority().map(ToString::to_string).unwrap_or_default();
        if !["localhost:1", "localhost:2"].contains(&authority.as_str()) {
            return Err(OutboundError::Connect("unknown host".to_owned()));
        }
        let sent = Sent {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            body: String::from_utf8(body.to_vec()).unwrap(),
            headers: parts.headers,
        };
        let mut state = self.0.lock();
        state.sent.push(sent.clone());
        Ok(state.answer(&sent.method, &sent.path, &sent.body))
    }

    async fn stream(&self, _: Request, _: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        Err(OutboundError::Connect("pages are read whole".to_owned()))
    }
}
