//! [`World`]: portal, delivery service, sample service and test cards, and people who use them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use base::codec::sha256;
use base::{Clock, FakeClock, Rng, Secret, Timestamp};
use drive::{Arrival, Citizen, Decisions, Driven, Page};
use oauth::{ClientKind, ClientMetadata, ClientName, Keys, RedirectUri, RegisteredClient, Scope};
use pki::people::{MAILBOX_PASSWORD, PEOPLE};
use provider::Status;
use store::testing::TestDb;
use store::{Db, Engine, Sealer};
use url::Url;
use web::{Environment, Origin};

use crate::Net;

/// The portal's origin.
pub const PORTAL: &str = "https://portal.example";
/// The delivery service's origin.
pub const DELIVERY: &str = "https://post.example";
/// The sample service's origin.
pub const SAMPLE: &str = "https://tax.example";
/// The test cards' origin.
pub const CARDS: &str = "https://cards.example";
/// The delivery service's id at the portal.
pub const DELIVERY_ID: &str = "mihon-post";
/// The second delivery service's origin ([`World::with_two`]).
pub const SECOND: &str = "https://box.example";
/// Its id at the portal.
pub const SECOND_ID: &str = "midori-box";

/// All roles, running.
pub struct World {
    /// The engine underneath.
    pub engine: Engine,
    /// The clock of every role.
    pub clock: FakeClock,
    /// Randomness.
    pub rng: Rng,
    /// The network between roles and people.
    pub net: Net,
    /// The portal that answers now (the first node).
    pub portal: portal::Portal,
    /// Its database.
    pub portal_db: Db,
    /// The delivery service that answers now.
    pub delivery: mailbox::Delivery,
    /// Its database.
    pub delivery_db: Db,
    /// The second delivery service, in a world that has one.
    pub second: Option<Second>,
    /// The sample service.
    pub sample: sample::Sample,
    /// The cards.
    pub cards: testcard::Cards,
    places: Places,
    roots: String,
}

/// The second delivery service.
pub struct Second {
    /// It.
    pub delivery: mailbox::Delivery,
    /// Its database.
    pub db: Db,
    place: TestDb,
}

struct Places {
    portal: TestDb,
    delivery: TestDb,
    sample: TestDb,
    cards: TestDb,
}

/// A run that came back to the sample service.
#[derive(Clone, Debug)]
pub struct Finished {
    /// `data-outcome` of the sample's result page.
    pub outcome: String,
    /// The pages of the way, by `data-page`.
    pub pages: Vec<String>,
    /// The result page's text.
    pub text: String,
    /// The address the citizen was returned to.
    pub redirect_to: Url,
}

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

fn master(role: &str) -> Secret<[u8; 32]> {
    Secret::new(sha256(role.as_bytes()))
}

fn name(ja: &str, en: &str) -> ClientName {
    ClientName { ja: ja.to_owned(), en: en.to_owned() }
}

impl World {
    /// A world on `engine`, with the test people who are registered from the start.
    pub async fn new(engine: Engine) -> Self {
        Self::build(engine, false).await
    }

    /// The same with a second delivery service; the sample service asks for both.
    pub async fn with_two(engine: Engine) -> Self {
        Self::build(engine, true).await
    }

