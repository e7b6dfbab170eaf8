//! `/orgs/new`, `/orgs/{org}`, `/orgs/{org}/edit`: an organisation, its services and its cases.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use web::{Fault, FieldError, Form, Page, Refusal, Visit};

use super::{CorporateNumber, NumberError, OrgId, OrgKind, Organisation};
use crate::access::{Member, Person};
use crate::case::list::{CaseLine, case_lines};
use crate::frame::{Frame, page};
use crate::store::{orgs, services};
use crate::{Desk, Reply};

/// Longest name, address and telephone number, in characters.
const LONGEST: usize = 200;

/// The form as sent.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct OrgForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    corporate_number: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    phone: String,
    /// The version that was seen; 0 for a new one.
    #[serde(default)]
    version: i64,
}

#[derive(Serialize)]
struct Edit {
    action: String,
    new: bool,
    stale: bool,
    kinds: Vec<KindOption>,
    form: OrgForm,
}

#[derive(Serialize)]
struct KindOption {
    value: &'static str,
    label: String,
}

#[derive(Serialize)]
pub(crate) struct Show {
    org: Organisation,
    owner: bool,
    may_edit: bool,
    services: Vec<services::Service>,
    cases: Vec<CaseLine>,
    disclosed: bool,
}

impl OrgForm {
    fn of(o: &Organisation) -> Self {
        Self {
            kind: o.kind.as_str().to_owned(),
            name: o.name.clone(),
            name_en: o.name_en.clone(),
            corporate_number: o.corporate_number.as_ref().map(|n| n.as_str().to_owned()).unwrap_or_default(),
            address: o.address.clone(),
            phone: o.phone.clone(),
            version: o.version,
        }
    }

    /// Reads it into an organisation, or says what is wrong with which field.
    fn read(
        &self,
        id: OrgId,
        visit: &Visit,
        now: base::Timestamp,
    ) -> Result<Result<Organisation, Vec<FieldError>>, Fault> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, key: &str| -> Result<(), Fault> {
            errors.push(FieldError { field: field.to_owned(), message: visit.text(key, &[])? });
            Ok(())
        };
        let mut line = |field: &str, value: &str, required: bool| -> Result<String, Fault> {
            let value = web::form::line(value);
            if value.is_empty() && required {
                wrong(field, &format!("org-{field}-missing"))?;
            } else if value.chars().count() > LONGEST {
                wrong(field, "org-too-long")?;
            }
            Ok(value)
        };
        let name = line("name", &self.name, true)?;
        let name_en = line("name_en", &self.name_en, false)?;
        let address = line("address", &self.address, true)?;
        let phone = line("phone", &self.phone, true)?;
        let kind = OrgKind::parse(&self.kind);
        if kind.is_none() {
            wrong("kind", "org-kind-missing")?;
        }
        let number = match self.corporate_number.trim() {
            // Companies and municipalities have one; some bodies have none.
            "" if matches!(kind, Some(OrgKind::Private)) => {
                wrong("corporate_number", "org-corporate_number-missing")?;
                None
            }
            "" => None,
            text => match CorporateNumber::parse(text) {
                Ok(number) => Some(number),
                Err(NumberError::Length) => {
                    wrong("corporate_number", "org-corporate_number-length")?;
                    None
                }
                Err(NumberError::Check) => {
                    wrong("corporate_number", "org-corporate_number-check")?;
                    None
                }
            },
        };
        let Some(kind) = kind.filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
        Ok(Ok(Organisation {
            id,
            kind,
            name,
            name_en,
            corporate_number: number,
            address,
            phone,
            version: self.version,
            created_at: now,
        }))
    }
}

fn edit_page(
    visit: &Visit,
    account: &accounts::Account,
    org: Option<&OrgId>,
    form: OrgForm,
    errors: Vec<FieldError>,
    stale: bool,
) -> Result<Page, Fault> {
    let action = org.map_or_else(|| "/orgs/new".to_owned(), |id| format!("/orgs/{id}/edit"));
    let kinds = OrgKind::ALL.map(|kind| {
        Ok(KindOption { value: kind.as_str(), label: visit.text(&format!("org-kind-{}", kind.as_str()), &[])? })
    });
    let own = Edit {
        kinds: kinds.into_iter().collect::<Result<_, Fault>>()?,
        new: org.is_none(),
        action: action.clone(),
        stale,
        form,
    };
    let back = org.map_or_else(|| "/".to_owned(), |id| format!("/orgs/{id}"));
    Ok(page(visit, Frame::person(account, "home"), "org-edit.html", "org-edit", own)
        .back(back)
        .at(action)
        .errors(errors))
}

