//! The PIN of the user-authentication certificate: four digits, kept no longer than needed.

use base::Secret;

/// A PIN of the wrong form. Never sent to a card: that would cost a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the PIN of the user-authentication certificate is four digits")]
pub struct BadPin;

/// Four digits (利用者証明用電子証明書の暗証番号, and that of the 券面事項入力補助AP). Doesn't print, is wiped.
#[derive(Clone)]
pub struct AuthPin(Secret<Vec<u8>>);

impl AuthPin {
    /// From what somebody typed; full-width digits count.
    ///
    /// # Errors
    /// [`BadPin`].
    pub fn new(text: &str) -> Result<Self, BadPin> {
        // Of full length from the start: growing would leave copies behind.
        let mut digits = Vec::with_capacity(4);
        for c in text.trim().chars() {
            let digit = match c {
                '0'..='9' => c as u32 - '0' as u32,
                '０'..='９' => c as u32 - '０' as u32,
                _ => return Err(BadPin),
            };
            if digits.len() == 4 {
                return Err(BadPin);
            }
            digits.push(b'0' + digit as u8);
        }
        if digits.len() == 4 { Ok(Self(Secret::new(digits))) } else { Err(BadPin) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose()
    }
}

impl std::fmt::Debug for AuthPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthPin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_digits_are_a_pin() {
        assert_eq!(AuthPin::new(" 1234 ").unwrap().bytes(), b"1234");
        assert_eq!(AuthPin::new("１２３４").unwrap().bytes(), b"1234");
        for bad in ["", "123", "12345", "12a4", "12 34", "一二三四", "٣٣٣٣"] {
            assert_eq!(AuthPin::new(bad).err(), Some(BadPin), "{bad}");
        }
        assert_eq!(format!("{:?}", AuthPin::new("1234").unwrap()), "AuthPin");
    }
}
