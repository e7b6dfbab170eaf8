//! The sample service, a portal made of the real authorization server, signed documents, and a wire
//! between them without sockets that can be cut.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response as Answer};
use base::outbound::{BodyStream, Http, OutboundError, Request, Response};
use base::{FakeClock, Lang, Rng, Secret, Timestamp};
use bytes::Bytes;
use document::{KeyAndCertificate, samples};
use http::{HeaderMap, StatusCode, Uri};
use http_body_util::BodyExt as _;
use oauth::ErrorCode;
use oauth::rar::{Granted, ServiceResult, types};
use oauth::response::Redirect;
use oauth::{OAuthError, PushedRequest, Scope};
use parking_lot::Mutex;
use pki::testca::{IssuerCa, IssuerName};
use pki::{Anchors, RsaKey};
use provider::{GrantBody, NewGrant, Provider, Role, Settings};
use serde_json::{Map, json};
use store::testing::TestDb;
use store::{Db, Engine, Sealer};
use tower::ServiceExt as _;
use url::Url;
use web::{Route, Who};

use super::browser::Browser;
use crate::{Config, DeliveryService, MIGRATIONS, Outcome, Portal, Sample, Trust, name};

pub(super) const SAMPLE: &str = "http://localhost:7003";
pub(super) const PORTAL: &str = "http://localhost:7001";
/// 2026-11-02T03:00:00Z
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_793_588_400);

const PORTAL_ROUTES: &[Route] = &[
    Route::get("/api/v1/documents", Who::AccessToken { scope: "documents" }),
    Route::get("/api/v1/documents/{id}/content", Who::AccessToken { scope: "documents" }),
    Route::get("/roots.pem", Who::Public),
];

/// Issuers of documents; making keys takes a while, so once for all tests.
pub(super) struct Issuers {
    pub(super) roots: String,
    own: Vec<(RsaKey, Vec<u8>)>,
    foreign: (RsaKey, Vec<u8>),
}

pub(super) static ISSUERS: LazyLock<Issuers> = LazyLock::new(|| {
    let rng = Rng::seeded(7);
    let issued = Timestamp::from_secs(1_780_000_000);
    let (ca, other) = (IssuerCa::generate(issued, &rng).unwrap(), IssuerCa::generate(issued, &rng).unwrap());
    let issue = |ca: &IssuerCa, i: &samples::Issuer| {
        ca.issue_issuer(&IssuerName { organisation: i.name, corporate_number: i.corporate_number }, issued, &rng)
            .unwrap()
    };
    Issuers {
        roots: ca.cert_pem(),
        own: samples::ISSUERS.iter().map(|i| issue(&ca, i)).collect(),
        foreign: issue(&other, &samples::ISSUERS[0]),
    }
});

/// The signed documents of 鈴木 一郎, in the order of `samples::ISSUERS`.
pub(super) fn documents() -> Vec<String> {
    let certificates = samples::certificates("ichiro", "鈴木 一郎", 2026);
    let sign = |(c, (key, certificate)): (&document::Certificate, &(RsaKey, Vec<u8>))| {
        document::sign(&c.to_xml().unwrap(), &KeyAndCertificate { key, certificate }).unwrap()
    };
    certificates.iter().zip(&ISSUERS.own).map(sign).collect()
}

/// A document whose signature holds, by an issuer nobody trusts.
pub(super) fn foreign_document() -> String {
    let certificates = samples::certificates("ichiro", "鈴木 一郎", 2026);
    let (key, certificate) = &ISSUERS.foreign;
    document::sign(&certificates[0].to_xml().unwrap(), &KeyAndCertificate { key, certificate }).unwrap()
}

/// Routers by `host:port`; the portal can be cut off.
#[derive(Default)]
pub(super) struct Wire {
    routers: Mutex<BTreeMap<String, Router>>,
    pub(super) portal_is_down: AtomicBool,
}

impl Wire {
    async fn route(&self, request: Request) -> Result<Response, OutboundError> {
        let (mut parts, body) = request.into_parts();
        let authority = parts.uri.authority().unwrap().to_string();
        if self.portal_is_down.load(Ordering::SeqCst) && PORTAL.ends_with(&authority) {
            return Err(OutboundError::Connect("cut".to_owned()));
        }
        let router = self.routers.lock().get(&authority).cloned();
        let router = router.ok_or_else(|| OutboundError::Connect("nobody there".to_owned()))?;
        parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
        let answer = router.oneshot(http::Request::from_parts(parts, Body::from(body))).await.unwrap();
        let (parts, body) = answer.into_parts();
        Ok(http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes()))
    }
}

/// The wire as [`Http`].
pub(super) struct Ends(pub(super) Arc<Wire>);

