//! Proof ids of resource calls, each good for one call.
//!
//! A proof carries one of our nonces, so it lives no longer than the nonce. Where one process owns
//! the database (SQLite), the nonce key is new at each start, and a memory of this process is a
//! complete one. Where several nodes share a database, they share the nonce key, and the memory is
//! a table.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use base::codec::sha256_b64url;
use base::{Clock, Timestamp};
use parking_lot::Mutex;
use store::{Db, Engine};

use crate::store::replay;

/// Remembers which proofs were used.
pub(crate) enum Replay {
    Memory(Memory),
    Table(Db),
}

/// Two generations of 64-bit keyed fingerprints. One is dropped whole when it is older than any
/// proof can be: constant work, and some 16 bytes a call.
pub(crate) struct Memory {
    hasher: RandomState,
    life: Duration,
    state: Mutex<Generations>,
}

struct Generations {
    now: HashSet<u64>,
    before: HashSet<u64>,
    since: Timestamp,
}

impl Replay {
    pub(crate) fn new(db: &Db, clock: &Clock, life: Duration) -> Self {
        match db.engine() {
            Engine::Sqlite => Self::Memory(Memory {
                hasher: RandomState::new(),
                life,
                state: Mutex::new(Generations { now: HashSet::new(), before: HashSet::new(), since: clock.now() }),
            }),
            Engine::Postgres => Self::Table(db.clone()),
        }
    }

    /// Whether this is the first use of `jti` by the key `jkt`.
    pub(crate) async fn first_time(
        &self,
        jkt: &str,
        jti: &str,
        now: Timestamp,
        expires: Timestamp,
    ) -> store::Result<bool> {
        match self {
            Self::Memory(memory) => Ok(memory.first_time(jkt, jti, now)),
            Self::Table(db) => {
                let id = proof_id(jkt, jti);
                db.write(move |tx| replay::first_time(tx, &id, expires)).await
            }
        }
    }
}

/// The id of a proof in the replay table.
pub(crate) fn proof_id(jkt: &str, jti: &str) -> String {
    sha256_b64url(&format!("dpop\n{jkt}\n{jti}"))
}

/// The id of a client assertion in the replay table.
pub(crate) fn assertion_id(client_id: &str, jti: &str) -> String {
    sha256_b64url(&format!("assertion\n{client_id}\n{jti}"))
}

impl Memory {
    fn first_time(&self, jkt: &str, jti: &str, now: Timestamp) -> bool {
        let mark = self.hasher.hash_one((jkt, jti));
        let mut state = self.state.lock();
        if now.since(state.since) > self.life {
            state.before = std::mem::take(&mut state.now);
            state.since = now;
        }
        if state.before.contains(&mark) {
            return false;
        }
        state.now.insert(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_at_least_as_long_as_a_proof_lives() {
        let life = Duration::from_secs(100);
        let memory = Memory {
            hasher: RandomState::new(),
            life,
            state: Mutex::new(Generations { now: HashSet::new(), before: HashSet::new(), since: Timestamp(0) }),
        };
        for start in [0, 50, 99, 150, 151] {
            let at = Timestamp::from_secs(start);
            let jti = format!("j{start}");
            assert!(memory.first_time("k", &jti, at));
            for later in [0, 1, 50, 100] {
                assert!(!memory.first_time("k", &jti, at.plus(Duration::from_secs(later))), "{start} {later}");
            }
        }
        assert!(memory.first_time("other key", "j0", Timestamp::from_secs(300)));
    }
}
