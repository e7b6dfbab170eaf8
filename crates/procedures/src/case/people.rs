//! Who acts on a case.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalogue::Actor;

/// A member's role in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// May do everything, and manages the members.
    Owner,
    /// May act on cases.
    Editor,
    /// May look.
    Viewer,
}

/// A role among the desk's staff; a person may hold several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Staff {
    /// 受付
    Reception,
    /// 審査
    Reviewer,
    /// 承認
    Approver,
    /// 運用
    Operator,
    /// 監査: may look, and is nothing else.
    Auditor,
}

impl Staff {
    const fn actor(self) -> Option<Actor> {
        match self {
            Self::Reception => Some(Actor::Reception),
            Self::Reviewer => Some(Actor::Reviewer),
            Self::Approver => Some(Actor::Approver),
            Self::Operator => Some(Actor::Operator),
            Self::Auditor => None,
        }
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A member of an organisation.
    Member {
        /// The account.
        id: String,
        /// The organisation.
        organisation: String,
        /// The role there.
        role: Member,
    },
    /// A member of staff.
    Staff {
        /// The account.
        id: String,
        /// The roles.
        roles: BTreeSet<Staff>,
    },
    /// The desk itself.
    System,
}

/// Who acted, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "party", content = "id")]
pub enum Who {
    /// Of the applicant's organisation; the account.
    Applicant(String),
    /// Of the desk's staff; the account.
    Staff(String),
    /// The desk itself.
    System,
}

impl By {
    /// A member of staff with these roles.
    pub fn staff(id: &str, roles: &[Staff]) -> Self {
        Self::Staff { id: id.to_owned(), roles: roles.iter().copied().collect() }
    }

    /// A member of an organisation.
    pub fn member(id: &str, organisation: &str, role: Member) -> Self {
        Self::Member { id: id.to_owned(), organisation: organisation.to_owned(), role }
    }

    /// As it is written down.
    pub fn who(&self) -> Who {
        match self {
            Self::Member { id, .. } => Who::Applicant(id.clone()),
            Self::Staff { id, .. } => Who::Staff(id.clone()),
            Self::System => Who::System,
        }
    }

    /// Whether the tasks of `actor` are this person's, in a case of `organisation`.
    pub fn acts_as(&self, actor: Actor, organisation: &str) -> bool {
        match self {
            Self::Member { organisation: own, role, .. } => {
                actor == Actor::Applicant && own == organisation && *role != Member::Viewer
            }
            Self::Staff { roles, .. } => {
                // An auditor looks at what others do, and so does nothing that there is to look at.
                !roles.contains(&Staff::Auditor) && roles.iter().any(|r| r.actor() == Some(actor))
            }
            Self::System => actor == Actor::System,
        }
    }

    /// Whether this is a member of staff who may write into cases at all.
    pub fn is_acting_staff(&self) -> bool {
        matches!(self, Self::Staff { roles, .. } if !roles.is_empty() && !roles.contains(&Staff::Auditor))
    }
}
