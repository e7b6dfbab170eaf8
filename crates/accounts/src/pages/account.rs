//! `/account`: one's own account: name, language, password, factors, sessions.

use axum::response::Response;
use base::{Secret, Timestamp};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::factors::PasskeyLine;
use super::sign_in::Checked;
use super::{lang_of, refuse, wrong};
use crate::session::SignedIn;
use crate::store::{accounts, emails, sessions};
use crate::{Accounts, ClientAddress, Realm};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ProfileForm {
    name: String,
    lang: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PasswordForm {
    current: Secret<String>,
    password: Secret<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EndForm {
    /// A session, or nothing: all but this one.
    #[serde(default)]
    session: String,
}

/// A session as a line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SessionLine {
    pub(crate) id: String,
    pub(crate) agent: String,
    pub(crate) created: Timestamp,
    pub(crate) seen: Timestamp,
    pub(crate) this: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct AccountPage {
    pub(crate) base: &'static str,
    pub(crate) home: String,
    pub(crate) name: String,
    pub(crate) lang: &'static str,
    pub(crate) email: String,
    /// The address that a change waits for.
    pub(crate) new_email: Option<String>,
    pub(crate) totp: bool,
    pub(crate) passkeys: Vec<PasskeyLine>,
    pub(crate) codes: i64,
    pub(crate) sessions: Vec<SessionLine>,
    pub(crate) done: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct PasswordPage<'a> {
    base: &'static str,
    email: &'a str,
}

pub(crate) fn account_page(visit: &Visit, context: AccountPage) -> Page {
    visit.page("accounts/account.html", "account").with(context)
}

pub(crate) fn password_page(visit: &Visit, realm: Realm, email: &str) -> Page {
    let context = PasswordPage { base: realm.base(), email };
    visit.page("accounts/password.html", "password").with(context).back(realm.path("/account"))
}

impl Accounts {
    async fn own_page(&self, visit: &Visit, me: &SignedIn, name: Option<&str>) -> Result<Page, Fault> {
        let (id, now, this) = (me.account.id.clone(), self.now(), me.session.as_str().to_owned());
        let (list, new_email) = self
            .db()
            .read(move |tx| Ok::<_, store::Error>((sessions::list(tx, &id, now)?, emails::open(tx, &id, now)?)))
            .await?;
        let sessions = list
            .into_iter()
            .map(|s| SessionLine { this: s.id == this, id: s.id, agent: s.agent, created: s.created, seen: s.seen })
            .collect();
        let done = ["profile", "password", "session", "email"];
        let context = AccountPage {
            base: me.realm.base(),
            home: self.0.settings.home(me.realm).to_owned(),
            name: name.unwrap_or(&me.account.name).to_owned(),
            lang: me.account.lang.tag(),
            email: me.account.email.as_str().to_owned(),
            new_email,
            totp: self.second_factors(&me.account.id).await?.totp,
            passkeys: self.passkey_lines(&me.account.id).await?,
            codes: self.recovery_left(&me.account.id).await?,
            sessions,
            done: visit.query("done").filter(|d| done.contains(&d.as_str())),
        };
        Ok(account_page(visit, context))
    }

    pub(crate) async fn account(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        match self.require(&visit, realm, Some(visit.path())).await? {
            Ok(me) => Ok(self.own_page(&visit, &me, None).await?.respond()),
            Err(elsewhere) => Ok(elsewhere),
        }
    }

    pub(crate) async fn profile_post(
        &self,
        realm: Realm,
        visit: Visit,
        Form(form): Form<ProfileForm>,
    ) -> Result<Response, Fault> {
        let me = match self.require(&visit, realm, Some(&realm.path("/account"))).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let (Some(name), Some(lang)) = (crate::account::name(&form.name), lang_of(&form.lang)) else {
            let page = self.own_page(&visit, &me, Some(&form.name)).await?.at(realm.path("/account"));
            return Ok(refuse(page, wrong(&visit, "name", "acc-error-name")?, StatusCode::UNPROCESSABLE_ENTITY));
        };
        let id = me.account.id.clone();
        self.db().write(move |tx| accounts::set_profile(tx, &id, &name, lang)).await?;
        Ok(visit.redirect(&realm.path("/account?done=profile")))
    }

    pub(crate) async fn password(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        match self.require(&visit, realm, Some(visit.path())).await? {
            Ok(me) => Ok(password_page(&visit, realm, me.account.email.as_str()).respond()),
            Err(elsewhere) => Ok(elsewhere),
        }
    }

    /// A new password: the present one is asked for, other sessions end, this one gets a new cookie.
    pub(crate) async fn password_post(
        &self,
        realm: Realm,
        visit: Visit,
        from: ClientAddress,
        headers: HeaderMap,
        Form(form): Form<PasswordForm>,
    ) -> Result<Response, Fault> {
        let me = match self.require(&visit, realm, Some(&realm.path("/account/password"))).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let account = &me.account;
        let page = || password_page(&visit, realm, account.email.as_str()).at(realm.path("/account/password"));
        let refused = |field, key, status| Ok(refuse(page(), wrong(&visit, field, key)?, status));
        if let Some(error) = self.new_password(&visit, "password", &form.password, &account.email, &account.name)? {
            return Ok(refuse(page(), error, StatusCode::UNPROCESSABLE_ENTITY));
        }
        match self.check_password(realm, &account.email, &form.current, &from).await? {
            Checked::TooOften => refused("current", "acc-error-too-often", StatusCode::TOO_MANY_REQUESTS),
            Checked::Wrong => refused("current", "acc-error-current", StatusCode::UNPROCESSABLE_ENTITY),
            Checked::Right(account, tries) => {
                let hash = self.0.passwords.hash(&form.password).await?;
                let (kit, owner, now) = (self.clone(), account.clone(), self.now());
                let level = Some(me.level);
                self.begin_session(&visit, &headers, &account, level, move |tx| {
                    tries.succeeded(tx)?;
                    accounts::set_password(tx, &owner.id, &hash, now)?;
                    sessions::end_all(tx, &owner.id)?;
                    kit.tell_owner(tx, &owner, "password")
                })
                .await?;
                Ok(visit.redirect(&realm.path("/account?done=password")))
            }
        }
    }

    pub(crate) async fn session_end(
        &self,
        realm: Realm,
        visit: Visit,
        Form(form): Form<EndForm>,
    ) -> Result<Response, Fault> {
        let me = match self.require(&visit, realm, Some(&realm.path("/account"))).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let (id, this) = (me.account.id.clone(), me.session.as_str().to_owned());
        self.db()
            .write(move |tx| {
                if form.session.is_empty() {
                    sessions::end_others(tx, &id, &this).map(drop)
                } else {
                    sessions::end_own(tx, &form.session, &id)
                }
            })
            .await?;
        Ok(visit.redirect(&realm.path("/account?done=session")))
    }
}
