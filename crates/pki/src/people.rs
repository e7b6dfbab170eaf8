//! The test people: the one table of who they are. Test data; production knows none of them.

use jiff::civil::{Date, date};

use crate::profile::Partition;

/// What a test person is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// No account at the portal; signs in to an existing mailbox or signs up.
    FirstTimer,
    /// Registered at the portal, not linked.
    Registered,
    /// Registered and linked already.
    Linked,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate was revoked.
    CertificateRevoked,
    /// The PIN is locked.
    PinLocked,
    /// One PIN try is left.
    OneTryLeft,
    /// A renewed card: new serial number, the old one is registered at the portal.
    RenewedCard,
    /// A minor.
    Minor,
    /// A long name with variation selectors.
    LongName,
    /// A resident who reads English only.
    EnglishOnly,
    /// The mailbox is empty.
    EmptyMailbox,
}

impl Case {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstTimer => "first_timer",
            Self::Registered => "registered",
            Self::Linked => "linked",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateRevoked => "certificate_revoked",
            Self::PinLocked => "pin_locked",
            Self::OneTryLeft => "one_try_left",
            Self::RenewedCard => "renewed_card",
            Self::Minor => "minor",
            Self::LongName => "long_name",
            Self::EnglishOnly => "english_only",
            Self::EmptyMailbox => "empty_mailbox",
        }
    }
}

/// Where somebody lives; issues the card and names the partition of the revocation list.
#[derive(Debug, PartialEq, Eq)]
pub struct Municipality {
    /// 全国地方公共団体コード without its check digit.
    pub code: &'static str,
    /// 都道府県.
    pub prefecture_ja: &'static str,
    /// 市区町村.
    pub name_ja: &'static str,
    /// Romanised prefecture, as in certificates.
    pub prefecture: &'static str,
    /// Romanised municipality, as in certificates.
    pub name: &'static str,
}

impl Municipality {
    /// The partition of the revocation list.
    ///
    /// # Panics
    /// Never: a test makes the partition of every municipality of the table.
    pub fn partition(&self) -> Partition {
        #[expect(clippy::expect_used, reason = "a test makes every one")]
        Partition::new(self.prefecture, self.name).expect("the table holds plain names")
    }
}

/// 性別, as cards state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
    /// Not stated.
    NotApplicable,
}

impl Sex {
    /// The digit on the card (JIS X 0303).
    pub const fn digit(self) -> char {
        match self {
            Self::Male => '1',
            Self::Female => '2',
            Self::NotApplicable => '9',
        }
    }
}

/// A test person.
#[derive(Debug, PartialEq, Eq)]
pub struct Person {
    /// Short name in addresses and buttons.
    pub id: &'static str,
    /// Name on the card, 姓 and 名 with a space between.
    pub name: &'static str,
    /// フリガナ.
    pub kana: &'static str,
    /// Name in Latin letters.
    pub name_en: &'static str,
    /// Date of birth.
    pub birth: Date,
    /// Where the person lives.
    pub municipality: &'static Municipality,
    /// As the card states it.
    pub sex: Sex,
    /// What the person shows.
    pub case: Case,
    /// PIN of the user-authentication certificate.
    pub pin: &'static str,
    /// Serial number of the certificate on the card.
    pub serial: u32,
    /// Serial number of the certificate on the card before, if this one is a renewal.
    pub predecessor: Option<u32>,
    /// Whether the person has a mailbox account at the delivery service from the start.
    pub has_mailbox: bool,
    /// Whether that mailbox has documents.
    pub has_documents: bool,
    /// Whether the pages should be English from the start.
    pub english_only: bool,
}

impl Person {
    /// The account at the delivery service: `<id>@example.jp`.
    pub fn email(&self) -> String {
        format!("{}@example.jp", self.id)
    }

    /// The name in the reader's language.
    pub const fn name_in(&self, lang: base::Lang) -> &'static str {
        match lang {
            base::Lang::Ja => self.name,
            base::Lang::En => self.name_en,
        }
    }

    /// Address as the card has it, with full-width digits.
    pub fn address(&self) -> String {
        format!("{}{}見本町１－２－３", self.municipality.prefecture_ja, self.municipality.name_ja)
    }

    /// Password of the digital-signature certificate: six to sixteen of A–Z and 0–9.
    pub fn sign_password(&self) -> String {
        format!("SIGN{}", self.pin)
    }

    /// Serial number of the certificate on the person's card of the next generation, which replaces this one.
    pub const fn next_serial(&self) -> u32 {
        self.serial | 0x40_00_00
    }

    /// Whether the portal knows the person from the start: registered, linked, or by the card before.
    pub const fn is_registered(&self) -> bool {
        matches!(self.case, Case::Registered | Case::Linked | Case::RenewedCard)
    }
}

