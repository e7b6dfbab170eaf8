//! XML Signature, in the one profile that is written and read here.
//!
//! Source: W3C "XML Signature Syntax and Processing Version 1.1" (11 April 2013), RFC 3275.

use base::codec::{b64, b64_decode, same, sha256};
use pki::RsaKey;
use roxmltree::{Document, Node};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::DocumentError;
use crate::c14n::{EXCLUSIVE, canonicalize};
use crate::xml::{Children, gate, parse, plain, text};

/// Namespace of XML Signature.
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
/// rsaEncryption (RFC 8017 appendix A.1)
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";

/// Who signs: an RSA key and the certificate for it. For keys that stay elsewhere (an HSM); a key in
/// memory is a [`KeyAndCertificate`].
pub trait Signer {
    /// The certificate, DER, that goes into `KeyInfo`.
    fn certificate_der(&self) -> &[u8];

    /// RSASSA-PKCS1-v1_5 with SHA-256 over `message`.
    ///
    /// # Errors
    /// [`SignError::Key`] when the key cannot sign now.
    fn sign_sha256(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A key in memory with its certificate, as `pki::testca::IssuerCa` gives them out.
#[derive(Debug)]
pub struct KeyAndCertificate<'a> {
    /// The issuer's key.
    pub key: &'a RsaKey,
    /// Its certificate, DER.
    pub certificate: &'a [u8],
}

impl Signer for KeyAndCertificate<'_> {
    fn certificate_der(&self) -> &[u8] {
        self.certificate
    }

    fn sign_sha256(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.key.sign(message).map_err(|_| SignError::Key)
    }
}

/// Why a document could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The document is not one that [`crate::verify`] would take.
    #[error("the document cannot be signed: {0}")]
    Document(#[from] DocumentError),
    /// The key could not sign.
    #[error("the key could not sign")]
    Key,
}

/// Adds the enveloped signature as last child of the root element.
///
/// # Errors
/// [`SignError::Document`] when `xml` is outside the accepted subset, is signed already or has an empty
/// root element; [`SignError::Key`] when the key fails.
pub fn sign(xml: &str, signer: &(impl Signer + ?Sized)) -> Result<String, SignError> {
    let source = gate(xml.as_bytes())?;
    let doc = parse(source)?;
    if signatures(&doc).next().is_some() {
        return Err(DocumentError::NotSupported("a second signature").into());
    }
    let digest = b64(&sha256(canonicalize(doc.root_element(), None)?.as_bytes()));
    let root = doc.root_element().range();
    let Some(close) = source.get(..root.end).and_then(|s| s.rfind("</")).filter(|at| *at > root.start) else {
        return Err(DocumentError::Malformed("an empty document".to_owned()).into());
    };
    // Written in canonical form at once: what is signed is this text.
    let info = format!(
        "<dsig:SignedInfo xmlns:dsig=\"{DSIG}\">\
         <dsig:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></dsig:CanonicalizationMethod>\
         <dsig:SignatureMethod Algorithm=\"{RSA_SHA256}\"></dsig:SignatureMethod>\
         <dsig:Reference URI=\"\"><dsig:Transforms>\
         <dsig:Transform Algorithm=\"{ENVELOPED}\"></dsig:Transform>\
         <dsig:Transform Algorithm=\"{EXCLUSIVE}\"></dsig:Transform></dsig:Transforms>\
         <dsig:DigestMethod Algorithm=\"{SHA256}\"></dsig:DigestMethod>\
         <dsig:DigestValue>{digest}</dsig:DigestValue></dsig:Reference></dsig:SignedInfo>"
    );
    let value = b64(&signer.sign_sha256(info.as_bytes())?);
    let certificate = b64(signer.certificate_der());
    let (before, after) = source.split_at(close);
    Ok(format!(
        "{before}<dsig:Signature xmlns:dsig=\"{DSIG}\">{info}<dsig:SignatureValue>{value}</dsig:SignatureValue>\
         <dsig:KeyInfo><dsig:X509Data><dsig:X509Certificate>{certificate}</dsig:X509Certificate></dsig:X509Data>\
         </dsig:KeyInfo></dsig:Signature>{after}"
    ))
}

/// What a good signature yields: the bytes it covers, and whose certificate came with it. Nothing is
/// known yet about who stands behind that certificate.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Canonical form of the document without the signature: the digested bytes, and the only thing
    /// that may be read from now on.
    pub(crate) content: String,
    /// DER
    pub(crate) certificate: Vec<u8>,
}

/// Checks the signature ("tamper"). Each step reads only what the step before has made sure of:
/// key → canonical `SignedInfo` → digest in it → canonical content.
pub(crate) fn open(file: &[u8]) -> Result<Opened, DocumentError> {
    let doc = parse(gate(file)?)?;
    let signature = only_signature(&doc)?;
    plain(signature)?;
    let mut parts = Children::of(signature)?;
    let info = part(&mut parts, "SignedInfo")?;
    let value = base64(part(&mut parts, "SignatureValue")?)?;
    let key_info = part(&mut parts, "KeyInfo")?;
    nothing_else(parts)?;
    let certificate = certificate(key_info)?;

    let info = canonicalize(info, None)?;
    let digest = signed_digest(&info)?;
    verify_with(&certificate, info.as_bytes(), &value)?;
    let content = canonicalize(doc.root_element(), Some(signature))?;
    if !same(&sha256(content.as_bytes()), &digest) {
        return Err(DocumentError::Tampered("the digest does not fit the content"));
    }
    Ok(Opened { content, certificate })
}

