//! Accounts.

use base::{Lang, Timestamp};
use mail::Email;
use store::{Error, Result, Row, Tx, params};

use crate::{Account, Realm};

store::statements! {
    INSERT = "INSERT INTO accounts (id, realm, email, name, lang, password, password_at, factors, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $7)
        ON CONFLICT (realm, email) DO NOTHING";
    GET = "SELECT id, realm, email, name, lang, created_at, disabled_at, factors FROM accounts WHERE id = $1";
    BY_EMAIL = "SELECT id, realm, email, name, lang, created_at, disabled_at, factors FROM accounts WHERE realm = $1 AND email = $2";
    LIST = "SELECT id, realm, email, name, lang, created_at, disabled_at, factors FROM accounts WHERE realm = $1 ORDER BY id";
    PASSWORD = "SELECT password FROM accounts WHERE id = $1";
    SET_PASSWORD = "UPDATE accounts SET password = $2, password_at = $3 WHERE id = $1";
    REHASH = "UPDATE accounts SET password = $3 WHERE id = $1 AND password = $2";
    SET_PROFILE = "UPDATE accounts SET name = $2, lang = $3 WHERE id = $1";
    SET_EMAIL = "UPDATE accounts SET email = $2 WHERE id = $1";
    SET_DISABLED = "UPDATE accounts SET disabled_at = $2 WHERE id = $1";
    FACTORS_CHANGED = "UPDATE accounts SET factors = factors + 1 WHERE id = $1";
}

fn read(mut r: Row) -> Result<Account> {
    Ok(Account {
        id: r.text(0)?,
        realm: Realm::parse(&r.text(1)?).ok_or_else(|| Error::inconsistent("accounts.realm", "not a realm"))?,
        email: Email::parse(&r.text(2)?).map_err(|e| Error::inconsistent("accounts.email", e))?,
        name: r.text(3)?,
        lang: Lang::from_tag(&r.text(4)?).unwrap_or_default(),
        created: r.time(5)?,
        disabled: r.opt_time(6)?,
        factors: r.int(7)?,
    })
}

/// Makes an account; `false` when its address is taken in its realm.
pub(crate) fn insert(tx: &mut Tx<'_>, a: &Account, password: &str) -> Result<bool> {
    let p = params![&a.id, a.realm.as_str(), a.email.as_str(), &a.name, a.lang.tag(), password, a.created];
    Ok(tx.execute(INSERT, &p)? == 1)
}

pub(crate) fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Account>> {
    tx.query_opt(GET, &params![id])?.map(read).transpose()
}

pub(crate) fn by_email(tx: &mut Tx<'_>, realm: Realm, email: &Email) -> Result<Option<Account>> {
    tx.query_opt(BY_EMAIL, &params![realm.as_str(), email.as_str()])?.map(read).transpose()
}

pub(crate) fn list(tx: &mut Tx<'_>, realm: Realm) -> Result<Vec<Account>> {
    tx.query(LIST, &params![realm.as_str()])?.into_iter().map(read).collect()
}

pub(crate) fn password(tx: &mut Tx<'_>, id: &str) -> Result<Option<String>> {
    tx.query_opt(PASSWORD, &params![id])?.map(|mut r| r.text(0)).transpose()
}

pub(crate) fn set_password(tx: &mut Tx<'_>, id: &str, hash: &str, now: Timestamp) -> Result<()> {
    tx.execute(SET_PASSWORD, &params![id, hash, now]).map(drop)
}

/// Replaces a hash by one of the same password with other parameters.
pub(crate) fn rehash(tx: &mut Tx<'_>, id: &str, old: &str, new: &str) -> Result<()> {
    tx.execute(REHASH, &params![id, old, new]).map(drop)
}

pub(crate) fn set_profile(tx: &mut Tx<'_>, id: &str, name: &str, lang: Lang) -> Result<()> {
    tx.execute(SET_PROFILE, &params![id, name, lang.tag()]).map(drop)
}

pub(crate) fn set_email(tx: &mut Tx<'_>, id: &str, email: &Email) -> Result<()> {
    tx.execute(SET_EMAIL, &params![id, email.as_str()]).map(drop)
}

pub(crate) fn set_disabled(tx: &mut Tx<'_>, id: &str, at: Option<Timestamp>) -> Result<()> {
    tx.execute(SET_DISABLED, &params![id, at]).map(drop)
}

/// Counts a change of second factors.
pub(crate) fn factors_changed(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(FACTORS_CHANGED, &params![id]).map(drop)
}
