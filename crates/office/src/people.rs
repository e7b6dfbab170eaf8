//! `/staff/people`: who is among the staff. People come by invitation; their roles are given by an administrator, never by
//! themselves; an administrator always remains.

use std::time::Duration;

use ::store::{Error, Tx};
use accounts::{Invitation as Letter, InvitationId, Realm};
use axum::extract::{Path, State};
use base::{Lang, Timestamp};
use desk::kit::{Doer, Frame, Line, Mail, Purpose, StaffMember, counters, page, staff};
use desk::staff::{StaffRole, StaffRoles};
use desk::{Desk, Oops, Reply};
use mail::Email;
use serde::Serialize;
use web::{Fault, FieldError, Page, Refusal, Upload, Visit};

use crate::shared::{Choice, Names, done, typed, wrong};
use crate::store::invitations::{self, Invitation};

const DAY: Duration = Duration::from_secs(86_400);
/// As the sign-in kit's links live.
const INVITATION_DAYS: u32 = 14;
/// Invitations of one administrator within a day.
const INVITATIONS_A_DAY: i64 = 30;

#[derive(Serialize)]
pub(crate) struct People {
    pub(crate) people: Vec<PersonLine>,
    pub(crate) invitations: Vec<Open>,
    pub(crate) admin: bool,
    pub(crate) email: String,
    pub(crate) lang: String,
    pub(crate) roles: Vec<Choice>,
    pub(crate) chosen: Vec<String>,
    pub(crate) done: Option<&'static str>,
}

#[derive(Clone, Serialize)]
pub(crate) struct PersonLine {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) roles: Vec<&'static str>,
    pub(crate) since: Timestamp,
    pub(crate) me: bool,
    /// Can't sign in any more, or has no role.
    pub(crate) out: bool,
}

#[derive(Serialize)]
pub(crate) struct Open {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) roles: Vec<&'static str>,
    pub(crate) by: String,
    pub(crate) until: Timestamp,
}

#[derive(Serialize)]
pub(crate) struct Person {
    pub(crate) person: PersonLine,
    pub(crate) admin: bool,
    pub(crate) roles: Vec<Choice>,
    pub(crate) chosen: Vec<String>,
    pub(crate) reason: String,
    pub(crate) done: Option<&'static str>,
}

fn words(roles: &StaffRoles) -> Vec<&'static str> {
    roles.iter().map(StaffRole::as_str).collect()
}

fn role_choices(visit: &Visit) -> Result<Vec<Choice>, Fault> {
    let choice =
        |r: StaffRole| Ok(Choice::new(r.as_str(), visit.text(&format!("staff-role-{}-long", r.as_str()), &[])?));
    StaffRole::ALL.into_iter().map(choice).collect()
}

/// The roles that were ticked, or what is wrong with them: auditing goes with nothing else, so that nobody looks at what
/// they did themselves.
fn chosen(visit: &Visit, form: &Upload) -> Result<Result<StaffRoles, FieldError>, Oops> {
    let mut roles = Vec::new();
    for word in form.all("roles") {
        roles.push(StaffRole::parse(word).ok_or(Refusal::Form)?);
    }
    if roles.contains(&StaffRole::Auditor) && roles.len() > 1 {
        return Ok(Err(wrong(visit, "roles", "st-people-auditor-alone")?));
    }
    Ok(Ok(StaffRoles::new(roles)))
}

