//! `GET /openapi.json`: the description of the kit's resources (OpenAPI 3.1). The snapshot in
//! `openapi.snapshot.json` shows every change of the contract in review.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::Kit;

impl Kit {
    pub(crate) async fn openapi(&self) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("public, max-age=60")),
        ];
        (headers, document(self.0.config.origin.as_str()).to_string()).into_response()
    }
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn answer(description: &str, media: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { media: { "schema": schema } } })
}

fn error(description: &str) -> Value {
    answer(description, "application/json", &reference("schemas", "Error"))
}

/// A call with a DPoP-bound token.
fn protected(id: &str, scope: &str, summary: &str, parameters: &[&str], mut responses: Value) -> Value {
    if let Some(map) = responses.as_object_mut() {
        map.insert("400".to_owned(), error("Something is missing or malformed; the description says what"));
        map.insert("401".to_owned(), reference("responses", "Unauthorized"));
        map.entry("403").or_insert(error("The token is not for this"));
    }
    let parameters: Vec<_> =
        std::iter::once("DPoP").chain(parameters.iter().copied()).map(|p| reference("parameters", p)).collect();
    json!({
        "operationId": id, "summary": summary, "security": [{ "dpop": [scope] }], "parameters": parameters,
        "responses": responses,
    })
}

/// The document for a service at `origin`.
pub fn document(origin: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "民間送達サービス / Delivery service",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Leg B (linkages, events) and leg C (documents), for the portal",
            "description": "OAuth 2.0 and OpenID Connect at the FAPI 2.0 Security Profile; see docs/leg-b.md. \
                Discovery: /.well-known/openid-configuration.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": origin }],
        "paths": {
            "/linkages": { "get": list() },
            "/linkages/{id}": { "get": get(), "put": put(), "delete": delete() },
            "/documents": { "get": documents() },
            "/documents/{id}/content": { "get": content() },
            "/events": { "post": events() },
            "/state": { "get": {
                "operationId": "state", "summary": "Whether the service works",
                "responses": {
                    "200": answer("It does", "application/json", &reference("schemas", "State")),
                    "503": answer("It does not", "application/json", &reference("schemas", "State")),
                },
            } },
        },
        "components": components(),
    })
}

fn list() -> Value {
    let schema = json!({
        "type": "object", "required": ["linkages"],
        "properties": {
            "linkages": { "type": "array", "items": reference("schemas", "Linkage") },
            "next": { "type": "string", "description": "Ask again with after=next" },
        },
    });
    let ok = json!({ "200": answer("By id", "application/json", &schema) });
    protected("listLinkages", "linkages", "Linkages, for reconciliation", &["after", "limit"], ok)
}

fn get() -> Value {
    let responses = json!({
        "200": answer("The linkage", "application/json", &reference("schemas", "Linkage")),
        "404": error("unknown_linkage"),
    });
    protected("getLinkage", "linkages", "One linkage, for repair", &["id"], responses)
}

fn put() -> Value {
    let responses = json!({
        "200": answer("Linked, now or before", "application/json", &reference("schemas", "Linked")),
        "403": error("other_linkage: the token is of another linkage"),
        "409": error("link_conflict: one of the two is linked with another"),
        "410": error("linkage_closed: cancelled, expired or ended"),
        "503": error("temporarily_unavailable: try again"),
    });
    let summary = "Makes the link; the same again when repeated";
    let mut call = protected("putLinkage", "linkage", summary, &["id"], responses);
    call["requestBody"] =
        json!({ "required": true, "content": { "application/json": { "schema": reference("schemas", "Put") } } });
    call
}

fn delete() -> Value {
    let responses = json!({ "204": { "description": "offered → cancelled, active → ended, unknown → cancelled" } });
    protected("deleteLinkage", "linkages", "Withdraws or ends a linkage", &["id"], responses)
}

fn documents() -> Value {
    let list = json!({
        "type": "object", "required": ["documents"],
        "properties": { "documents": { "type": "array", "items": reference("schemas", "Document") } },
    });
    let responses = json!({
        "200": answer("The documents; none is an answer like any other", "application/json", &list),
        "404": error("unknown_linkage"),
        "410": error("linkage_closed"),
    });
    protected("listDocuments", "documents", "Documents of a linked mailbox", &["linkage_id"], responses)
}

fn content() -> Value {
    let digest = json!({ "schema": { "type": "string" }, "description": "sha-256=:…: (RFC 9530)" });
    let responses = json!({
        "200": {
            "description": "The content as a stream",
            "headers": { "Content-Digest": digest, "Repr-Digest": digest },
            "content": { "*/*": {} },
        },
        "404": error("unknown_document or unknown_linkage"),
        "410": error("linkage_closed"),
    });
    protected("getDocumentContent", "documents", "A document", &["id", "linkage_id"], responses)
}

