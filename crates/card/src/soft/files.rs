//! The files of the card's applications, and who may read them.

use super::image::{Image, ImageError};
use super::{Ap, sign};
use crate::ap::{ATTRIBUTES, CARD_INFO, CODE_B, PROFILE_PIN, TOKEN_LEN, Token, aid, ef};

/// Length of a file that holds a certificate: longer than any certificate, filled with FF.
const CERT_FILE: usize = 2_000;

/// A PIN of the card: its place in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PinId {
    Auth = 0,
    Sign = 1,
    Profile = 2,
    CodeB = 3,
}

impl PinId {
    /// A new value, when it has the form of this PIN.
    pub(super) fn accepts(self, value: &[u8]) -> Option<&str> {
        let good = match self {
            Self::Auth | Self::Profile => value.len() == 4 && value.iter().all(u8::is_ascii_digit),
            Self::Sign => {
                (6..=16).contains(&value.len()) && value.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            }
            // It follows from what is printed on the card.
            Self::CodeB => false,
        };
        str::from_utf8(value).ok().filter(|_| good)
    }
}

/// A file.
#[derive(Debug)]
pub(super) enum File {
    /// Bytes, readable once one of the PINs was presented; by anybody when there is none.
    Binary {
        bytes: Vec<u8>,
        pins: &'static [PinId],
    },
    /// One record, for anybody.
    Record(Vec<u8>),
    Pin(PinId),
    Key(sign::KeyId),
}

/// All of them.
#[derive(Debug)]
pub(super) struct Files(Vec<(Ap, u16, File)>);

/// The application with this name.
pub(super) fn ap(name: &[u8]) -> Option<Ap> {
    [(aid::JPKI, Ap::Jpki), (aid::PROFILE, Ap::Profile), (aid::COMMON, Ap::Common)]
        .into_iter()
        .find(|(aid, _)| name == aid)
        .map(|(_, ap)| ap)
}

impl Files {
    pub(super) fn of(image: &Image) -> Result<Self, ImageError> {
        let free = |bytes: Vec<u8>| File::Binary { bytes, pins: &[] };
        let cert = |der: &[u8]| {
            let mut bytes = der.to_vec();
            bytes.resize(bytes.len().max(CERT_FILE), 0xff);
            bytes
        };
        let sign_cert = File::Binary { bytes: cert(&image.sign.certificate), pins: &[PinId::Sign] };
        let attributes = image.attributes()?.file();
        let info = image.info()?;
        Ok(Self(vec![
            (Ap::Jpki, ef::SIGN_CERT, sign_cert),
            (Ap::Jpki, ef::SIGN_CA, free(cert(&image.sign.authority))),
            (Ap::Jpki, ef::TOKEN, free(token(&info.number))),
            (Ap::Jpki, ef::AVAILABLE, free(vec![0x8f, 0x8f, 0x00])),
            (Ap::Jpki, ef::AUTH_CERT, free(cert(&image.auth.certificate))),
            (Ap::Jpki, ef::AUTH_CA, free(cert(&image.auth.authority))),
            (Ap::Jpki, ef::AUTH_KEY, File::Key(sign::KeyId::Auth)),
            (Ap::Jpki, ef::AUTH_PIN, File::Pin(PinId::Auth)),
            (Ap::Jpki, ef::SIGN_KEY, File::Key(sign::KeyId::Sign)),
            (Ap::Jpki, ef::SIGN_PIN, File::Pin(PinId::Sign)),
            (Ap::Profile, ATTRIBUTES, File::Binary { bytes: attributes, pins: &[PinId::Profile, PinId::CodeB] }),
            (Ap::Profile, PROFILE_PIN, File::Pin(PinId::Profile)),
            (Ap::Profile, CODE_B, File::Pin(PinId::CodeB)),
            (Ap::Common, CARD_INFO, File::Record(info.record())),
        ]))
    }

    pub(super) fn get(&self, ap: Ap, id: u16) -> Option<&File> {
        self.0.iter().find(|(a, i, _)| (*a, *i) == (ap, id)).map(|(_, _, file)| file)
    }
}

/// `CK_TOKEN_INFO` (PKCS #11 section 3.2), words of 32 bits, big-endian, as cards have it.
fn token(number: &str) -> Vec<u8> {
    let mut out = Token::CARD_LABEL.to_vec();
    out.extend_from_slice(format!("{:<32}{:<16}{:<16}", "ENISHI", "SOFTWARE CARD", number).as_bytes());
    // Flags (random numbers, login required, PIN set, initialised), sessions, lengths of PINs, memories unknown.
    for word in [0x040d, 1, 0, 1, 0, 16, 4, u32::MAX, u32::MAX, u32::MAX, u32::MAX] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    out.extend_from_slice(b"0301");
    out.resize(TOKEN_LEN, b'9');
    out
}
