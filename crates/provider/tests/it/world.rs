//! One authorization server, its clients, and a wire between them that needs no sockets.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use base::outbound::{BodyStream, Http, OutboundError, Request, Response};
use base::{Clock, FakeClock, Rng, Secret, Timestamp};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt as _;
use jose::{Alg, SigningKey};
use oauth::fapi::{Client, Config, Tokens};
use oauth::{Form, OAuthError, PushedRequest, Scope, assertion, pkce};
use parking_lot::Mutex;
use provider::{GrantBody, NewGrant, Provider, Role, Settings};
use serde_json::{Value, json};
use store::testing::TestDb;
use store::{Db, Engine, Sealer};
use tower::ServiceExt as _;
use url::Url;

pub const ISSUER: &str = "https://as.example";
pub const REDIRECT: &str = "https://client.example/callback";

struct AnyRequest;

#[async_trait]
impl Role for AnyRequest {
    async fn check_pushed(&self, _: &provider::Client, _: &PushedRequest) -> Result<(), OAuthError> {
        Ok(())
    }
}

/// Hands requests to the router that runs now.
struct Wire(Arc<Mutex<Router>>);

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        let (mut parts, body) = request.into_parts();
        parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
        let request = http::Request::from_parts(parts, Body::from(body));
        let router = self.0.lock().clone();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        Ok(http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes()))
    }

    async fn stream(&self, _: Request, _: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        Err(OutboundError::Connect("no streams here".to_owned()))
    }
}

/// Nobody is out there.
struct Nowhere;

#[async_trait]
impl Http for Nowhere {
    async fn send(&self, _: Request) -> Result<Response, OutboundError> {
        Err(OutboundError::Connect("nobody is there".to_owned()))
    }
    async fn stream(&self, _: Request, _: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        Err(OutboundError::Connect("nobody is there".to_owned()))
    }
}

pub struct World {
    pub clock: FakeClock,
    pub rng: Rng,
    pub db: Db,
    pub provider: Provider,
    router: Arc<Mutex<Router>>,
    place: TestDb,
}

