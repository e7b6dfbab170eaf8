//! The one way in which cases change.
//!
//! [`Desk::act`] loads the case, applies the event ([`procedures::Case::apply`]), writes it compare-and-set, adds a line to
//! the record, queues e-mails, and puts every effect down as a row and a job: all in one transaction. Whatever dies
//! afterwards, the job comes back, and the effect's key makes sure that it is carried out once.

use std::collections::BTreeMap;

use ::store::{Error, Tx, jobs};
use base::Timestamp;
use procedures::case::{By, Case, Context, Effect, Event, Opening, Outcome, Who};
use procedures::{Act, Actor, Answers, Choice, EffectKind, Plain, ServiceState};
use serde_json::json;

use super::{CaseId, ServiceId};
use crate::Desk;
use crate::access::{Member, StaffMember};
use crate::notify::Mail;
use crate::record::{Doer, Line};
use crate::staff::StaffRole;
use crate::store::cases::{self, CaseRow};
use crate::store::{deliveries, drafts, effects, orgs, services};

/// Job: carry an effect out. Payload: [`EffectJob`].
pub const EFFECT_JOB: &str = "desk.effect";
/// Job: a case's planned time has come. Payload: [`TimeJob`].
pub const TIME_JOB: &str = "desk.time";

/// Payload of [`EFFECT_JOB`].
#[derive(serde::Serialize, serde::Deserialize)]
pub struct EffectJob {
    /// The effect's key.
    pub key: String,
}

/// Payload of [`TIME_JOB`].
#[derive(serde::Serialize, serde::Deserialize)]
pub struct TimeJob {
    /// The case.
    pub case: String,
}

/// Why an event did not happen. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// There is no such case.
    #[error("there is no such case")]
    NoSuchCase,
    /// The case says no.
    #[error(transparent)]
    Refused(#[from] procedures::case::Refusal),
    /// Somebody else acted in the same moment: look again.
    #[error("somebody else acted in the same moment")]
    Raced,
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A case with what stands beside it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// As stored.
    pub row: CaseRow,
    /// Its state.
    pub case: Case,
    /// The delivery services that forms offer.
    pub offered: Vec<Choice>,
}

/// What came of an event.
#[derive(Clone, Debug)]
pub struct Acted {
    /// The case's new sequence number.
    pub seq: i64,
    /// The case afterwards.
    pub case: Case,
}

/// Loads a case.
pub fn load(tx: &mut Tx<'_>, id: &str) -> Result<Option<Loaded>, Error> {
    let Some(row) = cases::get(tx, id)? else { return Ok(None) };
    let case = Case::from_json(&row.state).map_err(|e| Error::inconsistent("desk_cases.state", e))?;
    Ok(Some(Loaded { row, case, offered: deliveries::choices(tx)? }))
}

/// The drafts of a case, by form.
pub fn drafts_of(tx: &mut Tx<'_>, id: &str) -> Result<BTreeMap<String, Answers>, Error> {
    drafts::of_case(tx, id)?.into_iter().map(|(form, draft)| Ok((form, answers(&draft.answers)?))).collect()
}

/// Answers from storage.
pub fn answers(json: &str) -> Result<Answers, Error> {
    serde_json::from_str(json).map_err(|e| Error::inconsistent("desk_drafts.answers", e))
}

impl Member {
    /// As the case knows them.
    pub fn by(&self) -> By {
        By::member(self.id(), self.org.id.as_str(), self.role.into())
    }
}

impl StaffMember {
    /// As the case knows them.
    pub fn by(&self) -> By {
        let roles: Vec<procedures::case::Staff> = self.roles.iter().filter_map(StaffRole::in_cases).collect();
        By::staff(self.id(), &roles)
    }
}

