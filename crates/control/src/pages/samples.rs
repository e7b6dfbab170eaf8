//! Every page in both languages.

use std::sync::Arc;

use accounts::{Account, Realm};
use base::{Clock, Lang, Rng, Secret, Timestamp};
use desk::Desk;
use desk::kit::StaffMember;
use desk::staff::{StaffRole, StaffRoles};
use store::Sealer;
use store::testing::{TestDb, prepare_all};
use web::testing::{Sample, keys_equal, render_all};

use super::deliveries::{At, Deliveries, Edit, Entered};
use super::maintenance::{Choice, Hours, Maintenance, Window};
use super::{client, deliveries, maintenance, notices, overview};
use crate::drift::{Drift, Field, Kind};
use crate::warnings::View;
use crate::{Config, Control, PortalConfig, STATEMENTS, TEXTS};

const NOW: Timestamp = Timestamp(1_780_300_000_000_000);

async fn desk() -> (TestDb, Desk, StaffMember, Account) {
    let test = TestDb::new(store::Engine::Sqlite);
    let origin = |t: &str| web::Origin::parse(t).unwrap();
    let portal =
        |at: &str| PortalConfig { origin: origin(at), name: procedures::Text::new("縁ポータル", "Enishi Portal") };
    let control =
        Control::new(Config { test: portal("https://test.example"), production: portal("https://portal.example") });
    let mut config = desk::Config::test(origin("https://desk.example"));
    config.passwords = accounts::PasswordCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 2 };
    let sealer = Sealer::new(&Secret::new([1; 32]), Rng::system()).unwrap();
    let outbound = Arc::new(web::outbound::Client::builder(web::Environment::Test).build().unwrap());
    let db = test.open(crate::SCHEMA);
    let rooms = vec![control.extension()];
    let (desk, _) =
        desk::build_with(config, db, sealer, outbound, Clock::system(), Rng::system(), rooms).await.unwrap();
    let email = mail::Email::parse("operator@desk.example").unwrap();
    let account = desk.accounts().seed(Realm::Staff, &email, "運用 <四郎>", Lang::Ja, "a long password 77").await;
    let account = account.unwrap().unwrap();
    let me = StaffMember { account: account.clone(), roles: StaffRoles::new([StaffRole::Operator]), fresh: true };
    (test, desk, me, account)
}

fn drift(what: Kind) -> Drift {
    Drift {
        portal: "production".into(),
        kind: "client".into(),
        subject: "p_1".into(),
        what,
        source: if what == Kind::Missing { String::new() } else { "command_line".into() },
        fields: vec![
            Field { name: "metadata.redirect_uris".into(), wanted: Some("[\"<a>\"]".into()), has: None },
            Field { name: "status".into(), wanted: None, has: Some("suspended".into()) },
        ],
        seen_at: Some(NOW),
    }
}

fn warning(case: Option<&str>) -> View {
    View {
        kind: "drift".into(),
        text: "本番環境の<p_1>".into(),
        due_at: Some(NOW),
        case: case.map(str::to_owned),
        raised_at: NOW,
    }
}

fn line(kind: &str, status: &str, applied: bool, error: Option<&str>) -> overview::Line {
    overview::Line {
        portal: "test".into(),
        kind: kind.into(),
        subject: "t_1".into(),
        name: "年末調整<b>".into(),
        status: status.into(),
        revision: 3,
        applied,
        wanted_at: NOW,
        error: error.map(str::to_owned),
    }
}

fn detail(may_suspend: bool) -> client::Detail {
    client::Detail {
        portal: "production".into(),
        portal_name: "縁ポータル".into(),
        kind: "client".into(),
        subject: "p_1".into(),
        service: "年末調整".into(),
        service_id: Some("svc_1".into()),
        status: "active".into(),
        revision: 2,
        digest: "abc".into(),
        wanted_at: NOW,
        applied_at: may_suspend.then_some(NOW),
        applied: may_suspend,
        error: (!may_suspend).then(|| "https://portal.example: there is no <x>".into()),
        settings: "{\n  \"a\": \"<b>\"\n}".into(),
        drift: (!may_suspend).then(|| drift(Kind::Different)),
        operator: true,
        may_suspend,
        note: String::new(),
        reason: String::new(),
    }
}

fn at() -> Vec<At> {
    vec![
        At { portal: "test", applied: true, error: None },
        At { portal: "production", applied: false, error: Some("no answer".into()) },
    ]
}

