//! One step of a run: what goes with it in the same transaction, and where the browser goes then.

use std::sync::Arc;

use base::{Lang, Timestamp};
use journey::{Event, Journey, Next, ServiceLeg};
use store::{Tx, jobs};

use super::answer;
use crate::Portal;
use crate::deliveries::Delivery;
use crate::linking::{Cancel, Mode};
use crate::store::journeys::{self, Run};
use crate::store::{challenges, hand_overs, linkages};

/// What a step needs besides its run; gathered before the transaction.
#[derive(Clone)]
pub struct Around {
    /// The portal.
    pub portal: Portal,
    /// Every delivery service of the registry, at most a second old.
    pub deliveries: Arc<Vec<Arc<Delivery>>>,
    /// The reader's language.
    pub lang: Lang,
}

/// Where the browser goes.
#[derive(Debug)]
pub enum Way {
    /// To the run's own address.
    Run,
    /// To the card.
    Reader(String),
    /// To the delivery service, after a push when the last one has run out.
    Delivery(String),
    /// Push this attempt, then to ⑤.
    Push(String),
    /// Find out first what became of this attempt.
    Resolve(String, Mode),
    /// Back to the API user: the finished address.
    Back(String),
    /// E14.
    Elsewhere,
}

impl Around {
    /// Gathers.
    pub async fn new(portal: &Portal, lang: Lang) -> store::Result<Self> {
        Ok(Self { portal: portal.clone(), deliveries: portal.deliveries().await?, lang })
    }

    /// A delivery service.
    pub fn delivery(&self, id: &str) -> Option<&Arc<Delivery>> {
        crate::deliveries::find(&self.deliveries, id)
    }

    /// Loads a run and brings it up to date: idle for too long, or its client suspended meanwhile.
    /// What that changed is stored by [`Around::settle`] against the journey as it was (second value).
    pub fn load(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> store::Result<Option<(Run, Journey)>> {
        let Some(mut run) = journeys::get(tx, id)? else { return Ok(None) };
        let before = run.journey.clone();
        run.journey = up_to_date(&run, now);
        Ok(Some((run, before)))
    }

    /// Stores a run after its step, with everything that has to happen in the same transaction: closes
    /// attempts that came to nothing, mints the answer when the run returns. Where the browser goes then.
    pub fn settle(&self, tx: &mut Tx<'_>, run: &mut Run, before: &Journey, now: Timestamp) -> store::Result<Way> {
        match self.keep(tx, run, before, now)? {
            Some(back) => Ok(Way::Back(back)),
            None => self.way(tx, run),
        }
    }

    /// As [`Around::settle`], for who knows where the browser goes unless it is back to the API user (the
    /// address given).
    pub fn keep(
        &self,
        tx: &mut Tx<'_>,
        run: &mut Run,
        before: &Journey,
        now: Timestamp,
    ) -> store::Result<Option<String>> {
        if let Next::Return(_) = run.journey.next()
            && let Ok(returned) = run.journey.apply(Event::Returned, now)
        {
            run.journey = returned;
        }
        let back = match (before.returned(), run.journey.returned()) {
            (None, Some(_)) => Some(answer::mint(self, tx, run, now)?),
            (Some(_), _) => answer::repeat(self, tx, run, now)?,
            (None, None) => None,
        };
        self.store(tx, run, before, now)?;
        Ok(back)
    }

    /// Stores a run after its step and closes attempts that came to nothing; does not return it.
    pub fn store(&self, tx: &mut Tx<'_>, run: &mut Run, before: &Journey, now: Timestamp) -> store::Result<()> {
        if run.journey.seq() == before.seq() {
            return Ok(());
        }
        self.close_attempts(tx, before, run, now)?;
        journeys::step(tx, run, now)?;
        tracing::info!(
            journey = run.id,
            receipt = run.receipt,
            page = run.journey.page().id(),
            outcome = run.journey.outcome().map(journey::Outcome::as_str),
            "step"
        );
        Ok(())
    }

    /// Where the browser goes from a run as it stands; the answer to a press that had its effect before.
    pub fn way(&self, tx: &mut Tx<'_>, run: &Run) -> store::Result<Way> {
        Ok(match run.journey.next() {
            Next::Card { challenge } => match challenges::get(tx, &challenge)? {
                Some(row) => Way::Reader(self.portal.reader_url(&row, self.lang)),
                None => Way::Run,
            },
            Next::Delivery { linkage_id } => Way::Delivery(linkage_id),
            Next::Resolve { linkage_id } => Way::Resolve(linkage_id, Mode::Decide),
            // Too late to be returned: the page says so.
            Next::Page(_) | Next::Return(_) => Way::Run,
        })
    }

    /// Offers whose attempt is over without a link: closed here, and cancelled over there if they were
    /// ever told about it.
    fn close_attempts(&self, tx: &mut Tx<'_>, before: &Journey, run: &Run, now: Timestamp) -> store::Result<()> {
        for leg in before.services() {
            let Some(id) = leg.linkage_id() else { continue };
            let Some(why) = given_up(leg, &run.journey) else { continue };
            if linkages::fail(tx, id, why, now)? && hand_overs::any(tx, id)? {
                let job = Cancel { delivery_id: leg.service().to_owned(), linkage_id: id.to_owned() };
                jobs::add(tx, Cancel::KIND, &job.to_json(), now, self.portal.rng())?;
            }
        }
        Ok(())
    }
}

/// Idle for too long, or its client suspended meanwhile.
pub fn up_to_date(run: &Run, now: Timestamp) -> Journey {
    let ticked = run.journey.tick(now);
    let journey = ticked.as_ref().unwrap_or(&run.journey);
    let suspended = if run.is_served(now) { None } else { journey.apply(Event::ClientSuspended, now).ok() };
    suspended.or(ticked).unwrap_or_else(|| run.journey.clone())
}

/// Why the attempt that a leg had is over without a link, if it is.
fn given_up(leg: &ServiceLeg, after: &Journey) -> Option<&'static str> {
    // An attempt that had ended before was closed then.
    if leg.trouble().is_some() || leg.result().is_some() {
        return None;
    }
    let now = after.services().iter().find(|l| l.service() == leg.service())?;
    if now.linkage_id() != leg.linkage_id() {
        return Some("replaced");
    }
    match (now.result(), now.trouble()) {
        (Some(journey::ServiceResult::Linked), _) | (None, None) => None,
        (Some(result), _) => Some(result.as_str()),
        (None, Some(trouble)) => Some(trouble.result().as_str()),
    }
}
