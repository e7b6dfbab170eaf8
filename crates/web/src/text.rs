//! The texts of the pages in every language: Fluent messages, parsed once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base::Lang;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

/// The messages of one site in every language.
pub struct Catalogue {
    ja: Messages,
    en: Messages,
}

struct Messages {
    bundle: FluentBundle<FluentResource>,
    /// Messages without variables, put together once: most of a page's texts.
    fixed: HashMap<String, Arc<str>>,
}

/// Why texts can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The Fluent syntax is wrong.
    #[error("{lang:?} texts do not parse: {detail}")]
    Syntax {
        /// Which language.
        lang: Lang,
        /// What the parser says.
        detail: String,
    },
    /// A key stands twice.
    #[error("{lang:?} texts define {key} twice")]
    Twice {
        /// Which language.
        lang: Lang,
        /// Which key.
        key: String,
    },
    /// There is no such message.
    #[error("no {lang:?} text for {key:?}")]
    Missing {
        /// Which language.
        lang: Lang,
        /// Which key.
        key: String,
    },
    /// An argument is missing, or a function is unknown.
    #[error("{lang:?} text {key:?} can't be put together: {detail}")]
    Format {
        /// Which language.
        lang: Lang,
        /// Which key.
        key: String,
        /// What is wrong.
        detail: String,
    },
}

impl Catalogue {
    /// Parses texts; every key may stand once per language.
    pub fn new<'a>(sources: impl IntoIterator<Item = (Lang, &'a str)>) -> Result<Self, TextError> {
        let empty = |lang| Messages { bundle: bundle(lang), fixed: HashMap::new() };
        let mut catalogue = Self { ja: empty(Lang::Ja), en: empty(Lang::En) };
        let sources: Vec<_> = sources.into_iter().collect();
        for &(lang, source) in &sources {
            let resource = FluentResource::try_new(source.to_owned())
                .map_err(|(_, errors)| TextError::Syntax { lang, detail: format!("{errors:?}") })?;
            catalogue.messages_mut(lang).bundle.add_resource(resource).map_err(|errors| TextError::Twice {
                lang,
                key: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            })?;
        }
        for (lang, source) in sources {
            let keys = keys(source).map_err(|detail| TextError::Syntax { lang, detail })?;
            for (key, _) in keys.into_iter().filter(|(_, variables)| variables.is_empty()) {
                let text = catalogue.text(lang, &key, None)?;
                catalogue.messages_mut(lang).fixed.insert(key, text.into());
            }
        }
        Ok(catalogue)
    }

    /// Puts another text, without variables, in the place of a message.
    pub fn replace(&mut self, lang: Lang, key: &str, value: &str) -> Result<(), TextError> {
        // As a literal: whatever stands in it means itself.
        let literal = value.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ");
        let resource = FluentResource::try_new(format!("{key} = {{\"{literal}\"}}\n"))
            .map_err(|(_, errors)| TextError::Syntax { lang, detail: format!("{errors:?}") })?;
        let messages = self.messages_mut(lang);
        messages.bundle.add_resource_overriding(resource);
        messages.fixed.insert(key.to_owned(), value.replace(['\n', '\r'], " ").into());
        Ok(())
    }

    /// The message `key`, when it has no variables. Shared, so that a page costs no copy.
    pub fn fixed(&self, lang: Lang, key: &str) -> Option<Arc<str>> {
        self.messages(lang).fixed.get(key).cloned()
    }

    /// The message `key`. Arguments are put in as they are: this is text, not HTML.
    pub fn text(&self, lang: Lang, key: &str, args: Option<&FluentArgs<'_>>) -> Result<String, TextError> {
        let bundle = &self.messages(lang).bundle;
        let pattern = bundle
            .get_message(key)
            .and_then(|m| m.value())
            .ok_or_else(|| TextError::Missing { lang, key: key.to_owned() })?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors);
        if errors.is_empty() {
            Ok(text.into_owned())
        } else {
            let detail = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(TextError::Format { lang, key: key.to_owned(), detail })
        }
    }

    /// Whether there is a message `key`.
    pub fn has(&self, lang: Lang, key: &str) -> bool {
        self.messages(lang).bundle.has_message(key)
    }

    const fn messages(&self, lang: Lang) -> &Messages {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }

    const fn messages_mut(&mut self, lang: Lang) -> &mut Messages {
        match lang {
            Lang::Ja => &mut self.ja,
            Lang::En => &mut self.en,
        }
    }
}

