//! Cookies as a browser keeps them (RFC 6265 section 5, with `SameSite` and the name prefixes of its
//! successor draft).

use base::Timestamp;
use http::HeaderMap;
use http::header::SET_COOKIE;
use url::{Host, Url};

use crate::policy::{Relation, is_trustworthy};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SameSite {
    Strict,
    Lax,
    None,
}

#[derive(Clone)]
struct Cookie {
    name: String,
    value: String,
    /// Hosts, not origins: ports share cookies.
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    same_site: SameSite,
    expires: Option<Timestamp>,
    created: u64,
}

/// The cookies of one browser.
#[derive(Clone, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
    created: u64,
}

impl std::fmt::Debug for Jar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.cookies.iter().map(|c| format!("{} of {}{}", c.name, c.domain, c.path))).finish()
    }
}

impl Jar {
    /// An empty jar.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of the cookie that `url` would be sent under `name`.
    pub fn get(&self, url: &Url, name: &str) -> Option<&str> {
        self.matching(url).find(|c| c.name == name).map(|c| c.value.as_str())
    }

    /// Forgets the cookies of this name (a citizen who clears them, or another browser).
    pub fn forget(&mut self, name: &str) {
        self.cookies.retain(|c| c.name != name);
    }

    /// Takes what an answer from `url` sets.
    pub fn store(&mut self, url: &Url, headers: &HeaderMap, now: Timestamp) {
        for value in headers.get_all(SET_COOKIE) {
            if let Some(cookie) = value.to_str().ok().and_then(|text| parse(text, url, now)) {
                self.insert(cookie, now);
            }
        }
    }

    fn insert(&mut self, mut cookie: Cookie, now: Timestamp) {
        self.created += 1;
        cookie.created = self.created;
        let same = |c: &Cookie| {
            c.name == cookie.name
                && c.domain == cookie.domain
                && c.host_only == cookie.host_only
                && c.path == cookie.path
        };
        if let Some(at) = self.cookies.iter().position(same) {
            cookie.created = self.cookies[at].created;
            self.cookies.remove(at);
        }
        if cookie.expires.is_none_or(|e| e > now) {
            self.cookies.push(cookie);
        }
    }

