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

/// An address of ours or a partner's: `https`, or `http` on this machine.
pub(crate) fn check_url(what: &str, text: &str) -> Result<Url, String> {
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
    let wrong: Vec<char> = wrong.chars().take(512).collect();
    registered.iter().take(64).min_by_key(|r| distance(&r.0, &wrong))
}

/// Levenshtein distance.
fn distance(a: &str, b: &[char]) -> usize {
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
