//! What an effect changes at the portals: pure. Every change starts from what is wanted already, so that nothing gets lost
//! and nothing goes to production that was not approved.

use base::Timestamp;
use oauth::registry::{ClientEntry, ClientStatus, Scheduled, TesterEntry};
use procedures::case::{Case, Context, Effect};
use procedures::settings::{ClientParts, SettingsError, client};
use procedures::{EffectKind, Environment};

use crate::config::Place;

/// What is wanted of the portals for one service, before the effect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// Its client at the test portal.
    pub(crate) test: Option<ClientEntry>,
    /// Its client at the production portal.
    pub(crate) live: Option<ClientEntry>,
    /// The client beside it on which a change is checked.
    pub(crate) check: Option<ClientEntry>,
    /// The test client as it was before this case changed it.
    pub(crate) test_before: Option<ClientEntry>,
    /// Whether the service was ever open to every citizen.
    pub(crate) was_live: bool,
}

/// Ids of clients: those that stand, or new ones.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) test: String,
    pub(crate) live: String,
    pub(crate) check: String,
}

/// A client as it is to be at a portal; its revision is the caller's to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) place: Place,
    pub(crate) client: ClientEntry,
}

/// Why an effect can't be carried out as it stands; trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlanError {
    /// The sheets.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no client that could be started, suspended, changed …
    #[error("there is no client of this service at the {} portal", .0.as_str())]
    NoClient(Place),
    /// It has ended for good.
    #[error("the client {0} has ended for good")]
    Ended(String),
    /// It is not an effect on a portal.
    #[error("{0:?} does nothing to a portal")]
    Local(EffectKind),
}

/// What `effect` of `case` changes. `testers` are those of the newest application.
pub(crate) fn plan(
    effect: &Effect,
    case: &Case,
    ids: &Ids,
    standing: Standing,
    testers: Vec<TesterEntry>,
    ctx: &Context<'_>,
) -> Result<Vec<Change>, PlanError> {
    let (now, at) = (ctx.now, effect.at.unwrap_or(ctx.now));
    let fresh = |place: Place, id: &str, status| {
        let parts = ClientParts {
            client_id: id.to_owned(),
            revision: 0,
            status,
            reason: None,
            schedule: Vec::new(),
            testers: Vec::new(),
            logo_uri: None,
        };
        let environment = match place {
            Place::Test => Environment::Test,
            Place::Production => Environment::Production,
        };
        client(case, environment, parts, ctx)
    };
    let standing_live = standing.live.clone();
    let live = || {
        let mut live = standing_live.clone().ok_or(PlanError::NoClient(Place::Production))?;
        settle(&mut live, now);
        if live.status == ClientStatus::Terminated {
            return Err(PlanError::Ended(live.client_id));
        }
        Ok(live)
    };
    let mut out = Vec::new();
    let mut put = |place, client| out.push(Change { place, client });
    match effect.kind {
        EffectKind::ProvisionTest => {
            // An end that is planned stays planned.
            let mut schedule = standing.test.map(|t| t.schedule).unwrap_or_default();
            schedule.retain(|s| s.status == ClientStatus::Terminated && s.at > now);
            let client = fresh(Place::Test, &ids.test, ClientStatus::Active)?;
            put(Place::Test, ClientEntry { schedule, ..client });
        }
        EffectKind::ProvisionVerification => {
            // Beside a client that is live the change is checked on one of its own: what is live stays as it is.
            let id = if standing.was_live { &ids.check } else { &ids.live };
            let client = fresh(Place::Production, id, ClientStatus::ProductionVerification)?;
            put(Place::Production, ClientEntry { testers, ..client });
        }
        EffectKind::StartService => {
            // What was verified goes live, not what the sheets may say by now.
            put(Place::Production, ClientEntry { status: ClientStatus::Active, testers: Vec::new(), ..live()? });
        }
        EffectKind::ApplyChange => {
            let live = live()?;
            let checked = standing.check.filter(|c| c.status != ClientStatus::Terminated);
            let new = match &checked {
                Some(check) => ClientEntry { client_id: live.client_id.clone(), ..check.clone() },
                None => fresh(Place::Production, &live.client_id, live.status)?,
            };
            let (status, schedule) = (live.status, live.schedule);
            put(Place::Production, ClientEntry { status, schedule, testers: Vec::new(), ..new });
            if let Some(check) = checked {
                put(Place::Production, ended(check, now));
            }
        }
        EffectKind::ScheduleSuspension => put(Place::Production, scheduled(live()?, ClientStatus::Suspended, at, now)),
        EffectKind::ScheduleResumption => put(Place::Production, scheduled(live()?, ClientStatus::Active, at, now)),
        EffectKind::ScheduleTermination => {
            let live = live()?;
            if let Some(test) = standing.test.filter(|t| t.status != ClientStatus::Terminated) {
                put(Place::Test, scheduled(test, ClientStatus::Terminated, at, now));
            }
            put(Place::Production, scheduled(live, ClientStatus::Terminated, at, now));
        }
        EffectKind::SuspendNow => {
            let mut live = live()?;
            live.status = ClientStatus::Suspended;
            // A resumption that was planned before the incident must not undo it.
            live.schedule.retain(|s| s.status == ClientStatus::Terminated);
            live.reason = case.log.first().map(|e| e.text.as_str().chars().take(2_000).collect());
            put(Place::Production, live);
        }
        EffectKind::CloseAccess => {
            let both = [(Place::Test, standing.test), (Place::Production, standing.live)];
            for (place, client) in both {
                if let Some(client) = client.filter(|c| c.status != ClientStatus::Terminated) {
                    put(place, ended(client, now));
                }
            }
        }
        EffectKind::DiscardChange => {
            if let Some(before) = standing.test_before {
                put(Place::Test, before);
            }
            if let Some(check) = standing.check.filter(|c| c.status != ClientStatus::Terminated) {
                put(Place::Production, ended(check, now));
            }
        }
        kind @ (EffectKind::DiscloseSpecifications | EffectKind::GrantUse | EffectKind::RecordTested) => {
            return Err(PlanError::Local(kind));
        }
    }
    for change in &mut out {
        change.client.case.clone_from(&case.receipt);
        change.client.decided_by.clone_from(&effect.decided_by);
    }
    Ok(out)
}