    async fn build(engine: Engine, two: bool) -> Self {
        let clock = FakeClock::at(Timestamp::from_secs(1_795_000_000));
        let rng = Rng::system();
        let net = Net::default();
        let places = Places {
            portal: TestDb::new(engine),
            delivery: TestDb::new(engine),
            sample: TestDb::new(engine),
            cards: TestDb::new(engine),
        };
        let config = testcard::Config {
            origin: origin(CARDS),
            relying_parties: vec![origin(PORTAL)],
            master: master("cards"),
            hierarchy: testcard::Hierarchy::Test,
        };
        let db = places.cards.open(&[testcard::MIGRATIONS]);
        let cards = testcard::build(config, db, clock.clock(), rng.clone()).unwrap();
        net.host(CARDS, vec![cards.router]);
        let cards = cards.cards;
        let roots = cards.ca_pem().await.unwrap();

        let delivery_db = places.delivery.open(mailbox::SCHEMA);
        let (delivery, router) = start_delivery(&delivery_db, &net, &clock.clock(), &rng).await;
        net.host(DELIVERY, vec![router]);
        let second = if two {
            let place = TestDb::new(engine);
            let db = place.open(mailbox::SCHEMA);
            let (delivery, router) = start_second(&db, &net, &clock.clock(), &rng).await;
            net.host(SECOND, vec![router]);
            Some(Second { delivery, db, place })
        } else {
            None
        };

        let portal_db = places.portal.open(portal::SCHEMA);
        let (portal, router) = start_portal(&portal_db, &net, &clock.clock(), &rng, &roots, two).await;
        net.host(PORTAL, vec![router]);
        register_for_sign_on(&portal, &clock.clock()).await;

        let db = places.sample.open(&[sample::MIGRATIONS]);
        let (sample, router) = start_sample(&db, &net, &clock.clock(), &rng, two).await;
        net.host(SAMPLE, vec![router]);

        let world = Self {
            engine,
            clock,
            rng,
            net,
            portal,
            portal_db,
            delivery,
            delivery_db,
            second,
            sample,
            cards,
            places,
            roots,
        };
        world.seed().await;
        world
    }

    async fn seed(&self) {
        for p in PEOPLE.iter().filter(|p| p.is_registered()) {
            let key = match self.cards.predecessor_key(p).await.unwrap() {
                Some(old) => old,
                None => self.cards.card_key(p).await.unwrap(),
            };
            let (family, given) = p.name.split_once(' ').unwrap();
            self.portal.seed_citizen(&key, family, given).await.unwrap();
        }
    }

    /// Ends the portal as a crash does and starts it again on the same database.
    pub async fn restart_portal(&mut self) {
        self.net.unplug(PORTAL);
        // SQLite lets one process in: everything that holds the old one has to go first.
        let idle = TestDb::new(Engine::Sqlite);
        self.portal_db = idle.open(portal::SCHEMA);
        let two = self.second.is_some();
        self.portal =
            start_portal(&self.portal_db, &self.net, &self.clock.clock(), &self.rng, &self.roots, two).await.0;
        let db = reopen(&self.places.portal, portal::SCHEMA).await;
        let (portal, router) = start_portal(&db, &self.net, &self.clock.clock(), &self.rng, &self.roots, two).await;
        (self.portal, self.portal_db) = (portal, db);
        self.net.host(PORTAL, vec![router]);
    }

    /// The same for the delivery service.
    pub async fn restart_delivery(&mut self) {
        self.net.unplug(DELIVERY);
        let idle = TestDb::new(Engine::Sqlite);
        self.delivery_db = idle.open(mailbox::SCHEMA);
        self.delivery = start_delivery(&self.delivery_db, &self.net, &self.clock.clock(), &self.rng).await.0;
        let db = reopen(&self.places.delivery, mailbox::SCHEMA).await;
        let (delivery, router) = start_delivery(&db, &self.net, &self.clock.clock(), &self.rng).await;
        (self.delivery, self.delivery_db) = (delivery, db);
        self.net.host(DELIVERY, vec![router]);
    }

    /// The same for the second delivery service.
    pub async fn restart_second(&mut self) {
        self.net.unplug(SECOND);
        let idle = TestDb::new(Engine::Sqlite);
        let (clock, rng) = (self.clock.clock(), self.rng.clone());
        let second = self.second.as_mut().expect("a world with two");
        second.db = idle.open(mailbox::SCHEMA);
        second.delivery = start_second(&second.db, &self.net, &clock, &rng).await.0;
        let db = reopen(&second.place, mailbox::SCHEMA).await;
        let (delivery, router) = start_second(&db, &self.net, &clock, &rng).await;
        (second.delivery, second.db) = (delivery, db);
        self.net.host(SECOND, vec![router]);
    }

