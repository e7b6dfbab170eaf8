//! The state table of a linkage over arbitrary sequences, against a model, on both engines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::Timestamp;
use base::codec::sha256_b64url;
use proptest::prelude::*;
use proptest::test_runner::{Config as RunnerConfig, TestRunner};
use store::testing::{TestDb, engines};
use web::Origin;

use super::operator::Everybody;
use super::world::{PORTAL, World, config, sealer};
use crate::kit::linkage::{By, LinkGrant};
use crate::kit::{self, AccountId, Kit, LinkRefusal, OFFER_LIFE, Parts, SubjectToken};
use crate::store::linkages::{self, Linkage, Offer, State};

const LINKAGES: usize = 3;
const PARTIES: usize = 2;

/// One thing that happens; numbers choose linkage, account and subject.
#[derive(Clone, Debug)]
enum Act {
    /// The citizen allows it at ⑥ (W1).
    Offer(usize, usize, usize),
    /// The portal's `PUT` with the last subject token of that linkage, or with an old one.
    Put(usize, usize, bool),
    /// The same with the token of another linkage.
    PutOther(usize, usize),
    /// The portal's `DELETE`, or its event.
    Close(usize),
    /// The citizen unlinks here.
    Unlink(usize),
    /// Minutes pass; the sweep runs or not.
    Wait(u64, bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (l, p) = (0..LINKAGES, 0..PARTIES);
    let act = prop_oneof![
        4 => (l.clone(), p.clone(), p.clone()).prop_map(|(l, a, s)| Act::Offer(l, a, s)),
        5 => (l.clone(), p.clone(), prop::bool::weighted(0.3)).prop_map(|(l, a, old)| Act::Put(l, a, old)),
        1 => (l.clone(), p.clone()).prop_map(|(l, a)| Act::PutOther(l, a)),
        2 => l.prop_map(Act::Close),
        1 => p.prop_map(Act::Unlink),
        2 => (1u64..20, any::<bool>()).prop_map(|(m, sweep)| Act::Wait(m, sweep)),
    ];
    prop::collection::vec(act, 1..25)
}

/// What we expect of a linkage.
#[derive(Clone, Debug)]
struct Model {
    state: State,
    account: usize,
    subject: usize,
    token: String,
    expires: Timestamp,
}

struct Case<'a> {
    world: &'a World,
    kit: &'a Kit,
    prefix: String,
    model: BTreeMap<usize, Model>,
    old_tokens: BTreeMap<usize, String>,
}

