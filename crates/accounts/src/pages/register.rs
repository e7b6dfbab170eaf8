//! `/register`: an address first, then by the link sent there name and password. So nothing is kept of an address that
//! nobody confirmed, and whoever chose the password owns the mailbox.

use axum::extract::Path;
use axum::response::Response;
use base::codec::sha256_b64url;
use base::{Lang, Secret};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::{link_gone, next_of, refuse, wrong};
use crate::links::{REGISTER, REGISTER_LIFE};
use crate::session::with_next;
use crate::store::{accounts, links};
use crate::{Accounts, ClientAddress, Email, Level, Realm};

/// The form that asks for an e-mail (also of `/forgot`).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AskForm {
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) next: String,
}

/// The form behind the link.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NewForm {
    name: String,
    password: Secret<String>,
}

#[derive(Debug, Serialize)]
struct AskPage<'a> {
    email: &'a str,
    next: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct SentPage {
    pub(crate) what: &'static str,
    pub(crate) base: &'static str,
    pub(crate) hours: u64,
}

#[derive(Debug, Serialize)]
struct NewPage<'a> {
    token: &'a str,
    email: &'a str,
    name: &'a str,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Body {
    #[serde(default)]
    lang: Lang,
    #[serde(default)]
    next: String,
}

pub(crate) fn ask_page(visit: &Visit, email: &str, next: &str) -> Page {
    visit.page("accounts/register.html", "register").with(AskPage { email, next })
}

pub(crate) fn sent_page(visit: &Visit) -> Page {
    visit.page("accounts/sent.html", "register-sent").with(SentPage {
        what: "register",
        base: "",
        hours: REGISTER_LIFE.as_secs() / 3600,
    })
}

pub(crate) fn new_page(visit: &Visit, token: &str, email: &str, name: &str) -> Page {
    visit.page("accounts/new-account.html", "new-account").with(NewPage { token, email, name }).no_referrer()
}

impl Accounts {
    pub(crate) async fn register(&self, visit: Visit) -> Result<Response, Fault> {
        Ok(ask_page(&visit, "", &super::next(&visit).unwrap_or_default()).respond())
    }

    pub(crate) async fn register_post(
        &self,
        visit: Visit,
        from: ClientAddress,
        Form(form): Form<AskForm>,
    ) -> Result<Response, Fault> {
        let page = || ask_page(&visit, &form.email, &form.next).at("/register");
        let Ok(email) = Email::parse(&form.email) else {
            return Ok(refuse(page(), wrong(&visit, "email", "acc-error-email")?, StatusCode::UNPROCESSABLE_ENTITY));
        };
        if !self.may_ask_for_mail(&from).await? {
            return Ok(refuse(page(), wrong(&visit, "email", "acc-error-mails-often")?, StatusCode::TOO_MANY_REQUESTS));
        }
        self.send_registration(&email, visit.lang(), next_of(&form.next).unwrap_or_default()).await?;
        Ok(visit.redirect("/register/sent"))
    }

    /// A link to a new address; to a known one, a word that it is known. Who asked sees the same either way.
    async fn send_registration(&self, email: &Email, lang: Lang, next: &str) -> Result<(), Fault> {
        let now = self.now();
        let mut link = self.new_link(REGISTER, "/register", Realm::Member, email, REGISTER_LIFE);
        link.link.body = serde_json::to_string(&Body { lang, next: next.to_owned() })?;
        let expires = Some(link.link.expires);
        let fresh = self.message(email, lang, "register", &[("link", link.url.as_str())], expires)?;
        let (kit, email) = (self.clone(), email.clone());
        self.db()
            .write(move |tx| {
                if !kit.may_mail_to(tx, Realm::Member, &email, REGISTER)? {
                    return Ok(());
                }
                let message = match accounts::by_email(tx, Realm::Member, &email)? {
                    Some(account) => {
                        let origin = kit.0.origin.url("/sign-in");
                        let args = [("name", account.name.as_str()), ("link", origin.as_str())];
                        kit.message(&email, account.lang, "known", &args, None)?
                    }
                    None => {
                        links::end_email(tx, Realm::Member, &email, REGISTER)?;
                        link.insert(tx)?;
                        fresh
                    }
                };
                kit.0.mailer.queue(tx, &message, now).map(drop)
            })
            .await?;
        Ok(())
    }

    pub(crate) async fn register_sent(&self, visit: Visit) -> Result<Response, Fault> {
        Ok(sent_page(&visit).respond())
    }

    pub(crate) async fn register_link(&self, visit: Visit, Path(token): Path<String>) -> Result<Response, Fault> {
        Ok(match self.link(REGISTER, &token).await? {
            Some(link) => new_page(&visit, &token, link.email.as_str(), "").respond(),
            None => link_gone(&visit, "register"),
        })
    }

    pub(crate) async fn register_link_post(
        &self,
        visit: Visit,
        headers: HeaderMap,
        Path(token): Path<String>,
        Form(form): Form<NewForm>,
    ) -> Result<Response, Fault> {
        let Some(link) = self.link(REGISTER, &token).await? else { return Ok(link_gone(&visit, "register")) };
        let email = link.email;
        let name = crate::account::name(&form.name);
        let mut errors = Vec::new();
        if name.is_none() {
            errors.push(wrong(&visit, "name", "acc-error-name")?);
        }
        errors.extend(self.new_password(&visit, "password", &form.password, &email, &form.name)?);
        let Some(name) = name.filter(|_| errors.is_empty()) else {
            let page = new_page(&visit, &token, email.as_str(), &form.name).at(format!("/register/{token}"));
            return Ok(page.errors(errors).respond());
        };
        let body: Body = serde_json::from_str(&link.body)?;
        let hash = self.0.passwords.hash(&form.password).await?;
        let account = self.new_account(Realm::Member, &email, &name, visit.lang());
        let (kept, id, now) = (account.clone(), sha256_b64url(&token), self.now());
        let made = self
            .db()
            .write(move |tx| {
                // Two browsers with the same link: one of them has it.
                if links::take(tx, &id, REGISTER, now)?.is_none() {
                    return Ok(false);
                }
                accounts::insert(tx, &kept, &hash)
            })
            .await?;
        if !made {
            return Ok(link_gone(&visit, "register"));
        }
        self.begin_session(&visit, &headers, &account, Some(Level::Password), |_| Ok(())).await?;
        // Passkeys and authenticator apps are offered once, here; the page has a way past it.
        Ok(visit
            .redirect(&with_next("/account/factors", Some(&body.next).filter(|n| !n.is_empty()).map(String::as_str))))
    }
}
