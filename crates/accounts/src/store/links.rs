//! Links sent by e-mail: they work once and are kept as hashes.

use base::Timestamp;
use mail::Email;
use store::{Error, Result, Row, Tx, params};

use crate::Realm;

store::statements! {
    INSERT = "INSERT INTO account_links (id, kind, realm, email, account, reference, body, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    GET = "SELECT kind, realm, email, account, reference, body, expires_at FROM account_links WHERE id = $1 AND kind = $2 AND expires_at > $3";
    TAKE = "DELETE FROM account_links WHERE id = $1 AND kind = $2 AND expires_at > $3
        RETURNING kind, realm, email, account, reference, body, expires_at";
    END_KIND = "DELETE FROM account_links WHERE account = $1 AND kind = $2";
    END_EMAIL = "DELETE FROM account_links WHERE realm = $1 AND email = $2 AND kind = $3";
    END_REFERENCE = "DELETE FROM account_links WHERE reference = $1";
    PURGE = "DELETE FROM account_links WHERE expires_at < $1";
}

/// A link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) kind: String,
    pub(crate) realm: Realm,
    pub(crate) email: Email,
    pub(crate) account: Option<String>,
    /// What it belongs to: an invitation, a change of address.
    pub(crate) reference: Option<String>,
    /// JSON.
    pub(crate) body: String,
    pub(crate) expires: Timestamp,
}

fn read(mut r: Row) -> Result<Link> {
    Ok(Link {
        kind: r.text(0)?,
        realm: Realm::parse(&r.text(1)?).ok_or_else(|| Error::inconsistent("account_links.realm", "not a realm"))?,
        email: Email::parse(&r.text(2)?).map_err(|e| Error::inconsistent("account_links.email", e))?,
        account: r.opt_text(3)?,
        reference: r.opt_text(4)?,
        body: r.text(5)?,
        expires: r.time(6)?,
    })
}

/// Keeps a link under the hash of its token.
pub(crate) fn insert(tx: &mut Tx<'_>, id: &str, l: &Link) -> Result<()> {
    let p = params![id, &l.kind, l.realm.as_str(), l.email.as_str(), &l.account, &l.reference, &l.body, l.expires];
    tx.execute(INSERT, &p).map(drop)
}

/// A link that works.
pub(crate) fn get(tx: &mut Tx<'_>, id: &str, kind: &str, now: Timestamp) -> Result<Option<Link>> {
    tx.query_opt(GET, &params![id, kind, now])?.map(read).transpose()
}

/// Uses a link up.
pub(crate) fn take(tx: &mut Tx<'_>, id: &str, kind: &str, now: Timestamp) -> Result<Option<Link>> {
    tx.query_opt(TAKE, &params![id, kind, now])?.map(read).transpose()
}

/// Ends an account's links of a kind.
pub(crate) fn end_kind(tx: &mut Tx<'_>, account: &str, kind: &str) -> Result<()> {
    tx.execute(END_KIND, &params![account, kind]).map(drop)
}

/// Ends an address's links of a kind.
pub(crate) fn end_email(tx: &mut Tx<'_>, realm: Realm, email: &Email, kind: &str) -> Result<()> {
    tx.execute(END_EMAIL, &params![realm.as_str(), email.as_str(), kind]).map(drop)
}

/// Ends the links that belong to something; tells how many there were.
pub(crate) fn end_reference(tx: &mut Tx<'_>, reference: &str) -> Result<u64> {
    tx.execute(END_REFERENCE, &params![reference])
}

pub(crate) fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![now])
}
