//! Changes of an e-mail address that wait for both mailboxes to agree.

use base::Timestamp;
use mail::Email;
use store::{Error, Result, Tx, params};

store::statements! {
    END_OTHERS = "DELETE FROM account_email_changes WHERE account = $1";
    INSERT = "INSERT INTO account_email_changes (id, account, email, old_ok, new_ok, expires_at) VALUES ($1, $2, $3, 0, 0, $4)";
    AGREE = "UPDATE account_email_changes SET
            old_ok = CASE WHEN $2 = 1 THEN 1 ELSE old_ok END,
            new_ok = CASE WHEN $2 = 1 THEN new_ok ELSE 1 END
        WHERE id = $1 AND expires_at > $3 RETURNING account, email, old_ok, new_ok";
    OPEN = "SELECT email FROM account_email_changes WHERE account = $1 AND expires_at > $2";
    END = "DELETE FROM account_email_changes WHERE id = $1";
    PURGE = "DELETE FROM account_email_changes WHERE expires_at < $1";
}

/// Begins a change, in place of any other of the account.
pub(crate) fn insert(tx: &mut Tx<'_>, id: &str, account: &str, email: &Email, expires: Timestamp) -> Result<()> {
    tx.execute(END_OTHERS, &params![account])?;
    tx.execute(INSERT, &params![id, account, email.as_str(), expires]).map(drop)
}

/// One mailbox agrees. Gives account, new address and whether both have agreed; `None`: there is no such change any more.
pub(crate) fn agree(tx: &mut Tx<'_>, id: &str, old: bool, now: Timestamp) -> Result<Option<(String, Email, bool)>> {
    tx.query_opt(AGREE, &params![id, old, now])?
        .map(|mut r| {
            let email = Email::parse(&r.text(1)?).map_err(|e| Error::inconsistent("account_email_changes.email", e))?;
            Ok((r.text(0)?, email, r.bool(2)? && r.bool(3)?))
        })
        .transpose()
}

/// The address an account wants to change to.
pub(crate) fn open(tx: &mut Tx<'_>, account: &str, now: Timestamp) -> Result<Option<String>> {
    tx.query_opt(OPEN, &params![account, now])?.map(|mut r| r.text(0)).transpose()
}

pub(crate) fn end(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(END, &params![id]).map(drop)
}

pub(crate) fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![now])
}
