//! `/staff/faq`: entries in both languages, versioned, in the staff's order, with a preview; shown to API users or withdrawn.

use ::store::{Error, Tx};
use axum::extract::{Path, State};
use base::Timestamp;
use desk::faq::{FaqId, TOPICS};
use desk::kit::faq::{self, Entry};
use desk::kit::{Doer, Frame, Line, StaffMember, page};
use desk::{Desk, Oops, Reply};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Upload, Visit};

use crate::diff;
use crate::shared::{Choice, Names, done, is, plain, typed, wrong};

/// Longest question in characters.
const LONGEST_QUESTION: usize = 200;
/// Longest answer in characters.
const LONGEST_ANSWER: usize = 10_000;

#[derive(Serialize)]
pub(crate) struct Faq {
    pub(crate) topics: Vec<Topic>,
    pub(crate) acting: bool,
    pub(crate) done: Option<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct Topic {
    pub(crate) topic: &'static str,
    pub(crate) entries: Vec<EntryLine>,
}

#[derive(Serialize)]
pub(crate) struct EntryLine {
    pub(crate) id: String,
    pub(crate) question: String,
    pub(crate) published: bool,
    pub(crate) version: i64,
    pub(crate) updated: Timestamp,
    pub(crate) first: bool,
    pub(crate) last: bool,
}

#[derive(Serialize)]
pub(crate) struct Edit {
    /// None: a new entry.
    pub(crate) id: Option<String>,
    pub(crate) version: i64,
    pub(crate) published: bool,
    pub(crate) topic: String,
    pub(crate) topics: Vec<Choice>,
    pub(crate) question_ja: String,
    pub(crate) answer_ja: String,
    pub(crate) question_en: String,
    pub(crate) answer_en: String,
    /// What readers will see: question and paragraphs, Japanese and English.
    pub(crate) preview: Option<[(String, Vec<String>); 2]>,
    pub(crate) acting: bool,
    pub(crate) raced: bool,
}

/// Versions of a text with their differences; templates of messages have them as well.
#[derive(Serialize)]
pub(crate) struct History {
    pub(crate) title: String,
    pub(crate) versions: Vec<VersionView>,
}

#[derive(Serialize)]
pub(crate) struct VersionView {
    pub(crate) version: i64,
    pub(crate) author: String,
    pub(crate) at: Timestamp,
    pub(crate) parts: Vec<Part>,
}

#[derive(Serialize)]
pub(crate) struct Part {
    /// A text `st-part-{key}`.
    pub(crate) key: &'static str,
    pub(crate) lines: Vec<diff::Line>,
    pub(crate) same: bool,
}

impl Part {
    pub(crate) fn new(key: &'static str, old: &str, new: &str) -> Self {
        Self { key, lines: diff::lines(old, new), same: old == new }
    }
}

pub(crate) fn list_page(visit: &Visit, frame: Frame, own: Faq) -> Page {
    page(visit, frame, "staff-faq.html", "staff-faq", own).at("/staff/faq")
}

/// `GET /staff/faq`
pub(crate) async fn list(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    let (lang, all) = (visit.lang(), desk.db().read(faq::all).await?);
    let topics = TOPICS.map(|topic| {
        let of: Vec<&Entry> = all.iter().filter(|e| e.topic == topic).collect();
        let line = |(at, e): (usize, &&Entry)| EntryLine {
            id: e.id.clone(),
            question: e.question(lang).to_owned(),
            published: e.published,
            version: e.version,
            updated: e.updated_at,
            first: at == 0,
            last: at + 1 == of.len(),
        };
        Topic { topic, entries: of.iter().enumerate().map(line).collect() }
    });
    let own = Faq {
        topics: topics.into_iter().filter(|t| !t.entries.is_empty()).collect(),
        acting: is(&me, crate::ACTING),
        done: done(&visit, &["saved", "published", "withdrawn", "moved"]),
    };
    Ok(list_page(&visit, desk.staff_frame(&me, "staff-faq"), own).respond())
}

pub(crate) fn edit_page(visit: &Visit, frame: Frame, own: Edit) -> Page {
    let here = format!("/staff/faq/{}", own.id.as_deref().unwrap_or("new"));
    page(visit, frame, "staff-faq-edit.html", "staff-faq-edit", own).back("/staff/faq").at(here)
}

fn topics(visit: &Visit) -> Result<Vec<Choice>, Oops> {
    TOPICS.into_iter().map(|t| Ok(Choice::new(t, visit.text(&format!("faq-topic-{t}"), &[])?))).collect()
}

fn blank(visit: &Visit, me: &StaffMember) -> Result<Edit, Oops> {
    Ok(Edit {
        id: None,
        version: 0,
        published: false,
        topic: "general".to_owned(),
        topics: topics(visit)?,
        question_ja: String::new(),
        answer_ja: String::new(),
        question_en: String::new(),
        answer_en: String::new(),
        preview: None,
        acting: is(me, crate::ACTING),
        raced: false,
    })
}

async fn one(desk: &Desk, id: &str) -> Result<Entry, Oops> {
    let id = id.to_owned();
    let found = desk.db().read(move |tx| faq::get(tx, &id)).await?;
    found.ok_or(Oops::Refusal(Refusal::NotFound))
}

/// `GET /staff/faq/new`
pub(crate) async fn new(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    me.must_be(crate::ACTING)?;
    let own = blank(&visit, &me)?;
    Ok(edit_page(&visit, desk.staff_frame(&me, "staff-faq"), own).respond())
}

/// `GET /staff/faq/{id}`
pub(crate) async fn edit(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(id): Path<String>) -> Reply {
    let e = one(&desk, &id).await?;
    let own = Edit {
        id: Some(e.id),
        version: e.version,
        published: e.published,
        topic: e.topic,
        question_ja: e.question_ja,
        answer_ja: e.answer_ja,
        question_en: e.question_en,
        answer_en: e.answer_en,
        ..blank(&visit, &me)?
    };
    Ok(edit_page(&visit, desk.staff_frame(&me, "staff-faq"), own).respond())
}

/// What was typed, with what is wrong about it.
fn read(visit: &Visit, form: &Upload, own: &mut Edit) -> Result<Vec<FieldError>, Oops> {
    let mut errors = Vec::new();
    own.topic = typed(form, "topic");
    if !TOPICS.contains(&own.topic.as_str()) {
        errors.push(wrong(visit, "topic", "st-faq-topic-missing")?);
    }
    let fields = [
        ("question_ja", LONGEST_QUESTION, "st-faq-question-missing"),
        ("answer_ja", LONGEST_ANSWER, "st-faq-answer-missing"),
        ("question_en", LONGEST_QUESTION, "st-faq-question-missing"),
        ("answer_en", LONGEST_ANSWER, "st-faq-answer-missing"),
    ];
    for (name, longest, missing) in fields {
        let text = match plain(form, visit, name)? {
            Ok(text) => text.as_str().to_owned(),
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        if text.is_empty() || text.chars().count() > longest {
            errors.push(wrong(visit, name, missing)?);
        }
        match name {
            "question_ja" => own.question_ja = web::form::line(&text),
            "answer_ja" => own.answer_ja = text,
            "question_en" => own.question_en = web::form::line(&text),
            _ => own.answer_en = text,
        }
    }
    Ok(errors)
}

fn preview(own: &mut Edit) {
    let paragraphs = |t: &str| t.split("\n\n").map(str::to_owned).collect::<Vec<_>>();
    own.preview = Some([
        (own.question_ja.clone(), paragraphs(&own.answer_ja)),
        (own.question_en.clone(), paragraphs(&own.answer_en)),
    ]);
}

/// `POST /staff/faq/new`
pub(crate) async fn create(State(desk): State<Desk>, visit: Visit, me: StaffMember, form: Upload) -> Reply {
    me.must_be(crate::ACTING)?;
    let mut own = blank(&visit, &me)?;
    let errors = read(&visit, &form, &mut own)?;
    if !errors.is_empty() || form.get("preview").is_some() {
        if errors.is_empty() {
            preview(&mut own);
        }
        return Ok(edit_page(&visit, desk.staff_frame(&me, "staff-faq"), own).errors(errors).respond());
    }
    let (now, writer, by) = (desk.now(), desk.clone(), me.id().to_owned());
    desk.db()
        .write(move |tx| {
            let last = faq::all(tx)?.iter().filter(|e| e.topic == own.topic).map(|e| e.position).max().unwrap_or(-1);
            let entry = Entry {
                id: FaqId::new(now, writer.rng()).to_string(),
                topic: own.topic,
                position: last + 1,
                version: 1,
                // What is new is not shown before somebody says so.
                published: false,
                updated_at: now,
                question_ja: own.question_ja,
                answer_ja: own.answer_ja,
                question_en: own.question_en,
                answer_en: own.answer_en,
            };
            faq::insert(tx, &entry, &by)?;
            writer.record(tx, Line::new(&entry.id, Doer::Staff(&by), "faq_written").detail("version", 1), now)
        })
        .await?;
    Ok(visit.redirect("/staff/faq?done=saved"))
}

/// `POST /staff/faq/{id}`
pub(crate) async fn save(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let old = one(&desk, &id).await?;
    let seen: i64 = typed(&form, "version").parse().map_err(|_| Refusal::Form)?;
    let mut own = Edit { id: Some(id), version: seen, published: old.published, ..blank(&visit, &me)? };
    let errors = read(&visit, &form, &mut own)?;
    if !errors.is_empty() || form.get("preview").is_some() {
        if errors.is_empty() {
            preview(&mut own);
        }
        return Ok(edit_page(&visit, desk.staff_frame(&me, "staff-faq"), own).errors(errors).respond());
    }
    let now = desk.now();
    let entry = Entry {
        topic: own.topic.clone(),
        version: seen,
        updated_at: now,
        question_ja: own.question_ja.clone(),
        answer_ja: own.answer_ja.clone(),
        question_en: own.question_en.clone(),
        answer_en: own.answer_en.clone(),
        ..old
    };
    let (writer, by) = (desk.clone(), me.id().to_owned());
    let kept = desk
        .db()
        .write(move |tx| {
            if !faq::update(tx, &entry, &by)? {
                return Ok::<_, Error>(false);
            }
            let line = Line::new(&entry.id, Doer::Staff(&by), "faq_written").detail("version", entry.version + 1);
            writer.record(tx, line, now)?;
            Ok(true)
        })
        .await?;
    if kept {
        return Ok(visit.redirect("/staff/faq?done=saved"));
    }
    // Somebody saved before: what was typed stays, and the next save is over the version that is there now.
    own.version = one(&desk, own.id.as_deref().unwrap_or_default()).await?.version;
    own.raced = true;
    let page = edit_page(&visit, desk.staff_frame(&me, "staff-faq"), own);
    Ok(page.errors(vec![wrong(&visit, "question_ja", "st-raced-text")?]).respond())
}

/// Puts an entry one place up or down within its topic. Positions are written anew, so that equal ones do no harm.
fn moved(tx: &mut Tx<'_>, id: &str, up: bool) -> Result<bool, Error> {
    let Some(entry) = faq::get(tx, id)? else { return Ok(false) };
    let mut order: Vec<String> = faq::all(tx)?.into_iter().filter(|e| e.topic == entry.topic).map(|e| e.id).collect();
    let Some(at) = order.iter().position(|e| e == id) else { return Ok(false) };
    let to = if up { at.saturating_sub(1) } else { (at + 1).min(order.len() - 1) };
    order.swap(at, to);
    for (position, id) in order.iter().enumerate() {
        faq::place(tx, id, i64::try_from(position).unwrap_or(i64::MAX))?;
    }
    Ok(true)
}

/// `POST /staff/faq/{id}/move`: `to` is `up` or `down`.
pub(crate) async fn shift(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let up = match typed(&form, "to").as_str() {
        "up" => true,
        "down" => false,
        _ => return Err(Refusal::Form.into()),
    };
    if !desk.db().write(move |tx| moved(tx, &id, up)).await? {
        return Err(Refusal::NotFound.into());
    }
    Ok(visit.redirect("/staff/faq?done=moved"))
}

/// `POST /staff/faq/{id}/publish`: `to` is `published` or `withdrawn`.
pub(crate) async fn publish(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let (show, word, what) = match typed(&form, "to").as_str() {
        "published" => (true, "published", "faq_published"),
        "withdrawn" => (false, "withdrawn", "faq_withdrawn"),
        _ => return Err(Refusal::Form.into()),
    };
    let (writer, by, now) = (desk.clone(), me.id().to_owned(), desk.now());
    let there = desk
        .db()
        .write(move |tx| {
            if !faq::publish(tx, &id, show, now)? {
                return Ok::<_, Error>(false);
            }
            writer.record(tx, Line::new(&id, Doer::Staff(&by), what), now)?;
            Ok(true)
        })
        .await?;
    if !there {
        return Err(Refusal::NotFound.into());
    }
    Ok(visit.redirect(&format!("/staff/faq?done={word}")))
}

pub(crate) fn history_page(visit: &Visit, frame: Frame, back: String, own: History) -> Page {
    page(visit, frame, "staff-history.html", "staff-history", own).back(back)
}

/// `GET /staff/faq/{id}/history`
pub(crate) async fn history(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(id): Path<String>) -> Reply {
    let entry = one(&desk, &id).await?;
    let (reader, of) = (desk.clone(), id.clone());
    let versions = desk
        .db()
        .read(move |tx| {
            let all = faq::history(tx, &of)?;
            let mut names = Names::default();
            let nothing: [String; 4] = Default::default();
            let mut out = Vec::new();
            for (at, v) in all.iter().enumerate() {
                let old = all.get(at + 1).map_or(&nothing, |o| &o.texts);
                let keys = ["question_ja", "answer_ja", "question_en", "answer_en"];
                let parts = keys.into_iter().zip(old.iter().zip(&v.texts)).map(|(k, (o, n))| Part::new(k, o, n));
                out.push(VersionView {
                    version: v.version,
                    author: names.of(&reader, tx, &v.author)?,
                    at: v.written_at,
                    parts: parts.collect(),
                });
            }
            Ok::<_, Error>(out)
        })
        .await?;
    let own = History { title: entry.question(visit.lang()).to_owned(), versions };
    let frame = desk.staff_frame(&me, "staff-faq");
    Ok(history_page(&visit, frame, format!("/staff/faq/{id}"), own).respond())
}
