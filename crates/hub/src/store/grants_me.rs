//! What a citizen allowed to API users: grants that live, and their consents.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    // The provider's table, in the same database. A code that nobody redeemed in time gave nothing away.
    LIVE = "SELECT client_id, body, expires_at FROM oauth_grants
        WHERE account = $1 AND revoked_at IS NULL AND expires_at > $2
            AND (code_used_at IS NOT NULL OR code_expires_at > $2)
        ORDER BY created_at DESC LIMIT 500";
    END_CONSENTS = "UPDATE consents SET ended_at = $3 WHERE citizen_id = $1 AND client_id = $2 AND ended_at IS NULL";
}

/// A grant that lives.
pub struct LiveGrant {
    /// To whom.
    pub client_id: String,
    /// [`provider::GrantBody`] as JSON.
    pub body: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A citizen's living grants, newest first.
pub fn live(tx: &mut Tx<'_>, citizen: &str, now: Timestamp) -> Result<Vec<LiveGrant>> {
    tx.query(LIVE, &params![citizen, now])?
        .into_iter()
        .map(|mut r| Ok(LiveGrant { client_id: r.text(0)?, body: r.text(1)?, expires_at: r.time(2)? }))
        .collect()
}

/// Ends a citizen's consents to an API user.
pub fn end_consents(tx: &mut Tx<'_>, citizen: &str, client: &str, now: Timestamp) -> Result<u64> {
    tx.execute(END_CONSENTS, &params![citizen, client, now])
}
