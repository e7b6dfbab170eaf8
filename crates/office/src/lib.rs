//! The staff's side of the desk: what waits, review and decisions by two people, inquiries, FAQ, templates, figures, the
//! record, and who is among the staff.
//!
//! It stands on [`desk`] and is served with it: [`extension`] is given to [`desk::build_with`].
//!
//! | what | where |
//! |---|---|
//! | what waits, with filters | `queue.rs` |
//! | a case: where it is, who may decide, what was submitted | `case/` |
//! | proposals, approvals, returns | `case/decide.rs` |
//! | inquiries and messages | `inquiry.rs`, `case/message.rs` |
//! | FAQ and templates, with versions | `faq.rs`, `template.rs` |
//! | numbers | `figures/` |
//! | who may do what | `people.rs` |
//!
//! **Invariant:** four eyes are held by [`procedures::Case`], never by a page: pages only say who may. Every form carries the sequence number of
//! the case that its reader saw, so that nobody decides on something else than what was shown. **Boundary:** changes cases
//! through the desk's case service only; no portal is spoken to.

mod case;
mod csv;
mod diff;
mod faq;
pub mod figures;
mod inquiry;
mod people;
mod queue;
mod record;
mod routes;
mod services;
mod shared;
mod store;
mod template;

use std::sync::Arc;

use base::Lang;
use desk::Extension;
use desk::kit::StaffItem;
use desk::staff::StaffRole;

pub use people::{AddError, add_staff, reset_staff};
pub use routes::ROUTES;
pub use store::{MIGRATIONS, STATEMENTS};

/// The tables that the desk's database is opened with when this room stands on it.
pub const SCHEMA: ::store::Schema<'static> = &[mail::MIGRATIONS, accounts::MIGRATIONS, desk::MIGRATIONS, MIGRATIONS];

/// The room's templates.
pub const TEMPLATES: &[(&str, &str)] = web::templates![
    "staff-case.html",
    "staff-decide.html",
    "staff-faq.html",
    "staff-faq-edit.html",
    "staff-figures.html",
    "staff-form.html",
    "staff-history.html",
    "staff-inquiries.html",
    "staff-inquiry.html",
    "staff-message.html",
    "staff-parts.html",
    "staff-people.html",
    "staff-person.html",
    "staff-queue.html",
    "staff-record.html",
    "staff-services.html",
    "staff-suspend.html",
    "staff-template.html",
    "staff-templates.html"
];

/// The room's texts.
pub const TEXTS: &[(Lang, &str)] = &[
    (Lang::Ja, include_str!("../texts/staff.ja.ftl")),
    (Lang::En, include_str!("../texts/staff.en.ftl")),
    (Lang::Ja, include_str!("../texts/case.ja.ftl")),
    (Lang::En, include_str!("../texts/case.en.ftl")),
];

/// The room's parts of the staff's navigation.
pub const NAVIGATION: &[StaffItem] = &[
    StaffItem { href: "/staff", key: "staff", roles: &[] },
    StaffItem { href: "/staff/inquiries", key: "staff-inquiries", roles: &[] },
    StaffItem { href: "/staff/services", key: "staff-services", roles: &[] },
    StaffItem { href: "/staff/faq", key: "staff-faq", roles: &[] },
    StaffItem { href: "/staff/templates", key: "staff-templates", roles: &[] },
    StaffItem { href: "/staff/figures", key: "staff-figures", roles: &[] },
    StaffItem { href: "/staff/record", key: "staff-record", roles: RECORD_READERS },
    StaffItem { href: "/staff/people", key: "staff-people", roles: PEOPLE_READERS },
];

/// Who reads the record of everything.
pub(crate) const RECORD_READERS: &[StaffRole] =
    &[StaffRole::Auditor, StaffRole::Approver, StaffRole::Operator, StaffRole::Administrator];
/// Who sees who is among the staff.
pub(crate) const PEOPLE_READERS: &[StaffRole] = &[StaffRole::Administrator, StaffRole::Auditor];
/// Who acts on cases and inquiries at all.
pub(crate) const ACTING: &[StaffRole] =
    &[StaffRole::Reception, StaffRole::Reviewer, StaffRole::Approver, StaffRole::Operator];

/// The room, for [`desk::build_with`].
pub fn extension() -> Extension {
    Extension {
        name: "office",
        templates: TEMPLATES,
        texts: TEXTS,
        routes: ROUTES,
        mount: Some(Arc::new(routes::mount)),
        navigation: NAVIGATION,
        ..Extension::default()
    }
}
