//! 共通カードAP: what the card says of itself, without a PIN.

use jiff::civil::Date;

use super::aid;
use super::profile::date;
use crate::reader::{Card, Error, Transport};

pub(crate) const CARD_INFO: u16 = 0x0001;

/// The card's own number and who issued it. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct CardInfo {
    /// Fifteen digits.
    pub number: String,
    /// 全国地方公共団体コード of the issuer, five digits.
    pub municipality_code: String,
    /// Last day of the card.
    pub expires: Date,
}

impl std::fmt::Debug for CardInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardInfo")
    }
}

impl CardInfo {
    /// Reads it.
    ///
    /// # Errors
    /// When the card does not answer as it should.
    pub fn read<T: Transport>(card: &mut Card<T>) -> Result<Self, Error> {
        card.select_ap(aid::COMMON)?;
        Self::parse(&card.read_record(CARD_INFO, 1)?).ok_or(Error::Malformed("the card's own record"))
    }

    /// From the record: tag 01, length 1C, 15 + 5 + 8 digits.
    pub fn parse(record: &[u8]) -> Option<Self> {
        let digits = record.strip_prefix(&[0x01, 0x1c])?.get(..28)?;
        let text = str::from_utf8(digits).ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?;
        let (number, rest) = text.split_at(15);
        let (code, expires) = rest.split_at(5);
        Some(Self { number: number.to_owned(), municipality_code: code.to_owned(), expires: date(expires.as_bytes())? })
    }

    pub(crate) fn record(&self) -> Vec<u8> {
        let e = self.expires;
        let digits = format!("{}{}{:04}{:02}{:02}", self.number, self.municipality_code, e.year(), e.month(), e.day());
        [&[0x01, 0x1c], digits.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_digits_only() {
        let record = b"\x01\x1c4000000021123451322120361231";
        let info = CardInfo::parse(record).unwrap();
        assert_eq!((info.number.as_str(), info.municipality_code.as_str()), ("400000002112345", "13221"));
        assert_eq!(info.record(), record);
        assert_eq!(format!("{info:?}"), "CardInfo");
        for bad in [&record[..29], b"\x01\x1c40000000211234513221203612x1", b"\x01\x1c4000000021123451322120361331"] {
            assert_eq!(CardInfo::parse(bad), None);
        }
    }
}
