//! Ids: a short prefix that says of what, and a ULID (48 bits of time, 80 random bits).
//!
//! Sorted as text they are sorted by age, which keeps index pages warm and lets lists page by id.

use crate::{Rng, Timestamp};

const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new ULID in lower-case Crockford base 32 (26 characters).
pub fn ulid(now: Timestamp, rng: &Rng) -> String {
    let millis = (now.0.max(0) / 1_000) as u128 & ((1 << 48) - 1);
    let mut random = [0u8; 16];
    rng.fill(&mut random[6..]);
    let value = (millis << 80) | u128::from_be_bytes(random);
    (0..26).rev().map(|i| CROCKFORD[((value >> (5 * i)) & 31) as usize] as char).collect()
}

/// Declares an id type: `id!(/// A journey. JourneyId, "jrn");`
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// A new id.
            pub fn new(now: $crate::Timestamp, rng: &$crate::Rng) -> Self {
                Self(format!("{}_{}", $prefix, $crate::id::ulid(now, rng)))
            }

            /// An id read from outside or from storage; `None` when it has not this id's shape.
            pub fn parse(text: &str) -> Option<Self> {
                let tail = text.strip_prefix(concat!($prefix, "_"))?;
                $crate::id::is_ulid(tail).then(|| Self(text.to_owned()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $crate::id::serde_id::Text for $name {
            fn text(&self) -> &str {
                &self.0
            }
            fn from_text(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        }

        impl $crate::id::serde_id::Serialize for $name {
            fn serialize<S: $crate::id::serde_id::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> $crate::id::serde_id::Deserialize<'de> for $name {
            fn deserialize<D: $crate::id::serde_id::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                $crate::id::serde_id::deserialize(d)
            }
        }
    };
}

/// Whether `text` is a lower-case ULID.
pub fn is_ulid(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| CROCKFORD.contains(&b)) && text.as_bytes()[0] <= b'7'
}

#[doc(hidden)]
pub mod serde_id {
    pub use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// An id as text, for the macro above.
    pub trait Text: Sized {
        /// The text.
        fn text(&self) -> &str;
        /// From text.
        fn from_text(text: &str) -> Option<Self>;
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Text>(d: D) -> Result<T, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        T::from_text(&text).ok_or_else(|| serde::de::Error::custom("not an id of the expected kind"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    id!(
        /// For the test.
        TestId,
        "tst"
    );

    #[test]
    fn ids_sort_by_age_and_parse_back() {
        let rng = Rng::seeded(1);
        let a = TestId::new(Timestamp::from_secs(1_000), &rng);
        let b = TestId::new(Timestamp::from_secs(2_000), &rng);
        assert!(a < b);
        assert_eq!(TestId::parse(a.as_str()), Some(a));
        assert_eq!(TestId::parse("tst_short"), None);
        assert_eq!(TestId::parse(&b.as_str().replace("tst", "xyz")), None);
        assert_eq!(TestId::parse(&b.as_str().to_uppercase()), None);
    }
}