/// A word of an enumeration as JSON writes it.
fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Desk {
    /// What a case is looked at with.
    pub fn context<'a>(&'a self, offered: &'a [Choice], now: Timestamp) -> Context<'a> {
        Context {
            catalogue: self.catalogue(),
            delivery_services: offered,
            now,
            local_is_fine: self.config().environment == web::Environment::Test,
        }
    }

    /// Lets something happen to a case.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn act(&self, id: &str, event: Event, by: By) -> Result<Acted, ActError> {
        let (desk, id) = (self.clone(), id.to_owned());
        self.db().write(move |tx| desk.act_in(tx, &id, event, &by, |_, _| Ok(()))).await
    }

    /// The same in the caller's transaction. `also` may look at the loaded case first and refuse.
    ///
    /// # Errors
    /// See [`ActError`].
    pub fn act_in(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
        event: Event,
        by: &By,
        also: impl FnOnce(&mut Tx<'_>, &Loaded) -> Result<(), ActError>,
    ) -> Result<Acted, ActError> {
        let loaded = load(tx, id)?.ok_or(ActError::NoSuchCase)?;
        also(tx, &loaded)?;
        let now = self.now();
        let Loaded { mut row, mut case, offered } = loaded;
        let ctx = self.context(&offered, now);
        let what = event.name();
        let why = said(&event);
        let effects = case.apply(event, by, &ctx)?;
        let seen = row.seq;
        row.seq += 1;
        row.updated_at = now;
        self.describe(&mut row, &case, &ctx)?;
        if !cases::update(tx, &row, seen)? {
            return Err(ActError::Raced);
        }
        let who = by.who();
        let line = Line::new(id, doer(&who), what).org(&row.org).seq(row.seq).detail("step", row.step.as_str());
        self.record(tx, if let Some(why) = &why { line.why(why) } else { line }, now)?;
        self.put_effects(tx, &row, &effects, now)?;
        self.after(tx, &row, &case, &ctx)?;
        self.tell(tx, &row, &case, &ctx, &who)?;
        Ok(Acted { seq: row.seq, case })
    }

    /// Begins a case for a service.
    ///
    /// # Errors
    /// See [`ActError`].
    pub fn open_in(
        &self,
        tx: &mut Tx<'_>,
        procedure: &str,
        service: &services::Service,
        by: &By,
        reason: Plain,
    ) -> Result<CaseId, ActError> {
        let now = self.now();
        // Two people who start the same thing in the same moment: the second finds the first's case.
        services::lock(tx, &service.id)?;
        let open = cases::of_service(tx, &service.id)?;
        if open.iter().any(|c| c.kind == procedure && c.closed_at.is_none()) {
            return Err(ActError::Refused(procedures::case::Refusal::WrongState));
        }
        let id = CaseId::new(now, self.rng());
        let offered = deliveries::choices(tx)?;
        let ctx = self.context(&offered, now);
        let opening = Opening {
            receipt: format!("D-{}", web::Receipt::new(self.rng())),
            procedure: procedure.to_owned(),
            organisation: service.org.clone(),
            service: service.id.clone(),
            state: state_of(service)?,
            live: live(&open)?,
            reason,
        };
        let case = Case::open(opening, by, &ctx)?;
        let who = by.who();
        let mut row = CaseRow {
            id: id.to_string(),
            receipt: case.receipt.clone(),
            org: service.org.clone(),
            service: service.id.clone(),
            kind: procedure.to_owned(),
            state: String::new(),
            seq: 1,
            phase: String::new(),
            step: String::new(),
            waiting_on: String::new(),
            due_at: None,
            assignee: None,
            opened_by: doer(&who).id().to_owned(),
            opened_at: now,
            waiting_since: now,
            updated_at: now,
            closed_at: None,
        };
        self.describe(&mut row, &case, &ctx)?;
        cases::insert(tx, &row)?;
        let line = Line::new(&row.id, doer(&who), "open").org(&row.org).seq(1).detail("procedure", procedure);
        self.record(tx, line, now)?;
        Ok(id)
    }

    /// A new service of an organisation, for its first case.
    pub fn new_service(&self, tx: &mut Tx<'_>, org: &str, name: &str) -> Result<services::Service, Error> {
        let now = self.now();
        let id = ServiceId::new(now, self.rng()).to_string();
        services::insert(tx, &id, org, name, now)?;
        services::get(tx, &id)?.ok_or_else(|| Error::inconsistent("desk_services", "it was not kept"))
    }

    /// Fills in what lists ask for.
    fn describe(&self, row: &mut CaseRow, case: &Case, ctx: &Context<'_>) -> Result<(), ActError> {
        row.state = case.to_json().map_err(|e| Error::inconsistent("desk_cases.state", e))?;
        let todo = case.todo(ctx)?;
        match todo.first() {
            Some(first) => {
                let step = self.catalogue().procedure(&case.procedure).and_then(|p| p.step(&first.step));
                row.phase = step.and_then(|s| s.phase.clone()).unwrap_or_default();
                row.step.clone_from(&first.step);
                row.waiting_on = word(first.actor);
                // The last moment of the last day in Japan.
                row.due_at = first
                    .due
                    .and_then(|d| d.tomorrow().ok())
                    .map(|d| Timestamp(base::calendar::from_jst(d.to_datetime(jiff::civil::Time::midnight())).0 - 1));
                row.closed_at = None;
            }
            None => {
                row.phase = String::new();
                row.step = case.outcome().map(word).unwrap_or_default();
                row.waiting_on = "nobody".to_owned();
                row.due_at = None;
                row.closed_at = Some(row.updated_at);
            }
        }
        Ok(())
    }

    fn put_effects(&self, tx: &mut Tx<'_>, row: &CaseRow, list: &[Effect], now: Timestamp) -> Result<(), Error> {
        for effect in list {
            let json = serde_json::to_string(effect).map_err(|e| Error::inconsistent("desk_effects.effect", e))?;
            let new = effects::insert(tx, &effect.key, &row.id, &row.org, &word(effect.kind), &json, now)?;
            if !effect.kind.is_remote() {
                // What is a matter of this database only is done with being written down.
                effects::done(tx, &effect.key, now, "recorded")?;
            } else if new || effects::get(tx, &effect.key)?.is_some_and(|e| e.done_at.is_none()) {
                // Tried again after trouble: the same key, another job.
                let payload = json!(EffectJob { key: effect.key.clone() }).to_string();
                jobs::add(tx, EFFECT_JOB, &payload, now, self.rng())?;
            }
        }
        Ok(())
    }

    /// What follows from where the case is now: a look at the planned time; the service's state when it is over.
    fn after(&self, tx: &mut Tx<'_>, row: &CaseRow, case: &Case, ctx: &Context<'_>) -> Result<(), ActError> {
        if let Some((_, task)) = case.at(ctx)?
            && task.act == Act::Wait
        {
            let due = case.planned.map_or(ctx.now, |p| p.at.max(ctx.now));
            let payload = json!(TimeJob { case: row.id.clone() }).to_string();
            jobs::add(tx, TIME_JOB, &payload, due, self.rng())?;
        }
        if case.outcome() != Some(Outcome::Completed) {
            return Ok(());
        }
        let Some(procedure) = self.catalogue().procedure(&case.procedure) else { return Ok(()) };
        let mut status = procedure.tasks().filter_map(|(_, t)| t.effect).filter_map(|e| match e {
            EffectKind::StartService | EffectKind::ScheduleResumption => Some(ServiceState::Active),
            EffectKind::ScheduleSuspension | EffectKind::SuspendNow => Some(ServiceState::Suspended),
            EffectKind::ScheduleTermination => Some(ServiceState::Terminated),
            _ => None,
        });
        if let Some(status) = status.next_back() {
            services::set_status(tx, &row.service, &word(status), ctx.now)?;
        }
        Ok(())
    }

    /// Tells the applicant by e-mail when it is their turn, or the case is over, and it was not they who did it.
    fn tell(&self, tx: &mut Tx<'_>, row: &CaseRow, case: &Case, ctx: &Context<'_>, who: &Who) -> Result<(), ActError> {
        let stem = match case.todo(ctx)?.first() {
            _ if matches!(who, Who::Applicant(_)) => return Ok(()),
            // Something to be mended is other news than the next step.
            Some(todo) if todo.actor == Actor::Applicant && case.log.last().is_some_and(|e| e.event == "return") => {
                "mail-returned"
            }
            Some(todo) if todo.actor == Actor::Applicant => "mail-your-turn",
            Some(_) => return Ok(()),
            None => "mail-closed",
        };
        let service = services::get(tx, &row.service)?.map(|s| s.name).unwrap_or_default();
        let org = orgs::get(tx, &row.org)?.map(|o| o.name).unwrap_or_default();
        let link = self.site().origin().url(&format!("/cases/{}", row.id));
        let procedure = self.catalogue().procedure(&case.procedure);
        let step = procedure.and_then(|p| p.step(&row.step));
        self.mail_org(tx, &row.org, ctx.now, |account| {
            let step = step.map_or_else(String::new, |s| format!("{} {}", s.id, s.label.get(account.lang)));
            Mail::new(stem, account)
                .arg("org", &org)
                .arg("service", &service)
                .arg("procedure", procedure.map(|p| p.label.get(account.lang)).unwrap_or_default())
                .arg("receipt", &row.receipt)
                .arg("step", step)
                .arg("link", &link)
                .once(&format!("{stem}:{}:{}", row.id, row.seq))
        })?;
        Ok(())
    }

    /// Whether the specification documents were disclosed to an organisation.
    pub fn disclosed(&self, tx: &mut Tx<'_>, org: &str) -> Result<bool, Error> {
        effects::has(tx, org, &word(EffectKind::DiscloseSpecifications))
    }
}

