//! What holds for every case, whatever happens to it and whoever does it.

use std::time::Duration;

use procedures::case::Position;
use procedures::{Act, Actor, Api, By, Case, EffectKind, Event, Member, Proposal, ServiceState, Staff, Who};
use proptest::prelude::*;

use crate::life::next_event;
use crate::sample::{self, at, ctx, plain};

/// Everybody who might try: the right ones, the wrong ones, and people with many roles.
fn people() -> Vec<By> {
    vec![
        sample::applicant(),
        By::member("acc_editor", "org_1", Member::Editor),
        By::member("acc_viewer", "org_1", Member::Viewer),
        By::member("acc_stranger", "org_2", Member::Owner),
        sample::reception(),
        sample::reviewer(),
        sample::approver(),
        By::staff("acc_approver_2", &[Staff::Approver]),
        sample::operator(),
        By::staff("acc_all", &[Staff::Reception, Staff::Reviewer, Staff::Approver, Staff::Operator]),
        By::staff("acc_auditor", &[Staff::Auditor, Staff::Approver, Staff::Reviewer]),
        By::staff("acc_nobody", &[]),
        By::System,
    ]
}

/// What they might try, fitting or not.
fn attempt(kind: u8, case: &Case, now: base::Timestamp) -> Event {
    let c = ctx(now);
    let reason = || plain("理由");
    let (apis, delivery_services) = case.asked_for(&c);
    let seen = case.promotion(&c).digest().or_else(|| case.change(&c).digest());
    let key = case.awaits.as_ref().map_or_else(|| "none".to_owned(), |e| e.key.clone());
    let step = ["A-2", "A-8", "A-15", "B-3", "B-7", "Z"][usize::from(kind) % 6].to_owned();
    match kind % 24 {
        0 => Event::Confirm { note: reason() },
        1 => Event::Contact { message: reason() },
        2 => Event::OpenForm { note: reason() },
        3 => Event::Submit { forms: [("form-4".to_owned(), sample::answers("form-4", now))].into() },
        4 | 5 => Event::Review(Proposal {
            apis,
            delivery_services,
            differences_seen: seen,
            short_notice: Some(reason()),
            note: reason(),
            ..Proposal::default()
        }),
        6 => Event::Review(Proposal { refuse: true, note: reason(), ..Proposal::default() }),
        7 => Event::Review(Proposal { apis: Api::ALL.into(), note: reason(), ..Proposal::default() }),
        8 => Event::Return { reason: reason(), to: None },
        9 => Event::Return { reason: reason(), to: Some(step) },
        10 => Event::SendBack { reason: reason() },
        11 | 12 => Event::Approve { note: reason(), apis: None, differences_seen: seen },
        13 => Event::Approve { note: reason(), apis: Some(vec![Api::UserRegistration]), differences_seen: None },
        14 => Event::Accept { note: reason() },
        15 => Event::Applied { key },
        16 => Event::ApplyFailed { key, error: reason() },
        17 => Event::Retry { note: reason() },
        18 => Event::TimeReached,
        19 => Event::Comment { form: "plan".to_owned(), field: Some("purpose".to_owned()), row: None, text: reason() },
        20 => Event::Resolve { comment: 1 },
        21 => Event::Note { text: reason(), shared: false },
        22 => Event::Reopen { step, reason: reason() },
        _ => Event::Withdraw { reason: reason() },
    }
}

const PROCEDURES: [(&str, ServiceState); 6] = [
    ("admission", ServiceState::New),
    ("change", ServiceState::Active),
    ("suspension", ServiceState::Active),
    ("resumption", ServiceState::Suspended),
    ("termination", ServiceState::Active),
    ("emergency", ServiceState::Active),
];

/// Whether somebody who is named by the list of what to do can do something that moves the case.
fn somebody_can_act(case: &Case, now: base::Timestamp) -> bool {
    let c = ctx(now);
    let Ok(list) = case.todo(&c) else { return false };
    list.iter().any(|todo| {
        let later = case.planned.filter(|_| todo.act == Act::Wait).map_or(now, |p| p.at.max(now));
        let mut tries: Vec<(Event, By)> = vec![next_event(case, now)];
        tries.extend(people().into_iter().flat_map(|by| [8, 10, 17].map(|k| (attempt(k, case, now), by.clone()))));
        tries.extend([6, 4].map(|k| (attempt(k, case, now), sample::reviewer())));
        let right = |by: &By| by.acts_as(todo.actor, "org_1");
        tries.into_iter().filter(|(_, by)| right(by)).any(|(e, by)| case.clone().apply(e, &by, &ctx(later)).is_ok())
    })
}

