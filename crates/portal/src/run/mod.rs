//! A run's pages and presses, from ③ to the return.
//!
//! `GET /run/{id}` shows the page of the current state; a press is `POST /run/{id}/{act}` with `csrf` and
//! `seq`, answered by 303 to the next place. Which page, which press, which place: the `journey` room
//! decides. Every step is one compare-and-set update, in one transaction with all that goes with it.

pub(crate) mod card;
pub(crate) mod pages;
pub(crate) mod press;
mod register;

use std::future::Future;

use axum::extract::{Path, State};
use axum::response::Response;
use journey::{Event, Next, REPEAT};
use web::form::Fields;
use web::{Fault, Form, Refusal, Route, Routes, Visit, Who};

use crate::authorize;
use hub::Portal;
use hub::linking::{self, Mode};
use hub::run::step::{self, Around, Way};
use hub::run::{again, path};
use hub::store::journeys::{self, Run};
use press::{Press, Taken};

/// Pages and presses of a run.
pub const ROUTES: &[Route] = &[
    Route::get("/run/{id}", Who::Browser),
    Route::get("/run/{id}/next", Who::Browser),
    Route::post("/run/{id}/{act}", Who::Browser),
];

/// The templates of these pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates![
    "journey/identify.html",
    "journey/card-error.html",
    "journey/register.html",
    "journey/link.html",
    "journey/several.html",
    "journey/handover.html",
    "journey/stop.html",
    "journey/not-linked.html",
    "journey/already-linked.html",
    "journey/ready.html",
    "journey/ended.html",
    "journey/elsewhere.html",
    "journey/done.html",
];

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.get("/run/{id}", show).get("/run/{id}/next", next).post("/run/{id}/{act}", act)
}

/// Lets work go on though its browser has left: what was begun at another party has to be written down.
///
/// # Errors
/// When the work panicked.
pub(crate) async fn detached<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Fault> {
    Ok(tokio::spawn(work).await?)
}

/// The current page. Changes nothing, but for what a reload repairs: an attempt that was cut by a crash,
/// and a finished run whose citizen was not returned.
async fn show(State(portal): State<Portal>, Path(id): Path<String>, visit: Visit) -> Result<Response, Fault> {
    let mut run = match find(&portal, &id, &visit).await? {
        Ok(run) => run,
        Err(response) => return Ok(response),
    };
    if let Some(linkage_id) = run.journey.unresolved().map(str::to_owned) {
        linking::resolve(&portal, &linkage_id, Mode::Ask).await?;
        run = match find(&portal, &id, &visit).await? {
            Ok(run) => run,
            Err(response) => return Ok(response),
        };
    }
    let now = portal.clock().now();
    run.journey = step::up_to_date(&run, now);
    // A finished run whose citizen is not back: the redirect was never made, or its answer was lost. A
    // minute later the API user has either heard, or the code is dead.
    let due = matches!(run.journey.next(), Next::Return(_)) && run.journey.apply(Event::Returned, now).is_ok();
    let lost = run.journey.returned().is_some_and(|at| now.since(at) < REPEAT);
    if due || lost {
        let around = Around::new(&portal, visit.lang()).await?;
        if let Way::Back(url) = settle_now(&around, &id).await? {
            return Ok(visit.redirect(&url));
        }
    }
    pages::show(&portal, &visit, &run).await
}

/// ⑤ 「次へ」: to the delivery service.
async fn next(State(portal): State<Portal>, Path(id): Path<String>, visit: Visit) -> Result<Response, Fault> {
    let around = Around::new(&portal, visit.lang()).await?;
    let browser = visit.known_browser().map(|b| b.hash()).unwrap_or_default();
    let taken = press::hand_over(&around, &id, &browser).await?;
    finish(&around, &visit, &id, taken).await
}

