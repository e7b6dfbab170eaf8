//! The transitions.

use std::time::Duration;

use base::Timestamp;

use crate::state::{CARD_FRESH, CLOCK_SKEW, Consent, Proof};
use crate::{
    CardFailure, CardTrouble, DeliveryFailure, End, Event, IfLinked, Journey, LegTrouble, Outcome, Phase, Refusal,
    ServiceLeg, ServiceResult, VERSION, Why,
};

/// A second 「本人確認をする」 within this time is the same press (a double click): the browser shows the
/// answer to the last one, so both have to lead to the same challenge.
const SAME_PRESS: Duration = Duration::from_secs(10);

impl Journey {
    /// The run after `event`, to be persisted before anything else happens. For
    /// [`Event::Returned`], mint the answer for [`Journey::outcome`] in the same transaction.
    ///
    /// # Errors
    /// When the event does not fit; nothing changes then.
    pub fn apply(&self, event: Event, now: Timestamp) -> Result<Self, Refusal> {
        let mut next = self.clone();
        next.step(&event, now)?;
        next.seq += 1;
        // Going out to the card or the delivery service leaves the page behind as it was: with the
        // browser's 「戻る」 its forms must still work. A choice alone leaves its page, which the press that goes
        // with it changes.
        let stays = matches!(
            event,
            Event::IdentifyStarted { .. } | Event::HandOver { .. } | Event::ServicesChosen { .. } | Event::Extended
        );
        if !stays {
            next.form = next.seq;
        }
        if event != Event::Extended {
            event.name().clone_into(&mut next.last);
        }
        if event.is_activity() {
            next.last_activity = next.last_activity.max(now);
        }
        Ok(next)
    }

    /// As [`Journey::apply`], for a form that carries `seq` = [`Journey::form_seq`] of the page it was
    /// on.
    ///
    /// # Errors
    /// `AlreadyDone` for a double submit, `Stale` for a page left behind (E14), else as `apply`.
    pub fn apply_form(&self, seq: u64, event: Event, now: Timestamp) -> Result<Self, Refusal> {
        if seq == self.form {
            self.apply(event, now)
        } else if self.is_idle(now) {
            // E8 tells more than E14.
            Err(Refusal::Idle)
        } else if self.has_ended() || self.last == event.name() {
            Err(Refusal::AlreadyDone)
        } else {
            Err(Refusal::Stale)
        }
    }

    /// [`Event::Expired`], when it is due. Call it on each load of a run, before anything else.
    pub fn tick(&self, now: Timestamp) -> Option<Self> {
        if self.is_idle(now) { self.apply(Event::Expired, now).ok() } else { None }
    }

    /// Whether a callback of the delivery service for this attempt is awaited. Ask before a code is
    /// exchanged; [`Event::SignInVerified`] asks again.
    ///
    /// # Errors
    /// `AlreadyDone` when this attempt has had its callback, `Stale` when another one is under way.
    pub fn awaits(&self, linkage_id: &str, now: Timestamp) -> Result<(), Refusal> {
        if self.has_ended() {
            return Err(Refusal::AlreadyDone);
        }
        if self.is_idle(now) {
            return Err(Refusal::Idle);
        }
        self.attempt(linkage_id, &[Phase::AtDelivery])
    }

    fn step(&mut self, event: &Event, now: Timestamp) -> Result<(), Refusal> {
        match self.phase {
            Phase::Returned => return Err(Refusal::AlreadyDone),
            Phase::Ended if matches!(event, Event::Returned) => return self.do_return(now),
            // The run is over and its outcome stands; whatever still comes in leads to its last page.
            Phase::Ended => return Err(Refusal::AlreadyDone),
            Phase::Linking => return self.step_linking(event, now),
            _ => {}
        }
        if self.is_idle(now) && event.is_activity() {
            return Err(Refusal::Idle);
        }
        if *event == Event::Extended {
            return Ok(());
        }
        self.step_live(event, now)?;
        let cancelled = matches!(event, Event::CardFailed { why: CardFailure::Cancelled, .. });
        self.stop_asked = matches!(event, Event::StopAsked) || cancelled;
        Ok(())
    }

