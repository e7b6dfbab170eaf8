//! `/staff/inquiries`: answers, notes among the staff, who looks after what, closing and opening again.

use ::store::{Error, Tx};
use axum::extract::{Path, State};
use base::Timestamp;
use desk::kit::{
    Doer, FileProblem, Frame, LONGEST_BODY, Line, Mail, MessageId, Place, Said, Sealed, StaffMember, attachments, page,
    threads,
};
use desk::{Desk, Oops, Reply};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Upload, Visit};

use crate::shared::{Choice, Names, done, is, plain, staff_with, typed, wrong};

const STATUSES: [&str; 3] = ["open", "answered", "closed"];

#[derive(Serialize)]
pub(crate) struct Inquiries {
    pub(crate) status: &'static str,
    pub(crate) lines: Vec<InquiryLine>,
}

#[derive(Serialize)]
pub(crate) struct InquiryLine {
    pub(crate) thread: threads::Thread,
    pub(crate) org: Option<String>,
    pub(crate) assignee: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Inquiry {
    pub(crate) thread: threads::Thread,
    pub(crate) org: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) asker: String,
    pub(crate) assignee: Option<String>,
    pub(crate) mine: bool,
    /// The reader's account.
    pub(crate) me: String,
    pub(crate) messages: Vec<Said>,
    pub(crate) acting: bool,
    pub(crate) people: Vec<Choice>,
    pub(crate) body: String,
    pub(crate) note: String,
    pub(crate) done: Option<&'static str>,
}

/// Tells whoever asked that there is an answer.
pub(crate) fn tell(
    desk: &Desk,
    tx: &mut Tx<'_>,
    thread: &threads::Thread,
    message: &str,
    now: Timestamp,
) -> Result<(), Error> {
    for person in desk.askers(tx, thread)? {
        let link = desk.site().origin().url(&format!("/inquiries/{}", thread.id));
        let mail = Mail::new("st-mail-answer", &person)
            .arg("receipt", &thread.receipt)
            .arg("subject", &thread.subject)
            .arg("link", link)
            .once(&format!("answer:{message}"));
        desk.mail(tx, mail, now)?;
    }
    Ok(())
}

pub(crate) fn list_page(visit: &Visit, frame: Frame, own: Inquiries) -> Page {
    page(visit, frame, "staff-inquiries.html", "staff-inquiries", own)
}

/// `GET /staff/inquiries?status=…`: who waits longest comes first.
pub(crate) async fn list(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    let status = done_status(&visit.query("status").unwrap_or_default());
    let reader = desk.clone();
    let lines = desk
        .db()
        .read(move |tx| {
            let mut names = Names::default();
            let mut out = Vec::new();
            for thread in threads::by_status(tx, status)? {
                let (org, _) = reader.about(tx, &thread)?;
                let assignee = thread.assignee.clone().map(|a| names.of(&reader, tx, &a)).transpose()?;
                out.push(InquiryLine { thread, org, assignee });
            }
            Ok::<_, Error>(out)
        })
        .await?;
    Ok(list_page(&visit, desk.staff_frame(&me, "staff-inquiries"), Inquiries { status, lines }).respond())
}

fn done_status(word: &str) -> &'static str {
    STATUSES.into_iter().find(|s| *s == word).unwrap_or("open")
}

async fn load_page(desk: &Desk, me: &StaffMember, id: &str) -> Result<Inquiry, Oops> {
    let (reader, id, who, acting) = (desk.clone(), id.to_owned(), me.id().to_owned(), is(me, crate::ACTING));
    let found = desk.db().read(move |tx| {
        let Some(thread) = threads::get(tx, &id)? else { return Ok(None) };
        let mut names = Names::default();
        let (org, service) = reader.about(tx, &thread)?;
        Ok::<_, Error>(Some(Inquiry {
            org,
            service,
            asker: names.of(&reader, tx, &thread.opened_by)?,
            assignee: thread.assignee.clone().map(|a| names.of(&reader, tx, &a)).transpose()?,
            mine: thread.assignee.as_deref() == Some(who.as_str()),
            me: who,
            messages: reader.said(tx, &thread.id, true)?,
            acting,
            people: staff_with(&reader, tx, crate::ACTING)?,
            body: String::new(),
            note: String::new(),
            done: None,
            thread,
        }))
    });
    found.await?.ok_or(Oops::Refusal(Refusal::NotFound))
}

pub(crate) fn inquiry_page(visit: &Visit, frame: Frame, own: Inquiry) -> Page {
    let here = format!("/staff/inquiries/{}", own.thread.id);
    page(visit, frame, "staff-inquiry.html", "staff-inquiry", own).back("/staff/inquiries").at(here)
}

/// `GET /staff/inquiries/{thread}`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(id): Path<String>) -> Reply {
    let mut own = load_page(&desk, &me, &id).await?;
    own.done = done(&visit, &["answered", "noted", "assigned", "closed", "opened", "raced"]);
    Ok(inquiry_page(&visit, desk.staff_frame(&me, "staff-inquiries"), own).respond())
}

/// Why a message is not kept.
enum Stop {
    File(FileProblem),
    Gone,
    Store(Error),
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Store(e)
    }
}

