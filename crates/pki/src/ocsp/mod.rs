//! Online certificate status (OCSP, RFC 6960): one question about one certificate, and the check of the answer.
//!
//! An answer counts when it is about the certificate that was asked for, is signed by the issuer of that certificate or by
//! a responder to which this issuer gave the right (RFC 6960 section 4.2.2.2), is fresh, and repeats the question's nonce
//! (RFC 9654). Whatever else comes is no answer; who asked then looks at the revocation list, and without one nobody
//! passes.

mod message;
pub(crate) mod responder;

use std::time::Duration;

use base::Timestamp;
use x509_cert::der::asn1::{GeneralizedTime, Null, OctetString, Uint};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;

use crate::cert::{Anchor, Anchors, AuthCert, CardKey, read, rsa_2048_key, signed_by};
use crate::key::verifies;
use crate::verify::{Revocation, RevocationStatus, UnknownBecause};

use message::{
    BASIC, Basic, CertId, CertStatus, NO_CHECK, NONCE, One, Request, ResponderId, Response, ResponseData, SHA1,
    TbsRequest,
};

pub use message::ResponseStatus;
pub use responder::{Responder, Standing};

/// Media type of a question.
pub const REQUEST_TYPE: &str = "application/ocsp-request";
/// Media type of an answer.
pub const RESPONSE_TYPE: &str = "application/ocsp-response";
/// The longest answer that is looked at, in octets. One with its responder's certificate has about 2,000.
pub const MAX_RESPONSE: usize = 32 * 1024;
/// The longest question that is answered, in octets.
pub const MAX_REQUEST: usize = 8 * 1024;
/// How far our clock may be behind the responder's.
const SKEW: Duration = Duration::from_secs(300);
/// How old an answer without `nextUpdate` may be: newer information is available all the time (RFC 6960 section 4.2.2.1).
const WITHOUT_NEXT: Duration = Duration::from_secs(600);

/// Whether the answer has to repeat the nonce. Responders that sign in advance can't; then freshness rests on the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceRule {
    /// It has to.
    Required,
    /// Another nonce is refused, a missing one isn't.
    IfPresent,
}

/// Why an answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// It can't be read.
    #[error("malformed answer: {0}")]
    Malformed(&'static str),
    /// The responder gave none.
    #[error("the responder gave no answer: {0:?}")]
    NoAnswer(ResponseStatus),
    /// It is about another certificate, or about none or two that were asked for.
    #[error("the answer is not about the certificate that was asked for")]
    OtherCertificate,
    /// Who signed it has no right to: neither the certificate's issuer nor its responder.
    #[error("the answer was not signed by the issuer or a responder of the issuer")]
    NotAuthorised,
    /// The signature is wrong, or of a kind that isn't accepted.
    #[error("the answer's signature is wrong")]
    BadSignature,
    /// The issuer's or the responder's certificate isn't valid now.
    #[error("the signer's certificate is not valid now")]
    SignerExpired,
    /// It is an answer to another question.
    #[error("the answer does not repeat the nonce of the question")]
    Nonce,
    /// It is from the future.
    #[error("the answer is from the future; check the clocks")]
    NotYetValid,
    /// It is too old.
    #[error("the answer is too old")]
    Stale,
}

/// A question about one certificate.
#[derive(Clone)]
pub struct Question {
    der: Vec<u8>,
    id: CertId,
    nonce: [u8; 32],
    key: CardKey,
    issuer: Anchor,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The serial number is personal data.
        f.write_str("Question")
    }
}

impl Question {
    /// A question about `cert`; `None` when no root has the issuer's name and key identifier. `nonce` has to be new and random.
    pub fn new(cert: &AuthCert, anchors: &Anchors, nonce: [u8; 32]) -> Option<Self> {
        let key = cert.key();
        let issuer = anchors.find(key.issuer_dn(), key.aki()).next()?.clone();
        let id = cert_id(&issuer, key.serial())?;
        let request = Request {
            tbs: TbsRequest {
                version: 0,
                requestor: None,
                list: vec![One { cert: id.clone(), extensions: None }],
                extensions: Some(vec![nonce_extension(&nonce)?]),
            },
            signature: None,
        };
        Some(Self { der: request.to_der().ok()?, id, nonce, key: key.clone(), issuer })
    }

