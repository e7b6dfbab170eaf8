//! `/orgs/{org}/members`: who is in the organisation, invitations, roles, handing over, leaving.

use ::store::Tx;
use axum::extract::{Path, State};
use base::Timestamp;
use mail::Email;
use serde::{Deserialize, Serialize};
use web::{Fault, FieldError, Form, Page, Refusal, Visit};

use super::service::PeopleError;
use super::{Invitation, Role};
use crate::access::Member;
use crate::frame::{Frame, page};
use crate::notify::Mail;
use crate::record::{self, Doer, Line};
use crate::staff::StaffRoles;
use crate::store::{counters, orgs, staff};
use crate::{Desk, Oops, Reply};

base::id!(
    /// An invitation.
    InviteId,
    "inv"
);

/// As the sign-in kit's links live.
const INVITATION_DAYS: u32 = 14;
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
/// Invitations of one organisation within a day: more is a way to send mail to strangers.
const INVITATIONS_A_DAY: i64 = 30;

#[derive(Serialize)]
pub(crate) struct People {
    org: String,
    org_id: String,
    owner: bool,
    me: String,
    members: Vec<Person>,
    invitations: Vec<Open>,
    roles: Vec<RoleOption>,
    email: String,
    role: String,
    notice: Option<&'static str>,
}

#[derive(Serialize)]
struct Person {
    account: String,
    name: String,
    email: String,
    role: Role,
    since: Timestamp,
    me: bool,
}

#[derive(Serialize)]
struct Open {
    id: String,
    email: String,
    role: Role,
    until: Timestamp,
}

#[derive(Serialize)]
struct RoleOption {
    value: &'static str,
    label: String,
}

#[derive(Default, Deserialize)]
pub(crate) struct InviteForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

#[derive(Deserialize)]
pub(crate) struct RoleForm {
    role: String,
}

#[derive(Deserialize)]
pub(crate) struct HandOverForm {
    #[serde(default)]
    to: String,
    /// `leave`, or the role that is kept.
    #[serde(default)]
    then: String,
}

async fn people(desk: &Desk, visit: &Visit, me: &Member, form: &InviteForm) -> Result<People, Fault> {
    let (id, now, reader) = (me.org.id.clone(), desk.now(), desk.clone());
    let (members, invitations) = desk
        .db()
        .read(move |tx| {
            let members = orgs::members(tx, id.as_str())?;
            let mut named = Vec::with_capacity(members.len());
            for member in members {
                let account = reader.accounts().find_in(tx, &member.account)?;
                named.push((member, account));
            }
            Ok::<_, ::store::Error>((named, orgs::invitations(tx, id.as_str(), now)?))
        })
        .await?;
    let person = |(m, account): (super::Member, Option<accounts::Account>)| Person {
        me: m.account == me.account.id,
        name: account.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
        email: account.map(|a| a.email.as_str().to_owned()).unwrap_or_default(),
        account: m.account,
        role: m.role,
        since: m.added_at,
    };
    let open = |i: Invitation| Open { id: i.id, email: i.email, role: i.role, until: i.expires_at };
    let roles = Role::ALL.map(|role| {
        Ok(RoleOption { value: role.as_str(), label: visit.text(&format!("role-{}-long", role.as_str()), &[])? })
    });
    Ok(People {
        org: me.org.name.clone(),
        org_id: me.org.id.to_string(),
        owner: me.role.owns(),
        me: me.account.id.clone(),
        members: members.into_iter().map(person).collect(),
        invitations: if me.role.owns() { invitations.into_iter().map(open).collect() } else { Vec::new() },
        roles: roles.into_iter().collect::<Result<_, Fault>>()?,
        email: form.email.clone(),
        role: if form.role.is_empty() { "editor".to_owned() } else { form.role.clone() },
        notice: None,
    })
}

pub(crate) fn members_page(visit: &Visit, account: &accounts::Account, own: People) -> Page {
    let (back, here) = (format!("/orgs/{}", own.org_id), format!("/orgs/{}/members", own.org_id));
    page(visit, Frame::person(account, "home"), "members.html", "members", own).back(back).at(here)
}

