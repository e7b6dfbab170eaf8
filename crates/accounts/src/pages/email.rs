//! `/account/email`, `/email/{token}`: a new address, once both mailboxes have agreed.

use axum::extract::Path;
use axum::response::Response;
use base::codec::sha256_b64url;
use base::mask;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::{link_gone, refuse, wrong};
use crate::links::{EMAIL_LIFE, EMAIL_NEW, EMAIL_OLD};
use crate::store::links::Link;
use crate::store::{accounts, emails, links};
use crate::{Account, Accounts, Email, Realm};

base::id!(
    /// A change of address under way.
    ChangeId,
    "emc"
);

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EmailForm {
    email: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AgreeForm {}

#[derive(Debug, Serialize)]
struct EmailPage<'a> {
    base: &'static str,
    now: &'a str,
    email: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct LinkPage<'a> {
    pub(crate) token: &'a str,
    pub(crate) old: bool,
    pub(crate) to: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct DonePage {
    pub(crate) base: &'static str,
    /// Whether the other mailbox has agreed too.
    pub(crate) done: bool,
}

pub(crate) fn email_page(visit: &Visit, realm: Realm, now: &str, email: &str) -> Page {
    let context = EmailPage { base: realm.base(), now, email };
    visit.page("accounts/email.html", "email").with(context).back(realm.path("/account"))
}

pub(crate) fn link_page(visit: &Visit, context: LinkPage<'_>) -> Page {
    visit.page("accounts/email-link.html", "email-link").with(context).no_referrer()
}

pub(crate) fn done_page(visit: &Visit, context: DonePage) -> Page {
    visit.page("accounts/email-done.html", "email-done").with(context).no_referrer()
}

impl Accounts {
    pub(crate) async fn email(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        if let Err(elsewhere) = self.require(&visit, realm, Some(visit.path())).await? {
            return Ok(elsewhere);
        }
        match self.fresh_person(&visit, realm, "/account/email").await? {
            Ok(me) => Ok(email_page(&visit, realm, me.account.email.as_str(), "").respond()),
            Err(elsewhere) => Ok(elsewhere),
        }
    }

    pub(crate) async fn email_post(
        &self,
        realm: Realm,
        visit: Visit,
        Form(form): Form<EmailForm>,
    ) -> Result<Response, Fault> {
        if let Err(elsewhere) = self.require(&visit, realm, Some(&realm.path("/account/email"))).await? {
            return Ok(elsewhere);
        }
        let me = match self.fresh_person(&visit, realm, "/account/email").await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let now = me.account.email.as_str();
        let page = || email_page(&visit, realm, now, &form.email).at(realm.path("/account/email"));
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        let Ok(email) = Email::parse(&form.email) else {
            return Ok(refuse(page(), wrong(&visit, "email", "acc-error-email")?, unprocessable));
        };
        if email == me.account.email {
            return Ok(refuse(page(), wrong(&visit, "email", "acc-error-email-same")?, unprocessable));
        }
        self.begin_change(&me.account, &email).await?;
        Ok(visit.redirect(&realm.path("/account?done=email")))
    }

    /// A link to each mailbox. A new address that has an account gets a word about that instead, so that this page tells
    /// nobody who has one; the change then never comes about.
    async fn begin_change(&self, account: &Account, email: &Email) -> Result<(), Fault> {
        let (realm, now) = (account.realm, self.now());
        let id = ChangeId::new(now, self.rng());
        let link = |kind, to: &Email| {
            let mut link = self.new_link(kind, "/email", realm, to, EMAIL_LIFE);
            link.link.account = Some(account.id.clone());
            link.link.reference = Some(id.as_str().to_owned());
            link.link.body = serde_json::to_string(email.as_str())?;
            Ok::<_, serde_json::Error>(link)
        };
        let (old, new) = (link(EMAIL_OLD, &account.email)?, link(EMAIL_NEW, email)?);
        let (kit, account, email) = (self.clone(), account.clone(), email.clone());
        self.db()
            .write(move |tx| {
                if !kit.may_mail_to(tx, realm, &email, EMAIL_NEW)? {
                    return Ok(());
                }
                links::end_kind(tx, &account.id, EMAIL_OLD)?;
                links::end_kind(tx, &account.id, EMAIL_NEW)?;
                emails::insert(tx, id.as_str(), &account.id, &email, now.plus(EMAIL_LIFE))?;
                let taken = accounts::by_email(tx, realm, &email)?;
                let expires = Some(now.plus(EMAIL_LIFE));
                let masked = mask::account(email.as_str());
                let args = [("name", account.name.as_str()), ("link", old.url.as_str()), ("email", masked.as_str())];
                let to_old = kit.message(&account.email, account.lang, "email-old", &args, expires)?;
                old.insert(tx)?;
                kit.0.mailer.queue(tx, &to_old, now)?;
                let to_new = match taken {
                    Some(owner) => {
                        let link = kit.0.origin.url(&realm.path("/sign-in"));
                        let args = [("name", owner.name.as_str()), ("link", link.as_str())];
                        kit.message(&email, owner.lang, "known", &args, None)?
                    }
                    None => {
                        new.insert(tx)?;
                        kit.message(&email, account.lang, "email-new", &[("link", new.url.as_str())], expires)?
                    }
                };
                kit.0.mailer.queue(tx, &to_new, now).map(drop)
            })
            .await?;
        Ok(())
    }

    async fn change_link(&self, token: &str) -> Result<Option<(Link, bool)>, Fault> {
        if let Some(link) = self.link(EMAIL_OLD, token).await? {
            return Ok(Some((link, true)));
        }
        Ok(self.link(EMAIL_NEW, token).await?.map(|link| (link, false)))
    }

    pub(crate) async fn email_link(&self, visit: Visit, Path(token): Path<String>) -> Result<Response, Fault> {
        let Some((link, old)) = self.change_link(&token).await? else { return Ok(link_gone(&visit, "email")) };
        let email: String = serde_json::from_str(&link.body)?;
        // The old mailbox may be in other hands by now; it is not told the whole new address.
        let to = if old { mask::account(&email) } else { email };
        Ok(link_page(&visit, LinkPage { token: &token, old, to: &to }).respond())
    }

    pub(crate) async fn email_link_post(
        &self,
        visit: Visit,
        Path(token): Path<String>,
        _: Form<AgreeForm>,
    ) -> Result<Response, Fault> {
        let Some((link, old)) = self.change_link(&token).await? else { return Ok(link_gone(&visit, "email")) };
        let (kit, now, key) = (self.clone(), self.now(), sha256_b64url(&token));
        let kind = if old { EMAIL_OLD } else { EMAIL_NEW };
        let done = self.db().write(move |tx| {
            let Some(link) = links::take(tx, &key, kind, now)? else { return Ok(None) };
            let Some(change) = link.reference else { return Ok(None) };
            let Some((id, email, both)) = emails::agree(tx, &change, old, now)? else { return Ok(None) };
            if !both {
                return Ok(Some(false));
            }
            let Some(account) = accounts::get(tx, &id)?.filter(|a| a.disabled.is_none()) else { return Ok(None) };
            emails::end(tx, &change)?;
            kit.change_email(tx, account, &email)?;
            Ok::<_, store::Error>(Some(true))
        });
        let base = link.realm.base();
        Ok(match done.await {
            Ok(Some(done)) => done_page(&visit, DonePage { base, done }).respond(),
            // Somebody registered the address in between.
            Ok(None) | Err(store::Error::Unique(_)) => link_gone(&visit, "email"),
            Err(e) => return Err(e.into()),
        })
    }
}
