//! What the tests share: runs to start with, times, and an observer that remembers on its own what a
//! link has to be proven by.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use journey::{
    Asked, CARD_FRESH, CLOCK_SKEW, Documents, Event, IDLE, IfLinked, Journey, Linkage, Outcome, Phase, Refusal,
    ServiceResult,
};

/// Some time.
pub const T0: Timestamp = Timestamp::from_secs(1_780_000_000);

pub fn minutes(n: u64) -> std::time::Duration {
    std::time::Duration::from_secs(60 * n)
}

pub fn linkage(services: &[&str], if_linked: IfLinked) -> Option<Linkage> {
    Some(Linkage { services: services.iter().map(|&s| s.to_owned()).collect(), if_linked })
}

/// The kinds of runs: one, two or three services, each way of `if_linked`, with and without registration, and
/// documents only.
pub fn kinds() -> Vec<Asked> {
    let docs = || Some(Documents::default());
    let only_t = Some(Documents { services: vec!["T".to_owned()] });
    [
        (linkage(&["S"], IfLinked::Return), true, docs()),
        (linkage(&["S"], IfLinked::Return), false, None),
        (linkage(&["S"], IfLinked::Reconfirm), true, None),
        (linkage(&["S", "T"], IfLinked::Return), true, docs()),
        (linkage(&["S", "T"], IfLinked::Reconfirm), false, None),
        (None, false, docs()),
        (None, true, only_t),
        (linkage(&["S", "T", "U"], IfLinked::Return), true, None),
    ]
    .into_iter()
    .map(|(l, r, d)| Asked::new(l, r, d).unwrap())
    .collect()
}

/// What the observer has seen of one linkage id, in order.
#[derive(Clone, Debug, Default)]
struct Seen {
    handed_over: Option<Timestamp>,
    signed_in: bool,
    started: bool,
    confirmed: bool,
}

/// Follows a run from outside and fails the test when an invariant breaks.
#[derive(Clone, Debug, Default)]
pub struct Observer {
    card: Option<Timestamp>,
    seen: BTreeMap<String, Seen>,
    registered: bool,
    returns: usize,
    outcome: Option<Outcome>,
    results: BTreeMap<String, ServiceResult>,
    consented: bool,
    linked_ids: BTreeSet<String>,
    left_out: BTreeSet<String>,
}

impl Observer {
    /// Looks at one application of an event.
    pub fn look(&mut self, before: &Journey, event: &Event, now: Timestamp, result: &Result<Journey, Refusal>) {
        let Ok(after) = result else { return };
        self.remember(before, event, now, after);
        self.check_proof(before, after);
        self.check_order(event, after);
        self.check_end(event, after);
        check_local(before, event, after);
    }

    fn remember(&mut self, before: &Journey, event: &Event, now: Timestamp, after: &Journey) {
        match event {
            Event::ConsentGiven { .. } => self.consented = true,
            Event::CardVerified { .. } if after.card_at() == Some(now) => {
                self.card = Some(now);
            }
            Event::Registered { new: true, .. } => self.registered = true,
            Event::LinkChosen { linkage_id } | Event::RetryChosen { linkage_id } => {
                let seen = self.seen.entry(linkage_id.clone()).or_default();
                // A sign-in before the press at ④ counts for nothing after it.
                seen.signed_in = false;
            }
            Event::HandOver { linkage_id } => {
                let seen = self.seen.entry(linkage_id.clone()).or_default();
                let age = self.card.map(|c| now.since(c));
                assert!(age.is_some(), "handed over without a card");
                if before.leg(linkage_id).and_then(journey::ServiceLeg::handed_over).is_none() {
                    // Fresh when the attempt began; the attempt itself may wait at ⑤ for less than IDLE.
                    assert!(age.is_some_and(|a| a < CARD_FRESH + IDLE), "handed over with an old card signature");
                    seen.handed_over = Some(now);
                }
            }
            Event::SignInVerified { linkage_id, auth_time } => {
                let seen = self.seen.entry(linkage_id.clone()).or_default();
                let after_hand_over = seen.handed_over.is_some_and(|h| {
                    auth_time.secs() + CLOCK_SKEW.as_secs() as i64 >= h.secs() && *auth_time <= now.plus(CLOCK_SKEW)
                });
                seen.signed_in = after_hand_over;
            }
            Event::LinkStarted { linkage_id } => {
                let seen = self.seen.entry(linkage_id.clone()).or_default();
                assert!(seen.signed_in, "a link was started without a sign-in after the hand-over");
                seen.started = true;
            }
            Event::LinkConfirmed { linkage_id } => {
                let seen = self.seen.entry(linkage_id.clone()).or_default();
                assert!(seen.started, "a link was confirmed that was never started");
                seen.confirmed = true;
            }
            Event::Returned => self.returns += 1,
            _ => {}
        }
    }

