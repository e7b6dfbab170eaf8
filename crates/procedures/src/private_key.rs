//! Finds private keys in what people paste, so that none is ever stored.

use base::codec::b64_decode;
use serde_json::Value;

/// Members that only a private or shared JWK has (RFC 7518 section 6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether a text holds a private key: PEM of any kind, OpenSSH, PuTTY, age, a JWK with private members (also inside
/// other JSON or in JSON that doesn't parse), or DER of PKCS#8, PKCS#1, SEC 1 or PKCS#12 in base64.
pub fn is_in(text: &str) -> bool {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    ["PRIVATEKEY-----", "PRIVATEKEYBLOCK-----", "PUTTY-USER-KEY-FILE", "AGE-SECRET-KEY-1"]
        .iter()
        .any(|mark| squeezed.contains(mark))
        || in_json(text)
        || in_base64(text)
}

/// Whether the octets of a file hold a private key: as [`is_in`], and DER of PKCS#8, PKCS#1, SEC 1, PKCS#12 or a Java
/// key store as they are.
pub fn is_in_file(bytes: &[u8]) -> bool {
    is_der(bytes) || bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) || is_in(&String::from_utf8_lossy(bytes))
}

fn in_json(text: &str) -> bool {
    if !text.contains("kty") {
        return false;
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return in_value(&value, 0);
    }
    // JSON with a mistake in it (a comma too many, comments, single quotes): the members are still there to see.
    let bare: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
    let has = |m: &str| ["{", ",", "\\"].iter().any(|before| bare.contains(&format!("{before}{m}:")));
    PRIVATE_MEMBERS.iter().any(|m| has(m))
}

fn in_value(value: &Value, depth: u8) -> bool {
    match value {
        Value::Object(map) => {
            (map.contains_key("kty") && PRIVATE_MEMBERS.iter().any(|m| map.contains_key(*m)))
                || map.values().any(|v| in_value(v, depth))
        }
        Value::Array(list) => list.iter().any(|v| in_value(v, depth)),
        // A JWK as a string inside JSON.
        Value::String(s) if depth < 4 && s.contains("kty") => {
            serde_json::from_str::<Value>(s).is_ok_and(|v| in_value(&v, depth + 1))
        }
        _ => false,
    }
}

fn in_base64(text: &str) -> bool {
    // Every DER of a key begins with a SEQUENCE: `M` in base64. A key is more than 40 octets long, and its head is
    // enough to tell; so it is found in the middle of other text too, with line breaks and all.
    let is_b64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    let standard = |b: u8| match b {
        b'-' => '+',
        b'_' => '/',
        b => char::from(b),
    };
    let joined: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    joined.split(|b| !is_b64(b)).any(|run| {
        run.windows(48).filter(|w| w[0] == b'M').any(|w| {
            let head: String = w[..16].iter().map(|b| standard(*b)).collect();
            b64_decode(&head).is_some_and(|b| is_der(&b))
        })
    })
}

/// The heads of DER: PKCS#8 (version 0 or 1, then an algorithm), PKCS#1 (0, then a long number), SEC 1 (1, then octets),
/// PKCS#12 (3, then a SEQUENCE). A public key or certificate begins with two SEQUENCEs.
fn is_der(bytes: &[u8]) -> bool {
    let Some((0x30, rest)) = bytes.split_first().map(|(b, r)| (*b, r)) else { return false };
    let rest = match rest.first() {
        Some(n) if *n < 0x81 => &rest[1..],
        Some(n) => rest.get(1 + usize::from(n & 0x7f)..).unwrap_or_default(),
        None => return false,
    };
    matches!(rest, [0x02, 0x01, 0, 0x30 | 0x02, ..] | [0x02, 0x01, 1, 0x30 | 0x04, ..] | [0x02, 0x01, 3, 0x30, ..])
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use base::codec::{b64, b64url};
    use jose::{Alg, SigningKey};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn private_keys_are_seen_whatever_they_are_wrapped_in() {
        let der = [0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13].iter().copied().chain(0..120).collect::<Vec<u8>>();
        let p12 = [0x30, 0x82, 0x09, 0x01, 0x02, 0x01, 0x03, 0x30].iter().copied().chain(0..120).collect::<Vec<u8>>();
        let sec1 = [0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20].iter().copied().chain(0..110).collect::<Vec<u8>>();
        for text in [
            "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----",
            "----- BEGIN EC PRIVATE KEY -----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----",
            "PuTTY-User-Key-File-3: ssh-ed25519",
            r#"{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}"#,
            r#"{"keys":[{"kty":"RSA","n":"a","e":"AQAB"},{"kty":"RSA","n":"a","e":"AQAB","p":"x"}]}"#,
            r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#,
            r#"{"jwk":"{\"kty\":\"EC\",\"d\":\"x\"}"}"#,
            r#"{"kty":"EC","crv":"P-256","d":"c",}"#,
            "{kty: 'EC', d: 'c'}",
            "my key: {\"kty\": \"OKP\", \"d\" : \"x\"} please",
        ] {
            assert!(is_in(text), "{text}");
        }
        for bytes in [&der, &p12, &sec1] {
            assert!(is_in(&b64(bytes)) && is_in(&b64url(bytes)) && is_in_file(bytes));
            let lines: Vec<String> =
                b64(bytes).as_bytes().chunks(64).map(|c| String::from_utf8_lossy(c).into()).collect();
            assert!(is_in(&format!("key = {}", lines.join("\r\n"))));
        }
    }

    #[test]
    fn public_keys_and_prose_pass() {
        let key = SigningKey::generate(Alg::Es256, &Rng::seeded(1)).unwrap();
        let spki = [0x30, 0x59, 0x30, 0x13, 0x06, 0x07].iter().copied().chain(0..90).collect::<Vec<u8>>();
        for text in [
            serde_json::json!({"keys": [key.jwk()]}).to_string(),
            b64(&spki),
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----".to_owned(),
            "-----BEGIN CERTIFICATE-----".to_owned(),
            "秘密鍵はHSMに保管し、取り出せません。private keys are kept in an HSM".to_owned(),
            "https://nencho.example.co.jp/.well-known/jwks.json".to_owned(),
            "kty を確認した".to_owned(),
            String::new(),
        ] {
            assert!(!is_in(&text), "{text}");
        }
        assert!(!is_in_file(b"%PDF-1.7") && !is_in_file(&[0x30]) && !is_in_file(&[]));
    }

    proptest! {
        /// Every private JWK is seen, in every member order and wrapping.
        #[test]
        fn every_private_jwk_is_seen(member in "d|p|q|dp|dq|qi|oth|k", before in "[a-z]{0,8}", pretty: bool) {
            let mut map = serde_json::Map::new();
            map.insert(format!("a{before}"), "x".into());
            map.insert("kty".to_owned(), "EC".into());
            map.insert(member, "secret".into());
            let value = serde_json::json!({"keys": [map]});
            let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            prop_assert!(is_in(&text));
            // Cut short in copying, it is still one.
            prop_assert!(is_in(&text[..text.len() - 2]));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = is_in(&text);
            let _ = is_in_file(&bytes);
        }
    }
}
