//! A FAPI 2.0 client without sockets: PAR, PKCE, `private_key_jwt`, DPoP, `iss`, ID Token.
//!
//! ```text
//! push ─▶ (citizen's browser goes to authorization_url and comes back) ─▶ exchange ─▶ call
//! ```

mod discovery;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::outbound::{BodyStream, Outbound, OutboundError, Response};
use base::{Clock, Rng, Secret, Timestamp};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use jose::{KeyError, KeySet, SigningKey, dpop};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::form::Form;
use crate::id_token::{self, IdTokenClaims, IdTokenError, IdTokenExpectation};
use crate::metadata::ServerMetadata;
use crate::pushed::{Prompt, PushedResponse};
use crate::rar::Details;
use crate::remote_keys::RemoteKeys;
use crate::response::{self, AuthorizationResponse, ResponseError, ResponseExpectation};
use crate::scope::Scope;
use crate::token::TokenResponse;
use crate::{assertion, pkce};

pub use discovery::{discover, register};

use discovery::oauth_error;

/// How long a discovery document is used before it is fetched again.
const DISCOVERY_FRESH: Duration = Duration::from_secs(600);
/// Most origins whose nonce is remembered.
const MAX_ORIGINS: usize = 256;

/// Why a call failed. Holds no token, code, assertion or proof.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No answer came. After a timeout it is unknown whether the server acted.
    #[error("network: {0}")]
    Network(#[from] OutboundError),
    /// The server refused, in OAuth's words.
    #[error("the server refused ({status}): {error}: {}", description.as_deref().unwrap_or("without description"))]
    OAuth {
        /// HTTP status.
        status: u16,
        /// Error code as sent.
        error: String,
        /// The server's explanation.
        description: Option<String>,
    },
    /// The answer is not what the protocol says.
    #[error("protocol: {0}")]
    Protocol(&'static str),
    /// The ID Token was refused.
    #[error("{0}")]
    IdToken(#[from] IdTokenError),
    /// The redirect back was refused.
    #[error("{0}")]
    Response(#[from] ResponseError),
    /// Our own key failed.
    #[error("{0}")]
    Key(#[from] KeyError),
}

impl ClientError {
    /// The OAuth error code, when the server sent one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::OAuth { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Who we are at a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The server's issuer, exactly.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Signs assertions; its public half is registered there.
    pub signing_key: SigningKey,
    /// Proves possession of tokens. May live shorter than the other, but longer than the tokens.
    pub dpop_key: SigningKey,
}

/// What to ask the citizen's server for.
#[derive(Clone, Debug, Default)]
pub struct AuthorizationRequest {
    /// Where the citizen comes back: registered exactly so.
    pub redirect_uri: String,
    /// Scopes. With `openid` an ID Token is demanded.
    pub scope: Scope,
    /// In detail.
    pub authorization_details: Details,
    /// How to ask. With [`Prompt::Login`] a fresh `auth_time` is demanded.
    pub prompt: Vec<Prompt>,
    /// Oldest acceptable sign-in, in seconds.
    pub max_age: Option<u64>,
    /// Languages in order of preference, space-separated.
    pub ui_locales: Option<String>,
    /// Authentication context.
    pub acr_values: Option<String>,
    /// Further parameters.
    pub extra: Vec<(String, String)>,
}

/// A request that was pushed. Keep it (sealed: it holds the PKCE verifier) with the browser's session
/// until the citizen comes back.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pushed {
    /// Where to send the citizen.
    pub authorization_url: String,
    /// The server it was pushed to.
    pub issuer: String,
    /// Comes back in the redirect.
    pub state: String,
    /// Comes back in the ID Token, when one is asked for.
    pub nonce: Option<String>,
    /// Proves that it was us.
    pub code_verifier: String,
    /// As pushed.
    pub redirect_uri: String,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Until when the citizen can start.
    pub expires_at: Timestamp,
    /// Whether the citizen was to sign in anew.
    pub fresh_sign_in: bool,
    /// As asked for.
    pub max_age: Option<u64>,
}

impl std::fmt::Debug for Pushed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pushed")
            .field("issuer", &self.issuer)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Pushed {
    /// Reads the query that the citizen's browser brought back, and checks `state` and `iss`.
    pub fn read(&self, query: &str) -> Result<AuthorizationResponse, ResponseError> {
        AuthorizationResponse::parse(query, &ResponseExpectation { state: &self.state, issuer: &self.issuer })
    }
}

/// What a server gave us.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Opaque; bound to our DPoP key.
    pub access_token: Secret<String>,
    /// When it ends, by our clock.
    pub expires_at: Option<Timestamp>,
    /// Checked.
    pub id_token: Option<IdTokenClaims>,
    /// The whole answer: granted details, further members.
    pub response: TokenResponse,
}

struct Inner {
    config: Config,
    http: Outbound,
    clock: Clock,
    rng: Rng,
    discovery: Mutex<Option<(Timestamp, Arc<Discovered>)>>,
    nonces: Mutex<HashMap<String, String>>,
}

struct Discovered {
    metadata: ServerMetadata,
    keys: RemoteKeys,
}

/// A client at one server. Cheap to clone; clones share what they remember.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("issuer", &self.0.config.issuer).finish_non_exhaustive()
    }
}

