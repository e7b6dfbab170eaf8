//! The card layer against the software card, and the software card against a card layer that nobody here wrote.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod agreement;
mod peer;
mod replay;
mod rules;
mod virtual_reader;

use std::sync::OnceLock;

use base::{Rng, Timestamp};
use card::soft::{AuthPart, Generation, Image, Memory, SoftCard};
use pki::people::{self, Person};
use pki::testca::{CardSpec, TestCa};
use pki::{P384Key, RsaKey};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_435_200);
pub(crate) const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

pub(crate) fn hanako() -> &'static Person {
    people::find("hanako").unwrap()
}

pub(crate) fn authority() -> &'static TestCa {
    static CA: OnceLock<TestCa> = OnceLock::new();
    CA.get_or_init(|| TestCa::generate(NOW, &Rng::seeded(1)).unwrap())
}

/// A person's card as it is handed out.
pub(crate) fn issue(person: &Person, generation: Generation) -> Image {
    let rng = Rng::seeded(2);
    let spec = |serial| {
        let place = person.municipality;
        CardSpec::new(serial, place.code, place.partition(), person.birth, NOW.minus(DAY))
    };
    let (key, certificate) = match generation {
        Generation::Current => {
            let key = RsaKey::generate().unwrap();
            (key.to_pkcs8().unwrap(), authority().issue(&spec(person.serial), &key, &rng).unwrap())
        }
        Generation::Next => {
            let key = P384Key::generate().unwrap();
            (key.to_pkcs8().unwrap(), authority().issue_p384(&spec(person.next_serial()), &key, &rng).unwrap())
        }
    };
    let auth = AuthPart { key, certificate, authority: authority().cert_der().to_vec() };
    Image::issue(person, generation, auth, NOW, &rng).unwrap()
}

/// Hanako's, made once: keys take time.
pub(crate) fn image() -> Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| issue(hanako(), Generation::Current)).clone()
}

pub(crate) fn plugged(image: Image) -> SoftCard {
    SoftCard::new(image, Memory::None, Rng::seeded(3)).unwrap()
}

/// Sends commands in hexadecimal; gives status words.
pub(crate) fn say(card: &mut SoftCard, command: &str) -> String {
    let bytes: Vec<u8> =
        (0..command.len() / 2).map(|i| u8::from_str_radix(&command[2 * i..2 * i + 2], 16).unwrap()).collect();
    let answer = card.answer(&bytes);
    answer[answer.len() - 2..].iter().map(|b| format!("{b:02X}")).collect()
}
