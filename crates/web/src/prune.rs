//! Imports of components cut down to the components that are used.
//!
//! The engine makes every macro of an imported file anew for every page: with all components that took
//! as long as the rest of a page. So a template imports a file of its own with what it uses, put together
//! before anything is compiled.

/// What a template imports after [`prune`]: the name of the smaller file, and what is in it.
pub(crate) struct Pruned {
    /// The template with its import changed.
    pub(crate) source: String,
    /// Name of the file it imports now.
    pub(crate) module: String,
    /// That file.
    pub(crate) module_source: String,
}

/// Cuts down the import of `file` (a file of macros) in `source`. `also` are the texts that share
/// its variables: what it extends and includes. `None` when there is nothing to cut or it is not certain
/// what is used.
pub(crate) fn prune(source: &str, also: &[&str], file: &str, macros: &str) -> Option<Pruned> {
    let begin = format!("{{% import \"{file}\" as ");
    let (_, after) = source.split_once(&begin)?;
    let (alias, _) = after.split_once(" %}")?;
    let import = format!("{begin}{alias} %}}");
    if source.matches(&begin).count() != 1 || alias.is_empty() || !alias.chars().all(is_name) {
        return None;
    }
    let all = split(macros)?;
    let mut used = vec![false; all.len()];
    let texts: Vec<_> = also.iter().chain([&source]).map(|text| text.replace(&import, "")).collect();
    for (before, after) in texts.iter().flat_map(|text| around(text, alias)) {
        // Words, addresses and classes that only have these letters.
        if before.ends_with(is_name) || after.starts_with(is_name) || before.ends_with(['/', '"', '-', '.']) {
            continue;
        }
        // Anything but `alias.name(` hands the components on as a whole: no risk is taken.
        let (name, _) = after.strip_prefix('.')?.split_once('(')?;
        *used.get_mut(all.iter().position(|(n, _)| *n == name)?)? = true;
    }
    // What the used ones use, until nothing comes to it.
    loop {
        let calls =
            |name: &str, body: &str| around(body, name).any(|(b, a)| !b.ends_with(is_name) && a.starts_with('('));
        let more: Vec<usize> = (0..all.len())
            .filter(|&n| !used[n] && all.iter().zip(&used).any(|((_, body), used)| *used && calls(all[n].0, body)))
            .collect();
        if more.is_empty() {
            break;
        }
        more.into_iter().for_each(|n| used[n] = true);
    }
    let kept: Vec<_> = all.iter().zip(&used).filter(|(_, used)| **used).map(|(part, _)| *part).collect();
    let names: Vec<_> = kept.iter().map(|(name, _)| *name).collect();
    let module = format!("{file}#{}", names.join("+"));
    Some(Pruned {
        source: source.replace(&import, &format!("{{% import \"{module}\" as {alias} %}}")),
        module_source: kept.iter().map(|(_, body)| *body).collect(),
        module,
    })
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What stands before and after each `word`.
fn around<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(word).map(move |(at, _)| (&text[..at], &text[at + word.len()..]))
}

/// Names and whole texts of the macros of a file; `None` when it is not a plain list of macros.
fn split(file: &str) -> Option<Vec<(&str, &str)>> {
    const BEGIN: &str = "{% macro ";
    const END: &str = "{% endmacro %}";
    let mut out = Vec::new();
    let mut rest = file;
    while let Some(at) = rest.find(BEGIN) {
        let end = rest.find(END)? + END.len();
        let whole = rest.get(at..end)?;
        let (name, _) = whole[BEGIN.len()..].split_once('(')?;
        if whole[BEGIN.len()..].contains(BEGIN) {
            return None;
        }
        out.push((name, whole));
        rest = &rest[end..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UI: &str = "{# all #}{% macro a(x) %}A{{ b(x) }}{% endmacro %}\n{% macro b(x) %}B{{ x }}{% endmacro %}\n{# c #}{% macro c() %}C{% endmacro %}";

    #[test]
    fn only_what_is_used_stays() {
        let page = r#"{% import "ui.html" as ui %}<p class="ui">{{ ui.a(1) }}</p>"#;
        // `class="ui"` is a text and no use of it.
        let pruned = prune(page, &[], "ui.html", UI).unwrap();
        assert_eq!(pruned.module, "ui.html#a+b");
        assert!(!pruned.module_source.contains('C'));
        let mut env = minijinja::Environment::new();
        env.add_template("ui.html", UI).unwrap();
        env.add_template(&pruned.module, &pruned.module_source).unwrap();
        assert_eq!(env.render_str(&pruned.source, ()).unwrap(), env.render_str(page, ()).unwrap());
    }

    #[test]
    fn another_name_is_as_good() {
        let page = r#"{% import "ui.html" as mine %}{{ mine.c() }}{{ ui.a(1) }}"#;
        let pruned = prune(page, &[], "ui.html", UI).unwrap();
        assert_eq!(pruned.module, "ui.html#c");
        assert!(pruned.source.starts_with(r#"{% import "ui.html#c" as mine %}"#));
    }

    #[test]
    fn what_is_included_counts() {
        let page = r#"{% import "ui.html" as ui %}{% include "part.html" %}"#;
        assert_eq!(prune(page, &["{{ ui.c() }}"], "ui.html", UI).unwrap().module, "ui.html#c");
    }

    #[test]
    fn what_is_not_certain_stays_whole() {
        for page in [
            "no import",
            r#"{% import "ui.html" as ui %}{{ f(ui) }}"#,
            r#"{% import "ui.html" as ui %}{{ ui.unknown() }}"#,
            r#"{% import "ui.html" as ui %}{{ ui["a"](1) }}"#,
        ] {
            assert!(prune(page, &[], "ui.html", UI).is_none(), "{page}");
        }
    }
}
