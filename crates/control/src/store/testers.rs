//! Testers and their links. The token itself is kept (sealed) only until the e-mail with it is written.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;

statements! {
    INSERT = "INSERT INTO control_testers (client_id, tester_id, name, email, token_hash, sealed_token, not_after)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OF_CLIENT = "SELECT tester_id, name, email, token_hash, sealed_token, not_after FROM control_testers
                 WHERE client_id = $1 ORDER BY tester_id";
    TOLD = "UPDATE control_testers SET sealed_token = NULL WHERE client_id = $1 AND tester_id = $2";
    REMOVE = "DELETE FROM control_testers WHERE client_id = $1 AND tester_id = $2";
    PURGE = "DELETE FROM control_testers WHERE not_after < $1";
}

/// A tester of a client.
#[derive(Clone)]
pub(crate) struct TesterRow {
    pub(crate) tester_id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) token_hash: String,
    /// Until the link was written to them.
    pub(crate) sealed_token: Option<Vec<u8>>,
    pub(crate) not_after: Timestamp,
}

fn read(row: &mut Row) -> Result<TesterRow> {
    Ok(TesterRow {
        tester_id: row.text(0)?,
        name: row.text(1)?,
        email: row.text(2)?,
        token_hash: row.text(3)?,
        sealed_token: row.opt_blob(4)?,
        not_after: row.time(5)?,
    })
}

/// A new one.
pub(crate) fn insert(tx: &mut Tx<'_>, client: &str, t: &TesterRow) -> Result<()> {
    let sealed = t.sealed_token.as_ref();
    let p = params![client, &t.tester_id, &t.name, &t.email, &t.token_hash, sealed, t.not_after];
    tx.execute(INSERT, &p).map(drop)
}

/// Those of a client.
pub(crate) fn of_client(tx: &mut Tx<'_>, client: &str) -> Result<Vec<TesterRow>> {
    tx.query(OF_CLIENT, &params![client])?.iter_mut().map(read).collect()
}

/// The link was written to them: the token is forgotten.
pub(crate) fn told(tx: &mut Tx<'_>, client: &str, tester: &str) -> Result<()> {
    tx.execute(TOLD, &params![client, tester]).map(drop)
}

/// No tester any more.
pub(crate) fn remove(tx: &mut Tx<'_>, client: &str, tester: &str) -> Result<()> {
    tx.execute(REMOVE, &params![client, tester]).map(drop)
}

/// Names and addresses are not kept for longer than they are needed.
pub(crate) fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    tx.execute(PURGE, &params![before]).map(drop)
}
