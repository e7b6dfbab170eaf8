//! `/staff/record`: who decided and did what, when and why, over everything.

use ::store::{Error, Tx};
use axum::extract::State;
use base::{Lang, Timestamp};
use desk::kit::decisions::Decision;
use desk::kit::{Frame, StaffMember, page};
use desk::{Desk, Reply};
use serde::Serialize;
use web::{Page, Visit};

use crate::csv as table;
use crate::shared::Names;
use crate::store::record::{self, Search};

const SHOWN: i64 = 100;
/// Most lines of one download; `before` of the address goes on.
const MOST: i64 = 10_000;

#[derive(Serialize)]
pub(crate) struct Record {
    pub(crate) about: String,
    pub(crate) kind: String,
    pub(crate) lines: Vec<RecordLine>,
    /// The address of older lines.
    pub(crate) older: Option<String>,
    pub(crate) csv: String,
}

#[derive(Clone, Serialize)]
pub(crate) struct RecordLine {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    /// Empty: the desk itself.
    pub(crate) who: String,
    pub(crate) party: String,
    pub(crate) what: String,
    pub(crate) subject: String,
    /// The page of what it is about.
    pub(crate) href: Option<String>,
    pub(crate) why: String,
    pub(crate) details: String,
}

fn search(visit: &Visit) -> Search {
    let text = |name: &str| -> String { visit.query(name).unwrap_or_default().trim().chars().take(100).collect() };
    let kind = text("kind");
    let known = ["member", "staff", "system"].contains(&kind.as_str());
    Search { about: text("about"), actor: text("actor"), kind: if known { kind } else { String::new() } }
}

fn before(visit: &Visit) -> String {
    // Ids sort by age; '~' sorts behind all of them.
    visit.query("before").filter(|b| b.len() <= 40).unwrap_or_else(|| "~".to_owned())
}

/// What was done, in words; an event of a case has its own, and what nobody has words for stays as it is.
pub(crate) fn what(desk: &Desk, lang: Lang, word: &str) -> String {
    let text = |key: String| desk.site().text(lang, &key, &[]).ok();
    text(format!("st-what-{word}")).or_else(|| text(format!("event-{word}"))).unwrap_or_else(|| word.to_owned())
}

fn line(desk: &Desk, tx: &mut Tx<'_>, names: &mut Names, d: Decision, lang: Option<Lang>) -> Result<RecordLine, Error> {
    let receipt = if d.subject.starts_with("cas_") { record::receipt(tx, &d.subject)? } else { None };
    let href = match d.subject.split_once('_').map(|(kind, _)| kind) {
        Some("cas") => Some(format!("/staff/cases/{}", d.subject)),
        Some("thr") => Some(format!("/staff/inquiries/{}", d.subject)),
        Some("faq") => Some(format!("/staff/faq/{}/history", d.subject)),
        Some("tpl") => Some(format!("/staff/templates/{}/history", d.subject)),
        _ => None,
    };
    let subject = match receipt {
        Some(receipt) => receipt,
        None => names.of(desk, tx, &d.subject)?,
    };
    Ok(RecordLine {
        who: if d.actor == "system" { String::new() } else { names.of(desk, tx, &d.actor)? },
        id: d.id,
        at: d.at,
        party: d.actor_kind,
        // A file for other programs keeps the stable words.
        what: lang.map_or_else(|| d.what.clone(), |lang| what(desk, lang, &d.what)),
        subject,
        href,
        why: d.why.unwrap_or_default(),
        details: if d.details == "{}" { String::new() } else { d.details },
    })
}

async fn lines(
    desk: &Desk,
    before: String,
    limit: i64,
    search: Search,
    lang: Option<Lang>,
) -> Result<Vec<RecordLine>, Error> {
    let reader = desk.clone();
    desk.db()
        .read(move |tx| {
            let mut names = Names::default();
            let found = record::find(tx, &before, limit, &search)?;
            found.into_iter().map(|d| line(&reader, tx, &mut names, d, lang)).collect()
        })
        .await
}

pub(crate) fn record_page(visit: &Visit, frame: Frame, own: Record) -> Page {
    page(visit, frame, "staff-record.html", "staff-record", own)
}

/// `GET /staff/record?about=…&kind=…&before=…`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    me.must_be(crate::RECORD_READERS)?;
    let search = search(&visit);
    let found = lines(&desk, before(&visit), SHOWN, search.clone(), Some(visit.lang())).await?;
    let about: String = search.about.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let query = format!("about={about}&kind={}", search.kind);
    let more = i64::try_from(found.len()).is_ok_and(|n| n == SHOWN);
    let last = found.last().filter(|_| more);
    let own = Record {
        older: last.map(|l| format!("/staff/record?{query}&before={}", l.id)),
        csv: format!("/staff/record.csv?{query}"),
        about: search.about,
        kind: search.kind,
        lines: found,
    };
    Ok(record_page(&visit, desk.staff_frame(&me, "staff-record"), own).respond())
}

/// `GET /staff/record.csv`
pub(crate) async fn csv(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    me.must_be(crate::RECORD_READERS)?;
    let found = lines(&desk, before(&visit), MOST, search(&visit), None).await?;
    let head = ["id", "at", "party", "who", "what", "subject", "why", "details"].map(str::to_owned);
    let row = |l: RecordLine| [l.id, l.at.rfc3339(), l.party, l.who, l.what, l.subject, l.why, l.details];
    let rows = std::iter::once(head).chain(found.into_iter().map(row));
    Ok(table::respond("record.csv", table::write(rows)))
}
