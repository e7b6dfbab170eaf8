//! `authenticatorData` (section 6.1) and the attestation object around it (section 6.5.4).

use ciborium::Value;

use super::Refused;

/// Longest credential id (section 4: "at most 1023 bytes").
const LONGEST_ID: usize = 1023;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const CREDENTIAL: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// What the authenticator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthenticatorData {
    pub(super) rp_id_hash: [u8; 32],
    pub(super) user_present: bool,
    pub(super) user_verified: bool,
    pub(super) sign_count: u32,
    pub(super) credential: Option<Credential>,
}

/// The attested credential (section 6.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credential {
    pub(super) id: Vec<u8>,
    /// The COSE key as it stands there.
    pub(super) public_key: Vec<u8>,
}

impl AuthenticatorData {
    /// Reads it, to the last byte.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let short = Refused::AuthenticatorData("too short");
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or_else(|| short.clone())?;
        let (flags, rest) = rest.split_first().ok_or_else(|| short.clone())?;
        let (count, mut rest) = rest.split_first_chunk::<4>().ok_or_else(|| short.clone())?;
        let mut credential = None;
        if flags & CREDENTIAL != 0 {
            let (_aaguid, tail) = rest.split_first_chunk::<16>().ok_or_else(|| short.clone())?;
            let (length, tail) = tail.split_first_chunk::<2>().ok_or_else(|| short.clone())?;
            let length = usize::from(u16::from_be_bytes(*length));
            if length == 0 || length > LONGEST_ID {
                return Err(Refused::AuthenticatorData("a credential id of no or too many bytes"));
            }
            let (id, tail) = tail.split_at_checked(length).ok_or_else(|| short.clone())?;
            let mut after = tail;
            item(&mut after).ok_or(Refused::AuthenticatorData("the key is no CBOR"))?;
            let key = &tail[..tail.len() - after.len()];
            credential = Some(Credential { id: id.to_vec(), public_key: key.to_vec() });
            rest = after;
        }
        if flags & EXTENSIONS != 0 {
            let map = item(&mut rest).ok_or(Refused::AuthenticatorData("the extensions are no CBOR"))?;
            if !map.is_map() {
                return Err(Refused::AuthenticatorData("the extensions are no map"));
            }
        }
        if !rest.is_empty() {
            return Err(Refused::AuthenticatorData("something follows it"));
        }
        Ok(Self {
            rp_id_hash: *rp_id_hash,
            user_present: flags & USER_PRESENT != 0,
            user_verified: flags & USER_VERIFIED != 0,
            sign_count: u32::from_be_bytes(*count),
            credential,
        })
    }
}

/// The authenticator data inside an attestation object. Format and statement are not looked at: none was asked for.
pub(super) fn from_attestation_object(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut rest = bytes;
    let object = item(&mut rest).ok_or(Refused::Attestation("no CBOR"))?;
    if !rest.is_empty() {
        return Err(Refused::Attestation("something follows it"));
    }
    let Value::Map(members) = object else { return Err(Refused::Attestation("no map")) };
    let mut found = members.into_iter().filter(|(name, _)| name.as_text() == Some("authData"));
    match (found.next(), found.next()) {
        (Some((_, Value::Bytes(data))), None) => Ok(data),
        _ => Err(Refused::Attestation("not one authData")),
    }
}

/// One CBOR item from the front of `rest`. Nested at most 16 deep; ours are two.
pub(super) fn item(rest: &mut &[u8]) -> Option<Value> {
    ciborium::de::from_reader_with_recursion_limit(rest, 16).ok()
}