impl Case<'_> {
    fn id(&self, l: usize) -> String {
        format!("{}-l{l}", self.prefix)
    }

    fn account(&self, a: usize) -> AccountId {
        AccountId(format!("{}-a{a}", self.prefix))
    }

    fn subject(&self, s: usize) -> String {
        format!("{}-s{s}", self.prefix)
    }

    fn state(&self, l: usize) -> Option<State> {
        let now = self.world.now();
        self.model
            .get(&l)
            .map(|m| if m.state == State::Offered && m.expires <= now { State::Cancelled } else { m.state })
    }

    /// The active linkage of an account or subject.
    fn active(&self, by: impl Fn(&Model) -> bool) -> Option<usize> {
        self.model.iter().find(|(_, m)| m.state == State::Active && by(m)).map(|(l, _)| *l)
    }

    async fn stored(&self, l: usize) -> Option<Linkage> {
        let id = self.id(l);
        self.kit.db().read(move |tx| linkages::get(tx, PORTAL, &id)).await.unwrap()
    }

    async fn act(&mut self, act: &Act) {
        match *act {
            Act::Offer(l, a, s) => self.offer(l, a, s).await,
            Act::Put(l, a, old) => self.put(l, a, old).await,
            Act::PutOther(l, a) => {
                let grant = self.grant(&[self.id((l + 1) % LINKAGES)], a);
                let refused = self.kit.link(&self.id(l), &grant, "a.b.c", None).await.unwrap();
                assert_eq!(refused, Err(LinkRefusal::OtherLinkage));
            }
            Act::Close(l) => {
                self.kit.close(&self.id(l), By::Portal).await.unwrap();
                let after = match self.state(l) {
                    Some(State::Active | State::Ended) => State::Ended,
                    _ => State::Cancelled,
                };
                let fresh = Model { state: after, account: 9, subject: 9, token: String::new(), expires: Timestamp(0) };
                self.model.entry(l).or_insert(fresh).state = after;
            }
            Act::Unlink(a) => {
                let expected = self.active(|m| m.account == a);
                assert_eq!(self.kit.unlink(&self.account(a)).await.unwrap(), expected.is_some());
                if let Some(m) = expected.and_then(|l| self.model.get_mut(&l)) {
                    m.state = State::Ended;
                }
            }
            Act::Wait(minutes, sweep) => {
                self.world.clock.advance(Duration::from_secs(minutes * 60));
                if sweep {
                    self.kit.sweep().await.unwrap();
                }
            }
        }
    }

    fn grant(&self, ids: &[String], a: usize) -> LinkGrant {
        LinkGrant {
            linkage_ids: ids.to_vec(),
            account: self.account(a),
            account_sub: format!("sub of {a}"),
            auth_time: self.world.now(),
            foreign: false,
        }
    }

    async fn offer(&mut self, l: usize, a: usize, s: usize) {
        let token = self.world.subject_token(&self.id(l), &self.subject(s));
        let claims = SubjectToken::stored(&token).unwrap();
        let now = self.world.now();
        let offer = Offer {
            id: self.id(l),
            portal: PORTAL.to_owned(),
            account: self.account(a).0,
            account_sub: format!("sub of {a}"),
            subject: claims.sub,
            display: claims.display,
            nonce: claims.nonce,
            subject_token_hash: sha256_b64url(&token),
            request: "r".to_owned(),
            auth_time: now,
            expires: now.plus(OFFER_LIFE),
        };
        let possible = matches!(self.state(l), None | Some(State::Offered));
        let done = self.kit.db().write(move |tx| linkages::offer(tx, &offer, now)).await.unwrap();
        assert_eq!(done, possible);
        if done {
            let m = Model { state: State::Offered, account: a, subject: s, token, expires: now.plus(OFFER_LIFE) };
            if let Some(before) = self.model.insert(l, m) {
                self.old_tokens.insert(l, before.token);
            }
        }
    }

    async fn put(&mut self, l: usize, a: usize, old: bool) {
        let (id, state) = (self.id(l), self.state(l));
        let grant = self.grant(std::slice::from_ref(&id), a);
        let current = self.model.get(&l).map(|m| m.token.clone());
        let token = match (old, self.old_tokens.get(&l)) {
            (true, Some(old)) => old.clone(),
            _ => current.clone().unwrap_or_else(|| "a.b.c".to_owned()),
        };
        let got = self.kit.link(&id, &grant, &token, Some("message")).await.unwrap();
        let m = self.model.get(&l).cloned();
        let mine = m.as_ref().is_some_and(|m| m.account == a);
        let right_token = current.as_ref() == Some(&token);
        match state {
            None | Some(State::Cancelled | State::Ended) => assert_eq!(got, Err(LinkRefusal::Closed)),
            Some(_) if !mine => assert_eq!(got, Err(LinkRefusal::OtherLinkage)),
            Some(_) if !right_token => assert!(matches!(got, Err(LinkRefusal::SubjectToken(_))), "{got:?}"),
            Some(State::Active) => assert!(got.is_ok(), "{got:?}"),
            Some(State::Offered) => {
                let m = m.unwrap();
                let by_account = self.active(|o| o.account == m.account);
                let by_subject = self.active(|o| o.subject == m.subject);
                match (by_account, by_subject) {
                    (None, None) => {}
                    (Some(x), Some(y)) if x == y => {
                        // The same two: the old one makes way.
                        if let Some(old) = self.model.get_mut(&x) {
                            old.state = State::Ended;
                        }
                    }
                    _ => {
                        assert_eq!(got, Err(LinkRefusal::Conflict));
                        return;
                    }
                }
                assert!(got.is_ok(), "{got:?}");
                if let Some(m) = self.model.get_mut(&l) {
                    m.state = State::Active;
                }
            }
        }
        if let Ok(linked) = got {
            // Idempotent, word for word.
            assert_eq!(self.kit.link(&id, &grant, &token, None).await.unwrap(), Ok(linked.clone()));
            assert_eq!(linked.reply, Some(format!("{id} for {}", self.account(a).as_str())));
        }
    }

    /// Model and rows agree, and no row is half a link.
    async fn check(&self) {
        let now = self.world.now();
        let (mut accounts, mut subjects) = (Vec::new(), Vec::new());
        for l in 0..LINKAGES {
            let row = self.stored(l).await;
            assert_eq!(row.as_ref().map(|r| r.state_at(now)), self.state(l), "linkage {l}");
            let Some(row) = row else { continue };
            let linked_once = matches!(row.stored_state, State::Active | State::Ended);
            assert_eq!(row.linked.is_some(), linked_once);
            assert_eq!(row.confirmation.is_some(), linked_once);
            assert_eq!(row.ended.is_some(), matches!(row.stored_state, State::Cancelled | State::Ended));
            if linked_once {
                let all = [&row.account, &row.account_sub, &row.subject, &row.nonce, &row.subject_token_hash];
                assert!(all.iter().all(|v| v.is_some()));
            }
            if row.stored_state == State::Active {
                accounts.extend(row.account);
                subjects.extend(row.subject);
            }
        }
        for mut list in [accounts, subjects] {
            let n = list.len();
            list.sort();
            list.dedup();
            assert_eq!(list.len(), n, "two links of one party");
        }
    }
}

