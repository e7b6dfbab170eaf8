//! One test per check of [`crate::verify()`].

use std::time::Duration;

use base::Timestamp;
use proptest::prelude::*;
use x509_cert::der::asn1::{Ia5String, Null, ObjectIdentifier};
use x509_cert::der::{Encode as _, Sequence};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

use super::*;
use crate::build::{
    self, AIA, AKI, BASIC_CONSTRAINTS, CRLDP, EKU, KEY_USAGE, POLICIES, aki, crldp, ext, key_usage, policies,
};
use crate::cert::{AnchorError, AuthCert};
use crate::key_p384::{P384Key, sha384};
use crate::profile::{CPS, Environment, POLICIES_SIGNING, POLICY_TEST_AUTH};
use crate::testca::{OwnedDraft, partition_name};
use crate::verify::{Algorithm, PolicyFound, UnknownBecause};
use crate::{CardError, Policy, Revocation, VerifiedCard, verify};

const TEST: Policy = Policy { environment: Environment::Test };

fn check(cert: &[u8], at: Timestamp) -> Result<VerifiedCard, CardError> {
    check_with(TEST, &anchors(), &lists(&[]), cert, at)
}

fn check_with(
    policy: Policy,
    anchors: &Anchors,
    revocation: &dyn Revocation,
    cert: &[u8],
    at: Timestamp,
) -> Result<VerifiedCard, CardError> {
    let mut challenge = challenge();
    challenge.expires = at.plus(Duration::from_secs(300));
    let signature = keys().card.sign(&challenge.signed_bytes()).unwrap();
    verify(policy, anchors, revocation, cert, &signature, &challenge, at)
}

