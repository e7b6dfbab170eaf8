//! From a configuration file to a running role.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use base::outbound::Outbound;
use base::{Clock, Rng, Secret};
use oauth::{ClientKind, ClientMetadata, ClientName, Keys, RedirectUri, RegisteredClient, Scope};
use serde::{Deserialize, Serialize};
use store::{Db, Sealer};
use url::Url;
use web::{Environment, Origin};

use crate::config::{ConfigError, File, Role, master_key};

/// A name in both languages, as the files write it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// 日本語
    pub ja: String,
    /// English
    pub en: String,
}

impl Name {
    /// Of these.
    pub fn of(ja: &str, en: &str) -> Self {
        Self { ja: ja.to_owned(), en: en.to_owned() }
    }
}

impl From<Name> for ClientName {
    fn from(n: Name) -> Self {
        Self { ja: n.ja, en: n.en }
    }
}

/// `[testcard]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestcardTable {
    /// Its public address.
    pub origin: String,
    /// Portals that may ask for readings.
    pub relying_parties: Vec<String>,
    /// Cards for a demonstration of the production environment: of an authority of their own that is named 見本. Their root
    /// is worth something only where it is pinned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demonstration: bool,
}

/// `[portal]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalTable {
    /// Its public address and issuer.
    pub origin: String,
    /// Whether developers may register clients themselves; test environment only.
    #[serde(default)]
    pub open_registration: bool,
    /// Where cards are read.
    pub card_reader: String,
    /// Roots of the card hierarchy: PEM, by value or as a file.
    pub card_roots: Pem,
    /// Where revocation lists are: `{crl_base}/{partition}.crl`.
    pub crl_base: Url,
    /// The number correspondence service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessors: Option<Url>,
    /// The desk that admits clients and delivery services (docs/registry.md).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<PortalDesk>,
    /// Delivery services.
    #[serde(default)]
    pub deliveries: Vec<PortalDelivery>,
}

/// `[portal.desk]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalDesk {
    /// Its public address: `iss` of its instructions.
    pub issuer: String,
    /// Where its keys are: `{issuer}/registry/jwks.json`.
    pub jwks_uri: Url,
}

/// `[[portal.deliveries]]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalDelivery {
    /// Id in `authorization_details`.
    pub id: String,
    /// On the pages.
    pub name: Name,
    /// On the pages.
    pub operator: Name,
    /// Its issuer.
    pub issuer: String,
    /// Where its linkage and document resources are, when not at the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Origin>,
    /// The portal's client id there.
    pub client_id: String,
    /// Its client id here, for single sign-on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso_client_id: Option<String>,
    /// Where single sign-on begins there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<Url>,
    /// Operating days and hours, in words, for the status page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating: Option<Name>,
}

/// PEM text, or the file that has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pem {
    /// `card_roots = { pem = "-----BEGIN …" }`
    Pem(String),
    /// `card_roots = { file = "roots.pem" }`
    File(PathBuf),
}

impl Pem {
    fn read(self) -> Result<String, ConfigError> {
        match self {
            Self::Pem(text) => Ok(text),
            Self::File(path) => std::fs::read_to_string(&path)
                .map_err(|e| ConfigError::new(format!("{} can't be read: {e}", path.display()))),
        }
    }
}

/// `[sample]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleTable {
    /// Its public address.
    pub origin: String,
    /// The portal's issuer.
    pub portal: String,
    /// The portal's name on its pages.
    pub portal_name: Name,
    /// Given by the portal's desk; without it the service registers itself (test environment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The client id is entered on its page for developers (test environment).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_id_on_page: bool,
    /// Delivery services to ask for.
    pub delivery_services: Vec<SampleDelivery>,
    /// Roots of the issuers of certificate documents: PEM, or fetched from an address (test environment).
    pub issuer_roots: IssuerRoots,
    /// Who runs it.
    pub operator: Name,
}

/// `[[sample.delivery_services]]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleDelivery {
    /// The portal's id for it.
    pub id: String,
    /// On the pages.
    pub name: Name,
}

/// Whom a document's issuer must descend from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerRoots {
    /// PEM by value.
    Pem(String),
    /// PEM in a file.
    File(PathBuf),
    /// PEM at an address: test environment only.
    Url(Url),
    /// PEM at several addresses, one for each delivery service: test environment only.
    Urls(Vec<Url>),
}

/// A role that was built: its router, and its work in the background.
pub struct Built {
    /// Pages and endpoints.
    pub router: Router,
    /// Runs until dropped.
    pub background: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// The role itself, for what only programs in this process do (seeding, `client`).
    pub handle: Handle,
    /// Its public address.
    pub origin: Origin,
}

/// The role's own type, where programs in this process use it.
pub enum Handle {
    /// The hub: for seeding.
    Portal(portal::Portal),
    /// A delivery service: for seeding.
    Delivery(mailbox::Delivery),
    /// The stand-in's cards: their roots, and for seeding.
    Testcard(testcard::Cards),
    /// The desk, and its control plane when it has portals: for seeding.
    Desk(desk::Desk, Option<control::Control>),
    /// Everything else is reached by HTTP only.
    Other,
}

