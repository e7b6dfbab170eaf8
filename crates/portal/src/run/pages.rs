//! The pages of a run, from its state.

use std::collections::BTreeMap;

use axum::response::Response;
use base::{Lang, Timestamp};
use http::StatusCode;
use journey::{CardTrouble, IDLE, LegTrouble, Outcome, Page as State, Why};
use oauth::PushedRequest;
use provider::Client;
use serde::Serialize;
use web::form::Fields;
use web::{Fault, FieldError, Page, Visit};

use crate::authorize::way_back;
use hub::Portal;
use hub::citizen::Profile;
use hub::deliveries::Delivery;
use hub::run::{path, step};
use hub::store::deliveries::WindowRow;
use hub::store::journeys::Run;
use hub::store::{citizens, linkages};

/// A maintenance window on a page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Window {
    pub(crate) service: String,
    starts: Timestamp,
    ends: Timestamp,
    note: Option<String>,
}

impl Window {
    pub(crate) fn new(service: String, row: &WindowRow, lang: Lang) -> Self {
        let note = match lang {
            Lang::Ja => &row.note_ja,
            Lang::En => &row.note_en,
        };
        Self { service, starts: row.starts_at, ends: row.ends_at, note: note.clone() }
    }

    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        let starts = Timestamp::from_secs(1_795_438_800);
        let ends = Timestamp(starts.0 + 3 * 3_600_000_000);
        Self { service: "べつのポスト".into(), starts, ends, note: Some("年末の作業".into()) }
    }
}

/// A delivery service on a page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) operator: String,
    pub(crate) host: String,
    pub(crate) maintenance: Vec<Window>,
}

impl Service {
    fn new(delivery: &Delivery, now: Timestamp, lang: Lang) -> Self {
        let name = delivery.name(lang);
        let windows = delivery.maintenance(now).into_iter().chain(delivery.upcoming(now));
        Self {
            id: delivery.id().to_owned(),
            name: name.to_owned(),
            operator: delivery.config.operator.get(lang).to_owned(),
            host: delivery.authority(),
            maintenance: windows.map(|w| Window::new(name.to_owned(), w, lang)).collect(),
        }
    }
}

/// One of several delivery services of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Leg {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) operator: String,
    pub(crate) host: String,
    /// Which of the `leg-…` texts: `waits`, `maintenance` (also while it lasts), or what came of it.
    pub(crate) state: &'static str,
    /// Whether a link stands.
    pub(crate) linked: bool,
    /// Whether its box is ticked.
    pub(crate) chosen: bool,
    /// Whether the API user sends it a message.
    pub(crate) message: bool,
    /// When the maintenance that it is in is planned to end.
    pub(crate) until: Option<Timestamp>,
}

/// What the pages of a run with several delivery services see besides.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Several {
    /// All of them, in the order asked.
    pub(crate) legs: Vec<Leg>,
    /// Id of the one that is next at ④.
    pub(crate) current: String,
    /// Whether there is something to choose: more than one, or one that was left out.
    pub(crate) choice: bool,
    /// The current one's place among those that the citizen goes through.
    pub(crate) place: usize,
    /// How many these are.
    pub(crate) of: usize,
    /// Names of those that are linked and stay so.
    pub(crate) kept: Vec<String>,
    /// Name of the one after the current one.
    pub(crate) following: Option<String>,
}

impl Several {
    /// `None` for a run with one service, whose pages need none of this.
    pub(crate) fn of(run: &Run, known: &[std::sync::Arc<Delivery>], now: Timestamp, lang: Lang) -> Option<Self> {
        let journey = &run.journey;
        if journey.services().len() < 2 {
            return None;
        }
        let legs: Vec<Leg> = journey.services().iter().map(|leg| Leg::of(run, leg, known, now, lang)).collect();
        let choosable = || legs.iter().filter(|l| l.state == WAITS);
        let current = choosable().find(|l| l.chosen).map(|l| l.id.clone());
        let current = current.or_else(|| journey.current().map(|l| l.service().to_owned())).unwrap_or_default();
        let (place, of) = journey.place();
        let named = |id: &str| legs.iter().find(|l| l.id == id).map(|l| l.name.clone());
        Some(Self {
            choice: choosable().count() > 1 || choosable().any(|l| !l.chosen),
            kept: legs.iter().filter(|l| l.linked).map(|l| l.name.clone()).collect(),
            following: journey.following().and_then(|l| named(l.service())),
            current,
            place,
            of,
            legs,
        })
    }
}

