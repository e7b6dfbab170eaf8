//! Security headers of every answer (`facts/screens.md` 5.2).

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::Origin;

/// The policy without its `form-action` sources, cut where they go in.
const BEFORE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      connect-src 'self'; form-action 'self'";
const AFTER: &str = "; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const DEFAULT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                       connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                       require-trusted-types-for 'script'";

/// The policy of a page whose forms may lead to other, checked origins too.
pub(crate) fn csp(form_action: &[Origin]) -> HeaderValue {
    let mut policy = BEFORE.to_owned();
    for origin in form_action {
        policy.push(' ');
        policy.push_str(origin.as_str());
    }
    policy.push_str(AFTER);
    // An Origin is ASCII without blanks, commas and semicolons, so this is always a header.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(DEFAULT))
}

/// Adds what is missing to an answer.
pub(crate) fn secure(headers: &mut HeaderMap, https: bool) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, DEFAULT);
    default(header::REFERRER_POLICY, "same-origin");
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::CACHE_CONTROL, "no-store");
    default(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()");
    default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    default(header::X_FRAME_OPTIONS, "DENY");
    if https {
        default(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_action_is_the_only_thing_that_opens() {
        assert_eq!(csp(&[]), DEFAULT);
        let one = csp(&[Origin::parse("https://r.example").unwrap()]);
        assert_eq!(
            one.to_str().unwrap(),
            DEFAULT.replace("form-action 'self'", "form-action 'self' https://r.example")
        );
    }

    #[test]
    fn a_handler_may_say_more_and_hsts_needs_tls() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        secure(&mut headers, false);
        assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=60");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        secure(&mut headers, true);
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