    /// Several services: in the order asked, and never to one that the citizen left out.
    fn check_order(&mut self, event: &Event, after: &Journey) {
        match event {
            Event::ServicesChosen { services } => {
                self.left_out = after
                    .services()
                    .iter()
                    .filter(|l| l.result().is_none() && !services.iter().any(|s| s == l.service()))
                    .map(|l| l.service().to_owned())
                    .collect();
            }
            Event::HandOver { .. } => {
                let current = after.current().unwrap();
                assert!(!self.left_out.contains(current.service()), "handed over to a service that was left out");
                let first = after.services().iter().find(|l| l.waits()).map(journey::ServiceLeg::service);
                assert_eq!(first, Some(current.service()), "not in the order asked");
            }
            _ => {}
        }
        for leg in after.services() {
            if leg.result() == Some(ServiceResult::LeftOut) {
                assert!(self.left_out.contains(leg.service()), "nobody left it out");
            }
        }
        let (place, of) = after.place();
        assert!(1 <= place && place <= of && of <= after.services().len().max(1), "{place} of {of}");
    }

    /// 2. A link is proven.
    fn check_proof(&mut self, before: &Journey, after: &Journey) {
        for (was, leg) in before.services().iter().zip(after.services()) {
            if let Some(known) = self.results.get(leg.service()) {
                assert_eq!(leg.result(), Some(*known), "a service's result changed");
            } else if let Some(result) = leg.result() {
                self.results.insert(leg.service().to_owned(), result);
            }
            if leg.result() == Some(ServiceResult::Linked) && was.result().is_none() {
                let id = leg.linkage_id().unwrap();
                let seen = &self.seen[id];
                assert!(
                    self.card.is_some()
                        && seen.handed_over.is_some()
                        && seen.signed_in
                        && seen.started
                        && seen.confirmed,
                    "linked without proof: {seen:?}"
                );
                assert!(self.linked_ids.insert(id.to_owned()), "one linkage id proved two services");
                let proof = leg.proof();
                assert!(proof.card.is_some() && proof.sign_in.is_some() && proof.started.is_some());
            }
        }
    }

    /// 1. One outcome. 3. Once.
    fn check_end(&mut self, event: &Event, after: &Journey) {
        assert!(self.returns <= 1, "returned twice");
        assert_eq!(after.has_ended(), after.outcome().is_some());
        assert_eq!(after.phase() == Phase::Returned, self.returns == 1);
        if let Some(outcome) = self.outcome {
            assert_eq!(after.outcome(), Some(outcome), "the outcome changed by {}", event.name());
        }
        self.outcome = after.outcome();
        let linked_now = after.services().iter().any(|l| l.result() == Some(ServiceResult::Linked));
        match after.outcome() {
            Some(Outcome::Linked | Outcome::PartlyLinked) if !linked_now => {
                // Partly linked may stand on links from before.
                assert!(after.services().iter().any(|l| l.result() == Some(ServiceResult::AlreadyLinked)));
                assert_eq!(after.outcome(), Some(Outcome::PartlyLinked));
            }
            Some(outcome) if linked_now => {
                assert!(outcome.with_code() || outcome == Outcome::ClientSuspended, "a link was made and not told");
            }
            _ => {}
        }
        // With a code, the outcome is what the services' results add up to, and no service is without one.
        if let Some(outcome) = after.outcome().filter(|o| o.with_code() && !after.services().is_empty()) {
            let results: Vec<_> = after.services().iter().map(|l| l.result().unwrap()).collect();
            let linked = results.iter().filter(|r| r.is_linked()).count();
            assert!(linked > 0 && (linked == results.len()) == (outcome != Outcome::PartlyLinked), "{results:?}");
        }
        // 5. Registered now only by registering. Consent before identity.
        assert_eq!(after.registered_now(), self.registered);
        assert!(after.citizen().is_none() || self.consented, "identified without consent");
    }
}

