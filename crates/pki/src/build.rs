//! Making certificates and revocation lists in any shape, also wrong ones for tests.
//!
//! The builders of x509-cert refuse the profile (two organisational units; a distribution point in a
//! list), so its types are put together here and signed by the cryptographic library.

use base::Timestamp;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::Version;
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::der::asn1::{
    Any, BitString, GeneralizedTime, Ia5String, Null, ObjectIdentifier, OctetString, PrintableStringRef, SetOfVec,
    Uint, UtcTime, Utf8StringRef,
};
use x509_cert::der::{self, DateTime, Decode, Encode, Sequence, flagset::FlagSet};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::certpolicy::{PolicyInformation, PolicyQualifierInfo};
use x509_cert::ext::pkix::crl::dp::{DistributionPoint, IssuingDistributionPoint};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityKeyIdentifier, BasicConstraints, CrlReason, KeyUsage, KeyUsages,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use crate::key::{KeyError, RsaKey};

/// Why something can't be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A value can't be put into a certificate.
    #[error("can't be encoded: {0}")]
    Encode(#[from] der::Error),
    /// A stored certificate can't be read.
    #[error("the stored certificate can't be read: {0}")]
    Stored(&'static str),
}

pub(crate) type Result<T> = std::result::Result<T, IssueError>;

/// An object identifier that can't be read, as an error of this module.
pub(crate) fn der_error(e: x509_cert::der::oid::Error) -> IssueError {
    IssueError::Encode(e.into())
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// Attribute types of names.
pub(crate) const C: ObjectIdentifier = oid("2.5.4.6");
pub(crate) const L: ObjectIdentifier = oid("2.5.4.7");
pub(crate) const O: ObjectIdentifier = oid("2.5.4.10");
pub(crate) const OU: ObjectIdentifier = oid("2.5.4.11");
pub(crate) const CN: ObjectIdentifier = oid("2.5.4.3");
/// 法人番号 as X.520 organizationIdentifier.
pub(crate) const ORGANISATION_ID: ObjectIdentifier = oid("2.5.4.97");

pub(crate) const SKI: ObjectIdentifier = oid("2.5.29.14");
pub(crate) const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
pub(crate) const SAN: ObjectIdentifier = oid("2.5.29.17");
pub(crate) const ISSUER_ALT_NAME: ObjectIdentifier = oid("2.5.29.18");
pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
pub(crate) const CRL_NUMBER: ObjectIdentifier = oid("2.5.29.20");
pub(crate) const REASON_CODE: ObjectIdentifier = oid("2.5.29.21");
pub(crate) const IDP: ObjectIdentifier = oid("2.5.29.28");
pub(crate) const CRLDP: ObjectIdentifier = oid("2.5.29.31");
pub(crate) const POLICIES: ObjectIdentifier = oid("2.5.29.32");
pub(crate) const AKI: ObjectIdentifier = oid("2.5.29.35");
pub(crate) const EKU: ObjectIdentifier = oid("2.5.29.37");
pub(crate) const AIA: ObjectIdentifier = oid("1.3.6.1.5.5.7.1.1");
pub(crate) const CLIENT_AUTH: ObjectIdentifier = oid("1.3.6.1.5.5.7.3.2");
/// Policy of digital-signature certificates on test cards.
pub(crate) const POLICY_SIGNING_TEST: &str = crate::profile::POLICIES_SIGNING[1];
const CPS_QUALIFIER: ObjectIdentifier = oid("1.3.6.1.5.5.7.2.1");
const OCSP: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1");
pub(crate) const SHA256_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.11");

/// A certificate to be signed (RFC 5280 section 4.1.2), version 3.
#[derive(Clone, Sequence)]
pub(crate) struct Tbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub version: Version,
    pub serial: Uint,
    pub signature: AlgorithmIdentifierOwned,
    pub issuer: Name,
    pub validity: Validity,
    pub subject: Name,
    pub spki: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    pub extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Signed {
    body: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// A certificate before its signature.
pub(crate) struct Draft<'a> {
    pub serial: &'a [u8],
    pub issuer: Name,
    pub subject: Name,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// `SubjectPublicKeyInfo`.
    pub spki: &'a [u8],
    pub extensions: Vec<Extension>,
}

impl Draft<'_> {
    pub fn sign(self, by: &RsaKey) -> Result<Vec<u8>> {
        let tbs = Tbs {
            version: Version::V3,
            serial: Uint::new(self.serial)?,
            signature: sha256_with_rsa(),
            issuer: self.issuer,
            validity: Validity::new(time(self.not_before)?, time(self.not_after)?),
            subject: self.subject,
            spki: SubjectPublicKeyInfoOwned::from_der(self.spki)?,
            extensions: self.extensions,
        };
        sign(&tbs.to_der()?, by)
    }
}

/// A list before its signature.
pub(crate) struct DraftCrl<'a> {
    pub issuer: Name,
    pub this_update: Timestamp,
    pub next_update: Option<Timestamp>,
    pub revoked: Vec<(&'a [u8], Timestamp, CrlReason)>,
    pub extensions: Vec<Extension>,
}

impl DraftCrl<'_> {
    pub fn sign(self, by: &RsaKey) -> Result<Vec<u8>> {
        let revoked = self
            .revoked
            .into_iter()
            .map(|(serial, when, reason)| {
                Ok(RevokedCert {
                    serial_number: SerialNumber::new(serial)?,
                    revocation_date: time(when)?,
                    crl_entry_extensions: Some(vec![ext(REASON_CODE, false, &reason)?]),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let tbs: TbsCertList = TbsCertList {
            version: Version::V2,
            signature: sha256_with_rsa(),
            issuer: self.issuer,
            this_update: time(self.this_update)?,
            next_update: self.next_update.map(time).transpose()?,
            // RFC 5280 section 5.1.2.6: an empty list is left out.
            revoked_certificates: (!revoked.is_empty()).then_some(revoked),
            crl_extensions: Some(self.extensions),
        };
        sign(&tbs.to_der()?, by)
    }
}

fn sign(body: &[u8], by: &RsaKey) -> Result<Vec<u8>> {
    envelope(body, &by.sign(body)?)
}

/// The outer SEQUENCE of a certificate or list: signed part, RSA with SHA-256, signature.
pub(crate) fn envelope(body: &[u8], signature: &[u8]) -> Result<Vec<u8>> {
    let signature = BitString::from_bytes(signature)?;
    Ok(Signed { body: Any::from_der(body)?, algorithm: sha256_with_rsa(), signature }.to_der()?)
}

pub(crate) fn sha256_with_rsa() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: SHA256_WITH_RSA, parameters: Some(Null.into()) }
}

/// UTCTime through 2049, GeneralizedTime after that (RFC 5280 section 4.1.2.5).
fn time(t: Timestamp) -> Result<Time> {
    let dt = DateTime::from_unix_duration(std::time::Duration::from_secs(t.secs().max(0) as u64))?;
    Ok(if dt.year() < 2050 {
        Time::UtcTime(UtcTime::from_date_time(dt)?)
    } else {
        Time::GeneralTime(GeneralizedTime::from_date_time(dt))
    })
}

/// A name with one attribute in each part, in this order, attributes of one type as often as given.
pub(crate) fn name(parts: &[(ObjectIdentifier, &str)]) -> Result<Name> {
    let rdns = parts
        .iter()
        .map(|(oid, text)| {
            // Latin names are PrintableString as in the real hierarchy, others UTF8String.
            let value = match PrintableStringRef::new(text) {
                Ok(s) => Any::from(s),
                Err(_) => Any::from(Utf8StringRef::new(text)?),
            };
            Ok(SetOfVec::from_iter([AttributeTypeAndValue { oid: *oid, value }])?)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Name::from_der(&rdns.to_der()?)?)
}

/// An extension.
pub(crate) fn ext(extn_id: ObjectIdentifier, critical: bool, value: &impl Encode) -> Result<Extension> {
    Ok(Extension { extn_id, critical, extn_value: OctetString::new(value.to_der()?)? })
}

pub(crate) fn key_usage(usage: impl Into<FlagSet<KeyUsages>>) -> Result<Extension> {
    ext(KEY_USAGE, true, &KeyUsage(usage.into()))
}

pub(crate) fn ca() -> Result<Extension> {
    ext(BASIC_CONSTRAINTS, true, &BasicConstraints { ca: true, path_len_constraint: None })
}

pub(crate) fn ski(id: &[u8]) -> Result<Extension> {
    ext(SKI, false, &OctetString::new(id)?)
}

pub(crate) fn aki(id: &[u8], issuer: Option<(&Name, &[u8])>) -> Result<Extension> {
    let value = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(id)?),
        authority_cert_issuer: issuer.map(|(name, _)| vec![GeneralName::DirectoryName(name.clone())]),
        authority_cert_serial_number: issuer.map(|(_, serial)| SerialNumber::new(serial)).transpose()?,
    };
    ext(AKI, false, &value)
}

pub(crate) fn policies(policy: &str, cps: &str, critical: bool) -> Result<Extension> {
    let qualifier = PolicyQualifierInfo {
        policy_qualifier_id: CPS_QUALIFIER,
        qualifier: Some(Any::from_der(&Ia5String::new(cps)?.to_der()?)?),
    };
    let info = PolicyInformation {
        policy_identifier: ObjectIdentifier::new(policy).map_err(der::Error::from)?,
        policy_qualifiers: Some(vec![qualifier]),
    };
    ext(POLICIES, critical, &vec![info])
}

pub(crate) fn ocsp(address: &str) -> Result<Extension> {
    let location = GeneralName::UniformResourceIdentifier(Ia5String::new(address)?);
    ext(AIA, false, &vec![AccessDescription { access_method: OCSP, access_location: location }])
}

pub(crate) fn alt_name(id: ObjectIdentifier, name: &Name) -> Result<Extension> {
    ext(id, false, &vec![GeneralName::DirectoryName(name.clone())])
}

fn full_name(name: &Name) -> Option<DistributionPointName> {
    Some(DistributionPointName::FullName(vec![GeneralName::DirectoryName(name.clone())]))
}

pub(crate) fn crldp(name: &Name) -> Result<Extension> {
    ext(CRLDP, false, &vec![DistributionPoint { distribution_point: full_name(name), reasons: None, crl_issuer: None }])
}

pub(crate) fn idp(name: &Name) -> IssuingDistributionPoint {
    IssuingDistributionPoint {
        distribution_point: full_name(name),
        only_contains_user_certs: false,
        only_contains_ca_certs: false,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    }
}

pub(crate) fn crl_number(number: u64) -> Result<Extension> {
    ext(CRL_NUMBER, false, &Uint::new(&number.to_be_bytes())?)
}

/// A key identifier as RFC 5280 section 4.2.1.2 proposes, with SHA-256 shortened to 160 bits (RFC 7093
/// section 2, method 1).
pub(crate) fn key_id(public_key: &[u8]) -> [u8; 20] {
    let mut id = [0; 20];
    id.copy_from_slice(&base::codec::sha256(public_key)[..20]);
    id
}
