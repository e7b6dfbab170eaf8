//! 稼働状況・メンテナンス情報: a page and a feed (Atom, RFC 4287) for everybody. No citizen's data.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::codec::sha256_b64url;
use base::{Lang, Timestamp, calendar};
use http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use http::{HeaderMap, StatusCode};
use hub::Portal;
use hub::deliveries::Delivery;
use hub::store::deliveries::{self, PastWindow};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use web::{Fault, Page, Route, Routes, Visit, Who};

use crate::api::status::word;

/// The page.
pub const PATH: &str = "/status";
const FEED: &str = "/status/feed.xml";
/// How long past maintenance is shown.
const PAST: Duration = Duration::from_secs(30 * 86_400);

/// The page and its feed; `/status.json` stands beside the API.
pub const ROUTES: &[Route] = &[Route::get(PATH, Who::Public), Route::get(FEED, Who::Public)];

/// The template of the page.
pub const TEMPLATES: &[(&str, &str)] = web::templates!["status.html"];

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.get(PATH, show).get(FEED, feed)
}

/// What the page shows.
#[derive(Serialize)]
struct StatusPage {
    services: Vec<Service>,
    /// Under way and to come, the next one first.
    planned: Vec<Window>,
    /// Of the last 30 days, the last one first.
    past: Vec<Window>,
    feed: String,
    now: Timestamp,
}

#[derive(Serialize)]
struct Service {
    name: String,
    operator: String,
    operating: Option<String>,
    state: &'static str,
    kind: &'static str,
}

#[derive(Serialize)]
struct Window {
    id: String,
    service: String,
    starts: Timestamp,
    ends: Timestamp,
    note: Option<String>,
    /// `now`, `planned`, `over` or `withdrawn`.
    state: &'static str,
    kind: &'static str,
    updated: Timestamp,
}

impl Window {
    fn new(past: PastWindow, known: &[Arc<Delivery>], lang: Lang, now: Timestamp) -> Self {
        let PastWindow { window: w, updated_at, withdrawn_at } = past;
        let (state, kind) = match withdrawn_at {
            Some(_) => ("withdrawn", "plain"),
            None if now < w.starts_at => ("planned", "info"),
            None if now < w.ends_at => ("now", "warning"),
            None => ("over", "plain"),
        };
        let service = hub::deliveries::find(known, &w.delivery_id);
        Self {
            service: service.map_or_else(|| w.delivery_id.clone(), |d| d.name(lang).to_owned()),
            starts: w.starts_at,
            ends: w.ends_at,
            note: match lang {
                Lang::Ja => w.note_ja,
                Lang::En => w.note_en,
            },
            id: w.id,
            state,
            kind,
            // That it begins and ends is news as well.
            updated: match state {
                "now" => updated_at.max(w.starts_at),
                "over" => updated_at.max(w.ends_at),
                _ => updated_at,
            },
        }
    }
}

async fn windows(portal: &Portal, known: &[Arc<Delivery>], lang: Lang, now: Timestamp) -> Result<Vec<Window>, Fault> {
    let since = now.minus(PAST);
    let rows = portal.db().read(move |tx| deliveries::history(tx, since)).await?;
    Ok(rows.into_iter().map(|row| Window::new(row, known, lang, now)).collect())
}

fn page(visit: &Visit, context: StatusPage) -> Page {
    visit.page("status.html", "status").with(context)
}

async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Fault> {
    let (lang, now) = (visit.lang(), portal.clock().now());
    let known = portal.deliveries().await?;
    let services = known.iter().map(|d| Service {
        name: d.name(lang).to_owned(),
        operator: d.config.operator.get(lang).to_owned(),
        operating: d.config.operating.as_ref().map(|o| o.get(lang).to_owned()),
        state: word(d, now),
        kind: match word(d, now) {
            "available" => "success",
            "maintenance" => "warning",
            _ => "error",
        },
    });
    let services = services.collect();
    let all = windows(&portal, &known, lang, now).await?;
    let (mut past, planned): (Vec<_>, Vec<_>) = all.into_iter().partition(|w| w.ends <= now || w.state == "withdrawn");
    past.reverse();
    let feed = format!("{FEED}?lang={}", lang.tag());
    let mut response = page(&visit, StatusPage { services, planned, past, feed, now }).respond();
    let headers = response.headers_mut();
    // By whom it is read hangs on cookie and language: a browser may keep it for a moment, nobody else.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=30"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    Ok(response)
}

