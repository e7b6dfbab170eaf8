//! Arbitrary sequences: in order and out of order, doubled, from a stale page, after waiting, with the
//! clock jumping, and on another node between any two.

use std::time::Duration;

use base::Timestamp;
use journey::{Act, Event, Journey, Next, Page};
use proptest::prelude::*;

use crate::world::{Observer, T0, card_failures, check_state, failures, kinds, minutes};

#[derive(Clone, Debug)]
enum Move {
    /// Presses one of the page's buttons.
    Press(usize),
    /// What comes back from the card or the delivery service for the attempt under way.
    ComeBack(usize),
    /// Any event at any time.
    Any(Event),
    /// The last event again.
    Again,
    /// The last event again from the page it was pressed on.
    DoubleSubmit,
    /// Ticks some of the services at ④ and presses the button: which, by the bits.
    Choose(usize),
    /// A button of a page shown some steps ago.
    StalePress(usize, usize),
    /// Nothing happens for a while (seconds).
    Wait(u64),
    /// The clock of the next node is behind (seconds).
    ClockBack(u64),
    /// The portal looks whether the run has gone idle.
    Tick,
    /// Another node takes over.
    NodeChange,
}

fn id(prefix: &'static str, n: usize) -> impl Strategy<Value = String> {
    (0..n).prop_map(move |i| format!("{prefix}{i}"))
}

fn any_event() -> impl Strategy<Value = Event> {
    let l = || id("L", 4);
    let failure = || prop::sample::select(failures().to_vec());
    prop_oneof![
        Just(Event::ConsentGiven { text_version: "1".to_owned() }),
        Just(Event::ConsentRefused),
        id("C", 3).prop_map(|challenge| Event::IdentifyStarted { challenge }),
        (id("C", 3), id("P", 2), any::<bool>(), prop::sample::subsequence(vec!["S", "T"], 0..=2)).prop_map(
            |(challenge, citizen, registered, linked)| Event::CardVerified {
                challenge,
                citizen,
                registered,
                linked: linked.into_iter().map(str::to_owned).collect(),
            }
        ),
        (id("C", 3), prop::sample::select(card_failures().to_vec()))
            .prop_map(|(challenge, why)| Event::CardFailed { challenge, why }),
        (id("P", 2), any::<bool>()).prop_map(|(citizen, new)| Event::Registered { citizen, new }),
        l().prop_map(|linkage_id| Event::LinkChosen { linkage_id }),
        prop::sample::subsequence(vec!["S", "T", "U"], 0..=3)
            .prop_map(|s| Event::ServicesChosen { services: s.into_iter().map(str::to_owned).collect() }),
        l().prop_map(|linkage_id| Event::RetryChosen { linkage_id }),
        l().prop_map(|linkage_id| Event::HandOver { linkage_id }),
        Just(Event::BackFromHandOver),
        l().prop_map(|linkage_id| Event::DeliveryDeclined { linkage_id }),
        (l(), failure()).prop_map(|(linkage_id, error)| Event::DeliveryError { linkage_id, error }),
        (l(), -4000i64..4000).prop_map(|(linkage_id, at)| Event::SignInVerified {
            linkage_id,
            auth_time: Timestamp::from_secs(T0.secs() + at)
        }),
        l().prop_map(|linkage_id| Event::LinkStarted { linkage_id }),
        l().prop_map(|linkage_id| Event::LinkConfirmed { linkage_id }),
        l().prop_map(|linkage_id| Event::LinkConflict { linkage_id }),
        (l(), failure()).prop_map(|(linkage_id, error)| Event::LinkFailed { linkage_id, error }),
        prop::sample::select(vec!["S", "T", "U"]).prop_map(|s| Event::FoundLinked { service: s.to_owned() }),
        prop::sample::select(vec!["S", "T", "U"]).prop_map(|s| Event::ServiceMaintenance { service: s.to_owned() }),
        prop::sample::select(vec![
            Event::GiveUp,
            Event::StopAsked,
            Event::Continue,
            Event::Extended,
            Event::StopConfirmed,
            Event::Expired,
            Event::ClientSuspended,
            Event::Fault,
            Event::Returned,
        ]),
    ]
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        // Mostly onward, so that sequences get far.
        12 => prop_oneof![4 => Just(0usize), 1 => 1usize..3].prop_map(Move::Press),
        10 => prop_oneof![5 => Just(0usize), 2 => 1usize..16].prop_map(Move::ComeBack),
        4 => any_event().prop_map(Move::Any),
        2 => (1usize..8).prop_map(Move::Choose),
        1 => Just(Move::Again),
        1 => Just(Move::DoubleSubmit),
        1 => (0usize..6, 0usize..3).prop_map(|(back, act)| Move::StalePress(back, act)),
        2 => prop_oneof![0u64..15, 0u64..1_200, 1_000u64..4_000, 80_000u64..90_000].prop_map(Move::Wait),
        1 => (0u64..120).prop_map(Move::ClockBack),
        1 => Just(Move::Tick),
        2 => Just(Move::NodeChange),
    ]
}