/// The good certificate with one thing changed before it is signed.
fn changed(change: impl FnOnce(&mut OwnedDraft<'_>)) -> Vec<u8> {
    let spki = keys().card.spki().unwrap();
    let spec = spec();
    let mut draft = ca().draft(&spec, &spki, keys().card.public_key(), &rng()).unwrap();
    change(&mut draft);
    draft.sign(&keys().root).unwrap()
}

fn good() -> Vec<u8> {
    changed(|_| {})
}

fn refused(change: impl FnOnce(&mut OwnedDraft<'_>)) -> CardError {
    check(&changed(change), NOW).unwrap_err()
}

#[test]
fn a_good_card_passes() {
    let cert = good();
    let card = check(&cert, NOW).unwrap();
    assert_eq!(card.key, ca().card_key(SERIAL).unwrap());
    assert_eq!(card.algorithm, Algorithm::Rsa2048Sha256);
    assert_eq!(card.not_after.rfc3339(), "2031-04-12T14:59:59Z");
    assert_eq!(AuthCert::parse(&cert).unwrap().partition(), Some(&partition()));
    // Nothing of the person is printed.
    assert_eq!(format!("{card:?}{:?}", card.key), "VerifiedCard { algorithm: Rsa2048Sha256, .. }CardKey");
}

#[test]
fn a_card_of_the_next_generation_passes_in_the_test_environment_only() {
    let key = P384Key::generate().unwrap();
    let cert = ca().issue_p384(&spec(), &key, &rng()).unwrap();
    let signed = key.sign_hash(&sha384(&challenge().signed_bytes())).unwrap();
    let check = |policy: Policy, cert: &[u8], signature: &[u8]| {
        verify(policy, &anchors(), &lists(&[]), cert, signature, &challenge(), NOW)
    };
    assert_eq!(check(TEST, &cert, &signed).unwrap().algorithm, Algorithm::EcdsaP384Sha384);
    assert_eq!(AuthCert::parse(&cert).unwrap().algorithm(), Some(Algorithm::EcdsaP384Sha384));
    let mut wrong = signed.clone();
    wrong[50] ^= 1;
    assert_eq!(check(TEST, &cert, &wrong), Err(CardError::BadSignature));
    assert_eq!(check(TEST, &cert, &[0; 96]), Err(CardError::BadSignature));

    // With production's policy in it: today's production certificates have RSA keys.
    let spec = CardSpec { environment: Environment::Production, ..spec() };
    let live = ca().issue_p384(&spec, &key, &rng()).unwrap();
    let production = Policy { environment: Environment::Production };
    assert_eq!(check(production, &live, &signed), Err(CardError::UnsupportedKey));
}

#[test]
fn a_card_key_is_told_apart_by_every_part() {
    let key = ca().card_key(SERIAL).unwrap();
    assert_eq!(key.serial_hex().expose(), "210f3a");
    assert_eq!(key.with_serial_hex("00210F3A"), Some(key.clone()));
    assert_eq!(anchors().card_key(&key.aki_hex(), "210f3a"), Some(key.clone()));
    assert_eq!(anchors().card_key("00", "210f3a"), None);
    let other = key.with_serial_hex("12").unwrap();
    assert_ne!(other.canonical().expose(), key.canonical().expose());
    assert_ne!(other_ca().card_key(SERIAL).unwrap().canonical().expose(), key.canonical().expose());
    for bad in ["", "1", "xy", "210f3a210f3a210f3a210f3a210f3a210f3a210f3a210f3a", "あい"] {
        assert_eq!(key.with_serial_hex(bad), None, "{bad}");
    }
}

#[test]
fn malformed_certificates_are_refused() {
    let cert = good();
    let mut longer = cert.clone();
    longer.push(0);
    for bad in [&longer[..], &cert[..cert.len() - 1], &[], &[0x30, 0x80], &vec![0x30; 10_000]] {
        assert!(matches!(check(bad, NOW), Err(CardError::Malformed(_))));
    }
    let twice = refused(|d| d.extensions.push(d.extensions[0].clone()));
    assert!(matches!(twice, CardError::Malformed(_)), "{twice}");
    let no_aki = refused(|d| replace(&mut d.extensions, AKI, None));
    assert!(matches!(no_aki, CardError::Malformed(_)), "{no_aki}");
    let broken = refused(|d| replace(&mut d.extensions, AIA, Some(ext(POLICIES, true, &Null).unwrap())));
    assert!(matches!(broken, CardError::Malformed(_)), "{broken}");
}

#[test]
fn the_issuer_is_found_by_key_identifier_and_proven_by_signature() {
    // Another generation of the root has the same name.
    let both = Anchors::from_der([other_ca().cert_der(), ca().cert_der()]).unwrap();
    check_with(TEST, &both, &lists(&[]), &good(), NOW).unwrap();

    let theirs = Anchors::from_der([other_ca().cert_der()]).unwrap();
    assert_eq!(check_with(TEST, &theirs, &lists(&[]), &good(), NOW), Err(CardError::UnknownIssuer));
    assert_eq!(check_with(TEST, &Anchors::empty(), &lists(&[]), &good(), NOW), Err(CardError::UnknownIssuer));
    let name = build::name(&[(build::C, "JP"), (build::O, "JPKI-TEST")]).unwrap();
    assert_eq!(refused(|d| d.issuer = name), CardError::UnknownIssuer);

    // Name and key identifier of the trusted root, signed by somebody else.
    let (_, subject, ski, serial) = ca().parts();
    let spki = keys().card.spki().unwrap();
    let spec = spec();
    let mut draft = other_ca().draft(&spec, &spki, keys().card.public_key(), &rng()).unwrap();
    replace(&mut draft.extensions, AKI, Some(aki(ski, Some((subject, serial))).unwrap()));
    let forged = draft.sign(&keys().other_root).unwrap();
    assert_eq!(check(&forged, NOW), Err(CardError::BadIssuerSignature));
}

#[test]
fn a_changed_certificate_is_refused() {
    let cert = good();
    // Another serial number.
    let at = cert.windows(3).position(|w| w == [0x21, 0x0f, 0x3a]).unwrap();
    let mut other = cert.clone();
    other[at + 2] ^= 1;
    assert_eq!(check(&other, NOW), Err(CardError::BadIssuerSignature));
    let mut last = cert.clone();
    *last.last_mut().unwrap() ^= 1;
    assert_eq!(check(&last, NOW), Err(CardError::BadIssuerSignature));
}

#[test]
fn other_signature_algorithms_are_refused() {
    let mut cert = good();
    // sha256WithRSAEncryption → sha512WithRSAEncryption, in both places.
    let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    let places: Vec<usize> = (0..cert.len() - 9).filter(|i| cert[*i..i + 9] == oid).collect();
    assert_eq!(places.len(), 2);
    cert[places[0] + 8] = 0x0d;
    assert!(matches!(check(&cert, NOW), Err(CardError::Malformed(_))), "the two differ");
    cert[places[1] + 8] = 0x0d;
    assert_eq!(check(&cert, NOW), Err(CardError::UnsupportedAlgorithm));
}

#[derive(Sequence)]
struct RsaPublicKey {
    modulus: der::asn1::Uint,
    exponent: der::asn1::Uint,
}

#[test]
fn other_keys_than_rsa_2048_are_refused() {
    let odd = |bytes: usize| {
        let mut modulus = vec![0xff; bytes];
        modulus[bytes / 2] = 3;
        modulus
    };
    for (modulus, exponent) in [(odd(256), vec![3]), (odd(384), vec![1, 0, 1]), (odd(128), vec![1, 0, 1])] {
        let uint = |b: &[u8]| der::asn1::Uint::new(b).unwrap();
        let key = RsaPublicKey { modulus: uint(&modulus), exponent: uint(&exponent) }.to_der().unwrap();
        let mut info: x509_cert::spki::SubjectPublicKeyInfoOwned =
            der::Decode::from_der(&keys().card.spki().unwrap()).unwrap();
        info.subject_public_key = der::asn1::BitString::from_bytes(&key).unwrap();
        let spki = info.to_der().unwrap();
        let spec = spec();
        let cert = ca().draft(&spec, &spki, &key, &rng()).unwrap().sign(&keys().root).unwrap();
        assert_eq!(check(&cert, NOW), Err(CardError::UnsupportedKey));
    }
}

#[test]
fn the_root_must_be_valid_now() {
    let root = |from, to| TestCa::with_key(copy(&keys().root), from, to, &rng()).unwrap();
    for root in [root(NOW.minus(DAY * 9), NOW.minus(DAY)), root(NOW.plus(DAY), NOW.plus(DAY * 9))] {
        let cert = root.issue(&spec(), &keys().card, &rng()).unwrap();
        let anchors = Anchors::from_der([root.cert_der()]).unwrap();
        assert_eq!(check_with(TEST, &anchors, &lists(&[]), &cert, NOW), Err(CardError::IssuerExpired));
    }
}

#[test]
fn roots_must_be_roots() {
    let not_a_root = |der: &[u8]| matches!(Anchors::from_der([der]), Err(AnchorError::NotARoot(_)));
    assert!(not_a_root(&good()));
    // Self-issued, but the signature is somebody else's.
    let (_, subject, ski, _) = ca().parts();
    let draft = |extensions| {
        let cert = build::Draft {
            serial: &[1],
            issuer: subject.clone(),
            subject: subject.clone(),
            not_before: NOW,
            not_after: NOW.plus(DAY),
            spki: &keys().root.spki().unwrap(),
            extensions,
        };
        cert.sign(&keys().other_root).unwrap()
    };
    let usage = key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign).unwrap();
    assert!(not_a_root(&draft(vec![usage.clone(), build::ca().unwrap(), build::ski(ski).unwrap()])));
    assert!(not_a_root(&draft(vec![usage, build::ski(ski).unwrap()])));
    assert_eq!(Anchors::from_pem("nothing").unwrap_err(), AnchorError::None);
    assert_eq!(Anchors::from_pem(&ca().cert_pem().repeat(2)).unwrap().len(), 2);
}

#[test]
fn environments_refuse_each_others_cards() {
    let production = Policy { environment: Environment::Production };
    let test_card = check_with(production, &anchors(), &lists(&[]), &good(), NOW);
    assert_eq!(test_card, Err(CardError::WrongPolicy { found: PolicyFound::TestCard }));

    let mut spec = spec();
    spec.environment = Environment::Production;
    let cert = ca().issue(&spec, &keys().card, &rng()).unwrap();
    assert_eq!(check(&cert, NOW), Err(CardError::WrongPolicy { found: PolicyFound::ProductionCard }));
    check_with(production, &anchors(), &lists(&[]), &cert, NOW).unwrap();
}

#[test]
fn the_policy_is_exact_and_critical() {
    let with = |e| refused(|d| replace(&mut d.extensions, POLICIES, e));
    let other = CardError::WrongPolicy { found: PolicyFound::Other };
    for signing in POLICIES_SIGNING {
        let found = with(Some(policies(signing, CPS, true).unwrap()));
        assert_eq!(found, CardError::WrongPolicy { found: PolicyFound::Signing });
    }
    // anyPolicy, a longer arc, none at all.
    assert_eq!(with(Some(policies("2.5.29.32.0", CPS, true).unwrap())), other);
    assert_eq!(with(Some(policies(&format!("{POLICY_TEST_AUTH}.1"), CPS, true).unwrap())), other);
    assert_eq!(with(None), other);
    let info = |policy: &str| x509_cert::ext::pkix::certpolicy::PolicyInformation {
        policy_identifier: ObjectIdentifier::new(policy).unwrap(),
        policy_qualifiers: None,
    };
    let two = vec![info(POLICY_TEST_AUTH), info("2.5.29.32.0")];
    assert_eq!(with(Some(ext(POLICIES, true, &two).unwrap())), other);
    assert_eq!(with(Some(policies(POLICY_TEST_AUTH, CPS, false).unwrap())), CardError::PolicyNotCritical);
}

#[test]
fn usage_is_authentication_only() {
    let usage = |e| refused(|d| replace(&mut d.extensions, KEY_USAGE, e));
    let digital = KeyUsage(KeyUsages::DigitalSignature.into());
    for bad in [
        None,
        Some(ext(KEY_USAGE, false, &digital).unwrap()),
        Some(key_usage(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation).unwrap()),
        Some(key_usage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign).unwrap()),
        Some(key_usage(KeyUsages::KeyEncipherment).unwrap()),
    ] {
        assert_eq!(usage(bad), CardError::KeyUsage);
    }
    let server_auth = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
    let any = ObjectIdentifier::new_unwrap("2.5.29.37.0");
    for bad in [None, Some(ext(EKU, false, &vec![server_auth]).unwrap()), Some(ext(EKU, true, &vec![any]).unwrap())] {
        assert_eq!(refused(|d| replace(&mut d.extensions, EKU, bad)), CardError::ExtendedKeyUsage);
    }
    let authority = BasicConstraints { ca: true, path_len_constraint: None };
    let e = ext(BASIC_CONSTRAINTS, false, &authority).unwrap();
    assert_eq!(refused(|d| d.extensions.push(e)), CardError::Authority);
}

