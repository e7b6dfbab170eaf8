//! Downloads and uploads of forms: `.xlsx` of a draft, of a submitted version, PDF of a submitted version, and the way back
//! of a filled-in spreadsheet: looked at first, taken over by a press of a button.

use axum::extract::{Path, State};
use axum::response::Response;
use base::Timestamp;
use procedures::Answers;
use procedures::compare::compare;
use serde::Serialize;
use web::{Fault, FieldError, Form, Page, Refusal, Upload, Visit};

use super::edit::{self, Open, edit_page};
use super::read::version;
use super::sheet::{self, Heading, SheetFinding};
use super::{Show, lines};
use crate::access::Member;
use crate::attach::download;
use crate::case::act::Loaded;
use crate::case::page::facts;
use crate::frame::{Frame, page};
use crate::org::people::Empty;
use crate::store::drafts::{self, Uploaded};
use crate::{Desk, Oops, Reply};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[derive(Serialize)]
pub(crate) struct UploadPage {
    case: String,
    form: String,
    heading: String,
    name: String,
    at: Timestamp,
    findings: Vec<SheetFinding>,
    changes: Vec<ChangeLine>,
}

#[derive(Serialize)]
struct ChangeLine {
    label: String,
    before: Vec<String>,
    after: Vec<String>,
}

fn heading<'a>(
    desk: &Desk,
    me: &'a Member,
    loaded: &'a Loaded,
    service: &'a str,
    visit: &Visit,
) -> Result<Heading<'a>, Fault> {
    Ok(Heading {
        receipt: &loaded.row.receipt,
        org: &me.org.name,
        service,
        author: visit.text("service-name", &[])?,
        now: desk.now(),
    })
}

fn show_of<'a>(
    open: &'a Open<'_>,
    answers: &'a Answers,
    none: &'a procedures::compare::Differences,
    visit: &Visit,
) -> Show<'a> {
    Show {
        form: open.form,
        answers,
        offered: &open.facts.loaded.offered,
        differences: none,
        comments: &[],
        lang: visit.lang(),
        more: None,
    }
}

/// `GET /cases/{case}/forms/{form}/sheet`: the draft as a spreadsheet to fill in.
pub(crate) async fn get_sheet(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((case, form)): Path<(String, String)>,
) -> Reply {
    me.must_edit()?;
    let open = edit::open(&desk, &me, &case, &form).await?;
    let none = Default::default();
    let head = heading(&desk, &me, &open.facts.loaded, &open.facts.service, &visit)?;
    let book = sheet::workbook(&show_of(&open, &open.answers, &none, &visit), &case, &head)?;
    let name = sheet::file_name(open.form, head.receipt, "xlsx", visit.lang());
    let bytes = off_thread(move || book.write().map_err(Fault::from)).await??;
    Ok(download(&name, XLSX, bytes))
}

/// Spreadsheets and PDF take time: not on a thread that serves others.
async fn off_thread<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    Ok(tokio::task::spawn_blocking(f).await?)
}

/// `POST /cases/{case}/forms/{form}/sheet`: a filled-in spreadsheet. It is read and looked at; the draft stays as it is.
pub(crate) async fn put_sheet(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((case, form)): Path<(String, String)>,
    sent: Upload,
) -> Reply {
    me.must_edit()?;
    let open = edit::open(&desk, &me, &case, &form).await?;
    let none = Default::default();
    let read = match sent.file("sheet") {
        None => Err(visit.text("sheet-missing", &[])?),
        Some(file) => {
            let Loaded { case: state, offered, .. } = &open.facts.loaded;
            let ctx = desk.context(offered, desk.now());
            let notice = desk.catalogue().procedure(&state.procedure).and_then(|p| p.notice_days);
            let head = heading(&desk, &me, &open.facts.loaded, &open.facts.service, &visit)?;
            let show = show_of(&open, &open.answers, &none, &visit);
            let read = || sheet::read(&file.bytes, &show, &case, &head, &ctx.world(notice));
            // Bounded by the reader's limits to a fraction of a second; the borrowed form can't move to another thread.
            tokio::task::block_in_place(read).map(|filled| (file.name.clone(), filled))
        }
    };
    let (name, filled) = match read {
        Ok(read) => read,
        Err(message) => {
            let error = FieldError { field: "sheet".to_owned(), message };
            let own = open.view(&open.answers, visit.lang(), None);
            return Ok(edit_page(&visit, &me.account, own).errors(vec![error]).respond());
        }
    };
    let kept = Uploaded {
        name,
        answers: serde_json::to_string(&filled.answers)?,
        findings: serde_json::to_string(&filled.findings)?,
        uploaded_at: desk.now(),
    };
    let (id, what, by) = (case.clone(), form.clone(), me.account.id.clone());
    desk.db().write(move |tx| drafts::put_upload(tx, &id, &what, &by, &kept)).await?;
    Ok(visit.redirect(&format!("/cases/{case}/forms/{form}/upload")))
}

async fn uploaded(desk: &Desk, me: &Member, case: &str, form: &str) -> Result<Uploaded, Oops> {
    let (id, what, by) = (case.to_owned(), form.to_owned(), me.account.id.clone());
    let found = desk.db().read(move |tx| drafts::upload(tx, &id, &what, &by)).await?;
    found.ok_or(Oops::Refusal(Refusal::NotFound))
}

