//! The test issuers' keys.

use base::Timestamp;
use store::{Result, Tx, params};

store::statements! {
    ISSUERS = "SELECT id, sealed, certificate FROM issuers";
    ISSUERS_INSERT = "INSERT INTO issuers (id, sealed, certificate, created_at) VALUES ($1, $2, $3, $4)";
}

/// A stored key of the test issuers, sealed, with its certificate.
pub struct IssuerRow {
    /// `ca` or an issuer's id.
    pub id: String,
    /// PKCS #8, sealed.
    pub sealed: Vec<u8>,
    /// DER.
    pub certificate: Vec<u8>,
}

/// All test issuers.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<IssuerRow>> {
    tx.query(ISSUERS, &[])?
        .into_iter()
        .map(|mut r| Ok(IssuerRow { id: r.text(0)?, sealed: r.blob(1)?, certificate: r.blob(2)? }))
        .collect()
}

/// Keeps one; a uniqueness error means that another node was first.
pub fn insert(tx: &mut Tx<'_>, row: &IssuerRow, now: Timestamp) -> Result<()> {
    tx.execute(ISSUERS_INSERT, &params![&row.id, &row.sealed, &row.certificate, now]).map(drop)
}
