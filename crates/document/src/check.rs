//! The check of a document, in the order of the NTA.

use base::Timestamp;
use pki::Anchors;
use pki::issuer::{IssuerCert, PathError, check_path};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{Certificate, DocumentError, signature};

/// A document whose signature, issuer and content were found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What it says, read from the signed bytes.
    pub certificate: Certificate,
    /// Who signed it.
    pub issuer: IssuerCert,
}

/// Checks a document at `now` against the roots of trusted issuers.
///
/// The order is the one the NTA gives for its own signed XML: tampering → expiry of the issuer's certificate
/// → path to a trusted root → revocation → content. (Revocation: issuers of the test environment have
/// no revocation lists; the step has its place below.)
///
/// # Errors
/// The first thing found wrong; see [`DocumentError`]. A document that is wrong in several ways gets
/// the error of the earliest step.
pub fn verify(xml: &[u8], anchors: &Anchors, now: Timestamp) -> Result<Checked, DocumentError> {
    let opened = signature::open(xml)?;
    expiry(&opened.certificate, now)?;
    let issuer = check_path(&opened.certificate, anchors, now).map_err(|e| match e {
        PathError::Expired { .. } | PathError::IssuerExpired => DocumentError::IssuerExpired,
        PathError::NotYetValid { .. } => DocumentError::IssuerNotYetValid,
        other => DocumentError::ForeignSigner(other.to_string()),
    })?;
    // Revocation belongs here: `IssuerRevoked` when a list of the issuer's authority names the certificate.
    let certificate = Certificate::from_canonical(&opened.content)?;
    if certificate.issuer() != issuer.organisation {
        return Err(DocumentError::OtherIssuer);
    }
    Ok(Checked { certificate, issuer })
}

/// Expiry on its own: the path check would report an unknown root first, the NTA's order does not.
fn expiry(certificate: &[u8], now: Timestamp) -> Result<(), DocumentError> {
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|_| DocumentError::Malformed("the certificate in KeyInfo".to_owned()))?;
    let validity = parsed.validity();
    if now.secs() > validity.not_after.timestamp() {
        return Err(DocumentError::IssuerExpired);
    }
    if now.secs() < validity.not_before.timestamp() {
        return Err(DocumentError::IssuerNotYetValid);
    }
    Ok(())
}
