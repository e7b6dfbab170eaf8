//! Every page of this role with a context as its handler gives it: rendered in both languages, and
//! their texts compared. Each area adds its own samples to [`all`].

use std::collections::BTreeMap;

use base::{Clock, Lang, Rng, Secret, Timestamp};
use journey::{CardTrouble, LegTrouble, Outcome, Page as State, Why};
use oauth::rar::Details;
use oauth::{PushedRequest, RedirectUri, Scope};
use store::Sealer;
use web::testing::{Sample, keys_equal, keys_used, render_all};
use web::{Environment, FieldError, Origin, Site};

use crate::authorize::ErrorPage;
use crate::authorize::samples as consent;
use crate::run::pages::{self, Ended, Leg, Link, RunPage, Service, Several, Typed, Window};
use crate::{CardConfig, Config, TEXTS, site};
use hub::store::deliveries::WindowRow;

const NOW: Timestamp = Timestamp::from_secs(1_795_438_800);

pub(crate) fn this_site() -> Site {
    let config = Config {
        origin: Origin::parse("https://portal.example").unwrap(),
        environment: Environment::Test,
        open_registration: true,
        desk: None,
        card: CardConfig {
            reader: Origin::parse("https://card.example").unwrap(),
            anchors_pem: String::new(),
            crl_base: "https://card.example/crl".parse().unwrap(),
            predecessors: None,
        },
        deliveries: Vec::new(),
    };
    let rng = Rng::seeded(1);
    let sealer = Sealer::new(&Secret::new([1; 32]), rng.clone()).unwrap();
    site(&config, &sealer, &Clock::system(), &rng).unwrap()
}

fn window(lang: Lang) -> Window {
    let row = WindowRow {
        id: "w".into(),
        delivery_id: "post".into(),
        starts_at: NOW,
        ends_at: Timestamp(NOW.0 + 3 * 3_600_000_000),
        note_ja: Some("年末の作業".into()),
        note_en: Some("Year-end work".into()),
    };
    Window::new("みほんポスト".into(), &row, lang)
}

fn run_page(lang: Lang, stem: &'static str) -> RunPage {
    RunPage {
        base: "/run/jrn_1".into(),
        seq: 3,
        client: "みほん確定申告".into(),
        stem,
        delivery: Some(Service {
            id: "post".into(),
            name: "みほんポスト".into(),
            operator: "みほん社".into(),
            host: "post.example".into(),
            maintenance: vec![window(lang)],
        }),
        display: Some("佐＊ 花＊".into()),
        linked: stem == "linked",
        message: true,
        registered_now: true,
        reader: "card.example".into(),
        links: vec![
            Link { service: "みほんポスト".into(), since: Some(NOW) },
            Link { service: "別のポスト".into(), since: None },
        ],
        typed: Typed::default(),
        several: None,
    }
}

fn leg(state: &'static str) -> Leg {
    Leg {
        id: state.into(),
        name: format!("ポスト「{state}」"),
        operator: "みほん社".into(),
        host: format!("{state}.example"),
        state,
        linked: matches!(state, "linked" | "already_linked"),
        chosen: true,
        message: true,
        until: (state == "maintenance").then_some(NOW),
    }
}

/// Of a run with several services: what came of each, and those that wait.
fn several(states: &[&'static str], place: usize) -> Several {
    let legs: Vec<Leg> = states.iter().map(|s| leg(s)).collect();
    let waits = states.iter().filter(|s| **s == "waits").count();
    Several {
        kept: legs.iter().filter(|l| l.linked).map(|l| l.name.clone()).collect(),
        following: (waits > 1).then(|| "べつのポスト".to_owned()),
        current: "post".into(),
        choice: waits > 1,
        place,
        of: place + waits.saturating_sub(1),
        legs,
    }
}

fn with_several(state: State, states: &'static [&'static str], place: usize) -> Sample {
    Sample::new(move |visit| {
        let stem = pages::stem(state);
        let context = RunPage { several: Some(several(states, place)), ..run_page(visit.lang(), stem) };
        pages::live_page(visit, state, context)
    })
}

