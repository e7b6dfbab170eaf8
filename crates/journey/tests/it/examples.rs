//! The ways of facts/screens.md sections 3 and 3.1, one by one.

use base::Timestamp;
use journey::{
    Act, Asked, CARD_FRESH, CardFailure, DeliveryFailure, Event, IDLE, IfLinked, Journey, Next, Outcome, Page, Phase,
    RETURN_WINDOW, Refusal, ServiceResult, Why,
};

use crate::world::{T0, kinds, linkage, minutes};

/// A run that a test leads by the hand, one second per step.
struct Walk {
    j: Journey,
    now: Timestamp,
}

impl Walk {
    fn new(asked: Asked) -> Self {
        Self { j: Journey::new(asked, T0), now: T0 }
    }

    fn one_service() -> Self {
        Self::new(kinds()[0].clone())
    }

    fn try_apply(&mut self, event: Event) -> Result<(), Refusal> {
        self.now = self.now.plus(std::time::Duration::from_secs(1));
        self.j = self.j.apply(event, self.now)?;
        Ok(())
    }

    #[track_caller]
    fn go(&mut self, event: Event) -> &mut Self {
        let name = event.name();
        if let Err(e) = self.try_apply(event) {
            panic!("{name}: {e:?} in {:?}", self.j.phase());
        }
        self
    }

    #[track_caller]
    fn press(&mut self, act: Act) -> &mut Self {
        let event = self.j.page().event(act).unwrap_or_else(|| panic!("no {act:?} on {:?}", self.j.page()));
        self.go(event)
    }

    fn at_card(&mut self, challenge: &str) -> &mut Self {
        if self.j.phase() == Phase::Requested {
            self.go(Event::ConsentGiven { text_version: "2026-10".to_owned() });
        }
        self.go(Event::IdentifyStarted { challenge: challenge.to_owned() })
    }

    fn card(&mut self, registered: bool, linked: &[&str]) -> &mut Self {
        self.at_card("C0").go(Event::CardVerified {
            challenge: "C0".to_owned(),
            citizen: "P0".to_owned(),
            registered,
            linked: linked.iter().map(|&s| s.to_owned()).collect(),
        })
    }

    fn hand_over(&mut self, id: &str) -> &mut Self {
        self.go(Event::LinkChosen { linkage_id: id.to_owned() }).go(Event::HandOver { linkage_id: id.to_owned() })
    }

    fn linking(&mut self, id: &str) -> &mut Self {
        let linkage_id = id.to_owned();
        let auth_time = Timestamp::from_secs(self.now.secs());
        self.go(Event::SignInVerified { linkage_id: linkage_id.clone(), auth_time })
            .go(Event::LinkStarted { linkage_id })
    }

    fn link(&mut self, id: &str) -> &mut Self {
        self.hand_over(id).linking(id).go(Event::LinkConfirmed { linkage_id: id.to_owned() })
    }

    /// Returns, once.
    #[track_caller]
    fn ends(&mut self, outcome: Outcome) {
        if self.j.phase() != Phase::Returned {
            self.go(Event::Returned);
        }
        assert_eq!(self.j.outcome(), Some(outcome));
        assert_eq!(self.j.page(), Page::Done);
        assert_eq!(self.try_apply(Event::Returned), Err(Refusal::AlreadyDone));
    }

    fn results(&self) -> Vec<ServiceResult> {
        self.j.services().iter().filter_map(|l| l.result()).collect()
    }
}

