//! Readings: open, answered (a handle waits to be redeemed), redeemed (the result is gone).

use base::Timestamp;
use store::{Result, Tx, params};

use crate::request::Parameters;

store::statements! {
    PURGE = "DELETE FROM readings WHERE ends_at <= $1";
    INSERT = "INSERT INTO readings (id, browser, person, request, handle, result, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "SELECT person, request, handle, result FROM readings WHERE id = $1 AND browser = $2 AND ends_at > $3";
    ANSWER = "UPDATE readings SET handle = $2, result = $3 WHERE id = $1 AND handle IS NULL";
    // The browser lost the first handle (a double press): the answer goes with the new one.
    REISSUE = "UPDATE readings SET handle = $2 WHERE id = $1 AND handle IS NOT NULL AND result IS NOT NULL";
    WAITING = "SELECT id, result FROM readings WHERE handle = $1 AND result IS NOT NULL AND ends_at > $2";
    TAKE = "UPDATE readings SET result = NULL WHERE id = $1 AND handle = $2 AND result IS NOT NULL";
}

/// A new reading.
pub(crate) struct NewReading<'a> {
    pub id: &'a str,
    /// Hash of the browser's cookie.
    pub browser: &'a str,
    pub person: Option<&'a str>,
    pub request: &'a str,
    /// Hash of the handle and the result, when the reading is answered at once (a fault).
    pub answer: Option<(&'a str, &'a str)>,
    /// When it is forgotten.
    pub ends_at: Timestamp,
}

/// A reading of this browser.
pub(crate) struct Reading {
    pub person: Option<String>,
    pub request: Parameters,
    pub answered: bool,
}

pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewReading<'_>, now: Timestamp) -> Result<()> {
    tx.execute(PURGE, &params![now])?;
    let (handle, result) = new.answer.unzip();
    tx.execute(INSERT, &params![new.id, new.browser, new.person, new.request, handle, result, new.ends_at]).map(drop)
}

pub(crate) fn find(tx: &mut Tx<'_>, id: &str, browser: &str, now: Timestamp) -> Result<Option<Reading>> {
    let Some(mut row) = tx.query_opt(FIND, &params![id, browser, now])? else { return Ok(None) };
    Ok(Some(Reading {
        person: row.opt_text(0)?,
        request: row.json(1, "readings.request")?,
        answered: row.opt_text(2)?.is_some(),
    }))
}

/// Answers an open reading; gives an answered one whose handle was not redeemed yet a new handle. Whether
/// the handle is worth something.
pub(crate) fn answer(tx: &mut Tx<'_>, id: &str, handle: &str, result: &str) -> Result<bool> {
    Ok(tx.execute(ANSWER, &params![id, handle, result])? == 1 || reissue(tx, id, handle)?)
}

/// A new handle for an answered reading. Whether there was an answer to give it to.
pub(crate) fn reissue(tx: &mut Tx<'_>, id: &str, handle: &str) -> Result<bool> {
    Ok(tx.execute(REISSUE, &params![id, handle])? == 1)
}

/// The result behind a handle, once.
pub(crate) fn redeem(tx: &mut Tx<'_>, handle: &str, now: Timestamp) -> Result<Option<String>> {
    let Some(mut row) = tx.query_opt(WAITING, &params![handle, now])? else { return Ok(None) };
    let (id, result) = (row.text(0)?, row.text(1)?);
    let taken = tx.execute(TAKE, &params![&id, handle])? == 1;
    Ok(taken.then_some(result))
}
