//! The check of a card reading. One step from root to card, every condition of the profile, nothing
//! taken on trust.

use base::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::{
    OID_X509_EXT_CERTIFICATE_POLICIES, OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_KEY_USAGE,
};

use crate::cert::{Anchors, AuthCert, CardKey, HolderKey, Malformed, end, read, rsa_sha256, signed_by};
use crate::challenge::Challenge;
use crate::profile::{Environment, POLICIES_SIGNING};

/// What a card signs with. Cards of the next generation sign with ECDSA on P-384.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a 2048-bit key, e = 65537.
    Rsa2048Sha256,
    /// ECDSA on P-384 with SHA-384; r and s, 48 bytes each. Cards of the next generation, whose profile isn't
    /// published yet: only the test environment takes it.
    EcdsaP384Sha384,
}

/// What a portal accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Test cards or real ones; never both.
    pub environment: Environment,
}

/// Whether a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationStatus {
    /// It was not, by fresh and signed word of its issuer.
    Good,
    /// It was.
    Revoked,
    /// Nobody could say.
    Unknown(UnknownBecause),
}

/// Why nobody could say whether a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownBecause {
    /// The certificate names no distribution point of the expected form.
    NoDistributionPoint,
    /// There is no list for its partition.
    NoList,
    /// The list or answer is past its `nextUpdate`, or from the future.
    Stale,
    /// The responder does not know the certificate.
    NotKnown,
}

/// Where revocation is looked up: a [`crate::CrlSet`], or an [`crate::ocsp::Answer`].
pub trait Revocation {
    /// The status of a certificate whose signature was checked already.
    fn status(&self, cert: &AuthCert, now: Timestamp) -> RevocationStatus;
}

/// Which kind of certificate was shown instead of the wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyFound {
    /// A user-authentication certificate of a test card, shown to the production environment.
    TestCard,
    /// A user-authentication certificate of a real card, shown to the test environment.
    ProductionCard,
    /// The digital-signature certificate (署名用電子証明書).
    Signing,
    /// Something else, or none at all.
    Other,
}

/// Why a card reading is refused. The texts are for logs and developers; they carry nothing of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// The certificate can't be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The certificate's signature is of a kind that isn't accepted.
    #[error("the certificate is not signed with RSA and SHA-256")]
    UnsupportedAlgorithm,
    /// The card's key is not RSA-2048 with e = 65537 (in the test environment: nor on P-384).
    #[error("the card's key is of a kind that isn't accepted here")]
    UnsupportedKey,
    /// No trusted root has the issuer's name and key identifier: another hierarchy.
    #[error("no trusted root has the issuer's name and key identifier")]
    UnknownIssuer,
    /// The certificate wasn't signed by the root it names.
    #[error("the certificate was not signed by the root it names")]
    BadIssuerSignature,
    /// The root isn't valid now.
    #[error("the root certificate is not valid now")]
    IssuerExpired,
    /// A certificate of another kind or of the other environment.
    #[error("another kind of certificate was shown: {found:?}")]
    WrongPolicy {
        /// Which.
        found: PolicyFound,
    },
    /// certificatePolicies isn't critical.
    #[error("certificatePolicies is not critical")]
    PolicyNotCritical,
    /// keyUsage isn't critical, or isn't exactly digitalSignature.
    #[error("keyUsage is not critical and exactly digitalSignature")]
    KeyUsage,
    /// extendedKeyUsage lacks clientAuth.
    #[error("extendedKeyUsage lacks clientAuth")]
    ExtendedKeyUsage,
    /// A critical extension outside the profile.
    #[error("a critical extension outside the profile")]
    UnknownCriticalExtension,
    /// A certification authority's certificate.
    #[error("the certificate is a certification authority's")]
    Authority,
    /// The challenge is too old.
    #[error("the challenge has expired")]
    ChallengeExpired,
    /// The signature isn't this card's over this challenge: another key, origin, session, nonce or purpose.
    #[error("the signature is not this card's over this challenge")]
    BadSignature,
    /// The certificate isn't valid yet.
    #[error("the certificate is not valid before {}", .not_before.rfc3339())]
    NotYetValid {
        /// First second of its validity.
        not_before: Timestamp,
    },
    /// The certificate has expired.
    #[error("the certificate has expired")]
    Expired {
        /// Last second of its validity. Tells the holder's birthday: show it to the holder, don't log it.
        not_after: Timestamp,
    },
    /// The certificate was revoked.
    #[error("the certificate was revoked")]
    Revoked,
    /// Whether it was revoked can't be said now; nobody passes.
    #[error("whether the certificate was revoked is unknown: {0:?}")]
    RevocationUnknown(UnknownBecause),
}

/// A reading that passed every check.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedCard {
    /// What identifies the certificate.
    pub key: CardKey,
    /// Last second of its validity.
    pub not_after: Timestamp,
    /// What it signed with.
    pub algorithm: Algorithm,
}