fn events() -> Value {
    json!({
        "operationId": "pushEvent",
        "summary": "Takes a Security Event Token of the portal (RFC 8417, RFC 8935)",
        "requestBody": {
            "required": true, "content": { "application/secevent+jwt": { "schema": { "type": "string" } } },
        },
        "responses": {
            "202": { "description": "Taken; a second time it changes nothing" },
            "400": answer("RFC 8935 section 2.3", "application/json", &reference("schemas", "EventError")),
            "503": answer("The portal's keys can't be fetched", "application/json", &reference("schemas", "EventError")),
        },
    })
}

fn components() -> Value {
    let text = json!({ "type": "string" });
    let time = json!({ "type": "string", "format": "date-time" });
    let id = json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" });
    let words = json!({ "enum": ["offered", "active", "cancelled", "ended"] });
    let opaque = json!({ "type": "string", "maxLength": 4096 });
    let query = |name: &str, required: bool, schema: &Value| json!({ "name": name, "in": "query", "required": required, "schema": schema });
    json!({
        "securitySchemes": { "dpop": {
            "type": "http", "scheme": "DPoP",
            "description": "An access token bound to a key (RFC 9449), with a proof for each request",
        } },
        "parameters": {
            "DPoP": { "name": "DPoP", "in": "header", "required": true, "schema": text },
            "id": { "name": "id", "in": "path", "required": true, "schema": id },
            "linkage_id": query("linkage_id", true, &id),
            "after": query("after", false, &id),
            "limit": query("limit", false, &json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 100 })),
        },
        "responses": { "Unauthorized": {
            "description": "No valid token or proof; DPoP-Nonce holds the nonce for the next proof",
            "headers": { "WWW-Authenticate": { "schema": text }, "DPoP-Nonce": { "schema": text } },
            "content": { "application/json": { "schema": reference("schemas", "Error") } },
        } },
        "schemas": {
            "Error": {
                "type": "object", "required": ["error"],
                "properties": { "error": text, "error_description": text },
            },
            "EventError": { "type": "object", "required": ["err"], "properties": { "err": text, "description": text } },
            "State": { "type": "object", "properties": {
                "state": { "enum": ["ready", "unavailable"] }, "issuer": text, "environment": { "enum": ["test", "production"] },
            } },
            "Put": {
                "type": "object", "required": ["subject_token"], "additionalProperties": false,
                "properties": {
                    "subject_token": { "type": "string", "description": "JWS, typ enishi-subject+jwt" },
                    "message": opaque,
                },
            },
            "Linked": {
                "type": "object", "required": ["linkage_id", "state", "linked_at", "confirmation"],
                "properties": {
                    "linkage_id": id, "state": { "const": "active" }, "linked_at": time,
                    "confirmation": { "type": "string", "description": "JWS, typ enishi-linkage-confirmation+jwt" },
                    "reply": opaque,
                },
            },
            "Linkage": {
                "type": "object", "required": ["linkage_id", "state"],
                "properties": {
                    "linkage_id": id, "state": words, "sub": text, "linked_at": time, "ended_at": time,
                    "confirmation": text, "reply": opaque,
                },
            },
            "Document": {
                "type": "object",
                "required": ["id", "type", "title", "issuer", "size", "digest", "received_at", "content_type"],
                "properties": {
                    "id": id, "type": text, "year": { "type": ["integer", "null"] }, "title": text, "issuer": text,
                    "size": { "type": "integer" }, "received_at": time, "content_type": text,
                    "digest": { "type": "string", "description": "sha-256=:…: (RFC 9530)" },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/kit/openapi.snapshot.json");

    #[test]
    fn the_contract_changes_on_purpose_only() {
        let now = serde_json::to_string_pretty(&document("https://post.example")).unwrap() + "\n";
        if std::env::var_os("ENISHI_UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(SNAPSHOT, &now).unwrap();
        }
        let before = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
        assert!(
            now == before,
            "the API has changed; if that is meant, set ENISHI_UPDATE_SNAPSHOTS=1 and commit the snapshot"
        );
    }

    #[test]
    fn every_route_of_the_api_is_described_and_no_other() {
        let document = document("https://post.example");
        let described: BTreeSet<_> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |m| (path.clone(), m.clone())))
            .collect();
        let routes: BTreeSet<_> = super::super::ROUTES
            .iter()
            .filter(|r| r.who.is_api() || r.path == "/state")
            .map(|r| (r.path.to_owned(), r.method.as_str().to_lowercase()))
            .collect();
        assert_eq!(described, routes);
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
        let document = document("https://post.example");
        walk(&document, &document);
    }
}
