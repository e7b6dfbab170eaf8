//! What a head of desk wants to know: how many cases are where, how old they are, who is waited for, how long steps take.

pub(crate) mod page;

use std::collections::BTreeMap;
use std::time::Duration;

use base::Timestamp;
use procedures::Actor;
use procedures::case::{Case, Outcome};
use serde::Serialize;

/// A case as the figures see it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its state.
    pub case: Case,
    /// The phase of its step, empty when it is over.
    pub phase: String,
    /// The last moment for who has to act.
    pub due_at: Option<Timestamp>,
    /// Whom it waits for; none when it is over.
    pub waiting_on: Option<Actor>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

/// How long something takes: of how many, the one in the middle, and the one that nine of ten stay below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Of how many.
    pub n: usize,
    /// The median, in seconds.
    pub median: u64,
    /// The 90th percentile, in seconds.
    pub ninetieth: u64,
}

impl Spread {
    /// Of these times (nearest-rank percentiles).
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let rank = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).map_or(0, Duration::as_secs)
        };
        Self { n: times.len(), median: rank(50), ninetieth: rank(90) }
    }
}

/// Open cases of a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// Its id; empty: none.
    pub phase: String,
    /// How old its open cases are.
    pub age: Spread,
    /// How many wait for the applicant.
    pub applicant: usize,
    /// How many wait for the desk.
    pub desk: usize,
    /// How many are overdue.
    pub overdue: usize,
}

/// Cases that wait for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// For whom.
    pub actor: Actor,
    /// Since when, in the task that they are at.
    pub since: Spread,
    /// How many are overdue.
    pub overdue: usize,
}

/// How long a step takes, over all cases that have been there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The procedure.
    pub procedure: String,
    /// The step.
    pub step: String,
    /// All of it, of those that are through it.
    pub all: Spread,
    /// What of it was waiting for the applicant.
    pub applicant: Spread,
    /// What of it was waiting for the desk.
    pub desk: Spread,
    /// How many are at it now.
    pub there: usize,
}

/// Cases of a procedure that are over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// The procedure.
    pub procedure: String,
    /// From the beginning to the end of those that were completed.
    pub completed: Spread,
    /// How many were withdrawn.
    pub withdrawn: usize,
    /// How many were refused.
    pub refused: usize,
}

/// All figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// How many cases are open.
    pub open: usize,
    /// How many of them are overdue.
    pub overdue: usize,
    /// By phase, in the order given.
    pub phases: Vec<Phase>,
    /// By whom is waited for.
    pub waiting: Vec<Waiting>,
    /// By step, in the order given.
    pub steps: Vec<Step>,
    /// By procedure, in the order given.
    pub ended: Vec<Ended>,
}

const ACTORS: [Actor; 6] =
    [Actor::Applicant, Actor::Reception, Actor::Reviewer, Actor::Approver, Actor::Operator, Actor::System];

/// Counts. `phases` and `steps` (procedure, step) say what is listed, and in which order.
pub fn count(seen: &[Seen], phases: &[String], steps: &[(String, String)], now: Timestamp) -> Figures {
    let open: Vec<&Seen> = seen.iter().filter(|s| s.closed_at.is_none()).collect();
    let late = |s: &&&Seen| s.due_at.is_some_and(|t| t < now);
    let phase = |phase: &String| {
        let of: Vec<&Seen> = open.iter().copied().filter(|s| s.phase == *phase).collect();
        Phase {
            phase: phase.clone(),
            age: Spread::of(of.iter().map(|s| now.since(s.case.opened)).collect()),
            applicant: of.iter().filter(|s| s.waiting_on == Some(Actor::Applicant)).count(),
            desk: of.iter().filter(|s| s.waiting_on.is_some_and(|a| a != Actor::Applicant)).count(),
            overdue: of.iter().filter(late).count(),
        }
    };
    let waiting = |actor: &Actor| {
        let of: Vec<&Seen> = open.iter().copied().filter(|s| s.waiting_on == Some(*actor)).collect();
        Waiting {
            actor: *actor,
            since: Spread::of(of.iter().map(|s| now.since(s.case.since)).collect()),
            overdue: of.iter().filter(late).count(),
        }
    };
    let mut procedures: Vec<&String> = steps.iter().map(|(p, _)| p).collect();
    procedures.dedup();
    let ended = |procedure: &String| {
        let of = |outcome: Outcome| {
            seen.iter().filter(move |s| s.case.procedure == *procedure && s.case.outcome() == Some(outcome))
        };
        let times = of(Outcome::Completed).filter_map(|s| Some(s.closed_at?.since(s.case.opened)));
        Ended {
            procedure: procedure.clone(),
            completed: Spread::of(times.collect()),
            withdrawn: of(Outcome::Withdrawn).count(),
            refused: of(Outcome::Refused).count(),
        }
    };
    Figures {
        open: open.len(),
        overdue: open.iter().filter(|s| late(s)).count(),
        phases: phases.iter().map(phase).collect(),
        waiting: ACTORS.iter().map(waiting).filter(|w| w.since.n > 0).collect(),
        steps: times(seen, steps),
        ended: procedures.into_iter().map(ended).collect(),
    }
}

