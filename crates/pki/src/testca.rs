//! The test certification authorities: one shaped like the real user-authentication hierarchy for test
//! cards, and a small one for issuers of documents.

use std::time::Duration;

use base::{Rng, Secret, Timestamp};
use jiff::civil::Date;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::{CrlReason, KeyUsages};
use x509_cert::name::Name;

use crate::build::{
    self, C, CN, Draft, DraftCrl, EKU, ISSUER_ALT_NAME, O, ORGANISATION_ID, OU, Result, SAN, aki, alt_name, crl_number,
    crldp, ext, idp, key_id, key_usage, name, ocsp, policies, ski,
};
use crate::cert::{CardKey, pem, read};
use crate::key::RsaKey;
use crate::key_p384::P384Key;
use crate::profile::{CPS, Environment, Partition, TEST_OCSP, TEST_ORGANISATION, UNIT_AUTH, UNIT_CRLDP, UNIT_JLIS};

pub use crate::build::IssueError;

/// Organisation of the authority of a demonstration: 見本.
const DEMO_ORGANISATION: &str = "ENISHI-MIHON";
const DAY: Duration = Duration::from_secs(86_400);
/// Why a certificate was revoked, as lists say it. Never shown to the citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 失効 without a reason given.
    Unspecified,
    /// The card was lost.
    KeyCompromise,
    /// Moved or died.
    CessationOfOperation,
    /// The name or address changed.
    AffiliationChanged,
    /// A new card or certificate took its place.
    Superseded,
}

impl Reason {
    pub(crate) const fn code(self) -> CrlReason {
        match self {
            Self::Unspecified => CrlReason::Unspecified,
            Self::KeyCompromise => CrlReason::KeyCompromise,
            Self::CessationOfOperation => CrlReason::CessationOfOperation,
            Self::AffiliationChanged => CrlReason::AffiliationChanged,
            Self::Superseded => CrlReason::Superseded,
        }
    }
}

/// A certificate that was revoked.
#[derive(Clone, Copy, Debug)]
pub struct Revoked {
    /// Its serial number.
    pub serial: u32,
    /// When.
    pub when: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// What to put into a user-authentication certificate.
#[derive(Clone, Debug)]
pub struct CardSpec {
    /// Serial number; real ones have three bytes.
    pub serial: u32,
    /// 全国地方公共団体コード, five digits; the common name ends with it.
    pub municipality_code: String,
    /// Partition of the revocation list.
    pub partition: Partition,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity; see [`crate::profile::not_after`].
    pub not_after: Timestamp,
    /// Whose policy to claim. `Production` exists to show that the test environment refuses it and that
    /// a production portal refuses this authority's key.
    pub environment: Environment,
}

impl CardSpec {
    /// A certificate issued on `issued` for somebody born on `birth`.
    pub fn new(serial: u32, municipality_code: &str, partition: Partition, birth: Date, issued: Timestamp) -> Self {
        let not_after = crate::profile::not_after(birth, base::calendar::jst(issued).date());
        let municipality_code = municipality_code.to_owned();
        Self { serial, municipality_code, partition, not_before: issued, not_after, environment: Environment::Test }
    }
}

/// The test authority for user-authentication certificates: self-signed, ten years, in the profile of
/// the real one with `O=JPKI-TEST`.
#[derive(Debug)]
pub struct TestCa {
    key: RsaKey,
    cert: Vec<u8>,
    subject: Name,
    ski: [u8; 20],
    serial: Vec<u8>,
}

impl TestCa {
    /// A new authority, valid from four years before `now` (so that it can have issued certificates
    /// that have expired since) until six years after.
    pub fn generate(now: Timestamp, rng: &Rng) -> Result<Self> {
        Self::with_key(RsaKey::generate()?, now.minus(DAY * 1461), now.plus(DAY * 2191), rng)
    }

    /// An authority for a demonstration of the production environment: the same shape and policy as the real one, its own
    /// key, and a name that nobody can take for the real one (`O=ENISHI-MIHON`). Only a portal that pins its root takes it.
    pub fn demonstration(now: Timestamp, rng: &Rng) -> Result<Self> {
        let key = RsaKey::generate()?;
        Self::named(key, DEMO_ORGANISATION, now.minus(DAY * 1461), now.plus(DAY * 2191), rng)
    }

