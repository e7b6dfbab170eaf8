//! API users that may still fetch something, and taking that back.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use base::{Timestamp, calendar};
use oauth::ClientKind;
use oauth::rar::Granted;
use provider::GrantBody;
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Visit};

use super::client_name;
use crate::sign_in::{self, Next};
use hub::Portal;
use hub::role::scopes;
use hub::store::grants_me::{self, LiveGrant};

/// An API user on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct GrantCard {
    pub(super) client_id: String,
    pub(super) name: String,
    /// What it may fetch, in words.
    pub(super) items: Vec<String>,
    pub(super) until: Timestamp,
}

/// One card for each API user, out of all its living grants.
pub(super) async fn cards(portal: &Portal, visit: &Visit, live: Vec<LiveGrant>) -> Result<Vec<GrantCard>, Fault> {
    let mut cards: Vec<GrantCard> = Vec::new();
    for grant in live {
        let client = portal.provider().client(&grant.client_id).await?;
        // A mailbox that one opened is listed above, as a linked service.
        if client.is_some_and(|c| c.registered.kind != ClientKind::ApiUser) {
            continue;
        }
        let body: GrantBody =
            serde_json::from_str(&grant.body).map_err(|e| store::Error::inconsistent("oauth_grants.body", e))?;
        let items = items(visit, &body)?;
        if items.is_empty() {
            continue;
        }
        if let Some(card) = cards.iter_mut().find(|c| c.client_id == grant.client_id) {
            card.until = card.until.max(grant.expires_at);
            for item in items {
                if !card.items.contains(&item) {
                    card.items.push(item);
                }
            }
            continue;
        }
        cards.push(GrantCard {
            name: client_name(portal, &grant.client_id, visit.lang()).await?,
            client_id: grant.client_id,
            items,
            until: grant.expires_at,
        });
    }
    Ok(cards)
}

/// What a grant lets an API user fetch, in words.
fn items(visit: &Visit, body: &GrantBody) -> Result<Vec<String>, Fault> {
    let mut items = Vec::new();
    for detail in &body.details {
        let Granted::DeliveredDocuments { granted } = detail else { continue };
        let years = granted.years.as_ref().map(|years| {
            let years: BTreeSet<_> = years.iter().collect();
            years.into_iter().map(|y| calendar::tax_year(*y, visit.lang())).collect::<Vec<_>>()
        });
        items.push(match years {
            Some(years) => visit.text(
                "me-grant-documents-years",
                &[("years", &years.join(visit.text("me-list-comma", &[])?.as_str()))],
            )?,
            None => visit.text("me-grant-documents", &[])?,
        });
    }
    if body.scope.has(scopes::USER_STATUS) {
        items.push(visit.text("me-grant-status", &[])?);
    }
    Ok(items)
}

#[derive(Deserialize)]
pub(super) struct RevokeForm {
    client_id: String,
}

/// `POST /me/grants/revoke`: tokens stop at the next call; the consent ends.
pub(super) async fn revoke(
    State(portal): State<Portal>,
    visit: Visit,
    Form(form): Form<RevokeForm>,
) -> Result<Response, Fault> {
    let Some(session) = sign_in::session(&portal, &visit).await? else {
        return Ok(sign_in::ask(&visit, &Next::home()));
    };
    let (provider, citizen, now) = (portal.provider().clone(), session.citizen_id, portal.clock().now());
    let client = form.client_id;
    let ended = portal
        .db()
        .write(move |tx| {
            let ended = provider.revoke_grants(tx, &citizen, &client)?;
            grants_me::end_consents(tx, &citizen, &client, now)?;
            Ok::<_, store::Error>(ended)
        })
        .await?;
    tracing::info!(receipt = %visit.receipt(), ended, "a citizen took back what an API user may fetch");
    Ok(visit.redirect("/me?done=revoked"))
}
