//! Where lines may end: the basics of JIS X 4051 (禁則処理), by pushing out (追い出し).

use std::ops::Range;

use super::font::Run;

/// May not start a line (行頭禁則): closing brackets, stops, marks of repetition and length, small kana.
fn not_first(c: char) -> bool {
    matches!(c,
        '、' | '。' | '，' | '．' | '・' | '：' | '；' | '？' | '！' | '゛' | '゜' | 'ヽ' | 'ヾ' | 'ゝ' | 'ゞ' | '々' | '〻' | 'ー'
        | '）' | '〕' | '］' | '｝' | '〉' | '》' | '」' | '』' | '】' | '〙' | '〗' | '｠' | '’' | '”' | '»' | '‐' | '–' | '〜' | '～'
        | '…' | '‥' | '—' | '―' | 'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' | 'っ' | 'ゃ' | 'ゅ' | 'ょ' | 'ゎ' | 'ゕ' | 'ゖ'
        | 'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | 'ヮ' | 'ヵ' | 'ヶ' | 'ㇰ'..='ㇿ'
        | '｡' | '､' | '｣' | '･' | 'ｰ' | 'ﾞ' | 'ﾟ' | 'ｧ'..='ｯ' | '％' | '‰' | '℃'
        | ',' | '.' | '!' | '?' | ':' | ';' | ')' | ']' | '}' | '%')
}

/// May not end a line (行末禁則): opening brackets, signs before numbers.
fn not_last(c: char) -> bool {
    matches!(
        c,
        '（' | '〔'
            | '［'
            | '｛'
            | '〈'
            | '《'
            | '「'
            | '『'
            | '【'
            | '〘'
            | '〖'
            | '｟'
            | '｢'
            | '‘'
            | '“'
            | '«'
            | '('
            | '['
            | '{'
            | '￥'
            | '¥'
            | '＄'
            | '$'
            | '£'
            | '№'
            | '＃'
            | '#'
    )
}

/// Letters and digits that form words, which are not cut.
fn in_word(c: char) -> bool {
    !c.is_whitespace() && (c < '\u{2000}' || matches!(c, '\u{2010}'..='\u{2015}'))
}

fn may_break(before: char, after: char) -> bool {
    if after == ' ' || not_first(after) || not_last(before) {
        return false;
    }
    before == ' ' || before == '　' || !(in_word(before) && in_word(after))
}

/// The lines of a run, set in `measure` (in units of the type size). Blanks at the ends of lines take no room.
pub(super) fn lines(run: &Run, measure: f32) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    let count = run.clusters.len();
    while start < count {
        let mut width = 0.0;
        let mut chance = None;
        let mut end = start;
        while end < count {
            let c = run.lead(end);
            if end > start && may_break(run.lead(end - 1), c) {
                chance = Some(end);
            }
            let hangs = c == ' ' || c == '　';
            if !hangs && end > start && width + run.clusters[end].width > measure + 0.001 {
                break;
            }
            width += run.clusters[end].width;
            end += 1;
        }
        if end < count {
            end = chance.unwrap_or_else(|| forced(run, start, end));
        }
        let mut last = end;
        while last > start && run.lead(last - 1) == ' ' {
            last -= 1;
        }
        out.push(start..last);
        start = end;
    }
    if out.is_empty() {
        out.push(0..0);
    }
    out
}

/// A word longer than the line, such as an address: after one of its dividers in the line's second half, else anywhere.
fn forced(run: &Run, start: usize, end: usize) -> usize {
    (start + (end - start) / 2..end)
        .rev()
        .map(|i| i + 1)
        .find(|i| {
            *i < end && matches!(run.lead(i - 1), '/' | '?' | '&' | '=' | '-' | '_' | '.' | ',' | ':' | '+' | '@')
        })
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::font::Face;
    use super::*;

    fn set(text: &str, measure: f32) -> Vec<String> {
        let run = Face::new().unwrap().run(text);
        lines(&run, measure).into_iter().map(|r| run.glyphs(r).0).collect()
    }

    #[test]
    fn rules_of_line_ends() {
        // 。 must not start, 「 must not end a line.
        assert_eq!(set("これは本です。次", 6.0), ["これは本で", "す。次"]);
        assert_eq!(set("彼は言う「本」と", 5.0), ["彼は言う", "「本」と"]);
        assert_eq!(set("サーバー", 2.0), ["サー", "バー"]);
        // Words stay whole, blanks at the end take no room.
        assert_eq!(set("the quick brown fox", 5.2), ["the quick", "brown fox"]);
        assert_eq!(set("", 5.0), [""]);
    }

    #[test]
    fn long_addresses_are_cut_after_their_dividers() {
        let lines = set("https://portal.example.jp/callback/abcdefghijklmnop", 12.0);
        assert_eq!(lines.concat(), "https://portal.example.jp/callback/abcdefghijklmnop");
        assert!(lines[0].ends_with(['/', '.']), "{lines:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_is_lost_and_nothing_sticks_out(text in "[ a-z、。「」（）あ-んー一-三0-9/]{0,80}", measure in 2.0f32..20.0) {
            let run = Face::new().unwrap().run(&text);
            let lines = lines(&run, measure);
            let whole: String = lines.iter().map(|r| run.glyphs(r.clone()).0).collect();
            let bare = |s: &str| s.replace(' ', "");
            prop_assert_eq!(bare(&whole), bare(&run.text));
            for line in lines {
                let ideographic_blank = run.glyphs(line.clone()).0.ends_with('　');
                prop_assert!(ideographic_blank || line.len() <= 1 || run.width(line) <= measure + 0.01);
            }
        }
    }
}
