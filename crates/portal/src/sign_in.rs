//! Signing in to the portal's own pages: by card, nothing else.
//!
//! `GET /sign-in?next=` → `POST /sign-in` (challenge) → the reader's site → `/card/return/{challenge}` →
//! `card_answered` → cookie → `next`. The cookie's hash is stored; a session ends 30 minutes after the
//! last request, and 8 hours after the card in any case. Unlinking asks for a card read within the last
//! 15 minutes ([`Session::is_fresh`]); its own signature (purpose `unlink`) renews the session.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use base::codec::sha256_b64url;
use base::{Secret, Timestamp};
use journey::CardFailure;
use pki::Purpose;
use serde::{Deserialize, Serialize};
use store::Tx;
use web::{CookieSpec, Fault, Form, Page, Route, Routes, Visit, Who};

use crate::sso;
use hub::Portal;
use hub::card::{Card, Holder, Reading};
use hub::citizen::Profile;
use hub::store::{challenges, sessions, sign_ins};

/// Sign-in and sign-out.
pub const ROUTES: &[Route] = &[
    Route::get("/sign-in", Who::Browser),
    Route::post("/sign-in", Who::Browser),
    Route::post("/sign-out", Who::Browser),
];

/// The templates of these pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates!["me/sign-in.html", "me/signed-in.html"];

/// A session ends this long after its last request.
pub const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session ends this long after the card was read.
pub const LONGEST: Duration = Duration::from_secs(8 * 3600);
/// Unlinking needs a card that was read within this time.
pub const FRESH: Duration = Duration::from_secs(15 * 60);
/// The last request is noted no oftener than this: reading pages should not write.
const NOTE_EVERY: Duration = Duration::from_secs(60);

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.get("/sign-in", show).post("/sign-in", begin).post("/sign-out", sign_out)
}

/// A signed-in citizen.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub citizen_id: String,
    /// When the card was read.
    pub signed_in_at: Timestamp,
    /// The citizen's own name, for the citizen's own pages.
    pub name: String,
}

impl Session {
    /// Whether the card was read lately enough for what can't be undone.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.signed_in_at) <= FRESH
    }
}

/// The cookie of a session.
pub(crate) fn session_cookie(portal: &Portal) -> CookieSpec {
    portal.site().cookie("session")
}

/// Who is signed in with this browser.
///
/// # Errors
/// The database.
pub async fn session(portal: &Portal, visit: &Visit) -> Result<Option<Session>, Fault> {
    let Some(id) = session_id(portal, visit) else { return Ok(None) };
    let now = portal.clock().now();
    let key = id.clone();
    let Some(row) = portal.db().read(move |tx| sessions::get(tx, &key)).await? else { return Ok(None) };
    if now >= row.expires_at || now.since(row.last_seen_at) > IDLE {
        return Ok(None);
    }
    if now.since(row.last_seen_at) >= NOTE_EVERY {
        portal.db().write(move |tx| sessions::seen(tx, &id, now)).await?;
    }
    let name = Profile::open(portal.sealer(), &row.profile)?.name();
    Ok(Some(Session { citizen_id: row.citizen_id, signed_in_at: row.signed_in_at, name }))
}

fn session_id(portal: &Portal, visit: &Visit) -> Option<String> {
    visit.cookie(&session_cookie(portal)).map(sha256_b64url)
}

/// A page of ours to go on with. Nothing else is ever followed, so that nobody is led elsewhere under
/// our name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next(String);

impl Next {
    /// The citizen's page.
    pub(crate) fn home() -> Self {
        Self("/me".to_owned())
    }

    /// A path below `/me` or `/sso/`, in plain characters.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/?=&".contains(&b);
        let ours = text == "/me" || ["/me/", "/me?", "/sso/"].iter().any(|stem| text.starts_with(stem));
        let straight = !text.contains("//") && !text.contains("..");
        (ours && straight && text.len() <= 512 && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The path.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The sign-in page that leads there.
    pub(crate) fn sign_in(&self, again: bool) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("next", &self.0);
        if again {
            query.append_pair("again", "1");
        }
        format!("/sign-in?{}", query.finish())
    }

    /// Client and request of a single sign-on that waits.
    pub(crate) fn sso(&self) -> Option<(&str, &str)> {
        self.0.strip_prefix("/sso/")?.split_once('/')
    }
}

