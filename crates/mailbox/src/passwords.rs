//! Passwords: argon2id, off the asynchronous threads, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use base::{Rng, Secret};
use tokio::sync::Semaphore;
use web::Fault;

/// What a guess at a password costs (RFC 9106). The default is OWASP's: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// How many are worked on at a time; more wait, so that a flood of sign-ins takes neither all memory
    /// nor all cores.
    pub at_once: usize,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1, at_once: 2 }
    }
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    /// How a hash with these parameters begins.
    prefix: String,
    /// A hash that no password has, checked when nobody has the name: the answer takes as long.
    nobody: Arc<str>,
    permits: Arc<Semaphore>,
    rng: Rng,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost, rng: Rng) -> Result<Self, Fault> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|e| Fault::new(format!("the password cost can't be used: {e}")))?;
        let prefix = format!("$argon2id$v=19$m={},t={},p={}$", cost.memory_kib, cost.passes, cost.lanes);
        let b64 = |bytes: &[u8]| base::codec::b64(bytes).trim_end_matches('=').to_owned();
        let nobody = format!("{prefix}{}${}", b64(&rng.bytes::<16>()), b64(&rng.bytes::<32>()));
        Ok(Self {
            argon2: Argon2::from(params),
            prefix,
            nobody: nobody.into(),
            permits: Arc::new(Semaphore::new(cost.at_once.max(1))),
            rng,
        })
    }

    async fn work<T: Send + 'static>(&self, f: impl FnOnce(&Argon2<'_>) -> T + Send + 'static) -> Result<T, Fault> {
        let permit = self.permits.clone().acquire_owned().await?;
        let argon2 = self.argon2.clone();
        Ok(tokio::task::spawn_blocking(move || {
            let out = f(&argon2);
            drop(permit);
            out
        })
        .await?)
    }

    /// The hash to keep, in PHC form.
    pub(crate) async fn hash(&self, password: &Secret<String>) -> Result<String, Fault> {
        let password = password.clone();
        let salt: [u8; 16] = self.rng.bytes();
        let hash = self.work(move |a| a.hash_password_with_salt(password.expose().as_bytes(), &salt)).await?;
        Ok(hash.map_err(|e| Fault::new(format!("a password can't be hashed: {e}")))?.to_string())
    }

    /// Whether `password` is the one behind `hash`; `None`: nobody has the name.
    pub(crate) async fn verify(&self, password: &Secret<String>, hash: Option<&str>) -> Result<bool, Fault> {
        let password = password.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let good = self
            .work(move |a| {
                let parsed = PasswordHash::new(&hash).map_err(|e| e.to_string())?;
                match a.verify_password(password.expose().as_bytes(), &parsed) {
                    Ok(()) => Ok(true),
                    Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                    Err(e) => Err(e.to_string()),
                }
            })
            .await?
            .map_err(|e| Fault::new(format!("a stored password can't be read: {e}")))?;
        Ok(good && known)
    }

    /// Whether a stored hash was made with other parameters than those of now.
    pub(crate) fn is_outdated(&self, hash: &str) -> bool {
        !hash.starts_with(&self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 2 };

    #[tokio::test]
    async fn right_wrong_and_nobody() {
        let p = Passwords::new(CHEAP, Rng::seeded(1)).unwrap();
        let (right, wrong) = (Secret::new("demo-password-1".to_owned()), Secret::new("demo-password-2".to_owned()));
        let hash = p.hash(&right).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert_ne!(hash, p.hash(&right).await.unwrap());
        assert!(p.verify(&right, Some(&hash)).await.unwrap());
        assert!(!p.verify(&wrong, Some(&hash)).await.unwrap());
        assert!(!p.verify(&right, None).await.unwrap());
        assert!(p.verify(&right, Some("rubbish")).await.is_err());
        assert!(!p.is_outdated(&hash));
        let dearer = Passwords::new(PasswordCost { passes: 2, ..CHEAP }, Rng::seeded(1)).unwrap();
        assert!(dearer.is_outdated(&hash));
        // Hashes outlive a change of parameters.
        assert!(dearer.verify(&right, Some(&hash)).await.unwrap());
    }

    #[test]
    fn the_default_is_what_owasp_asks() {
        let d = PasswordCost::default();
        assert_eq!((d.memory_kib, d.passes, d.lanes), (19_456, 2, 1));
    }
}
