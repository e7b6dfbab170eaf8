//! Loss of power at every write: an event is whole or not at all, and an effect is carried out once.

use std::sync::Arc;
use std::sync::Mutex;

use procedures::case::{By, Case, Event, Position};
use procedures::{Act, EffectKind};
use store::testing::engines;

use super::world::{World, plain};
use crate::case::act::ActError;
use crate::extension::{EffectOf, Extension};
use crate::store::{decisions, effects};

async fn lines(w: &World, case: &str) -> Vec<String> {
    let id = case.to_owned();
    let lines = w.desk.db().read(move |tx| decisions::of(tx, &id)).await.unwrap();
    lines.into_iter().map(|l| l.what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_whole_or_not_at_all() {
    for engine in engines() {
        let w = World::new(engine).await;
        let (mut b, me) = w.person("hanako").await;
        let org = w.org(&mut b, "見本商事").await;
        let case = w.begin(&mut b, &org).await;
        drop(b);
        let by = By::member(&me.id, &org, procedures::case::Member::Owner);
        let confirm = || Event::Confirm { note: plain("済み") };
        // It becomes durable, and nobody hears of it.
        w.desk.db().lose_power_after(1);
        assert!(w.desk.act(&case, confirm(), by.clone()).await.is_err());
        let w = w.restart(Vec::new()).await;
        let Position::At { step, .. } = w.case(&case).await.position else { panic!("over") };
        assert_eq!((step.as_str(), lines(&w, &case).await), ("A-2", vec!["open".to_owned(), "confirm".to_owned()]));
        // Pressed again: it has been done, and is not done twice.
        assert!(matches!(w.desk.act(&case, confirm(), by).await, Err(ActError::Refused(_))));
        assert_eq!(lines(&w, &case).await.len(), 2);
    }
}

/// What was carried out, by key.
type Done = Arc<Mutex<Vec<String>>>;

fn portal(done: &Done) -> Extension {
    let done = done.clone();
    Extension {
        name: "portal",
        effects: Some(Arc::new(move |_, of: EffectOf| {
            let done = done.clone();
            Box::pin(async move {
                assert_eq!(of.effect.kind, EffectKind::ProvisionTest);
                done.lock().unwrap().push(of.effect.key.clone());
                Ok("applied".to_owned())
            })
        })),
        ..Extension::default()
    }
}

/// From the approval of the test environment to the settings applied, the process dies at every write in turn.
#[tokio::test(flavor = "multi_thread")]
async fn an_effect_is_carried_out_once_whenever_the_process_dies() {
    for engine in engines() {
        // Claimed, carried out, told to the case, job taken off.
        for writes in 1..=4 {
            let w = World::new(engine).await;
            let (mut b, me) = w.person("hanako").await;
            let org = w.org(&mut b, "見本商事").await;
            let case = w.begin(&mut b, &org).await;
            drop(b);
            let by = By::member(&me.id, &org, procedures::case::Member::Owner);
            while !at_apply(&w, &case).await {
                w.staff_acts_until(&case, Some(Act::Apply)).await;
                if at_apply(&w, &case).await {
                    break;
                }
                turn(&w, &by, &case).await;
            }
            let before = w.case(&case).await;
            let done: Done = Done::default();
            let w = w.restart(vec![portal(&done)]).await;
            w.desk.db().lose_power_after(writes);
            let _ = w.desk.run_jobs().await;
            let w = w.restart(vec![portal(&done)]).await;
            // The job's lease has to run out before another process takes it over.
            w.clock.advance(std::time::Duration::from_secs(3 * 3600));
            w.desk.run_jobs().await.unwrap();
            let key = before.awaits.clone().unwrap().key;
            let tried = done.lock().unwrap().clone();
            assert!(!tried.is_empty() && tried.iter().all(|k| *k == key), "{writes}: {tried:?}");
            let after = w.case(&case).await;
            assert_ne!(after.position, before.position, "{writes}");
            let applied = |c: &Case| c.log.iter().filter(|e| e.event == "applied").count();
            assert_eq!(applied(&after), applied(&before) + 1, "{writes}");
            let id = key.clone();
            let effect = w.desk.db().read(move |tx| effects::get(tx, &id)).await.unwrap().unwrap();
            assert!(effect.done_at.is_some(), "{writes}");
        }
    }
}

async fn at_apply(w: &World, case: &str) -> bool {
    w.case(case).await.awaits.is_some()
}

/// The applicant does what they have to, without the pages.
async fn turn(w: &World, by: &By, case: &str) {
    let offered = w.desk.db().read(crate::store::deliveries::choices).await.unwrap();
    let state = w.case(case).await;
    let ctx = w.desk.context(&offered, w.desk.now());
    let todo = state.todo(&ctx).unwrap().remove(0);
    let event = match todo.act {
        Act::Submit => {
            let forms = todo.forms.iter().map(|id| (id.clone(), w.sound_answers(id, &ctx.world(None)))).collect();
            Event::Submit { forms }
        }
        Act::Accept => Event::Accept { note: plain("合意") },
        _ => Event::Confirm { note: plain("済み") },
    };
    w.desk.act(case, event, by.clone()).await.unwrap();
}