#[test]
fn a_first_timer_goes_from_consent_to_linked() {
    let mut w = Walk::one_service();
    assert_eq!(w.j.page().id(), "consent");
    w.go(Event::ConsentGiven { text_version: "1".to_owned() });
    assert_eq!(w.j.page(), Page::Identify { again: false });
    w.go(Event::IdentifyStarted { challenge: "C0".to_owned() });
    assert_eq!(w.j.next(), Next::Card { challenge: "C0".to_owned() });
    // A reload shows ③ and goes nowhere.
    assert_eq!(w.j.page().id(), "identify");
    w.go(Event::CardVerified {
        challenge: "C0".to_owned(),
        citizen: "P0".to_owned(),
        registered: false,
        linked: vec![],
    });
    assert_eq!(w.j.page().id(), "register");
    w.go(Event::Registered { citizen: "P0".to_owned(), new: true });
    assert_eq!(w.j.page().id(), "link");
    w.go(Event::LinkChosen { linkage_id: "L0".to_owned() });
    assert_eq!(w.j.next(), Next::Page(Page::HandOver));
    w.go(Event::HandOver { linkage_id: "L0".to_owned() });
    assert_eq!(w.j.next(), Next::Delivery { linkage_id: "L0".to_owned() });
    w.linking("L0");
    assert_eq!(w.j.next(), Next::Resolve { linkage_id: "L0".to_owned() });
    w.go(Event::LinkConfirmed { linkage_id: "L0".to_owned() });
    assert_eq!(w.j.next(), Next::Return(Outcome::Linked));
    assert!(w.j.registered_now() && w.j.consent().is_some());
    w.ends(Outcome::Linked);
}

#[test]
fn refusing_goes_straight_back() {
    let mut w = Walk::one_service();
    w.press(Act::Refuse);
    assert_eq!(w.j.next(), Next::Return(Outcome::ConsentDenied));
    w.ends(Outcome::ConsentDenied);
    assert_eq!(w.results(), [ServiceResult::NotAttempted]);
}

#[test]
fn card_troubles_that_pass_offer_another_try() {
    for (why, error) in [
        (CardFailure::NotRead, "E1"),
        (CardFailure::OtherCard, "E1b"),
        (CardFailure::TooLate, "E11"),
        (CardFailure::ValidityUnknown, "E5b"),
        (CardFailure::OtherPerson, "E13"),
    ] {
        let mut w = Walk::one_service();
        w.at_card("C0").go(Event::CardFailed { challenge: "C0".to_owned(), why });
        assert_eq!((w.j.page().id(), w.j.page().error()), ("card-error", Some(error)));
        assert_eq!(w.j.exits()[0], Act::Retry);
        w.at_card("C1");
        // The first challenge is over.
        let late = Event::CardFailed { challenge: "C0".to_owned(), why };
        assert_eq!(w.try_apply(late), Err(Refusal::Stale));
        w.go(Event::CardVerified {
            challenge: "C1".to_owned(),
            citizen: "P0".to_owned(),
            registered: true,
            linked: vec![],
        });
        assert_eq!(w.j.page(), Page::Link);
    }
}

#[test]
fn card_troubles_that_last_end_the_run_after_their_page() {
    for (why, error, outcome) in [
        (CardFailure::PinLocked, Some("E3"), Outcome::CardPinLocked),
        (CardFailure::CertExpired { not_after: None }, Some("E4"), Outcome::CertExpired),
        (CardFailure::CertRevoked, Some("E5"), Outcome::CertRevoked),
        (CardFailure::Renewed, None, Outcome::LinkFailed),
    ] {
        let mut w = Walk::one_service();
        w.at_card("C0").go(Event::CardFailed { challenge: "C0".to_owned(), why });
        assert_eq!((w.j.page().id(), w.j.page().error(), w.j.page().outcome()), ("ended", error, Some(outcome)));
        assert_eq!(w.j.next(), Next::Page(w.j.page()));
        assert_eq!(w.j.page().event(Act::Return), Some(Event::Returned));
        w.ends(outcome);
    }
}

