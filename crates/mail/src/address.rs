//! E-mail addresses.

use serde::{Deserialize, Serialize};

/// An e-mail address that can be written to and compared: ASCII, lower case, at most 254 bytes (RFC 5321 section
/// 4.5.3.1), without quoted local parts, comments, literals and anything else that has a meaning in a header.
///
/// The local part is lower-cased too. By RFC 5321 it may be case-sensitive; no service that people use keeps
/// `Hanako@` and `hanako@` apart, and two accounts that differ in case would be a trap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

/// A text that is no e-mail address we can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address like name@example.jp")]
pub struct NotAnEmail;

impl Email {
    /// Reads an address as people type it: blanks around it go, full-width characters become plain ones, capitals small.
    ///
    /// # Errors
    /// [`NotAnEmail`].
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let plain: String = text
            .trim()
            .chars()
            .map(|c| match c {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
                c => c.to_ascii_lowercase(),
            })
            .collect::<String>()
            .to_ascii_lowercase();
        let (local, domain) = plain.split_once('@').ok_or(NotAnEmail)?;
        let good = plain.len() <= 254 && good_local(local) && good_domain(domain);
        if good { Ok(Self(plain)) } else { Err(NotAnEmail) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

/// RFC 5322 `dot-atom`, at most 64 bytes.
fn good_local(local: &str) -> bool {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    (1..=64).contains(&local.len()) && local.bytes().all(atom) && local.split('.').all(|part| !part.is_empty())
}

/// At least two labels of letters, digits and inner hyphens (RFC 1035 section 2.3.1); the last one is not a number.
fn good_domain(domain: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(label)
        && last.len() >= 2
        && !last.bytes().all(|b| b.is_ascii_digit())
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_as_people_type_them() {
        let parsed = |text: &str| Email::parse(text).map(|e| e.as_str().to_owned());
        assert_eq!(parsed(" Hanako@Example.JP "), Ok("hanako@example.jp".to_owned()));
        assert_eq!(parsed("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"), Ok("hanako@example.jp".to_owned()));
        assert_eq!(parsed("a.b+c@x.example"), Ok("a.b+c@x.example".to_owned()));
        for bad in [
            "",
            "hanako",
            "@example.jp",
            "a@b",
            "a b@example.jp",
            "a@@example.jp",
            "a@example..jp",
            "花@example.jp",
            "a@-x.jp",
            "a@127.0.0.1",
            ".a@example.jp",
            "a..b@example.jp",
            "\"a\"@example.jp",
            "a@example.jp\r\nBcc: b@example.jp",
            "a@example.jp,b@example.jp",
            "<a@example.jp>",
        ] {
            assert_eq!(Email::parse(bad), Err(NotAnEmail), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_an_address_stays_one_and_holds_nothing_dangerous(text in "\\PC{0,12}[a-zA-Z.@\r\n<>\",; ]{0,20}@[a-z.\\-0-9\r\n]{0,20}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert!(email.as_str().bytes().all(|b| b.is_ascii_graphic() && !b"<>(),;:\\\"[]".contains(&b)));
                prop_assert_eq!(email.as_str().matches('@').count(), 1);
                prop_assert_eq!(format!("{}@{}", email.local(), email.domain()), email.as_str());
            }
        }

        #[test]
        fn plain_addresses_are_taken(local in "[a-z0-9]{1,10}(\\.[a-z0-9]{1,10}){0,2}", domain in "[a-z0-9]{1,10}\\.[a-z]{2,6}") {
            let address = format!("{local}@{domain}");
            prop_assert!(Email::parse(&address).is_ok());
        }
    }
}
