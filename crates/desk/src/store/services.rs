//! Services of API users: what becomes a client at the portals.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;
use serde::Serialize;

statements! {
    INSERT = "INSERT INTO desk_services (id, org, name, status, created_at, updated_at) VALUES ($1, $2, $3, 'new', $4, $4)";
    GET = "SELECT id, org, name, test_client_id, production_client_id, status, live_since, created_at FROM desk_services WHERE id = $1";
    OF_ORG = "SELECT id, org, name, test_client_id, production_client_id, status, live_since, created_at FROM desk_services
              WHERE org = $1 ORDER BY created_at, id";
    ALL = "SELECT id, org, name, test_client_id, production_client_id, status, live_since, created_at FROM desk_services
           ORDER BY created_at, id";
    RENAME = "UPDATE desk_services SET name = $2, updated_at = $3 WHERE id = $1";
    SET_STATUS = "UPDATE desk_services SET status = $2, updated_at = $3,
                      live_since = CASE WHEN $2 = 'active' AND live_since IS NULL THEN $3 ELSE live_since END
                  WHERE id = $1";
    SET_TEST_CLIENT = "UPDATE desk_services SET test_client_id = $2, updated_at = $3 WHERE id = $1 AND test_client_id IS NULL";
    SET_PRODUCTION_CLIENT = "UPDATE desk_services SET production_client_id = $2, updated_at = $3
                             WHERE id = $1 AND production_client_id IS NULL";
    // Takes the row for the rest of the transaction: one open case per service.
    LOCK = "UPDATE desk_services SET updated_at = updated_at WHERE id = $1";
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub org: String,
    /// Its name, as the organisation calls it.
    pub name: String,
    /// Its client at the test portal, once there is one.
    pub test_client_id: Option<String>,
    /// Its client at the production portal, once there is one.
    pub production_client_id: Option<String>,
    /// `new`, `active`, `suspended`, `terminated` ([`procedures::ServiceState`]).
    pub status: String,
    /// Since when it was first in production.
    pub live_since: Option<Timestamp>,
    /// When it was named here.
    pub created_at: Timestamp,
}

fn read(row: &mut Row) -> Result<Service> {
    Ok(Service {
        id: row.text(0)?,
        org: row.text(1)?,
        name: row.text(2)?,
        test_client_id: row.opt_text(3)?,
        production_client_id: row.opt_text(4)?,
        status: row.text(5)?,
        live_since: row.opt_time(6)?,
        created_at: row.time(7)?,
    })
}

/// A new service.
pub fn insert(tx: &mut Tx<'_>, id: &str, org: &str, name: &str, now: Timestamp) -> Result<()> {
    tx.execute(INSERT, &params![id, org, name, now]).map(drop)
}

/// A service.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Service>> {
    tx.query_opt(GET, &params![id])?.map(|mut row| read(&mut row)).transpose()
}

/// The services of an organisation, the oldest first.
pub fn of_org(tx: &mut Tx<'_>, org: &str) -> Result<Vec<Service>> {
    tx.query(OF_ORG, &params![org])?.iter_mut().map(read).collect()
}

/// All services, the oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Service>> {
    tx.query(ALL, &[])?.iter_mut().map(read).collect()
}

/// Gives a service another name.
pub fn rename(tx: &mut Tx<'_>, id: &str, name: &str, now: Timestamp) -> Result<()> {
    tx.execute(RENAME, &params![id, name, now]).map(drop)
}

/// Gives a service its state.
pub fn set_status(tx: &mut Tx<'_>, id: &str, status: &str, now: Timestamp) -> Result<()> {
    tx.execute(SET_STATUS, &params![id, status, now]).map(drop)
}

/// Gives a service its client at the test (or production) portal, unless it has one: ids of clients never change.
pub fn set_client(tx: &mut Tx<'_>, id: &str, production: bool, client_id: &str, now: Timestamp) -> Result<()> {
    let sql = if production { SET_PRODUCTION_CLIENT } else { SET_TEST_CLIENT };
    tx.execute(sql, &params![id, client_id, now]).map(drop)
}

/// Locks the service's row for the rest of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(LOCK, &params![id]).map(drop)
}
