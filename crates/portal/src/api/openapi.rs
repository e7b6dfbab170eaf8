//! `GET /openapi.json`: the description of the portal's API (OpenAPI 3.1). The snapshot in
//! `openapi.snapshot.json` shows every change of the contract in review.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value, json};

use super::documents::Status;
use super::upstream::MAX_CONTENT;
use hub::Portal;
use hub::role::{DETAILS, GRANT_TYPES, scopes};

pub(super) async fn get(State(portal): State<Portal>) -> Response {
    let document = document(portal.provider().issuer(), portal.config().registration_is_open(), portal.has_sandbox());
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=60")),
    ];
    (headers, document.to_string()).into_response()
}

/// The document for a portal at `origin`.
pub fn document(origin: &str, registration: bool, sandbox: bool) -> Value {
    let mut paths = Map::new();
    for (path, item) in oauth().into_iter().chain(resources()).chain(public()).chain(peers()) {
        paths.insert(path.to_owned(), item);
    }
    if registration {
        paths.insert("/oauth/register".to_owned(), register());
    }
    if sandbox {
        paths.insert("/sandbox/drive".to_owned(), drive());
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "属性連携設定サービス / Attribute Linkage Service",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Leg A (linking), leg C (citizen's state, documents)",
            "description": "OAuth 2.0 and OpenID Connect at the FAPI 2.0 Security Profile. The interface is ours, built on public \
                standards; the official one is disclosed only to applicants. Discovery: /.well-known/openid-configuration.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": origin }],
        "paths": paths,
        "components": components(),
    })
}

fn body(media: &str, schema: &Value) -> Value {
    json!({ "required": true, "content": { media: { "schema": schema } } })
}

fn answer(description: &str, media: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { media: { "schema": schema } } })
}

