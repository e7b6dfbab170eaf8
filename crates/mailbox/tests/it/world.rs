//! A portal and a delivery service that reach each other, with a clock moved by hand.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use base::outbound::{BodyStream, Http, Outbound, OutboundError, Request};
use base::{Clock, FakeClock, Rng, Secret, Timestamp};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use jose::SigningKey;
use oauth::fapi::{self, AuthorizationRequest, Pushed, Tokens};
use oauth::pushed::Prompt;
use oauth::rar::{Detail, Details, Linkage};
use oauth::{
    ClientKind, ClientMetadata, ClientName, Keys, OAuthError, PushedRequest, RedirectUri, RegisteredClient, Scope,
};
use parking_lot::Mutex;
use provider::{Client, GrantBody, NewGrant, Provider, Role, Settings, Status};
use serde_json::Value;
use store::testing::TestDb;
use store::{Db, Engine, Sealer};
use tower::ServiceExt as _;
use url::Url;
use web::{Origin, Route, Routes, Site, Visit, Who};

use delivery::kit::Limits;
use delivery::kit::SubjectToken;
use mailbox::{Config, Delivery, PasswordCost};

pub const PORTAL: &str = "http://localhost:7001";
pub const POST: &str = "http://localhost:7002";
pub const CHEAP: PasswordCost = PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 2 };
/// 23 November 2026, 12:00 in Japan.
pub const START: Timestamp = Timestamp(1_795_402_800_000_000);

/// Hosts that answer in this process.
#[derive(Default)]
pub struct Net {
    hosts: Mutex<HashMap<String, Router>>,
    down: Mutex<bool>,
}

impl Net {
    pub fn add(&self, origin: &str, router: Router) {
        self.hosts.lock().insert(origin.to_owned(), router);
    }

    pub fn cut(&self, down: bool) {
        *self.down.lock() = down;
    }
}

#[async_trait]
impl Http for Net {
    async fn send(&self, request: Request) -> Result<base::outbound::Response, OutboundError> {
        if *self.down.lock() {
            return Err(OutboundError::Timeout);
        }
        let url = Url::parse(&request.uri().to_string()).map_err(|e| OutboundError::Connect(e.to_string()))?;
        let router = self.hosts.lock().get(&url.origin().ascii_serialization()).cloned();
        let router = router.ok_or_else(|| OutboundError::Connect("nobody there".to_owned()))?;
        let response = router.oneshot(request.map(Body::from)).await.unwrap_or_else(|e| match e {});
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|e| OutboundError::Connect(e.to_string()))?.to_bytes();
        Ok(http::Response::from_parts(parts, body))
    }

    async fn stream(&self, _: Request, _: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        Err(OutboundError::Forbidden("not in these tests".to_owned()))
    }
}

struct Anything;

#[async_trait]
impl Role for Anything {
    async fn check_pushed(&self, _: &Client, _: &PushedRequest) -> Result<(), OAuthError> {
        Ok(())
    }
}

/// What the test's portal remembers.
pub struct PortalSide {
    pub provider: Provider,
    /// As client of the delivery service.
    pub client: fapi::Client,
    db: Db,
    /// Who single sign-on says it is; `None`: refused.
    pub citizen: Mutex<Option<String>>,
    /// Bodies of `POST /events`.
    pub events: Mutex<Vec<String>>,
    _place: TestDb,
}

pub struct World {
    pub clock: FakeClock,
    pub rng: Rng,
    pub net: Arc<Net>,
    pub portal: Arc<PortalSide>,
    pub delivery: Delivery,
    pub router: Router,
    pub place: TestDb,
}

const PORTAL_ROUTES: &[Route] = &[Route::get("/oauth/authorize", Who::Browser), Route::post("/events", Who::Peer)];

