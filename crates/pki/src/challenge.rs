//! What a card signs: a canonical, versioned structure.
//!
//! The card's key signs anything it is given, so the bytes themselves carry the separation between
//! protocols, sites, sessions and purposes. Readers, phones and the test-card stand-in build these
//! bytes from what they see; the portal builds them again from what it remembers. The format is
//! frozen: a change needs a new tag.
//!
//! ```text
//! "enishi-card-challenge-v1" 00
//! then five fields, each: length (u16, big-endian), bytes
//!   origin        ASCII serialisation of the relying party's origin (RFC 6454 section 6.2)
//!   nonce         32 bytes
//!   session_hash  32 bytes, SHA-256 of the browser's cookie for this run
//!   expires       8 bytes, seconds since 1970 (u64, big-endian)
//!   purpose       "attribute-linkage", "sign-in" or "unlink"
//! ```

use base::Timestamp;
use url::Url;

const TAG: &[u8] = b"enishi-card-challenge-v1\0";

/// What the citizen does with the card. A signature for one purpose is worthless for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Identity verification (screen ③) in a run of the attribute linkage.
    AttributeLinkage,
    /// Signing in to the portal's own pages.
    SignIn,
    /// Undoing a linkage.
    Unlink,
}

impl Purpose {
    /// Every purpose there is.
    pub const ALL: [Self; 3] = [Self::AttributeLinkage, Self::SignIn, Self::Unlink];

    /// The word in the signed bytes and in the `purpose` parameter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AttributeLinkage => "attribute-linkage",
            Self::SignIn => "sign-in",
            Self::Unlink => "unlink",
        }
    }

    /// The reverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }
}

/// A web origin in its ASCII serialisation: `https://portal.example`, `http://localhost:4801`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Longest origin taken, in bytes; a DNS name has at most 253.
    const MAX: usize = 300;

    /// An origin exactly as a browser writes it (no path, no default port, lower case); `None` otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let origin = Self::of(&Url::parse(text).ok()?)?;
        (origin.0 == text).then_some(origin)
    }

    /// The origin of an http(s) address; `None` for other schemes.
    pub fn of(url: &Url) -> Option<Self> {
        if !matches!(url.scheme(), "https" | "http") {
            return None;
        }
        let text = url.origin().ascii_serialization();
        (text.len() <= Self::MAX).then_some(Self(text))
    }

    /// The serialisation.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `url` lies within this origin.
    pub fn contains(&self, url: &Url) -> bool {
        Self::of(url).is_some_and(|o| o == *self)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the relying party asks a card to sign, once.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Who asks. A reader signs for the origin it sees, so a relayed challenge doesn't verify.
    pub origin: Origin,
    /// Random, used once.
    pub nonce: [u8; 32],
    /// SHA-256 of the cookie of the browser that started.
    pub session_hash: [u8; 32],
    /// Not signed for after this time. Whole seconds count; parts of a second aren't in the bytes.
    pub expires: Timestamp,
    /// What for.
    pub purpose: Purpose,
}

impl Challenge {
    /// The bytes a card signs (RSASSA-PKCS1-v1_5 with SHA-256 today).
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192);
        out.extend_from_slice(TAG);
        let expires = self.expires.secs().max(0) as u64;
        let fields: [&[u8]; 5] = [
            self.origin.as_str().as_bytes(),
            &self.nonce,
            &self.session_hash,
            &expires.to_be_bytes(),
            self.purpose.as_str().as_bytes(),
        ];
        for field in fields {
            // No field is longer than Origin::MAX.
            out.extend_from_slice(&(field.len() as u16).to_be_bytes());
            out.extend_from_slice(field);
        }
        out
    }

    /// The strict reverse of [`Self::signed_bytes`]: `None` for anything that method doesn't make.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(TAG)?;
        let mut next = || {
            let (len, tail) = rest.split_first_chunk::<2>()?;
            let (field, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
            rest = tail;
            Some(field)
        };
        let origin = Origin::parse(str::from_utf8(next()?).ok()?)?;
        let nonce = next()?.try_into().ok()?;
        let session_hash = next()?.try_into().ok()?;
        let secs = i64::try_from(u64::from_be_bytes(next()?.try_into().ok()?)).ok()?;
        let expires = Timestamp::from_secs(secs);
        let purpose = Purpose::parse(str::from_utf8(next()?).ok()?)?;
        // A time outside the range of a timestamp would not come back the same.
        (rest.is_empty() && expires.secs() == secs).then_some(Self { origin, nonce, session_hash, expires, purpose })
    }
}