/// A press.
async fn act(
    State(portal): State<Portal>,
    Path((id, act)): Path<(String, String)>,
    visit: Visit,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    let around = Around::new(&portal, visit.lang()).await?;
    // The time warning's form has none: it says only that the citizen is there.
    let seq = match fields.get("seq").map(str::parse) {
        Some(Ok(seq)) => seq,
        None if act == "extend" => 0,
        _ => return Ok(bad_form()),
    };
    let kind = match act.as_str() {
        "register" => match register::parse(&visit, &fields)? {
            Ok(profile) => Press::Register(profile),
            Err(errors) => return pages::register_again(&portal, &visit, &id, &fields, errors).await,
        },
        "identify" => Press::Identify,
        "retry" => Press::Retry,
        "link" => match chosen(&fields) {
            Some(services) if services.is_empty() => return pages::choose_again(&portal, &visit, &id).await,
            chosen => Press::Link { next: fields.get("service").map(str::to_owned), chosen },
        },
        "back" => Press::Plain(journey::Act::Back),
        "stop" => Press::Plain(journey::Act::Stop),
        "continue" => Press::Plain(journey::Act::Continue),
        "return" => Press::Plain(journey::Act::Return),
        "extend" => Press::Extend,
        _ => return Ok(axum::response::IntoResponse::into_response(Refusal::NotFound)),
    };
    let taken = press::take(&around, &id, visit.browser(), seq, kind).await?;
    finish(&around, &visit, &id, taken).await
}

/// The boxes of ④ that are ticked; `None` where it has no boxes.
fn chosen(fields: &Fields) -> Option<Vec<String>> {
    fields.get("choose")?;
    Some(fields.iter().filter(|(name, _)| name.starts_with("service-")).map(|(_, id)| id.to_owned()).collect())
}

fn bad_form() -> Response {
    axum::response::IntoResponse::into_response(Refusal::Form)
}

/// Applies what is due to a run without a press (its return, for one).
pub(crate) async fn settle_now(around: &Around, id: &str) -> store::Result<Way> {
    again(|| {
        let (around, id) = (around.clone(), id.to_owned());
        async move {
            let now = around.portal.clock().now();
            let db = around.portal.db().clone();
            db.write(move |tx| match Around::load(tx, &id, now)? {
                Some((mut run, before)) => around.settle(tx, &mut run, &before, now),
                None => Ok(Way::Run),
            })
            .await
        }
    })
    .await
}

/// Sends the browser on; what has to be asked of a delivery service before that is asked here.
pub(crate) async fn finish(around: &Around, visit: &Visit, id: &str, taken: Taken) -> Result<Response, Fault> {
    let mut way = match taken {
        Taken::Unknown => return Ok(authorize::unknown(visit, "there is no such run")),
        Taken::OtherBrowser => return Ok(authorize::other_browser(visit)),
        Taken::Way(way) => way,
    };
    let portal = &around.portal;
    // A resolved attempt may end the run, a failed push may change the page: at most twice.
    for _ in 0..3 {
        way = match way {
            Way::Run => return Ok(visit.redirect(&path(id))),
            Way::Reader(url) | Way::Back(url) => return Ok(visit.redirect(&url)),
            Way::Elsewhere => return Ok(pages::elsewhere(visit, id)),
            Way::Push(linkage_id) => {
                linking::push(around, &linkage_id).await?;
                Way::Run
            }
            Way::Delivery(linkage_id) => match linking::delivery_url(around, &linkage_id).await? {
                Some(url) => return Ok(visit.redirect(&url)),
                None => Way::Run,
            },
            Way::Resolve(linkage_id, mode) => {
                let decided = linking::resolve(portal, &linkage_id, mode).await?;
                if decided { settle_now(around, id).await? } else { Way::Run }
            }
        };
    }
    Ok(visit.redirect(&path(id)))
}

/// The run, if it is this browser's.
async fn find(portal: &Portal, id: &str, visit: &Visit) -> Result<Result<Run, Response>, Fault> {
    let key = id.to_owned();
    let Some(run) = portal.db().read(move |tx| journeys::get(tx, &key)).await? else {
        return Ok(Err(authorize::unknown(visit, "there is no such run")));
    };
    if visit.known_browser().is_none_or(|b| b.hash() != run.browser) {
        return Ok(Err(authorize::other_browser(visit)));
    }
    Ok(Ok(run))
}
