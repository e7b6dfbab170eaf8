//! Templates: compiled once, strict about what is undefined, escaping HTML; and the functions they use.

use std::sync::Arc;

use base::{Lang, Timestamp, calendar};
use fluent_bundle::{FluentArgs, FluentValue};
use minijinja::value::{Kwargs, Object, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};

use crate::fold::fold;
use crate::page::Scope;
use crate::prune::prune;
use crate::text::Catalogue;

/// Lists template files of the calling crate's `templates/` folder, embedded into the binary:
/// `web::templates!["start.html", "result.html"]`.
#[macro_export]
macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $name)))),*]
    };
}

/// Templates every site has.
pub(crate) const SHARED: &[(&str, &str)] = crate::templates![
    "web/layout.html",
    "web/ui.html",
    "web/error.html",
    "web/session.html",
    "web/licences.html",
    "web/accessibility.html"
];

/// The file of components that pages import.
const COMPONENTS: &str = "web/ui.html";

/// The compiled templates of a site: one set for each language, with that language's texts in them.
pub(crate) struct Templates {
    ja: Environment<'static>,
    en: Environment<'static>,
    sources: Vec<(&'static str, &'static str)>,
}

impl Templates {
    pub(crate) fn new(own: &[(&'static str, &'static str)], catalogue: &Catalogue) -> Result<Self, Error> {
        let sources: Vec<_> = SHARED.iter().chain(own).copied().collect();
        let compile = |lang| Self::compile(&sources, |key| catalogue.fixed(lang, key));
        Ok(Self { ja: compile(Lang::Ja)?, en: compile(Lang::En)?, sources })
    }

    fn compile(
        sources: &[(&'static str, &'static str)],
        fixed: impl Fn(&str) -> Option<Arc<str>>,
    ) -> Result<Environment<'static>, Error> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_formatter(|out, state, value| match value.as_str() {
            Some(text) if !value.is_safe() => escape_to(out, text),
            _ => minijinja::escape_formatter(out, state, value),
        });
        env.set_syntax(minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        env.add_function("t", t);
        env.add_function("t_html", t_html);
        env.add_function("steps", steps);
        env.add_function("csrf", csrf);
        env.add_function("field_error", field_error);
        env.add_filter("long_date", long_date);
        env.add_filter("long_time", long_time);
        env.add_filter("iso_date", iso_date);
        env.add_filter("iso_time", iso_time);
        env.add_filter("clock_time", clock_time);
        env.add_filter("tax_year", tax_year);
        env.add_filter("size", size);
        env.add_filter("yen", yen);
        let source_of = |wanted: &str| sources.iter().find(|(name, _)| *name == wanted).map_or("", |(_, s)| *s);
        for (name, source) in sources {
            let also = related(source, sources);
            // What is included shares its includer's variables: an import under the same name would take the
            // place of the includer's, so it has to have everything.
            let included = sources.iter().any(|(_, s)| s.contains(&format!("{{% include \"{name}\"")));
            let shared = included && source.contains(&format!("\"{COMPONENTS}\" as ui "));
            let pruned = if shared { None } else { prune(source, &also, COMPONENTS, source_of(COMPONENTS)) };
            match pruned {
                Some(pruned) => {
                    env.add_template_owned(pruned.module, fold(&pruned.module_source, &fixed))?;
                    env.add_template_owned(*name, fold(&pruned.source, &fixed))?;
                }
                None => env.add_template_owned(*name, fold(source, &fixed))?,
            }
        }
        Ok(env)
    }

    pub(crate) fn render(&self, lang: Lang, name: &str, page: Value, own: &Value) -> Result<String, Error> {
        let env = match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        };
        let template = env.get_template(name)?;
        let mut html = template.render(Value::from_object(Root { page, own: own.clone() }))?;
        if !html.ends_with('\n') {
            html.push('\n');
        }
        Ok(html)
    }

    /// Names and sources, for tests.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.sources.iter().copied()
    }
}

/// The templates that `source` extends and includes, and theirs.
fn related(source: &str, all: &[(&'static str, &'static str)]) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    let mut open = vec![source];
    while let Some(text) = open.pop() {
        for (name, other) in all {
            let named = ["extends", "include"].iter().any(|how| text.contains(&format!("{{% {how} \"{name}\"")));
            if named && !found.contains(other) {
                found.push(other);
                open.push(other);
            }
        }
    }
    found
}