async fn load_list(desk: &Desk, visit: &Visit, me: &StaffMember) -> Result<People, Oops> {
    let accounts = desk.accounts().list(Realm::Staff).await?;
    let (reader, now) = (desk.clone(), desk.now());
    let (roles, open) = desk
        .db()
        .read(move |tx| {
            let mut names = Names::default();
            let mut open = Vec::new();
            for i in invitations::open(tx, now)? {
                let by = if i.invited_by == SHELL { String::new() } else { names.of(&reader, tx, &i.invited_by)? };
                open.push((i, by));
            }
            Ok::<_, Error>((staff::all(tx)?, open))
        })
        .await?;
    let roles_of =
        |id: &str| roles.iter().find(|(a, _)| a == id).map(|(_, r)| StaffRoles::parse(r)).unwrap_or_default();
    let people: Vec<PersonLine> = accounts
        .into_iter()
        .map(|a| {
            let roles = roles_of(&a.id);
            PersonLine {
                me: a.id == me.account.id,
                out: a.disabled.is_some() || roles.is_empty(),
                roles: words(&roles),
                name: a.name,
                email: a.email.as_str().to_owned(),
                since: a.created,
                id: a.id,
            }
        })
        .collect();
    // Who has taken an invitation up has an account of that address since.
    let waiting = |i: &Invitation| !people.iter().any(|p| p.email == i.email && p.since >= i.created_at);
    let open = open.into_iter().filter(|(i, _)| waiting(i)).map(|(i, by)| Open {
        id: i.id,
        roles: words(&StaffRoles::parse(&i.roles)),
        email: i.email,
        by,
        until: i.expires_at,
    });
    Ok(People {
        invitations: open.collect(),
        people,
        admin: me.roles.has(StaffRole::Administrator),
        email: String::new(),
        lang: "ja".to_owned(),
        roles: role_choices(visit)?,
        chosen: Vec::new(),
        done: None,
    })
}

pub(crate) fn list_page(visit: &Visit, frame: Frame, own: People) -> Page {
    page(visit, frame, "staff-people.html", "staff-people", own).at("/staff/people")
}

/// `GET /staff/people`
pub(crate) async fn list(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    me.must_be(crate::PEOPLE_READERS)?;
    let mut own = load_list(&desk, &visit, &me).await?;
    own.done = done(&visit, &["invited", "withdrawn"]);
    Ok(list_page(&visit, desk.staff_frame(&me, "staff-people"), own).respond())
}

/// Who invites from the command line.
const SHELL: &str = "command_line";

/// Everything about an invitation but who sends it.
struct Wanted<'a> {
    email: &'a Email,
    roles: &'a StaffRoles,
    lang: Lang,
    by: &'a str,
    from: String,
    now: Timestamp,
}

impl Wanted<'_> {
    fn letter(&self, desk: &Desk) -> Result<Letter, Fault> {
        let purpose = Purpose::Staff { roles: self.roles.as_text(), by: self.by.to_owned() };
        Ok(Letter {
            realm: Realm::Staff,
            email: self.email.clone(),
            lang: self.lang,
            from: self.from.clone(),
            to_what: desk.text(self.lang, "service-name", &[])?,
            purpose: serde_json::to_string(&purpose)?,
        })
    }

    fn keep(&self, desk: &Desk, tx: &mut Tx<'_>, id: &str) -> Result<(), Error> {
        let invitation = Invitation {
            id: id.to_owned(),
            email: self.email.as_str().to_owned(),
            roles: self.roles.as_text(),
            invited_by: self.by.to_owned(),
            created_at: self.now,
            expires_at: self.now.plus(DAY * INVITATION_DAYS),
        };
        invitations::insert(tx, &invitation)?;
        let by = if self.by == SHELL { Doer::System } else { Doer::Staff(self.by) };
        let line = Line::new(id, by, "staff_invited").detail("email", self.email.as_str());
        desk.record(tx, line.detail("roles", self.roles.as_text()), self.now)
    }
}

