//! Every page in both languages.

use base::{Lang, Rng, Timestamp};
use mail::{Content, Entry, State};
use web::testing::{Sample, keys_equal, keys_used, render_all};
use web::{FieldError, Origin, Site};

use super::account::{AccountPage, SessionLine};
use super::email::{DonePage, LinkPage};
use super::factors::{FactorsPage, PasskeyLine, RecoveryPage, TotpPage};
use super::invitation::{InvitationPage, Todo};
use super::passkeys::{Ask, NewPage};
use super::sign_in::{Second, SignInPage};
use super::*;
use crate::TEXTS;

fn site() -> Site {
    Site::builder("desk", Origin::parse("http://localhost:7104").unwrap())
        .rng(Rng::seeded(1))
        .templates(TEMPLATES)
        .texts(Lang::Ja, TEXTS[0].1)
        .texts(Lang::En, TEXTS[1].1)
        .texts(Lang::Ja, "service-name = 受付窓口\n")
        .texts(Lang::En, "service-name = Desk\n")
        .build()
        .unwrap()
}

#[test]
fn texts_fit() {
    keys_equal(TEXTS[0].1, TEXTS[1].1).unwrap();
    let in_rust = [
        "acc-error-*",
        "acc-mail-*",
        "acc-changed-*",
        "acc-passkey-unnamed",
        "acc-totp-qr",
        "acc-sign-in-*",
        "acc-email-link-*",
    ];
    let also = ["acc-factors-on", "acc-factors-later", "acc-totp-step-2", "acc-totp-step-2-text"];
    let with_name: &'static str = Box::leak(format!("service-name = x\n{}", TEXTS[0].1).into_boxed_str());
    keys_used(&site(), with_name, &[&in_rust[..], &also[..]].concat()).unwrap();
}

fn ask() -> Ask {
    Ask {
        challenge: "AAAA".into(),
        rp: "localhost".into(),
        known: "a b".into(),
        script: "/accounts/passkey.js?v=1".into(),
    }
}

fn lines() -> Vec<PasskeyLine> {
    let line = |id: &str, used| PasskeyLine {
        id: id.to_owned(),
        name: format!("鍵 {id}"),
        created: Timestamp::from_secs(1_780_000_000),
        used,
    };
    vec![line("k1", None), line("k2", Some(Timestamp::from_secs(1_790_000_000)))]
}

fn failed(page: Page, field: &str) -> Page {
    page.errors(vec![FieldError { field: field.to_owned(), message: "!".to_owned() }])
}

fn mail(content: bool) -> Entry {
    Entry {
        id: "mail_1".to_owned(),
        to: Email::parse("hanako@example.jp").unwrap(),
        lang: Lang::Ja,
        kind: "account".to_owned(),
        state: State::Kept,
        attempts: 1,
        last_error: None,
        created: Timestamp::from_secs(1_780_000_000),
        due: Timestamp::from_secs(1_780_000_000),
        ended: None,
        content: content
            .then(|| Content { subject: "件名".into(), text: "http://localhost:7104/register/x <b>".into() }),
    }
}

