//! `application/x-www-form-urlencoded`, strictly.

use crate::error::{OAuthError, shorten};

/// Largest body, in octets: eight opaque messages of 4 KiB in percent-encoded JSON fit.
pub const MAX_BODY: usize = 256 * 1024;
const MAX_PARAMETERS: usize = 64;
const MAX_NAME: usize = 64;

/// The parameters of a request. No name occurs twice (RFC 6749 section 3.1, 3.2); a parameter
/// without a value counts as not sent, as the same sections ask.
#[derive(Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a request's parameters and finds the usual mistakes: parameters in the query, another
    /// media type. `query` is the query of the request's address.
    pub fn from_request(content_type: Option<&str>, query: Option<&str>, body: &[u8]) -> Result<Self, OAuthError> {
        if query.is_some_and(|q| !q.is_empty()) {
            return Err(OAuthError::invalid_request(
                "parameters came in the query of the URL; send them in the body as application/x-www-form-urlencoded \
                 (secrets in URLs end up in logs)",
            ));
        }
        let media = content_type.and_then(|c| c.split(';').next()).unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::invalid_request(format!(
                "the body has to be application/x-www-form-urlencoded, not '{}'",
                if media.is_empty() { "without Content-Type".to_owned() } else { shorten(media) }
            )));
        }
        Self::parse(body)
    }

    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, OAuthError> {
        if body.len() > MAX_BODY {
            return Err(OAuthError::invalid_request(format!("the body is larger than {MAX_BODY} octets")));
        }
        let mut form = Self::default();
        for part in body.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
            let (name, value) = match part.iter().position(|b| *b == b'=') {
                Some(at) => (&part[..at], &part[at + 1..]),
                None => (part, &[][..]),
            };
            let bad = || OAuthError::invalid_request("the body is not percent-encoded UTF-8");
            let name = decode(name).ok_or_else(bad)?;
            let value = decode(value).ok_or_else(bad)?;
            if name.is_empty() || name.len() > MAX_NAME {
                return Err(OAuthError::invalid_request("a parameter has no name, or one longer than 64 octets"));
            }
            if form.0.iter().any(|(n, _)| *n == name) {
                return Err(OAuthError::invalid_request(format!(
                    "parameter '{}' was sent more than once",
                    shorten(&name)
                )));
            }
            if form.0.len() == MAX_PARAMETERS {
                return Err(OAuthError::invalid_request("more than 64 parameters"));
            }
            form.0.push((name, value));
        }
        Ok(form)
    }

    /// From pairs, for clients.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
    }

    /// Adds a parameter, for clients.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// A parameter's value; `None` when absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// A parameter's value, or `invalid_request` naming it.
    pub fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| OAuthError::invalid_request(format!("parameter '{name}' is missing")))
    }

    /// A parameter of at most `max` octets, or `invalid_request` naming it.
    pub fn bounded(&self, name: &str, max: usize) -> Result<Option<&str>, OAuthError> {
        match self.get(name) {
            Some(v) if v.len() > max => {
                Err(OAuthError::invalid_request(format!("parameter '{name}' is longer than {max} octets")))
            }
            other => Ok(other),
        }
    }

    /// All parameters, the empty ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The body that [`Self::parse`] reads back.
    pub fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// Names only: values hold codes and assertions.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(n, _)| n)).finish()
    }
}

fn decode(text: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'+' => b' ',
            b'%' => {
                let hex = |b: &u8| char::from(*b).to_digit(16);
                let value = hex(bytes.next()?)? * 16 + hex(bytes.next()?)?;
                u8::try_from(value).ok()?
            }
            0x21..=0x7e => *b,
            // Raw UTF-8 is not what the encoding makes, but real clients send it.
            0x80.. => *b,
            _ => return None,
        });
    }
    String::from_utf8(out).ok().filter(|s| !s.contains('\0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mistakes_are_named() {
        let says = |r: Result<Form, OAuthError>, what: &str| {
            let e = r.unwrap_err();
            assert!(e.description.contains(what), "{e}");
        };
        let media = Some("application/x-www-form-urlencoded; charset=utf-8");
        says(Form::from_request(media, Some("grant_type=x"), b""), "in the query");
        says(Form::from_request(Some("application/json"), None, b"{}"), "not 'application/json'");
        says(Form::from_request(None, None, b"a=b"), "without Content-Type");
        says(Form::parse(b"a=1&b=2&a=1"), "'a' was sent more than once");
        says(Form::parse(b"a=&a=1"), "more than once");
        says(Form::parse(b"%61=1&a=1"), "more than once");
        for bad in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%+1", b"a=%ff", b"a=\0", b"a=%00", b"a=b c"] {
            says(Form::parse(bad), "percent-encoded");
        }
        says(Form::parse(b"=x"), "no name");
        says(Form::parse(&vec![b'a'; MAX_BODY + 1]), "larger");
        let many: String = (0..65).map(|n| format!("p{n}=1&")).collect();
        says(Form::parse(many.as_bytes()), "64 parameters");
        let form = Form::from_request(media, Some(""), b"a=1+2%2B&&b=&c").unwrap();
        assert_eq!(form.get("a"), Some("1 2+"));
        assert_eq!(form.get("b"), None);
        assert!(form.require("c").unwrap_err().description.contains("'c' is missing"));
        assert!(form.bounded("a", 3).is_err());
        assert_eq!(format!("{form:?}"), r#"["a", "b", "c"]"#);
    }

    proptest! {
        #[test]
        fn no_octets_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Form::parse(&body);
        }

        #[test]
        fn what_is_written_is_read(pairs in proptest::collection::btree_map("[a-z_]{1,20}", "[^\0]{0,40}", 0..20)) {
            let form = Form::of(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
            let again = Form::parse(form.encode().as_bytes()).unwrap();
            prop_assert!(form.iter().eq(again.iter()));
        }
    }
}
