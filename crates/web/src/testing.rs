//! Helpers for the tests of role crates: every page in every language, texts equal in all languages.

use std::collections::{BTreeMap, BTreeSet};

use base::Lang;

use crate::{Page, Site, Visit, text};

/// A page with a context as a handler would give it, for [`render_all`]. Several samples of one template
/// show its branches.
pub struct Sample(pub Box<dyn Fn(&Visit) -> Page>);

impl Sample {
    /// From a closure: `Sample::new(|visit| visit.page("start.html", "start").with(…))`.
    pub fn new(make: impl Fn(&Visit) -> Page + 'static) -> Self {
        Self(Box::new(make))
    }
}

/// A rendered sample.
#[derive(Debug)]
pub struct Rendered {
    /// The template.
    pub template: &'static str,
    /// The language.
    pub lang: Lang,
    /// The HTML.
    pub html: String,
}

/// Renders every sample in every language and checks what holds for every page: it renders, has one
/// `<h1>`, no id twice, labels for its fields, no inline style or script, a token in every form, a
/// `data-act` on every button, and nothing Japanese in English pages but what is marked or expected to be
/// (that last point is left to the eye). Every template of the role must have a sample.
///
/// # Errors
/// One line for each thing that is wrong.
pub fn render_all(site: &Site, samples: &[Sample]) -> Result<Vec<Rendered>, String> {
    let mut wrong = Vec::new();
    let mut pages = Vec::new();
    let mut seen = BTreeSet::new();
    for lang in Lang::ALL {
        for sample in samples {
            let page = (sample.0)(&site.visit(lang));
            let template = page.template();
            seen.insert(template);
            match page.html() {
                Ok(html) => {
                    wrong.extend(faults(&html).into_iter().map(|w| format!("{template} ({}): {w}", lang.tag())));
                    pages.push(Rendered { template, lang, html });
                }
                Err(error) => wrong.push(format!("{template} ({}): {error:#}", lang.tag())),
            }
        }
    }
    for (name, source) in site.templates().sources() {
        let layout = format!("{{% extends \"{name}\" %}}");
        let partial = name.starts_with("web/")
            || !source.contains("{% extends")
            || site.templates().sources().any(|(_, other)| other.contains(&layout));
        if !partial && !seen.contains(name) {
            wrong.push(format!("{name}: no sample renders it"));
        }
    }
    if wrong.is_empty() { Ok(pages) } else { Err(wrong.join("\n")) }
}

/// What is wrong with a page's HTML; a coarse net, the browser suite has the fine one. Tests that go through a router hold
/// every page against it that they get.
pub fn faults(html: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |ok: bool, what: &str| {
        if !ok {
            wrong.push(what.to_owned());
        }
    };
    expect(html.starts_with("<!DOCTYPE html>"), "text before <!DOCTYPE html> (an unclosed block or stray blanks?)");
    expect(html.matches("<h1").count() == 1, "not exactly one <h1>");
    expect(!html.contains("<h1></h1>"), "an empty <h1>");
    expect(!html.contains(" style=\""), "an inline style, which the policy blocks");
    expect(!html.contains("<script>") && !html.contains(" onclick="), "an inline script, which the policy blocks");
    expect(html.trim_end().ends_with("</html>"), "it is cut off");
    for (open, close) in
        [("<form", "</form>"), ("<div", "</div>"), ("<section", "</section>"), ("<ul", "</ul>"), ("<p", "</p>")]
    {
        let opened = tags(html, open).count();
        expect(opened == html.matches(close).count(), &format!("{open}> and {close} do not match"));
    }
    for form in html.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap_or_default();
        let post = form.split('>').next().is_some_and(|tag| tag.contains("method=\"post\""));
        expect(!post || form.contains("name=\"csrf\""), "a form without its token");
    }
    for button in tags(html, "<button") {
        expect(button.contains("data-act=") || button.contains("type=\"button\""), "a button without data-act");
    }
    let mut ids = BTreeSet::new();
    for id in attributes(html, " id=\"") {
        expect(ids.insert(id), &format!("the id {id:?} stands twice"));
    }
    for target in
        attributes(html, " for=\"").chain(attributes(html, " aria-describedby=\"").flat_map(str::split_whitespace))
    {
        expect(ids.contains(target), &format!("{target:?} is referred to and not there"));
    }
    let labelled: BTreeSet<_> = attributes(html, " for=\"").collect();
    for field in tags(html, "<input").chain(tags(html, "<select")).chain(tags(html, "<textarea")) {
        let id = attributes(field, " id=\"").next().unwrap_or_default();
        expect(
            field.contains("type=\"hidden\"") || labelled.contains(id),
            &format!("a field without a label: <{field}>"),
        );
    }
    wrong
}

