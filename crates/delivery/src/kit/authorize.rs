//! The pages of the hand-over: from the portal's ⑤ to sign-in or sign-up.
//!
//! A run is bound to its pushed request and to the first browser that signs in, signs up or cancels; a
//! GET changes nothing. The pages live below `/link/{request}`, where `request` is the hash under which
//! the pushed request is stored: it opens nothing without the browser's cookie.

use std::time::Duration;

use axum::extract::Path;
use axum::response::Response;
use base::{Lang, Timestamp};
use http::StatusCode;
use oauth::ErrorCode;
use oauth::response::Redirect;
use provider::{LoadedRequest, RequestRefusal};
use serde::Serialize;
use web::{Fault, Form, Visit};

use super::sign_in::{SignInForm, SignUpForm, SignUpValues, SignedIn, Ways};
use super::{AccountId, ClientAddress, Kit, NoFields, SubjectToken};
use crate::store::linkages::{self, Linkage, State};
use crate::store::sign_ins::{self, Phase, SignIn, Step};

/// How long a person may take between the portal's ⑤ and the permission. The subject token lives as
/// long.
pub(super) const RUN_LIFE: Duration = Duration::from_secs(30 * 60);

/// A run that may go on in this browser.
pub(super) struct Run {
    pub(super) request: LoadedRequest,
    pub(super) token: SubjectToken,
    /// The subject token as it came.
    pub(super) token_text: String,
    pub(super) sign_in: Option<SignIn>,
    pub(super) linkage: Option<Linkage>,
    pub(super) now: Timestamp,
}

impl Run {
    pub(super) fn id(&self) -> &str {
        &self.request.id
    }

    pub(super) fn path(&self, page: &str) -> String {
        format!("/link/{}/{page}", self.request.id)
    }

    /// The state of the linkage here, if it is this run's.
    pub(super) fn state(&self) -> Option<State> {
        self.linkage.as_ref().map(|l| l.state_at(self.now))
    }

    /// Whether the linkage was offered by this very run, and not by a later one.
    pub(super) fn is_ours(&self) -> bool {
        self.linkage.as_ref().is_some_and(|l| l.request.as_deref() == Some(self.id()))
    }

    /// Who signed in for it.
    pub(super) fn signed_in(&self) -> Option<(AccountId, Timestamp)> {
        let s = self.sign_in.as_ref().filter(|s| matches!(s.phase, Phase::SignedIn | Phase::Allowed))?;
        Some((AccountId(s.account.clone()?), s.auth_time?))
    }
}

/// Why a run does not go on in this browser. Each is a page.
pub(super) enum Stop {
    /// No such request or client: never a redirect.
    Unknown,
    /// Another browser has it.
    Elsewhere,
    /// It has ended; the way back.
    Ended(Box<LoadedRequest>, Ending),
}

/// How a run ended without a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Too late.
    Expired,
    /// The citizen said no.
    Refused,
    /// The linkage was withdrawn or ended meanwhile.
    Closed,
    /// The portal may not link at present.
    Suspended,
}

impl Ending {
    const fn key(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::Suspended => "suspended",
        }
    }

    const fn outcome(self) -> &'static str {
        match self {
            Self::Expired => "session_expired",
            Self::Refused => "user_cancelled",
            Self::Closed => "link_failed",
            Self::Suspended => "service_unavailable",
        }
    }

    const fn page_error(self) -> &'static str {
        match self {
            Self::Expired => "E8",
            Self::Refused => "E9",
            Self::Closed | Self::Suspended => "E9b",
        }
    }

    const fn code(self) -> ErrorCode {
        match self {
            Self::Expired | Self::Refused | Self::Closed => ErrorCode::AccessDenied,
            Self::Suspended => ErrorCode::TemporarilyUnavailable,
        }
    }
}

#[derive(Serialize)]
struct EndedPage {
    stem: &'static str,
    portal: String,
    back: String,
}

