//! Passkeys.

use base::Timestamp;
use store::{Result, Row, Tx, params};

store::statements! {
    INSERT = "INSERT INTO account_passkeys (id, account, name, public_key, sign_count, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO NOTHING";
    GET = "SELECT id, account, name, public_key, sign_count, created_at, used_at FROM account_passkeys WHERE id = $1";
    LIST = "SELECT id, account, name, public_key, sign_count, created_at, used_at FROM account_passkeys WHERE account = $1 ORDER BY created_at, id";
    // A count that does not grow means a copied key (WebAuthn section 6.1.1), unless the authenticator does not count.
    USED = "UPDATE account_passkeys SET sign_count = $2, used_at = $3
        WHERE id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))";
    END = "DELETE FROM account_passkeys WHERE account = $1 AND id = $2";
    COUNT = "SELECT CAST(count(*) AS BIGINT) FROM account_passkeys WHERE account = $1";
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passkey {
    /// Credential id, in base64url.
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) name: String,
    /// COSE key (RFC 9052).
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: i64,
    pub(crate) created: Timestamp,
    pub(crate) used: Option<Timestamp>,
}

fn read(mut r: Row) -> Result<Passkey> {
    Ok(Passkey {
        id: r.text(0)?,
        account: r.text(1)?,
        name: r.text(2)?,
        public_key: r.blob(3)?,
        sign_count: r.int(4)?,
        created: r.time(5)?,
        used: r.opt_time(6)?,
    })
}

/// `false`: the credential is known already, whoever's it is.
pub(crate) fn insert(tx: &mut Tx<'_>, p: &Passkey) -> Result<bool> {
    let values = params![&p.id, &p.account, &p.name, &p.public_key, p.sign_count, p.created];
    Ok(tx.execute(INSERT, &values)? == 1)
}

pub(crate) fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Passkey>> {
    tx.query_opt(GET, &params![id])?.map(read).transpose()
}

pub(crate) fn list(tx: &mut Tx<'_>, account: &str) -> Result<Vec<Passkey>> {
    tx.query(LIST, &params![account])?.into_iter().map(read).collect()
}

/// Notes a use; `false` when the count did not grow.
pub(crate) fn used(tx: &mut Tx<'_>, id: &str, count: i64, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(USED, &params![id, count, now])? == 1)
}

pub(crate) fn end(tx: &mut Tx<'_>, account: &str, id: &str) -> Result<bool> {
    Ok(tx.execute(END, &params![account, id])? == 1)
}

pub(crate) fn count(tx: &mut Tx<'_>, account: &str) -> Result<i64> {
    tx.query_opt(COUNT, &params![account])?.map_or(Ok(0), |r| r.int(0))
}
