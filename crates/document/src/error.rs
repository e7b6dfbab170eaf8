//! What can be wrong with a certificate document.

/// Why a file is not accepted as a certificate document.
///
/// The text of each variant is for developers and operators (English, no personal data). Pages say it
/// in the reader's language by [`DocumentError::reason`]: `ja.ftl` and `en.ftl` carry one text per key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Larger than [`crate::MAX_BYTES`] or beyond another limit of the reader.
    #[error("the file is beyond what is read: {0}")]
    TooLarge(&'static str),
    /// Not well-formed XML, not UTF-8, or not one of our forms.
    #[error("the file cannot be read: {0}")]
    Malformed(String),
    /// Well-formed, but outside the one signature profile: a DTD, another algorithm, a second
    /// reference, another transform and the like. See the crate's documentation.
    #[error("the file is outside the accepted profile: {0}")]
    NotSupported(&'static str),
    /// There is no signature in the file.
    #[error("the file carries no signature")]
    NoSignature,
    /// The signature does not fit the content: something was changed after signing.
    #[error("the content is not what was signed: {0}")]
    Tampered(&'static str),
    /// The signature fits, but the issuer's certificate had ended.
    #[error("the issuer's certificate has expired")]
    IssuerExpired,
    /// The signature fits, but the issuer's certificate is not valid yet.
    #[error("the issuer's certificate is not valid yet")]
    IssuerNotYetValid,
    /// The signature fits, but no trusted issuer stands behind it.
    #[error("the signer is not a trusted issuer: {0}")]
    ForeignSigner(String),
    /// The issuer's certificate was revoked. Nothing reports this yet: the check order keeps its place
    /// (after the path, before the content).
    #[error("the issuer's certificate has been revoked")]
    IssuerRevoked,
    /// The issuer named in the document is not the one whose certificate signed it.
    #[error("the document names another issuer than the certificate that signed it")]
    OtherIssuer,
}

impl DocumentError {
    /// Every key that [`DocumentError::reason`] can give, for tests of the page texts.
    pub const REASONS: [&'static str; 10] = [
        "too_large",
        "malformed",
        "not_supported",
        "no_signature",
        "tampered",
        "issuer_expired",
        "issuer_not_yet_valid",
        "foreign_signer",
        "issuer_revoked",
        "other_issuer",
    ];

    /// The key of the text that a page shows for this error.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too_large",
            Self::Malformed(_) => "malformed",
            Self::NotSupported(_) => "not_supported",
            Self::NoSignature => "no_signature",
            Self::Tampered(_) => "tampered",
            Self::IssuerExpired => "issuer_expired",
            Self::IssuerNotYetValid => "issuer_not_yet_valid",
            Self::ForeignSigner(_) => "foreign_signer",
            Self::IssuerRevoked => "issuer_revoked",
            Self::OtherIssuer => "other_issuer",
        }
    }
}