/// A page that says something and leads nowhere but, perhaps, to one address of ours.
#[derive(Serialize)]
pub(super) struct NoticePage {
    pub(super) stem: &'static str,
    pub(super) portal: String,
    pub(super) onward: Option<&'static str>,
}

impl Kit {
    /// The address that brings the citizen back to the portal without a link.
    pub(super) fn way_back(&self, request: &LoadedRequest, code: ErrorCode, outcome: &str) -> String {
        let description = match outcome {
            "user_cancelled" => "the citizen did not allow the link",
            "session_expired" => "the citizen took too long",
            "link_conflict" => "this mailbox or this portal account is linked with another",
            "service_unavailable" => "links can't be made at present",
            _ => "the link was not made",
        };
        Redirect {
            redirect_uri: &request.request.redirect_uri,
            state: request.request.state.as_deref(),
            issuer: self.provider().issuer(),
            outcome: Some(outcome),
        }
        .error(code, description)
    }

    /// Finds a run for this browser.
    pub(super) async fn run(&self, visit: &Visit, request_id: &str) -> Result<Result<Run, Stop>, Fault> {
        let client = &self.0.config.portal.client_id;
        match self.provider().request_by_id(client, request_id).await? {
            Ok(request) => self.run_of(visit, request).await,
            Err(_) => Ok(Err(Stop::Unknown)),
        }
    }

    async fn run_of(&self, visit: &Visit, request: LoadedRequest) -> Result<Result<Run, Stop>, Fault> {
        let Some(asked) = request.request.authorization_details.linkage().cloned() else {
            return Ok(Err(Stop::Unknown));
        };
        let token = SubjectToken::stored(&asked.subject_token)?;
        let (id, portal, linkage_id) = (request.id.clone(), self.portal_issuer().to_owned(), asked.linkage_id);
        let (sign_in, linkage) = self
            .db()
            .read(move |tx| Ok::<_, store::Error>((sign_ins::get(tx, &id)?, linkages::get(tx, &portal, &linkage_id)?)))
            .await?;
        if let Some(lang) = request.request.ui_locales.as_deref().and_then(Lang::from_ui_locales) {
            visit.suggest_lang(lang);
        }
        if let Some(s) = &sign_in
            && visit.known_browser().is_none_or(|b| b.hash() != s.browser)
        {
            return Ok(Err(Stop::Elsewhere));
        }
        let now = self.now();
        let run = Run { token, token_text: asked.subject_token, sign_in, linkage, now, request };
        let ended = |run: Run, ending| Ok(Err(Stop::Ended(Box::new(run.request), ending)));
        let phase = run.sign_in.as_ref().map(|s| s.phase);
        if phase == Some(Phase::Refused) {
            return ended(run, Ending::Refused);
        }
        if run.request.client.must_be_active(now).is_err() {
            return ended(run, Ending::Suspended);
        }
        if phase == Some(Phase::Allowed) {
            let ending = match run.state() {
                // A later run of the same linkage took over, in this or another tab.
                Some(State::Offered | State::Active) if !run.is_ours() => Some(Ending::Closed),
                Some(State::Offered | State::Active) => None,
                Some(State::Ended) => Some(Ending::Closed),
                Some(State::Cancelled) | None => {
                    let late = run.linkage.as_ref().and_then(|l| l.expires).is_some_and(|e| e <= now);
                    Some(if late { Ending::Expired } else { Ending::Closed })
                }
            };
            return match ending {
                Some(ending) => ended(run, ending),
                None => Ok(Ok(run)),
            };
        }
        if now.since(run.request.pushed_at) > RUN_LIFE {
            return ended(run, Ending::Expired);
        }
        if matches!(run.state(), Some(State::Active | State::Cancelled | State::Ended)) {
            return ended(run, Ending::Closed);
        }
        Ok(Ok(run))
    }

