//! `/account/factors`, `/account/totp`, `/account/recovery`: what one signs in with besides the password.

use axum::response::Response;
use base::codec::{hmac_sha256, sha256};
use base::{Secret, Timestamp};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Page, Visit};

use super::sign_in::NoFields;
use super::{next, next_of, refuse, wrong};
use crate::session::{SignedIn, with_next};
use crate::store::{factors, passkeys};
use crate::totp::{self, Key, SECRET};
use crate::{Account, Accounts, Realm, recovery};

/// How long new recovery codes can be looked at.
const SHOWN: std::time::Duration = std::time::Duration::from_secs(30 * 60);
const FRESH: &str = "account_fresh_codes.sealed";

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TotpForm {
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DoneForm {
    #[serde(default)]
    next: String,
}

/// A passkey as a line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PasskeyLine {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) used: Option<Timestamp>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct FactorsPage {
    pub(crate) base: &'static str,
    pub(crate) next: String,
    /// `next` as a query.
    pub(crate) query: String,
    /// Staff without a factor: nothing else works before one is set up.
    pub(crate) must: bool,
    pub(crate) staff: bool,
    pub(crate) home: String,
    pub(crate) totp: bool,
    pub(crate) passkeys: Vec<PasskeyLine>,
    pub(crate) codes: i64,
    pub(crate) done: Option<String>,
}

