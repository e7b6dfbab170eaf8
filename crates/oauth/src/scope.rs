//! Scopes (RFC 6749 section 3.3).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{ErrorCode, OAuthError, shorten};

/// A list of scopes without duplicates, in the order asked for. As text, separated by one space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Parses the parameter; `invalid_scope` when a character is not allowed.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut out = Self::default();
        for name in text.split(' ').filter(|n| !n.is_empty()) {
            let legal = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            if name.len() > 128 || !name.bytes().all(legal) {
                return Err(OAuthError::new(
                    ErrorCode::InvalidScope,
                    format!("scope '{}' has characters that a scope may not have", shorten(name)),
                ));
            }
            if !out.has(name) {
                out.0.push(name.to_owned());
            }
        }
        if out.0.len() > 32 {
            return Err(OAuthError::new(ErrorCode::InvalidScope, "more than 32 scopes"));
        }
        Ok(out)
    }

    /// Of these names, which the caller knows to be good.
    pub fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|n| (*n).to_owned()).collect())
    }

    /// Whether `name` is among them.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|n| n == name)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// `invalid_scope` naming the first that is not in `allowed`.
    pub fn within(&self, allowed: &Self) -> Result<(), OAuthError> {
        match self.iter().find(|n| !allowed.has(n)) {
            None => Ok(()),
            Some(name) => Err(OAuthError::new(
                ErrorCode::InvalidScope,
                format!("scope '{}' is not registered for this client; registered: '{allowed}'", shorten(name)),
            )),
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_parse_and_compare() {
        let s = Scope::parse("openid  status openid").unwrap();
        assert_eq!(s.to_string(), "openid status");
        assert!(Scope::parse("").unwrap().is_empty());
        assert_eq!(Scope::parse("a\"b").unwrap_err().code, ErrorCode::InvalidScope);
        assert!(s.within(&Scope::of(&["status", "openid", "x"])).is_ok());
        assert!(s.within(&Scope::of(&["openid"])).unwrap_err().description.contains("'status'"));
        assert!(Scope::parse(&(0..40).map(|n| format!("s{n} ")).collect::<String>()).is_err());
    }
}