#[test]
fn stopping_at_a_trouble_tells_the_trouble() {
    let stop_at_card = |why| {
        let mut w = Walk::one_service();
        w.at_card("C0").go(Event::CardFailed { challenge: "C0".to_owned(), why });
        w
    };
    stop_at_card(CardFailure::ValidityUnknown).press(Act::Return).ends(Outcome::TemporarilyUnavailable);
    stop_at_card(CardFailure::OtherPerson).press(Act::Stop).press(Act::Return).ends(Outcome::DifferentPerson);
    stop_at_card(CardFailure::NotRead).press(Act::Stop).press(Act::Return).ends(Outcome::UserCancelled);
    // Giving up at the PIN asks first.
    let mut w = stop_at_card(CardFailure::Cancelled);
    assert_eq!(w.j.page(), Page::Stop);
    w.press(Act::Continue);
    assert_eq!(w.j.page().id(), "identify");

    for (failure, error, outcome) in [
        (DeliveryFailure::Conflict, "E7b", Outcome::LinkConflict),
        (DeliveryFailure::Unavailable, "E9b", Outcome::ServiceUnavailable),
        (DeliveryFailure::Failed, "E9b", Outcome::LinkFailed),
    ] {
        let mut w = Walk::one_service();
        w.card(true, &[]).hand_over("L0").go(Event::DeliveryError { linkage_id: "L0".to_owned(), error: failure });
        assert_eq!((w.j.page().id(), w.j.page().error()), ("not-linked", Some(error)));
        w.press(Act::Return);
        assert_eq!(w.j.next(), Next::Return(outcome));
        w.ends(outcome);
    }
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0").go(Event::DeliveryDeclined { linkage_id: "L0".to_owned() });
    assert_eq!(w.j.page().error(), Some("E9"));
    w.press(Act::Return).ends(Outcome::UserCancelled);
}

#[test]
fn an_attempt_that_came_to_nothing_can_be_made_again_under_a_new_id() {
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0").go(Event::DeliveryDeclined { linkage_id: "L0".to_owned() });
    // A reload of the callback.
    assert_eq!(w.try_apply(Event::DeliveryDeclined { linkage_id: "L0".to_owned() }), Err(Refusal::AlreadyDone));
    assert_eq!(w.try_apply(Event::RetryChosen { linkage_id: "L0".to_owned() }), Err(Refusal::WrongOrder));
    w.go(Event::RetryChosen { linkage_id: "L1".to_owned() });
    assert_eq!(w.j.page(), Page::HandOver);
    w.go(Event::HandOver { linkage_id: "L1".to_owned() });
    // The callback of the first attempt comes late.
    assert_eq!(w.j.awaits("L0", w.now), Err(Refusal::Stale));
    let late = Event::SignInVerified { linkage_id: "L0".to_owned(), auth_time: w.now };
    assert_eq!(w.try_apply(late), Err(Refusal::Stale));
    assert_eq!(w.j.awaits("L1", w.now), Ok(()));
    w.linking("L1").go(Event::LinkConfirmed { linkage_id: "L1".to_owned() }).ends(Outcome::Linked);
    assert_eq!(w.j.services()[0].attempt(), 2);
}

#[test]
fn going_back_from_the_hand_over_keeps_the_attempt() {
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0").press(Act::Back);
    assert_eq!(w.j.page(), Page::Link);
    assert_eq!(w.j.awaits("L0", w.now), Err(Refusal::Stale));
    w.hand_over("L0");
    assert_eq!(w.j.services()[0].attempt(), 1);
    w.linking("L0").go(Event::LinkConfirmed { linkage_id: "L0".to_owned() }).ends(Outcome::Linked);
}

#[test]
fn a_session_left_open_over_there_proves_nothing() {
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0");
    let auth_time = w.now.minus(minutes(2));
    w.go(Event::SignInVerified { linkage_id: "L0".to_owned(), auth_time });
    assert_eq!(w.j.page().error(), Some("E9b"));
    assert_eq!(w.try_apply(Event::LinkStarted { linkage_id: "L0".to_owned() }), Err(Refusal::AlreadyDone));
    w.press(Act::Return).ends(Outcome::LinkFailed);
    // A clock that runs ahead proves nothing either.
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0");
    let auth_time = w.now.plus(minutes(2));
    w.go(Event::SignInVerified { linkage_id: "L0".to_owned(), auth_time });
    assert_eq!(w.j.phase(), Phase::NotLinked);
}

