//! `/cases/{case}/forms/{form}`: fills a form in, saves the draft, checks each field on saving.
//!
//! Several people may edit the same form. A draft has a version; who saves over a version that they have not seen is shown
//! what the other changed, keeps what they typed, and saves knowingly the next time.

use axum::extract::{Path, State};
use base::Timestamp;
use http::StatusCode;
use procedures::compare::{Differences, compare};
use procedures::{Answer, Answers, Code, Field, FileRef, Finding, Form, Kind, Reading, Severity, World};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Upload, Visit};

use super::{FormView, Show, errors, lines};
use crate::access::Member;
use crate::attach::{Place, Sealed};
use crate::case::act::{Loaded, answers};
use crate::case::page::{Facts, broken, facts};
use crate::files::FileProblem;
use crate::frame::{Frame, page};
use crate::org::OrgKind;
use crate::store::{attachments, drafts};
use crate::{Desk, Oops, Reply};

/// Most files of one field.
const MAX_FILES: usize = 10;

#[derive(Serialize)]
pub(crate) struct EditPage {
    case: String,
    receipt: String,
    service: String,
    form: FormView,
    version: i64,
    edited_by: Option<String>,
    edited_at: Option<Timestamp>,
    /// `saved`, `taken`
    done: Option<&'static str>,
    conflict: Vec<Conflict>,
    warnings: Vec<String>,
    remarks: Vec<String>,
}

/// A field that two people changed.
#[derive(Serialize)]
struct Conflict {
    field: String,
    label: String,
    theirs: Vec<String>,
    mine: Vec<String>,
}

/// A form of a case that its applicant may edit now, with its draft.
pub(crate) struct Open<'a> {
    pub(crate) form: &'a Form,
    pub(crate) facts: Facts,
    pub(crate) answers: Answers,
    pub(crate) version: i64,
    edited_by: Option<String>,
    edited_at: Option<Timestamp>,
}

/// Loads a form for editing. A form that is not to be filled in now is not there.
pub(crate) async fn open<'a>(desk: &'a Desk, me: &Member, case: &str, form: &str) -> Result<Open<'a>, Oops> {
    let form = desk.catalogue().form(form).ok_or(Refusal::NotFound)?;
    let facts = facts(desk, case).await?;
    let ctx = desk.context(&facts.loaded.offered, desk.now());
    let now = facts.loaded.case.todo(&ctx).map_err(|e| broken(&e))?;
    let editable = now.iter().any(|t| t.actor == procedures::Actor::Applicant && t.forms.contains(&form.id));
    if !editable {
        return Err(Refusal::NotFound.into());
    }
    let base = facts.loaded.case.draft(&form.id, &ctx);
    let (id, name, reader) = (case.to_owned(), form.id.clone(), desk.clone());
    let draft = desk
        .db()
        .read(move |tx| {
            let Some(draft) = drafts::get(tx, &id, &name)? else { return Ok(None) };
            let editor = reader.accounts().find_in(tx, &draft.edited_by)?.map(|a| a.name);
            Ok::<_, ::store::Error>(Some((draft, editor)))
        })
        .await?;
    Ok(match draft {
        Some((draft, editor)) => Open {
            answers: answers(&draft.answers)?,
            version: draft.version,
            edited_by: editor,
            edited_at: Some(draft.edited_at),
            form,
            facts,
        },
        None => {
            let answers = begin_with(form, base, &known(me, &facts.service), &ctx.world(None));
            Open { answers, version: 0, edited_by: None, edited_at: None, form, facts }
        }
    })
}

/// What the desk knows already of organisation, person and service, by the names that fields have in the catalogue. A
/// catalogue with other names loses nothing but this comfort.
fn known<'m>(me: &'m Member, service: &'m str) -> [(&'static str, &'m str); 9] {
    let kind = match me.org.kind {
        OrgKind::Private => "private_company",
        OrgKind::National => "national",
        OrgKind::Local => "local_government",
        OrgKind::Other => "other",
    };
    [
        ("organisation_kind", kind),
        ("organisation_name", &me.org.name),
        ("organisation_name_en", &me.org.name_en),
        ("corporate_number", me.org.corporate_number.as_ref().map_or("", |n| n.as_str())),
        ("address", &me.org.address),
        ("contact_name", &me.account.name),
        ("contact_email", me.account.email.as_str()),
        ("contact_phone", &me.org.phone),
        ("service_name_ja", service),
    ]
}