#[async_trait]
impl Http for Ends {
    async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        self.0.route(request).await
    }
    async fn stream(&self, request: Request, limit: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        let (parts, body) = self.0.route(request).await?.into_parts();
        let piece = if body.len() as u64 > limit { Err(OutboundError::TooLarge(limit)) } else { Ok(body) };
        let stream: BodyStream = Box::pin(futures_util::stream::iter([piece]));
        Ok(http::Response::from_parts(parts, stream))
    }
}

/// Counts what was pushed.
pub(super) struct AnyRequest;

#[async_trait]
impl Role for AnyRequest {
    async fn check_pushed(&self, _: &provider::Client, _: &PushedRequest) -> Result<(), OAuthError> {
        Ok(())
    }
}

/// Everything.
pub(super) struct World {
    pub(super) clock: FakeClock,
    pub(super) sample: Sample,
    pub(super) router: Router,
    pub(super) provider: Provider,
    pub(super) wire: Arc<Wire>,
    /// What leg C lists; ids are `doc-0`, `doc-1` …
    pub(super) mailbox: Arc<Mutex<Vec<String>>>,
    portal_db: Db,
    _places: [TestDb; 2],
}

pub(super) fn config() -> Config {
    let portal =
        Portal { issuer: web::Origin::parse(PORTAL).unwrap(), name: name("見本ポータル", "Mihon Portal") };
    let post = DeliveryService { id: "mihon-post".to_owned(), name: name("見本ポスト", "Mihon Post") };
    let trust = Trust::Urls(vec![Url::parse(&format!("{PORTAL}/roots.pem")).unwrap()]);
    Config::test(web::Origin::parse(SAMPLE).unwrap(), portal, vec![post], trust)
}

/// Roots that are known beforehand.
pub(super) fn pinned() -> Trust {
    Trust::Roots(Anchors::from_pem(&ISSUERS.roots).unwrap())
}

impl World {
    pub(super) async fn new(engine: Engine) -> Self {
        Self::with(engine, config()).await
    }

    pub(super) async fn with(engine: Engine, config: Config) -> Self {
        let clock = FakeClock::at(NOW);
        let rng = Rng::system();
        let sealer = Sealer::new(&Secret::new([7; 32]), rng.clone()).unwrap();
        let wire = Arc::new(Wire::default());
        let outbound = Arc::new(Ends(wire.clone()));
        let places = [TestDb::new(engine), TestDb::new(engine)];
        let db = places[0].open(&[MIGRATIONS]);
        let (sample, router) = crate::build(config, db, sealer, outbound, clock.clock(), rng).await.unwrap();
        let portal_db = places[1].open(&[provider::MIGRATIONS]);
        let mailbox = Arc::new(Mutex::new(documents()));
        let provider = portal(&wire, &portal_db, &clock, &mailbox).await;
        wire.routers.lock().insert("localhost:7003".to_owned(), router.clone());
        Self { clock, sample, router, provider, wire, mailbox, portal_db, _places: places }
    }

    /// The portal is set up anew and knows nobody.
    pub(super) async fn portal_forgets(&mut self) {
        let place = TestDb::new(Engine::Sqlite);
        self.portal_db = place.open(&[provider::MIGRATIONS]);
        self.provider = portal(&self.wire, &self.portal_db, &self.clock, &self.mailbox).await;
        self._places[1] = place;
    }

    pub(super) fn browser(&self) -> Browser {
        Browser::new(&self.router)
    }

    pub(super) fn cut_portal(&self, down: bool) {
        self.wire.portal_is_down.store(down, Ordering::SeqCst);
    }

    /// What was pushed under this address.
    pub(super) async fn pushed(&self, authorization_url: &str) -> PushedRequest {
        let (client, request) = split(authorization_url);
        self.provider.request(&client, &request).await.unwrap().unwrap().request
    }

    /// The citizen goes through and is sent back with a code: the address they come back to.
    pub(super) async fn agrees(&self, authorization_url: &str, outcome: &str) -> String {
        let request = self.pushed(authorization_url).await;
        let now = self.clock.clock().now();
        let mut details = Vec::new();
        if request.authorization_details.attribute_linkage().is_some() {
            let service = ServiceResult::new("mihon-post", outcome).linked("lnk_1", now, Some("reply-6".to_owned()));
            details.push(Granted::AttributeLinkage { delivery_services: vec![service] });
            details.push(Granted::UserRegistration { registered: true, registered_now: outcome == "linked" });
        }
        if let Some(d) = request.authorization_details.delivered_documents() {
            details.push(d.granted(now.plus(std::time::Duration::from_secs(86_400))));
        }
        let status = json!({"registered": true, "delivery_services": [{"id": "mihon-post", "linked": true}]});
        let extra = Map::from_iter([("outcome".to_owned(), outcome.into()), ("user_status".to_owned(), status)]);
        let grant = NewGrant {
            client_id: request.client_id.clone(),
            account: "ichiro".to_owned(),
            subject: "subject-1".to_owned(),
            expires: now.plus(std::time::Duration::from_secs(86_400)),
            body: GrantBody {
                redirect_uri: request.redirect_uri.as_str().to_owned(),
                code_challenge: request.code_challenge.clone(),
                dpop_jkt: request.dpop_jkt.clone(),
                nonce: request.nonce.clone(),
                scope: request.scope.clone(),
                auth_time: now,
                acr: None,
                details,
                extra,
                private: Map::new(),
                tester: None,
            },
        };
        let provider = self.provider.clone();
        let code = self.portal_db.write(move |tx| provider.issue_code(tx, &grant)).await.unwrap();
        redirect(&request, outcome).code(&code)
    }

