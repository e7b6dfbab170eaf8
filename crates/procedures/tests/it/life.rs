//! Cases from their first step to their end.

use base::Timestamp;
use procedures::{Act, Case, Effect, EffectKind, Event, Outcome, Proposal, ServiceState};

use crate::sample::{self, at, ctx, plain};

/// What the one whose turn it is does when all is well.
pub fn next_event(case: &Case, now: Timestamp) -> (Event, procedures::By) {
    let c = ctx(now);
    let (step, task) = case.at(&c).unwrap().unwrap();
    let note = || plain("問題ありません");
    let seen = || {
        case.promotion(&c)
            .digest()
            .filter(|_| step.tasks.iter().any(|t| t.promotion))
            .or_else(|| case.change(&c).digest())
    };
    let event = match task.act {
        Act::Confirm => Event::Confirm { note: note() },
        Act::Contact => Event::Contact { message: plain("停止を予定しています") },
        Act::OpenForm => Event::OpenForm { note: note() },
        Act::Submit => Event::Submit { forms: sample::forms(&task.forms, now) },
        Act::Review => {
            let (apis, delivery_services) = case.asked_for(&c);
            Event::Review(Proposal {
                apis,
                delivery_services,
                differences_seen: seen(),
                note: note(),
                ..Proposal::default()
            })
        }
        Act::Approve => Event::Approve { note: note(), apis: None, differences_seen: seen() },
        Act::Accept => Event::Accept { note: note() },
        Act::Apply => Event::Applied { key: case.awaits.clone().unwrap().key },
        Act::Wait => Event::TimeReached,
    };
    let by = match task.actor {
        procedures::Actor::Applicant => sample::applicant(),
        procedures::Actor::Reception => sample::reception(),
        procedures::Actor::Reviewer => sample::reviewer(),
        procedures::Actor::Approver => sample::approver(),
        procedures::Actor::Operator => sample::operator(),
        procedures::Actor::System => procedures::By::System,
    };
    (event, by)
}

/// Plays the case to its end or to the step named, and collects the effects.
pub fn play(case: &mut Case, until: Option<&str>, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    for _ in 0..100 {
        let c = ctx(now);
        let Some((step, task)) = case.at(&c).unwrap() else { return effects };
        if until.is_some_and(|u| u == step.id || u == format!("{}/{}", step.id, task.id)) {
            return effects;
        }
        let (event, by) = next_event(case, now);
        let more = case.apply(event, &by, &c).unwrap_or_else(|e| panic!("{}/{}: {e:?}", step.id, task.id));
        effects.extend(more);
    }
    panic!("the case does not end: {:?}", case.position);
}

#[test]
fn from_the_first_inquiry_to_the_start_of_the_service() {
    let now = at("2026-06-01T10:00:00+09:00");
    let mut case = sample::open("admission", ServiceState::New, now);
    let effects = play(&mut case, None, now);
    let kinds: Vec<EffectKind> = effects.iter().map(|e| e.kind).collect();
    use EffectKind::*;
    assert_eq!(
        kinds,
        [DiscloseSpecifications, GrantUse, ProvisionTest, RecordTested, ProvisionVerification, StartService]
    );
    assert_eq!(case.outcome(), Some(Outcome::Completed));
    assert!(effects.iter().all(|e| e.decided_by == ["acc_reviewer", "acc_approver"]));
    assert!(case.todo(&ctx(now)).unwrap().is_empty());
    assert_eq!(Case::from_json(&case.to_json().unwrap()).unwrap(), case);
}
