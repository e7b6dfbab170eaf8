//! `/sign-in/second`: the code of an authenticator app, a passkey, or a recovery code.

use axum::response::Response;
use base::Secret;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::passkeys::{Ask, AssertionForm};
use super::sign_in::Second;
use super::{next, next_of, refuse, wrong};
use crate::challenge::Purpose;
use crate::session::{Found, SignedIn, with_next};
use crate::store::{factors, passkeys};
use crate::totp::{self, SECRET};
use crate::{Accounts, Level, Realm, recovery};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CodeForm {
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Serialize)]
struct SecondPage<'a> {
    base: &'static str,
    next: &'a str,
    query: String,
    name: &'a str,
    totp: bool,
    /// Whether the account has passkeys.
    passkeys: bool,
    passkey: Ask,
}

#[derive(Debug, Serialize)]
struct RecoveryPage<'a> {
    base: &'static str,
    next: &'a str,
}

pub(crate) fn second_page(visit: &Visit, realm: Realm, next: &str, name: &str, has: Second, passkey: Ask) -> Page {
    let query = with_next("", next_of(next));
    let context = SecondPage { base: realm.base(), next, query, name, totp: has.totp, passkeys: has.passkeys, passkey };
    visit.page("accounts/second.html", "second-step").with(context)
}

pub(crate) fn recovery_page(visit: &Visit, realm: Realm, next: &str) -> Page {
    visit
        .page("accounts/recovery-sign-in.html", "recovery-sign-in")
        .with(RecoveryPage { base: realm.base(), next })
        .back(with_next(&realm.path("/sign-in/second"), next_of(next)))
}

impl Accounts {
    /// Who has the second step before them, or where else to go.
    async fn half(&self, visit: &Visit, realm: Realm, next: Option<&str>) -> Result<Result<SignedIn, Response>, Fault> {
        Ok(match self.found(visit, realm).await? {
            Found::Half(me) => Ok(me),
            Found::Whole(me) => Err(self.onward(visit, &me.account, me.level, next)),
            Found::Nobody => Err(visit.redirect(&with_next(&realm.path("/sign-in"), next))),
        })
    }

    async fn second_step_page(&self, visit: &Visit, me: &SignedIn, next: &str) -> Result<Page, Fault> {
        let has = self.second_factors(&me.account.id).await?;
        let id = me.account.id.clone();
        let known = self.db().read(move |tx| passkeys::list(tx, &id)).await?;
        let passkey = self.ask_passkey(visit, &Purpose::Prove(me.session.as_str().to_owned()), &known);
        Ok(second_page(visit, me.realm, next, &me.account.name, has, passkey))
    }

    pub(crate) async fn second(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        let next = next(&visit);
        match self.half(&visit, realm, next.as_deref()).await? {
            Ok(me) => Ok(self.second_step_page(&visit, &me, &next.unwrap_or_default()).await?.respond()),
            Err(elsewhere) => Ok(elsewhere),
        }
    }

    pub(crate) async fn second_post(
        &self,
        realm: Realm,
        visit: Visit,
        headers: HeaderMap,
        Form(form): Form<CodeForm>,
    ) -> Result<Response, Fault> {
        let next = next_of(&form.next);
        let me = match self.half(&visit, realm, next).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let at = with_next(&realm.path("/sign-in/second"), next);
        if !self.take_second(&me.account.id).await? {
            let page = self.second_step_page(&visit, &me, &form.next).await?.at(at);
            return Ok(refuse(page, wrong(&visit, "code", "acc-error-too-often")?, StatusCode::TOO_MANY_REQUESTS));
        }
        if !self.use_totp(&me.account.id, &form.code).await? {
            let page = self.second_step_page(&visit, &me, &form.next).await?.at(at);
            return Ok(refuse(page, wrong(&visit, "code", "acc-error-code")?, StatusCode::UNPROCESSABLE_ENTITY));
        }
        self.second_done(&visit, &headers, &me, next).await
    }

