//! COSE keys (RFC 9052 section 7, RFC 9053, RFC 8230) as far as authenticators use them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ciborium::Value;

use super::Refused;
use super::authenticator::item;

/// The algorithms offered to authenticators, preferred first: ES256, EdDSA, RS256.
pub(crate) const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// A key that signatures can be checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// ES256: an uncompressed point of P-256.
    P256(Vec<u8>),
    /// EdDSA with Ed25519.
    Ed25519(Vec<u8>),
    /// RS256.
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl PublicKey {
    /// Reads a COSE key of which every byte counts.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let mut rest = bytes;
        let Some(Value::Map(members)) = item(&mut rest) else { return Err(Refused::Key("no CBOR map")) };
        if !rest.is_empty() {
            return Err(Refused::Key("something follows it"));
        }
        let member = |label: i64| {
            let mut found = members.iter().filter(|(l, _)| int(l) == Some(label)).map(|(_, value)| value);
            match (found.next(), found.next()) {
                (Some(value), None) => Ok(value),
                _ => Err(Refused::Key("a member is missing or stands twice")),
            }
        };
        let number = |label| member(label).and_then(|v| int(v).ok_or(Refused::Key("a member is no number")));
        let octets =
            |label| member(label).and_then(|v| v.as_bytes().cloned().ok_or(Refused::Key("a member is no bytes")));
        match (number(1)?, number(3)?) {
            (2, -7) => {
                let (x, y) = (octets(-2)?, octets(-3)?);
                if number(-1)? != 1 || x.len() != 32 || y.len() != 32 {
                    return Err(Refused::Key("not a point of P-256"));
                }
                let mut point = vec![4];
                point.extend(x);
                point.extend(y);
                aws_lc_rs::signature::ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point)
                    .map_err(|_| Refused::Key("not a point of P-256"))?;
                Ok(Self::P256(point))
            }
            (1, -8) => {
                let x = octets(-2)?;
                if number(-1)? != 6 || x.len() != 32 {
                    return Err(Refused::Key("not an Ed25519 key"));
                }
                Ok(Self::Ed25519(x))
            }
            (3, -257) => {
                let (n, e) = (octets(-1)?, octets(-2)?);
                if !(256..=1024).contains(&n.len()) || !(1..=4).contains(&e.len()) {
                    return Err(Refused::Key("RSA of an unusual size"));
                }
                Ok(Self::Rsa { n, e })
            }
            _ => Err(Refused::Key("none of the algorithms that were offered")),
        }
    }

    /// Checks a signature.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
        let result = match self {
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::Ed25519(x) => UnparsedPublicKey::new(&ED25519, x).verify(message, signature),
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        result.map_err(|_| Refused::Signature)
    }
}

fn int(value: &Value) -> Option<i64> {
    value.as_integer().and_then(|i| i64::try_from(i).ok())
}
