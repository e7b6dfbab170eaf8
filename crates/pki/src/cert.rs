//! Reading certificates: the roots that are trusted, and the certificate a card brings.

use base::{Secret, Timestamp, codec};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION, OID_PKCS1_SHA256WITHRSA,
    OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER, OID_X509_EXT_CRL_DISTRIBUTION_POINTS, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
};
use x509_parser::parse_x509_certificate;
use x509_parser::pem::Pem;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Version};

use crate::build::envelope;
use crate::key::verifies;
use crate::key_p384;
use crate::profile::Partition;
use crate::verify::Algorithm;

/// Largest certificate taken, in bytes. Real ones have about 1,600.
const MAX_CERT: usize = 8 * 1024;

/// Why bytes are no certificate we can read. Says what is wrong with the form, never what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed certificate: {0}")]
pub struct Malformed(pub(crate) &'static str);

/// Why a root can't be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// It can't be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// There is no certificate in the text.
    #[error("no certificate found: a PEM file with at least one CERTIFICATE block is needed")]
    None,
    /// It isn't a self-signed certification authority with a subject key identifier and an RSA key.
    #[error("not a root certificate: {0}")]
    NotARoot(&'static str),
}

/// What identifies the certificate of a person: issuer, issuer's key and serial number. Personal data:
/// stored only as a keyed index of [`Self::canonical`], never passed to linked services, never logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CardKey {
    issuer_dn: Vec<u8>,
    aki: Vec<u8>,
    serial: Vec<u8>,
}

impl CardKey {
    /// From the DER of the issuer's name, the authority key identifier, and the serial number
    /// (big-endian; leading zeros don't count).
    pub fn new(issuer_dn: &[u8], aki: &[u8], serial: &[u8]) -> Self {
        Self { issuer_dn: issuer_dn.to_vec(), aki: aki.to_vec(), serial: minimal(serial) }
    }

    /// The same bytes for the same certificate, different ones for any other: input for a keyed blind
    /// index. Not to be stored as it is.
    pub fn canonical(&self) -> Secret<Vec<u8>> {
        let mut out = b"enishi-card-key-v1\0".to_vec();
        for part in [&self.issuer_dn, &self.aki, &self.serial] {
            out.extend_from_slice(&(part.len() as u32).to_be_bytes());
            out.extend_from_slice(part);
        }
        Secret::new(out)
    }

    /// Serial number in lower-case hexadecimal, for the number correspondence of J-LIS.
    pub fn serial_hex(&self) -> Secret<String> {
        Secret::new(hex(&self.serial))
    }

    /// Authority key identifier in lower-case hexadecimal.
    pub fn aki_hex(&self) -> String {
        hex(&self.aki)
    }

    /// The key of another certificate of the same issuer, from a serial number in hexadecimal (an
    /// answer of the number correspondence).
    pub fn with_serial_hex(&self, serial: &str) -> Option<Self> {
        let serial = unhex(serial)?;
        (!serial.is_empty() && serial.len() <= 20).then(|| Self::new(&self.issuer_dn, &self.aki, &serial))
    }

    pub(crate) fn serial(&self) -> &[u8] {
        &self.serial
    }

    pub(crate) fn aki(&self) -> &[u8] {
        &self.aki
    }

    pub(crate) fn issuer_dn(&self) -> &[u8] {
        &self.issuer_dn
    }
}

impl std::fmt::Debug for CardKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardKey")
    }
}

/// Roots that are trusted. Several generations share one name: they are told apart by key identifier.
#[derive(Clone, Debug, Default)]
pub struct Anchors(Vec<Anchor>);

#[derive(Clone)]
pub(crate) struct Anchor {
    pub subject: Vec<u8>,
    pub ski: Vec<u8>,
    pub public_key: Vec<u8>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl std::fmt::Debug for Anchor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Anchor").field("ski", &hex(&self.ski)).field("not_after", &self.not_after).finish()
    }
}

