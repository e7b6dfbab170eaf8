//! What a browser decides about two addresses: same origin, same site, what it tells, where a form may go.

use http::HeaderMap;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use url::{Host, Url};

/// How two addresses relate (Fetch Metadata, `Sec-Fetch-Site`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    SameOrigin,
    SameSite,
    CrossSite,
}

impl Relation {
    pub(crate) fn of(a: &Url, b: &Url) -> Self {
        if a.origin() == b.origin() {
            Self::SameOrigin
        } else if a.scheme() == b.scheme() && site(a) == site(b) {
            Self::SameSite
        } else {
            Self::CrossSite
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossSite => "cross-site",
        }
    }
}

/// The registrable domain, without the public suffix list: the last two labels, or three under a
/// second level like `co.jp`. Addresses stand for themselves.
fn site(url: &Url) -> String {
    let Some(Host::Domain(host)) = url.host() else { return url.host_str().unwrap_or_default().to_owned() };
    let labels: Vec<&str> = host.split('.').collect();
    let second_level =
        |l: &[&str]| l[l.len() - 1].len() == 2 && ["co", "go", "or", "ne", "ac", "lg"].contains(&l[l.len() - 2]);
    let keep = if labels.len() > 2 && second_level(&labels) { 3 } else { 2 };
    labels[labels.len().saturating_sub(keep)..].join(".")
}

/// Whether a browser lets secure cookies travel here: TLS, or this very machine.
pub(crate) fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(d)) => d == "localhost" || d.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
}

/// The Referrer-Policy of a page; the last known one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Referrer {
    Never,
    SameOrigin,
    StrictOrigin,
    Origin,
    OriginWhenCrossOrigin,
    StrictOriginWhenCrossOrigin,
    NoReferrerWhenDowngrade,
    UnsafeUrl,
}

impl Referrer {
    /// `None` when the answer sets none.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        headers
            .get_all(REFERRER_POLICY)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(','))
            .filter_map(|token| {
                Some(match token.trim() {
                    "no-referrer" => Self::Never,
                    "same-origin" => Self::SameOrigin,
                    "strict-origin" => Self::StrictOrigin,
                    "origin" => Self::Origin,
                    "origin-when-cross-origin" => Self::OriginWhenCrossOrigin,
                    "strict-origin-when-cross-origin" => Self::StrictOriginWhenCrossOrigin,
                    "no-referrer-when-downgrade" => Self::NoReferrerWhenDowngrade,
                    "unsafe-url" => Self::UnsafeUrl,
                    _ => return None,
                })
            })
            .next_back()
    }

    /// The `Referer` a page at `from` sends to `to` (Referrer Policy section 8.3).
    pub(crate) fn header(self, from: &Url, to: &Url) -> Option<String> {
        let full = || {
            let mut u = from.clone();
            u.set_fragment(None);
            let _ = u.set_username("");
            let _ = u.set_password(None);
            u.to_string()
        };
        let origin = || format!("{}/", from.origin().ascii_serialization());
        let same = from.origin() == to.origin();
        let downgrade = is_trustworthy(from) && !is_trustworthy(to);
        match self {
            Self::Never => None,
            Self::SameOrigin => same.then(full),
            Self::StrictOrigin => (!downgrade).then(origin),
            Self::Origin => Some(origin()),
            Self::OriginWhenCrossOrigin => Some(if same { full() } else { origin() }),
            Self::StrictOriginWhenCrossOrigin if same => Some(full()),
            Self::StrictOriginWhenCrossOrigin => (!downgrade).then(origin),
            Self::NoReferrerWhenDowngrade => (!downgrade).then(full),
            Self::UnsafeUrl => Some(full()),
        }
    }

    /// The `Origin` of a form post (Fetch, "append a request `Origin` header"): `null` where the policy
    /// hides it.
    pub(crate) fn origin(self, from: &Url, to: &Url) -> String {
        let hidden = match self {
            Self::Never => true,
            Self::SameOrigin => from.origin() != to.origin(),
            Self::NoReferrerWhenDowngrade | Self::StrictOrigin | Self::StrictOriginWhenCrossOrigin => {
                from.scheme() == "https" && to.scheme() != "https"
            }
            _ => false,
        };
        if hidden { "null".to_owned() } else { from.origin().ascii_serialization() }
    }
}

