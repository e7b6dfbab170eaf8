//! The outbox over both databases, and a mail server that can fail on demand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod sink;

use std::time::Duration;

use base::{Clock, FakeClock, Lang, Rng, Secret, Timestamp};
use mail::{Email, Entry, Message, Outbox, Queued, Security, Smtp, SmtpSettings, State, Transport, Worker};
use sink::{Answers, Sink};
use store::testing::{TestDb, engines, prepare_all};
use store::{Db, Sealer};

struct World {
    clock: FakeClock,
    db: Db,
    outbox: Outbox,
    _place: TestDb,
}

fn worlds() -> Vec<World> {
    engines()
        .into_iter()
        .map(|engine| {
            let place = TestDb::new(engine);
            let sealer = Sealer::new(&Secret::new([7; 32]), Rng::system()).unwrap();
            World {
                clock: FakeClock::at(Timestamp::from_secs(1_780_000_000)),
                db: place.open(&[mail::MIGRATIONS]),
                outbox: Outbox::new(sealer, Rng::system()),
                _place: place,
            }
        })
        .collect()
}

fn message(subject: &str) -> Message {
    Message {
        to: Email::parse("hanako@example.jp").unwrap(),
        lang: Lang::Ja,
        subject: subject.into(),
        text: "こんにちは、花子さん。\n.\n.. 点で始まる行\nhttps://desk.example/register/abc\n".to_owned(),
        kind: "account",
        dedupe: None,
        expires: None,
    }
}

fn settings(port: u16, security: Security) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port: Some(port),
        security,
        user: None,
        password: None,
        from: Email::parse("desk@enishi.example").unwrap(),
        from_name: "縁 受付窓口".to_owned(),
        hello: None,
        extra_root_pem: None,
        timeout_secs: 5,
    }
}

impl World {
    fn clock(&self) -> Clock {
        self.clock.clock()
    }

    async fn queue(&self, message: Message) -> Queued {
        // Ids are ordered by the millisecond.
        self.clock.advance(Duration::from_millis(1));
        let (outbox, now) = (self.outbox.clone(), self.clock().now());
        self.db.write(move |tx| outbox.queue(tx, &message, now)).await.unwrap()
    }

    async fn in_state(&self, state: State) -> Vec<Entry> {
        let outbox = self.outbox.clone();
        self.db.read(move |tx| outbox.list(tx, state, None, 100)).await.unwrap()
    }

    fn worker(&self, transport: Transport) -> Worker {
        Worker::new(self.db.clone(), self.outbox.clone(), self.clock(), transport)
    }

    fn smtp(&self, port: u16) -> Worker {
        self.worker(Transport::Smtp(Smtp::new(&settings(port, Security::Plain)).unwrap()))
    }

