//! Linkages: `offered` → `linked` → `ended`, or `failed`. One `linked` row per citizen and delivery
//! service is a constraint of the database.

use base::Timestamp;
use store::{Result, Row, Tx, params};

store::statements! {
    INSERT = "INSERT INTO linkages (id, citizen_id, delivery_id, journey_id, client_id, state, subject, nonce,
            subject_token_hash, created_at)
        VALUES ($1, $2, $3, $4, $5, 'offered', $6, $7, $8, $9)";
    GET = "SELECT id, citizen_id, delivery_id, journey_id, client_id, state, subject, nonce, subject_token_hash, created_at,
            started_at, account, auth_time, linked_at, confirmation, reply, ended_at, ended_by, last_used_at
        FROM linkages WHERE id = $1";
    OF_CITIZEN = "SELECT id, citizen_id, delivery_id, journey_id, client_id, state, subject, nonce, subject_token_hash, created_at,
            started_at, account, auth_time, linked_at, confirmation, reply, ended_at, ended_by, last_used_at
        FROM linkages WHERE citizen_id = $1 AND state = 'linked' ORDER BY delivery_id";
    LINKED_IDS = "SELECT delivery_id FROM linkages WHERE citizen_id = $1 AND state = 'linked'";
    TOKEN = "UPDATE linkages SET subject_token_hash = $2 WHERE id = $1 AND state = 'offered' AND started_at IS NULL";
    START = "UPDATE linkages SET started_at = $2, account = $3, auth_time = $4, subject_token_hash = $5
        WHERE id = $1 AND state = 'offered' AND started_at IS NULL";
    LINK = "UPDATE linkages SET state = 'linked', linked_at = $2, confirmation = $3, reply = $4
        WHERE id = $1 AND state = 'offered' AND started_at IS NOT NULL";
    REPLACED = "SELECT id FROM linkages WHERE citizen_id = $1 AND delivery_id = $2 AND state = 'linked' AND id <> $3";
    FAIL = "UPDATE linkages SET state = 'failed', ended_at = $2, ended_by = $3 WHERE id = $1 AND state = 'offered'";
    END = "UPDATE linkages SET state = 'ended', ended_at = $2, ended_by = $3 WHERE id = $1 AND state = 'linked'";
    UNRESOLVED = "SELECT id FROM linkages WHERE state = 'offered' AND started_at IS NOT NULL AND started_at < $1 LIMIT 200";
    ABANDONED = "SELECT id, journey_id FROM linkages WHERE state = 'offered' AND started_at IS NULL AND created_at < $1 LIMIT 200";
    STATES_AFTER = "SELECT id, state FROM linkages WHERE delivery_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    STATES_BETWEEN = "SELECT id, state FROM linkages WHERE delivery_id = $1 AND id > $2 AND id <= $3";
    USED = "UPDATE linkages SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)";
}

/// How a linkage stands at the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Chosen at ④; not proven.
    Offered,
    /// Confirmation checked and kept.
    Linked,
    /// Refused, stopped, conflict, expired, repaired away.
    Failed,
    /// Unlinked on either side.
    Ended,
}

impl State {
    /// From storage.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "offered" => Some(Self::Offered),
            "linked" => Some(Self::Linked),
            "failed" => Some(Self::Failed),
            "ended" => Some(Self::Ended),
            _ => None,
        }
    }
}

/// A stored linkage.
#[derive(Clone, Debug)]
pub struct LinkageRow {
    /// Its id.
    pub id: String,
    /// Whose.
    pub citizen_id: String,
    /// At which delivery service.
    pub delivery_id: String,
    /// The run that made it.
    pub journey_id: String,
    /// The API user whose run that was.
    pub client_id: String,
    /// How it stands.
    pub state: State,
    /// The citizen's pairwise subject at this delivery service.
    pub subject: String,
    /// Ties subject token and confirmation.
    pub nonce: String,
    /// base64url SHA-256 of the subject token that was sent.
    pub subject_token_hash: String,
    /// When it was chosen.
    pub created_at: Timestamp,
    /// When the sign-in there was verified and the linking began (W4).
    pub started_at: Option<Timestamp>,
    /// `sub` of the ID Token: the account there.
    pub account: Option<String>,
    /// When the citizen signed in there.
    pub auth_time: Option<Timestamp>,
    /// When it was linked.
    pub linked_at: Option<Timestamp>,
    /// The signed confirmation.
    pub confirmation: Option<String>,
    /// ⑥, unread.
    pub reply: Option<String>,
    /// When it failed or ended.
    pub ended_at: Option<Timestamp>,
    /// By what: `citizen`, `delivery`, `replaced`, or why it failed.
    pub ended_by: Option<String>,
    /// When it was last used for documents or single sign-on.
    pub last_used_at: Option<Timestamp>,
}

fn read(mut r: Row) -> Result<LinkageRow> {
    let state = r.text(5)?;
    Ok(LinkageRow {
        id: r.text(0)?,
        citizen_id: r.text(1)?,
        delivery_id: r.text(2)?,
        journey_id: r.text(3)?,
        client_id: r.text(4)?,
        state: State::parse(&state).ok_or_else(|| store::Error::inconsistent("linkages.state", "unknown"))?,
        subject: r.text(6)?,
        nonce: r.text(7)?,
        subject_token_hash: r.text(8)?,
        created_at: r.time(9)?,
        started_at: r.opt_time(10)?,
        account: r.opt_text(11)?,
        auth_time: r.opt_time(12)?,
        linked_at: r.opt_time(13)?,
        confirmation: r.opt_text(14)?,
        reply: r.opt_text(15)?,
        ended_at: r.opt_time(16)?,
        ended_by: r.opt_text(17)?,
        last_used_at: r.opt_time(18)?,
    })
}