impl Anchors {
    /// No roots: nothing verifies.
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// From DER certificates.
    pub fn from_der<D: AsRef<[u8]>>(certs: impl IntoIterator<Item = D>) -> Result<Self, AnchorError> {
        certs.into_iter().map(|der| Anchor::parse(der.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// From the text of a PEM file with one or more certificates.
    pub fn from_pem(text: &str) -> Result<Self, AnchorError> {
        let mut ders = Vec::new();
        for pem in Pem::iter_from_buffer(text.as_bytes()) {
            let pem = pem.map_err(|_| Malformed("PEM"))?;
            if pem.label == "CERTIFICATE" {
                ders.push(pem.contents);
            }
        }
        if ders.is_empty() { Err(AnchorError::None) } else { Self::from_der(ders) }
    }

    /// How many roots.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no root.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of a certificate by one of these roots, from the root's key identifier and the serial number,
    /// both in hexadecimal; `None` when there is no such root. For seeding test people.
    pub fn card_key(&self, aki: &str, serial: &str) -> Option<CardKey> {
        let aki = unhex(aki)?;
        let root = self.0.iter().find(|a| a.ski == aki)?;
        CardKey::new(&root.subject, &root.ski, &[]).with_serial_hex(serial)
    }

    /// The roots with this name and key identifier. More than one only if somebody made them collide;
    /// the signature decides then.
    pub(crate) fn find<'a>(&'a self, name: &'a [u8], ski: &'a [u8]) -> impl Iterator<Item = &'a Anchor> {
        self.0.iter().filter(move |a| a.subject == name && a.ski == ski)
    }
}

impl Anchor {
    fn parse(der: &[u8]) -> Result<Self, AnchorError> {
        let cert = read(der)?;
        let not_a_root = |why| Err(AnchorError::NotARoot(why));
        let Some(ski) = ski(&cert)? else { return not_a_root("no subject key identifier") };
        let ca = cert.basic_constraints().map_err(|_| Malformed("basicConstraints"))?;
        if !ca.is_some_and(|bc| bc.critical && bc.value.ca) {
            return not_a_root("basicConstraints is not critical CA:TRUE");
        }
        let usage = cert.key_usage().map_err(|_| Malformed("keyUsage"))?;
        if !usage.is_some_and(|u| u.value.key_cert_sign() && u.value.crl_sign()) {
            return not_a_root("keyUsage lacks keyCertSign or cRLSign");
        }
        if cert.issuer().as_raw() != cert.subject().as_raw() {
            return not_a_root("it is not self-issued");
        }
        let Some(public_key) = rsa_key(cert.public_key()) else {
            return not_a_root("its key is not RSA with 2048 to 4096 bits and e = 65537");
        };
        if !signed_by(&cert, &public_key) {
            return not_a_root("it is not signed by itself with RSA and SHA-256");
        }
        Ok(Self {
            subject: cert.subject().as_raw().to_vec(),
            ski,
            public_key,
            not_before: Timestamp::from_secs(cert.validity().not_before.timestamp()),
            not_after: Timestamp::from_secs(cert.validity().not_after.timestamp()),
        })
    }

    pub(crate) fn valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= end(self.not_after)
    }
}

/// The last microsecond of the second a certificate is valid in (RFC 5280: notAfter is included).
pub(crate) fn end(not_after: Timestamp) -> Timestamp {
    Timestamp(not_after.0.saturating_add(999_999))
}

/// A card's certificate, read but not yet believed. [`crate::verify()`] decides.
#[derive(Clone)]
pub struct AuthCert {
    der: Vec<u8>,
    key: CardKey,
    not_after: Timestamp,
    algorithm: Option<Algorithm>,
    distribution_point: Option<Vec<u8>>,
    partition: Option<Partition>,
}

