//! Documents.

use base::Timestamp;
use store::{Result, Row, Tx, params};

store::statements! {
    DOCUMENT_INSERT = "INSERT INTO documents (id, account, kind, year, issuer, certificate, content, size, digest, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    DOCUMENTS = "SELECT id, kind, year, issuer, size, digest, received_at, read_at FROM documents
        WHERE account = $1 ORDER BY received_at DESC, id DESC";
    DOCUMENT = "SELECT id, kind, year, issuer, size, digest, received_at, read_at, certificate FROM documents
        WHERE account = $1 AND id = $2";
    CONTENT = "SELECT id, kind, year, issuer, size, digest, received_at, read_at, content FROM documents
        WHERE account = $1 AND id = $2";
    READ = "UPDATE documents SET read_at = $3 WHERE account = $1 AND id = $2 AND read_at IS NULL";
}

/// A document's row without its content.
#[derive(Clone, Debug)]
pub struct DocumentRow {
    /// Id.
    pub id: String,
    /// Form code.
    pub kind: String,
    /// Tax year.
    pub year: i64,
    /// Who issued it.
    pub issuer: String,
    /// Size of the file in bytes.
    pub size: i64,
    /// SHA-256 of the file.
    pub digest: Vec<u8>,
    /// When it came.
    pub received: Timestamp,
    /// When it was opened first.
    pub read: Option<Timestamp>,
}

fn document(r: &mut Row) -> Result<DocumentRow> {
    Ok(DocumentRow {
        id: r.text(0)?,
        kind: r.text(1)?,
        year: r.int(2)?,
        issuer: r.text(3)?,
        size: r.int(4)?,
        digest: r.blob(5)?,
        received: r.time(6)?,
        read: r.opt_time(7)?,
    })
}

/// A document to be kept: its row, what it says (JSON), and the file.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// The row.
    pub row: DocumentRow,
    /// `document::Certificate` as JSON, for the page.
    pub certificate: String,
    /// The signed file.
    pub content: Vec<u8>,
}

/// Keeps a document.
pub fn document_insert(tx: &mut Tx<'_>, account: &str, d: &NewDocument) -> Result<()> {
    let r = &d.row;
    let p =
        params![&r.id, account, &r.kind, r.year, &r.issuer, &d.certificate, &d.content, r.size, &r.digest, r.received];
    tx.execute(DOCUMENT_INSERT, &p).map(drop)
}

/// An account's documents, newest first.
pub fn documents(tx: &mut Tx<'_>, account: &str) -> Result<Vec<DocumentRow>> {
    tx.query(DOCUMENTS, &params![account])?.iter_mut().map(document).collect()
}

/// One document and what it says (JSON).
pub fn document_page(tx: &mut Tx<'_>, account: &str, id: &str) -> Result<Option<(DocumentRow, String)>> {
    tx.query_opt(DOCUMENT, &params![account, id])?.map(|mut r| Ok((document(&mut r)?, r.text(8)?))).transpose()
}

/// One document and its file.
pub fn document_content(tx: &mut Tx<'_>, account: &str, id: &str) -> Result<Option<(DocumentRow, Vec<u8>)>> {
    tx.query_opt(CONTENT, &params![account, id])?.map(|mut r| Ok((document(&mut r)?, r.blob(8)?))).transpose()
}

/// Marks a document as opened.
pub fn document_read(tx: &mut Tx<'_>, account: &str, id: &str, now: Timestamp) -> Result<()> {
    tx.execute(READ, &params![account, id, now]).map(drop)
}
