//! Limits of guessing: counters in the database, so that all nodes count together; a try counts before it is judged.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use base::codec::sha256_b64url;
use http::request::Parts;
use mail::Email;
use store::Tx;
use web::serve::Peer;

use crate::store::counters;
use crate::{Accounts, Realm};

/// The address a request came from, as counters know it: IPv6 by its /64 network, which is what one household has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAddress(String);

impl ClientAddress {
    fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => Self(v4.to_string()),
            IpAddr::V6(v6) => {
                let s = v6.segments();
                Self(Ipv6Addr::new(s[0], s[1], s[2], s[3], 0, 0, 0, 0).to_string())
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Peer>().map_or_else(|| Self("unknown".to_owned()), |peer| Self::of(peer.0.ip())))
    }
}

/// The counters of one try at a password.
#[derive(Clone, Debug)]
pub(crate) struct Tries {
    both: String,
    address: String,
    account: String,
}

fn key(kind: &str, parts: &[&str]) -> String {
    sha256_b64url(&format!("{kind}\n{}", parts.join("\n")))
}

impl Accounts {
    /// The counters of a try to sign in as `email` from `from`. Only hashes are kept.
    pub(crate) fn tries(&self, realm: Realm, email: &Email, from: &ClientAddress) -> Tries {
        let (realm, email) = (realm.as_str(), email.as_str());
        Tries {
            both: key("account and address", &[realm, email, &from.0]),
            address: key("address", &[&from.0]),
            account: key("account", &[realm, email]),
        }
    }

    /// Takes one try, before anything is checked: guesses sent all at once are counted like others. `false`: there is
    /// none left.
    pub(crate) async fn take_try(&self, tries: &Tries) -> store::Result<bool> {
        let l = self.0.settings.limits;
        // In this order, so that tries refused for one pair of account and address don't count against that account
        // elsewhere.
        self.take(vec![
            (tries.both.clone(), l.account_and_address),
            (tries.address.clone(), l.address),
            (tries.account.clone(), l.account),
        ])
        .await
    }

    /// Takes one try at the second step of an account.
    pub(crate) async fn take_second(&self, account: &str) -> store::Result<bool> {
        self.take(vec![(key("second", &[account]), self.0.settings.limits.second)]).await
    }

    /// Forgives the failures at the second step.
    pub(crate) fn second_succeeded(tx: &mut Tx<'_>, account: &str) -> store::Result<()> {
        counters::clear(tx, &key("second", &[account]))
    }

    /// Takes one try at a passkey from this address. Nobody guesses a signature; this bounds the work.
    pub(crate) async fn may_try_passkey(&self, from: &ClientAddress) -> store::Result<bool> {
        self.take(vec![(key("passkey from", &[&from.0]), self.0.settings.limits.address)]).await
    }

    /// Whether one more e-mail may be asked for from this address.
    pub(crate) async fn may_ask_for_mail(&self, from: &ClientAddress) -> store::Result<bool> {
        self.take(vec![(key("mail from", &[&from.0]), self.0.settings.limits.mails_by_address)]).await
    }

    /// Whether one more e-mail of a kind may go to this mailbox on a stranger's word; counts it. The stranger is not told.
    pub(crate) fn may_mail_to(&self, tx: &mut Tx<'_>, realm: Realm, email: &Email, kind: &str) -> store::Result<bool> {
        let now = self.now();
        let id = key("mail to", &[realm.as_str(), email.as_str(), kind]);
        Ok(counters::hit(tx, &id, now, now.plus(self.0.settings.limits.window))? <= self.0.settings.limits.mails_to)
    }

    async fn take(&self, keys: Vec<(String, i64)>) -> store::Result<bool> {
        let now = self.now();
        let until = now.plus(self.0.settings.limits.window);
        let known = keys.clone();
        // A look without writing, for those who go on and on.
        let spent = self.db().read(move |tx| {
            for (key, limit) in &known {
                if counters::get(tx, key, now)? >= *limit {
                    return Ok(true);
                }
            }
            Ok::<_, store::Error>(false)
        });
        if spent.await? {
            return Ok(false);
        }
        self.db()
            .write(move |tx| {
                for (key, limit) in &keys {
                    if counters::hit(tx, key, now, until)? > *limit {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
            .await
    }
}

impl Tries {
    /// A success: gives the try back, and forgives this account's failures from this address. Not the other counts: who
    /// guesses at many accounts may own one of them.
    pub(crate) fn succeeded(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        counters::clear(tx, &self.both)?;
        counters::undo(tx, &self.address)?;
        counters::undo(tx, &self.account)
    }
}
