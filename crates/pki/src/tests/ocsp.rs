//! Answers crafted to fail exactly one check each; `openssl ocsp` as responder and as asker.

use std::sync::OnceLock;

use proptest::prelude::*;
use x509_cert::der::asn1::{Any, BitString, Null, ObjectIdentifier, OctetString};
use x509_cert::der::{Decode as _, Encode as _};

use super::openssl::{made, openssl};
use super::*;
use crate::build;
use crate::cert::{AuthCert, pem};
use crate::ocsp::responder::{Responder, Standing, certificate};
use crate::ocsp::{NonceRule, OcspError, Question, ResponseStatus};
use crate::verify::{Revocation as _, RevocationStatus, UnknownBecause};

const NONCE: [u8; 32] = [5; 32];
const HOUR: Duration = Duration::from_secs(3600);

fn responder_key() -> &'static RsaKey {
    static KEY: OnceLock<RsaKey> = OnceLock::new();
    KEY.get_or_init(|| RsaKey::generate().unwrap())
}

fn responder() -> &'static Responder {
    static ONE: OnceLock<Responder> = OnceLock::new();
    ONE.get_or_init(|| {
        Responder::with_key(ca(), copy(responder_key()), NOW.minus(DAY), NOW.plus(DAY * 30), &rng()).unwrap()
    })
}

fn card_of(serial: u32) -> Vec<u8> {
    ca().issue(&CardSpec { serial, ..spec() }, &keys().card, &rng()).unwrap()
}

fn card() -> AuthCert {
    AuthCert::parse(&card_of(SERIAL)).unwrap()
}

fn question() -> Question {
    Question::new(&card(), &anchors(), NONCE).unwrap()
}

fn answer(standing: Standing) -> Vec<u8> {
    responder().answer(question().der(), |_| standing, NOW, Some(NOW.plus(HOUR))).unwrap()
}

fn judged(answer: &[u8]) -> Result<RevocationStatus, OcspError> {
    question().check(answer, NonceRule::Required, NOW).map(|a| a.said())
}

#[test]
fn what_the_responder_says_is_heard() {
    let revoked = Standing::Revoked { at: NOW.minus(DAY), reason: Reason::KeyCompromise };
    assert_eq!(judged(&answer(Standing::Good)), Ok(RevocationStatus::Good));
    assert_eq!(judged(&answer(revoked)), Ok(RevocationStatus::Revoked));
    assert_eq!(judged(&answer(Standing::Unknown)), Ok(RevocationStatus::Unknown(UnknownBecause::NotKnown)));
    // The serial number that is looked up is the card's.
    let by_serial = |serial: &[u8]| if serial == [0x21, 0x0f, 0x3a] { revoked } else { Standing::Good };
    let said = responder().answer(question().der(), by_serial, NOW, None).unwrap();
    assert_eq!(judged(&said), Ok(RevocationStatus::Revoked));
    // An answer is about one certificate, for a time.
    let heard = question().check(&answer(Standing::Good), NonceRule::Required, NOW).unwrap();
    assert_eq!(heard.status(&card(), NOW), RevocationStatus::Good);
    assert_eq!(heard.status(&card(), NOW.plus(HOUR)), RevocationStatus::Unknown(UnknownBecause::Stale));
    let other = AuthCert::parse(&card_of(SERIAL + 1)).unwrap();
    assert_eq!(heard.status(&other, NOW), RevocationStatus::Unknown(UnknownBecause::NotKnown));
}

#[test]
fn another_generation_of_the_root_is_not_asked_about() {
    let foreign = other_ca().issue(&spec(), &keys().card, &rng()).unwrap();
    assert!(Question::new(&AuthCert::parse(&foreign).unwrap(), &anchors(), NONCE).is_none());
    // Its question gets no answer here, nor does something that is no question.
    let both = Anchors::from_der([ca().cert_der(), other_ca().cert_der()]).unwrap();
    let asked = Question::new(&AuthCert::parse(&foreign).unwrap(), &both, NONCE).unwrap();
    let status = |question: &[u8]| {
        let said = responder().answer(question, |_| Standing::Good, NOW, None).unwrap();
        judged(&said).unwrap_err()
    };
    assert_eq!(status(asked.der()), OcspError::NoAnswer(ResponseStatus::Unauthorized));
    assert_eq!(status(b"no question"), OcspError::NoAnswer(ResponseStatus::MalformedRequest));
    assert_eq!(status(&vec![0x30; 9000]), OcspError::NoAnswer(ResponseStatus::MalformedRequest));
    // And the other generation's responder can't answer for ours, though the names are equal.
    let other = Responder::with_key(other_ca(), copy(responder_key()), NOW.minus(DAY), NOW.plus(DAY), &rng()).unwrap();
    let said = other.answer(asked.der(), |_| Standing::Good, NOW, None).unwrap();
    assert_eq!(judged(&said), Err(OcspError::NotAuthorised));
}