/// A new draft with what is known where nothing is answered; what would be wrong there is left out.
fn begin_with(form: &Form, mut base: Answers, known: &[(&str, &str)], world: &World<'_>) -> Answers {
    let open: Vec<(&str, &str)> = known
        .iter()
        .copied()
        .filter(|(id, text)| !text.is_empty() && form.field(id).is_some() && base.get(id).is_none())
        .collect();
    let read = form.read(open, &Answers::new(), world).answers;
    let wrong = form.check(&read, world);
    for (id, answer) in read.iter() {
        if !wrong.iter().any(|f| f.place.field == id) {
            base.set(id, answer.clone());
        }
    }
    base
}

impl Open<'_> {
    /// Against what is live, where there is something live.
    pub(crate) fn differences(&self, answers: &Answers) -> Differences {
        match self.facts.loaded.case.live.get(&self.form.id) {
            Some(live) => compare(self.form, live, answers),
            None => Differences::default(),
        }
    }

    pub(crate) fn comments(&self) -> Vec<(String, String)> {
        let of = self.facts.loaded.case.open_comments().filter(|c| c.form == self.form.id);
        of.map(|c| (c.field.clone().unwrap_or_default(), c.text.as_str().to_owned())).collect()
    }

    pub(crate) fn check(&self, desk: &Desk, answers: &Answers) -> Vec<Finding> {
        let Loaded { case, offered, .. } = &self.facts.loaded;
        let ctx = desk.context(offered, desk.now());
        let notice = desk.catalogue().procedure(&case.procedure).and_then(|p| p.notice_days);
        self.form.check(answers, &ctx.world(notice))
    }

    /// The page with these answers.
    pub(crate) fn view(&self, answers: &Answers, lang: base::Lang, more: Option<&str>) -> EditPage {
        let (differences, comments) = (self.differences(answers), self.comments());
        let show = Show {
            form: self.form,
            answers,
            offered: &self.facts.loaded.offered,
            differences: &differences,
            comments: &comments,
            lang,
            more,
        };
        EditPage {
            case: self.facts.loaded.row.id.clone(),
            receipt: self.facts.loaded.row.receipt.clone(),
            service: self.facts.service.clone(),
            form: show.fill(),
            version: self.version,
            edited_by: self.edited_by.clone(),
            edited_at: self.edited_at,
            done: None,
            conflict: Vec::new(),
            warnings: Vec::new(),
            remarks: comments.into_iter().filter(|(f, _)| f.is_empty()).map(|(_, text)| text).collect(),
        }
    }
}

pub(crate) fn edit_page(visit: &Visit, account: &accounts::Account, own: EditPage) -> Page {
    let back = format!("/cases/{}", own.case);
    let here = format!("{back}/forms/{}", own.form.id);
    page(visit, Frame::person(account, "home"), "form.html", "form", own).back(back).at(here)
}

/// `GET /cases/{case}/forms/{form}`
pub(crate) async fn show(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((case, form)): Path<(String, String)>,
) -> Reply {
    me.must_edit()?;
    let open = open(&desk, &me, &case, &form).await?;
    let more = visit.query("more");
    let mut own = open.view(&open.answers, visit.lang(), more.as_deref());
    let saved = visit.query("done");
    own.done = match saved.as_deref() {
        Some("saved") => Some("saved"),
        Some("taken") => Some("taken"),
        _ => None,
    };
    let findings = open.check(&desk, &open.answers);
    own.warnings = warnings(&findings, visit.lang());
    // After saving, what is wrong is said at each field; what is only missing is said when it is to be submitted.
    let wrong = if saved.is_some() { mistakes(&findings, visit.lang()) } else { Vec::new() };
    Ok(edit_page(&visit, &me.account, own).errors(wrong).status(StatusCode::OK).respond())
}

fn warnings(findings: &[Finding], lang: base::Lang) -> Vec<String> {
    findings.iter().filter(|f| f.severity == Severity::Warning).map(|f| f.text(lang).to_owned()).collect()
}

fn mistakes(findings: &[Finding], lang: base::Lang) -> Vec<FieldError> {
    errors(
        findings.iter().filter(|f| f.severity == Severity::Error && !matches!(f.code, Code::Missing | Code::TooFew)),
        lang,
    )
}

/// What a press of a button asks for, besides saving.
enum Press<'a> {
    Save,
    /// More rows for a field.
    Add(&'a str),
    /// One row less.
    Remove(&'a str, usize),
}

fn press(form: &Upload) -> Press<'_> {
    let text = form.get("do").unwrap_or("save");
    match text.split(':').collect::<Vec<_>>()[..] {
        ["add", field] => Press::Add(field),
        ["remove", field, row] => row.parse().map_or(Press::Save, |row| Press::Remove(field, row)),
        _ => Press::Save,
    }
}

