//! Every page in every language; texts equal in all languages and none unused.

use base::{Clock, Rng};
use serde_json::{Value, json};
use web::FieldError;
use web::testing::{Sample, keys_equal, keys_used, render_all};

use crate::world::{START, config, sealer};
use delivery::kit;
use mailbox::site;

fn sample(template: &'static str, id: &'static str, context: Value) -> Sample {
    Sample::new(move |visit| visit.page(template, id).with(context.clone()))
}

fn certificates() -> Vec<document::Certificate> {
    document::samples::certificates("hanako", "佐藤 花子", 2026)
}

#[test]
fn every_page_renders_in_every_language() {
    let site = site(&config(), &sealer(1), &Clock::system(), &Rng::system()).unwrap();
    let ways = |portal: bool| {
        json!({
            "action": "/link/x/sign-in", "other": "/link/x/sign-up", "email": "a@example.jp", "signed_out": !portal,
            "cancel": portal.then_some("/link/x/cancel"), "portal": portal.then_some("縁ポータル"),
            "family_name": "佐藤", "given_name": "",
        })
    };
    let mut samples = vec![
        sample(
            "allow.html",
            "allow",
            json!({
                "portal": "縁ポータル", "portal_host": "localhost:7001", "display": "佐＊ 花＊", "masked": "h***@example.jp",
                "account": "mark", "allow": "/a", "deny": "/b", "other_account": "/c",
            }),
        ),
        sample(
            "conflict.html",
            "conflict",
            json!({
                "portal": "縁ポータル", "masked": "h***@example.jp", "other_account": "/a", "cancel": "/b",
            }),
        ),
        sample(
            "linked.html",
            "linked",
            json!({
                "portal": "縁ポータル", "display": "佐＊ 花＊", "masked": "h***", "at": START.0, "until": START.0, "back": "/r",
            }),
        ),
        sample(
            "sso-replace.html",
            "sso-replace",
            json!({
                "portal": "縁ポータル", "current": "a@example.jp", "next": "b@example.jp", "replace": "/a", "keep": "/b",
            }),
        ),
        sample(
            "unlink.html",
            "unlink",
            json!({
                "account": "a@example.jp", "portal": "縁ポータル",
                "linkage": { "id": "lnk_1", "display": "佐＊ 花＊", "since": START.0 },
            }),
        ),
    ];
    for within in [false, true] {
        let context = ways(within);
        samples.push(sample("sign-in.html", "sign-in", context.clone()));
        samples.push(Sample::new(move |visit| {
            let errors = vec![FieldError { field: "email".into(), message: "?".into() }];
            visit.page("sign-up.html", "sign-up").errors(errors).with(context.clone())
        }));
    }
    for stem in ["expired", "refused", "closed", "suspended"] {
        let context = json!({ "stem": stem, "portal": "縁ポータル", "back": "https://portal.example/?a=1&b=2" });
        samples.push(sample("ended.html", "ended", context));
    }
    for stem in ["unknown", "elsewhere", "sso-issuer", "sso-unavailable", "sso-not-linked", "sso-again"] {
        let context = json!({ "stem": stem, "portal": "縁ポータル", "onward": "/sign-in" });
        samples.push(sample("notice.html", "error", context));
    }
    for full in [false, true] {
        let document = json!({
            "id": "doc_1", "title": "生命保険料控除証明書", "issuer": "見本生命", "year": 2026, "received": START.0, "unread": full,
        });
        let filter = json!({ "label": "すべて", "href": "/mailbox", "current": true });
        samples.push(sample(
            "mailbox.html",
            "mailbox",
            json!({
                "account": "a@example.jp", "documents": if full { vec![document] } else { vec![] },
                "unread": usize::from(full), "filters": [filter], "filtered": false, "portal": "縁ポータル",
                "linkage": full.then(|| json!({ "id": "lnk_1", "display": "佐＊", "since": START.0 })),
                "unlinked": full, "samples": !full,
            }),
        ));
    }
    for certificate in certificates() {
        samples.push(Sample::new(move |visit| {
            let tables = mailbox::tables(visit, &certificate).unwrap();
            let title = certificate.form().title(visit.lang());
            visit.page("document.html", "document").with(json!({
                "account": "a@example.jp", "id": "doc_1", "title": title, "issuer": certificate.issuer(),
                "year": 2026, "received": START.0, "size": 12_345, "tables": tables,
            }))
        }));
    }
    let pages = render_all(&site, &samples).unwrap_or_else(|e| panic!("{e}"));
    assert!(pages.iter().any(|p| p.html.contains("許可しない")));
    assert!(pages.iter().any(|p| p.html.contains("Return to the attribute linkage service")));
}

#[test]
fn texts_are_equal_and_used() {
    let text = |i: usize| format!("{}\n{}", kit::TEXTS[i].1, mailbox::TEXTS[i].1);
    keys_equal(&text(0), &text(1)).unwrap_or_else(|e| panic!("{e}"));
    let site = site(&config(), &sealer(1), &Clock::system(), &Rng::system()).unwrap();
    keys_used(&site, &text(0), &["kit-error-*", "mailbox-all", "doc-*"]).unwrap_or_else(|e| panic!("{e}"));
}
