//! Single sign-on: the portal opens the mailbox, without a password.
//!
//! Third-party-initiated login (OpenID Connect Core section 4): the portal sends the browser to
//! `/sso/start`, we ask the portal who that is, and its pairwise subject finds the linked account.

use std::time::Duration;

use axum::extract::Path;
use axum::response::Response;
use base::Lang;
use base::codec::sha256_b64url;
use http::{HeaderMap, Method, StatusCode, Uri};
use oauth::Scope;
use oauth::fapi::{AuthorizationRequest, Pushed};
use oauth::response::AuthorizationResponse;
use serde::Serialize;
use url::Url;
use web::{Fault, Form, Visit};

use super::authorize::NoticePage;
use super::{AccountId, Kit, NoFields, not_now, only_looks};
use crate::store::sessions::{self, RunPhase};

const RUN_LIFE: Duration = Duration::from_secs(30 * 60);
const SEALED: &str = "sso_runs.sealed";

#[derive(Serialize)]
struct ReplacePage {
    portal: String,
    /// Who is signed in now.
    current: String,
    /// Whose mailbox the portal opens.
    next: String,
    replace: String,
    keep: String,
}

impl Kit {
    fn sso_notice(&self, visit: &Visit, stem: &'static str, status: StatusCode, error: &'static str) -> Response {
        let page = NoticePage { stem, portal: self.portal_name(visit.lang()), onward: Some("/sign-in") };
        visit.page("notice.html", "sso-failed").status(status).error(error).with(page).respond()
    }

    /// A path of ours, or home: nobody is led away from here by an address in a link.
    fn target(&self, asked: Option<String>) -> String {
        let ours = asked.and_then(|text| {
            let url = Url::parse(&text).ok()?;
            (url.origin().ascii_serialization() == self.0.config.origin.as_str()).then(|| {
                let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
                path.to_owned()
            })
        });
        ours.filter(|path| path.starts_with('/') && !path.starts_with("//") && path != "/" && path.len() <= 500)
            .unwrap_or_else(|| self.0.config.home.to_owned())
    }

    /// `GET /sso/start?iss=&target_link_uri=`: the registered `initiate_login_uri`.
    pub(crate) async fn sso_start(&self, visit: Visit, method: Method, headers: HeaderMap) -> Result<Response, Fault> {
        if only_looks(&method, &headers) {
            return Ok(not_now());
        }
        if visit.query("iss").as_deref() != Some(self.portal_issuer()) {
            return Ok(self.sso_notice(&visit, "sso-issuer", StatusCode::BAD_REQUEST, "E12"));
        }
        let target = self.target(visit.query("target_link_uri"));
        let locales = match visit.lang() {
            Lang::Ja => "ja en",
            Lang::En => "en ja",
        };
        let request = AuthorizationRequest {
            redirect_uri: self.0.config.origin.url("/sso/callback"),
            scope: Scope::of(&["openid"]),
            ui_locales: Some(locales.to_owned()),
            ..AuthorizationRequest::default()
        };
        let pushed = match self.0.portal.push(&request).await {
            Ok(pushed) => pushed,
            Err(error) => {
                tracing::warn!(%error, "the portal did not take the request for single sign-on");
                return Ok(self.sso_notice(&visit, "sso-unavailable", StatusCode::BAD_GATEWAY, "E9b"));
            }
        };
        let id = sha256_b64url(&pushed.state);
        let sealed = self.0.parts.sealer.seal(SEALED, &serde_json::to_vec(&pushed)?)?;
        let browser = visit.browser().hash();
        let expires = self.now().plus(RUN_LIFE);
        self.db().write(move |tx| sessions::run_insert(tx, &id, &browser, &sealed, &target, expires)).await?;
        Ok(visit.redirect(&pushed.authorization_url))
    }

