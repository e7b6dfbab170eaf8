//! The life of a linkage, apart from HTTP: link, withdraw, end, expire.
//!
//! `offered → active | cancelled`, `active → ended`. Nothing ever leads back.

use std::time::Duration;

use base::Timestamp;
use base::codec::sha256_b64url;
use jose::jws;
use serde_json::json;
use store::{Tx, jobs};
use web::Fault;

use super::subject::{Confirmation, Expected};
use super::{AccountId, CONFIRMATION_TYP, Kit, NewLink, SubjectToken};
use crate::store::linkages::{self, Activation, Conflict, Linkage, Offer, State};
use crate::store::sessions;

/// How long an offer stands: a citizen who closes the window at ⑥ has no link.
pub const OFFER_LIFE: Duration = Duration::from_secs(15 * 60);
/// Largest ⑤ and ⑥.
pub(crate) const MAX_MESSAGE: usize = oauth::rar::MAX_MESSAGE;
/// How much earlier than the subject token a sign-in may seem to be: whole seconds and two clocks.
const SIGN_IN_LEEWAY: Duration = Duration::from_secs(60);

const MESSAGE: &str = "linkages.message";
const REPLY: &str = "linkages.reply";

/// Kind of the job that tells the portal that a link has ended.
pub(crate) const ENDED_JOB: &str = "linkage-ended";

/// What the token of a `PUT` proves.
#[derive(Clone, Debug)]
pub(crate) struct LinkGrant {
    /// The linkages it names.
    pub(crate) linkage_ids: Vec<String>,
    /// Who signed in and allowed it.
    pub(crate) account: AccountId,
    /// `sub` of the ID Token that came with it.
    pub(crate) account_sub: String,
    /// When they signed in.
    pub(crate) auth_time: Timestamp,
    /// Whether a foreign server gave it: then permission was given there, and there is no offer here.
    pub(crate) foreign: bool,
}

/// A link that was made, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The linkage.
    pub linkage_id: String,
    /// Since when.
    pub linked_at: Timestamp,
    /// The signed confirmation.
    pub confirmation: String,
    /// ⑥
    pub reply: Option<String>,
}

/// Why a link was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// That mailbox is linked with another portal account, or that portal account with another mailbox.
    Conflict,
    /// Cancelled, expired or ended.
    Closed,
    /// The token is of another linkage, or of another sign-in.
    OtherLinkage,
    /// The subject token does not hold; why.
    SubjectToken(String),
    /// Not now; why.
    Unavailable(String),
}

/// How a withdrawal or an ending went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The portal asked for it and needs no message.
    Portal,
    /// The citizen or this service; the portal is told.
    Us,
}

/// Errors of the linking transaction.
enum Refused {
    Store(store::Error),
    Lost,
}

impl From<store::Error> for Refused {
    fn from(e: store::Error) -> Self {
        Self::Store(e)
    }
}

impl Kit {
    /// Makes the link (W5). The same again when repeated with the same subject token.
    pub(crate) async fn link(
        &self,
        id: &str,
        grant: &LinkGrant,
        subject_token: &str,
        message: Option<&str>,
    ) -> Result<Result<Linked, LinkRefusal>, Fault> {
        if !grant.linkage_ids.iter().any(|i| i == id) {
            return Ok(Err(LinkRefusal::OtherLinkage));
        }
        let hash = sha256_b64url(subject_token);
        // The second time round tells what somebody else made of it in between.
        for _ in 0..3 {
            let now = self.now();
            let (portal, key) = (self.portal_issuer().to_owned(), id.to_owned());
            let known = self.db().read(move |tx| linkages::get(tx, &portal, &key)).await?;
            match known.as_ref().map(|l| l.state_at(now)) {
                Some(State::Active) => return self.linked_before(known, grant, &hash),
                Some(State::Cancelled | State::Ended) => return Ok(Err(LinkRefusal::Closed)),
                None if !grant.foreign => return Ok(Err(LinkRefusal::Closed)),
                Some(State::Offered) | None => {}
            }
            if let Some(l) = &known {
                if l.account.as_deref() != Some(grant.account.as_str()) {
                    return Ok(Err(LinkRefusal::OtherLinkage));
                }
                if l.subject_token_hash.as_deref() != Some(&hash) {
                    let why = "subject_token: it is not the one that the citizen's permission was given for";
                    return Ok(Err(LinkRefusal::SubjectToken(why.to_owned())));
                }
            }
            let token = match self.check_subject(id, subject_token, grant, now).await {
                Ok(token) => token,
                Err(refused) => return Ok(Err(refused)),
            };
            match self.activate(grant, &token, &hash, message, now).await? {
                Ok(Some(linked)) => return Ok(Ok(linked)),
                Ok(None) => {}
                Err(refused) => return Ok(Err(refused)),
            }
        }
        Ok(Err(LinkRefusal::Unavailable("somebody else is changing this linkage; try again".to_owned())))
    }