/// State of a service whose turn is still to come.
const WAITS: &str = "waits";

impl Leg {
    fn of(
        run: &Run,
        leg: &journey::ServiceLeg,
        known: &[std::sync::Arc<Delivery>],
        now: Timestamp,
        lang: Lang,
    ) -> Self {
        let delivery = hub::deliveries::find(known, leg.service());
        let down = delivery.and_then(|d| d.maintenance(now)).filter(|_| leg.result().is_none());
        Self {
            id: leg.service().to_owned(),
            name: delivery.map_or(leg.service(), |d| d.name(lang)).to_owned(),
            operator: delivery.map(|d| d.config.operator.get(lang).to_owned()).unwrap_or_default(),
            host: delivery.map(|d| d.authority()).unwrap_or_default(),
            state: match (leg.result(), down) {
                (Some(result), _) => result.as_str(),
                (None, Some(_)) => journey::ServiceResult::Maintenance.as_str(),
                (None, None) => WAITS,
            },
            linked: leg.result().is_some_and(journey::ServiceResult::is_linked),
            chosen: leg.waits(),
            message: has_message(run, leg.service()),
            until: down.map(|w| w.ends_at),
        }
    }
}

/// What the pages of a live run see.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunPage {
    /// `/run/{id}`
    pub(crate) base: String,
    /// What forms carry.
    pub(crate) seq: u64,
    /// Name of the API user's service.
    pub(crate) client: String,
    /// Which of a page's texts.
    pub(crate) stem: &'static str,
    /// The delivery service whose turn it is. (`service` is the layout's.)
    pub(crate) delivery: Option<Service>,
    /// Masked name that the delivery service gets to show.
    pub(crate) display: Option<String>,
    /// Whether this service is linked already (the run goes through it again).
    pub(crate) linked: bool,
    /// Whether the API user sends a message to the delivery service.
    pub(crate) message: bool,
    /// Whether the citizen registered in this run.
    pub(crate) registered_now: bool,
    /// Host of the card reader's site.
    pub(crate) reader: String,
    /// What is linked already: service and since when.
    pub(crate) links: Vec<Link>,
    /// What the citizen typed.
    pub(crate) typed: Typed,
    /// With several delivery services.
    pub(crate) several: Option<Several>,
}

/// A linkage on a page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Link {
    pub(crate) service: String,
    pub(crate) since: Option<Timestamp>,
}

/// The registration form's values.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Typed {
    pub(crate) family_name: String,
    pub(crate) given_name: String,
    pub(crate) email: String,
}

/// What the last page of a run sees.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ended {
    pub(crate) stem: &'static str,
    pub(crate) client: String,
    pub(crate) delivery: Option<String>,
    pub(crate) not_after: Option<Timestamp>,
    pub(crate) windows: Vec<Window>,
    /// Whether a link stands.
    pub(crate) linked: bool,
    /// What came of each of several delivery services.
    pub(crate) legs: Vec<Leg>,
    pub(crate) registered_now: bool,
    /// Where the form of 「{R}に戻る」 goes, and what it carries.
    pub(crate) action: String,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