impl std::fmt::Debug for VerifiedCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifiedCard").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Checks a card reading: `signature` over `challenge` by the key of the certificate `cert_der`.
///
/// The caller builds `challenge` from what it remembers of the one it made for this browser, and uses
/// it up in the same step: that a challenge is answered once is not to be seen from here. What the
/// citizen needs to hear about the certificate (expired, revoked) is said only after the signature
/// showed that the card is at hand.
pub fn verify(
    policy: Policy,
    anchors: &Anchors,
    revocation: &dyn Revocation,
    cert_der: &[u8],
    signature: &[u8],
    challenge: &Challenge,
    now: Timestamp,
) -> Result<VerifiedCard, CardError> {
    let x509 = read(cert_der)?;
    let cert = AuthCert::of(&x509)?;
    issued(&x509, &cert, anchors, now)?;
    profile(policy, &x509)?;

    if challenge.expires <= now {
        return Err(CardError::ChallengeExpired);
    }
    let key = HolderKey::of(x509.public_key()).ok_or(CardError::UnsupportedKey)?;
    let algorithm = key.algorithm();
    if algorithm == Algorithm::EcdsaP384Sha384 && policy.environment != Environment::Test {
        return Err(CardError::UnsupportedKey);
    }
    if !key.verifies(&challenge.signed_bytes(), signature) {
        return Err(CardError::BadSignature);
    }

    let not_before = Timestamp::from_secs(x509.validity().not_before.timestamp());
    if now < not_before {
        return Err(CardError::NotYetValid { not_before });
    }
    if end(cert.not_after()) < now {
        return Err(CardError::Expired { not_after: cert.not_after() });
    }
    match revocation.status(&cert, now) {
        RevocationStatus::Good => {}
        RevocationStatus::Revoked => return Err(CardError::Revoked),
        RevocationStatus::Unknown(why) => return Err(CardError::RevocationUnknown(why)),
    }
    Ok(VerifiedCard { key: cert.key().clone(), not_after: cert.not_after(), algorithm })
}

/// Issuer by name, key identifier *and* signature: all generations of the root share one name.
fn issued(x509: &X509Certificate<'_>, cert: &AuthCert, anchors: &Anchors, now: Timestamp) -> Result<(), CardError> {
    let mut known = anchors.find(cert.key().issuer_dn(), cert.key().aki()).peekable();
    if known.peek().is_none() {
        return Err(CardError::UnknownIssuer);
    }
    if !rsa_sha256(&x509.signature_algorithm) {
        return Err(CardError::UnsupportedAlgorithm);
    }
    let anchor = known.find(|a| signed_by(x509, &a.public_key)).ok_or(CardError::BadIssuerSignature)?;
    if anchor.valid_at(now) { Ok(()) } else { Err(CardError::IssuerExpired) }
}

/// The extensions, exactly as in the profile.
fn profile(policy: Policy, x509: &X509Certificate<'_>) -> Result<(), CardError> {
    let known = [OID_X509_EXT_KEY_USAGE, OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_CERTIFICATE_POLICIES];
    let (mut policy_ok, mut usage_ok, mut client_auth) = (Err(PolicyFound::Other), false, false);
    let mut policy_critical = false;
    for ext in x509.extensions() {
        match ext.parsed_extension() {
            ParsedExtension::CertificatePolicies(found) => {
                policy_critical = ext.critical;
                policy_ok = match found.as_slice() {
                    [one] => of_environment(policy.environment, &one.policy_id.to_id_string()),
                    _ => Err(PolicyFound::Other),
                };
            }
            ParsedExtension::KeyUsage(usage) => usage_ok = ext.critical && usage.flags == 1,
            ParsedExtension::ExtendedKeyUsage(usage) => client_auth = usage.client_auth,
            ParsedExtension::BasicConstraints(bc) if bc.ca => return Err(CardError::Authority),
            _ => {}
        }
    }
    // The policy first: it tells a citizen who read the card's other certificate what happened.
    policy_ok.map_err(|found| CardError::WrongPolicy { found })?;
    if !policy_critical {
        return Err(CardError::PolicyNotCritical);
    }
    if !usage_ok {
        return Err(CardError::KeyUsage);
    }
    if !client_auth {
        return Err(CardError::ExtendedKeyUsage);
    }
    if x509.extensions().iter().any(|e| e.critical && !known.contains(&e.oid)) {
        return Err(CardError::UnknownCriticalExtension);
    }
    Ok(())
}

fn of_environment(environment: Environment, oid: &str) -> Result<(), PolicyFound> {
    if oid == environment.policy() {
        Ok(())
    } else if oid == Environment::Test.policy() {
        Err(PolicyFound::TestCard)
    } else if oid == Environment::Production.policy() {
        Err(PolicyFound::ProductionCard)
    } else if POLICIES_SIGNING.contains(&oid) {
        Err(PolicyFound::Signing)
    } else {
        Err(PolicyFound::Other)
    }
}
