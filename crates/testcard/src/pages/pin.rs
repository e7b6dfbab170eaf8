//! `/read/{id}`: the PIN of the card that lies on the reader.

use axum::extract::{Path, State};
use axum::response::Response;
use base::Secret;
use pki::Person;
use serde::{Deserialize, Serialize};
use web::{Fault, FieldError, Form, Origin, Page, Visit};

use super::pick::ReadingId;
use crate::App;
use crate::api::{FailReason, ReadResult};
use crate::cards::{Signed, person};
use crate::request::{ReadRequest, handle_hash};
use crate::store::{pins, readings};

#[derive(Clone, Serialize)]
pub(crate) struct Context {
    pub id: String,
    /// Who asks, as people read it.
    pub host: String,
    pub purpose: &'static str,
    pub person: &'static str,
    pub tries_left: i64,
}

/// A reading of this browser that waits for a PIN.
struct Open {
    id: ReadingId,
    request: ReadRequest,
    person: &'static Person,
    tries_left: i64,
}

/// What became of a reading.
enum Found {
    Open(Box<Open>),
    /// It was answered: the browser can only go on to the relying party.
    Answered(ReadingId, Box<ReadRequest>),
    Gone,
}

pub(crate) fn page(visit: &Visit, context: &Context, to: Option<Origin>) -> Page {
    let mut page = visit.page("pin.html", "pin").at(format!("/read/{}", context.id)).with(context.clone());
    if context.purpose == pki::Purpose::AttributeLinkage.as_str() {
        page = page.step(2);
    }
    match to {
        Some(origin) => page.form_action(origin),
        None => page,
    }
}

pub(crate) fn locked_page(visit: &Visit, id: &str, to: Option<Origin>) -> Page {
    let context = std::collections::BTreeMap::from([("id", id)]);
    let page = visit.page("card-locked.html", "card-locked").error("E3").at(format!("/read/{id}")).with(context);
    match to {
        Some(origin) => page.form_action(origin),
        None => page,
    }
}

/// A reading that is over. An answered one of this browser still leads back to who asked.
pub(crate) fn gone_page(visit: &Visit, answered: Option<(&ReadingId, &ReadRequest)>) -> Page {
    let id = answered.map(|(id, _)| id.as_str());
    let page = visit.page("reading-gone.html", "reading-gone").status(http::StatusCode::GONE).failed();
    let page = page.with(std::collections::BTreeMap::from([("id", id)]));
    match answered {
        Some((_, request)) => page.form_action(request.origin.clone()),
        None => page,
    }
}

fn gone(visit: &Visit) -> Response {
    gone_page(visit, None).respond()
}

async fn find(app: &App, visit: &Visit, id: &str) -> Result<Found, Fault> {
    let (Some(id), Some(browser)) = (ReadingId::parse(id), visit.known_browser()) else { return Ok(Found::Gone) };
    let (key, browser, now) = (id.as_str().to_owned(), browser.hash(), app.clock.now());
    let found = app
        .db
        .read(move |tx| {
            let Some(reading) = readings::find(tx, &key, &browser, now)? else { return Ok(None) };
            let card = reading.person.as_deref().and_then(person);
            let tries_left = card.map(|card| pins::left(tx, card)).transpose()?;
            Ok::<_, store::Error>(Some((reading, card.zip(tries_left))))
        })
        .await?;
    let Some((reading, card)) = found else { return Ok(Found::Gone) };
    // A relying party may have been taken off the list since.
    let Ok(request) = ReadRequest::parse(&reading.request, &app.relying_parties, now) else { return Ok(Found::Gone) };
    Ok(match card {
        _ if reading.answered => Found::Answered(id, Box::new(request)),
        Some((person, tries_left)) => Found::Open(Box::new(Open { id, request, person, tries_left })),
        None => Found::Gone,
    })
}

impl Open {
    fn context(&self, visit: &Visit, tries_left: i64) -> Context {
        Context {
            id: self.id.to_string(),
            host: self.request.origin.authority().to_owned(),
            purpose: self.request.challenge.purpose.as_str(),
            person: self.person.name_in(visit.lang()),
            tries_left,
        }
    }

    fn page(&self, visit: &Visit, tries_left: i64) -> Page {
        let to = Some(self.request.origin.clone());
        if tries_left == 0 {
            return locked_page(visit, self.id.as_str(), to);
        }
        page(visit, &self.context(visit, tries_left), to).back(self.request.page())
    }
}

pub(crate) async fn show(State(app): State<App>, visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
    Ok(match find(&app, &visit, &id).await? {
        Found::Open(open) => open.page(&visit, open.tries_left).respond(),
        // A GET changes nothing, so there is no handle to give yet: the page's button makes one.
        Found::Answered(id, request) => gone_page(&visit, Some((&id, &request))).respond(),
        Found::Gone => gone(&visit),
    })
}