/// Shows the current page.
pub(crate) async fn show(portal: &Portal, visit: &Visit, run: &Run) -> Result<Response, Fault> {
    let Some(client) = portal.provider().client(&run.client_id).await? else {
        return Err(Fault::new("a run's client is gone"));
    };
    let now = portal.clock().now();
    let page = run.journey.page();
    match page {
        State::Done => return Ok(done(visit, &client, &run.request)),
        State::Ended(_) if now >= run.journey.return_until() => return Ok(done(visit, &client, &run.request)),
        State::Ended(end) => {
            let context = ended_context(portal, visit, run, &client, &end).await?;
            return Ok(ended(visit, page.error(), end.outcome, &run.request, context).respond());
        }
        State::Elsewhere => return Ok(elsewhere(visit, &run.id)),
        _ => {}
    }
    let context = context(portal, visit, run, &client, page).await?;
    Ok(live(portal, visit, run, page, context).respond())
}

/// The registration page again, with what has to be mended.
pub(crate) async fn register_again(
    portal: &Portal,
    visit: &Visit,
    id: &str,
    fields: &Fields,
    errors: Vec<FieldError>,
) -> Result<Response, Fault> {
    let mut run = match super::find(portal, id, visit).await? {
        Ok(run) => run,
        Err(response) => return Ok(response),
    };
    run.journey = step::up_to_date(&run, portal.clock().now());
    let page = run.journey.page();
    let Some(client) = portal.provider().client(&run.client_id).await? else {
        return Err(Fault::new("a run's client is gone"));
    };
    if page != State::Register {
        return Ok(visit.redirect(&path(id)));
    }
    let mut context = context(portal, visit, &run, &client, page).await?;
    let value = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    context.typed = Typed { family_name: value("family_name"), given_name: value("given_name"), email: value("email") };
    Ok(live(portal, visit, &run, page, context).errors(errors).at(path(id)).respond())
}

/// ④ again: of several services none was chosen.
pub(crate) async fn choose_again(portal: &Portal, visit: &Visit, id: &str) -> Result<Response, Fault> {
    let mut run = match super::find(portal, id, visit).await? {
        Ok(run) => run,
        Err(response) => return Ok(response),
    };
    run.journey = step::up_to_date(&run, portal.clock().now());
    let page = run.journey.page();
    if !matches!(page, State::Link | State::Between) {
        return Ok(visit.redirect(&path(id)));
    }
    let Some(client) = portal.provider().client(&run.client_id).await? else {
        return Err(Fault::new("a run's client is gone"));
    };
    let mut context = context(portal, visit, &run, &client, page).await?;
    for leg in context.several.iter_mut().flat_map(|s| &mut s.legs) {
        leg.chosen = false;
    }
    let message = visit.text("several-choose-none", &[])?;
    let errors = vec![FieldError { field: "services".to_owned(), message }];
    Ok(live(portal, visit, &run, page, context).errors(errors).at(path(id)).respond())
}

/// E14.
pub(crate) fn elsewhere(visit: &Visit, id: &str) -> Response {
    elsewhere_page(visit, id).status(StatusCode::CONFLICT).at(path(id)).respond()
}

pub(crate) fn elsewhere_page(visit: &Visit, id: &str) -> Page {
    #[derive(Serialize)]
    struct Elsewhere {
        base: String,
    }
    visit.page("journey/elsewhere.html", "elsewhere").state("E14").with(Elsewhere { base: path(id) })
}

/// The API user has its answer (or it is too late for one).
pub(crate) fn done(visit: &Visit, client: &Client, request: &PushedRequest) -> Response {
    done_page(visit, client.registered.metadata.name.get(visit.lang()), &home(client, request)).respond()
}

pub(crate) fn done_page(visit: &Visit, client: &str, home: &str) -> Page {
    #[derive(Serialize)]
    struct Done<'a> {
        client: &'a str,
        home: &'a str,
    }
    visit.page("journey/done.html", "done").with(Done { client, home }).receipt()
}

/// Where the API user's service begins: what it registered, or the origin that citizens return to.
fn home(client: &Client, request: &PushedRequest) -> String {
    let registered = client.registered.metadata.client_uri.as_ref();
    registered.map_or_else(|| request.redirect_uri.origin(), ToString::to_string)
}

