//! Recovery codes: for the day when phone and key are gone. Each works once; only hashes are kept.

use base::Rng;
use unicode_normalization::UnicodeNormalization as _;

/// How many there are.
pub(crate) const CODES: usize = 10;
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A fresh code of 80 random bits: `7K2M-Q9XD-…`, in letters that can't be mistaken for one another.
pub(crate) fn fresh(rng: &Rng) -> String {
    let mut bytes = [0u8; 16];
    rng.fill(&mut bytes[6..]);
    let value = u128::from_be_bytes(bytes);
    let letters: Vec<char> = (0..16).rev().map(|i| LETTERS[((value >> (5 * i)) & 31) as usize] as char).collect();
    letters.chunks(4).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A code as people type it, without its hyphens; `None` when it can't be one.
pub(crate) fn plain(typed: &str) -> Option<String> {
    let text: String = typed
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '‑' | '–' | '—' | '−' | 'ー'))
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            'U' => 'V',
            c => c,
        })
        .collect();
    (text.len() == 16 && text.bytes().all(|b| LETTERS.contains(&b))).then_some(text)
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{fresh, plain};

    proptest! {
        #[test]
        fn a_fresh_code_is_read_back_however_it_is_typed(seed: u64) {
            let code = fresh(&Rng::seeded(seed));
            prop_assert_eq!(code.len(), 19);
            let kept = plain(&code).unwrap();
            prop_assert_eq!(plain(&code.to_lowercase()), Some(kept.clone()));
            prop_assert_eq!(plain(&format!(" {} ", code.replace('-', " "))), Some(kept.clone()));
            prop_assert_eq!(plain(&code.replace('0', "o").replace('1', "l")), Some(kept));
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            if let Some(code) = plain(&text) {
                prop_assert_eq!(code.len(), 16);
            }
        }
    }

    #[test]
    fn codes_differ() {
        let rng = Rng::system();
        let codes: std::collections::BTreeSet<_> = (0..100).map(|_| fresh(&rng)).collect();
        assert_eq!(codes.len(), 100);
        assert_eq!(plain("short"), None);
    }
}
