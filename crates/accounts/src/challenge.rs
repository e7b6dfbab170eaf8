//! Challenges for passkeys: made without storing anything, bound to one browser and one purpose, good once.
//!
//! A challenge is `nonce ‖ end ‖ MAC(browser, purpose, nonce, end)`; the answer uses the nonce up in the database, in the
//! transaction that makes use of it. So a page can show one without writing, on any node, and a second answer fails.

use std::time::Duration;

use base::Timestamp;
use base::codec::{b64url, b64url_decode, same};
use store::Tx;
use web::Visit;

use crate::Accounts;
use crate::store::counters;

const LIFE: Duration = Duration::from_secs(10 * 60);
const NONCE: usize = 16;
const HEAD: usize = NONCE + 8;

/// What a challenge is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing in by passkey alone.
    SignIn(crate::Realm),
    /// The second step, or a fresh proof, in this session.
    Prove(String),
    /// Adding a passkey in this session.
    Add(String),
}

impl Purpose {
    fn text(&self) -> String {
        match self {
            Self::SignIn(realm) => format!("sign-in\n{}", realm.as_str()),
            Self::Prove(session) => format!("prove\n{session}"),
            Self::Add(session) => format!("add\n{session}"),
        }
    }
}

/// A checked challenge, to be used up.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    id: String,
    ends: Timestamp,
}

impl Used {
    /// Uses it up; `false` when it was used before.
    pub(crate) fn take(&self, tx: &mut Tx<'_>) -> store::Result<bool> {
        counters::once(tx, &self.id, self.ends)
    }
}

impl Accounts {
    /// A new challenge, in base64url.
    pub(crate) fn challenge(&self, visit: &Visit, purpose: &Purpose) -> String {
        let nonce: [u8; NONCE] = self.rng().bytes();
        let mut bytes = nonce.to_vec();
        bytes.extend(self.now().plus(LIFE).0.to_be_bytes());
        let mac = self.challenge_mac(&visit.browser().hash(), purpose, &bytes);
        bytes.extend(mac.as_bytes());
        b64url(&bytes)
    }

    /// Whether `challenge` is one that this browser was given for this purpose, and still runs.
    pub(crate) fn check_challenge(&self, visit: &Visit, purpose: &Purpose, challenge: &str) -> Option<Used> {
        let browser = visit.known_browser()?.hash();
        let bytes = b64url_decode(challenge)?;
        let (head, mac) = bytes.split_at_checked(HEAD)?;
        let ends = Timestamp(i64::from_be_bytes(head.get(NONCE..)?.try_into().ok()?));
        let good = same(mac, self.challenge_mac(&browser, purpose, head).as_bytes());
        (good && self.now() < ends).then(|| Used { id: format!("challenge {}", b64url(&head[..NONCE])), ends })
    }

    fn challenge_mac(&self, browser: &str, purpose: &Purpose, head: &[u8]) -> String {
        let message = [browser.as_bytes(), b"\n", purpose.text().as_bytes(), b"\n", head].concat();
        self.0.sealer.blind_index("accounts.challenge", &message)
    }
}
