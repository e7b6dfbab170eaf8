//! What a role tells the kit.

use std::sync::Arc;
use std::time::Duration;

use store::Tx;

use crate::passwords::PasswordCost;
use crate::{Account, Realm};

/// What happens when somebody accepts an invitation: account, and what the inviter wrote into
/// [`crate::Invitation::purpose`]. In the transaction that uses the invitation up.
pub type OnAccept = Arc<dyn Fn(&mut Tx<'_>, &Account, &str) -> store::Result<()> + Send + Sync>;

/// How the kit behaves in this role.
#[derive(Clone)]
pub struct Settings {
    /// What a guess at a password costs.
    pub cost: PasswordCost,
    /// How many tries there are.
    pub limits: Limits,
    /// Path of ours that members see after they signed in.
    pub member_home: &'static str,
    /// The same for staff.
    pub staff_home: &'static str,
    /// Makes a 2次元コード (an SVG that says its label) of a text and a label, for the set-up of authenticator apps; `None`:
    /// only text is shown.
    pub qr: Option<fn(&str, &str) -> Option<String>>,
    /// What an accepted invitation brings.
    pub on_accept: OnAccept,
}

/// Limits of guessing, per window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long failures count.
    pub window: Duration,
    /// Tries at one account from one address.
    pub account_and_address: i64,
    /// Tries from one address.
    pub address: i64,
    /// Tries at one account from anywhere.
    pub account: i64,
    /// Codes of the second step tried for one account.
    pub second: i64,
    /// E-mails asked for from one address (registration, password reset).
    pub mails_by_address: i64,
    /// E-mails asked for to one mailbox.
    pub mails_to: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(15 * 60),
            account_and_address: 10,
            address: 100,
            account: 50,
            second: 10,
            mails_by_address: 30,
            mails_to: 3,
        }
    }
}

impl Settings {
    /// Settings with the usual limits.
    pub fn new(member_home: &'static str, staff_home: &'static str, on_accept: OnAccept) -> Self {
        Self { cost: PasswordCost::default(), limits: Limits::default(), member_home, staff_home, qr: None, on_accept }
    }

    pub(crate) const fn home(&self, realm: Realm) -> &'static str {
        match realm {
            Realm::Member => self.member_home,
            Realm::Staff => self.staff_home,
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("cost", &self.cost).field("limits", &self.limits).finish_non_exhaustive()
    }
}