#[derive(Deserialize)]
pub(crate) struct PinForm {
    pin: Secret<String>,
}

pub(crate) async fn enter(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<PinForm>,
) -> Result<Response, Fault> {
    let open = match find(&app, &visit, &id).await? {
        Found::Open(open) => open,
        Found::Answered(id, request) => return again(&app, &visit, &id, &request).await,
        Found::Gone => return Ok(gone(&visit)),
    };
    if open.request.challenge.expires <= app.clock.now() {
        return finish(&app, &visit, &open, ReadResult::failed(FailReason::CardNotRead)).await;
    }
    if open.tries_left == 0 {
        return Ok(open.page(&visit, 0).respond());
    }
    let Some(pin) = web::form::digits(form.pin.expose()).filter(|pin| pin.len() == 4).map(Secret::new) else {
        let error = FieldError { field: "pin".to_owned(), message: visit.text("pin-format", &[])? };
        return Ok(open.page(&visit, open.tries_left).errors(vec![error]).respond());
    };
    let signed = app.cards.prepare(open.person, pin.expose(), &open.request.challenge).await?;
    count(&app, &visit, &open, signed).await
}

/// Counts the try and keeps the signature, in one transaction.
async fn count(app: &App, visit: &Visit, open: &Open, signed: Option<Signed>) -> Result<Response, Fault> {
    let handle = app.rng.token();
    let result = signed.as_ref().map(|signed| ReadResult::from(signed).json()).transpose()?;
    let (id, hash, card) = (open.id.clone(), handle_hash(&handle), open.person);
    let left = app
        .db
        .write(move |tx| {
            let left = pins::tried(tx, card, result.is_some())?.unwrap_or(0);
            if left > 0
                && let Some(result) = result
            {
                readings::answer(tx, id.as_str(), &hash, &result)?;
            }
            Ok::<_, store::Error>(left)
        })
        .await?;
    match (left, signed) {
        (0, _) => Ok(open.page(visit, 0).respond()),
        (_, Some(_)) => Ok(visit.redirect(&open.request.back(&handle))),
        (left, None) => {
            let (id, key) = if left == 1 { ("E2b", "pin-wrong-last") } else { ("E2", "pin-wrong") };
            let error = FieldError { field: "pin".to_owned(), message: visit.text(key, &[])? };
            Ok(open.page(visit, left).error(id).errors(vec![error]).respond())
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct NoFields {}

pub(crate) async fn cancel(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<Response, Fault> {
    match find(&app, &visit, &id).await? {
        Found::Open(open) => {
            let tries_left = u8::try_from(open.tries_left).ok();
            let result = ReadResult::Failed { reason: FailReason::Cancelled, tries_left };
            finish(&app, &visit, &open, result).await
        }
        Found::Answered(id, request) => again(&app, &visit, &id, &request).await,
        Found::Gone => Ok(gone(&visit)),
    }
}

/// Back from the page of a locked card.
pub(crate) async fn back(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<Response, Fault> {
    match find(&app, &visit, &id).await? {
        Found::Open(open) if open.tries_left == 0 => {
            let result = ReadResult::Failed { reason: FailReason::PinLocked, tries_left: Some(0) };
            finish(&app, &visit, &open, result).await
        }
        // The cards were put back meanwhile.
        Found::Open(open) => Ok(visit.redirect(&format!("/read/{}", open.id))),
        Found::Answered(id, request) => again(&app, &visit, &id, &request).await,
        Found::Gone => Ok(gone(&visit)),
    }
}

/// Answers the reading and sends the browser back.
async fn finish(app: &App, visit: &Visit, open: &Open, result: ReadResult) -> Result<Response, Fault> {
    let handle = app.rng.token();
    let (id, hash, json) = (open.id.clone(), handle_hash(&handle), result.json()?);
    app.db.write(move |tx| readings::answer(tx, id.as_str(), &hash, &json)).await?;
    Ok(visit.redirect(&open.request.back(&handle)))
}

/// A button pressed again. If the relying party hasn't fetched the answer, it goes with the new handle (the
/// browser may have dropped the first redirect); if it has, this handle opens nothing and the relying
/// party shows how far the citizen has come.
async fn again(app: &App, visit: &Visit, id: &ReadingId, request: &ReadRequest) -> Result<Response, Fault> {
    let handle = app.rng.token();
    let (id, hash) = (id.clone(), handle_hash(&handle));
    app.db.write(move |tx| readings::reissue(tx, id.as_str(), &hash)).await?;
    Ok(visit.redirect(&request.back(&handle)))
}