/// A kit with the smallest operator in `place`.
async fn small_kit(world: &World, place: &TestDb) -> Kit {
    let parts = Parts {
        db: place.open(super::world::SCHEMA),
        sealer: sealer(3),
        outbound: world.net.clone(),
        clock: world.clock.clock(),
        rng: world.rng.clone(),
    };
    let settings = config();
    let site = kit::site("delivery", Origin::parse(super::world::POST).unwrap())
        .texts(base::Lang::Ja, "service-name = 郵便\n")
        .texts(base::Lang::En, "service-name = Post\n")
        .build()
        .unwrap();
    let (kit, _) = kit::build(settings, Arc::new(Everybody), Arc::new(Everybody), parts, &site).await.unwrap();
    kit
}

/// Eight portal accounts ask for one mailbox at the same moment, each twice.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_is_linked() {
    for engine in engines() {
        let world = World::new();
        let place = TestDb::new(engine);
        let kit = small_kit(&world, &place).await;
        let mut tasks = Vec::new();
        for s in 0..8 {
            let id = format!("race-{s}");
            let token = world.subject_token(&id, &format!("s{s}"));
            let claims = SubjectToken::stored(&token).unwrap();
            let now = world.now();
            let offer = Offer {
                id: id.clone(),
                portal: PORTAL.to_owned(),
                account: "a".to_owned(),
                account_sub: "sub".to_owned(),
                subject: claims.sub,
                display: claims.display,
                nonce: claims.nonce,
                subject_token_hash: sha256_b64url(&token),
                request: "r".to_owned(),
                auth_time: now,
                expires: now.plus(OFFER_LIFE),
            };
            assert!(kit.db().write(move |tx| linkages::offer(tx, &offer, now)).await.unwrap());
            for _ in 0..2 {
                let (kit, id, token) = (kit.clone(), id.clone(), token.clone());
                let grant = LinkGrant {
                    linkage_ids: vec![id.clone()],
                    account: AccountId("a".to_owned()),
                    account_sub: "sub".to_owned(),
                    auth_time: now,
                    foreign: false,
                };
                tasks.push(tokio::spawn(async move { kit.link(&id, &grant, &token, None).await.unwrap() }));
            }
        }
        let mut linked = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(l) => linked.push(l),
                Err(e) => assert_eq!(e, LinkRefusal::Conflict),
            }
        }
        // Both calls of the one that was first, with the same words.
        assert_eq!(linked.len(), 2, "{engine:?}");
        assert_eq!(linked[0], linked[1]);
    }
}

#[test]
fn no_sequence_leaves_half_a_link_or_two() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for engine in engines() {
        let world = World::new();
        let place = TestDb::new(engine);
        let kit = runtime.block_on(small_kit(&world, &place));
        let mut runner =
            TestRunner::new(RunnerConfig { cases: 48, failure_persistence: None, ..RunnerConfig::default() });
        let mut n = 0;
        let count = std::cell::RefCell::new(&mut n);
        let outcome = runner.run(&acts(), |acts| {
            let prefix = {
                let mut n = count.borrow_mut();
                **n += 1;
                format!("c{}", **n)
            };
            runtime.block_on(async {
                let mut case =
                    Case { world: &world, kit: &kit, prefix, model: BTreeMap::new(), old_tokens: BTreeMap::new() };
                for act in &acts {
                    case.act(act).await;
                    case.check().await;
                }
            });
            Ok(())
        });
        outcome.unwrap_or_else(|e| panic!("{engine:?}: {e}"));
    }
}