    /// While a link attempt is unresolved, only its resolution leads on. Whatever wants to end the run is
    /// kept until then.
    fn step_linking(&mut self, event: &Event, now: Timestamp) -> Result<(), Refusal> {
        let current = |id: &String| self.unresolved() == Some(id);
        match event {
            Event::LinkConfirmed { linkage_id } if current(linkage_id) => {
                if let Some(leg) = self.services.get_mut(self.cursor) {
                    leg.proof.confirmation = Some(now);
                    leg.result = Some(ServiceResult::Linked);
                }
                self.resolved(now);
            }
            Event::FoundLinked { service } if self.current().is_some_and(|l| l.service == *service) => {
                self.set_result(ServiceResult::AlreadyLinked);
                self.resolved(now);
            }
            Event::LinkConflict { linkage_id } if current(linkage_id) => self.failed(DeliveryFailure::Conflict, now),
            Event::LinkFailed { linkage_id, error } if current(linkage_id) => self.failed(*error, now),
            Event::LinkConfirmed { linkage_id }
            | Event::LinkConflict { linkage_id }
            | Event::LinkFailed { linkage_id, .. } => {
                // Another attempt's: it is settled, or was never this run's.
                return Err(if self.leg(linkage_id).is_some() { Refusal::AlreadyDone } else { Refusal::Stale });
            }
            Event::SignInVerified { linkage_id, .. } | Event::LinkStarted { linkage_id } if current(linkage_id) => {
                return Err(Refusal::AlreadyDone);
            }
            Event::Extended if self.ending.is_none() && !self.is_idle(now) => {}
            // No code for a suspended client, whatever the citizen wished before.
            Event::ClientSuspended if self.ending != Some(Why::ClientSuspended) => {
                self.ending = Some(Why::ClientSuspended);
            }
            Event::ClientSuspended => return Err(Refusal::AlreadyDone),
            // With another service to come only this attempt is given up: it is decided, and the run goes on.
            Event::GiveUp if self.ending.is_none() && self.following().is_some() => {}
            Event::StopConfirmed | Event::GiveUp => return self.will_end(Why::Stopped),
            Event::Fault => return self.will_end(Why::Fault),
            Event::Expired if self.is_idle(now) => return self.will_end(Why::Idle),
            Event::Expired if self.ending.is_none() => return Err(Refusal::WrongOrder),
            Event::Expired => return Err(Refusal::AlreadyDone),
            _ => return Err(Refusal::Unresolved),
        }
        Ok(())
    }

    fn will_end(&mut self, why: Why) -> Result<(), Refusal> {
        if self.ending.is_some() {
            return Err(Refusal::AlreadyDone);
        }
        self.ending = Some(why);
        Ok(())
    }