fn runs_with_several() -> Vec<Sample> {
    let mut all = vec![
        with_several(State::Link, &["already_linked", "maintenance", "waits", "waits"], 1),
        with_several(State::Link, &["maintenance", "waits"], 1),
        with_several(State::Between, &["linked", "declined", "waits"], 3),
        with_several(State::Between, &["conflict", "waits", "maintenance", "waits"], 2),
        with_several(State::HandOver, &["linked", "waits", "waits"], 2),
        with_several(State::Stop, &["linked", "waits"], 2),
        with_several(State::Stop, &["waits", "waits"], 1),
        with_several(State::CardError(CardTrouble::NotRead), &["linked", "waits"], 2),
        with_several(State::NotLinked(LegTrouble::Declined), &["waits", "waits"], 1),
        with_several(State::NotLinked(LegTrouble::Failed), &["linked", "waits"], 2),
        with_several(State::NotLinked(LegTrouble::Conflict), &["declined", "waits"], 2),
        with_several(State::Unconfirmed, &["linked", "waits", "waits"], 2),
    ];
    all.push(Sample::new(|visit| {
        let context = RunPage { several: Some(several(&["waits", "waits"], 1)), ..run_page(visit.lang(), "") };
        let message = visit.text("several-choose-none", &[]).unwrap();
        pages::live_page(visit, State::Link, context).errors(vec![FieldError { field: "services".into(), message }])
    }));
    all
}

fn live(state: State) -> Sample {
    Sample::new(move |visit| pages::live_page(visit, state, run_page(visit.lang(), pages::stem(state))))
}

fn request() -> PushedRequest {
    PushedRequest {
        client_id: "tax".into(),
        redirect_uri: RedirectUri::parse("https://tax.example/return").unwrap(),
        state: None,
        nonce: None,
        scope: Scope::of(&["openid"]),
        code_challenge: String::new(),
        prompt: Vec::new(),
        max_age: None,
        ui_locales: None,
        acr_values: None,
        login_hint: None,
        claims: None,
        dpop_jkt: None,
        authorization_details: Details::default(),
    }
}

const WHYS: [(Why, Outcome, Option<&str>); 12] = [
    (Why::Completed, Outcome::Linked, None),
    (Why::Stopped, Outcome::UserCancelled, None),
    (Why::PinLocked, Outcome::CardPinLocked, Some("E3")),
    (Why::CertExpired { not_after: Some(NOW) }, Outcome::CertExpired, Some("E4")),
    (Why::CertRevoked, Outcome::CertRevoked, Some("E5")),
    (Why::Renewed, Outcome::LinkFailed, None),
    (Why::NotRegistered, Outcome::LinkFailed, None),
    (Why::NothingLinked, Outcome::LinkFailed, None),
    (Why::Maintenance, Outcome::ServiceMaintenance, Some("E6")),
    (Why::Idle, Outcome::SessionExpired, Some("E8")),
    (Why::ClientSuspended, Outcome::ClientSuspended, None),
    (Why::Fault, Outcome::ServerError, None),
];