#[test]
fn a_linked_citizen_is_told_so() {
    let mut w = Walk::one_service();
    w.card(true, &["S"]);
    assert_eq!((w.j.page(), w.j.page().error()), (Page::AlreadyLinked, Some("E7")));
    w.press(Act::Return).ends(Outcome::AlreadyLinked);
    // Asked to confirm again, they go through ④.
    let mut w = Walk::new(kinds()[2].clone());
    w.card(true, &["S"]);
    assert_eq!(w.j.page(), Page::Link);
    w.link("L0").ends(Outcome::Linked);
    // Another window has linked meanwhile.
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0").go(Event::FoundLinked { service: "S".to_owned() });
    assert_eq!(w.j.page(), Page::AlreadyLinked);
}

#[test]
fn without_registration_asked_an_unknown_citizen_is_not_registered() {
    let mut w = Walk::new(kinds()[1].clone());
    w.card(false, &[]);
    assert_eq!(w.j.end().map(|e| e.why), Some(Why::NotRegistered));
    assert!(!w.j.registered_now());
    w.ends(Outcome::LinkFailed);
}

#[test]
fn a_documents_only_run_ends_after_the_card() {
    let mut w = Walk::new(kinds()[5].clone());
    w.card(true, &["X"]);
    assert_eq!(w.j.page(), Page::Ready);
    w.press(Act::Return).ends(Outcome::AlreadyLinked);
    // Linked, but with a service that was not asked for.
    let mut w = Walk::new(kinds()[6].clone());
    w.card(true, &["S"]);
    assert_eq!(w.j.end().map(|e| e.why), Some(Why::NothingLinked));
    w.ends(Outcome::LinkFailed);
    // Nobody is there any more: no code.
    let mut w = Walk::new(kinds()[5].clone());
    w.card(true, &["S"]);
    w.now = w.now.plus(IDLE);
    assert_eq!(w.try_apply(Event::Returned), Err(Refusal::Idle));
    w.j = w.j.tick(w.now).unwrap();
    w.ends(Outcome::SessionExpired);
}

#[test]
fn a_registration_stays_when_the_citizen_stops_later() {
    let mut w = Walk::one_service();
    w.card(false, &[]).go(Event::Registered { citizen: "P0".to_owned(), new: true });
    w.press(Act::Stop);
    assert_eq!(w.j.page(), Page::Stop);
    w.press(Act::Return).ends(Outcome::UserCancelled);
    assert!(w.j.registered_now());
}

#[test]
fn maintenance_is_told_before_the_citizen_works() {
    let mut w = Walk::one_service();
    w.go(Event::ServiceMaintenance { service: "S".to_owned() });
    assert_eq!((w.j.page().id(), w.j.page().error()), ("ended", Some("E6")));
    w.ends(Outcome::ServiceMaintenance);
    let mut w = Walk::one_service();
    w.card(true, &[])
        .hand_over("L0")
        .go(Event::DeliveryError { linkage_id: "L0".to_owned(), error: DeliveryFailure::Maintenance });
    w.ends(Outcome::ServiceMaintenance);
}

#[test]
fn a_late_citizen_is_returned_for_a_day() {
    let mut w = Walk::one_service();
    w.card(true, &[]);
    assert!(w.j.tick(w.now.plus(minutes(29))).is_none());
    assert_eq!(w.try_apply(Event::Expired), Err(Refusal::WrongOrder));
    w.now = w.now.plus(IDLE);
    assert_eq!(w.try_apply(Event::LinkChosen { linkage_id: "L0".to_owned() }), Err(Refusal::Idle));
    w.j = w.j.tick(w.now).unwrap();
    assert_eq!(w.j.page().error(), Some("E8"));
    let gone = w.j.apply(Event::Returned, w.now.plus(RETURN_WINDOW));
    assert_eq!(gone, Err(Refusal::Gone));
    assert_eq!(w.j.page_after(&Refusal::Gone), Page::Done);
    w.now = w.now.plus(minutes(23 * 60));
    w.ends(Outcome::SessionExpired);
}