/// Whether the page's policy lets its form lead to `to`; asked for every hop, as Chromium does.
pub(crate) fn form_may_lead(headers: &HeaderMap, page: &Url, to: &Url) -> bool {
    headers
        .get_all(CONTENT_SECURITY_POLICY)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .filter_map(|policy| {
            policy.split(';').find_map(|d| {
                let mut words = d.split_ascii_whitespace();
                words.next().filter(|name| name.eq_ignore_ascii_case("form-action")).map(|_| words)
            })
        })
        .all(|mut sources| sources.any(|s| source_allows(s, page, to)))
}

fn source_allows(source: &str, page: &Url, to: &Url) -> bool {
    if source.eq_ignore_ascii_case("'self'") {
        return page.origin() == to.origin();
    }
    if source == "*" {
        return matches!(to.scheme(), "http" | "https");
    }
    if let Some(scheme) = source.strip_suffix(':') {
        return to.scheme().eq_ignore_ascii_case(scheme);
    }
    // Paths are left out: after a redirect they do not count anyway.
    let Ok(source) = Url::parse(source) else { return false };
    source.origin() == to.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(s: &str) -> Url {
        Url::parse(s).unwrap()
    }

    #[test]
    fn sites_are_told_apart_as_browsers_do() {
        let cases = [
            ("http://localhost:1", "http://localhost:2", Relation::SameSite),
            ("http://localhost:1/a", "http://localhost:1/b", Relation::SameOrigin),
            ("https://portal.example.jp", "https://mail.example.jp", Relation::SameSite),
            ("https://portal.example.jp", "http://portal.example.jp", Relation::CrossSite),
            ("https://a.co.jp", "https://b.co.jp", Relation::CrossSite),
            ("http://127.0.0.1:1", "http://localhost:1", Relation::CrossSite),
        ];
        for (a, b, expected) in cases {
            assert_eq!(Relation::of(&url(a), &url(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn a_form_goes_only_where_every_policy_lets_it() {
        let page = url("http://localhost:1/p");
        let mut headers = HeaderMap::new();
        assert!(form_may_lead(&headers, &page, &url("https://anywhere.example/")));
        headers.append(
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; form-action 'self' http://localhost:2".parse().unwrap(),
        );
        assert!(form_may_lead(&headers, &page, &url("http://localhost:1/x")));
        assert!(form_may_lead(&headers, &page, &url("http://localhost:2/x")));
        assert!(!form_may_lead(&headers, &page, &url("http://localhost:3/x")));
        headers.append(CONTENT_SECURITY_POLICY, "form-action 'none'".parse().unwrap());
        assert!(!form_may_lead(&headers, &page, &url("http://localhost:1/x")));
    }

    #[test]
    fn what_a_page_tells_about_itself() {
        let (from, same, other) =
            (url("https://a.example/p?q=1#f"), url("https://a.example/x"), url("https://b.example/"));
        assert_eq!(Referrer::SameOrigin.header(&from, &same).as_deref(), Some("https://a.example/p?q=1"));
        assert_eq!(Referrer::SameOrigin.header(&from, &other), None);
        assert_eq!(Referrer::SameOrigin.origin(&from, &other), "null");
        assert_eq!(Referrer::Never.origin(&from, &same), "null");
        let default = Referrer::StrictOriginWhenCrossOrigin;
        assert_eq!(default.header(&from, &other).as_deref(), Some("https://a.example/"));
        assert_eq!(default.origin(&from, &other), "https://a.example");
    }
}
