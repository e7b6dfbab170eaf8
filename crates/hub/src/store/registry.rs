//! What the command line changes of the registry.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    SET_STATUS = "UPDATE deliveries SET status = $2, updated_at = $3 WHERE id = $1";
}

/// Sets a delivery service's status; `false` when there is none of that id.
pub fn set_delivery_status(tx: &mut Tx<'_>, id: &str, status: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(SET_STATUS, &params![id, status, now])? == 1)
}
