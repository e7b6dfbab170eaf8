//! ① `GET /`: what the citizen gets, what they need, and the button.

use axum::extract::State;
use base::Timestamp;
use serde::Serialize;
use web::{Environment, Fault, FieldError, Page, Visit};

use crate::Sample;
use crate::config::ClientId;
use crate::outcome::Outcome;
use crate::run::{Choice, Stage};
use crate::status::Window;
use crate::store::runs;

#[derive(Serialize)]
pub(crate) struct Start {
    portal: String,
    portal_host: String,
    services: Vec<String>,
    /// Which ones to ask for, where there are several.
    deliveries: Vec<Delivery>,
    operator: String,
    year: i16,
    /// When a link was last seen, and with whom.
    linked: Option<Linked>,
    maintenance: Vec<Maintenance>,
    /// Whether the section for developers is shown.
    developer: bool,
    /// Whether a client id can be entered.
    entered: bool,
    choice: Choice,
}

/// A delivery service that can be ticked.
#[derive(Serialize)]
struct Delivery {
    value: String,
    label: String,
    ticked: bool,
}

#[derive(Serialize)]
struct Linked {
    at: Timestamp,
    services: Vec<String>,
}

#[derive(Serialize)]
struct Maintenance {
    name: String,
    from: Timestamp,
    until: Timestamp,
    now: bool,
}

pub(crate) async fn show(State(app): State<Sample>, visit: Visit) -> Result<Page, Fault> {
    page(&app, &visit, Choice::default(), Vec::new()).await
}

/// The page, also when the form on it was sent with something wrong.
pub(crate) async fn page(app: &Sample, visit: &Visit, choice: Choice, errors: Vec<FieldError>) -> Result<Page, Fault> {
    let linked = match visit.known_browser() {
        None => None,
        Some(browser) => {
            let browser = browser.hash();
            app.0.db.read(move |tx| runs::latest_linked(tx, &browser)).await?
        }
    };
    let linked = match linked {
        None => None,
        Some(row) => match row.stage(&app.0.sealer, app.0.clock.now())? {
            Stage::Ended(ended) => Some((ended.at, linked_services(&ended.learned, ended.outcome))),
            Stage::Pending => None,
        },
    };
    let windows = app.0.status.windows().await;
    Ok(start(app, visit, linked, windows, choice, errors))
}

fn linked_services(learned: &crate::run::Learned, outcome: Outcome) -> Vec<String> {
    if !outcome.with_token() {
        return Vec::new();
    }
    let by_run = learned.services.iter().filter(|s| matches!(s.result.as_str(), "linked" | "already_linked"));
    let mut ids: Vec<String> = by_run.map(|s| s.id.clone()).collect();
    ids.extend(learned.user_status.linked.iter().filter(|(_, linked)| *linked).map(|(id, _)| id.clone()));
    ids.sort();
    ids.dedup();
    ids
}

pub(crate) fn start(
    app: &Sample,
    visit: &Visit,
    linked: Option<(Timestamp, Vec<String>)>,
    windows: Vec<Window>,
    choice: Choice,
    errors: Vec<FieldError>,
) -> Page {
    let (config, lang, now) = (&app.0.config, visit.lang(), app.0.clock.now());
    let portal = config.portal.name.get(lang).to_owned();
    let named = |id: &str| config.service_name(id, lang).to_owned();
    let asked = |w: &Window| w.service.as_ref().is_none_or(|id| config.delivery_services.iter().any(|d| d.id == *id));
    let maintenance = windows.into_iter().filter(asked).map(|w| Maintenance {
        name: w.service.as_deref().map_or_else(|| portal.clone(), named),
        now: w.from <= now,
        from: w.from,
        until: w.until,
    });
    // Sent back with nothing ticked, the page shows nothing ticked.
    let ticked = if errors.iter().any(|e| e.field == "services") { Vec::new() } else { choice.ids(config) };
    let several = config.delivery_services.len() > 1;
    let context = Start {
        portal_host: config.portal.issuer.authority().to_owned(),
        services: config.delivery_services.iter().map(|d| named(&d.id)).collect(),
        deliveries: config
            .delivery_services
            .iter()
            .filter(|_| several)
            .map(|d| Delivery { value: d.id.clone(), label: named(&d.id), ticked: ticked.contains(&d.id.as_str()) })
            .collect(),
        operator: config.home.operator.get(lang).to_owned(),
        year: app.tax_year(),
        linked: linked.map(|(at, ids)| Linked { at, services: ids.iter().map(|id| named(id)).collect() }),
        maintenance: maintenance.collect(),
        developer: config.environment == Environment::Test,
        entered: matches!(config.client, ClientId::Entered),
        choice,
        portal,
    };
    // The form is answered by a redirect to the portal; Chromium holds it against form-action.
    visit.page("start.html", "start").form_action(config.portal.issuer.clone()).at("/").errors(errors).with(context)
}
