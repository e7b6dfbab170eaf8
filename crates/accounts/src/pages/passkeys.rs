//! Passkeys: asking for one, checking one, adding and removing them.

use axum::response::Response;
use base::codec::{b64url, b64url_decode};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::{next, next_of, refuse, wrong};
use crate::challenge::Purpose;
use crate::routes::script_path;
use crate::session::{SignedIn, with_next};
use crate::store::{accounts, factors, passkeys};
use crate::webauthn::{self, ALGORITHMS, Expected};
use crate::{Account, Accounts, Level, Realm};

/// Most passkeys of one account.
const MOST: i64 = 20;

/// What a page needs to ask the browser for a passkey.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ask {
    pub(crate) challenge: String,
    pub(crate) rp: String,
    /// Ids of the passkeys in question, separated by blanks; empty: whichever the person has for us.
    pub(crate) known: String,
    pub(crate) script: String,
}

/// What comes back of a passkey that was used.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AssertionForm {
    credential: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: String,
    #[serde(default)]
    pub(crate) next: String,
}

/// What comes back of a passkey that was made.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NewForm {
    client_data: String,
    attestation: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    next: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RemoveForm {
    id: String,
}

/// What a page needs to have the browser make one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewPage {
    pub(crate) base: &'static str,
    pub(crate) next: String,
    pub(crate) name: String,
    pub(crate) ask: Ask,
    pub(crate) user_id: String,
    pub(crate) user_name: String,
    pub(crate) user_display: String,
    pub(crate) algorithms: String,
}

pub(crate) fn new_page(visit: &Visit, context: NewPage) -> Page {
    let back = with_next(&format!("{}/account/factors", context.base), next_of(&context.next));
    visit.page("accounts/passkey.html", "passkey").with(context).back(back)
}

impl Accounts {
    fn rp_id(&self) -> &str {
        let authority = self.0.origin.authority();
        authority.rsplit_once(':').map_or(authority, |(host, _)| host)
    }

    pub(crate) fn ask_passkey(&self, visit: &Visit, purpose: &Purpose, known: &[passkeys::Passkey]) -> Ask {
        Ask {
            challenge: self.challenge(visit, purpose),
            rp: self.rp_id().to_owned(),
            known: known.iter().map(|p| p.id.as_str()).collect::<Vec<_>>().join(" "),
            script: script_path(),
        }
    }