#[test]
fn nothing_ends_a_run_over_an_unresolved_link() {
    // The delivery service dies after the call; the citizen goes away; a sweep finds the link active.
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0").linking("L0");
    assert_eq!((w.j.page(), w.j.page().id()), (Page::Unconfirmed, "not-linked"));
    w.now = w.now.plus(IDLE);
    w.j = w.j.tick(w.now).unwrap();
    assert_eq!((w.j.phase(), w.j.unresolved(), w.j.outcome()), (Phase::Linking, Some("L0"), None));
    assert_eq!(w.j.tick(w.now), None);
    w.go(Event::LinkConfirmed { linkage_id: "L0".to_owned() });
    // The page does not say "no link was made".
    assert_eq!((w.j.page().error(), w.j.page().outcome()), (None, Some(Outcome::Linked)));
    w.ends(Outcome::Linked);

    // The citizen gives up; the portal decides that there is no link.
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0").linking("L0").press(Act::Return);
    assert_eq!(w.j.next(), Next::Resolve { linkage_id: "L0".to_owned() });
    w.go(Event::LinkFailed { linkage_id: "L0".to_owned(), error: DeliveryFailure::Unavailable });
    assert_eq!(w.j.next(), Next::Return(Outcome::ServiceUnavailable));

    // A suspended client gets no code, though the link is the citizen's and stays.
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0").linking("L0").go(Event::StopConfirmed).go(Event::ClientSuspended);
    w.go(Event::LinkConfirmed { linkage_id: "L0".to_owned() });
    assert_eq!(w.results(), [ServiceResult::Linked]);
    w.ends(Outcome::ClientSuspended);
}

#[test]
fn several_services_one_after_the_other() {
    let two = || Walk::new(Asked::new(linkage(&["S", "T"], IfLinked::Return), true, None).unwrap());
    let mut w = two();
    w.card(true, &[]);
    assert_eq!((w.j.page(), w.j.place()), (Page::Link, (1, 2)));
    w.link("L0");
    assert_eq!((w.j.page(), w.j.current().map(journey::ServiceLeg::service)), (Page::Between, Some("T")));
    assert_eq!((w.j.place(), w.j.next()), ((2, 2), Next::Page(Page::Between)));
    // The first linkage proves nothing for the second service.
    assert_eq!(w.try_apply(Event::LinkChosen { linkage_id: "L0".to_owned() }), Err(Refusal::WrongOrder));
    w.link("L1").ends(Outcome::Linked);

    let mut w = two();
    w.card(true, &["S"]);
    assert_eq!(w.j.current().map(journey::ServiceLeg::service), Some("T"));
    w.link("L0").ends(Outcome::Linked);

    let mut w = two();
    w.card(true, &["S", "T"]).ends(Outcome::AlreadyLinked);

    let mut w = two();
    w.card(true, &[]).link("L0").press(Act::Stop).press(Act::Return);
    assert_eq!(w.results(), [ServiceResult::Linked, ServiceResult::Stopped]);
    w.ends(Outcome::PartlyLinked);

    let mut w = two();
    w.go(Event::ServiceMaintenance { service: "S".to_owned() }).card(true, &[]);
    assert_eq!(w.j.current().map(journey::ServiceLeg::service), Some("T"));
    assert_eq!((w.j.page(), w.j.place()), (Page::Link, (1, 1)));
    w.link("L0").ends(Outcome::PartlyLinked);

    // Refused at the first: told, given up, on with the second.
    let mut w = two();
    w.card(true, &[]).hand_over("L0").go(Event::DeliveryDeclined { linkage_id: "L0".to_owned() });
    assert_eq!(w.j.following().map(journey::ServiceLeg::service), Some("T"));
    w.press(Act::Return);
    assert_eq!((w.j.page(), w.j.outcome()), (Page::Between, None));
    w.link("L1");
    assert_eq!(w.results(), [ServiceResult::Declined, ServiceResult::Linked]);
    w.ends(Outcome::PartlyLinked);

    // Given up while it is unknown whether the first is linked: that is decided, and the run goes on.
    let mut w = two();
    w.card(true, &[]).hand_over("L0").linking("L0").press(Act::Return);
    assert_eq!(w.j.next(), Next::Resolve { linkage_id: "L0".to_owned() });
    w.go(Event::LinkFailed { linkage_id: "L0".to_owned(), error: DeliveryFailure::Unavailable });
    assert_eq!(w.j.page().error(), Some("E9b"));
    w.press(Act::Return).link("L1");
    assert_eq!(w.results(), [ServiceResult::Unavailable, ServiceResult::Linked]);
    w.ends(Outcome::PartlyLinked);

    // Linked before, and stopped at the other: what stands is told.
    let mut w = two();
    w.card(true, &["S"]).press(Act::Stop).press(Act::Return);
    assert_eq!(w.results(), [ServiceResult::AlreadyLinked, ServiceResult::Stopped]);
    w.ends(Outcome::PartlyLinked);
    // But not when another person's card was shown, nor to a citizen who went away.
    let mut w = two();
    w.card(true, &["S"]);
    w.now = w.now.plus(IDLE);
    w.j = w.j.tick(w.now).unwrap();
    w.ends(Outcome::SessionExpired);
    // Linked in this run, and gone: the link is told.
    let mut w = two();
    w.card(true, &[]).link("L0");
    w.now = w.now.plus(IDLE);
    w.j = w.j.tick(w.now).unwrap();
    assert_eq!(w.results(), [ServiceResult::Linked, ServiceResult::Expired]);
    w.ends(Outcome::PartlyLinked);
}