impl AuthCert {
    /// Reads a DER certificate; nothing may follow it.
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        Self::of(&read(der)?)
    }

    pub(crate) fn of(cert: &X509Certificate<'_>) -> Result<Self, Malformed> {
        let Some(aki) = aki(cert)? else { return Err(Malformed("no authority key identifier")) };
        let dp = distribution_point(cert)?;
        Ok(Self {
            key: CardKey::new(cert.issuer().as_raw(), &aki, cert.raw_serial()),
            not_after: Timestamp::from_secs(cert.validity().not_after.timestamp()),
            algorithm: HolderKey::of(cert.public_key()).map(|key| key.algorithm()),
            distribution_point: dp.as_ref().map(|(raw, _)| raw.clone()),
            partition: dp.and_then(|(_, partition)| partition),
            der: cert.as_raw().to_vec(),
        })
    }

    /// Whether `signature` is one by the certificate's key over `message`. Says nothing about whose key that is.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = read(&self.der).ok().and_then(|cert| HolderKey::of(cert.public_key()));
        key.is_some_and(|key| key.verifies(message, signature))
    }

    /// What its key signs with; `None` when that is something we don't know.
    pub const fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// What identifies it.
    pub const fn key(&self) -> &CardKey {
        &self.key
    }

    /// The certificate itself.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Last second of its validity, as claimed.
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// DER of the directory name of its one distribution point, if it has one of that form.
    pub fn distribution_point(&self) -> Option<&[u8]> {
        self.distribution_point.as_deref()
    }

    /// The partition of the revocation list to fetch for it, as claimed.
    pub const fn partition(&self) -> Option<&Partition> {
        self.partition.as_ref()
    }
}

impl std::fmt::Debug for AuthCert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthCert")
    }
}

/// Parses with nothing left over, version 3, one algorithm named twice alike, no extension twice.
pub(crate) fn read(der: &[u8]) -> Result<X509Certificate<'_>, Malformed> {
    if der.len() > MAX_CERT {
        return Err(Malformed("too large"));
    }
    let Ok((rest, cert)) = parse_x509_certificate(der) else { return Err(Malformed("not X.509 in DER")) };
    if !rest.is_empty() {
        return Err(Malformed("bytes after the certificate"));
    }
    if cert.version() != X509Version::V3 {
        return Err(Malformed("not version 3"));
    }
    if cert.signature_algorithm != cert.tbs_certificate.signature {
        return Err(Malformed("the two signature algorithms differ"));
    }
    if cert.extensions_map().is_err() {
        return Err(Malformed("an extension twice"));
    }
    if cert.extensions().iter().any(|e| e.parsed_extension().error().is_some()) {
        return Err(Malformed("an extension can't be read"));
    }
    if cert.raw_serial().len() > 20 || cert.raw_serial().first().is_none_or(|b| b & 0x80 != 0) {
        return Err(Malformed("serial number"));
    }
    Ok(cert)
}

/// Whether RSA with SHA-256 by `public_key` signed it.
pub(crate) fn signed_by(cert: &X509Certificate<'_>, public_key: &[u8]) -> bool {
    rsa_sha256(&cert.signature_algorithm)
        && sealed(cert.as_raw(), cert.tbs_certificate.as_ref(), &cert.signature_value.data, public_key)
}

/// Whether `whole` is exactly `body` with its RSA/SHA-256 signature by `public_key`, in DER. The parser
/// is lenient about tags outside the signed bytes; here one thing signed has one form.
pub(crate) fn sealed(whole: &[u8], body: &[u8], signature: &[u8], public_key: &[u8]) -> bool {
    verifies(public_key, body, signature) && envelope(body, signature).is_ok_and(|exact| exact == whole)
}

/// sha256WithRSAEncryption with the NULL parameters of RFC 4055 section 5.
pub(crate) fn rsa_sha256(alg: &AlgorithmIdentifier<'_>) -> bool {
    alg.algorithm == OID_PKCS1_SHA256WITHRSA && null(alg)
}

fn null(alg: &AlgorithmIdentifier<'_>) -> bool {
    alg.parameters.as_ref().is_some_and(|p| p.as_null().is_ok())
}

/// The `RSAPublicKey` of a key with 2048 to 4096 bits and e = 65537.
pub(crate) fn rsa_key(spki: &SubjectPublicKeyInfo<'_>) -> Option<Vec<u8>> {
    if spki.algorithm.algorithm != OID_PKCS1_RSAENCRYPTION || !null(&spki.algorithm) {
        return None;
    }
    let PublicKey::RSA(rsa) = spki.parsed().ok()? else { return None };
    let good = (2048..=4096).contains(&bits(rsa.modulus)) && minimal(rsa.exponent) == [1, 0, 1];
    good.then(|| spki.subject_public_key.data.to_vec())
}