fn bundle(lang: Lang) -> FluentBundle<FluentResource> {
    // "ja" and "en" always parse; the default (und) would only lose plural forms.
    let locale = lang.tag().parse::<unic_langid::LanguageIdentifier>().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Isolation marks (U+2068, U+2069) are for mixed writing directions; both our languages run left
    // to right, and the marks would end up in titles, copied text and tests.
    bundle.set_use_isolating(false);
    bundle
}

/// Arguments for [`Catalogue::text`] out of plain texts.
pub fn args<'a, V: Into<Cow<'a, str>>>(pairs: impl IntoIterator<Item = (&'a str, V)>) -> FluentArgs<'a> {
    let mut out = FluentArgs::new();
    for (name, value) in pairs {
        out.set(name, value.into());
    }
    out
}

/// The keys of a Fluent source with the variables each uses, for tests that compare languages.
pub fn keys(source: &str) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    // The parser's syntax tree is not public API of fluent-bundle; the line form is: a key starts a
    // line, a variable is `$name`.
    FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| format!("{errors:?}"))?;
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in source.lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if line.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some((key, _)) = line.split_once('=')
        {
            let key = key.trim().to_owned();
            out.entry(key.clone()).or_default();
            current = Some(key);
        }
        let Some(vars) = current.as_ref().and_then(|key| out.get_mut(key)) else { continue };
        for tail in line.split('$').skip(1) {
            let name: String =
                tail.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
            if !name.is_empty() {
                vars.insert(name);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue::new([
            (Lang::Ja, "hello = { $name }さん、こんにちは\nleft = 残り{ $n }回です\n"),
            (
                Lang::En,
                "hello = Hello, { $name }\nleft = { $n ->\n    [one] One try left\n   *[other] { $n } tries left\n }\n",
            ),
        ])
        .unwrap()
    }

    #[test]
    fn a_text_is_replaced_by_what_means_itself() {
        let mut c = catalogue();
        c.replace(Lang::Ja, "hello", r#"{ $x } "\" "#).unwrap();
        assert_eq!(c.text(Lang::Ja, "hello", None).unwrap(), r#"{ $x } "\" "#);
        assert_eq!(c.fixed(Lang::Ja, "hello").as_deref(), Some(r#"{ $x } "\" "#));
        let name = args([("name", "Emma")]);
        assert_eq!(c.text(Lang::En, "hello", Some(&name)).unwrap(), "Hello, Emma");
    }

    #[test]
    fn speaks_both_languages_with_plurals() {
        let c = catalogue();
        let name = args([("name", "花子")]);
        assert_eq!(c.text(Lang::Ja, "hello", Some(&name)).unwrap(), "花子さん、こんにちは");
        let mut n = FluentArgs::new();
        n.set("n", 1);
        assert_eq!(c.text(Lang::En, "left", Some(&n)).unwrap(), "One try left");
        n.set("n", 2);
        assert_eq!(c.text(Lang::En, "left", Some(&n)).unwrap(), "2 tries left");
    }

    #[test]
    fn a_missing_key_or_argument_is_an_error_and_not_a_blank() {
        let c = catalogue();
        assert!(matches!(c.text(Lang::Ja, "nothing", None), Err(TextError::Missing { .. })));
        assert!(matches!(c.text(Lang::Ja, "hello", None), Err(TextError::Format { .. })));
        assert!(matches!(Catalogue::new([(Lang::Ja, "a = 1\n"), (Lang::Ja, "a = 2\n")]), Err(TextError::Twice { .. })));
        assert!(matches!(Catalogue::new([(Lang::Ja, "= broken\n")]), Err(TextError::Syntax { .. })));
    }

    #[test]
    fn lists_keys_with_their_variables() {
        let found = keys("a = x { $b }\n    { $c }\n# d = 1\ne = y\n").unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "e"]);
        assert_eq!(found["a"].iter().collect::<Vec<_>>(), ["b", "c"]);
    }
}
