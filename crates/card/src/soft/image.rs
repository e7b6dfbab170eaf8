//! What is on a card in software, and the file it is kept in. Test people's cards only: the keys lie there in the clear.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base::{Rng, Secret, Timestamp, codec};
use jiff::civil::Date;
use pki::people::{self, Case};
use pki::signing::SigningCa;
use pki::testca::IssueError;
use pki::{Person, RsaKey};
use serde::{Deserialize, Serialize};

use crate::ap::{Attributes, CardInfo};

/// Tries of the PINs: of the certificate, the digital-signature password, the 券面事項入力補助AP, and 照合番号B.
const TRIES: [u8; 4] = [3, 5, 3, 10];

/// Which card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Today's: RSA-2048.
    #[default]
    Current,
    /// The next one, as far as it is known: the user-authentication key is ECDSA P-384; the rest is today's.
    Next,
}

/// A secret of the card and how often it may still be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pin {
    pub value: String,
    pub left: u8,
    pub most: u8,
}

/// A private key (PKCS #8) and its certificate.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pair {
    #[serde(with = "bytes")]
    pub key: Vec<u8>,
    #[serde(with = "bytes")]
    pub certificate: Vec<u8>,
    #[serde(with = "bytes")]
    pub authority: Vec<u8>,
}

/// Everything on a card.
#[derive(Clone, Serialize, Deserialize)]
pub struct Image {
    pub(super) person: String,
    pub(super) generation: Generation,
    #[serde(with = "day")]
    pub(super) expires: Date,
    pub(super) auth: Pair,
    pub(super) sign: Pair,
    pub(super) pins: [Pin; 4],
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image")
            .field("person", &self.person)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// What the test authority gave for a card.
#[derive(Debug)]
pub struct AuthPart {
    /// Private key, PKCS #8.
    pub key: Secret<Vec<u8>>,
    /// User-authentication certificate.
    pub certificate: Vec<u8>,
    /// Certificate of its authority.
    pub authority: Vec<u8>,
}

/// Why a card can't be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A key or certificate can't be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A key can't be made.
    #[error(transparent)]
    Key(#[from] pki::key::KeyError),
    /// The file.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// What is in it.
    #[error("this is no card: {0}")]
    Content(&'static str),
}

impl Image {
    /// A card for a test person with what the authority gave, and a digital-signature part of its own.
    ///
    /// # Errors
    /// When keys can't be made.
    pub fn issue(
        person: &Person,
        generation: Generation,
        auth: AuthPart,
        now: Timestamp,
        rng: &Rng,
    ) -> Result<Self, ImageError> {
        let (ca, key) = (SigningCa::generate(now)?, RsaKey::generate()?);
        let sign = Pair {
            certificate: ca.issue(person, &key, now, rng)?,
            key: key.to_pkcs8()?.expose().clone(),
            authority: ca.cert_der().to_vec(),
        };
        let auth = Pair { key: auth.key.expose().clone(), certificate: auth.certificate, authority: auth.authority };
        let issued = base::calendar::jst(now).date();
        // The tenth birthday after the issue.
        let expires = Date::new(issued.year() + 10, person.birth.month(), person.birth.day().min(28))
            .map_err(|_| ImageError::Content("no date for its end"))?;
        let values = [person.pin.to_owned(), person.sign_password(), person.pin.to_owned(), code_b(person, expires)];
        let mut pins = values.into_iter().zip(TRIES).map(|(value, most)| Pin { value, left: most, most });
        let mut next = || pins.next().ok_or(ImageError::Content("a PIN is missing"));
        let mut pins = [next()?, next()?, next()?, next()?];
        match person.case {
            Case::PinLocked => pins[0].left = 0,
            Case::OneTryLeft => pins[0].left = 1,
            _ => {}
        }
        Ok(Self { person: person.id.to_owned(), generation, expires, auth, sign, pins })
    }

    /// Whose card it is.
    ///
    /// # Errors
    /// When it is nobody's of the test people.
    pub fn person(&self) -> Result<&'static Person, ImageError> {
        people::find(&self.person).ok_or(ImageError::Content("its holder is none of the test people"))
    }

    /// The user-authentication certificate.
    pub fn certificate(&self) -> &[u8] {
        &self.auth.certificate
    }

    pub(super) fn attributes(&self) -> Result<Attributes, ImageError> {
        let person = self.person()?;
        let name = person.name.replace(' ', "\u{3000}");
        Ok(Attributes { name, address: person.address(), birth: person.birth, sex: person.sex })
    }

    pub(super) fn info(&self) -> Result<CardInfo, ImageError> {
        let person = self.person()?;
        let serial = match self.generation {
            Generation::Current => person.serial,
            Generation::Next => person.next_serial(),
        };
        let municipality_code = person.municipality.code.to_owned();
        Ok(CardInfo { number: format!("4{serial:014}"), municipality_code, expires: self.expires })
    }

    /// Reads a card's file; `None` when there is none.
    ///
    /// # Errors
    /// When it is there and can't be read.
    pub fn read(path: &Path) -> Result<Option<Self>, ImageError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ImageError::File { path: path.to_owned(), error }),
        };
        serde_json::from_slice(&text).map(Some).map_err(|_| ImageError::Content("the file has another content"))
    }

    /// Writes it: whole or not at all, and to the disk before this returns.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, path: &Path) -> Result<(), ImageError> {
        let text = serde_json::to_vec(self).map_err(|_| ImageError::Content("it can't be written as JSON"))?;
        save(path, &text).map_err(|error| ImageError::File { path: path.to_owned(), error })
    }
}

fn save(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// 照合番号B: birth as YYMMDD with the year of its era, year of the card's end, security code.
fn code_b(person: &Person, expires: Date) -> String {
    let birth = person.birth;
    let year = base::calendar::era_year(birth).map_or(0, |(_, year)| year);
    format!("{year:02}{:02}{:02}{:04}{:04}", birth.month(), birth.day(), expires.year(), person.serial % 10_000)
}

/// A day as text, `2036-04-12`.
mod day {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(day: &super::Date, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(day)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<super::Date, D::Error> {
        String::deserialize(d)?.parse().map_err(|_| D::Error::custom("not a day"))
    }
}

/// Bytes as base64 text.
mod bytes {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&super::codec::b64(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        super::codec::b64_decode(&String::deserialize(d)?).ok_or_else(|| D::Error::custom("not base64"))
    }
}