impl Client {
    /// A client; nothing is fetched yet.
    pub fn new(config: Config, http: Outbound, clock: Clock, rng: Rng) -> Self {
        let discovery = Mutex::new(None);
        Self(Arc::new(Inner { config, http, clock, rng, discovery, nonces: Mutex::new(HashMap::new()) }))
    }

    /// Who we are.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The server's description, fetched when first needed and every ten minutes.
    pub async fn metadata(&self) -> Result<ServerMetadata, ClientError> {
        Ok(self.discovered().await?.metadata.clone())
    }

    /// The server's public keys; fetched anew when `kid` is not among them.
    pub async fn server_keys(&self, kid: Option<&str>) -> Result<KeySet, ClientError> {
        self.discovered().await?.keys.get(&self.0.http, &self.0.clock, kid).await
    }

    async fn discovered(&self) -> Result<Arc<Discovered>, ClientError> {
        let now = self.0.clock.now();
        let old = self.0.discovery.lock().clone();
        if let Some((at, found)) = &old
            && now.since(*at) < DISCOVERY_FRESH
        {
            return Ok(found.clone());
        }
        let found = match (discover(&self.0.http, &self.0.config.issuer).await, old) {
            (Ok(metadata), Some((_, old))) if metadata.jwks_uri == *old.keys.url() && metadata == old.metadata => old,
            (Ok(metadata), _) => {
                let keys = RemoteKeys::new(metadata.jwks_uri.clone());
                Arc::new(Discovered { metadata, keys })
            }
            // A server that does not answer now has not moved.
            (Err(ClientError::Network(_)), Some((_, old))) => return Ok(old),
            (Err(e), _) => return Err(e),
        };
        *self.0.discovery.lock() = Some((now, found.clone()));
        Ok(found)
    }

    /// Pushes a request (RFC 9126). The code will be bound to our DPoP key (`dpop_jkt`, RFC 9449 section 10).
    pub async fn push(&self, request: &AuthorizationRequest) -> Result<Pushed, ClientError> {
        let found = self.discovered().await?;
        let Inner { config, clock, rng, .. } = &*self.0;
        let (state, code_verifier) = (rng.token(), pkce::verifier(rng));
        let nonce = request.scope.has("openid").then(|| rng.token());
        let mut form = Form::of([
            ("response_type", "code"),
            ("client_id", config.client_id.as_str()),
            ("redirect_uri", request.redirect_uri.as_str()),
            ("state", state.as_str()),
            ("code_challenge", pkce::challenge(&code_verifier).as_str()),
            ("code_challenge_method", "S256"),
            ("dpop_jkt", config.dpop_key.kid()),
        ]);
        if !request.scope.is_empty() {
            form.push("scope", request.scope.to_string());
        }
        if !request.authorization_details.is_empty() {
            let json = serde_json::to_string(&request.authorization_details)
                .map_err(|_| ClientError::Protocol("authorization_details can't be written"))?;
            form.push("authorization_details", json);
        }
        if !request.prompt.is_empty() {
            form.push("prompt", request.prompt.iter().map(|p| p.as_str()).collect::<Vec<_>>().join(" "));
        }
        let max_age = request.max_age.map(|s| s.to_string());
        for (name, value) in [
            ("nonce", &nonce),
            ("max_age", &max_age),
            ("ui_locales", &request.ui_locales),
            ("acr_values", &request.acr_values),
        ] {
            if let Some(value) = value {
                form.push(name, value.as_str());
            }
        }
        for (name, value) in &request.extra {
            form.push(name, value.as_str());
        }
        let pushed_at = clock.now();
        let url = &found.metadata.pushed_authorization_request_endpoint;
        // Without a proof: `dpop_jkt` names the key, and the token request proves it.
        let answer: PushedResponse = self.back_channel(url, &form, false).await?;
        let authorization_url =
            response::authorization_url(&found.metadata.authorization_endpoint, &config.client_id, &answer.request_uri);
        Ok(Pushed {
            authorization_url: authorization_url.into(),
            issuer: config.issuer.clone(),
            state,
            nonce,
            code_verifier,
            redirect_uri: request.redirect_uri.clone(),
            pushed_at,
            expires_at: pushed_at.plus(Duration::from_secs(answer.expires_in.min(3600))),
            fresh_sign_in: request.prompt.contains(&Prompt::Login),
            max_age: request.max_age,
        })
    }

