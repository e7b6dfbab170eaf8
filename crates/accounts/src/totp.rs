//! Time-based one-time passwords (RFC 6238): HMAC-SHA-1, 30 seconds, six digits, which is what authenticator apps do.

use aws_lc_rs::hmac;
use base::codec::same;
use base::{Secret, Timestamp};

/// Bytes of a secret (RFC 4226 section 4: 160 bits recommended).
pub(crate) const SECRET: usize = 20;
const STEP: i64 = 30;
/// Steps accepted before and after the present one: clocks differ, and people type slowly (RFC 6238 section 5.2).
const DRIFT: i64 = 1;
const DIGITS: u32 = 6;

/// The shared secret.
pub(crate) type Key = Secret<[u8; SECRET]>;

/// The step that a time lies in.
pub(crate) const fn step(now: Timestamp) -> i64 {
    now.secs().div_euclid(STEP)
}

/// HOTP (RFC 4226 section 5.3).
fn code(key: &[u8], counter: i64, digits: u32) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), &counter.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let number = tag.iter().skip(at).take(4).fold(0u32, |n, b| (n << 8) | u32::from(*b)) & 0x7fff_ffff;
    format!("{:0width$}", number % 10u32.pow(digits), width = digits as usize)
}

/// The step whose code was typed, if it is one of those accepted now. The caller has to use the step up.
pub(crate) fn check(key: &Key, typed: &str, now: Timestamp) -> Option<i64> {
    let typed = web::form::digits(typed).filter(|t| t.len() == DIGITS as usize)?;
    let present = step(now);
    // Every step is computed, so that the time taken tells nothing.
    let mut found = None;
    for step in present - DRIFT..=present + DRIFT {
        if same(code(key.expose(), step, DIGITS).as_bytes(), typed.as_bytes()) {
            found = Some(step);
        }
    }
    found
}

/// Base 32 (RFC 4648 section 6) without padding, as authenticator apps take secrets.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut block = [0u8; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let letters = (chunk.len() * 8).div_ceil(5);
        for i in 0..letters {
            out.push(LETTERS[((bits >> (35 - 5 * i)) & 31) as usize] as char);
        }
    }
    out
}

/// Reads base 32 (RFC 4648 section 6), with or without padding, blanks and hyphens, in either case. `None`: it is none.
pub(crate) fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0u32);
    for c in text.trim_end_matches('=').chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let n = match c.to_ascii_uppercase() {
            c @ 'A'..='Z' => u32::from(c) - u32::from('A'),
            c @ '2'..='7' => u32::from(c) - u32::from('2') + 26,
            _ => return None,
        };
        (held, bits) = (held << 5 | n, bits + 5);
        if bits >= 8 {
            bits -= 8;
            out.push(((held >> bits) & 0xff) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(out)
}

/// What an authenticator app shows at `now` that was given this secret in base 32. `None`: the text is no secret of ours.
pub fn totp_code_of(secret: &str, now: Timestamp) -> Option<String> {
    let secret: [u8; SECRET] = from_base32(secret)?.try_into().ok()?;
    Some(totp_code(&secret, now))
}

/// What an authenticator app with this secret shows at `now`: for demonstrations and tests, which play the app.
pub fn totp_code(secret: &[u8; SECRET], now: Timestamp) -> String {
    code(secret, step(now), DIGITS)
}

/// The address that authenticator apps read (Key URI format). `issuer` and `account` are shown in the app.
pub(crate) fn uri(key: &Key, issuer: &str, account: &str) -> String {
    let enc = |text: &str| {
        text.bytes().fold(String::new(), |mut out, b| {
            if b.is_ascii_alphanumeric() || b"-._~@".contains(&b) {
                out.push(b as char);
            } else {
                out.push_str(&format!("%{b:02X}"));
            }
            out
        })
    };
    let secret = base32(key.expose());
    format!("otpauth://totp/{}:{}?secret={secret}&issuer={}", enc(issuer), enc(account), enc(issuer))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc_6238_appendix_b() {
        let key = b"12345678901234567890";
        for (time, expected) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code(key, step(Timestamp::from_secs(time)), 8), expected, "{time}");
        }
    }

    #[test]
    fn an_app_shows_what_is_accepted() {
        let now = Timestamp::from_secs(59);
        assert_eq!(totp_code(b"12345678901234567890", now), "287082");
        assert_eq!(check(&Secret::new(*b"12345678901234567890"), "２８７ ０８２", now), Some(1));
    }

    #[test]
    fn rfc_4226_appendix_d_and_rfc_4648() {
        let key = b"12345678901234567890";
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (counter, expected) in expected.iter().enumerate() {
            assert_eq!(code(key, counter as i64, 6), *expected);
        }
        for (plain, coded) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn the_address_for_apps() {
        let key = Secret::new(*b"12345678901234567890");
        let uri = uri(&key, "縁 desk", "a+b@example.jp");
        assert_eq!(
            uri,
            "otpauth://totp/%E7%B8%81%20desk:a%2Bb@example.jp?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E7%B8%81%20desk"
        );
    }

    proptest! {
        #[test]
        fn base32_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(from_base32(&base32(&bytes)), Some(bytes.clone()));
            let spaced = base32(&bytes).to_lowercase().chars().flat_map(|c| [c, ' ']).collect::<String>();
            prop_assert_eq!(from_base32(&spaced), Some(bytes));
        }

        #[test]
        fn a_code_is_good_for_its_step_and_one_around(secret: [u8; 20], secs in 0i64..4_000_000_000, off in -5i64..=5) {
            let key = Secret::new(secret);
            let now = Timestamp::from_secs(secs);
            let typed = code(&secret, step(now) + off, 6);
            let near = (-1..=1).any(|d| code(&secret, step(now) + d, 6) == typed);
            prop_assert_eq!(check(&key, &typed, now).is_some(), near);
            if off.abs() <= 1 {
                prop_assert!(near);
            }
        }

        #[test]
        fn never_panics(secret: [u8; 20], typed in "\\PC{0,12}", secs: i64) {
            let _ = check(&Secret::new(secret), &typed, Timestamp::from_secs(secs));
        }

        #[test]
        fn base32_is_as_long_as_it_should_be(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(base32(&bytes).len(), (bytes.len() * 8).div_ceil(5));
        }
    }
}