/// `POST /cases/{case}/forms/{form}`
pub(crate) async fn save(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((case, form)): Path<(String, String)>,
    sent: Upload,
) -> Reply {
    me.must_edit()?;
    let lang = visit.lang();
    let open = open(&desk, &me, &case, &form).await?;
    let seen: i64 = sent.get("version").and_then(|v| v.parse().ok()).unwrap_or(-1);
    let press = press(&sent);
    let mut reading = read(&desk, &open, &sent);
    if let Press::Remove(field, row) = press {
        remove_row(&mut reading.answers, field, row);
    }
    let (mut sealed, mut wrong) = (Vec::new(), errors(&reading.findings, lang));
    wrong.extend(take_files(&desk, &visit, &me, &open, &sent, &mut reading.answers, &mut sealed)?);
    let json = serde_json::to_string(&reading.answers)?;
    let (id, name, by, now) = (case.clone(), open.form.id.clone(), me.account.id.clone(), desk.now());
    let same = reading.answers == open.answers && sealed.is_empty();
    let gone = taken_off(&open, &reading.answers);
    let kept = desk
        .db()
        .write(move |tx| {
            // Kept only together with the draft that refers to them.
            for file in &sealed {
                if let Err(problem) = file.keep(tx)? {
                    return Err(Stop::File(problem));
                }
            }
            if !drafts::save(tx, &id, &name, seen, &json, &by, now)? {
                return Err(Stop::Stale);
            }
            Ok(gone.iter().try_for_each(|file| attachments::delete(tx, file, &id))?)
        })
        .await;
    let here = format!("/cases/{case}/forms/{form}");
    match kept {
        Ok(()) if wrong.is_empty() => Ok(visit.redirect(&match press {
            Press::Save => format!("{here}?done=saved"),
            Press::Add(field) => format!("{here}?more={field}#{field}"),
            Press::Remove(field, _) => format!("{here}#{field}"),
        })),
        // Saved, but for what could not be kept: the page says what and why.
        Ok(()) => {
            let again = self::open(&desk, &me, &case, &form).await?;
            let own = again.view(&again.answers, lang, None);
            Ok(edit_page(&visit, &me.account, own).errors(wrong).respond())
        }
        // The same again (a double press, a reload): nothing is lost and nothing is to be said.
        Err(Stop::Stale) if same => Ok(visit.redirect(&format!("{here}?done=saved"))),
        Err(Stop::Stale) => {
            let mine = without_new_files(&reading.answers, &open.answers);
            let mut own = open.view(&mine, lang, None);
            own.conflict = conflicts(&open, &mine, lang);
            Ok(edit_page(&visit, &me.account, own).errors(wrong).status(StatusCode::CONFLICT).respond())
        }
        Err(Stop::File(problem)) => {
            let mine = without_new_files(&reading.answers, &open.answers);
            let own = open.view(&mine, lang, None);
            let message = visit.text(problem.key(), &[("name", "")])?;
            let field = sent.files().first().map(|f| f.field.clone()).unwrap_or_default();
            wrong.push(FieldError { field, message });
            Ok(edit_page(&visit, &me.account, own).errors(wrong).respond())
        }
        Err(Stop::Store(e)) => Err(e.into()),
    }
}

enum Stop {
    Stale,
    File(FileProblem),
    Store(::store::Error),
}

impl From<::store::Error> for Stop {
    fn from(e: ::store::Error) -> Self {
        Self::Store(e)
    }
}

/// The answers as sent. Names that are ours and no field's are left out before.
fn read(desk: &Desk, open: &Open<'_>, sent: &Upload) -> Reading {
    let Loaded { case, offered, .. } = &open.facts.loaded;
    let ctx = desk.context(offered, desk.now());
    let notice = desk.catalogue().procedure(&case.procedure).and_then(|p| p.notice_days);
    let ours = |name: &str| matches!(name, "version" | "do" | "remove-file");
    open.form.read(sent.values().filter(|(name, _)| !ours(name)), &open.answers, &ctx.world(notice))
}

fn remove_row(answers: &mut Answers, field: &str, row: usize) {
    let mut rows = answers.rows(field).to_vec();
    if row < rows.len() {
        rows.remove(row);
        answers.set(field, Answer::Rows(rows));
    }
}