/// `GET /status/feed.xml?lang=`: the language hangs on the address alone, so that every reader gets the same.
async fn feed(State(portal): State<Portal>, visit: Visit, headers: HeaderMap) -> Result<Response, Fault> {
    let lang = visit.query("lang").and_then(|tag| Lang::from_tag(&tag)).unwrap_or_default();
    let now = portal.clock().now();
    let known = portal.deliveries().await?;
    let mut all = windows(&portal, &known, lang, now).await?;
    // The last change first, as feed readers show it.
    all.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
    let started = portal.db().read(deliveries::entries).await?.into_iter().map(|d| d.updated_at).max();
    let updated = all.iter().map(|w| w.updated).chain(started).max().unwrap_or_default();
    let body = atom(&visit, lang, updated, &all)?;
    let tag = format!("\"{}\"", sha256_b64url(&body));
    let known = headers.get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let mut response = if known.is_some_and(|list| list.split(',').any(|t| t.trim().trim_start_matches("W/") == tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = (CONTENT_TYPE, HeaderValue::from_static("application/atom+xml; charset=utf-8"));
        ([kind, (CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()))], body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

/// Text for XML 1.0: markup escaped, what XML can't hold left out.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => out.push(c),
        }
    }
    out
}

fn atom(visit: &Visit, lang: Lang, updated: Timestamp, windows: &[Window]) -> Result<String, Fault> {
    let site = visit.site();
    let text = |key: &str, args: &[(&str, &str)]| site.text(lang, key, args).map(|t| xml(&t));
    let origin = xml(site.origin().as_str());
    let tag = lang.tag();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{tag}\">\n\
         <id>{origin}{FEED}?lang={tag}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
         <author><name>{}</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{origin}{FEED}?lang={tag}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" hreflang=\"{tag}\" href=\"{origin}{PATH}?lang={tag}\"/>\n",
        text("status-title", &[])?,
        updated.rfc3339(),
        text("service-name", &[])?,
    );
    for w in windows {
        let (from, to) = (calendar::long_time(w.starts, lang), calendar::long_time(w.ends, lang));
        let title = text(&format!("status-feed-{}", w.state), &[("service", &w.service)])?;
        let when = text("status-feed-when", &[("from", &from), ("to", &to)])?;
        let note = w.note.as_ref().map(|n| format!("\n{}", xml(n))).unwrap_or_default();
        let id = xml(&w.id);
        out.push_str(&format!(
            "<entry>\n<id>{origin}{PATH}?lang={tag}#{id}</id>\n<title>{title}</title>\n<updated>{}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" hreflang=\"{tag}\" href=\"{origin}{PATH}?lang={tag}#{id}\"/>\n\
             <summary>{when}{note}</summary>\n</entry>\n",
            w.updated.rfc3339(),
        ));
    }
    out.push_str("</feed>\n");
    Ok(out)
}

#[cfg(test)]
pub(crate) mod samples {
    use web::testing::Sample;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_438_800);

    fn window(state: &'static str) -> Window {
        Window {
            id: format!("mnt_{state}"),
            service: "みほんポスト <&>".into(),
            starts: NOW,
            ends: NOW.plus(Duration::from_secs(7_200)),
            note: (state != "planned").then(|| "新しいディスク <b>\u{1}".into()),
            state,
            kind: "info",
            updated: NOW,
        }
    }

    /// With everything and with nothing.
    pub(crate) fn all() -> Vec<Sample> {
        [true, false]
            .map(|full| {
                Sample::new(move |visit| {
                    let service = |state, kind| Service {
                        name: "みほんポスト".into(),
                        operator: "みほん社".into(),
                        operating: (state == "available").then(|| "年中無休".into()),
                        state,
                        kind,
                    };
                    let services = [("available", "success"), ("maintenance", "warning"), ("suspended", "error")];
                    page(
                        visit,
                        StatusPage {
                            services: services.into_iter().filter(|_| full).map(|(s, k)| service(s, k)).collect(),
                            planned: ["now", "planned"].into_iter().filter(|_| full).map(window).collect(),
                            past: ["over", "withdrawn"].into_iter().filter(|_| full).map(window).collect(),
                            feed: "/status/feed.xml?lang=ja".into(),
                            now: NOW,
                        },
                    )
                })
            })
            .into()
    }

    #[test]
    fn a_feed_is_xml_whatever_stands_in_it() {
        let site = crate::samples::this_site();
        for lang in Lang::ALL {
            let windows: Vec<_> = ["now", "planned", "over", "withdrawn"].map(window).into();
            let feed = atom(&site.visit(lang), lang, NOW, &windows).unwrap();
            assert!(feed.contains("&lt;&amp;&gt;") && !feed.contains('\u{1}') && !feed.contains("<b>"), "{feed}");
            assert_eq!(feed.matches("<entry>").count(), 4);
            // An id and a time for the feed and for each entry (RFC 4287 section 4.1).
            for element in ["<id>", "<updated>", "<title>"] {
                assert_eq!(feed.matches(element).count(), 5, "{element}");
            }
            let ids: std::collections::BTreeSet<_> = feed.split("<id>").skip(1).map(|t| t.split('<').next()).collect();
            assert_eq!(ids.len(), 5);
        }
    }
}