/// Sends the browser to the sign-in page, to come back to `next`.
pub(crate) fn ask(visit: &Visit, next: &Next) -> Response {
    visit.redirect(&next.sign_in(false))
}

/// Why nobody was signed in: a stem of texts and the page's `data-error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The reading does not count.
    Card(CardFailure),
    /// The card is nobody's who is registered.
    NotRegistered,
}

impl Trouble {
    const fn id(self) -> Option<&'static str> {
        Some(match self {
            Self::Card(CardFailure::NotRead) => "E1",
            Self::Card(CardFailure::OtherCard) => "E1b",
            Self::Card(CardFailure::TooLate) => "E11",
            Self::Card(CardFailure::PinLocked) => "E3",
            Self::Card(CardFailure::CertExpired { .. }) => "E4",
            Self::Card(CardFailure::CertRevoked) => "E5",
            Self::Card(CardFailure::ValidityUnknown) => "E5b",
            Self::Card(CardFailure::OtherPerson) => "E13",
            Self::Card(CardFailure::Renewed) => "renewed",
            Self::NotRegistered => "not-registered",
            Self::Card(CardFailure::Cancelled) => return None,
        })
    }
}

#[derive(Serialize)]
pub(crate) struct SignInPage {
    pub(crate) action: String,
    pub(crate) next: String,
    pub(crate) unlink: bool,
    pub(crate) delivery: Option<String>,
    pub(crate) cancel: Option<String>,
    pub(crate) trouble: Option<&'static str>,
    pub(crate) not_after: Option<Timestamp>,
}

impl SignInPage {
    pub(crate) fn new(next: &Next, purpose: Purpose, trouble: Option<Trouble>, delivery: Option<String>) -> Self {
        let unlink = purpose == Purpose::Unlink;
        Self {
            action: if unlink { card_path(next) } else { "/sign-in".to_owned() },
            next: next.as_str().to_owned(),
            unlink,
            delivery,
            cancel: match next.sso() {
                Some(_) => Some(format!("{}/cancel", next.as_str())),
                None if unlink => next.as_str().strip_suffix("/unlink").map(str::to_owned),
                None => None,
            },
            trouble: trouble.and_then(Trouble::id),
            not_after: match trouble {
                Some(Trouble::Card(CardFailure::CertExpired { not_after })) => not_after,
                _ => None,
            },
        }
    }

    pub(crate) fn page(self, visit: &Visit) -> Page {
        let page = visit.page("me/sign-in.html", "sign-in");
        match self.trouble {
            Some(id) => page.error(id),
            None => page,
        }
        .with(self)
    }
}

/// The sign-in page, with what went wrong before.
async fn page(
    portal: &Portal,
    visit: &Visit,
    next: &Next,
    purpose: Purpose,
    trouble: Option<Trouble>,
) -> Result<Page, Fault> {
    let delivery = sso::service_behind(portal, next).await?.map(|d| d.name(visit.lang()).to_owned());
    let here = if purpose == Purpose::Unlink { next.as_str().to_owned() } else { next.sign_in(true) };
    let page = SignInPage::new(next, purpose, trouble, delivery).page(visit);
    Ok(page.form_action(portal.config().card.reader.clone()).at(here))
}

/// Where the form of the unlink page asks for the card.
pub(crate) fn card_path(next: &Next) -> String {
    format!("{}/card", next.as_str())
}

async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Fault> {
    let next = visit.query("next").and_then(|n| Next::parse(&n)).unwrap_or_else(Next::home);
    if visit.query("again").is_none() && session(&portal, &visit).await?.is_some() {
        return Ok(visit.redirect(next.as_str()));
    }
    Ok(page(&portal, &visit, &next, Purpose::SignIn, None).await?.respond())
}

#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    next: String,
}

async fn begin(State(portal): State<Portal>, visit: Visit, Form(form): Form<SignInForm>) -> Result<Response, Fault> {
    let next = Next::parse(&form.next).unwrap_or_else(Next::home);
    begin_card(&portal, &visit, Purpose::SignIn, &next).await
}