fn windows(staff: bool) -> Maintenance {
    let window = |state| Window {
        id: format!("mnt_{state}"),
        delivery: "見本ポスト".into(),
        starts_at: NOW,
        ends_at: NOW,
        note: "点検<b>\n二行目".into(),
        state,
        portals: if staff { at() } else { Vec::new() },
    };
    Maintenance {
        staff,
        operator: staff,
        done: staff.then(|| "announced".into()),
        windows: ["planned", "now", "over", "withdrawn"].into_iter().map(window).collect(),
        deliveries: vec![Choice { value: "mihon-post".into(), label: "見本ポスト".into() }],
        hours: vec![Hours {
            name: "見本ポスト".into(),
            operator: "見本送達".into(),
            operating: "年中無休".into(),
            status: "active".into(),
        }],
        entered: maintenance::Entered::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_in_both_languages() {
    let (_place, desk, me, account) = desk().await;
    let mut samples = Vec::new();
    for full in [true, false] {
        let (d, m) = (desk.clone(), me.clone());
        samples.push(Sample::new(move |visit| {
            let portals = vec![
                overview::Portal {
                    id: "test",
                    name: "縁".into(),
                    origin: "https://test.example".into(),
                    looked_at: Some(NOW),
                    error: None,
                },
                overview::Portal {
                    id: "production",
                    name: "縁".into(),
                    origin: "https://portal.example".into(),
                    looked_at: None,
                    error: full.then(|| "no answer".into()),
                },
            ];
            let lines = ["active", "production_verification", "suspended", "terminated", "unknown"];
            let own = overview::Overview {
                done: full.then(|| "looked".into()),
                portals,
                drifts: if full {
                    [Kind::Missing, Kind::Unknown, Kind::Different].map(drift).into()
                } else {
                    Vec::new()
                },
                clients: lines.iter().map(|s| line("client", s, true, None)).collect(),
                others: if full {
                    vec![
                        line("delivery_service", "active", false, None),
                        line("maintenance", "withdrawn", false, Some("no answer")),
                    ]
                } else {
                    Vec::new()
                },
                warnings: if full { vec![warning(None)] } else { Vec::new() },
                operator: full,
            };
            overview::overview_page(visit, &d, &m, own)
        }));
        let (d, m) = (desk.clone(), me.clone());
        samples.push(Sample::new(move |visit| client::detail_page(visit, &d, &m, detail(full))));
        let (d, m) = (desk.clone(), me.clone());
        samples.push(Sample::new(move |visit| {
            let services = vec![deliveries::Line {
                id: "mihon-post".into(),
                name: "見本ポスト<b>".into(),
                operating: "年中無休".into(),
                status: "withdrawn".into(),
                updated_at: NOW,
                portals: at(),
            }];
            let own = Deliveries { done: full, services: if full { services } else { Vec::new() }, operator: full };
            deliveries::list_page(visit, &d, &m, own)
        }));
        let (d, m) = (desk.clone(), me.clone());
        samples.push(Sample::new(move |visit| {
            let own = Edit { fresh: full, raced: !full, at: "x".into(), entered: Entered::default() };
            deliveries::edit_page(visit, &d, &m, own)
        }));
        let (d, m) = (desk.clone(), me.clone());
        samples.push(Sample::new(move |visit| {
            maintenance::maintenance_page(visit, d.staff_frame(&m, "maintenance"), windows(full))
        }));
        let who = account.clone();
        samples.push(Sample::new(move |visit| {
            let group = |warnings| notices::Group { org: "みほん<b>".into(), warnings };
            let groups =
                if full { vec![group(vec![warning(Some("cas_1")), warning(None)]), group(vec![])] } else { vec![] };
            notices::notices_page(visit, &who, notices::Notices { groups })
        }));
    }
    let site = desk.site();
    // The desk's own templates and the kit's have samples of their own.
    let wrong = render_all(site, &samples).err().unwrap_or_default();
    let ours: Vec<&str> = crate::TEMPLATES.iter().map(|(name, _)| *name).collect();
    let wrong: Vec<&str> = wrong.lines().filter(|l| ours.iter().any(|t| l.starts_with(t))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn both_languages_have_the_same_keys() {
    keys_equal(TEXTS[0].1, TEXTS[1].1).unwrap_or_else(|e| panic!("{e}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_on_both_engines() {
    assert_eq!(prepare_all(crate::SCHEMA, STATEMENTS).await, Vec::<String>::new());
}
