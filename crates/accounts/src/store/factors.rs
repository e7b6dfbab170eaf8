//! Authenticator apps (TOTP) and recovery codes.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    TOTP = "SELECT sealed, last_step FROM account_totp WHERE account = $1";
    TOTP_SET = "INSERT INTO account_totp (account, sealed, last_step, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (account) DO NOTHING";
    // A code is used up with its step: two requests with the same code, and only one of them wins.
    TOTP_STEP = "UPDATE account_totp SET last_step = $2 WHERE account = $1 AND last_step < $2";
    TOTP_END = "DELETE FROM account_totp WHERE account = $1";
    CODE_ADD = "INSERT INTO account_recovery (account, code) VALUES ($1, $2) ON CONFLICT (account, code) DO NOTHING";
    CODE_USE = "DELETE FROM account_recovery WHERE account = $1 AND code = $2";
    CODES_END = "DELETE FROM account_recovery WHERE account = $1";
    CODES_LEFT = "SELECT CAST(count(*) AS BIGINT) FROM account_recovery WHERE account = $1";
    FRESH_SET = "INSERT INTO account_fresh_codes (account, sealed, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (account) DO UPDATE SET sealed = $2, expires_at = $3";
    FRESH = "SELECT sealed FROM account_fresh_codes WHERE account = $1 AND expires_at > $2";
    FRESH_END = "DELETE FROM account_fresh_codes WHERE account = $1";
    FRESH_PURGE = "DELETE FROM account_fresh_codes WHERE expires_at < $1";
}

/// The sealed secret and the last step that was used.
pub(crate) fn totp(tx: &mut Tx<'_>, account: &str) -> Result<Option<(Vec<u8>, i64)>> {
    tx.query_opt(TOTP, &params![account])?.map(|mut r| Ok((r.blob(0)?, r.int(1)?))).transpose()
}

/// `false`: the account has one already.
pub(crate) fn set_totp(tx: &mut Tx<'_>, account: &str, sealed: &[u8], step: i64, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(TOTP_SET, &params![account, sealed, step, now])? == 1)
}

/// Uses a step up; `false` when it, or a later one, was used before.
pub(crate) fn use_step(tx: &mut Tx<'_>, account: &str, step: i64) -> Result<bool> {
    Ok(tx.execute(TOTP_STEP, &params![account, step])? == 1)
}

pub(crate) fn end_totp(tx: &mut Tx<'_>, account: &str) -> Result<bool> {
    Ok(tx.execute(TOTP_END, &params![account])? == 1)
}

/// Replaces the recovery codes; `codes` are hashes.
pub(crate) fn set_codes(tx: &mut Tx<'_>, account: &str, codes: &[String]) -> Result<()> {
    tx.execute(CODES_END, &params![account])?;
    for code in codes {
        tx.execute(CODE_ADD, &params![account, code])?;
    }
    Ok(())
}

/// Uses a code up; `false` when there is no such code.
pub(crate) fn use_code(tx: &mut Tx<'_>, account: &str, code: &str) -> Result<bool> {
    Ok(tx.execute(CODE_USE, &params![account, code])? == 1)
}

pub(crate) fn codes_left(tx: &mut Tx<'_>, account: &str) -> Result<i64> {
    tx.query_opt(CODES_LEFT, &params![account])?.map_or(Ok(0), |r| r.int(0))
}

pub(crate) fn end_codes(tx: &mut Tx<'_>, account: &str) -> Result<()> {
    tx.execute(CODES_END, &params![account])?;
    end_fresh(tx, account)
}

/// Keeps new codes, sealed, until the person says that they wrote them down.
pub(crate) fn set_fresh(tx: &mut Tx<'_>, account: &str, sealed: &[u8], until: Timestamp) -> Result<()> {
    tx.execute(FRESH_SET, &params![account, sealed, until]).map(drop)
}

pub(crate) fn fresh(tx: &mut Tx<'_>, account: &str, now: Timestamp) -> Result<Option<Vec<u8>>> {
    tx.query_opt(FRESH, &params![account, now])?.map(|mut r| r.blob(0)).transpose()
}

pub(crate) fn end_fresh(tx: &mut Tx<'_>, account: &str) -> Result<()> {
    tx.execute(FRESH_END, &params![account]).map(drop)
}

pub(crate) fn purge(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    tx.execute(FRESH_PURGE, &params![now])
}
