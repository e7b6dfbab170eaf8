//! Every reachable state of a run with up to two services, breadth first. States are told apart up to
//! renaming of ids and up to the ages that matter (idle, card fresh).

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use base::Timestamp;
use journey::{Asked, CARD_FRESH, Event, IDLE, Journey, Outcome, Phase, ServiceResult};
use serde_json::Value;

use crate::world::{T0, card_failures, check_local, check_state, failures, kinds, minutes};

/// Rewrites a state so that equal situations are equal: the present becomes `T0`, ages are cut where
/// nothing changes any more, ids are renamed in order, and what no transition asks for again
/// is left out.
fn canonical(j: &Journey, now: Timestamp) -> Journey {
    let mut v: Value = serde_json::from_str(&j.to_json()).unwrap();
    let aged = |t: &Value| T0.minus(now.since(Timestamp(t.as_i64().unwrap())).min(IDLE.max(CARD_FRESH))).0;
    let card = v.get("card_at").map(aged);
    let read = v.get("card_at").cloned();
    v["last_activity"] = aged(&v["last_activity"]).into();
    v["started"] = T0.0.into();
    v["seq"] = 0.into();
    v["form"] = 0.into();
    if !matches!(v["last"].as_str(), Some("identify_started" | "hand_over")) {
        v["last"] = "".into();
    }
    for key in ["consent", "end"] {
        if let Some(o) = v.get_mut(key) {
            o["at"] = T0.0.into();
        }
    }
    if let Some(t) = v.get_mut("returned") {
        *t = T0.0.into();
    }
    if let Some(card) = card {
        v["card_at"] = card.into();
    }
    let phase = j.phase();
    let top = v.as_object_mut().unwrap();
    if j.has_ended() {
        for key in ["card_at", "consent", "citizen", "registered", "card_trouble", "linked_before", "last"] {
            top.remove(key);
        }
    }
    if !matches!(phase, Phase::Consented | Phase::Identifying) {
        top.remove("challenge");
    }
    top.remove("linked_before");
    // Only told, never asked for: `check_local` watches each step that sets it.
    top.remove("registered_now");
    for (i, leg) in v["services"].as_array_mut().unwrap().iter_mut().enumerate() {
        leg["attempt"] = leg["attempt"].as_u64().unwrap().min(1).into();
        let settled = leg.get("result").is_some();
        let leg = leg.as_object_mut().unwrap();
        if let Some(id) = leg.get_mut("linkage_id") {
            *id = format!("L{i}").into();
        }
        if settled {
            leg.remove("handed_over");
            leg.remove("proof");
        }
        if let Some(t) = leg.get_mut("handed_over") {
            *t = T0.minus(minutes(20)).0.into();
        }
        for (key, value) in leg.get_mut("proof").and_then(Value::as_object_mut).into_iter().flatten() {
            // Of the card only whether it is still the one read last.
            let same = key == "card" && Some(&*value) == read.as_ref();
            *value = if same { card.unwrap() } else { T0.minus(minutes(39)).0 }.into();
        }
    }
    Journey::from_json(&v.to_string()).unwrap()
}

/// What can happen in a state: every kind of event, with the ids of the run, a new one and a foreign one.
/// With two services some of the many ways to fail stand for all, since the services share nothing but
/// the order.
fn events(j: &Journey, now: Timestamp) -> Vec<Event> {
    use journey::{CardFailure as F, DeliveryFailure as D};
    let used: BTreeSet<&str> = j.services().iter().filter_map(|l| l.linkage_id()).collect();
    let fresh = ["L0", "L1", "L2"].into_iter().find(|l| !used.contains(l)).unwrap();
    let ids: Vec<String> = used.iter().copied().chain([fresh]).map(str::to_owned).collect();
    let challenge = if j.challenge() == Some("C0") { "C1" } else { "C0" };
    let mut all = vec![
        Event::ConsentGiven { text_version: "1".to_owned() },
        Event::ConsentRefused,
        Event::IdentifyStarted { challenge: challenge.to_owned() },
        Event::BackFromHandOver,
        Event::GiveUp,
        Event::StopAsked,
        Event::Continue,
        Event::Extended,
        Event::StopConfirmed,
        Event::Expired,
        Event::ClientSuspended,
        Event::Fault,
        Event::Returned,
    ];
    let narrow = j.services().len() > 1;
    let card_failures = card_failures().into_iter().filter(|f| !narrow || [F::NotRead, F::PinLocked].contains(f));
    let failures: Vec<_> =
        failures().into_iter().filter(|f| !narrow || [D::Maintenance, D::Failed].contains(f)).collect();
    for c in [j.challenge().unwrap_or("C9"), "C9"] {
        for why in card_failures.clone() {
            all.push(Event::CardFailed { challenge: c.to_owned(), why });
        }
        for (citizen, registered, linked) in [
            ("P0", false, &[][..]),
            ("P0", true, &[]),
            ("P0", true, &["S"]),
            ("P0", true, &["T", "S"]),
            ("P1", true, &[]),
        ] {
            all.push(Event::CardVerified {
                challenge: c.to_owned(),
                citizen: citizen.to_owned(),
                registered,
                linked: linked.iter().map(|&s| s.to_owned()).collect(),
            });
        }
    }
    for new in [true, false] {
        all.push(Event::Registered { citizen: "P0".to_owned(), new });
    }
    for s in ["S", "T"] {
        all.push(Event::FoundLinked { service: s.to_owned() });
        all.push(Event::ServiceMaintenance { service: s.to_owned() });
        all.push(Event::ServicesChosen { services: vec![s.to_owned()] });
    }
    all.push(Event::ServicesChosen { services: vec!["S".to_owned(), "T".to_owned()] });
    for linkage_id in ids {
        let l = || linkage_id.clone();
        all.push(Event::LinkChosen { linkage_id: l() });
        all.push(Event::RetryChosen { linkage_id: l() });
        all.push(Event::HandOver { linkage_id: l() });
        all.push(Event::DeliveryDeclined { linkage_id: l() });
        all.push(Event::SignInVerified { linkage_id: l(), auth_time: now });
        all.push(Event::SignInVerified { linkage_id: l(), auth_time: now.minus(minutes(60)) });
        all.push(Event::LinkStarted { linkage_id: l() });
        all.push(Event::LinkConfirmed { linkage_id: l() });
        all.push(Event::LinkConflict { linkage_id: l() });
        for &error in &failures {
            all.push(Event::DeliveryError { linkage_id: l(), error });
            all.push(Event::LinkFailed { linkage_id: l(), error });
        }
    }
    all
}