impl std::fmt::Debug for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Challenge")
            .field("origin", &self.origin)
            .field("expires", &self.expires)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Challenge {
        Challenge {
            origin: Origin::parse("https://portal.example").unwrap(),
            nonce: std::array::from_fn(|i| i as u8),
            session_hash: std::array::from_fn(|i| 0xff - i as u8),
            expires: Timestamp::from_secs(1_795_438_800),
            purpose: Purpose::AttributeLinkage,
        }
    }

    /// Frozen: readers and phones sign these very bytes.
    #[test]
    fn frozen_vector() {
        let mut expected = b"enishi-card-challenge-v1\0\x00\x16https://portal.example\x00\x20".to_vec();
        expected.extend(0x00..=0x1f);
        expected.extend(b"\x00\x20");
        expected.extend((0xe0..=0xff).rev());
        expected.extend(b"\x00\x08\x00\x00\x00\x00\x6b\x04\x38\xd0\x00\x11attribute-linkage");
        assert_eq!(sample().signed_bytes(), expected);
        let hex: String = base::codec::sha256(&expected).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "b68b2eb340a73941fa31922f45bf2f232e6e7548644f694c2669388c8d08dda1");
    }

    #[test]
    fn origins_are_taken_only_as_browsers_write_them() {
        for good in ["https://portal.example", "http://localhost:4801", "http://127.0.0.1:1", "http://[::1]:8080"] {
            assert!(Origin::parse(good).is_some(), "{good}");
        }
        for bad in [
            "https://portal.example/",
            "https://portal.example:443",
            "https://Portal.example",
            "https://u@portal.example",
            "file:///x",
            "null",
            "data:,x",
            "",
        ] {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
        let origin = Origin::parse("http://localhost:4801").unwrap();
        assert!(origin.contains(&Url::parse("http://localhost:4801/card/return/x?y").unwrap()));
        assert!(!origin.contains(&Url::parse("http://localhost:4802/").unwrap()));
        assert!(!origin.contains(&Url::parse("http://localhost:4801@evil.example/").unwrap()));
    }

    #[test]
    fn no_byte_can_be_missing_or_added() {
        let bytes = sample().signed_bytes();
        for cut in 0..bytes.len() {
            assert_eq!(Challenge::parse(&bytes[..cut]), None);
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Challenge::parse(&longer), None);
    }

    proptest! {
        #[test]
        fn parse_reverses_signed_bytes(
            host in "[a-z]{1,20}\\.example",
            port in 1024u16..,
            nonce: [u8; 32],
            session_hash: [u8; 32],
            secs in 0i64..9_000_000_000_000,
            purpose in prop::sample::select(Purpose::ALL.to_vec()),
        ) {
            let origin = Origin::parse(&format!("https://{host}:{port}")).unwrap();
            let c = Challenge { origin, nonce, session_hash, expires: Timestamp::from_secs(secs), purpose };
            prop_assert_eq!(Challenge::parse(&c.signed_bytes()), Some(c));
        }

        #[test]
        fn what_parses_is_canonical(at in 0usize..170, byte: u8) {
            let mut bytes = sample().signed_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Some(c) = Challenge::parse(&bytes) {
                prop_assert_eq!(c.signed_bytes(), bytes);
            }
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = Challenge::parse(&[TAG, &bytes].concat());
            let _ = Challenge::parse(&bytes);
        }
    }
}