fn component(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn schema(name: &str) -> Value {
    component("schemas", name)
}

/// Answers that every call with a token can get.
fn protected(scope: &str, id: &str, summary: &str, ok: Value) -> Value {
    json!({
        "operationId": id,
        "summary": summary,
        "security": [{ "dpop": [scope] }],
        "parameters": [component("parameters", "DPoP")],
        "responses": {
            "200": ok,
            "400": component("responses", "Problem"),
            "401": component("responses", "Unauthorized"),
            "403": component("responses", "Forbidden"),
            "503": component("responses", "Problem"),
        },
    })
}

fn oauth() -> [(&'static str, Value); 6] {
    let form = "application/x-www-form-urlencoded";
    let json_media = "application/json";
    let metadata = |summary: &str| json!({ "get": { "summary": summary, "responses": { "200": answer("RFC 8414", json_media, &json!({ "type": "object" })) } } });
    let userinfo = json!({ "summary": "The citizen's pairwise subject", "security": [{ "dpop": [scopes::OPENID] }],
        "parameters": [component("parameters", "DPoP")],
        "responses": {
            "200": answer("Who", json_media, &json!({ "type": "object", "required": ["sub"], "properties": { "sub": { "type": "string" } } })),
            "401": component("responses", "Unauthorized"), "403": component("responses", "Forbidden") } });
    [
        ("/.well-known/openid-configuration", metadata("Discovery (OpenID Connect)")),
        ("/.well-known/oauth-authorization-server", metadata("Discovery (RFC 8414)")),
        ("/oauth/jwks", metadata("The portal's public keys (RFC 7517)")),
        (
            "/oauth/par",
            json!({ "post": {
                "operationId": "push",
                "summary": "Push an authorization request (RFC 9126)",
                "description": "Everything goes in the form body; the answer's request_uri is good for 300 s and for one browser. Then send the browser to /oauth/authorize?client_id=…&request_uri=….",
                "requestBody": body(form, &schema("PushedRequest")),
                "responses": {
                    "201": answer("Pushed", json_media, &schema("Pushed")),
                    "400": component("responses", "OAuthError"), "401": component("responses", "OAuthError") },
            } }),
        ),
        (
            "/oauth/token",
            json!({ "post": {
                "operationId": "token",
                "summary": "Trade a code (once, within 60 s) for a DPoP-bound access token of 5 minutes",
                "parameters": [component("parameters", "DPoP")],
                "requestBody": body(form, &schema("TokenRequest")),
                "responses": {
                    "200": answer("Tokens", json_media, &schema("Tokens")),
                    "400": component("responses", "OAuthError"), "401": component("responses", "OAuthError") },
            } }),
        ),
        ("/oauth/userinfo", json!({ "get": userinfo, "post": userinfo })),
    ]
}

fn resources() -> [(&'static str, Value); 3] {
    let query = |name: &str, description: &str, kind: Value| json!({ "name": name, "in": "query", "required": false, "description": description, "schema": kind });
    let mut list = protected(
        scopes::DOCUMENTS,
        "listDocuments",
        "What the granted delivery services hold, each with a status of its own",
        answer("A partial answer beats an error: see services", "application/json", &schema("Documents")),
    );
    push(&mut list, query("delivery_service", "Only this one; it has to be granted", json!({ "type": "string" })));
    push(&mut list, query("type", "Only this kind; it has to be granted", json!({ "type": "string" })));
    push(&mut list, query("year", "Only this year; it has to be granted", json!({ "type": "integer" })));
    let mut content = protected(
        scopes::DOCUMENTS,
        "readDocument",
        "One document as its delivery service has it; relayed, never stored",
        json!({
            "description": format!("At most {MAX_CONTENT} octets"),
            "headers": {
                "Repr-Digest": { "description": "RFC 9530, when the delivery service gives one", "schema": { "type": "string" } },
            },
            "content": { "application/xml": {}, "application/octet-stream": {} },
        }),
    );
    push(&mut content, json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }));
    if let Some(responses) = content["responses"].as_object_mut() {
        responses.insert("404".to_owned(), component("responses", "Problem"));
        responses.insert("409".to_owned(), component("responses", "Problem"));
    }
    let status = protected(
        scopes::USER_STATUS,
        "userStatus",
        "Whether the citizen is registered, and which delivery services are linked",
        answer("The citizen's state", "application/json", &schema("UserStatus")),
    );
    [
        ("/api/v1/user-status", json!({ "get": status })),
        ("/api/v1/documents", json!({ "get": list })),
        ("/api/v1/documents/{id}/content", json!({ "get": content })),
    ]
}

fn push(operation: &mut Value, parameter: Value) {
    if let Some(list) = operation["parameters"].as_array_mut() {
        list.push(parameter);
    }
}

fn public() -> [(&'static str, Value); 3] {
    let status = |summary: &str| json!({ "get": { "summary": summary, "responses": { "200": answer("For everybody", "application/json", &schema("Status")) } } });
    [
        ("/api/v1/status", status("Delivery services and announced maintenance")),
        ("/status.json", status("The same, at a short address")),
        (
            "/openapi.json",
            json!({ "get": { "summary": "This document", "responses": { "200": answer("OpenAPI 3.1", "application/json", &json!({ "type": "object" })) } } }),
        ),
    ]
}

fn peers() -> [(&'static str, Value); 2] {
    let problem = component("responses", "Problem");
    let instruct = json!({ "post": {
        "operationId": "instruct",
        "summary": "For the desk of this portal, where there is one: clients, delivery services, maintenance (docs/registry.md)",
        "requestBody": body(oauth::registry::MEDIA_TYPE, &json!({ "type": "string", "description": "Compact JWS, typ registry+jwt" })),
        "responses": {
            "200": answer("Carried out, or stood so already", "application/json", &json!({ "type": "object" })),
            "400": problem, "401": problem, "403": problem, "404": problem, "409": problem, "415": problem, "422": problem, "503": problem,
        },
    } });
    [
        (oauth::registry::PATH, instruct),
        (
            "/events",
            json!({ "post": {
            "operationId": "pushEvent",
            "summary": "For delivery services: a linkage has ended there (RFC 8417 by RFC 8935)",
            "requestBody": body(oauth::set::MEDIA_TYPE, &json!({ "type": "string", "description": "Compact JWS, typ secevent+jwt" })),
            "responses": {
                "202": { "description": "Taken; also when it came before" },
                "400": answer("Refused (RFC 8935 section 2.3)", "application/json", &json!({
                    "type": "object", "required": ["err"],
                    "properties": { "err": { "type": "string" }, "description": { "type": "string" } } })),
            },
        } }),
        ),
    ]
}

fn register() -> Value {
    let client = json!({ "type": "object", "required": ["client_name", "redirect_uris"], "properties": {
        "client_name": { "type": "string" }, "client_name#ja": { "type": "string" }, "client_name#en": { "type": "string" },
        "redirect_uris": { "type": "array", "items": { "type": "string", "format": "uri" } },
        "jwks": { "type": "object" }, "jwks_uri": { "type": "string", "format": "uri" },
        "scope": { "type": "string" },
        "grant_types": { "type": "array", "items": { "enum": GRANT_TYPES } },
        "authorization_details_types": { "type": "array", "items": { "enum": DETAILS } } } });
    json!({ "post": {
        "operationId": "register",
        "summary": "Test environment only: register a client without the desk (RFC 7591)",
        "requestBody": body("application/json", &client),
        "responses": {
            "201": answer("Registered; there is no client secret", "application/json", &client),
            "400": component("responses", "OAuthError") },
    } })
}

fn drive() -> Value {
    let ask = json!({ "type": "object", "required": ["authorization_url", "person"], "additionalProperties": false, "properties": {
        "authorization_url": { "type": "string", "format": "uri", "description": "As after a pushed request" },
        "person": { "enum": pki::people::PEOPLE.iter().map(|p| p.id).collect::<Vec<_>>() },
        "decisions": { "type": "object", "description": "What the citizen does at each step; what is left out goes through" },
        "lang": { "enum": ["ja", "en"] } } });
    let told = json!({ "type": "object", "required": ["redirect_to", "pages"], "properties": {
        "redirect_to": { "type": ["string", "null"], "description": "Where the browser would go; nothing was sent there" },
        "pages": { "type": "array", "items": { "type": "object", "required": ["page", "took"], "properties": {
            "page": { "type": "string" }, "error": { "type": "string" }, "outcome": { "type": "string" },
            "took": { "type": "integer", "description": "Microseconds" } } } } } });
    json!({ "post": {
        "operationId": "drive",
        "summary": "Test environment only: plays the citizen on the real pages, for CI without a browser",
        "requestBody": body("application/json", &ask),
        "responses": {
            "200": answer("The walk came to its end", "application/json", &told),
            "400": component("responses", "Problem"), "422": component("responses", "Problem"),
            "502": component("responses", "Problem"), "504": component("responses", "Problem") },
    } })
}

fn components() -> Value {
    json!({
        "securitySchemes": {
            "dpop": {
                "type": "http", "scheme": "DPoP",
                "description": "Authorization: DPoP <access token>, and a DPoP header with a proof for this request (RFC 9449) carrying the nonce of the last DPoP-Nonce header",
            },
        },
        "parameters": {
            "DPoP": { "name": "DPoP", "in": "header", "required": true, "schema": { "type": "string" }, "description": "Proof of possession (RFC 9449)" },
        },
        "responses": {
            "Problem": answer("RFC 9457; code says what", "application/problem+json", &schema("Problem")),
            "OAuthError": answer("RFC 6749 section 5.2; error_description says how to mend it", "application/json", &schema("OAuthError")),
            "Unauthorized": answer("Token or proof; WWW-Authenticate says which. use_dpop_nonce: repeat with the nonce of DPoP-Nonce", "application/json", &schema("OAuthError")),
            "Forbidden": {
                "description": "Scope or client status (OAuth error), or outside of what the citizen agreed to (problem not_granted)",
                "content": {
                    "application/json": { "schema": schema("OAuthError") },
                    "application/problem+json": { "schema": schema("Problem") },
                },
            },
        },
        "schemas": schemas(),
    })
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let time = json!({ "type": "string", "format": "date-time" });
    let outcomes: Vec<_> = journey::Outcome::ALL.iter().map(|o| o.as_str()).collect();
    let mut all = Map::new();
    let mut add = |name: &str, required: &[&str], properties: Value| {
        all.insert(name.to_owned(), json!({ "type": "object", "required": required, "properties": properties }));
    };
    add(
        "Problem",
        &["status", "code", "title"],
        json!({ "type": text, "status": { "type": "integer" }, "code": text, "title": text, "detail": text, "receipt": text }),
    );
    add("OAuthError", &["error"], json!({ "error": text, "error_description": text, "outcome": { "enum": outcomes } }));
    add(
        "PushedRequest",
        &[
            "client_assertion",
            "client_assertion_type",
            "response_type",
            "redirect_uri",
            "code_challenge",
            "code_challenge_method",
        ],
        json!({
        "client_assertion_type": { "const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" },
        "client_assertion": { "type": "string", "description": "private_key_jwt; aud is exactly the issuer" },
        "response_type": { "const": "code" },
        "redirect_uri": { "type": "string", "format": "uri" },
        "scope": { "type": "string", "examples": [scopes::ALL.join(" ")] },
        "state": text, "nonce": text,
        "code_challenge": text, "code_challenge_method": { "const": "S256" },
        "dpop_jkt": text,
        "ui_locales": { "type": "string", "examples": ["ja en"] },
        "authorization_details": { "type": "string", "description": "JSON array (RFC 9396)", "contentMediaType": "application/json",
            "contentSchema": { "type": "array", "items": schema("AuthorizationDetail") } } }),
    );
    add("Pushed", &["request_uri", "expires_in"], json!({ "request_uri": text, "expires_in": { "type": "integer" } }));
    add(
        "TokenRequest",
        &["grant_type", "code", "redirect_uri", "code_verifier", "client_assertion", "client_assertion_type"],
        json!({
        "grant_type": { "enum": GRANT_TYPES }, "code": text, "redirect_uri": { "type": "string", "format": "uri" },
        "code_verifier": text, "client_assertion_type": text, "client_assertion": text }),
    );
    add(
        "Tokens",
        &["access_token", "token_type", "expires_in"],
        json!({
        "access_token": text, "token_type": { "const": "DPoP" }, "expires_in": { "type": "integer" }, "scope": text,
        "id_token": text, "outcome": { "enum": outcomes }, "user_status": schema("UserStatus"),
        "authorization_details": { "type": "array", "items": { "type": "object" }, "description": "As asked for, enriched by what became of it" } }),
    );
    add(
        "AuthorizationDetail",
        &["type"],
        json!({
        "type": { "enum": DETAILS },
        "delivery_services": { "type": "array", "description": "attribute_linkage: objects with id and message; delivered_documents: ids" },
        "if_linked": { "enum": ["return", "reconfirm"] },
        "actions": { "type": "array", "items": { "enum": ["list", "read"] } },
        "document_types": { "type": "array", "items": text },
        "years": { "type": "array", "items": { "type": "integer" } },
        "period_days": { "type": "integer", "minimum": 1, "maximum": oauth::rar::MAX_PERIOD_DAYS } }),
    );
    add(
        "UserStatus",
        &["registered", "delivery_services"],
        json!({
        "registered": { "type": "boolean" },
        "delivery_services": { "type": "array", "items": { "type": "object", "required": ["id", "linked"], "properties": {
            "id": text, "linked": { "type": "boolean" }, "linkage_id": text, "linked_at": time } } } }),
    );
    add(
        "Documents",
        &["documents", "services"],
        json!({
        "documents": { "type": "array", "items": schema("Document") },
        "services": { "type": "array", "items": { "type": "object", "required": ["id", "status"], "properties": {
            "id": text, "status": { "enum": Status::ALL } } } } }),
    );
    add(
        "Document",
        &["id", "delivery_service", "type", "title", "issuer"],
        json!({
        "id": { "type": "string", "description": "Opaque; one path segment" }, "delivery_service": text, "type": text,
        "year": { "type": "integer" }, "title": text, "issuer": text, "received_at": time,
        "size": { "type": "integer" }, "digest": { "type": "string", "description": "sha-256=:…: (RFC 9530)" } }),
    );
    let name = json!({ "type": "object", "properties": { "ja": text, "en": text } });
    add(
        "Status",
        &["delivery_services", "maintenance"],
        json!({
        "delivery_services": { "type": "array", "items": { "type": "object", "required": ["id", "name", "operator", "status"], "properties": {
            "id": text, "name": name, "operator": name, "operating": name, "status": { "enum": ["available", "maintenance", "suspended"] } } } },
        "maintenance": { "type": "array", "items": { "type": "object", "required": ["delivery_service", "starts_at", "ends_at"], "properties": {
            "delivery_service": text, "starts_at": time, "ends_at": time, "note": name } } } }),
    );
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use web::Route;

    use super::*;

    const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api/openapi.snapshot.json");

    #[test]
    fn the_contract_changes_on_purpose_only() {
        let now = serde_json::to_string_pretty(&document("https://portal.example", true, true)).unwrap() + "\n";
        if std::env::var_os("ENISHI_UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(SNAPSHOT, &now).unwrap();
        }
        let before = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
        assert!(
            now == before,
            "the API's description has changed; if that is meant, set ENISHI_UPDATE_SNAPSHOTS=1 and commit {SNAPSHOT}"
        );
    }

    fn rows() -> BTreeSet<(String, String)> {
        let api = |r: &&Route| {
            r.who.is_api()
                || crate::api::ROUTES.contains(*r)
                || r.path.starts_with("/.well-known")
                || r.path == "/oauth/jwks"
        };
        let own = crate::ROUTES.iter().copied().chain([provider::ROUTES, provider::SANDBOX_ROUTES]).flatten();
        own.filter(api).map(|r| (r.path.to_owned(), r.method.as_str().to_lowercase())).collect()
    }

    #[test]
    fn every_route_of_the_api_is_described_and_no_other() {
        let document = document("https://portal.example", true, true);
        let mut described = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                described.insert((path.clone(), method.clone()));
            }
        }
        assert_eq!(described, rows());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, root: &Value) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(to)) = map.get("$ref") {
                        assert!(root.pointer(&to[1..]).is_some(), "{to}");
                    }
                    map.values().for_each(|v| walk(v, root));
                }
                Value::Array(list) => list.iter().for_each(|v| walk(v, root)),
                _ => {}
            }
        }
        let document = document("https://portal.example", true, true);
        walk(&document, &document);
    }

    #[test]
    fn production_has_no_sandbox() {
        let document = document("https://portal.example", false, false);
        assert!(document["paths"].get("/sandbox/drive").is_none());
        assert!(document["paths"].get("/oauth/register").is_none());
    }
}
