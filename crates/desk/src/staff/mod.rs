//! The staff's side.

use serde::Serialize;

/// What a member of staff may do. A person may hold several; an auditor only reads and holds nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// 受付: takes in, assigns, answers inquiries.
    Reception,
    /// 審査: reviews, comments, returns, agrees.
    Reviewer,
    /// 承認: approves what another has agreed to.
    Approver,
    /// 運用: the control plane, delivery services, incidents.
    Operator,
    /// 監査: reads everything, changes nothing.
    Auditor,
    /// 管理: lets people in, gives roles to others, never to themselves.
    Administrator,
}

impl StaffRole {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Reception, Self::Reviewer, Self::Approver, Self::Operator, Self::Auditor, Self::Administrator];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reception => "reception",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// Reads [`StaffRole::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

impl StaffRole {
    /// As cases know it; looking after accounts is nothing in a case.
    pub const fn in_cases(self) -> Option<procedures::case::Staff> {
        use procedures::case::Staff;
        match self {
            Self::Reception => Some(Staff::Reception),
            Self::Reviewer => Some(Staff::Reviewer),
            Self::Approver => Some(Staff::Approver),
            Self::Operator => Some(Staff::Operator),
            Self::Auditor => Some(Staff::Auditor),
            Self::Administrator => None,
        }
    }
}

/// The roles of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StaffRoles(Vec<StaffRole>);

impl StaffRoles {
    /// A set of roles. Who audits holds nothing else: with an auditor among them, the others fall away.
    pub fn new(roles: impl IntoIterator<Item = StaffRole>) -> Self {
        let mut roles: Vec<_> = roles.into_iter().collect();
        roles.sort();
        roles.dedup();
        if roles.contains(&StaffRole::Auditor) {
            roles = vec![StaffRole::Auditor];
        }
        Self(roles)
    }

    /// From storage: words with blanks between; unknown ones are left out.
    pub fn parse(text: &str) -> Self {
        Self::new(text.split_whitespace().filter_map(StaffRole::parse))
    }

    /// For storage.
    pub fn as_text(&self) -> String {
        self.0.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Whether this role is among them.
    pub fn has(&self, role: StaffRole) -> bool {
        self.0.contains(&role)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Them.
    pub fn iter(&self) -> impl Iterator<Item = StaffRole> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_holds_nothing_else() {
        let roles = StaffRoles::parse("approver reviewer nonsense reviewer");
        assert_eq!(roles.as_text(), "reviewer approver");
        assert_eq!(StaffRoles::parse("operator auditor").as_text(), "auditor");
        assert!(StaffRoles::parse("").is_empty());
    }
}
