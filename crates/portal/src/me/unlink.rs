//! Unlinking: a page that lists what it does, a fresh card, one press, done on both sides.

use axum::extract::{Path, State};
use axum::response::Response;
use base::Timestamp;
use pki::Purpose;
use serde::Serialize;
use web::{Fault, Form, Visit};

use super::index::ended_by;
use super::{Nothing, own, path};
use crate::sign_in::{self, Next};
use hub::store::linkages::{self, State as LinkageState};
use hub::{Portal, events};

#[derive(Serialize)]
pub(super) struct UnlinkPage {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) delivery: String,
    /// The card was read lately; else it is asked for first.
    pub(super) fresh: bool,
}

#[derive(Serialize)]
pub(super) struct UnlinkedPage {
    pub(super) name: String,
    pub(super) delivery: String,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) by: &'static str,
}

fn unlink_path(id: &str) -> String {
    format!("{}/unlink", path(id))
}

pub(super) async fn show(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    visit: Visit,
) -> Result<Response, Fault> {
    let (session, row) = match own(&portal, &visit, &id, &unlink_path(&id)).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    if row.state != LinkageState::Linked {
        return Ok(visit.redirect(&format!("{}/unlinked", path(&id))));
    }
    let context = UnlinkPage {
        fresh: session.is_fresh(portal.clock().now()),
        name: session.name,
        delivery: portal.delivery_name(&row.delivery_id, visit.lang()).await?,
        id: id.clone(),
    };
    let reader = portal.config().card.reader.clone();
    Ok(visit.page("me/unlink.html", "unlink").back(path(&id)).form_action(reader).with(context).respond())
}

/// To the reader: the card signs for unlinking, and for nothing else.
pub(super) async fn card(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    visit: Visit,
    Form(_): Form<Nothing>,
) -> Result<Response, Fault> {
    if let Err(response) = own(&portal, &visit, &id, &unlink_path(&id)).await? {
        return Ok(response);
    }
    let next = Next::parse(&unlink_path(&id)).ok_or_else(|| Fault::new("a linkage id is no plain path segment"))?;
    sign_in::begin_card(&portal, &visit, Purpose::Unlink, &next).await
}

/// Ends the linkage and writes the job that tells the other side, in one transaction.
pub(super) async fn confirm(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    visit: Visit,
    Form(_): Form<Nothing>,
) -> Result<Response, Fault> {
    let (session, row) = match own(&portal, &visit, &id, &unlink_path(&id)).await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    let now = portal.clock().now();
    if row.state == LinkageState::Linked && !session.is_fresh(now) {
        return Ok(visit.redirect(&unlink_path(&id)));
    }
    let (this, linkage) = (portal.clone(), row.id.clone());
    let ended = portal
        .db()
        .write(move |tx| {
            // Pressed twice, or ended over there meanwhile: then there is nobody left to tell.
            let ended = linkages::end(tx, &linkage, "citizen", now)?;
            if ended {
                events::announce(&this, tx, &linkage)?;
            }
            Ok::<_, store::Error>(ended)
        })
        .await?;
    if ended {
        tracing::info!(receipt = %visit.receipt(), linkage = row.id, "a citizen unlinked");
    }
    Ok(visit.redirect(&format!("{}/unlinked", path(&id))))
}

pub(super) async fn unlinked(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    visit: Visit,
) -> Result<Response, Fault> {
    let (session, row) = match own(&portal, &visit, &id, "/me").await? {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    if row.state == LinkageState::Linked {
        return Ok(visit.redirect(&path(&id)));
    }
    let context = UnlinkedPage {
        name: session.name,
        delivery: portal.delivery_name(&row.delivery_id, visit.lang()).await?,
        ended_at: row.ended_at,
        by: ended_by(row.ended_by.as_deref()),
    };
    Ok(visit.page("me/unlinked.html", "unlinked").receipt().with(context).respond())
}
