//! `/forgot`, `/reset/{token}`: a new password by e-mail. Second factors stay as they are: a mailbox alone opens nothing
//! that needed more before.

use axum::extract::Path;
use axum::response::Response;
use base::Secret;
use base::codec::sha256_b64url;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::register::{AskForm, SentPage};
use super::{link_gone, refuse, wrong};
use crate::links::{RESET, RESET_LIFE};
use crate::store::{accounts, links, sessions};
use crate::{Accounts, ClientAddress, Email, Realm};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ResetForm {
    password: Secret<String>,
}

#[derive(Debug, Serialize)]
struct ForgotPage<'a> {
    base: &'static str,
    email: &'a str,
}

#[derive(Debug, Serialize)]
struct ResetPage<'a> {
    token: &'a str,
    email: &'a str,
}

pub(crate) fn forgot_page(visit: &Visit, realm: Realm, email: &str) -> Page {
    let context = ForgotPage { base: realm.base(), email };
    visit.page("accounts/forgot.html", "forgot").with(context).back(realm.path("/sign-in"))
}

pub(crate) fn sent_page(visit: &Visit, realm: Realm) -> Page {
    visit.page("accounts/sent.html", "forgot-sent").with(SentPage {
        what: "forgot",
        base: realm.base(),
        hours: RESET_LIFE.as_secs() / 3600,
    })
}

pub(crate) fn reset_page(visit: &Visit, token: &str, email: &str) -> Page {
    visit.page("accounts/reset.html", "reset").with(ResetPage { token, email }).no_referrer()
}

impl Accounts {
    pub(crate) async fn forgot(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        Ok(forgot_page(&visit, realm, "").respond())
    }

    pub(crate) async fn forgot_post(
        &self,
        realm: Realm,
        visit: Visit,
        from: ClientAddress,
        Form(form): Form<AskForm>,
    ) -> Result<Response, Fault> {
        let page = || forgot_page(&visit, realm, &form.email).at(realm.path("/forgot"));
        let Ok(email) = Email::parse(&form.email) else {
            return Ok(refuse(page(), wrong(&visit, "email", "acc-error-email")?, StatusCode::UNPROCESSABLE_ENTITY));
        };
        if !self.may_ask_for_mail(&from).await? {
            return Ok(refuse(page(), wrong(&visit, "email", "acc-error-mails-often")?, StatusCode::TOO_MANY_REQUESTS));
        }
        self.send_reset(realm, &email).await?;
        Ok(visit.redirect(&realm.path("/forgot/sent")))
    }

    /// A link to the owner of an account. An address that has none gets nothing, and who asked sees no difference.
    async fn send_reset(&self, realm: Realm, email: &Email) -> Result<(), Fault> {
        let now = self.now();
        let mut link = self.new_link(RESET, "/reset", realm, email, RESET_LIFE);
        let (kit, email) = (self.clone(), email.clone());
        self.db()
            .write(move |tx| {
                if !kit.may_mail_to(tx, realm, &email, RESET)? {
                    return Ok(());
                }
                let Some(account) = accounts::by_email(tx, realm, &email)?.filter(|a| a.disabled.is_none()) else {
                    return Ok(());
                };
                links::end_kind(tx, &account.id, RESET)?;
                link.link.account = Some(account.id.clone());
                link.insert(tx)?;
                let args = [("name", account.name.as_str()), ("link", link.url.as_str())];
                let message = kit.message(&email, account.lang, "reset", &args, Some(link.link.expires))?;
                kit.0.mailer.queue(tx, &message, now).map(drop)
            })
            .await?;
        Ok(())
    }

    pub(crate) async fn forgot_sent(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        Ok(sent_page(&visit, realm).respond())
    }

    pub(crate) async fn reset(&self, visit: Visit, Path(token): Path<String>) -> Result<Response, Fault> {
        Ok(match self.link(RESET, &token).await? {
            Some(link) => reset_page(&visit, &token, link.email.as_str()).respond(),
            None => link_gone(&visit, "reset"),
        })
    }

    pub(crate) async fn reset_post(
        &self,
        visit: Visit,
        Path(token): Path<String>,
        Form(form): Form<ResetForm>,
    ) -> Result<Response, Fault> {
        let gone = || link_gone(&visit, "reset");
        let Some(link) = self.link(RESET, &token).await? else { return Ok(gone()) };
        let Some(id) = link.account.clone() else { return Ok(gone()) };
        let Some(account) = self.find(&id).await?.filter(|a| a.disabled.is_none()) else { return Ok(gone()) };
        if let Some(error) = self.new_password(&visit, "password", &form.password, &account.email, &account.name)? {
            let page = reset_page(&visit, &token, account.email.as_str()).at(format!("/reset/{token}"));
            return Ok(refuse(page, error, StatusCode::UNPROCESSABLE_ENTITY));
        }
        let hash = self.0.passwords.hash(&form.password).await?;
        let (kit, now, key, realm) = (self.clone(), self.now(), sha256_b64url(&token), account.realm);
        let done = self
            .db()
            .write(move |tx| {
                // The address of the account may have changed since the link was sent.
                if links::take(tx, &key, RESET, now)?.is_none_or(|l| l.email != account.email) {
                    return Ok(false);
                }
                accounts::set_password(tx, &account.id, &hash, now)?;
                // Whoever knew the old password is out.
                sessions::end_all(tx, &account.id)?;
                kit.tell_owner(tx, &account, "password")?;
                Ok::<_, store::Error>(true)
            })
            .await?;
        if !done {
            return Ok(gone());
        }
        Ok(visit.redirect(&realm.path("/sign-in?done=reset")))
    }
}
