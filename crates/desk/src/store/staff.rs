//! Roles of the desk's staff.

use ::store::{Result, Tx, params, statements};
use base::Timestamp;

statements! {
    GET = "SELECT roles FROM desk_staff WHERE account = $1 AND ended_at IS NULL";
    PUT = "INSERT INTO desk_staff (account, roles, added_by, added_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (account) DO UPDATE SET roles = excluded.roles, added_by = excluded.added_by,
               added_at = excluded.added_at, ended_at = NULL";
    END = "UPDATE desk_staff SET ended_at = $2 WHERE account = $1 AND ended_at IS NULL";
    // Takes all rows for the rest of the transaction: two administrators can't take each other's roles in the same moment.
    LOCK = "UPDATE desk_staff SET roles = roles";
    ALL = "SELECT account, roles FROM desk_staff WHERE ended_at IS NULL ORDER BY added_at, account";
}

/// The roles of a member of staff, as one text; none for who is not, or not any more.
pub fn get(tx: &mut Tx<'_>, account: &str) -> Result<Option<String>> {
    tx.query_opt(GET, &params![account])?.map(|mut row| row.text(0)).transpose()
}

/// Gives roles.
pub fn put(tx: &mut Tx<'_>, account: &str, roles: &str, by: &str, now: Timestamp) -> Result<()> {
    tx.execute(PUT, &params![account, roles, by, now]).map(drop)
}

/// Takes all roles; whether there were any.
pub fn end(tx: &mut Tx<'_>, account: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(END, &params![account, now])? == 1)
}

/// All members of staff with their roles.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<(String, String)>> {
    tx.query(ALL, &[])?.iter_mut().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Locks everybody's roles for the rest of the transaction.
pub fn lock(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute(LOCK, &[]).map(drop)
}