#[test]
fn what_comes_late_from_one_service_changes_nothing_at_the_next() {
    let mut w = Walk::new(Asked::new(linkage(&["S", "T"], IfLinked::Return), true, None).unwrap());
    w.card(true, &[]).link("L0").hand_over("L1");
    let kept = w.j.clone();
    let auth_time = Timestamp::from_secs(w.now.secs());
    for late in [
        Event::SignInVerified { linkage_id: "L0".to_owned(), auth_time },
        Event::LinkStarted { linkage_id: "L0".to_owned() },
        Event::LinkConfirmed { linkage_id: "L0".to_owned() },
        Event::LinkFailed { linkage_id: "L0".to_owned(), error: DeliveryFailure::Failed },
        Event::DeliveryDeclined { linkage_id: "L0".to_owned() },
        Event::HandOver { linkage_id: "L0".to_owned() },
    ] {
        let name = late.name();
        assert_eq!(w.try_apply(late), Err(Refusal::AlreadyDone), "{name}");
    }
    assert_eq!(w.j, kept);
    assert_eq!(w.j.awaits("L0", w.now), Err(Refusal::AlreadyDone));
    w.linking("L1").go(Event::LinkConfirmed { linkage_id: "L1".to_owned() }).ends(Outcome::Linked);
}

