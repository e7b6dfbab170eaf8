//! Masks: enough of a name or account for its owner to recognise it, too little for anybody else.

use unicode_segmentation::UnicodeSegmentation as _;

/// A person's name with the first character of each part shown: 「山田 太郎」 → 「山＊ 太＊」.
/// Counts graphemes, so that a variation selector is never cut from its character.
pub fn name(name: &str) -> String {
    name.split_whitespace()
        .map(|part| {
            let mut graphemes = part.graphemes(true);
            let first = graphemes.next().unwrap_or_default();
            let star = if part.is_ascii() { "*" } else { "＊" };
            // One mark whatever the length: the length of a name is a hint too.
            if graphemes.next().is_some() { format!("{first}{star}") } else { star.to_owned() }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// An account name or e-mail address: first character, and the domain of an address.
pub fn account(text: &str) -> String {
    let (local, domain) = match text.split_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (text, None),
    };
    let first = local.graphemes(true).next().unwrap_or_default();
    let masked = if local.graphemes(true).count() > 1 { format!("{first}***") } else { "***".to_owned() };
    match domain {
        Some(domain) => format!("{masked}@{domain}"),
        None => masked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_graphemes_whole_and_hides_length() {
        assert_eq!(name("山田 太郎"), "山＊ 太＊");
        assert_eq!(name("Anna Maria Schmidt"), "A* M* S*");
        // U+845B with an ideographic variation selector is one grapheme.
        assert_eq!(name("葛\u{E0100}城 花"), "葛\u{E0100}＊ ＊");
        assert_eq!(account("hanako@example.jp"), "h***@example.jp");
        assert_eq!(account("x"), "***");
        assert_eq!(name("山田太郎左衛門"), name("山田"));
    }
}