    /// Trades a code (RFC 6749 section 4.1.3) and checks the ID Token. The code is spent whatever happens.
    pub async fn exchange(&self, pushed: &Pushed, code: &Secret<String>) -> Result<Tokens, ClientError> {
        if pushed.issuer != self.0.config.issuer {
            return Err(ClientError::Protocol("the request was pushed to another server"));
        }
        let form = Form::of([
            ("grant_type", "authorization_code"),
            ("code", code.expose().as_str()),
            ("redirect_uri", pushed.redirect_uri.as_str()),
            ("code_verifier", pushed.code_verifier.as_str()),
        ]);
        let mut tokens = self.token(&form).await?;
        if let Some(nonce) = &pushed.nonce {
            let id_token = tokens
                .response
                .id_token
                .clone()
                .ok_or(ClientError::Protocol("no id_token, although openid was asked for"))?;
            let (header, Value::Object(_)) = jose::jws::peek::<Value>(&id_token).map_err(IdTokenError::from)? else {
                return Err(ClientError::Protocol("the id_token's claims are not an object"));
            };
            let keys = self.server_keys(header.kid.as_deref()).await?;
            // Counted from the request: the citizen may take minutes between signing in and returning.
            let by_age = pushed.max_age.map(|s| pushed.pushed_at.minus(Duration::from_secs(s)));
            let by_prompt = pushed.fresh_sign_in.then_some(pushed.pushed_at);
            let expect = IdTokenExpectation {
                issuer: &self.0.config.issuer,
                client_id: &self.0.config.client_id,
                nonce: Some(nonce),
                signed_in_since: by_age.max(by_prompt),
                now: self.0.clock.now(),
            };
            tokens.id_token = Some(id_token::check(&id_token, &keys, &expect)?);
        }
        Ok(tokens)
    }

    /// A token for ourselves (RFC 6749 section 4.4).
    pub async fn client_credentials(&self, scope: &Scope) -> Result<Tokens, ClientError> {
        let mut form = Form::of([("grant_type", "client_credentials")]);
        if !scope.is_empty() {
            form.push("scope", scope.to_string());
        }
        self.token(&form).await
    }

    async fn token(&self, form: &Form) -> Result<Tokens, ClientError> {
        let asked_at = self.0.clock.now();
        let url = self.discovered().await?.metadata.token_endpoint.clone();
        let response: TokenResponse = self.back_channel(&url, form, true).await?;
        if !response.token_type.eq_ignore_ascii_case("DPoP") {
            return Err(ClientError::Protocol("token_type is not DPoP: the token is bound to nothing"));
        }
        if response.access_token.is_empty() {
            return Err(ClientError::Protocol("the access_token is empty"));
        }
        Ok(Tokens {
            access_token: Secret::new(response.access_token.clone()),
            expires_at: response.expires_in.map(|s| asked_at.plus(Duration::from_secs(s.min(1 << 31)))),
            id_token: None,
            response,
        })
    }

