//! Changes to organisations and their members. Each is one transaction and leaves a line in the record.

use ::store::{Error, Result, Tx};
use base::Timestamp;

use super::{OrgId, Organisation, Role};
use crate::Desk;
use crate::record::{Doer, Line};
use crate::store::orgs;

/// Why a change of members is not made.
#[derive(Debug)]
pub(crate) enum PeopleError {
    /// There would be no owner left.
    LastOwner,
    /// Not a member (any more).
    Gone,
    /// The database.
    Store(Error),
}

impl From<Error> for PeopleError {
    fn from(e: Error) -> Self {
        Self::Store(e)
    }
}

impl Desk {
    /// Registers an organisation; who does it owns it.
    pub(crate) fn register(&self, tx: &mut Tx<'_>, org: &Organisation, by: &str, now: Timestamp) -> Result<()> {
        orgs::insert(tx, org, now)?;
        orgs::join(tx, org.id.as_str(), by, Role::Owner, by, now)?;
        let line = Line::new(org.id.as_str(), Doer::Member(by), "organisation_registered").org(org.id.as_str());
        self.record(tx, line.detail("name", org.name.as_str()), now)
    }

    /// Gives a member another role.
    pub(crate) fn set_role(
        &self,
        tx: &mut Tx<'_>,
        org: &OrgId,
        account: &str,
        role: Role,
        by: &str,
        now: Timestamp,
    ) -> Result<(), PeopleError> {
        orgs::lock(tx, org.as_str())?;
        let old = orgs::role_of(tx, org.as_str(), account)?.ok_or(PeopleError::Gone)?;
        if old == role {
            return Ok(());
        }
        if old.owns() && orgs::owners(tx, org.as_str())? == 1 {
            return Err(PeopleError::LastOwner);
        }
        orgs::set_role(tx, org.as_str(), account, role)?;
        let line = Line::new(org.as_str(), Doer::Member(by), "role_changed").org(org.as_str());
        Ok(self.record(tx, line.detail("account", account).detail("role", role.as_str()), now)?)
    }

    /// Takes a member out. Their access ends with this transaction: every request looks the role up.
    pub(crate) fn remove_member(
        &self,
        tx: &mut Tx<'_>,
        org: &OrgId,
        account: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(), PeopleError> {
        orgs::lock(tx, org.as_str())?;
        let old = orgs::role_of(tx, org.as_str(), account)?.ok_or(PeopleError::Gone)?;
        if old.owns() && orgs::owners(tx, org.as_str())? == 1 {
            return Err(PeopleError::LastOwner);
        }
        orgs::leave(tx, org.as_str(), account)?;
        let line = Line::new(org.as_str(), Doer::Member(by), "member_removed").org(org.as_str());
        Ok(self.record(tx, line.detail("account", account), now)?)
    }

    /// Hands the organisation over: `to` becomes owner, who hands over keeps `stays` or leaves.
    pub(crate) fn hand_over(
        &self,
        tx: &mut Tx<'_>,
        org: &OrgId,
        to: &str,
        stays: Option<Role>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), PeopleError> {
        if to == by {
            return Err(PeopleError::LastOwner);
        }
        self.set_role(tx, org, to, Role::Owner, by, now)?;
        match stays {
            Some(role) => self.set_role(tx, org, by, role, by, now),
            None => self.remove_member(tx, org, by, by, now),
        }
    }
}
