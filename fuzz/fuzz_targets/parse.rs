//! Everything that reads bytes from outside, and what it has to keep.
#![no_main]

use card::tlv::Tlv;
use card::{Attributes, CardInfo, Command, Response};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(command) = Command::parse(bytes) {
        let again = command.encode().expect("what was read can be written");
        assert_eq!(Command::parse(&again), Ok(command));
    }
    if let Some(response) = Response::parse(bytes) {
        assert_eq!(response.encode(), bytes);
    }
    if let Ok((tlv, _)) = Tlv::first(bytes) {
        let _ = tlv.children();
    }
    let _ = (Attributes::parse(bytes), CardInfo::parse(bytes));
    let _ = pki::AuthCert::parse(bytes);
    if let Some(challenge) = pki::Challenge::parse(bytes) {
        assert_eq!(challenge.signed_bytes(), bytes);
    }
});
