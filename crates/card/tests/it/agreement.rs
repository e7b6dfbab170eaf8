//! Our reader's side with our card: what the portal gets is what [`pki::verify()`] accepts.

use std::time::Duration;

use base::FakeClock;
use card::soft::Memory;
use card::{Attributes, AuthPin, Card, CardInfo, Consent, Error, Jpki, LastTry, Token, Transport, TransportError};
use pki::{Algorithm, Anchors, Challenge, Crl, CrlSet, Environment, Origin, Policy, Purpose};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use base::Rng;

fn challenge() -> Challenge {
    Challenge {
        origin: Origin::parse("https://portal.example").unwrap(),
        nonce: [7; 32],
        session_hash: [9; 32],
        expires: NOW.plus(Duration::from_secs(300)),
        purpose: Purpose::AttributeLinkage,
    }
}

fn pin(person: &Person) -> AuthPin {
    AuthPin::new(person.pin).unwrap()
}

/// What a portal says to it.
fn judged(signed: &card::Signed, person: &Person) -> Result<Algorithm, pki::CardError> {
    let anchors = Anchors::from_der([authority().cert_der()]).unwrap();
    let partition = person.municipality.partition();
    let list = authority().crl(&partition, 1, &[], NOW, NOW.plus(DAY)).unwrap();
    let mut lists = CrlSet::new();
    lists.insert(Crl::parse_and_verify(&list, &anchors, NOW).unwrap());
    let policy = Policy { environment: Environment::Test };
    pki::verify(policy, &anchors, &lists, &signed.certificate, &signed.signature, &challenge(), NOW)
        .map(|c| c.algorithm)
}

#[test]
fn the_portal_accepts_what_cards_of_both_generations_sign() {
    let clock = FakeClock::at(NOW).clock();
    for (generation, algorithm) in
        [(Generation::Current, Algorithm::Rsa2048Sha256), (Generation::Next, Algorithm::EcdsaP384Sha384)]
    {
        let mut card = Card::new(plugged(issue(hanako(), generation)));
        let mut jpki = Jpki::select(&mut card).unwrap();
        assert_eq!(jpki.token().unwrap(), Token::Card);
        assert_eq!(jpki.authority().unwrap(), authority().cert_der());
        assert_eq!(jpki.tries_left().unwrap(), 3);
        let signed = jpki.verify(&pin(hanako()), LastTry::Keep).unwrap().sign(&challenge(), &clock).unwrap();
        assert_eq!(signed.algorithm, algorithm);
        assert_eq!(judged(&signed, hanako()), Ok(algorithm));
        assert!(format!("{signed:?}").len() < 80, "nothing of the person is printed");
        card.leave().unwrap();
    }
}

#[test]
fn a_card_says_who_its_holder_is() {
    // One for each thing that differs; keys take too long to make for all twelve.
    for person in ["takashi", "naomi", "katsuragi", "sora"].map(|id| people::find(id).unwrap()) {
        let mut card = Card::new(plugged(issue(person, Generation::Current)));
        let info = CardInfo::read(&mut card).unwrap();
        assert_eq!((info.municipality_code.as_str(), info.number.len()), (person.municipality.code, 15));
        let read = Attributes::read(&mut card, &pin(person), LastTry::Keep, Consent::GivenByHolder).unwrap();
        assert_eq!(read.name.replace('\u{3000}', " "), person.name);
        assert_eq!((read.birth, read.sex, read.address), (person.birth, person.sex, person.address()));
        let left = Jpki::select(&mut card).unwrap().tries_left().unwrap();
        let expected = match person.case {
            people::Case::PinLocked => 0,
            people::Case::OneTryLeft => 1,
            _ => 3,
        };
        assert_eq!(left, expected, "{}", person.id);
    }
}

#[test]
fn the_last_try_is_used_only_when_the_holder_agrees() {
    let clock = FakeClock::at(NOW).clock();
    let naomi = people::find("naomi").unwrap();
    let mut card = Card::new(plugged(issue(naomi, Generation::Current)));
    let mut jpki = Jpki::select(&mut card).unwrap();
    let wrong = AuthPin::new("0000").unwrap();
    assert_eq!(jpki.verify(&wrong, LastTry::Keep).err(), Some(Error::LastTry));
    assert_eq!(jpki.tries_left(), Ok(1), "nothing was sent");
    let mut open = jpki.verify(&pin(naomi), LastTry::Use).unwrap();
    open.sign(&challenge(), &clock).unwrap();
    assert_eq!(jpki.tries_left(), Ok(3));
    for left in [2, 1] {
        assert_eq!(jpki.verify(&wrong, LastTry::Keep).err(), Some(Error::WrongPin { tries_left: left }));
    }
    assert_eq!(jpki.verify(&wrong, LastTry::Use).err(), Some(Error::PinLocked));
    assert_eq!(jpki.verify(&pin(naomi), LastTry::Use).err(), Some(Error::PinLocked));
    assert_eq!(jpki.tries_left(), Ok(0));
}