    /// An authenticated POST; each attempt has its own assertion and proof.
    async fn back_channel<T: DeserializeOwned>(&self, url: &Url, form: &Form, proof: bool) -> Result<T, ClientError> {
        let Inner { config, clock, rng, http, .. } = &*self.0;
        for attempt in 0..2 {
            let assertion = assertion::make(&config.signing_key, &config.client_id, &config.issuer, clock.now(), rng)?;
            let mut form = form.clone();
            form.push("client_assertion_type", assertion::TYPE);
            form.push("client_assertion", assertion);
            let mut request = http::Request::builder()
                .method(Method::POST)
                .uri(url.as_str())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ACCEPT, "application/json");
            if proof {
                request = request.header("DPoP", self.proof("POST", url, None)?);
            }
            let request = request
                .body(Bytes::from(form.encode()))
                .map_err(|_| ClientError::Protocol("the request can't be built"))?;
            let response = http.send(request).await?;
            let new_nonce = self.remember_nonce(url, response.headers());
            if response.status().is_success() {
                return serde_json::from_slice(response.body())
                    .map_err(|_| ClientError::Protocol("the answer is not the JSON that was expected"));
            }
            let error = oauth_error(&response);
            if proof && attempt == 0 && new_nonce && error.code() == Some("use_dpop_nonce") {
                continue;
            }
            return Err(error);
        }
        Err(ClientError::Protocol("the server asks for a DPoP nonce again and again"))
    }

    /// Calls a resource with a token of ours. `body`: media type and octets. Whatever status comes
    /// back is the caller's to judge, but for a demand for a nonce, which is met once.
    pub async fn call(
        &self,
        method: Method,
        url: &Url,
        token: &Secret<String>,
        body: Option<(&str, Bytes)>,
    ) -> Result<Response, ClientError> {
        let response = self.0.http.send(self.bound(&method, url, token, body.as_ref())?).await?;
        if !self.must_retry(url, response.status(), response.headers()) {
            return Ok(response);
        }
        let response = self.0.http.send(self.bound(&method, url, token, body.as_ref())?).await?;
        self.remember_nonce(url, response.headers());
        Ok(response)
    }

    /// [`Self::call`] with `GET`, handing over the body as it arrives: at most `limit` octets.
    pub async fn stream(
        &self,
        url: &Url,
        token: &Secret<String>,
        limit: u64,
    ) -> Result<http::Response<BodyStream>, ClientError> {
        let response = self.0.http.stream(self.bound(&Method::GET, url, token, None)?, limit).await?;
        if !self.must_retry(url, response.status(), response.headers()) {
            return Ok(response);
        }
        let response = self.0.http.stream(self.bound(&Method::GET, url, token, None)?, limit).await?;
        self.remember_nonce(url, response.headers());
        Ok(response)
    }

    fn bound(
        &self,
        method: &Method,
        url: &Url,
        token: &Secret<String>,
        body: Option<&(&str, Bytes)>,
    ) -> Result<http::Request<Bytes>, ClientError> {
        let proof = self.proof(method.as_str(), url, Some(token.expose()))?;
        let mut request = http::Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(header::AUTHORIZATION, format!("DPoP {}", token.expose()))
            .header("DPoP", proof);
        if let Some((media, _)) = body {
            request = request.header(header::CONTENT_TYPE, *media);
        }
        let body = body.map_or_else(Bytes::new, |(_, b)| b.clone());
        request.body(body).map_err(|_| ClientError::Protocol("the request can't be built"))
    }

    fn proof(&self, method: &str, url: &Url, token: Option<&String>) -> Result<String, ClientError> {
        let nonce = self.0.nonces.lock().get(&url.origin().ascii_serialization()).cloned();
        let Inner { config, clock, rng, .. } = &*self.0;
        let token = token.map(String::as_str);
        Ok(dpop::prove(&config.dpop_key, method, url.as_str(), token, nonce.as_deref(), clock.now(), rng)?)
    }

    /// Takes the nonce of an answer (RFC 9449 section 8.2); whether there was one.
    fn remember_nonce(&self, url: &Url, headers: &HeaderMap) -> bool {
        let Some(nonce) = headers.get("DPoP-Nonce").and_then(|v| v.to_str().ok()).filter(|n| n.len() <= 512) else {
            return false;
        };
        let mut nonces = self.0.nonces.lock();
        let origin = url.origin().ascii_serialization();
        if nonces.len() >= MAX_ORIGINS && !nonces.contains_key(&origin) {
            nonces.clear();
        }
        nonces.insert(origin, nonce.to_owned());
        true
    }

    /// Whether a resource only wants a nonce (RFC 9449 section 9), which we then have.
    fn must_retry(&self, url: &Url, status: StatusCode, headers: &HeaderMap) -> bool {
        let new_nonce = self.remember_nonce(url, headers);
        let mut challenges = headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|v| v.to_str().ok());
        new_nonce && status == StatusCode::UNAUTHORIZED && challenges.any(|c| c.contains("use_dpop_nonce"))
    }
}