/// A run under way, with what the browser and the test need to remember.
struct Run {
    j: Journey,
    now: Timestamp,
    observer: Observer,
    fresh: usize,
    last: Option<(u64, Event)>,
    pages: Vec<(u64, Page)>,
}

impl Run {
    fn new(j: Journey) -> Self {
        Self { j, now: T0, observer: Observer::default(), fresh: 10, last: None, pages: Vec::new() }
    }

    fn apply(&mut self, event: Event, form: Option<u64>) {
        let seq = form.unwrap_or_else(|| self.j.form_seq());
        let result = match form {
            Some(seq) => self.j.apply_form(seq, event.clone(), self.now),
            None => self.j.apply(event.clone(), self.now),
        };
        self.observer.look(&self.j, &event, self.now, &result);
        if let Ok(next) = result {
            self.pages.push((self.j.form_seq(), self.j.page()));
            self.j = next;
            self.last = Some((seq, event));
        }
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.fresh += 1;
        format!("{prefix}{}", self.fresh)
    }

    /// The event of a button, with the data the portal would add.
    fn press(&mut self, page: Page, act: Act) -> Option<Event> {
        let current = || self.j.current().and_then(|l| l.linkage_id()).unwrap_or("L9").to_owned();
        Some(match act {
            Act::Agree => Event::ConsentGiven { text_version: "1".to_owned() },
            Act::Identify => Event::IdentifyStarted { challenge: self.fresh("C") },
            Act::Retry if page.id() == "card-error" => Event::IdentifyStarted { challenge: self.fresh("C") },
            Act::Retry => Event::RetryChosen { linkage_id: self.fresh("L") },
            Act::Register => Event::Registered {
                citizen: self.j.citizen().unwrap_or("P0").to_owned(),
                new: !self.fresh.is_multiple_of(3),
            },
            // Odd runs go on with the attempt they went back from.
            Act::Link if self.fresh.is_multiple_of(2) => Event::LinkChosen { linkage_id: self.fresh("L") },
            Act::Link => Event::LinkChosen { linkage_id: current() },
            Act::Next => Event::HandOver { linkage_id: current() },
            act => page.event(act)?,
        })
    }

    /// The n-th thing that could come back from outside; 0 is the good one.
    fn come_back(&mut self, n: usize) -> Option<Event> {
        let linkage_id = self.j.current().and_then(|l| l.linkage_id()).unwrap_or("L9").to_owned();
        let challenge = self.j.challenge().unwrap_or("C9").to_owned();
        Some(match self.j.phase() {
            journey::Phase::Identifying if n == 0 => Event::CardVerified {
                challenge,
                citizen: "P0".to_owned(),
                registered: self.fresh.is_multiple_of(2),
                linked: if self.fresh.is_multiple_of(5) { vec!["S".to_owned()] } else { Vec::new() },
            },
            journey::Phase::Identifying => Event::CardFailed { challenge, why: card_failures()[n % 10] },
            journey::Phase::AtDelivery => {
                let signed_in = self.j.current().is_some_and(|l| l.proof().sign_in.is_some());
                match n {
                    0 if signed_in => Event::LinkStarted { linkage_id },
                    0 => Event::SignInVerified { linkage_id, auth_time: Timestamp::from_secs(self.now.secs()) },
                    1 => Event::DeliveryDeclined { linkage_id },
                    2 => Event::SignInVerified { linkage_id, auth_time: self.now.minus(minutes(45)) },
                    n => Event::DeliveryError { linkage_id, error: failures()[n % 4] },
                }
            }
            journey::Phase::Linking => match n {
                0 => Event::LinkConfirmed { linkage_id },
                1 => Event::LinkConflict { linkage_id },
                n => Event::LinkFailed { linkage_id, error: failures()[n % 4] },
            },
            journey::Phase::Ended | journey::Phase::Ready => Event::Returned,
            _ => return None,
        })
    }

