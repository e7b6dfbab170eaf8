//! The desk on a database of its own, people with accounts, and a staff that does what it has to.

use std::sync::Arc;

use accounts::{Account, PasswordCost, Realm};
use async_trait::async_trait;
use axum::Router;
use base::outbound::{BodyStream, Http, OutboundError, Request, Response};
use base::{FakeClock, Lang, Rng, Secret, Timestamp};
use mail::Email;
use procedures::case::{By, Case, Event, Proposal, Staff};
use procedures::{Act, Actor, Answer, Answers, Field, Kind, Plain};
use store::testing::TestDb;
use store::{Engine, Sealer};

use super::browser::{Browser, Page};
use crate::case::act::{answers, load};
use crate::extension::Extension;
use crate::store::{deliveries, drafts};
use crate::{Config, Desk, Document, SCHEMA};

/// 2026-11-24T03:00:00Z
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_795_489_200);
pub(super) const PASSWORD: &str = "茶碗蒸しの上のみつばと海老";

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

pub(super) struct World {
    pub(super) clock: FakeClock,
    pub(super) desk: Desk,
    pub(super) router: Router,
    place: TestDb,
}

pub(super) fn plain(text: &str) -> Plain {
    Plain::new(text).unwrap()
}

impl World {
    pub(super) async fn new(engine: Engine) -> Self {
        Self::at(FakeClock::at(NOW), TestDb::new(engine), Vec::new()).await
    }

    /// The process dies and starts again, with these rooms on the desk. Browsers of before must be gone.
    pub(super) async fn restart(self, extensions: Vec<Extension>) -> Self {
        let Self { clock, desk, router, place } = self;
        drop((desk, router));
        Self::at(clock, place, extensions).await
    }

    async fn at(clock: FakeClock, place: TestDb, extensions: Vec<Extension>) -> Self {
        let rng = Rng::system();
        let sealer = Sealer::new(&Secret::new([7; 32]), rng.clone()).unwrap();
        let db = place.open(SCHEMA);
        let mut config = Config::test(web::Origin::parse("http://localhost:7104").unwrap());
        config.passwords = PasswordCost { memory_kib: 64, passes: 1, lanes: 1, at_once: 4 };
        config.documents = vec![Document {
            id: "manifest.toml".to_owned(),
            title: procedures::Text::new("仕様書", "Specification"),
            file: concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into(),
            media_type: "text/plain".to_owned(),
        }];
        let (desk, router) =
            crate::build_with(config, db, sealer, Arc::new(Nobody), clock.clock(), rng, extensions).await.unwrap();
        desk.db()
            .write(|tx| {
                let settings = r#"{"name":{"ja":"みほん私書箱","en":"Mihon Post"}}"#;
                deliveries::put(tx, "mihon-post", settings, "active", "system", NOW)
            })
            .await
            .unwrap();
        Self { clock, desk, router, place }
    }

    /// Somebody with an account, signed in.
    pub(super) async fn person(&self, name: &str) -> (Browser, Account) {
        let email = Email::parse(&format!("{name}@example.jp")).unwrap();
        let account =
            self.desk.accounts().seed(Realm::Member, &email, name, Lang::Ja, PASSWORD).await.unwrap().unwrap();
        let mut browser = Browser::new(&self.router);
        let page = browser.get("/sign-in").await;
        let page = browser.press(&page, "/sign-in", &[("email", email.as_str()), ("password", PASSWORD)]).await;
        assert_eq!(page.status, 303, "{}", page.html);
        (browser, account)
    }

    /// Makes a member without the way by e-mail.
    pub(super) async fn join(&self, org: &str, account: &Account, role: crate::org::Role) {
        let (org, id) = (org.to_owned(), account.id.clone());
        self.desk.db().write(move |tx| crate::store::orgs::join(tx, &org, &id, role, "test", NOW)).await.unwrap();
    }

    /// Subject and text of every e-mail that waits, the newest first.
    pub(super) async fn mails(&self) -> Vec<(String, String, String)> {
        let desk = self.desk.clone();
        let list = self.desk.db().read(move |tx| desk.outbox().list(tx, mail::State::Queued, None, 100)).await.unwrap();
        list.into_iter()
            .filter_map(|e| Some((e.to.as_str().to_owned(), e.content.as_ref()?.subject.clone(), e.content?.text)))
            .collect()
    }

    pub(super) async fn case(&self, id: &str) -> Case {
        let id = id.to_owned();
        self.desk.db().read(move |tx| load(tx, &id)).await.unwrap().unwrap().case
    }

    pub(super) async fn draft(&self, case: &str, form: &str) -> Option<Answers> {
        let (case, form) = (case.to_owned(), form.to_owned());
        let draft = self.desk.db().read(move |tx| drafts::get(tx, &case, &form)).await.unwrap();
        draft.map(|d| answers(&d.answers).unwrap())
    }