fn journey() -> Vec<Sample> {
    let states = [
        State::Identify { again: false },
        State::Identify { again: true },
        State::CardError(CardTrouble::NotRead),
        State::CardError(CardTrouble::OtherCard),
        State::CardError(CardTrouble::TooLate),
        State::CardError(CardTrouble::ValidityUnknown),
        State::CardError(CardTrouble::OtherPerson),
        State::Register,
        State::Link,
        State::HandOver,
        State::Stop,
        State::NotLinked(LegTrouble::Declined),
        State::NotLinked(LegTrouble::Unavailable),
        State::NotLinked(LegTrouble::Failed),
        State::NotLinked(LegTrouble::Conflict),
        State::Unconfirmed,
        State::AlreadyLinked,
        State::Ready,
    ];
    let mut all: Vec<Sample> = states.into_iter().map(live).collect();
    all.extend(WHYS.map(|(why, outcome, error)| {
        Sample::new(move |visit| {
            let context = Ended {
                stem: pages::end_stem(why),
                client: "みほん確定申告".into(),
                delivery: Some("みほんポスト".into()),
                not_after: matches!(why, Why::CertExpired { .. }).then_some(NOW),
                windows: if why == Why::Maintenance { vec![window(visit.lang())] } else { Vec::new() },
                linked: outcome.with_code(),
                legs: Vec::new(),
                registered_now: true,
                action: "/run/jrn_1/return".into(),
                fields: BTreeMap::from([("seq", "3".to_owned())]),
            };
            pages::ended(visit, error, outcome, &request(), context)
        })
    }));
    all.push(Sample::new(|visit| {
        let wrong = |field: &str, key: &str| FieldError { field: field.into(), message: visit.text(key, &[]).unwrap() };
        let errors = vec![wrong("family_name", "register-family-name-empty"), wrong("email", "register-email-wrong")];
        pages::live_page(visit, State::Register, run_page(visit.lang(), "")).errors(errors)
    }));
    all.push(Sample::new(|visit| pages::live_page(visit, State::Link, run_page(visit.lang(), "linked"))));
    all.push(Sample::new(|visit| pages::elsewhere_page(visit, "jrn_1")));
    all.extend(runs_with_several());
    // The last page of a run that linked some, with every result a service can have.
    all.push(Sample::new(|visit| {
        let context = Ended {
            stem: "partly",
            client: "みほん確定申告".into(),
            delivery: None,
            not_after: None,
            windows: Vec::new(),
            linked: true,
            legs: journey::ServiceResult::ALL.map(|r| leg(r.as_str())).into(),
            registered_now: true,
            action: "/run/jrn_1/return".into(),
            fields: BTreeMap::from([("seq", "3".to_owned())]),
        };
        pages::ended(visit, None, Outcome::PartlyLinked, &request(), context)
    }));
    all.push(Sample::new(|visit| pages::done_page(visit, "みほん確定申告", "https://tax.example")));
    for stem in ["unknown", "other-browser"] {
        all.push(Sample::new(move |visit| {
            visit
                .page("journey/error.html", "error")
                .error("E12")
                .with(ErrorPage { stem, developer: Some("push the request first".into()) })
        }));
    }
    all.extend(consent::all());
    all
}

/// Every sample of this role.
fn all() -> Vec<Sample> {
    let mut all = journey();
    all.extend(crate::more_samples());
    all
}

#[test]
fn every_page_renders_in_both_languages() {
    let site = this_site();
    let pages = render_all(&site, &all()).unwrap_or_else(|wrong| panic!("{wrong}"));
    for page in pages.iter().filter(|p| p.template == "journey/register.html" && p.html.contains("en-has-error")) {
        assert!(page.html.contains("role=\"alert\""));
    }
    // What the contract of the pages promises to browsers' tests and to the drive client.
    let mut acts = BTreeMap::<&str, std::collections::BTreeSet<String>>::new();
    for page in &pages {
        let found = acts.entry(page.template).or_default();
        found.extend(page.html.split("data-act=\"").skip(1).filter_map(|t| t.split('"').next()).map(str::to_owned));
    }
    for (template, expected) in [
        ("journey/consent.html", &["agree", "refuse"][..]),
        ("journey/identify.html", &["identify", "stop"]),
        ("journey/card-error.html", &["retry", "stop", "return"]),
        ("journey/register.html", &["register", "stop"]),
        ("journey/link.html", &["link", "stop"]),
        ("journey/several.html", &["link", "stop"]),
        ("journey/handover.html", &["next", "back", "stop"]),
        ("journey/stop.html", &["continue", "return"]),
        ("journey/not-linked.html", &["retry", "return"]),
        ("journey/already-linked.html", &["return", "details"]),
        ("journey/ready.html", &["return"]),
        ("journey/ended.html", &["return"]),
        ("journey/elsewhere.html", &["here"]),
        ("journey/done.html", &["home"]),
        ("journey/error.html", &[]),
    ] {
        let expected = expected.iter().map(|a| (*a).to_owned()).collect();
        assert_eq!(acts.get(template), Some(&expected), "{template}");
    }
}

#[test]
fn both_languages_have_the_same_texts_and_none_is_idle() {
    let (mut ja, mut en) = (String::new(), String::new());
    for (a, b) in TEXTS {
        ja.push_str(a);
        ja.push('\n');
        en.push_str(b);
        en.push('\n');
    }
    keys_equal(&ja, &en).unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut in_rust = vec!["register-*", "document-*", "several-choose-none"];
    in_rust.extend(crate::TEXTS_IN_RUST);
    keys_used(&this_site(), &ja, &in_rust).unwrap_or_else(|wrong| panic!("{wrong}"));
}