/// Changes of status whose time has come become the status.
pub(crate) fn settle(client: &mut ClientEntry, now: Timestamp) {
    let over = client.schedule.iter().take_while(|s| s.at <= now).count();
    for s in client.schedule.drain(..over) {
        if client.status != ClientStatus::Terminated {
            client.status = s.status;
        }
    }
}

/// What a client is at a moment, the end of its period counted in.
pub(crate) fn status_at(client: &ClientEntry, now: Timestamp) -> ClientStatus {
    client.terms().status(client.status, now)
}

fn ended(mut client: ClientEntry, now: Timestamp) -> ClientEntry {
    settle(&mut client, now);
    ClientEntry { status: ClientStatus::Terminated, schedule: Vec::new(), testers: Vec::new(), ..client }
}

/// The client with one more change planned; at once when its time has come. What was planned for later than an end is
/// dropped, and of two changes at one time the newer decision stands.
fn scheduled(mut client: ClientEntry, status: ClientStatus, at: Timestamp, now: Timestamp) -> ClientEntry {
    // Whole seconds travel.
    let at = Timestamp::from_secs(at.secs());
    settle(&mut client, now);
    if at <= now {
        client.status = status;
    } else {
        client.schedule.retain(|s| s.at != at);
        client.schedule.push(Scheduled { at, status });
        client.schedule.sort_by_key(|s| s.at);
    }
    if client.status == ClientStatus::Terminated {
        client.schedule.clear();
    }
    if let Some(end) = client.schedule.iter().position(|s| s.status == ClientStatus::Terminated) {
        client.schedule.truncate(end + 1);
    }
    client
}

#[cfg(test)]
mod tests {
    use oauth::registry::ClientStatus::{Active, ProductionVerification, Suspended, Terminated};
    use proptest::prelude::*;

    use super::*;

    fn t(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn some(status: ClientStatus, schedule: &[(i64, ClientStatus)]) -> ClientEntry {
        ClientEntry {
            client_id: "p_1".to_owned(),
            kind: oauth::client::ClientKind::ApiUser,
            revision: 3,
            metadata: serde_json::Map::new(),
            status,
            reason: None,
            schedule: schedule.iter().map(|(at, status)| Scheduled { at: t(*at), status: *status }).collect(),
            not_after: None,
            apis: vec![procedures::Api::AttributeLinkage],
            delivery_services: vec!["mihon-post".to_owned()],
            testers: Vec::new(),
            case: "D-1".to_owned(),
            decided_by: ["a".to_owned(), "b".to_owned()],
        }
    }

    #[test]
    fn what_is_planned_stands_in_order_and_nothing_follows_an_end() {
        let c = scheduled(some(Active, &[(20, Suspended)]), Terminated, t(30), t(10));
        let c = scheduled(c, Active, t(25), t(10));
        let plan: Vec<_> = c.schedule.iter().map(|s| (s.at.secs(), s.status)).collect();
        assert_eq!((c.status, plan), (Active, vec![(20, Suspended), (25, Active), (30, Terminated)]));
        // Looked at later, what is over has happened.
        let c = scheduled(c, Active, t(40), t(26));
        assert_eq!((c.status, c.schedule.len()), (Active, 1), "after the end there is nothing to resume");
        let c = scheduled(some(Active, &[(20, Suspended)]), Suspended, t(5), t(10));
        assert_eq!((c.status, c.schedule.len()), (Suspended, 1), "a time that is over is now");
        let c = scheduled(some(Active, &[(20, Suspended)]), Terminated, t(5), t(10));
        assert!(c.status == Terminated && c.schedule.is_empty());
        let mut c = some(ProductionVerification, &[(1, Terminated), (2, Active)]);
        settle(&mut c, t(3));
        assert_eq!(c.status, Terminated);
    }

    proptest! {
        /// Whatever is decided in whatever order: times rise strictly, an end is the last, and what holds at any moment
        /// before the new change's time is what held before.
        #[test]
        fn a_new_plan_leaves_the_time_before_it_alone(
            steps in proptest::collection::vec((0..50i64, 0..50i64, 0..3usize), 1..8), probe in 0..60i64,
        ) {
            let kinds = [Active, Suspended, Terminated];
            let (mut c, mut now) = (some(Active, &[]), 0);
            for (later, at, kind) in steps {
                now = (now + later).min(50);
                let before = status_at(&c, t(probe.max(now)));
                let new = scheduled(c.clone(), kinds[kind], t(at), t(now));
                prop_assert!(new.schedule.windows(2).all(|w| w[0].at < w[1].at));
                prop_assert!(new.schedule.iter().rev().skip(1).all(|s| s.status != Terminated));
                if at > now && probe.max(now) < at {
                    prop_assert_eq!(status_at(&new, t(probe.max(now))), before);
                }
                c = new;
            }
        }
    }
}
