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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn cbor(value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        ciborium::ser::into_writer(value, &mut out).unwrap();
        out
    }

    fn built(hash: [u8; 32], flags: u8, count: u32, credential: Option<(&[u8], &[u8])>, extensions: bool) -> Vec<u8> {
        let mut out = hash.to_vec();
        out.push(
            (flags & 0x05)
                | if credential.is_some() { CREDENTIAL } else { 0 }
                | if extensions { EXTENSIONS } else { 0 },
        );
        out.extend(count.to_be_bytes());
        if let Some((id, key)) = credential {
            out.extend([9; 16]);
            out.extend((id.len() as u16).to_be_bytes());
            out.extend(id);
            out.extend(key);
        }
        if extensions {
            out.extend(cbor(&Value::Map(vec![(Value::Text("credProtect".into()), Value::Integer(2.into()))])));
        }
        out
    }

    proptest! {
        #[test]
        fn what_was_built_is_read_back_and_neither_cut_nor_longer(
            hash: [u8; 32], flags: u8, count: u32, id in vec(any::<u8>(), 1..80), with: bool, extensions: bool, extra in vec(any::<u8>(), 1..4), cut in any::<prop::sample::Index>(),
        ) {
            let key = cbor(&Value::Map(vec![(Value::Integer(1.into()), Value::Integer(2.into()))]));
            let bytes = built(hash, flags, count, with.then_some((id.as_slice(), key.as_slice())), extensions);
            let read = AuthenticatorData::parse(&bytes).unwrap();
            prop_assert_eq!(read.rp_id_hash, hash);
            prop_assert_eq!((read.user_present, read.user_verified), (flags & 1 != 0, flags & 4 != 0));
            prop_assert_eq!(read.sign_count, count);
            prop_assert_eq!(read.credential, with.then_some(Credential { id, public_key: key }));
            prop_assert!(AuthenticatorData::parse(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(AuthenticatorData::parse(&[bytes, extra].concat()).is_err());
        }

        #[test]
        fn never_panics(bytes in vec(any::<u8>(), 0..300), flags: u8) {
            let _ = from_attestation_object(&bytes);
            let _ = super::super::cose::PublicKey::parse(&bytes);
            let mut data = bytes;
            if data.len() > 33 {
                data[32] = flags;
            }
            let _ = AuthenticatorData::parse(&data);
        }
    }

    #[test]
    fn a_deep_nest_is_no_cbor_of_ours() {
        let mut bytes = vec![0x81; 100_000];
        bytes.push(0);
        assert_eq!(item(&mut bytes.as_slice()), None);
        // An array that promises four billion members.
        assert_eq!(item(&mut [0x9a, 0xff, 0xff, 0xff, 0xff].as_slice()), None);
        let twice = cbor(&Value::Map(vec![
            (Value::Text("authData".into()), Value::Bytes(vec![1])),
            (Value::Text("authData".into()), Value::Bytes(vec![2])),
        ]));
        assert!(from_attestation_object(&twice).is_err());
    }
}
