//! What the card's keys sign. P1=00 signs anything it is given: the key has no protocol separation of its own.

use base::Rng;
use base::codec::sha256;
use pki::P384Key;

use super::files::PinId;
use super::image::{Generation, Image, ImageError};
use super::rsa::RawRsa;
use crate::apdu::Status;

/// `DigestInfo` of SHA-256 before the hash.
const SHA256_INFO: &[u8] = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyId {
    Auth,
    Sign,
}

impl KeyId {
    /// The PIN that opens it.
    pub(super) const fn pin(self) -> PinId {
        match self {
            Self::Auth => PinId::Auth,
            Self::Sign => PinId::Sign,
        }
    }
}

#[derive(Debug)]
enum Key {
    Rsa(RawRsa),
    P384(P384Key),
}

/// Both keys of the card.
#[derive(Debug)]
pub(super) struct Keys {
    auth: Key,
    sign: Key,
}

impl Keys {
    pub(super) fn of(image: &Image) -> Result<Self, ImageError> {
        let rsa = |pkcs8: &[u8]| RawRsa::from_pkcs8(pkcs8).map(Key::Rsa).ok_or(ImageError::Content("no RSA-2048 key"));
        let auth = match image.generation {
            Generation::Current => rsa(&image.auth.key)?,
            Generation::Next => Key::P384(P384Key::from_pkcs8(&image.auth.key)?),
        };
        Ok(Self { auth, sign: rsa(&image.sign.key)? })
    }

    /// COMPUTE DIGITAL SIGNATURE in the way that `p1` says.
    pub(super) fn sign(&self, key: KeyId, p1: u8, data: &[u8], rng: &Rng) -> Result<Vec<u8>, Status> {
        let key = match key {
            KeyId::Auth => &self.auth,
            KeyId::Sign => &self.sign,
        };
        if p1 > 5 {
            return Err(Status::PARAMETERS);
        }
        if data.is_empty() {
            return Err(Status::LENGTH);
        }
        let hash = || <&[u8; 32]>::try_from(data).map_err(|_| Status::CONDITIONS);
        match key {
            Key::Rsa(key) => match p1 {
                0 => key.sign(data).ok_or(Status::CONDITIONS),
                1 => key.sign(&sha256(data)).ok_or(Status::CONDITIONS),
                2 => key.sign(&[SHA256_INFO, hash()?].concat()).ok_or(Status::CONDITIONS),
                3 => key.sign(&[SHA256_INFO, &sha256(data)].concat()).ok_or(Status::CONDITIONS),
                4 => Ok(key.sign_pss(hash()?, &rng.bytes())),
                _ => Ok(key.sign_pss(&sha256(data), &rng.bytes())),
            },
            // Not published. A SHA-384 hash in, r and s out.
            Key::P384(key) if p1 == 0 => key.sign_hash(data).map_err(|_| Status::CONDITIONS),
            Key::P384(_) => Err(Status::PARAMETERS),
        }
    }
}