async fn start(db: &Db, clock: Clock, rng: &Rng) -> (Provider, Router) {
    let sealer = Sealer::new(&Secret::new([7; 32]), rng.clone()).unwrap();
    let settings = Settings {
        issuer: ISSUER.to_owned(),
        scope: Scope::of(&["openid", "data"]),
        details: &["attribute_linkage"],
        grant_types: &["authorization_code", "client_credentials"],
        open_registration: true,
        metadata: |_| (),
    };
    let provider =
        Provider::start(db, &sealer, settings, Arc::new(AnyRequest), Arc::new(Nowhere), clock.clone(), rng.clone())
            .await
            .unwrap();
    let site = web::Site::builder("test", web::Origin::parse(ISSUER).unwrap())
        .clock(clock)
        .form_key(Secret::new([1; 32]))
        .texts(base::Lang::Ja, "service-name = 試験\n")
        .texts(base::Lang::En, "service-name = Test\n")
        .build()
        .unwrap();
    let routes = provider.mount(web::Routes::new(&site, &[]));
    (provider, routes.build(()).unwrap())
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        let place = TestDb::new(engine);
        let db = place.open(&[provider::MIGRATIONS]);
        let clock = FakeClock::at(Timestamp::from_secs(1_780_000_000));
        let rng = Rng::system();
        let (provider, router) = start(&db, clock.clock(), &rng).await;
        Self { clock, rng, db, provider, router: Arc::new(Mutex::new(router)), place }
    }

    /// As after a crash: the same database, nothing else.
    pub async fn restart(&mut self) {
        // SQLite lets one process in at a time, so everything that holds the old one has to go first.
        let elsewhere = TestDb::new(Engine::Sqlite);
        self.db = elsewhere.open(&[provider::MIGRATIONS]);
        let (provider, router) = start(&self.db, self.clock.clock(), &self.rng).await;
        self.provider = provider;
        *self.router.lock() = router;
        self.db = self.place.open(&[provider::MIGRATIONS]);
        let (provider, router) = start(&self.db, self.clock.clock(), &self.rng).await;
        self.provider = provider;
        *self.router.lock() = router;
    }

    /// A newly registered client.
    pub async fn client(&self) -> Client {
        let signing_key = SigningKey::generate(Alg::Es256, &self.rng).unwrap();
        let body = json!({
            "client_name": "Test", "redirect_uris": [REDIRECT], "grant_types": ["authorization_code"],
            "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [signing_key.jwk().to_value()] },
        });
        let registered = self.provider.register(body.to_string().as_bytes()).await.unwrap();
        self.client_with(Config {
            issuer: ISSUER.to_owned(),
            client_id: registered.client_id,
            signing_key,
            dpop_key: SigningKey::generate(Alg::Es256, &self.rng).unwrap(),
        })
    }

    pub fn client_with(&self, config: Config) -> Client {
        Client::new(config, Arc::new(Wire(self.router.clone())), self.clock.clock(), self.rng.clone())
    }

    /// What a role does when the person agrees.
    pub async fn allow(&self, authorization_url: &str) -> String {
        let (client_id, request_uri) = split(authorization_url);
        let loaded = self.provider.request(&client_id, &request_uri).await.unwrap().unwrap();
        let now = self.clock.clock().now();
        let mut extra = serde_json::Map::new();
        extra.insert("user_status".to_owned(), json!({ "registered": true }));
        let grant = NewGrant {
            client_id,
            account: "ctz_1".to_owned(),
            subject: "subject-1".to_owned(),
            expires: now.plus(std::time::Duration::from_secs(86_400)),
            body: GrantBody {
                redirect_uri: loaded.request.redirect_uri.as_str().to_owned(),
                code_challenge: loaded.request.code_challenge.clone(),
                dpop_jkt: loaded.request.dpop_jkt.clone(),
                nonce: loaded.request.nonce.clone(),
                scope: loaded.request.scope.clone(),
                auth_time: now,
                acr: None,
                details: Vec::new(),
                extra,
                private: serde_json::Map::new(),
                tester: None,
            },
        };
        let provider = self.provider.clone();
        self.db.write(move |tx| provider.issue_code(tx, &grant)).await.unwrap()
    }

    pub async fn tokens(&self, client: &Client) -> Tokens {
        let request = oauth::fapi::AuthorizationRequest {
            redirect_uri: REDIRECT.to_owned(),
            scope: Scope::of(&["openid", "data"]),
            ..Default::default()
        };
        let pushed = client.push(&request).await.unwrap();
        let code = self.allow(&pushed.authorization_url).await;
        client.exchange(&pushed, &Secret::new(code)).await.unwrap()
    }

    pub fn push_form(&self, client_id: &str, jwt: &str) -> Form {
        Form::of([
            ("client_id", client_id),
            ("client_assertion_type", assertion::TYPE),
            ("client_assertion", jwt),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid"),
            ("nonce", "n"),
            ("code_challenge", &pkce::challenge(&pkce::verifier(&self.rng))),
            ("code_challenge_method", "S256"),
        ])
    }

    pub async fn post(&self, path: &str, form: &Form, proof: Option<&str>) -> (StatusCode, Value) {
        let mut request = http::Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        self.ask(request.body(Body::from(form.encode())).unwrap()).await
    }

    pub async fn get(&self, path: &str, token: &str, proof: &str) -> (StatusCode, Value) {
        let request = http::Request::get(path).header("authorization", format!("DPoP {token}")).header("dpop", proof);
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    fn running(&self) -> Router {
        self.router.lock().clone()
    }

    async fn ask(&self, request: http::Request<Body>) -> (StatusCode, Value) {
        let response = self.running().oneshot(request).await.unwrap();
        let status = response.status();
        let body: Bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// A nonce as the server gives it with any answer.
    pub async fn nonce(&self) -> String {
        let request = http::Request::post("/oauth/token").body(Body::empty()).unwrap();
        let response = self.running().oneshot(request).await.unwrap();
        response.headers()["dpop-nonce"].to_str().unwrap().to_owned()
    }
}

/// `client_id` and `request_uri` of an authorization URL.
pub fn split(authorization_url: &str) -> (String, String) {
    let url = Url::parse(authorization_url).unwrap();
    let get = |name: &str| url.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
    (get("client_id"), get("request_uri"))
}