    /// The staff does what it has to until it is the applicant's turn or the case is over.
    pub(super) async fn staff_acts(&self, id: &str) {
        self.staff_acts_until(id, None).await;
    }

    /// The same, but it stops where something is to be done by `stop`.
    pub(super) async fn staff_acts_until(&self, id: &str, stop: Option<Act>) {
        for _ in 0..40 {
            let offered = self.desk.db().read(deliveries::choices).await.unwrap();
            let case = self.case(id).await;
            let ctx = self.desk.context(&offered, self.desk.now());
            let Some(todo) = case.todo(&ctx).unwrap().into_iter().next() else { return };
            if todo.actor == Actor::Applicant || Some(todo.act) == stop {
                return;
            }
            let (_, task) = case.at(&ctx).unwrap().unwrap();
            let seen = match (task.promotion, task.decides_tests) {
                (true, _) => case.promotion(&ctx).digest(),
                (_, true) => case.change(&ctx).digest(),
                _ => None,
            };
            let roles = |role: Staff| By::staff(&format!("acc_{role:?}"), &[role]);
            let role = match todo.actor {
                Actor::Reception => Staff::Reception,
                Actor::Reviewer => Staff::Reviewer,
                Actor::Approver => Staff::Approver,
                _ => Staff::Operator,
            };
            let (event, by) = match todo.act {
                Act::Confirm => (Event::Confirm { note: plain("済み") }, roles(role)),
                Act::OpenForm => (Event::OpenForm { note: plain("届出フォームです") }, roles(role)),
                Act::Review => {
                    let next = case.at(&ctx).unwrap().unwrap().0.tasks.iter().find(|t| t.act == Act::Approve).unwrap();
                    let seen = match (next.promotion, next.decides_tests) {
                        (true, _) => case.promotion(&ctx).digest(),
                        (_, true) => case.change(&ctx).digest(),
                        _ => None,
                    };
                    let (apis, delivery_services) = case.asked_for(&ctx);
                    let proposal = Proposal {
                        apis,
                        delivery_services,
                        note: plain("適合"),
                        differences_seen: seen,
                        ..Proposal::default()
                    };
                    (Event::Review(proposal), roles(role))
                }
                Act::Approve => {
                    (Event::Approve { note: plain("承認"), apis: None, differences_seen: seen }, roles(role))
                }
                Act::Apply => {
                    let key = case.awaits.clone().unwrap().key;
                    (Event::Applied { key }, By::System)
                }
                Act::Wait => {
                    self.clock.set(case.planned.unwrap().at.max(self.desk.now()));
                    (Event::TimeReached, By::System)
                }
                other => panic!("the staff has no {other:?}"),
            };
            self.desk.act(id, event, by).await.unwrap_or_else(|e| panic!("{}: {e}", todo.step));
        }
        panic!("the staff never comes to an end");
    }

    /// Sound answers to a form, with files that are nowhere.
    pub(super) fn sound_answers(&self, form: &str, world: &procedures::World<'_>) -> Answers {
        let pairs = sound(&self.desk, form);
        let form = self.desk.catalogue().form(form).unwrap();
        let mut out = form.read(pairs.iter().map(|(n, t)| (n.as_str(), t.as_str())), &Answers::new(), world).answers;
        for field in form.fields().filter(|f| f.required && f.kind.is_files()) {
            let file = procedures::FileRef {
                id: plain("fil_x"),
                name: plain("証跡.pdf"),
                media_type: plain("application/pdf"),
                size: 1,
                sha256: plain("x"),
            };
            out.set(&field.id, Answer::Files(vec![file]));
        }
        out
    }

    /// Every byte of the database (SQLite only).
    pub(super) fn stored(&self) -> Vec<u8> {
        let store::Target::Sqlite(path) = &self.place.target else { panic!("only for SQLite") };
        let files = std::fs::read_dir(path.parent().unwrap()).unwrap();
        files.flat_map(|f| std::fs::read(f.unwrap().path()).unwrap()).collect()
    }

    /// Registers an organisation; its id.
    pub(super) async fn org(&self, browser: &mut Browser, name: &str) -> String {
        let page = browser.get("/orgs/new").await;
        let typed = [
            ("kind", "private"),
            ("name", name),
            ("corporate_number", "7000012050002"),
            ("address", "東京都千代田区1-1"),
            ("phone", "03-1234-5678"),
        ];
        let page = browser.press(&page, "/orgs/new", &typed).await;
        page.to().rsplit('/').next().unwrap().to_owned()
    }

