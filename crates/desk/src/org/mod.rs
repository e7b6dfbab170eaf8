//! Organisations (API利用者), their members and invitations.
//!
//! **Invariant:** an organisation never stands without an owner; who is taken out of it loses access with the next
//! request.

mod number;
pub(crate) mod pages;
pub(crate) mod people;
pub(crate) mod service;

use base::Timestamp;
use serde::Serialize;

pub use number::{CorporateNumber, NumberError};

base::id!(
    /// An organisation.
    OrgId,
    "org"
);

/// Kinds of organisations that the guideline is for (1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgKind {
    /// 民間事業者
    Private,
    /// 国の機関
    National,
    /// 地方公共団体
    Local,
    /// その他の行政機関等
    Other,
}

impl OrgKind {
    /// All of them, in the guideline's order.
    pub const ALL: [Self; 4] = [Self::Private, Self::National, Self::Local, Self::Other];

    /// As stored and sent by forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::National => "national",
            Self::Local => "local",
            Self::Other => "other",
        }
    }

    /// Reads [`OrgKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// What a member of an organisation may do there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Fills in, submits, writes to the desk.
    Editor,
    /// As editor, and looks after the organisation and its members.
    Owner,
}

impl Role {
    /// All of them, the strongest first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Editor, Self::Viewer];

    /// As stored and sent by forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    /// Reads [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }

    /// Whether they may fill in and submit.
    pub const fn may_edit(self) -> bool {
        matches!(self, Self::Editor | Self::Owner)
    }

    /// Whether they look after the organisation.
    pub const fn owns(self) -> bool {
        matches!(self, Self::Owner)
    }
}

impl From<Role> for procedures::case::Member {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Editor => Self::Editor,
            Role::Owner => Self::Owner,
        }
    }
}

/// An API user's organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organisation {
    /// Its id.
    pub id: OrgId,
    /// What it is.
    pub kind: OrgKind,
    /// Its name, as registered.
    pub name: String,
    /// Its name for English pages; may be empty.
    pub name_en: String,
    /// 法人番号; none for those that have none.
    pub corporate_number: Option<CorporateNumber>,
    /// Where it is.
    pub address: String,
    /// Its telephone number.
    pub phone: String,
    /// Goes up with every change.
    pub version: i64,
    /// Since when.
    pub created_at: Timestamp,
}

/// A person in an organisation.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub account: String,
    /// What they may do.
    pub role: Role,
    /// The account that let them in.
    pub added_by: String,
    /// Since when.
    pub added_at: Timestamp,
}

/// An invitation that can still be taken up.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: String,
    /// Into which organisation.
    pub org: OrgId,
    /// To which address; it can be taken up by its owner only.
    pub email: String,
    /// With which role.
    pub role: Role,
    /// The account that invites.
    pub invited_by: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}
