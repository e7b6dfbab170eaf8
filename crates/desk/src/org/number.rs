//! 法人番号 (Corporate Number): 12 digits with a check digit in front.

use serde::Serialize;

/// A Corporate Number whose check digit is right. Thirteen ASCII digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CorporateNumber(String);

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not 13 digits.
    #[error("a Corporate Number has 13 digits")]
    Length,
    /// The check digit does not fit: a digit is wrong or two are swapped.
    #[error("the check digit does not fit")]
    Check,
}

impl CorporateNumber {
    /// Reads a number as people type it: full-width digits, blanks and hyphens are taken.
    ///
    /// # Errors
    /// See [`NumberError`].
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let digits = web::form::digits(text).filter(|d| d.len() == 13).ok_or(NumberError::Length)?;
        let (check, base) = digits.split_at(1);
        if check == check_digit(base).to_string() { Ok(Self(digits)) } else { Err(NumberError::Check) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 9 − (Σ Pₙ·Qₙ mod 9), Pₙ the n-th digit from the right, Qₙ 1 for odd n and 2 for even n
/// (法人番号の指定等に関する省令 第2条).
fn check_digit(base: &str) -> u32 {
    let sum: u32 =
        base.bytes().rev().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 2 }).sum();
    9 - sum % 9
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_numbers_pass() {
        // 国税庁 and デジタル庁, from the National Tax Agency's publication site.
        for number in ["7000012050002", "8000012010038"] {
            assert_eq!(CorporateNumber::parse(number).unwrap().as_str(), number);
        }
        assert_eq!(CorporateNumber::parse(" ７０００－０１２０－５０００２ ").unwrap().as_str(), "7000012050002");
        assert_eq!(CorporateNumber::parse("700001205000"), Err(NumberError::Length));
        assert_eq!(CorporateNumber::parse("7000012050003"), Err(NumberError::Check));
    }

    proptest! {
        /// One wrong digit is found, but for 0 taken as 9: the sum is counted modulo 9.
        #[test]
        fn a_wrong_digit_is_found(base in "[0-9]{12}", at in 0usize..12, other in 0u8..10) {
            let good = format!("{}{base}", check_digit(&base));
            prop_assert!(CorporateNumber::parse(&good).is_ok());
            let mut bytes = good.clone().into_bytes();
            let old = bytes[at + 1] - b'0';
            prop_assume!(old % 9 != other % 9);
            bytes[at + 1] = b'0' + other;
            prop_assert_eq!(CorporateNumber::parse(&String::from_utf8(bytes).unwrap()), Err(NumberError::Check));
        }
    }
}
