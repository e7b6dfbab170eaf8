//! ② 「利用者の同意」: who asks, what for, what is passed to whom until when, and how to undo it.

use axum::response::Response;
use base::Timestamp;
use journey::IDLE;
use oauth::rar::DocumentAction;
use provider::LoadedRequest;
use serde::Serialize;
use url::Url;
use web::{Fault, Visit};

use super::{AUTHORIZE, Handle, way_back};
use crate::run::pages::Window;
use hub::Portal;

/// Version of the text below. It is kept with every consent: a change of the text needs a new one.
pub const TEXT_VERSION: &str = "2026-11-23";

/// Document types whose names the pages know.
const KNOWN_TYPES: [&str; 6] = ["TEG800", "TEG810", "TEG820", "TEG830", "TEG840", "TEG850"];

#[derive(Serialize)]
struct Service {
    name: String,
    operator: String,
    host: String,
}

#[derive(Serialize)]
struct Documents {
    /// Names in the reader's language; empty: all.
    types: Vec<String>,
    /// Empty: all.
    years: Vec<i16>,
    read: bool,
    /// Names of the delivery services; empty: all that are linked.
    services: Vec<String>,
    days: u16,
    until: Timestamp,
}

#[derive(Serialize)]
struct ConsentPage<'a> {
    action: &'static str,
    handle: Handle<'a>,
    client: String,
    domain: String,
    client_uri: Option<String>,
    policy_uri: Option<String>,
    services: Vec<Service>,
    documents: Option<Documents>,
    registration: bool,
    /// Maintenance that is announced for the services asked for.
    maintenance: Vec<Window>,
    /// Maintenance that some of them are in; when all are, there is no consent to ask for.
    down: Vec<Window>,
    idle_minutes: u64,
    text_version: &'static str,
}

pub(super) async fn show(
    portal: &Portal,
    visit: &Visit,
    loaded: &LoadedRequest,
    handle: Handle<'_>,
) -> Result<Response, Fault> {
    let lang = visit.lang();
    let now = portal.clock().now();
    let known = portal.deliveries().await?;
    let find = |id: &str| hub::deliveries::find(&known, id);
    let details = &loaded.request.authorization_details;
    let asked = details.attribute_linkage();
    let ids: Vec<&str> = asked.iter().flat_map(|l| &l.delivery_services).map(|s| s.id.as_str()).collect();
    let services = ids.iter().filter_map(|id| find(id)).map(|d| Service {
        name: d.name(lang).to_owned(),
        operator: d.config.operator.get(lang).to_owned(),
        host: d.authority(),
    });
    let down = ids
        .iter()
        .filter_map(|id| find(id))
        .flat_map(|d| d.maintenance(now).into_iter().map(|w| Window::new(d.name(lang).to_owned(), w, lang)));
    let windows = ids
        .iter()
        .filter_map(|id| find(id))
        .flat_map(|d| d.upcoming(now).map(|w| Window::new(d.name(lang).to_owned(), w, lang)));
    let documents = match details.delivered_documents() {
        None => None,
        Some(d) => {
            let mut types = Vec::new();
            for code in d.document_types.iter().flatten() {
                types.push(document_name(visit, code)?);
            }
            let from = d.delivery_services.iter().flatten();
            let days = d.period_days.max(1);
            Some(Documents {
                types,
                years: d.years.clone().unwrap_or_default(),
                read: d.actions.contains(&DocumentAction::Read),
                services: from.map(|id| find(id).map_or(id.clone(), |d| d.name(lang).to_owned())).collect(),
                days,
                until: now.plus(std::time::Duration::from_secs(u64::from(days) * 86_400)),
            })
        }
    };
    let client = &loaded.client.registered.metadata;
    let page = ConsentPage {
        action: AUTHORIZE,
        handle,
        client: client.name.get(lang).to_owned(),
        domain: domain(loaded.request.redirect_uri.as_str()),
        client_uri: client.client_uri.as_ref().map(ToString::to_string),
        policy_uri: client.policy_uri.as_ref().map(ToString::to_string),
        services: services.collect(),
        documents,
        registration: details.user_registration(),
        maintenance: windows.collect(),
        down: down.collect(),
        idle_minutes: IDLE.as_secs() / 60,
        text_version: TEXT_VERSION,
    };
    let mut shown = visit.page("journey/consent.html", "consent").step(1).with(page);
    if let Some(origin) = way_back(&loaded.request) {
        shown = shown.form_action(origin);
    }
    Ok(shown.respond())
}

/// 「生命保険料控除証明書（TEG800）」, or the code alone.
pub(crate) fn document_name(visit: &Visit, code: &str) -> Result<String, Fault> {
    if KNOWN_TYPES.contains(&code) {
        return Ok(visit.text(&format!("document-{}", code.to_lowercase()), &[])?);
    }
    Ok(code.to_owned())
}

/// Host and port of an address, as people read it.
fn domain(url: &str) -> String {
    let origin = Url::parse(url).ok().and_then(|u| web::Origin::of(&u));
    origin.map_or_else(|| url.to_owned(), |o| o.authority().to_owned())
}

#[cfg(test)]
pub(crate) mod samples {
    use web::testing::Sample;

    use super::*;

    fn page(full: bool) -> ConsentPage<'static> {
        let documents = Documents {
            types: if full { vec!["生命保険料控除証明書".into()] } else { Vec::new() },
            years: if full { vec![2025, 2026] } else { Vec::new() },
            read: full,
            services: if full { vec!["みほんポスト".into()] } else { Vec::new() },
            days: 90,
            until: Timestamp::from_secs(1_795_438_800),
        };
        ConsentPage {
            action: AUTHORIZE,
            handle: Handle { client_id: "tax", request_uri: "urn:x" },
            client: "みほん確定申告".into(),
            domain: "tax.example".into(),
            client_uri: full.then(|| "https://tax.example/".into()),
            policy_uri: full.then(|| "https://tax.example/policy".into()),
            services: if full {
                ["みほんポスト", "べつのポスト"]
                    .map(|name| Service {
                        name: name.into(), operator: "みほん社".into(), host: "post.example".into()
                    })
                    .into()
            } else {
                Vec::new()
            },
            documents: Some(documents),
            registration: full,
            maintenance: Vec::new(),
            down: if full { vec![Window::sample()] } else { Vec::new() },
            idle_minutes: 30,
            text_version: TEXT_VERSION,
        }
    }

    /// Everything asked for, and documents alone.
    pub(crate) fn all() -> Vec<Sample> {
        [true, false]
            .map(|full| {
                Sample::new(move |visit| visit.page("journey/consent.html", "consent").step(1).with(page(full)))
            })
            .into()
    }
}
