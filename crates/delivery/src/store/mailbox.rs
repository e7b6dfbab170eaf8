//! The reference mailbox: accounts, documents, test issuers.

use base::Timestamp;
use store::{Result, Row, Tx, params};

store::statements! {
    BY_EMAIL = "SELECT id, email, family_name, given_name, password, lang, person, documents_at FROM accounts WHERE email = $1";
    BY_ID = "SELECT id, email, family_name, given_name, password, lang, person, documents_at FROM accounts WHERE id = $1";
    INSERT = "INSERT INTO accounts (id, email, family_name, given_name, password, lang, person, documents_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (email) DO NOTHING";
    SET_PASSWORD = "UPDATE accounts SET password = $2 WHERE id = $1 AND password = $3";
    DELIVERED = "UPDATE accounts SET documents_at = $2 WHERE id = $1 AND documents_at IS NULL";
    DOCUMENT_INSERT = "INSERT INTO documents (id, account, kind, year, issuer, certificate, content, size, digest, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    DOCUMENTS = "SELECT id, kind, year, issuer, size, digest, received_at, read_at FROM documents
        WHERE account = $1 ORDER BY received_at DESC, id DESC";
    DOCUMENT = "SELECT id, kind, year, issuer, size, digest, received_at, read_at, certificate FROM documents
        WHERE account = $1 AND id = $2";
    CONTENT = "SELECT id, kind, year, issuer, size, digest, received_at, read_at, content FROM documents
        WHERE account = $1 AND id = $2";
    READ = "UPDATE documents SET read_at = $3 WHERE account = $1 AND id = $2 AND read_at IS NULL";
    ISSUERS = "SELECT id, sealed, certificate FROM issuers";
    ISSUERS_INSERT = "INSERT INTO issuers (id, sealed, certificate, created_at) VALUES ($1, $2, $3, $4)";
}

/// An account.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Id.
    pub id: String,
    /// E-mail address, lower case: what people sign in with.
    pub email: String,
    /// 姓
    pub family_name: String,
    /// 名
    pub given_name: String,
    /// argon2id in PHC form.
    pub password: String,
    /// Language chosen.
    pub lang: Option<String>,
    /// The test person whose account it is.
    pub person: Option<String>,
    /// When the sample documents came; `None`: not yet.
    pub documents_at: Option<Timestamp>,
}

fn account(mut r: Row) -> Result<AccountRow> {
    Ok(AccountRow {
        id: r.text(0)?,
        email: r.text(1)?,
        family_name: r.text(2)?,
        given_name: r.text(3)?,
        password: r.text(4)?,
        lang: r.opt_text(5)?,
        person: r.opt_text(6)?,
        documents_at: r.opt_time(7)?,
    })
}

/// By e-mail address.
pub fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<AccountRow>> {
    tx.query_opt(BY_EMAIL, &params![email])?.map(account).transpose()
}

/// By id.
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<AccountRow>> {
    tx.query_opt(BY_ID, &params![id])?.map(account).transpose()
}

/// Adds an account; `false` when the address is taken.
pub fn insert(tx: &mut Tx<'_>, a: &AccountRow, now: Timestamp) -> Result<bool> {
    let p =
        params![&a.id, &a.email, &a.family_name, &a.given_name, &a.password, &a.lang, &a.person, a.documents_at, now];
    Ok(tx.execute(INSERT, &p)? == 1)
}

/// Puts a hash of the same password with newer parameters in place of `old`.
pub fn set_password(tx: &mut Tx<'_>, id: &str, new: &str, old: &str) -> Result<()> {
    tx.execute(SET_PASSWORD, &params![id, new, old]).map(drop)
}

/// Takes the right to deliver the sample documents, once.
pub fn delivered(tx: &mut Tx<'_>, account: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(DELIVERED, &params![account, now])? == 1)
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
pub fn issuers(tx: &mut Tx<'_>) -> Result<Vec<IssuerRow>> {
    tx.query(ISSUERS, &[])?
        .into_iter()
        .map(|mut r| Ok(IssuerRow { id: r.text(0)?, sealed: r.blob(1)?, certificate: r.blob(2)? }))
        .collect()
}

/// Keeps one; a uniqueness error means that another node was first.
pub fn issuer_insert(tx: &mut Tx<'_>, row: &IssuerRow, now: Timestamp) -> Result<()> {
    tx.execute(ISSUERS_INSERT, &params![&row.id, &row.sealed, &row.certificate, now]).map(drop)
}