/// A linkage about to be offered.
pub struct NewLinkage<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose.
    pub citizen_id: &'a str,
    /// At which delivery service.
    pub delivery_id: &'a str,
    /// The run.
    pub journey_id: &'a str,
    /// The API user.
    pub client_id: &'a str,
    /// Pairwise subject.
    pub subject: &'a str,
    /// Nonce.
    pub nonce: &'a str,
    /// Hash of the subject token.
    pub subject_token_hash: &'a str,
}

/// Keeps an offer.
pub fn insert(tx: &mut Tx<'_>, l: &NewLinkage<'_>, now: Timestamp) -> Result<()> {
    tx.execute(
        INSERT,
        &params![
            l.id,
            l.citizen_id,
            l.delivery_id,
            l.journey_id,
            l.client_id,
            l.subject,
            l.nonce,
            l.subject_token_hash,
            now
        ],
    )
    .map(drop)
}

/// One linkage.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<LinkageRow>> {
    tx.query_opt(GET, &params![id])?.map(read).transpose()
}

/// What is linked for a citizen, by delivery service.
pub fn linked(tx: &mut Tx<'_>, citizen: &str) -> Result<Vec<LinkageRow>> {
    tx.query(OF_CITIZEN, &params![citizen])?.into_iter().map(read).collect()
}

/// The delivery services that are linked for a citizen.
pub fn linked_ids(tx: &mut Tx<'_>, citizen: &str) -> Result<Vec<String>> {
    tx.query(LINKED_IDS, &params![citizen])?.into_iter().map(|mut r| r.text(0)).collect()
}

/// Remembers the hash of the subject token that is being sent.
pub fn set_token(tx: &mut Tx<'_>, id: &str, hash: &str) -> Result<bool> {
    Ok(tx.execute(TOKEN, &params![id, hash])? == 1)
}

/// W4: the sign-in is verified; whom to link is known. `false` when the offer is closed.
pub fn start(
    tx: &mut Tx<'_>,
    id: &str,
    account: &str,
    auth_time: Timestamp,
    token_hash: &str,
    now: Timestamp,
) -> Result<bool> {
    Ok(tx.execute(START, &params![id, now, account, auth_time, token_hash])? == 1)
}

/// W6: linked. Whatever was linked before for this citizen and delivery service is ended as `replaced`;
/// gives those ids. `None` when the offer is closed.
pub fn link(
    tx: &mut Tx<'_>,
    row: &LinkageRow,
    linked_at: Timestamp,
    confirmation: &str,
    reply: Option<&str>,
    now: Timestamp,
) -> Result<Option<Vec<String>>> {
    let mut replaced = Vec::new();
    for mut old in tx.query(REPLACED, &params![&row.citizen_id, &row.delivery_id, &row.id])? {
        let id = old.text(0)?;
        end(tx, &id, "replaced", now)?;
        replaced.push(id);
    }
    let linked = tx.execute(LINK, &params![&row.id, linked_at, confirmation, reply])? == 1;
    Ok(linked.then_some(replaced))
}

/// The attempt came to nothing; `false` when it was no open offer.
pub fn fail(tx: &mut Tx<'_>, id: &str, why: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(FAIL, &params![id, now, why])? == 1)
}

/// Unlinked; `false` when it was not linked.
pub fn end(tx: &mut Tx<'_>, id: &str, by: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(END, &params![id, now, by])? == 1)
}

/// Attempts that began before `before` and of which nobody knows how they ended.
pub fn unresolved(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<String>> {
    tx.query(UNRESOLVED, &params![before])?.into_iter().map(|mut r| r.text(0)).collect()
}

/// Offers from before `before` whose citizen never came back, with their runs.
pub fn abandoned(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<(String, String)>> {
    tx.query(ABANDONED, &params![before])?.into_iter().map(|mut r| Ok((r.text(0)?, r.text(1)?))).collect()
}

/// Ids and states at one delivery service, after an id.
pub fn states_after(tx: &mut Tx<'_>, delivery: &str, after: &str, limit: i64) -> Result<Vec<(String, State)>> {
    states(tx.query(STATES_AFTER, &params![delivery, after, limit])?)
}

/// Ids and states at one delivery service, after an id and up to another, for reconciliation.
pub fn states_between(tx: &mut Tx<'_>, delivery: &str, after: &str, last: &str) -> Result<Vec<(String, State)>> {
    states(tx.query(STATES_BETWEEN, &params![delivery, after, last])?)
}

fn states(rows: Vec<Row>) -> Result<Vec<(String, State)>> {
    rows.into_iter()
        .map(|mut r| {
            let state = r.text(1)?;
            let state = State::parse(&state).ok_or_else(|| store::Error::inconsistent("linkages.state", "unknown"))?;
            Ok((r.text(0)?, state))
        })
        .collect()
}

/// Notes that a linkage was used, at most once per `quiet` period.
pub fn used(tx: &mut Tx<'_>, id: &str, now: Timestamp, quiet: Timestamp) -> Result<()> {
    tx.execute(USED, &params![id, now, quiet]).map(drop)
}
