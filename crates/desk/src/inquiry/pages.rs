//! `GET /inquiries`, `/inquiries/new`, `/inquiries/{thread}`, its files.

use axum::extract::{Path, State};
use serde::Serialize;
use web::{Page, Refusal, Visit};

use super::{Said, TOPICS, may_read};
use crate::access::Person;
use crate::frame::{Frame, page};
use crate::store::threads::{self, Thread};
use crate::store::{attachments, cases, orgs};
use crate::{Desk, Oops, Reply};

#[derive(Serialize)]
pub(crate) struct List {
    threads: Vec<Thread>,
}

#[derive(Serialize)]
pub(crate) struct Show {
    pub(crate) thread: Thread,
    pub(crate) org: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) messages: Vec<Said>,
    /// What was typed into the reply when it was not taken.
    pub(crate) body: String,
    pub(crate) done: Option<&'static str>,
}

#[derive(Serialize, Clone)]
pub(crate) struct Choice {
    value: String,
    label: String,
}

#[derive(Serialize)]
pub(crate) struct New {
    pub(crate) topics: Vec<Choice>,
    pub(crate) orgs: Vec<Choice>,
    pub(crate) topic: String,
    pub(crate) org: String,
    pub(crate) case: String,
    pub(crate) case_name: Option<String>,
    pub(crate) subject: String,
    pub(crate) body: String,
}

pub(crate) fn list_page(visit: &Visit, account: &accounts::Account, threads: Vec<Thread>) -> Page {
    page(visit, Frame::person(account, "inquiries"), "inquiries.html", "inquiries", List { threads })
}

/// `GET /inquiries`
pub(crate) async fn list(State(desk): State<Desk>, visit: Visit, me: Person) -> Reply {
    let id = me.account.id.clone();
    let threads = desk.db().read(move |tx| threads::for_person(tx, &id)).await?;
    Ok(list_page(&visit, &me.account, threads).respond())
}

/// What the form for a new inquiry starts with.
pub(crate) async fn blank(desk: &Desk, visit: &Visit, me: &Person, case: Option<String>) -> Result<New, Oops> {
    let id = me.account.id.clone();
    let (mine, about) = desk
        .db()
        .read(move |tx| {
            let mine = orgs::of_account(tx, &id)?;
            // A case that is not theirs is left out silently: whether it exists is not their business.
            let about = match case {
                Some(case) => cases::get(tx, &case)?.filter(|c| mine.iter().any(|(o, _)| o.id.as_str() == c.org)),
                None => None,
            };
            let name = match &about {
                Some(row) => crate::store::services::get(tx, &row.service)?.map(|s| s.name),
                None => None,
            };
            Ok::<_, ::store::Error>((mine, about.zip(name)))
        })
        .await?;
    let mut orgs = vec![Choice { value: String::new(), label: visit.text("inquiry-personal", &[])? }];
    orgs.extend(mine.into_iter().map(|(o, _)| Choice { value: o.id.to_string(), label: o.name }));
    let topics = TOPICS.map(|t| Ok(Choice { value: t.to_owned(), label: visit.text(&format!("topic-{t}"), &[])? }));
    let only = if orgs.len() == 2 { orgs[1].value.clone() } else { String::new() };
    Ok(New {
        topics: topics.into_iter().collect::<Result<_, web::Fault>>()?,
        orgs,
        topic: "other".to_owned(),
        org: about.as_ref().map_or(only, |(row, _)| row.org.clone()),
        case: about.as_ref().map(|(row, _)| row.id.clone()).unwrap_or_default(),
        case_name: about.map(|(row, name)| format!("{name}（{}）", row.receipt)),
        subject: String::new(),
        body: String::new(),
    })
}

pub(crate) fn new_page(visit: &Visit, account: &accounts::Account, own: New) -> Page {
    let here =
        if own.case.is_empty() { "/inquiries/new".to_owned() } else { format!("/inquiries/new?case={}", own.case) };
    page(visit, Frame::person(account, "inquiries"), "inquiry-new.html", "inquiry-new", own).back("/inquiries").at(here)
}

/// `GET /inquiries/new?case=…`
pub(crate) async fn new(State(desk): State<Desk>, visit: Visit, me: Person) -> Reply {
    let own = blank(&desk, &visit, &me, visit.query("case")).await?;
    Ok(new_page(&visit, &me.account, own).respond())
}

/// A thread as its reader may see it.
pub(crate) async fn load(desk: &Desk, me: &Person, thread: String) -> Result<Show, Oops> {
    let (id, reader) = (me.account.id.clone(), desk.clone());
    let found = desk
        .db()
        .read(move |tx| {
            let Some(thread) = threads::get(tx, &thread)? else { return Ok(None) };
            if !may_read(tx, &thread, &id)? {
                return Ok(None);
            }
            let (org, service) = reader.about(tx, &thread)?;
            let messages = reader.said(tx, &thread.id, false)?;
            Ok::<_, ::store::Error>(Some(Show { thread, org, service, messages, body: String::new(), done: None }))
        })
        .await?;
    found.ok_or(Oops::Refusal(Refusal::NotFound))
}

pub(crate) fn show_page(visit: &Visit, account: &accounts::Account, own: Show) -> Page {
    let here = format!("/inquiries/{}", own.thread.id);
    page(visit, Frame::person(account, "inquiries"), "inquiry.html", "inquiry", own).back("/inquiries").at(here)
}

/// `GET /inquiries/{thread}`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: Person, Path(id): Path<String>) -> Reply {
    let mut own = load(&desk, &me, id).await?;
    own.done = match visit.query("done").as_deref() {
        Some("asked") => Some("asked"),
        Some("said") => Some("said"),
        Some("closed") => Some("closed"),
        _ => None,
    };
    Ok(show_page(&visit, &me.account, own).respond())
}

/// `GET /inquiries/{thread}/files/{file}`
pub(crate) async fn file(State(desk): State<Desk>, me: Person, Path((thread, file)): Path<(String, String)>) -> Reply {
    let id = me.account.id.clone();
    let found = desk
        .db()
        .read(move |tx| {
            let Some(file) = attachments::get(tx, &file)? else { return Ok(None) };
            let Some((of, internal)) = threads::of_message(tx, &file.place)? else { return Ok(None) };
            let Some(t) = threads::get(tx, &of)?.filter(|t| t.id == thread) else { return Ok(None) };
            let open = !internal && may_read(tx, &t, &id)?;
            Ok::<_, ::store::Error>(open.then_some(file))
        })
        .await?;
    desk.hand_out(found.ok_or(Refusal::NotFound)?).await
}
