//! What decisions do to the world: written with the decision, carried out exactly once by key.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;
use serde::Serialize;

statements! {
    INSERT = "INSERT INTO desk_effects (effect_key, case_id, org, kind, effect, queued_at) VALUES ($1, $2, $3, $4, $5, $6)
              ON CONFLICT (effect_key) DO NOTHING";
    GET = "SELECT effect_key, case_id, effect, queued_at, done_at, outcome FROM desk_effects WHERE effect_key = $1";
    OF_CASE = "SELECT effect_key, case_id, effect, queued_at, done_at, outcome FROM desk_effects WHERE case_id = $1
               ORDER BY queued_at, effect_key";
    HAS = "SELECT effect_key FROM desk_effects WHERE org = $1 AND kind = $2 LIMIT 1";
    DONE = "UPDATE desk_effects SET done_at = $2, outcome = $3 WHERE effect_key = $1 AND done_at IS NULL";
}

/// An effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// Its key: the same decision makes the same key.
    pub key: String,
    /// Of which case.
    pub case_id: String,
    /// `procedures::Effect` as JSON.
    pub effect: String,
    /// When it was decided.
    pub queued_at: Timestamp,
    /// When it was carried out.
    pub done_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: Option<String>,
}

fn read(row: &mut Row) -> Result<Effect> {
    Ok(Effect {
        key: row.text(0)?,
        case_id: row.text(1)?,
        effect: row.text(2)?,
        queued_at: row.time(3)?,
        done_at: row.opt_time(4)?,
        outcome: row.opt_text(5)?,
    })
}

/// Puts an effect down; whether it was new. `kind` is its stable word, `org` whose it is.
pub fn insert(
    tx: &mut Tx<'_>,
    key: &str,
    case: &str,
    org: &str,
    kind: &str,
    effect: &str,
    now: Timestamp,
) -> Result<bool> {
    Ok(tx.execute(INSERT, &params![key, case, org, kind, effect, now])? == 1)
}

/// Whether an effect of this kind was ever decided for an organisation.
pub fn has(tx: &mut Tx<'_>, org: &str, kind: &str) -> Result<bool> {
    Ok(tx.query_opt(HAS, &params![org, kind])?.is_some())
}

/// An effect.
pub fn get(tx: &mut Tx<'_>, key: &str) -> Result<Option<Effect>> {
    tx.query_opt(GET, &params![key])?.map(|mut row| read(&mut row)).transpose()
}

/// The effects of a case, in order.
pub fn of_case(tx: &mut Tx<'_>, case: &str) -> Result<Vec<Effect>> {
    tx.query(OF_CASE, &params![case])?.iter_mut().map(read).collect()
}

/// Notes that an effect was carried out; whether this call was the one.
pub fn done(tx: &mut Tx<'_>, key: &str, now: Timestamp, outcome: &str) -> Result<bool> {
    Ok(tx.execute(DONE, &params![key, now, outcome])? == 1)
}
