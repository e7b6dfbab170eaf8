//! People who play the procedures through the desk's own services: for the demo's sample organisations and for tests that
//! need a case at some step. They do what people do on the pages (submit, review, approve), each as somebody else; nothing
//! here has a way of its own into a case.

use std::collections::BTreeMap;
use std::time::Duration;

use ::store::Error;
use accounts::{Account, Realm};
use base::Lang;
use desk::kit::{Doer, Line, Loaded, Place as FilePlace, load, orgs, services, staff};
use desk::org::{OrgId, OrgKind, Organisation, Role};
use desk::staff::{StaffRole, StaffRoles};
use desk::{ActError, Desk};
use mail::Email;
use procedures::case::{By, Case, Event, Member, Proposal, Staff};
use procedures::{Act, Actor, Answer, Answers, Context, Form, Kind, Plain};

/// Why the play stopped.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PlayError(pub String);

macro_rules! told {
    ($($error:ty),*) => {$(
        impl From<$error> for PlayError {
            fn from(e: $error) -> Self {
                Self(e.to_string())
            }
        }
    )*};
}

told![Error, ActError, procedures::Refusal, procedures::PrivateKey];

impl From<web::Fault> for PlayError {
    fn from(e: web::Fault) -> Self {
        Self(e.details())
    }
}

/// The members of staff, each with one role.
#[derive(Clone, Debug)]
pub struct Crew {
    /// 受付
    pub reception: Account,
    /// 審査
    pub reviewer: Account,
    /// 承認
    pub approver: Account,
    /// 運用
    pub operator: Account,
    /// How long a play waits for a portal that the desk's own background work is telling something.
    pub patience: Duration,
}

/// An organisation with the person who acts for it.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// Its id.
    pub org: String,
    /// Its name.
    pub name: String,
    /// Who acts.
    pub account: Account,
}

/// What is filled into forms where it matters; everything else is the example of its field. By field, in every form; the
/// cells of a table as `field.0.column`.
pub type Fill = BTreeMap<String, String>;

/// A member of staff with a known password and authenticator secret, if there is none of the address yet.
///
/// # Errors
/// The database.
pub async fn hire(
    desk: &Desk,
    email: &str,
    name: &str,
    password: &str,
    totp: &[u8; 20],
    roles: &[StaffRole],
) -> Result<Account, PlayError> {
    let account = person(desk, Realm::Staff, email, name, password).await?;
    desk.accounts().seed_totp(&account.id, totp).await?;
    let (id, roles, now) = (account.id.clone(), StaffRoles::new(roles.iter().copied()), desk.now());
    desk.db().write(move |tx| staff::put(tx, &id, &roles.as_text(), "demo", now)).await?;
    Ok(account)
}

async fn person(desk: &Desk, realm: Realm, email: &str, name: &str, password: &str) -> Result<Account, PlayError> {
    let address = Email::parse(email).map_err(|_| PlayError(format!("{email} is no address")))?;
    if let Some(made) = desk.accounts().seed(realm, &address, name, Lang::Ja, password).await? {
        return Ok(made);
    }
    let found = desk.accounts().find_by_email(realm, &address).await?;
    found.ok_or_else(|| PlayError(format!("there is no account of {email}")))
}

/// Registers an organisation with its owner.
///
/// # Errors
/// The database.
pub async fn register(
    desk: &Desk,
    email: &str,
    person_name: &str,
    password: &str,
    org: Organisation,
) -> Result<Applicant, PlayError> {
    let account = person(desk, Realm::Member, email, person_name, password).await?;
    let (writer, owner, kept) = (desk.clone(), account.id.clone(), org.clone());
    desk.db()
        .write(move |tx| {
            let (now, id) = (writer.now(), kept.id.as_str());
            orgs::insert(tx, &kept, now)?;
            orgs::join(tx, id, &owner, Role::Owner, &owner, now)?;
            let line = Line::new(id, Doer::Member(&owner), "organisation_registered").org(id);
            writer.record(tx, line.detail("name", kept.name.as_str()), now)
        })
        .await?;
    Ok(Applicant { org: org.id.to_string(), name: org.name, account })
}