/// What one case spent at one step.
#[derive(Clone, Copy, Default)]
struct Spent {
    applicant: Duration,
    desk: Duration,
    there: bool,
}

fn times(seen: &[Seen], steps: &[(String, String)]) -> Vec<Step> {
    let mut spent: BTreeMap<(&str, &str), Vec<Spent>> = BTreeMap::new();
    for s in seen {
        // A step that was returned to counts once, with all the time that it took.
        let mut own: BTreeMap<&str, Spent> = BTreeMap::new();
        for visit in &s.case.visits {
            let entry = own.entry(&visit.step).or_default();
            match visit.ended {
                None if s.closed_at.is_none() => entry.there = true,
                ended => {
                    let time = ended.or(s.closed_at).map_or(Duration::ZERO, |t| t.since(visit.began));
                    let of = if visit.actor == Actor::Applicant { &mut entry.applicant } else { &mut entry.desk };
                    *of += time;
                }
            }
        }
        for (step, time) in own {
            spent.entry((&s.case.procedure, step)).or_default().push(time);
        }
    }
    let step = |(procedure, step): &(String, String)| {
        let of = spent.get(&(procedure.as_str(), step.as_str())).map(Vec::as_slice).unwrap_or_default();
        let through = || of.iter().filter(|s| !s.there);
        let some = |d: Duration| (!d.is_zero()).then_some(d);
        Step {
            procedure: procedure.clone(),
            step: step.clone(),
            all: Spread::of(through().map(|s| s.applicant + s.desk).collect()),
            applicant: Spread::of(through().filter_map(|s| some(s.applicant)).collect()),
            desk: Spread::of(through().filter_map(|s| some(s.desk)).collect()),
            there: of.iter().filter(|s| s.there).count(),
        }
    };
    steps.iter().map(step).filter(|s| s.all.n > 0 || s.there > 0).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spreads_are_nearest_ranks() {
        let of = |list: &[u64]| Spread::of(list.iter().map(|s| Duration::from_secs(*s)).collect());
        assert_eq!(of(&[]), Spread::default());
        assert_eq!(of(&[7]), Spread { n: 1, median: 7, ninetieth: 7 });
        assert_eq!(of(&[5, 1, 3, 2, 4, 6, 8, 7, 10, 9]), Spread { n: 10, median: 5, ninetieth: 9 });
    }

    proptest! {
        #[test]
        fn nine_of_ten_stay_below(list in proptest::collection::vec(0u64..1000, 1..60)) {
            let spread = Spread::of(list.iter().map(|s| Duration::from_secs(*s)).collect());
            let below = |most: u64| list.iter().filter(|s| **s <= most).count();
            prop_assert!(below(spread.ninetieth) * 10 >= list.len() * 9);
            prop_assert!(below(spread.median) * 2 >= list.len());
            prop_assert!(spread.median <= spread.ninetieth && list.contains(&spread.median));
        }
    }
}