    /// To be sent by POST as [`REQUEST_TYPE`] (RFC 6960 appendix A).
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Checks the answer to this question.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn check(&self, answer: &[u8], rule: NonceRule, now: Timestamp) -> Result<Answer, OcspError> {
        use OcspError::Malformed;
        if answer.len() > MAX_RESPONSE {
            return Err(Malformed("it is too long"));
        }
        let response = Response::from_der(answer).map_err(|_| Malformed("not an OCSP response in DER"))?;
        let bytes = match (response.status, response.bytes) {
            (ResponseStatus::Successful, Some(bytes)) => bytes,
            (ResponseStatus::Successful, None) => return Err(Malformed("successful without an answer")),
            (status, _) => return Err(OcspError::NoAnswer(status)),
        };
        if bytes.kind != BASIC {
            return Err(Malformed("not a basic response"));
        }
        let basic = Basic::from_der(bytes.response.as_bytes()).map_err(|_| Malformed("the basic response"))?;
        let signed = basic.tbs.to_der().map_err(|_| Malformed("the signed part"))?;
        let data = ResponseData::from_der(&signed).map_err(|_| Malformed("the signed part"))?;
        if data.version != 0 {
            return Err(Malformed("not version 1"));
        }

        self.signature(&basic, &signed, &data.responder, now)?;

        let mut about = data.responses.iter().filter(|r| r.cert == self.id);
        let (Some(single), None) = (about.next(), about.next()) else { return Err(OcspError::OtherCertificate) };
        let extensions = || data.extensions.iter().flatten().chain(single.extensions.iter().flatten());
        if extensions().any(|e| e.critical && e.extn_id != NONCE) {
            return Err(Malformed("an unknown critical extension"));
        }
        let mut nonces = extensions().filter(|e| e.extn_id == NONCE);
        match (nonces.next(), nonces.next(), rule) {
            (Some(n), None, _) if Some(n.extn_value.as_bytes()) == nonce_value(&self.nonce).as_deref() => {}
            (None, None, NonceRule::IfPresent) => {}
            _ => return Err(OcspError::Nonce),
        }

        let this_update = time(&single.this_update);
        if this_update > now.plus(SKEW) || time(&data.produced_at) > now.plus(SKEW) {
            return Err(OcspError::NotYetValid);
        }
        let next_update = single.next_update.as_ref().map_or_else(|| this_update.plus(WITHOUT_NEXT), time);
        if next_update <= now {
            return Err(OcspError::Stale);
        }
        let status = match &single.status {
            CertStatus::Good(_) => RevocationStatus::Good,
            // Every reason counts; certificateHold is never released by this issuer.
            CertStatus::Revoked(_) => RevocationStatus::Revoked,
            CertStatus::Unknown(_) => RevocationStatus::Unknown(UnknownBecause::NotKnown),
        };
        Ok(Answer { key: self.key.clone(), status, next_update })
    }

    /// The issuer's own signature, or that of a responder whose certificate this very issuer signed for the purpose.
    fn signature(
        &self,
        basic: &Basic,
        signed: &[u8],
        responder: &ResponderId,
        now: Timestamp,
    ) -> Result<(), OcspError> {
        if basic.algorithm.oid != crate::build::SHA256_WITH_RSA {
            return Err(OcspError::BadSignature);
        }
        let signature = basic.signature.as_bytes().ok_or(OcspError::BadSignature)?;
        if !self.issuer.valid_at(now) {
            return Err(OcspError::SignerExpired);
        }
        if names(responder, &self.issuer.subject, &self.issuer.public_key) {
            return match verifies(&self.issuer.public_key, signed, signature) {
                true => Ok(()),
                false => Err(OcspError::BadSignature),
            };
        }
        let mut refused = OcspError::NotAuthorised;
        for cert in basic.certs.iter().flatten().take(4) {
            let der = cert.to_der().map_err(|_| OcspError::Malformed("a certificate in the answer"))?;
            let Ok(cert) = read(&der) else { continue };
            let Some(key) = rsa_2048_key(cert.public_key()) else { continue };
            if !names(responder, cert.subject().as_raw(), &cert.public_key().subject_public_key.data) {
                continue;
            }
            if !self.gave_the_right(&cert) {
                continue;
            }
            let validity = cert.validity();
            let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
            if now.secs() < from || now.secs() > until {
                refused = OcspError::SignerExpired;
                continue;
            }
            return if verifies(&key, signed, signature) { Ok(()) } else { Err(OcspError::BadSignature) };
        }
        Err(refused)
    }