/// Makes a challenge that leads to `next`, and sends the browser to the reader.
///
/// # Errors
/// The database.
pub(crate) async fn begin_card(
    portal: &Portal,
    visit: &Visit,
    purpose: Purpose,
    next: &Next,
) -> Result<Response, Fault> {
    let (this, browser, lang, next) = (portal.clone(), visit.browser().clone(), visit.lang(), next.clone());
    let begun = portal
        .db()
        .write(move |tx| {
            let id = this.new_challenge_id();
            sign_ins::insert(tx, &id, next.as_str(), this.clock().now())?;
            this.begin_card(tx, &id, &browser, purpose, None, lang)
        })
        .await?;
    Ok(visit.redirect(&begun.url))
}

#[derive(Deserialize)]
struct Nothing {}

async fn sign_out(State(portal): State<Portal>, visit: Visit, Form(_): Form<Nothing>) -> Result<Response, Fault> {
    if let Some(id) = session_id(&portal, &visit) {
        portal.db().write(move |tx| sessions::remove(tx, &id)).await?;
    }
    visit.clear_cookie(&session_cookie(&portal));
    Ok(visit.redirect("/sign-in"))
}

/// What came of a reading.
enum Answer {
    SignedIn(Secret<String>),
    Refused(Trouble),
    AskPredecessors,
    /// Answered before, by a reload of this address.
    Before,
}

/// The seam of the card room: a reading for sign-in or unlinking is back. `used`: the challenge was
/// answered before; the page that follows finds out by the cookie whether that signed anybody in.
///
/// # Errors
/// The database.
pub(crate) async fn card_answered(
    portal: &Portal,
    visit: &Visit,
    purpose: Purpose,
    reading: Reading,
    used: bool,
) -> Result<Response, Fault> {
    let challenge = reading.challenge.id;
    let key = challenge.clone();
    let next = portal.db().read(move |tx| sign_ins::next(tx, &key)).await?;
    let next = next.and_then(|n| Next::parse(&n)).unwrap_or_else(Next::home);
    if used {
        return onwards(portal, visit, &next).await;
    }
    let attempt = Arc::new(Attempt {
        portal: portal.clone(),
        challenge,
        result: reading.result,
        old: session_id(portal, visit),
        // Unlinking goes on with the person who is signed in; a sign-in is whoever's card it is.
        only: if purpose == Purpose::Unlink { session(portal, visit).await?.map(|s| s.citizen_id) } else { None },
    });
    let mut predecessors = None;
    loop {
        let (this, known) = (attempt.clone(), predecessors.clone());
        let answer = portal.db().write(move |tx| this.run(tx, known.as_ref())).await?;
        match (answer, &attempt.result) {
            (Answer::SignedIn(token), _) => {
                visit.set_cookie(&session_cookie(portal), token.expose())?;
                return done(portal, visit, &next).await;
            }
            (Answer::Refused(trouble), _) => {
                return Ok(page(portal, visit, &next, purpose, Some(trouble)).await?.no_referrer().respond());
            }
            (Answer::Before, _) => return onwards(portal, visit, &next).await,
            (Answer::AskPredecessors, Ok(card)) if predecessors.is_none() => {
                predecessors = Some(portal.predecessors(card).await);
            }
            (Answer::AskPredecessors, _) => return Err(Fault::new("the predecessors were asked for twice")),
        }
    }
}

struct Attempt {
    portal: Portal,
    challenge: String,
    result: Result<Card, CardFailure>,
    old: Option<String>,
    only: Option<String>,
}

impl Attempt {
    fn run(&self, tx: &mut Tx<'_>, predecessors: Option<&Result<Vec<String>, CardFailure>>) -> store::Result<Answer> {
        let now = self.portal.clock().now();
        let holder = match (&self.result, predecessors) {
            (Err(why), _) | (Ok(_), Some(Err(why))) => Err(Trouble::Card(*why)),
            (Ok(card), known) => {
                let known = known.and_then(|k| k.as_ref().ok()).map(Vec::as_slice);
                match self.portal.holder(tx, card, known)? {
                    Holder::AskPredecessors => return Ok(Answer::AskPredecessors),
                    Holder::Unknown => Err(Trouble::NotRegistered),
                    Holder::Renewed => Err(Trouble::Card(CardFailure::Renewed)),
                    Holder::Citizen(c) if self.only.as_ref().is_some_and(|only| *only != c) => {
                        Err(Trouble::Card(CardFailure::OtherPerson))
                    }
                    Holder::Citizen(c) => Ok(c),
                }
            }
        };
        if !challenges::use_up(tx, &self.challenge, now)? {
            return Ok(Answer::Before);
        }
        let citizen = match holder {
            Ok(citizen) => citizen,
            Err(trouble) => return Ok(Answer::Refused(trouble)),
        };
        // A new value at each sign-in, and the old one ends: a cookie planted before is worth nothing.
        if let Some(old) = &self.old {
            sessions::remove(tx, old)?;
        }
        let token = self.portal.rng().token();
        sessions::insert(tx, &sha256_b64url(&token), &citizen, now, now.plus(LONGEST))?;
        Ok(Answer::SignedIn(Secret::new(token)))
    }
}

