//! The test authority's own responder: what a portal asks in the sandbox, and the counterpart of `openssl ocsp` in tests.

use base::{Rng, Timestamp};
use x509_cert::der::asn1::{Any, BitString, GeneralizedTime, Null, OctetString};
use x509_cert::der::{self, DateTime, Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::KeyUsages;

use super::message::{
    BASIC, Basic, CertId, CertStatus, NO_CHECK, NONCE, OCSP_SIGNING, Request, ResponderId, Response, ResponseBytes,
    ResponseData, ResponseStatus, RevokedInfo, SHA1, Single,
};
use super::{MAX_REQUEST, sha1};
use crate::build::{self, C, CN, Draft, EKU, O, Result, aki, ext, key_id, key_usage, name, ski};
use crate::cert::minimal;
use crate::key::RsaKey;
use crate::testca::{Reason, TestCa};

/// Most certificates in one question.
const MOST: usize = 8;
/// Longest nonce that is repeated (RFC 9654 section 2.1).
const LONGEST_NONCE: usize = 128;

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Issued and not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// Never issued.
    Unknown,
}

/// A responder to which the test authority gave the right to answer for it.
#[derive(Debug)]
pub struct Responder {
    key: RsaKey,
    cert: Vec<u8>,
    issuer_name_hash: Vec<u8>,
    issuer_key_hash: Vec<u8>,
}

impl Responder {
    /// A responder with a new key, for as long as the authority itself.
    ///
    /// # Errors
    /// The key, or the encoding.
    pub fn new(ca: &TestCa, not_before: Timestamp, not_after: Timestamp, rng: &Rng) -> Result<Self> {
        Self::with_key(ca, RsaKey::generate()?, not_before, not_after, rng)
    }

    /// A responder with this key.
    ///
    /// # Errors
    /// The encoding.
    pub fn with_key(ca: &TestCa, key: RsaKey, not_before: Timestamp, not_after: Timestamp, rng: &Rng) -> Result<Self> {
        let cert = certificate(ca, &key, not_before, not_after, rng)?.sign(ca.key())?;
        Self::with_certificate(ca, key, cert)
    }

    pub(crate) fn with_certificate(ca: &TestCa, key: RsaKey, cert: Vec<u8>) -> Result<Self> {
        let issuer_name_hash = sha1(&ca.subject().to_der()?);
        Ok(Self { key, cert, issuer_name_hash, issuer_key_hash: sha1(ca.key().public_key()) })
    }

    /// The responder's certificate.
    pub fn cert_der(&self) -> &[u8] {
        &self.cert
    }

    /// Answers a question. `lookup` says how the certificate with a serial number (big-endian, without leading zeros) stands.
    ///
    /// # Errors
    /// The key, or the encoding; a question that is wrong gets an answer that says so.
    pub fn answer(
        &self,
        question: &[u8],
        lookup: impl Fn(&[u8]) -> Standing,
        this_update: Timestamp,
        next_update: Option<Timestamp>,
    ) -> Result<Vec<u8>> {
        let refusal = |status| Ok(Response { status, bytes: None }.to_der()?);
        if question.len() > MAX_REQUEST {
            return refusal(ResponseStatus::MalformedRequest);
        }
        let Ok(request) = Request::from_der(question) else { return refusal(ResponseStatus::MalformedRequest) };
        let tbs = request.tbs;
        if tbs.list.is_empty() || tbs.list.len() > MOST {
            return refusal(ResponseStatus::MalformedRequest);
        }
        if !tbs.list.iter().all(|one| self.is_ours(&one.cert)) {
            return refusal(ResponseStatus::Unauthorized);
        }
        let nonce = tbs.extensions.unwrap_or_default().into_iter().find(|e| e.extn_id == NONCE);
        if nonce.as_ref().is_some_and(|n| n.extn_value.as_bytes().len() > LONGEST_NONCE) {
            return refusal(ResponseStatus::MalformedRequest);
        }
        let responses = tbs.list.into_iter().map(|one| {
            let status = match lookup(&minimal(one.cert.serial.as_bytes())) {
                Standing::Good => CertStatus::Good(Null),
                Standing::Unknown => CertStatus::Unknown(Null),
                Standing::Revoked { at, reason } => {
                    CertStatus::Revoked(RevokedInfo { at: time(at)?, reason: Some(reason.code()) })
                }
            };
            let next_update = next_update.map(time).transpose()?;
            Ok(Single { cert: one.cert, status, this_update: time(this_update)?, next_update, extensions: None })
        });
        let data = ResponseData {
            version: 0,
            responder: ResponderId::Key(OctetString::new(sha1(self.key.public_key()))?),
            produced_at: time(this_update)?,
            responses: responses.collect::<Result<_>>()?,
            extensions: nonce.map(|n| vec![n]),
        };
        let signed = data.to_der()?;
        let basic = Basic {
            signature: BitString::from_bytes(&self.key.sign(&signed)?)?,
            tbs: Any::from_der(&signed)?,
            algorithm: build::sha256_with_rsa(),
            certs: Some(vec![Any::from_der(&self.cert)?]),
        };
        let bytes = ResponseBytes { kind: BASIC, response: OctetString::new(basic.to_der()?)? };
        Ok(Response { status: ResponseStatus::Successful, bytes: Some(bytes) }.to_der()?)
    }

    fn is_ours(&self, id: &CertId) -> bool {
        id.hash.oid == SHA1
            && id.issuer_name_hash.as_bytes() == self.issuer_name_hash
            && id.issuer_key_hash.as_bytes() == self.issuer_key_hash
    }
}

/// The responder's certificate before its signature: id-kp-OCSPSigning and id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2).
pub(crate) fn certificate(
    ca: &TestCa,
    key: &RsaKey,
    not_before: Timestamp,
    not_after: Timestamp,
    rng: &Rng,
) -> Result<ResponderDraft> {
    let serial: [u8; 16] = rng.bytes();
    let mut serial = serial.to_vec();
    // Positive, and of full length.
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(ResponderDraft {
        serial,
        spki: key.spki()?,
        issuer: ca.subject().clone(),
        not_before,
        not_after,
        extensions: vec![
            key_usage(KeyUsages::DigitalSignature)?,
            ext(EKU, false, &vec![OCSP_SIGNING])?,
            Extension { extn_id: NO_CHECK, critical: false, extn_value: OctetString::new(Null.to_der()?)? },
            aki(ca.ski(), None)?,
            ski(&key_id(key.public_key()))?,
        ],
    })
}

/// A draft that owns its parts, so that tests can change any of them before it is signed.
pub(crate) struct ResponderDraft {
    pub serial: Vec<u8>,
    pub spki: Vec<u8>,
    pub issuer: x509_cert::name::Name,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub extensions: Vec<Extension>,
}

impl ResponderDraft {
    pub fn sign(self, by: &RsaKey) -> Result<Vec<u8>> {
        Draft {
            serial: &self.serial,
            issuer: self.issuer,
            subject: name(&[(C, "JP"), (O, "ENISHI-TEST"), (CN, "OCSP responder")])?,
            not_before: self.not_before,
            not_after: self.not_after,
            spki: &self.spki,
            extensions: self.extensions,
        }
        .sign(by)
    }
}

fn time(t: Timestamp) -> der::Result<GeneralizedTime> {
    let since = std::time::Duration::from_secs(t.secs().max(0) as u64);
    Ok(GeneralizedTime::from_date_time(DateTime::from_unix_duration(since)?))
}
