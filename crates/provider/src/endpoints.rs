//! The endpoints themselves.

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode, Uri};
use oauth::client::RegistrationPolicy;
use oauth::{ClientKind, ClientMetadata, Form, OAuthError, RegisteredClient, ServerMetadata};
use serde_json::Value;
use url::Url;
use web::{Route, Routes, Who};

use crate::clients::ID_TOKEN_ALGS;
use crate::resource::one_proof;
use crate::token::Call;
use crate::{Provider, Settings, Status};

/// Discovery, keys, pushed requests, tokens, UserInfo.
pub const ROUTES: &[Route] = &[
    Route::get("/.well-known/openid-configuration", Who::Public),
    Route::get("/.well-known/oauth-authorization-server", Who::Public),
    Route::get("/oauth/jwks", Who::Public),
    Route::post("/oauth/par", Who::ClientAuth).body(oauth::form::MAX_BODY),
    Route::post("/oauth/token", Who::ClientAuth),
    Route::get("/oauth/userinfo", Who::AccessToken { scope: "openid" }),
    Route::post("/oauth/userinfo", Who::AccessToken { scope: "openid" }),
];

/// Registration by developers themselves (RFC 7591): the test environment only.
pub const SANDBOX_ROUTES: &[Route] = &[Route::post("/oauth/register", Who::Sandbox)];

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The discovery document.
pub(crate) fn discovery(settings: &Settings) -> Value {
    let issuer = &settings.issuer;
    let at = |path: &str| Url::parse(&format!("{issuer}{path}"));
    let (Ok(authorize), Ok(token), Ok(par), Ok(jwks)) =
        (at("/oauth/authorize"), at("/oauth/token"), at("/oauth/par"), at("/oauth/jwks"))
    else {
        // An issuer is a checked origin, so this does not happen; without it clients see an empty document.
        return Value::Null;
    };
    let mut m = ServerMetadata::fapi(issuer, authorize, token, par, jwks);
    m.scopes_supported = settings.scope.iter().map(str::to_owned).collect();
    m.authorization_details_types_supported = settings.details.iter().map(|s| (*s).to_owned()).collect();
    m.grant_types_supported = settings.grant_types.iter().map(|s| (*s).to_owned()).collect();
    m.userinfo_endpoint = at("/oauth/userinfo").ok();
    m.claims_supported = ["iss", "sub", "aud", "exp", "iat", "nonce", "auth_time", "acr"].map(str::to_owned).to_vec();
    if settings.open_registration {
        m.registration_endpoint = at("/oauth/register").ok();
    }
    (settings.metadata)(&mut m);
    serde_json::to_value(&m).unwrap_or_default()
}

/// The JSON answer of an error.
pub(crate) fn error(e: &OAuthError) -> Response {
    let status = StatusCode::from_u16(e.status).unwrap_or(StatusCode::BAD_REQUEST);
    json(status, e.body())
}

