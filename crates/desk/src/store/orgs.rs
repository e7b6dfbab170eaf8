//! Organisations, their members and invitations.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;

use crate::org::{CorporateNumber, Invitation, Member, OrgId, OrgKind, Organisation, Role};

statements! {
    INSERT = "INSERT INTO desk_orgs (id, kind, name, name_en, corporate_number, address, phone, version, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)";
    // Compare-and-set: the version that the editor saw.
    UPDATE = "UPDATE desk_orgs SET kind = $3, name = $4, name_en = $5, corporate_number = $6, address = $7, phone = $8,
                  version = version + 1, updated_at = $9
              WHERE id = $1 AND version = $2";
    GET = "SELECT id, kind, name, name_en, corporate_number, address, phone, version, created_at FROM desk_orgs WHERE id = $1";
    ALL = "SELECT id, kind, name, name_en, corporate_number, address, phone, version, created_at FROM desk_orgs ORDER BY name, id";
    OF_ACCOUNT = "SELECT o.id, o.kind, o.name, o.name_en, o.corporate_number, o.address, o.phone, o.version, o.created_at, m.role
                  FROM desk_members m JOIN desk_orgs o ON o.id = m.org WHERE m.account = $1 ORDER BY o.name, o.id";
    ROLE = "SELECT role FROM desk_members WHERE org = $1 AND account = $2";
    MEMBERS = "SELECT account, role, added_by, added_at FROM desk_members WHERE org = $1 ORDER BY added_at, account";
    JOIN = "INSERT INTO desk_members (org, account, role, added_by, added_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (org, account) DO NOTHING";
    SET_ROLE = "UPDATE desk_members SET role = $3 WHERE org = $1 AND account = $2";
    LEAVE = "DELETE FROM desk_members WHERE org = $1 AND account = $2";
    // Takes the row of the organisation, so that two owners can't leave in the same moment.
    LOCK = "UPDATE desk_orgs SET version = version WHERE id = $1";
    OWNERS = "SELECT CAST(count(*) AS BIGINT) FROM desk_members WHERE org = $1 AND role = 'owner'";
    INVITE = "INSERT INTO desk_invitations (id, org, email, role, link, invited_by, created_at, expires_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    INVITATIONS = "SELECT id, org, email, role, invited_by, created_at, expires_at FROM desk_invitations
                   WHERE org = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY created_at";
    INVITATION = "SELECT id, org, email, role, invited_by, created_at, expires_at FROM desk_invitations
                  WHERE id = $1 AND ended_at IS NULL AND expires_at > $2";
    LINK = "SELECT link FROM desk_invitations WHERE id = $1 AND org = $2 AND ended_at IS NULL";
    LINKS_TO = "SELECT link FROM desk_invitations WHERE org = $1 AND email = $2 AND ended_at IS NULL";
    END_INVITATION = "UPDATE desk_invitations SET ended_at = $3, outcome = $4 WHERE id = $1 AND org = $2 AND ended_at IS NULL";
    END_SAME = "UPDATE desk_invitations SET ended_at = $3, outcome = 'replaced' WHERE org = $1 AND email = $2 AND ended_at IS NULL";
    PURGE_INVITATIONS = "DELETE FROM desk_invitations WHERE expires_at < $1";
}

fn org(row: &mut Row) -> Result<Organisation> {
    let wrong = |what: &str| ::store::Error::inconsistent("desk_orgs", what);
    Ok(Organisation {
        id: OrgId::parse(&row.text(0)?).ok_or_else(|| wrong("id"))?,
        kind: OrgKind::parse(&row.text(1)?).ok_or_else(|| wrong("kind"))?,
        name: row.text(2)?,
        name_en: row.text(3)?,
        corporate_number: match row.opt_text(4)? {
            Some(text) => Some(CorporateNumber::parse(&text).map_err(|_| wrong("corporate_number"))?),
            None => None,
        },
        address: row.text(5)?,
        phone: row.text(6)?,
        version: row.int(7)?,
        created_at: row.time(8)?,
    })
}

fn role(text: &str) -> Result<Role> {
    Role::parse(text).ok_or_else(|| ::store::Error::inconsistent("desk_members.role", text))
}

/// A new organisation.
pub fn insert(tx: &mut Tx<'_>, o: &Organisation, now: Timestamp) -> Result<()> {
    let number = o.corporate_number.as_ref().map(CorporateNumber::as_str);
    let p = params![o.id.as_str(), o.kind.as_str(), &o.name, &o.name_en, number, &o.address, &o.phone, now];
    tx.execute(INSERT, &p).map(drop)
}

/// Changes an organisation when it is still at the version that was seen; whether it was.
pub fn update(tx: &mut Tx<'_>, o: &Organisation, now: Timestamp) -> Result<bool> {
    let number = o.corporate_number.as_ref().map(CorporateNumber::as_str);
    let p = params![o.id.as_str(), o.version, o.kind.as_str(), &o.name, &o.name_en, number, &o.address, &o.phone, now];
    Ok(tx.execute(UPDATE, &p)? == 1)
}

