//! Style sheet, script and icon, embedded; their address changes with their content, so browsers keep
//! them for good.

use axum::response::{IntoResponse, Response};
use base::codec;
use bytes::Bytes;
use http::{HeaderValue, header};

const TOKENS: &str = include_str!("../assets/vendor/digital-go-jp-design-tokens-1.1.9/tokens.css");
const APP_CSS: &str = include_str!("../assets/app.css");
const APP_JS: &str = include_str!("../assets/app.js");
const ICON: &str = include_str!("../assets/favicon.svg");

pub(crate) struct Assets {
    css: (String, Bytes),
    js: (String, Bytes),
}

impl Assets {
    pub(crate) fn new() -> Self {
        let css = format!("{TOKENS}\n{APP_CSS}");
        Self { css: named("css", css), js: named("js", APP_JS.to_owned()) }
    }

    pub(crate) fn css_path(&self) -> &str {
        &self.css.0
    }

    pub(crate) fn js_path(&self) -> &str {
        &self.js.0
    }

    /// The asset at a path below `/assets/`.
    pub(crate) fn get(&self, path: &str) -> Option<Response> {
        let (body, kind) = if path == self.css.0 {
            (&self.css.1, "text/css; charset=utf-8")
        } else if path == self.js.0 {
            (&self.js.1, "text/javascript; charset=utf-8")
        } else {
            return None;
        };
        Some(answer(body.clone(), kind, "public, max-age=31536000, immutable"))
    }
}

fn named(extension: &str, content: String) -> (String, Bytes) {
    let hash: String = codec::sha256(content.as_bytes()).iter().take(6).map(|b| format!("{b:02x}")).collect();
    (format!("/assets/app.{hash}.{extension}"), Bytes::from(content))
}

/// The icon; browsers ask for it unbidden.
pub(crate) fn icon() -> Response {
    answer(Bytes::from_static(ICON.as_bytes()), "image/svg+xml", "public, max-age=86400")
}

/// Licence texts that the page of licences prints.
pub(crate) fn licences() -> std::collections::BTreeMap<&'static str, &'static str> {
    const TOKENS: &str = include_str!("../assets/vendor/digital-go-jp-design-tokens-1.1.9/LICENSE");
    const FONT: &str = include_str!("../../paper/fonts/LICENSE");
    std::collections::BTreeMap::from([("tokens", TOKENS), ("font", FONT)])
}

fn answer(body: Bytes, kind: &'static str, cache: &'static str) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_vendored_tokens_are_the_published_ones() {
        let hash: String = codec::sha256(TOKENS.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        // facts/screens.md 1.1: npm @digital-go-jp/design-tokens 1.1.9, dist/tokens.css
        assert_eq!(hash, "ec3fb5b1e881d1bdf076feff29fe15a32269353c7a9cef40194f1eff0c3d7a90");
    }

    #[test]
    fn the_script_is_small_and_needs_no_inline_styles() {
        assert!(APP_JS.len() < 5_000, "app.js has {} bytes", APP_JS.len());
        for trap in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", ".style."] {
            assert!(!APP_JS.contains(trap), "the content security policy forbids {trap}");
        }
    }

    /// The colours of one block of the style sheet, resolved to sRGB; `from` is where the block starts.
    fn aliases(from: &str) -> BTreeMap<String, [f64; 3]> {
        let tokens: BTreeMap<&str, &str> =
            TOKENS.lines().filter_map(|line| line.trim().strip_suffix(';')?.split_once(": ")).collect();
        let start = APP_CSS.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
        let block = APP_CSS[start..].split('}').next().unwrap();
        let mut out = BTreeMap::new();
        for line in block.lines() {
            let Some((name, value)) = line.trim().strip_suffix(';').and_then(|l| l.split_once(": ")) else { continue };
            let Some(token) = value.strip_prefix("var(").and_then(|v| v.strip_suffix(')')) else { continue };
            let mut value = tokens[token];
            while let Some(next) = value.strip_prefix("var(").and_then(|v| v.strip_suffix(')')) {
                value = tokens[next];
            }
            let number = u32::from_str_radix(value.trim_start_matches('#'), 16).unwrap();
            let channel = |shift: u32| f64::from((number >> shift) & 0xff) / 255.0;
            out.insert(name.to_owned(), [channel(16), channel(8), channel(0)]);
        }
        out
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let luminance = |c: [f64; 3]| {
            let [r, g, b] = c.map(|v| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn colours_are_readable_in_every_theme_and_scheme() {
        let light = aliases(":root {\n  color-scheme");
        let dark = aliases("(prefers-color-scheme: dark) {\n  :root {");
        for (scheme, base, indent) in
            [("light", light.clone(), "\n"), ("dark", light.into_iter().chain(dark).collect(), "\n  ")]
        {
            for theme in ["", "delivery", "sample", "card", "desk"] {
                let mut c = base.clone();
                if !theme.is_empty() {
                    c.extend(aliases(&format!("}}\n{indent}.en-theme-{theme} {{")));
                }
                let pairs = [
                    ("--c-fg", "--c-bg", 7.0),
                    ("--c-muted", "--c-bg", 4.5),
                    ("--c-muted", "--c-panel", 4.5),
                    ("--c-link", "--c-bg", 7.0),
                    ("--c-link", "--c-panel", 4.5),
                    ("--c-link-visited", "--c-bg", 4.5),
                    ("--c-key", "--c-bg", 7.0),
                    ("--c-on-key", "--c-key", 7.0),
                    ("--c-on-key", "--c-key-hover", 7.0),
                    ("--c-key", "--c-key-bg", 4.5),
                    ("--c-key-hover", "--c-key-bg", 4.5),
                    ("--c-err-text", "--c-bg", 4.5),
                    ("--c-err-text", "--c-err-bg", 4.5),
                    ("--c-ok-text", "--c-ok-bg", 4.5),
                    ("--c-warn-text", "--c-warn-bg", 4.5),
                    ("--c-info-text", "--c-info-bg", 4.5),
                    ("--c-strong", "--c-field", 7.0),
                    ("--c-demo-fg", "--c-demo-bg", 7.0),
                    ("--c-focus-text", "--c-focus", 7.0),
                    // Lines and icons need 3:1 (WCAG 2.2, 1.4.11).
                    ("--c-edge", "--c-bg", 3.0),
                    ("--c-err", "--c-bg", 3.0),
                    ("--c-ok", "--c-bg", 3.0),
                    ("--c-warn", "--c-warn-bg", 3.0),
                    ("--c-info", "--c-bg", 3.0),
                    ("--c-focus-line", "--c-bg", 3.0),
                ];
                for (text, ground, least) in pairs {
                    let ratio = contrast(c[text], c[ground]);
                    assert!(ratio >= least, "{scheme} {theme}: {text} on {ground} has {ratio:.2}, needs {least}");
                }
            }
        }
    }
}
