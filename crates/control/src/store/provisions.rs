//! What is wanted of the portals, and what they have confirmed.

use ::store::{Error, Result, Row, Tx, params, statements};
use base::Timestamp;
use serde::Serialize;

statements! {
    GET = "SELECT portal, kind, subject, service, desired, revision, digest, wanted_at, applied_revision, applied_digest, applied_at,
                  last_error FROM desk_provisions WHERE portal = $1 AND kind = $2 AND subject = $3";
    ALL = "SELECT portal, kind, subject, service, desired, revision, digest, wanted_at, applied_revision, applied_digest, applied_at,
                  last_error FROM desk_provisions ORDER BY portal, kind, subject";
    // Only ever upwards: whoever was slower finds nothing changed and looks again.
    PUT = "INSERT INTO desk_provisions (portal, kind, subject, service, desired, revision, digest, wanted_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (portal, kind, subject) DO UPDATE SET service = excluded.service, desired = excluded.desired,
               revision = excluded.revision, digest = excluded.digest, wanted_at = excluded.wanted_at, last_error = NULL
               WHERE desk_provisions.revision < excluded.revision";
    APPLIED = "UPDATE desk_provisions SET applied_revision = $4, applied_digest = $5, applied_at = $6, last_error = NULL
               WHERE portal = $1 AND kind = $2 AND subject = $3 AND revision = $4";
    FAILED = "UPDATE desk_provisions SET last_error = $4
              WHERE portal = $1 AND kind = $2 AND subject = $3 AND revision = $5";
    SET_CLIENT_TEST = "UPDATE desk_services SET test_client_id = $2, updated_at = $3 WHERE id = $1";
    SET_CLIENT_PRODUCTION = "UPDATE desk_services SET production_client_id = $2, updated_at = $3 WHERE id = $1";
}

/// One thing that a portal is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provision {
    /// `test` or `production`.
    pub portal: String,
    /// `client`, `delivery_service` or `maintenance`.
    pub kind: String,
    /// Its id there.
    pub subject: String,
    /// The service whose client it is.
    pub service: Option<String>,
    /// As the portal is told, JSON.
    pub desired: String,
    /// Grows with every change.
    pub revision: i64,
    /// Of `desired`.
    pub digest: String,
    /// When it was decided.
    pub wanted_at: Timestamp,
    /// What the portal has confirmed.
    pub applied_revision: Option<i64>,
    /// Its digest, as the portal computed it.
    pub applied_digest: Option<String>,
    /// When.
    pub applied_at: Option<Timestamp>,
    /// Why the last try failed, in the portal's words.
    pub last_error: Option<String>,
}

impl Provision {
    /// Whether the portal has confirmed what is wanted.
    pub fn is_applied(&self) -> bool {
        self.applied_revision == Some(self.revision)
    }

    /// What is wanted.
    pub fn value(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.desired).map_err(|e| Error::inconsistent("desk_provisions.desired", e))
    }
}

fn read(row: &mut Row) -> Result<Provision> {
    Ok(Provision {
        portal: row.text(0)?,
        kind: row.text(1)?,
        subject: row.text(2)?,
        service: row.opt_text(3)?,
        desired: row.text(4)?,
        revision: row.int(5)?,
        digest: row.text(6)?,
        wanted_at: row.time(7)?,
        applied_revision: row.opt_int(8)?,
        applied_digest: row.opt_text(9)?,
        applied_at: row.opt_time(10)?,
        last_error: row.opt_text(11)?,
    })
}

/// One of them.
pub(crate) fn get(tx: &mut Tx<'_>, portal: &str, kind: &str, subject: &str) -> Result<Option<Provision>> {
    tx.query_opt(GET, &params![portal, kind, subject])?.map(|mut row| read(&mut row)).transpose()
}

/// All of them, by portal and kind.
pub(crate) fn all(tx: &mut Tx<'_>) -> Result<Vec<Provision>> {
    tx.query(ALL, &[])?.iter_mut().map(read).collect()
}

/// What is wanted from now on.
///
/// # Errors
/// [`Error::Unavailable`] when somebody else was first with this revision or a later one: look again.
#[expect(clippy::too_many_arguments, reason = "the columns")]
pub(crate) fn put(
    tx: &mut Tx<'_>,
    portal: &str,
    kind: &str,
    subject: &str,
    service: Option<&str>,
    desired: &str,
    revision: i64,
    digest: &str,
    now: Timestamp,
) -> Result<()> {
    match tx.execute(PUT, &params![portal, kind, subject, service, desired, revision, digest, now])? {
        1 => Ok(()),
        _ => Err(Error::Unavailable("somebody else changed the settings in the same moment".to_owned())),
    }
}

/// The portal has confirmed a revision; whether it is still the one that is wanted.
pub(crate) fn applied(tx: &mut Tx<'_>, p: &Provision, digest: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(APPLIED, &params![&p.portal, &p.kind, &p.subject, p.revision, digest, now])? == 1)
}

/// Why the last try failed.
pub(crate) fn failed(tx: &mut Tx<'_>, p: &Provision, why: &str) -> Result<()> {
    tx.execute(FAILED, &params![&p.portal, &p.kind, &p.subject, why, p.revision]).map(drop)
}

/// The service's client at a portal.
pub(crate) fn set_client(tx: &mut Tx<'_>, service: &str, production: bool, client: &str, now: Timestamp) -> Result<()> {
    let sql = if production { SET_CLIENT_PRODUCTION } else { SET_CLIENT_TEST };
    tx.execute(sql, &params![service, client, now]).map(drop)
}
