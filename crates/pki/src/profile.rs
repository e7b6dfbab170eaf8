//! The profile of user-authentication certificates (利用者証明用電子証明書), as read from published
//! test-card certificates and roots: names, policy OIDs, validity.

use base::{Timestamp, calendar};
use jiff::civil::{Date, date};
use x509_parser::x509::X509Name;

/// Policy of user-authentication certificates on test cards.
pub const POLICY_TEST_AUTH: &str = "1.2.392.200149.8.5.1.0.30";
/// Policy of user-authentication certificates on real cards.
pub const POLICY_PRODUCTION_AUTH: &str = "1.2.392.200149.8.5.1.3.30";
/// Policies of digital-signature certificates (署名用電子証明書), real and test: never taken here, known
/// only to tell the citizen that the other certificate of the card was read.
pub const POLICIES_SIGNING: [&str; 2] = ["1.2.392.200149.8.5.1.1.20", "1.2.392.200149.8.5.1.0.20"];
/// Certification practice statement named in the policy.
pub const CPS: &str = "http://www.jpki.go.jp/cps.html";
/// OCSP responder named in certificates of test cards.
pub const TEST_OCSP: &str = "http://test-ocspauthnorm.jpki.go.jp";
/// Organisation in the names of the test hierarchy.
pub const TEST_ORGANISATION: &str = "JPKI-TEST";
/// First organisational unit.
pub const UNIT_AUTH: &str = "JPKI for user authentication";
/// Second organisational unit.
pub const UNIT_JLIS: &str = "Japan Agency for Local Authority Information Systems";
/// Organisational unit above all distribution points.
pub const UNIT_CRLDP: &str = "CRL Distribution Points";

/// Which hierarchy a portal trusts. Neither takes the other's certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// 接続確認環境: test cards only.
    Test,
    /// 本番環境: real cards only.
    Production,
}

impl Environment {
    /// The one policy accepted here.
    pub const fn policy(self) -> &'static str {
        match self {
            Self::Test => POLICY_TEST_AUTH,
            Self::Production => POLICY_PRODUCTION_AUTH,
        }
    }
}

/// The partition of the revocation list that a certificate belongs to: one for each municipality.
/// The last two parts of the distribution point's name, `OU=Tokyo-to, CN=Kiyose-shi CRLDP`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    prefecture: String,
    municipality: String,
}

impl Partition {
    /// From romanised names (`Tokyo-to`, `Kiyose-shi`): ASCII letters and hyphens, at most 40.
    pub fn new(prefecture: &str, municipality: &str) -> Option<Self> {
        let ok = |t: &str| (1..=40).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
        (ok(prefecture) && ok(municipality))
            .then(|| Self { prefecture: prefecture.to_owned(), municipality: municipality.to_owned() })
    }

    /// As part of an address: `Tokyo-to.Kiyose-shi`.
    pub fn slug(&self) -> String {
        format!("{}.{}", self.prefecture, self.municipality)
    }

    /// The reverse of [`Self::slug`].
    pub fn parse_slug(text: &str) -> Option<Self> {
        let (prefecture, municipality) = text.split_once('.')?;
        Self::new(prefecture, municipality)
    }

    /// Romanised prefecture.
    pub fn prefecture(&self) -> &str {
        &self.prefecture
    }

    /// Romanised municipality.
    pub fn municipality(&self) -> &str {
        &self.municipality
    }

    /// From the name of a distribution point; `None` when it has another shape.
    pub(crate) fn of_name(name: &X509Name<'_>) -> Option<Self> {
        let units: Vec<&str> = name.iter_organizational_unit().filter_map(|a| a.as_str().ok()).collect();
        let at = units.iter().position(|u| *u == UNIT_CRLDP)?;
        let common = name.iter_common_name().next()?.as_str().ok()?;
        Self::new(units.get(at + 1)?, common.strip_suffix(" CRLDP")?)
    }
}

/// Last moment of a certificate issued on `issued`: 23:59:59 in Japan on the holder's fifth birthday
/// after that day. Somebody born on 29 February has the 28th in common years.
pub fn not_after(birth: Date, issued: Date) -> Timestamp {
    let birthday = |year: i16| {
        Date::new(year, birth.month(), birth.day()).unwrap_or_else(|_| date(year, birth.month(), birth.day() - 1))
    };
    let first = if birthday(issued.year()) > issued { issued.year() } else { issued.year() + 1 };
    end_of(birthday(first + 4))
}

/// 23:59:59 in Japan of a day.
pub fn end_of(day: Date) -> Timestamp {
    calendar::from_jst(day.at(23, 59, 59, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_ends_on_the_fifth_birthday() {
        let born = date(1984, 5, 31);
        assert_eq!(not_after(born, date(2026, 5, 30)), end_of(date(2030, 5, 31)));
        assert_eq!(not_after(born, date(2026, 5, 31)), end_of(date(2031, 5, 31)));
        assert_eq!(not_after(born, date(2026, 11, 23)), end_of(date(2031, 5, 31)));
        assert_eq!(not_after(date(2000, 2, 29), date(2026, 1, 1)), end_of(date(2030, 2, 28)));
        assert_eq!(end_of(date(2031, 5, 31)).rfc3339(), "2031-05-31T14:59:59Z");
    }

    #[test]
    fn partitions_have_plain_names() {
        let p = Partition::new("Tokyo-to", "Kiyose-shi").unwrap();
        assert_eq!(Partition::parse_slug(&p.slug()), Some(p));
        for bad in ["Tokyo-to", "Tokyo-to.", "../etc.passwd", "a/b.c", "Tokyo-to.Kiyose-shi.x", "東京都.清瀬市"] {
            assert_eq!(Partition::parse_slug(bad), None, "{bad}");
        }
    }
}