    /// The citizen takes back what was agreed.
    pub(super) async fn revoke(&self) {
        let client = self.provider.list_clients().await.unwrap().remove(0).0.client_id;
        let provider = self.provider.clone();
        self.portal_db.write(move |tx| provider.revoke_grants(tx, "ichiro", &client)).await.unwrap();
    }

    /// Every byte of the sample's database (SQLite only).
    pub(super) fn stored(&self) -> Vec<u8> {
        let store::Target::Sqlite(path) = &self._places[0].target else { panic!("only for SQLite") };
        let files = std::fs::read_dir(path.parent().unwrap()).unwrap();
        files.flat_map(|f| std::fs::read(f.unwrap().path()).unwrap()).collect()
    }

    /// The citizen is sent back without a code.
    pub(super) async fn refuses(&self, authorization_url: &str, outcome: Outcome, error: ErrorCode) -> String {
        let request = self.pushed(authorization_url).await;
        redirect(&request, outcome.as_str()).error(error, "as the test wants it")
    }
}

fn redirect<'a>(request: &'a PushedRequest, outcome: &'a str) -> Redirect<'a> {
    Redirect {
        redirect_uri: &request.redirect_uri,
        state: request.state.as_deref(),
        issuer: PORTAL,
        outcome: Some(outcome),
    }
}

fn split(authorization_url: &str) -> (String, String) {
    let url = Url::parse(authorization_url).unwrap();
    let of = |name: &str| url.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
    (of("client_id"), of("request_uri"))
}

async fn portal(wire: &Arc<Wire>, db: &Db, clock: &FakeClock, mailbox: &Arc<Mutex<Vec<String>>>) -> Provider {
    let rng = Rng::system();
    let sealer = Sealer::new(&Secret::new([8; 32]), rng.clone()).unwrap();
    let settings = Settings {
        issuer: PORTAL.to_owned(),
        scope: Scope::of(&["openid", "user_status", "documents"]),
        details: &[types::ATTRIBUTE_LINKAGE, types::USER_REGISTRATION, types::DELIVERED_DOCUMENTS],
        grant_types: &["authorization_code"],
        open_registration: true,
        metadata: |_| (),
    };
    let outbound = Arc::new(Ends(wire.clone()));
    let provider =
        Provider::start(db, &sealer, settings, Arc::new(AnyRequest), outbound, clock.clock(), rng).await.unwrap();
    let site = web::Site::builder("portal", web::Origin::parse(PORTAL).unwrap())
        .clock(clock.clock())
        .texts(Lang::Ja, "service-name = 試験\n")
        .texts(Lang::En, "service-name = Test\n")
        .build()
        .unwrap();
    let (a, b) = (provider.clone(), provider.clone());
    let (list, contents) = (mailbox.clone(), mailbox.clone());
    let router = provider
        .mount(web::Routes::new(&site, PORTAL_ROUTES))
        .get("/api/v1/documents", async move |uri: Uri, headers: HeaderMap| -> Answer {
            if let Err(refusal) = a.access(&http::Method::GET, uri.path(), &headers, "documents").await {
                return refusal.into_response();
            }
            let n = list.lock().len();
            let documents: Vec<_> = (0..n)
                .map(|i| json!({"id": format!("doc-{i}"), "delivery_service": "mihon-post", "title": format!("書類{i}")}))
                .collect();
            let status = if n == 0 { "no_documents_yet" } else { "ready" };
            axum::Json(json!({"documents": documents, "services": [{"id": "mihon-post", "status": status}]}))
                .into_response()
        })
        .get("/api/v1/documents/{id}/content", async move |uri: Uri, headers: HeaderMap| -> Answer {
            if let Err(refusal) = b.access(&http::Method::GET, uri.path(), &headers, "documents").await {
                return refusal.into_response();
            }
            let number = uri.path().split('/').nth(4).and_then(|id| id.strip_prefix("doc-")?.parse::<usize>().ok());
            match number.and_then(|n| contents.lock().get(n).cloned()) {
                Some(xml) => Bytes::from(xml).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            }
        })
        .get("/roots.pem", async || ISSUERS.roots.clone())
        .build(())
        .unwrap();
    wire.routers.lock().insert("localhost:7001".to_owned(), router);
    provider
}
