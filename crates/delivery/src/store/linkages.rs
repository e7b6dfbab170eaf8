//! Linkages: `offered → active | cancelled`, `active → ended`.
//!
//! Every change is one statement that names the state it starts from, so that whoever comes second
//! changes nothing. An offer past its time counts as cancelled before any sweep has touched it.

use base::Timestamp;
use store::{Error, Result, Row, Tx, params};

store::statements! {
    GET = "SELECT id, state, account, account_sub, subject, display, nonce, subject_token_hash, request, auth_time,
            message, reply, confirmation, expires_at, linked_at, ended_at
        FROM linkages WHERE id = $1 AND portal = $2";
    LIST = "SELECT id, state, account, account_sub, subject, display, nonce, subject_token_hash, request, auth_time,
            message, reply, confirmation, expires_at, linked_at, ended_at
        FROM linkages WHERE portal = $1 AND id > $2 ORDER BY id LIMIT $3";
    OF_ACCOUNT = "SELECT id, state, account, account_sub, subject, display, nonce, subject_token_hash, request, auth_time,
            message, reply, confirmation, expires_at, linked_at, ended_at
        FROM linkages WHERE portal = $1 AND account = $2 AND state = 'active'";
    OF_SUBJECT = "SELECT id, state, account, account_sub, subject, display, nonce, subject_token_hash, request, auth_time,
            message, reply, confirmation, expires_at, linked_at, ended_at
        FROM linkages WHERE portal = $1 AND subject = $2 AND state = 'active'";
    // The same linkage may be offered again as long as it is only offered: the citizen went back at
    // the portal and comes with a new request, perhaps with another account. ids are the portal's to
    // choose, so another portal's row is never touched.
    OFFER = "INSERT INTO linkages (id, portal, state, account, account_sub, subject, display, nonce, subject_token_hash,
            request, auth_time, offered_at, expires_at, created_at)
        VALUES ($1, $2, 'offered', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11)
        ON CONFLICT (id) DO UPDATE SET account = $3, account_sub = $4, subject = $5, display = $6, nonce = $7,
            subject_token_hash = $8, request = $9, auth_time = $10, offered_at = $11, expires_at = $12
        WHERE linkages.portal = $2 AND linkages.state = 'offered' AND linkages.expires_at > $11";
    ACTIVATE = "UPDATE linkages SET state = 'active', linked_at = $3, message = $4, reply = $5, confirmation = $6
        WHERE id = $1 AND portal = $2 AND state = 'offered' AND expires_at > $3
            AND account = $7 AND subject_token_hash = $8";
    CANCEL = "UPDATE linkages SET state = 'cancelled', ended_at = $3 WHERE id = $1 AND portal = $2 AND state = 'offered'";
    END = "UPDATE linkages SET state = 'ended', ended_at = $3 WHERE id = $1 AND portal = $2 AND state = 'active'";
    TOMBSTONE = "INSERT INTO linkages (id, portal, state, ended_at, created_at) VALUES ($1, $2, 'cancelled', $3, $3)
        ON CONFLICT (id) DO NOTHING";
    EXPIRE = "UPDATE linkages SET state = 'cancelled', ended_at = $1 WHERE state = 'offered' AND expires_at <= $1";
}

/// The state of a linkage here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Allowed by its citizen; the portal has not confirmed it yet.
    Offered,
    /// Linked.
    Active,
    /// Never became a link: withdrawn, expired, or refused before it was seen.
    Cancelled,
    /// Was a link.
    Ended,
}

impl State {
    /// As stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Active => "active",
            Self::Cancelled => "cancelled",
            Self::Ended => "ended",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        [Self::Offered, Self::Active, Self::Cancelled, Self::Ended]
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| Error::inconsistent("linkages.state", "not a state"))
    }
}

/// A linkage. A tombstone of one that was cancelled before it came has an id and a state only.
#[derive(Clone, Debug)]
pub struct Linkage {
    /// The portal's id of it.
    pub id: String,
    /// State; see [`Linkage::state_at`].
    pub stored_state: State,
    /// The operator's id of the account.
    pub account: Option<String>,
    /// `sub` of the account for this portal.
    pub account_sub: Option<String>,
    /// The portal's pairwise subject.
    pub subject: Option<String>,
    /// Masked name at the portal.
    pub display: Option<String>,
    /// The subject token's nonce.
    pub nonce: Option<String>,
    /// base64url SHA-256 of the subject token.
    pub subject_token_hash: Option<String>,
    /// The pushed request it was allowed in.
    pub request: Option<String>,
    /// When the citizen signed in for it.
    pub auth_time: Option<Timestamp>,
    /// ⑤, sealed.
    pub message: Option<Vec<u8>>,
    /// ⑥, sealed.
    pub reply: Option<Vec<u8>>,
    /// The signed confirmation.
    pub confirmation: Option<String>,
    /// Until when the offer stands.
    pub expires: Option<Timestamp>,
    /// Since when it is a link.
    pub linked: Option<Timestamp>,
    /// When it was cancelled or ended.
    pub ended: Option<Timestamp>,
}

impl Linkage {
    /// The state at `now`: an offer past its time is cancelled.
    pub fn state_at(&self, now: Timestamp) -> State {
        match self.stored_state {
            State::Offered if self.expires.is_none_or(|e| e <= now) => State::Cancelled,
            state => state,
        }
    }
}