    fn step_live(&mut self, event: &Event, now: Timestamp) -> Result<(), Refusal> {
        use Phase as P;
        match event {
            Event::ConsentGiven { text_version } => {
                self.expect(&[P::Requested])?;
                self.consent = Some(Consent { text_version: text_version.clone(), at: now });
                self.phase = P::Consented;
            }
            Event::ConsentRefused => {
                self.expect(&[P::Requested])?;
                self.finish(Why::ConsentRefused, true, now);
            }
            Event::IdentifyStarted { challenge } => {
                self.expect(&[P::Consented, P::Identifying])?;
                let same_press = self.phase == P::Identifying
                    && self.last == event.name()
                    && now.since(self.last_activity) < SAME_PRESS;
                if same_press || self.challenge.as_ref() == Some(challenge) {
                    return Err(Refusal::AlreadyDone);
                }
                self.challenge = Some(challenge.clone());
                self.card_trouble = None;
                self.phase = P::Identifying;
            }
            Event::CardVerified { challenge, citizen, registered, linked } => {
                self.card_answered(challenge)?;
                self.card_verified(citizen, *registered, linked, now);
            }
            Event::CardFailed { challenge, why } => {
                self.card_answered(challenge)?;
                self.card_failed(*why, now);
            }
            Event::Registered { citizen, new } => {
                self.expect(&[P::Register])?;
                self.citizen = Some(citizen.clone());
                self.registered = true;
                // It stays true when an old card signature leads here once more.
                self.registered_now |= *new;
                self.go_on(now);
            }
            Event::ServicesChosen { services } => {
                self.expect(&[P::Confirm])?;
                self.choose(services)?;
            }
            Event::LinkChosen { linkage_id } => {
                self.expect(&[P::Confirm])?;
                self.begin_attempt(linkage_id, now)?;
            }
            Event::RetryChosen { linkage_id } => {
                self.expect(&[P::NotLinked])?;
                // What failed may be closed over there: never again under the same id.
                if self.leg(linkage_id).is_some() {
                    return Err(Refusal::WrongOrder);
                }
                self.begin_attempt(linkage_id, now)?;
            }
            Event::HandOver { linkage_id } => {
                self.attempt(linkage_id, &[P::HandOver, P::AtDelivery])?;
                let card_at = self.card_at;
                if let Some(leg) = self.services.get_mut(self.cursor) {
                    // A second 「次へ」 for the same attempt begins nothing new.
                    if leg.handed_over.is_none() {
                        leg.handed_over = Some(now);
                        leg.proof.card = card_at;
                    }
                }
                self.phase = P::AtDelivery;
            }
            Event::BackFromHandOver => {
                self.expect(&[P::HandOver, P::AtDelivery])?;
                self.phase = P::Confirm;
            }
            Event::DeliveryDeclined { linkage_id } => {
                self.attempt(linkage_id, &[P::AtDelivery])?;
                self.trouble(LegTrouble::Declined);
            }
            Event::DeliveryError { linkage_id, error } => {
                self.attempt(linkage_id, &[P::HandOver, P::AtDelivery])?;
                self.failed(*error, now);
            }
            Event::SignInVerified { linkage_id, auth_time } => {
                self.attempt(linkage_id, &[P::AtDelivery])?;
                self.sign_in_verified(*auth_time, now);
            }
            Event::LinkStarted { linkage_id } => {
                self.attempt(linkage_id, &[P::AtDelivery])?;
                let leg = self.services.get_mut(self.cursor).ok_or(Refusal::WrongOrder)?;
                if leg.proof.card.is_none() || leg.proof.sign_in.is_none() {
                    return Err(Refusal::WrongOrder);
                }
                leg.proof.started = Some(now);
                self.phase = P::Linking;
            }
            Event::LinkConfirmed { linkage_id }
            | Event::LinkConflict { linkage_id }
            | Event::LinkFailed { linkage_id, .. } => {
                return Err(if self.leg(linkage_id).is_some_and(|l| l.proof.started.is_some()) {
                    Refusal::AlreadyDone
                } else {
                    Refusal::WrongOrder
                });
            }
            Event::FoundLinked { service } => {
                self.expect(&[P::Confirm, P::HandOver, P::AtDelivery, P::NotLinked])?;
                if self.current().is_none_or(|l| l.service != *service) {
                    return Err(Refusal::WrongOrder);
                }
                self.set_result(ServiceResult::AlreadyLinked);
                self.next_leg(now);
            }
            Event::GiveUp => match self.phase {
                P::NotLinked => {
                    let result =
                        self.current().and_then(|l| l.trouble).map_or(ServiceResult::Failed, LegTrouble::result);
                    self.set_result(result);
                    self.next_leg(now);
                }
                P::Consented if self.card_trouble.is_some() => self.finish(Why::Stopped, true, now),
                _ => return Err(Refusal::WrongOrder),
            },
            Event::StopAsked => {
                // On ② there is 「同意しない」, and where nothing is left to do there is nothing to stop.
                if matches!(self.phase, P::Requested | P::Ready) {
                    return Err(Refusal::WrongOrder);
                }
                if self.stop_asked {
                    return Err(Refusal::AlreadyDone);
                }
            }
            Event::Continue if !self.stop_asked => return Err(Refusal::AlreadyDone),
            // Handled before: nothing but the time of the last activity changes.
            Event::Continue | Event::Extended => {}
            Event::StopConfirmed => self.finish(Why::Stopped, true, now),
            Event::Expired if self.is_idle(now) => self.finish(Why::Idle, false, now),
            Event::Expired => return Err(Refusal::WrongOrder),
            Event::ClientSuspended => self.finish(Why::ClientSuspended, false, now),
            Event::Fault => self.finish(Why::Fault, false, now),
            Event::ServiceMaintenance { service } => self.maintenance(service, now)?,
            Event::Returned => {
                self.expect(&[P::Ready])?;
                self.end = Some(End { outcome: Outcome::AlreadyLinked, why: Why::Completed, straight: true, at: now });
                self.do_return(now)?;
            }
        }
        Ok(())
    }