    /// An authority with a given key and validity.
    pub fn with_key(key: RsaKey, not_before: Timestamp, not_after: Timestamp, rng: &Rng) -> Result<Self> {
        Self::named(key, TEST_ORGANISATION, not_before, not_after, rng)
    }

    fn named(
        key: RsaKey,
        organisation: &'static str,
        not_before: Timestamp,
        not_after: Timestamp,
        rng: &Rng,
    ) -> Result<Self> {
        let subject = auth_subject(organisation)?;
        let display = name(&[(C, "JP"), (O, "公的個人認証サービス")])?;
        // Root serials lie in the range of those of the leaves, four bytes.
        let serial = (u32::from_be_bytes(rng.bytes()) & 0x00ff_ffff | 0x0600_0000).to_be_bytes();
        let ski_bytes = key_id(key.public_key());
        let cert = Draft {
            serial: &serial,
            issuer: subject.clone(),
            subject: subject.clone(),
            not_before,
            not_after,
            spki: &key.spki()?,
            extensions: vec![
                key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
                build::ca()?,
                alt_name(SAN, &display)?,
                crldp(&point_name(&["CRLDP of the root"])?)?,
                ski(&ski_bytes)?,
            ],
        }
        .sign(&key)?;
        Ok(Self { key, cert, subject, ski: ski_bytes, serial: serial.to_vec() })
    }

    /// From what [`Self::pkcs8`] and [`Self::cert_der`] gave.
    pub fn from_stored(pkcs8: &[u8], cert_der: &[u8]) -> Result<Self> {
        let key = RsaKey::from_pkcs8(pkcs8)?;
        let cert = read(cert_der).map_err(|m| IssueError::Stored(m.0))?;
        if cert.public_key().subject_public_key.data.as_ref() != key.public_key() {
            return Err(IssueError::Stored("it belongs to another key"));
        }
        let ski = key_id(key.public_key());
        let subject = Name::from_der(cert.subject().as_raw())?;
        let serial = crate::cert::minimal(cert.raw_serial());
        Ok(Self { key, subject, ski, serial, cert: cert_der.to_vec() })
    }

    /// The private key as PKCS #8, to be stored sealed.
    pub fn pkcs8(&self) -> Result<Secret<Vec<u8>>> {
        Ok(self.key.to_pkcs8()?)
    }

    /// The root certificate.
    pub fn cert_der(&self) -> &[u8] {
        &self.cert
    }

    /// The root certificate as PEM text.
    pub fn cert_pem(&self) -> String {
        pem(&self.cert)
    }

    /// What identifies a certificate of this authority with this serial number, issued or not yet.
    pub fn card_key(&self, serial: u32) -> Result<CardKey> {
        Ok(CardKey::new(&self.subject.to_der()?, &self.ski, &serial.to_be_bytes()))
    }

    /// A user-authentication certificate for `key`.
    pub fn issue(&self, spec: &CardSpec, key: &RsaKey, rng: &Rng) -> Result<Vec<u8>> {
        self.draft(spec, &key.spki()?, key.public_key(), rng)?.sign(&self.key)
    }

    /// A user-authentication certificate for a key of a card of the next generation. Its profile isn't published: this is
    /// today's with another key.
    pub fn issue_p384(&self, spec: &CardSpec, key: &P384Key, rng: &Rng) -> Result<Vec<u8>> {
        self.draft(spec, &key.spki()?, key.public_key(), rng)?.sign(&self.key)
    }

