//! One test per check of a revocation list.

use proptest::prelude::*;
use x509_cert::der::asn1::{Null, Uint};
use x509_cert::ext::pkix::CrlReason;
use x509_cert::ext::pkix::crl::dp::{IssuingDistributionPoint, Reasons};

use super::*;
use crate::build::{AKI, CRL_NUMBER, DraftCrl, IDP, aki, crl_number, ext, idp};
use crate::crl::CrlError;
use crate::testca::partition_name;

const MINUTE: Duration = Duration::from_secs(60);

fn scope() -> IssuingDistributionPoint {
    idp(&partition_name(&partition()).unwrap())
}

fn draft() -> DraftCrl<'static> {
    let (_, subject, ski, _) = ca().parts();
    DraftCrl {
        issuer: subject.clone(),
        this_update: NOW.minus(MINUTE),
        next_update: Some(NOW.plus(DAY)),
        revoked: vec![(&[0x21, 0x0f, 0x3a], NOW.minus(DAY), CrlReason::KeyCompromise)],
        extensions: vec![aki(ski, None).unwrap(), crl_number(5).unwrap(), ext(IDP, true, &scope()).unwrap()],
    }
}

fn read(change: impl FnOnce(&mut DraftCrl<'static>)) -> Result<Crl, CrlError> {
    let mut draft = draft();
    change(&mut draft);
    Crl::parse_and_verify(&draft.sign(&keys().root).unwrap(), &anchors(), NOW)
}

#[test]
fn a_good_list_is_read() {
    let crl = read(|_| {}).unwrap();
    assert_eq!((crl.len(), crl.partition()), (1, Some(&partition())));
    assert_eq!((crl.this_update(), crl.next_update()), (NOW.minus(MINUTE), NOW.plus(DAY)));
    assert!(read(|d| d.revoked.clear()).unwrap().is_empty());
    // A list for user certificates is what we need.
    let users = IssuingDistributionPoint { only_contains_user_certs: true, ..scope() };
    read(|d| replace(&mut d.extensions, IDP, Some(ext(IDP, true, &users).unwrap()))).unwrap();
}

#[test]
fn the_issuer_is_proven() {
    let der = draft().sign(&keys().root).unwrap();
    let theirs = Anchors::from_der([other_ca().cert_der()]).unwrap();
    assert_eq!(Crl::parse_and_verify(&der, &theirs, NOW).unwrap_err(), CrlError::UnknownIssuer);
    let forged = draft().sign(&keys().other_root).unwrap();
    assert_eq!(Crl::parse_and_verify(&forged, &anchors(), NOW).unwrap_err(), CrlError::BadSignature);
    let mut changed = der.clone();
    let at = der.windows(3).position(|w| w == [0x21, 0x0f, 0x3a]).unwrap();
    changed[at] ^= 1;
    assert_eq!(Crl::parse_and_verify(&changed, &anchors(), NOW).unwrap_err(), CrlError::BadSignature);
    let old = TestCa::with_key(copy(&keys().root), NOW.minus(DAY * 9), NOW.minus(DAY), &rng()).unwrap();
    let old = Anchors::from_der([old.cert_der()]).unwrap();
    assert_eq!(Crl::parse_and_verify(&der, &old, NOW).unwrap_err(), CrlError::IssuerExpired);
}

#[test]
fn the_scope_is_whole() {
    let with = |e| read(|d| replace(&mut d.extensions, IDP, e)).unwrap_err();
    for partial in [
        IssuingDistributionPoint { only_contains_ca_certs: true, ..scope() },
        IssuingDistributionPoint { only_contains_attribute_certs: true, ..scope() },
        IssuingDistributionPoint { indirect_crl: true, ..scope() },
        IssuingDistributionPoint { only_some_reasons: Some(Reasons::KeyCompromise.into()), ..scope() },
        IssuingDistributionPoint { distribution_point: None, ..scope() },
    ] {
        assert!(matches!(with(Some(ext(IDP, true, &partial).unwrap())), CrlError::Unsupported(_)));
    }
    assert!(matches!(with(None), CrlError::Unsupported(_)));
    assert!(matches!(with(Some(ext(IDP, false, &scope()).unwrap())), CrlError::Malformed(_)));
    // deltaCRLIndicator
    let delta = ext("2.5.29.27".parse().unwrap(), true, &Uint::new(&[1]).unwrap()).unwrap();
    assert!(matches!(read(|d| d.extensions.push(delta)).unwrap_err(), CrlError::Unsupported(_)));
}

#[test]
fn what_is_missing_or_twice_is_refused() {
    for id in [AKI, CRL_NUMBER] {
        let missing = read(|d| replace(&mut d.extensions, id, None)).unwrap_err();
        assert!(matches!(missing, CrlError::Malformed(_)));
    }
    assert!(matches!(read(|d| d.next_update = None).unwrap_err(), CrlError::Malformed(_)));
    let twice = read(|d| d.extensions.push(d.extensions[1].clone())).unwrap_err();
    assert!(matches!(twice, CrlError::Malformed(_)));
    let broken = read(|d| replace(&mut d.extensions, IDP, Some(ext(IDP, true, &Null).unwrap()))).unwrap_err();
    assert!(matches!(broken, CrlError::Malformed(_) | CrlError::Unsupported(_)));
    let mut longer = draft().sign(&keys().root).unwrap();
    longer.push(0);
    assert!(matches!(Crl::parse_and_verify(&longer, &anchors(), NOW), Err(CrlError::Malformed(_))));
    assert!(matches!(Crl::parse_and_verify(ca().cert_der(), &anchors(), NOW), Err(CrlError::Malformed(_))));
}

#[test]
fn freshness_is_checked() {
    assert_eq!(read(|d| d.this_update = NOW.plus(MINUTE * 6)).unwrap_err(), CrlError::NotYetValid);
    read(|d| d.this_update = NOW.plus(MINUTE * 4)).unwrap();
    let stale = read(|d| d.next_update = Some(NOW)).unwrap_err();
    assert_eq!(stale, CrlError::Stale { next_update: NOW });
}

#[test]
fn an_older_list_does_not_replace_a_newer_one() {
    let parse = |number, serials: &[u32]| {
        Crl::parse_and_verify(&list(ca(), &partition(), number, serials), &anchors(), NOW).unwrap()
    };
    let mut set = CrlSet::new();
    assert!(set.insert(parse(255, &[])));
    assert!(set.insert(parse(256, &[SERIAL])));
    assert!(!set.insert(parse(255, &[])));
    let cert = crate::AuthCert::parse(&ca().issue(&spec(), &keys().card, &rng()).unwrap()).unwrap();
    assert_eq!(set.list_for(&cert).map(Crl::len), Some(1));
    assert!(set.insert(parse(256, &[SERIAL])), "the same list again");
}

#[test]
fn names_are_compared_whole() {
    // The same municipality's name in another prefecture is another list.
    let other = Partition::new("Saitama-ken", "Kiyose-shi").unwrap();
    let crl = read(|d| {
        let name = partition_name(&other).unwrap();
        replace(&mut d.extensions, IDP, Some(ext(IDP, true, &idp(&name)).unwrap()));
    });
    let mut set = CrlSet::new();
    set.insert(crl.unwrap());
    let cert = crate::AuthCert::parse(&ca().issue(&spec(), &keys().card, &rng()).unwrap()).unwrap();
    assert!(set.list_for(&cert).is_none());
}

#[test]
fn no_byte_can_be_changed() {
    let (good, anchors) = (draft().sign(&keys().root).unwrap(), anchors());
    for at in 0..good.len() {
        for bit in [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80] {
            let mut der = good.clone();
            der[at] ^= bit;
            assert!(Crl::parse_and_verify(&der, &anchors, NOW).is_err(), "byte {at}, bit {bit:02x}");
        }
    }
}

proptest! {
    #[test]
    fn reading_never_panics(bytes: Vec<u8>) {
        let _ = Crl::parse_and_verify(&bytes, &Anchors::empty(), NOW);
    }
}
