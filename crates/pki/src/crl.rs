//! Certificate revocation lists (RFC 5280 section 5), one for each municipality.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base::Timestamp;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::{
    OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER, OID_X509_EXT_CRL_NUMBER, OID_X509_EXT_ISSUER_DISTRIBUTION_POINT,
    OID_X509_EXT_REASON_CODE,
};
use x509_parser::parse_x509_crl;
use x509_parser::x509::X509Version;

use crate::cert::{Anchors, AuthCert, directory_name, minimal, rsa_sha256, sealed};
use crate::profile::Partition;
use crate::verify::{Revocation, RevocationStatus, UnknownBecause};

/// How far our clock may be behind the issuer's.
const SKEW: Duration = Duration::from_secs(300);

/// Why a list can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// It can't be read.
    #[error("malformed revocation list: {0}")]
    Malformed(&'static str),
    /// No trusted root has the issuer's name and key identifier.
    #[error("the revocation list's issuer is not trusted")]
    UnknownIssuer,
    /// The signature is wrong.
    #[error("the revocation list's signature is wrong")]
    BadSignature,
    /// The issuer's own certificate isn't valid now.
    #[error("the issuer's certificate is not valid now")]
    IssuerExpired,
    /// It is a delta, indirect or otherwise partial list, or has critical parts we don't know.
    #[error("unsupported revocation list: {0}")]
    Unsupported(&'static str),
    /// `thisUpdate` lies in the future.
    #[error("the revocation list is from the future")]
    NotYetValid,
    /// `nextUpdate` has passed.
    #[error("the revocation list is stale since {}", .next_update.rfc3339())]
    Stale {
        /// When the next one was due.
        next_update: Timestamp,
    },
}

/// A list whose signature and scope were checked.
#[derive(Clone)]
pub struct Crl {
    issuer: Vec<u8>,
    aki: Vec<u8>,
    distribution_point: Vec<u8>,
    partition: Option<Partition>,
    number: Vec<u8>,
    this_update: Timestamp,
    next_update: Timestamp,
    serials: HashSet<Vec<u8>>,
}

impl Crl {
    /// Reads a DER list and checks signature, scope and freshness.
    pub fn parse_and_verify(der: &[u8], anchors: &Anchors, now: Timestamp) -> Result<Self, CrlError> {
        let Ok((rest, crl)) = parse_x509_crl(der) else { return Err(CrlError::Malformed("not a list in DER")) };
        if !rest.is_empty() {
            return Err(CrlError::Malformed("bytes after the list"));
        }
        if crl.version() != Some(X509Version::V2) {
            return Err(CrlError::Malformed("not version 2"));
        }
        if crl.signature_algorithm != crl.tbs_cert_list.signature {
            return Err(CrlError::Malformed("the two signature algorithms differ"));
        }
        if crl.tbs_cert_list.extensions_map().is_err() {
            return Err(CrlError::Malformed("an extension twice"));
        }

        let mut aki = None;
        let mut number = None;
        let mut point = None;
        for ext in crl.extensions() {
            match ext.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(id) if ext.oid == OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER => {
                    aki = id.key_identifier.as_ref().map(|k| k.0.to_vec());
                }
                ParsedExtension::CRLNumber(n) if ext.oid == OID_X509_EXT_CRL_NUMBER => number = Some(n.to_bytes_be()),
                ParsedExtension::IssuingDistributionPoint(idp) if ext.oid == OID_X509_EXT_ISSUER_DISTRIBUTION_POINT => {
                    if !ext.critical {
                        return Err(CrlError::Malformed("issuingDistributionPoint is not critical"));
                    }
                    // A certificate missing from a partial list proves nothing.
                    if idp.only_contains_ca_certs
                        || idp.only_contains_attribute_certs
                        || idp.indirect_crl
                        || idp.only_some_reasons.is_some()
                    {
                        return Err(CrlError::Unsupported("it covers only some certificates or reasons"));
                    }
                    point = idp.distribution_point.as_ref().and_then(directory_name);
                }
                ParsedExtension::ParseError { .. } => return Err(CrlError::Malformed("an extension can't be read")),
                // A delta list has a critical deltaCRLIndicator.
                _ if ext.critical => return Err(CrlError::Unsupported("an unknown critical extension")),
                _ => {}
            }
        }
        let aki = aki.ok_or(CrlError::Malformed("no authority key identifier"))?;
        let number = number.ok_or(CrlError::Malformed("no list number"))?;
        let (distribution_point, partition) =
            point.ok_or(CrlError::Unsupported("no distribution point that is a directory name"))?;

        let issuer = crl.issuer().as_raw();
        let signed = crl.tbs_cert_list.as_ref();
        let mut known = anchors.find(issuer, &aki).peekable();
        if known.peek().is_none() {
            return Err(CrlError::UnknownIssuer);
        }
        if !rsa_sha256(&crl.signature_algorithm) {
            return Err(CrlError::BadSignature);
        }
        let anchor = known
            .find(|a| sealed(der, signed, &crl.signature_value.data, &a.public_key))
            .ok_or(CrlError::BadSignature)?;
        if !anchor.valid_at(now) {
            return Err(CrlError::IssuerExpired);
        }

        let this_update = Timestamp::from_secs(crl.last_update().timestamp());
        let next_update = crl.next_update().ok_or(CrlError::Malformed("no nextUpdate"))?;
        let next_update = Timestamp::from_secs(next_update.timestamp());
        if this_update > now.plus(SKEW) {
            return Err(CrlError::NotYetValid);
        }
        if next_update <= now {
            return Err(CrlError::Stale { next_update });
        }

        let mut serials = HashSet::with_capacity(crl.tbs_cert_list.revoked_certificates.len());
        for entry in crl.iter_revoked_certificates() {
            if entry.extensions().iter().any(|e| e.critical && e.oid != OID_X509_EXT_REASON_CODE) {
                return Err(CrlError::Unsupported("an entry with an unknown critical extension"));
            }
            // Every reason counts; certificateHold is never released by this issuer.
            serials.insert(minimal(entry.raw_serial()));
        }
        Ok(Self {
            issuer: issuer.to_vec(),
            aki: aki.clone(),
            distribution_point,
            partition,
            number: minimal(&number),
            this_update,
            next_update,
            serials,
        })
    }

    /// The partition it is for, when its name has the usual shape.
    pub const fn partition(&self) -> Option<&Partition> {
        self.partition.as_ref()
    }

    /// When it was made.
    pub const fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// When it stops being usable.
    pub const fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// How many certificates it names.
    pub fn len(&self) -> usize {
        self.serials.len()
    }

    /// Whether it names none.
    pub fn is_empty(&self) -> bool {
        self.serials.is_empty()
    }

    fn newer_than(&self, other: &Self) -> bool {
        (self.number.len(), &self.number) > (other.number.len(), &other.number)
    }
}