/// Password of every existing account at the delivery service (test environment only).
pub const MAILBOX_PASSWORD: &str = "demo-password-1";

macro_rules! municipalities {
    ($($id:ident: $code:literal $prefecture_ja:literal $name_ja:literal $prefecture:literal $name:literal;)*) => {
        $(static $id: Municipality = Municipality {
            code: $code, prefecture_ja: $prefecture_ja, name_ja: $name_ja, prefecture: $prefecture, name: $name,
        };)*
    };
}

municipalities! {
    KIYOSE: "13221" "東京都" "清瀬市" "Tokyo-to" "Kiyose-shi";
    SHINJUKU: "13104" "東京都" "新宿区" "Tokyo-to" "Shinjuku-ku";
    KANAZAWA: "17201" "石川県" "金沢市" "Ishikawa-ken" "Kanazawa-shi";
    MATSUYAMA: "38201" "愛媛県" "松山市" "Ehime-ken" "Matsuyama-shi";
    MORIOKA: "03201" "岩手県" "盛岡市" "Iwate-ken" "Morioka-shi";
    NAHA: "47201" "沖縄県" "那覇市" "Okinawa-ken" "Naha-shi";
    KATSURAGI: "29211" "奈良県" "葛城市" "Nara-ken" "Katsuragi-shi";
}

/// The long name with variation selectors: 葛 U+845B U+E0100, 城 U+57CE U+E0101.
const LONG_NAME: &str = "葛\u{E0100}城\u{E0101} 麟太郎左衛門尉";

