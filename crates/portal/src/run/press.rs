//! What a press does, in one transaction.

use base::Timestamp;
use journey::{Act, Event, IfLinked, Journey, Page, Phase, Refusal};
use pki::Purpose;
use store::Tx;
use web::Browser;

use hub::citizen::Profile;
use hub::linking::{self, Mode};
use hub::run::again;
use hub::run::step::{Around, Way};
use hub::store::journeys::Run;
use hub::store::{citizens, linkages};

/// A press, as far as it is known before the run is.
#[derive(Clone, Debug)]
pub(crate) enum Press {
    /// ③
    Identify,
    /// 「もう一度…」, whatever went wrong.
    Retry,
    /// The registration form, checked.
    Register(Profile),
    /// ④
    Link {
        /// The service that the page named as the next.
        next: Option<String>,
        /// The services that are ticked, where there is a choice.
        chosen: Option<Vec<String>>,
    },
    /// Needs nothing more.
    Plain(Act),
    /// 「手続きを続ける」 of the time warning.
    Extend,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Taken {
    /// No such run.
    Unknown,
    /// It is another browser's.
    OtherBrowser,
    /// Applied, or refused: the browser goes there.
    Way(Way),
}

/// Takes a press.
pub(crate) async fn take(around: &Around, id: &str, browser: &Browser, seq: u64, press: Press) -> store::Result<Taken> {
    again(|| {
        let (around, id, browser, press) = (around.clone(), id.to_owned(), browser.clone(), press.clone());
        async move {
            let db = around.portal.db().clone();
            db.write(move |tx| {
                let now = around.portal.clock().now();
                let Some((mut run, before)) = Around::load(tx, &id, now)? else { return Ok(Taken::Unknown) };
                if run.browser != browser.hash() {
                    return Ok(Taken::OtherBrowser);
                }
                let done = pressed(&around, tx, &mut run, &browser, seq, press, now)?;
                conclude(&around, tx, &mut run, &before, done, now)
            })
            .await
        }
    })
    .await
}

/// ⑤ 「次へ」.
pub(crate) async fn hand_over(around: &Around, id: &str, browser: &str) -> store::Result<Taken> {
    again(|| {
        let (around, id, browser) = (around.clone(), id.to_owned(), browser.to_owned());
        async move {
            let db = around.portal.db().clone();
            db.write(move |tx| {
                let now = around.portal.clock().now();
                let Some((mut run, before)) = Around::load(tx, &id, now)? else { return Ok(Taken::Unknown) };
                if run.browser != browser {
                    return Ok(Taken::OtherBrowser);
                }
                let Some(linkage_id) = run.journey.current().and_then(|l| l.linkage_id()).map(str::to_owned) else {
                    return conclude(&around, tx, &mut run, &before, Err(Refusal::WrongOrder), now);
                };
                let event = match maintenance(&around, &run.journey, now) {
                    Some(service) => Event::ServiceMaintenance { service },
                    None => Event::HandOver { linkage_id },
                };
                let done = run.journey.apply(event, now).map(|j| {
                    run.journey = j;
                    None
                });
                conclude(&around, tx, &mut run, &before, done, now)
            })
            .await
        }
    })
    .await
}

/// `Ok`: applied; with a way of its own, where the page alone does not tell. `Err`: refused.
type Done = Result<Option<Way>, Refusal>;

fn conclude(
    around: &Around,
    tx: &mut Tx<'_>,
    run: &mut Run,
    before: &Journey,
    done: Done,
    now: Timestamp,
) -> store::Result<Taken> {
    // Back at the API user whatever else was said.
    if let Some(back) = around.keep(tx, run, before, now)? {
        return Ok(Taken::Way(Way::Back(back)));
    }
    Ok(Taken::Way(match done {
        Ok(Some(own)) => own,
        Ok(None) | Err(Refusal::AlreadyDone) => around.way(tx, run)?,
        Err(Refusal::Stale) => Way::Elsewhere,
        Err(Refusal::Unresolved) => match around.way(tx, run)? {
            Way::Resolve(linkage_id, _) => Way::Resolve(linkage_id, Mode::Ask),
            _ => Way::Run,
        },
        Err(_) => Way::Run,
    }))
}

fn pressed(
    around: &Around,
    tx: &mut Tx<'_>,
    run: &mut Run,
    browser: &Browser,
    seq: u64,
    press: Press,
    now: Timestamp,
) -> store::Result<Done> {
    let page = run.journey.page();
    Ok(match (press, page) {
        (Press::Identify, _) | (Press::Retry, Page::CardError(_) | Page::Identify { .. }) => {
            identify(around, tx, run, browser, seq, now)?
        }
        (Press::Retry, Page::Unconfirmed) => {
            Ok(run.journey.unresolved().map(|linkage_id| Way::Resolve(linkage_id.to_owned(), Mode::Ask)))
        }
        (Press::Retry, _) => link(around, tx, run, seq, (None, None), now)?,
        (Press::Link { next, chosen }, _) => link(around, tx, run, seq, (next.as_deref(), chosen.as_deref()), now)?,
        (Press::Register(profile), _) => register(around, tx, run, seq, &profile, now)?,
        (Press::Extend, _) => extend(&mut run.journey, now),
        (Press::Plain(act), page) => match page.event(act) {
            Some(event) => step(run, seq, event, now),
            // The page has changed meanwhile. An event that this press could have meant tells a double
            // submit from a page left behind.
            None => match meant(act) {
                Some(event) => run.journey.apply_form(seq, event, now).and(Err(Refusal::WrongOrder)),
                None => Err(Refusal::WrongOrder),
            },
        },
    })
}

const fn meant(act: Act) -> Option<Event> {
    match act {
        Act::Back => Some(Event::BackFromHandOver),
        Act::Stop => Some(Event::StopAsked),
        Act::Continue => Some(Event::Continue),
        Act::Return => Some(Event::StopConfirmed),
        _ => None,
    }
}

fn step(run: &mut Run, seq: u64, event: Event, now: Timestamp) -> Done {
    run.journey = run.journey.apply_form(seq, event, now)?;
    Ok(None)
}

/// 「手続きを続ける」: the citizen is there. The page stays as it is.
fn extend(journey: &mut Journey, now: Timestamp) -> Done {
    let events =
        if journey.stop_asked() { [Event::Continue, Event::StopAsked] } else { [Event::StopAsked, Event::Continue] };
    let mut next = journey.clone();
    for event in events {
        next = next.apply(event, now)?;
    }
    *journey = next;
    Ok(None)
}

fn identify(
    around: &Around,
    tx: &mut Tx<'_>,
    run: &mut Run,
    browser: &Browser,
    seq: u64,
    now: Timestamp,
) -> store::Result<Done> {
    let challenge = around.portal.new_challenge_id();
    Ok(match run.journey.apply_form(seq, Event::IdentifyStarted { challenge: challenge.clone() }, now) {
        Ok(journey) => {
            run.journey = journey;
            let begun = around.portal.begin_card(
                tx,
                &challenge,
                browser,
                Purpose::AttributeLinkage,
                Some(&run.id),
                around.lang,
            )?;
            Ok(Some(Way::Reader(begun.url)))
        }
        Err(refusal) => Err(refusal),
    })
}

/// The delivery service whose turn it is, when it is in a maintenance window.
fn maintenance(around: &Around, journey: &Journey, now: Timestamp) -> Option<String> {
    let service = journey.current()?.service();
    around.delivery(service)?.maintenance(now).map(|_| service.to_owned())
}

/// ④ 「{D}と連携する」, and 「もう一度連携する」.
fn link(
    around: &Around,
    tx: &mut Tx<'_>,
    run: &mut Run,
    seq: u64,
    said: (Option<&str>, Option<&[String]>),
    now: Timestamp,
) -> store::Result<Done> {
    let retry = run.journey.phase() == Phase::NotLinked;
    let begin = |linkage_id| if retry { Event::RetryChosen { linkage_id } } else { Event::LinkChosen { linkage_id } };
    if seq != run.journey.form_seq() || !matches!(run.journey.phase(), Phase::Confirm | Phase::NotLinked) {
        // A double submit, or a page left behind: nothing of it counts.
        let fresh = begin(linking::new_id(&around.portal));
        return Ok(run.journey.apply_form(seq, fresh, now).and(Err(Refusal::WrongOrder)));
    }
    match choose(around, &run.journey, said, now) {
        Ok(Chosen::GoOn(journey)) => run.journey = journey,
        Ok(Chosen::Show(journey)) => {
            run.journey = journey;
            return Ok(Ok(None));
        }
        Err(refusal) => return Ok(Err(refusal)),
    }
    let (Some(leg), Some(citizen)) = (run.journey.current(), run.journey.citizen().map(str::to_owned)) else {
        return Ok(Err(Refusal::WrongOrder));
    };
    let service = leg.service().to_owned();
    // After 「戻る」 the same attempt goes on, as long as its offer is open.
    let open = match leg.linkage_id().filter(|_| !retry) {
        Some(id) => linkages::get(tx, id)?
            .is_some_and(|l| l.state == linkages::State::Offered && l.started_at.is_none())
            .then(|| id.to_owned()),
        None => None,
    };
    let linkage_id = open.clone().unwrap_or_else(|| linking::new_id(&around.portal));
    let journey = match run.journey.apply(begin(linkage_id.clone()), now) {
        Ok(journey) => journey,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if journey.phase() != Phase::HandOver {
        // The card has to be read again.
        run.journey = journey;
        return Ok(Ok(None));
    }
    // Another run of this citizen may have linked this service since the card was read.
    let returns = run.journey.asked().linkage().is_some_and(|l| l.if_linked == IfLinked::Return);
    if returns && linkages::linked_ids(tx, &citizen)?.contains(&service) {
        return Ok(run.journey.apply(Event::FoundLinked { service }, now).map(|journey| {
            run.journey = journey;
            None
        }));
    }
    run.journey = journey;
    if open.is_none() {
        linking::offer(&around.portal, tx, run, &linkage_id, &citizen, &service, now)?;
    }
    Ok(Ok(Some(Way::Push(linkage_id))))
}

/// What the press at ④ leads to.
enum Chosen {
    /// The attempt at the current service begins.
    GoOn(Journey),
    /// Something has changed since the page was made: it is shown first.
    Show(Journey),
}

/// Which services are gone on with: those ticked (or, without boxes, those that wait), but none that is in a
/// maintenance window. Nobody is sent to another service than the page said: when maintenance has begun at one that was
/// wanted, the citizen sees that first.
fn choose(
    around: &Around,
    journey: &Journey,
    (named, chosen): (Option<&str>, Option<&[String]>),
    now: Timestamp,
) -> Result<Chosen, Refusal> {
    if journey.phase() == Phase::NotLinked {
        return Ok(match maintenance(around, journey, now) {
            Some(service) => Chosen::Show(journey.apply(Event::ServiceMaintenance { service }, now)?),
            None => Chosen::GoOn(journey.clone()),
        });
    }
    let is_down = |service: &str| around.delivery(service).is_some_and(|d| d.maintenance(now).is_some());
    let open = || journey.services().iter().filter(|l| l.result().is_none());
    let wanted: Vec<&str> = match chosen {
        Some(ids) => open().map(|l| l.service()).filter(|s| ids.iter().any(|id| id == s)).collect(),
        None => open().filter(|l| l.waits()).map(|l| l.service()).collect(),
    };
    let down: Vec<String> = open().map(|l| l.service().to_owned()).filter(|s| is_down(s)).collect();
    let kept: Vec<String> = wanted.iter().filter(|s| !is_down(s)).map(|s| (*s).to_owned()).collect();
    let mut next = journey.clone();
    if chosen.is_some() && !kept.is_empty() {
        next = next.apply(Event::ServicesChosen { services: kept.clone() }, now)?;
    }
    for service in down {
        if !next.has_ended() {
            next = next.apply(Event::ServiceMaintenance { service }, now)?;
        }
    }
    // With boxes, what is down had none, unless it went down since. Without boxes the button named one service.
    let surprise = match chosen {
        Some(_) => kept.len() < wanted.len(),
        None => kept.first().map(String::as_str) != named.or(kept.first().map(String::as_str)),
    };
    Ok(if surprise || next.phase() != Phase::Confirm { Chosen::Show(next) } else { Chosen::GoOn(next) })
}

/// 「利用者登録をする」: the citizen, and the consent that waited for one.
fn register(
    around: &Around,
    tx: &mut Tx<'_>,
    run: &mut Run,
    seq: u64,
    profile: &Profile,
    now: Timestamp,
) -> store::Result<Done> {
    let (Some(citizen), Some(card_index)) = (run.journey.citizen().map(str::to_owned), run.card_index.clone()) else {
        return Ok(Err(Refusal::WrongOrder));
    };
    // Asked first, so that a press that does not fit stores nothing.
    let tried = run.journey.apply_form(seq, Event::Registered { citizen: citizen.clone(), new: true }, now);
    let mut journey = match tried {
        Ok(journey) => journey,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let sealed = profile.seal(around.portal.sealer())?;
    if !citizens::insert(tx, &citizen, &card_index, &sealed, around.lang, now)? {
        // The same person registered in another run meanwhile: one person, one account.
        let event = match citizens::by_card(tx, &card_index)? {
            Some(citizen) => Event::Registered { citizen, new: false },
            None => Event::Fault,
        };
        journey = match run.journey.apply_form(seq, event, now) {
            Ok(journey) => journey,
            Err(refusal) => return Ok(Err(refusal)),
        };
    }
    run.journey = journey;
    attach_consent(around, tx, run, now)?;
    Ok(Ok(None))
}

/// Keeps the consent of ②, now that its citizen is known.
pub(crate) fn attach_consent(around: &Around, tx: &mut Tx<'_>, run: &Run, now: Timestamp) -> store::Result<()> {
    let (Some(consent), Some(citizen)) = (run.journey.consent(), run.journey.citizen()) else { return Ok(()) };
    let items =
        serde_json::to_string(&run.request.authorization_details).map_err(|e| store::Error::Refused(e.to_string()))?;
    let id = format!("cns_{}", base::id::ulid(now, around.portal.rng()));
    citizens::add_consent(
        tx,
        &citizens::NewConsent {
            id: &id,
            citizen_id: citizen,
            client_id: &run.client_id,
            journey_id: &run.id,
            text_version: &consent.text_version,
            items: &items,
            given_at: consent.at,
        },
    )
}