    /// A second node of the portal on the same database (PostgreSQL): from now on calls take turns.
    pub async fn second_portal_node(&self) {
        assert_eq!(self.engine, Engine::Postgres, "SQLite has one node");
        let first = self.net.unplug(PORTAL);
        let db = self.places.portal.open(portal::SCHEMA);
        let two = self.second.is_some();
        let (_, router) = start_portal(&db, &self.net, &self.clock.clock(), &self.rng, &self.roots, two).await;
        self.net.host(PORTAL, first.into_iter().chain([router]).collect());
    }

    /// A new browser.
    pub fn browser(&self) -> Citizen {
        Citizen::new(Arc::new(self.net.clone()), self.clock.clock())
    }

    /// A test person, for the drive client.
    pub fn person(&self, id: &str) -> drive::Person {
        person(id).unwrap_or_else(|| panic!("there is no test person {id}"))
    }

    /// From the sample's start page to the portal's address, in a browser; for both delivery services where there are two.
    pub async fn leave(&self, browser: Citizen) -> (Citizen, String) {
        let both: &[(&str, &str)] = if self.second.is_some() { &[("service-2", "on")] } else { &[] };
        self.leave_with(browser, both).await
    }

    /// The same with fields of the start page filled in.
    pub async fn leave_with(&self, browser: Citizen, fields: &[(&str, &str)]) -> (Citizen, String) {
        let mut browser = browser.stopping_at([format!("{PORTAL}/oauth/authorize")]);
        let start = browser.open(SAMPLE).await.unwrap().page().unwrap();
        match browser.act(&start, "connect", fields).await.unwrap() {
            Arrival::Stopped { redirect_to } => (browser, redirect_to.to_string()),
            Arrival::Page(page) => panic!("the sample shows {} ({})", page.id(), page.h1()),
        }
    }

    /// A run by `decisions`, up to where the portal sends the browser back.
    pub async fn drive(&self, browser: Citizen, person: &str, decisions: &Decisions) -> (Citizen, Driven) {
        let (browser, url) = self.leave(browser).await;
        let mut browser = browser.stopping_at([format!("{SAMPLE}/callback")]);
        let driven = drive::drive(&mut browser, &url, &self.person(person), decisions, &self::person)
            .await
            .unwrap_or_else(|e| panic!("{person}: {e}"));
        (browser, driven)
    }

    /// A whole run of a person in a new browser, back to the sample's result page.
    pub async fn run(&self, person: &str, decisions: &Decisions) -> Finished {
        let (browser, driven) = self.drive(self.browser(), person, decisions).await;
        self.come_back(browser, driven).await.1
    }

    /// Follows the way back of a driven run.
    pub async fn come_back(&self, browser: Citizen, driven: Driven) -> (Citizen, Finished) {
        let pages = driven.pages.iter().map(|p| p.page.clone()).collect();
        let redirect_to = driven.redirect_to.expect("the run came back");
        let mut browser = browser.stopping_at(Vec::<String>::new());
        let page = browser.open(redirect_to.as_str()).await.unwrap().page().unwrap();
        assert_eq!(page.id(), "result", "after {redirect_to}: {}", page.h1());
        let finished =
            Finished { outcome: page.outcome().unwrap_or_default().to_owned(), pages, text: text(&page), redirect_to };
        (browser, finished)
    }

    /// Lets the background work of both sides happen until nothing is left to do now.
    pub async fn settle(&self) {
        for _ in 0..3 {
            self.portal.run_jobs().await.unwrap();
            self.delivery.kit().run_jobs().await.unwrap();
            self.portal.sweep().await.unwrap();
            self.delivery.kit().sweep().await.unwrap();
            if let Some(second) = &self.second {
                second.delivery.kit().run_jobs().await.unwrap();
                second.delivery.kit().sweep().await.unwrap();
            }
        }
    }

    /// Moves time.
    pub fn advance(&self, d: Duration) {
        self.clock.advance(d);
    }

