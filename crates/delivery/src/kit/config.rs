//! Settings of the kit.

use std::time::Duration;

use oauth::ClientName;
use url::Url;
use web::{Environment, Origin};

/// The portal as this service knows it.
#[derive(Clone, Debug)]
pub struct Portal {
    /// Its issuer: its public origin.
    pub issuer: Origin,
    /// Its name on our pages.
    pub name: ClientName,
    /// Its `client_id` at our authorization server.
    pub client_id: String,
    /// Where its keys are: `{issuer}/oauth/jwks` unless it says otherwise.
    pub jwks_uri: Url,
    /// Our `client_id` there, for single sign-on.
    pub our_client_id: String,
}

/// How often a sign-in may fail.
///
/// The strictest count is per account **and** address, so that somebody who guesses at a person's
/// password from elsewhere does not lock that person out; the count per account alone is wide and
/// passes with its window.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Failures of one account from one address.
    pub account_and_address: i64,
    /// Failures from one address.
    pub address: i64,
    /// Failures of one account from anywhere.
    pub account: i64,
    /// After this the counts begin anew.
    pub window: Duration,
    /// New accounts from one address in a window; `None`: no limit.
    pub sign_ups: Option<i64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            account_and_address: 5,
            address: 50,
            account: 100,
            window: Duration::from_secs(15 * 60),
            sign_ups: Some(30),
        }
    }
}

/// Settings of the kit.
#[derive(Clone, Debug)]
pub struct KitConfig {
    /// This service's public origin, which is its issuer too.
    pub origin: Origin,
    /// Test or production.
    pub environment: Environment,
    /// The portal.
    pub portal: Portal,
    /// Path of ours where a signed-in person belongs: the mailbox.
    pub home: &'static str,
    /// Sign-in limits.
    pub limits: Limits,
    /// Whose access tokens the linkage and document resources take.
    pub tokens: Tokens,
}

/// Whose access tokens the resources take.
#[derive(Clone, Debug, Default)]
pub enum Tokens {
    /// The kit's own authorization server.
    #[default]
    Own,
    /// Another server's JWT access tokens (RFC 9068), bound by DPoP.
    Foreign(ForeignServer),
}

/// A foreign authorization server that stands in front of the kit's resources. The portal then knows
/// this service by the foreign issuer: subject tokens are made out to it, confirmations are signed in
/// its name (with the kit's key, published at `{origin}/oauth/jwks`).
#[derive(Clone, Debug)]
pub struct ForeignServer {
    /// Its issuer.
    pub issuer: String,
    /// Its keys.
    pub jwks_uri: Url,
    /// `aud` that its tokens carry for these resources.
    pub audience: String,
    /// The portal's `client_id` there.
    pub portal_client_id: String,
}