/// Takes files off and puts new ones on. What is wrong with a file is said at its field.
fn take_files(
    desk: &Desk,
    visit: &Visit,
    me: &Member,
    open: &Open<'_>,
    sent: &Upload,
    answers: &mut Answers,
    sealed: &mut Vec<Sealed>,
) -> Result<Vec<FieldError>, Oops> {
    let mut wrong = Vec::new();
    for field in open.form.fields().filter(|f| f.kind.is_files()) {
        let off: Vec<&str> = sent.all("remove-file").collect();
        let mut files: Vec<FileRef> =
            answers.files(&field.id).iter().filter(|f| !off.contains(&f.id.as_str())).cloned().collect();
        for file in sent.files().iter().filter(|f| f.field == field.id) {
            let place = Place { org: Some(me.org.id.as_str()), place: &open.facts.loaded.row.id, by: &me.account.id };
            match seal(desk, field, &file.name, &file.bytes, place)? {
                _ if files.len() >= MAX_FILES && field.kind == Kind::File => {
                    let message = visit.text("files-too-many", &[("n", &MAX_FILES.to_string())])?;
                    wrong.push(FieldError { field: field.id.clone(), message });
                    break;
                }
                Ok(one) => {
                    let Ok(reference) = one.reference() else { return Err(Refusal::Form.into()) };
                    if field.kind == Kind::Logo {
                        files.clear();
                    }
                    files.push(reference);
                    sealed.push(one);
                }
                Err(Said::Problem(problem)) => {
                    let message = visit.text(problem.key(), &[("name", &file.name)])?;
                    wrong.push(FieldError { field: field.id.clone(), message });
                }
                Err(Said::Logo(error)) => {
                    let lang = visit.lang();
                    let message = format!("{}{}", error.what(lang), error.mend(lang));
                    wrong.push(FieldError { field: field.id.clone(), message });
                }
            }
        }
        answers.set(&field.id, Answer::Files(files));
    }
    Ok(wrong)
}

/// Files that nothing refers to any more once the draft has these answers.
fn taken_off(open: &Open<'_>, answers: &Answers) -> Vec<String> {
    let ids = |answers: &Answers| -> Vec<String> {
        let fields = answers.iter().map(|(field, _)| field).collect::<Vec<_>>();
        fields.into_iter().flat_map(|f| answers.files(f)).map(|f| f.id.as_str().to_owned()).collect()
    };
    let case = &open.facts.loaded.case;
    let mut kept = ids(answers);
    kept.extend(case.submissions.iter().flat_map(|s| s.forms.values()).chain(case.live.values()).flat_map(ids));
    // A sheet for production may begin with the logo of the one that was tested.
    kept.extend(open.facts.drafts.iter().filter(|(form, _)| **form != open.form.id).flat_map(|(_, a)| ids(a)));
    ids(&open.answers).into_iter().filter(|id| !kept.contains(id)).collect()
}

enum Said {
    Problem(FileProblem),
    Logo(::paper::image::LogoError),
}

fn seal(desk: &Desk, field: &Field, name: &str, bytes: &[u8], place: Place<'_>) -> Result<Result<Sealed, Said>, Oops> {
    if field.kind != Kind::Logo {
        return Ok(desk.seal_file(name, bytes, place)?.map_err(Said::Problem));
    }
    // A logo is shown to citizens: its pixels are written anew, whatever else was in the file is gone.
    Ok(match ::paper::image::check_logo(bytes) {
        Ok(logo) => Ok(desk.sealed("logo.png", logo.kind.media_type(), &logo.clean, place)?),
        Err(error) => Err(Said::Logo(error)),
    })
}

/// Answers without references to files that were not kept after all.
fn without_new_files(answers: &Answers, kept: &Answers) -> Answers {
    let mut out = answers.clone();
    for (field, answer) in answers.iter() {
        if let Answer::Files(files) = answer {
            let known = kept.files(field);
            out.set(field, Answer::Files(files.iter().filter(|f| known.contains(f)).cloned().collect()));
        }
    }
    out
}

fn conflicts(open: &Open<'_>, mine: &Answers, lang: base::Lang) -> Vec<Conflict> {
    let offered = &open.facts.loaded.offered;
    let differ = compare(open.form, &open.answers, mine).0;
    differ
        .into_iter()
        .filter_map(|d| {
            let field = open.form.field(&d.field)?;
            Some(Conflict {
                label: d.label.get(lang).to_owned(),
                theirs: lines(field, d.before.as_ref(), offered, lang),
                mine: lines(field, d.after.as_ref(), offered, lang),
                field: d.field,
            })
        })
        .collect()
}

/// `GET /cases/{case}/files/{file}`: evidence and logos of a case, for its organisation.
pub(crate) async fn file(State(desk): State<Desk>, me: Member, Path((case, file)): Path<(String, String)>) -> Reply {
    let org = me.org.id.clone();
    let found = desk.db().read(move |tx| attachments::get(tx, &file)).await?;
    // Files of a change that are live belong to an earlier case of the same organisation.
    let found = found.filter(|f| f.org.as_deref() == Some(org.as_str()) && f.place.starts_with("cas_"));
    let _ = case;
    desk.hand_out(found.ok_or(Refusal::NotFound)?).await
}