    /// The page for a run that does not go on.
    pub(super) fn stopped(&self, visit: &Visit, stop: &Stop) -> Response {
        let portal = self.portal_name(visit.lang());
        match stop {
            Stop::Unknown => visit
                .page("notice.html", "error")
                .status(StatusCode::BAD_REQUEST)
                .error("E12")
                .with(NoticePage { stem: "unknown", portal, onward: None })
                .respond(),
            Stop::Elsewhere => visit
                .page("notice.html", "elsewhere")
                .status(StatusCode::CONFLICT)
                .error("E14")
                .with(NoticePage { stem: "elsewhere", portal, onward: None })
                .respond(),
            Stop::Ended(request, ending) => {
                let back = self.way_back(request, ending.code(), ending.outcome());
                visit
                    .page("ended.html", "ended")
                    .error(ending.page_error())
                    .outcome(ending.outcome())
                    .with(EndedPage { stem: ending.key(), portal, back })
                    .no_referrer()
                    .respond()
            }
        }
    }

    /// `GET /oauth/authorize`: what the portal's ⑤ leads to.
    pub(crate) async fn authorize(&self, visit: Visit) -> Result<Response, Fault> {
        let (Some(client), Some(uri)) = (visit.query("client_id"), visit.query("request_uri")) else {
            return Ok(self.stopped(&visit, &Stop::Unknown));
        };
        let request = match self.provider().request(&client, &uri).await? {
            Ok(request) => request,
            Err(
                RequestRefusal::Malformed
                | RequestRefusal::UnknownClient
                | RequestRefusal::UnknownRequest
                | RequestRefusal::OtherClient,
            ) => return Ok(self.stopped(&visit, &Stop::Unknown)),
        };
        let fresh = request.fresh;
        let run = match self.run_of(&visit, request).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        // Nobody begins with an address that lay about; who began may come back to it.
        if !fresh && run.sign_in.is_none() {
            return Ok(self.stopped(&visit, &Stop::Ended(Box::new(run.request), Ending::Expired)));
        }
        visit.browser();
        Ok(visit.redirect(&run.path(Self::page_of(&run))))
    }

