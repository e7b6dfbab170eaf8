//! The public address of a role.

use std::sync::Arc;

use url::{Host, Url};

/// Scheme, host and port of a site, as a browser sends it in `Origin`: `https://portal.example.jp`,
/// `http://localhost:7001`. Cheap to clone.
///
/// Only `https`, and `http` on the loopback (`localhost`, `127.0.0.0/8`, `::1`): everything else would
/// carry codes and cookies in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(Arc<str>);

/// Why a text is not an [`Origin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not an absolute URL.
    #[error("{0:?} is not an address like https://service.example.jp")]
    NotAnAddress(String),
    /// It has a user, path, query or fragment.
    #[error("{0:?} has more than scheme, host and port: leave out user, path, query and fragment")]
    TooMuch(String),
    /// `http` to another machine, or another scheme.
    #[error("{0:?} is neither https nor http on this machine (localhost, 127.0.0.1, [::1])")]
    NotSafe(String),
}

impl Origin {
    /// Reads an origin; a trailing `/` is allowed.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError::NotAnAddress(text.to_owned()))?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::TooMuch(text.to_owned()));
        }
        Self::of(&url).ok_or_else(|| OriginError::NotSafe(text.to_owned()))
    }

    /// The origin of a URL; `None` when the URL is neither `https` nor `http` on the loopback.
    pub fn of(url: &Url) -> Option<Self> {
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url) => {}
            _ => return None,
        }
        url.host()?;
        Some(Self(url.origin().ascii_serialization().into()))
    }

    /// The origin as text, without a trailing `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An address below this origin. `path` starts with `/`; it may carry a query.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Host and port as people read them: `portal.example.jp`, `localhost:7001`.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or(&self.0, |(_, authority)| authority)
    }

    /// Whether the browser speaks TLS to it.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// Whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;
    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}

impl serde::Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_and_bare_addresses() {
        assert_eq!(Origin::parse("https://Portal.Example.jp:443/").unwrap().as_str(), "https://portal.example.jp");
        assert_eq!(Origin::parse("http://localhost:7001").unwrap().authority(), "localhost:7001");
        assert!(Origin::parse("http://[::1]:7001").is_ok());
        assert!(matches!(Origin::parse("http://portal.example.jp"), Err(OriginError::NotSafe(_))));
        assert!(matches!(Origin::parse("http://localhost.evil.example"), Err(OriginError::NotSafe(_))));
        assert!(matches!(Origin::parse("ftp://localhost"), Err(OriginError::NotSafe(_))));
        assert!(matches!(Origin::parse("https://a.example/x"), Err(OriginError::TooMuch(_))));
        assert!(matches!(Origin::parse("https://user@a.example"), Err(OriginError::TooMuch(_))));
        assert!(matches!(Origin::parse("portal"), Err(OriginError::NotAnAddress(_))));
    }
}
