//! Numbers as people write them.

/// Digits in groups of three: `50,000`.
pub fn grouped(n: i64) -> String {
    let plain = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(plain.len() + 8);
    if n < 0 {
        out.push('-');
    }
    for (i, digit) in plain.chars().enumerate() {
        if i > 0 && (plain.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_three_from_the_right() {
        let shown = [0, 999, 1_000, 50_000, -1_234_567, i64::MIN].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "50,000", "-1,234,567", "-9,223,372,036,854,775,808"]);
    }
}