    /// RFC 6960 section 4.2.2.2: issued directly by the authority that issued the certificate in question, with
    /// id-kp-OCSPSigning. Its own revocation can't be asked of itself, so it has to carry id-pkix-ocsp-nocheck.
    fn gave_the_right(&self, cert: &X509Certificate<'_>) -> bool {
        let mut purpose = false;
        let mut no_check = false;
        for ext in cert.extensions() {
            match ext.parsed_extension() {
                ParsedExtension::ExtendedKeyUsage(usage) => purpose = usage.ocsp_signing,
                ParsedExtension::KeyUsage(usage) if !usage.digital_signature() => return false,
                ParsedExtension::BasicConstraints(bc) if bc.ca => return false,
                _ if ext.oid.to_id_string() == NO_CHECK.to_string() => no_check = true,
                ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::ParseError { .. } if ext.critical => {
                    return false;
                }
                _ => {}
            }
        }
        purpose && no_check && cert.issuer().as_raw() == self.issuer.subject && signed_by(cert, &self.issuer.public_key)
    }
}

/// An answer that counts.
#[derive(Clone)]
pub struct Answer {
    key: CardKey,
    status: RevocationStatus,
    next_update: Timestamp,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Answer {
    /// What it says.
    pub const fn said(&self) -> RevocationStatus {
        self.status
    }

    /// Until when it may be used.
    pub const fn next_update(&self) -> Timestamp {
        self.next_update
    }
}

impl Revocation for Answer {
    fn status(&self, cert: &AuthCert, now: Timestamp) -> RevocationStatus {
        if *cert.key() != self.key {
            return RevocationStatus::Unknown(UnknownBecause::NotKnown);
        }
        if self.next_update <= now { RevocationStatus::Unknown(UnknownBecause::Stale) } else { self.status }
    }
}

/// SHA-1 names issuer and key here, it protects nothing: it is what every responder understands (RFC 5019 section 2.1.1).
fn cert_id(issuer: &Anchor, serial: &[u8]) -> Option<CertId> {
    Some(CertId {
        hash: AlgorithmIdentifierOwned { oid: SHA1, parameters: Some(Null.into()) },
        issuer_name_hash: OctetString::new(sha1(&issuer.subject)).ok()?,
        issuer_key_hash: OctetString::new(sha1(&issuer.public_key)).ok()?,
        serial: Uint::new(serial).ok()?,
    })
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

fn names(responder: &ResponderId, subject: &[u8], key: &[u8]) -> bool {
    match responder {
        ResponderId::Name(name) => name.to_der().is_ok_and(|der| der == subject),
        ResponderId::Key(hash) => hash.as_bytes() == sha1(key),
    }
}

/// RFC 9654 section 2.1: the value is an OCTET STRING within the extension's own.
fn nonce_value(nonce: &[u8]) -> Option<Vec<u8>> {
    OctetString::new(nonce).ok()?.to_der().ok()
}

fn nonce_extension(nonce: &[u8]) -> Option<Extension> {
    Some(Extension { extn_id: NONCE, critical: false, extn_value: OctetString::new(nonce_value(nonce)?).ok()? })
}

fn time(t: &GeneralizedTime) -> Timestamp {
    Timestamp::from_secs(i64::try_from(t.to_unix_duration().as_secs()).unwrap_or(i64::MAX / 2_000_000))
}