/// The inside of every tag that starts with `open`.
fn tags<'a>(html: &'a str, open: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(open)
        .skip(1)
        .filter(|tail| tail.starts_with([' ', '>', '\n']))
        .map(|tail| tail.split('>').next().unwrap_or_default())
}

fn attributes<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(name).skip(1).filter_map(|tail| tail.split('"').next())
}

/// Checks that two languages have the same keys with the same variables.
///
/// # Errors
/// One line for each difference.
pub fn keys_equal(ja: &str, en: &str) -> Result<(), String> {
    let (ja, en) = (text::keys(ja)?, text::keys(en)?);
    let mut wrong = Vec::new();
    for (key, vars) in &ja {
        match en.get(key) {
            None => wrong.push(format!("{key}: no English text")),
            Some(others) if others != vars => wrong.push(format!("{key}: variables {vars:?} and {others:?} differ")),
            Some(_) => {}
        }
    }
    wrong.extend(en.keys().filter(|key| !ja.contains_key(*key)).map(|key| format!("{key}: no Japanese text")));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Checks the role's texts against its templates: every `t("key")` exists, and every key is used, by a
/// template or by Rust. `in_rust` lists the keys that Rust uses; one that ends in `*` stands for all keys
/// that start so, as does `t("stem-" ~ variable)` in a template.
///
/// # Errors
/// One line for each key that is missing or unused.
pub fn keys_used(site: &Site, ja: &str, in_rust: &[&str]) -> Result<(), String> {
    let own = text::keys(ja)?;
    let mut used = BTreeMap::new();
    for (name, source) in site.templates().sources() {
        for key in template_keys(source) {
            used.insert(key, name.to_owned());
        }
    }
    for key in in_rust.iter().chain(&["service-name"]) {
        used.insert((*key).to_owned(), "Rust".to_owned());
    }
    let mut wrong = Vec::new();
    for (key, place) in &used {
        let found = match key.strip_suffix('*') {
            Some(stem) => own.keys().any(|k| k.starts_with(stem)) || stem.starts_with("web-"),
            None => site.catalogue().has(Lang::Ja, key),
        };
        if !found {
            wrong.push(format!("{key}: used by {place}, but there is no such text"));
        }
    }
    for key in own.keys() {
        let hit = |pattern: &String| match pattern.strip_suffix('*') {
            Some(stem) => key.starts_with(stem),
            None => key == pattern,
        };
        if !used.keys().any(hit) {
            wrong.push(format!("{key}: nothing uses it"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The keys in `t("…")` and `t_html("…")`; a key that goes on with `~` gets a `*`.
fn template_keys(source: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for call in ["t(\"", "t_html(\""] {
        for (at, _) in source.match_indices(call) {
            let before = source[..at].chars().next_back().unwrap_or(' ');
            if before.is_ascii_alphanumeric() || before == '_' || before == '.' {
                continue;
            }
            let tail = &source[at + call.len()..];
            let Some((key, rest)) = tail.split_once('"') else { continue };
            let goes_on = rest.trim_start().starts_with('~');
            keys.push(if goes_on { format!("{key}*") } else { key.to_owned() });
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_between_languages_are_found() {
        assert!(keys_equal("a = x { $n }\n", "a = y { $n }\n").is_ok());
        assert_eq!(keys_equal("a = x\nb = { $n }\n", "b = { $m }\nc = z\n").unwrap_err().lines().count(), 3);
    }

    #[test]
    fn keys_of_templates_are_found() {
        assert_eq!(
            template_keys(r#"{{ t("a") }} {{ t_html("b", x=1) }} {{ t("c-" ~ d) }} {{ put("e") }}"#),
            ["a", "c-*", "b"]
        );
    }

    #[test]
    fn poor_html_is_found() {
        let page = r#"<!DOCTYPE html><h1>x</h1><form method="post"><input id="a"><input id="a"><button>x</button></form></html>"#;
        let found = faults(page).join("\n");
        for what in ["stands twice", "without its token", "without data-act", "without a label"] {
            assert!(found.contains(what), "{what} not in {found}");
        }
    }
}