    /// States of all linkages at the portal: `(id, state)`.
    pub async fn portal_linkages(&self) -> Vec<(String, String)> {
        states(&self.portal_db, "SELECT id, state FROM linkages ORDER BY id").await
    }

    /// States of all linkages at the delivery services: `(id, state)`.
    pub async fn delivery_linkages(&self) -> Vec<(String, String)> {
        let mut all = states(&self.delivery_db, "SELECT id, state FROM linkages ORDER BY id").await;
        if let Some(second) = &self.second {
            all.extend(states(&second.db, "SELECT id, state FROM linkages ORDER BY id").await);
            all.sort();
        }
        all
    }

    /// Fails unless both sides agree about every linkage: what one calls linked the other calls active,
    /// and nothing is in between.
    pub async fn both_sides_agree(&self) {
        let linked = |rows: Vec<(String, String)>, word: &str| -> Vec<String> {
            rows.into_iter().filter(|(_, s)| s == word).map(|(id, _)| id).collect()
        };
        let portal = self.portal_linkages().await;
        let delivery = self.delivery_linkages().await;
        assert_eq!(
            linked(portal.clone(), "linked"),
            linked(delivery.clone(), "active"),
            "portal {portal:?}, delivery service {delivery:?}"
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.net.clear();
    }
}

async fn states(db: &Db, sql: &'static str) -> Vec<(String, String)> {
    let rows = db.read(move |tx| tx.query(sql, &[])).await.unwrap();
    rows.into_iter().map(|mut r| (r.text(0).unwrap(), r.text(1).unwrap())).collect()
}

/// Opens a database whose last owner may still be ending its threads.
pub(crate) async fn reopen(place: &TestDb, schema: store::Schema<'_>) -> Db {
    for _ in 0..200 {
        match Db::open(&place.target, schema) {
            Ok(db) => return db,
            Err(e) if e.to_string().contains("in use") => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(e) => panic!("{e}"),
        }
    }
    panic!("the database of the stopped role is still in use: something holds on to it")
}

fn text(page: &Page) -> String {
    String::from_utf8_lossy(page.body()).into_owned()
}

fn person(id: &str) -> Option<drive::Person> {
    let p = PEOPLE.iter().find(|p| p.id == id)?;
    let (family, given) = p.name.split_once(' ')?;
    Some(drive::Person {
        id: p.id.to_owned(),
        family_name: family.to_owned(),
        given_name: given.to_owned(),
        pin: p.pin.to_owned(),
        account: p.email(),
        password: MAILBOX_PASSWORD.to_owned(),
        has_account: p.has_mailbox,
    })
}

async fn start_portal(
    db: &Db,
    net: &Net,
    clock: &Clock,
    rng: &Rng,
    roots: &str,
    two: bool,
) -> (portal::Portal, Router) {
    let connection = |id: &str, issuer: &str, ja: &str, en: &str| portal::DeliveryConfig {
        id: id.to_owned(),
        name: name(ja, en),
        operator: name("見本送達株式会社", "Mihon Delivery Inc."),
        issuer: issuer.to_owned(),
        resources: None,
        client_id: "portal".to_owned(),
        sso_client_id: Some(id.to_owned()),
        initiate_login_uri: Some(Url::parse(&format!("{issuer}/sso/start")).unwrap()),
        operating: None,
    };
    let mut deliveries = vec![connection(DELIVERY_ID, DELIVERY, "見本ポスト", "Mihon Post")];
    if two {
        deliveries.push(connection(SECOND_ID, SECOND, "みどり文書箱", "Midori Box"));
    }
    let at = |path: &str| Url::parse(&format!("{CARDS}{path}")).unwrap();
    let config = portal::Config {
        origin: origin(PORTAL),
        environment: Environment::Test,
        open_registration: true,
        desk: None,
        card: portal::CardConfig {
            reader: origin(CARDS),
            anchors_pem: roots.to_owned(),
            crl_base: at("/crl"),
            predecessors: Some(at("/api/predecessors")),
        },
        deliveries,
    };
    let sealer = Sealer::new(&master("portal"), rng.clone()).unwrap();
    portal::build(config, db.clone(), sealer, Arc::new(net.clone()), clock.clone(), rng.clone())
        .await
        .unwrap_or_else(|e| panic!("{}", e.details()))
}

async fn register_for_sign_on(portal: &portal::Portal, clock: &Clock) {
    let metadata = ClientMetadata {
        name: name("見本ポスト", "Mihon Post"),
        redirect_uris: vec![RedirectUri::parse(&format!("{DELIVERY}/sso/callback")).unwrap()],
        keys: Keys::JwksUri(Url::parse(&format!("{DELIVERY}/oauth/jwks")).unwrap()),
        grant_types: vec!["authorization_code".to_owned()],
        scope: Scope::of(&["openid"]),
        authorization_details_types: Vec::new(),
        assertion_alg: None,
        id_token_alg: jose::Alg::Es256,
        initiate_login_uri: None,
        client_uri: Url::parse(DELIVERY).ok(),
        policy_uri: None,
        tos_uri: None,
        logo_uri: None,
        contacts: Vec::new(),
    };
    let client = RegisteredClient {
        client_id: DELIVERY_ID.to_owned(),
        kind: ClientKind::Delivery,
        issued_at: clock.now(),
        metadata,
    };
    portal.provider().put_client(&client, Status::Active).await.unwrap();
}

async fn start_delivery(db: &Db, net: &Net, clock: &Clock, rng: &Rng) -> (mailbox::Delivery, Router) {
    let mut config = mailbox::Config::test(origin(DELIVERY), origin(PORTAL)).unwrap();
    // What is tested here is not the price of a password.
    config.passwords = mailbox::PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 4 };
    config.limits.sign_ups = None;
    let sealer = Sealer::new(&master("delivery"), rng.clone()).unwrap();
    mailbox::build(config, db.clone(), sealer, Arc::new(net.clone()), clock.clone(), rng.clone())
        .await
        .unwrap_or_else(|e| panic!("{}", e.details()))
}

