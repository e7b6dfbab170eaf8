//! Limits of sign-in: counters in the database, so that all nodes count together.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use base::codec::sha256_b64url;
use http::request::Parts;
use store::Tx;
use web::serve::Peer;

use super::Kit;
use crate::store::counters;

/// The address a request came from, as counters know it: IPv6 by its /64 network, which is what one
/// household has.
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

/// The counters of one sign-in try.
pub(crate) struct Tries {
    both: String,
    address: String,
    account: String,
}

impl Kit {
    /// The counters of a try to sign in as `email` from `from`. Only hashes are kept.
    pub(crate) fn tries(&self, email: &str, from: &ClientAddress) -> Tries {
        let key = |kind: &str, parts: &[&str]| sha256_b64url(&format!("{kind}\n{}", parts.join("\n")));
        Tries {
            both: key("sign-in account and address", &[email, &from.0]),
            address: key("sign-in address", &[&from.0]),
            account: key("sign-in account", &[email]),
        }
    }

    /// Takes one try, before anything is checked: guesses sent all at once are counted like others.
    /// `false`: there is none left.
    pub(crate) async fn take_try(&self, tries: &Tries) -> store::Result<bool> {
        let l = self.0.config.limits;
        // In this order, so that tries refused for one pair of account and address don't count against
        // that account elsewhere.
        let keys = [
            (tries.both.clone(), l.account_and_address),
            (tries.address.clone(), l.address),
            (tries.account.clone(), l.account),
        ];
        let now = self.now();
        let until = now.plus(l.window);
        let known = keys.clone();
        let spent = move |tx: &mut Tx<'_>| {
            for (key, limit) in &known {
                if counters::get(tx, key, now)? >= *limit {
                    return Ok(true);
                }
            }
            Ok::<_, store::Error>(false)
        };
        // A look without writing, for those who go on and on.
        if self.db().read(spent).await? {
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
    /// A success: gives the try back, and forgives this account's failures from this address. Not the
    /// other counts: who guesses at many accounts may own one of them.
    pub(crate) fn succeeded(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        counters::clear(tx, &self.both)?;
        counters::undo(tx, &self.address)?;
        counters::undo(tx, &self.account)
    }
}

impl Kit {
    /// Whether one more account may be made from this address; counts it.
    pub(crate) async fn may_sign_up(&self, from: &ClientAddress) -> store::Result<bool> {
        let Some(limit) = self.0.config.limits.sign_ups else { return Ok(true) };
        let key = sha256_b64url(&format!("sign-up\n{}", from.0));
        let now = self.now();
        let until = now.plus(self.0.config.limits.window);
        self.db().write(move |tx| Ok(counters::hit(tx, &key, now, until)? <= limit)).await
    }
}
