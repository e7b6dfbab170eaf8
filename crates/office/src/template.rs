//! `/staff/templates`: texts of messages, in both languages, versioned, with what is known of a case put in.

use ::store::Error;
use axum::extract::{Path, State};
use desk::kit::{Doer, Frame, Line, StaffMember, page};
use desk::{Desk, Oops, Reply};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Upload, Visit};

use crate::case::message::PLACEHOLDERS;
use crate::faq::{History, Part, VersionView, history_page};
use crate::shared::{Names, done, is, plain, typed, wrong};
use crate::store::templates::{self, Template};

base::id!(
    /// A template of a message.
    TemplateId,
    "tpl"
);

#[derive(Serialize)]
pub(crate) struct Templates {
    pub(crate) templates: Vec<Template>,
    pub(crate) acting: bool,
    pub(crate) done: Option<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct Edit {
    pub(crate) template: Template,
    pub(crate) fresh: bool,
    pub(crate) acting: bool,
    /// In the reader's language.
    pub(crate) placeholders: Vec<String>,
}

pub(crate) fn list_page(visit: &Visit, frame: Frame, own: Templates) -> Page {
    page(visit, frame, "staff-templates.html", "staff-templates", own)
}

/// `GET /staff/templates`
pub(crate) async fn list(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    let own = Templates {
        templates: desk.db().read(templates::all).await?,
        acting: is(&me, crate::ACTING),
        done: done(&visit, &["saved", "retired"]),
    };
    Ok(list_page(&visit, desk.staff_frame(&me, "staff-templates"), own).respond())
}

pub(crate) fn edit_page(visit: &Visit, frame: Frame, own: Edit) -> Page {
    let here = format!("/staff/templates/{}", if own.fresh { "new" } else { own.template.id.as_str() });
    page(visit, frame, "staff-template.html", "staff-template", own).back("/staff/templates").at(here)
}

fn view(visit: &Visit, me: &StaffMember, template: Template, fresh: bool) -> Edit {
    let name = |(ja, en): (&str, &str)| format!("{{{}}}", if visit.lang() == base::Lang::En { en } else { ja });
    Edit { template, fresh, acting: is(me, crate::ACTING), placeholders: PLACEHOLDERS.map(name).into() }
}

async fn one(desk: &Desk, id: &str) -> Result<Template, Oops> {
    let id = id.to_owned();
    let found = desk.db().read(move |tx| templates::get(tx, &id)).await?;
    found.ok_or(Oops::Refusal(Refusal::NotFound))
}

/// `GET /staff/templates/new`
pub(crate) async fn new(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    me.must_be(crate::ACTING)?;
    let own = view(&visit, &me, Template::default(), true);
    Ok(edit_page(&visit, desk.staff_frame(&me, "staff-templates"), own).respond())
}

/// `GET /staff/templates/{id}`
pub(crate) async fn edit(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(id): Path<String>) -> Reply {
    let own = view(&visit, &me, one(&desk, &id).await?, false);
    Ok(edit_page(&visit, desk.staff_frame(&me, "staff-templates"), own).respond())
}

fn read(visit: &Visit, form: &Upload, to: &mut Template) -> Result<Vec<FieldError>, Oops> {
    let mut errors = Vec::new();
    for name in ["title", "subject_ja", "body_ja", "subject_en", "body_en"] {
        let text = match plain(form, visit, name)? {
            Ok(text) => text.as_str().to_owned(),
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let body = name.starts_with("body");
        let longest = if body { desk::kit::LONGEST_BODY } else { desk::kit::LONGEST_SUBJECT };
        if text.is_empty() || text.chars().count() > longest {
            errors.push(wrong(
                visit,
                name,
                if body { "st-message-body-missing" } else { "st-message-subject-missing" },
            )?);
        }
        match name {
            "title" => to.title = web::form::line(&text),
            "subject_ja" => to.subject_ja = web::form::line(&text),
            "body_ja" => to.body_ja = text,
            "subject_en" => to.subject_en = web::form::line(&text),
            _ => to.body_en = text,
        }
    }
    Ok(errors)
}

/// `POST /staff/templates/new`
pub(crate) async fn create(State(desk): State<Desk>, visit: Visit, me: StaffMember, form: Upload) -> Reply {
    me.must_be(crate::ACTING)?;
    let now = desk.now();
    let mut template = Template {
        id: TemplateId::new(now, desk.rng()).to_string(),
        version: 1,
        author: me.id().to_owned(),
        written_at: now,
        ..Template::default()
    };
    let errors = read(&visit, &form, &mut template)?;
    if !errors.is_empty() {
        let own = view(&visit, &me, template, true);
        return Ok(edit_page(&visit, desk.staff_frame(&me, "staff-templates"), own).errors(errors).respond());
    }
    let writer = desk.clone();
    desk.db()
        .write(move |tx| {
            templates::insert(tx, &template)?;
            let line = Line::new(&template.id, Doer::Staff(&template.author), "template_written");
            writer.record(tx, line.detail("version", 1), now)
        })
        .await?;
    Ok(visit.redirect("/staff/templates?done=saved"))
}

/// `POST /staff/templates/{id}`
pub(crate) async fn save(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let mut template = one(&desk, &id).await?;
    template.version = typed(&form, "version").parse().map_err(|_| Refusal::Form)?;
    let errors = read(&visit, &form, &mut template)?;
    let frame = desk.staff_frame(&me, "staff-templates");
    if !errors.is_empty() {
        return Ok(edit_page(&visit, frame, view(&visit, &me, template, false)).errors(errors).respond());
    }
    let now = desk.now();
    (template.author, template.written_at) = (me.id().to_owned(), now);
    let (writer, kept) = (desk.clone(), template.clone());
    let saved = desk
        .db()
        .write(move |tx| {
            if !templates::update(tx, &kept)? {
                return Ok::<_, Error>(false);
            }
            let line = Line::new(&kept.id, Doer::Staff(&kept.author), "template_written");
            writer.record(tx, line.detail("version", kept.version + 1), now)?;
            Ok(true)
        })
        .await?;
    if saved {
        return Ok(visit.redirect("/staff/templates?done=saved"));
    }
    template.version = one(&desk, &id).await?.version;
    let error = wrong(&visit, "title", "st-raced-text")?;
    Ok(edit_page(&visit, frame, view(&visit, &me, template, false)).errors(vec![error]).respond())
}

/// `POST /staff/templates/{id}/retire`: takes it out of use, or back into it.
pub(crate) async fn retire(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    one(&desk, &id).await?;
    let now = desk.now();
    let (at, what) = match typed(&form, "to").as_str() {
        "retired" => (Some(now), "template_retired"),
        "used" => (None, "template_used"),
        _ => return Err(Refusal::Form.into()),
    };
    let (writer, by) = (desk.clone(), me.id().to_owned());
    desk.db()
        .write(move |tx| {
            templates::retire(tx, &id, at, now)?;
            writer.record(tx, Line::new(&id, Doer::Staff(&by), what), now)
        })
        .await?;
    Ok(visit.redirect("/staff/templates?done=retired"))
}

/// `GET /staff/templates/{id}/history`
pub(crate) async fn history(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(id): Path<String>) -> Reply {
    let template = one(&desk, &id).await?;
    let (reader, of) = (desk.clone(), id.clone());
    let versions = desk
        .db()
        .read(move |tx| {
            let all = templates::history(tx, &of)?;
            let (mut names, nothing, mut out) = (Names::default(), Template::default(), Vec::new());
            for (at, v) in all.iter().enumerate() {
                let old = all.get(at + 1).unwrap_or(&nothing);
                out.push(VersionView {
                    version: v.version,
                    author: names.of(&reader, tx, &v.author)?,
                    at: v.written_at,
                    parts: vec![
                        Part::new("title", &old.title, &v.title),
                        Part::new("subject_ja", &old.subject_ja, &v.subject_ja),
                        Part::new("body_ja", &old.body_ja, &v.body_ja),
                        Part::new("subject_en", &old.subject_en, &v.subject_en),
                        Part::new("body_en", &old.body_en, &v.body_en),
                    ],
                });
            }
            Ok::<_, Error>(out)
        })
        .await?;
    let own = History { title: template.title, versions };
    let frame = desk.staff_frame(&me, "staff-templates");
    Ok(history_page(&visit, frame, format!("/staff/templates/{id}"), own).respond())
}
