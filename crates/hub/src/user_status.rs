//! ② of the API, 利用者状態: is the citizen registered, and which delivery services are linked. Told in
//! the token response and at `GET /api/v1/user-status`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::deliveries::Delivery;
use crate::store::linkages::{self, LinkageRow};
use crate::{Portal, deliveries};

/// The state of a citizen, as far as a client may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStatus {
    /// Whether the citizen is registered at the portal.
    pub registered: bool,
    /// One for each delivery service that the client is approved for.
    pub delivery_services: Vec<ServiceStatus>,
}

/// The state at one delivery service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// The delivery service.
    pub id: String,
    /// Whether the citizen's account there is linked.
    pub linked: bool,
    /// The linkage, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linkage_id: Option<String>,
    /// Since when, RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_at: Option<String>,
}

impl UserStatus {
    /// Of a citizen with these linkages, for a client that is approved for these delivery services.
    pub fn of(registered: bool, linked: &[LinkageRow], approved: &[Arc<Delivery>]) -> Self {
        let service = |d: &Arc<Delivery>| {
            let row = linked.iter().find(|l| l.delivery_id == d.id());
            ServiceStatus {
                id: d.id().to_owned(),
                linked: row.is_some(),
                linkage_id: row.map(|l| l.id.clone()),
                linked_at: row.and_then(|l| l.linked_at).map(base::Timestamp::rfc3339),
            }
        };
        Self { registered, delivery_services: approved.iter().map(service).collect() }
    }
}

impl Portal {
    /// The state of a citizen now, for a client.
    ///
    /// # Errors
    /// The database.
    pub async fn user_status(&self, citizen: &str, client: &provider::Client) -> store::Result<UserStatus> {
        let approved = self.approved_deliveries(client).await?;
        let id = citizen.to_owned();
        let (registered, linked) = self
            .db()
            .read(move |tx| {
                let registered = crate::store::citizens::get(tx, &id)?.is_some_and(|c| c.ended_at.is_none());
                Ok::<_, store::Error>((registered, linkages::linked(tx, &id)?))
            })
            .await?;
        Ok(UserStatus::of(registered, &linked, &approved))
    }

    /// Whether a citizen's linkage to a delivery service may be used for a client's call: linked, active,
    /// approved. `None` says that it has to be linked again.
    ///
    /// # Errors
    /// The database.
    pub async fn linkage_for(&self, citizen: &str, delivery: &str) -> store::Result<Option<LinkageRow>> {
        let id = citizen.to_owned();
        let rows = self.db().read(move |tx| linkages::linked(tx, &id)).await?;
        let known = self.deliveries().await?;
        let active = deliveries::find(&known, delivery).is_some_and(|d| d.active);
        Ok(rows.into_iter().find(|l| active && l.delivery_id == delivery))
    }
}
