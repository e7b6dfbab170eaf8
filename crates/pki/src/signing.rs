//! The test authority for digital-signature certificates (署名用電子証明書): only so that a software card is
//! whole. Nothing in this house signs with such a key, and [`crate::verify()`] refuses its certificates.

use std::time::Duration;

use base::{Rng, Timestamp, calendar};
use x509_cert::der::asn1::{Any, ObjectIdentifier, Utf8StringRef};
use x509_cert::ext::pkix::name::{GeneralName, OtherName};
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::name::Name;

use crate::build::{
    self, C, CN, Draft, KEY_USAGE, L, O, OU, POLICY_SIGNING_TEST, Result, SAN, aki, alt_name, ext, key_id, key_usage,
    name, policies, ski,
};
use crate::key::RsaKey;
use crate::people::Person;
use crate::profile::{CPS, TEST_ORGANISATION, UNIT_JLIS, not_after};

const DAY: Duration = Duration::from_secs(86_400);
const UNIT_SIGNING: &str = "JPKI for digital signature";

/// A test authority with its key, alive for as long as it takes to issue one certificate.
#[derive(Debug)]
pub struct SigningCa {
    key: RsaKey,
    cert: Vec<u8>,
    subject: Name,
    ski: [u8; 20],
}

impl SigningCa {
    /// A new one, valid for ten years around `now`.
    ///
    /// # Errors
    /// When a key can't be made.
    pub fn generate(now: Timestamp) -> Result<Self> {
        Self::with_key(RsaKey::generate()?, now)
    }

    /// With a given key.
    ///
    /// # Errors
    /// When a value can't be encoded.
    pub fn with_key(key: RsaKey, now: Timestamp) -> Result<Self> {
        let subject = name(&[(C, "JP"), (O, TEST_ORGANISATION), (OU, UNIT_SIGNING), (OU, UNIT_JLIS)])?;
        let ski_bytes = key_id(key.public_key());
        let cert = Draft {
            serial: &[0x06, 0, 0, 1],
            issuer: subject.clone(),
            subject: subject.clone(),
            not_before: now.minus(DAY * 1461),
            not_after: now.plus(DAY * 2191),
            spki: &key.spki()?,
            extensions: vec![
                key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
                build::ca()?,
                alt_name(SAN, &name(&[(C, "JP"), (O, "公的個人認証サービス")])?)?,
                ski(&ski_bytes)?,
            ],
        }
        .sign(&key)?;
        Ok(Self { key, cert, subject, ski: ski_bytes })
    }

    /// The root certificate.
    pub fn cert_der(&self) -> &[u8] {
        &self.cert
    }

    /// A digital-signature certificate for a test person, whose name, sex, birth and address it carries.
    ///
    /// # Errors
    /// When a value can't be encoded.
    pub fn issue(&self, person: &Person, key: &RsaKey, now: Timestamp, rng: &Rng) -> Result<Vec<u8>> {
        let place = person.municipality;
        let issued = now.minus(DAY);
        let attribute = |n: &str, text: &str| -> Result<GeneralName> {
            let type_id = ObjectIdentifier::new(&format!("1.2.392.200149.8.5.5.{n}")).map_err(build::der_error)?;
            Ok(GeneralName::OtherName(OtherName { type_id, value: Any::from(Utf8StringRef::new(text)?) }))
        };
        let names = vec![
            attribute("1", person.name)?,
            attribute("3", &person.sex.digit().to_string())?,
            attribute("4", &era_date(person.birth))?,
            attribute("5", &person.address())?,
        ];
        Draft {
            serial: &person.serial.to_be_bytes()[1..],
            issuer: self.subject.clone(),
            subject: name(&[(C, "JP"), (L, place.prefecture), (L, place.name), (CN, &common_name(place.code, rng))])?,
            not_before: issued,
            not_after: not_after(person.birth, calendar::jst(issued).date()),
            spki: &key.spki()?,
            extensions: vec![
                ext(KEY_USAGE, true, &KeyUsage(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation))?,
                policies(POLICY_SIGNING_TEST, CPS, true)?,
                ext(SAN, false, &names)?,
                aki(&self.ski, None)?,
                ski(&key_id(key.public_key()))?,
            ],
        }
        .sign(&self.key)
    }
}

/// `EYYYYMMDD`: number of the era (令和 5, 平成 4, 昭和 3 …), then the Gregorian date.
fn era_date(day: jiff::civil::Date) -> String {
    let era = calendar::era_year(day).and_then(|(era, _)| calendar::ERAS.iter().rev().position(|e| *e == era));
    format!("{}{:04}{:02}{:02}", era.map_or(0, |n| n + 1), day.year(), day.month(), day.day())
}

/// 28 characters: nineteen random ones, the municipality's code, four digits.
fn common_name(municipality_code: &str, rng: &Rng) -> String {
    const CHARS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let bytes: [u8; 23] = rng.bytes();
    let pick = |from: &[u8], of: &[u8]| -> String {
        from.iter().map(|b| char::from(of[usize::from(*b) % of.len()])).collect()
    };
    format!("{}{municipality_code}{}", pick(&bytes[..19], CHARS), pick(&bytes[19..], &CHARS[..10]))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::people::PEOPLE;
    use crate::{Anchors, AuthCert};

    #[test]
    fn everybody_can_have_one() {
        let now = Timestamp::from_secs(1_795_435_200);
        let ca = SigningCa::generate(now).unwrap();
        Anchors::from_der([ca.cert_der()]).unwrap();
        let (key, rng) = (RsaKey::generate().unwrap(), Rng::seeded(1));
        for person in &PEOPLE {
            let cert = ca.issue(person, &key, now, &rng).unwrap();
            AuthCert::parse(&cert).unwrap();
        }
    }

    #[test]
    fn dates_have_their_era_in_front() {
        assert_eq!(era_date(date(1988, 4, 12)), "319880412");
        assert_eq!(era_date(date(2011, 1, 20)), "420110120");
        assert_eq!(era_date(date(2019, 5, 1)), "520190501");
        assert_eq!(common_name("13221", &Rng::seeded(1)).len(), 28);
    }
}
