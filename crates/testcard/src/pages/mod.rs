//! The pages: which card, its PIN.

pub(crate) mod home;
pub(crate) mod pick;
pub(crate) mod pin;

use axum::response::Response;
use base::Lang;
use pki::people::PEOPLE;
use serde::Serialize;
use web::Visit;

use crate::request::BadRequest;

pub(crate) const TEMPLATES: &[(&str, &str)] = web::templates![
    "cards.html",
    "home.html",
    "pick.html",
    "pin.html",
    "card-locked.html",
    "reading-gone.html",
    "request-error.html"
];
pub(crate) const JA: &str = include_str!("../../texts/ja.ftl");
pub(crate) const EN: &str = include_str!("../../texts/en.ftl");

/// A test person as a line of the list.
#[derive(Serialize)]
pub(crate) struct PersonLine {
    id: &'static str,
    name: &'static str,
    case: &'static str,
    pin: &'static str,
}

pub(crate) fn lines(lang: Lang) -> Vec<PersonLine> {
    let line =
        |p: &'static pki::Person| PersonLine { id: p.id, name: p.name_in(lang), case: p.case.as_str(), pin: p.pin };
    PEOPLE.iter().map(line).collect()
}

/// A request that isn't taken: nobody is sent anywhere.
pub(crate) fn bad_request(visit: &Visit, why: BadRequest) -> Response {
    #[derive(Serialize)]
    struct Context {
        why: &'static str,
    }
    visit
        .page("request-error.html", "error")
        .status(http::StatusCode::BAD_REQUEST)
        .error("E12")
        .with(Context { why: why.id() })
        .respond()
}

#[cfg(test)]
mod tests {
    use base::{Clock, Rng, Secret};
    use web::testing::{Sample, keys_equal, keys_used, render_all};
    use web::{FieldError, Origin, Site};

    use super::*;
    use crate::Config;

    fn site() -> Site {
        let config = Config {
            origin: Origin::parse("http://localhost:7004").unwrap(),
            relying_parties: Vec::new(),
            master: Secret::new([1; 32]),
            hierarchy: crate::Hierarchy::Test,
        };
        crate::site(&config, &Clock::system(), &Rng::seeded(1)).unwrap()
    }

    #[test]
    fn texts_fit() {
        keys_equal(JA, EN).unwrap();
        let in_rust = ["pin-wrong", "pin-wrong-last", "pin-format"];
        keys_used(&site(), JA, &in_rust).unwrap();
    }

    #[test]
    fn every_page_renders_in_every_language() {
        let request = || crate::request::Parameters {
            origin: "https://portal.example".to_owned(),
            nonce: "n".to_owned(),
            session: "s".to_owned(),
            expires: "1".to_owned(),
            purpose: "sign-in".to_owned(),
            return_to: "https://portal.example/x".to_owned(),
        };
        let mut samples = vec![
            Sample::new(|v| home::page(v, true)),
            Sample::new(|v| home::page(v, false)),
            Sample::new(move |v| pick::page(v, &request(), true)),
            Sample::new(|v| pin::gone_page(v, None)),
            Sample::new(|v| v.page("reading-gone.html", "x").with(std::collections::BTreeMap::from([("id", "rdg_1")]))),
        ];
        for purpose in pki::Purpose::ALL {
            for tries_left in [3, 2, 1] {
                samples.push(Sample::new(move |v| {
                    let context = pin::Context {
                        id: "rdg_1".into(),
                        host: "portal.example".into(),
                        purpose: purpose.as_str(),
                        person: "x",
                        tries_left,
                    };
                    let errors = vec![FieldError { field: "pin".into(), message: "!".into() }];
                    pin::page(v, &context, None).errors(errors)
                }));
            }
        }
        samples.push(Sample::new(|v| pin::locked_page(v, "rdg_1", None)));
        for why in ["missing", "origin", "return-to", "bytes", "expires", "purpose"] {
            samples.push(Sample::new(move |v| {
                v.page("request-error.html", "error").with(std::collections::BTreeMap::from([("why", why)]))
            }));
        }
        render_all(&site(), &samples).unwrap();
    }
}
