//! The store on both engines, from the same text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::{FakeClock, Rng, Timestamp};
use store::testing::{TestDb, engines};
use store::{Db, Error, Migration, jobs, params};

const TABLES: &[Migration] = &[Migration {
    room: "test",
    version: 1,
    sql: "CREATE TABLE t (id TEXT PRIMARY KEY, n BIGINT NOT NULL, note TEXT, body BYTEA);
          CREATE TABLE u (id TEXT PRIMARY KEY, t TEXT NOT NULL REFERENCES t (id));",
}];

async fn insert(db: &Db, id: &'static str, n: i64) -> Result<(), Error> {
    db.write(move |tx| tx.execute("INSERT INTO t (id, n) VALUES ($1, $2)", &params![id, n]).map(drop)).await
}

async fn count(db: &Db) -> i64 {
    db.read(|tx| tx.query_opt("SELECT CAST(count(*) AS BIGINT) FROM t", &[])?.unwrap().int(0)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_back_as_they_went_in() {
    for engine in engines() {
        let place = TestDb::new(engine);
        let db = place.open(&[TABLES]);
        db.write(|tx| {
            // Placeholders out of order: `$2` before `$1`.
            tx.execute(
                "INSERT INTO t (n, id, note, body) VALUES ($2, $1, $3, $4)",
                &params!["葛\u{E0100}", i64::MIN, None::<&str>, &[0u8, 255][..]],
            )
        })
        .await
        .unwrap();
        let mut row = db.read(|tx| tx.query_opt("SELECT id, n, note, body FROM t", &[])).await.unwrap().unwrap();
        assert_eq!(row.text(0).unwrap(), "葛\u{E0100}");
        assert_eq!(row.int(1).unwrap(), i64::MIN);
        assert_eq!(row.opt_text(2).unwrap(), None);
        assert_eq!(row.blob(3).unwrap(), [0, 255]);
        assert!(matches!(row.text(2), Err(Error::Inconsistent(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_names_and_leave_nothing() {
    for engine in engines() {
        let place = TestDb::new(engine);
        let db = place.open(&[TABLES]);
        insert(&db, "a", 1).await.unwrap();
        assert!(matches!(insert(&db, "a", 2).await, Err(Error::Unique(_))), "{engine:?}");
        let orphan = db.write(|tx| tx.execute("INSERT INTO u (id, t) VALUES ('x', 'nobody')", &[])).await;
        assert!(matches!(orphan, Err(Error::ForeignKey(_))), "{engine:?} {orphan:?}");
        let refused: Result<(), Error> = db
            .write(|tx| {
                tx.execute("INSERT INTO t (id, n) VALUES ('b', 1)", &[])?;
                Err(Error::Refused("changed my mind".to_owned()))
            })
            .await;
        assert!(refused.is_err());
        assert_eq!(count(&db).await, 1);
        let written = db.read(|tx| tx.execute("INSERT INTO t (id, n) VALUES ('c', 1)", &[])).await;
        assert!(written.is_err(), "{engine:?}: a read must not write");
        assert_eq!(count(&db).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panicking_closure_takes_nobody_along() {
    for engine in engines() {
        let place = TestDb::new(engine);
        let db = place.open(&[TABLES]);
        let panicked: Result<(), Error> = db
            .write(|tx| {
                tx.execute("INSERT INTO t (id, n) VALUES ('p', 1)", &[])?;
                panic!("a defect")
            })
            .await;
        assert!(matches!(panicked, Err(Error::Unavailable(_))));
        for i in 0..20 {
            insert(&db, ["a", "b", "c", "d"][i % 4], 1).await.ok();
        }
        assert_eq!(count(&db).await, 4, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn compare_and_set_has_one_winner() {
    for engine in engines() {
        let place = TestDb::new(engine);
        let db = place.open(&[TABLES]);
        insert(&db, "row", 0).await.unwrap();
        let racers: Vec<_> = (0..64)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.write(|tx| tx.execute("UPDATE t SET n = 1 WHERE id = 'row' AND n = 0", &[])).await.unwrap()
                })
            })
            .collect();
        let mut winners = 0;
        for racer in racers {
            winners += racer.await.unwrap();
        }
        assert_eq!(winners, 1, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_is_there_after_a_restart() {
    for engine in engines() {
        let place = TestDb::new(engine);
        let db = place.open(&[TABLES]);
        insert(&db, "kept", 1).await.unwrap();
        drop(db);
        let db = place.open(&[TABLES]);
        assert_eq!(count(&db).await, 1, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn power_loss_keeps_the_write_and_the_silence() {
    for engine in engines() {
        let place = TestDb::new(engine);
        let db = place.open(&[TABLES]);
        db.lose_power_after(2);
        insert(&db, "a", 1).await.unwrap();
        assert!(matches!(insert(&db, "b", 1).await, Err(Error::Unavailable(_))));
        assert!(db.power_is_lost());
        assert!(insert(&db, "c", 1).await.is_err());
        assert!(db.ping().await.is_err());
        drop(db);
        let db = place.open(&[TABLES]);
        assert_eq!(count(&db).await, 2, "{engine:?}: b was durable though nobody heard");
    }
}

#[test]
fn a_second_process_on_one_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let target = store::Target::Sqlite(dir.path().join("x.db"));
    let first = Db::open(&target, &[TABLES]).unwrap();
    let second = Db::open(&target, &[TABLES]).unwrap_err();
    assert!(second.to_string().contains("in use by another process"), "{second}");
    drop(first);
    Db::open(&target, &[TABLES]).unwrap();
}

#[test]
fn a_changed_migration_is_found() {
    for engine in engines() {
        let place = TestDb::new(engine);
        drop(place.open(&[TABLES]));
        let changed = [Migration { sql: "CREATE TABLE t (id TEXT PRIMARY KEY)", ..TABLES[0] }];
        let e = Db::open(&place.target, &[&changed]).unwrap_err();
        assert!(e.to_string().contains("changed after it had been applied"), "{e}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_done_once_retried_and_survive() {
    for engine in engines() {
        let place = TestDb::new(engine);
        let db = place.open(&[TABLES]);
        let time = FakeClock::at(Timestamp::from_secs(1_000_000));
        let (clock, rng) = (time.clock(), Rng::system());
        let now = clock.now();
        db.write(move |tx| jobs::add(tx, "say", "\"hello\"", now, &rng)).await.unwrap();
        let tries = Arc::new(AtomicUsize::new(0));
        let handler = |job: jobs::Job| {
            let tries = tries.clone();
            async move {
                assert_eq!((job.kind.as_str(), job.payload.as_str()), ("say", "\"hello\""));
                match tries.fetch_add(1, Ordering::SeqCst) {
                    0 => Err("nobody listens".to_owned()),
                    _ => Ok(()),
                }
            }
        };
        assert_eq!(jobs::run_due(&db, &clock, &handler).await.unwrap(), 0);
        assert_eq!(jobs::run_due(&db, &clock, &handler).await.unwrap(), 0, "not before its pause is over");
        drop(db);
        let db = place.open(&[TABLES]);
        time.advance(Duration::from_secs(2));
        assert_eq!(jobs::run_due(&db, &clock, &handler).await.unwrap(), 1);
        assert_eq!(jobs::waiting(&db).await.unwrap(), 0);
        assert_eq!(tries.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_prepares_on_every_engine() {
    let own: &[&'static [(&str, &str)]] = &[&[("ok", "SELECT n FROM t WHERE id = $1")], jobs::STATEMENTS_FOR_TESTS];
    assert_eq!(store::testing::prepare_all(&[TABLES], own).await, Vec::<String>::new());
    let bad: &[&'static [(&str, &str)]] = &[&[("bad", "SELECT nowhere FROM t")]];
    assert_eq!(store::testing::prepare_all(&[TABLES], bad).await.len(), engines().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_is_gone_and_an_open_file_is_not_erased() {
    for engine in engines() {
        let place = TestDb::new(engine);
        let db = place.open(&[TABLES]);
        insert(&db, "a", 1).await.unwrap();
        if engine == store::Engine::Sqlite {
            assert!(Db::erase(&place.target).is_err());
        }
        drop(db);
        Db::erase(&place.target).unwrap();
        Db::erase(&place.target).unwrap();
        assert_eq!(count(&place.open(&[TABLES])).await, 0, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_can_change_things_beside_a_running_role() {
    for engine in engines() {
        let place = TestDb::new(engine);
        assert!(Db::attach(&TestDb::new(store::Engine::Sqlite).target).is_err());
        let db = place.open(&[TABLES]);
        insert(&db, "a", 1).await.unwrap();
        let beside = Db::attach(&place.target).unwrap();
        insert(&beside, "b", 1).await.unwrap();
        assert_eq!((count(&db).await, count(&beside).await), (2, 2), "{engine:?}");
        drop(beside);
        insert(&db, "c", 1).await.unwrap();
    }
}
