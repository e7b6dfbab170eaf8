//! Keys and certificates: the authority's and the cards', made at first use.

use store::{Result, Tx, params};

store::statements! {
    FIND = "SELECT sealed_key, certificate FROM card_keys WHERE name = $1";
    // Another node may have made it in the meantime: the first one stays.
    INSERT = "INSERT INTO card_keys (name, sealed_key, certificate) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
}

/// A stored key: PKCS #8, sealed, and its certificate.
pub(crate) type Stored = (Vec<u8>, Vec<u8>);

pub(crate) fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Stored>> {
    tx.query_opt(FIND, &params![name])?.map(|mut row| Ok((row.blob(0)?, row.blob(1)?))).transpose()
}

/// Stores a key unless there is one; gives the one that is there now.
pub(crate) fn insert(tx: &mut Tx<'_>, name: &str, key: &[u8], certificate: &[u8]) -> Result<Option<Stored>> {
    tx.execute(INSERT, &params![name, key, certificate])?;
    find(tx, name)
}
