//! `GET /me`: the list of linked services.

use axum::extract::State;
use axum::response::Response;
use base::Timestamp;
use serde::Serialize;
use web::{Fault, Visit};

use super::{Standing, client_name, grants};
use crate::sign_in::{self, Next};
use hub::store::linkages_me::EndedRow;
use hub::store::{grants_me, linkages, linkages_me};
use hub::{Portal, deliveries};

/// How many ended linkages are shown.
const PAST: i64 = 20;

#[derive(Serialize)]
pub(super) struct MePage {
    pub(super) name: String,
    pub(super) revoked: bool,
    pub(super) linkages: Vec<LinkageCard>,
    pub(super) past: Vec<Past>,
    pub(super) grants: Vec<grants::GrantCard>,
}

#[derive(Serialize)]
pub(super) struct LinkageCard {
    pub(super) id: String,
    pub(super) service: String,
    pub(super) operator: String,
    pub(super) standing: Standing,
    pub(super) linked_at: Timestamp,
    pub(super) last_used_at: Option<Timestamp>,
    /// The API user in whose run it was linked.
    pub(super) through: String,
    pub(super) can_open: bool,
}

#[derive(Serialize)]
pub(super) struct Past {
    pub(super) service: String,
    pub(super) linked_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    /// Key of the text that says by whom.
    pub(super) by: &'static str,
}

/// `citizen`, `delivery` or `replaced`, as in the texts.
pub(super) fn ended_by(by: Option<&str>) -> &'static str {
    match by {
        Some("delivery") => "delivery",
        Some("replaced") => "replaced",
        _ => "citizen",
    }
}

pub(super) async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Fault> {
    let Some(session) = sign_in::session(&portal, &visit).await? else {
        return Ok(sign_in::ask(&visit, &Next::home()));
    };
    let citizen = session.citizen_id.clone();
    let now = portal.clock().now();
    let (linked, ended, live) = portal
        .db()
        .read(move |tx| {
            Ok::<_, store::Error>((
                linkages::linked(tx, &citizen)?,
                linkages_me::ended(tx, &citizen, PAST)?,
                grants_me::live(tx, &citizen, now)?,
            ))
        })
        .await?;
    let lang = visit.lang();
    let known = portal.deliveries().await?;
    let mut cards = Vec::new();
    for row in linked {
        let delivery = deliveries::find(&known, &row.delivery_id);
        let standing = Standing::of(delivery, now, lang);
        cards.push(LinkageCard {
            service: portal.delivery_name(&row.delivery_id, lang).await?,
            operator: delivery.map(|d| d.config.operator.get(lang).to_owned()).unwrap_or_default(),
            can_open: standing.state == "linked" && super::linkage::can_open(&portal, delivery).await?,
            standing,
            linked_at: row.linked_at.unwrap_or(row.created_at),
            last_used_at: row.last_used_at,
            through: client_name(&portal, &row.client_id, lang).await?,
            id: row.id,
        });
    }
    let mut past = Vec::new();
    for EndedRow { delivery_id, linked_at, ended_at, ended_by: by, .. } in ended {
        let service = portal.delivery_name(&delivery_id, lang).await?;
        past.push(Past { service, linked_at, ended_at, by: ended_by(by.as_deref()) });
    }
    let grants = grants::cards(&portal, &visit, live).await?;
    let revoked = visit.query("done").as_deref() == Some("revoked");
    let context = MePage { name: session.name, revoked, linkages: cards, past, grants };
    Ok(visit.page("me/index.html", "me").with(context).respond())
}
