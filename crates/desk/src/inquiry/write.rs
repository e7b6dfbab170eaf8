//! `POST /inquiries`, `POST /inquiries/{thread}`, `POST /inquiries/{thread}/close`: asking, replying, closing.

use std::time::Duration;

use axum::extract::{Path, State};
use procedures::Plain;
use web::{FieldError, Form, Refusal, Upload, Visit};

use super::pages::{self, blank, load};
use super::{LONGEST_BODY, LONGEST_SUBJECT, MESSAGES_A_DAY, MessageId, TOPICS, ThreadId, may_read};
use crate::access::Person;
use crate::attach::{Place, Sealed};
use crate::files::FileProblem;
use crate::notify::Mail;
use crate::org::people::Empty;
use crate::store::threads::{self, Message, Thread};
use crate::store::{counters, orgs};
use crate::{Desk, Oops, Reply};

const DAY: Duration = Duration::from_secs(86_400);

/// Why what was written is not kept.
#[derive(Debug)]
enum Stop {
    File(FileProblem),
    TooMany,
    NotTheirs,
    Store(::store::Error),
}

impl From<::store::Error> for Stop {
    fn from(e: ::store::Error) -> Self {
        Self::Store(e)
    }
}

/// A message before it is kept.
struct Written {
    id: String,
    body: String,
    files: Vec<Sealed>,
}

/// Reads message and files, or says what is wrong with them.
fn read(
    desk: &Desk,
    visit: &Visit,
    me: &Person,
    form: &Upload,
    org: Option<&str>,
) -> Result<Result<Written, Vec<FieldError>>, Oops> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: String| errors.push(FieldError { field: field.to_owned(), message });
    let body = form.get("body").unwrap_or_default().trim().to_owned();
    if body.is_empty() {
        wrong("body", visit.text("inquiry-body-missing", &[])?);
    } else if body.chars().count() > LONGEST_BODY {
        wrong("body", visit.text("inquiry-body-long", &[("n", &LONGEST_BODY.to_string())])?);
    } else if Plain::new(body.as_str()).is_err() {
        wrong("body", visit.text("private-key", &[])?);
    }
    let id = MessageId::new(desk.now(), desk.rng()).to_string();
    let mut files = Vec::new();
    for file in form.files().iter().filter(|f| f.field == "files") {
        match desk.seal_file(&file.name, &file.bytes, Place { org, place: &id, by: &me.account.id })? {
            Ok(sealed) => files.push(sealed),
            Err(problem) => wrong("files", visit.text(problem.key(), &[("name", &file.name)])?),
        }
    }
    Ok(if errors.is_empty() { Ok(Written { id, body, files }) } else { Err(errors) })
}

fn stopped(visit: &Visit, stop: Stop) -> Result<Vec<FieldError>, Oops> {
    let (field, message) = match stop {
        Stop::File(problem) => ("files", visit.text(problem.key(), &[("name", "")])?),
        Stop::TooMany => ("body", visit.text("inquiry-too-many", &[])?),
        Stop::NotTheirs => return Err(Refusal::NotFound.into()),
        Stop::Store(e) => return Err(e.into()),
    };
    Ok(vec![FieldError { field: field.to_owned(), message }])
}

impl Desk {
    fn keep_message(&self, tx: &mut ::store::Tx<'_>, thread: &str, written: &Written, me: &Person) -> Result<(), Stop> {
        let now = self.now();
        let key = format!("message:{}", me.account.id);
        if counters::hit(tx, &key, now, now.plus(DAY))? > MESSAGES_A_DAY {
            return Err(Stop::TooMany);
        }
        for file in &written.files {
            file.keep(tx)?.map_err(Stop::File)?;
        }
        let message = Message {
            id: written.id.clone(),
            author: me.account.id.clone(),
            author_kind: "member".to_owned(),
            internal: false,
            body: written.body.clone(),
            created_at: now,
        };
        Ok(self.say(tx, thread, &message, "open")?)
    }
}