#[test]
fn a_service_can_be_left_out_and_taken_in_again() {
    let three = || Walk::new(Asked::new(linkage(&["S", "T", "U"], IfLinked::Return), true, None).unwrap());
    let choose = |s: &[&str]| Event::ServicesChosen { services: s.iter().map(|&s| s.to_owned()).collect() };
    let mut w = three();
    w.card(true, &[]);
    for wrong in [&[][..], &["X"], &["S", "X"]] {
        assert_eq!(w.try_apply(choose(wrong)), Err(Refusal::WrongOrder));
    }
    w.go(choose(&["T", "U"]));
    assert_eq!((w.j.place(), w.j.current().map(journey::ServiceLeg::service)), ((1, 2), Some("T")));
    w.hand_over("L0").press(Act::Back);
    // Back at ④: the choice is open again, and the attempt at T waits for its turn.
    w.go(choose(&["S", "T"])).link("L1");
    assert_eq!(w.j.current().map(journey::ServiceLeg::service), Some("T"));
    w.link("L0");
    assert_eq!(w.results(), [ServiceResult::Linked, ServiceResult::Linked, ServiceResult::LeftOut]);
    w.ends(Outcome::PartlyLinked);

    // Left out and nothing linked: the reason is the other's.
    let mut w = three();
    w.card(true, &[]).go(choose(&["U"])).hand_over("L0");
    w.go(Event::DeliveryError { linkage_id: "L0".to_owned(), error: DeliveryFailure::Unavailable }).press(Act::Return);
    assert_eq!(w.results(), [ServiceResult::LeftOut, ServiceResult::LeftOut, ServiceResult::Unavailable]);
    w.ends(Outcome::ServiceUnavailable);
    // What is linked already can't be left out.
    let mut w = three();
    w.card(true, &["S"]);
    assert_eq!(w.try_apply(choose(&["S", "T"])), Err(Refusal::WrongOrder));
}

#[test]
fn an_old_card_signature_is_asked_for_again_and_only_the_same_person_counts() {
    let mut w = Walk::one_service();
    w.card(true, &[]);
    w.now = w.now.plus(minutes(20));
    w.go(Event::StopAsked).press(Act::Continue);
    w.now = w.now.plus(CARD_FRESH - minutes(15));
    w.go(Event::LinkChosen { linkage_id: "L0".to_owned() });
    assert_eq!(w.j.page(), Page::Identify { again: true });
    let verified = |challenge: &str, citizen: &str| Event::CardVerified {
        challenge: challenge.to_owned(),
        citizen: citizen.to_owned(),
        registered: true,
        linked: vec![],
    };
    w.at_card("C1").go(verified("C1", "P1"));
    assert_eq!((w.j.page().error(), w.j.citizen()), (Some("E13"), Some("P0")));
    w.at_card("C2").go(verified("C2", "P0"));
    w.link("L0").ends(Outcome::Linked);
}

#[test]
fn double_submits_are_harmless_and_stale_pages_are_told() {
    let mut w = Walk::one_service();
    let seq = w.j.form_seq();
    let agree = || Event::ConsentGiven { text_version: "1".to_owned() };
    w.j = w.j.apply_form(seq, agree(), w.now).unwrap();
    assert_eq!(w.j.apply_form(seq, agree(), w.now), Err(Refusal::AlreadyDone));
    // The page ② in another tab.
    let stale = w.j.apply_form(seq, Event::ConsentRefused, w.now);
    assert_eq!(stale, Err(Refusal::Stale));
    assert_eq!(w.j.page_after(&Refusal::Stale).error(), Some("E14"));
    // A double click on ③ leads to one challenge.
    let seq = w.j.form_seq();
    w.j = w.j.apply_form(seq, Event::IdentifyStarted { challenge: "C0".to_owned() }, w.now).unwrap();
    let again = w.j.apply_form(seq, Event::IdentifyStarted { challenge: "C1".to_owned() }, w.now);
    assert_eq!(again, Err(Refusal::AlreadyDone));
    assert_eq!(w.j.next(), Next::Card { challenge: "C0".to_owned() });
    // Back from the card with the browser's own button, the page still works.
    w.now = w.now.plus(minutes(1));
    w.j = w.j.apply_form(seq, Event::IdentifyStarted { challenge: "C1".to_owned() }, w.now).unwrap();
    assert_eq!(w.j.next(), Next::Card { challenge: "C1".to_owned() });
    // 「次へ」 twice is one attempt.
    w.go(Event::CardVerified {
        challenge: "C1".to_owned(),
        citizen: "P0".to_owned(),
        registered: true,
        linked: vec![],
    });
    w.hand_over("L0").go(Event::HandOver { linkage_id: "L0".to_owned() });
    assert_eq!(w.j.next(), Next::Delivery { linkage_id: "L0".to_owned() });
    assert_eq!(w.j.services()[0].attempt(), 1);
}

