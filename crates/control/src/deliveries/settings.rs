//! A delivery service's settings, its connection at each portal, and how they get there.

use ::store::{Error, Result, Tx};
use desk::Desk;
use desk::kit::{Doer, Line};
use oauth::client::ClientName;
use oauth::registry::{ClientStatus, DeliveryEntry, digest};
use procedures::Text;
use serde::{Deserialize, Serialize};

use super::{SERVICE, queue};
use crate::config::Place;
use crate::store::deliveries::{self, DeliveryRow};
use crate::store::provisions;

/// What the desk knows of a delivery service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryService {
    /// Its name on pages and in forms.
    pub name: Text,
    /// Who runs it.
    pub operator: Text,
    /// Operating days and hours (guideline table 2.4-2).
    pub operating: Text,
    /// Its connection with the test portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Connection>,
    /// Its connection with the production portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<Connection>,
}

/// How a portal and a delivery service find each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The issuer of its authorization server.
    pub issuer: String,
    /// The portal's client id there.
    pub client_id: String,
    /// The origin of its resources, when they stand apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<String>,
    /// Its client id at the portal, for single sign-on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso_client_id: Option<String>,
    /// Where single sign-on begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
}

/// Whether it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// Forms offer it, portals link it.
    Active,
    /// Not for the time being; what is linked stays.
    Suspended,
    /// No more: forms do not offer it, portals refuse it.
    Withdrawn,
}

impl Admission {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Withdrawn];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads [`Admission::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == text)
    }
}

impl DeliveryService {
    /// From storage. A row that only names it (seeded, or of a desk before) has no connection.
    pub(crate) fn read(row: &DeliveryRow) -> Result<Self> {
        #[derive(Deserialize)]
        struct Loose {
            name: Text,
            operator: Option<Text>,
            operating: Option<Text>,
            test: Option<Connection>,
            production: Option<Connection>,
        }
        let l: Loose =
            serde_json::from_str(&row.settings).map_err(|e| Error::inconsistent("desk_deliveries.settings", e))?;
        Ok(Self {
            operator: l.operator.unwrap_or_else(|| l.name.clone()),
            operating: l.operating.unwrap_or_else(|| Text::new("未登録", "not recorded")),
            name: l.name,
            test: l.test,
            production: l.production,
        })
    }

    /// Its connection with a portal.
    pub(crate) const fn at(&self, place: Place) -> Option<&Connection> {
        match place {
            Place::Test => self.test.as_ref(),
            Place::Production => self.production.as_ref(),
        }
    }
}

/// What is put down of a delivery service, by whom and why.
#[derive(Clone, Debug)]
pub struct Put {
    /// Its id.
    pub id: String,
    /// What the desk knows of it.
    pub service: DeliveryService,
    /// Whether it is used.
    pub status: Admission,
    /// The revision that was edited; 0 for a new one.
    pub seen: i64,
    /// The member of staff.
    pub by: String,
    /// Why.
    pub note: String,
}

/// Admits a delivery service or changes it, and has the portals told, all in the caller's transaction. `false`: somebody
/// else was first.
///
/// # Errors
/// The database.
pub fn put(desk: &Desk, tx: &mut Tx<'_>, put: &Put) -> Result<bool> {
    let now = desk.now();
    let json = serde_json::to_string(&put.service).map_err(|e| Error::inconsistent("desk_deliveries.settings", e))?;
    if !deliveries::put(tx, &put.id, &json, put.status.as_str(), &put.by, put.seen, now)? {
        return Ok(false);
    }
    for place in Place::ALL {
        if let Some(connection) = put.service.at(place) {
            want(desk, tx, put, connection, place)?;
        }
    }
    let what = if put.seen == 0 { "delivery_service_admitted" } else { "delivery_service_changed" };
    let line = Line::new(&put.id, Doer::Staff(&put.by), what).detail("status", put.status.as_str());
    desk.record(tx, if put.note.is_empty() { line } else { line.why(&put.note) }, now)?;
    Ok(true)
}

fn want(desk: &Desk, tx: &mut Tx<'_>, put: &Put, c: &Connection, place: Place) -> Result<()> {
    let (now, id, service) = (desk.now(), put.id.as_str(), &put.service);
    let revision = provisions::get(tx, place.as_str(), SERVICE, id)?.map_or(0, |p| p.revision) + 1;
    let settings = DeliveryEntry {
        id: id.to_owned(),
        name: in_both(&service.name),
        operator: in_both(&service.operator),
        issuer: c.issuer.clone(),
        client_id: c.client_id.clone(),
        resources: c.resources.clone(),
        sso_client_id: c.sso_client_id.clone(),
        initiate_login_uri: c.initiate_login_uri.clone(),
        status: if put.status == Admission::Active { ClientStatus::Active } else { ClientStatus::Suspended },
        operating: Some(in_both(&service.operating)),
        revision: u64::try_from(revision).unwrap_or(u64::MAX),
    };
    let desired = serde_json::to_string(&settings).map_err(|e| Error::inconsistent("desk_provisions.desired", e))?;
    provisions::put(tx, place.as_str(), SERVICE, id, None, &desired, revision, &digest(&settings), now)?;
    queue(desk, tx, place, SERVICE, id, now)
}

/// Words for the portals' pages.
fn in_both(text: &Text) -> ClientName {
    ClientName { ja: text.ja.clone(), en: text.en.clone() }
}
