//! [`Admissions`]: a desk with its control plane, and a test and a production portal that take its instructions.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use base::codec::sha256;
use base::{FakeClock, Rng, Secret, Timestamp};
use control::players::{self, Applicant, Crew, Fill, PlayError, Service};
use control::{Control, Place};
use desk::Desk;
use desk::staff::StaffRole;
use procedures::Text;
use serde_json::{Value, json};
use store::testing::TestDb;
use store::{Db, Engine, Sealer};
use url::Url;
use web::{Environment, Origin};

use crate::Net;

/// The desk's origin.
pub const DESK: &str = "https://desk.example";
/// The test portal's origin.
pub const TEST: &str = "https://test.portal.example";
/// The production portal's origin.
pub const PRODUCTION: &str = "https://portal.example";
/// The delivery service that is admitted from the start.
pub const DELIVERY_ID: &str = "mihon-post";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple 7";

/// A desk and its portals, running.
pub struct Admissions {
    /// The clock of all of them.
    pub clock: FakeClock,
    /// Between them.
    pub net: Net,
    /// The desk that answers now.
    pub desk: Desk,
    /// Its control plane.
    pub control: Control,
    /// Its database.
    pub desk_db: Db,
    /// The portals: test, production.
    pub portals: [portal::Portal; 2],
    /// Their databases.
    pub portal_dbs: [Db; 2],
    /// The members of staff.
    pub crew: Crew,
    /// Who applies.
    pub applicant: Applicant,
    rng: Rng,
    place: TestDb,
    _portal_places: [TestDb; 2],
}

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

/// Both portals as the desk's configuration names them.
pub fn portals() -> control::Config {
    let portal = |at: &str, ja: &str, en: &str| control::PortalConfig { origin: origin(at), name: Text::new(ja, en) };
    control::Config {
        test: portal(TEST, "縁ポータル（接続確認環境）", "Enishi Portal (test)"),
        production: portal(PRODUCTION, "縁ポータル", "Enishi Portal"),
    }
}

async fn start_desk(db: &Db, net: &Net, clock: &FakeClock, rng: &Rng, control: &Control) -> (Desk, Router) {
    let mut config = desk::Config::test(origin(DESK));
    // What is tested here is not the price of a password.
    config.passwords = accounts::PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 4 };
    let sealer = Sealer::new(&Secret::new(sha256(b"desk")), rng.clone()).unwrap();
    let outbound = Arc::new(net.clone());
    desk::build_with(config, db.clone(), sealer, outbound, clock.clock(), rng.clone(), vec![control.extension()])
        .await
        .unwrap()
}

async fn start_portal(
    at: &str,
    environment: Environment,
    db: &Db,
    net: &Net,
    clock: &FakeClock,
    rng: &Rng,
) -> portal::Portal {
    let ca = pki::testca::TestCa::generate(clock.clock().now(), rng).unwrap();
    let config = portal::Config {
        origin: origin(at),
        environment,
        open_registration: false,
        desk: Some(portal::DeskConfig {
            issuer: DESK.to_owned(),
            jwks_uri: Url::parse(&format!("{DESK}/registry/jwks.json")).unwrap(),
        }),
        card: portal::CardConfig {
            reader: origin("https://cards.example"),
            anchors_pem: ca.cert_pem(),
            crl_base: Url::parse("https://cards.example/crl").unwrap(),
            predecessors: None,
        },
        deliveries: Vec::new(),
    };
    let sealer = Sealer::new(&Secret::new(sha256(at.as_bytes())), rng.clone()).unwrap();
    let (portal, router) = portal::build(config, db.clone(), sealer, Arc::new(net.clone()), clock.clock(), rng.clone())
        .await
        .unwrap_or_else(|e| panic!("{}", e.details()));
    net.host(at, vec![router]);
    portal
}

impl Admissions {
    /// A desk with one delivery service, its staff, and one organisation.
    pub async fn new(engine: Engine) -> Self {
        let clock = FakeClock::at(Timestamp::parse_rfc3339("2026-06-01T10:00:00+09:00").unwrap());
        let rng = Rng::system();
        let net = Net::default();
        let places = [TestDb::new(engine), TestDb::new(engine)];
        let portal_dbs = [places[0].open(portal::SCHEMA), places[1].open(portal::SCHEMA)];
        let test = start_portal(TEST, Environment::Test, &portal_dbs[0], &net, &clock, &rng).await;
        let production = start_portal(PRODUCTION, Environment::Production, &portal_dbs[1], &net, &clock, &rng).await;
        let place = TestDb::new(engine);
        let desk_db = place.open(control::SCHEMA);
        let control = Control::new(portals());
        let (desk, router) = start_desk(&desk_db, &net, &clock, &rng, &control).await;
        net.host(DESK, vec![router]);
        let crew = crew(&desk).await;
        let company = players::company(&desk, "みほん年末調整株式会社", "Mihon Year-End Inc.");
        let applicant = players::register(&desk, "owner@mihon.example", "見本 太郎", PASSWORD, company).await.unwrap();
        let me = Self {
            clock,
            net,
            desk,
            control,
            desk_db,
            portals: [test, production],
            portal_dbs,
            crew,
            applicant,
            rng,
            place,
            _portal_places: places,
        };
        me.admit_delivery().await;
        me
    }