/// `GET /orgs/{org}/members`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: Member) -> Reply {
    let mut own = people(&desk, &visit, &me, &InviteForm::default()).await?;
    own.notice = match visit.query("done").as_deref() {
        Some("invited") => Some("invited"),
        Some("withdrawn") => Some("withdrawn"),
        Some("role") => Some("role"),
        Some("removed") => Some("removed"),
        _ => None,
    };
    Ok(members_page(&visit, &me.account, own).respond())
}

/// `POST /orgs/{org}/invitations`
pub(crate) async fn invite(State(desk): State<Desk>, visit: Visit, me: Member, Form(form): Form<InviteForm>) -> Reply {
    me.must_own()?;
    let (email, role) = (Email::parse(&form.email), Role::parse(&form.role));
    let mut errors = Vec::new();
    if email.is_err() {
        errors.push(FieldError { field: "email".to_owned(), message: visit.text("invite-email-wrong", &[])? });
    }
    if role.is_none() {
        errors.push(FieldError { field: "role".to_owned(), message: visit.text("invite-role-missing", &[])? });
    }
    let (Ok(email), Some(role)) = (email, role) else {
        let own = people(&desk, &visit, &me, &form).await?;
        return Ok(members_page(&visit, &me.account, own).errors(errors).respond());
    };
    let now = desk.now();
    let invitation = Invitation {
        id: InviteId::new(now, desk.rng()).to_string(),
        org: me.org.id.clone(),
        email: email.as_str().to_owned(),
        role,
        invited_by: me.account.id.clone(),
        created_at: now,
        expires_at: now.plus(DAY * INVITATION_DAYS),
    };
    let letter = accounts::Invitation {
        realm: accounts::Realm::Member,
        email,
        lang: visit.lang(),
        from: me.account.name.clone(),
        to_what: me.org.name.clone(),
        purpose: serde_json::to_string(&Purpose::Member { invitation: invitation.id.clone() })?,
    };
    let writer = desk.clone();
    let sent = desk
        .db()
        .write(move |tx| {
            let key = format!("invite:{}", invitation.org);
            if counters::hit(tx, &key, now, now.plus(DAY))? > INVITATIONS_A_DAY {
                return Ok::<_, ::store::Error>(false);
            }
            let id = invitation.org.as_str();
            for old in orgs::links_to(tx, id, &invitation.email)? {
                withdraw_link(&writer, tx, &old)?;
            }
            let link = writer.accounts().invite(tx, &letter)?;
            orgs::invite(tx, &invitation, link.as_str())?;
            let line = Line::new(id, Doer::Member(&invitation.invited_by), "member_invited").org(id);
            writer.record(tx, line.detail("email", invitation.email.as_str()).detail("role", role.as_str()), now)?;
            Ok(true)
        })
        .await?;
    if !sent {
        let error = FieldError { field: "email".to_owned(), message: visit.text("invite-too-many", &[])? };
        let own = people(&desk, &visit, &me, &form).await?;
        return Ok(members_page(&visit, &me.account, own).errors(vec![error]).respond());
    }
    Ok(visit.redirect(&format!("/orgs/{}/members?done=invited", me.org.id)))
}

/// `POST /orgs/{org}/invitations/{id}/withdraw`
pub(crate) async fn withdraw(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((_, id)): Path<(String, String)>,
    Form(_): Form<Empty>,
) -> Reply {
    me.must_own()?;
    let (org, now, writer) = (me.org.id.clone(), desk.now(), desk.clone());
    desk.db()
        .write(move |tx| {
            if let Some(link) = orgs::link_of(tx, &id, org.as_str())? {
                withdraw_link(&writer, tx, &link)?;
            }
            orgs::end_invitation(tx, &id, org.as_str(), now, "withdrawn")
        })
        .await?;
    Ok(visit.redirect(&format!("/orgs/{}/members?done=withdrawn", me.org.id)))
}

fn withdraw_link(desk: &Desk, tx: &mut Tx<'_>, link: &str) -> Result<(), ::store::Error> {
    if let Some(id) = accounts::InvitationId::parse(link) {
        desk.accounts().withdraw_invitation(tx, &id)?;
    }
    Ok(())
}

/// What an invitation by e-mail is for; kept with its link.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Into an organisation: our invitation.
    Member {
        /// Its id.
        invitation: String,
    },
    /// Among the staff.
    Staff {
        /// The roles, as stored.
        roles: String,
        /// The account that invites.
        by: String,
    },
}

