//! 民間送達サービス: admitted here, with their operating days and hours, and their planned maintenance (guideline 2.4).

pub mod maintenance;
pub mod settings;

use ::store::{Result, Tx, jobs};
use base::Timestamp;
use desk::Desk;
use desk::extension::JobHandler;
use serde::{Deserialize, Serialize};

use crate::Control;
use crate::config::Place;

/// `desk_provisions.kind` of delivery services.
pub(crate) const SERVICE: &str = "delivery_service";
/// `desk_provisions.kind` of maintenance windows.
pub(crate) const MAINTENANCE: &str = "maintenance";
/// Job: have a portal confirm something. Payload: [`Tell`].
pub(crate) const JOB: &str = "control.tell";

/// Payload of [`JOB`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tell {
    pub(crate) portal: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
}

impl Control {
    /// Does [`JOB`].
    pub(crate) fn tell_job(&self) -> JobHandler {
        let control = self.clone();
        std::sync::Arc::new(move |desk, payload| {
            let control = control.clone();
            Box::pin(async move {
                let tell: Tell = serde_json::from_str(&payload).map_err(|e| e.to_string())?;
                let Some(place) = Place::parse(&tell.portal) else { return Ok(()) };
                match control.send(&desk, place, &tell.kind, &tell.subject).await {
                    // What lasts is shown to staff with the portal's words; they tell it again.
                    Ok(_) | Err(crate::portal::Trouble { lasting: true, .. }) => Ok(()),
                    Err(trouble) => Err(trouble.words),
                }
            })
        })
    }
}

/// Has a portal told, by a job of the caller's transaction.
pub(crate) fn queue(
    desk: &Desk,
    tx: &mut Tx<'_>,
    place: Place,
    kind: &str,
    subject: &str,
    now: Timestamp,
) -> Result<()> {
    let tell = Tell { portal: place.as_str().to_owned(), kind: kind.to_owned(), subject: subject.to_owned() };
    let payload = serde_json::to_string(&tell).map_err(|e| ::store::Error::inconsistent("jobs.payload", e))?;
    jobs::add(tx, JOB, &payload, now, desk.rng())
}