/// Where time and randomness come from.
#[derive(Clone, Debug)]
pub struct World {
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
}

fn failed(role: Role) -> impl Fn(String) -> ConfigError {
    move |e| ConfigError::new(format!("{role}: {e}"))
}

fn origin(text: &str, what: &str) -> Result<Origin, ConfigError> {
    Origin::parse(text).map_err(|e| ConfigError::new(format!("{what}: {e}")))
}

/// The tables of a role, for [`Db::open`].
pub fn schema(role: Role) -> &'static [&'static [store::Migration]] {
    match role {
        Role::Portal => portal::SCHEMA,
        Role::Delivery => mailbox::SCHEMA,
        Role::Sample => &[sample::MIGRATIONS],
        Role::Testcard => &[testcard::MIGRATIONS],
        Role::Desk => crate::roles_desk::SCHEMA,
    }
}

/// Opens the role's database, bringing its tables up to date.
///
/// # Errors
/// In words for the operator.
pub fn open(file: &File) -> Result<Db, ConfigError> {
    Db::open(&file.target()?, schema(file.role)).map_err(|e| ConfigError::new(format!("{}: {e}", file.role)))
}

/// The outbound client of a role: its peers may have private addresses, its extra roots are trusted.
pub(crate) fn outbound(file: &File) -> Result<Outbound, ConfigError> {
    let mut builder = web::outbound::Client::builder(file.environment);
    for peer in &file.peers {
        builder = builder.peer(&origin(peer, "peers")?);
    }
    for path in &file.trusted_roots {
        let pem =
            std::fs::read(path).map_err(|e| ConfigError::new(format!("{} can't be read: {e}", path.display())))?;
        builder = builder.root(&pem);
    }
    Ok(Arc::new(builder.build().map_err(|e| ConfigError::new(e.to_string()))?))
}

/// Builds the role that a file describes.
///
/// # Errors
/// In words for the operator.
pub async fn build(file: &File, world: &World) -> Result<Built, ConfigError> {
    let db = open(file)?;
    build_on(file, db, world).await
}

/// [`build`] on an open database.
///
/// # Errors
/// In words for the operator.
pub async fn build_on(file: &File, db: Db, world: &World) -> Result<Built, ConfigError> {
    let role = file.role;
    let fail = failed(role);
    let master = master_key(&file.key_file)?;
    let sealer = Sealer::new(&master, world.rng.clone()).map_err(|e| fail(e.to_string()))?;
    let outbound = outbound(file)?;
    let (clock, rng) = (world.clock.clone(), world.rng.clone());
    match role {
        Role::Testcard => {
            if file.environment == Environment::Production {
                return Err(ConfigError::new("testcard: there are no test cards in production"));
            }
            let table: TestcardTable = file.own()?;
            testcard(table, master, db, clock, rng)
        }
        Role::Portal => {
            let table: PortalTable = file.own()?;
            let own = origin(&table.origin, "portal.origin")?;
            let deliveries = table.deliveries.clone();
            let config = portal_config(table, file.environment)?;
            let (portal, router) =
                portal::build(config, db, sealer, outbound, clock, rng).await.map_err(|e| fail(e.details()))?;
            for delivery in &deliveries {
                register_for_sign_on(portal.provider(), delivery, world).await?;
            }
            let background = portal.clone();
            Ok(Built {
                router,
                background: Box::pin(background.background()),
                handle: Handle::Portal(portal),
                origin: own,
            })
        }
        Role::Delivery => crate::roles_delivery::build(file, db, sealer, outbound, clock, rng).await,
        Role::Desk => crate::roles_desk::build(file, db, sealer, outbound, clock, rng).await,
        Role::Sample => {
            let table: SampleTable = file.own()?;
            let own = origin(&table.origin, "sample.origin")?;
            let config = sample_config(table, file.environment)?;
            let (sample, router) =
                sample::build(config, db, sealer, outbound, clock, rng).await.map_err(|e| fail(e.to_string()))?;

            Ok(Built {
                router,
                background: Box::pin(async move { sample.background().await }),
                handle: Handle::Other,
                origin: own,
            })
        }
    }
}