fn signatures<'a, 'i>(doc: &'a Document<'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    doc.descendants()
        .filter(|n| n.is_element() && n.tag_name().namespace() == Some(DSIG) && n.tag_name().name() == "Signature")
}

/// The one signature, which has to be the last child element of the root.
fn only_signature<'a, 'i>(doc: &'a Document<'i>) -> Result<Node<'a, 'i>, DocumentError> {
    let mut all = signatures(doc);
    let signature = all.next().ok_or(DocumentError::NoSignature)?;
    if all.next().is_some() {
        return Err(DocumentError::NotSupported("more than one signature"));
    }
    if doc.root_element().last_element_child() != Some(signature) {
        return Err(DocumentError::NotSupported("a signature that is not the last element of the document"));
    }
    Ok(signature)
}

fn part<'a, 'i>(of: &mut Children<'a, 'i>, name: &str) -> Result<Node<'a, 'i>, DocumentError> {
    of.optional(DSIG, name).ok_or(DocumentError::NotSupported("a signature of another shape"))
}

fn nothing_else(of: Children<'_, '_>) -> Result<(), DocumentError> {
    of.end().map_err(|_| DocumentError::NotSupported("a signature with more parts than one reference needs"))
}

/// The digest that a canonical `SignedInfo` states, after making sure that it states nothing outside the
/// profile.
fn signed_digest(info: &str) -> Result<Vec<u8>, DocumentError> {
    let doc = parse(info)?;
    plain(doc.root_element())?;
    let mut parts = Children::of(doc.root_element())?;
    algorithm(part(&mut parts, "CanonicalizationMethod")?, EXCLUSIVE, "another canonicalisation")?;
    algorithm(part(&mut parts, "SignatureMethod")?, RSA_SHA256, "a signature algorithm other than RSA-SHA256")?;
    let reference = part(&mut parts, "Reference")?;
    parts.end().map_err(|_| DocumentError::NotSupported("more than one reference"))?;
    if reference.attributes().len() != 1 || reference.attribute("URI") != Some("") {
        return Err(DocumentError::NotSupported("a reference to something other than the whole document"));
    }
    let mut parts = Children::of(reference)?;
    let transforms = part(&mut parts, "Transforms")?;
    plain(transforms)?;
    let mut steps = Children::of(transforms)?;
    algorithm(part(&mut steps, "Transform")?, ENVELOPED, "another transform")?;
    algorithm(part(&mut steps, "Transform")?, EXCLUSIVE, "another transform")?;
    steps.end().map_err(|_| DocumentError::NotSupported("another transform"))?;
    algorithm(part(&mut parts, "DigestMethod")?, SHA256, "a digest other than SHA-256")?;
    let digest = base64(part(&mut parts, "DigestValue")?)?;
    nothing_else(parts)?;
    Ok(digest)
}

/// The element names this algorithm, without parameters.
fn algorithm(node: Node<'_, '_>, expected: &str, otherwise: &'static str) -> Result<(), DocumentError> {
    let bare = node.attributes().len() == 1 && Children::of(node).is_ok_and(|c| c.end().is_ok());
    if bare && node.attribute("Algorithm") == Some(expected) {
        Ok(())
    } else {
        Err(DocumentError::NotSupported(otherwise))
    }
}

fn base64(node: Node<'_, '_>) -> Result<Vec<u8>, DocumentError> {
    let text: String = text(node)?.split([' ', '\t', '\r', '\n']).collect();
    b64_decode(&text).ok_or_else(|| DocumentError::Malformed(format!("{} is not base64", node.tag_name().name())))
}

/// Exactly one X.509 certificate and no other way to name a key.
fn certificate(key_info: Node<'_, '_>) -> Result<Vec<u8>, DocumentError> {
    const OTHER: DocumentError = DocumentError::NotSupported("key information other than one X.509 certificate");
    plain(key_info)?;
    let mut parts = Children::of(key_info)?;
    let data = parts.optional(DSIG, "X509Data").ok_or(OTHER)?;
    parts.end().map_err(|_| OTHER)?;
    plain(data)?;
    let mut parts = Children::of(data)?;
    let certificate = parts.optional(DSIG, "X509Certificate").ok_or(OTHER)?;
    parts.end().map_err(|_| OTHER)?;
    base64(certificate)
}

fn verify_with(certificate: &[u8], message: &[u8], signature: &[u8]) -> Result<(), DocumentError> {
    let (rest, parsed) = X509Certificate::from_der(certificate)
        .map_err(|_| DocumentError::Malformed("the certificate in KeyInfo".to_owned()))?;
    if !rest.is_empty() {
        return Err(DocumentError::Malformed("the certificate in KeyInfo".to_owned()));
    }
    let key = parsed.public_key();
    if key.algorithm.algorithm.to_id_string() != RSA_ENCRYPTION {
        return Err(DocumentError::NotSupported("a signing key that is not RSA"));
    }
    if pki::key::verifies(&key.subject_public_key.data, message, signature) {
        Ok(())
    } else {
        Err(DocumentError::Tampered("the signature value does not fit"))
    }
}