    /// Refuses a press that belongs to another phase; harmless when its effect is there already.
    fn expect(&self, phases: &[Phase]) -> Result<(), Refusal> {
        if phases.contains(&self.phase) { Ok(()) } else { Err(Refusal::WrongOrder) }
    }

    /// Whether `linkage_id` is the attempt under way, in one of `phases`.
    fn attempt(&self, linkage_id: &str, phases: &[Phase]) -> Result<(), Refusal> {
        let Some(leg) = self.leg(linkage_id) else { return Err(Refusal::Stale) };
        let settled = leg.result.is_some() || leg.trouble.is_some() || leg.proof.started.is_some();
        if settled {
            Err(Refusal::AlreadyDone)
        } else if phases.contains(&self.phase) && self.current().is_some_and(|l| std::ptr::eq(l, leg)) {
            Ok(())
        } else {
            Err(Refusal::Stale)
        }
    }

    fn card_answered(&mut self, challenge: &str) -> Result<(), Refusal> {
        if self.phase == Phase::Identifying && self.challenge.as_deref() == Some(challenge) {
            Ok(())
        } else if self.challenge.as_deref() == Some(challenge) {
            // The challenge stays after its answer, so that a reload of the callback is told apart.
            Err(Refusal::AlreadyDone)
        } else {
            Err(Refusal::Stale)
        }
    }

    fn card_verified(&mut self, citizen: &str, registered: bool, linked: &[String], now: Timestamp) {
        if self.citizen.as_ref().is_some_and(|c| c != citizen) {
            self.card_trouble = Some(CardTrouble::OtherPerson);
            self.phase = Phase::Consented;
            return;
        }
        self.citizen = Some(citizen.to_owned());
        self.registered = registered;
        self.card_at = Some(now);
        self.linked_before = linked.to_vec();
        if registered {
            self.go_on(now);
        } else if self.asked.registration() {
            self.phase = Phase::Register;
        } else {
            self.finish(Why::NotRegistered, false, now);
        }
    }

    fn card_failed(&mut self, why: CardFailure, now: Timestamp) {
        let trouble = match why {
            CardFailure::NotRead => CardTrouble::NotRead,
            CardFailure::OtherCard => CardTrouble::OtherCard,
            CardFailure::TooLate => CardTrouble::TooLate,
            CardFailure::ValidityUnknown => CardTrouble::ValidityUnknown,
            CardFailure::OtherPerson => CardTrouble::OtherPerson,
            CardFailure::Cancelled => {
                self.phase = Phase::Consented;
                return;
            }
            CardFailure::PinLocked => return self.finish(Why::PinLocked, false, now),
            CardFailure::CertExpired { not_after } => return self.finish(Why::CertExpired { not_after }, false, now),
            CardFailure::CertRevoked => return self.finish(Why::CertRevoked, false, now),
            CardFailure::Renewed => return self.finish(Why::Renewed, false, now),
        };
        self.card_trouble = Some(trouble);
        self.phase = Phase::Consented;
    }

    /// After the citizen is known and registered.
    fn go_on(&mut self, now: Timestamp) {
        match self.asked.linkage() {
            None if self.asked.can_read_from(&self.linked_before) => self.phase = Phase::Ready,
            None => self.finish(Why::NothingLinked, false, now),
            Some(linkage) => {
                if linkage.if_linked == IfLinked::Return {
                    for leg in self.services.iter_mut().filter(|l| l.result.is_none()) {
                        if self.linked_before.contains(&leg.service) {
                            leg.result = Some(ServiceResult::AlreadyLinked);
                        }
                    }
                }
                self.next_leg(now);
            }
        }
    }

