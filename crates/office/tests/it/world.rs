//! The desk with the staff's side, a staff, an organisation and its case.

use std::sync::Arc;

use accounts::{Account, PasswordCost, Realm};
use async_trait::async_trait;
use axum::Router;
use base::outbound::{BodyStream, Http, OutboundError, Request, Response};
use base::{FakeClock, Lang, Rng, Secret, Timestamp};
use desk::kit::{deliveries, effects, load, orgs, staff};
use desk::org::{OrgId, OrgKind, Organisation, Role};
use desk::{Config, Desk, Document};
use mail::Email;
use procedures::case::{By, Case, Event, Member};
use procedures::{Act, Actor, Plain};
use store::testing::TestDb;
use store::{Engine, Sealer};

use crate::browser::{Browser, Page};
use crate::sample;

pub const ORIGIN: &str = "http://localhost:7104";
pub const PASSWORD: &str = "茶碗蒸しの上のみつばと海老";
const SECRET: [u8; 20] = [9; 20];

/// Nobody is there.
struct Nobody;

#[async_trait]
impl Http for Nobody {
    async fn send(&self, _: Request) -> Result<Response, OutboundError> {
        Err(OutboundError::Connect("nobody there".to_owned()))
    }
    async fn stream(&self, _: Request, _: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        Err(OutboundError::Connect("nobody there".to_owned()))
    }
}

pub struct World {
    pub clock: FakeClock,
    pub desk: Desk,
    pub router: Router,
    pub place: TestDb,
}