#[test]
fn other_questions_answers_are_refused() {
    let other = Question::new(&AuthCert::parse(&card_of(SERIAL + 1)).unwrap(), &anchors(), NONCE).unwrap();
    let good = |question: &Question| responder().answer(question.der(), |_| Standing::Good, NOW, None).unwrap();
    assert_eq!(judged(&good(&other)), Err(OcspError::OtherCertificate));
    let replayed = Question::new(&card(), &anchors(), [6; 32]).unwrap();
    assert_eq!(judged(&good(&replayed)), Err(OcspError::Nonce));
    let said = question().check(&good(&replayed), NonceRule::IfPresent, NOW);
    assert_eq!(said.err(), Some(OcspError::Nonce), "another nonce is wrong under either rule");
    let without = unsigned(question().der());
    let said = responder().answer(&without, |_| Standing::Good, NOW, None).unwrap();
    assert_eq!(judged(&said), Err(OcspError::Nonce));
    assert_eq!(question().check(&said, NonceRule::IfPresent, NOW).unwrap().said(), RevocationStatus::Good);
}

/// The same question without its nonce.
fn unsigned(question: &[u8]) -> Vec<u8> {
    let outer = Any::from_der(question).unwrap();
    let tbs = Any::from_der(outer.value()).unwrap();
    let list = Any::from_der(&tbs.value()[..prefix(tbs.value())]).unwrap();
    vec![vec![list]].to_der().unwrap()
}

/// The length of the first element.
fn prefix(der: &[u8]) -> usize {
    (1..=der.len()).find(|n| Any::from_der(&der[..*n]).is_ok()).unwrap()
}

#[test]
fn times_are_looked_at() {
    let said = |this: Timestamp, next| responder().answer(question().der(), |_| Standing::Good, this, next).unwrap();
    let minutes = |n: u32| Duration::from_secs(60) * n;
    assert_eq!(judged(&said(NOW.plus(minutes(4)), None)), Ok(RevocationStatus::Good), "our clock may be behind");
    assert_eq!(judged(&said(NOW.plus(minutes(6)), None)), Err(OcspError::NotYetValid));
    assert_eq!(judged(&said(NOW.minus(DAY), Some(NOW))), Err(OcspError::Stale));
    assert_eq!(judged(&said(NOW.minus(DAY), Some(NOW.plus(minutes(1))))), Ok(RevocationStatus::Good));
    assert_eq!(judged(&said(NOW.minus(minutes(9)), None)), Ok(RevocationStatus::Good));
    assert_eq!(judged(&said(NOW.minus(minutes(10)), None)), Err(OcspError::Stale));
    let late = NOW.plus(DAY * 2191).plus(DAY);
    let said = responder().answer(question().der(), |_| Standing::Good, late, None).unwrap();
    assert_eq!(question().check(&said, NonceRule::Required, late).err(), Some(OcspError::SignerExpired));
    let late = NOW.plus(DAY * 31);
    let said = responder().answer(question().der(), |_| Standing::Good, late, None).unwrap();
    assert_eq!(question().check(&said, NonceRule::Required, late).err(), Some(OcspError::SignerExpired));
}

