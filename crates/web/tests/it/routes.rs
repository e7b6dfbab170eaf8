//! The route table.

use http::{Method, StatusCode};
use web::{Environment, Route, RouteError, Routes, Who};

use crate::{ORIGIN, get, send, site, test_router};

const TABLE: &[Route] = &[Route::get("/a", Who::Public), Route::post("/a", Who::Peer)];

#[test]
fn handlers_and_rows_must_agree() {
    let site = site(ORIGIN, Environment::Test);
    let errors = Routes::new(&site, TABLE).get("/a", async || "a").get("/b", async || "b").build(()).unwrap_err();
    assert_eq!(errors, [RouteError::NoRow(Method::GET, "/b".into()), RouteError::NoHandler(Method::POST, "/a".into())]);
    let twice =
        Routes::new(&site, TABLE).get("/a", async || "").get("/a", async || "").post("/a", async || "").build(());
    assert_eq!(twice.unwrap_err(), [RouteError::Twice(Method::GET, "/a".into())]);
    const AGAIN: &[Route] = &[Route::get("/a", Who::Public)];
    let again = Routes::new(&site, TABLE).table(AGAIN).get("/a", async || "").post("/a", async || "").build(());
    assert_eq!(again.unwrap_err(), [RouteError::Twice(Method::GET, "/a".into())]);
}

#[tokio::test]
async fn the_sandbox_does_not_exist_in_production() {
    let test = send(&test_router(), "POST", "/sandbox", &[], "").await;
    assert_eq!((test.status, test.body.as_str()), (StatusCode::OK, "sand"));
    let production = crate::router(&site("https://portal.example.jp", Environment::Production));
    assert_eq!(send(&production, "POST", "/sandbox", &[], "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn health_says_whether_it_lives_and_whether_it_is_ready() {
    let site = site(ORIGIN, Environment::Test);
    let router = |ready: bool| {
        Routes::new(&site, &[])
            .ready(move || async move { if ready { Ok(()) } else { Err("the database is away".to_owned()) } })
            .build(())
            .unwrap()
    };
    assert_eq!(get(&router(true), "/health/ready", &[]).await.status, StatusCode::OK);
    let not = get(&router(false), "/health/ready", &[]).await;
    assert_eq!((not.status, not.body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"));
    assert_eq!(get(&router(false), "/health/live", &[]).await.status, StatusCode::OK);
}
