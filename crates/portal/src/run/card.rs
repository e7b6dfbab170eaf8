//! ③ back from the card.

use axum::response::Response;
use base::Timestamp;
use journey::{CardFailure, Event, Refusal};
use store::Tx;
use web::{Fault, Visit};

use super::finish;
use super::press::{Taken, attach_consent};
use hub::Portal;
use hub::card::{Card, Holder, Reading};
use hub::run::again;
use hub::run::step::{Around, Way};
use hub::store::journeys::Run;
use hub::store::{challenges, linkages, testers};

/// What came of a transaction.
enum Step {
    Taken(Taken),
    /// The predecessors of the card have to be asked for first; nothing has changed.
    AskPredecessors,
}

/// Applies a card reading to its run.
///
/// # Errors
/// The database.
pub(crate) async fn answered(portal: &Portal, visit: &Visit, reading: Reading, used: bool) -> Result<Response, Fault> {
    let Reading { challenge, result } = reading;
    let Some(journey_id) = challenge.journey_id.clone() else {
        return Err(Fault::new("a challenge of a run names no run"));
    };
    let around = Around::new(portal, visit.lang()).await?;
    if used {
        return finish(&around, visit, &journey_id, Taken::Way(Way::Run)).await;
    }
    let answer = std::sync::Arc::new(Answer { challenge: challenge.id, journey_id: journey_id.clone(), result });
    let mut predecessors = None;
    loop {
        let step = again(|| {
            let (around, answer, predecessors) = (around.clone(), answer.clone(), predecessors.clone());
            async move {
                let db = around.portal.db().clone();
                db.write(move |tx| answer.take(&around, tx, predecessors.as_ref())).await
            }
        })
        .await?;
        match (step, &answer.result) {
            (Step::Taken(taken), _) => return finish(&around, visit, &journey_id, taken).await,
            (Step::AskPredecessors, Ok(card)) if predecessors.is_none() => {
                predecessors = Some(portal.predecessors(card).await);
            }
            (Step::AskPredecessors, _) => return Err(Fault::new("the predecessors were asked for twice")),
        }
    }
}

struct Answer {
    challenge: String,
    journey_id: String,
    result: Result<Card, CardFailure>,
}

/// Indexes of the card's predecessors, or why they could not be learned.
type Predecessors = Result<Vec<String>, CardFailure>;

impl Answer {
    fn take(&self, around: &Around, tx: &mut Tx<'_>, predecessors: Option<&Predecessors>) -> store::Result<Step> {
        let now = around.portal.clock().now();
        let Some((mut run, before)) = Around::load(tx, &self.journey_id, now)? else {
            return Ok(Step::Taken(Taken::Unknown));
        };
        let Some(event) = self.event(around, tx, &run, predecessors)? else { return Ok(Step::AskPredecessors) };
        if !challenges::use_up(tx, &self.challenge, now)? {
            return Ok(Step::Taken(Taken::Way(Way::Run)));
        }
        let refused = self.apply(around, tx, &mut run, event, now)?;
        let way = around.settle(tx, &mut run, &before, now)?;
        Ok(Step::Taken(Taken::Way(match (refused, way) {
            (Some(Refusal::Stale), Way::Run) => Way::Elsewhere,
            (_, way) => way,
        })))
    }

    /// What happened. `None`: the predecessors have to be asked for first.
    fn event(
        &self,
        around: &Around,
        tx: &mut Tx<'_>,
        run: &Run,
        predecessors: Option<&Predecessors>,
    ) -> store::Result<Option<Event>> {
        let challenge = self.challenge.clone();
        let failed = |why| Some(Event::CardFailed { challenge: challenge.clone(), why });
        let card = match &self.result {
            Ok(card) => card,
            Err(why) => return Ok(failed(*why)),
        };
        let indexes = match predecessors {
            Some(Err(why)) => return Ok(failed(*why)),
            Some(Ok(indexes)) => Some(indexes.as_slice()),
            None => None,
        };
        let holder = around.portal.holder(tx, card, indexes)?;
        let now = around.portal.clock().now();
        if let (Holder::Citizen(_) | Holder::Unknown, Some(tester)) = (&holder, run.verifying_tester(now))
            // Whoever sits at a tester's browser is not the tester yet.
            && !testers::identify(tx, &run.client_id, tester, &card.index, now)?
        {
            return Ok(failed(CardFailure::OtherPerson));
        }
        Ok(match holder {
            Holder::AskPredecessors => None,
            Holder::Renewed => failed(CardFailure::Renewed),
            Holder::Citizen(citizen) => {
                let linked = linkages::linked_ids(tx, &citizen)?;
                Some(Event::CardVerified { challenge, citizen, registered: true, linked })
            }
            Holder::Unknown => {
                // The id is reserved by the run, so that the same card read again is the same person.
                let same = run.card_index.as_deref() == Some(card.index.as_str());
                let known = run.journey.citizen().filter(|_| same).map(str::to_owned);
                let citizen = known.unwrap_or_else(|| {
                    format!("ctz_{}", base::id::ulid(around.portal.clock().now(), around.portal.rng()))
                });
                Some(Event::CardVerified { challenge, citizen, registered: false, linked: Vec::new() })
            }
        })
    }

    fn apply(
        &self,
        around: &Around,
        tx: &mut Tx<'_>,
        run: &mut Run,
        event: Event,
        now: Timestamp,
    ) -> store::Result<Option<Refusal>> {
        let first = run.journey.card_at().is_none();
        match run.journey.apply(event, now) {
            Ok(journey) => run.journey = journey,
            Err(refusal) => return Ok(Some(refusal)),
        }
        if let Ok(card) = &self.result
            && first
            && run.journey.card_at().is_some()
        {
            run.card_index = Some(card.index.clone());
            if run.journey.registered() {
                attach_consent(around, tx, run, now)?;
            }
        }
        Ok(None)
    }
}