    pub(crate) fn draft<'a>(
        &self,
        spec: &'a CardSpec,
        spki: &'a [u8],
        public_key: &[u8],
        rng: &Rng,
    ) -> Result<OwnedDraft<'a>> {
        let point = partition_name(&spec.partition)?;
        let (policy, responder) = (spec.environment.policy(), TEST_OCSP);
        Ok(OwnedDraft {
            serial: serial_bytes(spec.serial),
            issuer: self.subject.clone(),
            subject: name(&[(C, "JP"), (CN, &common_name(&spec.municipality_code, rng))])?,
            not_before: spec.not_before,
            not_after: spec.not_after,
            spki,
            extensions: vec![
                key_usage(KeyUsages::DigitalSignature)?,
                ext(EKU, false, &vec![build::CLIENT_AUTH])?,
                policies(policy, CPS, true)?,
                alt_name(ISSUER_ALT_NAME, &name(&[(C, "JP"), (O, "公的個人認証サービス")])?)?,
                crldp(&point)?,
                ocsp(responder)?,
                aki(&self.ski, Some((&self.subject, &self.serial)))?,
                ski(&key_id(public_key))?,
            ],
        })
    }

    /// The revocation list of a municipality's partition.
    pub fn crl(
        &self,
        partition: &Partition,
        number: u64,
        revoked: &[Revoked],
        this_update: Timestamp,
        next_update: Timestamp,
    ) -> Result<Vec<u8>> {
        let serials: Vec<Vec<u8>> = revoked.iter().map(|r| serial_bytes(r.serial)).collect();
        let revoked = serials.iter().zip(revoked).map(|(s, r)| (s.as_slice(), r.when, r.reason.code())).collect();
        DraftCrl {
            issuer: self.subject.clone(),
            this_update,
            next_update: Some(next_update),
            revoked,
            extensions: vec![
                aki(&self.ski, None)?,
                crl_number(number)?,
                ext(build::IDP, true, &idp(&partition_name(partition)?))?,
            ],
        }
        .sign(&self.key)
    }

    pub(crate) const fn key(&self) -> &RsaKey {
        &self.key
    }

    pub(crate) const fn subject(&self) -> &Name {
        &self.subject
    }

    pub(crate) const fn ski(&self) -> &[u8; 20] {
        &self.ski
    }

    #[cfg(test)]
    pub(crate) fn parts(&self) -> (&RsaKey, &Name, &[u8; 20], &[u8]) {
        (&self.key, &self.subject, &self.ski, &self.serial)
    }
}

/// A draft that owns its serial number, so that tests can change any part before it is signed.
pub(crate) struct OwnedDraft<'a> {
    pub serial: Vec<u8>,
    pub issuer: Name,
    pub subject: Name,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub spki: &'a [u8],
    pub extensions: Vec<x509_cert::ext::Extension>,
}

impl OwnedDraft<'_> {
    pub fn sign(self, by: &RsaKey) -> Result<Vec<u8>> {
        Draft {
            serial: &self.serial,
            issuer: self.issuer,
            subject: self.subject,
            not_before: self.not_before,
            not_after: self.not_after,
            spki: self.spki,
            extensions: self.extensions,
        }
        .sign(by)
    }
}

fn serial_bytes(serial: u32) -> Vec<u8> {
    let bytes = crate::cert::minimal(&serial.to_be_bytes());
    if bytes.is_empty() { vec![0] } else { bytes }
}

fn auth_subject(organisation: &str) -> Result<Name> {
    name(&[(C, "JP"), (O, organisation), (OU, UNIT_AUTH), (OU, UNIT_JLIS)])
}

/// `C=JP, O=JPKI-TEST, OU=JPKI for user authentication, OU=CRL Distribution Points, …`
fn point_name(tail: &[&str]) -> Result<Name> {
    let mut parts = vec![(C, "JP"), (O, TEST_ORGANISATION), (OU, UNIT_AUTH), (OU, UNIT_CRLDP)];
    if let Some((last, units)) = tail.split_last() {
        parts.extend(units.iter().map(|u| (OU, *u)));
        parts.push((CN, last));
    }
    name(&parts)
}

pub(crate) fn partition_name(partition: &Partition) -> Result<Name> {
    point_name(&[partition.prefecture(), &format!("{} CRLDP", partition.municipality())])
}

/// Fourteen random characters, the municipality's code, three digits and a letter, as on real cards.
fn common_name(municipality_code: &str, rng: &Rng) -> String {
    const CHARS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let bytes: [u8; 18] = rng.bytes();
    let pick = |range: &[u8], of: &[u8]| -> String {
        range.iter().map(|b| char::from(of[usize::from(*b) % of.len()])).collect()
    };
    let (head, tail) = bytes.split_at(14);
    let (digits, letter) = tail.split_at(3);
    format!("{}{municipality_code}{}{}", pick(head, CHARS), pick(digits, &CHARS[..10]), pick(letter, &CHARS[10..]))
}

/// The test authority for issuers of documents: a root of its own, apart from the cards'.
#[derive(Debug)]
pub struct IssuerCa {
    key: RsaKey,
    cert: Vec<u8>,
    subject: Name,
    ski: [u8; 20],
}

