//! Finding out about a server, and what it means when it says no.

use base::outbound::{Outbound, Response};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::ClientError;
use crate::client::ClientMetadata;
use crate::metadata::{self, ServerMetadata};
use crate::redirect;

/// Fetches a server's description and checks that it is that server's (RFC 8414 section 3.3).
pub async fn discover(http: &Outbound, issuer: &str) -> Result<ServerMetadata, ClientError> {
    let issuer_url = redirect::check_url("issuer", issuer)
        .map_err(|_| ClientError::Protocol("the issuer has to be an https address (http only on localhost)"))?;
    let mut found = None;
    for url in [metadata::openid_configuration(issuer), metadata::oauth_authorization_server(&issuer_url)] {
        let request = http::Request::builder()
            .uri(url)
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|_| ClientError::Protocol("the issuer can't be called"))?;
        let response = http.send(request).await?;
        if response.status() == StatusCode::OK {
            found = Some(response);
            break;
        }
    }
    let response = found.ok_or(ClientError::Protocol("the issuer has no discovery document"))?;
    let m: ServerMetadata = serde_json::from_slice(response.body())
        .map_err(|_| ClientError::Protocol("the discovery document is not one of a server with PAR"))?;
    if m.issuer != issuer {
        return Err(ClientError::Protocol("the discovery document is another issuer's"));
    }
    for url in [&m.authorization_endpoint, &m.token_endpoint, &m.pushed_authorization_request_endpoint, &m.jwks_uri] {
        redirect::check_url("endpoint", url.as_str())
            .map_err(|_| ClientError::Protocol("an endpoint in the discovery document is not https"))?;
    }
    Ok(m)
}

/// Registers a client (RFC 7591 section 3), where the server lets anybody: the test environment.
/// Returns the client id.
pub async fn register(
    http: &Outbound,
    server: &ServerMetadata,
    client: &ClientMetadata,
) -> Result<String, ClientError> {
    #[derive(Deserialize)]
    struct Registered {
        client_id: String,
    }
    let url = server
        .registration_endpoint
        .as_ref()
        .ok_or(ClientError::Protocol("the server has no registration_endpoint"))?;
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .body(Bytes::from(Value::Object(client.to_json()).to_string()))
        .map_err(|_| ClientError::Protocol("the registration_endpoint can't be called"))?;
    let response = http.send(request).await?;
    if !response.status().is_success() {
        return Err(oauth_error(&response));
    }
    serde_json::from_slice::<Registered>(response.body())
        .map(|r| r.client_id)
        .map_err(|_| ClientError::Protocol("the registration's answer has no client_id"))
}

/// What the server said, cut to a bearable length. Servers are asked not to echo secrets; ours never do.
pub(super) fn oauth_error(response: &Response) -> ClientError {
    #[derive(Deserialize)]
    struct Body {
        error: String,
        error_description: Option<String>,
    }
    let cut = |s: String| s.chars().filter(|c| !c.is_control()).take(600).collect::<String>();
    match serde_json::from_slice::<Body>(response.body()) {
        Ok(b) => ClientError::OAuth {
            status: response.status().as_u16(),
            error: b.error.chars().filter(|c| !c.is_control()).take(64).collect(),
            description: b.error_description.map(cut),
        },
        Err(_) if response.status().is_server_error() => ClientError::OAuth {
            status: response.status().as_u16(),
            error: "server_error".to_owned(),
            description: None,
        },
        Err(_) => ClientError::Protocol("the server refused without an OAuth error"),
    }
}