/// Everybody, in the order of the list.
pub static PEOPLE: [Person; 12] = [
    Person {
        id: "hanako",
        name: "佐藤 花子",
        kana: "サトウ ハナコ",
        name_en: "Hanako Sato",
        birth: date(1988, 4, 12),
        municipality: &KIYOSE,
        sex: Sex::Female,
        case: Case::FirstTimer,
        pin: "1111",
        serial: 0x21_0F_3A,
        predecessor: None,
        has_mailbox: true,
        has_documents: true,
        english_only: false,
    },
    Person {
        id: "ichiro",
        name: "鈴木 一郎",
        kana: "スズキ イチロウ",
        name_en: "Ichiro Suzuki",
        birth: date(1975, 10, 3),
        municipality: &SHINJUKU,
        sex: Sex::Male,
        case: Case::Registered,
        pin: "2222",
        serial: 0x22_84_C1,
        predecessor: None,
        has_mailbox: true,
        has_documents: true,
        english_only: false,
    },
    Person {
        id: "yoko",
        name: "高橋 陽子",
        kana: "タカハシ ヨウコ",
        name_en: "Yoko Takahashi",
        birth: date(1969, 7, 21),
        municipality: &KANAZAWA,
        sex: Sex::Female,
        case: Case::Linked,
        pin: "3333",
        serial: 0x23_5B_07,
        predecessor: None,
        has_mailbox: true,
        has_documents: true,
        english_only: false,
    },
    Person {
        id: "kenji",
        name: "田中 健司",
        kana: "タナカ ケンジ",
        name_en: "Kenji Tanaka",
        birth: date(1980, 5, 31),
        municipality: &MATSUYAMA,
        sex: Sex::Male,
        case: Case::CertificateExpired,
        pin: "4444",
        serial: 0x14_C9_6E,
        predecessor: None,
        has_mailbox: false,
        has_documents: false,
        english_only: false,
    },
    Person {
        id: "mika",
        name: "伊藤 美香",
        kana: "イトウ ミカ",
        name_en: "Mika Ito",
        birth: date(1993, 12, 8),
        municipality: &MORIOKA,
        sex: Sex::Female,
        case: Case::CertificateRevoked,
        pin: "5555",
        serial: 0x25_11_D2,
        predecessor: None,
        has_mailbox: false,
        has_documents: false,
        english_only: false,
    },
    Person {
        id: "takashi",
        name: "渡辺 隆",
        kana: "ワタナベ タカシ",
        name_en: "Takashi Watanabe",
        birth: date(1958, 2, 28),
        municipality: &NAHA,
        sex: Sex::Male,
        case: Case::PinLocked,
        pin: "6666",
        serial: 0x26_70_B5,
        predecessor: None,
        has_mailbox: false,
        has_documents: false,
        english_only: false,
    },
    Person {
        id: "naomi",
        name: "山本 直美",
        kana: "ヤマモト ナオミ",
        name_en: "Naomi Yamamoto",
        birth: date(1984, 2, 29),
        municipality: &KIYOSE,
        sex: Sex::Female,
        case: Case::OneTryLeft,
        pin: "7777",
        serial: 0x27_2E_98,
        predecessor: None,
        has_mailbox: true,
        has_documents: true,
        english_only: false,
    },
    Person {
        id: "jun",
        name: "中村 純",
        kana: "ナカムラ ジュン",
        name_en: "Jun Nakamura",
        birth: date(1990, 9, 15),
        municipality: &SHINJUKU,
        sex: Sex::Male,
        case: Case::RenewedCard,
        pin: "8888",
        serial: 0x28_D3_4C,
        predecessor: Some(0x12_06_AF),
        has_mailbox: true,
        has_documents: true,
        english_only: false,
    },
    Person {
        id: "sora",
        name: "小林 空",
        kana: "コバヤシ ソラ",
        name_en: "Sora Kobayashi",
        birth: date(2011, 1, 20),
        municipality: &KANAZAWA,
        sex: Sex::NotApplicable,
        case: Case::Minor,
        pin: "9999",
        serial: 0x29_58_E3,
        predecessor: None,
        has_mailbox: true,
        has_documents: true,
        english_only: false,
    },
    Person {
        id: "katsuragi",
        name: LONG_NAME,
        kana: "カツラギ リンタロウザエモンノジョウ",
        name_en: "Rintarozaemonnojo Katsuragi",
        birth: date(1971, 3, 3),
        municipality: &KATSURAGI,
        sex: Sex::Male,
        case: Case::LongName,
        pin: "1234",
        serial: 0x2A_9A_1B,
        predecessor: None,
        has_mailbox: true,
        has_documents: true,
        english_only: false,
    },
    Person {
        id: "emma",
        name: "Emma Louise Johansson",
        kana: "エマ ルイーズ ヨハンソン",
        name_en: "Emma Louise Johansson",
        birth: date(1996, 6, 14),
        municipality: &NAHA,
        sex: Sex::Female,
        case: Case::EnglishOnly,
        pin: "2345",
        serial: 0x2B_47_F6,
        predecessor: None,
        has_mailbox: true,
        has_documents: true,
        english_only: true,
    },
    Person {
        id: "mari",
        name: "加藤 真理",
        kana: "カトウ マリ",
        name_en: "Mari Kato",
        birth: date(1999, 11, 1),
        municipality: &MORIOKA,
        sex: Sex::Female,
        case: Case::EmptyMailbox,
        pin: "3456",
        serial: 0x2C_E5_20,
        predecessor: None,
        has_mailbox: true,
        has_documents: false,
        english_only: false,
    },
];

/// The person with this id.
pub fn find(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|p| p.id == id)
}

/// The person whose card has, or had before its renewal, a certificate with this serial number.
pub fn by_serial(serial: u32) -> Option<&'static Person> {
    PEOPLE.iter().find(|p| p.serial == serial || p.predecessor == Some(serial))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_is_sound() {
        let mut serials = HashSet::new();
        let mut ids = HashSet::new();
        let mut cases = HashSet::new();
        for p in &PEOPLE {
            assert!(ids.insert(p.id));
            assert!(cases.insert(p.case));
            assert!(p.pin.len() == 4 && p.pin.bytes().all(|b| b.is_ascii_digit()));
            assert!((6..=16).contains(&p.sign_password().len()));
            assert!(serials.insert(p.next_serial()));
            for serial in [Some(p.serial), p.predecessor].into_iter().flatten() {
                assert!(serials.insert(serial));
                assert!((0x01_00_00..=0xff_ff_ff).contains(&serial), "three bytes, as on real cards");
                assert_eq!(by_serial(serial), Some(p));
            }
            assert_eq!(find(p.id), Some(p));
            p.municipality.partition();
            assert!(p.has_mailbox || !p.has_documents);
        }
        // The minor is 15 for most of 2026.
        assert_eq!(find("sora").map(|p| p.birth), Some(date(2011, 1, 20)));
        assert_eq!(find("nobody"), None);
        assert!(find("katsuragi").unwrap().name.contains('\u{E0101}'));
    }
}