#[test]
fn other_critical_extensions_are_refused() {
    let unknown = ext(ObjectIdentifier::new_unwrap("1.2.3.4"), true, &Null).unwrap();
    assert_eq!(refused(|d| d.extensions.push(unknown)), CardError::UnknownCriticalExtension);
    // One we can read, but whose being critical isn't in the profile.
    let all_critical = refused(|d| {
        for e in &mut d.extensions {
            e.critical = true;
        }
    });
    assert_eq!(all_critical, CardError::UnknownCriticalExtension);
    // Unknown and not critical is no matter.
    let harmless = ext(ObjectIdentifier::new_unwrap("1.2.3.4"), false, &Null).unwrap();
    check(&changed(|d| d.extensions.push(harmless)), NOW).unwrap();
}

#[test]
fn the_signature_is_this_cards_over_this_challenge() {
    let cert = good();
    let asked = challenge();
    let with = |signature: &[u8], challenge: &Challenge| {
        verify(TEST, &anchors(), &lists(&[]), &cert, signature, challenge, NOW).err()
    };
    let signature = keys().card.sign(&asked.signed_bytes()).unwrap();
    assert_eq!(with(&signature, &asked), None);

    let theirs = keys().other_card.sign(&asked.signed_bytes()).unwrap();
    assert_eq!(with(&theirs, &asked), Some(CardError::BadSignature));
    for bad in [&signature[1..], &[], &[0; 256], &[signature.as_slice(), &[0]].concat()] {
        assert_eq!(with(bad, &asked), Some(CardError::BadSignature));
    }
    let mut others = vec![asked.clone(); 5];
    others[0].origin = Origin::parse("https://portal.example.evil.example").unwrap();
    others[1].nonce[31] ^= 1;
    others[2].session_hash[0] ^= 1;
    others[3].expires = asked.expires.plus(Duration::from_secs(1));
    others[4].purpose = Purpose::Unlink;
    for other in others {
        assert_eq!(with(&signature, &other), Some(CardError::BadSignature));
    }
    let late = verify(TEST, &anchors(), &lists(&[]), &cert, &signature, &asked, asked.expires);
    assert_eq!(late, Err(CardError::ChallengeExpired));
}