    fn begin_attempt(&mut self, linkage_id: &str, now: Timestamp) -> Result<(), Refusal> {
        let fresh = self.card_at.is_some_and(|at| now.since(at) < CARD_FRESH);
        if !fresh {
            self.card_trouble = None;
            self.phase = Phase::Consented;
            return Ok(());
        }
        if self
            .services
            .iter()
            .enumerate()
            .any(|(i, l)| i != self.cursor && l.linkage_id.as_deref() == Some(linkage_id))
        {
            return Err(Refusal::WrongOrder);
        }
        let card_at = self.card_at;
        let leg = self.services.get_mut(self.cursor).ok_or(Refusal::WrongOrder)?;
        // After 「戻る」 the same attempt goes on, unless the card was read anew since: then the hand-over has
        // to be new too, so that what proves the link stays in order.
        let same = leg.linkage_id.as_deref() == Some(linkage_id) && leg.trouble.is_none();
        if same && leg.proof.card.is_none_or(|card| Some(card) == card_at) {
            leg.proof.sign_in = None;
        } else {
            if !same {
                leg.attempt += 1;
            }
            leg.linkage_id = Some(linkage_id.to_owned());
            leg.handed_over = None;
            leg.proof = Proof::default();
            leg.trouble = None;
        }
        self.phase = Phase::HandOver;
        Ok(())
    }

    fn sign_in_verified(&mut self, auth_time: Timestamp, now: Timestamp) {
        let Some(leg) = self.services.get_mut(self.cursor) else { return };
        // `auth_time` has whole seconds, so it may lie just before the hand-over.
        let earliest = leg.handed_over.map(|at| Timestamp::from_secs(at.secs()).minus(CLOCK_SKEW));
        let fresh = earliest.is_some_and(|e| auth_time >= e) && auth_time <= now.plus(CLOCK_SKEW);
        if fresh {
            leg.proof.sign_in = Some(auth_time);
        } else {
            // A session left open over there, or a clock far off: this proves nothing.
            self.trouble(LegTrouble::Failed);
        }
    }

    fn set_result(&mut self, result: ServiceResult) {
        if let Some(leg) = self.services.get_mut(self.cursor) {
            leg.result = Some(result);
        }
    }

    fn trouble(&mut self, trouble: LegTrouble) {
        if let Some(leg) = self.services.get_mut(self.cursor) {
            leg.trouble = Some(trouble);
        }
        self.phase = Phase::NotLinked;
    }

    /// An attempt came to nothing.
    fn failed(&mut self, failure: DeliveryFailure, now: Timestamp) {
        match LegTrouble::of(failure) {
            Some(trouble) => self.trouble(trouble),
            None => self.set_result(ServiceResult::Maintenance),
        }
        if let Some(why) = self.ending.take() {
            self.finish(why, why == Why::Stopped, now);
        } else if self.phase != Phase::NotLinked {
            self.next_leg(now);
        }
    }

    /// The attempt under way is settled with a result.
    fn resolved(&mut self, now: Timestamp) {
        match self.ending.take() {
            Some(why) => self.finish(why, why == Why::Stopped, now),
            None => self.next_leg(now),
        }
    }

    fn maintenance(&mut self, service: &str, now: Timestamp) -> Result<(), Refusal> {
        let Some(at) = self.services.iter().position(|l| l.service == service) else { return Err(Refusal::WrongOrder) };
        if self.services[at].result.is_some() {
            return Err(Refusal::AlreadyDone);
        }
        self.services[at].result = Some(ServiceResult::Maintenance);
        let card_done = matches!(self.phase, Phase::Confirm | Phase::HandOver | Phase::AtDelivery | Phase::NotLinked);
        if self.services.iter().all(|l| l.result.is_some()) || (card_done && at == self.cursor) {
            self.next_leg(now);
        }
        Ok(())
    }

    /// Of the services without a result these are wanted, and the others not; the first of these is next.
    fn choose(&mut self, services: &[String]) -> Result<(), Refusal> {
        let open = |s: &String| self.services.iter().any(|l| l.result.is_none() && l.service == *s);
        if services.is_empty() || !services.iter().all(open) {
            return Err(Refusal::WrongOrder);
        }
        for leg in self.services.iter_mut().filter(|l| l.result.is_none()) {
            leg.left_out = !services.contains(&leg.service);
            if leg.left_out {
                // A node that knows nothing of it would hand the citizen over there all the same.
                self.version = self.version.max(VERSION);
            }
        }
        self.cursor = self.services.iter().position(ServiceLeg::waits).unwrap_or(self.cursor);
        Ok(())
    }

