//! One test per check of a document issuer's certificate.

use proptest::prelude::*;
use x509_cert::der::asn1::{Null, ObjectIdentifier};
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

use super::*;
use crate::build::{self, AKI, KEY_USAGE, ext, key_usage, name};
use crate::issuer::{PathError, check_path};
use crate::testca::{IssuerCa, IssuerName, OwnedDraft};

const NAME: IssuerName<'_> =
    IssuerName { organisation: "見本生命保険株式会社", corporate_number: "1234567890123" };

fn authority() -> &'static IssuerCa {
    static CA: OnceLock<IssuerCa> = OnceLock::new();
    CA.get_or_init(|| IssuerCa::with_key(copy(&keys().root), NOW, &rng()).unwrap())
}

fn roots() -> Anchors {
    Anchors::from_pem(&authority().cert_pem()).unwrap()
}

fn changed(change: impl FnOnce(&mut OwnedDraft<'_>)) -> Vec<u8> {
    let spki = keys().card.spki().unwrap();
    let mut draft = authority().draft(&NAME, &spki, keys().card.public_key(), NOW, &rng()).unwrap();
    change(&mut draft);
    draft.sign(authority().key()).unwrap()
}

fn refused(change: impl FnOnce(&mut OwnedDraft<'_>)) -> PathError {
    check_path(&changed(change), &roots(), NOW).unwrap_err()
}

#[test]
fn a_good_issuer_passes() {
    let (key, cert) = authority().issue_issuer(&NAME, NOW, &rng()).unwrap();
    let issuer = check_path(&cert, &roots(), NOW).unwrap();
    assert_eq!(issuer.organisation, NAME.organisation);
    assert_eq!(issuer.corporate_number.as_deref(), Some(NAME.corporate_number));
    assert!(issuer.verifies(b"document", &key.sign(b"document").unwrap()));
    assert!(!issuer.verifies(b"dokument", &key.sign(b"document").unwrap()));
    let again = IssuerCa::from_stored(authority().pkcs8().unwrap().expose(), authority().cert_der()).unwrap();
    let cert = again.issue_for_key(&NAME, &key, NOW, &rng()).unwrap();
    assert_eq!(check_path(&cert, &roots(), NOW).map(|i| i.public_key), Ok(issuer.public_key));
}

#[test]
fn the_path_is_proven() {
    assert_eq!(check_path(&changed(|_| {}), &anchors(), NOW), Err(PathError::UnknownIssuer));
    let forged = {
        let spki = keys().card.spki().unwrap();
        authority().draft(&NAME, &spki, keys().card.public_key(), NOW, &rng()).unwrap().sign(&keys().other_root)
    };
    assert_eq!(check_path(&forged.unwrap(), &roots(), NOW), Err(PathError::BadIssuerSignature));
    let mut sha512 = changed(|_| {});
    let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    for at in 0..sha512.len() - 9 {
        if sha512[at..at + 9] == oid {
            sha512[at + 8] = 0x0d;
        }
    }
    assert_eq!(check_path(&sha512, &roots(), NOW), Err(PathError::UnsupportedAlgorithm));
    let old = IssuerCa::with_key(copy(&keys().root), NOW.minus(DAY * 4000), &rng()).unwrap();
    let old = Anchors::from_der([old.cert_der()]).unwrap();
    assert_eq!(check_path(&changed(|_| {}), &old, NOW), Err(PathError::IssuerExpired));
    assert!(matches!(refused(|d| replace(&mut d.extensions, AKI, None)), PathError::Malformed(_)));
    // A card's certificate can't sign documents here, nor the other way round.
    let card = ca().issue(&spec(), &keys().card, &rng()).unwrap();
    assert_eq!(check_path(&card, &roots(), NOW), Err(PathError::UnknownIssuer));
}

#[test]
fn the_profile_is_checked() {
    for bad in [
        None,
        Some(ext(KEY_USAGE, false, &KeyUsage(KeyUsages::DigitalSignature.into())).unwrap()),
        Some(key_usage(KeyUsages::KeyEncipherment).unwrap()),
        Some(key_usage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign).unwrap()),
    ] {
        assert_eq!(refused(|d| replace(&mut d.extensions, KEY_USAGE, bad)), PathError::KeyUsage);
    }
    assert_eq!(refused(|d| d.extensions.push(build::ca().unwrap())), PathError::KeyUsage);
    let unknown = ext(ObjectIdentifier::new_unwrap("1.2.3.4"), true, &Null).unwrap();
    assert_eq!(refused(|d| d.extensions.push(unknown)), PathError::UnknownCriticalExtension);
    let nameless = name(&[(build::C, "JP"), (build::CN, "x")]).unwrap();
    assert_eq!(refused(|d| d.subject = nameless), PathError::NoOrganisation);
    // 1024 bits.
    let key = [&[0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00][..], &[0xff; 128], &[0x02, 0x03, 1, 0, 1]].concat();
    let mut info: x509_cert::spki::SubjectPublicKeyInfoOwned =
        der::Decode::from_der(&keys().card.spki().unwrap()).unwrap();
    info.subject_public_key = der::asn1::BitString::from_bytes(&key).unwrap();
    let spki = der::Encode::to_der(&info).unwrap();
    let weak = authority().draft(&NAME, &spki, &key, NOW, &rng()).unwrap().sign(authority().key()).unwrap();
    assert_eq!(check_path(&weak, &roots(), NOW), Err(PathError::UnsupportedKey));
}

#[test]
fn validity_is_checked() {
    let (day_before, day_after) = (NOW.minus(DAY), NOW.plus(DAY));
    assert_eq!(refused(|d| d.not_before = day_after), PathError::NotYetValid { not_before: day_after });
    assert_eq!(refused(|d| d.not_after = day_before), PathError::Expired { not_after: day_before });
}

proptest! {
    #[test]
    fn reading_never_panics(bytes: Vec<u8>) {
        let _ = check_path(&bytes, &Anchors::empty(), NOW);
    }
}