#[test]
fn validity_is_checked_to_the_second() {
    // A list that is fresh at any time asked about here.
    let mut set = CrlSet::new();
    let der = ca().crl(&partition(), 1, &[], NOW.minus(DAY * 30), NOW.plus(DAY * 3650)).unwrap();
    set.insert(Crl::parse_and_verify(&der, &anchors(), NOW).unwrap());
    let cert = good();
    let not_after = AuthCert::parse(&cert).unwrap().not_after();
    let at = |t| check_with(TEST, &anchors(), &set, &cert, t).err();
    assert_eq!(at(not_after), None);
    assert_eq!(at(not_after.plus(Duration::from_secs(1))), Some(CardError::Expired { not_after }));
    let not_before = NOW.minus(DAY);
    assert_eq!(at(not_before), None);
    assert_eq!(at(not_before.minus(Duration::from_secs(1))), Some(CardError::NotYetValid { not_before }));
}

#[test]
fn who_lacks_the_card_hears_nothing_about_the_certificate() {
    let challenge = challenge();
    let theirs = keys().other_card.sign(&challenge.signed_bytes()).unwrap();
    let revoked = verify(TEST, &anchors(), &lists(&[SERIAL]), &good(), &theirs, &challenge, NOW);
    assert_eq!(revoked, Err(CardError::BadSignature));
}

