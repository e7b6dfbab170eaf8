//! What people hold in their hands: an authenticator app and a passkey authenticator, each written from its specification.

use std::cell::Cell;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base::Timestamp;
use base::codec::{b64url, b64url_decode};
use ciborium::Value;

use crate::browser::Page;
use crate::world::ORIGIN;

/// An authenticator app (RFC 6238).
pub struct App(Vec<u8>);

impl App {
    /// Reads the setup key off the page.
    pub fn scan(page: &Page) -> Self {
        let text = page.texts(".en-copy code").remove(0).replace(' ', "");
        let (mut bits, mut n, mut out) = (0u32, 0, Vec::new());
        for c in text.bytes() {
            let v = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|l| *l == c).unwrap() as u32;
            bits = (bits << 5) | v;
            n += 5;
            if n >= 8 {
                n -= 8;
                out.push((bits >> n) as u8);
            }
        }
        Self(out)
    }

    pub fn code(&self, now: Timestamp) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &(now.secs() / 30).to_be_bytes());
        let tag = tag.as_ref();
        let at = (tag[19] & 15) as usize;
        let n = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", n % 1_000_000)
    }
}

enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A passkey authenticator (Web Authentication sections 6.1 and 6.5) with one key, and the browser in front of it.
pub struct Authenticator {
    key: Key,
    id: Vec<u8>,
    user: Cell<Option<String>>,
    pub count: Cell<u32>,
    pub verifies: bool,
    pub origin: String,
    pub cross_origin: bool,
}

impl Authenticator {
    fn with(key: Key, seed: u8) -> Self {
        Self {
            key,
            id: vec![seed; 32],
            user: Cell::new(None),
            count: Cell::new(0),
            verifies: true,
            origin: ORIGIN.to_owned(),
            cross_origin: false,
        }
    }

    pub fn p256(seed: u8) -> Self {
        Self::with(Key::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()), seed)
    }

    pub fn ed25519(seed: u8) -> Self {
        Self::with(Key::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()), seed)
    }

    pub fn rsa(seed: u8) -> Self {
        Self::with(Key::Rsa(RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap()), seed)
    }

    fn cose(&self) -> Vec<u8> {
        let int = |i: i64| Value::Integer(i.into());
        let map = match &self.key {
            Key::P256(key) => {
                let point = key.public_key().as_ref();
                vec![
                    (int(1), int(2)),
                    (int(3), int(-7)),
                    (int(-1), int(1)),
                    (int(-2), Value::Bytes(point[1..33].to_vec())),
                    (int(-3), Value::Bytes(point[33..].to_vec())),
                ]
            }
            Key::Ed25519(key) => vec![
                (int(1), int(1)),
                (int(3), int(-8)),
                (int(-1), int(6)),
                (int(-2), Value::Bytes(key.public_key().as_ref().to_vec())),
            ],
            Key::Rsa(key) => {
                // RSAPublicKey of 2048 bits (RFC 8017 appendix A.1.1): two integers, the first with its sign byte.
                let der = key.public_key().as_ref();
                assert_eq!((&der[4..9], der.len()), (&[0x02, 0x82, 0x01, 0x01, 0x00][..], 270));
                let (n, e) = (&der[9..265], &der[267..]);
                vec![
                    (int(1), int(3)),
                    (int(3), int(-257)),
                    (int(-1), Value::Bytes(n.to_vec())),
                    (int(-2), Value::Bytes(e.to_vec())),
                ]
            }
        };
        cbor(&Value::Map(map))
    }

    fn data(&self, rp: &str, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, rp.as_bytes()).as_ref().to_vec();
        data.push(flags | 1 | if self.verifies { 4 } else { 0 });
        data.extend(self.count.get().to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        serde_json::json!({
            "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin, "other": [1],
        })
        .to_string()
        .into_bytes()
    }

    /// What the browser does with a page that offers to make a passkey: the fields of its form.
    pub fn create(&self, page: &Page) -> Vec<(String, String)> {
        let get = |name: &str| page.attribute("form[data-passkey=create]", name).unwrap();
        self.user.set(Some(get("data-user-id")));
        let mut data = self.data(&get("data-rp"), 0x40);
        data.extend([0; 16]);
        data.extend((self.id.len() as u16).to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        let text = |s: &str| Value::Text(s.to_owned());
        let object = cbor(&Value::Map(vec![
            (text("fmt"), text("none")),
            (text("attStmt"), Value::Map(vec![])),
            (text("authData"), Value::Bytes(data)),
        ]));
        vec![
            ("client_data".to_owned(), b64url(&self.client_data("webauthn.create", &get("data-challenge")))),
            ("attestation".to_owned(), b64url(&object)),
            ("name".to_owned(), "仕事用".to_owned()),
        ]
    }

    /// The same for a page that asks for one.
    pub fn get(&self, page: &Page) -> Vec<(String, String)> {
        let get = |name: &str| page.attribute("form[data-passkey=get]", name).unwrap();
        let known = get("data-known");
        let allowed = known.is_empty() || known.split(' ').any(|id| b64url_decode(id).unwrap() == self.id);
        assert!(allowed, "the browser would find no passkey");
        if self.count.get() > 0 {
            self.count.set(self.count.get() + 1);
        }
        let client_data = self.client_data("webauthn.get", &get("data-challenge"));
        let data = self.data(&get("data-rp"), 0);
        let mut signed = data.clone();
        signed.extend(digest(&SHA256, &client_data).as_ref());
        let user = self.user.take();
        self.user.set(user.clone());
        vec![
            ("credential".to_owned(), b64url(&self.id)),
            ("client_data".to_owned(), b64url(&client_data)),
            ("authenticator_data".to_owned(), b64url(&data)),
            ("signature".to_owned(), b64url(&self.sign(&signed))),
            ("user_handle".to_owned(), b64url(user.unwrap_or_default().as_bytes())),
        ]
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        #[expect(clippy::disallowed_methods, reason = "the key in somebody's hand, not ours")]
        let rng = SystemRandom::new();
        match &self.key {
            Key::P256(key) => key.sign(&rng, message).unwrap().as_ref().to_vec(),
            Key::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut out = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &rng, message, &mut out).unwrap();
                out
            }
        }
    }
}

pub fn cbor(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::ser::into_writer(value, &mut out).unwrap();
    out
}

/// Fields as a form takes them.
pub fn fields(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
}
