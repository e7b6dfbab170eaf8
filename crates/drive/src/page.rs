//! A page as a citizen finds it: what it is, what can be pressed, what can be filled in.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, Method};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use crate::DriveError;
use crate::error::bare;

/// Something that can be pressed.
#[derive(Clone, Debug)]
pub struct Act {
    /// `data-act`.
    pub name: String,
    /// The words on it.
    pub label: String,
    /// Name and value that the button itself sends.
    pub value: Option<(String, String)>,
    target: Target,
}

#[derive(Clone, Debug)]
enum Target {
    Link(Url),
    Form { form: usize, action: Option<Url>, method: Option<Method> },
}

/// What a field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `<input type=hidden>`: sent as it is.
    Hidden,
    /// One or more lines of text, by `type` (`text`, `email`, `tel`, `textarea`, …).
    Text(String),
    /// `<input type=password>`.
    Password,
    /// `<input type=checkbox>`.
    Checkbox,
    /// `<input type=radio>`.
    Radio,
    /// `<select>` with the values of its options.
    Select(Vec<String>),
}

/// A field of a form.
#[derive(Clone)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// `autocomplete`: what a browser would fill in.
    pub autocomplete: String,
    /// Whether it has to be filled in.
    pub required: bool,
    value: String,
    /// Sent as it stands: a box that is ticked, and every field of text.
    on: bool,
}

impl Control {
    /// What it sends as it stands.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether it is sent as it stands: a box that is ticked, and every field of text.
    pub const fn is_on(&self) -> bool {
        self.on
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?})", self.name, self.kind)
    }
}

#[derive(Clone, Debug)]
struct Form {
    action: Url,
    method: Method,
    controls: Vec<Control>,
}

/// What is sent when something is pressed.
pub(crate) struct Submission {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// `application/x-www-form-urlencoded`.
    pub(crate) body: Option<String>,
    pub(crate) form: bool,
}

/// A page, or whatever else was at the end of the redirects.
#[derive(Clone)]
pub struct Page {
    url: Url,
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    id: String,
    error: Option<String>,
    outcome: Option<String>,
    lang: String,
    title: String,
    h1: String,
    alerts: Vec<String>,
    acts: Vec<Act>,
    forms: Vec<Form>,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("id", &self.id)
            .field("error", &self.error)
            .field("outcome", &self.outcome)
            .field("status", &self.status)
            .field("address", &bare(&self.url))
            .field("h1", &self.h1)
            .field("acts", &self.acts.iter().map(|a| &a.name).collect::<Vec<_>>())
            .finish()
    }
}

/// The selectors, parsed once. They are constants of this file, and a test parses them all.
struct Selectors {
    main: Selector,
    html: Selector,
    title: Selector,
    h1: Selector,
    alert: Selector,
    form: Selector,
    control: Selector,
    option: Selector,
    act: Selector,
}

static SELECTORS: LazyLock<Option<Selectors>> = LazyLock::new(|| {
    let s = |text| Selector::parse(text).ok();
    Some(Selectors {
        main: s("[data-page]")?,
        html: s("html")?,
        title: s("title")?,
        h1: s("h1")?,
        alert: s("[role=alert]")?,
        form: s("form")?,
        control: s("input, select, textarea")?,
        option: s("option")?,
        act: s("[data-act]")?,
    })
});

impl Page {
    pub(crate) fn read(url: Url, status: u16, headers: HeaderMap, body: Bytes) -> Self {
        let mut page = Self {
            url,
            status,
            headers,
            body,
            id: String::new(),
            error: None,
            outcome: None,
            lang: String::new(),
            title: String::new(),
            h1: String::new(),
            alerts: Vec::new(),
            acts: Vec::new(),
            forms: Vec::new(),
        };
        if page.content_type().starts_with("text/html")
            && let Some(selectors) = SELECTORS.as_ref()
        {
            page.parse(selectors);
        }
        page
    }

