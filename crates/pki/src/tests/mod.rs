//! Certificates and lists crafted to fail exactly one check each, and openssl as the oracle.

mod card;
mod list;
mod ocsp;
mod openssl;
mod path;

use std::sync::OnceLock;
use std::time::Duration;

use base::{Rng, Timestamp};
use jiff::civil::date;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::Extension;

use crate::testca::{CardSpec, Reason, Revoked, TestCa};
use crate::{Anchors, Challenge, Crl, CrlSet, Origin, Partition, Purpose, RsaKey};

pub const NOW: Timestamp = Timestamp::from_secs(1_795_435_200);
pub const DAY: Duration = Duration::from_secs(86_400);
pub const SERIAL: u32 = 0x21_0F_3A;

/// Keys are made once for all tests: making one takes longer than using it a thousand times.
pub struct Keys {
    pub root: RsaKey,
    pub other_root: RsaKey,
    pub card: RsaKey,
    pub other_card: RsaKey,
}

pub fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = || RsaKey::generate().unwrap();
        Keys { root: key(), other_root: key(), card: key(), other_card: key() }
    })
}

pub fn copy(key: &RsaKey) -> RsaKey {
    RsaKey::from_pkcs8(key.to_pkcs8().unwrap().expose()).unwrap()
}

pub fn rng() -> Rng {
    Rng::seeded(1)
}

pub fn ca() -> &'static TestCa {
    static CA: OnceLock<TestCa> = OnceLock::new();
    CA.get_or_init(|| {
        TestCa::with_key(copy(&keys().root), NOW.minus(DAY * 1461), NOW.plus(DAY * 2191), &rng()).unwrap()
    })
}

/// Same name, other key: another generation of the root.
pub fn other_ca() -> &'static TestCa {
    static CA: OnceLock<TestCa> = OnceLock::new();
    CA.get_or_init(|| TestCa::with_key(copy(&keys().other_root), NOW.minus(DAY), NOW.plus(DAY * 3650), &rng()).unwrap())
}

pub fn anchors() -> Anchors {
    Anchors::from_der([ca().cert_der()]).unwrap()
}

pub fn partition() -> Partition {
    Partition::new("Tokyo-to", "Kiyose-shi").unwrap()
}

pub fn spec() -> CardSpec {
    CardSpec::new(SERIAL, "13221", partition(), date(1988, 4, 12), NOW.minus(DAY))
}

pub fn list(of: &TestCa, partition: &Partition, number: u64, serials: &[u32]) -> Vec<u8> {
    let revoked: Vec<Revoked> = serials
        .iter()
        .map(|serial| Revoked { serial: *serial, when: NOW.minus(DAY), reason: Reason::CessationOfOperation })
        .collect();
    of.crl(partition, number, &revoked, NOW.minus(Duration::from_secs(60)), NOW.plus(DAY)).unwrap()
}

pub fn lists(serials: &[u32]) -> CrlSet {
    let mut set = CrlSet::new();
    assert!(set.insert(Crl::parse_and_verify(&list(ca(), &partition(), 1, serials), &anchors(), NOW).unwrap()));
    set
}

pub fn challenge() -> Challenge {
    Challenge {
        origin: Origin::parse("https://portal.example").unwrap(),
        nonce: [7; 32],
        session_hash: [9; 32],
        expires: NOW.plus(Duration::from_secs(300)),
        purpose: Purpose::AttributeLinkage,
    }
}

pub fn replace(extensions: &mut Vec<Extension>, id: ObjectIdentifier, with: Option<Extension>) {
    extensions.retain(|e| e.extn_id != id);
    extensions.extend(with);
}