/// The `RSAPublicKey` of a key with exactly 2048 bits and e = 65537.
pub(crate) fn rsa_2048_key(spki: &SubjectPublicKeyInfo<'_>) -> Option<Vec<u8>> {
    let key = rsa_key(spki)?;
    let PublicKey::RSA(rsa) = spki.parsed().ok()? else { return None };
    (bits(rsa.modulus) == 2048).then_some(key)
}

/// The key of a card's holder.
pub(crate) enum HolderKey {
    /// `RSAPublicKey`.
    Rsa2048(Vec<u8>),
    /// Uncompressed point.
    P384(Vec<u8>),
}

impl HolderKey {
    /// `None` when it is of another kind.
    pub(crate) fn of(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        rsa_2048_key(spki).map(Self::Rsa2048).or_else(|| p384_key(spki).map(Self::P384))
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa2048(_) => Algorithm::Rsa2048Sha256,
            Self::P384(_) => Algorithm::EcdsaP384Sha384,
        }
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa2048(key) => verifies(key, message, signature),
            Self::P384(key) => key_p384::verifies(key, message, signature),
        }
    }
}

/// The uncompressed point of a key on the named curve P-384 (RFC 5480).
fn p384_key(spki: &SubjectPublicKeyInfo<'_>) -> Option<Vec<u8>> {
    let curve = spki.algorithm.parameters.as_ref()?.as_oid().ok()?;
    let point = spki.subject_public_key.data.as_ref();
    let named = spki.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && curve == OID_NIST_EC_P384;
    (named && point.len() == 97 && point[0] == 4).then(|| point.to_vec())
}

fn bits(number: &[u8]) -> usize {
    let number = minimal(number);
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// A number without its leading zeros.
pub(crate) fn minimal(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|b| *b != 0).unwrap_or(number.len());
    number[start..].to_vec()
}

pub(crate) fn aki(cert: &X509Certificate<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    let ext = cert
        .get_extension_unique(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER)
        .map_err(|_| Malformed("authorityKeyIdentifier"))?;
    Ok(match ext.map(|e| e.parsed_extension()) {
        Some(ParsedExtension::AuthorityKeyIdentifier(aki)) => aki.key_identifier.as_ref().map(|k| k.0.to_vec()),
        _ => None,
    })
}

fn ski(cert: &X509Certificate<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    let ext = cert
        .get_extension_unique(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER)
        .map_err(|_| Malformed("subjectKeyIdentifier"))?;
    Ok(match ext.map(|e| e.parsed_extension()) {
        Some(ParsedExtension::SubjectKeyIdentifier(ski)) => Some(ski.0.to_vec()),
        _ => None,
    })
}

/// DER of a distribution point's directory name, and the partition when the name has the usual shape.
type Point = (Vec<u8>, Option<Partition>);

/// The one distribution point, when it is a directory name for all reasons.
fn distribution_point(cert: &X509Certificate<'_>) -> Result<Option<Point>, Malformed> {
    let ext = cert
        .get_extension_unique(&OID_X509_EXT_CRL_DISTRIBUTION_POINTS)
        .map_err(|_| Malformed("cRLDistributionPoints"))?;
    let Some(ParsedExtension::CRLDistributionPoints(points)) = ext.map(|e| e.parsed_extension()) else {
        return Ok(None);
    };
    let [point] = points.points.as_slice() else { return Ok(None) };
    if point.reasons.is_some() || point.crl_issuer.is_some() {
        return Ok(None);
    }
    Ok(point.distribution_point.as_ref().and_then(directory_name))
}

/// A distribution point that is a single directory name.
pub(crate) fn directory_name(name: &DistributionPointName<'_>) -> Option<Point> {
    let DistributionPointName::FullName(names) = name else { return None };
    let [GeneralName::DirectoryName(name)] = names.as_slice() else { return None };
    Some((name.as_raw().to_vec(), Partition::of_name(name)))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// A certificate as PEM text.
pub fn pem(der: &[u8]) -> String {
    let body = codec::b64(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in body.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str("-----END CERTIFICATE-----\n");
    out
}