    /// Begins an application; the case's id.
    pub(super) async fn begin(&self, browser: &mut Browser, org: &str) -> String {
        let action = format!("/orgs/{org}/start");
        let page = browser.get(&action).await;
        let typed = [("procedure", "admission"), ("service", ""), ("name", "みほん年末調整")];
        let page = browser.press(&page, &action, &typed).await;
        page.to().rsplit('/').next().unwrap().to_owned()
    }

    /// Says that something has been done, or the like.
    pub(super) async fn acts(&self, browser: &mut Browser, case: &str, event: &str, text: &str) -> Page {
        let page = browser.get(&format!("/cases/{case}")).await;
        let action = format!("/cases/{case}/act");
        browser.press(&page, &action, &[("event", event), ("text", text)]).await
    }

    /// Fills in and submits every form of the present step by the pages; the number of the submission.
    pub(super) async fn fills_in_and_submits(&self, browser: &mut Browser, case: &str) -> String {
        let offered = self.desk.db().read(deliveries::choices).await.unwrap();
        let state = self.case(case).await;
        let ctx = self.desk.context(&offered, self.desk.now());
        let forms: Vec<String> = state.todo(&ctx).unwrap().into_iter().flat_map(|t| t.forms).collect();
        assert!(!forms.is_empty(), "there is nothing to submit at {:?}", state.position);
        for form in &forms {
            self.fill_in(browser, case, form).await;
        }
        let page = browser.get(&format!("/cases/{case}/check")).await.expect(200, "check");
        let page = browser.press(&page, &format!("/cases/{case}/submit"), &[]).await;
        assert_eq!(page.status, 303, "{}", page.html);
        page.to().rsplit('=').next().unwrap().to_owned()
    }

    /// Fills a form in with sound answers and saves it.
    pub(super) async fn fill_in(&self, browser: &mut Browser, case: &str, form: &str) {
        let action = format!("/cases/{case}/forms/{form}");
        let page = browser.get(&action).await.expect(200, "form");
        let fields = sound(&self.desk, form);
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let form = self.desk.catalogue().form(form).unwrap();
        let files: Vec<(&str, &str, Vec<u8>)> = form
            .fields()
            .filter(|f| f.required && f.kind.is_files())
            .map(|f| match f.kind {
                Kind::Logo => (f.id.as_str(), "logo.png", logo()),
                _ => (f.id.as_str(), "証跡.pdf", b"%PDF-1.7 evidence".to_vec()),
            })
            .collect();
        let files: Vec<(&str, &str, &[u8])> = files.iter().map(|(f, n, b)| (*f, *n, b.as_slice())).collect();
        let page = browser.upload(&page, &action, &pairs, &files).await;
        assert_eq!(page.status, 303, "{}: {}", form.id, page.html);
    }
}

/// Sound answers to a form as a page sends them, made from the examples of its fields.
pub(super) fn sound(desk: &Desk, form: &str) -> Vec<(String, String)> {
    let today = base::calendar::jst(desk.now()).date();
    let day = |n: i64| today.saturating_add(jiff::Span::new().days(n)).to_string();
    let text = |f: &Field| match f.kind {
        Kind::Date if f.until_today => day(0),
        Kind::Date => day(60),
        Kind::Choice => f.choices[0].id.clone(),
        Kind::YesNo => "yes".to_owned(),
        _ => f.example.clone().unwrap_or_else(|| "説明".to_owned()),
    };
    let mut pairs = Vec::new();
    for f in desk.catalogue().form(form).unwrap().fields().filter(|f| f.required) {
        match f.kind {
            Kind::Table | Kind::Testers => {
                pairs.extend(f.columns.iter().map(|c| (format!("{}.0.{}", f.id, c.id), text(c))));
            }
            Kind::Logo | Kind::File => {}
            Kind::Apis => pairs.push((f.id.clone(), "attribute_linkage".to_owned())),
            Kind::DeliveryServices => pairs.push((f.id.clone(), "mihon-post".to_owned())),
            Kind::Choices => pairs.extend(f.choices.iter().map(|c| (f.id.clone(), c.id.clone()))),
            Kind::Jwks => {
                let key = jose::SigningKey::generate(jose::Alg::Es256, &Rng::seeded(1)).unwrap();
                pairs.push((f.id.clone(), serde_json::json!({ "keys": [key.jwk()] }).to_string()));
            }
            _ => pairs.push((f.id.clone(), text(f))),
        }
    }
    pairs
}

/// A PNG of 64 × 64 pixels.
fn logo() -> Vec<u8> {
    include_bytes!("logo.png").to_vec()
}

/// The answers of a draft with one more text.
pub(super) fn with(answers: &Answers, field: &str, text: &str) -> Answers {
    let mut out = answers.clone();
    out.set(field, Answer::Text(plain(text)));
    out
}