/// What a template sees: `page`, and the fields of the page's own context.
#[derive(Debug)]
struct Root {
    page: Value,
    own: Value,
}

impl Object for Root {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == "page" {
            return Some(self.page.clone());
        }
        self.own.as_object()?.get_value_by_str(key)
    }
}

fn failed(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

fn with_scope<T>(state: &State, f: impl FnOnce(&Scope) -> Result<T, Error>) -> Result<T, Error> {
    let page = state.lookup("page").ok_or_else(|| failed("there is no page"))?;
    let scope = page.downcast_object_ref::<Scope>().ok_or_else(|| failed("`page` was overwritten"))?;
    f(scope)
}

fn lang(state: &State) -> Result<Lang, Error> {
    with_scope(state, |scope| Ok(scope.visit.lang()))
}

/// Arguments of a message. `escape` makes them safe inside HTML.
fn arguments(kwargs: &Kwargs, escape: bool) -> Result<FluentArgs<'static>, Error> {
    let mut args = FluentArgs::new();
    for name in kwargs.args() {
        let value: Value = kwargs.get(name)?;
        let value = match value.kind() {
            ValueKind::Number => match (i64::try_from(value.clone()), f64::try_from(value.clone())) {
                (Ok(n), _) => FluentValue::from(n),
                (_, Ok(x)) => FluentValue::from(x),
                _ => return Err(failed(format!("the argument {name} is a number out of range"))),
            },
            ValueKind::String if escape && !value.is_safe() => {
                FluentValue::from(escaped(value.as_str().unwrap_or_default())?)
            }
            ValueKind::String => FluentValue::from(value.as_str().unwrap_or_default().to_owned()),
            kind => return Err(failed(format!("the argument {name} of a text is {kind}, not text or number"))),
        };
        args.set(name.to_owned(), value);
    }
    kwargs.assert_all_used()?;
    Ok(args)
}

/// Escapes for text and quoted attributes. (The engine's own escapes `/` too, which makes every
/// address in the source hard to read.)
fn escape_to(out: &mut impl std::fmt::Write, text: &str) -> Result<(), Error> {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.write_str(&rest[..at])?;
        out.write_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &rest[at + 1..];
    }
    Ok(out.write_str(rest)?)
}

fn escaped(text: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len() + 16);
    escape_to(&mut out, text)?;
    Ok(out)
}

/// `t("key", name=value)`: a text in the page's language. Escaped where it is printed.
fn t(state: &State, key: &str, kwargs: Kwargs) -> Result<Value, Error> {
    text(state, key, &kwargs, false).map(Value::from)
}

/// `t_html("key", name=value)`: a text of ours with HTML in it. The message is part of the program;
/// its arguments are escaped before they go in, unless they are safe already.
fn t_html(state: &State, key: &str, kwargs: Kwargs) -> Result<Value, Error> {
    text(state, key, &kwargs, true).map(|text| Value::from_safe_string((*text).to_owned()))
}

fn text(state: &State, key: &str, kwargs: &Kwargs, escape: bool) -> Result<Arc<str>, Error> {
    let args = arguments(kwargs, escape)?;
    with_scope(state, |scope| {
        let (catalogue, lang) = (scope.visit.site().catalogue(), scope.visit.lang());
        match catalogue.fixed(lang, key) {
            Some(text) => Ok(text),
            None => catalogue.text(lang, key, Some(&args)).map(Arc::from).map_err(|e| failed(e.to_string())),
        }
    })
}

