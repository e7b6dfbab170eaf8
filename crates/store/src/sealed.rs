//! Sealed columns: what must not be readable in a stolen database file.
//!
//! AES-256-GCM-SIV (RFC 8452), which forgives a repeated nonce, with the column's name and the key
//! id as additional data, so that a sealed value can't be moved to another column. Look-ups go by
//! a *blind index*: a keyed hash that tells equality and nothing else.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base::codec::{b64url, hmac_sha256};
use base::{Rng, Secret};

use crate::{Error, Result};

const VERSION: u8 = 1;

/// Seals and opens column values and makes blind indexes. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(std::sync::Arc<Keys>);

struct Keys {
    id: [u8; 4],
    key: LessSafeKey,
    index: Secret<[u8; 32]>,
    rng: Rng,
}

impl Sealer {
    /// From the role's 32-byte master key, which is kept apart from the database.
    ///
    /// # Errors
    /// Never for a key of 32 bytes; the cipher's constructor is fallible.
    pub fn new(master: &Secret<[u8; 32]>, rng: Rng) -> Result<Self> {
        let derive = |label: &[u8]| hmac_sha256(master.expose(), label);
        let sealing = Secret::new(derive(b"enishi seal v1"));
        let id = derive(b"enishi key id v1");
        let key = UnboundKey::new(&AES_256_GCM_SIV, sealing.expose())
            .map_err(|_| Error::Open("the master key can't be used".to_owned()))?;
        Ok(Self(std::sync::Arc::new(Keys {
            id: [id[0], id[1], id[2], id[3]],
            key: LessSafeKey::new(key),
            index: Secret::new(derive(b"enishi blind index v1")),
            rng,
        })))
    }

    /// Seals `plain` for `column` (`table.column`).
    ///
    /// # Errors
    /// When the cipher refuses, which it does only for absurd lengths.
    pub fn seal(&self, column: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = self.0.rng.bytes();
        let mut body = plain.to_vec();
        self.0
            .key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), self.aad(column), &mut body)
            .map_err(|_| Error::Refused(format!("{column} can't be sealed")))?;
        let mut out = Vec::with_capacity(1 + 4 + NONCE_LEN + body.len());
        out.push(VERSION);
        out.extend(self.0.id);
        out.extend(nonce);
        out.extend(body);
        Ok(out)
    }

    /// Opens what [`Sealer::seal`] made for the same column.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when it was made for another column or with another key, or changed.
    pub fn open(&self, column: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let wrong = |what: &str| Error::inconsistent(column, what);
        let rest = sealed.strip_prefix(&[VERSION]).ok_or_else(|| wrong("not a sealed value"))?;
        let (id, rest) = rest.split_at_checked(4).ok_or_else(|| wrong("too short"))?;
        if id != self.0.id {
            return Err(wrong("sealed with another master key; check the key file"));
        }
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(|| wrong("too short"))?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong("too short"))?;
        let mut body = body.to_vec();
        let length = self
            .0
            .key
            .open_in_place(nonce, self.aad(column), &mut body)
            .map_err(|_| wrong("changed, or of another column"))?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// A keyed hash for equality look-ups in `column`.
    pub fn blind_index(&self, column: &str, plain: &[u8]) -> String {
        let mut message = Vec::with_capacity(column.len() + 1 + plain.len());
        message.extend(column.as_bytes());
        message.push(0);
        message.extend(plain);
        b64url(&hmac_sha256(self.0.index.expose(), &message))
    }

    fn aad(&self, column: &str) -> Aad<Vec<u8>> {
        let mut aad = self.0.id.to_vec();
        aad.extend(column.as_bytes());
        Aad::from(aad)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealer(seed: u8) -> Sealer {
        Sealer::new(&Secret::new([seed; 32]), base::Rng::system()).unwrap()
    }

    #[test]
    fn another_column_or_key_does_not_open() {
        let s = sealer(1);
        let sealed = s.seal("citizens.card", b"serial").unwrap();
        assert_eq!(s.open("citizens.card", &sealed).unwrap(), b"serial");
        assert!(s.open("citizens.name", &sealed).is_err());
        assert!(sealer(2).open("citizens.card", &sealed).unwrap_err().to_string().contains("another master key"));
        assert_ne!(s.seal("c", b"x").unwrap(), s.seal("c", b"x").unwrap());
        assert_eq!(s.blind_index("c", b"x"), s.blind_index("c", b"x"));
        assert_ne!(s.blind_index("c", b"x"), s.blind_index("d", b"x"));
    }

    proptest! {
        #[test]
        fn round_trip_and_no_flipped_bit(plain in proptest::collection::vec(any::<u8>(), 0..200), at in any::<proptest::sample::Index>(), bit in 0u8..8) {
            let s = sealer(3);
            let mut sealed = s.seal("t.c", &plain).unwrap();
            prop_assert_eq!(s.open("t.c", &sealed).unwrap(), plain);
            let i = at.index(sealed.len());
            sealed[i] ^= 1 << bit;
            prop_assert!(s.open("t.c", &sealed).is_err());
        }
    }
}