#[test]
fn who_may_answer() {
    let with = |change: &dyn Fn(&mut Vec<Extension>), by: &RsaKey| {
        let mut draft = certificate(ca(), responder_key(), NOW.minus(DAY), NOW.plus(DAY), &rng()).unwrap();
        change(&mut draft.extensions);
        let cert = draft.sign(by).unwrap();
        let responder = Responder::with_certificate(ca(), copy(responder_key()), cert).unwrap();
        judged(&responder.answer(question().der(), |_| Standing::Good, NOW, None).unwrap())
    };
    let root = &keys().root;
    assert_eq!(with(&|_| {}, root), Ok(RevocationStatus::Good));
    let no_check = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
    let other_purpose = || build::ext(build::EKU, false, &vec![build::CLIENT_AUTH]).unwrap();
    let critical = || Extension {
        extn_id: ObjectIdentifier::new_unwrap("1.2.3.4"),
        critical: true,
        extn_value: OctetString::new(Null.to_der().unwrap()).unwrap(),
    };
    let wrong = Err(OcspError::NotAuthorised);
    assert_eq!(with(&|e| replace(e, build::EKU, None), root), wrong);
    assert_eq!(with(&|e| replace(e, build::EKU, Some(other_purpose())), root), wrong);
    assert_eq!(with(&|e| replace(e, no_check, None), root), wrong);
    assert_eq!(with(&|e| e.push(build::ca().unwrap()), root), wrong);
    assert_eq!(with(&|e| e.push(critical()), root), wrong);
    assert_eq!(with(&|_| {}, &keys().other_root), wrong, "signed by another root of the same name");
    // A citizen's card can't answer for its own issuer.
    let card = Responder::with_certificate(ca(), copy(&keys().card), card_of(SERIAL)).unwrap();
    assert_eq!(judged(&card.answer(question().der(), |_| Standing::Good, NOW, None).unwrap()), wrong);
    // The issuer itself may.
    let issuer = Responder::with_certificate(ca(), copy(root), ca().cert_der().to_vec()).unwrap();
    let said = issuer.answer(question().der(), |_| Standing::Good, NOW, None).unwrap();
    assert_eq!(judged(&said), Ok(RevocationStatus::Good));
}

