//! Cases: runs of a procedure.

pub(crate) mod act;
pub(crate) mod list;
pub(crate) mod page;
pub(crate) mod start;
pub(crate) mod submit;

base::id!(
    /// A case.
    CaseId,
    "cas"
);

base::id!(
    /// A service of an API user.
    ServiceId,
    "svc"
);