/// `steps(2, 5)`: where the reader is in the linked run. Written out here because every page of the run
/// has it, and a loop of the engine costs as much as the rest of the frame.
fn steps(state: &State, current: u8, total: u8) -> Result<Value, Error> {
    use std::fmt::Write as _;
    with_scope(state, |scope| {
        let (catalogue, lang) = (scope.visit.site().catalogue(), scope.visit.lang());
        let fixed = |key: &str| catalogue.fixed(lang, key).ok_or_else(|| failed(format!("no text for {key:?}")));
        let mut args = FluentArgs::new();
        args.set("step", current);
        args.set("steps", total);
        let place = catalogue.text(lang, "web-title-step", Some(&args)).map_err(|e| failed(e.to_string()))?;
        let mut html = String::with_capacity(1_400);
        write!(
            html,
            "<nav class=\"en-steps\" aria-label=\"{}\">\n<p class=\"en-steps-now\"><strong>{place}</strong> {}</p>\n<ol>\n",
            fixed("web-steps")?,
            fixed(STEP_KEYS.get(usize::from(current)).copied().unwrap_or_default())?
        )?;
        for n in 1..=total {
            let name = fixed(STEP_KEYS.get(usize::from(n)).copied().unwrap_or_default())?;
            let (class, mark) = match n.cmp(&current) {
                std::cmp::Ordering::Less => ("en-done\"", "✓".to_owned()),
                std::cmp::Ordering::Equal => ("en-now\" aria-current=\"step\"", n.to_string()),
                std::cmp::Ordering::Greater => ("en-later\"", n.to_string()),
            };
            let done = if n < current {
                format!("<span class=\"en-hide\">{}</span>", fixed("web-step-done")?)
            } else {
                String::new()
            };
            writeln!(
                html,
                "<li class=\"{class}><span class=\"en-step-mark\" aria-hidden=\"true\">{mark}</span><span \
                 class=\"en-step-name\">{name}{done}</span></li>"
            )?;
        }
        html.push_str("</ol>\n</nav>");
        Ok(Value::from_safe_string(html))
    })
}

/// The names of the steps; the texts hold no characters that HTML would need escaped (a test looks).
const STEP_KEYS: [&str; 6] = ["", "web-step-1", "web-step-2", "web-step-3", "web-step-4", "web-step-5"];

/// `csrf("/path")`: the token for a form sent there.
fn csrf(state: &State, path: &str) -> Result<String, Error> {
    with_scope(state, |scope| Ok(scope.visit.form_token(path)))
}

/// `field_error("pin")`: the error message of a field, or none.
fn field_error(state: &State, name: &str) -> Result<Value, Error> {
    with_scope(state, |scope| Ok(Value::from(scope.error_of(name).map(str::to_owned))))
}

/// A date from `2026-06-01` (a serialised `jiff::civil::Date`) or from microseconds (a `Timestamp`).
fn date(value: &Value) -> Result<jiff::civil::Date, Error> {
    if let Some(text) = value.as_str() {
        return text.parse().map_err(|_| failed(format!("{text:?} is not a date like 2026-06-01")));
    }
    Ok(calendar::jst(timestamp(value)?).date())
}

fn timestamp(value: &Value) -> Result<Timestamp, Error> {
    i64::try_from(value.clone()).map(Timestamp).map_err(|_| failed("not a time in microseconds"))
}

fn long_date(state: &State, value: &Value) -> Result<String, Error> {
    Ok(calendar::long_date(date(value)?, lang(state)?))
}

fn long_time(state: &State, value: &Value) -> Result<String, Error> {
    Ok(calendar::long_time(timestamp(value)?, lang(state)?))
}

fn iso_date(value: &Value) -> Result<String, Error> {
    Ok(date(value)?.to_string())
}

fn iso_time(value: &Value) -> Result<String, Error> {
    Ok(timestamp(value)?.rfc3339())
}

/// 「14時35分」, "14:35".
fn clock_time(state: &State, value: &Value) -> Result<String, Error> {
    let dt = calendar::jst(timestamp(value)?);
    Ok(match lang(state)? {
        Lang::Ja => format!("{}時{:02}分", dt.hour(), dt.minute()),
        Lang::En => format!("{:02}:{:02} (JST)", dt.hour(), dt.minute()),
    })
}

fn tax_year(state: &State, value: i16) -> Result<String, Error> {
    Ok(calendar::tax_year(value, lang(state)?))
}

/// A size for people: `12KB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes}B"),
        1_000..1_000_000 => format!("{}KB", bytes.div_ceil(1_000)),
        _ => format!("{}.{}MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// An amount: `12,300円`, `¥12,300`.
fn yen(state: &State, amount: i64) -> Result<String, Error> {
    let grouped = base::amount::grouped(amount);
    Ok(match (lang(state)?, grouped.strip_prefix('-')) {
        (Lang::Ja, _) => format!("{grouped}円"),
        (Lang::En, None) => format!("¥{grouped}"),
        (Lang::En, Some(digits)) => format!("-¥{digits}"),
    })
}