    fn expected(&self, user_verified: bool) -> Expected<'_> {
        Expected { origin: self.0.origin.as_str(), rp_id: self.rp_id(), user_verified }
    }

    /// Whose passkey it is, when everything holds. `owner`: it must be theirs; without one, the passkey says who signs in,
    /// and its authenticator must have checked its user. Why something does not hold is in the log.
    pub(crate) async fn check_passkey(
        &self,
        visit: &Visit,
        purpose: &Purpose,
        form: &AssertionForm,
        owner: Option<&Account>,
    ) -> Result<Option<Account>, Fault> {
        match self.judge_passkey(visit, purpose, form, owner).await? {
            Ok(account) => Ok(Some(account)),
            Err(why) => {
                tracing::info!(receipt = %visit.receipt(), why, "a passkey was not taken");
                Ok(None)
            }
        }
    }

    async fn judge_passkey(
        &self,
        visit: &Visit,
        purpose: &Purpose,
        form: &AssertionForm,
        owner: Option<&Account>,
    ) -> Result<Result<Account, String>, Fault> {
        let no = |why: &str| Ok(Err(why.to_owned()));
        let fields = [&form.client_data, &form.authenticator_data, &form.signature].map(|f| b64url_decode(f));
        let [Some(client_data), Some(authenticator_data), Some(signature)] = fields else {
            return no("a field is no base64url");
        };
        let challenge = match webauthn::challenge_of(&client_data) {
            Ok(challenge) => challenge,
            Err(e) => return no(&e.to_string()),
        };
        let Some(used) = self.check_challenge(visit, purpose, &challenge) else {
            return no("the challenge is none of this page's, or has run out");
        };
        let id = form.credential.clone();
        let found = self.db().read(move |tx| {
            let Some(passkey) = passkeys::get(tx, &id)? else { return Ok(None) };
            let account = accounts::get(tx, &passkey.account)?.filter(|a| a.disabled.is_none());
            Ok::<_, store::Error>(account.map(|account| (passkey, account)))
        });
        let Some((passkey, account)) = found.await? else { return no("nobody has this passkey") };
        if owner.is_some_and(|owner| owner.id != account.id) {
            return no("it is somebody else's passkey");
        }
        // A passkey that says by itself whose it is must say so truly (section 7.2 step 6).
        let handle = b64url(account.id.as_bytes());
        if form.user_handle != handle && (owner.is_none() || !form.user_handle.is_empty()) {
            return no("the user handle is another account's");
        }
        let asserted = match webauthn::assert(
            &client_data,
            &authenticator_data,
            &signature,
            &passkey.public_key,
            &self.expected(owner.is_none()),
        ) {
            Ok(asserted) => asserted,
            Err(e) => return no(&e.to_string()),
        };
        let now = self.now();
        let taken = self.db().write(move |tx| {
            if !used.take(tx)? {
                return Ok(Err("the challenge was answered before"));
            }
            if !passkeys::used(tx, &passkey.id, asserted.sign_count.into(), now)? {
                return Ok(Err("its count did not grow: it may be a copy"));
            }
            Ok::<_, store::Error>(Ok(()))
        });
        Ok(taken.await?.map(|()| account).map_err(str::to_owned))
    }

    async fn passkey_page(&self, visit: &Visit, me: &SignedIn, next: &str, name: &str) -> Result<Page, Fault> {
        let id = me.account.id.clone();
        let known = self.db().read(move |tx| passkeys::list(tx, &id)).await?;
        let context = NewPage {
            base: me.realm.base(),
            next: next.to_owned(),
            name: name.to_owned(),
            ask: self.ask_passkey(visit, &Purpose::Add(me.session.as_str().to_owned()), &known),
            user_id: me.account.id.clone(),
            user_name: me.account.email.as_str().to_owned(),
            user_display: me.account.name.clone(),
            algorithms: ALGORITHMS.map(|a| a.to_string()).join(" "),
        };
        Ok(new_page(visit, context))
    }

    pub(crate) async fn passkey(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        match self.fresh_person(&visit, realm, "/account/passkeys").await? {
            Ok(me) => Ok(self.passkey_page(&visit, &me, &next(&visit).unwrap_or_default(), "").await?.respond()),
            Err(elsewhere) => Ok(elsewhere),
        }
    }

    pub(crate) async fn passkey_post(
        &self,
        realm: Realm,
        visit: Visit,
        headers: HeaderMap,
        Form(form): Form<NewForm>,
    ) -> Result<Response, Fault> {
        let me = match self.fresh_person(&visit, realm, "/account/passkeys").await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let made = self.judge_new_passkey(&visit, &me, &form).await?;
        let passkey = match made {
            Ok(passkey) => passkey,
            Err(why) => {
                tracing::info!(receipt = %visit.receipt(), why, "a new passkey was not taken");
                let page = self.passkey_page(&visit, &me, &form.next, &form.name).await?;
                let page = page.at(with_next(&realm.path("/account/passkeys"), next_of(&form.next)));
                let error = wrong(&visit, "name", "acc-error-new-passkey")?;
                return Ok(refuse(page, error, StatusCode::UNPROCESSABLE_ENTITY));
            }
        };
        self.factor_added(&visit, &headers, &me, "passkey-on", next_of(&form.next), move |tx| {
            passkeys::insert(tx, &passkey)
        })
        .await
    }

    async fn judge_new_passkey(
        &self,
        visit: &Visit,
        me: &SignedIn,
        form: &NewForm,
    ) -> Result<Result<passkeys::Passkey, String>, Fault> {
        let no = |why: &str| Ok(Err(why.to_owned()));
        let fields = [&form.client_data, &form.attestation].map(|f| b64url_decode(f));
        let [Some(client_data), Some(attestation)] = fields else { return no("a field is no base64url") };
        let challenge = match webauthn::challenge_of(&client_data) {
            Ok(challenge) => challenge,
            Err(e) => return no(&e.to_string()),
        };
        let purpose = Purpose::Add(me.session.as_str().to_owned());
        let Some(used) = self.check_challenge(visit, &purpose, &challenge) else {
            return no("the challenge is none of this page's, or has run out");
        };
        // Always with the user checked: so one passkey is enough at sign-in.
        let made = match webauthn::register(&client_data, &attestation, &self.expected(true)) {
            Ok(made) => made,
            Err(e) => return no(&e.to_string()),
        };
        let (id, account) = (made.id.clone(), me.account.id.clone());
        let taken = self.db().write(move |tx| {
            if !used.take(tx)? {
                return Ok(Err("the challenge was answered before"));
            }
            if passkeys::get(tx, &id)?.is_some() {
                return Ok(Err("this passkey is known already"));
            }
            if passkeys::count(tx, &account)? >= MOST {
                return Ok(Err("too many passkeys"));
            }
            Ok::<_, store::Error>(Ok(()))
        });
        if let Err(why) = taken.await? {
            return no(why);
        }
        let now = self.now();
        let name = crate::account::name(&form.name);
        let name = match name {
            Some(name) => name,
            None => visit.text("acc-passkey-unnamed", &[])?,
        };
        Ok(Ok(passkeys::Passkey {
            id: made.id,
            account: me.account.id.clone(),
            name,
            public_key: made.public_key,
            sign_count: made.sign_count.into(),
            created: now,
            used: None,
        }))
    }

    pub(crate) async fn passkey_remove(
        &self,
        realm: Realm,
        visit: Visit,
        Form(form): Form<RemoveForm>,
    ) -> Result<Response, Fault> {
        self.factor_removed(&visit, realm, "passkey-off", move |tx, account| passkeys::end(tx, account, &form.id)).await
    }

    /// A factor was added, by `add` (`false`: it was there already): the session is new and as sure as it now can be, the
    /// owner is told, and whoever has no recovery codes gets some.
    pub(crate) async fn factor_added<F>(
        &self,
        visit: &Visit,
        headers: &HeaderMap,
        me: &SignedIn,
        what: &'static str,
        next: Option<&str>,
        add: F,
    ) -> Result<Response, Fault>
    where
        F: FnOnce(&mut store::Tx<'_>) -> store::Result<bool> + Send + 'static,
    {
        let needed = self.recovery_left(&me.account.id).await? == 0;
        let codes = if needed { Some(self.fresh_codes(&me.account)?) } else { None };
        let (kit, account) = (self.clone(), me.account.clone());
        let add = move |tx: &mut store::Tx<'_>| {
            if add(tx)? {
                if let Some(codes) = &codes {
                    codes.keep(tx)?;
                }
                accounts::factors_changed(tx, &account.id)?;
                kit.tell_owner(tx, &account, what)?;
            }
            Ok(())
        };
        self.begin_session(visit, headers, &me.account, Some(me.level.max(Level::TwoFactors)), add).await?;
        let page = if needed { "/account/recovery" } else { "/account" };
        Ok(visit.redirect(&with_next(&me.realm.path(page), next)))
    }

    /// Removes a factor by `remove` (`false`: there was none). Staff keep their last one.
    pub(crate) async fn factor_removed<F>(
        &self,
        visit: &Visit,
        realm: Realm,
        what: &'static str,
        remove: F,
    ) -> Result<Response, Fault>
    where
        F: FnOnce(&mut store::Tx<'_>, &str) -> store::Result<bool> + Send + 'static,
    {
        let me = match self.fresh_person(visit, realm, "/account/factors").await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let (kit, account) = (self.clone(), me.account.clone());
        let removed = self.db().write(move |tx| {
            if !remove(tx, &account.id)? {
                return Ok(());
            }
            let left = factors::totp(tx, &account.id)?.is_some() || passkeys::count(tx, &account.id)? > 0;
            if !left && realm == Realm::Staff {
                // Rolls the removal back.
                return Err(store::Error::Refused(LAST.to_owned()));
            }
            if !left {
                factors::end_codes(tx, &account.id)?;
            }
            accounts::factors_changed(tx, &account.id)?;
            kit.tell_owner(tx, &account, what)
        });
        match removed.await {
            Ok(()) => Ok(visit.redirect(&realm.path("/account/factors?done=removed"))),
            Err(store::Error::Refused(why)) if why == LAST => {
                Ok(visit.redirect(&realm.path("/account/factors?done=last")))
            }
            Err(e) => Err(e.into()),
        }
    }
}

const LAST: &str = "the last second factor of a member of staff";
