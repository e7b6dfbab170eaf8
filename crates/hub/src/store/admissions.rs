//! Clients as the desk (or the command line) put them: revision, digest and entry, for the registry API.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    GET = "SELECT source, revision, digest, entry, updated_at FROM admissions WHERE client_id = $1";
    // Two nodes with two instructions at the same moment: the higher revision stands, whoever comes first.
    PUT = "INSERT INTO admissions (client_id, source, revision, digest, entry, updated_at)
        VALUES ($1, 'desk', $2, $3, $4, $5)
        ON CONFLICT (client_id) DO UPDATE SET source = 'desk', revision = $2, digest = $3, entry = $4, updated_at = $5
        WHERE admissions.revision < $2 OR (admissions.revision = $2 AND admissions.digest = $3)";
    BY_HAND = "INSERT INTO admissions (client_id, source, revision, digest, entry, updated_at)
        VALUES ($1, 'command_line', 0, '', '', $2)
        ON CONFLICT (client_id) DO UPDATE SET source = 'command_line', updated_at = $2";
}

/// An admission.
#[derive(Clone, Debug)]
pub struct AdmissionRow {
    /// `desk`, or `command_line` when somebody changed it there since.
    pub source: String,
    /// The desk's revision; 0 when the desk never put it.
    pub revision: u64,
    /// Digest of the entry; empty when the desk never put it.
    pub digest: String,
    /// The entry as it stood in the instruction, canonical JSON.
    pub entry: String,
    /// Last change.
    pub updated_at: Timestamp,
}

impl AdmissionRow {
    /// Whether what the desk put is what counts.
    pub fn is_desks(&self) -> bool {
        self.source == "desk"
    }
}

/// One client's.
pub fn get(tx: &mut Tx<'_>, client_id: &str) -> Result<Option<AdmissionRow>> {
    tx.query_opt(GET, &params![client_id])?
        .map(|mut r| {
            Ok(AdmissionRow {
                source: r.text(0)?,
                revision: u64::try_from(r.int(1)?).unwrap_or_default(),
                digest: r.text(2)?,
                entry: r.text(3)?,
                updated_at: r.time(4)?,
            })
        })
        .transpose()
}

/// Keeps what the desk put; `false` when a later revision came first.
pub fn put(tx: &mut Tx<'_>, client_id: &str, revision: u64, digest: &str, entry: &str, now: Timestamp) -> Result<bool> {
    let revision = i64::try_from(revision).unwrap_or(i64::MAX);
    Ok(tx.execute(PUT, &params![client_id, revision, digest, entry, now])? == 1)
}

/// Notes that somebody changed a client on the command line, so that the desk sees it.
pub fn by_hand(tx: &mut Tx<'_>, client_id: &str, now: Timestamp) -> Result<()> {
    tx.execute(BY_HAND, &params![client_id, now]).map(drop)
}
