//! Texts put into templates before these are compiled: `t("key")` of a message without variables is the
//! same on every page in one language, so the engine need not look it up each time.

use std::fmt::Write as _;

/// `source` with every `t("key")` in its tags replaced by the text that `fixed` has for the key, as a
/// literal of the template language: it is escaped where it is printed, as before. What `fixed` does not
/// know stays as it is.
pub(crate) fn fold<T: AsRef<str>>(source: &str, fixed: impl Fn(&str) -> Option<T>) -> String {
    let mut out = String::with_capacity(source.len() * 2);
    let mut rest = source;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let close = if rest[at..].starts_with("{{") { "}}" } else { "%}" };
        let Some(end) = rest[at..].find(close) else { break };
        out.push_str(&rest[..at]);
        tag(&mut out, &rest[at..at + end], &fixed);
        rest = &rest[at + end..];
    }
    out.push_str(rest);
    out
}

fn tag<T: AsRef<str>>(out: &mut String, tag: &str, fixed: &impl Fn(&str) -> Option<T>) {
    const CALL: &str = "t(\"";
    let mut rest = tag;
    while let Some(at) = rest.find(CALL) {
        let after = &rest[at + CALL.len()..];
        // `t` must not be the end of another name, and nothing may follow the key.
        let whole = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let call = after.split_once("\")").filter(|(key, _)| whole && !key.contains(['"', '\\']));
        match call.and_then(|(key, tail)| Some((fixed(key)?, tail))) {
            Some((text, tail)) => {
                out.push_str(&rest[..at]);
                literal(out, text.as_ref());
                rest = tail;
            }
            None => {
                out.push_str(&rest[..at + CALL.len()]);
                rest = after;
            }
        }
    }
    out.push_str(rest);
}

fn literal(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Braces and percent signs could be taken for the end of the tag, also inside a string.
            '{' | '}' | '%' => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(key: &str) -> Option<&'static str> {
        match key {
            "plain" => Some("同意する"),
            "hard" => Some("a \"b\" \\ <c> {{ 100% }}\nd"),
            _ => None,
        }
    }

    #[test]
    fn calls_without_arguments_become_literals() {
        let folded =
            fold(r#"<p title="{{ t("plain") }}">{{ ui.button("x", t("plain"), kind="y") }} t("plain")"#, texts);
        assert_eq!(folded, r#"<p title="{{ "同意する" }}">{{ ui.button("x", "同意する", kind="y") }} t("plain")"#);
        for kept in [
            r#"{{ t("with", n=1) }}"#,
            r#"{{ t("plain", n=1) }}"#,
            r#"{{ t("plain-" ~ x) }}"#,
            r#"{{ act("plain") }}"#,
            r#"{{ x.t("plain") }}"#,
            r#"{{ t("unknown") }}"#,
            "{{ unclosed",
        ] {
            assert_eq!(fold(kept, texts), kept);
        }
    }

    #[test]
    fn what_is_printed_stays_the_same() {
        let mut env = minijinja::Environment::new();
        env.add_function("t", |key: &str| texts(key).unwrap_or_default());
        for source in [r#"{% set x = t("hard") %}{{ x }}|{{ t("hard") }}|{{ t("plain") }}"#, r#"{{ t("hard")|upper }}"#]
        {
            let folded = fold(source, texts);
            assert!(!folded.contains("t(\""));
            let (before, after) =
                (env.render_named_str("a.html", source, ()), env.render_named_str("a.html", &folded, ()));
            assert_eq!(before.unwrap(), after.unwrap());
        }
    }
}
