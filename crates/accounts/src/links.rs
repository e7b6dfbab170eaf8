//! Links sent by e-mail: 256 random bits, kept as a hash, good once and for a while. Opening one changes nothing (mail
//! programs open them too); the button on its page does.

use std::time::Duration;

use base::codec::sha256_b64url;
use mail::Email;
use store::Tx;

use crate::store::links::{self, Link};
use crate::{Accounts, Realm};

pub(crate) const REGISTER: &str = "register";
pub(crate) const RESET: &str = "reset";
pub(crate) const EMAIL_OLD: &str = "email_old";
pub(crate) const EMAIL_NEW: &str = "email_new";
pub(crate) const INVITE: &str = "invite";

pub(crate) const REGISTER_LIFE: Duration = Duration::from_secs(24 * 3600);
pub(crate) const RESET_LIFE: Duration = Duration::from_secs(3600);
pub(crate) const EMAIL_LIFE: Duration = Duration::from_secs(24 * 3600);
pub(crate) const INVITE_LIFE: Duration = Duration::from_secs(14 * 86_400);

/// A link that is about to be kept and sent.
#[derive(Clone, Debug)]
pub(crate) struct NewLink {
    id: String,
    /// The address in the e-mail.
    pub(crate) url: String,
    pub(crate) link: Link,
}

impl NewLink {
    /// Keeps it.
    pub(crate) fn insert(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        links::insert(tx, &self.id, &self.link)
    }
}

impl Accounts {
    /// A fresh link of a kind, below `path` (`/register`).
    pub(crate) fn new_link(&self, kind: &str, path: &str, realm: Realm, email: &Email, life: Duration) -> NewLink {
        let token = self.rng().token();
        NewLink {
            id: sha256_b64url(&token),
            url: self.0.origin.url(&format!("{path}/{token}")),
            link: Link {
                kind: kind.to_owned(),
                realm,
                email: email.clone(),
                account: None,
                reference: None,
                body: "{}".to_owned(),
                expires: self.now().plus(life),
            },
        }
    }

    /// The link behind a token, if it works.
    pub(crate) async fn link(&self, kind: &'static str, token: &str) -> store::Result<Option<Link>> {
        let (id, now) = (sha256_b64url(token), self.now());
        self.db().read(move |tx| links::get(tx, &id, kind, now)).await
    }
}
