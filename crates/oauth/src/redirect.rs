//! Redirect addresses: registered exactly, compared exactly (RFC 9700 section 2.1).

use serde::{Deserialize, Deserializer, Serialize};
use url::{Host, Url};

use crate::error::{ErrorCode, OAuthError, shorten};

/// Longest address, in octets.
const MAX: usize = 2048;

/// A redirect address that may be registered: `https`, or `http` on a loopback host; no fragment,
/// no user name. Equal only when equal octet by octet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Parses an address; `invalid_redirect_uri` says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let refuse = |why: &str| {
            Err(OAuthError::new(ErrorCode::InvalidRedirectUri, format!("redirect_uri '{}' {why}", shorten(text))))
        };
        if text.len() > MAX {
            return refuse("is longer than 2048 octets");
        }
        let Ok(url) = Url::parse(text) else { return refuse("is not an absolute URL") };
        if url.fragment().is_some() {
            return refuse("has a fragment; remove everything from # on");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("has a user name or password");
        }
        // What we compare and what a browser makes of it have to be one thing.
        if text.bytes().any(|b| !(0x21..=0x7e).contains(&b) || matches!(b, b'\\' | b'"' | b'<' | b'>' | b'*')) {
            return refuse("has characters that have to be percent-encoded, or a wildcard");
        }
        match url.scheme() {
            "https" if url.has_host() => Ok(Self(text.to_owned())),
            "http" if is_loopback(&url) => Ok(Self(text.to_owned())),
            "http" => refuse("has to be https (http only on localhost, 127.0.0.1 and [::1])"),
            _ => refuse("has to be an https address"),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin, for `form-action` of a page whose form ends in a redirect there.
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map_or_else(|_| String::new(), |u| u.origin().ascii_serialization())
    }
}

impl<'de> Deserialize<'de> for RedirectUri {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// Whether the host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// An address of ours or a partner's: `https`, or `http` on this machine, without a user name.
///
/// # Errors
/// What is wrong with it, in words that begin with `what`.
pub fn check_url(what: &str, text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| format!("{what} is not an absolute URL"))?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if safe && url.has_host() && url.username().is_empty() && url.password().is_none() && text.len() <= MAX {
        Ok(url)
    } else {
        Err(format!("{what} has to be https (http only on localhost), without user name"))
    }
}

/// The registered address that looks most like `wrong`, to say so in the error.
pub fn nearest<'a>(registered: &'a [RedirectUri], wrong: &str) -> Option<&'a RedirectUri> {
    // A stranger chooses `wrong`; its length bounds the work.
    let origin = Url::parse(wrong).map(|u| u.origin().ascii_serialization());
    let wrong: Vec<char> = wrong.chars().take(512).collect();
    // The same server first: a forgotten query is many edits, yet the likelier mistake.
    let elsewhere = |r: &RedirectUri| origin.as_ref().is_ok_and(|o| *o != r.origin());
    registered.iter().take(64).min_by_key(|r| (elsewhere(r), distance(&r.0, &wrong)))
}

/// Levenshtein distance of the first 512 characters.
pub fn distance(a: &str, b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(512).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(ca != *cb)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_may_be_registered() {
        for good in [
            "https://tax.example/cb",
            "https://tax.example/cb?from=portal",
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:8080/cb",
            "http://sample.localhost/cb",
        ] {
            assert_eq!(RedirectUri::parse(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("http://tax.example/cb", "https"),
            ("http://localhost.evil.example/cb", "https"),
            ("http://10.0.0.1/cb", "https"),
            ("https://tax.example/cb#x", "fragment"),
            ("https://user@tax.example/cb", "user name"),
            ("javascript:alert(1)", "https"),
            ("com.example.app:/cb", "https"),
            ("/cb", "absolute"),
            ("https://tax.example/*", "wildcard"),
            ("https://tax.example/\u{e9}", "percent-encoded"),
            ("https://tax.example\\@evil.example/", "percent-encoded"),
            (" https://tax.example/cb", "percent-encoded"),
        ] {
            let e = RedirectUri::parse(bad).unwrap_err();
            assert_eq!(e.code, ErrorCode::InvalidRedirectUri);
            assert!(e.description.contains(why), "{bad}: {e}");
        }
    }

    #[test]
    fn the_nearest_is_the_likely_one() {
        let uris: Vec<_> =
            ["https://a.example/callback?from=portal", "https://b.example/cb", "http://localhost:3000/cb"]
                .map(|u| RedirectUri::parse(u).unwrap())
                .into();
        for (wrong, right) in [
            ("https://a.example/calback", 0),
            ("https://b.example/cb/", 1),
            ("http://localhost:3001/cb", 2),
            ("https://localhost:3000/cb", 2),
            ("nonsense", 1),
        ] {
            assert_eq!(nearest(&uris, wrong), Some(&uris[right]), "{wrong}");
        }
        assert_eq!(nearest(&[], "x"), None);
        assert_eq!(distance("kitten", &"sitting".chars().collect::<Vec<_>>()), 3);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,100}") {
            let _ = RedirectUri::parse(&text);
            let _ = RedirectUri::parse(&format!("https://{text}"));
        }
    }
}