    /// To ④ of the next service that waits for its turn; without one the run is complete.
    fn next_leg(&mut self, now: Timestamp) {
        if let Some(i) = self.services.iter().position(ServiceLeg::waits) {
            self.cursor = i;
            self.phase = Phase::Confirm;
            return;
        }
        for leg in self.services.iter_mut().filter(|l| l.result.is_none()) {
            leg.result = Some(ServiceResult::LeftOut);
        }
        let results: Vec<_> = self.services.iter().filter_map(|l| l.result).collect();
        match Outcome::summarise(&results) {
            Outcome::AlreadyLinked => self.phase = Phase::Ready,
            Outcome::ServiceMaintenance => self.finish(Why::Maintenance, false, now),
            _ => self.finish(Why::Completed, true, now),
        }
    }

    /// Fixes the outcome.
    fn finish(&mut self, why: Why, straight: bool, now: Timestamp) {
        let outcome = self.outcome_of(why);
        for (i, leg) in self.services.iter_mut().enumerate().filter(|(_, l)| l.result.is_none()) {
            let its_turn = i == self.cursor;
            leg.result = Some(match (why, leg.trouble) {
                _ if leg.left_out => ServiceResult::LeftOut,
                (_, Some(trouble)) => trouble.result(),
                (Why::Stopped, None) if its_turn => ServiceResult::Stopped,
                (Why::Idle, None) if its_turn => ServiceResult::Expired,
                (Why::Fault, None) if its_turn && leg.attempt > 0 => ServiceResult::Failed,
                _ => ServiceResult::NotAttempted,
            });
        }
        self.stop_asked = false;
        self.ending = None;
        // The last page must not say "no link was made" when one was.
        let why = if outcome.with_code() { Why::Completed } else { why };
        self.end = Some(End { outcome, why, straight, at: now });
        self.phase = Phase::Ended;
    }

    fn outcome_of(&self, why: Why) -> Outcome {
        let results: Vec<_> = self.services.iter().map(|l| l.result.unwrap_or(ServiceResult::NotAttempted)).collect();
        // A link made in this run is told, however the run ended; but a suspended client gets no code.
        if why != Why::ClientSuspended && results.contains(&ServiceResult::Linked) {
            return Outcome::summarise(&results);
        }
        match why {
            Why::Completed | Why::Maintenance => Outcome::summarise(&results),
            Why::ConsentRefused => Outcome::ConsentDenied,
            Why::Stopped => match (self.phase, self.card_trouble, self.current()) {
                (Phase::Consented, Some(CardTrouble::ValidityUnknown), _) => Outcome::TemporarilyUnavailable,
                (Phase::Consented, Some(CardTrouble::OtherPerson), _) => Outcome::DifferentPerson,
                // What was linked before stands as well, and the citizen is there to bring the code.
                _ if results.iter().any(|r| r.is_linked()) => Outcome::summarise(&results),
                (Phase::NotLinked, _, Some(leg)) => {
                    Outcome::summarise(&[leg.trouble.map_or(ServiceResult::Stopped, LegTrouble::result)])
                }
                (Phase::Linking, _, Some(leg)) if leg.result == Some(ServiceResult::Maintenance) => {
                    Outcome::ServiceMaintenance
                }
                _ => Outcome::UserCancelled,
            },
            Why::PinLocked => Outcome::CardPinLocked,
            Why::CertExpired { .. } => Outcome::CertExpired,
            Why::CertRevoked => Outcome::CertRevoked,
            Why::Renewed | Why::NotRegistered | Why::NothingLinked => Outcome::LinkFailed,
            Why::Idle => Outcome::SessionExpired,
            Why::ClientSuspended => Outcome::ClientSuspended,
            Why::Fault => Outcome::ServerError,
        }
    }

    fn do_return(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if now >= self.return_until() {
            return Err(Refusal::Gone);
        }
        self.returned = Some(now);
        self.phase = Phase::Returned;
        Ok(())
    }
}
