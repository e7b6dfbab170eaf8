//! Sign-in for people with e-mail accounts: members of API users' organisations and the desk's staff.
//!
//! A role opens its database with [`MIGRATIONS`] and [`mail::MIGRATIONS`], gives [`TEMPLATES`] and [`TEXTS`] to its site,
//! makes [`Accounts`] and mounts it into its routes:
//!
//! ```text
//! let accounts = Accounts::new(settings, db, sealer, outbox, &site)?;
//! let routes = accounts.mount(Routes::new(&site, ROUTES)).get("/cases", cases::list) …
//! async fn list(me: SignedIn, visit: Visit, State(app): State<App>) …        // App: AsRef<Accounts>
//! ```
//!
//! [`SignedIn`] as an argument of a handler means: somebody is signed in. The realm comes from the route's row: `Who::Staff`
//! asks for staff, everything else for a member. Nobody signed in: the browser goes to the realm's sign-in page and comes
//! back afterwards. Staff without a second factor go to the set-up page, whatever they asked for.
//!
//! Two realms, one table: the same address may have an account in both, and they share nothing, not even the cookie.
//!
//! **Invariant:** nobody acts without a session of this browser; staff never without a second factor; an address is never
//! told to be known to anybody but its owner. **Boundary:** knows no organisation and no case; a role mounts it.

mod account;
mod challenge;
mod invite;
mod limits;
mod links;
mod mails;
mod pages;
mod passwords;
mod recovery;
mod routes;
mod session;
mod settings;
mod store;
mod totp;
mod webauthn;

use std::sync::Arc;

use ::store::{Db, Sealer};
use base::{Clock, Rng, Timestamp};
use mail::Outbox;
use web::{CookieSpec, Fault, Origin, Site};

pub use account::{Account, Level, Realm};
pub use invite::{Invitation, InvitationId};
pub use limits::ClientAddress;
pub use mail::Email;
pub use pages::TEMPLATES;
pub use passwords::PasswordCost;
pub use routes::ROUTES;
pub use session::{MaybeSignedIn, SessionId, SignedIn};
pub use settings::{Limits, OnAccept, Settings};
pub use store::{MIGRATIONS, STATEMENTS};
pub use totp::{totp_code, totp_code_of};

use passwords::Passwords;

/// The texts of the kit's pages and e-mails.
pub const TEXTS: [(base::Lang, &str); 2] =
    [(base::Lang::Ja, include_str!("../texts/ja.ftl")), (base::Lang::En, include_str!("../texts/en.ftl"))];

/// The kit. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    settings: Settings,
    db: Db,
    sealer: Sealer,
    mailer: Outbox,
    site: Site,
    clock: Clock,
    rng: Rng,
    origin: Origin,
    passwords: Passwords,
    member: CookieSpec,
    staff: CookieSpec,
}

impl Accounts {
    /// The kit over the role's database. Clock, randomness and the public address are the site's.
    ///
    /// # Errors
    /// A password cost that can't be used.
    pub fn new(settings: Settings, db: Db, sealer: Sealer, mailer: Outbox, site: &Site) -> Result<Self, Fault> {
        let rng = site.rng().clone();
        Ok(Self(Arc::new(Inner {
            passwords: Passwords::new(settings.cost, rng.clone())?,
            settings,
            db,
            sealer,
            mailer,
            clock: site.clock().clone(),
            rng,
            origin: site.origin().clone(),
            member: site.cookie("session"),
            staff: site.cookie("staff"),
            site: site.clone(),
        })))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn rng(&self) -> &Rng {
        &self.0.rng
    }

    pub(crate) fn cookie(&self, realm: Realm) -> &CookieSpec {
        match realm {
            Realm::Member => &self.0.member,
            Realm::Staff => &self.0.staff,
        }
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Accounts({:?})", self.0.site)
    }
}