impl std::fmt::Debug for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crl")
            .field("this_update", &self.this_update)
            .field("next_update", &self.next_update)
            .field("entries", &self.serials.len())
            .finish_non_exhaustive()
    }
}

type Scope = (Vec<u8>, Vec<u8>, Vec<u8>);

/// The latest list of each partition.
#[derive(Clone, Debug, Default)]
pub struct CrlSet(HashMap<Scope, Crl>);

impl CrlSet {
    /// A set without lists: every certificate is of unknown status.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a list in, unless a newer one of the same partition is there already: an old list served
    /// again must not bring a revoked certificate back. Whether it was taken.
    pub fn insert(&mut self, crl: Crl) -> bool {
        let scope = (crl.issuer.clone(), crl.aki.clone(), crl.distribution_point.clone());
        match self.0.get(&scope) {
            Some(old) if old.newer_than(&crl) => false,
            _ => {
                self.0.insert(scope, crl);
                true
            }
        }
    }

    /// The list for a certificate, fresh or not: same issuer, same issuer's key, same distribution point.
    pub fn list_for(&self, cert: &AuthCert) -> Option<&Crl> {
        let key = cert.key();
        let scope = (key.issuer_dn().to_vec(), key.aki().to_vec(), cert.distribution_point()?.to_vec());
        self.0.get(&scope)
    }
}

impl Revocation for CrlSet {
    fn status(&self, cert: &AuthCert, now: Timestamp) -> RevocationStatus {
        if cert.distribution_point().is_none() {
            return RevocationStatus::Unknown(UnknownBecause::NoDistributionPoint);
        }
        match self.list_for(cert) {
            None => RevocationStatus::Unknown(UnknownBecause::NoList),
            Some(list) if list.next_update <= now || list.this_update > now.plus(SKEW) => {
                RevocationStatus::Unknown(UnknownBecause::Stale)
            }
            Some(list) if list.serials.contains(cert.key().serial()) => RevocationStatus::Revoked,
            Some(_) => RevocationStatus::Good,
        }
    }
}