async fn context(portal: &Portal, visit: &Visit, run: &Run, client: &Client, page: State) -> Result<RunPage, Fault> {
    let lang = visit.lang();
    let journey = &run.journey;
    let now = portal.clock().now();
    let known = portal.deliveries().await?;
    let several = Several::of(run, &known, now, lang);
    // At ④ the next one is the first that can be gone on with now.
    let at_choice =
        several.as_ref().filter(|_| matches!(page, State::Link | State::Between)).map(|s| s.current.as_str());
    let current = at_choice.or_else(|| journey.current().map(journey::ServiceLeg::service));
    let current = current.and_then(|id| hub::deliveries::find(&known, id));
    let mut context = RunPage {
        base: path(&run.id),
        seq: journey.form_seq(),
        client: client.registered.metadata.name.get(lang).to_owned(),
        stem: stem(page),
        delivery: current.map(|d| Service::new(d, now, lang)),
        display: None,
        linked: journey.current().is_some_and(|l| journey.linked_before().iter().any(|s| s == l.service())),
        message: journey.current().is_some_and(|l| has_message(run, l.service())),
        registered_now: journey.registered_now(),
        reader: portal.config().card.reader.authority().to_owned(),
        links: Vec::new(),
        typed: Typed::default(),
        several,
    };
    let citizen = journey.citizen().unwrap_or_default().to_owned();
    match page {
        State::Link | State::Between => {
            let row = portal.db().read(move |tx| citizens::get(tx, &citizen)).await?;
            context.display = row.map(|c| Profile::open(portal.sealer(), &c.profile)).transpose()?.map(|p| p.masked());
        }
        State::AlreadyLinked => {
            let rows = portal.db().read(move |tx| linkages::linked(tx, &citizen)).await?;
            for leg in journey.services() {
                let service = portal.delivery_name(leg.service(), lang).await?;
                let since = rows.iter().find(|l| l.delivery_id == leg.service()).and_then(|l| l.linked_at);
                context.links.push(Link { service, since });
            }
        }
        _ => {}
    }
    Ok(context)
}

/// Whether the API user sends a message ⑤ to this delivery service.
fn has_message(run: &Run, service: &str) -> bool {
    let asked = run.request.authorization_details.attribute_linkage();
    asked.is_some_and(|a| a.delivery_services.iter().any(|s| s.id == service && s.message.is_some()))
}

pub(crate) const fn stem(page: State) -> &'static str {
    match page {
        State::Identify { again: true } => "again",
        State::CardError(CardTrouble::NotRead) => "not-read",
        State::CardError(CardTrouble::OtherCard) => "other-card",
        State::CardError(CardTrouble::TooLate) => "too-late",
        State::CardError(CardTrouble::ValidityUnknown) => "validity",
        State::CardError(CardTrouble::OtherPerson) => "other-person",
        State::NotLinked(LegTrouble::Declined) => "declined",
        State::NotLinked(LegTrouble::Unavailable | LegTrouble::Failed) => "failed",
        State::NotLinked(LegTrouble::Conflict) => "conflict",
        State::Unconfirmed => "unconfirmed",
        State::Between => "between",
        _ => "",
    }
}

/// Template and step of the linked run.
const fn template(page: State, several: bool) -> (&'static str, Option<u8>) {
    match page {
        State::Identify { .. } => ("journey/identify.html", Some(2)),
        State::CardError(_) => ("journey/card-error.html", Some(2)),
        State::Register => ("journey/register.html", Some(2)),
        State::Link if !several => ("journey/link.html", Some(3)),
        State::Link | State::Between => ("journey/several.html", Some(3)),
        State::HandOver => ("journey/handover.html", Some(4)),
        State::NotLinked(_) | State::Unconfirmed => ("journey/not-linked.html", Some(4)),
        State::AlreadyLinked => ("journey/already-linked.html", Some(5)),
        State::Ready => ("journey/ready.html", Some(5)),
        _ => ("journey/stop.html", None),
    }
}

