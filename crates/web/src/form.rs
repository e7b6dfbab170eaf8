//! Forms: strict `application/x-www-form-urlencoded`, and the [`Form`] extractor that also checks
//! that the form is ours.

use std::collections::BTreeMap;
use std::fmt;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use unicode_normalization::UnicodeNormalization as _;

use crate::{Refusal, Visit};

/// Most fields in one form; ours have fewer than ten. Larger ones are [`crate::Upload`]s.
const MAX_FIELDS: usize = 64;

/// Why a body is not a form we take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Another `Content-Type`.
    #[error("send Content-Type: application/x-www-form-urlencoded")]
    ContentType,
    /// A percent sign without two hex digits, or bytes that are no UTF-8.
    #[error("the form body is not well-formed application/x-www-form-urlencoded in UTF-8")]
    Malformed,
    /// A field stands twice, which OAuth forbids and which our pages never send.
    #[error("the field {0:?} was sent twice")]
    Duplicate(String),
    /// More fields than any form of ours has.
    #[error("too many fields")]
    TooMany,
    /// A field is missing or holds something else than expected.
    #[error("{0}")]
    Field(String),
    /// The body is larger than the route allows.
    #[error("the body is too large")]
    TooLarge,
}

/// The fields of a form: each name once, values as sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Parses a body (or a query) strictly: see [`FormError`].
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        let mut fields = BTreeMap::new();
        for pair in body.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
            if fields.len() == MAX_FIELDS {
                return Err(FormError::TooMany);
            }
            let (name, value) = match pair.iter().position(|&b| b == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &pair[..0]),
            };
            let name = decode(name)?;
            let value = decode(value)?;
            if fields.contains_key(&name) {
                return Err(FormError::Duplicate(name));
            }
            fields.insert(name, value);
        }
        Ok(Self(fields))
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Takes a field out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads the fields into a type. Unknown fields are left aside unless the type denies them.
    pub fn into_type<T: DeserializeOwned>(self) -> Result<T, FormError> {
        let parts = self.0.into_iter().map(|(name, value)| (name, Part(value)));
        T::deserialize(MapDeserializer::new(parts))
            .map_err(|e: serde::de::value::Error| FormError::Field(e.to_string()))
    }
}

/// Prints names only: values may be PINs and passwords.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<'de> serde::Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(d).map(Self)
    }
}

pub(crate) fn decode(text: &[u8]) -> Result<String, FormError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&b) = bytes.next() {
        out.push(match b {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(|&b| (b as char).to_digit(16)).ok_or(FormError::Malformed);
                let (high, low) = (digit()?, digit()?);
                (high * 16 + low) as u8
            }
            _ => b,
        });
    }
    let text = String::from_utf8(out).map_err(|_| FormError::Malformed)?;
    // A NUL can't be stored as TEXT by PostgreSQL and never stands in a field people fill in.
    if text.contains('\0') { Err(FormError::Malformed) } else { Ok(text) }
}

/// One value: text by nature, read as what the type asks for.
struct Part(String);

impl IntoDeserializer<'_, serde::de::value::Error> for Part {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(serde::de::Error::custom("a number is not of the expected size")),
            }
        }
    )*};
}

impl<'de> serde::Deserializer<'de> for Part {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    /// A ticked box arrives as `on` or with its value, an unticked one not at all.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0.as_str() {
            "on" | "1" | "true" => visitor.visit_bool(true),
            "0" | "false" => visitor.visit_bool(false),
            _ => Err(serde::de::Error::custom("a box is either on or absent")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    numbers! {
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A form of one of our pages: the body of a `POST`, proven to come from a page that this browser got
/// from this role ([`crate::guard`]), read into `T`. The handler never sees anything else: a foreign or
/// stale form is answered by a page that says how to go on.
#[derive(Clone, Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let visit = request.extensions().get::<Visit>().cloned().ok_or(Refusal::Form)?;
        let mut fields = read_fields(request, state).await.map_err(|e| match e {
            FormError::TooLarge => Refusal::TooLarge,
            _ => Refusal::Form,
        })?;
        let token = fields.take("csrf").unwrap_or_default();
        if !visit.accepts_form(&token) {
            return Err(Refusal::StaleForm);
        }
        fields.into_type().map(Self).map_err(|e| {
            tracing::debug!(error = %e, "a form of ours came back in another shape");
            Refusal::Form
        })
    }
}

/// A form of an API (token endpoint, PAR): strict like [`Form`], without the page check; the caller
/// authenticates itself. The handler gets the error too, to answer in its protocol's words.
#[derive(Debug)]
pub struct ApiForm(pub Result<Fields, FormError>);

impl<S: Send + Sync> FromRequest<S> for ApiForm {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(read_fields(request, state).await))
    }
}

