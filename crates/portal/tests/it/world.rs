//! Portal, test cards and a delivery service on a network in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use base::outbound::{BodyStream, Http, Outbound, OutboundError, Request, Response};
use base::{FakeClock, Lang, Rng, Secret, Timestamp};
use bytes::Bytes;
use drive::{Citizen, Decisions, Driven, Person, drive};
use futures_util::StreamExt as _;
use http::Method;
use http_body_util::BodyExt as _;
use jose::{Alg, JwkSet, SigningKey};
use oauth::client::{ClientKind, ClientMetadata, ClientName, Keys, RegisteredClient};
use oauth::fapi::{self, AuthorizationRequest, Pushed, Tokens};
use oauth::rar::{
    AttributeLinkage, DeliveredDocuments, Detail, Details, DocumentAction, ServiceRequest, UserRegistration,
};
use oauth::response::AuthorizationResponse;
use oauth::{RedirectUri, Scope};
use parking_lot::Mutex;
use portal::{CardConfig, Config, DeliveryConfig, DeskConfig, Portal};
use provider::Status;
use store::testing::TestDb;
use store::{Db, Engine, Sealer};
use tower::ServiceExt as _;
use url::Url;
use web::{Environment, Origin};

pub const PORTAL: &str = "https://portal.example";
pub const CARD: &str = "https://card.example";
pub const POST: &str = "https://post.example";
pub const DESK: &str = "https://desk.example";
pub const BACK: &str = "https://tax.example/return";

/// Origins lead to routers; addresses that contain a word of `down` get no answer.
#[derive(Clone, Default)]
pub struct Net {
    hosts: Arc<Mutex<HashMap<String, Router>>>,
    down: Arc<Mutex<Vec<String>>>,
    /// Calls whose request arrives and whose answer is lost.
    lost: Arc<Mutex<Vec<String>>>,
}

impl Net {
    pub fn host(&self, origin: &str, router: Router) {
        self.hosts.lock().insert(origin.to_owned(), router);
    }

    pub fn router(&self, origin: &str) -> Router {
        self.hosts.lock()[origin].clone()
    }

    pub fn down(&self, part: &str) {
        self.down.lock().push(part.to_owned());
    }

    pub fn lose(&self, part: &str) {
        self.lost.lock().push(part.to_owned());
    }

    pub fn up(&self) {
        self.down.lock().clear();
        self.lost.lock().clear();
    }

    async fn deliver(&self, request: Request) -> Result<http::Response<Body>, OutboundError> {
        let (mut parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).unwrap();
        let what = format!("{} {url}", parts.method);
        if self.down.lock().iter().any(|p| what.contains(p.as_str())) {
            return Err(OutboundError::Connect("down (test)".to_owned()));
        }
        let router = self.hosts.lock().get(&url.origin().ascii_serialization()).cloned();
        let router = router.ok_or_else(|| OutboundError::Connect("nobody is there (test)".to_owned()))?;
        parts.uri = url[url::Position::BeforePath..url::Position::AfterQuery].parse().unwrap();
        parts.headers.insert(http::header::HOST, url.authority().parse().unwrap());
        let answer = router.oneshot(http::Request::from_parts(parts, Body::from(body))).await.unwrap();
        if self.lost.lock().iter().any(|p| what.contains(p.as_str())) {
            return Err(OutboundError::Timeout);
        }
        Ok(answer)
    }
}

#[async_trait]
impl Http for Net {
    async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        let (parts, body) = self.deliver(request).await?.into_parts();
        Ok(http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes()))
    }

    async fn stream(&self, request: Request, _: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        let (parts, body) = self.deliver(request).await?.into_parts();
        let stream = body.into_data_stream().map(|b| b.map_err(|e| OutboundError::Connect(e.to_string())));
        Ok(http::Response::from_parts(parts, Box::pin(stream) as BodyStream))
    }
}

pub struct World {
    pub clock: FakeClock,
    pub rng: Rng,
    pub net: Net,
    pub portal: Portal,
    pub db: Db,
    pub delivery: mailbox::Delivery,
    config: Config,
    pub place: TestDb,
    pub desk_key: SigningKey,
    _others: [TestDb; 2],
    client: fapi::Client,
}

fn sealer(n: u8, rng: &Rng) -> Sealer {
    Sealer::new(&Secret::new([n; 32]), rng.clone()).unwrap()
}