    fn make(&mut self, m: Move) {
        match m {
            Move::Press(n) => {
                let (page, seq) = (self.j.page(), self.j.form_seq());
                let acts = page.acts();
                if let Some(event) = self.press(page, acts[n % acts.len()]) {
                    self.apply(event, Some(seq));
                }
            }
            Move::ComeBack(n) => {
                if let Some(event) = self.come_back(n) {
                    self.apply(event, None);
                }
            }
            Move::Choose(bits) => {
                let open = self.j.services().iter().filter(|l| l.result().is_none()).map(|l| l.service().to_owned());
                let services: Vec<_> = open.enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, s)| s).collect();
                let (page, seq) = (self.j.page(), self.j.form_seq());
                self.apply(Event::ServicesChosen { services }, None);
                // The form is still the one of the page.
                if page.acts().contains(&Act::Link) {
                    assert_eq!(self.j.form_seq(), seq);
                    let event = self.press(page, Act::Link).unwrap();
                    self.apply(event, Some(seq));
                }
            }
            Move::Any(event) => self.apply(event, None),
            Move::Again => {
                if let Some((_, event)) = self.last.clone() {
                    self.apply(event, None);
                }
            }
            Move::DoubleSubmit => {
                if let Some((seq, event)) = self.last.clone() {
                    let before = self.j.clone();
                    self.apply(event, Some(seq));
                    if before.form_seq() != seq {
                        assert_eq!(self.j, before, "a double submit changed the run");
                    }
                }
            }
            Move::StalePress(back, n) => {
                if let Some((seq, page)) = self.pages.iter().rev().nth(back).copied() {
                    let before = self.j.clone();
                    let acts = page.acts();
                    if let Some(event) = self.press(page, acts[n % acts.len()]) {
                        self.apply(event, Some(seq));
                    }
                    if before.form_seq() != seq {
                        assert_eq!(self.j, before, "a page left behind changed the run");
                    }
                }
            }
            Move::Wait(secs) => self.now = self.now.plus(Duration::from_secs(secs)),
            Move::ClockBack(secs) => self.now = self.now.minus(Duration::from_secs(secs)),
            Move::Tick => {
                if let Some(next) = self.j.tick(self.now) {
                    self.observer.look(&self.j, &Event::Expired, self.now, &Ok(next.clone()));
                    self.j = next;
                }
            }
            Move::NodeChange => self.j = Journey::from_json(&self.j.to_json()).unwrap(),
        }
    }
}

fn cases() -> u32 {
    // More with PROPTEST_CASES, as proptest has it.
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// All invariants, at every step of every sequence.
    #[test]
    fn invariants_hold(kind in 0..8usize, seed in 0usize..30, moves in prop::collection::vec(any_move(), 1..60)) {
        let mut run = Run::new(Journey::new(kinds()[kind].clone(), T0));
        run.fresh += seed;
        for m in moves {
            run.make(m);
            check_state(&run.j, run.now.max(run.j.last_activity()));
        }
        // Where a press leads is always somewhere.
        match run.j.next() {
            Next::Card { challenge } => prop_assert!(!challenge.is_empty()),
            Next::Delivery { linkage_id } | Next::Resolve { linkage_id } => prop_assert!(!linkage_id.is_empty()),
            Next::Return(_) | Next::Page(_) => {}
        }
    }

    /// Nothing that is stored can make a node panic.
    #[test]
    fn stored_text_is_read_or_refused(text in ".{0,200}") {
        let _ = Journey::from_json(&text);
    }
}
