//! Invitations to the staff, by the sign-in kit's id.

use ::store::{Result, Tx, params, statements};
use base::Timestamp;

statements! {
    INSERT = "INSERT INTO office_invitations (id, email, roles, invited_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    OPEN = "SELECT id, email, roles, invited_by, created_at, expires_at FROM office_invitations
            WHERE ended_at IS NULL AND expires_at > $1 ORDER BY created_at, id";
    END = "UPDATE office_invitations SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) id: String,
    pub(crate) email: String,
    /// As stored for a member of staff.
    pub(crate) roles: String,
    pub(crate) invited_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// Keeps an invitation.
pub(crate) fn insert(tx: &mut Tx<'_>, i: &Invitation) -> Result<()> {
    let p = params![&i.id, &i.email, &i.roles, &i.invited_by, i.created_at, i.expires_at];
    tx.execute(INSERT, &p).map(drop)
}

/// Those that can still be taken up.
pub(crate) fn open(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Invitation>> {
    tx.query(OPEN, &params![now])?
        .iter_mut()
        .map(|row| {
            Ok(Invitation {
                id: row.text(0)?,
                email: row.text(1)?,
                roles: row.text(2)?,
                invited_by: row.text(3)?,
                created_at: row.time(4)?,
                expires_at: row.time(5)?,
            })
        })
        .collect()
}

/// Ends one; whether it was open.
pub(crate) fn end(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(END, &params![id, now])? == 1)
}
