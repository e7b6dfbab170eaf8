//! On what terms a client may act, judged at the moment of each request.

use base::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{Api, ClientStatus, Scheduled, opt_time, time};

/// A tester, as far as a request is judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TesterTerms {
    /// The desk's id of this person.
    pub tester_id: String,
    /// Until when they may test.
    #[serde(with = "time")]
    pub not_after: Timestamp,
}

/// What was approved and what is planned. The default is a client without the desk (registered by a
/// developer in the test environment, or on the command line): nothing planned, nothing held back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Changes of status to come, in the order of their times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<Scheduled>,
    /// From then on it is refused like `suspended`.
    #[serde(default, with = "opt_time", skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// `None`: every API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apis: Option<Vec<Api>>,
    /// `None`: every delivery service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_services: Option<Vec<String>>,
    /// Who may try it in `production_verification`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub testers: Vec<TesterTerms>,
}

impl Terms {
    /// The status at `now` of a client whose status was set to `set`. Time alone brings this about: no job,
    /// no desk and no node has to be there.
    pub fn status(&self, set: ClientStatus, now: Timestamp) -> ClientStatus {
        let mut status = set;
        for change in self.schedule.iter().take_while(|c| c.at <= now) {
            if status != ClientStatus::Terminated {
                status = change.status;
            }
        }
        let over = self.not_after.is_some_and(|end| end <= now);
        if over && status != ClientStatus::Terminated { ClientStatus::Suspended } else { status }
    }

    /// The next moment after `now` at which [`Terms::status`] changes, and to what.
    pub fn next(&self, set: ClientStatus, now: Timestamp) -> Option<Scheduled> {
        let today = self.status(set, now);
        let mut moments: Vec<_> = self.schedule.iter().map(|c| c.at).chain(self.not_after).collect();
        moments.sort_unstable();
        let later = moments.into_iter().filter(|at| *at > now);
        later.map(|at| Scheduled { at, status: self.status(set, at) }).find(|c| c.status != today)
    }

    /// Whether an API was approved.
    pub fn approves(&self, api: Api) -> bool {
        self.apis.as_ref().is_none_or(|list| list.contains(&api))
    }

    /// Whether a delivery service was approved.
    pub fn approves_service(&self, id: &str) -> bool {
        self.delivery_services.as_ref().is_none_or(|list| list.iter().any(|d| d == id))
    }

    /// Whether somebody may test at `now`.
    pub fn tests(&self, tester_id: &str, now: Timestamp) -> bool {
        self.testers.iter().any(|t| t.tester_id == tester_id && now < t.not_after)
    }

    /// Whether a person's request is served at `now`: everybody's while active, a named tester's in
    /// production verification, nobody's otherwise.
    pub fn serves(&self, set: ClientStatus, tester: Option<&str>, now: Timestamp) -> bool {
        match self.status(set, now) {
            ClientStatus::Active => true,
            ClientStatus::ProductionVerification => tester.is_some_and(|t| self.tests(t, now)),
            ClientStatus::Suspended | ClientStatus::Terminated => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use ClientStatus::{Active, ProductionVerification, Suspended, Terminated};
    use proptest::prelude::*;

    use super::*;

    fn t(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn the_clock_alone_changes_a_status() {
        let terms = Terms {
            schedule: vec![
                Scheduled { at: t(10), status: Suspended },
                Scheduled { at: t(20), status: Active },
                Scheduled { at: t(40), status: Terminated },
            ],
            not_after: Some(t(30)),
            ..Terms::default()
        };
        for (at, want) in [
            (9, Active),
            (10, Suspended),
            (19, Suspended),
            (20, Active),
            (29, Active),
            (30, Suspended),
            (40, Terminated),
        ] {
            assert_eq!(terms.status(Active, t(at)), want, "{at}");
        }
        assert_eq!(terms.next(Active, t(0)), Some(Scheduled { at: t(10), status: Suspended }));
        assert_eq!(terms.next(Active, t(30)), Some(Scheduled { at: t(40), status: Terminated }));
        assert_eq!(terms.next(Active, t(40)), None);
        assert_eq!(terms.status(Terminated, t(20)), Terminated);
    }

    #[test]
    fn a_client_in_verification_serves_its_testers_only() {
        let terms =
            Terms { testers: vec![TesterTerms { tester_id: "a".into(), not_after: t(10) }], ..Terms::default() };
        let serves = |set, tester, at| terms.serves(set, tester, t(at));
        assert!(serves(Active, None, 0) && serves(ProductionVerification, Some("a"), 9));
        for (set, tester, at) in [
            (ProductionVerification, None, 0),
            (ProductionVerification, Some("b"), 0),
            (ProductionVerification, Some("a"), 10),
            (Suspended, Some("a"), 0),
            (Terminated, Some("a"), 0),
        ] {
            assert!(!serves(set, tester, at), "{set:?} {tester:?} {at}");
        }
        assert!(terms.approves(Api::UserRegistration) && terms.approves_service("x"));
        let none = Terms { apis: Some(Vec::new()), delivery_services: Some(vec!["post".into()]), ..Terms::default() };
        assert!(!none.approves(Api::UserRegistration) && none.approves_service("post") && !none.approves_service("x"));
    }

    proptest! {
        /// Whatever is planned: what has ended stays so, and after the end of the test period nobody is served.
        #[test]
        fn what_is_over_stays_over(
            plan in proptest::collection::btree_map(0..100i64, 0..4usize, 0..6),
            end in proptest::option::of(0..100i64), set in 0..4usize, now in 0..100i64, later in 0..100i64,
        ) {
            let terms = Terms {
                schedule: plan.iter().map(|(at, s)| Scheduled { at: t(*at), status: ClientStatus::ALL[*s] }).collect(),
                not_after: end.map(t),
                ..Terms::default()
            };
            let set = ClientStatus::ALL[set];
            let status = terms.status(set, t(now));
            if status == Terminated {
                prop_assert_eq!(terms.status(set, t(now + later)), Terminated);
            }
            if end.is_some_and(|e| e <= now) {
                prop_assert!(!terms.serves(set, Some("x"), t(now)));
            }
            match terms.next(set, t(now)) {
                Some(next) => {
                    prop_assert!(next.at > t(now) && next.status != status);
                    prop_assert_eq!(terms.status(set, next.at.minus(std::time::Duration::from_secs(1))), status);
                }
                None => prop_assert_eq!(terms.status(set, t(1_000)), status),
            }
            let text = serde_json::to_string(&terms).unwrap();
            prop_assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms);
        }
    }
}
