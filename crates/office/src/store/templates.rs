//! Templates of messages: what is used, and every version that was ever written.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;
use serde::Serialize;

statements! {
    ALL = "SELECT t.id, t.version, t.retired_at, v.title, v.subject_ja, v.body_ja, v.subject_en, v.body_en, v.author, v.written_at
           FROM office_templates t JOIN office_template_versions v ON v.template = t.id AND v.version = t.version
           ORDER BY v.title, t.id";
    GET = "SELECT t.id, t.version, t.retired_at, v.title, v.subject_ja, v.body_ja, v.subject_en, v.body_en, v.author, v.written_at
           FROM office_templates t JOIN office_template_versions v ON v.template = t.id AND v.version = t.version
           WHERE t.id = $1";
    HISTORY = "SELECT template, version, NULL, title, subject_ja, body_ja, subject_en, body_en, author, written_at
               FROM office_template_versions WHERE template = $1 ORDER BY version DESC";
    INSERT = "INSERT INTO office_templates (id, version, updated_at) VALUES ($1, 1, $2)";
    // Compare-and-set on the version that the editor saw.
    UPDATE = "UPDATE office_templates SET version = version + 1, updated_at = $3 WHERE id = $1 AND version = $2";
    RETIRE = "UPDATE office_templates SET retired_at = $2, updated_at = $3 WHERE id = $1";
    WRITE = "INSERT INTO office_template_versions (template, version, title, subject_ja, body_ja, subject_en, body_en, author, written_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
}

/// A template at one of its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) version: i64,
    /// Since when it is not offered any more.
    pub(crate) retired_at: Option<Timestamp>,
    /// What it is for, among the staff.
    pub(crate) title: String,
    pub(crate) subject_ja: String,
    pub(crate) body_ja: String,
    pub(crate) subject_en: String,
    pub(crate) body_en: String,
    /// The account that wrote this version.
    pub(crate) author: String,
    pub(crate) written_at: Timestamp,
}

fn read(row: &mut Row) -> Result<Template> {
    Ok(Template {
        id: row.text(0)?,
        version: row.int(1)?,
        retired_at: row.opt_time(2)?,
        title: row.text(3)?,
        subject_ja: row.text(4)?,
        body_ja: row.text(5)?,
        subject_en: row.text(6)?,
        body_en: row.text(7)?,
        author: row.text(8)?,
        written_at: row.time(9)?,
    })
}

/// All of them.
pub(crate) fn all(tx: &mut Tx<'_>) -> Result<Vec<Template>> {
    tx.query(ALL, &[])?.iter_mut().map(read).collect()
}

/// One.
pub(crate) fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Template>> {
    tx.query_opt(GET, &params![id])?.map(|mut row| read(&mut row)).transpose()
}

/// Every version, the newest first.
pub(crate) fn history(tx: &mut Tx<'_>, id: &str) -> Result<Vec<Template>> {
    tx.query(HISTORY, &params![id])?.iter_mut().map(read).collect()
}

fn write(tx: &mut Tx<'_>, t: &Template, version: i64) -> Result<()> {
    let p = params![
        &t.id,
        version,
        &t.title,
        &t.subject_ja,
        &t.body_ja,
        &t.subject_en,
        &t.body_en,
        &t.author,
        t.written_at
    ];
    tx.execute(WRITE, &p).map(drop)
}

/// A new one, at version 1.
pub(crate) fn insert(tx: &mut Tx<'_>, t: &Template) -> Result<()> {
    tx.execute(INSERT, &params![&t.id, t.written_at])?;
    write(tx, t, 1)
}

/// Changes one that is still at `t.version`; whether it was.
pub(crate) fn update(tx: &mut Tx<'_>, t: &Template) -> Result<bool> {
    if tx.execute(UPDATE, &params![&t.id, t.version, t.written_at])? != 1 {
        return Ok(false);
    }
    write(tx, t, t.version + 1)?;
    Ok(true)
}

/// Takes one out of use, or back into it.
pub(crate) fn retire(tx: &mut Tx<'_>, id: &str, at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    tx.execute(RETIRE, &params![id, at, now]).map(drop)
}
