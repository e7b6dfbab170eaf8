//! myna-card, a card layer made by somebody else after surveys of two real test cards, reads our card in this process.
//! (Over a real reader's service it is in `e2e/card`.)

use myna_card::ap::common::CommonAp;
use myna_card::ap::jpki::{JpkiAp, SignatureScheme, TokenType};
use myna_card::ap::text::TextAp;
use myna_card::card::Retries;
use myna_card::{Error, Pin};

use super::*;

struct Wire(SoftCard);

impl myna_card::Transmit for Wire {
    fn transmit(&mut self, command: &[u8]) -> myna_card::Result<Vec<u8>> {
        Ok(self.0.answer(command))
    }
}

fn card() -> myna_card::Card<Wire> {
    let mut soft = plugged(image());
    soft.power_on();
    myna_card::Card::new(Wire(soft))
}

#[test]
fn it_finds_token_certificates_and_signatures() {
    let mut card = card();
    let mut jpki = JpkiAp::select(&mut card).unwrap();
    assert_eq!(jpki.read_token_info().unwrap().token_type, TokenType::Card);
    assert!(jpki.read_certificate_availability().is_ok());
    assert_eq!(jpki.read_auth_certificate_der().unwrap(), image().certificate());
    assert_eq!(jpki.read_auth_ca_certificate_der().unwrap(), authority().cert_der());
    assert!(matches!(jpki.read_sign_certificate_der(), Err(Error::Status(s)) if s.value() == 0x6982));
    jpki.verify_sign_pin(&Pin::new(hanako().sign_password()).unwrap()).unwrap();
    pki::AuthCert::parse(&jpki.read_sign_certificate_der().unwrap()).unwrap();

    assert!(jpki.sign_with_auth_key(SignatureScheme::Sha256DigestInfo, b"message").is_err());
    jpki.verify_auth_pin(&Pin::numeric(hanako().pin).unwrap()).unwrap();
    let signature = jpki.sign_with_auth_key(SignatureScheme::Sha256DigestInfo, b"message").unwrap();
    assert_eq!(signature.len(), 256);
    let hash = base::codec::sha256(b"message");
    let again = jpki.sign_with_auth_key(SignatureScheme::PreHashedDigestInfo, &hash).unwrap();
    assert_eq!(signature, again);
    for scheme in [SignatureScheme::PreHashedPss, SignatureScheme::Sha256Bare, SignatureScheme::Sha256Pss] {
        assert_eq!(jpki.sign_with_auth_key(scheme, &hash).unwrap().len(), 256);
    }
}

#[test]
fn it_counts_tries_as_the_card_does() {
    let mut card = card();
    let mut jpki = JpkiAp::select(&mut card).unwrap();
    let wrong = Pin::numeric("9999").unwrap();
    assert_eq!(jpki.sign_pin_retries().unwrap(), Retries::Remaining(5));
    for left in [2, 1] {
        assert!(matches!(jpki.verify_auth_pin(&wrong), Err(Error::PinIncorrect { retries: Some(n) }) if n == left));
        assert_eq!(jpki.auth_pin_retries().unwrap(), Retries::Remaining(left));
    }
    assert!(matches!(jpki.verify_auth_pin(&wrong), Err(Error::PinBlocked)));
    assert!(matches!(jpki.verify_auth_pin(&wrong), Err(Error::PinBlocked)));
    assert_eq!(jpki.auth_pin_retries().unwrap(), Retries::Blocked);
}

#[test]
fn it_changes_the_pin() {
    let mut card = card();
    let mut jpki = JpkiAp::select(&mut card).unwrap();
    let (old, new) = (Pin::numeric(hanako().pin).unwrap(), Pin::numeric("2468").unwrap());
    jpki.change_auth_pin(&old, &new).unwrap();
    assert!(jpki.verify_auth_pin(&old).is_err());
    jpki.verify_auth_pin(&new).unwrap();
}

#[test]
fn it_reads_the_attributes_and_the_card_s_own_record() {
    let mut card = card();
    let info = CommonAp::select(&mut card).unwrap().read_card_info().unwrap();
    assert_eq!(info.municipality_code, hanako().municipality.code);
    let mut text = TextAp::select(&mut card).unwrap();
    assert!(text.read_attributes().is_err());
    text.verify_pin(&Pin::numeric(hanako().pin).unwrap()).unwrap();
    let read = text.read_attributes().unwrap();
    assert_eq!((read.name.as_str(), read.address.as_str()), ("佐藤　花子", "東京都清瀬市見本町１－２－３"));
    assert_eq!((read.birth_date.year, read.birth_date.month, read.birth_date.day), (1988, 4, 12));
    assert!(text.read_my_number().is_err(), "the card has none");
}

#[test]
fn the_other_code_opens_the_attributes_too() {
    let mut card = card();
    let mut text = TextAp::select(&mut card).unwrap();
    // 昭和63年4月12日, the card's end in ten years, the security code.
    let code = format!("630412{}{:04}", 2036, hanako().serial % 10_000);
    text.verify_code_b(&Pin::numeric(code).unwrap()).unwrap();
    assert_eq!(text.read_attributes().unwrap().name, "佐藤　花子");
}
