//! Cookies: how they are named, set and read.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::Origin;

/// Name and attributes of one cookie of a role. All are `HttpOnly`, `SameSite=Lax`, `Path=/`; under
/// `https` they are also `Secure` and their name starts with `__Host-` (RFC 6265bis section 4.1.3.2),
/// so that no neighbouring host can plant one.
#[derive(Clone, Debug)]
pub struct CookieSpec {
    name: String,
    secure: bool,
    max_age: Option<Duration>,
}

impl CookieSpec {
    /// The cookie `{prefix}_{name}` of the role at `origin`; lives as long as the browser session.
    pub fn new(origin: &Origin, prefix: &str, name: &str) -> Self {
        let secure = origin.is_https();
        let host = if secure { "__Host-" } else { "" };
        Self { name: format!("{host}{prefix}_{name}"), secure, max_age: None }
    }

    /// Lets the cookie live for `age`, also after the browser was closed.
    #[must_use]
    pub const fn lasting(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// The full name, prefix included.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The `Set-Cookie` value; `None` when `value` has characters a cookie cannot hold (RFC 6265
    /// section 4.1.1). Tokens in base64url always fit.
    pub fn set(&self, value: &str) -> Option<HeaderValue> {
        if !value.bytes().all(is_cookie_octet) {
            return None;
        }
        self.line(value, self.max_age)
    }

    /// The `Set-Cookie` value that removes the cookie.
    pub fn clear(&self) -> Option<HeaderValue> {
        self.line("", Some(Duration::ZERO))
    }

    /// The cookie's value in a request. When it was sent twice, the request is ambiguous (somebody may
    /// have planted one): then there is none.
    pub fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        read(headers.get_all(header::COOKIE).iter(), &self.name)
    }

    fn line(&self, value: &str, max_age: Option<Duration>) -> Option<HeaderValue> {
        let mut line = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", self.name);
        if self.secure {
            line.push_str("; Secure");
        }
        if let Some(age) = max_age {
            line.push_str("; Max-Age=");
            line.push_str(&age.as_secs().to_string());
        }
        HeaderValue::from_str(&line).ok()
    }
}

/// The one value of cookie `name`.
pub(crate) fn read<'a>(headers: impl Iterator<Item = &'a HeaderValue>, name: &str) -> Option<&'a str> {
    let mut found = None;
    for header in headers {
        let Ok(text) = header.to_str() else { continue };
        for pair in text.split(';') {
            let Some((key, value)) = pair.trim().split_once('=') else { continue };
            if key == name {
                if found.is_some() {
                    return None;
                }
                found = Some(value);
            }
        }
    }
    found.filter(|value| !value.is_empty() && value.bytes().all(is_cookie_octet))
}

const fn is_cookie_octet(b: u8) -> bool {
    matches!(b, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec(origin: &str) -> CookieSpec {
        CookieSpec::new(&Origin::parse(origin).unwrap(), "enishi_portal", "browser")
    }

    fn request(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        headers
    }

    #[test]
    fn https_gets_the_host_prefix() {
        let c = spec("https://portal.example.jp");
        assert_eq!(c.set("abc").unwrap(), "__Host-enishi_portal_browser=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
        let c = spec("http://localhost:7001").lasting(Duration::from_secs(60));
        assert_eq!(c.set("abc").unwrap(), "enishi_portal_browser=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
        assert!(c.clear().unwrap().to_str().unwrap().ends_with("Max-Age=0"));
        assert_eq!(c.set("a;b"), None);
        assert_eq!(c.set("a b"), None);
    }

    #[test]
    fn a_cookie_sent_twice_is_no_cookie() {
        let c = spec("http://localhost:7001");
        assert_eq!(c.read(&request("a=1; enishi_portal_browser=x; b=2")), Some("x"));
        assert_eq!(c.read(&request("enishi_portal_browser=x; enishi_portal_browser=y")), None);
        assert_eq!(c.read(&request("xenishi_portal_browser=x")), None);
        assert_eq!(c.read(&request("enishi_portal_browser=")), None);
        assert_eq!(c.read(&HeaderMap::new()), None);
    }

    proptest! {
        #[test]
        fn reads_back_what_was_set_and_survives_any_header(value in "[A-Za-z0-9_-]{1,60}", noise in "[ -~]{0,80}") {
            let c = spec("https://portal.example.jp");
            let line = c.set(&value).unwrap();
            let pair = line.to_str().unwrap().split(';').next().unwrap().to_owned();
            let headers = request(&pair);
            prop_assert_eq!(c.read(&headers), Some(value.as_str()));
            let noisy = request(&noise);
            let _ = c.read(&noisy);
        }
    }
}