    fn linked_before(
        &self,
        known: Option<Linkage>,
        grant: &LinkGrant,
        hash: &str,
    ) -> Result<Result<Linked, LinkRefusal>, Fault> {
        let Some(l) = known else { return Ok(Err(LinkRefusal::Closed)) };
        if l.account.as_deref() != Some(grant.account.as_str()) {
            return Ok(Err(LinkRefusal::OtherLinkage));
        }
        if l.subject_token_hash.as_deref() != Some(hash) {
            let why = "subject_token: the link was made with another one";
            return Ok(Err(LinkRefusal::SubjectToken(why.to_owned())));
        }
        let reply = self.reply(&l)?;
        match (l.linked, l.confirmation) {
            (Some(linked_at), Some(confirmation)) => {
                Ok(Ok(Linked { linkage_id: l.id, linked_at, confirmation, reply }))
            }
            _ => Err(Fault::new("an active linkage has no confirmation")),
        }
    }

    async fn check_subject(
        &self,
        id: &str,
        text: &str,
        grant: &LinkGrant,
        now: Timestamp,
    ) -> Result<SubjectToken, LinkRefusal> {
        let keys = self
            .0
            .keys
            .of(text)
            .await
            .map_err(|e| LinkRefusal::Unavailable(format!("the portal's keys can't be fetched: {e}")))?;
        let expect = Expected { portal: self.portal_issuer(), issuer: &self.0.issuer, linkage_id: id, now };
        let token = SubjectToken::check(text, &keys, &expect).map_err(|e| LinkRefusal::SubjectToken(e.to_string()))?;
        // A sign-in from before the hand-over proves nothing about who sits there now.
        if grant.auth_time.plus(SIGN_IN_LEEWAY) < Timestamp::from_secs(token.iat) {
            return Err(LinkRefusal::SubjectToken(
                "subject_token: it is younger than the sign-in (auth_time)".to_owned(),
            ));
        }
        Ok(token)
    }

