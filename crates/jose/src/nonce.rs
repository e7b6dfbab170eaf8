//! Server nonces for DPoP (RFC 9449 section 8) without a table.

use std::time::Duration;

use base::Timestamp;
use base::codec::{b64url, b64url_decode, hmac_sha256, same};

/// Length of a window in seconds: a nonce works in its own window and the next, so 60 to 120 s.
const WINDOW: i64 = 60;
const MAC: usize = 16;

/// Makes and checks nonces: an HMAC over the number of a one-minute window. Nodes with the same key
/// agree without talking to each other. Replay within the window is what `jti` is for.
#[derive(Clone)]
pub struct NonceKey([u8; 32]);

impl NonceKey {
    /// The longest that a nonce can be used, also when the node that made it was a minute ahead.
    pub const LIFETIME: Duration = Duration::from_secs(3 * WINDOW as u64);

    /// From 32 secret octets that all nodes of a role share.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A nonce for now.
    pub fn issue(&self, now: Timestamp) -> String {
        self.of(window(now))
    }

    /// Whether this nonce came from [`Self::issue`] at most about two minutes ago. A nonce of the
    /// next window counts too: another node's clock may be ahead.
    pub fn check(&self, nonce: &str, now: Timestamp) -> bool {
        let Some(bytes) = b64url_decode(nonce).filter(|b| b.len() == 4 + MAC) else { return false };
        let Some(number) = bytes.first_chunk::<4>().map(|n| i64::from(u32::from_be_bytes(*n))) else { return false };
        let current = window(now);
        (current - 1..=current + 1).contains(&number) && same(self.of(number).as_bytes(), nonce.as_bytes())
    }

    fn of(&self, window: i64) -> String {
        // 32 bits of minutes last until the year 10136.
        let number = u32::try_from(window).unwrap_or(u32::MAX).to_be_bytes();
        let mut message = b"enishi-dpop-nonce-v1\0".to_vec();
        message.extend_from_slice(&number);
        let mut out = number.to_vec();
        out.extend_from_slice(&hmac_sha256(&self.0, &message)[..MAC]);
        b64url(&out)
    }
}

impl std::fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceKey")
    }
}

const fn window(now: Timestamp) -> i64 {
    now.secs().div_euclid(WINDOW)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nonces_live_one_to_two_minutes_on_every_node() {
        let (here, there, other) = (NonceKey::new([1; 32]), NonceKey::new([1; 32]), NonceKey::new([2; 32]));
        for start in [0, 1, 59, 60, 1_700_000_000] {
            let now = Timestamp::from_secs(start);
            let nonce = here.issue(now);
            assert!(there.check(&nonce, now));
            assert!(there.check(&nonce, now.plus(Duration::from_secs(60))));
            assert!(!there.check(&nonce, now.plus(Duration::from_secs(120))));
            assert!(!other.check(&nonce, now));
        }
        // A node whose clock is half a minute behind still takes it.
        let now = Timestamp::from_secs(1_700_000_000);
        assert!(there.check(&here.issue(now), now.minus(Duration::from_secs(30))));
        assert!(!there.check(&here.issue(now), now.minus(Duration::from_secs(120))));
    }

    proptest! {
        #[test]
        fn nothing_else_is_a_nonce(text in "\\PC{0,60}", bytes in proptest::collection::vec(any::<u8>(), 20)) {
            let key = NonceKey::new([1; 32]);
            let now = Timestamp::from_secs(1_700_000_000);
            prop_assert!(!key.check(&text, now));
            prop_assert!(!key.check(&b64url(&bytes), now));
        }
    }
}