    /// `GET /sso/callback`: what the portal answers.
    pub(crate) async fn sso_callback(&self, visit: Visit, method: Method, uri: Uri) -> Result<Response, Fault> {
        if method == Method::HEAD {
            return Ok(not_now());
        }
        let query = uri.query().unwrap_or_default();
        let Some(id) = AuthorizationResponse::peek_state(query).map(|state| sha256_b64url(&state)) else {
            return Ok(self.sso_notice(&visit, "sso-again", StatusCode::BAD_REQUEST, "E9b"));
        };
        let key = id.clone();
        let now = self.now();
        let run = self.db().read(move |tx| sessions::run(tx, &key)).await?;
        // Another browser than the one that began has no business with this answer.
        let browser = visit.known_browser().map(|b| b.hash());
        let Some(run) = run.filter(|r| Some(&r.browser) == browser.as_ref() && r.expires > now) else {
            return Ok(self.sso_notice(&visit, "sso-again", StatusCode::BAD_REQUEST, "E9b"));
        };
        let pushed: Pushed = serde_json::from_slice(&self.0.parts.sealer.open(SEALED, &run.sealed)?)?;
        let answer = match pushed.read(query) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "single sign-on: a redirect back was refused");
                return Ok(self.sso_notice(&visit, "sso-again", StatusCode::BAD_REQUEST, "E9b"));
            }
        };
        let key = id.clone();
        if !self.db().write(move |tx| sessions::run_answered(tx, &key)).await? {
            // Reloaded: where it led is known by the session.
            return match self.session(&visit).await? {
                Some(_) => Ok(visit.redirect(&run.target)),
                None => Ok(self.sso_notice(&visit, "sso-again", StatusCode::BAD_REQUEST, "E9b")),
            };
        }
        let code = match answer {
            AuthorizationResponse::Code { code, .. } => code,
            AuthorizationResponse::Error { error, .. } if error == "access_denied" => {
                return Ok(self.sso_notice(&visit, "sso-not-linked", StatusCode::OK, "E9"));
            }
            AuthorizationResponse::Error { error, .. } => {
                tracing::info!(error, "single sign-on: the portal said no");
                return Ok(self.sso_notice(&visit, "sso-unavailable", StatusCode::OK, "E9b"));
            }
        };
        let subject = match self.0.portal.exchange(&pushed, &code).await.map(|tokens| tokens.id_token) {
            Ok(Some(claims)) => claims.sub,
            Ok(None) => return Err(Fault::new("the portal gave no ID Token although one was asked for")),
            Err(error) => {
                tracing::warn!(%error, "single sign-on: the portal's code could not be traded");
                return Ok(self.sso_notice(&visit, "sso-unavailable", StatusCode::BAD_GATEWAY, "E9b"));
            }
        };
        let Some(account) = self.account_of_subject(&subject).await? else {
            return Ok(self.sso_notice(&visit, "sso-not-linked", StatusCode::OK, "E9"));
        };
        match self.session(&visit).await? {
            Some(current) if current != account => {
                let key = id.clone();
                self.db().write(move |tx| sessions::run_proven(tx, &key, account.as_str())).await?;
                Ok(visit.redirect(&format!("/sso/replace/{id}")))
            }
            _ => {
                self.begin_session(&visit, &account, true).await?;
                Ok(visit.redirect(&run.target))
            }
        }
    }

    /// The open question of a run: whose session would take the place of the present one, and then where to.
    async fn question(&self, visit: &Visit, id: &str) -> Result<Option<(AccountId, String)>, Fault> {
        let key = id.to_owned();
        let now = self.now();
        let run = self.db().read(move |tx| sessions::run(tx, &key)).await?;
        let browser = visit.known_browser().map(|b| b.hash());
        Ok(run
            .filter(|r| r.phase == RunPhase::Proven && Some(&r.browser) == browser.as_ref() && r.expires > now)
            .and_then(|r| Some((AccountId(r.account?), r.target))))
    }

    /// `GET /sso/replace/{run}`: another account is signed in; asks first.
    pub(crate) async fn sso_replace(&self, visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
        let Some((account, _)) = self.question(&visit, &id).await? else {
            return Ok(visit.redirect(self.0.config.home));
        };
        let current = match self.session(&visit).await? {
            Some(current) => self.0.accounts.shown(&current).await?.map(|s| s.full),
            None => None,
        };
        let next = self.0.accounts.shown(&account).await?.map(|s| s.full).unwrap_or_default();
        let page = ReplacePage {
            portal: self.portal_name(visit.lang()),
            current: current.unwrap_or_default(),
            next,
            replace: format!("/sso/replace/{id}"),
            keep: format!("/sso/keep/{id}"),
        };
        Ok(visit.page("sso-replace.html", "sso-replace").with(page).respond())
    }

    pub(crate) async fn sso_replace_post(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        _: Form<NoFields>,
    ) -> Result<Response, Fault> {
        let Some((account, target)) = self.question(&visit, &id).await? else {
            return Ok(visit.redirect(self.0.config.home));
        };
        if self.db().write(move |tx| sessions::run_end(tx, &id)).await? {
            self.begin_session(&visit, &account, true).await?;
        }
        Ok(visit.redirect(&target))
    }

    pub(crate) async fn sso_keep_post(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        _: Form<NoFields>,
    ) -> Result<Response, Fault> {
        if self.question(&visit, &id).await?.is_some() {
            self.db().write(move |tx| sessions::run_end(tx, &id)).await?;
        }
        Ok(visit.redirect(self.0.config.home))
    }
}
