//! Both sides' lists compared (docs/leg-b.md): what a lost event left standing on one side ends there
//! too. Only what both sides tell counts: a linkage that one of them has never heard of is reported to
//! the operator and left alone, since a database restored from yesterday must not undo people's links.

use std::collections::HashMap;

use http::{Method, StatusCode};
use serde::Deserialize;
use store::jobs;

use super::resolve::{Cancel, fetch};
use crate::Portal;
use crate::deliveries::Delivery;
use crate::store::linkages::{self, State};

/// How many linkages are asked for at a time.
const PAGE: i64 = 200;

#[derive(Deserialize)]
struct Page {
    linkages: Vec<Seen>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Seen {
    linkage_id: String,
    state: String,
}

/// What a round found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Linkages compared.
    pub seen: u64,
    /// Ended here, because the other side had ended them.
    pub ended_here: u64,
    /// Ended over there (by a job), because they had ended here.
    pub ended_there: u64,
}

impl Portal {
    /// Compares the linkages with every delivery service's. What one does not answer is left for the
    /// next round.
    ///
    /// # Errors
    /// The database.
    pub async fn reconcile(&self) -> store::Result<Reconciled> {
        let mut total = Reconciled::default();
        for delivery in self.deliveries().await?.iter() {
            let found = one(self, delivery).await?;
            total.seen += found.seen;
            total.ended_here += found.ended_here;
            total.ended_there += found.ended_there;
        }
        Ok(total)
    }
}

async fn one(portal: &Portal, delivery: &Delivery) -> store::Result<Reconciled> {
    let mut total = Reconciled::default();
    let mut after = String::new();
    while let Some(page) = read(portal, delivery, &after).await {
        let found = compare(portal, delivery, after.clone(), page.linkages).await?;
        total.seen += found.seen;
        total.ended_here += found.ended_here;
        total.ended_there += found.ended_there;
        match page.next {
            // Ids grow along the list; anything else would have us read in circles.
            Some(next) if next > after => after = next,
            _ => break,
        }
    }
    if total.ended_here + total.ended_there > 0 {
        tracing::warn!(delivery = delivery.id(), ?total, "linkages were reconciled");
    }
    Ok(total)
}

async fn read(portal: &Portal, delivery: &Delivery, after: &str) -> Option<Page> {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("after", after)
        .append_pair("limit", &PAGE.to_string())
        .finish();
    let url = delivery.resource(&format!("/linkages?{query}")).ok()?;
    match fetch(portal, delivery, Method::GET, &url).await {
        Ok(response) if response.status() == StatusCode::OK => serde_json::from_slice(response.body()).ok(),
        Ok(response) => {
            tracing::warn!(delivery = delivery.id(), status = response.status().as_u16(), "no list of linkages");
            None
        }
        Err(e) => {
            tracing::warn!(delivery = delivery.id(), error = %e, "no list of linkages");
            None
        }
    }
}

async fn compare(portal: &Portal, delivery: &Delivery, after: String, there: Vec<Seen>) -> store::Result<Reconciled> {
    let (id, rng, now) = (delivery.id().to_owned(), portal.rng().clone(), portal.clock().now());
    let last = there.iter().map(|s| s.linkage_id.as_str()).max().unwrap_or_default().to_owned();
    portal
        .db()
        .write(move |tx| {
            let here: HashMap<_, _> = linkages::states_between(tx, &id, &after, &last)?.into_iter().collect();
            let mut found = Reconciled { seen: there.len() as u64, ..Reconciled::default() };
            for seen in there {
                match (here.get(&seen.linkage_id), seen.state.as_str()) {
                    (Some(State::Linked), "ended" | "cancelled") => {
                        found.ended_here += u64::from(linkages::end(tx, &seen.linkage_id, "delivery", now)?);
                    }
                    (Some(State::Ended | State::Failed), "active") => {
                        let job = Cancel { delivery_id: id.clone(), linkage_id: seen.linkage_id };
                        jobs::add(tx, Cancel::KIND, &job.to_json(), now, &rng)?;
                        found.ended_there += 1;
                    }
                    (None, "active") => {
                        tracing::error!(linkage = seen.linkage_id, "active over there and unknown here; please look");
                    }
                    // An attempt under way is `resolve`'s.
                    _ => {}
                }
            }
            Ok(found)
        })
        .await
}
