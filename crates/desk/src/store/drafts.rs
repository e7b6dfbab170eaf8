//! Answers to forms that are not submitted yet: drafts (one per case and form, with a version for optimistic editing), and
//! spreadsheets that were uploaded and not yet taken over. What was submitted stands in the case.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;

statements! {
    GET = "SELECT version, answers, edited_by, edited_at FROM desk_drafts WHERE case_id = $1 AND form = $2";
    OF_CASE = "SELECT form, version, answers, edited_by, edited_at FROM desk_drafts WHERE case_id = $1 ORDER BY form";
    // The first save of a form; a second editor's first save finds the row and must look first.
    INSERT = "INSERT INTO desk_drafts (case_id, form, version, answers, edited_by, edited_at) VALUES ($1, $2, 1, $3, $4, $5)
              ON CONFLICT (case_id, form) DO NOTHING";
    UPDATE = "UPDATE desk_drafts SET version = version + 1, answers = $4, edited_by = $5, edited_at = $6
              WHERE case_id = $1 AND form = $2 AND version = $3";
    PUT_UPLOAD = "INSERT INTO desk_uploads (case_id, form, account, name, answers, findings, uploaded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
                  ON CONFLICT (case_id, form, account) DO UPDATE SET name = excluded.name, answers = excluded.answers,
                      findings = excluded.findings, uploaded_at = excluded.uploaded_at";
    GET_UPLOAD = "SELECT name, answers, findings, uploaded_at FROM desk_uploads WHERE case_id = $1 AND form = $2 AND account = $3";
    DROP_UPLOAD = "DELETE FROM desk_uploads WHERE case_id = $1 AND form = $2 AND account = $3";
    PURGE_UPLOADS = "DELETE FROM desk_uploads WHERE uploaded_at < $1";
}

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Goes up with every save.
    pub version: i64,
    /// `procedures::Answers` as JSON.
    pub answers: String,
    /// The account that saved it.
    pub edited_by: String,
    /// When.
    pub edited_at: Timestamp,
}

/// A spreadsheet that was read and waits to be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The file's name.
    pub name: String,
    /// `procedures::Answers` as JSON.
    pub answers: String,
    /// What is wrong with it, as JSON.
    pub findings: String,
    /// When it came.
    pub uploaded_at: Timestamp,
}

fn draft(row: &mut Row, at: usize) -> Result<Draft> {
    Ok(Draft {
        version: row.int(at)?,
        answers: row.text(at + 1)?,
        edited_by: row.text(at + 2)?,
        edited_at: row.time(at + 3)?,
    })
}

/// The draft of a form.
pub fn get(tx: &mut Tx<'_>, case: &str, form: &str) -> Result<Option<Draft>> {
    tx.query_opt(GET, &params![case, form])?.map(|mut row| draft(&mut row, 0)).transpose()
}

/// The drafts of a case, by form.
pub fn of_case(tx: &mut Tx<'_>, case: &str) -> Result<Vec<(String, Draft)>> {
    tx.query(OF_CASE, &params![case])?.iter_mut().map(|row| Ok((row.text(0)?, draft(row, 1)?))).collect()
}

/// Saves a draft when it is still at the version that its editor saw (0: there was none); whether it was.
pub fn save(
    tx: &mut Tx<'_>,
    case: &str,
    form: &str,
    seen: i64,
    answers: &str,
    by: &str,
    now: Timestamp,
) -> Result<bool> {
    let rows = match seen {
        0 => tx.execute(INSERT, &params![case, form, answers, by, now])?,
        _ => tx.execute(UPDATE, &params![case, form, seen, answers, by, now])?,
    };
    Ok(rows == 1)
}

/// Keeps a spreadsheet's answers until its editor takes them over or not.
pub fn put_upload(tx: &mut Tx<'_>, case: &str, form: &str, account: &str, u: &Uploaded) -> Result<()> {
    let p = params![case, form, account, &u.name, &u.answers, &u.findings, u.uploaded_at];
    tx.execute(PUT_UPLOAD, &p).map(drop)
}

/// The spreadsheet that an editor uploaded last.
pub fn upload(tx: &mut Tx<'_>, case: &str, form: &str, account: &str) -> Result<Option<Uploaded>> {
    let row = tx.query_opt(GET_UPLOAD, &params![case, form, account])?;
    row.map(|mut row| {
        Ok(Uploaded { name: row.text(0)?, answers: row.text(1)?, findings: row.text(2)?, uploaded_at: row.time(3)? })
    })
    .transpose()
}

/// Forgets it.
pub fn drop_upload(tx: &mut Tx<'_>, case: &str, form: &str, account: &str) -> Result<()> {
    tx.execute(DROP_UPLOAD, &params![case, form, account]).map(drop)
}

/// Forgets spreadsheets that nobody took over.
pub fn purge_uploads(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    tx.execute(PURGE_UPLOADS, &params![before]).map(drop)
}
