//! Cases: runs of a procedure.

pub mod act;
pub mod list;
pub mod page;
pub mod start;
pub mod submit;

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
