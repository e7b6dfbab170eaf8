//! `/orgs/{org}/documents`: what is disclosed on approval (guideline 4.1.1): files of the operator's.

use axum::extract::{Path, State};
use serde::Serialize;
use web::{Page, Refusal, Visit};

use crate::access::Member;
use crate::attach::download;
use crate::config::Document;
use crate::frame::{Frame, page};
use crate::{Desk, Reply};

#[derive(Serialize)]
pub(crate) struct Documents {
    org_id: String,
    documents: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    href: String,
    title: String,
    name: String,
}

async fn must_be_disclosed(desk: &Desk, me: &Member) -> Result<(), crate::Oops> {
    let (reader, org) = (desk.clone(), me.org.id.clone());
    let disclosed = desk.db().read(move |tx| reader.disclosed(tx, org.as_str())).await?;
    if disclosed { Ok(()) } else { Err(Refusal::NotFound.into()) }
}

pub(crate) fn view(org: &str, documents: &[Document], lang: base::Lang) -> Documents {
    let line = |d: &Document| Line {
        href: format!("/orgs/{org}/documents/{}", d.id),
        title: d.title.get(lang).to_owned(),
        name: d.id.clone(),
    };
    Documents { org_id: org.to_owned(), documents: documents.iter().map(line).collect() }
}

pub(crate) fn list_page(visit: &Visit, account: &accounts::Account, own: Documents) -> Page {
    let back = format!("/orgs/{}", own.org_id);
    page(visit, Frame::person(account, "home"), "document-list.html", "documents", own).back(back)
}

/// `GET /orgs/{org}/documents`
pub(crate) async fn list(State(desk): State<Desk>, visit: Visit, me: Member) -> Reply {
    must_be_disclosed(&desk, &me).await?;
    let own = view(me.org.id.as_str(), &desk.config().documents, visit.lang());
    Ok(list_page(&visit, &me.account, own).respond())
}

/// `GET /orgs/{org}/documents/{id}`: only files that the operator named; the path is never made of what was asked.
pub(crate) async fn get(State(desk): State<Desk>, me: Member, Path((_, id)): Path<(String, String)>) -> Reply {
    must_be_disclosed(&desk, &me).await?;
    let document = desk.config().documents.iter().find(|d| d.id == id).ok_or(Refusal::NotFound)?;
    let bytes = tokio::fs::read(&document.file)
        .await
        .map_err(|e| web::Fault::from(e).context(&format!("reading the disclosed document {}", document.id)))?;
    Ok(download(&document.id, &document.media_type, bytes))
}