/// Tells the other administrators what one of them did: nobody lets people in unseen.
fn tell_administrators(
    desk: &Desk,
    tx: &mut Tx<'_>,
    but: &str,
    who: &str,
    roles: &StaffRoles,
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    for (id, theirs) in staff::all(tx)? {
        if id == but || !StaffRoles::parse(&theirs).has(StaffRole::Administrator) {
            continue;
        }
        if let Some(person) = desk.accounts().find_in(tx, &id)?.filter(|a| a.disabled.is_none()) {
            let name = |r: StaffRole| desk.site().text(person.lang, &format!("staff-role-{}", r.as_str()), &[]);
            let names: Vec<String> = roles.iter().filter_map(|r| name(r).ok()).collect();
            let shown = if names.is_empty() { "－".to_owned() } else { names.join(", ") };
            let mail = Mail::new("st-mail-people", &person).arg("who", who).arg("roles", shown).arg("by", by);
            desk.mail(tx, mail, now)?;
        }
    }
    Ok(())
}

/// `POST /staff/people`: invites somebody.
pub(crate) async fn invite(State(desk): State<Desk>, visit: Visit, me: StaffMember, form: Upload) -> Reply {
    me.must_be(&[StaffRole::Administrator])?;
    if !me.fresh {
        return Ok(visit.redirect("/staff/account/again?next=/staff/people"));
    }
    let (address, lang) = (typed(&form, "email"), typed(&form, "lang"));
    let kept: Vec<String> = form.all("roles").map(str::to_owned).collect();
    let again = async |errors: Vec<FieldError>| -> Reply {
        let mut own = load_list(&desk, &visit, &me).await?;
        (own.email, own.lang, own.chosen) = (address.clone(), lang.clone(), kept.clone());
        Ok(list_page(&visit, desk.staff_frame(&me, "staff-people"), own).errors(errors).respond())
    };
    let mut errors = Vec::new();
    let email = Email::parse(&address);
    if email.is_err() {
        errors.push(wrong(&visit, "email", "st-people-email")?);
    }
    let roles = match chosen(&visit, &form)? {
        Ok(roles) if roles.is_empty() => {
            errors.push(wrong(&visit, "roles", "st-people-roles-missing")?);
            roles
        }
        Ok(roles) => roles,
        Err(error) => {
            errors.push(error);
            StaffRoles::default()
        }
    };
    let Ok(email) = email else { return again(errors).await };
    // Whoever is among the staff gets roles on their own page, from another person.
    if desk.accounts().find_by_email(Realm::Staff, &email).await?.is_some() {
        errors.push(wrong(&visit, "email", "st-people-known")?);
    }
    if !errors.is_empty() {
        return again(errors).await;
    }
    let lang = if lang == "en" { Lang::En } else { Lang::Ja };
    let (writer, by, from, now) = (desk.clone(), me.id().to_owned(), me.account.name.clone(), desk.now());
    let sent = desk
        .db()
        .write(move |tx| {
            let key = format!("invite-staff:{by}");
            if counters::hit(tx, &key, now, now.plus(DAY))? > INVITATIONS_A_DAY {
                return Ok::<_, Error>(false);
            }
            let wanted = Wanted { email: &email, roles: &roles, lang, by: &by, from: from.clone(), now };
            let letter = wanted.letter(&writer).map_err(|e| Error::inconsistent("texts", e.details()))?;
            for old in invitations::open(tx, now)?.into_iter().filter(|i| i.email == email.as_str()) {
                end(&writer, tx, &old.id, now)?;
            }
            let id = writer.accounts().invite(tx, &letter)?;
            wanted.keep(&writer, tx, id.as_str())?;
            tell_administrators(&writer, tx, &by, email.as_str(), &roles, &from, now)?;
            Ok(true)
        })
        .await?;
    if sent {
        Ok(visit.redirect("/staff/people?done=invited"))
    } else {
        again(vec![wrong(&visit, "email", "st-people-too-many")?]).await
    }
}

