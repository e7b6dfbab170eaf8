//! Randomness as an argument.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use parking_lot::Mutex;

use crate::codec::b64url;

/// Where random bytes come from. Cheap to clone.
#[derive(Clone)]
pub struct Rng(Source);

#[derive(Clone)]
enum Source {
    System,
    /// SHA-256 in counter mode over a seed: repeatable, for tests only.
    Seeded(Arc<Mutex<(u64, u64)>>),
}

impl Rng {
    /// The operating system's generator.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A repeatable generator for tests. Never use it in a running role.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new((seed, 0)))))
    }

    /// Fills `buf`.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can go on then.
    pub fn fill(&self, buf: &mut [u8]) {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                clippy::expect_used,
                reason = "the one place that asks the system for randomness"
            )]
            Source::System => aws_lc_rs::rand::fill(buf).expect("the system's random generator works"),
            Source::Seeded(state) => {
                let mut state = state.lock();
                for chunk in buf.chunks_mut(32) {
                    let mut block = [0u8; 16];
                    block[..8].copy_from_slice(&state.0.to_be_bytes());
                    block[8..].copy_from_slice(&state.1.to_be_bytes());
                    state.1 += 1;
                    chunk.copy_from_slice(&digest(&SHA256, &block).as_ref()[..chunk.len()]);
                }
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut b = [0; N];
        self.fill(&mut b);
        b
    }

    /// A random token of 256 bits in base64url (43 characters): codes, handles, cookies.
    pub fn token(&self) -> String {
        b64url(&self.bytes::<32>())
    }
}

impl std::fmt::Debug for Rng {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rng")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_seeds_repeat() {
        let rng = Rng::system();
        assert_ne!(rng.token(), rng.token());
        assert_eq!(rng.token().len(), 43);
        assert_eq!(Rng::seeded(7).token(), Rng::seeded(7).token());
        assert_ne!(Rng::seeded(7).token(), Rng::seeded(8).token());
    }
}
