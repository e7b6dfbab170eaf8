//! `[delivery]`: the reference delivery service from its configuration file.

use base::outbound::Outbound;
use base::{Clock, Rng};
use serde::{Deserialize, Serialize};
use store::{Db, Sealer};
use url::Url;
use web::{Environment, Origin};

use crate::config::{ConfigError, File};
use crate::demo::PasswordCost;
use crate::roles::{Built, Handle, Name};

/// `[delivery]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryTable {
    /// Its public address and issuer.
    pub origin: String,
    /// The portal's issuer.
    pub portal: String,
    /// The portal's name on our pages.
    pub portal_name: Name,
    /// The portal's client id here.
    pub portal_client_id: String,
    /// Our client id at the portal, for single sign-on.
    pub our_client_id: String,
    /// Its name on its pages, when it is not that of the reference mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// What its cookies' names have in place of `delivery`: for a second delivery service on the same host name, since
    /// browsers share cookies between ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookies: Option<String>,
    /// What a password check costs.
    #[serde(default = "standard")]
    pub password_cost: PasswordCost,
    /// Whether the test people have accounts; test environment only.
    #[serde(default)]
    pub test_people: bool,
    /// Which sample documents the test people get.
    #[serde(default)]
    pub samples: Samples,
    /// New accounts from one address in a quarter of an hour; 0: no limit.
    #[serde(default = "thirty")]
    pub sign_up_limit: i64,
    /// A foreign authorization server in front of the linkage and document resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_server: Option<ForeignTable>,
}

/// Which sample documents there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Samples {
    /// Those of four issuers.
    #[default]
    Usual,
    /// One of a fifth issuer: for a second delivery service, so that nothing comes twice.
    Elsewhere,
}

/// `[delivery.authorization_server]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignTable {
    /// Its issuer.
    pub issuer: String,
    /// Its keys.
    pub jwks_uri: Url,
    /// `aud` of its tokens for our resources.
    pub audience: String,
    /// The portal's client id there.
    pub portal_client_id: String,
}

const fn standard() -> PasswordCost {
    PasswordCost::Standard
}

const fn thirty() -> i64 {
    30
}

fn config(table: DeliveryTable, environment: Environment) -> Result<mailbox::Config, ConfigError> {
    let origin =
        |text: &str, what: &str| Origin::parse(text).map_err(|e| ConfigError::new(format!("delivery.{what}: {e}")));
    if table.test_people && environment == Environment::Production {
        return Err(ConfigError::new("delivery.test_people: there are no test people in production"));
    }
    if table.password_cost == PasswordCost::Low && environment == Environment::Production {
        return Err(ConfigError::new("delivery.password_cost: low is for load tests; in production it is standard"));
    }
    let portal = origin(&table.portal, "portal")?;
    let jwks_uri = Url::parse(&portal.url("/oauth/jwks")).map_err(|e| ConfigError::new(e.to_string()))?;
    Ok(mailbox::Config {
        origin: origin(&table.origin, "origin")?,
        environment,
        portal: delivery::Portal {
            issuer: portal,
            name: table.portal_name.into(),
            client_id: table.portal_client_id,
            jwks_uri,
            our_client_id: table.our_client_id,
        },
        tokens: match table.authorization_server {
            None => delivery::Tokens::Own,
            Some(f) => delivery::Tokens::Foreign(delivery::kit::ForeignServer {
                issuer: f.issuer,
                jwks_uri: f.jwks_uri,
                audience: f.audience,
                portal_client_id: f.portal_client_id,
            }),
        },
        passwords: match table.password_cost {
            PasswordCost::Standard => mailbox::PasswordCost::default(),
            PasswordCost::Low => mailbox::PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 2 },
        },
        limits: delivery::Limits {
            sign_ups: (table.sign_up_limit > 0).then_some(table.sign_up_limit),
            ..delivery::Limits::default()
        },
        seed: table.test_people,
        name: table.name.map(Into::into),
        cookies: table.cookies,
        samples: match table.samples {
            Samples::Usual => mailbox::Samples::Usual,
            Samples::Elsewhere => mailbox::Samples::Elsewhere,
        },
    })
}

/// Builds the role.
///
/// # Errors
/// In words for the operator.
pub async fn build(
    file: &File,
    db: Db,
    sealer: Sealer,
    outbound: Outbound,
    clock: Clock,
    rng: Rng,
) -> Result<Built, ConfigError> {
    let config = config(file.own()?, file.environment)?;
    let origin = config.origin.clone();
    let (delivery, router) = mailbox::build(config, db, sealer, outbound, clock, rng)
        .await
        .map_err(|e| ConfigError::new(format!("delivery: {}", e.details())))?;
    let background = Box::pin(delivery.clone().background());
    Ok(Built { router, background, handle: Handle::Delivery(delivery), origin })
}