    fn parse(&mut self, s: &Selectors) {
        // Own data only: the parsed tree cannot move between threads.
        let html = Html::parse_document(&String::from_utf8_lossy(&self.body));
        let attr =
            |selector: &Selector, name| html.select(selector).next().and_then(|e| e.attr(name)).map(str::to_owned);
        let words = |selector: &Selector| html.select(selector).next().map(text).unwrap_or_default();
        self.id = attr(&s.main, "data-page").unwrap_or_default();
        self.error = attr(&s.main, "data-error").filter(|t| !t.is_empty());
        self.outcome = attr(&s.main, "data-outcome").filter(|t| !t.is_empty());
        self.lang = attr(&s.html, "lang").unwrap_or_default();
        self.title = words(&s.title);
        self.h1 = words(&s.h1);
        self.alerts = html.select(&s.alert).map(text).collect();

        let forms: Vec<ElementRef<'_>> = html.select(&s.form).collect();
        let owner = |e: ElementRef<'_>| {
            let by_id = e.attr("form").map(|id| forms.iter().position(|f| f.attr("id") == Some(id)));
            by_id.unwrap_or_else(|| {
                let form = e.ancestors().find_map(|n| ElementRef::wrap(n).filter(|f| f.value().name() == "form"))?;
                forms.iter().position(|f| f.id() == form.id())
            })
        };
        self.forms = forms
            .iter()
            .map(|f| Form {
                action: self.address(f.attr("action")),
                method: method(f.attr("method")).unwrap_or(Method::GET),
                controls: Vec::new(),
            })
            .collect();
        for e in html.select(&s.control) {
            if let (Some(form), Some(control)) = (owner(e), control(e, s)) {
                self.forms[form].controls.push(control);
            }
        }
        self.acts = html.select(&s.act).filter_map(|e| self.act_of(e, owner(e))).collect();
    }

    fn act_of(&self, e: ElementRef<'_>, form: Option<usize>) -> Option<Act> {
        let name = e.attr("data-act")?.to_owned();
        if e.attr("disabled").is_some() {
            return None;
        }
        if e.value().name() == "a" {
            let target = Target::Link(self.url.join(e.attr("href")?).ok()?);
            return Some(Act { name, label: text(e), value: None, target });
        }
        let input = e.value().name() == "input";
        let label = if input { e.attr("value").unwrap_or_default().to_owned() } else { text(e) };
        let value = e.attr("name").map(|n| (n.to_owned(), e.attr("value").unwrap_or_default().to_owned()));
        let target = Target::Form {
            form: form?,
            action: e.attr("formaction").map(|a| self.address(Some(a))),
            method: method(e.attr("formmethod")),
        };
        Some(Act { name, label, value, target })
    }

    fn address(&self, reference: Option<&str>) -> Url {
        let reference = reference.filter(|r| !r.is_empty());
        reference.and_then(|r| self.url.join(r).ok()).unwrap_or_else(|| self.url.clone())
    }

    /// Where it is.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The headers of the answer.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as it came: a page's source, or a document.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The media type, in lower case.
    pub fn content_type(&self) -> String {
        self.headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase()
    }

    /// `data-page`; empty for anything that is no page of ours.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `data-error`.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// `data-outcome`.
    pub fn outcome(&self) -> Option<&str> {
        self.outcome.as_deref()
    }

    /// The language it is in.
    pub fn lang(&self) -> &str {
        &self.lang
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its heading.
    pub fn h1(&self) -> &str {
        &self.h1
    }

    /// What it says with `role=alert`.
    pub fn alerts(&self) -> &[String] {
        &self.alerts
    }

    /// What can be pressed, in order.
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// Whether something can be pressed.
    pub fn has(&self, act: &str) -> bool {
        self.acts.iter().any(|a| a.name == act)
    }

    /// The fields of the form that an act sends, hidden ones left out.
    pub fn fields(&self, act: &str) -> impl Iterator<Item = &Control> {
        self.acts
            .iter()
            .find_map(|a| match a.target {
                Target::Form { form, .. } if a.name == act => self.forms.get(form),
                _ => None,
            })
            .into_iter()
            .flat_map(|f| f.controls.iter().filter(|c| c.kind != Kind::Hidden))
    }

    /// The value of a hidden field, for tests that forge requests.
    pub fn hidden(&self, act: &str, field: &str) -> Option<&str> {
        self.acts.iter().find_map(|a| match a.target {
            Target::Form { form, .. } if a.name == act => {
                let of = &self.forms.get(form)?.controls;
                of.iter().find(|c| c.kind == Kind::Hidden && c.name == field).map(|c| c.value.as_str())
            }
            _ => None,
        })
    }

    /// What to call it in an error.
    pub(crate) fn name(&self) -> String {
        match (&self.error, self.id.is_empty()) {
            (_, true) => bare(&self.url),
            (Some(error), false) => format!("{} ({error})", self.id),
            (None, false) => self.id.clone(),
        }
    }

    pub(crate) fn says(&self) -> String {
        let mut says = vec![self.h1.clone()];
        says.extend(self.alerts.iter().cloned());
        says.join("; ")
    }

    /// What pressing `act` with these fields filled in sends.
    pub(crate) fn submission(&self, act: &str, fields: &[(&str, &str)]) -> Result<Submission, DriveError> {
        let named = || self.acts.iter().filter(|a| a.name == act);
        // Of several buttons of one name, the one whose own value is asked for.
        let own = |a: &&Act| a.value.as_ref().is_some_and(|(n, v)| fields.contains(&(n, v)));
        let Some(pressed) = named().find(own).or_else(|| named().next()) else {
            let mut has: Vec<&str> = self.acts.iter().map(|a| a.name.as_str()).collect();
            has.dedup();
            return Err(DriveError::NoAct { page: self.name(), act: act.to_owned(), has: has.join(", ") });
        };
        let no_field =
            |field: &str| DriveError::NoField { page: self.name(), act: act.to_owned(), field: field.to_owned() };
        let (form, action, method) = match &pressed.target {
            Target::Link(url) => match fields.first() {
                Some((field, _)) => return Err(no_field(field)),
                None => return Ok(Submission { method: Method::GET, url: url.clone(), body: None, form: false }),
            },
            Target::Form { form, action, method } => (&self.forms[*form], action, method),
        };
        let mut controls = form.controls.clone();
        for (name, value) in fields {
            let own = pressed.value.as_ref().is_some_and(|(n, v)| n == name && v == value);
            if !own && !fill(&mut controls, name, value) {
                return Err(no_field(name));
            }
        }
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        for c in controls.iter().filter(|c| c.on) {
            pairs.append_pair(&c.name, &c.value);
        }
        if let Some((name, value)) = &pressed.value {
            pairs.append_pair(name, value);
        }
        let pairs = pairs.finish();
        let mut url = action.as_ref().unwrap_or(&form.action).clone();
        if method.as_ref().unwrap_or(&form.method) == Method::POST {
            return Ok(Submission { method: Method::POST, url, body: Some(pairs), form: true });
        }
        url.set_query(Some(&pairs));
        Ok(Submission { method: Method::GET, url, body: None, form: true })
    }
}

