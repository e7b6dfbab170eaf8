//! Limits of sign-in: counters in the database, so that all nodes count together.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use base::codec::sha256_b64url;
use http::request::Parts;
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

    /// Whether one more try is allowed.
    pub(crate) async fn may_try(&self, tries: &Tries) -> store::Result<bool> {
        let l = self.0.config.limits;
        let keys = [
            (tries.both.clone(), l.account_and_address),
            (tries.address.clone(), l.address),
            (tries.account.clone(), l.account),
        ];
        let now = self.now();
        self.db()
            .read(move |tx| {
                for (key, limit) in &keys {
                    if counters::get(tx, key, now)? >= *limit {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
            .await
    }

    /// Counts a failure.
    pub(crate) async fn failed(&self, tries: Tries) -> store::Result<()> {
        let now = self.now();
        let until = now.plus(self.0.config.limits.window);
        self.db()
            .write(move |tx| {
                for key in [&tries.both, &tries.address, &tries.account] {
                    counters::hit(tx, key, now, until)?;
                }
                Ok(())
            })
            .await
    }

    /// A success forgives this account's failures from this address. Not the others: who guesses at many
    /// accounts may own one of them.
    pub(crate) async fn succeeded(&self, tries: Tries) -> store::Result<()> {
        let now = self.now();
        let key = tries.both.clone();
        if self.db().read(move |tx| counters::get(tx, &key, now)).await? > 0 {
            self.db().write(move |tx| counters::clear(tx, &tries.both)).await?;
        }
        Ok(())
    }

    /// Whether one more account may be made from this address; counts it.
    pub(crate) async fn may_sign_up(&self, from: &ClientAddress) -> store::Result<bool> {
        let Some(limit) = self.0.config.limits.sign_ups else { return Ok(true) };
        let key = sha256_b64url(&format!("sign-up\n{}", from.0));
        let now = self.now();
        let until = now.plus(self.0.config.limits.window);
        self.db()
            .write(move |tx| {
                if counters::get(tx, &key, now)? >= limit {
                    return Ok(false);
                }
                counters::hit(tx, &key, now, until).map(|()| true)
            })
            .await
    }
}
