//! The room as a role sees it: a router in front, real listeners behind.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, outside of #[test] functions")]

mod listener;
mod outbound;
mod pages;
mod requests;
mod routes;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use base::{Lang, Rng};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use web::{Environment, Fault, Fields, Form, Origin, Route, Routes, Site, Visit, Who};

const ORIGIN: &str = "http://localhost:7009";

const JA: &str = "service-name = 試験\ntitle = 表題\nhello = { $name }さん\nrich = <strong>{ $name }</strong>さん\n";
const EN: &str =
    "service-name = Test\ntitle = Title\nhello = Hello { $name }\nrich = Hello <strong>{ $name }</strong>\n";

const PAGE: &str = r#"{% extends "web/layout.html" %}{% import "web/ui.html" as ui %}{% set h1 = t("title") %}
{% block body %}<p>{{ t("hello", name=name) }}</p><p>{{ t_html("rich", name=name) }}</p>
{% call ui.form("/send?x=1") %}{{ ui.field("nick", "N") }}{{ ui.button("send", "S") }}{% endcall %}{% endblock %}"#;
const BROKEN: &str = r#"{% extends "web/layout.html" %}{% set h1 = nothing %}"#;

fn site(origin: &str, environment: Environment) -> Site {
    Site::builder("test", Origin::parse(origin).unwrap())
        .environment(environment)
        .rng(Rng::seeded(7))
        .form_key(web::FormKey::new([7; 32]))
        .templates(&[("page.html", PAGE), ("broken.html", BROKEN)])
        .texts(Lang::Ja, JA)
        .texts(Lang::En, EN)
        .build()
        .unwrap()
}

const TABLE: &[Route] = &[
    Route::get("/", Who::Browser),
    Route::post("/send", Who::Browser),
    Route::post("/unguarded", Who::Browser),
    Route::get("/broken", Who::Browser),
    Route::get("/panic", Who::Public),
    Route::get("/slow", Who::Public),
    Route::get("/fault", Who::Public),
    Route::get("/api/fault", Who::ClientAuth),
    Route::post("/api/echo", Who::ClientAuth).body(100),
    Route::get("/number/{n}", Who::Public),
    Route::get("/api/number/{n}", Who::ClientAuth),
    Route::get("/away", Who::Browser),
    Route::get("/suggest", Who::Browser),
    Route::post("/sandbox", Who::Sandbox),
];

#[derive(serde::Serialize)]
struct Named {
    name: &'static str,
}

fn page(visit: &Visit) -> web::Page {
    visit.page("page.html", "page").with(Named { name: "<b>&花子" })
}

async fn panics() -> Response {
    panic!("a bug")
}

async fn slow() -> &'static str {
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    "late"
}

fn router(site: &Site) -> Router {
    Routes::new(site, TABLE)
        .time_limit(std::time::Duration::from_millis(300))
        .get("/", async |visit: Visit| page(&visit))
        .post("/send", async |visit: Visit, Form(fields): Form<Fields>| {
            visit.redirect(&format!("/?nick={}", fields.get("nick").unwrap_or("-")))
        })
        .post("/unguarded", async |visit: Visit| visit.redirect("/"))
        .get("/broken", async |visit: Visit| visit.page("broken.html", "broken"))
        .get("/panic", panics)
        .get("/slow", slow)
        .get("/fault", async || -> Result<Response, Fault> { Err(Fault::new("the secret is 1234")) })
        .get("/api/fault", async || -> Result<Response, Fault> { Err(Fault::new("the secret is 1234")) })
        .post("/api/echo", async |form: web::ApiForm| match form.0 {
            Ok(fields) => format!("{fields:?}"),
            Err(error) => format!("error: {error}"),
        })
        .get("/number/{n}", async |n: axum::extract::Path<u8>| n.to_string())
        .get("/api/number/{n}", async |n: axum::extract::Path<u8>| n.to_string())
        .get("/away", async |visit: Visit| page(&visit).form_action(Origin::parse("https://r.example").unwrap()))
        .get("/suggest", async |visit: Visit| {
            visit.suggest_lang(Lang::En);
            page(&visit)
        })
        .post("/sandbox", async || "sand")
        .build(())
        .unwrap()
}

/// An answer, taken apart.
struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn cookies(&self) -> Vec<String> {
        let lines = self.headers.get_all(header::SET_COOKIE);
        lines.iter().map(|v| v.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The token of the first form.
    fn token(&self) -> &str {
        self.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap()
    }
}

async fn send(router: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn get(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(router, "GET", path, headers, "").await
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn test_router() -> Router {
    router(&site(ORIGIN, Environment::Test))
}

/// A listener on a free port and its origin.
async fn listen() -> (tokio::net::TcpListener, Origin) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, Origin::parse(&format!("http://localhost:{port}")).unwrap())
}

/// Starts serving a router and stops when the guard is dropped.
fn start(
    listener: tokio::net::TcpListener,
    router: Router,
    tls: Option<web::serve::TlsConfig>,
) -> (Arc<tokio::sync::Notify>, tokio::task::JoinHandle<std::io::Result<()>>) {
    let stop = Arc::new(tokio::sync::Notify::new());
    let stopped = stop.clone();
    (stop, tokio::spawn(web::serve(listener, router, tls, async move { stopped.notified().await })))
}