/// The portal's single sign-on: says at once who it is.
async fn portal_authorize(State(portal): State<Arc<PortalSide>>, visit: Visit) -> Response {
    let (client, uri) = (visit.query("client_id").unwrap(), visit.query("request_uri").unwrap());
    let found = portal.provider.request(&client, &uri).await.unwrap().unwrap();
    let r = &found.request;
    let redirect = oauth::response::Redirect {
        redirect_uri: &r.redirect_uri,
        state: r.state.as_deref(),
        issuer: PORTAL,
        outcome: None,
    };
    let citizen = portal.citizen.lock().clone();
    let Some(subject) = citizen else {
        return visit.redirect(&redirect.error(oauth::ErrorCode::AccessDenied, "not linked"));
    };
    let now = visit.site().clock().now();
    let grant = NewGrant {
        client_id: client,
        account: "citizen".to_owned(),
        subject,
        expires: now.plus(Duration::from_secs(600)),
        body: GrantBody {
            redirect_uri: r.redirect_uri.as_str().to_owned(),
            code_challenge: r.code_challenge.clone(),
            dpop_jkt: r.dpop_jkt.clone(),
            nonce: r.nonce.clone(),
            scope: r.scope.clone(),
            auth_time: now,
            acr: None,
            details: Vec::new(),
            extra: serde_json::Map::new(),
            private: serde_json::Map::new(),
            tester: None,
        },
    };
    let provider = portal.provider.clone();
    let code = portal.db.write(move |tx| provider.issue_code(tx, &grant)).await.unwrap();
    visit.redirect(&redirect.code(&code))
}

async fn portal_events(State(portal): State<Arc<PortalSide>>, body: Bytes) -> StatusCode {
    portal.events.lock().push(String::from_utf8(body.to_vec()).unwrap());
    StatusCode::ACCEPTED
}

async fn portal_side(net: &Arc<Net>, clock: &Clock, rng: &Rng) -> Arc<PortalSide> {
    let place = TestDb::new(Engine::Sqlite);
    let db = place.open(&[provider::MIGRATIONS]);
    let outbound: Outbound = net.clone();
    let settings = Settings {
        issuer: PORTAL.to_owned(),
        scope: Scope::of(&["openid"]),
        details: &[],
        grant_types: &["authorization_code"],
        open_registration: false,
        metadata: |_| {},
    };
    let role = Arc::new(Anything);
    let provider =
        Provider::start(&db, &sealer(2), settings, role, outbound.clone(), clock.clone(), rng.clone()).await.unwrap();
    let mihon_post = RegisteredClient {
        client_id: "mihon-post".to_owned(),
        kind: ClientKind::Delivery,
        issued_at: clock.now(),
        metadata: ClientMetadata {
            name: ClientName { ja: "見本ポスト".to_owned(), en: "Mihon Post".to_owned() },
            redirect_uris: vec![RedirectUri::parse(&format!("{POST}/sso/callback")).unwrap()],
            keys: Keys::JwksUri(Url::parse(&format!("{POST}/oauth/jwks")).unwrap()),
            grant_types: vec!["authorization_code".to_owned()],
            scope: Scope::of(&["openid"]),
            authorization_details_types: Vec::new(),
            assertion_alg: None,
            id_token_alg: jose::Alg::Es256,
            initiate_login_uri: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            logo_uri: None,
            contacts: Vec::new(),
        },
    };
    provider.put_client(&mihon_post, Status::Active).await.unwrap();
    let client = fapi::Client::new(
        fapi::Config {
            issuer: POST.to_owned(),
            client_id: "portal".to_owned(),
            signing_key: provider.signing_key().clone(),
            dpop_key: SigningKey::generate(jose::Alg::Es256, rng).unwrap(),
        },
        outbound,
        clock.clone(),
        rng.clone(),
    );
    let side = Arc::new(PortalSide {
        provider: provider.clone(),
        client,
        db,
        citizen: Mutex::new(None),
        events: Mutex::new(Vec::new()),
        _place: place,
    });
    let site = Site::builder("portal", Origin::parse(PORTAL).unwrap())
        .clock(clock.clone())
        .rng(rng.clone())
        .texts(base::Lang::Ja, "service-name = 縁ポータル\n")
        .texts(base::Lang::En, "service-name = Enishi Portal\n")
        .build()
        .unwrap();
    let router = provider
        .mount(Routes::new(&site, PORTAL_ROUTES))
        .get("/oauth/authorize", portal_authorize)
        .post("/events", portal_events)
        .build(side.clone())
        .unwrap();
    net.add(PORTAL, router);
    side
}

