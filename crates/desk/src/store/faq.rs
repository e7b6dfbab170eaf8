//! Frequently asked questions: what is shown, and every version that was ever written.

use ::store::{Result, Row, Tx, params, statements};
use base::{Lang, Timestamp};
use serde::Serialize;

statements! {
    PUBLISHED = "SELECT f.id, f.topic, f.position, f.version, f.published, f.updated_at, v.question_ja, v.answer_ja, v.question_en, v.answer_en
                 FROM desk_faq f JOIN desk_faq_versions v ON v.faq = f.id AND v.version = f.version
                 WHERE f.published = 1 ORDER BY f.topic, f.position, f.id";
    ALL = "SELECT f.id, f.topic, f.position, f.version, f.published, f.updated_at, v.question_ja, v.answer_ja, v.question_en, v.answer_en
           FROM desk_faq f JOIN desk_faq_versions v ON v.faq = f.id AND v.version = f.version
           ORDER BY f.topic, f.position, f.id";
    GET = "SELECT f.id, f.topic, f.position, f.version, f.published, f.updated_at, v.question_ja, v.answer_ja, v.question_en, v.answer_en
           FROM desk_faq f JOIN desk_faq_versions v ON v.faq = f.id AND v.version = f.version WHERE f.id = $1";
    INSERT = "INSERT INTO desk_faq (id, topic, position, version, published, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
              ON CONFLICT (id) DO NOTHING";
    UPDATE = "UPDATE desk_faq SET topic = $3, position = $4, version = version + 1, published = $5, updated_at = $6
              WHERE id = $1 AND version = $2";
    WRITE = "INSERT INTO desk_faq_versions (faq, version, question_ja, answer_ja, question_en, answer_en, author, written_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    PLACE = "UPDATE desk_faq SET position = $2 WHERE id = $1";
    PUBLISH = "UPDATE desk_faq SET published = $2, updated_at = $3 WHERE id = $1";
    HISTORY = "SELECT version, question_ja, answer_ja, question_en, answer_en, author, written_at FROM desk_faq_versions
               WHERE faq = $1 ORDER BY version DESC";
}

/// An entry at its present version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its topic, in a stable word ([`crate::faq::TOPICS`]).
    pub topic: String,
    /// Where it stands within its topic.
    pub position: i64,
    /// Goes up with every change.
    pub version: i64,
    /// Whether API users see it.
    pub published: bool,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The question, in Japanese.
    pub question_ja: String,
    /// The answer, in Japanese.
    pub answer_ja: String,
    /// The question, in English.
    pub question_en: String,
    /// The answer, in English.
    pub answer_en: String,
}

impl Entry {
    /// The question for a reader.
    pub fn question(&self, lang: Lang) -> &str {
        if lang == Lang::En { &self.question_en } else { &self.question_ja }
    }

    /// The answer for a reader.
    pub fn answer(&self, lang: Lang) -> &str {
        if lang == Lang::En { &self.answer_en } else { &self.answer_ja }
    }
}

fn read(row: &mut Row) -> Result<Entry> {
    Ok(Entry {
        id: row.text(0)?,
        topic: row.text(1)?,
        position: row.int(2)?,
        version: row.int(3)?,
        published: row.bool(4)?,
        updated_at: row.time(5)?,
        question_ja: row.text(6)?,
        answer_ja: row.text(7)?,
        question_en: row.text(8)?,
        answer_en: row.text(9)?,
    })
}

/// What API users see, in order.
pub fn published(tx: &mut Tx<'_>) -> Result<Vec<Entry>> {
    tx.query(PUBLISHED, &[])?.iter_mut().map(read).collect()
}

/// Everything, in order.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Entry>> {
    tx.query(ALL, &[])?.iter_mut().map(read).collect()
}

/// One entry.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Entry>> {
    tx.query_opt(GET, &params![id])?.map(|mut row| read(&mut row)).transpose()
}

fn write(tx: &mut Tx<'_>, e: &Entry, version: i64, author: &str) -> Result<()> {
    let p = params![&e.id, version, &e.question_ja, &e.answer_ja, &e.question_en, &e.answer_en, author, e.updated_at];
    tx.execute(WRITE, &p).map(drop)
}

/// A new entry, at version 1; nothing happens when its id is there already.
pub fn insert(tx: &mut Tx<'_>, e: &Entry, author: &str) -> Result<()> {
    let p = params![&e.id, &e.topic, e.position, 1i64, e.published, e.updated_at];
    if tx.execute(INSERT, &p)? == 1 { write(tx, e, 1, author) } else { Ok(()) }
}

/// Changes an entry that is still at `e.version`; whether it was.
pub fn update(tx: &mut Tx<'_>, e: &Entry, author: &str) -> Result<bool> {
    let p = params![&e.id, e.version, &e.topic, e.position, e.published, e.updated_at];
    if tx.execute(UPDATE, &p)? != 1 {
        return Ok(false);
    }
    write(tx, e, e.version + 1, author)?;
    Ok(true)
}

/// A version of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its number.
    pub version: i64,
    /// Question and answer, Japanese and English.
    pub texts: [String; 4],
    /// The account that wrote it.
    pub author: String,
    /// When.
    pub written_at: Timestamp,
}

/// Every version of an entry, the newest first.
pub fn history(tx: &mut Tx<'_>, id: &str) -> Result<Vec<Version>> {
    let read = |row: &mut Row| {
        Ok(Version {
            version: row.int(0)?,
            texts: [row.text(1)?, row.text(2)?, row.text(3)?, row.text(4)?],
            author: row.text(5)?,
            written_at: row.time(6)?,
        })
    };
    tx.query(HISTORY, &params![id])?.iter_mut().map(read).collect()
}

/// Puts an entry elsewhere within its topic.
pub fn place(tx: &mut Tx<'_>, id: &str, position: i64) -> Result<()> {
    tx.execute(PLACE, &params![id, position]).map(drop)
}

/// Shows an entry to API users, or not any more; whether there is such an entry.
pub fn publish(tx: &mut Tx<'_>, id: &str, published: bool, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(PUBLISH, &params![id, published, now])? == 1)
}