fn json(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A document that changes only with a release or a new key.
fn public(body: String) -> Response {
    let mut response = json(StatusCode::OK, body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    response
}

impl Provider {
    /// Registers the handlers of [`ROUTES`] and, where the table has it, of [`SANDBOX_ROUTES`].
    pub fn mount<S: Clone + Send + Sync + 'static>(&self, routes: Routes<S>) -> Routes<S> {
        let (a, b, c, d, e) = (self.clone(), self.clone(), self.clone(), self.clone(), self.clone());
        let (f, g) = (self.clone(), self.clone());
        let routes = routes
            .table(ROUTES)
            .get("/.well-known/openid-configuration", async move || public(a.0.discovery.clone()))
            .get("/.well-known/oauth-authorization-server", async move || public(b.0.discovery.clone()))
            .get("/oauth/jwks", async move || public(c.0.jwks.clone()))
            .post("/oauth/par", async move |uri: Uri, headers: HeaderMap, body: Bytes| {
                d.par_endpoint(&uri, &headers, &body).await
            })
            .post("/oauth/token", async move |uri: Uri, headers: HeaderMap, body: Bytes| {
                e.token_endpoint(&uri, &headers, &body).await
            })
            .get("/oauth/userinfo", async move |method, uri: Uri, headers: HeaderMap| {
                f.userinfo(&method, &uri, &headers).await
            })
            .post("/oauth/userinfo", async move |method, uri: Uri, headers: HeaderMap| {
                g.userinfo(&method, &uri, &headers).await
            });
        if self.0.settings.open_registration {
            let h = self.clone();
            routes
                .table(SANDBOX_ROUTES)
                .post("/oauth/register", async move |body: Bytes| h.register_endpoint(&body).await)
        } else {
            routes
        }
    }

    async fn par_endpoint(&self, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
        let htu = format!("{}/oauth/par", self.issuer());
        let result = async {
            let form = Form::from_request(content_type(headers), uri.query(), body)?;
            self.push(&Call { form: &form, proof: one_proof(headers)?, htu: &htu }).await
        };
        match result.await {
            Ok(pushed) => {
                let body = serde_json::to_string(&pushed).unwrap_or_default();
                self.with_nonce(json(StatusCode::CREATED, body))
            }
            Err(e) => self.with_nonce(error(&e)),
        }
    }

    async fn token_endpoint(&self, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
        let htu = format!("{}/oauth/token", self.issuer());
        let result = async {
            let form = Form::from_request(content_type(headers), uri.query(), body)?;
            self.token(&Call { form: &form, proof: one_proof(headers)?, htu: &htu }).await
        };
        match result.await {
            Ok(response) => self.with_nonce(json(StatusCode::OK, response.body())),
            Err(e) => self.with_nonce(error(&e)),
        }
    }

    async fn userinfo(&self, method: &http::Method, uri: &Uri, headers: &HeaderMap) -> Response {
        match self.access(method, uri.path(), headers, "openid").await {
            Ok(access) => match &access.grant {
                Some(grant) => json(StatusCode::OK, serde_json::json!({ "sub": grant.subject }).to_string()),
                None => {
                    error(&OAuthError::new(oauth::ErrorCode::InsufficientScope, "this token is not about a citizen"))
                }
            },
            Err(refusal) => refusal.into_response(),
        }
    }

    async fn register_endpoint(&self, body: &[u8]) -> Response {
        match self.register(body).await {
            Ok(client) => {
                let mut response = json(StatusCode::CREATED, client.response().to_string());
                response.headers_mut().remove(LOCATION);
                response
            }
            Err(e) => error(&e),
        }
    }

    /// Registers a client from RFC 7591 metadata, as a developer does in the test environment.
    ///
    /// # Errors
    /// `invalid_client_metadata` or `invalid_redirect_uri`, naming the member.
    pub async fn register(&self, body: &[u8]) -> Result<RegisteredClient, OAuthError> {
        let settings = &self.0.settings;
        let metadata = ClientMetadata::from_json(
            body,
            &RegistrationPolicy {
                grant_types: settings.grant_types,
                scope: &settings.scope,
                authorization_details_types: settings.details,
                id_token_algs: ID_TOKEN_ALGS,
            },
        )?;
        let now = self.0.clock.now();
        let client = RegisteredClient {
            client_id: format!("cl_{}", base::id::ulid(now, &self.0.rng)),
            kind: ClientKind::ApiUser,
            issued_at: now,
            metadata,
        };
        self.put_client(&client, Status::Active).await.map_err(crate::token::database)?;
        Ok(client)
    }

    /// Every answer brings the nonce for the next proof, so that a client seldom needs two tries.
    fn with_nonce(&self, mut response: Response) -> Response {
        if let Ok(value) = HeaderValue::from_str(&self.dpop_nonce()) {
            response.headers_mut().insert(DPOP_NONCE, value);
        }
        response
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok())
}