pub fn sealer(n: u8) -> Sealer {
    Sealer::new(&Secret::new([n; 32]), Rng::system()).unwrap()
}

pub fn config() -> Config {
    let mut config = Config::test(Origin::parse(POST).unwrap(), Origin::parse(PORTAL).unwrap()).unwrap();
    config.passwords = CHEAP;
    config.limits = Limits { sign_ups: None, ..Limits::default() };
    config
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        Self::with(engine, config()).await
    }

    pub async fn with(engine: Engine, config: Config) -> Self {
        let clock = FakeClock::at(START);
        let rng = Rng::system();
        let net = Arc::new(Net::default());
        let portal = portal_side(&net, &clock.clock(), &rng).await;
        let place = TestDb::new(engine);
        let db = place.open(mailbox::SCHEMA);
        let (delivery, router) =
            mailbox::build(config, db, sealer(1), net.clone(), clock.clock(), rng.clone()).await.unwrap();
        net.add(POST, router.clone());
        Self { clock, rng, net, portal, delivery, router, place }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.clock().now()
    }

    pub fn subject_token(&self, linkage_id: &str, subject: &str) -> String {
        let now = self.now().secs();
        SubjectToken {
            iss: PORTAL.to_owned(),
            aud: POST.to_owned(),
            sub: subject.to_owned(),
            linkage_id: linkage_id.to_owned(),
            nonce: self.rng.token(),
            display: "佐＊ 花＊".to_owned(),
            jti: self.rng.token(),
            iat: now,
            exp: now + 1800,
        }
        .sign(self.portal.provider.signing_key())
        .unwrap()
    }

    /// What the portal's ⑤ does.
    pub async fn push(&self, linkage_id: &str, subject_token: &str) -> Result<Pushed, fapi::ClientError> {
        let detail = Linkage { linkage_id: linkage_id.to_owned(), subject_token: subject_token.to_owned() };
        self.portal
            .client
            .push(&AuthorizationRequest {
                redirect_uri: format!("{PORTAL}/link/callback"),
                scope: Scope::of(&["openid", "linkage"]),
                authorization_details: Details::of(vec![Detail::Linkage(detail)]),
                prompt: vec![Prompt::Login],
                ui_locales: Some("ja".to_owned()),
                ..AuthorizationRequest::default()
            })
            .await
    }

    /// Trades the code of a redirect back.
    pub async fn trade(&self, pushed: &Pushed, back: &str) -> Result<Tokens, fapi::ClientError> {
        let query = back.split_once('?').unwrap().1;
        match pushed.read(query).unwrap() {
            oauth::response::AuthorizationResponse::Code { code, .. } => {
                self.portal.client.exchange(pushed, &code).await
            }
            other => panic!("no code came back: {other:?}"),
        }
    }

    /// A call by the portal with a token of its own.
    pub async fn portal_call(&self, method: http::Method, path: &str, scope: &str) -> (StatusCode, HeaderMap, Bytes) {
        let tokens = self.portal.client.client_credentials(&Scope::of(&[scope])).await.unwrap();
        self.call(method, path, &tokens.access_token, None).await
    }

    pub async fn call(
        &self,
        method: http::Method,
        path: &str,
        token: &Secret<String>,
        body: Option<Value>,
    ) -> (StatusCode, HeaderMap, Bytes) {
        let url = Url::parse(&format!("{POST}{path}")).unwrap();
        let body = body.map(|b| ("application/json", Bytes::from(b.to_string())));
        let response = self.portal.client.call(method, &url, token, body).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, body)
    }
}

/// Bytes as JSON.
pub fn value(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(body)))
}
