//! Citizens, their pairwise subjects and their consents.

use base::{Lang, Timestamp};
use store::{Result, Tx, params};

store::statements! {
    BY_CARD = "SELECT id, ended_at FROM citizens WHERE card_index = $1";
    GET = "SELECT card_index, profile, language, registered_at, ended_at FROM citizens WHERE id = $1";
    INSERT = "INSERT INTO citizens (id, card_index, profile, language, registered_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (card_index) DO NOTHING";
    SUBJECT = "SELECT sub FROM subjects WHERE citizen_id = $1 AND client_id = $2";
    ADD_SUBJECT = "INSERT INTO subjects (citizen_id, client_id, sub) VALUES ($1, $2, $3)
        ON CONFLICT (citizen_id, client_id) DO NOTHING";
    BY_SUBJECT = "SELECT citizen_id, client_id FROM subjects WHERE sub = $1";
    ADD_CONSENT = "INSERT INTO consents (id, citizen_id, client_id, journey_id, text_version, items, given_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
}

/// A stored citizen. No certificate and no serial number is stored: only a keyed index of them.
#[derive(Clone)]
pub struct CitizenRow {
    /// Keyed index of the card's certificate.
    pub card_index: String,
    /// Sealed [`crate::citizen::Profile`].
    pub profile: Vec<u8>,
    /// Language of the pages when the citizen registered.
    pub language: Lang,
    /// When the citizen registered.
    pub registered_at: Timestamp,
    /// When the account was closed.
    pub ended_at: Option<Timestamp>,
}

/// The citizen of a card, by its keyed index.
pub fn by_card(tx: &mut Tx<'_>, card_index: &str) -> Result<Option<String>> {
    let Some(mut row) = tx.query_opt(BY_CARD, &params![card_index])? else { return Ok(None) };
    if row.opt_time(1)?.is_some() { Ok(None) } else { row.text(0).map(Some) }
}

/// One citizen.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<CitizenRow>> {
    tx.query_opt(GET, &params![id])?
        .map(|mut r| {
            Ok(CitizenRow {
                card_index: r.text(0)?,
                profile: r.blob(1)?,
                language: Lang::from_tag(&r.text(2)?).unwrap_or_default(),
                registered_at: r.time(3)?,
                ended_at: r.opt_time(4)?,
            })
        })
        .transpose()
}

/// Registers a citizen; `false` when the card is registered already.
pub fn insert(
    tx: &mut Tx<'_>,
    id: &str,
    card_index: &str,
    profile: &[u8],
    language: Lang,
    now: Timestamp,
) -> Result<bool> {
    Ok(tx.execute(INSERT, &params![id, card_index, profile, language.tag(), now])? == 1)
}

/// The pairwise subject of a citizen for a party; `fresh` becomes it when there is none yet.
pub fn subject(tx: &mut Tx<'_>, citizen: &str, party: &str, fresh: impl FnOnce() -> String) -> Result<String> {
    if let Some(mut row) = tx.query_opt(SUBJECT, &params![citizen, party])? {
        return row.text(0);
    }
    let fresh = fresh();
    tx.execute(ADD_SUBJECT, &params![citizen, party, &fresh])?;
    // Another transaction may have been first; its value counts.
    tx.query_opt(SUBJECT, &params![citizen, party])?.map_or(Ok(fresh), |mut r| r.text(0))
}

/// Whose subject it is, and for which party.
pub fn by_subject(tx: &mut Tx<'_>, sub: &str) -> Result<Option<(String, String)>> {
    tx.query_opt(BY_SUBJECT, &params![sub])?.map(|mut r| Ok((r.text(0)?, r.text(1)?))).transpose()
}

/// A consent that was given at ② and now has its citizen.
pub struct NewConsent<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose.
    pub citizen_id: &'a str,
    /// To whom.
    pub client_id: &'a str,
    /// In which run.
    pub journey_id: &'a str,
    /// Version of the text that was shown.
    pub text_version: &'a str,
    /// What was agreed to: `authorization_details` as JSON.
    pub items: &'a str,
    /// When.
    pub given_at: Timestamp,
}

/// Keeps a consent.
pub fn add_consent(tx: &mut Tx<'_>, c: &NewConsent<'_>) -> Result<()> {
    tx.execute(
        ADD_CONSENT,
        &params![c.id, c.citizen_id, c.client_id, c.journey_id, c.text_version, c.items, c.given_at],
    )
    .map(drop)
}