/// An organisation that issues documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerName<'a> {
    /// Its name, 「見本生命保険株式会社」.
    pub organisation: &'a str,
    /// Its 法人番号, thirteen digits.
    pub corporate_number: &'a str,
}

impl IssuerCa {
    /// A new authority, valid for ten years.
    pub fn generate(now: Timestamp, rng: &Rng) -> Result<Self> {
        Self::with_key(RsaKey::generate()?, now, rng)
    }

    /// An authority with a given key.
    pub fn with_key(key: RsaKey, now: Timestamp, rng: &Rng) -> Result<Self> {
        let subject = name(&[(C, "JP"), (O, "Enishi test"), (CN, "Enishi test document issuers")])?;
        let ski_bytes = key_id(key.public_key());
        let cert = Draft {
            serial: &random_serial(rng),
            issuer: subject.clone(),
            subject: subject.clone(),
            not_before: now.minus(DAY),
            not_after: now.plus(DAY * 3652),
            spki: &key.spki()?,
            extensions: vec![key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?, build::ca()?, ski(&ski_bytes)?],
        }
        .sign(&key)?;
        Ok(Self { key, cert, subject, ski: ski_bytes })
    }

    /// From what [`Self::pkcs8`] and [`Self::cert_der`] gave.
    pub fn from_stored(pkcs8: &[u8], cert_der: &[u8]) -> Result<Self> {
        let key = RsaKey::from_pkcs8(pkcs8)?;
        let cert = read(cert_der).map_err(|m| IssueError::Stored(m.0))?;
        if cert.public_key().subject_public_key.data.as_ref() != key.public_key() {
            return Err(IssueError::Stored("it belongs to another key"));
        }
        let subject = Name::from_der(cert.subject().as_raw())?;
        Ok(Self { ski: key_id(key.public_key()), key, subject, cert: cert_der.to_vec() })
    }

    /// The private key as PKCS #8, to be stored sealed.
    pub fn pkcs8(&self) -> Result<Secret<Vec<u8>>> {
        Ok(self.key.to_pkcs8()?)
    }

    /// The root certificate.
    pub fn cert_der(&self) -> &[u8] {
        &self.cert
    }

    /// The root certificate as PEM text.
    pub fn cert_pem(&self) -> String {
        pem(&self.cert)
    }

    /// A new key and its certificate for an organisation, valid for three years from `now`.
    pub fn issue_issuer(&self, issuer: &IssuerName<'_>, now: Timestamp, rng: &Rng) -> Result<(RsaKey, Vec<u8>)> {
        let key = RsaKey::generate()?;
        let cert = self.issue_for_key(issuer, &key, now, rng)?;
        Ok((key, cert))
    }

    /// A certificate for an organisation's own key, valid for three years from `now`.
    pub fn issue_for_key(&self, issuer: &IssuerName<'_>, key: &RsaKey, now: Timestamp, rng: &Rng) -> Result<Vec<u8>> {
        let spki = key.spki()?;
        self.draft(issuer, &spki, key.public_key(), now, rng)?.sign(&self.key)
    }

    pub(crate) fn draft<'a>(
        &self,
        issuer: &IssuerName<'_>,
        spki: &'a [u8],
        public_key: &[u8],
        now: Timestamp,
        rng: &Rng,
    ) -> Result<OwnedDraft<'a>> {
        Ok(OwnedDraft {
            serial: random_serial(rng).to_vec(),
            issuer: self.subject.clone(),
            subject: name(&[
                (C, "JP"),
                (O, issuer.organisation),
                (ORGANISATION_ID, issuer.corporate_number),
                (CN, issuer.organisation),
            ])?,
            not_before: now.minus(DAY),
            not_after: now.plus(DAY * 1096),
            spki,
            extensions: vec![key_usage(KeyUsages::DigitalSignature)?, aki(&self.ski, None)?, ski(&key_id(public_key))?],
        })
    }

    #[cfg(test)]
    pub(crate) const fn key(&self) -> &RsaKey {
        &self.key
    }
}

/// Sixteen random bytes, positive.
fn random_serial(rng: &Rng) -> [u8; 16] {
    let mut serial: [u8; 16] = rng.bytes();
    serial[0] = serial[0] & 0x3f | 0x40;
    serial
}
