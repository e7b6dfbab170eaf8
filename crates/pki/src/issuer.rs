//! The path check of a document issuer's certificate (the signer of a 控除証明書).

use base::Timestamp;
use x509_parser::oid_registry::OID_X509_EXT_KEY_USAGE;

use crate::build::ORGANISATION_ID;
use crate::cert::{Anchors, Malformed, aki, end, read, rsa_key, rsa_sha256, signed_by};
use crate::key::verifies;

/// Why an issuer's certificate isn't trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It can't be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No trusted root has the name and key identifier it gives.
    #[error("the certificate's issuer is not among the trusted roots")]
    UnknownIssuer,
    /// Its signature is of another kind than RSA with SHA-256.
    #[error("the certificate is not signed with RSA and SHA-256")]
    UnsupportedAlgorithm,
    /// It wasn't signed by the root it names.
    #[error("the certificate was not signed by the root it names")]
    BadIssuerSignature,
    /// The root isn't valid now.
    #[error("the root certificate is not valid now")]
    IssuerExpired,
    /// Its key isn't RSA with 2048 to 4096 bits and e = 65537.
    #[error("the certificate's key is not RSA with 2048 to 4096 bits and e = 65537")]
    UnsupportedKey,
    /// It isn't meant for signing documents.
    #[error("keyUsage is not critical with digitalSignature, or the certificate is an authority's")]
    KeyUsage,
    /// It has a critical extension we don't know.
    #[error("an unknown critical extension")]
    UnknownCriticalExtension,
    /// It names no organisation.
    #[error("the certificate names no organisation")]
    NoOrganisation,
    /// It isn't valid yet.
    #[error("the certificate is not valid before {}", .not_before.rfc3339())]
    NotYetValid {
        /// First second of its validity.
        not_before: Timestamp,
    },
    /// It has expired.
    #[error("the certificate expired at {}", .not_after.rfc3339())]
    Expired {
        /// Last second of its validity.
        not_after: Timestamp,
    },
}

/// A document issuer whose certificate was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerCert {
    /// Name of the organisation (subject O).
    pub organisation: String,
    /// Its 法人番号, when the certificate has it.
    pub corporate_number: Option<String>,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// `RSAPublicKey` (RFC 8017 appendix A.1.1) of its key.
    pub public_key: Vec<u8>,
}

impl IssuerCert {
    /// Whether `signature` is RSASSA-PKCS1-v1_5 with SHA-256 over `message` by this issuer's key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        verifies(&self.public_key, message, signature)
    }
}

/// Checks a document issuer's certificate at `now`: one step from a trusted root.
pub fn check_path(cert_der: &[u8], anchors: &Anchors, now: Timestamp) -> Result<IssuerCert, PathError> {
    let cert = read(cert_der)?;
    let Some(aki) = aki(&cert)? else { return Err(Malformed("no authority key identifier").into()) };
    let mut known = anchors.find(cert.issuer().as_raw(), &aki).peekable();
    if known.peek().is_none() {
        return Err(PathError::UnknownIssuer);
    }
    if !rsa_sha256(&cert.signature_algorithm) {
        return Err(PathError::UnsupportedAlgorithm);
    }
    let anchor = known.find(|a| signed_by(&cert, &a.public_key)).ok_or(PathError::BadIssuerSignature)?;
    if !anchor.valid_at(now) {
        return Err(PathError::IssuerExpired);
    }

    let usage = cert.key_usage().map_err(|_| Malformed("keyUsage"))?;
    let signs = usage.is_some_and(|u| u.critical && u.value.digital_signature() && !u.value.key_cert_sign());
    if !signs || cert.is_ca() {
        return Err(PathError::KeyUsage);
    }
    if cert.extensions().iter().any(|e| e.critical && e.oid != OID_X509_EXT_KEY_USAGE) {
        return Err(PathError::UnknownCriticalExtension);
    }
    let public_key = rsa_key(cert.public_key()).ok_or(PathError::UnsupportedKey)?;

    let not_before = Timestamp::from_secs(cert.validity().not_before.timestamp());
    let not_after = Timestamp::from_secs(cert.validity().not_after.timestamp());
    if now < not_before {
        return Err(PathError::NotYetValid { not_before });
    }
    if end(not_after) < now {
        return Err(PathError::Expired { not_after });
    }

    let organisation =
        cert.subject().iter_organization().next().and_then(|a| a.as_str().ok()).ok_or(PathError::NoOrganisation)?;
    let number = ORGANISATION_ID.to_string();
    let corporate_number =
        cert.subject().iter_attributes().find(|a| a.attr_type().to_id_string() == number).and_then(|a| a.as_str().ok());
    Ok(IssuerCert {
        organisation: organisation.to_owned(),
        corporate_number: corporate_number.map(str::to_owned),
        not_after,
        public_key,
    })
}