#[test]
fn revocation_fails_closed() {
    let status = |set: &CrlSet, cert: &[u8], at| check_with(TEST, &anchors(), set, cert, at).err();
    let unknown = |why| Some(CardError::RevocationUnknown(why));
    assert_eq!(status(&lists(&[SERIAL]), &good(), NOW), Some(CardError::Revoked));
    assert_eq!(status(&lists(&[SERIAL + 1]), &good(), NOW), None);
    assert_eq!(status(&CrlSet::new(), &good(), NOW), unknown(UnknownBecause::NoList));
    assert_eq!(status(&lists(&[]), &good(), NOW.plus(DAY)), unknown(UnknownBecause::Stale));

    // A list of another partition says nothing.
    let naha = Partition::new("Okinawa-ken", "Naha-shi").unwrap();
    let mut set = CrlSet::new();
    set.insert(Crl::parse_and_verify(&list(ca(), &naha, 1, &[]), &anchors(), NOW).unwrap());
    assert_eq!(status(&set, &good(), NOW), unknown(UnknownBecause::NoList));

    // Nor does one of another generation of the root for the same partition.
    let both = Anchors::from_der([other_ca().cert_der(), ca().cert_der()]).unwrap();
    let mut set = CrlSet::new();
    set.insert(Crl::parse_and_verify(&list(other_ca(), &partition(), 1, &[]), &both, NOW).unwrap());
    assert_eq!(check_with(TEST, &both, &set, &good(), NOW).err(), unknown(UnknownBecause::NoList));

    // No distribution point, two of them, or one that is an address.
    let name = partition_name(&partition()).unwrap();
    let full = |n| DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![n])),
        reasons: None,
        crl_issuer: None,
    };
    let dir = full(GeneralName::DirectoryName(name.clone()));
    let uri = full(GeneralName::UniformResourceIdentifier(Ia5String::new("http://crl.example").unwrap()));
    for bad in
        [None, Some(ext(CRLDP, false, &vec![dir.clone(), dir]).unwrap()), Some(ext(CRLDP, false, &vec![uri]).unwrap())]
    {
        let cert = changed(|d| replace(&mut d.extensions, CRLDP, bad));
        assert_eq!(status(&lists(&[]), &cert, NOW), unknown(UnknownBecause::NoDistributionPoint));
    }
    let good_again = changed(|d| replace(&mut d.extensions, CRLDP, Some(crldp(&name).unwrap())));
    assert_eq!(status(&lists(&[]), &good_again, NOW), None);
}

#[test]
fn an_authority_comes_back_from_storage() {
    let again = TestCa::from_stored(ca().pkcs8().unwrap().expose(), ca().cert_der()).unwrap();
    check(&again.issue(&spec(), &keys().card, &rng()).unwrap(), NOW).unwrap();
    assert!(TestCa::from_stored(ca().pkcs8().unwrap().expose(), other_ca().cert_der()).is_err());
}

#[test]
fn no_byte_can_be_changed() {
    let (good, set, anchors) = (good(), lists(&[]), anchors());
    for at in 0..good.len() {
        for bit in [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80] {
            let mut cert = good.clone();
            cert[at] ^= bit;
            assert!(check_with(TEST, &anchors, &set, &cert, NOW).is_err(), "byte {at}, bit {bit:02x}");
        }
    }
}

proptest! {
    #[test]
    fn reading_never_panics(bytes: Vec<u8>) {
        let _ = AuthCert::parse(&bytes);
        let _ = Anchors::from_der([&bytes]);
    }
}