fn is_outsider(by: &By) -> bool {
    ["acc_viewer", "acc_stranger", "acc_auditor", "acc_nobody"]
        .iter()
        .any(|o| matches!(by, By::Member { id, .. } | By::Staff { id, .. } if id == o))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens(
        which in 0usize..PROCEDURES.len(),
        moves in proptest::collection::vec((0u8..3, 0u8..24, 0usize..13, 0u64..96), 1..70),
    ) {
        let (procedure, state) = PROCEDURES[which];
        let mut now = at("2026-06-01T10:00:00+09:00");
        let mut case = sample::open(procedure, state, now);
        for (right, kind, who, hours) in moves {
            now = now.plus(Duration::from_secs(hours * 3600));
            let c = ctx(now);
            let before = case.clone();
            let task = case.at(&c).unwrap().map(|(_, t)| t.clone());
            // Two moves in three are the right ones, so that cases come far.
            let (event, by) = match (&task, right) {
                (Some(_), 0 | 1) => next_event(&case, now),
                _ => (attempt(kind, &case, now), people()[who].clone()),
            };
            let name = event.name();
            match case.apply(event, &by, &c) {
                Err(_) => prop_assert_eq!(&case, &before),
                Ok(effects) => {
                    let task = task.unwrap();
                    prop_assert!(!is_outsider(&by), "{name} by {by:?}");
                    // Nobody acts on the other side's tasks.
                    match &by {
                        By::Member { .. } => prop_assert!(
                            task.actor == Actor::Applicant || ["withdraw", "comment", "resolve"].contains(&name)
                        ),
                        By::Staff { .. } => prop_assert!(
                            ![Actor::Applicant, Actor::System].contains(&task.actor)
                                || ["comment", "resolve", "note", "retry"].contains(&name)
                        ),
                        By::System => prop_assert!(["applied", "apply_failed", "time_reached"].contains(&name)),
                    }
                    // Nothing is lost.
                    prop_assert!(case.submissions.starts_with(&before.submissions));
                    prop_assert!(case.decisions.starts_with(&before.decisions));
                    prop_assert!(case.log.starts_with(&before.log) && case.log.len() == before.log.len() + 1);
                    prop_assert!(case.comments.len() >= before.comments.len());
                    // No effect without two people of the staff who both acted on this case.
                    for e in &effects {
                        let [agreed, approved] = &e.decided_by;
                        prop_assert!(agreed != approved);
                        for (id, event) in [(agreed, "review"), (approved, "approve")] {
                            let did = |l: &procedures::case::Entry| l.by == Who::Staff(id.clone()) && l.event == event;
                            prop_assert!(case.log.iter().any(did), "{id} has no {event}");
                        }
                        let d = case.decisions.last().unwrap();
                        // The decision has seen what was submitted last.
                        prop_assert_eq!(d.submission, case.submissions.last().map_or(0, |s| s.no));
                        if e.kind == EffectKind::ProvisionVerification {
                            prop_assert!(!case.tested.is_empty());
                            prop_assert_eq!(&d.review.proposal.differences_seen, &case.promotion(&c).digest());
                        }
                        if e.kind.is_planned() {
                            let planned = case.planned.unwrap();
                            prop_assert_eq!(e.at, Some(planned.at));
                            let first = planned.notified.plus(Duration::from_secs(13 * 86_400));
                            prop_assert!(planned.at > first || d.review.proposal.short_notice.is_some());
                        }
                    }
                    prop_assert!(effects.is_empty() || by != By::System || name == "applied");
                }
            }
            let text = case.to_json().unwrap();
            prop_assert_eq!(Case::from_json(&text).unwrap(), case.clone());
            // Somebody has to act until it is over, and then nobody.
            let open = matches!(case.position, Position::At { .. });
            prop_assert_eq!(!case.todo(&ctx(now)).unwrap().is_empty(), open);
            if open {
                prop_assert!(somebody_can_act(&case, now), "stuck at {:?}", case.position);
            }
        }
    }
}