#[test]
fn more_time_changes_nothing_but_the_time() {
    let mut w = Walk::one_service();
    w.go(Event::ConsentGiven { text_version: "1".to_owned() });
    let (page, seq) = (w.j.page(), w.j.form_seq());
    for _ in 0..10 {
        w.now = w.now.plus(minutes(29));
        w.go(Event::Extended);
        assert!(w.j.tick(w.now.plus(minutes(29))).is_none());
    }
    assert_eq!((w.j.page(), w.j.form_seq()), (page, seq));
    w.now = w.now.plus(IDLE);
    assert_eq!(w.try_apply(Event::Extended), Err(Refusal::Idle));
}

#[test]
fn an_answer_may_be_repeated_but_never_made_twice() {
    let mut w = Walk::one_service();
    w.card(true, &[]).link("L0").go(Event::Returned);
    assert!(w.j.may_repeat(w.now));
    assert!(!w.j.may_repeat(w.now.plus(journey::REPEAT)));
    let mut w = Walk::one_service();
    w.press(Act::Refuse).go(Event::Returned);
    assert!(w.j.may_repeat(w.now.plus(minutes(60))));
    assert!(!w.j.may_repeat(w.now.plus(RETURN_WINDOW)));
}

#[test]
fn a_newer_node_s_fields_survive_an_older_node() {
    let mut w = Walk::one_service();
    w.card(true, &[]);
    let mut json: serde_json::Value = serde_json::from_str(&w.j.to_json()).unwrap();
    json["a_field_of_tomorrow"] = serde_json::json!({"x": [1, null]});
    let j = Journey::from_json(&json.to_string()).unwrap();
    let j = j.apply(Event::StopAsked, w.now).unwrap();
    let out: serde_json::Value = serde_json::from_str(&j.to_json()).unwrap();
    assert_eq!(out["a_field_of_tomorrow"], json["a_field_of_tomorrow"]);
    json["version"] = 3.into();
    json["phase"] = "a_phase_of_tomorrow".into();
    assert!(matches!(Journey::from_json(&json.to_string()), Err(journey::LoadError::Newer(3))));
    assert!(matches!(Journey::from_json("{}"), Err(journey::LoadError::Json(_))));
}

/// The persisted form of a run under way, as release 0.1 wrote it: a later release has to read it.
#[test]
fn the_stored_form_is_frozen() {
    let mut w = Walk::one_service();
    w.card(true, &[]).hand_over("L0");
    let stored = r#"{"version":1,"seq":5,"form":4,"last":"hand_over","asked":{"linkage":{"services":["S"],"if_linked":"return"},"registration":true,"documents":{"services":[]}},"phase":"at_delivery","consent":{"text_version":"2026-10","at":1780000001000000},"challenge":"C0","card_at":1780000003000000,"citizen":"P0","registered":true,"services":[{"service":"S","attempt":1,"linkage_id":"L0","handed_over":1780000005000000,"proof":{"card":1780000003000000}}],"cursor":0,"started":1780000000000000,"last_activity":1780000005000000}"#;
    assert_eq!(w.j.to_json(), stored);
    assert_eq!(Journey::from_json(stored).unwrap(), w.j);
    // Only what an older node could not carry on rightly gets a newer version.
    let mut w = Walk::new(Asked::new(linkage(&["S", "T"], IfLinked::Return), true, None).unwrap());
    w.card(true, &[]);
    assert!(w.j.to_json().starts_with(r#"{"version":1,"#));
    w.go(Event::ServicesChosen { services: vec!["S".to_owned(), "T".to_owned()] });
    assert!(w.j.to_json().starts_with(r#"{"version":1,"#));
    w.go(Event::ServicesChosen { services: vec!["T".to_owned()] });
    assert!(w.j.to_json().starts_with(r#"{"version":2,"#));
}
