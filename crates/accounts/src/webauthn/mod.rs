//! Passkeys: registration and assertion of Web Authentication (W3C, Level 3), sections 7.1 and 7.2, with attestation
//! `none`: which make of authenticator it is does not matter here, so statements are not looked at.
//!
//! Pure: bytes and expectations in, a decision out. Signatures are checked by `aws-lc-rs`; ES256, EdDSA and RS256, which is
//! what authenticators have.

mod authenticator;
mod client;
mod cose;

use base::codec::{b64url, sha256};

use authenticator::AuthenticatorData;
use client::Kind;

pub(crate) use cose::ALGORITHMS;

/// What must hold of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Expected<'a> {
    /// Our origin, as the browser writes it.
    pub(crate) origin: &'a str,
    /// The relying party id: our host.
    pub(crate) rp_id: &'a str,
    /// Whether the authenticator must have checked its user (PIN, finger, face).
    pub(crate) user_verified: bool,
}

/// A passkey that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registered {
    /// Credential id, in base64url.
    pub(crate) id: String,
    /// COSE key.
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: u32,
    pub(crate) user_verified: bool,
}

/// An assertion that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asserted {
    pub(crate) sign_count: u32,
    pub(crate) user_verified: bool,
}

/// Why an answer is not taken. For the log: a person sees one sentence for all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("clientDataJSON can't be read: {0}")]
    ClientData(String),
    #[error("clientDataJSON is of type {0:?}")]
    Kind(String),
    #[error("it was made for {0:?}")]
    Origin(String),
    #[error("it was made inside another site's page")]
    CrossOrigin,
    #[error("authenticatorData can't be read: {0}")]
    AuthenticatorData(&'static str),
    #[error("it was made for another relying party")]
    RpId,
    #[error("nobody touched the authenticator")]
    NotPresent,
    #[error("the authenticator did not check its user")]
    NotVerified,
    #[error("the attestation object can't be read: {0}")]
    Attestation(&'static str),
    #[error("the public key can't be used: {0}")]
    Key(&'static str),
    #[error("the signature does not fit")]
    Signature,
}

/// The challenge that an answer names, in base64url, before anything else of it is believed.
pub(crate) fn challenge_of(client_data: &[u8]) -> Result<String, Refused> {
    Ok(client::ClientData::parse(client_data)?.challenge)
}

/// Section 7.1: a new passkey. The caller has checked the challenge.
pub(crate) fn register(client_data: &[u8], attestation: &[u8], expected: &Expected<'_>) -> Result<Registered, Refused> {
    client::ClientData::parse(client_data)?.check(Kind::Create, expected)?;
    let data = authenticator::from_attestation_object(attestation)?;
    let data = AuthenticatorData::parse(&data)?;
    check_flags(&data, expected)?;
    let credential = data.credential.ok_or(Refused::AuthenticatorData("no credential"))?;
    cose::PublicKey::parse(&credential.public_key)?;
    Ok(Registered {
        id: b64url(&credential.id),
        public_key: credential.public_key,
        sign_count: data.sign_count,
        user_verified: data.user_verified,
    })
}

/// Section 7.2: a use of a passkey whose key we know. The caller has checked the challenge, and compares the count.
pub(crate) fn assert(
    client_data: &[u8],
    authenticator_data: &[u8],
    signature: &[u8],
    public_key: &[u8],
    expected: &Expected<'_>,
) -> Result<Asserted, Refused> {
    client::ClientData::parse(client_data)?.check(Kind::Get, expected)?;
    let data = AuthenticatorData::parse(authenticator_data)?;
    check_flags(&data, expected)?;
    let mut signed = authenticator_data.to_vec();
    signed.extend(sha256(client_data));
    cose::PublicKey::parse(public_key)?.verify(&signed, signature)?;
    Ok(Asserted { sign_count: data.sign_count, user_verified: data.user_verified })
}

fn check_flags(data: &AuthenticatorData, expected: &Expected<'_>) -> Result<(), Refused> {
    if data.rp_id_hash != sha256(expected.rp_id.as_bytes()) {
        return Err(Refused::RpId);
    }
    if !data.user_present {
        return Err(Refused::NotPresent);
    }
    if expected.user_verified && !data.user_verified {
        return Err(Refused::NotVerified);
    }
    Ok(())
}