pub(crate) fn upload_page(visit: &Visit, account: &accounts::Account, own: UploadPage) -> Page {
    let back = format!("/cases/{}/forms/{}", own.case, own.form);
    page(visit, Frame::person(account, "home"), "upload.html", "upload", own).back(back)
}

/// `GET /cases/{case}/forms/{form}/upload`: what the spreadsheet says, what is wrong in it, what it would change.
pub(crate) async fn look(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((case, form)): Path<(String, String)>,
) -> Reply {
    me.must_edit()?;
    let open = edit::open(&desk, &me, &case, &form).await?;
    let upload = uploaded(&desk, &me, &case, &form).await?;
    let answers = crate::case::act::answers(&upload.answers)?;
    let (lang, offered) = (visit.lang(), &open.facts.loaded.offered);
    let changes = compare(open.form, &open.answers, &answers).0.into_iter().filter_map(|d| {
        let field = open.form.field(&d.field)?;
        Some(ChangeLine {
            label: d.label.get(lang).to_owned(),
            before: lines(field, d.before.as_ref(), offered, lang),
            after: lines(field, d.after.as_ref(), offered, lang),
        })
    });
    let own = UploadPage {
        heading: open.form.heading(lang),
        name: upload.name,
        at: upload.uploaded_at,
        findings: serde_json::from_str(&upload.findings)?,
        changes: changes.collect(),
        case,
        form,
    };
    Ok(upload_page(&visit, &me.account, own).respond())
}

/// `POST /cases/{case}/forms/{form}/upload/take`: takes it over into the draft, as it is now.
pub(crate) async fn take(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((case, form)): Path<(String, String)>,
    Form(_): Form<Empty>,
) -> Reply {
    me.must_edit()?;
    let open = edit::open(&desk, &me, &case, &form).await?;
    let upload = uploaded(&desk, &me, &case, &form).await?;
    let mut answers = crate::case::act::answers(&upload.answers)?;
    // Files are attached on the page: those of the draft stay.
    for field in open.form.fields().filter(|f| f.kind.is_files()) {
        answers.set(&field.id, procedures::Answer::Files(open.answers.files(&field.id).to_vec()));
    }
    let json = serde_json::to_string(&answers)?;
    let (id, what, by, now, seen) = (case.clone(), form.clone(), me.account.id.clone(), desk.now(), open.version);
    let saved = desk
        .db()
        .write(move |tx| {
            let saved = drafts::save(tx, &id, &what, seen, &json, &by, now)?;
            if saved {
                drafts::drop_upload(tx, &id, &what, &by)?;
            }
            Ok::<_, ::store::Error>(saved)
        })
        .await?;
    Ok(visit.redirect(&if saved {
        format!("/cases/{case}/forms/{form}?done=taken")
    } else {
        // Somebody saved in this moment: look at the changes again.
        format!("/cases/{case}/forms/{form}/upload")
    }))
}

/// `POST /cases/{case}/forms/{form}/upload/drop`: forgets it.
pub(crate) async fn forget(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((case, form)): Path<(String, String)>,
    Form(_): Form<Empty>,
) -> Reply {
    me.must_edit()?;
    let (id, what, by) = (case.clone(), form.clone(), me.account.id.clone());
    desk.db().write(move |tx| drafts::drop_upload(tx, &id, &what, &by)).await?;
    Ok(visit.redirect(&format!("/cases/{case}/forms/{form}")))
}

/// What a submitted version becomes.
#[derive(Clone, Copy)]
enum Paper {
    Xlsx,
    Pdf,
}

async fn on_paper(
    desk: Desk,
    visit: Visit,
    me: Member,
    path: (String, String, u32),
    kind: Paper,
) -> Result<Response, Oops> {
    let (case, form, no) = path;
    let facts = facts(&desk, &case).await?;
    let v = version(&desk, &facts, &form, no)?;
    let head = heading(&desk, &me, &facts.loaded, &facts.service, &visit)?;
    let show = Show {
        form: v.form,
        answers: v.answers,
        offered: &facts.loaded.offered,
        differences: &v.differences,
        comments: &[],
        lang: visit.lang(),
        more: None,
    };
    let receipt = format!("{}-{no}", head.receipt);
    match kind {
        Paper::Xlsx => {
            let book = sheet::workbook(&show, &case, &head)?;
            let name = sheet::file_name(v.form, &receipt, "xlsx", visit.lang());
            let bytes = off_thread(move || book.write().map_err(Fault::from)).await??;
            Ok(download(&name, XLSX, bytes))
        }
        Paper::Pdf => {
            let document = sheet::document(&show, &head, no, v.at);
            let name = sheet::file_name(v.form, &receipt, "pdf", visit.lang());
            let pdf = off_thread(move || ::paper::pdf::render(&document).map_err(Fault::from)).await??;
            Ok(download(&name, "application/pdf", pdf.bytes))
        }
    }
}

/// `GET /cases/{case}/forms/{form}/versions/{no}/xlsx`
pub(crate) async fn xlsx(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path(path): Path<(String, String, u32)>,
) -> Reply {
    on_paper(desk, visit, me, path, Paper::Xlsx).await
}

/// `GET /cases/{case}/forms/{form}/versions/{no}/pdf`
pub(crate) async fn pdf(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path(path): Path<(String, String, u32)>,
) -> Reply {
    on_paper(desk, visit, me, path, Paper::Pdf).await
}
