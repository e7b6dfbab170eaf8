//! Differences between two versions of a text, by lines.

use serde::Serialize;

/// A line, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    /// `same`, `gone`, `new`
    pub(crate) change: &'static str,
    pub(crate) text: String,
}

/// Longest texts that are compared line by line; above, everything is gone and new.
const MOST: usize = 2_000;

/// What has to be taken out and put in to make `new` of `old`, keeping as many lines as possible.
pub(crate) fn lines(old: &str, new: &str) -> Vec<Line> {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let line = |change, text: &&str| Line { change, text: (*text).to_owned() };
    if a.len() > MOST || b.len() > MOST {
        return a.iter().map(|t| line("gone", t)).chain(b.iter().map(|t| line("new", t))).collect();
    }
    // longest[i][j]: how many lines a[i..] and b[j..] share in order.
    let mut longest = vec![vec![0u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] =
                if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            out.push(line("same", &a[i]));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            out.push(line("gone", &a[i]));
            i += 1;
        } else {
            out.push(line("new", &b[j]));
            j += 1;
        }
    }
    out.extend(a[i..].iter().map(|t| line("gone", t)));
    out.extend(b[j..].iter().map(|t| line("new", t)));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_changed_line_is_one_out_and_one_in() {
        let found: Vec<_> = lines("a\nb\nc", "a\nx\nc").into_iter().map(|l| (l.change, l.text)).collect();
        let text = |s: &str| s.to_owned();
        assert_eq!(found, [("same", text("a")), ("gone", text("b")), ("new", text("x")), ("same", text("c"))]);
        assert!(lines("", "").is_empty());
    }

    proptest! {
        #[test]
        fn both_versions_can_be_read_from_it(a in "[ab\n]{0,30}", b in "[ab\n]{0,30}") {
            let found = lines(&a, &b);
            let side = |out: &str| found.iter().filter(|l| l.change != out).map(|l| l.text.clone()).collect::<Vec<_>>();
            prop_assert_eq!(side("new"), a.lines().map(str::to_owned).collect::<Vec<_>>());
            prop_assert_eq!(side("gone"), b.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