/// What must hold for one step, whatever came before it.
pub fn check_local(before: &Journey, event: &Event, after: &Journey) {
    assert!(!before.has_ended() || matches!(event, Event::Returned), "{} changed an ended run", event.name());
    assert!(after.seq() > before.seq() && after.form_seq() <= after.seq());
    // 4. No half links.
    let resolves = matches!(
        event,
        Event::LinkConfirmed { .. } | Event::LinkConflict { .. } | Event::LinkFailed { .. } | Event::FoundLinked { .. }
    );
    if before.phase() == Phase::Linking && !resolves {
        assert_eq!(after.phase(), Phase::Linking, "{} ended an unresolved attempt", event.name());
        assert_eq!(before.unresolved(), after.unresolved());
    }
    if after.phase() == Phase::Linking && before.phase() != Phase::Linking {
        assert!(matches!(event, Event::LinkStarted { .. }));
    }
    if before.citizen().is_some() && before.citizen() != after.citizen() {
        assert!(matches!(event, Event::Registered { .. }), "another person took over by {}", event.name());
    }
    if after.registered_now() && !before.registered_now() {
        assert!(matches!(event, Event::Registered { new: true, .. }));
    }
    for (was, leg) in before.services().iter().zip(after.services()) {
        let new_attempt = was.linkage_id() != leg.linkage_id();
        let (p, q) = (was.proof(), leg.proof());
        if new_attempt {
            assert_eq!(q, &journey::Proof::default(), "a new attempt begins with nothing proven");
        }
        if q.sign_in.is_some() && q.sign_in != p.sign_in {
            assert!(matches!(event, Event::SignInVerified { linkage_id, .. } if leg.linkage_id() == Some(linkage_id)));
            assert!(p.card.is_some() && was.handed_over().is_some());
        }
        if q.started.is_some() && q.started != p.started {
            assert!(matches!(event, Event::LinkStarted { linkage_id } if leg.linkage_id() == Some(linkage_id)));
            assert!(p.sign_in.is_some() && p.card.is_some());
        }
        if leg.result() == Some(ServiceResult::Linked) && was.result().is_none() {
            assert!(matches!(event, Event::LinkConfirmed { linkage_id } if leg.linkage_id() == Some(linkage_id)));
            assert!(p.started.is_some() && before.phase() == Phase::Linking);
        }
        assert!(was.result().is_none() || was.result() == leg.result());
    }
}

/// What must hold in every state.
pub fn check_state(j: &Journey, now: Timestamp) {
    // Any node can take over.
    assert_eq!(Journey::from_json(&j.to_json()).unwrap(), *j);
    // The page's own buttons are never refused (but for running out of time).
    let page = j.page();
    assert!(!page.acts().is_empty());
    for act in page.acts() {
        if let Some(event) = page.event(*act) {
            let result = j.apply(event, now);
            let again = j.unresolved().is_some() && result == Err(Refusal::AlreadyDone);
            assert!(
                result.is_ok() || again || matches!(result, Err(Refusal::Idle | Refusal::Gone)),
                "{} on {}: {result:?}",
                act.as_str(),
                page.id()
            );
        }
    }
    // 1. Always return: by stopping, and by doing nothing.
    let later = now.plus(IDLE);
    for (event, at) in [(Event::StopConfirmed, now), (Event::Expired, later)] {
        let stopped = match j.apply(event, at) {
            Ok(j) => j,
            Err(Refusal::Idle) => j.tick(at).unwrap(),
            Err(Refusal::AlreadyDone) => j.clone(),
            Err(other) => panic!("{other:?} in {:?}", j.phase()),
        };
        for ended in settle(&stopped, at) {
            assert_eq!(ended.phase(), Phase::Ended, "{stopped:?}");
            let outcome = ended.outcome().unwrap();
            if at >= ended.return_until() {
                assert_eq!(ended.apply(Event::Returned, at), Err(Refusal::Gone));
                continue;
            }
            let returned = ended.apply(Event::Returned, at).unwrap();
            assert_eq!(returned.outcome(), Some(outcome));
            assert_eq!(returned.apply(Event::Returned, at), Err(Refusal::AlreadyDone));
            assert!(returned.may_repeat(at));
        }
    }
}

/// Every way an unresolved attempt can be settled; the run itself when there is none. Nothing for a run
/// that has returned.
fn settle(j: &Journey, now: Timestamp) -> Vec<Journey> {
    let Some(id) = j.unresolved() else {
        return if j.phase() == Phase::Returned { Vec::new() } else { vec![j.clone()] };
    };
    let linkage_id = id.to_owned();
    let mut events = vec![
        Event::LinkConfirmed { linkage_id: linkage_id.clone() },
        Event::LinkConflict { linkage_id: linkage_id.clone() },
        Event::FoundLinked { service: j.leg(id).unwrap().service().to_owned() },
    ];
    for error in failures() {
        events.push(Event::LinkFailed { linkage_id: linkage_id.clone(), error });
    }
    events.into_iter().map(|e| j.apply(e, now).unwrap()).collect()
}

pub fn failures() -> [journey::DeliveryFailure; 4] {
    use journey::DeliveryFailure as F;
    [F::Maintenance, F::Unavailable, F::Failed, F::Conflict]
}

pub fn card_failures() -> [journey::CardFailure; 10] {
    use journey::CardFailure as F;
    [
        F::NotRead,
        F::OtherCard,
        F::TooLate,
        F::Cancelled,
        F::PinLocked,
        F::CertExpired { not_after: Some(T0) },
        F::CertRevoked,
        F::ValidityUnknown,
        F::OtherPerson,
        F::Renewed,
    ]
}