async fn start_second(db: &Db, net: &Net, clock: &Clock, rng: &Rng) -> (mailbox::Delivery, Router) {
    let mut config = mailbox::Config::test(origin(SECOND), origin(PORTAL)).unwrap();
    config.passwords = mailbox::PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 4 };
    config.limits.sign_ups = None;
    config.portal.our_client_id = SECOND_ID.to_owned();
    config.name = Some(name("みどり文書箱", "Midori Box"));
    config.samples = mailbox::Samples::Elsewhere;
    let sealer = Sealer::new(&master("second"), rng.clone()).unwrap();
    mailbox::build(config, db.clone(), sealer, Arc::new(net.clone()), clock.clone(), rng.clone())
        .await
        .unwrap_or_else(|e| panic!("{}", e.details()))
}

async fn start_sample(db: &Db, net: &Net, clock: &Clock, rng: &Rng, two: bool) -> (sample::Sample, Router) {
    let portal = sample::Portal { issuer: origin(PORTAL), name: name("縁ポータル", "Enishi Portal") };
    let mut services =
        vec![sample::DeliveryService { id: DELIVERY_ID.to_owned(), name: name("見本ポスト", "Mihon Post") }];
    let roots = |at: &str| Url::parse(&format!("{at}/issuers.pem")).unwrap();
    let mut trust = vec![roots(DELIVERY)];
    if two {
        services
            .push(sample::DeliveryService { id: SECOND_ID.to_owned(), name: name("みどり文書箱", "Midori Box") });
        trust.push(roots(SECOND));
    }
    let trust = sample::Trust::Urls(trust);
    let config = sample::Config::test(origin(SAMPLE), portal, services, trust);
    let sealer = Sealer::new(&master("sample"), rng.clone()).unwrap();
    sample::build(config, db.clone(), sealer, Arc::new(net.clone()), clock.clone(), rng.clone())
        .await
        .unwrap_or_else(|e| panic!("{e}"))
}