#[test]
fn every_page_renders_in_every_language() {
    let mut samples = vec![
        Sample::new(|v| register::ask_page(v, "", "")),
        Sample::new(|v| failed(register::ask_page(v, "x", "/cases"), "email")),
        Sample::new(register::sent_page),
        Sample::new(|v| failed(register::new_page(v, "t", "hanako@example.jp", "花子"), "password")),
        Sample::new(|v| forgot::forgot_page(v, Realm::Staff, "x")),
        Sample::new(|v| forgot::sent_page(v, Realm::Staff)),
        Sample::new(|v| failed(forgot::reset_page(v, "t", "hanako@example.jp"), "password")),
        Sample::new(|v| second::recovery_page(v, Realm::Member, "/cases?x=1")),
        Sample::new(|v| failed(account::password_page(v, Realm::Member, "hanako@example.jp"), "current")),
        Sample::new(|v| failed(email::email_page(v, Realm::Member, "hanako@example.jp", "x"), "email")),
        Sample::new(|v| outbox::list_page(v, Vec::new())),
        Sample::new(|v| outbox::list_page(v, vec![mail(true), mail(false)])),
        Sample::new(|v| outbox::mail_page(v, mail(true))),
        Sample::new(|v| outbox::mail_page(v, mail(false))),
    ];
    for what in ["register", "reset", "email", "invitation"] {
        samples.push(Sample::new(move |v| {
            v.page("accounts/link-gone.html", "x").with(std::collections::BTreeMap::from([("what", what)]))
        }));
    }
    for (staff, done) in [(false, None), (true, Some("signed-out")), (false, Some("reset")), (true, Some("email"))] {
        samples.push(Sample::new(move |v| {
            let base = if staff { "/staff" } else { "" };
            sign_in::page(v, SignInPage { base, staff, next: "/x", email: "x", done, passkey: ask() })
        }));
    }
    for (totp, passkeys) in [(true, true), (true, false), (false, true)] {
        samples.push(Sample::new(move |v| {
            failed(second::second_page(v, Realm::Staff, "/x", "花子", Second { totp, passkeys }, ask()), "code")
        }));
        samples.push(Sample::new(move |v| {
            failed(again::page(v, Realm::Staff, "/x", "hanako@example.jp", passkeys, ask()), "password")
        }));
        let done = [None, Some("removed"), Some("last")][usize::from(totp) + usize::from(passkeys)];
        samples.push(Sample::new(move |v| {
            let context = FactorsPage {
                base: "",
                next: "/x".into(),
                query: "?next=/x".into(),
                must: !totp,
                staff: false,
                home: "/".into(),
                totp,
                passkeys: if passkeys { lines() } else { Vec::new() },
                codes: 3,
                done: done.map(str::to_owned),
            };
            factors::factors_page(v, context)
        }));
    }
    for done in [None, Some("profile"), Some("password"), Some("session"), Some("email")] {
        samples.push(Sample::new(move |v| {
            let session = |id: &str, this| SessionLine {
                id: id.into(),
                agent: if this { "Chrome, Windows".into() } else { String::new() },
                created: Timestamp::from_secs(1_780_000_000),
                seen: Timestamp::from_secs(1_780_000_000),
                this,
            };
            let context = AccountPage {
                base: "",
                home: "/".into(),
                name: "花子".into(),
                lang: "ja",
                email: "hanako@example.jp".into(),
                new_email: done.map(|_| "new@example.jp".into()),
                totp: done.is_some(),
                passkeys: lines(),
                codes: 9,
                sessions: if done.is_some() {
                    vec![session("a", true), session("b", false)]
                } else {
                    vec![session("a", true)]
                },
                done: done.map(str::to_owned),
            };
            account::account_page(v, context)
        }));
    }
    for flag in [true, false] {
        samples
            .push(Sample::new(move |v| email::link_page(v, LinkPage { token: "t", old: flag, to: "n***@example.jp" })));
        samples.push(Sample::new(move |v| email::done_page(v, DonePage { base: "/staff", done: flag })));
        samples.push(Sample::new(move |v| {
            let qr = flag.then(|| "<svg viewBox=\"0 0 1 1\"></svg>".to_owned());
            let context = TotpPage {
                base: "",
                next: String::new(),
                secret: "GEZD GNBV".into(),
                uri: "otpauth://totp/x".into(),
                qr,
            };
            failed(factors::totp_page(v, context), "code")
        }));
        for factors in [true, false] {
            samples.push(Sample::new(move |v| {
                let fresh = if flag { vec!["7K2M-Q9XD-4RTA-0B3C".to_owned()] } else { Vec::new() };
                factors::recovery_page(v, RecoveryPage { base: "", next: String::new(), fresh, left: 4, factors })
            }));
        }
    }
    samples.push(Sample::new(|v| {
        let context = NewPage {
            base: "/staff",
            next: String::new(),
            name: "x".into(),
            ask: ask(),
            user_id: "acc_1".into(),
            user_name: "hanako@example.jp".into(),
            user_display: "花子".into(),
            algorithms: "-7 -8".into(),
        };
        failed(passkeys::new_page(v, context), "name")
    }));
    for todo in [Todo::Register, Todo::SignIn, Todo::OtherAccount, Todo::Accept] {
        samples.push(Sample::new(move |v| {
            let context = InvitationPage {
                base: "",
                token: "t",
                sign_in: "/sign-in?next=/x".into(),
                todo,
                from: "次郎",
                to_what: "見本株式会社",
                email: "hanako@example.jp",
                name: "花子",
            };
            failed(invitation::page(v, context), "name")
        }));
    }
    render_all(&site(), &samples).unwrap();
}
