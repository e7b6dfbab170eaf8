//! Testers of clients in production verification: whose link, which browser, which card.

use base::Timestamp;
use oauth::registry::TesterEntry;
use store::{Result, Tx, params};

store::statements! {
    // A new link unbinds the browser of the old one; who was identified stays.
    PUT = "INSERT INTO testers (client_id, tester_id, token_hash, not_after, name) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (client_id, tester_id) DO UPDATE SET not_after = $4, name = $5,
            browser = CASE WHEN testers.token_hash = $3 THEN testers.browser ELSE NULL END,
            bound_at = CASE WHEN testers.token_hash = $3 THEN testers.bound_at ELSE NULL END,
            token_hash = $3";
    OF = "SELECT client_id, tester_id, token_hash, not_after, browser, bound_at, card_index, identified_at, name
        FROM testers WHERE client_id = $1 ORDER BY tester_id";
    BY_TOKEN = "SELECT client_id, tester_id, token_hash, not_after, browser, bound_at, card_index, identified_at, name
        FROM testers WHERE token_hash = $1";
    BY_BROWSER = "SELECT client_id, tester_id, token_hash, not_after, browser, bound_at, card_index, identified_at, name
        FROM testers WHERE client_id = $1 AND browser = $2 ORDER BY bound_at DESC, tester_id";
    DROP = "DELETE FROM testers WHERE client_id = $1 AND tester_id = $2";
    BIND = "UPDATE testers SET browser = $2, bound_at = $3 WHERE token_hash = $1 AND browser IS NULL";
    IDENTIFY = "UPDATE testers SET card_index = $3, identified_at = $4
        WHERE client_id = $1 AND tester_id = $2 AND card_index IS NULL";
    CARD = "SELECT card_index FROM testers WHERE client_id = $1 AND tester_id = $2";
}

/// A tester.
#[derive(Clone, Debug)]
pub struct TesterRow {
    /// Whose.
    pub client_id: String,
    /// The desk's id of this person.
    pub tester_id: String,
    /// Whom the link is for.
    pub name: Option<String>,
    /// Hash of the token in the link.
    pub token_hash: String,
    /// Until when.
    pub not_after: Timestamp,
    /// Hash of the tester's cookie, once a browser was bound.
    pub browser: Option<String>,
    /// When.
    pub bound_at: Option<Timestamp>,
    /// Keyed index of the tester's card, once it was read.
    pub card_index: Option<String>,
    /// When.
    pub identified_at: Option<Timestamp>,
}

fn row(mut r: store::Row) -> Result<TesterRow> {
    Ok(TesterRow {
        client_id: r.text(0)?,
        tester_id: r.text(1)?,
        token_hash: r.text(2)?,
        not_after: r.time(3)?,
        browser: r.opt_text(4)?,
        bound_at: r.opt_time(5)?,
        card_index: r.opt_text(6)?,
        identified_at: r.opt_time(7)?,
        name: r.opt_text(8)?,
    })
}

/// A client's testers.
pub fn of(tx: &mut Tx<'_>, client_id: &str) -> Result<Vec<TesterRow>> {
    tx.query(OF, &params![client_id])?.into_iter().map(row).collect()
}

/// The tester of a link.
pub fn by_token(tx: &mut Tx<'_>, token_hash: &str) -> Result<Option<TesterRow>> {
    tx.query_opt(BY_TOKEN, &params![token_hash])?.map(row).transpose()
}

/// The testers of a client that a browser is bound to, the last one first.
pub fn by_browser(tx: &mut Tx<'_>, client_id: &str, browser: &str) -> Result<Vec<TesterRow>> {
    tx.query(BY_BROWSER, &params![client_id, browser])?.into_iter().map(row).collect()
}

/// Adds a tester or changes one.
pub fn put(tx: &mut Tx<'_>, client_id: &str, entry: &TesterEntry) -> Result<()> {
    tx.execute(PUT, &params![client_id, &entry.tester_id, &entry.token_hash, entry.not_after, &entry.name]).map(drop)
}

/// Takes a tester off.
pub fn remove(tx: &mut Tx<'_>, client_id: &str, tester_id: &str) -> Result<()> {
    tx.execute(DROP, &params![client_id, tester_id]).map(drop)
}

/// Binds a browser to the tester of a link; `false` when one is bound already.
pub fn bind(tx: &mut Tx<'_>, token_hash: &str, browser: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(BIND, &params![token_hash, browser, now])? == 1)
}

/// Whether a card is this tester's: the first one that is read becomes it. `false` for every other card, and
/// when the tester was taken off.
pub fn identify(tx: &mut Tx<'_>, client_id: &str, tester_id: &str, card_index: &str, now: Timestamp) -> Result<bool> {
    if tx.execute(IDENTIFY, &params![client_id, tester_id, card_index, now])? == 1 {
        return Ok(true);
    }
    let known = tx.query_opt(CARD, &params![client_id, tester_id])?.map(|mut r| r.opt_text(0)).transpose()?;
    Ok(known.flatten().as_deref() == Some(card_index))
}
