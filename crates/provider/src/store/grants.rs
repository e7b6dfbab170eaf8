//! Grants with their code, and access tokens.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    INSERT = "INSERT INTO oauth_grants (id, client_id, account, subject, body, code, code_expires_at, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    BY_CODE = "SELECT id, client_id, account, subject, body, code_expires_at, code_used_at, expires_at, revoked_at
        FROM oauth_grants WHERE code = $1";
    USE_CODE = "UPDATE oauth_grants SET code_used_at = $2 WHERE id = $1 AND code_used_at IS NULL AND revoked_at IS NULL";
    DROP_CODE = "UPDATE oauth_grants SET revoked_at = $2 WHERE code = $1 AND code_used_at IS NULL AND revoked_at IS NULL";
    REVOKE = "UPDATE oauth_grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    REVOKE_CLIENT_ACCOUNT = "UPDATE oauth_grants SET revoked_at = $3 WHERE account = $1 AND client_id = $2 AND revoked_at IS NULL";
    REVOKE_CLIENT = "UPDATE oauth_grants SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL";
    REVOKE_TOKENS = "UPDATE oauth_tokens SET revoked_at = $2 WHERE grant_id = $1 AND revoked_at IS NULL";
    INSERT_TOKEN = "INSERT INTO oauth_tokens (id, grant_id, client_id, jkt, scope, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    TOKEN = "SELECT t.client_id, t.jkt, t.scope, t.expires_at, t.revoked_at,
            g.id, g.account, g.subject, g.body, g.expires_at, g.revoked_at
        FROM oauth_tokens t LEFT JOIN oauth_grants g ON g.id = t.grant_id WHERE t.id = $1";
    PURGE_TOKENS = "DELETE FROM oauth_tokens WHERE expires_at < $1";
    PURGE_GRANTS = "DELETE FROM oauth_grants WHERE expires_at < $1";
}

/// A stored grant.
pub struct GrantRow {
    /// Grant id.
    pub id: String,
    /// To whom.
    pub client_id: String,
    /// Whose: the role's own id of the person.
    pub account: String,
    /// `sub` for this client.
    pub subject: String,
    /// [`crate::GrantBody`] as JSON.
    pub body: String,
    /// Until when its code may be redeemed.
    pub code_expires_at: Timestamp,
    /// When its code was redeemed.
    pub code_used_at: Option<Timestamp>,
    /// Until when tokens may live on it.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub revoked_at: Option<Timestamp>,
}

/// A stored token with its grant.
pub struct TokenRow {
    /// To whom.
    pub client_id: String,
    /// Thumbprint of the DPoP key.
    pub jkt: String,
    /// Space-separated.
    pub scope: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// The grant, unless it came by client credentials.
    pub grant: Option<TokenGrant>,
    /// Whether token or grant were ended.
    pub revoked: bool,
}

/// The grant behind a token.
pub struct TokenGrant {
    /// Grant id.
    pub id: String,
    /// The role's own id of the person.
    pub account: String,
    /// `sub` for this client.
    pub subject: String,
    /// [`crate::GrantBody`] as JSON.
    pub body: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Keeps a grant with its code.
#[expect(clippy::too_many_arguments, reason = "one argument per column")]
pub fn insert(
    tx: &mut Tx<'_>,
    id: &str,
    client_id: &str,
    account: &str,
    subject: &str,
    body: &str,
    code_hash: &str,
    code_expires: Timestamp,
    now: Timestamp,
    expires: Timestamp,
) -> Result<()> {
    tx.execute(INSERT, &params![id, client_id, account, subject, body, code_hash, code_expires, now, expires]).map(drop)
}

/// The grant of a code.
pub fn by_code(tx: &mut Tx<'_>, code_hash: &str) -> Result<Option<GrantRow>> {
    tx.query_opt(BY_CODE, &params![code_hash])?
        .map(|mut r| {
            Ok(GrantRow {
                id: r.text(0)?,
                client_id: r.text(1)?,
                account: r.text(2)?,
                subject: r.text(3)?,
                body: r.text(4)?,
                code_expires_at: r.time(5)?,
                code_used_at: r.opt_time(6)?,
                expires_at: r.time(7)?,
                revoked_at: r.opt_time(8)?,
            })
        })
        .transpose()
}

/// Uses the code up; `false` when somebody did already.
pub fn use_code(tx: &mut Tx<'_>, grant_id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(USE_CODE, &params![grant_id, now])? == 1)
}

/// Ends an unused code: its holder asked for a new one.
pub fn drop_code(tx: &mut Tx<'_>, code_hash: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(DROP_CODE, &params![code_hash, now])? == 1)
}

/// Ends a grant and its tokens.
pub fn revoke(tx: &mut Tx<'_>, grant_id: &str, now: Timestamp) -> Result<()> {
    tx.execute(REVOKE, &params![grant_id, now])?;
    tx.execute(REVOKE_TOKENS, &params![grant_id, now]).map(drop)
}

/// Ends all grants of a person to a client.
pub fn revoke_for(tx: &mut Tx<'_>, account: &str, client_id: &str, now: Timestamp) -> Result<u64> {
    tx.execute(REVOKE_CLIENT_ACCOUNT, &params![account, client_id, now])
}

/// Ends all grants to a client.
pub fn revoke_client(tx: &mut Tx<'_>, client_id: &str, now: Timestamp) -> Result<u64> {
    tx.execute(REVOKE_CLIENT, &params![client_id, now])
}

/// Keeps a token.
pub fn insert_token(
    tx: &mut Tx<'_>,
    token_hash: &str,
    grant_id: Option<&str>,
    client_id: &str,
    jkt: &str,
    scope: &str,
    expires: Timestamp,
) -> Result<()> {
    tx.execute(INSERT_TOKEN, &params![token_hash, grant_id, client_id, jkt, scope, expires]).map(drop)
}

/// One token.
pub fn token(tx: &mut Tx<'_>, token_hash: &str) -> Result<Option<TokenRow>> {
    let Some(mut r) = tx.query_opt(TOKEN, &params![token_hash])? else { return Ok(None) };
    let grant = match r.opt_text(5)? {
        None => None,
        Some(id) => {
            Some(TokenGrant { id, account: r.text(6)?, subject: r.text(7)?, body: r.text(8)?, expires_at: r.time(9)? })
        }
    };
    let revoked = r.opt_time(4)?.is_some() || r.opt_time(10)?.is_some();
    Ok(Some(TokenRow {
        client_id: r.text(0)?,
        jkt: r.text(1)?,
        scope: r.text(2)?,
        expires_at: r.time(3)?,
        grant,
        revoked,
    }))
}

/// Forgets tokens and grants that ended before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    Ok(tx.execute(PURGE_TOKENS, &params![before])? + tx.execute(PURGE_GRANTS, &params![before])?)
}
