//! What an operator decides about a portal.

use oauth::client::ClientName;
use serde::{Deserialize, Serialize};
use url::Url;
use web::{Environment, Origin};

/// The settings of a portal.
#[derive(Clone, Debug)]
pub struct Config {
    /// The public address; it is also the issuer (RFC 8414), without a slash at the end.
    pub origin: Origin,
    /// Test (接続確認環境) or production (本番環境): they differ in data, keys, accepted cards and routes.
    pub environment: Environment,
    /// Whether developers may register clients themselves (RFC 7591). Only in the test environment,
    /// whatever stands here.
    pub open_registration: bool,
    /// The desk that this portal takes instructions of (docs/registry.md); without one, of nobody.
    pub desk: Option<DeskConfig>,
    /// Card check.
    pub card: CardConfig,
    /// Delivery services to have from the start; those of the same id are brought up to date, others
    /// that the registry has stay.
    pub deliveries: Vec<DeliveryConfig>,
}

/// The desk that admits clients and delivery services.
#[derive(Clone, Debug)]
pub struct DeskConfig {
    /// `iss` of its instructions: its public address, without a slash at the end.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: Url,
}

/// Where cards are read and what makes them trusted.
#[derive(Clone, Debug)]
pub struct CardConfig {
    /// Where the browser goes to have the card read: the test-card stand-in, later a reader's agent.
    pub reader: Origin,
    /// Roots of the card hierarchy (PEM, one or more).
    pub anchors_pem: String,
    /// Where revocation lists are fetched: `{crl_base}/{partition}.crl`. Without a slash at the end.
    pub crl_base: Url,
    /// The number correspondence of J-LIS (test: of the stand-in): which certificates a renewed card
    /// had before. Without it a renewed card can't be recognised, so the desk has to join accounts.
    pub predecessors: Option<Url>,
}

/// A delivery service (民間送達サービス) as the registry knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryConfig {
    /// Id in `authorization_details`: 1 to 64 of letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// Name on the pages.
    pub name: ClientName,
    /// Who runs it, on the pages.
    pub operator: ClientName,
    /// Issuer of its authorization server.
    pub issuer: String,
    /// The portal's client id there (leg B).
    pub client_id: String,
    /// Origin of its linkage and document resources, when they stand apart from its authorization server.
    /// Confirmations are then signed by the keys at `{resources}/oauth/jwks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Origin>,
    /// Its client id here (single sign-on), when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso_client_id: Option<String>,
    /// Where single sign-on begins (`initiate_login_uri`, OpenID Connect Core section 4); without it
    /// what its discovery or registration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<Url>,
    /// Operating days and hours, in words, for the status page (guideline table 2.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating: Option<ClientName>,
}

impl Config {
    /// Whether clients can be registered without the desk.
    pub fn registration_is_open(&self) -> bool {
        self.open_registration && self.environment == Environment::Test
    }

    /// The card hierarchy that this environment accepts.
    pub(crate) const fn card_environment(&self) -> pki::Environment {
        match self.environment {
            Environment::Test => pki::Environment::Test,
            Environment::Production => pki::Environment::Production,
        }
    }
}