/// `GET /orgs/new`
pub(crate) async fn new(visit: Visit, me: Person) -> Result<Response, Fault> {
    Ok(edit_page(&visit, &me.account, None, OrgForm::default(), Vec::new(), false)?.respond())
}

/// `POST /orgs/new`
pub(crate) async fn create(State(desk): State<Desk>, visit: Visit, me: Person, Form(form): Form<OrgForm>) -> Reply {
    let now = desk.now();
    let id = OrgId::new(now, desk.rng());
    let org = match form.read(id, &visit, now)? {
        Ok(org) => org,
        Err(errors) => return Ok(edit_page(&visit, &me.account, None, form, errors, false)?.respond()),
    };
    let (to, by) = (format!("/orgs/{}", org.id), me.account.id);
    let writer = desk.clone();
    desk.db().write(move |tx| writer.register(tx, &org, &by, now)).await?;
    Ok(visit.redirect(&to))
}

/// `GET /orgs/{org}/edit`
pub(crate) async fn edit(visit: Visit, me: Member) -> Reply {
    me.must_own()?;
    Ok(edit_page(&visit, &me.account, Some(&me.org.id), OrgForm::of(&me.org), Vec::new(), false)?.respond())
}

/// `POST /orgs/{org}/edit`
pub(crate) async fn save(State(desk): State<Desk>, visit: Visit, me: Member, Form(mut form): Form<OrgForm>) -> Reply {
    me.must_own()?;
    let now = desk.now();
    let org = match form.read(me.org.id.clone(), &visit, now)? {
        Ok(org) => org,
        Err(errors) => return Ok(edit_page(&visit, &me.account, Some(&me.org.id), form, errors, false)?.respond()),
    };
    let (writer, by) = (desk.clone(), me.account.id.clone());
    let saved = desk
        .db()
        .write(move |tx| {
            if !orgs::update(tx, &org, now)? {
                return Ok::<_, ::store::Error>(false);
            }
            let id = org.id.as_str();
            let line = crate::record::Line::new(id, crate::record::Doer::Member(&by), "organisation_changed").org(id);
            writer.record(tx, line.detail("name", org.name.as_str()), now)?;
            Ok(true)
        })
        .await?;
    if saved {
        return Ok(visit.redirect(&format!("/orgs/{}", me.org.id)));
    }
    // Somebody else saved meanwhile: what was typed is kept, the next save goes over theirs knowingly.
    let id = me.org.id.clone();
    let latest = desk.db().read(move |tx| orgs::get(tx, id.as_str())).await?.ok_or(Refusal::NotFound)?;
    form.version = latest.version;
    Ok(edit_page(&visit, &me.account, Some(&me.org.id), form, Vec::new(), true)?
        .status(http::StatusCode::CONFLICT)
        .respond())
}

/// `GET /orgs/{org}`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: Member) -> Reply {
    let (id, reader, lang, mine) = (me.org.id.clone(), desk.clone(), visit.lang(), me.clone());
    let own = desk
        .db()
        .read(move |tx| {
            Ok::<_, ::store::Error>(Show {
                services: services::of_org(tx, id.as_str())?,
                cases: case_lines(&reader, tx, id.as_str(), mine.role, lang)?,
                disclosed: reader.disclosed(tx, id.as_str())?,
                owner: mine.role.owns(),
                may_edit: mine.role.may_edit(),
                org: mine.org,
            })
        })
        .await?;
    Ok(show_page(&visit, &me.account, own).respond())
}

pub(crate) fn show_page(visit: &Visit, account: &accounts::Account, own: Show) -> Page {
    page(visit, Frame::person(account, "home"), "org.html", "org", own).back("/")
}