#[test]
fn an_old_challenge_is_not_signed() {
    let mut card = Card::new(plugged(image()));
    let mut jpki = Jpki::select(&mut card).unwrap();
    let mut open = jpki.verify(&pin(hanako()), LastTry::Keep).unwrap();
    let late = FakeClock::at(challenge().expires).clock();
    assert_eq!(open.sign(&challenge(), &late).err(), Some(Error::ChallengeExpired));
}

#[test]
fn a_card_is_left_closed() {
    let sign = format!("802A029720{}00", "00".repeat(32));
    let open = |how: fn(Card<&mut SoftCard>)| {
        let mut soft = plugged(image());
        let mut card = Card::new(&mut soft);
        Jpki::select(&mut card).unwrap().verify(&pin(hanako()), LastTry::Keep).unwrap();
        how(card);
        // The next program on the same card, without power having gone.
        soft.reset();
        assert_eq!(say(&mut soft, "00A4040C0AD392F000260100000001"), "9000");
        assert_eq!(say(&mut soft, &sign), "6982");
    };
    open(|card| card.leave().unwrap());
    open(|card| {
        let _dropped = card;
    });
}

#[test]
fn a_card_that_isn_t_one_is_named() {
    struct Other;
    impl Transport for Other {
        fn transmit(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
            Ok(Zeroizing::new(vec![0x6a, 0x82]))
        }
    }
    assert_eq!(Jpki::select(&mut Card::new(Other)).err(), Some(Error::OtherCard));

    struct Gone;
    impl Transport for Gone {
        fn transmit(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
            Err(TransportError::Removed)
        }
    }
    assert_eq!(Jpki::select(&mut Card::new(Gone)).err(), Some(Error::Transport(TransportError::Removed)));
}

/// A card whose answers go through `change` after some time.
struct Hostile<F>(SoftCard, F);

impl<F: FnMut(&[u8], Vec<u8>) -> Vec<u8>> Transport for Hostile<F> {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let answer = self.0.answer(command);
        Ok(Zeroizing::new((self.1)(command, answer)))
    }
}

fn certificate(change: impl FnMut(&[u8], Vec<u8>) -> Vec<u8>) -> Result<Vec<u8>, Error> {
    let mut soft = SoftCard::new(image(), Memory::None, Rng::seeded(3)).unwrap();
    soft.power_on();
    let mut card = Card::new(Hostile(soft, change));
    Jpki::select(&mut card)?.certificate()
}

#[test]
fn a_hostile_card_is_bounded() {
    assert_eq!(certificate(|_, a| a), Ok(image().certificate().to_vec()));
    // Always more.
    let endless = certificate(|_, a| if a.len() > 100 { vec![1, 2, 3, 0x61, 0x00] } else { a });
    assert!(endless.is_err());
    let forever = certificate(|c, a| if c[1] == 0xb0 || c[1] == 0xc0 { vec![0x61, 0x10] } else { a });
    assert_eq!(forever, Err(Error::Malformed("an answer without end")));
    // A length beyond any file, more than was asked for, nothing, no status word.
    let reads = |bytes: Vec<u8>| certificate(move |c, a| if c[1] == 0xb0 { bytes.clone() } else { a });
    assert!(reads(vec![0x30, 0x82, 0xff, 0xff, 0x90, 0x00]).is_err());
    assert!(reads(vec![0x30; 900]).is_err());
    assert!(reads([vec![0x30, 0x82, 0x02, 0x00], vec![0; 300], vec![0x90, 0x00]].concat()).is_err());
    assert!(reads(vec![0x90, 0x00]).is_err());
    assert!(reads(vec![]).is_err());
    // The right length by another status.
    let short = certificate(|c, a| if c == [0, 0xb0, 0, 0, 0] { vec![0x6c, 0x80] } else { a });
    assert_eq!(short, Ok(image().certificate().to_vec()));
}

/// Answers what it is told to, then nothing but 9000.
struct Script(Vec<Vec<u8>>);

impl Transport for Script {
    fn transmit(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        Ok(Zeroizing::new(self.0.pop().unwrap_or_else(|| vec![0x90, 0x00])))
    }
}

proptest! {
    /// Whatever a card answers, everything that asks it comes to an end.
    #[test]
    fn no_card_can_hang_or_break_its_reader(
        data in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12),
        status in prop::collection::vec(prop::sample::select(vec![0x9000u16, 0x6110, 0x6c08, 0x63c2, 0x6982, 0x6a82]), 12),
    ) {
        let script = || {
            let answers = data.iter().zip(&status).map(|(d, s)| [&d[..], &s.to_be_bytes()].concat());
            Card::new(Script(answers.collect()))
        };
        let clock = FakeClock::at(NOW).clock();
        let mut card = script();
        if let Ok(mut jpki) = Jpki::select(&mut card) {
            let _ = jpki.token();
            let _ = jpki.certificate();
            if let Ok(mut open) = jpki.verify(&pin(hanako()), LastTry::Keep) {
                let _ = open.sign(&challenge(), &clock);
            }
        }
        let _ = Attributes::read(&mut script(), &pin(hanako()), LastTry::Use, Consent::GivenByHolder);
        let _ = CardInfo::read(&mut script());
        let mut card = script();
        let _ = Jpki::select(&mut card).and_then(|mut j| j.authority());
    }
}
