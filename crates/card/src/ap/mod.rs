//! The applications of the card.

mod common;
mod jpki;
mod profile;

pub use common::CardInfo;
pub use jpki::{Jpki, Open, Signed, Token};
pub use profile::{Attributes, Consent};

pub(crate) use common::CARD_INFO;
pub(crate) use jpki::{TOKEN_LEN, ef};
pub(crate) use profile::{ATTRIBUTES, CODE_B, PIN as PROFILE_PIN};

/// Names of the applications.
pub mod aid {
    /// 公的個人認証AP (JPKI)
    pub const JPKI: [u8; 10] = [0xd3, 0x92, 0xf0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
    /// 券面事項入力補助AP
    pub const PROFILE: [u8; 10] = [0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
    /// 共通カードAP
    pub const COMMON: [u8; 10] = [0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00];
}
