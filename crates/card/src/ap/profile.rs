//! 券面事項入力補助AP: the four basic attributes (基本4情報). Read only where the holder agreed to it.

use jiff::civil::Date;
use pki::people::Sex;

use super::aid;
use crate::pin::AuthPin;
use crate::reader::{Card, Error, LastTry, Transport};
use crate::tlv::{self, Tlv};

pub(crate) const ATTRIBUTES: u16 = 0x0002;
pub(crate) const PIN: u16 = 0x0011;
pub(crate) const CODE_B: u16 = 0x0015;

const OUTER: u16 = 0xff20;
const OFFSETS: u16 = 0xdf21;
const NAME: u16 = 0xdf22;
const ADDRESS: u16 = 0xdf23;
const BIRTH: u16 = 0xdf24;
const SEX: u16 = 0xdf25;
/// Tag and one length byte of a field with a tag of two bytes; the offset table's own length.
const OFFSETS_LEN: usize = 8;

/// Name, address, birth and sex, as printed. Personal data: doesn't print.
#[derive(Clone, PartialEq, Eq)]
pub struct Attributes {
    /// 氏名, with a full-width space.
    pub name: String,
    /// 住所
    pub address: String,
    /// 生年月日
    pub birth: Date,
    /// 性別; a digit that isn't known counts as not stated.
    pub sex: Sex,
}

impl std::fmt::Debug for Attributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attributes")
    }
}

impl Attributes {
    /// Reads them with the PIN of this application, which is another one than that of the certificate (though most
    /// people choose the same). `consent`: why there is a right to read them.
    ///
    /// # Errors
    /// [`Error::WrongPin`], [`Error::PinLocked`], [`Error::LastTry`], or what the card answered.
    pub fn read<T: Transport>(
        card: &mut Card<T>,
        pin: &AuthPin,
        last: LastTry,
        consent: Consent,
    ) -> Result<Self, Error> {
        let Consent::GivenByHolder = consent;
        card.select_ap(aid::PROFILE)?;
        card.verify(PIN, pin.bytes(), last)?;
        let file = card.read_object(ATTRIBUTES)?;
        Self::parse(&file).ok_or(Error::Malformed("the basic attributes"))
    }

    /// From the file. Its table of offsets has to point at the fields that are there.
    pub fn parse(file: &[u8]) -> Option<Self> {
        let (outer, _) = Tlv::first(file).ok()?;
        let fields = outer.children().ok().filter(|_| outer.tag == OUTER)?;
        let [offsets, name, address, birth, sex] = fields[..] else { return None };
        let tags = [offsets.tag, name.tag, address.tag, birth.tag, sex.tag];
        if tags != [OFFSETS, NAME, ADDRESS, BIRTH, SEX] || offsets.value.len() != OFFSETS_LEN {
            return None;
        }
        let text = |t: Tlv<'_>| String::from_utf8(t.value.to_vec()).ok().filter(|s| !s.is_empty());
        let read = Self {
            name: text(name)?,
            address: text(address)?,
            birth: date(birth.value)?,
            sex: match sex.value {
                b"1" => Sex::Male,
                b"2" => Sex::Female,
                [_] => Sex::NotApplicable,
                _ => return None,
            },
        };
        let table: Vec<usize> =
            offsets.value.chunks_exact(2).map(|c| usize::from(u16::from_be_bytes([c[0], c[1]]))).collect();
        let starts: Vec<usize> = fields[1..].iter().map(|t| start(file, t)).collect::<Option<_>>()?;
        (table == starts).then_some(read)
    }

    /// The file.
    pub(crate) fn file(&self) -> Vec<u8> {
        let birth = format!("{:04}{:02}{:02}", self.birth.year(), self.birth.month(), self.birth.day());
        let sex = [self.sex.digit() as u8];
        let values: [(u16, &[u8]); 4] =
            [(NAME, self.name.as_bytes()), (ADDRESS, self.address.as_bytes()), (BIRTH, birth.as_bytes()), (SEX, &sex)];
        let (mut fields, mut at) = (Vec::new(), Vec::new());
        for (tag, value) in values {
            at.push(fields.len());
            tlv::write(&mut fields, tag, value);
        }
        let inner = 3 + OFFSETS_LEN + fields.len();
        let head = 2 + match inner {
            0..=0x7f => 1,
            0x80..=0xff => 2,
            _ => 3,
        };
        let offsets: Vec<u8> = at.iter().flat_map(|a| ((head + 3 + OFFSETS_LEN + a) as u16).to_be_bytes()).collect();
        let mut body = Vec::with_capacity(inner);
        tlv::write(&mut body, OFFSETS, &offsets);
        body.extend_from_slice(&fields);
        let mut out = Vec::new();
        tlv::write(&mut out, OUTER, &body);
        out
    }
}

/// Why there is a right to read the attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The holder was asked for exactly this and agreed.
    GivenByHolder,
}

/// Where in the file the header of a field begins.
fn start(file: &[u8], field: &Tlv<'_>) -> Option<usize> {
    let head = 2 + match field.value.len() {
        0..=0x7f => 1,
        0x80..=0xff => 2,
        _ => 3,
    };
    // The value is a part of the file.
    (field.value.as_ptr() as usize).checked_sub(file.as_ptr() as usize)?.checked_sub(head)
}

/// `YYYYMMDD`.
pub(crate) fn date(digits: &[u8]) -> Option<Date> {
    let text = str::from_utf8(digits).ok().filter(|t| t.len() == 8 && t.bytes().all(|b| b.is_ascii_digit()))?;
    let (year, rest) = text.split_at(4);
    let (month, day) = rest.split_at(2);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Attributes {
        Attributes {
            name: "佐藤　花子".to_owned(),
            address: "東京都清瀬市見本町１－２－３".to_owned(),
            birth: jiff::civil::date(1988, 4, 12),
            sex: Sex::Female,
        }
    }

    #[test]
    fn the_table_of_offsets_is_checked() {
        let file = sample().file();
        assert_eq!(file[..6], [0xff, 0x20, file[2], 0xdf, 0x21, 0x08]);
        assert_eq!(Attributes::parse(&file), Some(sample()));
        // Filler may follow.
        assert_eq!(Attributes::parse(&[&file[..], &[0xff; 9]].concat()), Some(sample()));
        for at in 6..14 {
            let mut wrong = file.clone();
            wrong[at] ^= 1;
            assert_eq!(Attributes::parse(&wrong), None, "{at}");
        }
        assert_eq!(format!("{:?}", sample()), "Attributes");
    }

    proptest! {
        #[test]
        fn files_of_every_length_come_back(name in "\\PC{1,90}", address in "\\PC{1,150}", days in 0i32..50_000) {
            let birth = jiff::civil::date(1900, 1, 1).saturating_add(jiff::Span::new().days(days));
            let a = Attributes { name, address, birth, sex: Sex::Male };
            prop_assert_eq!(Attributes::parse(&a.file()), Some(a));
        }

        #[test]
        fn never_panics(at in 0usize..200, byte: u8, cut in 0usize..200) {
            let mut file = sample().file();
            let len = file.len();
            file[at % len] = byte;
            let _ = Attributes::parse(&file[..cut.min(len)]);
            let _ = Attributes::parse(&file);
        }
    }
}