fn read(mut r: Row) -> Result<Linkage> {
    Ok(Linkage {
        id: r.text(0)?,
        stored_state: State::parse(&r.text(1)?)?,
        account: r.opt_text(2)?,
        account_sub: r.opt_text(3)?,
        subject: r.opt_text(4)?,
        display: r.opt_text(5)?,
        nonce: r.opt_text(6)?,
        subject_token_hash: r.opt_text(7)?,
        request: r.opt_text(8)?,
        auth_time: r.opt_time(9)?,
        message: r.opt_blob(10)?,
        reply: r.opt_blob(11)?,
        confirmation: r.opt_text(12)?,
        expires: r.opt_time(13)?,
        linked: r.opt_time(14)?,
        ended: r.opt_time(15)?,
    })
}

/// One linkage of a portal.
pub fn get(tx: &mut Tx<'_>, portal: &str, id: &str) -> Result<Option<Linkage>> {
    tx.query_opt(GET, &params![id, portal])?.map(read).transpose()
}

/// A portal's linkages after `after`, by id.
pub fn list(tx: &mut Tx<'_>, portal: &str, after: &str, limit: i64) -> Result<Vec<Linkage>> {
    tx.query(LIST, &params![portal, after, limit])?.into_iter().map(read).collect()
}

/// The active linkage of an account.
pub fn of_account(tx: &mut Tx<'_>, portal: &str, account: &str) -> Result<Option<Linkage>> {
    tx.query_opt(OF_ACCOUNT, &params![portal, account])?.map(read).transpose()
}

/// The active linkage of a portal subject.
pub fn of_subject(tx: &mut Tx<'_>, portal: &str, subject: &str) -> Result<Option<Linkage>> {
    tx.query_opt(OF_SUBJECT, &params![portal, subject])?.map(read).transpose()
}

/// What stands in the way of linking `account` with `subject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Nothing.
    None,
    /// These two are linked already, under this id: the portal lost it, and the new one takes its place.
    Same(String),
    /// One of them is linked with somebody else.
    Other,
}

/// Looks for a conflict.
pub fn conflict(tx: &mut Tx<'_>, portal: &str, account: &str, subject: &str) -> Result<Conflict> {
    let by_account = of_account(tx, portal, account)?;
    let by_subject = of_subject(tx, portal, subject)?;
    Ok(match (by_account, by_subject) {
        (None, None) => Conflict::None,
        (Some(a), Some(s)) if a.id == s.id => Conflict::Same(a.id),
        _ => Conflict::Other,
    })
}

/// What an offer holds.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The portal's id of the linkage.
    pub id: String,
    /// The portal.
    pub portal: String,
    /// The operator's id of the account.
    pub account: String,
    /// `sub` of the account for this portal.
    pub account_sub: String,
    /// The portal's pairwise subject.
    pub subject: String,
    /// Masked name at the portal.
    pub display: String,
    /// The subject token's nonce.
    pub nonce: String,
    /// base64url SHA-256 of the subject token.
    pub subject_token_hash: String,
    /// The pushed request it was allowed in.
    pub request: String,
    /// When the citizen signed in for it.
    pub auth_time: Timestamp,
    /// Until when the offer stands.
    pub expires: Timestamp,
}

/// Writes an offer; `false` when the linkage is past that.
pub fn offer(tx: &mut Tx<'_>, o: &Offer, now: Timestamp) -> Result<bool> {
    let p = params![
        &o.id,
        &o.portal,
        &o.account,
        &o.account_sub,
        &o.subject,
        &o.display,
        &o.nonce,
        &o.subject_token_hash,
        &o.request,
        o.auth_time,
        now,
        o.expires
    ];
    Ok(tx.execute(OFFER, &p)? == 1)
}

/// What an activation adds.
#[derive(Clone, Debug)]
pub struct Activation {
    /// ⑤, sealed.
    pub message: Option<Vec<u8>>,
    /// ⑥, sealed.
    pub reply: Option<Vec<u8>>,
    /// The signed confirmation.
    pub confirmation: String,
}

/// Makes an offer a link; `false` when it is no such offer any more. A uniqueness error is a conflict.
pub fn activate(
    tx: &mut Tx<'_>,
    portal: &str,
    id: &str,
    account: &str,
    token_hash: &str,
    a: &Activation,
    now: Timestamp,
) -> Result<bool> {
    let (message, reply) = (a.message.as_deref(), a.reply.as_deref());
    let p = params![id, portal, now, message, reply, &a.confirmation, account, token_hash];
    Ok(tx.execute(ACTIVATE, &p)? == 1)
}

/// Withdraws an offer.
pub fn cancel(tx: &mut Tx<'_>, portal: &str, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(CANCEL, &params![id, portal, now])? == 1)
}

/// Ends a link.
pub fn end(tx: &mut Tx<'_>, portal: &str, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(END, &params![id, portal, now])? == 1)
}

/// Refuses a linkage that has not come yet.
pub fn tombstone(tx: &mut Tx<'_>, portal: &str, id: &str, now: Timestamp) -> Result<()> {
    tx.execute(TOMBSTONE, &params![id, portal, now]).map(drop)
}

/// Cancels every offer whose time is up; tells how many.
pub fn expire(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(EXPIRE, &params![now])
}