/// After a reading that was answered before.
async fn onwards(portal: &Portal, visit: &Visit, next: &Next) -> Result<Response, Fault> {
    match session(portal, visit).await? {
        Some(_) => done(portal, visit, next).await,
        None => Ok(ask(visit, next)),
    }
}

#[derive(Serialize)]
pub(crate) struct SignedInPage {
    pub(crate) next: String,
    pub(crate) delivery: String,
}

/// After the card: on to `next`. A single sign-on goes on to another site, and this request ends a form
/// of the reader's site, whose page allows redirects to us alone (Chromium checks every hop): so there a
/// page with a link comes in between.
async fn done(portal: &Portal, visit: &Visit, next: &Next) -> Result<Response, Fault> {
    if next.sso().is_none() {
        return Ok(visit.redirect(next.as_str()));
    }
    let delivery =
        sso::service_behind(portal, next).await?.map(|d| d.name(visit.lang()).to_owned()).unwrap_or_default();
    let context = SignedInPage { next: next.as_str().to_owned(), delivery };
    Ok(visit.page("me/signed-in.html", "signed-in").at(next.sign_in(false)).no_referrer().with(context).respond())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_our_own_pages_are_followed() {
        for good in ["/me", "/me/linkages/lnk_1/unlink", "/me?done=revoked", "/sso/cl_1/abc-_9"] {
            assert_eq!(Next::parse(good).map(|n| n.0).as_deref(), Some(good));
        }
        for bad in [
            "",
            "me",
            "//evil.example",
            "/me//evil.example",
            "/\\evil.example",
            "/me\\..\\x",
            "/me/../oauth/authorize",
            "https://evil.example/me",
            "/mean",
            "/oauth/authorize?client_id=x",
            "/me?x=%0d%0a",
            "/me#x",
            "/sign-out",
        ] {
            assert_eq!(Next::parse(bad), None, "{bad}");
        }
        assert_eq!(Next::parse("/sso/c/r").unwrap().sso(), Some(("c", "r")));
        assert_eq!(Next::home().sso(), None);
        assert_eq!(Next::home().sign_in(true), "/sign-in?next=%2Fme&again=1");
    }

    proptest! {
        #[test]
        fn what_is_followed_stays_here(text in "(/me|/sso|/|\\\\)?[-a-z/.\\\\?&=:@%]{0,30}") {
            if let Some(next) = Next::parse(&text) {
                let here = url::Url::parse("https://portal.example").unwrap();
                let there = here.join(next.as_str()).unwrap();
                prop_assert_eq!(there.origin(), here.origin());
                prop_assert!(there.path() == "/me" || there.path().starts_with("/me/") || there.path().starts_with("/sso/"));
            }
        }
    }

    #[test]
    fn the_form_goes_where_its_purpose_is() {
        let unlink = Next::parse("/me/linkages/lnk_1/unlink").unwrap();
        let page = SignInPage::new(&unlink, Purpose::Unlink, Some(Trouble::Card(CardFailure::OtherPerson)), None);
        assert_eq!(page.action, "/me/linkages/lnk_1/unlink/card");
        assert_eq!((page.cancel.as_deref(), page.trouble), (Some("/me/linkages/lnk_1"), Some("E13")));
        let sso = Next::parse("/sso/post/req").unwrap();
        let page = SignInPage::new(&sso, Purpose::SignIn, Some(Trouble::Card(CardFailure::Cancelled)), None);
        // The citizen gave up: that is no error.
        assert_eq!((page.cancel.as_deref(), page.trouble), (Some("/sso/post/req/cancel"), None));
        assert_eq!(page.action, "/sign-in");
        assert_eq!(SignInPage::new(&Next::home(), Purpose::SignIn, None, None).cancel, None);
    }
}
