//! Documents against `xmlsec1` (in both directions), against attackers, and against chance.

#![expect(clippy::unwrap_used, reason = "tests")]

mod attacks;
mod chance;
mod oracle;

use std::sync::LazyLock;

use base::{Rng, Timestamp};
use document::{Certificate, Checked, DocumentError, KeyAndCertificate, samples};
use pki::testca::{IssuerCa, IssuerName};
use pki::{Anchors, RsaKey};

/// 2026-11-02T03:00:00Z
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_793_588_400);
/// When the certificates of these tests were issued; they are good for three years.
pub(crate) const ISSUED: Timestamp = Timestamp::from_secs(1_780_000_000);

/// An issuer with key and certificate.
pub(crate) struct Signing {
    pub(crate) key: RsaKey,
    pub(crate) certificate: Vec<u8>,
}

impl Signing {
    pub(crate) fn sign(&self, xml: &str) -> String {
        document::sign(xml, &KeyAndCertificate { key: &self.key, certificate: &self.certificate }).unwrap()
    }
}

/// What every test needs; keys are made once, since that takes a while.
pub(crate) struct World {
    pub(crate) root_pem: String,
    pub(crate) anchors: Anchors,
    /// One for each of `samples::ISSUERS`.
    pub(crate) issuers: Vec<Signing>,
    /// Signs for the first issuer's name, but from an authority nobody trusts.
    pub(crate) foreign: Signing,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let rng = Rng::seeded(7);
    let ca = IssuerCa::generate(ISSUED, &rng).unwrap();
    let other = IssuerCa::generate(ISSUED, &rng).unwrap();
    let issue = |ca: &IssuerCa, issuer: &samples::Issuer| {
        let name = IssuerName { organisation: issuer.name, corporate_number: issuer.corporate_number };
        let (key, certificate) = ca.issue_issuer(&name, ISSUED, &rng).unwrap();
        Signing { key, certificate }
    };
    World {
        root_pem: ca.cert_pem(),
        anchors: Anchors::from_der([ca.cert_der()]).unwrap(),
        issuers: samples::ISSUERS.iter().map(|i| issue(&ca, i)).collect(),
        foreign: issue(&other, &samples::ISSUERS[0]),
    }
});

/// The key of the issuer that a document names.
pub(crate) fn signing_for(certificate: &Certificate) -> &'static Signing {
    let at = samples::ISSUERS.iter().position(|i| i.name == certificate.issuer()).expect("a sample issuer");
    &WORLD.issuers[at]
}

pub(crate) fn ichiro() -> Vec<Certificate> {
    samples::certificates("ichiro", "鈴木 一郎", 2026)
}

/// A signed life insurance certificate.
pub(crate) fn signed() -> String {
    signed_by(&WORLD.issuers[0])
}

pub(crate) fn signed_by(signing: &Signing) -> String {
    signing.sign(&ichiro()[0].to_xml().unwrap())
}

pub(crate) fn verify(xml: &str) -> Result<Checked, DocumentError> {
    document::verify(xml.as_bytes(), &WORLD.anchors, NOW)
}

/// The reason a document is refused for.
pub(crate) fn reason(xml: &str) -> &'static str {
    match verify(xml) {
        Ok(_) => "accepted",
        Err(e) => e.reason(),
    }
}