/// Registers a delivery service as the portal's client, for single sign-on: its keys are where its own
/// authorization server publishes them. A suspension by hand stays.
async fn register_for_sign_on(
    provider: &provider::Provider,
    delivery: &PortalDelivery,
    world: &World,
) -> Result<(), ConfigError> {
    let Some(client_id) = &delivery.sso_client_id else { return Ok(()) };
    let failed = |e: String| ConfigError::new(format!("portal.deliveries.{}: {e}", delivery.id));
    // With a foreign authorization server in front, the mailbox itself is where its resources are.
    let home = delivery.resources.as_ref().map_or(delivery.issuer.as_str(), |o| o.as_str());
    let at = |path: &str| format!("{home}{path}");
    let redirect_uri = RedirectUri::parse(&at("/sso/callback")).map_err(|e| failed(e.description))?;
    let jwks_uri = Url::parse(&at("/oauth/jwks")).map_err(|e| failed(e.to_string()))?;
    let metadata = ClientMetadata {
        name: delivery.name.clone().into(),
        redirect_uris: vec![redirect_uri],
        keys: Keys::JwksUri(jwks_uri),
        grant_types: vec!["authorization_code".to_owned()],
        scope: Scope::of(&["openid"]),
        authorization_details_types: Vec::new(),
        assertion_alg: None,
        id_token_alg: jose::Alg::Es256,
        initiate_login_uri: delivery.initiate_login_uri.clone(),
        client_uri: Url::parse(home).ok(),
        policy_uri: None,
        tos_uri: None,
        logo_uri: None,
        contacts: Vec::new(),
    };
    let known = provider.client(client_id).await.map_err(|e| failed(e.to_string()))?;
    let status = known.as_ref().map_or(provider::Status::Active, |c| c.set);
    // What the desk decided is not undone by a file.
    if known.is_some_and(|c| c.registered.metadata == metadata || c.terms != provider::Terms::default()) {
        return Ok(());
    }
    let client = RegisteredClient {
        client_id: client_id.clone(),
        kind: ClientKind::Delivery,
        issued_at: world.clock.now(),
        metadata,
    };
    provider.put_client(&client, status).await.map_err(|e| failed(e.to_string()))
}

fn testcard(
    table: TestcardTable,
    master: Secret<[u8; 32]>,
    db: Db,
    clock: Clock,
    rng: Rng,
) -> Result<Built, ConfigError> {
    let own = origin(&table.origin, "testcard.origin")?;
    let relying_parties =
        table.relying_parties.iter().map(|o| origin(o, "testcard.relying_parties")).collect::<Result<Vec<_>, _>>()?;
    let hierarchy = if table.demonstration { testcard::Hierarchy::Demonstration } else { testcard::Hierarchy::Test };
    let config = testcard::Config { origin: own.clone(), relying_parties, master, hierarchy };
    let built = testcard::build(config, db, clock, rng).map_err(|e| failed(Role::Testcard)(e.to_string()))?;
    Ok(Built {
        router: built.router,
        background: Box::pin(std::future::pending()),
        handle: Handle::Testcard(built.cards),
        origin: own,
    })
}

fn portal_config(table: PortalTable, environment: Environment) -> Result<portal::Config, ConfigError> {
    Ok(portal::Config {
        origin: origin(&table.origin, "portal.origin")?,
        environment,
        open_registration: table.open_registration,
        desk: match table.desk {
            None => None,
            Some(d) => Some(portal::DeskConfig {
                issuer: origin(&d.issuer, "portal.desk.issuer")?.as_str().to_owned(),
                jwks_uri: d.jwks_uri,
            }),
        },
        card: portal::CardConfig {
            reader: origin(&table.card_reader, "portal.card_reader")?,
            anchors_pem: table.card_roots.read()?,
            crl_base: table.crl_base,
            predecessors: table.predecessors,
        },
        deliveries: table
            .deliveries
            .into_iter()
            .map(|d| portal::DeliveryConfig {
                id: d.id,
                name: d.name.into(),
                operator: d.operator.into(),
                issuer: d.issuer,
                resources: d.resources,
                client_id: d.client_id,
                sso_client_id: d.sso_client_id,
                initiate_login_uri: d.initiate_login_uri,
                operating: d.operating.map(Into::into),
            })
            .collect(),
    })
}

fn sample_config(table: SampleTable, environment: Environment) -> Result<sample::Config, ConfigError> {
    let anchors =
        |pem: &str| pki::Anchors::from_pem(pem).map_err(|e| ConfigError::new(format!("sample.issuer_roots: {e}")));
    let trust = match table.issuer_roots {
        IssuerRoots::Pem(pem) => sample::Trust::Roots(anchors(&pem)?),
        IssuerRoots::File(path) => sample::Trust::Roots(anchors(&Pem::File(path).read()?)?),
        IssuerRoots::Url(_) | IssuerRoots::Urls(_) if environment == Environment::Production => {
            return Err(ConfigError::new(
                "sample.issuer_roots: in production the roots of issuers are given by value or as a file, not by address",
            ));
        }
        IssuerRoots::Url(url) => sample::Trust::Urls(vec![url]),
        IssuerRoots::Urls(urls) => sample::Trust::Urls(urls),
    };
    Ok(sample::Config {
        origin: origin(&table.origin, "sample.origin")?,
        environment,
        portal: sample::Portal { issuer: origin(&table.portal, "sample.portal")?, name: table.portal_name.into() },
        client: match table.client_id {
            Some(id) => sample::ClientId::Given(id),
            None if table.client_id_on_page => sample::ClientId::Entered,
            None => sample::ClientId::SelfRegister,
        },
        delivery_services: table
            .delivery_services
            .into_iter()
            .map(|d| sample::DeliveryService { id: d.id, name: d.name.into() })
            .collect(),
        trust,
        home: sample::Home { operator: table.operator.into() },
        tax_year: None,
    })
}