pub fn plain(text: &str) -> Plain {
    Plain::new(text).unwrap()
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        // 2026-11-24T03:00:00Z
        Self::at(FakeClock::at(Timestamp::from_secs(1_795_489_200)), TestDb::new(engine)).await
    }

    /// Starts on a database as it is.
    pub async fn at(clock: FakeClock, place: TestDb) -> Self {
        let rng = Rng::system();
        let sealer = Sealer::new(&Secret::new([7; 32]), rng.clone()).unwrap();
        let db = place.open(office::SCHEMA);
        let mut config = Config::test(web::Origin::parse(ORIGIN).unwrap());
        config.passwords = PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 4 };
        config.documents = vec![Document {
            id: "spec.toml".to_owned(),
            title: procedures::Text::new("仕様書", "Specification"),
            file: concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into(),
            media_type: "text/plain".to_owned(),
        }];
        let rooms = vec![office::extension()];
        let (desk, router) =
            desk::build_with(config, db, sealer, Arc::new(Nobody), clock.clock(), rng, rooms).await.unwrap();
        let now = desk.now();
        let settings = r#"{"name":{"ja":"みほん私書箱","en":"Mihon Post"}}"#;
        desk.db().write(move |tx| deliveries::put(tx, "mihon-post", settings, "active", "system", now)).await.unwrap();
        Self { clock, desk, router, place }
    }

    pub fn minutes(&self, n: u64) {
        self.clock.advance(std::time::Duration::from_secs(60 * n));
    }

    async fn seeded(&self, realm: Realm, name: &str) -> Account {
        let email = Email::parse(&format!("{name}@example.jp")).unwrap();
        self.desk.accounts().seed(realm, &email, name, Lang::Ja, PASSWORD).await.unwrap().unwrap()
    }

    /// A member of staff with an authenticator app, signed in.
    pub async fn staff(&self, name: &str, roles: &str) -> (Browser, Account) {
        let account = self.seeded(Realm::Staff, name).await;
        assert!(self.desk.accounts().seed_totp(&account.id, &SECRET).await.unwrap());
        let (id, roles, now) = (account.id.clone(), roles.to_owned(), self.desk.now());
        self.desk.db().write(move |tx| staff::put(tx, &id, &roles, "test", now)).await.unwrap();
        (self.sign_in("/staff", name).await, account)
    }

    pub async fn sign_in(&self, base: &str, name: &str) -> Browser {
        let mut browser = Browser::new(&self.router);
        let page = browser.get(&format!("{base}/sign-in")).await;
        let fields = [("email", format!("{name}@example.jp")), ("password", PASSWORD.to_owned())];
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let page = browser.press(&page, "/sign-in", "sign-in", &fields).await;
        if !base.is_empty() {
            // An app's code works once; the next one comes half a minute later.
            self.clock.advance(std::time::Duration::from_secs(31));
            let code = code(self.desk.now());
            let action = page.form("/second", "second-code");
            let page = browser.send(action, &[("code", code.as_str())]).await;
            assert_eq!(page.status, 200, "{}", page.html);
        }
        browser
    }

    /// An organisation with an owner who is signed in.
    pub async fn org(&self, name: &str) -> (Browser, By, String) {
        let account = self.seeded(Realm::Member, name).await;
        let now = self.desk.now();
        let org = Organisation {
            id: OrgId::new(now, self.desk.rng()),
            kind: OrgKind::Private,
            name: format!("{name}株式会社"),
            name_en: String::new(),
            corporate_number: None,
            address: "東京都".to_owned(),
            phone: "03-0000-0000".to_owned(),
            version: 1,
            created_at: now,
        };
        let (id, owner) = (org.id.to_string(), account.id.clone());
        self.desk
            .db()
            .write(move |tx| {
                orgs::insert(tx, &org, now)?;
                orgs::join(tx, org.id.as_str(), &owner, Role::Owner, &owner, now)
            })
            .await
            .unwrap();
        let by = By::member(&account.id, &id, Member::Owner);
        (self.sign_in("", name).await, by, id)
    }

    /// A case of a new service, at its first step.
    pub async fn open(&self, by: &By, org: &str) -> String {
        let (desk, by, org) = (self.desk.clone(), by.clone(), org.to_owned());
        let opened = self.desk.db().write(move |tx| {
            let service = desk.new_service(tx, &org, "ねんちょう")?;
            desk.open_in(tx, "admission", &service, &by, Plain::default())
        });
        opened.await.unwrap().to_string()
    }

    /// The applicant does what they have to until it is the desk's turn, or the case is at `until`.
    pub async fn applicant_acts(&self, case: &str, by: &By, until: &str) {
        for _ in 0..20 {
            let offered = self.desk.db().read(deliveries::choices).await.unwrap();
            let now = self.case(case).await;
            let ctx = self.desk.context(&offered, self.desk.now());
            let Some((step, task)) = now.at(&ctx).unwrap() else { return };
            if task.actor != Actor::Applicant || step.id == until {
                return;
            }
            let event = match task.act {
                Act::Submit => Event::Submit { forms: sample::forms(&task.forms, self.desk.now()) },
                Act::Accept => Event::Accept { note: Plain::default() },
                Act::Contact => Event::Contact { message: plain("来月停止します") },
                _ => Event::Confirm { note: Plain::default() },
            };
            self.desk.act(case, event, by.clone()).await.unwrap();
        }
    }

    pub async fn case(&self, id: &str) -> Case {
        let id = id.to_owned();
        self.desk.db().read(move |tx| load(tx, &id)).await.unwrap().unwrap().case
    }

    pub async fn step(&self, id: &str) -> String {
        match self.case(id).await.position {
            procedures::case::Position::At { step, task } => format!("{step}/{task}"),
            procedures::case::Position::Closed { outcome } => format!("{outcome:?}"),
        }
    }

    pub async fn effects(&self, case: &str) -> Vec<String> {
        let case = case.to_owned();
        let list = self.desk.db().read(move |tx| effects::of_case(tx, &case)).await.unwrap();
        list.into_iter().map(|e| e.key).collect()
    }

    /// Subject of every e-mail to an address, the oldest first.
    pub async fn mails_to(&self, to: &str) -> Vec<(String, String)> {
        let desk = self.desk.clone();
        let list = self.desk.db().read(move |tx| desk.outbox().list(tx, mail::State::Queued, None, 200)).await.unwrap();
        let mut out: Vec<_> = list
            .into_iter()
            .filter(|e| e.to.as_str() == to)
            .filter_map(|e| e.content.map(|c| (c.subject.as_str().to_owned(), c.text.as_str().to_owned())))
            .collect();
        out.reverse();
        out
    }
}

/// What an authenticator app shows (RFC 6238).
pub fn code(now: Timestamp) -> String {
    use aws_lc_rs::hmac;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &SECRET);
    let tag = hmac::sign(&key, &(now.secs() / 30).to_be_bytes());
    let tag = tag.as_ref();
    let at = (tag[19] & 15) as usize;
    let n = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", n % 1_000_000)
}

/// Sends a review's or approval's form of the page where it is decided.
pub async fn decide(browser: &mut Browser, case: &str, what: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(&format!("/staff/cases/{case}/decide")).await;
    browser.press(&page, &format!("/{what}"), what, fields).await
}