/// A fictitious private company.
pub fn company(desk: &Desk, name: &str, name_en: &str) -> Organisation {
    Organisation {
        id: OrgId::new(desk.now(), desk.rng()),
        kind: OrgKind::Private,
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        corporate_number: None,
        address: "東京都千代田区見本1-2-3".to_owned(),
        phone: "03-0000-0000".to_owned(),
        version: 1,
        created_at: desk.now(),
    }
}

impl Applicant {
    fn by(&self) -> By {
        By::member(&self.account.id, &self.org, Member::Owner)
    }
}

fn staff_by(account: &Account, role: Staff) -> By {
    By::staff(&account.id, &[role])
}

/// Begins a procedure: for a new service of this name, or for one that is there.
///
/// # Errors
/// The case says no; the database.
pub async fn open(desk: &Desk, who: &Applicant, procedure: &str, service: Service<'_>) -> Result<String, PlayError> {
    let (writer, org, by, procedure) = (desk.clone(), who.org.clone(), who.by(), procedure.to_owned());
    let (new, id) = match service {
        Service::New(name) => (Some(name.to_owned()), String::new()),
        Service::There(id) => (None, id.to_owned()),
    };
    let case = desk
        .db()
        .write(move |tx| {
            let service = match new {
                Some(name) => writer.new_service(tx, &org, &name)?,
                None => services::get(tx, &id)?.ok_or(ActError::NoSuchCase)?,
            };
            writer.open_in(tx, &procedure, &service, &by, Plain::default())
        })
        .await?;
    Ok(case.to_string())
}

