//! A card that answers whatever the fuzzer likes: the reader's side ends, and signs nothing it shouldn't.
#![no_main]

use card::{Attributes, AuthPin, Card, Consent, Jpki, LastTry, Transport, TransportError};
use libfuzzer_sys::fuzz_target;
use zeroize::Zeroizing;

/// Answers: one length byte, that many bytes. Then nothing more.
struct Hostile<'a>(&'a [u8]);

impl Transport for Hostile<'_> {
    fn transmit(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let (len, rest) = self.0.split_first().ok_or(TransportError::Removed)?;
        let (answer, rest) = rest.split_at(rest.len().min(usize::from(*len)));
        self.0 = rest;
        Ok(Zeroizing::new(answer.to_vec()))
    }
}

fuzz_target!(|bytes: &[u8]| {
    let pin = AuthPin::new("1234").expect("four digits");
    let mut card = Card::new(Hostile(bytes));
    if let Ok(mut jpki) = Jpki::select(&mut card) {
        let _ = (jpki.token(), jpki.certificate(), jpki.tries_left());
        let _ = jpki.verify(&pin, LastTry::Keep);
    }
    let _ = Attributes::read(&mut Card::new(Hostile(bytes)), &pin, LastTry::Use, Consent::GivenByHolder);
});
