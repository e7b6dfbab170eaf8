//! What an operator decides.

use oauth::client::ClientName;
use pki::Anchors;
use url::Url;
use web::{Environment, Origin};

/// The settings of the sample service.
#[derive(Clone, Debug)]
pub struct Config {
    /// Public address of this service. The redirect address is `{origin}/callback`, the keys are at
    /// `{origin}/jwks.json`.
    pub origin: Origin,
    /// In [`Environment::Test`] the start page has a section for developers.
    pub environment: Environment,
    /// The portal we are a client of.
    pub portal: Portal,
    /// Who we are there.
    pub client: ClientId,
    /// The delivery services (民間送達サービス) we ask for, by the portal's ids. At least one.
    pub delivery_services: Vec<DeliveryService>,
    /// Whose signatures on certificate documents we trust.
    pub trust: Trust,
    /// Texts of the start page.
    pub home: Home,
    /// The tax year (年分) of the form. `None`: this year from 25 October on, when its certificates have
    /// come; else the year before.
    pub tax_year: Option<i16>,
}

/// The portal (属性連携設定サービス).
#[derive(Clone, Debug)]
pub struct Portal {
    /// Its issuer, octet by octet as in its discovery document. The pages that lead there allow this origin
    /// in `form-action`, so its authorization endpoint has to be there too.
    pub issuer: Origin,
    /// What our pages call it.
    pub name: ClientName,
}

/// How we came to our `client_id`.
#[derive(Clone, Debug)]
pub enum ClientId {
    /// Given by the portal's operator after the procedures. Register `{origin}/callback` and
    /// `{origin}/jwks.json` there.
    Given(String),
    /// Register ourselves (RFC 7591) when a client id is first needed, and remember it. Works with a portal
    /// that has a `registration_endpoint`: the test environment.
    SelfRegister,
    /// Entered on the page for developers, once the desk has given it. In [`Environment::Test`] only.
    Entered,
}

/// A delivery service.
#[derive(Clone, Debug)]
pub struct DeliveryService {
    /// Its id at the portal.
    pub id: String,
    /// What our pages call it.
    pub name: ClientName,
}

/// The roots that issuers of certificate documents (控除証明書) must descend from.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Known beforehand. The right choice for anything real.
    Roots(Anchors),
    /// Fetched (PEM) when first needed, and remembered for an hour. As good as the connection to these
    /// addresses: meant for the test environment, where the roots are made anew with each start.
    Urls(Vec<Url>),
}

/// Texts of the start page.
#[derive(Clone, Debug)]
pub struct Home {
    /// Who runs the service.
    pub operator: ClientName,
}

impl Config {
    /// The sample service of the test environment: registers itself, asks for these delivery services.
    pub fn test(origin: Origin, portal: Portal, delivery_services: Vec<DeliveryService>, trust: Trust) -> Self {
        Self {
            origin,
            environment: Environment::Test,
            portal,
            client: ClientId::SelfRegister,
            delivery_services,
            trust,
            home: Home {
                operator: name("みほん年末調整株式会社（見本）", "Mihon Year-End Inc. (fictitious)")
            },
            tax_year: None,
        }
    }

    pub(crate) fn redirect_uri(&self) -> String {
        self.origin.url("/callback")
    }

    pub(crate) fn jwks_uri(&self) -> String {
        self.origin.url("/jwks.json")
    }

    /// The name of a delivery service; the id of one that we do not know.
    pub(crate) fn service_name<'a>(&'a self, id: &'a str, lang: base::Lang) -> &'a str {
        self.delivery_services.iter().find(|d| d.id == id).map_or(id, |d| d.name.get(lang))
    }
}

/// A name in both languages.
pub fn name(ja: &str, en: &str) -> ClientName {
    ClientName { ja: ja.to_owned(), en: en.to_owned() }
}
