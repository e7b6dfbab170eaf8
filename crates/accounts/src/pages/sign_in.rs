//! `/sign-in`, `/staff/sign-in`: password or passkey.

use axum::response::Response;
use base::Secret;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::passkeys::{Ask, AssertionForm};
use super::{next, next_of, refuse, wrong};
use crate::challenge::Purpose;
use crate::passwords::LENGTH;
use crate::session::with_next;
use crate::store::{accounts, factors, passkeys};
use crate::{Account, Accounts, ClientAddress, Email, Level, Realm};

/// A form with a button only.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NoFields {}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SignInForm {
    email: String,
    password: Secret<String>,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct SignInPage<'a> {
    pub(crate) base: &'static str,
    pub(crate) staff: bool,
    pub(crate) next: &'a str,
    pub(crate) email: &'a str,
    /// What just happened: `signed-out`, `reset`.
    pub(crate) done: Option<&'a str>,
    pub(crate) passkey: Ask,
}

pub(crate) fn page(visit: &Visit, context: SignInPage<'_>) -> Page {
    visit.page("accounts/sign-in.html", "sign-in").with(context)
}

/// Which second factors an account has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Second {
    pub(crate) totp: bool,
    pub(crate) passkeys: bool,
}

impl Second {
    pub(crate) const fn any(self) -> bool {
        self.totp || self.passkeys
    }
}

impl Accounts {
    fn sign_in_page(&self, visit: &Visit, realm: Realm, next: &str, email: &str, done: Option<&str>) -> Page {
        page(
            visit,
            SignInPage {
                base: realm.base(),
                staff: realm == Realm::Staff,
                next,
                email,
                done,
                passkey: self.ask_passkey(visit, &Purpose::SignIn(realm), &[]),
            },
        )
    }

    /// Where somebody goes who is signed in now.
    pub(crate) fn onward(&self, visit: &Visit, account: &Account, level: Level, next: Option<&str>) -> Response {
        let realm = account.realm;
        visit.suggest_lang(account.lang);
        if realm == Realm::Staff && level == Level::Password {
            return visit.redirect(&with_next(&realm.path("/account/factors"), next));
        }
        visit.redirect(next.unwrap_or_else(|| self.0.settings.home(realm)))
    }

    pub(crate) async fn second_factors(&self, account: &str) -> store::Result<Second> {
        let id = account.to_owned();
        self.db()
            .read(move |tx| {
                Ok(Second { totp: factors::totp(tx, &id)?.is_some(), passkeys: passkeys::count(tx, &id)? > 0 })
            })
            .await
    }

    pub(crate) async fn sign_in(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        let next = next(&visit);
        if let Some(me) = self.signed_in(&visit, realm).await? {
            return Ok(self.onward(&visit, &me.account, me.level, next.as_deref()));
        }
        let done = visit.query("done").filter(|d| ["signed-out", "reset", "email"].contains(&d.as_str()));
        Ok(self.sign_in_page(&visit, realm, &next.unwrap_or_default(), "", done.as_deref()).respond())
    }

    pub(crate) async fn sign_in_post(
        &self,
        realm: Realm,
        visit: Visit,
        from: ClientAddress,
        headers: HeaderMap,
        Form(form): Form<SignInForm>,
    ) -> Result<Response, Fault> {
        let at = with_next(&realm.path("/sign-in"), next_of(&form.next));
        let page = || self.sign_in_page(&visit, realm, &form.next, &form.email, None).at(at.clone());
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        let Ok(email) = Email::parse(&form.email) else {
            return Ok(refuse(page(), wrong(&visit, "email", "acc-error-email")?, unprocessable));
        };
        if form.password.expose().is_empty() {
            return Ok(refuse(page(), wrong(&visit, "password", "acc-error-password-empty")?, unprocessable));
        }
        match self.check_password(realm, &email, &form.password, &from).await? {
            Checked::TooOften => {
                Ok(refuse(page(), wrong(&visit, "password", "acc-error-too-often")?, StatusCode::TOO_MANY_REQUESTS))
            }
            Checked::Wrong => Ok(refuse(page(), wrong(&visit, "password", "acc-error-sign-in")?, unprocessable)),
            Checked::Right(account, tries) => {
                let level = (!self.second_factors(&account.id).await?.any()).then_some(Level::Password);
                self.begin_session(&visit, &headers, &account, level, move |tx| tries.succeeded(tx)).await?;
                let next = next_of(&form.next);
                Ok(match level {
                    Some(level) => self.onward(&visit, &account, level, next),
                    None => visit.redirect(&with_next(&realm.path("/sign-in/second"), next)),
                })
            }
        }
    }