/// `POST /inquiries`
pub(crate) async fn ask(State(desk): State<Desk>, visit: Visit, me: Person, form: Upload) -> Reply {
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let case = Some(text("case")).filter(|c| !c.is_empty());
    let mut typed = blank(&desk, &visit, &me, case).await?;
    let subject = web::form::line(&text("subject"));
    (typed.topic, typed.org, typed.subject, typed.body) = (text("topic"), text("org"), subject.clone(), text("body"));
    let org = Some(typed.org.clone()).filter(|o| !o.is_empty());
    let mut errors = Vec::new();
    if !TOPICS.contains(&typed.topic.as_str()) {
        errors.push(FieldError { field: "topic".to_owned(), message: visit.text("inquiry-topic-missing", &[])? });
    }
    if subject.is_empty() || Plain::new(subject.as_str()).is_err() {
        errors.push(FieldError { field: "subject".to_owned(), message: visit.text("inquiry-subject-missing", &[])? });
    } else if subject.chars().count() > LONGEST_SUBJECT {
        let n = LONGEST_SUBJECT.to_string();
        errors.push(FieldError {
            field: "subject".to_owned(),
            message: visit.text("inquiry-subject-long", &[("n", &n)])?,
        });
    }
    let written = read(&desk, &visit, &me, &form, org.as_deref())?;
    let written = match written {
        Ok(written) if errors.is_empty() => written,
        other => {
            errors.extend(other.err().unwrap_or_default());
            return Ok(pages::new_page(&visit, &me.account, typed).errors(errors).respond());
        }
    };
    let now = desk.now();
    let thread = Thread {
        id: ThreadId::new(now, desk.rng()).to_string(),
        receipt: format!("Q-{}", web::Receipt::new(desk.rng())),
        org,
        case_id: Some(typed.case.clone()).filter(|c| !c.is_empty()),
        topic: typed.topic.clone(),
        subject,
        status: "open".to_owned(),
        assignee: None,
        opened_by: me.account.id.clone(),
        opened_at: now,
        updated_at: now,
        waiting_since: now,
    };
    let id = thread.id.clone();
    let (writer, person) = (desk.clone(), me.clone());
    let kept = desk
        .db()
        .write(move |tx| {
            // A case and an organisation of others can't be written to: checked here, where nobody can change it.
            if let Some(org) = &thread.org
                && orgs::role_of(tx, org, &person.account.id)?.is_none()
            {
                return Err(Stop::NotTheirs);
            }
            if let Some(case) = &thread.case_id
                && crate::store::cases::org_of(tx, case)? != thread.org
            {
                return Err(Stop::NotTheirs);
            }
            threads::insert(tx, &thread)?;
            writer.keep_message(tx, &thread.id, &written, &person)?;
            let link = writer.site().origin().url(&format!("/inquiries/{}", thread.id));
            let mail = Mail::new("mail-inquiry", &person.account)
                .arg("receipt", &thread.receipt)
                .arg("subject", &thread.subject)
                .arg("link", link);
            Ok(writer.mail(tx, mail, now)?)
        })
        .await;
    match kept {
        Ok(()) => Ok(visit.redirect(&format!("/inquiries/{id}?done=asked"))),
        Err(stop) => {
            let errors = stopped(&visit, stop)?;
            Ok(pages::new_page(&visit, &me.account, typed).errors(errors).respond())
        }
    }
}

/// `POST /inquiries/{thread}`
pub(crate) async fn reply(
    State(desk): State<Desk>,
    visit: Visit,
    me: Person,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    let mut own = load(&desk, &me, id).await?;
    form.get("body").unwrap_or_default().clone_into(&mut own.body);
    let written = match read(&desk, &visit, &me, &form, own.thread.org.as_deref())? {
        Ok(written) => written,
        Err(errors) => return Ok(pages::show_page(&visit, &me.account, own).errors(errors).respond()),
    };
    let (writer, person, thread) = (desk.clone(), me.clone(), own.thread.clone());
    let kept = desk
        .db()
        .write(move |tx| {
            if !may_read(tx, &thread, &person.account.id)? {
                return Err(Stop::NotTheirs);
            }
            writer.keep_message(tx, &thread.id, &written, &person)
        })
        .await;
    match kept {
        Ok(()) => Ok(visit.redirect(&format!("/inquiries/{}?done=said", own.thread.id))),
        Err(stop) => {
            let errors = stopped(&visit, stop)?;
            Ok(pages::show_page(&visit, &me.account, own).errors(errors).respond())
        }
    }
}

/// `POST /inquiries/{thread}/close`: it is settled for who asked. Another message opens it again.
pub(crate) async fn close(
    State(desk): State<Desk>,
    visit: Visit,
    me: Person,
    Path(id): Path<String>,
    Form(_): Form<Empty>,
) -> Reply {
    let own = load(&desk, &me, id).await?;
    let (thread, now) = (own.thread.id.clone(), desk.now());
    desk.db().write(move |tx| threads::touch(tx, &thread, "closed", now)).await?;
    Ok(visit.redirect(&format!("/inquiries/{}?done=closed", own.thread.id)))
}