    /// The page a run is at.
    fn page_of(run: &Run) -> &'static str {
        match run.sign_in.as_ref().map(|s| s.phase) {
            None | Some(Phase::Begun | Phase::Refused) => "sign-in",
            Some(Phase::SignedIn) => "allow",
            Some(Phase::Allowed) => "done",
        }
    }

    /// Sends the browser to the page its run is at, when that is not `page`.
    pub(super) fn astray(visit: &Visit, run: &Run, page: &str) -> Option<Response> {
        let right = Self::page_of(run);
        (right != page).then(|| visit.redirect(&run.path(right)))
    }

    fn link_ways(&self, visit: &Visit, run: &Run, page: &str, other: &str) -> Ways {
        Ways {
            action: run.path(page),
            other: run.path(other),
            cancel: Some(run.path("cancel")),
            portal: Some(self.portal_name(visit.lang())),
        }
    }

    pub(crate) async fn link_sign_in(&self, visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        if let Some(elsewhere) = Self::astray(&visit, &run, "sign-in") {
            return Ok(elsewhere);
        }
        let ways = self.link_ways(&visit, &run, "sign-in", "sign-up");
        Ok(self.sign_in_page(&visit, ways, String::new(), None).respond())
    }

    pub(crate) async fn link_sign_up(&self, visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        if let Some(elsewhere) = Self::astray(&visit, &run, "sign-in") {
            return Ok(elsewhere);
        }
        let ways = self.link_ways(&visit, &run, "sign-up", "sign-in");
        Ok(self.sign_up_page(&visit, ways, SignUpValues::default(), None).respond())
    }

    pub(crate) async fn link_sign_in_post(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        from: ClientAddress,
        Form(form): Form<SignInForm>,
    ) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        // A second tab may still show this page after the permission: what was allowed stays.
        if run.sign_in.as_ref().is_some_and(|s| s.phase == Phase::Allowed) {
            return Ok(visit.redirect(&run.path("done")));
        }
        match self.try_sign_in(&visit, &form, &from).await? {
            Ok(signed_in) => self.signed_in_for(&visit, &run, signed_in).await,
            Err(refused) => {
                let ways = self.link_ways(&visit, &run, "sign-in", "sign-up");
                let page = self.sign_in_page(&visit, ways, form.email(), Some(refused));
                Ok(page.at(run.path("sign-in")).respond())
            }
        }
    }

    pub(crate) async fn link_sign_up_post(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        from: ClientAddress,
        Form(form): Form<SignUpForm>,
    ) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        // Pressed twice, the second press must not say that the address is taken.
        if run.signed_in().is_some() {
            return Ok(visit.redirect(&run.path(Self::page_of(&run))));
        }
        match self.try_sign_up(&visit, &form, &from).await? {
            Ok(signed_in) => self.signed_in_for(&visit, &run, signed_in).await,
            Err(refused) => {
                let ways = self.link_ways(&visit, &run, "sign-up", "sign-in");
                let page = self.sign_up_page(&visit, ways, form.values(), Some(refused));
                Ok(page.at(run.path("sign-up")).respond())
            }
        }
    }

    /// Writes who signed in for this request, and shows the next page.
    async fn signed_in_for(&self, visit: &Visit, run: &Run, signed_in: SignedIn) -> Result<Response, Fault> {
        if self.enter(visit, run, Phase::SignedIn, Some(signed_in)).await? {
            Ok(visit.redirect(&run.path("allow")))
        } else {
            // Another browser was faster, or a second tab went further.
            self.where_it_is(visit, run).await
        }
    }

    pub(super) async fn enter(
        &self,
        visit: &Visit,
        run: &Run,
        phase: Phase,
        signed_in: Option<SignedIn>,
    ) -> Result<bool, Fault> {
        let (request, browser) = (run.id().to_owned(), visit.browser().hash());
        let linkage = run.token.linkage_id.clone();
        let now = self.now();
        Ok(self
            .db()
            .write(move |tx| {
                if let Some(tries) = signed_in.as_ref().and_then(|s| s.tries.as_ref()) {
                    tries.succeeded(tx)?;
                }
                let account = signed_in.as_ref().map(|s| s.account.as_str());
                sign_ins::enter(
                    tx,
                    &Step { request: &request, browser: &browser, linkage: &linkage, phase, account },
                    now,
                )
            })
            .await?)
    }

    /// Looks again where the run is.
    pub(super) async fn where_it_is(&self, visit: &Visit, run: &Run) -> Result<Response, Fault> {
        match self.run(visit, run.id()).await? {
            Ok(run) => Ok(visit.redirect(&run.path(Self::page_of(&run)))),
            Err(stop) => Ok(self.stopped(visit, &stop)),
        }
    }

    /// `POST …/cancel` and `…/deny`: no link, back to the portal.
    pub(crate) async fn link_cancel(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        _: Form<NoFields>,
    ) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        let conflict = match (run.signed_in(), run.token.sub.clone()) {
            (Some((account, _)), subject) => self.is_conflict(&account, &subject).await?,
            (None, _) => false,
        };
        if !self.enter(&visit, &run, Phase::Refused, None).await? {
            return self.where_it_is(&visit, &run).await;
        }
        let outcome = if conflict { "link_conflict" } else { Ending::Refused.outcome() };
        Ok(visit.redirect(&self.way_back(&run.request, ErrorCode::AccessDenied, outcome)))
    }

    /// `POST …/other-account`: back to sign-in with nobody signed in.
    pub(crate) async fn link_other_account(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        _: Form<NoFields>,
    ) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        self.enter(&visit, &run, Phase::Begun, None).await?;
        self.where_it_is(&visit, &run).await
    }
}
