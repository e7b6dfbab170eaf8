//! Inquiries: threads and their messages.

use ::store::{Result, Row, Tx, params, statements};
use base::Timestamp;
use serde::Serialize;

statements! {
    INSERT = "INSERT INTO desk_threads (id, receipt, org, case_id, topic, subject, status, opened_by, opened_at, updated_at, waiting_since)
              VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $8, $8)";
    GET = "SELECT id, receipt, org, case_id, topic, subject, status, assignee, opened_by, opened_at, updated_at, waiting_since
           FROM desk_threads WHERE id = $1";
    // Mine, and those of my organisations.
    FOR_PERSON = "SELECT t.id, t.receipt, t.org, t.case_id, t.topic, t.subject, t.status, t.assignee, t.opened_by, t.opened_at,
                         t.updated_at, t.waiting_since
                  FROM desk_threads t WHERE (t.org IS NULL AND t.opened_by = $1)
                      OR t.org IN (SELECT m.org FROM desk_members m WHERE m.account = $1)
                  ORDER BY t.updated_at DESC, t.id LIMIT 200";
    OF_CASE = "SELECT id, receipt, org, case_id, topic, subject, status, assignee, opened_by, opened_at, updated_at, waiting_since
               FROM desk_threads WHERE case_id = $1 ORDER BY opened_at, id";
    BY_STATUS = "SELECT id, receipt, org, case_id, topic, subject, status, assignee, opened_by, opened_at, updated_at, waiting_since
                 FROM desk_threads WHERE status = $1 ORDER BY waiting_since, id LIMIT 500";
    TOUCH = "UPDATE desk_threads SET status = $2, updated_at = $3,
                 waiting_since = CASE WHEN status = $2 THEN waiting_since ELSE $3 END,
                 closed_at = CASE WHEN $2 = 'closed' THEN $3 ELSE NULL END
             WHERE id = $1";
    ASSIGN = "UPDATE desk_threads SET assignee = $2 WHERE id = $1";
    SAY = "INSERT INTO desk_messages (id, thread, author, author_kind, internal, body, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    MESSAGES = "SELECT id, author, author_kind, internal, body, created_at FROM desk_messages WHERE thread = $1 ORDER BY created_at, id";
    MESSAGE_THREAD = "SELECT thread, internal FROM desk_messages WHERE id = $1";
}

/// An inquiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thread {
    /// Its id.
    pub id: String,
    /// Its 受付番号.
    pub receipt: String,
    /// The organisation on whose behalf it was asked.
    pub org: Option<String>,
    /// The case it is about.
    pub case_id: Option<String>,
    /// What it is about, in a stable word.
    pub topic: String,
    /// What it is about, in the asker's words.
    pub subject: String,
    /// `open` (the desk has to answer), `answered`, `closed`.
    pub status: String,
    /// The member of staff who looks after it.
    pub assignee: Option<String>,
    /// The account that asked.
    pub opened_by: String,
    /// When.
    pub opened_at: Timestamp,
    /// When something was last said.
    pub updated_at: Timestamp,
    /// Since when it has its status.
    pub waiting_since: Timestamp,
}

/// One message of a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The account that wrote it.
    pub author: String,
    /// `member` or `staff`.
    pub author_kind: String,
    /// A note among the staff, never shown to the asker.
    pub internal: bool,
    /// What it says.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
}

fn thread(row: &mut Row) -> Result<Thread> {
    Ok(Thread {
        id: row.text(0)?,
        receipt: row.text(1)?,
        org: row.opt_text(2)?,
        case_id: row.opt_text(3)?,
        topic: row.text(4)?,
        subject: row.text(5)?,
        status: row.text(6)?,
        assignee: row.opt_text(7)?,
        opened_by: row.text(8)?,
        opened_at: row.time(9)?,
        updated_at: row.time(10)?,
        waiting_since: row.time(11)?,
    })
}

/// Opens a thread.
pub fn insert(tx: &mut Tx<'_>, t: &Thread) -> Result<()> {
    let p = params![&t.id, &t.receipt, &t.org, &t.case_id, &t.topic, &t.subject, &t.opened_by, t.opened_at];
    tx.execute(INSERT, &p).map(drop)
}

/// A thread.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Thread>> {
    tx.query_opt(GET, &params![id])?.map(|mut row| thread(&mut row)).transpose()
}

/// What a person may read: their own and their organisations', the latest first.
pub fn for_person(tx: &mut Tx<'_>, account: &str) -> Result<Vec<Thread>> {
    tx.query(FOR_PERSON, &params![account])?.iter_mut().map(thread).collect()
}

/// The threads about a case.
pub fn of_case(tx: &mut Tx<'_>, case: &str) -> Result<Vec<Thread>> {
    tx.query(OF_CASE, &params![case])?.iter_mut().map(thread).collect()
}

/// The threads of a status, who waits longest first.
pub fn by_status(tx: &mut Tx<'_>, status: &str) -> Result<Vec<Thread>> {
    tx.query(BY_STATUS, &params![status])?.iter_mut().map(thread).collect()
}

/// Gives a thread its status after something was said.
pub fn touch(tx: &mut Tx<'_>, id: &str, status: &str, now: Timestamp) -> Result<()> {
    tx.execute(TOUCH, &params![id, status, now]).map(drop)
}

/// Gives a thread to a member of staff, or back to all.
pub fn assign(tx: &mut Tx<'_>, id: &str, account: Option<&str>) -> Result<()> {
    tx.execute(ASSIGN, &params![id, account]).map(drop)
}

/// Adds a message.
pub fn say(tx: &mut Tx<'_>, thread: &str, m: &Message) -> Result<()> {
    let p = params![&m.id, thread, &m.author, &m.author_kind, m.internal, &m.body, m.created_at];
    tx.execute(SAY, &p).map(drop)
}

/// The messages of a thread, the oldest first, internal notes included.
pub fn messages(tx: &mut Tx<'_>, thread: &str) -> Result<Vec<Message>> {
    let read = |row: &mut Row| {
        Ok(Message {
            id: row.text(0)?,
            author: row.text(1)?,
            author_kind: row.text(2)?,
            internal: row.bool(3)?,
            body: row.text(4)?,
            created_at: row.time(5)?,
        })
    };
    tx.query(MESSAGES, &params![thread])?.iter_mut().map(read).collect()
}

/// The thread of a message, and whether the message is internal.
pub fn of_message(tx: &mut Tx<'_>, message: &str) -> Result<Option<(String, bool)>> {
    tx.query_opt(MESSAGE_THREAD, &params![message])?.map(|mut row| Ok((row.text(0)?, row.bool(1)?))).transpose()
}
