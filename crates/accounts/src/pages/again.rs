//! `/account/again`: a fresh proof before a sensitive change, by password or passkey.

use axum::response::Response;
use base::Secret;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::passkeys::{Ask, AssertionForm};
use super::sign_in::Checked;
use super::{next, next_of, refuse, wrong};
use crate::challenge::Purpose;
use crate::session::{SignedIn, with_next};
use crate::store::passkeys;
use crate::{Accounts, ClientAddress, Realm};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AgainForm {
    password: Secret<String>,
    #[serde(default)]
    next: String,
}

#[derive(Clone, Debug, Serialize)]
struct AgainPage<'a> {
    base: &'static str,
    next: &'a str,
    email: &'a str,
    passkeys: bool,
    passkey: Ask,
}

pub(crate) fn page(visit: &Visit, realm: Realm, next: &str, email: &str, passkeys: bool, passkey: Ask) -> Page {
    let context = AgainPage { base: realm.base(), next, email, passkeys, passkey };
    visit.page("accounts/again.html", "again").with(context)
}

impl Accounts {
    async fn again_page(&self, visit: &Visit, me: &SignedIn, next: &str) -> Result<Page, Fault> {
        let id = me.account.id.clone();
        let known = self.db().read(move |tx| passkeys::list(tx, &id)).await?;
        let ask = self.ask_passkey(visit, &Purpose::Prove(me.session.as_str().to_owned()), &known);
        let here = with_next(&me.realm.path("/account/again"), next_of(next));
        Ok(page(visit, me.realm, next, me.account.email.as_str(), !known.is_empty(), ask).at(here))
    }

    pub(crate) async fn again(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        match self.person(&visit, realm).await? {
            Ok(me) => Ok(self.again_page(&visit, &me, &next(&visit).unwrap_or_default()).await?.respond()),
            Err(elsewhere) => Ok(elsewhere),
        }
    }

    pub(crate) async fn again_post(
        &self,
        realm: Realm,
        visit: Visit,
        from: ClientAddress,
        headers: HeaderMap,
        Form(form): Form<AgainForm>,
    ) -> Result<Response, Fault> {
        let me = match self.person(&visit, realm).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let (key, status) = match self.check_password(realm, &me.account.email, &form.password, &from).await? {
            Checked::Right(account, tries) if account.id == me.account.id => {
                self.begin_session(&visit, &headers, &account, Some(me.level), move |tx| tries.succeeded(tx)).await?;
                return Ok(self.proved(&visit, realm, &form.next));
            }
            Checked::TooOften => ("acc-error-too-often", StatusCode::TOO_MANY_REQUESTS),
            _ => ("acc-error-current", StatusCode::UNPROCESSABLE_ENTITY),
        };
        let page = self.again_page(&visit, &me, &form.next).await?;
        Ok(refuse(page, wrong(&visit, "password", key)?, status))
    }

    pub(crate) async fn again_passkey(
        &self,
        realm: Realm,
        visit: Visit,
        headers: HeaderMap,
        Form(form): Form<AssertionForm>,
    ) -> Result<Response, Fault> {
        let me = match self.person(&visit, realm).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let purpose = Purpose::Prove(me.session.as_str().to_owned());
        if self.check_passkey(&visit, &purpose, &form, Some(&me.account)).await?.is_some() {
            self.begin_session(&visit, &headers, &me.account, Some(me.level), |_| Ok(())).await?;
            return Ok(self.proved(&visit, realm, &form.next));
        }
        let page = self.again_page(&visit, &me, &form.next).await?;
        Ok(refuse(page, wrong(&visit, "password", "acc-error-passkey")?, StatusCode::UNPROCESSABLE_ENTITY))
    }

    fn proved(&self, visit: &Visit, realm: Realm, next: &str) -> Response {
        visit.redirect(next_of(next).unwrap_or(&realm.path("/account")))
    }
}
