//! Files: evidence, logos, attachments of inquiries. The bytes are sealed.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;
use serde::Serialize;

statements! {
    INSERT = "INSERT INTO desk_attachments (id, org, place, name, kind, size, digest, sealed, uploaded_by, uploaded_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    GET = "SELECT id, org, place, name, kind, size, digest, uploaded_by, uploaded_at FROM desk_attachments WHERE id = $1";
    OF_PLACE = "SELECT id, org, place, name, kind, size, digest, uploaded_by, uploaded_at FROM desk_attachments
                WHERE place = $1 ORDER BY id";
    DELETE = "DELETE FROM desk_attachments WHERE id = $1 AND place = $2";
    SEALED = "SELECT sealed FROM desk_attachments WHERE id = $1";
    USED = "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM desk_attachments WHERE org = $1";
    USED_BY = "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM desk_attachments WHERE org IS NULL AND uploaded_by = $1";
}

/// What is known of a file without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// The organisation it belongs to.
    pub org: Option<String>,
    /// The case (`cas_…`) or message (`msg_…`) it belongs to.
    pub place: String,
    /// Its name, made harmless.
    pub name: String,
    /// Its media type, found by looking at the bytes.
    pub kind: String,
    /// Its size in bytes.
    pub size: i64,
    /// SHA-256 in base64url.
    pub digest: String,
    /// The account that sent it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: Timestamp,
}

fn read(row: &mut Row) -> Result<Attachment> {
    Ok(Attachment {
        id: row.text(0)?,
        org: row.opt_text(1)?,
        place: row.text(2)?,
        name: row.text(3)?,
        kind: row.text(4)?,
        size: row.int(5)?,
        digest: row.text(6)?,
        uploaded_by: row.text(7)?,
        uploaded_at: row.time(8)?,
    })
}

/// Keeps a file.
pub fn insert(tx: &mut Tx<'_>, a: &Attachment, sealed: &[u8]) -> Result<()> {
    let p =
        params![&a.id, &a.org, &a.place, &a.name, &a.kind, a.size, &a.digest, sealed, &a.uploaded_by, a.uploaded_at];
    tx.execute(INSERT, &p).map(drop)
}

/// A file's facts.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Attachment>> {
    tx.query_opt(GET, &params![id])?.map(|mut row| read(&mut row)).transpose()
}

/// The files of a case or message.
pub fn of(tx: &mut Tx<'_>, place: &str) -> Result<Vec<Attachment>> {
    tx.query(OF_PLACE, &params![place])?.iter_mut().map(read).collect()
}

/// Forgets a file of this place.
pub fn delete(tx: &mut Tx<'_>, id: &str, place: &str) -> Result<()> {
    tx.execute(DELETE, &params![id, place]).map(drop)
}

/// A file's sealed bytes.
pub fn sealed(tx: &mut Tx<'_>, id: &str) -> Result<Option<Vec<u8>>> {
    tx.query_opt(SEALED, &params![id])?.map(|mut row| row.blob(0)).transpose()
}

/// How many bytes an organisation, or a person without one, keeps here.
pub fn used(tx: &mut Tx<'_>, org: Option<&str>, account: &str) -> Result<i64> {
    let row = match org {
        Some(org) => tx.query_opt(USED, &params![org])?,
        None => tx.query_opt(USED_BY, &params![account])?,
    };
    row.map_or(Ok(0), |row| row.int(0))
}