pub(crate) fn factors_page(visit: &Visit, context: FactorsPage) -> Page {
    let back = (!context.must).then(|| format!("{}/account", context.base));
    let page = visit.page("accounts/factors.html", "factors").with(context);
    match back {
        Some(back) => page.back(back),
        None => page,
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct TotpPage {
    pub(crate) base: &'static str,
    pub(crate) next: String,
    /// In groups of four, as people type it.
    pub(crate) secret: String,
    pub(crate) uri: String,
    /// An SVG of ours.
    pub(crate) qr: Option<String>,
}

pub(crate) fn totp_page(visit: &Visit, context: TotpPage) -> Page {
    let back = with_next(&format!("{}/account/factors", context.base), next_of(&context.next));
    visit.page("accounts/totp.html", "totp").with(context).back(back)
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct RecoveryPage {
    pub(crate) base: &'static str,
    pub(crate) next: String,
    /// New codes, until their owner says that they are kept.
    pub(crate) fresh: Vec<String>,
    pub(crate) left: i64,
    pub(crate) factors: bool,
}

pub(crate) fn recovery_page(visit: &Visit, context: RecoveryPage) -> Page {
    visit.page("accounts/recovery.html", "recovery").with(context)
}

/// Recovery codes about to be kept: as hashes for good, and sealed for half an hour, so that the page that shows them can be
/// opened again.
#[derive(Clone, Debug)]
pub(crate) struct FreshCodes {
    account: String,
    hashes: Vec<String>,
    sealed: Vec<u8>,
    until: Timestamp,
}

impl FreshCodes {
    pub(crate) fn keep(&self, tx: &mut store::Tx<'_>) -> store::Result<()> {
        factors::set_codes(tx, &self.account, &self.hashes)?;
        factors::set_fresh(tx, &self.account, &self.sealed, self.until)
    }
}

impl Accounts {
    pub(crate) async fn passkey_lines(&self, account: &str) -> store::Result<Vec<PasskeyLine>> {
        let id = account.to_owned();
        let list = self.db().read(move |tx| passkeys::list(tx, &id)).await?;
        Ok(list.into_iter().map(|p| PasskeyLine { id: p.id, name: p.name, created: p.created, used: p.used }).collect())
    }

    pub(crate) async fn factors(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        let me = match self.person(&visit, realm).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let next = next(&visit);
        let context = FactorsPage {
            base: realm.base(),
            query: with_next("", next.as_deref()),
            next: next.unwrap_or_default(),
            must: me.must_set_up(),
            staff: realm == Realm::Staff,
            home: self.0.settings.home(realm).to_owned(),
            totp: self.second_factors(&me.account.id).await?.totp,
            passkeys: self.passkey_lines(&me.account.id).await?,
            codes: self.recovery_left(&me.account.id).await?,
            done: visit.query("done").filter(|d| ["removed", "last"].contains(&d.as_str())),
        };
        Ok(factors_page(&visit, context).respond())
    }

    /// The secret that this session is offered: the same whenever its page is opened, without a row anywhere, and another
    /// one after a factor has come or gone.
    fn offered_totp(&self, me: &SignedIn) -> Key {
        let what = format!("{}\n{}\n{}", me.session.as_str(), me.account.id, me.account.factors);
        let seed = self.0.sealer.blind_index("accounts.totp-offer", what.as_bytes());
        let mut key = [0u8; SECRET];
        key.copy_from_slice(&hmac_sha256(&sha256(seed.as_bytes()), b"totp")[..SECRET]);
        Secret::new(key)
    }

    fn totp_set_up_page(&self, visit: &Visit, me: &SignedIn, next: &str) -> Result<Page, Fault> {
        let key = self.offered_totp(me);
        let issuer = visit.text("service-name", &[])?;
        let uri = totp::uri(&key, &issuer, me.account.email.as_str());
        let secret = totp::base32(key.expose());
        let groups: Vec<String> =
            secret.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        let label = visit.text("acc-totp-qr", &[])?;
        let context = TotpPage {
            base: me.realm.base(),
            next: next.to_owned(),
            secret: groups.join(" "),
            qr: self.0.settings.qr.and_then(|qr| qr(&uri, &label)),
            uri,
        };
        Ok(totp_page(visit, context))
    }

    pub(crate) async fn totp(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        let me = match self.fresh_person(&visit, realm, "/account/totp").await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        if self.second_factors(&me.account.id).await?.totp {
            return Ok(visit.redirect(&realm.path("/account/factors")));
        }
        Ok(self.totp_set_up_page(&visit, &me, &next(&visit).unwrap_or_default())?.respond())
    }

    pub(crate) async fn totp_post(
        &self,
        realm: Realm,
        visit: Visit,
        headers: HeaderMap,
        Form(form): Form<TotpForm>,
    ) -> Result<Response, Fault> {
        let me = match self.fresh_person(&visit, realm, "/account/totp").await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let page = || {
            let page = self.totp_set_up_page(&visit, &me, &form.next)?;
            Ok::<_, Fault>(page.at(with_next(&realm.path("/account/totp"), next_of(&form.next))))
        };
        if !self.take_second(&me.account.id).await? {
            return Ok(refuse(page()?, wrong(&visit, "code", "acc-error-too-often")?, StatusCode::TOO_MANY_REQUESTS));
        }
        let key = self.offered_totp(&me);
        let now = self.now();
        let Some(step) = totp::check(&key, &form.code, now) else {
            return Ok(refuse(page()?, wrong(&visit, "code", "acc-error-code")?, StatusCode::UNPROCESSABLE_ENTITY));
        };
        let sealed = self.0.sealer.seal("account_totp.sealed", key.expose())?;
        let id = me.account.id.clone();
        // The code just typed is used up: it does not also sign somebody in.
        self.factor_added(&visit, &headers, &me, "totp-on", next_of(&form.next), move |tx| {
            Self::second_succeeded(tx, &id)?;
            factors::set_totp(tx, &id, &sealed, step, now)
        })
        .await
    }

    pub(crate) async fn totp_remove(&self, realm: Realm, visit: Visit, _: Form<NoFields>) -> Result<Response, Fault> {
        self.factor_removed(&visit, realm, "totp-off", factors::end_totp).await
    }

    pub(crate) async fn recovery_left(&self, account: &str) -> store::Result<i64> {
        let id = account.to_owned();
        self.db().read(move |tx| factors::codes_left(tx, &id)).await
    }

    /// New codes, to be kept in place of the old ones.
    pub(crate) fn fresh_codes(&self, account: &Account) -> Result<FreshCodes, Fault> {
        let codes: Vec<String> = (0..recovery::CODES).map(|_| recovery::fresh(self.rng())).collect();
        let hashes = codes
            .iter()
            .filter_map(|code| recovery::plain(code))
            .map(|plain| self.recovery_hash(&account.id, &plain))
            .collect();
        let sealed = self.0.sealer.seal(FRESH, &serde_json::to_vec(&codes)?)?;
        Ok(FreshCodes { account: account.id.clone(), hashes, sealed, until: self.now().plus(SHOWN) })
    }

    pub(crate) async fn recovery(&self, realm: Realm, visit: Visit) -> Result<Response, Fault> {
        let me = match self.fresh_person(&visit, realm, "/account/recovery").await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let (id, now) = (me.account.id.clone(), self.now());
        let sealed = self.db().read(move |tx| factors::fresh(tx, &id, now)).await?;
        let fresh = match sealed {
            Some(sealed) => serde_json::from_slice(&self.0.sealer.open(FRESH, &sealed)?)?,
            None => Vec::new(),
        };
        let context = RecoveryPage {
            base: realm.base(),
            next: next(&visit).unwrap_or_default(),
            fresh,
            left: self.recovery_left(&me.account.id).await?,
            factors: self.second_factors(&me.account.id).await?.any(),
        };
        Ok(recovery_page(&visit, context).respond())
    }

    pub(crate) async fn recovery_post(&self, realm: Realm, visit: Visit, _: Form<NoFields>) -> Result<Response, Fault> {
        let me = match self.fresh_person(&visit, realm, "/account/recovery").await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        if self.second_factors(&me.account.id).await?.any() {
            let (kit, account, codes) = (self.clone(), me.account.clone(), self.fresh_codes(&me.account)?);
            self.db()
                .write(move |tx| {
                    codes.keep(tx)?;
                    kit.tell_owner(tx, &account, "recovery-new")
                })
                .await?;
        }
        Ok(visit.redirect(&realm.path("/account/recovery")))
    }

    pub(crate) async fn recovery_done(
        &self,
        realm: Realm,
        visit: Visit,
        Form(form): Form<DoneForm>,
    ) -> Result<Response, Fault> {
        let me = match self.person(&visit, realm).await? {
            Ok(me) => me,
            Err(elsewhere) => return Ok(elsewhere),
        };
        let id = me.account.id.clone();
        self.db().write(move |tx| factors::end_fresh(tx, &id)).await?;
        Ok(self.onward(&visit, &me.account, me.level, next_of(&form.next)))
    }
}