fn end(desk: &Desk, tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool, Error> {
    if let Some(link) = InvitationId::parse(id) {
        desk.accounts().withdraw_invitation(tx, &link)?;
    }
    invitations::end(tx, id, now)
}

/// `POST /staff/people/invitations/{id}/withdraw`
pub(crate) async fn withdraw(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    _: Upload,
) -> Reply {
    me.must_be(&[StaffRole::Administrator])?;
    let (writer, by, now) = (desk.clone(), me.id().to_owned(), desk.now());
    desk.db()
        .write(move |tx| {
            if end(&writer, tx, &id, now)? {
                writer.record(tx, Line::new(&id, Doer::Staff(&by), "staff_invitation_withdrawn"), now)?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    Ok(visit.redirect("/staff/people?done=withdrawn"))
}

async fn load_person(desk: &Desk, visit: &Visit, me: &StaffMember, id: &str) -> Result<Person, Oops> {
    let all = load_list(desk, visit, me).await?;
    let person = all.people.into_iter().find(|p| p.id == id).ok_or(Refusal::NotFound)?;
    Ok(Person {
        chosen: person.roles.iter().map(|r| (*r).to_owned()).collect(),
        admin: all.admin,
        roles: all.roles,
        reason: String::new(),
        person,
        done: None,
    })
}

pub(crate) fn person_page(visit: &Visit, frame: Frame, own: Person) -> Page {
    let here = format!("/staff/people/{}", own.person.id);
    page(visit, frame, "staff-person.html", "staff-person", own).back("/staff/people").at(here)
}

/// `GET /staff/people/{account}`
pub(crate) async fn person(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(id): Path<String>) -> Reply {
    me.must_be(crate::PEOPLE_READERS)?;
    let mut own = load_person(&desk, &visit, &me, &id).await?;
    own.done = done(&visit, &["changed"]);
    Ok(person_page(&visit, desk.staff_frame(&me, "staff-people"), own).respond())
}

/// Why roles are not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum No {
    /// Nobody changes their own.
    Own,
    /// There would be no administrator left.
    Last,
    /// Who changes them is no administrator any more.
    Gone,
}

/// Gives a person these roles, or none: then their account is closed and signed out everywhere.
fn set(
    desk: &Desk,
    tx: &mut Tx<'_>,
    account: &str,
    roles: &StaffRoles,
    by: &StaffMember,
    reason: &str,
) -> Result<Result<(), No>, Error> {
    if account == by.id() {
        return Ok(Err(No::Own));
    }
    let now = desk.now();
    // Two administrators who take each other's roles in the same moment come one after the other.
    staff::lock(tx)?;
    let admin = |text: &str| StaffRoles::parse(text).has(StaffRole::Administrator);
    let all = staff::all(tx)?;
    if !all.iter().any(|(id, r)| id == by.id() && admin(r)) {
        return Ok(Err(No::Gone));
    }
    let others = all.iter().any(|(id, r)| id != account && admin(r));
    if !others && !roles.has(StaffRole::Administrator) {
        return Ok(Err(No::Last));
    }
    if roles.is_empty() {
        staff::end(tx, account, now)?;
        desk.accounts().set_disabled(tx, account, true, now)?;
    } else {
        desk.accounts().set_disabled(tx, account, false, now)?;
        staff::put(tx, account, &roles.as_text(), by.id(), now)?;
    }
    let what = if roles.is_empty() { "staff_removed" } else { "staff_roles_changed" };
    let line = Line::new(account, Doer::Staff(by.id()), what).detail("roles", roles.as_text());
    desk.record(tx, line.why(reason), now)?;
    let name = desk.accounts().find_in(tx, account)?.map(|a| a.name).unwrap_or_default();
    tell_administrators(desk, tx, by.id(), &name, roles, &by.account.name, now)?;
    Ok(Ok(()))
}

/// `POST /staff/people/{account}`: other roles, or none.
pub(crate) async fn change(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(&[StaffRole::Administrator])?;
    if !me.fresh {
        return Ok(visit.redirect(&format!("/staff/account/again?next=/staff/people/{id}")));
    }
    let mut own = load_person(&desk, &visit, &me, &id).await?;
    own.reason = typed(&form, "reason");
    own.chosen = form.all("roles").map(str::to_owned).collect();
    let roles = match (chosen(&visit, &form)?, own.reason.is_empty()) {
        (Err(error), _) => Err(error),
        (Ok(_), true) => Err(wrong(&visit, "reason", "st-reason-missing")?),
        (Ok(roles), false) => Ok(roles),
    };
    let error = match roles {
        Err(error) => error,
        Ok(roles) => {
            let (writer, who, reason) = (desk.clone(), me.clone(), own.reason.clone());
            let account = id.clone();
            let set = desk.db().write(move |tx| set(&writer, tx, &account, &roles, &who, &reason)).await?;
            match set {
                Ok(()) => return Ok(visit.redirect(&format!("/staff/people/{id}?done=changed"))),
                Err(No::Own) => wrong(&visit, "roles", "st-people-own")?,
                Err(No::Last) => wrong(&visit, "roles", "st-people-last")?,
                Err(No::Gone) => return Err(Refusal::Forbidden.into()),
            }
        }
    };
    Ok(person_page(&visit, desk.staff_frame(&me, "staff-people"), own).errors(vec![error]).respond())
}

/// Why the command line can't let somebody in.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// No role, or auditing together with another one.
    #[error("give at least one role; an auditor holds no other")]
    Roles,
    /// The address has an account among the staff already: roles are changed on the page.
    #[error("there is an account of this address among the staff already")]
    Known,
    /// The database or a text.
    #[error("{}", .0.details())]
    Fault(Fault),
}

impl From<Error> for AddError {
    fn from(e: Error) -> Self {
        Self::Fault(e.into())
    }
}

/// For `enishi desk staff reset`: takes every second factor from a member of the staff who has lost them all, signs them out
/// and tells them by e-mail; at their next sign-in they set up a new one. The record keeps who did it, and why. `false`:
/// nobody among the staff has this address.
///
/// # Errors
/// The database.
pub async fn reset_staff(desk: &Desk, email: &Email, reason: &str) -> Result<bool, Error> {
    let Some(account) = desk.accounts().find_by_email(Realm::Staff, email).await? else { return Ok(false) };
    let (writer, now, reason) = (desk.clone(), desk.now(), reason.to_owned());
    desk.db()
        .write(move |tx| {
            writer.accounts().reset_factors(tx, &account.id)?;
            let line = Line::new(&account.id, Doer::System, "staff_factors_reset").detail("by", SHELL);
            writer.record(tx, line.why(&reason), now)
        })
        .await?;
    Ok(true)
}

/// For `enishi desk staff add`: a link by which the first members of the staff get their accounts, to be handed over by hand.
/// It works once, for fourteen days. Whoever can run this has the desk's database and master key anyway; it is
/// written into the record.
///
/// # Errors
/// See [`AddError`].
pub async fn add_staff(desk: &Desk, email: &Email, roles: &[StaffRole], lang: Lang) -> Result<String, AddError> {
    let set = StaffRoles::new(roles.iter().copied());
    if set.is_empty() || (set.has(StaffRole::Auditor) && roles.len() > 1) {
        return Err(AddError::Roles);
    }
    if desk.accounts().find_by_email(Realm::Staff, email).await?.is_some() {
        return Err(AddError::Known);
    }
    let now = desk.now();
    let from = desk.text(lang, "service-name", &[]).map_err(AddError::Fault)?;
    let letter = Wanted { email, roles: &set, lang, by: SHELL, from, now }.letter(desk).map_err(AddError::Fault)?;
    let (writer, email, text) = (desk.clone(), email.as_str().to_owned(), set.as_text());
    desk.db()
        .write(move |tx| {
            let line = Line::new(&email, Doer::System, "staff_invited").detail("by", SHELL);
            writer.record(tx, line.detail("roles", text), now)
        })
        .await?;
    Ok(desk.accounts().invitation_link(&letter).await?)
}
