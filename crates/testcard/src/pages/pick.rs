//! `/read`: which card is put on the reader, or what goes wrong with it.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use web::{Browser, Fault, Form, Page, Visit};

use super::{PersonLine, bad_request, lines};
use crate::App;
use crate::api::{FailReason, ReadResult};
use crate::cards::{CardFault, person};
use crate::request::{BadRequest, Parameters, ReadRequest, handle_hash};
use crate::store::readings::{self, NewReading};

base::id!(
    /// A reading: one card put on the reader.
    ReadingId,
    "rdg"
);

/// Faults offered, in the order of the list.
const FAULTS: [&str; 5] = ["card_not_read", "other_card", "wrong_key", "wrong_challenge", "other_hierarchy"];
/// A handle may be redeemed and a page come back to this long after the challenge has expired.
const GRACE: Duration = Duration::from_secs(120);

#[derive(Serialize)]
struct Context<'a> {
    request: &'a Parameters,
    people: Vec<PersonLine>,
    faults: [&'static str; 5],
    reset: bool,
}

pub(crate) fn page(visit: &Visit, request: &Parameters, reset: bool) -> Page {
    visit.page("pick.html", "pick").with(Context { request, people: lines(visit.lang()), faults: FAULTS, reset })
}

fn parameters(visit: &Visit) -> Option<Parameters> {
    let p = |name| visit.query(name);
    Some(Parameters {
        origin: p("origin")?,
        nonce: p("nonce")?,
        session: p("session")?,
        expires: p("expires")?,
        purpose: p("purpose")?,
        return_to: p("return_to")?,
    })
}

pub(crate) async fn show(State(app): State<App>, visit: Visit) -> Response {
    let parsed = parameters(&visit)
        .ok_or(BadRequest::Missing)
        .and_then(|p| ReadRequest::parse(&p, &app.relying_parties, app.clock.now()));
    match parsed {
        Ok(request) => page(&visit, &request.parameters(), visit.query("reset").is_some())
            .at(request.page())
            .form_action(request.origin)
            .respond(),
        Err(why) => bad_request(&visit, why),
    }
}

#[derive(Deserialize)]
pub(crate) struct PickForm {
    origin: String,
    nonce: String,
    session: String,
    expires: String,
    purpose: String,
    return_to: String,
    person: Option<String>,
    fault: Option<String>,
}

pub(crate) async fn pick(State(app): State<App>, visit: Visit, Form(form): Form<PickForm>) -> Result<Response, Fault> {
    let PickForm { origin, nonce, session, expires, purpose, return_to, person: card, fault } = form;
    let parameters = Parameters { origin, nonce, session, expires, purpose, return_to };
    let now = app.clock.now();
    let request = match ReadRequest::parse(&parameters, &app.relying_parties, now) {
        Ok(request) => request,
        Err(why) => return Ok(bad_request(&visit, why)),
    };
    let browser = visit.browser().clone();
    if request.challenge.expires <= now {
        return answer_at_once(&app, &visit, &browser, &request, ReadResult::failed(FailReason::CardNotRead)).await;
    }
    if let Some(card) = card.as_deref().and_then(person) {
        let id = ReadingId::new(now, &app.rng);
        save(&app, &id, &browser, &request, Some(card.id), None).await?;
        return Ok(visit.redirect(&format!("/read/{id}")));
    }
    let hanako = person("hanako").ok_or_else(|| Fault::new("the first test person is missing"))?;
    let wrongly = async |fault| {
        let signed = app.cards.sign_wrongly(hanako, fault, &request.challenge).await?;
        Ok::<_, Fault>(ReadResult::from(&signed))
    };
    let result = match fault.as_deref() {
        Some("card_not_read") => ReadResult::failed(FailReason::CardNotRead),
        Some("other_card") => ReadResult::failed(FailReason::OtherCard),
        Some("cancelled") => ReadResult::failed(FailReason::Cancelled),
        Some("wrong_key") => wrongly(CardFault::WrongKey).await?,
        Some("wrong_challenge") => wrongly(CardFault::WrongChallenge).await?,
        Some("other_hierarchy") => wrongly(CardFault::OtherHierarchy).await?,
        // Neither a person nor a fault that we offer: ask again.
        _ => return Ok(visit.redirect(&request.page())),
    };
    answer_at_once(&app, &visit, &browser, &request, result).await
}

/// Sends the browser back with a handle for a result that needs no PIN.
async fn answer_at_once(
    app: &App,
    visit: &Visit,
    browser: &Browser,
    request: &ReadRequest,
    result: ReadResult,
) -> Result<Response, Fault> {
    let handle = app.rng.token();
    let id = ReadingId::new(app.clock.now(), &app.rng);
    save(app, &id, browser, request, None, Some((handle_hash(&handle), result.json()?))).await?;
    Ok(visit.redirect(&request.back(&handle)))
}

async fn save(
    app: &App,
    id: &ReadingId,
    browser: &Browser,
    request: &ReadRequest,
    card: Option<&'static str>,
    answer: Option<(String, String)>,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let ends_at = request.challenge.expires.max(now).plus(GRACE);
    let (id, browser) = (id.clone(), browser.hash());
    let parameters = serde_json::to_string(&request.parameters())?;
    app.db
        .write(move |tx| {
            let answer = answer.as_ref().map(|(handle, result)| (handle.as_str(), result.as_str()));
            let (id, request) = (id.as_str(), parameters.as_str());
            readings::insert(tx, &NewReading { id, browser: &browser, person: card, request, answer, ends_at }, now)
        })
        .await?;
    Ok(())
}