    /// The `Cookie` header for a request that `from` leads to (`None`: typed in by hand).
    pub(crate) fn header(&mut self, url: &Url, from: Relation, safe_method: bool, now: Timestamp) -> Option<String> {
        self.cookies.retain(|c| c.expires.is_none_or(|e| e > now));
        let mut cookies: Vec<&Cookie> = self
            .matching(url)
            .filter(|c| match c.same_site {
                _ if from < Relation::CrossSite => true,
                SameSite::Strict => false,
                SameSite::Lax => safe_method,
                SameSite::None => true,
            })
            .collect();
        cookies.sort_by_key(|c| (std::cmp::Reverse(c.path.len()), c.created));
        let pairs: Vec<String> = cookies.iter().map(|c| format!("{}={}", c.name, c.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn matching(&self, url: &Url) -> impl Iterator<Item = &Cookie> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let path = url.path().to_owned();
        let secure = is_trustworthy(url);
        self.cookies.iter().filter(move |c| {
            (host == c.domain || (!c.host_only && within_domain(&host, &c.domain)))
                && path_matches(&path, &c.path)
                && (secure || !c.secure)
        })
    }
}

fn within_domain(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

/// `None` when a browser would refuse it.
fn parse(text: &str, url: &Url, now: Timestamp) -> Option<Cookie> {
    let host = url.host_str()?.to_owned();
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let path = url.path();
    let mut cookie = Cookie {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        domain: host.clone(),
        host_only: true,
        // The default path: up to, not including, the last slash.
        path: path.rfind('/').filter(|&i| i > 0).map_or("/", |i| &path[..i]).to_owned(),
        secure: false,
        same_site: SameSite::Lax,
        expires: None,
        created: 0,
    };
    let (mut max_age, mut path_given) = (None, None);
    for attribute in parts {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "path" if value.starts_with('/') => path_given = Some(value.to_owned()),
            "secure" => cookie.secure = true,
            "domain" if !value.is_empty() => {
                let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                let is_name = matches!(url.host(), Some(Host::Domain(_)));
                if domain != host && !(is_name && within_domain(&host, &domain)) {
                    return None;
                }
                cookie.domain = domain;
                cookie.host_only = false;
            }
            "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
            "expires" => {
                cookie.expires = http_date(value).or(cookie.expires);
            }
            "samesite" => {
                cookie.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => SameSite::Strict,
                    "none" => SameSite::None,
                    _ => SameSite::Lax,
                };
            }
            _ => {}
        }
    }
    // Max-Age wins over Expires.
    if let Some(secs) = max_age {
        cookie.expires = Some(Timestamp(now.0.saturating_add(secs.saturating_mul(1_000_000))));
    }
    if let Some(path) = &path_given {
        cookie.path.clone_from(path);
    }
    let refused = cookie.name.is_empty()
        || (cookie.secure && !is_trustworthy(url))
        || (cookie.same_site == SameSite::None && !cookie.secure)
        || (cookie.name.starts_with("__Secure-") && !cookie.secure)
        || (cookie.name.starts_with("__Host-")
            && !(cookie.secure && cookie.host_only && path_given.as_deref() == Some("/")));
    (!refused).then_some(cookie)
}

/// An HTTP date (RFC 9110 section 5.6.7); the form of RFC 5322 is what servers send.
fn http_date(text: &str) -> Option<Timestamp> {
    let time = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.replace('-', " ")).ok()?;
    Some(Timestamp(time.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

    fn url(s: &str) -> Url {
        Url::parse(s).unwrap()
    }

    fn jar(at: &str, cookies: &[&str]) -> Jar {
        let mut jar = Jar::new();
        let mut headers = HeaderMap::new();
        for c in cookies {
            headers.append(SET_COOKIE, c.parse().unwrap());
        }
        jar.store(&url(at), &headers, NOW);
        jar
    }

    fn sent(jar: &mut Jar, to: &str) -> String {
        jar.header(&url(to), Relation::SameOrigin, true, NOW).unwrap_or_default()
    }

    #[test]
    fn ports_share_hosts_do_not() {
        let mut j = jar("http://localhost:1/a/b", &["one=1; Path=/", "two=2", "three=3; Path=/other"]);
        assert_eq!(sent(&mut j, "http://localhost:2/a/x"), "two=2; one=1");
        assert_eq!(sent(&mut j, "http://localhost:2/ab"), "one=1");
        assert_eq!(sent(&mut j, "http://other.localhost:1/a/b"), "");
        assert_eq!(sent(&mut j, "http://127.0.0.1:1/"), "");
    }

    #[test]
    fn lifetimes_end_and_deletions_delete() {
        let mut j = jar("http://localhost/", &["a=1; Max-Age=60", "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "c=3"]);
        assert_eq!(sent(&mut j, "http://localhost/"), "a=1; c=3");
        let later = NOW.plus(std::time::Duration::from_secs(60));
        assert_eq!(j.header(&url("http://localhost/"), Relation::SameOrigin, true, later).as_deref(), Some("c=3"));
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, "c=; Max-Age=0; Path=/".parse().unwrap());
        j.store(&url("http://localhost/"), &headers, NOW);
        assert_eq!(sent(&mut j, "http://localhost/"), "");
    }

    #[test]
    fn secure_and_prefixed_cookies_need_what_they_say() {
        let mut j = jar(
            "https://a.example/x",
            &[
                "__Host-s=1; Secure; Path=/",
                "__Host-bad=1; Secure",
                "__Secure-bad=1; Path=/",
                "d=1; Domain=b.example",
                "n=1; SameSite=None",
            ],
        );
        assert_eq!(sent(&mut j, "https://a.example/"), "__Host-s=1");
        assert_eq!(sent(&mut j, "http://a.example/"), "");
        // Loopback is trusted as browsers do.
        let mut j = jar("http://localhost/", &["s=1; Secure"]);
        assert_eq!(sent(&mut j, "http://localhost/"), "s=1");
    }

    #[test]
    fn same_site_holds_back_from_others_pages() {
        let mut j = jar("https://a.example/", &["lax=1", "strict=2; SameSite=Strict", "none=3; SameSite=None; Secure"]);
        let to = url("https://a.example/");
        assert_eq!(j.header(&to, Relation::CrossSite, true, NOW).as_deref(), Some("lax=1; none=3"));
        assert_eq!(j.header(&to, Relation::CrossSite, false, NOW).as_deref(), Some("none=3"));
        assert_eq!(j.header(&to, Relation::SameSite, false, NOW).as_deref(), Some("lax=1; strict=2; none=3"));
    }

    #[test]
    fn never_prints_values() {
        let j = jar("http://localhost/", &["a=secret"]);
        assert_eq!(format!("{j:?}"), r#"["a of localhost/"]"#);
        assert_eq!(j.get(&url("http://localhost/"), "a"), Some("secret"));
    }
}
