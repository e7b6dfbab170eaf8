//! Is this form ours? Two independent answers, both must be yes.
//!
//! 1. **Where it came from**: `Origin` must be ours, and `Sec-Fetch-Site` must not say that another
//!    site sent it. Clients that send neither (curl, the drive client) are judged by 2 alone.
//! 2. **A token** in the form: HMAC-SHA-256 under the site's form key over the browser's cookie and the
//!    path the form is sent to. Nothing is stored, so any node can check it; it is bound to one browser
//!    and one target, so a token seen on one page opens no other door. Without it, a sibling site that
//!    can make the browser send `SameSite=Lax` cookies could press our buttons.

use base::codec::{b64url, hmac_sha256, same};
use http::{HeaderMap, HeaderValue, header};

use crate::Origin;

/// The key behind the tokens. The same on every node of a role, or a form made by one node is stale
/// on another.
pub type FormKey = base::Secret<[u8; 32]>;

/// The token for forms that `browser` sends to `path` (without query).
pub fn token(key: &FormKey, browser: &str, path: &str) -> String {
    b64url(&mac(key, browser, path))
}

/// Whether `token` is the one of [`token()`]. Constant time.
pub fn accepts(key: &FormKey, browser: &str, path: &str, token: &str) -> bool {
    same(token.as_bytes(), b64url(&mac(key, browser, path)).as_bytes())
}

fn mac(key: &FormKey, browser: &str, path: &str) -> [u8; 32] {
    let mut message = Vec::with_capacity(32 + browser.len() + path.len());
    // Length first, so that no pair of browser and path reads like another pair.
    message.extend_from_slice(b"enishi-form-v1\0");
    message.extend_from_slice(&(browser.len() as u32).to_be_bytes());
    message.extend_from_slice(browser.as_bytes());
    message.extend_from_slice(path.as_bytes());
    hmac_sha256(key.expose(), &message)
}

/// Whether the headers allow that one of our own pages sent this request.
pub fn from_our_pages(headers: &HeaderMap, ours: &Origin) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let site_ok = matches!(site, None | Some(b"same-origin" | b"none"));
    let origin_ok = match headers.get(header::ORIGIN).map(HeaderValue::as_bytes) {
        None => true,
        // Browsers send "null" for a form on a page with Referrer-Policy: no-referrer.
        Some(b"null") => site == Some(b"same-origin"),
        Some(origin) => origin == ours.as_str().as_bytes(),
    };
    site_ok && origin_ok
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(n: u8) -> FormKey {
        FormKey::new([n; 32])
    }

    proptest! {
        #[test]
        fn a_token_opens_one_form_of_one_browser(
            browser in "[A-Za-z0-9_-]{43}", path in "/[a-z/]{0,20}", other in "[A-Za-z0-9_-]{43}", other_path in "/[a-z/]{0,20}",
        ) {
            let t = token(&key(1), &browser, &path);
            prop_assert!(accepts(&key(1), &browser, &path, &t));
            prop_assert!(!accepts(&key(2), &browser, &path, &t));
            prop_assert_eq!(accepts(&key(1), &other, &path, &t), other == browser);
            prop_assert_eq!(accepts(&key(1), &browser, &other_path, &t), other_path == path);
            prop_assert!(!accepts(&key(1), &browser, &path, ""));
            prop_assert!(!accepts(&key(1), &browser, &path, &t[..42]));
        }

        #[test]
        fn browser_and_path_do_not_run_together(text in "[a-z/]{2,30}", a in 1usize..29, b in 1usize..29) {
            let (a, b) = (a.min(text.len() - 1), b.min(text.len() - 1));
            prop_assume!(a != b);
            prop_assert_ne!(token(&key(1), &text[..a], &text[a..]), token(&key(1), &text[..b], &text[b..]));
        }
    }

    #[test]
    fn only_our_own_pages_may_post() {
        let ours = Origin::parse("https://portal.example.jp").unwrap();
        let check = |origin: Option<&'static str>, site: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(v) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(v));
            }
            if let Some(v) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(v));
            }
            from_our_pages(&headers, &ours)
        };
        assert!(check(None, None));
        assert!(check(Some("https://portal.example.jp"), Some("same-origin")));
        assert!(check(Some("null"), Some("same-origin")));
        assert!(!check(Some("null"), None));
        assert!(!check(Some("null"), Some("cross-site")));
        assert!(!check(Some("https://evil.example"), None));
        assert!(!check(Some("https://portal.example.jp"), Some("cross-site")));
        assert!(!check(None, Some("same-site")));
        assert!(!check(Some("https://portal.example.jp:8443"), Some("same-site")));
    }
}