/// For which service a procedure begins.
#[derive(Clone, Copy, Debug)]
pub enum Service<'a> {
    /// A new one of this name.
    New(&'a str),
    /// By its id.
    There(&'a str),
}

/// Most events of one play.
const LONGEST: usize = 200;

/// Plays a case on until it stands before the step `until` (or `step/task`), has to wait for its planned time, or is over.
///
/// # Errors
/// Somebody says no; the database.
pub async fn play(
    desk: &Desk,
    crew: &Crew,
    who: &Applicant,
    case: &str,
    until: Option<&str>,
    fill: &Fill,
) -> Result<(), PlayError> {
    for _ in 0..LONGEST {
        let id = case.to_owned();
        let loaded = desk.db().read(move |tx| load(tx, &id)).await?;
        let Loaded { case: state, offered, .. } =
            loaded.ok_or_else(|| PlayError("there is no such case".to_owned()))?;
        let ctx = desk.context(&offered, desk.now());
        let Some((step, task)) = state.at(&ctx)? else { return Ok(()) };
        let here = format!("{}/{}", step.id, task.id);
        if until.is_some_and(|u| u == step.id || u == here) || task.act == Act::Wait {
            return Ok(());
        }
        if task.act == Act::Apply {
            applied(desk, crew, case, state.log.len())
                .await
                .map_err(|PlayError(e)| PlayError(format!("{here}: {e}")))?;
            continue;
        }
        let by = match task.actor {
            Actor::Applicant => who.by(),
            Actor::Reception => staff_by(&crew.reception, Staff::Reception),
            Actor::Reviewer => staff_by(&crew.reviewer, Staff::Reviewer),
            Actor::Approver => staff_by(&crew.approver, Staff::Approver),
            Actor::Operator => staff_by(&crew.operator, Staff::Operator),
            Actor::System => return Err(PlayError(format!("{here}: nobody can act"))),
        };
        let event = match task.act {
            Act::Submit => submission(desk, who, case, &task.forms, &state, &ctx, fill).await?,
            act => simple(act, &state, &ctx, task.promotion, task.decides_tests)?,
        };
        desk.act(case, event, by).await.map_err(|e| PlayError(format!("{here}: {}", words(&e))))?;
    }
    Err(PlayError("the case does not come to its end".to_owned()))
}

/// Waits until the portals have confirmed, or an operator has to look.
async fn applied(desk: &Desk, crew: &Crew, case: &str, before: usize) -> Result<(), PlayError> {
    const LOOK: Duration = Duration::from_millis(50);
    let mut waited = Duration::ZERO;
    loop {
        desk.run_jobs().await?;
        let id = case.to_owned();
        let again = desk.db().read(move |tx| load(tx, &id)).await?;
        let again = again.ok_or_else(|| PlayError("there is no such case".to_owned()))?;
        if let Some(trouble) = &again.case.trouble {
            return Err(PlayError(trouble.as_str().to_owned()));
        }
        if again.case.log.len() > before {
            return Ok(());
        }
        if waited >= crew.patience {
            return Err(PlayError("a portal has not confirmed".to_owned()));
        }
        tokio::time::sleep(LOOK).await;
        waited += LOOK;
    }
}

/// The account of a member of an organisation, if there is one of this address.
///
/// # Errors
/// The database.
pub async fn member(desk: &Desk, email: &str) -> Result<Option<Account>, PlayError> {
    let address = Email::parse(email).map_err(|_| PlayError(format!("{email} is no address")))?;
    Ok(desk.accounts().find_by_email(Realm::Member, &address).await?)
}

/// The service of a case.
///
/// # Errors
/// The database; there is no such case.
pub async fn service_of(desk: &Desk, case: &str) -> Result<String, PlayError> {
    let id = case.to_owned();
    let row = desk.db().read(move |tx| desk::kit::cases::get(tx, &id)).await?;
    row.map(|r| r.service).ok_or_else(|| PlayError("there is no such case".to_owned()))
}

/// What is wrong, in full.
fn words(e: &ActError) -> String {
    match e {
        ActError::Refused(procedures::Refusal::Findings(list)) => {
            list.iter().map(|f| format!("{:?}: {}", f.place, f.message.en)).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// Everything but submissions: people agree.
fn simple(act: Act, case: &Case, ctx: &Context<'_>, promotion: bool, decides_tests: bool) -> Result<Event, PlayError> {
    let plain = |text: &str| Plain::new(text);
    let seen = || match (promotion, decides_tests) {
        (true, _) => case.promotion(ctx).digest(),
        (_, true) => case.change(ctx).digest(),
        _ => None,
    };
    Ok(match act {
        Act::Confirm => Event::Confirm { note: plain("完了しました。")? },
        Act::Contact => {
            Event::Contact { message: plain("計画のとおり進めたいので、ご連絡します。")? }
        }
        Act::OpenForm => Event::OpenForm { note: plain("届出用のフォームをお使いください。")? },
        Act::Accept => Event::Accept { note: plain("承諾の内容に合意します。")? },
        Act::Review => {
            let (apis, delivery_services) = case.asked_for(ctx);
            // The second of the two people sees differences as the first one does.
            let next_promotes = promotion_of_step(case, ctx);
            Event::Review(Proposal {
                apis,
                delivery_services,
                differences_seen: next_promotes,
                note: plain("内容を確認しました。")?,
                ..Proposal::default()
            })
        }
        Act::Approve => Event::Approve { note: plain("承認します。")?, apis: None, differences_seen: seen() },
        Act::Submit | Act::Apply | Act::Wait => return Err(PlayError(format!("{act:?} is nothing to say yes to"))),
    })
}

/// The digest of what the approval of this step has to have seen.
fn promotion_of_step(case: &Case, ctx: &Context<'_>) -> Option<String> {
    let (step, _) = case.at(ctx).ok()??;
    let approval = step.tasks.iter().find(|t| t.act == Act::Approve)?;
    match (approval.promotion, approval.decides_tests) {
        (true, _) => case.promotion(ctx).digest(),
        (_, true) => case.change(ctx).digest(),
        _ => None,
    }
}

async fn submission(
    desk: &Desk,
    who: &Applicant,
    case: &str,
    forms: &[String],
    state: &Case,
    ctx: &Context<'_>,
    fill: &Fill,
) -> Result<Event, PlayError> {
    let mut out = BTreeMap::new();
    for id in forms {
        let form = desk.catalogue().form(id).ok_or_else(|| PlayError(format!("there is no form {id}")))?;
        let answers = answers(desk, who, case, form, state, ctx, fill).await?;
        out.insert(id.clone(), answers);
    }
    Ok(Event::Submit { forms: out })
}

/// A form with what is to be filled in, and the examples of its fields for the rest of what is required.
async fn answers(
    desk: &Desk,
    who: &Applicant,
    case: &str,
    form: &Form,
    state: &Case,
    ctx: &Context<'_>,
    fill: &Fill,
) -> Result<Answers, PlayError> {
    let notice = desk.catalogue().procedure(&state.procedure).and_then(|p| p.notice_days);
    let world = ctx.world(notice);
    let known = state.draft(&form.id, ctx);
    let mut pairs: Vec<(String, String)> = Vec::new();
    let day = |n: i64| world.today.saturating_add(jiff::Span::new().days(n)).to_string();
    let text = |f: &procedures::Field| match f.kind {
        Kind::Date if f.until_today => day(0),
        Kind::Date => day(60),
        Kind::Choice => f.choices.first().map(|c| c.id.clone()).unwrap_or_default(),
        Kind::YesNo => "yes".to_owned(),
        Kind::Apis => "attribute_linkage\nnotices_documents".to_owned(),
        Kind::DeliveryServices => ctx.delivery_services.iter().map(|d| d.id.clone()).collect::<Vec<_>>().join("\n"),
        Kind::Choices => f.choices.iter().map(|c| c.id.clone()).collect::<Vec<_>>().join("\n"),
        _ => f.example.clone().unwrap_or_else(|| "見本の回答です。".to_owned()),
    };
    for f in form.fields() {
        if f.kind.is_files() {
            continue;
        }
        if f.kind.is_rows() {
            let filled = fill.keys().any(|k| k.starts_with(&format!("{}.0.", f.id)));
            for c in f.columns.iter().filter(|_| filled || f.required) {
                let key = format!("{}.0.{}", f.id, c.id);
                let value = fill.get(&key).cloned().unwrap_or_else(|| text(c));
                pairs.push((key, value));
            }
        } else if let Some(value) = fill.get(&f.id) {
            pairs.push((f.id.clone(), value.clone()));
        } else if known.get(&f.id).is_some() {
            // What was answered before stands.
        } else if f.required {
            pairs.push((f.id.clone(), text(f)));
        }
    }
    let reading = form.read(pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())), &known, &world);
    if let Some(finding) = reading.findings.first() {
        return Err(PlayError(format!("{}: {finding:?}", form.id)));
    }
    let mut out = reading.answers;
    let entered = |id: &str| pairs.iter().any(|(name, _)| name.split('.').next() == Some(id));
    for (field, answer) in known.iter().filter(|(id, _)| !entered(id)) {
        out.set(field, answer.clone());
    }
    for f in form.fields().filter(|f| f.required && f.kind.is_files()) {
        if out.get(&f.id).is_none() {
            out.set(&f.id, evidence(desk, who, case, &f.id).await?);
        }
    }
    Ok(out)
}

/// A file that stands for evidence, kept as every file is.
async fn evidence(desk: &Desk, who: &Applicant, case: &str, field: &str) -> Result<Answer, PlayError> {
    let text = format!("見本の証跡です（{field}）。\nThis stands for evidence of a demonstration.\n");
    let place = FilePlace { org: Some(&who.org), place: case, by: &who.account.id };
    let sealed = desk.sealed("evidence.txt", "text/plain; charset=utf-8", text.as_bytes(), place)?;
    let reference = sealed.reference()?;
    let kept = desk.db().write(move |tx| sealed.keep(tx)).await?;
    kept.map_err(|problem| PlayError(format!("a file is not taken: {}", problem.key())))?;
    Ok(Answer::Files(vec![reference]))
}
