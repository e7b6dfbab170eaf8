//! What stands around every page: who is signed in, and the ways through the site.

use accounts::Account;
use serde::Serialize;
use web::{Page, Visit};

use crate::Desk;
use crate::staff::{StaffRole, StaffRoles};

/// A link of the navigation; its text is `nav-{key}`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Item {
    href: &'static str,
    key: &'static str,
    current: bool,
}

/// The frame of a page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Frame {
    person: Option<String>,
    staff: bool,
    items: Vec<Item>,
}

/// Parts of the API users' side.
const PUBLIC: &[(&str, &str)] = &[("/", "home"), ("/inquiries", "inquiries"), ("/faq", "faq"), ("/help/keys", "keys")];

/// Parts of the staff's side, with the roles that see each; none: everybody of the staff.
pub(crate) const STAFF: &[(&str, &str, &[StaffRole])] = &[("/staff", "staff", &[])];

impl Frame {
    fn new(person: Option<String>, here: &str) -> Self {
        let items = PUBLIC.iter().map(|&(href, key)| Item { href, key, current: key == here }).collect();
        Self { person, staff: false, items }
    }

    /// For who is not signed in.
    pub(crate) fn stranger(here: &str) -> Self {
        Self::new(None, here)
    }

    /// For a member of an API user's organisation.
    pub(crate) fn person(account: &Account, here: &str) -> Self {
        Self::new(Some(account.name.clone()), here)
    }

    /// For a member of staff.
    pub(crate) fn staff(account: &Account, roles: Option<&StaffRoles>, here: &str) -> Self {
        let sees = |any: &[StaffRole]| any.is_empty() || roles.is_some_and(|r| any.iter().any(|one| r.has(*one)));
        let items = STAFF
            .iter()
            .filter(|(_, _, any)| sees(any))
            .map(|&(href, key, _)| Item { href, key, current: key == here })
            .collect();
        Self { person: Some(account.name.clone()), staff: true, items }
    }
}

/// A page's own context with its frame.
#[derive(Serialize)]
struct Framed<T> {
    frame: Frame,
    #[serde(flatten)]
    own: T,
}

/// A page of the desk.
pub(crate) fn page<T: Serialize>(
    visit: &Visit,
    frame: Frame,
    template: &'static str,
    id: &'static str,
    own: T,
) -> Page {
    visit.page(template, id).with(Framed { frame, own })
}

/// Nothing besides the frame.
#[derive(Serialize)]
pub(crate) struct Nothing {}

impl Desk {
    /// The text `key` for a reader.
    pub(crate) fn text(&self, lang: base::Lang, key: &str, args: &[(&str, &str)]) -> Result<String, web::Fault> {
        Ok(self.site().text(lang, key, args)?)
    }
}