fn live(portal: &Portal, visit: &Visit, run: &Run, page: State, context: RunPage) -> Page {
    let mut shown = live_page(visit, page, context);
    if let Some(origin) = way_back(&run.request) {
        shown = shown.form_action(origin);
    }
    if matches!(page, State::Identify { .. } | State::CardError(_)) {
        shown = shown.form_action(portal.config().card.reader.clone());
    }
    if !matches!(page, State::Ready | State::AlreadyLinked | State::Unconfirmed) {
        shown = shown.session(run.journey.last_activity().plus(IDLE), format!("{}/extend", path(&run.id)));
    }
    shown
}

/// A page of a live run.
pub(crate) fn live_page(visit: &Visit, page: State, context: RunPage) -> Page {
    let (template, step) = template(page, context.several.is_some());
    let mut shown = visit.page(template, page.id()).with(context);
    if let Some(step) = step {
        shown = shown.step(step);
    }
    // E7 and E14 are not errors to the reader, but states of their own.
    shown = match page.error() {
        Some(id @ ("E7" | "E14")) => shown.state(id),
        Some(id) => shown.error(id),
        None => shown,
    };
    if let Some(outcome) = page.outcome() {
        shown = shown.outcome(outcome.as_str());
    }
    shown
}

async fn ended_context(
    portal: &Portal,
    visit: &Visit,
    run: &Run,
    client: &Client,
    end: &journey::End,
) -> Result<Ended, Fault> {
    let lang = visit.lang();
    let now = portal.clock().now();
    let known = portal.deliveries().await?;
    let mut windows = Vec::new();
    if end.why == Why::Maintenance {
        for leg in run.journey.services() {
            if let Some(delivery) = hub::deliveries::find(&known, leg.service())
                && let Some(window) = delivery.maintenance(now)
            {
                windows.push(Window::new(delivery.name(lang).to_owned(), window, lang));
            }
        }
    }
    let delivery = match run.journey.current() {
        Some(leg) => Some(portal.delivery_name(leg.service(), lang).await?),
        None => None,
    };
    let legs = Several::of(run, &known, now, lang).map(|s| s.legs).unwrap_or_default();
    Ok(Ended {
        stem: if end.outcome == Outcome::PartlyLinked { "partly" } else { end_stem(end.why) },
        legs,
        client: client.registered.metadata.name.get(lang).to_owned(),
        delivery,
        not_after: match end.why {
            Why::CertExpired { not_after } => not_after,
            _ => None,
        },
        windows,
        linked: end.outcome.with_code(),
        registered_now: run.journey.registered_now(),
        action: format!("{}/return", path(&run.id)),
        fields: BTreeMap::from([("seq", run.journey.form_seq().to_string())]),
    })
}

/// Which texts the last page has.
pub(crate) const fn end_stem(why: Why) -> &'static str {
    match why {
        Why::Completed => "completed",
        Why::ConsentRefused | Why::Stopped => "stopped",
        Why::PinLocked => "pin-locked",
        Why::CertExpired { .. } => "cert-expired",
        Why::CertRevoked => "cert-revoked",
        Why::Renewed => "renewed",
        Why::NotRegistered => "not-registered",
        Why::NothingLinked => "nothing-linked",
        Why::Maintenance => "maintenance",
        Why::Idle => "idle",
        Why::ClientSuspended => "suspended",
        Why::Fault => "fault",
    }
}

/// The last page.
pub(crate) fn ended(
    visit: &Visit,
    error: Option<&'static str>,
    outcome: Outcome,
    request: &PushedRequest,
    context: Ended,
) -> Page {
    let mut page = visit.page("journey/ended.html", "ended").outcome(outcome.as_str()).with(context);
    if let Some(error) = error {
        page = page.error(error);
    } else if !outcome.with_code() {
        page = page.failed();
    }
    if let Some(origin) = way_back(request) {
        page = page.form_action(origin);
    }
    page
}