#[test]
fn a_signature_is_over_what_was_said() {
    // The word "revoked" taken out of one answer and the signature of another put under it.
    let good = answer(Standing::Good);
    let revoked = answer(Standing::Revoked { at: NOW, reason: Reason::Unspecified });
    let parts = |answer: &[u8]| {
        let outer = Any::from_der(answer).unwrap();
        let wrapped = Any::from_der(&outer.value()[3..]).unwrap();
        let bytes = Any::from_der(wrapped.value()).unwrap();
        let at = prefix(bytes.value());
        let basic = OctetString::from_der(&bytes.value()[at..]).unwrap();
        Vec::<Any>::from_der(basic.as_bytes()).unwrap()
    };
    let (g, r) = (parts(&good), parts(&revoked));
    assert_eq!(g.len(), 4);
    let mixed = vec![g[0].clone(), g[1].clone(), r[2].clone(), g[3].clone()];
    let again = |basic: Vec<Any>| {
        let basic = OctetString::new(basic.to_der().unwrap()).unwrap();
        let kind = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
        let bytes = vec![Any::encode_from(&kind).unwrap(), Any::encode_from(&basic).unwrap()].to_der().unwrap();
        let mut wrapped = vec![0xa0, 0x82];
        wrapped.extend((bytes.len() as u16).to_be_bytes());
        wrapped.extend(bytes);
        let mut out = vec![0x0a, 1, 0];
        out.extend(wrapped);
        let mut whole = vec![0x30, 0x82];
        whole.extend((out.len() as u16).to_be_bytes());
        whole.extend(out);
        whole
    };
    assert_eq!(judged(&again(g.clone())), Ok(RevocationStatus::Good), "taken apart and put together");
    assert_eq!(judged(&again(mixed)), Err(OcspError::BadSignature));
    let none = Any::encode_from(&BitString::from_bytes(&[]).unwrap()).unwrap();
    assert_eq!(judged(&again(vec![g[0].clone(), g[1].clone(), none, g[3].clone()])), Err(OcspError::BadSignature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_are_an_answer_by_chance(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(judged(&bytes).is_err());
        let said = responder().answer(&bytes, |_| Standing::Good, NOW, None).unwrap();
        prop_assert!(judged(&said).is_err());
    }

    #[test]
    fn a_changed_answer_is_none(at in 0usize..4000, bit in 0u8..8) {
        static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
        let good = GOOD.get_or_init(|| answer(Standing::Revoked { at: NOW, reason: Reason::Superseded }));
        let mut changed = good.clone();
        let at = at % changed.len();
        changed[at] ^= 1 << bit;
        // What is not signed may change (the reason phrase of nothing, the certificate's own encoding can't); it never
        // becomes "good".
        prop_assert!(judged(&changed) != Ok(RevocationStatus::Good));
    }
}

#[test]
fn openssl_asks_our_responder() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // openssl looks at the machine's clock.
    let now = base::Clock::system().now();
    let ca = TestCa::with_key(copy(&keys().root), now.minus(DAY * 9), now.plus(DAY * 9), &rng()).unwrap();
    let card = CardSpec::new(SERIAL, "13221", partition(), date(1988, 4, 12), now.minus(DAY));
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
    write("root.pem", ca.cert_pem());
    write("card.pem", pem(&ca.issue(&card, &keys().card, &rng()).unwrap()));
    let responder = Responder::with_key(&ca, copy(responder_key()), now.minus(DAY), now.plus(DAY), &rng()).unwrap();
    made(dir, &["ocsp", "-issuer", "root.pem", "-cert", "card.pem", "-reqout", "question", "-nonce"]);
    let question = std::fs::read(dir.join("question")).unwrap();
    for (standing, word) in [
        (Standing::Good, "Cert Status: good"),
        (Standing::Revoked { at: now.minus(DAY), reason: Reason::KeyCompromise }, "Cert Status: revoked"),
        (Standing::Unknown, "Cert Status: unknown"),
    ] {
        let said = responder.answer(&question, |_| standing, now, Some(now.plus(HOUR))).unwrap();
        std::fs::write(dir.join("answer"), said).unwrap();
        let args = ["ocsp", "-reqin", "question", "-respin", "answer", "-CAfile", "root.pem", "-resp_text"];
        let (_, text) = openssl(dir, &args);
        assert!(text.contains(word) && text.contains("Response verify OK"), "{word}: {text}");
        assert!(!text.contains("Nonce Verify error"), "{text}");
    }
    // openssl refuses a responder without the right, as we do.
    let mut draft = certificate(&ca, responder_key(), now.minus(DAY), now.plus(DAY), &rng()).unwrap();
    replace(&mut draft.extensions, build::EKU, None);
    let cert = draft.sign(&keys().root).unwrap();
    let without = Responder::with_certificate(&ca, copy(responder_key()), cert).unwrap();
    let said = without.answer(&question, |_| Standing::Good, now, None).unwrap();
    std::fs::write(dir.join("answer"), said).unwrap();
    let args = ["ocsp", "-issuer", "root.pem", "-cert", "card.pem", "-respin", "answer", "-CAfile", "root.pem"];
    let (_, text) = openssl(dir, &args);
    assert!(!text.contains("Response verify OK"), "{text}");
}

#[test]
fn we_ask_openssls_responder() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let now = base::Clock::system().now();
    let ca = TestCa::with_key(copy(&keys().root), now.minus(DAY * 9), now.plus(DAY * 9), &rng()).unwrap();
    let card = CardSpec::new(SERIAL, "13221", partition(), date(1988, 4, 12), now.minus(DAY));
    let card = AuthCert::parse(&ca.issue(&card, &keys().card, &rng()).unwrap()).unwrap();
    let anchors = Anchors::from_der([ca.cert_der()]).unwrap();
    let responder = Responder::with_key(&ca, copy(responder_key()), now.minus(DAY), now.plus(DAY), &rng()).unwrap();
    std::fs::write(dir.join("root.pem"), ca.cert_pem()).unwrap();
    std::fs::write(dir.join("responder.pem"), pem(responder.cert_der())).unwrap();
    std::fs::write(dir.join("responder.der"), responder_key().to_pkcs8().unwrap().expose()).unwrap();
    made(dir, &["pkcs8", "-inform", "DER", "-nocrypt", "-in", "responder.der", "-out", "responder.key"]);
    let asked = Question::new(&card, &anchors, NONCE).unwrap();
    std::fs::write(dir.join("question"), asked.der()).unwrap();
    let ask = |index: &str| {
        std::fs::write(dir.join("index"), index).unwrap();
        made(
            dir,
            &[
                "ocsp",
                "-index",
                "index",
                "-CA",
                "root.pem",
                "-rsigner",
                "responder.pem",
                "-rkey",
                "responder.key",
                "-reqin",
                "question",
                "-respout",
                "answer",
                "-ndays",
                "1",
            ],
        );
        asked.check(&std::fs::read(dir.join("answer")).unwrap(), NonceRule::Required, now).map(|a| a.said())
    };
    assert_eq!(ask("V\t491231235959Z\t\t210F3A\tunknown\t/CN=x\n"), Ok(RevocationStatus::Good));
    assert_eq!(
        ask("R\t491231235959Z\t200101000000Z,keyCompromise\t210F3A\tunknown\t/CN=x\n"),
        Ok(RevocationStatus::Revoked)
    );
    assert_eq!(ask(""), Ok(RevocationStatus::Unknown(UnknownBecause::NotKnown)));
}
