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
    std::collections::BTreeMap::from([("tokens", TOKENS)])
}

fn answer(body: Bytes, kind: &'static str, cache: &'static str) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

#[cfg(test)]
mod tests {
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
}
