//! `/invitation/{token}`: register or sign in, and accept.

use axum::extract::Path;
use axum::response::Response;
use base::Secret;
use base::codec::sha256_b64url;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::{link_gone, wrong};
use crate::invite::Body;
use crate::links::INVITE;
use crate::session::{SignedIn, with_next};
use crate::store::links::Link;
use crate::store::{accounts, links};
use crate::{Account, Accounts, Level, Realm};

/// Name and password of a new account; nothing of it where the account is there already.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AcceptForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: Option<Secret<String>>,
}

/// What the person has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Todo {
    /// Choose name and password.
    Register,
    /// Sign in with the account of the address.
    SignIn,
    /// Sign out of another account first.
    OtherAccount,
    /// Press the button.
    Accept,
}

#[derive(Debug, Serialize)]
pub(crate) struct InvitationPage<'a> {
    pub(crate) base: &'static str,
    pub(crate) token: &'a str,
    pub(crate) sign_in: String,
    pub(crate) todo: Todo,
    pub(crate) from: &'a str,
    pub(crate) to_what: &'a str,
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
}

pub(crate) fn page(visit: &Visit, context: InvitationPage<'_>) -> Page {
    visit.page("accounts/invitation.html", "invitation").with(context).no_referrer()
}

impl Accounts {
    /// What the invited person has to do, and who they are where they are signed in already.
    async fn invited(&self, visit: &Visit, link: &Link) -> Result<(Todo, Option<SignedIn>), Fault> {
        let Some(account) = self.find_by_email(link.realm, &link.email).await? else {
            return Ok((Todo::Register, None));
        };
        Ok(match self.signed_in(visit, link.realm).await? {
            Some(me) if me.account.id == account.id => (Todo::Accept, Some(me)),
            Some(_) => (Todo::OtherAccount, None),
            None => (Todo::SignIn, None),
        })
    }

    fn invitation_page(&self, visit: &Visit, token: &str, link: &Link, todo: Todo, name: &str) -> Result<Page, Fault> {
        let body: Body = serde_json::from_str(&link.body)?;
        let here = format!("/invitation/{token}");
        let context = InvitationPage {
            base: link.realm.base(),
            token,
            sign_in: with_next(&link.realm.path("/sign-in"), Some(&here)),
            todo,
            from: &body.from,
            to_what: &body.to_what,
            email: link.email.as_str(),
            name,
        };
        Ok(page(visit, context).at(here))
    }

    pub(crate) async fn invitation(&self, visit: Visit, Path(token): Path<String>) -> Result<Response, Fault> {
        let Some(link) = self.link(INVITE, &token).await? else { return Ok(link_gone(&visit, "invitation")) };
        let (todo, _) = self.invited(&visit, &link).await?;
        Ok(self.invitation_page(&visit, &token, &link, todo, "")?.respond())
    }

    pub(crate) async fn invitation_post(
        &self,
        visit: Visit,
        headers: HeaderMap,
        Path(token): Path<String>,
        Form(form): Form<AcceptForm>,
    ) -> Result<Response, Fault> {
        let Some(link) = self.link(INVITE, &token).await? else { return Ok(link_gone(&visit, "invitation")) };
        let realm = link.realm;
        match self.invited(&visit, &link).await? {
            (Todo::Accept, Some(me)) => {
                let account = me.account.clone();
                Ok(match self.accept(&token, None, &account).await? {
                    true => self.onward(&visit, &account, me.level, None),
                    false => link_gone(&visit, "invitation"),
                })
            }
            (Todo::Register, _) => {
                let name = crate::account::name(&form.name);
                let password = form.password.unwrap_or_else(|| Secret::new(String::new()));
                let mut errors = Vec::new();
                if name.is_none() {
                    errors.push(wrong(&visit, "name", "acc-error-name")?);
                }
                errors.extend(self.new_password(&visit, "password", &password, &link.email, &form.name)?);
                let Some(name) = name.filter(|_| errors.is_empty()) else {
                    let page = self.invitation_page(&visit, &token, &link, Todo::Register, &form.name)?;
                    return Ok(page.errors(errors).respond());
                };
                let hash = self.0.passwords.hash(&password).await?;
                let account = self.new_account(realm, &link.email, &name, visit.lang());
                if !self.accept(&token, Some(hash), &account).await? {
                    return Ok(link_gone(&visit, "invitation"));
                }
                self.begin_session(&visit, &headers, &account, Some(Level::Password), |_| Ok(())).await?;
                Ok(match realm {
                    Realm::Staff => self.onward(&visit, &account, Level::Password, None),
                    Realm::Member => visit.redirect("/account/factors"),
                })
            }
            (todo, _) => {
                let page = self.invitation_page(&visit, &token, &link, todo, "")?;
                Ok(page.status(StatusCode::CONFLICT).respond())
            }
        }
    }

    /// Uses the invitation up, makes the account where `hash` is the password of a new one, and lets the role do its part:
    /// all or nothing. `false`: somebody else was faster.
    async fn accept(&self, token: &str, hash: Option<String>, account: &Account) -> Result<bool, Fault> {
        let (key, now, account) = (sha256_b64url(token), self.now(), account.clone());
        let hook = self.0.settings.on_accept.clone();
        let done = self.db().write(move |tx| {
            let Some(link) = links::take(tx, &key, INVITE, now)? else { return Ok(false) };
            if let Some(hash) = &hash
                && !accounts::insert(tx, &account, hash)?
            {
                return Err(store::Error::Unique("accounts.email".to_owned()));
            }
            let body: Body =
                serde_json::from_str(&link.body).map_err(|e| store::Error::inconsistent("account_links.body", e))?;
            hook(tx, &account, &body.purpose)?;
            Ok(true)
        });
        match done.await {
            Ok(done) => Ok(done),
            Err(store::Error::Unique(_)) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}
