//! A tiny role with the kit mounted, on one database, and its e-mails.

use std::sync::Arc;
use std::time::Duration;

use accounts::{Accounts, Invitation, PasswordCost, Realm, Settings, SignedIn};
use axum::Router;
use axum::extract::State;
use base::{FakeClock, Lang, Rng, Secret, Timestamp};
use mail::{Email, Outbox};
use parking_lot::Mutex;
use store::testing::{TestDb, engines};
use store::{Db, Engine, Sealer, Tx};
use web::{Origin, Route, Routes, Site, Visit, Who};

use crate::browser::Browser;

pub const ORIGIN: &str = "http://localhost:7104";
pub const PASSWORD: &str = "茶碗蒸しの上のみつばと海老";

const ROUTES: &[Route] = &[
    Route::get("/", Who::Member),
    Route::get("/cases/{id}", Who::Member),
    Route::post("/cases", Who::Member),
    Route::get("/staff", Who::Staff),
];

#[derive(Clone)]
struct App(Accounts);

impl AsRef<Accounts> for App {
    fn as_ref(&self) -> &Accounts {
        &self.0
    }
}

/// Says who is there, so that tests can see what handlers see.
async fn whoami(me: SignedIn, visit: Visit, State(_): State<App>) -> String {
    format!("{} is {} ({:?}, {:?}) at {}", me.account.email, me.account.name, me.realm, me.level, visit.path())
}

#[derive(serde::Deserialize)]
struct Nothing {}

async fn act(me: SignedIn, _: web::Form<Nothing>) -> String {
    format!("done by {}", me.account.email)
}

pub struct World {
    pub clock: FakeClock,
    pub db: Db,
    pub outbox: Outbox,
    pub accounts: Accounts,
    pub accepted: Arc<Mutex<Vec<(String, String)>>>,
    router: Router,
    _place: TestDb,
}

fn site(clock: &FakeClock) -> Site {
    let mut site = Site::builder("desk", Origin::parse(ORIGIN).unwrap())
        .clock(clock.clock())
        .form_key(Secret::new([1; 32]))
        .templates(accounts::TEMPLATES)
        .texts(Lang::Ja, "service-name = 受付窓口\n")
        .texts(Lang::En, "service-name = Desk\n");
    for (lang, texts) in accounts::TEXTS {
        site = site.texts(lang, texts);
    }
    site.build().unwrap()
}

pub fn worlds() -> Vec<World> {
    engines().into_iter().map(World::new).collect()
}

impl World {
    pub fn new(engine: Engine) -> Self {
        let place = TestDb::new(engine);
        let db = place.open(&[mail::MIGRATIONS, accounts::MIGRATIONS]);
        let clock = FakeClock::at(Timestamp::from_secs(1_780_000_000));
        let sealer = Sealer::new(&Secret::new([7; 32]), Rng::system()).unwrap();
        let outbox = Outbox::new(sealer.clone(), Rng::system());
        let accepted: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let seen = accepted.clone();
        let on_accept = Arc::new(move |_: &mut Tx<'_>, account: &accounts::Account, purpose: &str| {
            if purpose == "broken" {
                return Err(store::Error::Refused("the role can't".to_owned()));
            }
            seen.lock().push((account.email.as_str().to_owned(), purpose.to_owned()));
            Ok(())
        });
        let settings = Settings {
            cost: PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 2 },
            qr: Some(|text, label| {
                Some(format!("<svg viewBox=\"0 0 1 1\"><title>{label} {}</title></svg>", text.len()))
            }),
            ..Settings::new("/", "/staff", on_accept)
        };
        let site = site(&clock);
        let accounts = Accounts::new(settings, db.clone(), sealer, outbox.clone(), &site).unwrap();
        let router = accounts
            .mount(Routes::new(&site, ROUTES))
            .get("/", whoami)
            .get("/cases/{id}", whoami)
            .post("/cases", act)
            .get("/staff", whoami)
            .build(App(accounts.clone()))
            .unwrap();
        Self { clock, db, outbox, accounts, accepted, router, _place: place }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.router, &self.clock)
    }

    pub fn minutes(&self, n: u64) {
        self.clock.advance(Duration::from_secs(60 * n));
    }

    /// Every e-mail so far, oldest first: to whom, subject, text.
    pub async fn mails(&self) -> Vec<(String, String, String)> {
        let outbox = self.outbox.clone();
        let list = self.db.read(move |tx| outbox.list(tx, mail::State::Queued, None, 1000)).await.unwrap();
        list.into_iter()
            .rev()
            .map(|e| {
                let content = e.content.unwrap();
                (e.to.as_str().to_owned(), content.subject, content.text)
            })
            .collect()
    }

    /// The path of the link in the last e-mail to `to`.
    #[track_caller]
    pub fn link_in(&self, mails: &[(String, String, String)], to: &str) -> String {
        let (_, _, text) = mails.iter().rev().find(|(t, _, _)| t == to).unwrap_or_else(|| panic!("no mail to {to}"));
        let line = text.lines().find(|l| l.starts_with(ORIGIN) && l.len() > ORIGIN.len()).unwrap();
        line.trim_start_matches(ORIGIN).to_owned()
    }

    pub async fn last_link(&self, to: &str) -> String {
        let mails = self.mails().await;
        self.link_in(&mails, to)
    }

    /// A member with a password.
    pub async fn member(&self, email: &str) -> accounts::Account {
        self.seeded(Realm::Member, email).await
    }

    pub async fn seeded(&self, realm: Realm, email: &str) -> accounts::Account {
        let email = Email::parse(email).unwrap();
        self.accounts.seed(realm, &email, "佐藤 花子", Lang::Ja, PASSWORD).await.unwrap().unwrap()
    }

    pub fn invitation(realm: Realm, email: &str, purpose: &str) -> Invitation {
        Invitation {
            realm,
            email: Email::parse(email).unwrap(),
            lang: Lang::Ja,
            from: "次郎".to_owned(),
            to_what: "見本株式会社".to_owned(),
            purpose: purpose.to_owned(),
        }
    }
}
