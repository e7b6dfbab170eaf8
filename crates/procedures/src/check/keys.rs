//! Public keys in a settings sheet: what the portal accepts, and nothing else.

use base::Lang;
use jose::jwk::MAX_KEYS;
use jose::{Jwk, JwkError, JwkSet, KeySet};
use oauth::Keys;
use serde_json::{Value, json};

use crate::private_key;
use crate::text::Text;

/// Why the text of a key field can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyMistake {
    /// It holds a private key. Whoever gets this has to drop the text.
    #[error("a private key")]
    Private,
    /// A key of the set is unsuited; its place in the set, from 0.
    #[error("keys[{0}]: {1}")]
    Key(usize, JwkError),
    /// No key of the set can check signatures.
    #[error("no signature key")]
    NoSignatureKey,
    /// A public key or certificate in PEM.
    #[error("PEM instead of a JWK Set")]
    Pem,
    /// The address of a set is none that can be used.
    #[error("{0}")]
    Address(String),
    /// Neither JSON nor an address.
    #[error("neither a JWK Set nor an address")]
    Unreadable,
    /// The keys are well-formed, but the cryptographic library refuses one (such as a point off its curve).
    #[error("{0}")]
    Library(String),
}

/// Reads the text of a key field: a JWK Set, one JWK, or the address of a set (`jwks_uri`). A private key is refused
/// before anything else is looked at; [`Keys`] can't hold one.
///
/// # Errors
/// [`KeyMistake`].
pub fn parse_keys(text: &str) -> Result<Keys, KeyMistake> {
    if private_key::is_in(text) {
        return Err(KeyMistake::Private);
    }
    let text = text.trim();
    if text.contains("-----BEGIN") {
        return Err(KeyMistake::Pem);
    }
    if !text.starts_with(['{', '[']) {
        return if text.contains("://") && !text.contains(char::is_whitespace) {
            oauth::redirect::check_url("jwks_uri", text).map(Keys::JwksUri).map_err(KeyMistake::Address)
        } else {
            Err(KeyMistake::Unreadable)
        };
    }
    let value: Value = serde_json::from_str(text).map_err(|_| KeyMistake::Unreadable)?;
    let value = match &value {
        Value::Object(map) if map.contains_key("kty") => json!({"keys": [value]}),
        Value::Array(_) => json!({"keys": value}),
        _ => value,
    };
    let set = JwkSet::from_value_strict(&value).map_err(|(i, e)| match e {
        JwkError::PrivateKey => KeyMistake::Private,
        e => KeyMistake::Key(i, e),
    })?;
    if !set.keys.iter().any(Jwk::signs) {
        return Err(KeyMistake::NoSignatureKey);
    }
    KeySet::from_jwks(&set).map_err(|e| KeyMistake::Library(e.to_string()))?;
    Ok(Keys::Jwks(set))
}

/// The normal form: the set as compact JSON with the members that the portal keeps, or the address.
pub(super) fn normal(raw: &str) -> String {
    match parse_keys(raw) {
        Ok(Keys::Jwks(set)) => json!(set).to_string(),
        Ok(Keys::JwksUri(uri)) => uri.to_string(),
        // What is wrong stays to be mended by hand; its caller never keeps a private key.
        Err(_) => raw.trim().to_owned(),
    }
}

/// The keys that have no `kid`, by their place, with the thumbprint (RFC 7638) that would serve as one.
pub(super) fn without_kid(set: &JwkSet) -> Vec<(usize, String)> {
    set.keys.iter().enumerate().filter(|(_, k)| k.kid().is_none()).map(|(i, k)| (i, k.thumbprint())).collect()
}

impl KeyMistake {
    /// In words: what is wrong and how to mend it.
    pub fn message(&self) -> Text {
        match self {
            Self::Private => private_key_message(),
            Self::Key(i, e) => Text::new(format!("{}番目の鍵：{}", i + 1, jwk_ja(e)), format!("Key {}: {e}.", i + 1)),
            Self::NoSignatureKey => Text::new(
                "署名を検証するための鍵がありません。useがsigの（又はuseのない）公開鍵を入れてください。",
                "There is no key to check signatures with. Include a public key whose use is sig (or that has no use).",
            ),
            Self::Pem => Text::new(
                "PEM形式は受け付けていません。公開鍵をJWK Set（JSON）に変換するか、jwks_uriを書いてください。",
                "PEM is not accepted. Convert the public key to a JWK Set (JSON), or write a jwks_uri.",
            ),
            Self::Address(e) => Text::new(
                "公開鍵のアドレス（jwks_uri）は、https://で始まり、ユーザー名を含まないアドレスにしてください。",
                format!("{e}."),
            ),
            Self::Unreadable => Text::new(
                "読み取れませんでした。{\"keys\":[…]}の形のJSON（JWK Set）か、https://で始まるアドレスを書いてください。",
                "This can't be read. Write JSON of the shape {\"keys\":[…]} (a JWK Set), or an address that begins with https://.",
            ),
            Self::Library(e) => Text::new(
                "鍵の値が正しくありません。鍵を作り直すか、値の写しまちがいがないか確かめてください。",
                format!("A key's values are wrong: {e}. Make the key again, or check that it was copied whole."),
            ),
        }
    }
}

