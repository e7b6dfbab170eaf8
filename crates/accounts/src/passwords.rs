//! Passwords: what makes a good one, and argon2id, off the asynchronous threads, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use base::{Rng, Secret};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use web::Fault;

/// Passwords that everybody tries, as they are after [`squeeze`]; shorter ones are refused for their length.
const COMMON: &str = include_str!("../data/common-passwords.txt");
/// Shortest and longest password in characters (NIST SP 800-63B-4 section 3.1.1.2: at least 15 where it stands alone, 8
/// with a second factor; no rules of composition). The upper end bounds the work of hashing.
pub(crate) const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weak {
    /// Fewer or more characters than [`LENGTH`].
    Length,
    /// It is tried first by everybody who guesses.
    Common,
    /// It is little more than the address or the name of its owner.
    Personal,
}

impl Weak {
    /// The text that says so.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Length => "acc-error-password-length",
            Self::Common => "acc-error-password-common",
            Self::Personal => "acc-error-password-personal",
        }
    }
}

/// Whether a new password is good enough for the owner of `email`.
pub(crate) fn judge(password: &Secret<String>, email: &mail::Email, name: &str) -> Result<(), Weak> {
    let plain = normal(password.expose());
    if !LENGTH.contains(&plain.chars().count()) {
        return Err(Weak::Length);
    }
    let squeezed = squeeze(&plain);
    let mut kinds: Vec<char> = squeezed.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    // "aaaaaaaaaaaa", "abababababab", "123412341234", "abcdefghijkl".
    if kinds.len() <= 4 || is_run(&squeezed) || COMMON.lines().any(|line| line == squeezed) {
        return Err(Weak::Common);
    }
    let own = [email.as_str(), email.local(), email.domain(), name].map(|own| squeeze(&normal(own)));
    let mut rest = squeezed;
    for part in own.iter().filter(|part| part.chars().count() >= 4) {
        rest = rest.replace(part.as_str(), "");
    }
    if rest.chars().count() < 6 { Err(Weak::Personal) } else { Ok(()) }
}

/// Every way of typing the same characters gives the same password (NIST SP 800-63B-4 section 3.1.1.2).
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// Small letters, without what people put in between.
fn squeeze(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether every character follows the one before it, up or down.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    [1, -1].iter().any(|step| codes.windows(2).all(|w| w[1] - w[0] == *step || (w[0], w[1]) == (57, 48)))
}

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
        let password = Secret::new(normal(password.expose()));
        let salt: [u8; 16] = self.rng.bytes();
        let hash = self.work(move |a| a.hash_password_with_salt(password.expose().as_bytes(), &salt)).await?;
        Ok(hash.map_err(|e| Fault::new(format!("a password can't be hashed: {e}")))?.to_string())
    }

    /// Whether `password` is the one behind `hash`; `None`: nobody has the name.
    pub(crate) async fn verify(&self, password: &Secret<String>, hash: Option<&str>) -> Result<bool, Fault> {
        let password = Secret::new(normal(password.expose()));
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

    #[tokio::test]
    async fn one_password_however_it_is_typed() {
        let p = Passwords::new(CHEAP, Rng::seeded(1)).unwrap();
        let hash = p.hash(&Secret::new("ｐａｓｓ が phrase 12".to_owned())).await.unwrap();
        assert!(p.verify(&Secret::new("pass が phrase 12".to_owned()), Some(&hash)).await.unwrap());
    }

    #[test]
    fn weak_ones_are_told_apart() {
        let email = mail::Email::parse("hanako.sato@example.jp").unwrap();
        let judged = |text: &str| judge(&Secret::new(text.to_owned()), &email, "佐藤 花子");
        for good in [
            "correct horse battery",
            "茶碗蒸しの上のみつばと海老",
            "tsukue-no-ue-ni-7-satsu",
            "Hanako likes 3 green frogs",
        ] {
            assert_eq!(judged(good), Ok(()), "{good}");
        }
        for short in ["", "short", "elevenchars"] {
            assert_eq!(judged(short), Err(Weak::Length), "{short}");
        }
        assert_eq!(judged(&"long ".repeat(60)), Err(Weak::Length));
        for common in [
            "Password-1234",
            "aaaaaaaaaaaaaa",
            "abababababab",
            "123456789012",
            "ABCDEFGHIJKLM",
            "qwertyuiop123",
            "パスワードパスワードパスワード",
        ] {
            assert_eq!(judged(common), Err(Weak::Common), "{common}");
        }
        for own in ["hanako.sato@example.jp", "HanakoSato2026", "example.jp-1234"] {
            assert_eq!(judged(own), Err(Weak::Personal), "{own}");
        }
    }

    #[test]
    fn the_list_is_in_the_form_that_is_compared() {
        for line in COMMON.lines() {
            assert_eq!(squeeze(line), line);
            assert!(line.chars().count() >= 8, "{line} is refused for its length anyway");
        }
        assert!(COMMON.lines().count() > 100);
    }

    #[test]
    fn the_default_is_what_owasp_asks() {
        let d = PasswordCost::default();
        assert_eq!((d.memory_kib, d.passes, d.lanes), (19_456, 2, 1));
    }
}