/// What the reachable states of one kind of run show.
struct Explored {
    states: usize,
    outcomes: BTreeSet<Outcome>,
    results: BTreeSet<ServiceResult>,
    phases: BTreeSet<String>,
    pages: BTreeSet<(&'static str, Option<&'static str>)>,
}

fn explore(asked: &Asked) -> Explored {
    let start = canonical(&Journey::new(asked.clone(), T0), T0);
    let mut number = BTreeMap::from([(start.to_json(), 0usize)]);
    let mut known = HashMap::new();
    let mut back: Vec<Vec<usize>> = vec![Vec::new()];
    let mut good: Vec<bool> = vec![false];
    let mut queue = VecDeque::from([start]);
    let mut seen = Explored {
        states: 0,
        outcomes: BTreeSet::new(),
        results: BTreeSet::new(),
        phases: BTreeSet::new(),
        pages: BTreeSet::new(),
    };
    let mut at = 0;
    while let Some(j) = queue.pop_front() {
        check_state(&j, T0);
        seen.outcomes.extend(j.outcome());
        seen.results.extend(j.services().iter().filter_map(|l| l.result()));
        seen.phases.insert(format!("{:?}", j.phase()));
        seen.pages.insert((j.page().id(), j.page().error()));
        good[at] = j.phase() == Phase::Returned;
        let waits: &[_] = if j.services().len() > 1 { &[minutes(0), IDLE] } else { &[minutes(0), minutes(20), IDLE] };
        for &wait in waits {
            let now = T0.plus(wait);
            for event in events(&j, now) {
                let Ok(next) = j.apply(event.clone(), now) else { continue };
                check_local(&j, &event, &next);
                if j.has_ended() {
                    assert_eq!(j.outcome(), next.outcome());
                }
                assert!(!(j.phase() == Phase::Returned), "something follows the return");
                let to = *known.entry((next.to_json(), wait)).or_insert_with(|| {
                    let next = canonical(&next, now);
                    let n = number.len();
                    let to = *number.entry(next.to_json()).or_insert(n);
                    if to == n {
                        back.push(Vec::new());
                        good.push(false);
                        queue.push_back(next);
                    }
                    to
                });
                // Only the citizen's own way counts as an exit: no clock, no fault, no other's help.
                if event.name() != "expired"
                    && event.name() != "fault"
                    && event.name() != "client_suspended"
                    && wait.is_zero()
                {
                    back[to].push(at);
                }
            }
        }
        at += 1;
    }
    seen.states = number.len();
    // 1. Always return: every state reaches `Returned`.
    let mut todo: Vec<usize> = (0..good.len()).filter(|&i| good[i]).collect();
    while let Some(i) = todo.pop() {
        for &from in &back[i] {
            if !good[from] {
                good[from] = true;
                todo.push(from);
            }
        }
    }
    // A run past its idle time leaves by `Expired`, which `tick` applies on the next load.
    for (json, &i) in &number {
        let j = Journey::from_json(json).unwrap();
        assert!(good[i] || j.is_idle(T0), "no way back from {json}");
    }
    seen
}

#[test]
fn every_reachable_state_keeps_the_invariants() {
    let mut outcomes = BTreeSet::new();
    let mut results = BTreeSet::new();
    let mut pages = BTreeSet::new();
    // Three services at once share nothing that two do not; the property tests have them.
    let kinds: Vec<_> = kinds().into_iter().filter(|k| k.linkage().is_none_or(|l| l.services.len() < 3)).collect();
    let explored: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = kinds.iter().map(|asked| scope.spawn(|| explore(asked))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    for (asked, seen) in kinds.iter().zip(explored) {
        println!("{} states, {} outcomes: {asked:?}", seen.states, seen.outcomes.len());
        assert!(seen.states > 20);
        outcomes.extend(seen.outcomes);
        results.extend(seen.results);
        pages.extend(seen.pages);
        if asked.documents_only() {
            assert!(!seen.phases.contains("Confirm"));
        }
    }
    // The vocabulary has no word that no run can reach.
    assert_eq!(outcomes, Outcome::ALL.into_iter().collect());
    assert_eq!(results, ServiceResult::ALL.into_iter().collect());
    let errors: BTreeSet<_> = pages.iter().filter_map(|(_, e)| *e).collect();
    // E2 is the card's own page, E10 has none, E12 is no run, E14 answers a refusal.
    let all = ["E1", "E11", "E13", "E1b", "E3", "E4", "E5", "E5b", "E6", "E7", "E7b", "E8", "E9", "E9b"];
    assert_eq!(errors, all.into_iter().collect());
}