    /// One try to write the link; `None` when the row changed meanwhile.
    async fn activate(
        &self,
        grant: &LinkGrant,
        token: &SubjectToken,
        hash: &str,
        message: Option<&str>,
        now: Timestamp,
    ) -> Result<Result<Option<Linked>, LinkRefusal>, Fault> {
        let portal = self.portal_issuer().to_owned();
        let (account, subject) = (grant.account.0.clone(), token.sub.clone());
        let (p, a, s) = (portal.clone(), account.clone(), subject.clone());
        if self.db().read(move |tx| linkages::conflict(tx, &p, &a, &s)).await? == Conflict::Other {
            return Ok(Err(LinkRefusal::Conflict));
        }
        let link = NewLink {
            linkage_id: token.linkage_id.clone(),
            account: grant.account.clone(),
            subject: subject.clone(),
            display: token.display.clone(),
            message: message.map(str::to_owned),
        };
        let reply = match self.0.accounts.linked(&link).await {
            Ok(reply) if reply.as_ref().is_some_and(|r| r.len() > MAX_MESSAGE) => {
                return Err(Fault::new("the operator's reply is longer than 4 KiB"));
            }
            Ok(reply) => reply,
            Err(fault) => {
                tracing::error!(details = fault.details(), "the operator refused a link for now");
                return Ok(Err(LinkRefusal::Unavailable("the delivery service can't link just now".to_owned())));
            }
        };
        let confirmation = Confirmation {
            iss: self.0.issuer.clone(),
            aud: portal.clone(),
            linkage_id: token.linkage_id.clone(),
            nonce: token.nonce.clone(),
            sub: subject.clone(),
            account: grant.account_sub.clone(),
            auth_time: grant.auth_time.secs(),
            linked_at: now.secs(),
            subject_token_hash: hash.to_owned(),
            jti: self.0.parts.rng.token(),
            iat: now.secs(),
        };
        let confirmation = jws::sign(self.provider().signing_key(), CONFIRMATION_TYP, &confirmation)?;
        let seal =
            |column, text: Option<&str>| text.map(|t| self.0.parts.sealer.seal(column, t.as_bytes())).transpose();
        let activation = Activation {
            message: seal(MESSAGE, message)?,
            reply: seal(REPLY, reply.as_deref())?,
            confirmation: confirmation.clone(),
        };
        let offer = grant.foreign.then(|| Offer {
            id: token.linkage_id.clone(),
            portal: portal.clone(),
            account: account.clone(),
            account_sub: grant.account_sub.clone(),
            subject: subject.clone(),
            display: token.display.clone(),
            nonce: token.nonce.clone(),
            subject_token_hash: hash.to_owned(),
            request: String::new(),
            auth_time: grant.auth_time,
            expires: now.plus(OFFER_LIFE),
        });
        let (id, hash) = (token.linkage_id.clone(), hash.to_owned());
        let kit = self.clone();
        let written = self
            .db()
            .write(move |tx| {
                let mut replaced = None;
                if let Conflict::Same(old) = linkages::conflict(tx, &portal, &account, &subject)? {
                    // The portal lost that one, or it would not ask anew; the new one takes its place.
                    kit.end_in(tx, &old, By::Us, now)?;
                    replaced = Some(old);
                }
                if let Some(offer) = &offer
                    && !linkages::offer(tx, offer, now)?
                {
                    return Err(Refused::Lost);
                }
                if linkages::activate(tx, &portal, &id, &account, &hash, &activation, now)? {
                    Ok(replaced)
                } else {
                    Err(Refused::Lost)
                }
            })
            .await;
        match written {
            Ok(replaced) => {
                if let Some(old) = replaced {
                    self.tell_operator(&old).await;
                }
                Ok(Ok(Some(Linked { linkage_id: token.linkage_id.clone(), linked_at: now, confirmation, reply })))
            }
            Err(Refused::Lost) => Ok(Ok(None)),
            Err(Refused::Store(store::Error::Unique(_))) => Ok(Err(LinkRefusal::Conflict)),
            Err(Refused::Store(e)) => Err(e.into()),
        }
    }

    /// ⑥ of a linkage.
    pub(crate) fn reply(&self, l: &Linkage) -> Result<Option<String>, Fault> {
        let Some(sealed) = &l.reply else { return Ok(None) };
        Ok(Some(String::from_utf8(self.0.parts.sealer.open(REPLY, sealed)?)?))
    }

    /// Ends a link in the transaction of its reason; `false` when it was none.
    pub(crate) fn end_in(&self, tx: &mut Tx<'_>, id: &str, by: By, now: Timestamp) -> store::Result<bool> {
        let portal = self.portal_issuer();
        let Some(l) = linkages::get(tx, portal, id)? else { return Ok(false) };
        if !linkages::end(tx, portal, id, now)? {
            return Ok(false);
        }
        if by == By::Us {
            let payload = json!({
                "linkage_id": id, "subject": l.subject, "jti": self.0.parts.rng.token(), "iat": now.secs(),
            });
            jobs::add(tx, ENDED_JOB, &payload.to_string(), now, &self.0.parts.rng)?;
        }
        Ok(true)
    }