/// Whether a citizen could fill the field so.
fn fill(controls: &mut [Control], name: &str, value: &str) -> bool {
    let mut filled = false;
    for c in controls.iter_mut().filter(|c| c.name == name) {
        match &c.kind {
            Kind::Hidden => continue,
            Kind::Text(_) | Kind::Password => value.clone_into(&mut c.value),
            Kind::Select(options) if options.iter().any(|o| o == value) => {
                value.clone_into(&mut c.value);
                c.on = true;
            }
            Kind::Select(_) => continue,
            Kind::Radio => {
                c.on = c.value == value;
                filled |= c.on;
                continue;
            }
            // An empty value takes the tick away.
            Kind::Checkbox => c.on = !value.is_empty(),
        }
        filled = true;
    }
    filled
}

fn control(e: ElementRef<'_>, s: &Selectors) -> Option<Control> {
    let name = e.attr("name").filter(|n| !n.is_empty())?.to_owned();
    if e.attr("disabled").is_some() {
        return None;
    }
    let value = || e.attr("value").unwrap_or_default().to_owned();
    let (kind, value, on) = match e.value().name() {
        "select" => {
            let options: Vec<_> = e.select(&s.option).filter(|o| o.attr("disabled").is_none()).collect();
            let of = |o: &ElementRef<'_>| o.attr("value").map_or_else(|| text(*o), str::to_owned);
            let chosen = options.iter().find(|o| o.attr("selected").is_some()).or_else(|| options.first());
            let value = chosen.map(of).unwrap_or_default();
            (Kind::Select(options.iter().map(of).collect()), value, chosen.is_some())
        }
        "textarea" => {
            let body: String = e.text().collect();
            (Kind::Text("textarea".to_owned()), body.strip_prefix('\n').unwrap_or(&body).to_owned(), true)
        }
        _ => match e.attr("type").unwrap_or("text").to_ascii_lowercase().as_str() {
            "hidden" => (Kind::Hidden, value(), true),
            "password" => (Kind::Password, value(), true),
            "submit" | "button" | "image" | "reset" | "file" => return None,
            t @ ("checkbox" | "radio") => {
                let kind = if t == "radio" { Kind::Radio } else { Kind::Checkbox };
                (kind, e.attr("value").unwrap_or("on").to_owned(), e.attr("checked").is_some())
            }
            t => (Kind::Text(t.to_owned()), value(), true),
        },
    };
    let autocomplete = e.attr("autocomplete").unwrap_or_default().to_owned();
    Some(Control { name, kind, autocomplete, required: e.attr("required").is_some(), value, on })
}

