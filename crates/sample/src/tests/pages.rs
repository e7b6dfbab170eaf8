//! Every template in both languages, every key in both files, a text for every word.

use base::Timestamp;
use document::{DocumentError, Form};
use serde_json::json;
use store::testing::engines;
use web::testing::{Sample as Shot, keys_equal, keys_used, render_all};
use web::{FieldError, Fields, Site};

use super::world::{NOW, World};
use crate::filing::{Accepted, Filing, Import, Line, Refused};
use crate::outcome::SERVICE_RESULTS;
use crate::pages;
use crate::run::{Choice, Ended, Learned, Service, Stage, UserStatus};
use crate::status::Window;
use crate::{EN, JA, Outcome, Sample};

async fn world() -> (World, Site) {
    let w = World::new(engines()[0]).await;
    let inner = &w.sample.0;
    let site = crate::site(&inner.config, &inner.clock, &inner.rng, web::FormKey::new([1; 32])).unwrap();
    (w, site)
}

#[test]
fn both_languages_have_the_same_keys() {
    keys_equal(JA, EN).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_there_and_used() {
    let (_w, site) = world().await;
    keys_used(
        &site,
        JA,
        &["start-message-long", "start-services-none", "edit-amount-wrong", "developer-wrong", "line-*"],
    )
    .unwrap();
    let has = |key: &str| assert!(site.text(base::Lang::Ja, key, &[("portal", "x"), ("name", "x")]).is_ok(), "{key}");
    for outcome in Outcome::ALL {
        has(&format!("outcome-{}", outcome.as_str()));
        has(&format!("why-{}", outcome.as_str()));
        has(&format!("link-{}", outcome.link().as_str()));
    }
    for reason in DocumentError::REASONS.into_iter().chain(["not_received"]) {
        has(&format!("refused-{reason}"));
    }
    for result in SERVICE_RESULTS {
        has(&format!("service-{result}"));
    }
    for line in Line::ALL {
        has(&format!("line-{}", line.name()));
        has(&format!("hint-{}", line.name()));
    }
}

fn learned() -> Learned {
    let services = SERVICE_RESULTS
        .into_iter()
        .map(|r| Service {
            id: "mihon-post".to_owned(),
            result: r.to_owned(),
            linked_at: (r == "linked").then(|| NOW.rfc3339()),
        })
        .collect();
    Learned {
        services,
        user_status: UserStatus {
            registered: Some(true),
            linked: vec![("mihon-post".to_owned(), true), ("<other>".to_owned(), false)],
        },
        registered_now: false,
        error: Some(("access_denied".to_owned(), "<b>no</b>".to_owned())),
        details: Some(json!([{"type": "attribute_linkage"}])),
    }
}

fn result(app: &Sample, outcome: Outcome, learned: Learned, can_import: bool) -> Shot {
    let app = app.clone();
    let stage = Stage::Ended(Ended { outcome, learned, at: NOW });
    Shot::new(move |visit| pages::result::page(&app, visit, "run_x", Choice::default(), &stage, can_import))
}

fn form(app: &Sample, import: Option<Import>) -> Shot {
    let app = app.clone();
    Shot::new(move |visit| {
        let mut filing = Filing::new(2026);
        filing.enter(Line::Social, 204_000);
        filing.fill(
            &document::samples::certificates("ichiro", "鈴木 一郎", 2026)[..3],
            import.clone().unwrap_or_default(),
        );
        filing.import = import.clone();
        pages::form::page(&app, visit, &filing, 3)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_in_both_languages() {
    let (w, site) = world().await;
    let app = w.sample.clone();
    let mut shots = Vec::new();

    let windows = vec![
        Window { service: Some("mihon-post".to_owned()), from: NOW, until: Timestamp(NOW.0 + 3_600_000_000) },
        Window { service: None, from: Timestamp(NOW.0 + 1), until: Timestamp(NOW.0 + 3_600_000_000) },
    ];
    for (linked, windows) in [
        (None, Vec::new()),
        (Some((NOW, vec!["mihon-post".to_owned()])), windows),
        (Some((NOW, Vec::new())), Vec::new()),
    ] {
        let app = app.clone();
        shots.push(Shot::new(move |visit| {
            let errors = if linked.is_some() {
                vec![FieldError { field: "message".to_owned(), message: "x".to_owned() }]
            } else {
                Vec::new()
            };
            pages::start::start(&app, visit, linked.clone(), windows.clone(), Choice::default(), errors)
        }));
    }
    shots.push(Shot::new(pages::callback::refused));
    for current in [None, Some("p_01".to_owned())] {
        shots.push(Shot::new(move |visit| {
            let own = pages::developer::Developer {
                redirect_uri: "http://localhost:7108/callback".to_owned(),
                jwks_uri: "http://localhost:7108/jwks.json".to_owned(),
                portal: "http://localhost:7105".to_owned(),
                saved: current.is_some(),
                missing: current.is_none(),
                current: current.clone(),
                entered: "<p>".to_owned(),
            };
            pages::developer::page(visit, own)
        }));
    }

    for outcome in Outcome::ALL {
        shots.push(result(&app, outcome, Learned::default(), outcome.with_token()));
    }
    shots.push(result(&app, Outcome::Linked, learned(), true));
    shots.push(result(&app, Outcome::Linked, Learned { registered_now: true, ..learned() }, false));
    let status = UserStatus { registered: Some(false), linked: Vec::new() };
    shots.push(result(&app, Outcome::PartlyLinked, Learned { user_status: status, ..learned() }, false));
    let pending = app.clone();
    shots.push(Shot::new(move |visit| {
        pages::result::page(&pending, visit, "run_x", Choice::default(), &Stage::Pending, false)
    }));

    let accepted = Accepted {
        form: Form::Life,
        issuer: "見本生命保険株式会社".to_owned(),
        certified_on: "2026-10-09".to_owned(),
        service: "mihon-post".to_owned(),
    };
    let refused = |reason: &str| Refused {
        title: "<書類>".to_owned(),
        service: "mihon-post".to_owned(),
        reason: reason.to_owned(),
    };
    let reasons = DocumentError::REASONS.into_iter().chain(["not_received"]);
    let statuses =
        ["ready", "no_documents_yet", "unavailable", "relink_required", "maintenance", "not_linked", "<new>"];
    let full = Import {
        at: NOW,
        trouble: None,
        accepted: vec![accepted],
        refused: reasons.map(refused).collect(),
        services: statuses.iter().map(|s| ("mihon-post".to_owned(), (*s).to_owned())).collect(),
        other_years: 2,
    };
    shots.push(form(&app, None));
    shots.push(form(&app, Some(full)));
    shots.push(form(&app, Some(Import { at: NOW, ..Import::default() })));
    for trouble in ["portal", "not_allowed", "roots"] {
        let import = Import { at: NOW, trouble: Some(trouble.to_owned()), ..Import::default() };
        shots.push(form(&app, Some(import)));
    }

    for wrong in [false, true] {
        let app = app.clone();
        shots.push(Shot::new(move |visit| {
            let typed = wrong.then(|| Fields::parse(b"social=x%22&medical=1").unwrap());
            let errors =
                wrong.then(|| FieldError { field: "social".to_owned(), message: "x".to_owned() }).into_iter().collect();
            let mut filing = Filing::new(2026);
            filing.enter(Line::Medical, 5);
            pages::edit::page(&app, visit, &filing, typed.as_ref(), errors)
        }));
    }
    shots.push(Shot::new(|visit| pages::submit::page(visit, "ABC1234567".to_owned(), NOW, 2026, 120_000)));

    let rendered = render_all(&site, &shots).unwrap();
    for page in &rendered {
        assert!(!page.html.contains("<other>") && !page.html.contains("<書類>") && !page.html.contains("<b>no"));
    }
    assert!(rendered.iter().any(|p| p.html.contains("<h1>控除証明書をデータで取り込む</h1>")));
}