/// An organisation.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Organisation>> {
    tx.query_opt(GET, &params![id])?.map(|mut row| org(&mut row)).transpose()
}

/// Every organisation, by name.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Organisation>> {
    tx.query(ALL, &[])?.iter_mut().map(org).collect()
}

/// The organisations of a person, with the role in each.
pub fn of_account(tx: &mut Tx<'_>, account: &str) -> Result<Vec<(Organisation, Role)>> {
    tx.query(OF_ACCOUNT, &params![account])?.iter_mut().map(|row| Ok((org(row)?, role(&row.text(9)?)?))).collect()
}

/// The role of a person in an organisation.
pub fn role_of(tx: &mut Tx<'_>, org: &str, account: &str) -> Result<Option<Role>> {
    tx.query_opt(ROLE, &params![org, account])?.map(|mut row| role(&row.text(0)?)).transpose()
}

/// The members of an organisation, the oldest first.
pub fn members(tx: &mut Tx<'_>, org: &str) -> Result<Vec<Member>> {
    let read = |row: &mut Row| {
        Ok(Member { account: row.text(0)?, role: role(&row.text(1)?)?, added_by: row.text(2)?, added_at: row.time(3)? })
    };
    tx.query(MEMBERS, &params![org])?.iter_mut().map(read).collect()
}

/// Makes a person a member; who is one already keeps the role.
pub fn join(tx: &mut Tx<'_>, org: &str, account: &str, role: Role, by: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(JOIN, &params![org, account, role.as_str(), by, now])? == 1)
}

/// Gives a member another role; whether there is such a member.
pub fn set_role(tx: &mut Tx<'_>, org: &str, account: &str, role: Role) -> Result<bool> {
    Ok(tx.execute(SET_ROLE, &params![org, account, role.as_str()])? == 1)
}

/// Takes a person out; whether they were in.
pub fn leave(tx: &mut Tx<'_>, org: &str, account: &str) -> Result<bool> {
    Ok(tx.execute(LEAVE, &params![org, account])? == 1)
}

/// Locks the organisation's row for the rest of the transaction.
pub fn lock(tx: &mut Tx<'_>, org: &str) -> Result<()> {
    tx.execute(LOCK, &params![org]).map(drop)
}

/// How many owners there are.
pub fn owners(tx: &mut Tx<'_>, org: &str) -> Result<i64> {
    tx.query_opt(OWNERS, &params![org])?.map_or(Ok(0), |row| row.int(0))
}

/// A new invitation; an earlier one of the same organisation to the same address ends. `link` is the sign-in kit's name
/// for what was sent.
pub fn invite(tx: &mut Tx<'_>, i: &Invitation, link: &str) -> Result<()> {
    tx.execute(END_SAME, &params![i.org.as_str(), &i.email, i.created_at])?;
    let p = params![&i.id, i.org.as_str(), &i.email, i.role.as_str(), link, &i.invited_by, i.created_at, i.expires_at];
    tx.execute(INVITE, &p).map(drop)
}

/// The kit's names of the open invitations to an address.
pub fn links_to(tx: &mut Tx<'_>, org: &str, email: &str) -> Result<Vec<String>> {
    tx.query(LINKS_TO, &params![org, email])?.iter_mut().map(|row| row.text(0)).collect()
}

/// The kit's name of an open invitation.
pub fn link_of(tx: &mut Tx<'_>, id: &str, org: &str) -> Result<Option<String>> {
    tx.query_opt(LINK, &params![id, org])?.map(|mut row| row.text(0)).transpose()
}

fn invitation(row: &mut Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.text(0)?,
        org: OrgId::parse(&row.text(1)?).ok_or_else(|| ::store::Error::inconsistent("desk_invitations.org", "id"))?,
        email: row.text(2)?,
        role: role(&row.text(3)?)?,
        invited_by: row.text(4)?,
        created_at: row.time(5)?,
        expires_at: row.time(6)?,
    })
}

/// The open invitations of an organisation.
pub fn invitations(tx: &mut Tx<'_>, org: &str, now: Timestamp) -> Result<Vec<Invitation>> {
    tx.query(INVITATIONS, &params![org, now])?.iter_mut().map(invitation).collect()
}

/// An open invitation.
pub fn invitation_by_id(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Option<Invitation>> {
    tx.query_opt(INVITATION, &params![id, now])?.map(|mut row| invitation(&mut row)).transpose()
}

/// Ends an invitation; whether it was open.
pub fn end_invitation(tx: &mut Tx<'_>, id: &str, org: &str, now: Timestamp, outcome: &str) -> Result<bool> {
    Ok(tx.execute(END_INVITATION, &params![id, org, now, outcome])? == 1)
}

/// Forgets invitations that ended long ago.
pub fn purge_invitations(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    tx.execute(PURGE_INVITATIONS, &params![before]).map(drop)
}