/// What an accepted invitation brings ([`accounts::OnAccept`]). An invitation that was withdrawn brings nothing.
pub(crate) fn accepted(
    tx: &mut Tx<'_>,
    account: &accounts::Account,
    purpose: &str,
    now: Timestamp,
    rng: &base::Rng,
) -> Result<(), ::store::Error> {
    let purpose: Purpose =
        serde_json::from_str(purpose).map_err(|e| ::store::Error::inconsistent("account_links.body", e))?;
    match purpose {
        Purpose::Member { invitation } => {
            let Some(i) = orgs::invitation_by_id(tx, &invitation, now)? else { return Ok(()) };
            if i.email != account.email.as_str() || account.realm != accounts::Realm::Member {
                return Ok(());
            }
            orgs::end_invitation(tx, &i.id, i.org.as_str(), now, "accepted")?;
            orgs::join(tx, i.org.as_str(), &account.id, i.role, &i.invited_by, now)?;
            let line = Line::new(i.org.as_str(), Doer::Member(&account.id), "member_joined").org(i.org.as_str());
            record::append(tx, line.detail("role", i.role.as_str()), now, rng)
        }
        Purpose::Staff { roles, by } => {
            // Who is among the staff already gets other roles from an administrator, not from a letter; nobody gets
            // any from themselves.
            let inside = staff::get(tx, &account.id)?.is_some() || by == account.id;
            if account.realm != accounts::Realm::Staff || inside {
                return Ok(());
            }
            let roles = StaffRoles::parse(&roles).as_text();
            staff::put(tx, &account.id, &roles, &by, now)?;
            let line = Line::new(&account.id, Doer::Staff(&by), "staff_joined");
            record::append(tx, line.detail("roles", roles.as_str()), now, rng)
        }
    }
}

/// A form that only has its token.
#[derive(Deserialize)]
pub(crate) struct Empty {}

#[derive(Serialize)]
pub(crate) struct MemberPage {
    org: String,
    org_id: String,
    account: String,
    name: String,
    email: String,
    me: bool,
    owner: bool,
    last_owner: bool,
    role: &'static str,
    roles: Vec<RoleOption>,
    others: Vec<Other>,
}

#[derive(Serialize)]
struct Other {
    value: String,
    label: String,
}

async fn one(desk: &Desk, visit: &Visit, me: &Member, account: &str) -> Result<MemberPage, Oops> {
    let all = people(desk, visit, me, &InviteForm::default()).await?;
    let them = all.members.iter().find(|m| m.account == account).ok_or(Refusal::NotFound)?;
    // Members who own nothing may only look at, and leave by, their own page.
    if !me.role.owns() && !them.me {
        return Err(Refusal::Forbidden.into());
    }
    let others = all.members.iter().filter(|m| m.account != account);
    let owners = all.members.iter().filter(|m| m.role.owns()).count();
    Ok(MemberPage {
        account: account.to_owned(),
        name: them.name.clone(),
        email: them.email.clone(),
        me: them.me,
        owner: me.role.owns(),
        last_owner: them.role.owns() && owners == 1,
        role: them.role.as_str(),
        others: others
            .map(|m| Other { value: m.account.clone(), label: format!("{}（{}）", m.name, m.email) })
            .collect(),
        org: all.org,
        org_id: all.org_id,
        roles: all.roles,
    })
}

pub(crate) fn member_page(visit: &Visit, account: &accounts::Account, own: MemberPage) -> Page {
    let back = format!("/orgs/{}/members", own.org_id);
    let here = format!("{back}/{}", own.account);
    page(visit, Frame::person(account, "home"), "member.html", "member", own).back(back).at(here)
}

/// `GET /orgs/{org}/members/{account}`
pub(crate) async fn member(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((_, account)): Path<(String, String)>,
) -> Reply {
    let own = one(&desk, &visit, &me, &account).await?;
    Ok(member_page(&visit, &me.account, own).respond())
}

