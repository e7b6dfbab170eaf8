//! One linkage: its page, and the way into the service without a password.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use base::Timestamp;
use serde::Serialize;
use url::Url;
use web::{Fault, Visit};

use super::{Standing, client_name, own, path};
use hub::deliveries::Delivery;
use hub::store::linkages::State as LinkageState;
use hub::{Portal, deliveries};

#[derive(Serialize)]
pub(super) struct LinkagePage {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) delivery: String,
    pub(super) operator: String,
    pub(super) host: String,
    pub(super) standing: Standing,
    pub(super) linked_at: Timestamp,
    pub(super) last_used_at: Option<Timestamp>,
    pub(super) through: String,
    pub(super) can_open: bool,
}

pub(super) async fn show(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    visit: Visit,
) -> Result<Response, Fault> {
    let (session, row) = match own(&portal, &visit, &id, &path(&id)).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    if row.state != LinkageState::Linked {
        return Ok(visit.redirect(&format!("{}/unlinked", path(&id))));
    }
    let lang = visit.lang();
    let known = portal.deliveries().await?;
    let delivery = deliveries::find(&known, &row.delivery_id);
    let standing = Standing::of(delivery, portal.clock().now(), lang);
    let context = LinkagePage {
        name: session.name,
        delivery: portal.delivery_name(&row.delivery_id, lang).await?,
        operator: delivery.map(|d| d.config.operator.get(lang).to_owned()).unwrap_or_default(),
        host: delivery.map(|d| d.authority()).unwrap_or_default(),
        can_open: standing.state == "linked" && can_open(&portal, delivery).await?,
        standing,
        linked_at: row.linked_at.unwrap_or(row.created_at),
        last_used_at: row.last_used_at,
        through: client_name(&portal, &row.client_id, lang).await?,
        id,
    };
    Ok(visit.page("me/linkage.html", "linkage").back("/me").with(context).respond())
}

/// Whether a service can be opened from here.
pub(super) async fn can_open(portal: &Portal, delivery: Option<&Arc<Delivery>>) -> store::Result<bool> {
    match delivery {
        Some(delivery) => Ok(initiate_login_uri(portal, delivery).await?.is_some()),
        None => Ok(false),
    }
}

/// Where single sign-on begins: as the registry says, else as the service registered it.
async fn initiate_login_uri(portal: &Portal, delivery: &Delivery) -> store::Result<Option<Url>> {
    if let Some(url) = &delivery.config.initiate_login_uri {
        return Ok(Some(url.clone()));
    }
    let Some(id) = &delivery.config.sso_client_id else { return Ok(None) };
    let client = portal.provider().client(id).await?;
    Ok(client.and_then(|c| c.registered.metadata.initiate_login_uri.clone()))
}

/// `GET /me/linkages/{id}/open`: third-party-initiated login (OpenID Connect Core section 4) at the
/// delivery service, which then asks us who it is. Changes nothing here.
pub(super) async fn open(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    visit: Visit,
) -> Result<Response, Fault> {
    let (_, row) = match own(&portal, &visit, &id, &path(&id)).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    let known = portal.deliveries().await?;
    let delivery = deliveries::find(&known, &row.delivery_id);
    let now = portal.clock().now();
    let usable = delivery.filter(|d| d.active && d.maintenance(now).is_none());
    if let (LinkageState::Linked, Some(delivery)) = (row.state, usable)
        && let Some(url) = initiate_login_uri(&portal, delivery).await?
    {
        return Ok(visit.redirect(initiated(url, portal.provider().issuer()).as_str()));
    }
    // The linkage's page says what hinders.
    Ok(visit.redirect(&path(&id)))
}

/// With who we are. What to show then is the service's to know: its own start page.
fn initiated(mut url: Url, issuer: &str) -> Url {
    url.query_pairs_mut().append_pair("iss", issuer);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_of_the_registered_address_stays() {
        let at = |text: &str| initiated(Url::parse(text).unwrap(), "https://portal.example").to_string();
        assert_eq!(at("https://d.example/sso/start"), "https://d.example/sso/start?iss=https%3A%2F%2Fportal.example");
        assert_eq!(at("https://d.example/s?x=1"), "https://d.example/s?x=1&iss=https%3A%2F%2Fportal.example");
    }
}
