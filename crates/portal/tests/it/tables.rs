//! What stands in tables: statements on both engines, routes with their handlers.

use store::testing::prepare_all;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_understood_by_both_engines() {
    let complaints = prepare_all(portal::SCHEMA, portal::store::STATEMENTS).await;
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// That every row has its handler and every handler its row is checked when the router is built; here:
/// no route is called by anybody it is not for without an answer that says so, and none fails.
#[tokio::test(flavor = "multi_thread")]
async fn no_route_fails_for_a_stranger() {
    use http::{Method, StatusCode};
    let world = crate::world::World::new(store::Engine::Sqlite).await;
    for route in portal::ROUTES.iter().copied().flatten() {
        let path = route.path.replace("{id}", "x").replace("{act}", "stop").replace("{challenge}", "x");
        let answer = world.portal_call(route.method.clone(), &path, "").await;
        assert!(!answer.status().is_server_error(), "{} {path}: {}", route.method, answer.status());
        if route.method == Method::POST && route.who.needs_form() {
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "a POST without our form: {path}");
        }
    }
}