    async fn admit_delivery(&self) {
        let at = |issuer: &str| {
            Some(control::Connection {
                issuer: issuer.to_owned(),
                client_id: "portal".to_owned(),
                resources: None,
                sso_client_id: None,
                initiate_login_uri: None,
            })
        };
        let put = control::Put {
            id: DELIVERY_ID.to_owned(),
            service: control::DeliveryService {
                name: Text::new("見本ポスト", "Mihon Post"),
                operator: Text::new("見本送達株式会社", "Mihon Delivery Inc."),
                operating: Text::new("年中無休", "Every day"),
                test: at("https://test.post.example"),
                production: at("https://post.example"),
            },
            status: control::Admission::Active,
            seen: 0,
            by: self.crew.operator.id.clone(),
            note: String::new(),
        };
        let desk = self.desk.clone();
        assert!(self.desk_db.write(move |tx| control::put_delivery_service(&desk, tx, &put)).await.unwrap());
        self.desk.run_jobs().await.unwrap();
    }

    /// Ends the desk as a crash does and starts it again on the same database.
    pub async fn restart_desk(&mut self) {
        drop(self.net.unplug(DESK));
        let idle = TestDb::new(Engine::Sqlite);
        // SQLite lets one process in: everything that holds the old one has to go first.
        self.desk_db = idle.open(control::SCHEMA);
        self.desk = start_desk(&self.desk_db, &self.net, &self.clock, &self.rng, &self.control).await.0;
        let db = crate::world::reopen(&self.place, control::SCHEMA).await;
        let (desk, router) = start_desk(&db, &self.net, &self.clock, &self.rng, &self.control).await;
        (self.desk, self.desk_db) = (desk, db);
        self.net.host(DESK, vec![router]);
    }

    /// Begins a procedure for the applicant.
    pub async fn open(&self, procedure: &str, service: Service<'_>) -> String {
        players::open(&self.desk, &self.applicant, procedure, service).await.unwrap()
    }

    /// Plays a case on; see [`players::play`].
    pub async fn try_play(&self, case: &str, until: Option<&str>, fill: &Fill) -> Result<(), PlayError> {
        players::play(&self.desk, &self.crew, &self.applicant, case, until, fill).await
    }

    /// Plays a case on, which has to succeed.
    pub async fn play(&self, case: &str, until: Option<&str>) {
        self.try_play(case, until, &Fill::new()).await.unwrap_or_else(|e| panic!("{e}"));
    }

    /// Moves time, and lets what is due happen.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.desk.run_jobs().await.unwrap();
    }

    /// The service of a case.
    pub async fn service_of(&self, case: &str) -> desk::kit::services::Service {
        let case = case.to_owned();
        self.desk_db
            .read(move |tx| {
                let row = desk::kit::cases::get(tx, &case)?.unwrap();
                Ok::<_, store::Error>(desk::kit::services::get(tx, &row.service)?.unwrap())
            })
            .await
            .unwrap()
    }

    /// What a portal says of a client, by its registry API: as anybody with the desk's key would be told.
    pub async fn client_at(&self, place: Place, id: &str) -> Value {
        self.control.ask(&self.desk, place, "get_client", json!({ "client_id": id })).await.unwrap()
    }

    /// Every client of a portal: id, revision, status.
    pub async fn clients_at(&self, place: Place) -> Vec<(String, i64, String)> {
        let said = self.control.ask(&self.desk, place, "list_clients", json!({})).await.unwrap();
        let text = |c: &Value, name: &str| c[name].as_str().unwrap().to_owned();
        let list = said["clients"].as_array().unwrap();
        list.iter().map(|c| (text(c, "client_id"), c["revision"].as_i64().unwrap(), text(c, "status"))).collect()
    }

    /// How many changes a portal has carried out (evidence that it keeps).
    pub async fn changes_at(&self, place: Place) -> usize {
        let db = &self.portal_dbs[usize::from(place == Place::Production)];
        db.read(|tx| tx.query("SELECT jti FROM instructions WHERE outcome = 'ok' AND op = 'put_client'", &[]))
            .await
            .unwrap()
            .len()
    }

    /// Every e-mail that was written: to whom, kind, text.
    pub async fn mails(&self) -> Vec<(String, String, String)> {
        let outbox = self.desk.outbox().clone();
        let list = self.desk_db.read(move |tx| outbox.list(tx, mail::State::Queued, None, 500)).await.unwrap();
        let line = |e: mail::Entry| (e.to.as_str().to_owned(), e.kind, e.content.unwrap().text);
        list.into_iter().map(line).collect()
    }
}

impl Drop for Admissions {
    fn drop(&mut self) {
        self.net.clear();
    }
}

async fn crew(desk: &Desk) -> Crew {
    let hire = async |name: &str, role: StaffRole| {
        let email = format!("{}@desk.example", role.as_str());
        players::hire(desk, &email, name, PASSWORD, &[7; 20], &[role]).await.unwrap()
    };
    Crew {
        reception: hire("受付 一郎", StaffRole::Reception).await,
        reviewer: hire("審査 二郎", StaffRole::Reviewer).await,
        approver: hire("承認 三郎", StaffRole::Approver).await,
        operator: hire("運用 四郎", StaffRole::Operator).await,
        patience: Duration::ZERO,
    }
}
