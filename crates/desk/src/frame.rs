//! What stands around every page: who is signed in, and the ways through the site.

use accounts::Account;
use serde::Serialize;
use web::{Page, Visit};

use crate::Desk;
use crate::access::StaffMember;
use crate::staff::{StaffRole, StaffRoles};

/// A link of the navigation; its text is `nav-{key}`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Item {
    href: &'static str,
    key: &'static str,
    current: bool,
}

/// The frame of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    person: Option<String>,
    staff: bool,
    items: Vec<Item>,
}

/// Parts of the API users' side.
const PUBLIC: &[(&str, &str)] = &[("/", "home"), ("/inquiries", "inquiries"), ("/faq", "faq"), ("/help/keys", "keys")];

/// A part of the staff's side; its text is `nav-{key}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaffItem {
    /// Where it is.
    pub href: &'static str,
    /// Names its text, and the part to which a page belongs.
    pub key: &'static str,
    /// The roles that see it; none: everybody of the staff.
    pub roles: &'static [StaffRole],
}

impl Frame {
    fn new(person: Option<String>, here: &str) -> Self {
        let items = PUBLIC.iter().map(|&(href, key)| Item { href, key, current: key == here }).collect();
        Self { person, staff: false, items }
    }

    /// For who is not signed in.
    pub fn stranger(here: &str) -> Self {
        Self::new(None, here)
    }

    /// For a member of an API user's organisation.
    pub fn person(account: &Account, here: &str) -> Self {
        Self::new(Some(account.name.clone()), here)
    }

    /// For a member of staff: of `parts` what their roles see.
    pub fn staff<'i>(
        name: &str,
        roles: &StaffRoles,
        parts: impl IntoIterator<Item = &'i StaffItem>,
        here: &str,
    ) -> Self {
        let sees = |any: &[StaffRole]| any.is_empty() || any.iter().any(|one| roles.has(*one));
        let items = parts
            .into_iter()
            .filter(|i| sees(i.roles))
            .map(|i| Item { href: i.href, key: i.key, current: i.key == here })
            .collect();
        Self { person: Some(name.to_owned()), staff: true, items }
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
pub fn page<T: Serialize>(visit: &Visit, frame: Frame, template: &'static str, id: &'static str, own: T) -> Page {
    visit.page(template, id).with(Framed { frame, own })
}

/// Nothing besides the frame.
#[derive(Serialize)]
pub struct Nothing {}

impl Desk {
    /// The frame of a page of the staff's side that belongs to the part `here`.
    pub fn staff_frame(&self, me: &StaffMember, here: &str) -> Frame {
        Frame::staff(&me.account.name, &me.roles, self.extensions().iter().flat_map(|e| e.navigation), here)
    }

    /// The text `key` for a reader.
    pub fn text(&self, lang: base::Lang, key: &str, args: &[(&str, &str)]) -> Result<String, web::Fault> {
        Ok(self.site().text(lang, key, args)?)
    }
}