/// The words for a private key, wherever it was pasted.
pub(crate) fn private_key_message() -> Text {
    Text::new(
        "秘密鍵が含まれているため、受け付けず、保存もしませんでした。秘密鍵は組織の外に出してはいけません。この鍵は使わず、新しい鍵の組を作り、公開鍵だけを書いてください。",
        "This holds a private key. It was refused and not stored. A private key must never leave your organisation: do not use this one, make a new pair, and write the public key only.",
    )
}

fn jwk_ja(e: &JwkError) -> String {
    match e {
        JwkError::PrivateKey => private_key_message().get(Lang::Ja).to_owned(),
        JwkError::KeyType(k) => {
            format!(
                "種類（kty）「{k}」は使えません。EC（P-256）、OKP（Ed25519）、RSA（2048ビット以上）のいずれかにしてください。"
            )
        }
        JwkError::Curve(c) => {
            format!("曲線（crv）「{c}」は使えません。ECはP-256、OKPはEd25519にしてください。")
        }
        JwkError::Alg(a) => format!(
            "アルゴリズム（alg）「{a}」は、この種類の鍵では使えません。ES256、PS256、EdDSAのうち、鍵の種類に合うものにしてください。"
        ),
        JwkError::WeakRsa(bits) => format!("RSA鍵が{bits}ビットで、弱すぎます。2048ビット以上の鍵を作ってください。"),
        JwkError::Malformed(what) => {
            format!("形が正しくありません（{what}）。鍵を作り直すか、写しまちがいがないか確かめてください。")
        }
        JwkError::TooManyKeys => format!("鍵が{MAX_KEYS}個を超えています。使う鍵だけにしてください。"),
        JwkError::DuplicateKid(kid) => {
            format!("kid「{kid}」が2つの鍵で重なっています。鍵ごとに別のkidにしてください。")
        }
    }
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use jose::{Alg, SigningKey};

    use super::*;

    fn jwk(seed: u64) -> Value {
        serde_json::to_value(SigningKey::generate(Alg::Es256, &Rng::seeded(seed)).unwrap().jwk()).unwrap()
    }

    #[test]
    fn a_set_one_key_and_an_address_are_taken() {
        let set = json!({"keys": [jwk(1), jwk(2)]});
        assert!(matches!(parse_keys(&set.to_string()), Ok(Keys::Jwks(s)) if s.keys.len() == 2));
        assert!(matches!(parse_keys(&jwk(1).to_string()), Ok(Keys::Jwks(s)) if s.keys.len() == 1));
        assert!(matches!(parse_keys(" https://a.example/jwks.json "), Ok(Keys::JwksUri(_))));
        // The normal form is what the portal keeps, and reads again.
        let mut more = jwk(1);
        more["x5c"] = json!(["MII"]);
        assert_eq!(normal(&more.to_string()), json!({"keys": [jwk(1)]}).to_string());
    }

    #[test]
    fn mistakes_are_named() {
        let with = |member: &str, value: Value| {
            let mut k = jwk(1);
            k[member] = value;
            json!({"keys": [jwk(2), k]}).to_string()
        };
        let weak = json!({"kty": "RSA", "n": base::codec::b64url(&[0xff; 128]), "e": "AQAB"}).to_string();
        let kid = jwk(2)["kid"].clone();
        for (text, ja, en) in [
            (with("d", json!("x")), "秘密鍵", "private key"),
            (format!("{}\n-----BEGIN EC PRIVATE KEY-----", jwk(1)), "秘密鍵", "private key"),
            (weak, "1024ビット", "1024 bits"),
            (with("alg", json!("RS256")), "「RS256」", "RS256"),
            (with("crv", json!("P-384")), "「P-384」", "P-384"),
            (with("kty", json!("DSA")), "「DSA」", "DSA"),
            (with("kid", kid), "重なって", "two keys"),
            (with("use", json!("signature")), "2番目の鍵", "Key 2"),
            (with("y", json!(base::codec::b64url(&[7; 32]))), "正しくありません", "wrong"),
            (r#"{"keys":[]}"#.to_owned(), "署名を検証する", "check signatures"),
            ("-----BEGIN PUBLIC KEY-----".to_owned(), "PEM", "PEM"),
            ("http://a.example/jwks".to_owned(), "https", "https"),
            ("kagi".to_owned(), "読み取れません", "can't be read"),
            ("{".to_owned(), "読み取れません", "can't be read"),
        ] {
            let m = parse_keys(&text).unwrap_err().message();
            assert!(m.ja.contains(ja) && m.en.contains(en), "{text}: {m:?}");
        }
        assert_eq!(parse_keys(&with("d", json!("x"))), Err(KeyMistake::Private));
    }
}