fn doer(who: &Who) -> Doer<'_> {
    match who {
        Who::Applicant(id) => Doer::Member(id),
        Who::Staff(id) => Doer::Staff(id),
        Who::System => Doer::System,
    }
}

/// The words that go with an event, for the record.
fn said(event: &Event) -> Option<String> {
    let text = match event {
        Event::Confirm { note }
        | Event::OpenForm { note }
        | Event::Accept { note }
        | Event::Retry { note }
        | Event::Approve { note, .. } => note,
        Event::Contact { message } => message,
        Event::Return { reason, .. }
        | Event::SendBack { reason }
        | Event::Reopen { reason, .. }
        | Event::Withdraw { reason } => reason,
        Event::Review(proposal) => &proposal.note,
        Event::ApplyFailed { error, .. } => error,
        Event::Comment { text, .. } | Event::Note { text, .. } => text,
        Event::Submit { .. } | Event::Applied { .. } | Event::TimeReached | Event::Resolve { .. } => return None,
    };
    (!text.as_str().is_empty()).then(|| text.as_str().to_owned())
}

/// A service's state as the procedures know it.
pub fn state_of(service: &services::Service) -> Result<ServiceState, Error> {
    serde_json::from_value(json!(service.status)).map_err(|e| Error::inconsistent("desk_services.status", e))
}

/// The answers that are live: of every case that was completed, the later over the earlier.
pub fn live(rows: &[CaseRow]) -> Result<BTreeMap<String, Answers>, Error> {
    let mut out = BTreeMap::new();
    for row in rows {
        let case = Case::from_json(&row.state).map_err(|e| Error::inconsistent("desk_cases.state", e))?;
        if case.outcome() == Some(Outcome::Completed) {
            for submission in &case.submissions {
                out.extend(submission.forms.iter().map(|(form, answers)| (form.clone(), answers.clone())));
            }
        }
    }
    Ok(out)
}
