//! Accounts.

use base::Timestamp;
use store::{Result, Row, Tx, params};

store::statements! {
    BY_EMAIL = "SELECT id, email, family_name, given_name, password, lang, person, documents_at FROM accounts WHERE email = $1";
    BY_ID = "SELECT id, email, family_name, given_name, password, lang, person, documents_at FROM accounts WHERE id = $1";
    INSERT = "INSERT INTO accounts (id, email, family_name, given_name, password, lang, person, documents_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (email) DO NOTHING";
    SET_PASSWORD = "UPDATE accounts SET password = $2 WHERE id = $1 AND password = $3";
    DELIVERED = "UPDATE accounts SET documents_at = $2 WHERE id = $1 AND documents_at IS NULL";
}

/// An account.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Id.
    pub id: String,
    /// E-mail address, lower case: what people sign in with.
    pub email: String,
    /// 姓
    pub family_name: String,
    /// 名
    pub given_name: String,
    /// argon2id in PHC form.
    pub password: String,
    /// Language chosen.
    pub lang: Option<String>,
    /// The test person whose account it is.
    pub person: Option<String>,
    /// When the sample documents came; `None`: not yet.
    pub documents_at: Option<Timestamp>,
}

fn account(mut r: Row) -> Result<AccountRow> {
    Ok(AccountRow {
        id: r.text(0)?,
        email: r.text(1)?,
        family_name: r.text(2)?,
        given_name: r.text(3)?,
        password: r.text(4)?,
        lang: r.opt_text(5)?,
        person: r.opt_text(6)?,
        documents_at: r.opt_time(7)?,
    })
}

/// By e-mail address.
pub fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<AccountRow>> {
    tx.query_opt(BY_EMAIL, &params![email])?.map(account).transpose()
}

/// By id.
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<AccountRow>> {
    tx.query_opt(BY_ID, &params![id])?.map(account).transpose()
}

/// Adds an account; `false` when the address is taken.
pub fn insert(tx: &mut Tx<'_>, a: &AccountRow, now: Timestamp) -> Result<bool> {
    let p =
        params![&a.id, &a.email, &a.family_name, &a.given_name, &a.password, &a.lang, &a.person, a.documents_at, now];
    Ok(tx.execute(INSERT, &p)? == 1)
}

/// Puts a hash of the same password with newer parameters in place of `old`.
pub fn set_password(tx: &mut Tx<'_>, id: &str, new: &str, old: &str) -> Result<()> {
    tx.execute(SET_PASSWORD, &params![id, new, old]).map(drop)
}

/// Takes the right to deliver the sample documents, once.
pub fn delivered(tx: &mut Tx<'_>, account: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(DELIVERED, &params![account, now])? == 1)
}
