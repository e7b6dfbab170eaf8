//! Cases from their first step to their end.

use base::Timestamp;
use procedures::case::Position;
use procedures::{
    Act, Actor, Api, By, Case, Effect, EffectKind, Event, Member, Opening, Outcome, Proposal, Refusal, ServiceState,
    Staff,
};

use crate::sample::{self, at, ctx, plain};

/// What the one whose turn it is does when all is well.
pub fn next_event(case: &Case, now: Timestamp) -> (Event, By) {
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
        Actor::Applicant => sample::applicant(),
        Actor::Reception => sample::reception(),
        Actor::Reviewer => sample::reviewer(),
        Actor::Approver => sample::approver(),
        Actor::Operator => sample::operator(),
        Actor::System => By::System,
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

fn now() -> Timestamp {
    at("2026-06-01T10:00:00+09:00")
}

fn later(days: i64) -> Timestamp {
    now().plus(std::time::Duration::from_secs(u64::try_from(days).unwrap() * 86_400))
}

fn proposal(case: &Case) -> Proposal {
    let (apis, delivery_services) = case.asked_for(&ctx(now()));
    Proposal { apis, delivery_services, note: plain("適切"), ..Proposal::default() }
}

fn position(case: &Case) -> String {
    match &case.position {
        Position::At { step, task } => format!("{step}/{task}"),
        Position::Closed { outcome } => format!("{outcome:?}"),
    }
}

#[test]
fn four_eyes_and_each_api_on_its_own() {
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-4"), now());
    let c = ctx(now());
    // Nobody approves what nobody reviewed.
    let approve = |apis| Event::Approve { note: plain("よい"), apis, differences_seen: None };
    let both = By::staff("acc_both", &[Staff::Reviewer, Staff::Approver]);
    assert_eq!(case.apply(approve(None), &both, &c), Err(Refusal::NotNow));
    // What was not asked for can't be proposed; nothing at all neither.
    for apis in [vec![Api::UserRegistration], Vec::new()] {
        let p = Proposal { apis, ..proposal(&case) };
        assert_eq!(case.apply(Event::Review(p), &both, &c), Err(Refusal::Apis));
    }
    let p = proposal(&case);
    case.apply(Event::Review(p.clone()), &both, &c).unwrap();
    assert_eq!(case.apply(approve(None), &both, &c), Err(Refusal::FourEyes));
    // Another reviewer betters the proposal; the first one stays an author.
    case.apply(Event::Review(p.clone()), &sample::reviewer(), &c).unwrap();
    assert_eq!(case.apply(approve(None), &both, &c), Err(Refusal::FourEyes));
    // The approver sends it back; who reviewed before still can't approve.
    let back = Event::SendBack { reason: plain("証跡を確かめてください") };
    case.apply(back, &sample::approver(), &c).unwrap();
    assert_eq!(position(&case), "A-4/review");
    case.apply(Event::Review(p), &sample::reviewer(), &c).unwrap();
    assert_eq!(case.apply(approve(None), &both, &c), Err(Refusal::FourEyes));
    assert_eq!(case.apply(approve(Some(vec![Api::UserRegistration])), &sample::approver(), &c), Err(Refusal::Apis));
    assert_eq!(case.apply(approve(Some(Vec::new())), &sample::approver(), &c), Err(Refusal::Apis));
    let effects = case.apply(approve(Some(vec![Api::AttributeLinkage])), &sample::approver(), &c).unwrap();
    assert_eq!((effects[0].kind, &effects[0].decided_by[0]), (EffectKind::GrantUse, &"acc_reviewer".to_owned()));
    assert_eq!(case.apis, [Api::AttributeLinkage]);
    // A sheet that asks for the other one is not accepted.
    play(&mut case, Some("A-8"), now());
    let task = case.at(&c).unwrap().unwrap().1;
    let forms = sample::forms(&task.forms, now());
    let Err(Refusal::Findings(found)) = case.apply(Event::Submit { forms }, &sample::applicant(), &c) else { panic!() };
    let codes: Vec<_> = found.iter().filter(|f| f.severity == procedures::Severity::Error).map(|f| f.code).collect();
    assert_eq!(codes, [procedures::Code::NotApproved]);
}

#[test]
fn returned_mended_and_reviewed_again() {
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-4"), now());
    let c = ctx(now());
    let comment = |field: &str, row| Event::Comment {
        form: "plan".to_owned(),
        field: Some(field.to_owned()),
        row,
        text: plain("具体的に書いてください"),
    };
    let r = sample::reviewer();
    assert_eq!(case.apply(comment("no_field", None), &r, &c), Err(Refusal::NoSuch("no_field".to_owned())));
    assert!(matches!(case.apply(comment("apis", Some(7)), &r, &c), Err(Refusal::NoSuch(_))));
    case.apply(comment("purpose", None), &r, &c).unwrap();
    case.apply(comment("apis", Some(1)), &r, &c).unwrap();
    let empty = Event::Return { reason: plain(" "), to: None };
    assert_eq!(case.apply(empty, &r, &c), Err(Refusal::ReasonMissing));
    case.apply(Event::Return { reason: plain("利用目的が分かりません"), to: None }, &r, &c).unwrap();
    assert_eq!(position(&case), "A-2/submit");
    assert_eq!(case.todo(&c).unwrap()[0].actor, Actor::Applicant);
    // Whoever has to mend does not decide that it is mended, but can answer.
    let settle = Event::Resolve { comment: 1 };
    assert_eq!(case.apply(settle.clone(), &sample::applicant(), &c), Err(Refusal::NotYours(Actor::Reviewer)));
    case.apply(comment("purpose", None), &sample::applicant(), &c).unwrap();
    // The draft is what was submitted; the mended one goes past reception to the review that returned it.
    let mut forms = sample::forms(&["plan", "check-eligibility", "check-security"].map(str::to_owned), now());
    assert_eq!(case.draft("plan", &c), forms["plan"]);
    forms.get_mut("plan").unwrap().set("purpose", procedures::Answer::Text(plain("転記のため")));
    case.apply(Event::Submit { forms }, &sample::applicant(), &c).unwrap();
    assert_eq!(position(&case), "A-4/review");
    let d = case.since_last("plan", &c);
    assert_eq!(d.0.iter().map(|d| d.field.as_str()).collect::<Vec<_>>(), ["purpose"]);
    case.apply(settle, &r, &c).unwrap();
    assert_eq!(case.open_comments().count(), 2);
    assert_eq!(case.versions("plan").count(), 2);
    // Reception may return what is not complete.
    let mut other = sample::open("admission", ServiceState::New, now());
    play(&mut other, Some("A-3"), now());
    other.apply(Event::Return { reason: plain("証跡がありません"), to: None }, &sample::reception(), &c).unwrap();
    assert_eq!(position(&other), "A-2/submit");
}

#[test]
fn forms_with_mistakes_or_missing_are_not_submitted() {
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-2"), now());
    let c = ctx(now());
    let mut forms = sample::forms(&["plan", "check-eligibility"].map(str::to_owned), now());
    let missing = case.missing(&forms, &c).unwrap();
    assert_eq!(missing.iter().map(|m| (m.form.as_str(), m.untouched)).collect::<Vec<_>>(), [("check-security", true)]);
    let submit = |forms: &_| Event::Submit { forms: std::collections::BTreeMap::clone(forms) };
    let alone = case.apply(submit(&forms), &sample::applicant(), &c);
    assert_eq!(alone, Err(Refusal::Forms(vec!["check-security".to_owned()])));
    forms.insert("check-security".to_owned(), procedures::Answers::new());
    assert!(matches!(case.apply(submit(&forms), &sample::applicant(), &c), Err(Refusal::Findings(_))));
    forms.insert("check-security".to_owned(), sample::answers("check-security", now()));
    assert_eq!(case.missing(&forms, &c).unwrap(), []);
    // Not by another organisation, a viewer, or the desk.
    let stranger = By::member("acc_x", "org_2", Member::Owner);
    let viewer = By::member("acc_y", "org_1", Member::Viewer);
    for by in [&stranger, &viewer, &sample::reviewer(), &By::System] {
        assert_eq!(case.apply(submit(&forms), by, &c), Err(Refusal::NotYours(Actor::Applicant)));
    }
    case.apply(submit(&forms), &sample::applicant(), &c).unwrap();
}

#[test]
fn what_goes_to_production_otherwise_than_tested_has_to_be_seen_by_both() {
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-15"), now());
    let c = ctx(now());
    // The draft of the production sheets is what was tested, and the organisation need not be written again.
    assert_eq!(case.draft("sheet-4", &c).list("redirect_uris"), ["https://nencho.example.co.jp/callback"]);
    assert_eq!(case.draft("form-6", &c).text("organisation_name"), "株式会社みほん");
    let mut forms = sample::forms(&["form-6", "sheet-1-production", "sheet-4"].map(str::to_owned), now());
    let uris = procedures::Answer::List(vec![plain("https://live.example.co.jp/callback")]);
    forms.get_mut("sheet-4").unwrap().set("redirect_uris", uris);
    case.apply(Event::Submit { forms }, &sample::applicant(), &c).unwrap();
    let d = case.promotion(&c);
    assert_eq!(
        d.0.iter().map(|d| (d.field.as_str(), d.expected)).collect::<Vec<_>>(),
        [("redirect_uris", true), ("emergency_phone", true)]
    );
    let review = |seen: Option<String>| {
        Event::Review(Proposal { differences_seen: seen, note: plain("適切"), ..Proposal::default() })
    };
    let approve = |seen| Event::Approve { note: plain("よい"), apis: None, differences_seen: seen };
    for seen in [None, Some("another".to_owned())] {
        assert_eq!(case.apply(review(seen), &sample::reviewer(), &c), Err(Refusal::DifferencesUnseen));
    }
    case.apply(review(d.digest()), &sample::reviewer(), &c).unwrap();
    assert_eq!(case.apply(approve(None), &sample::approver(), &c), Err(Refusal::DifferencesUnseen));
    let effects = case.apply(approve(d.digest()), &sample::approver(), &c).unwrap();
    assert_eq!(effects[0].kind, EffectKind::ProvisionVerification);
}

#[test]
fn settings_that_change_during_the_test_are_tested_again() {
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-14"), now());
    let c = ctx(now());
    assert!(case.tested_form("sheet-2").is_some());
    let reopen = |step: &str| Event::Reopen { step: step.to_owned(), reason: plain("リダイレクトURIの誤り") };
    assert_eq!(case.apply(reopen("A-2"), &sample::applicant(), &c), Err(Refusal::NotNow));
    case.apply(reopen("A-8"), &sample::applicant(), &c).unwrap();
    assert_eq!((position(&case).as_str(), case.tested_form("sheet-2")), ("A-8/submit", None));
    let again = play(&mut case, Some("A-16"), now());
    assert_eq!(again.iter().map(|e| e.kind).collect::<Vec<_>>(), [EffectKind::ProvisionTest, EffectKind::RecordTested]);
    // A new decision, so a new key: the portal is told again.
    assert!(again[0].key.starts_with("R8-000001/A-10/apply/"));
    assert!(case.tested_form("sheet-2").is_some());
}

#[test]
fn the_two_week_rule_counts_days_in_japan() {
    let submit = |notified: &str, planned: &str, reason: &str| {
        let now = at(notified);
        let mut case = sample::open("suspension", ServiceState::Active, now);
        play(&mut case, Some("C-3"), now);
        let mut answers = sample::answers("form-8-suspension", now);
        answers.set("planned_date", procedures::Answer::Text(plain(planned)));
        answers.set("short_notice_reason", procedures::Answer::Text(plain(reason)));
        let forms = [("form-8-suspension".to_owned(), answers)].into();
        case.apply(Event::Submit { forms }, &sample::applicant(), &ctx(now)).map(|_| case)
    };
    let review = |case: &mut Case, now, accepted: Option<&str>| {
        let short_notice = accepted.map(plain);
        let p = Proposal { note: plain("適切"), short_notice, ..Proposal::default() };
        case.apply(Event::Review(p), &sample::reviewer(), &ctx(now))
    };
    // 23:59 on 1 June: 15 June is early enough, though less than 14 times 24 hours away.
    let late = "2026-06-01T23:59:00+09:00";
    let mut case = submit(late, "2026-06-15", "").unwrap();
    review(&mut case, at(late), None).unwrap();
    // A minute later it is not.
    assert!(submit("2026-06-02T00:00:00+09:00", "2026-06-15", "").is_err());
    // With a reason it can be submitted, and is reviewed only when the staff accept that.
    let mut case = submit(late, "2026-06-14", "設備の故障のため").unwrap();
    let earliest = jiff::civil::date(2026, 6, 15);
    assert_eq!(review(&mut case, at(late), None), Err(Refusal::ShortNotice(earliest)));
    assert_eq!(review(&mut case, at(late), Some(" ")), Err(Refusal::ShortNotice(earliest)));
    review(&mut case, at(late), Some("やむを得ない")).unwrap();
    // Approved, the portal is told the planned time, and the case is over when it has come.
    let effects = play(&mut case, Some("C-5"), at(late));
    assert_eq!(
        (effects[0].kind, effects[0].at),
        (EffectKind::ScheduleSuspension, Some(at("2026-06-14T00:00:00+09:00")))
    );
    assert_eq!(case.todo(&ctx(at(late))).unwrap()[0].due, Some(jiff::civil::date(2026, 6, 14)));
    let early = case.apply(Event::TimeReached, &By::System, &ctx(at("2026-06-13T23:59:59+09:00")));
    assert_eq!(early, Err(Refusal::NotNow));
    let give_up = Event::Withdraw { reason: plain("やめる") };
    assert_eq!(case.apply(give_up, &sample::applicant(), &ctx(at(late))), Err(Refusal::TooLate));
    case.apply(Event::TimeReached, &By::System, &ctx(at("2026-06-14T00:00:00+09:00"))).unwrap();
    assert_eq!(case.outcome(), Some(Outcome::Completed));
    // Approved too late, it has to go back.
    let mut case = submit(late, "2026-06-15", "").unwrap();
    review(&mut case, at(late), None).unwrap();
    let over = ctx(at("2026-06-15T00:00:00+09:00"));
    let approve = Event::Approve { note: plain("よい"), apis: None, differences_seen: None };
    assert_eq!(case.apply(approve, &sample::approver(), &over), Err(Refusal::PlannedPast));
    case.apply(Event::Return { reason: plain("予定日を過ぎました"), to: None }, &sample::approver(), &over).unwrap();
    assert_eq!(position(&case), "C-3/submit");
}

#[test]
fn contact_comes_first() {
    for (procedure, state) in [
        ("suspension", ServiceState::Active),
        ("resumption", ServiceState::Suspended),
        ("termination", ServiceState::Active),
    ] {
        let mut case = sample::open(procedure, state, now());
        let c = ctx(now());
        let acts: Vec<Act> = c.catalogue.procedure(procedure).unwrap().tasks().map(|(_, t)| t.act).collect();
        assert_eq!(acts, [Act::Contact, Act::OpenForm, Act::Submit, Act::Review, Act::Approve, Act::Apply, Act::Wait]);
        let say = |t: &str| Event::Contact { message: plain(t) };
        assert_eq!(case.apply(say(""), &sample::applicant(), &c), Err(Refusal::ReasonMissing));
        case.apply(say("来月から"), &sample::applicant(), &c).unwrap();
        assert_eq!(case.todo(&c).unwrap()[0].actor, Actor::Reception);
        let forms = sample::forms(
            &c.catalogue.procedure(procedure).unwrap().forms().iter().map(|f| (*f).to_owned()).collect::<Vec<_>>(),
            now(),
        );
        assert!(case.apply(Event::Submit { forms }, &sample::applicant(), &c).is_err());
    }
    let wrong = sample::opening("resumption", ServiceState::Active, now());
    assert_eq!(Case::open(wrong, &sample::applicant(), &ctx(now())).err(), Some(Refusal::WrongState));
}

#[test]
fn a_change_keeps_what_is_live_until_it_is_tested_or_needs_no_test() {
    let kinds = |effects: &[Effect]| effects.iter().map(|e| e.kind).collect::<Vec<_>>();
    use EffectKind::*;
    let mut case = sample::open("change", ServiceState::Active, now());
    let effects = play(&mut case, None, now());
    assert_eq!(kinds(&effects), [GrantUse, ProvisionTest, RecordTested, ProvisionVerification, ApplyChange]);
    // Without tests, when nothing changes that was tested.
    let change = |field: &str, answer: procedures::Answer| {
        let mut case = sample::open("change", ServiceState::Active, now());
        let task = case.at(&ctx(now())).unwrap().unwrap().1;
        let mut forms = sample::forms(&task.forms, now());
        for id in ["sheet-1-production", "sheet-4"] {
            if ctx(now()).catalogue.form(id).unwrap().field(field).is_some() {
                forms.get_mut(id).unwrap().set(field, answer.clone());
            }
        }
        case.apply(Event::Submit { forms }, &sample::applicant(), &ctx(now())).unwrap();
        case
    };
    let skip = |case: &Case| {
        let differences_seen = case.change(&ctx(now())).digest();
        Event::Review(Proposal { skip_tests: true, differences_seen, ..proposal(case) })
    };
    let mut case = change("redirect_uris", procedures::Answer::List(vec![plain("https://new.example.co.jp/cb")]));
    let refused = case.apply(skip(&case), &sample::reviewer(), &ctx(now()));
    assert_eq!(refused, Err(Refusal::TestsNeeded(vec!["リダイレクトURI".to_owned()])));
    let mut case = change("support_phone", procedures::Answer::Text(plain("0120-111-111")));
    case.apply(skip(&case), &sample::reviewer(), &ctx(now())).unwrap();
    assert!(!case.skip_tests, "the approver decides");
    assert_eq!(kinds(&play(&mut case, None, now())), [GrantUse, ApplyChange]);
    // A difference that was not shown is not agreed on.
    let mut case = change("support_phone", procedures::Answer::Text(plain("0120-111-111")));
    let unseen = Event::Review(proposal(&case));
    assert_eq!(case.apply(unseen, &sample::reviewer(), &ctx(now())), Err(Refusal::DifferencesUnseen));
}

#[test]
fn giving_up_and_refusal_close_what_was_opened_by_two_people() {
    let give_up = || Event::Withdraw { reason: plain("計画の中止") };
    let c = ctx(now());
    let mut early = sample::open("admission", ServiceState::New, now());
    play(&mut early, Some("A-8"), now());
    early.apply(give_up(), &sample::applicant(), &c).unwrap();
    assert_eq!(early.outcome(), Some(Outcome::Withdrawn));
    assert_eq!(early.apply(give_up(), &sample::applicant(), &c), Err(Refusal::Closed));
    let mut late = sample::open("admission", ServiceState::New, now());
    play(&mut late, Some("A-11"), now());
    assert_eq!(late.apply(give_up(), &sample::reviewer(), &c), Err(Refusal::NotYours(Actor::Applicant)));
    late.apply(give_up(), &sample::applicant(), &c).unwrap();
    assert_eq!(position(&late), "A-W/review");
    assert_eq!(late.apply(give_up(), &sample::applicant(), &c), Err(Refusal::NotNow));
    let effects = play(&mut late, None, now());
    assert_eq!((effects[0].kind, &effects[0].decided_by[1]), (EffectKind::CloseAccess, &"acc_approver".to_owned()));
    assert_eq!(late.outcome(), Some(Outcome::Withdrawn));
    // Refused: proposed by one, decided by another.
    let mut refused = sample::open("admission", ServiceState::New, now());
    play(&mut refused, Some("A-4"), now());
    let refuse = |why: &str| Event::Review(Proposal { refuse: true, note: plain(why), ..Proposal::default() });
    assert_eq!(refused.apply(refuse(""), &sample::reviewer(), &c), Err(Refusal::ReasonMissing));
    refused.apply(refuse("要件を満たさない"), &sample::reviewer(), &c).unwrap();
    assert_eq!(refused.outcome(), None);
    let approve = Event::Approve { note: plain("同じ意見"), apis: None, differences_seen: None };
    assert_eq!(refused.apply(approve, &sample::approver(), &c), Ok(Vec::new()));
    assert_eq!(refused.outcome(), Some(Outcome::Refused));
}

#[test]
fn an_effect_that_fails_waits_for_an_operator() {
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-10"), now());
    let c = ctx(now());
    let effect = case.awaits.clone().unwrap();
    let failed = Event::ApplyFailed { key: effect.key.clone(), error: plain("connection refused") };
    let retry = || Event::Retry { note: plain("ポータルを再起動した") };
    assert_eq!(case.apply(retry(), &sample::operator(), &c), Err(Refusal::NotNow));
    case.apply(failed, &By::System, &c).unwrap();
    assert_eq!(case.todo(&c).unwrap()[0].actor, Actor::Operator);
    assert_eq!(case.apply(retry(), &sample::approver(), &c), Err(Refusal::NotYours(Actor::Operator)));
    assert_eq!(case.apply(retry(), &sample::operator(), &c), Ok(vec![effect.clone()]));
    let other = Event::Applied { key: "R8-000002/A-10/apply/3".to_owned() };
    assert_eq!(case.apply(other, &By::System, &c), Err(Refusal::NotNow));
    let done = Event::Applied { key: effect.key };
    assert_eq!(case.apply(done.clone(), &sample::operator(), &c), Err(Refusal::NotYours(Actor::System)));
    case.apply(done.clone(), &By::System, &c).unwrap();
    // Reported twice, it has been done once.
    assert_eq!(case.apply(done, &By::System, &c), Err(Refusal::NotNow));
    assert_eq!(position(&case), "A-11/confirm");
}

#[test]
fn the_desk_suspends_at_once_but_not_alone() {
    let opening = || sample::opening("emergency", ServiceState::Active, now());
    assert_eq!(
        Case::open(opening(), &sample::applicant(), &ctx(now())).err(),
        Some(Refusal::NotYours(Actor::Operator))
    );
    let silent = Opening { reason: plain(""), ..opening() };
    assert_eq!(Case::open(silent, &sample::operator(), &ctx(now())).err(), Some(Refusal::ReasonMissing));
    let all = By::staff("acc_all", &[Staff::Operator, Staff::Approver]);
    let mut case = Case::open(opening(), &all, &ctx(now())).unwrap();
    let c = ctx(now());
    let review = Event::Review(Proposal { note: plain("情報の漏えい"), ..Proposal::default() });
    case.apply(review, &sample::operator(), &c).unwrap();
    let approve = || Event::Approve { note: plain("直ちに"), apis: None, differences_seen: None };
    assert_eq!(case.apply(approve(), &all, &c), Err(Refusal::FourEyes));
    assert_eq!(case.apply(approve(), &sample::approver(), &c).unwrap()[0].kind, EffectKind::SuspendNow);
}

#[test]
fn deadlines_are_seen() {
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-3/review"), now());
    // Monday 1 June and five working days.
    let todo = case.todo(&ctx(later(7))).unwrap().remove(0);
    assert_eq!((todo.due, todo.overdue), (Some(jiff::civil::date(2026, 6, 8)), false));
    assert!(case.todo(&ctx(later(8))).unwrap()[0].overdue);
}

#[test]
fn steps_have_their_dates_and_who_was_waited_for() {
    use procedures::case::Progress;
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-3/review"), now());
    play(&mut case, Some("A-4"), later(2));
    let progress = |case: &Case, step: &str| {
        let c = ctx(later(3));
        case.progress(&c).unwrap().into_iter().find(|p| p.step.id == step).map(|p| p.progress)
    };
    assert_eq!(progress(&case, "A-2"), Some(Progress::Done(now())));
    assert_eq!(progress(&case, "A-3"), Some(Progress::Done(later(2))));
    assert_eq!(progress(&case, "A-4"), Some(Progress::Current(later(2))));
    assert_eq!(progress(&case, "A-5"), Some(Progress::Ahead));
    assert_eq!(progress(&case, "A-W"), None);
    let waited = case.visits.iter().filter(|v| v.actor == Actor::Reviewer && v.ended == Some(later(2))).count();
    assert_eq!(waited, 1);
    // Returned, what follows lies ahead again.
    let back = Event::Return { reason: plain("理由"), to: None };
    case.apply(back, &sample::reviewer(), &ctx(later(3))).unwrap();
    assert_eq!(progress(&case, "A-2"), Some(Progress::Current(later(3))));
    assert_eq!(progress(&case, "A-3"), Some(Progress::Ahead));
    case.apply(Event::Withdraw { reason: plain("理由") }, &sample::applicant(), &ctx(later(3))).unwrap();
    assert_eq!(progress(&case, "A-5"), Some(Progress::LeftOut));
}

#[test]
fn every_refusal_says_something_in_both_languages() {
    for r in [
        Refusal::Closed,
        Refusal::NotNow,
        Refusal::NotYours(Actor::Approver),
        Refusal::FourEyes,
        Refusal::ReasonMissing,
        Refusal::Forms(vec!["plan".to_owned()]),
        Refusal::Findings(Vec::new()),
        Refusal::Apis,
        Refusal::DifferencesUnseen,
        Refusal::Untested,
        Refusal::TestsNeeded(vec!["公開鍵".to_owned()]),
        Refusal::ShortNotice(jiff::civil::date(2026, 6, 15)),
        Refusal::PlannedPast,
        Refusal::TooLate,
        Refusal::NoSuch("x".to_owned()),
        Refusal::WrongState,
        Refusal::Catalogue("A-1".to_owned()),
    ] {
        let m = r.message();
        assert!(m.ja.ends_with('。') && m.en.ends_with(['.', ')']), "{m:?}");
    }
}

#[test]
fn a_case_whose_step_is_gone_says_so() {
    let mut case = sample::open("admission", ServiceState::New, now());
    play(&mut case, Some("A-5"), now());
    let mut catalogue = sample::CATALOGUE.clone();
    catalogue.procedures[0].steps.retain(|s| s.id != "A-5");
    let c = procedures::Context { catalogue: &catalogue, ..ctx(now()) };
    assert_eq!(case.todo(&c), Err(Refusal::Catalogue("A-5".to_owned())));
}

#[test]
fn without_a_recorded_test_nothing_goes_to_production() {
    // An operator's catalogue that forgot to record the test.
    let mut catalogue = sample::CATALOGUE.clone();
    for task in catalogue.procedures[0].steps.iter_mut().flat_map(|s| &mut s.tasks) {
        task.effect = task.effect.filter(|e| *e != EffectKind::RecordTested);
    }
    let c = procedures::Context { catalogue: &catalogue, ..ctx(now()) };
    let mut case = sample::open("admission", ServiceState::New, now());
    for _ in 0..100 {
        let (event, by) = next_event(&case, now());
        match case.apply(event, &by, &c) {
            Ok(_) => {}
            Err(e) => {
                assert_eq!((e, position(&case).as_str()), (Refusal::Untested, "A-16/review"));
                return;
            }
        }
    }
    panic!("it went through: {}", position(&case));
}
