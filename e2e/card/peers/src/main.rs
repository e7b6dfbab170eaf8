//! What two card layers by other people make of the card in the reader: one line for each thing found.
//!
//!     card-peers myna PIN PASSWORD MESSAGE     card-peers jpki PIN DIGEST-INFO
//!
//! Certificates and signatures come as hexadecimal text; the test judges them with openssl.

use std::error::Error;
use std::rc::Rc;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hexadecimal")).collect()
}

fn myna(pin: &str, password: &str, message: &str) -> Result<(), Box<dyn Error>> {
    use myna_card::ap::{common::CommonAp, jpki::JpkiAp, jpki::SignatureScheme, text::TextAp};
    use myna_card::Pin;
    use myna_card::transport::pcsc::{Sharing, connect_any};

    let mut card = connect_any(Sharing::Exclusive)?;
    let info = CommonAp::select(&mut card)?.read_card_info()?;
    println!("issuer {}", info.municipality_code);
    let mut text = TextAp::select(&mut card)?;
    text.verify_pin(&Pin::numeric(pin)?)?;
    println!("name {}", text.read_attributes()?.name);
    let mut jpki = JpkiAp::select(&mut card)?;
    println!("token {}", jpki.read_token_info()?.token_type.name());
    println!("tries {:?}", jpki.auth_pin_retries()?);
    println!("certificate {}", hex(&jpki.read_auth_certificate_der()?));
    println!("authority {}", hex(&jpki.read_auth_ca_certificate_der()?));
    jpki.verify_auth_pin(&Pin::numeric(pin)?)?;
    println!("signature {}", hex(&jpki.sign_with_auth_key(SignatureScheme::Sha256DigestInfo, message.as_bytes())?));
    jpki.verify_sign_pin(&Pin::new(password)?)?;
    println!("signing-certificate {}", hex(&jpki.read_sign_certificate_der()?));
    Ok(())
}

fn jpki(pin: &str, digest_info: &str) -> Result<(), Box<dyn Error>> {
    use jpki::Card;
    use jpki::ap::crypto::{CertType, CryptoAp};
    use jpki::ap::SupportAp;
    use jpki::pcsc::Context;

    let context = Context::try_new()?;
    let device = context.open()?;
    let card = Rc::new(Card::new(Box::new(device.connect(context)?)));
    let support = SupportAp::open((), Rc::clone(&card))?;
    println!("name {}", support.read_attributes((), pin.into())?.name);
    let crypto = CryptoAp::open((), Rc::clone(&card))?;
    println!("tries {}", crypto.auth_pin_status(())?);
    println!("certificate {}", hex(&crypto.read_certificate((), CertType::Auth, Vec::new())?));
    println!("authority {}", hex(&crypto.read_certificate((), CertType::AuthCA, Vec::new())?));
    println!("signature {}", hex(&crypto.auth((), pin.into(), unhex(digest_info))?));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["myna", pin, password, message] => myna(pin, password, message),
        ["jpki", pin, digest_info] => jpki(pin, digest_info),
        _ => Err("see the head of src/main.rs".into()),
    }
}