    /// Whether `typed` is a code of the account's app that was not used yet; uses it up.
    pub(crate) async fn use_totp(&self, account: &str, typed: &str) -> Result<bool, Fault> {
        let id = account.to_owned();
        let Some((sealed, _)) = self.db().read(move |tx| factors::totp(tx, &id)).await? else { return Ok(false) };
        let key = self.open_totp(&sealed)?;
        let Some(step) = totp::check(&key, typed, self.now()) else { return Ok(false) };
        let id = account.to_owned();
        Ok(self.db().write(move |tx| factors::use_step(tx, &id, step)).await?)
    }

    pub(crate) fn open_totp(&self, sealed: &[u8]) -> Result<totp::Key, Fault> {
        let plain = self.0.sealer.open("account_totp.sealed", sealed)?;
        let key: [u8; SECRET] =
            plain.try_into().map_err(|_| Fault::new("account_totp.sealed: not a secret of 20 bytes"))?;
        Ok(Secret::new(key))
    }

    pub(crate) async fn second_passkey(
        &self,
        realm: Realm,
        visit: Visit,
        headers: HeaderMap,
        Form(form): Form<AssertionForm>,
    ) -> Result<Response, Fault> {
        let next = next_of(&form.next);
        let me = match self.half(&visit, realm, next).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let purpose = Purpose::Prove(me.session.as_str().to_owned());
        if self.check_passkey(&visit, &purpose, &form, Some(&me.account)).await?.is_some() {
            return self.second_done(&visit, &headers, &me, next).await;
        }
        let page = self.second_step_page(&visit, &me, &form.next).await?;
        let page = page.at(with_next(&realm.path("/sign-in/second"), next));
        Ok(refuse(page, wrong(&visit, "passkey", "acc-error-passkey")?, StatusCode::UNPROCESSABLE_ENTITY))
    }

    pub(crate) async fn recovery_sign_in(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        let next = next(&visit);
        match self.half(&visit, realm, next.as_deref()).await? {
            Ok(_) => Ok(recovery_page(&visit, realm, &next.unwrap_or_default()).respond()),
            Err(elsewhere) => Ok(elsewhere),
        }
    }

    pub(crate) async fn recovery_sign_in_post(
        &self,
        realm: Realm,
        visit: Visit,
        headers: HeaderMap,
        Form(form): Form<CodeForm>,
    ) -> Result<Response, Fault> {
        let next = next_of(&form.next);
        let me = match self.half(&visit, realm, next).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let page = || recovery_page(&visit, realm, &form.next).at(with_next(&realm.path("/sign-in/recovery"), next));
        if !self.take_second(&me.account.id).await? {
            return Ok(refuse(page(), wrong(&visit, "code", "acc-error-too-often")?, StatusCode::TOO_MANY_REQUESTS));
        }
        let used = match recovery::plain(&form.code) {
            Some(code) => {
                let (kit, account, hash) =
                    (self.clone(), me.account.clone(), self.recovery_hash(&me.account.id, &code));
                self.db()
                    .write(move |tx| {
                        let used = factors::use_code(tx, &account.id, &hash)?;
                        if used {
                            kit.tell_owner(tx, &account, "recovery-used")?;
                        }
                        Ok::<_, store::Error>(used)
                    })
                    .await?
            }
            None => false,
        };
        if !used {
            return Ok(refuse(page(), wrong(&visit, "code", "acc-error-recovery")?, StatusCode::UNPROCESSABLE_ENTITY));
        }
        // Whoever needs a recovery code has lost something: the page of factors is where it is put right.
        let target = with_next(&realm.path("/account/factors"), next);
        self.second_done(&visit, &headers, &me, Some(&target)).await
    }

    /// How a recovery code is kept.
    pub(crate) fn recovery_hash(&self, account: &str, plain: &str) -> String {
        self.0.sealer.blind_index("account_recovery.code", format!("{account}\n{plain}").as_bytes())
    }

    async fn second_done(
        &self,
        visit: &Visit,
        headers: &HeaderMap,
        me: &SignedIn,
        next: Option<&str>,
    ) -> Result<Response, Fault> {
        let account = me.account.id.clone();
        let forgive = move |tx: &mut store::Tx<'_>| Self::second_succeeded(tx, &account);
        self.begin_session(visit, headers, &me.account, Some(Level::TwoFactors), forgive).await?;
        Ok(self.onward(visit, &me.account, Level::TwoFactors, next))
    }
}