/// What a refused change of members shows.
async fn refused(desk: &Desk, visit: &Visit, me: &Member, account: &str, error: PeopleError, field: &str) -> Reply {
    match error {
        PeopleError::LastOwner => {
            let error = FieldError { field: field.to_owned(), message: visit.text("people-last-owner", &[])? };
            let own = one(desk, visit, me, account).await?;
            Ok(member_page(visit, &me.account, own).errors(vec![error]).respond())
        }
        PeopleError::Gone => Err(Refusal::NotFound.into()),
        PeopleError::Store(e) => Err(e.into()),
    }
}

/// `POST /orgs/{org}/members/{account}/role`
pub(crate) async fn set_role(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((_, account)): Path<(String, String)>,
    Form(form): Form<RoleForm>,
) -> Reply {
    me.must_own()?;
    let role = Role::parse(&form.role).ok_or(Refusal::Form)?;
    let (org, by, now, writer, them) =
        (me.org.id.clone(), me.account.id.clone(), desk.now(), desk.clone(), account.clone());
    let done = desk.db().write(move |tx| writer.set_role(tx, &org, &them, role, &by, now)).await;
    match done {
        Ok(()) => Ok(visit.redirect(&format!("/orgs/{}/members?done=role", me.org.id))),
        Err(error) => refused(&desk, &visit, &me, &account, error, "role").await,
    }
}

/// `POST /orgs/{org}/members/{account}/remove`: owners take anybody out; everybody may leave.
pub(crate) async fn remove(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((_, account)): Path<(String, String)>,
    Form(_): Form<Empty>,
) -> Reply {
    let leaving = account == me.account.id;
    if !leaving {
        me.must_own()?;
    }
    let now = desk.now();
    let (org, by, writer, them) = (me.org.clone(), me.account.id.clone(), desk.clone(), account.clone());
    let done = desk
        .db()
        .write(move |tx| {
            writer.remove_member(tx, &org.id, &them, &by, now)?;
            if !leaving && let Some(person) = writer.accounts().find_in(tx, &them)? {
                let mail = Mail::new("mail-removed", &person).arg("org", &org.name);
                writer.mail(tx, mail, now)?;
            }
            Ok::<_, PeopleError>(())
        })
        .await;
    match done {
        Ok(()) if leaving => Ok(visit.redirect("/")),
        Ok(()) => Ok(visit.redirect(&format!("/orgs/{}/members?done=removed", me.org.id))),
        Err(error) => refused(&desk, &visit, &me, &account, error, "remove").await,
    }
}

/// `POST /orgs/{org}/hand-over`: another member becomes owner; who hands over keeps a lesser role or leaves.
pub(crate) async fn hand_over(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Form(form): Form<HandOverForm>,
) -> Reply {
    me.must_own()?;
    let mine = me.account.id.clone();
    let stays = match form.then.as_str() {
        "leave" => None,
        other => match Role::parse(other).filter(|r| !r.owns()) {
            Some(role) => Some(role),
            None => {
                let error =
                    FieldError { field: "then".to_owned(), message: visit.text("hand-over-then-missing", &[])? };
                let own = one(&desk, &visit, &me, &mine).await?;
                return Ok(member_page(&visit, &me.account, own).errors(vec![error]).respond());
            }
        },
    };
    if form.to.is_empty() || form.to == mine {
        let error = FieldError { field: "to".to_owned(), message: visit.text("hand-over-to-missing", &[])? };
        let own = one(&desk, &visit, &me, &mine).await?;
        return Ok(member_page(&visit, &me.account, own).errors(vec![error]).respond());
    }
    let now = desk.now();
    let (org, by, writer, from) = (me.org.clone(), mine.clone(), desk.clone(), me.account.name.clone());
    let done = desk
        .db()
        .write(move |tx| {
            writer.hand_over(tx, &org.id, &form.to, stays, &by, now)?;
            if let Some(person) = writer.accounts().find_in(tx, &form.to)? {
                let mail = Mail::new("mail-owner", &person).arg("org", &org.name).arg("from", &from);
                writer.mail(tx, mail, now)?;
            }
            Ok::<_, PeopleError>(())
        })
        .await;
    match done {
        Ok(()) if stays.is_none() => Ok(visit.redirect("/")),
        Ok(()) => Ok(visit.redirect(&format!("/orgs/{}/members?done=role", me.org.id))),
        Err(error) => refused(&desk, &visit, &me, &mine, error, "to").await,
    }
}
