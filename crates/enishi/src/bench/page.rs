//! Pages of this house, read by string search: forms and links are found by their `data-act`.

/// A page.
#[derive(Clone, Copy)]
pub struct Page<'a>(&'a str);

impl<'a> Page<'a> {
    /// Of a body.
    pub const fn new(html: &'a str) -> Self {
        Self(html)
    }

    /// `data-page` of `<main>`.
    pub fn id(&self) -> Option<&'a str> {
        attribute(self.main()?, "data-page")
    }

    /// `data-error` and `data-outcome`, when the page shows a failure.
    pub fn trouble(&self) -> Option<&'a str> {
        let main = self.main()?;
        attribute(main, "data-outcome").or_else(|| attribute(main, "data-error"))
    }

    fn main(&self) -> Option<&'a str> {
        let at = self.0.find("<main ")?;
        tag(&self.0[at..])
    }

    /// The tag that acts so (with this value, when there are several), and where it begins.
    fn act(&self, act: &str, value: Option<&str>) -> Option<(usize, &'a str)> {
        let mark = format!("data-act=\"{act}\"");
        let tags = self.0.match_indices(&mark).filter_map(|(at, _)| {
            let begin = self.0[..at].rfind('<')?;
            Some((begin, tag(&self.0[begin..])?))
        });
        tags.into_iter().find(|(_, tag)| value.is_none() || attribute(tag, "value") == value)
    }

    /// Where a link leads.
    pub fn link(&self, act: &str) -> Option<String> {
        attribute(self.act(act, None)?.1, "href").map(unescape)
    }

    /// The form of a button: its address, and its hidden fields with the button's own value as a form body.
    pub fn form(&self, act: &str) -> Option<(String, Body)> {
        self.form_with(act, None)
    }

    /// [`Page::form`] of the button that sends this value.
    pub fn form_with(&self, act: &str, value: Option<&str>) -> Option<(String, Body)> {
        let (button_at, button) = self.act(act, value)?;
        let begin = self.0[..button_at].rfind("<form")?;
        let end = begin + self.0[begin..].find("</form>")?;
        let action = match attribute(button, "formaction") {
            Some(action) => action,
            None => attribute(tag(&self.0[begin..end])?, "action")?,
        };
        let mut body = Body::default();
        let mut rest = &self.0[begin..end];
        while let Some(at) = rest.find("<input") {
            rest = &rest[at..];
            let input = tag(rest)?;
            if attribute(input, "type") == Some("hidden")
                && let (Some(name), Some(value)) = (attribute(input, "name"), attribute(input, "value"))
            {
                body.push(name, &unescape(value));
            }
            rest = &rest[input.len()..];
        }
        if let (Some(name), Some(value)) = (attribute(button, "name"), attribute(button, "value")) {
            body.push(name, &unescape(value));
        }
        Some((unescape(action), body))
    }
}

/// A form body in the making.
#[derive(Clone, Debug, Default)]
pub struct Body(String);

impl Body {
    /// Adds a field.
    pub fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
    }

    /// The encoded fields.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The tag that `text` begins with, without its `>`.
fn tag(text: &str) -> Option<&str> {
    text.find('>').map(|end| &text[..end])
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        let after = &rest[at + name.len()..];
        let starts = rest[..at].ends_with(|c: char| c.is_ascii_whitespace());
        if starts && let Some(value) = after.strip_prefix("=\"") {
            return value.find('"').map(|end| &value[..end]);
        }
        rest = after;
    }
}

fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = text.to_owned();
    for (from, to) in [("&#x2f;", "/"), ("&#x27;", "'"), ("&#39;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">")]
    {
        out = out.replace(from, to);
    }
    out.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<html><body><main id="main" data-page="link" data-error="E9">
        <form method="post" action="&#x2f;run/1/stop"><input type="hidden" name="csrf" value="A"><button data-act="stop">x</button></form>
        <form action="/run/1/link" method="post"><input type="hidden" name="csrf" value="B&amp;C">
        <input type="hidden" name="seq" value="4"><input type="text" name="email" value="">
        <button type="submit" name="decision" value="agree" data-act="link">連携する</button>
        <button type="submit" name="decision" value="later" data-act="link">あとで</button></form>
        <a href="/run/1/next?a=1&amp;b=2" data-act="next">次へ</a></main></body></html>"#;

    #[test]
    fn forms_and_links_by_act() {
        let page = Page::new(HTML);
        assert_eq!((page.id(), page.trouble()), (Some("link"), Some("E9")));
        let (action, body) = page.form("link").unwrap();
        assert_eq!((action.as_str(), body.as_str()), ("/run/1/link", "csrf=B%26C&seq=4&decision=agree"));
        assert!(page.form_with("link", Some("later")).unwrap().1.as_str().ends_with("&decision=later"));
        assert_eq!(page.form("stop").unwrap().0, "/run/1/stop");
        assert_eq!(page.link("next").as_deref(), Some("/run/1/next?a=1&b=2"));
        assert!(page.form("absent").is_none());
        assert!(Page::new("no page").id().is_none());
    }
}