    /// Whether it is the password of `email`'s account; counted before it is judged, and as slow for an address nobody has.
    pub(crate) async fn check_password(
        &self,
        realm: Realm,
        email: &Email,
        password: &Secret<String>,
        from: &ClientAddress,
    ) -> Result<Checked, Fault> {
        let tries = self.tries(realm, email, from);
        if !self.take_try(&tries).await? {
            return Ok(Checked::TooOften);
        }
        let key = email.clone();
        let found = self.db().read(move |tx| {
            let Some(account) = accounts::by_email(tx, realm, &key)?.filter(|a| a.disabled.is_none()) else {
                return Ok(None);
            };
            let hash = accounts::password(tx, &account.id)?;
            Ok::<_, store::Error>(hash.map(|hash| (account, hash)))
        });
        let found = found.await?.filter(|_| password.expose().chars().count() <= *LENGTH.end());
        let hash = found.as_ref().map(|(_, hash)| hash.as_str());
        let right = self.0.passwords.verify(password, hash).await?;
        let Some((account, hash)) = found.filter(|_| right) else { return Ok(Checked::Wrong) };
        if self.0.passwords.is_outdated(&hash) {
            let (id, new) = (account.id.clone(), self.0.passwords.hash(password).await?);
            self.db().write(move |tx| accounts::rehash(tx, &id, &hash, &new)).await?;
        }
        Ok(Checked::Right(account, tries))
    }

    /// By passkey alone: the authenticator has checked its user.
    pub(crate) async fn sign_in_passkey(
        &self,
        realm: Realm,
        visit: Visit,
        from: ClientAddress,
        headers: HeaderMap,
        Form(form): Form<AssertionForm>,
    ) -> Result<Response, Fault> {
        let at = with_next(&realm.path("/sign-in"), next_of(&form.next));
        let page = || self.sign_in_page(&visit, realm, &form.next, "", None).at(at.clone());
        if !self.may_try_passkey(&from).await? {
            return Ok(refuse(page(), wrong(&visit, "email", "acc-error-too-often")?, StatusCode::TOO_MANY_REQUESTS));
        }
        match self.check_passkey(&visit, &Purpose::SignIn(realm), &form, None).await? {
            Some(account) if account.realm == realm => {
                self.begin_session(&visit, &headers, &account, Some(Level::Passkey), |_| Ok(())).await?;
                Ok(self.onward(&visit, &account, Level::Passkey, next_of(&form.next)))
            }
            _ => Ok(refuse(page(), wrong(&visit, "email", "acc-error-passkey")?, StatusCode::UNPROCESSABLE_ENTITY)),
        }
    }

    pub(crate) async fn sign_out(&self, realm: Realm, visit: Visit, _: Form<NoFields>) -> Result<Response, Fault> {
        self.end_session(&visit, realm).await?;
        Ok(visit.redirect(&realm.path("/sign-in?done=signed-out")))
    }
}

/// What a password turned out to be.
pub(crate) enum Checked {
    /// Not judged: too many tries.
    TooOften,
    /// Not the one, or nobody has the address.
    Wrong,
    /// The one. The counters are set right in the transaction that makes use of it.
    Right(Account, crate::limits::Tries),
}