/// `POST /staff/inquiries/{thread}`: an answer (`body`, files), or a note among the staff (`note`).
pub(crate) async fn write(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let internal = typed(&form, "kind") == "note";
    let field = if internal { "note" } else { "body" };
    let own = load_page(&desk, &me, &id).await?;
    let org = own.thread.org.clone();
    let refused = |errors: Vec<FieldError>, text: String| {
        let mut own = own;
        if internal {
            own.note = text;
        } else {
            own.body = text;
        }
        Ok(inquiry_page(&visit, desk.staff_frame(&me, "staff-inquiries"), own).errors(errors).respond())
    };
    let body = match plain(&form, &visit, field)? {
        Ok(text) => text.as_str().to_owned(),
        Err(error) => return refused(vec![error], String::new()),
    };
    let mut errors = Vec::new();
    if body.is_empty() || body.chars().count() > LONGEST_BODY {
        errors.push(wrong(&visit, field, "st-message-body-missing")?);
    }
    let now = desk.now();
    let message = threads::Message {
        id: MessageId::new(now, desk.rng()).to_string(),
        author: me.id().to_owned(),
        author_kind: "staff".to_owned(),
        internal,
        body: body.clone(),
        created_at: now,
    };
    let mut files: Vec<Sealed> = Vec::new();
    for file in form.files().iter().filter(|f| f.field == "files" && !internal) {
        // Without an organisation it counts against the staff's own quota.
        let place = Place { org: org.as_deref(), place: &message.id, by: me.id() };
        match desk.seal_file(&file.name, &file.bytes, place)? {
            Ok(sealed) => files.push(sealed),
            Err(problem) => errors.push(FieldError {
                field: "files".to_owned(),
                message: visit.text(problem.key(), &[("name", &file.name)])?,
            }),
        }
    }
    if !errors.is_empty() {
        return refused(errors, body);
    }
    let (writer, by) = (desk.clone(), me.id().to_owned());
    let kept = desk.db().write(move |tx| {
        let thread = threads::get(tx, &id)?.ok_or(Stop::Gone)?;
        for file in &files {
            file.keep(tx)?.map_err(Stop::File)?;
        }
        let status = if internal { thread.status.as_str() } else { "answered" };
        writer.say(tx, &thread.id, &message, status)?;
        if thread.assignee.is_none() {
            threads::assign(tx, &thread.id, Some(&by))?;
        }
        let what = if internal { "inquiry_noted" } else { "inquiry_answered" };
        let line = Line::new(&thread.id, Doer::Staff(&by), what).detail("message", message.id.as_str());
        let line = match &thread.org {
            Some(org) => line.org(org),
            None => line,
        };
        writer.record(tx, line, now)?;
        if !internal {
            tell(&writer, tx, &thread, &message.id, now)?;
        }
        Ok::<_, Stop>(thread.id)
    });
    match kept.await {
        Ok(id) => {
            let word = if internal { "noted" } else { "answered" };
            Ok(visit.redirect(&format!("/staff/inquiries/{id}?done={word}")))
        }
        Err(Stop::Gone) => Err(Refusal::NotFound.into()),
        Err(Stop::Store(e)) => Err(e.into()),
        Err(Stop::File(problem)) => {
            let message = visit.text(problem.key(), &[("name", "")])?;
            refused(vec![FieldError { field: "files".to_owned(), message }], body)
        }
    }
}

/// `POST /staff/inquiries/{thread}/assign`
pub(crate) async fn assign(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let (to, seen) = (typed(&form, "to"), typed(&form, "seen"));
    let (writer, by, thread, now) = (desk.clone(), me.id().to_owned(), id.clone(), desk.now());
    let word = desk
        .db()
        .write(move |tx| {
            let Some(found) = threads::get(tx, &thread)? else { return Ok(None) };
            if found.assignee.as_deref().unwrap_or_default() != seen {
                return Ok(Some("raced"));
            }
            let to = Some(to).filter(|t| !t.is_empty());
            if let Some(to) = &to
                && !staff_with(&writer, tx, crate::ACTING)?.iter().any(|p| p.value == *to)
            {
                return Ok(Some("raced"));
            }
            threads::assign(tx, &thread, to.as_deref())?;
            let line = Line::new(&thread, Doer::Staff(&by), "inquiry_assigned");
            writer.record(tx, line.detail("to", to.unwrap_or_default()), now)?;
            Ok::<_, Error>(Some("assigned"))
        })
        .await?;
    let word = word.ok_or(Refusal::NotFound)?;
    Ok(visit.redirect(&format!("/staff/inquiries/{id}?done={word}")))
}

/// `POST /staff/inquiries/{thread}/status`: `to` is `closed`, or `open` again.
pub(crate) async fn status(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let (to, what, word) = match typed(&form, "to").as_str() {
        "closed" => ("closed", "inquiry_closed", "closed"),
        "open" => ("open", "inquiry_opened", "opened"),
        _ => return Err(Refusal::Form.into()),
    };
    let (writer, by, thread, now) = (desk.clone(), me.id().to_owned(), id.clone(), desk.now());
    let there = desk
        .db()
        .write(move |tx| {
            let Some(found) = threads::get(tx, &thread)? else { return Ok(false) };
            if found.status != to {
                threads::touch(tx, &thread, to, now)?;
                writer.record(tx, Line::new(&thread, Doer::Staff(&by), what), now)?;
            }
            Ok::<_, Error>(true)
        })
        .await?;
    if !there {
        return Err(Refusal::NotFound.into());
    }
    Ok(visit.redirect(&format!("/staff/inquiries/{id}?done={word}")))
}

/// `GET /staff/inquiries/{thread}/files/{file}`
pub(crate) async fn file(
    State(desk): State<Desk>,
    _: StaffMember,
    Path((thread, file)): Path<(String, String)>,
) -> Reply {
    let found = desk
        .db()
        .read(move |tx| {
            let Some(file) = attachments::get(tx, &file)? else { return Ok(None) };
            let of = threads::of_message(tx, &file.place)?;
            Ok::<_, Error>(of.filter(|(t, _)| *t == thread).map(|_| file))
        })
        .await?;
    desk.hand_out(found.ok_or(Refusal::NotFound)?).await
}