fn name(ja: &str, en: &str) -> ClientName {
    ClientName { ja: ja.into(), en: en.into() }
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        let clock = FakeClock::at(Timestamp::from_secs(1_795_438_800));
        let rng = Rng::system();
        let net = Net::default();
        let outbound: Outbound = Arc::new(net.clone());
        let origin = |o: &str| Origin::parse(o).unwrap();

        let cards = TestDb::new(Engine::Sqlite);
        let db = cards.open(&[testcard::MIGRATIONS]);
        let config = testcard::Config {
            origin: origin(CARD),
            relying_parties: vec![origin(PORTAL)],
            master: Secret::new([1; 32]),
            hierarchy: testcard::Hierarchy::Test,
        };
        let card = testcard::build(config, db, clock.clock(), rng.clone()).unwrap();
        net.host(CARD, card.router);

        let post = TestDb::new(Engine::Sqlite);
        let db = post.open(mailbox::SCHEMA);
        let config = mailbox::Config {
            passwords: mailbox::PasswordCost { memory_kib: 64, passes: 1, lanes: 1, at_once: 2 },
            ..mailbox::Config::test(origin(POST), origin(PORTAL)).unwrap()
        };
        let (delivery, router) =
            mailbox::build(config, db, sealer(2, &rng), outbound.clone(), clock.clock(), rng.clone()).await.unwrap();
        net.host(POST, router);

        let get = http::Request::get(format!("{CARD}/ca.pem")).body(Bytes::new()).unwrap();
        let anchors = String::from_utf8(net.send(get).await.unwrap().into_body().to_vec()).unwrap();
        let desk_key = SigningKey::generate(Alg::Es256, &rng).unwrap();
        let jwks = serde_json::json!({ "keys": [desk_key.jwk()] }).to_string();
        net.host(DESK, Router::new().route("/registry/jwks.json", axum::routing::get(async move || jwks)));
        let config = Config {
            origin: origin(PORTAL),
            environment: Environment::Test,
            open_registration: true,
            desk: Some(DeskConfig {
                issuer: DESK.into(),
                jwks_uri: format!("{DESK}/registry/jwks.json").parse().unwrap(),
            }),
            card: CardConfig {
                reader: origin(CARD),
                anchors_pem: anchors,
                crl_base: format!("{CARD}/crl").parse().unwrap(),
                predecessors: Some(format!("{CARD}/api/predecessors").parse().unwrap()),
            },
            deliveries: vec![DeliveryConfig {
                id: "post".into(),
                name: name("みほんポスト", "Sample Post"),
                operator: name("みほん社", "Sample Inc."),
                issuer: POST.into(),
                client_id: "portal".into(),
                resources: None,
                sso_client_id: None,
                initiate_login_uri: None,
                operating: None,
            }],
        };
        let place = TestDb::new(engine);
        let db = place.open(portal::SCHEMA);
        let (portal, router) =
            portal::build(config.clone(), db.clone(), sealer(3, &rng), outbound.clone(), clock.clock(), rng.clone())
                .await
                .unwrap();
        net.host(PORTAL, router);

        let key = SigningKey::generate(Alg::Es256, &rng).unwrap();
        let registered = RegisteredClient {
            client_id: "tax".into(),
            kind: ClientKind::ApiUser,
            issued_at: clock.clock().now(),
            metadata: ClientMetadata {
                name: name("みほん確定申告", "Sample Tax"),
                redirect_uris: vec![RedirectUri::parse(BACK).unwrap()],
                keys: Keys::Jwks(JwkSet::new(vec![key.jwk().clone()])),
                grant_types: vec!["authorization_code".into()],
                scope: Scope::of(portal::role::scopes::ALL),
                authorization_details_types: ["attribute_linkage", "user_registration", "delivered_documents"]
                    .map(str::to_owned)
                    .into(),
                assertion_alg: None,
                id_token_alg: Alg::Es256,
                initiate_login_uri: None,
                client_uri: Some(Url::parse("https://tax.example/").unwrap()),
                policy_uri: None,
                tos_uri: None,
                logo_uri: None,
                contacts: Vec::new(),
            },
        };
        portal.provider().put_client(&registered, Status::Active).await.unwrap();
        let config_ = fapi::Config {
            issuer: PORTAL.into(),
            client_id: "tax".into(),
            signing_key: key,
            dpop_key: SigningKey::generate(Alg::Es256, &rng).unwrap(),
        };
        let client = fapi::Client::new(config_, outbound, clock.clock(), rng.clone());
        Self { clock, rng, net, portal, db, delivery, config, place, desk_key, _others: [cards, post], client }
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Kills the portal and starts it again on its database.
    pub async fn restart(self) -> Self {
        let Self { clock, rng, net, portal, db, delivery, config, place, desk_key, _others, client } = self;
        net.hosts.lock().remove(PORTAL);
        drop((portal, db));
        let mut db = None;
        for _ in 0..100 {
            match Db::open(&place.target, portal::SCHEMA) {
                Ok(open) => {
                    db = Some(open);
                    break;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        let db = db.expect("the database opens again");
        let (portal, router) = portal::build(
            config.clone(),
            db.clone(),
            sealer(3, &rng),
            Arc::new(net.clone()),
            clock.clock(),
            rng.clone(),
        )
        .await
        .unwrap();
        net.host(PORTAL, router);
        Self { clock, rng, net, portal, db, delivery, config, place, desk_key, _others, client }
    }

    /// A further node of the portal on the same database (PostgreSQL).
    pub async fn second_node(&self, change: impl FnOnce(&mut Config)) -> (Portal, Router) {
        let mut config = self.config.clone();
        change(&mut config);
        let (clock, outbound) = (self.clock.clock(), Arc::new(self.net.clone()));
        portal::build(config, self.place.open(portal::SCHEMA), sealer(3, &self.rng), outbound, clock, self.rng.clone())
            .await
            .unwrap()
    }

    /// The API user's client.
    pub const fn client(&self) -> &fapi::Client {
        &self.client
    }

    /// The API user's key, as its client authenticates with it.
    pub async fn metadata(&self) -> serde_json::Map<String, serde_json::Value> {
        let client = self.portal.provider().client("tax").await.unwrap().unwrap();
        client.registered.metadata.to_json()
    }

    pub fn citizen(&self) -> Citizen {
        Citizen::new(Arc::new(self.net.clone()), self.clock.clock()).stopping_at([BACK]).speaking(Lang::Ja)
    }

    /// What the tax service asks for: a link, a registration on the way, documents.
    pub fn details() -> Vec<Detail> {
        vec![
            Detail::AttributeLinkage(AttributeLinkage {
                delivery_services: vec![ServiceRequest { id: "post".into(), message: Some("⑤".into()) }],
                if_linked: oauth::rar::IfLinked::Return,
            }),
            Detail::UserRegistration(UserRegistration {}),
            Self::documents(),
        ]
    }

    pub fn documents() -> Detail {
        Detail::DeliveredDocuments(DeliveredDocuments {
            actions: vec![DocumentAction::List, DocumentAction::Read],
            document_types: Some(vec!["TEG800".into()]),
            years: None,
            delivery_services: None,
            period_days: 30,
        })
    }

    pub async fn push(&self, details: Vec<Detail>) -> Pushed {
        let request = AuthorizationRequest {
            redirect_uri: BACK.into(),
            scope: Scope::of(portal::role::scopes::ALL),
            authorization_details: Details::of(details),
            ..Default::default()
        };
        self.client.push(&request).await.unwrap()
    }

    pub async fn walk(&self, citizen: &mut Citizen, pushed: &Pushed, who: &str, decisions: &Decisions) -> Driven {
        let url = &pushed.authorization_url;
        drive(citizen, url, &person(who), decisions, &|id| Some(person(id))).await.unwrap_or_else(|e| panic!("{e}"))
    }

    pub fn answer(pushed: &Pushed, driven: &Driven) -> AuthorizationResponse {
        let back = driven.redirect_to.as_ref().unwrap_or_else(|| panic!("not returned: {:?}", driven.page_ids()));
        pushed.read(back.query().unwrap()).unwrap()
    }

    pub async fn tokens(&self, pushed: &Pushed, driven: &Driven) -> Tokens {
        match Self::answer(pushed, driven) {
            AuthorizationResponse::Code { code, .. } => self.client.exchange(pushed, &code).await.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// A call without cookies.
    pub async fn portal_call(&self, method: Method, path: &str, body: &str) -> Response {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{PORTAL}{path}"))
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        self.net.send(request).await.unwrap()
    }
}

pub fn person(id: &str) -> Person {
    let p = pki::people::find(id).unwrap_or_else(|| panic!("no test person {id}"));
    let (family, given) = p.name.split_once(' ').unwrap_or((p.name, p.name));
    Person {
        id: p.id.into(),
        family_name: family.into(),
        given_name: given.into(),
        pin: p.pin.into(),
        account: p.email(),
        password: pki::people::MAILBOX_PASSWORD.into(),
        has_account: p.has_mailbox,
    }
}
