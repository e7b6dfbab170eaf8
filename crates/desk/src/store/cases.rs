//! Cases: the state as JSON, and beside it what lists ask for.

use ::store::{Error, Result, Row, Tx, params, statements};
use base::Timestamp;

statements! {
    INSERT = "INSERT INTO desk_cases (id, receipt, org, service, kind, state, seq, phase, step, waiting_on, due_at, opened_by,
                                      opened_at, waiting_since, updated_at, closed_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $13, $14)";
    // Compare-and-set on the sequence number: two people who act in the same moment never overwrite each other.
    UPDATE = "UPDATE desk_cases SET state = $3, seq = $4, phase = $5, step = $6, due_at = $8,
                  waiting_since = CASE WHEN waiting_on = $7 AND step = $6 THEN waiting_since ELSE $9 END,
                  waiting_on = $7, updated_at = $9, closed_at = $10
              WHERE id = $1 AND seq = $2";
    GET = "SELECT id, receipt, org, service, kind, state, seq, phase, step, waiting_on, due_at, assignee, opened_by, opened_at,
                  waiting_since, updated_at, closed_at FROM desk_cases WHERE id = $1";
    OF_ORG = "SELECT id, receipt, org, service, kind, state, seq, phase, step, waiting_on, due_at, assignee, opened_by, opened_at,
                  waiting_since, updated_at, closed_at FROM desk_cases WHERE org = $1 ORDER BY opened_at DESC, id DESC";
    OF_SERVICE = "SELECT id, receipt, org, service, kind, state, seq, phase, step, waiting_on, due_at, assignee, opened_by, opened_at,
                  waiting_since, updated_at, closed_at FROM desk_cases WHERE service = $1 ORDER BY opened_at, id";
    OPEN = "SELECT id, receipt, org, service, kind, state, seq, phase, step, waiting_on, due_at, assignee, opened_by, opened_at,
                  waiting_since, updated_at, closed_at FROM desk_cases WHERE closed_at IS NULL ORDER BY opened_at, id";
    ALL = "SELECT id, receipt, org, service, kind, state, seq, phase, step, waiting_on, due_at, assignee, opened_by, opened_at,
                  waiting_since, updated_at, closed_at FROM desk_cases ORDER BY opened_at, id";
    ORG_OF = "SELECT org FROM desk_cases WHERE id = $1";
    ASSIGN = "UPDATE desk_cases SET assignee = $2 WHERE id = $1";
}

/// A case as stored.
#[derive(Clone, Debug)]
pub struct CaseRow {
    /// Its id.
    pub id: String,
    /// Its 受付番号.
    pub receipt: String,
    /// Whose it is.
    pub org: String,
    /// Which service it is about.
    pub service: String,
    /// The procedure's id.
    pub kind: String,
    /// `procedures::Case` as JSON.
    pub state: String,
    /// Goes up with every event.
    pub seq: i64,
    /// The phase of its step, or empty.
    pub phase: String,
    /// The step, or how it ended.
    pub step: String,
    /// Who has to act, or `nobody`.
    pub waiting_on: String,
    /// The last moment for who has to act.
    pub due_at: Option<Timestamp>,
    /// The member of staff who looks after it.
    pub assignee: Option<String>,
    /// The account that began it.
    pub opened_by: String,
    /// When.
    pub opened_at: Timestamp,
    /// Since when it waits for who has to act.
    pub waiting_since: Timestamp,
    /// When something last happened.
    pub updated_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

fn read(row: &mut Row) -> Result<CaseRow> {
    Ok(CaseRow {
        id: row.text(0)?,
        receipt: row.text(1)?,
        org: row.text(2)?,
        service: row.text(3)?,
        kind: row.text(4)?,
        state: row.text(5)?,
        seq: row.int(6)?,
        phase: row.text(7)?,
        step: row.text(8)?,
        waiting_on: row.text(9)?,
        due_at: row.opt_time(10)?,
        assignee: row.opt_text(11)?,
        opened_by: row.text(12)?,
        opened_at: row.time(13)?,
        waiting_since: row.time(14)?,
        updated_at: row.time(15)?,
        closed_at: row.opt_time(16)?,
    })
}

/// A new case.
pub fn insert(tx: &mut Tx<'_>, c: &CaseRow) -> Result<()> {
    let p = params![
        &c.id,
        &c.receipt,
        &c.org,
        &c.service,
        &c.kind,
        &c.state,
        c.seq,
        &c.phase,
        &c.step,
        &c.waiting_on,
        c.due_at,
        &c.opened_by,
        c.opened_at,
        c.closed_at
    ];
    tx.execute(INSERT, &p).map(drop)
}

/// Writes a case that is still at sequence number `seen`; whether it was.
pub fn update(tx: &mut Tx<'_>, c: &CaseRow, seen: i64) -> Result<bool> {
    let p =
        params![&c.id, seen, &c.state, c.seq, &c.phase, &c.step, &c.waiting_on, c.due_at, c.updated_at, c.closed_at];
    Ok(tx.execute(UPDATE, &p)? == 1)
}

/// A case.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<CaseRow>> {
    tx.query_opt(GET, &params![id])?.map(|mut row| read(&mut row)).transpose()
}

/// Whose case it is.
pub fn org_of(tx: &mut Tx<'_>, id: &str) -> Result<Option<String>> {
    tx.query_opt(ORG_OF, &params![id])?.map(|mut row| row.text(0)).transpose()
}

/// The cases of an organisation, the latest first.
pub fn of_org(tx: &mut Tx<'_>, org: &str) -> Result<Vec<CaseRow>> {
    tx.query(OF_ORG, &params![org])?.iter_mut().map(read).collect()
}

/// The cases of a service, the oldest first.
pub fn of_service(tx: &mut Tx<'_>, service: &str) -> Result<Vec<CaseRow>> {
    tx.query(OF_SERVICE, &params![service])?.iter_mut().map(read).collect()
}

/// Every case that is not closed, the oldest first.
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<CaseRow>> {
    tx.query(OPEN, &[])?.iter_mut().map(read).collect()
}

/// Every case, the oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<CaseRow>> {
    tx.query(ALL, &[])?.iter_mut().map(read).collect()
}

/// Gives a case to a member of staff, or back to all.
pub fn assign(tx: &mut Tx<'_>, id: &str, account: Option<&str>) -> Result<()> {
    match tx.execute(ASSIGN, &params![id, account])? {
        1 => Ok(()),
        _ => Err(Error::inconsistent("desk_cases", "no such case")),
    }
}
