//! The kit alone, to look at in a browser: `cargo run -p enishi-accounts --example signing_in`, then
//! `http://localhost:7199/`. E-mails are kept and shown at `/outbox`; the printed link makes the first member of staff.

#![allow(clippy::print_stdout, reason = "an example tells where to look")]

use std::sync::Arc;
use std::time::Duration;

use accounts::{Accounts, Invitation, Realm, Settings, SignedIn};
use base::{Clock, Lang, Rng, Secret};
use mail::{Email, Outbox, Transport, Worker};
use store::{Db, Sealer, Target};
use web::{Origin, Route, Routes, Site, Who};

const ROUTES: &[Route] = &[Route::get("/", Who::Member), Route::get("/staff", Who::Staff)];

#[derive(Clone)]
struct App(Accounts);

impl AsRef<Accounts> for App {
    fn as_ref(&self) -> &Accounts {
        &self.0
    }
}

async fn whoami(me: SignedIn) -> String {
    format!("{} <{}> {:?} {:?}\n", me.account.name, me.account.email, me.realm, me.level)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let rng = Rng::system();
    let db = Db::open(&Target::Sqlite(folder.path().join("role.db")), &[mail::MIGRATIONS, accounts::MIGRATIONS])?;
    let sealer = Sealer::new(&Secret::new(rng.bytes()), rng.clone())?;
    let outbox = Outbox::new(sealer.clone(), rng.clone());
    let mut site = Site::builder("accounts", Origin::parse("http://localhost:7199")?)
        .templates(accounts::TEMPLATES)
        .texts(Lang::Ja, "service-name = アカウントの見本\n")
        .texts(Lang::En, "service-name = Accounts\n");
    for (lang, texts) in accounts::TEXTS {
        site = site.texts(lang, texts);
    }
    let site = site.build()?;
    let settings = Settings::new("/", "/staff", Arc::new(|_, _, _| Ok(())));
    let kit = Accounts::new(settings, db.clone(), sealer, outbox.clone(), &site).map_err(|e| e.details())?;
    tokio::spawn(Worker::new(db, outbox, Clock::system(), Transport::Keep).run_forever(Duration::from_secs(1)));
    let chief = Invitation {
        realm: Realm::Staff,
        email: Email::parse("chief@desk.example")?,
        lang: Lang::Ja,
        from: "コマンドライン".to_owned(),
        to_what: "受付窓口".to_owned(),
        purpose: "operator".to_owned(),
    };
    println!("first member of staff: {}", kit.invitation_link(&chief).await?);
    let routes = kit.mount(Routes::new(&site, ROUTES)).get("/", whoami).get("/staff", whoami);
    let router = routes.build(App(kit)).map_err(|e| format!("{e:?}"))?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:7199").await?;
    println!("listening on http://localhost:7199/");
    web::serve(listener, router, None, std::future::pending()).await?;
    Ok(())
}