fn method(text: Option<&str>) -> Option<Method> {
    Some(if text?.eq_ignore_ascii_case("post") { Method::POST } else { Method::GET })
}

fn text(e: ElementRef<'_>) -> String {
    e.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"<!doctype html><html lang="ja"><head><title>t｜p</title></head><body>
<main id="main" data-page="pick" data-error="E1" data-outcome="">
<div role="alert">入力内容を
 確認してください</div><h1>カード</h1>
<form method="post" action="/read"><input type="hidden" name="csrf" value="x&amp;y">
<input name="email" type="email" autocomplete="username" required><input type="password" name="pin">
<input type="checkbox" name="terms" required><input type="radio" name="way" value="a"><input type="radio" name="way" value="b" checked>
<select name="year"><option value="2025">令和7</option><option value="2026" selected>令和8</option></select>
<textarea name="note">
memo</textarea><input name="off" disabled value="1">
<button data-act="pick" name="person" value="hanako">佐藤</button>
<button data-act="pick" name="person" value="jun">中村</button>
<button data-act="go" formaction="/go?x=1" formmethod="get">go</button></form>
<a data-act="next" href="next?p=1">次へ</a><button data-act="nowhere">no form</button>
</main></body></html>"#;

    fn page() -> Page {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "text/html; charset=utf-8".parse().unwrap());
        Page::read(Url::parse("http://localhost:1/a/b").unwrap(), 200, headers, Bytes::from_static(SOURCE.as_bytes()))
    }

    #[test]
    fn reads_what_a_citizen_sees() {
        assert!(SELECTORS.is_some());
        let p = page();
        assert_eq!((p.id(), p.error(), p.outcome(), p.h1(), p.lang()), ("pick", Some("E1"), None, "カード", "ja"));
        assert_eq!(p.alerts(), ["入力内容を 確認してください"]);
        let acts: Vec<_> = p.acts().iter().map(|a| a.name.as_str()).collect();
        assert_eq!(acts, ["pick", "pick", "go", "next"]);
        let fields: Vec<_> = p.fields("pick").map(|c| c.name.as_str()).collect();
        assert_eq!(fields, ["email", "pin", "terms", "way", "way", "year", "note"]);
        assert_eq!(p.hidden("pick", "csrf"), Some("x&y"));
    }

    #[test]
    fn sends_what_a_browser_sends() {
        let p = page();
        let s = p.submission("pick", &[("person", "jun"), ("pin", "1 2"), ("terms", "on"), ("way", "a")]).unwrap();
        assert_eq!((s.method, s.url.as_str()), (Method::POST, "http://localhost:1/read"));
        assert_eq!(s.body.unwrap(), "csrf=x%26y&email=&pin=1+2&terms=on&way=a&year=2026&note=memo&person=jun");
        let s = p.submission("go", &[]).unwrap();
        assert!(s.url.as_str().starts_with("http://localhost:1/go?csrf=x%26y&email="));
        assert_eq!(p.submission("next", &[]).unwrap().url.as_str(), "http://localhost:1/a/next?p=1");
    }

    #[test]
    fn a_citizen_cannot_press_or_fill_what_is_not_there() {
        let p = page();
        for (act, fields) in [
            ("pick", ("csrf", "z")),
            ("pick", ("person", "nobody")),
            ("pick", ("year", "1999")),
            ("pick", ("way", "c")),
            ("pick", ("off", "2")),
            ("next", ("x", "1")),
        ] {
            assert!(matches!(p.submission(act, &[fields]), Err(DriveError::NoField { .. })), "{act} {fields:?}");
        }
        let Err(DriveError::NoAct { has, .. }) = p.submission("stop", &[]) else { panic!() };
        assert_eq!(has, "pick, go, next");
    }
}