    /// Withdraws or ends, whatever it is; an unknown one is refused for good. `Ok(true)` when it was a link.
    pub(crate) fn close_in(&self, tx: &mut Tx<'_>, id: &str, by: By, now: Timestamp) -> store::Result<bool> {
        let portal = self.portal_issuer();
        if linkages::get(tx, portal, id)?.is_none() {
            linkages::tombstone(tx, portal, id, now)?;
            return Ok(false);
        }
        linkages::cancel(tx, portal, id, now)?;
        let ended = self.end_in(tx, id, by, now)?;
        // Not in `end_in`: a link that takes the place of another of the same two needs its token again
        // when the portal repeats its call.
        if ended && let Some(account) = linkages::get(tx, portal, id)?.and_then(|l| l.account) {
            self.provider().revoke_grants(tx, &account, &self.0.config.portal.client_id)?;
        }
        Ok(ended)
    }

    /// Withdraws or ends a linkage, and tells the operator when it was a link.
    pub(crate) async fn close(&self, id: &str, by: By) -> Result<(), Fault> {
        let now = self.now();
        let (kit, key) = (self.clone(), id.to_owned());
        let ended = self.db().write(move |tx| kit.close_in(tx, &key, by, now)).await?;
        if ended {
            self.tell_operator(id).await;
        }
        Ok(())
    }

    /// Tells the operator that a link has ended.
    pub(crate) async fn tell_operator(&self, id: &str) {
        let (portal, key) = (self.portal_issuer().to_owned(), id.to_owned());
        let account = self.db().read(move |tx| linkages::get(tx, &portal, &key)).await;
        let Ok(Some(Linkage { account: Some(account), .. })) = account else { return };
        if let Err(fault) = self.0.accounts.unlinked(id, &AccountId(account)).await {
            tracing::error!(details = fault.details(), "the operator could not take note of an ended link");
        }
    }

    /// The active linkage of an account: for the operator's own pages.
    ///
    /// # Errors
    /// The database.
    pub async fn linkage_of(&self, account: &AccountId) -> Result<Option<ActiveLinkage>, Fault> {
        let (portal, account) = (self.portal_issuer().to_owned(), account.0.clone());
        let found = self.db().read(move |tx| linkages::of_account(tx, &portal, &account)).await?;
        Ok(found
            .and_then(|l| Some(ActiveLinkage { id: l.id, display: l.display.unwrap_or_default(), since: l.linked? })))
    }

    /// Ends the link of an account; the portal is told by a job.
    ///
    /// # Errors
    /// The database.
    pub async fn unlink(&self, account: &AccountId) -> Result<bool, Fault> {
        let Some(linkage) = self.linkage_of(account).await? else { return Ok(false) };
        self.close(&linkage.id, By::Us).await?;
        Ok(true)
    }

    /// Whose mailbox a portal subject is linked with.
    pub(crate) async fn account_of_subject(&self, subject: &str) -> Result<Option<AccountId>, Fault> {
        let (portal, subject) = (self.portal_issuer().to_owned(), subject.to_owned());
        let found = self.db().read(move |tx| linkages::of_subject(tx, &portal, &subject)).await?;
        Ok(found.and_then(|l| l.account).map(AccountId))
    }

    /// The pairwise `sub` of an account for the portal.
    ///
    /// # Errors
    /// The database.
    pub async fn subject_of(&self, account: &AccountId) -> Result<String, Fault> {
        let (account, client) = (account.0.clone(), self.0.config.portal.client_id.clone());
        let fresh = self.provider().new_subject();
        Ok(self.db().write(move |tx| sessions::subject(tx, &account, &client, &fresh)).await?)
    }
}

/// A link as the account's own pages show it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ActiveLinkage {
    /// The portal's id of it.
    pub id: String,
    /// Masked name at the portal.
    pub display: String,
    /// Since when.
    pub since: Timestamp,
}