async fn read_fields<S: Send + Sync>(request: Request, state: &S) -> Result<Fields, FormError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(FormError::ContentType);
    }
    let body = Bytes::from_request(request, state).await.map_err(|e| {
        if e.status() == http::StatusCode::PAYLOAD_TOO_LARGE { FormError::TooLarge } else { FormError::Malformed }
    })?;
    Fields::parse(&body)
}

impl IntoResponse for FormError {
    fn into_response(self) -> Response {
        match self {
            Self::TooLarge => Refusal::TooLarge.into_response(),
            _ => Refusal::Form.into_response(),
        }
    }
}

/// A number as people type it, in ASCII digits: full-width digits are converted (NFKC), blanks and
/// every kind of hyphen are dropped. `None` when anything else is left.
pub fn digits(text: &str) -> Option<String> {
    let plain: String = text
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '‑' | '‒' | '–' | '—' | '−' | 'ー'))
        .collect();
    plain.bytes().all(|b| b.is_ascii_digit()).then_some(plain)
}

/// A text made comparable for searches: NFKC (full-width letters and half-width kana as their plain forms), small letters.
pub fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// A line of text as people type it: NFKC for latin and digits is **not** applied (names keep their
/// variation selectors and full-width letters); blanks at both ends go, control characters too.
pub fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, PartialEq, Debug)]
    struct Sample {
        name: String,
        seq: Option<u32>,
        #[serde(default)]
        tick: bool,
    }

    #[test]
    fn reads_a_type() {
        let fields = Fields::parse("name=%E8%8A%B1%E5%AD%90+S&seq=3&tick=on&other=1".as_bytes()).unwrap();
        let sample: Sample = fields.into_type().unwrap();
        assert_eq!(sample, Sample { name: "花子 S".into(), seq: Some(3), tick: true });
        let sample: Sample = Fields::parse(b"name=x").unwrap().into_type().unwrap();
        assert_eq!(sample, Sample { name: "x".into(), seq: None, tick: false });
    }

    #[test]
    fn refuses_what_pages_never_send() {
        assert_eq!(Fields::parse(b"a=1&a=2"), Err(FormError::Duplicate("a".into())));
        assert_eq!(Fields::parse(b"a=%G1"), Err(FormError::Malformed));
        assert_eq!(Fields::parse(b"a=%1"), Err(FormError::Malformed));
        assert_eq!(Fields::parse(b"a=%FF"), Err(FormError::Malformed));
        assert_eq!(Fields::parse(b"a=%00"), Err(FormError::Malformed));
        let many = (0..65).map(|i| format!("f{i}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(Fields::parse(many.as_bytes()), Err(FormError::TooMany));
        assert!(Fields::parse(b"seq=x&name=y").unwrap().into_type::<Sample>().is_err());
        assert!(Fields::parse(b"").unwrap().into_type::<Sample>().is_err());
    }

    #[test]
    fn values_never_print() {
        let fields = Fields::parse(b"pin=1234").unwrap();
        assert_eq!(format!("{fields:?}"), r#"{"pin"}"#);
    }

    #[test]
    fn digits_as_people_type_them() {
        assert_eq!(digits("１２３４").as_deref(), Some("1234"));
        assert_eq!(digits(" 100-0001 ").as_deref(), Some("1000001"));
        assert_eq!(digits("１００ー０００１").as_deref(), Some("1000001"));
        assert_eq!(folded("ＪＷＫＳ　ｶｷﾞ Key"), "jwks カギ key");
        assert_eq!(digits("12a4"), None);
        assert_eq!(line("  葛\u{E0100}城\u{7} "), "葛\u{E0100}城");
    }

    proptest! {
        #[test]
        fn parses_what_url_serializes(pairs in proptest::collection::btree_map("[^\u{0}]{1,12}", "[^\u{0}]{0,20}", 0..10)) {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let fields = Fields::parse(body.as_bytes()).unwrap();
            prop_assert_eq!(fields.0, pairs);
        }

        #[test]
        fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Fields::parse(&body);
        }
    }
}