    /// Runs the worker, moving the clock on by an hour, `times` times.
    async fn hours(&self, worker: &Worker, times: u32) -> usize {
        let mut sent = 0;
        for _ in 0..times {
            self.clock.advance(Duration::from_secs(3600));
            sent += worker.run_due().await.unwrap();
        }
        sent
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_suit_both_engines() {
    let complaints = prepare_all(&[mail::MIGRATIONS], mail::STATEMENTS).await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_once_its_transaction_commits_and_its_text_is_forgotten() {
    for world in worlds() {
        let sink = Sink::start(Answers::default()).await;
        let worker = world.smtp(sink.port());
        // Rolled back: never sent.
        let (outbox, now) = (world.outbox.clone(), world.clock().now());
        let failed = world.db.write(move |tx| {
            outbox.queue(tx, &message("never"), now)?;
            Err::<(), _>(store::Error::Refused("changed my mind".to_owned()))
        });
        assert!(failed.await.is_err());
        assert_eq!(worker.run_due().await.unwrap(), 0);

        let Queued::New(id) = world.queue(message("【縁】登録の確認")).await else { panic!("not queued") };
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(worker.run_due().await.unwrap(), 0);
        let got = sink.taken();
        assert_eq!(got.len(), 1);
        assert_eq!((got[0].from.as_str(), got[0].to.as_str()), ("desk@enishi.example", "hanako@example.jp"));
        assert_eq!(got[0].subject(), "【縁】登録の確認");
        assert_eq!(got[0].text(), message("").text.replace('\n', "\r\n"));
        assert!(got[0].data.contains(&format!("Message-ID: <{id}@enishi.example>")), "{}", got[0].data);
        let sent = world.in_state(State::Sent).await;
        assert_eq!((sent[0].attempts, sent[0].content.clone(), sent[0].last_error.clone()), (1, None, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_goes_once() {
    for world in worlds() {
        let sink = Sink::start(Answers::default()).await;
        let worker = world.smtp(sink.port());
        let warning = || Message { dedupe: Some("key-expires cl_1 2026-06-01".to_owned()), ..message("warning") };
        assert!(matches!(world.queue(warning()).await, Queued::New(_)));
        assert_eq!(world.queue(warning()).await, Queued::Before);
        worker.run_due().await.unwrap();
        assert_eq!(world.queue(warning()).await, Queued::Before);
        world.hours(&worker, 3).await;
        assert_eq!(sink.taken().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_and_no_server_are_tried_again_with_growing_pauses() {
    for world in worlds() {
        let sink = Sink::start(Answers::rcpt(&["451 4.7.1 Greylisted", "421 closing"])).await;
        let worker = world.smtp(sink.port());
        world.queue(message("later")).await;
        assert_eq!(worker.run_due().await.unwrap(), 0);
        let waiting = &world.in_state(State::Queued).await[0];
        assert!(waiting.last_error.as_deref().unwrap().contains("Greylisted"), "{waiting:?}");
        assert_eq!(waiting.due.since(world.clock().now()), Duration::from_secs(60));
        // Not before its time.
        world.clock.advance(Duration::from_secs(59));
        assert_eq!(worker.run_due().await.unwrap(), 0);
        assert_eq!(sink.connections(), 1);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(worker.run_due().await.unwrap(), 0);
        assert_eq!(world.in_state(State::Queued).await[0].due.since(world.clock().now()), Duration::from_secs(120));
        world.clock.advance(Duration::from_secs(120));
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(sink.taken().len(), 1);

        // Nobody listens any more.
        let port = sink.stop().await;
        world.queue(message("nobody there")).await;
        assert_eq!(worker.run_due().await.unwrap(), 0);
        assert!(world.in_state(State::Queued).await[0].last_error.is_some());
        let sink = Sink::start_at(port, Answers::default()).await;
        assert_eq!(world.hours(&worker, 1).await, 1);
        assert_eq!(sink.taken()[0].subject(), "nobody there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_refuses_is_given_up_at_the_third_time_and_can_be_tried_again_by_hand() {
    for world in worlds() {
        let refusal = "550 5.1.1 no such user";
        let sink = Sink::start(Answers::rcpt(&[refusal, refusal, refusal])).await;
        let worker = world.smtp(sink.port());
        let Queued::New(id) = world.queue(message("refused")).await else { panic!("not queued") };
        assert_eq!(world.hours(&worker, 10).await, 0);
        assert_eq!(sink.connections(), 3);
        let gone = &world.in_state(State::GivenUp).await[0];
        assert!(gone.last_error.as_deref().unwrap().contains("no such user"), "{gone:?}");
        assert_eq!(gone.attempts, 3);
        assert!(gone.content.is_some() && gone.ended.is_some());

        let (outbox, now) = (world.outbox.clone(), world.clock().now());
        assert!(world.db.write(move |tx| outbox.try_again(tx, &id, now)).await.unwrap());
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(sink.taken().len(), 1);
        assert!(world.in_state(State::GivenUp).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_bad_password_is_not_the_messages_fault_but_four_days_end_it() {
    for world in worlds() {
        let sink =
            Sink::start(Answers { auth: Some("535 5.7.8 bad credentials".to_owned()), ..Answers::default() }).await;
        let with_user = SmtpSettings {
            user: Some("desk".to_owned()),
            password: Some(Secret::new("wrong".to_owned())),
            ..settings(sink.port(), Security::Plain)
        };
        let worker = world.worker(Transport::Smtp(Smtp::new(&with_user).unwrap()));
        world.queue(message("stuck")).await;
        world.hours(&worker, 20).await;
        assert_eq!(world.in_state(State::Queued).await.len(), 1);
        world.hours(&worker, 80).await;
        assert_eq!(world.in_state(State::GivenUp).await.len(), 1);
        assert!(sink.taken().is_empty());
        let log = sink.log();
        assert!(log.iter().any(|line| line.starts_with("AUTH")), "{log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_of_no_use_any_more_is_not_sent() {
    for world in worlds() {
        let sink = Sink::start(Answers::default()).await;
        let worker = world.smtp(sink.port());
        let expires = Some(world.clock().now().plus(Duration::from_secs(60)));
        world.queue(Message { expires, ..message("link") }).await;
        world.clock.advance(Duration::from_secs(61));
        assert_eq!(worker.run_due().await.unwrap(), 0);
        assert_eq!(sink.connections(), 0);
        assert_eq!(world.in_state(State::GivenUp).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_send_each_message_once_and_a_dead_ones_work_is_taken_over() {
    for world in worlds() {
        let sink = Sink::start(Answers::default()).await;
        let (a, b) = (world.smtp(sink.port()), world.smtp(sink.port()));
        for n in 0..10 {
            world.queue(message(&format!("n{n}"))).await;
        }
        let (sent_a, sent_b) = tokio::join!(a.run_due(), b.run_due());
        assert_eq!(sent_a.unwrap() + sent_b.unwrap(), 10);
        let mut subjects: Vec<_> = sink.taken().iter().map(sink::Taken::subject).collect();
        subjects.sort();
        subjects.dedup();
        assert_eq!((subjects.len(), sink.taken().len()), (10, 10));

        // A worker that dies within a delivery: its lease runs out, and the message is delivered by another.
        world.queue(message("orphan")).await;
        let slow = Sink::start(Answers { silent: true, ..Answers::default() }).await;
        let dying = world.smtp(slow.port());
        let task = tokio::spawn(async move { dying.run_due().await });
        slow.connected().await;
        task.abort();
        let _ = task.await;
        assert_eq!(b.run_due().await.unwrap(), 0);
        world.clock.advance(Duration::from_secs(181));
        assert_eq!(b.run_due().await.unwrap(), 1);
        assert_eq!(sink.taken().last().unwrap().subject(), "orphan");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_environment_keeps_messages_and_shows_them() {
    for world in worlds() {
        let worker = world.worker(Transport::Keep);
        world.queue(message("first")).await;
        world.queue(message("second")).await;
        assert_eq!(worker.run_due().await.unwrap(), 2);
        let kept = world.in_state(State::Kept).await;
        let subjects: Vec<_> = kept.iter().map(|e| e.content.as_ref().unwrap().subject.as_str()).collect();
        assert_eq!(subjects, ["second", "first"]);
        let (outbox, below) = (world.outbox.clone(), kept[0].id.clone());
        let rest = world.db.read(move |tx| outbox.list(tx, State::Kept, Some(&below), 1)).await.unwrap();
        assert_eq!(rest[0].id, kept[1].id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_not_readable_in_the_database() {
    for world in worlds() {
        world.queue(message("secret")).await;
        let outbox = Outbox::new(Sealer::new(&Secret::new([8; 32]), Rng::system()).unwrap(), Rng::system());
        let other = world.db.read(move |tx| outbox.list(tx, State::Queued, None, 10)).await;
        assert!(other.unwrap_err().to_string().contains("another master key"));
    }
}

const CA: &str = include_str!("../../../web/tests/it/tls/ca.pem");

#[tokio::test(flavor = "multi_thread")]
async fn starttls_is_insisted_on_and_the_certificate_is_checked() {
    let world = worlds().remove(0);
    let with_ca = |port| SmtpSettings { extra_root_pem: Some(CA.to_owned()), ..settings(port, Security::StartTls) };
    let sink = Sink::start(Answers { tls: true, ..Answers::default() }).await;

    // A certificate that nobody vouches for.
    world.queue(message("tls")).await;
    let stranger = world.worker(Transport::Smtp(Smtp::new(&settings(sink.port(), Security::StartTls)).unwrap()));
    assert_eq!(stranger.run_due().await.unwrap(), 0);
    // A server that offers no STARTTLS (or somebody in between who cut the offer out).
    let stripped = Sink::start(Answers::default()).await;
    world.clock.advance(Duration::from_secs(60));
    let worker = world.worker(Transport::Smtp(Smtp::new(&with_ca(stripped.port())).unwrap()));
    assert_eq!(worker.run_due().await.unwrap(), 0);
    assert!(stripped.taken().is_empty());
    assert!(!stripped.log().iter().any(|line| line.starts_with("MAIL")), "{:?}", stripped.log());

    world.clock.advance(Duration::from_secs(120));
    let worker = world.worker(Transport::Smtp(Smtp::new(&with_ca(sink.port())).unwrap()));
    assert_eq!(worker.run_due().await.unwrap(), 1, "{:?}", world.in_state(State::Queued).await);
    let taken = sink.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].encrypted);
}
