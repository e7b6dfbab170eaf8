//! `/staff/deliveries`: delivery services are admitted and changed here.

use axum::extract::{Path, State};
use base::Timestamp;
use desk::kit::{StaffMember, page};
use desk::{Desk, Oops, Reply};
use procedures::Text;
use serde::{Deserialize, Serialize};
use web::{FieldError, Form, Origin, Page, Refusal, Visit};

use super::{must_operate, operates};
use crate::config::Place;
use crate::deliveries::SERVICE;
use crate::deliveries::settings::{Admission, Connection, DeliveryService, Put, put};
use crate::store::{deliveries, provisions};

/// The last part of the address of the form for a new one: no id can be it.
const NEW: &str = "-new";

#[derive(Serialize)]
pub(crate) struct Deliveries {
    pub(crate) done: bool,
    pub(crate) services: Vec<Line>,
    pub(crate) operator: bool,
}

#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) operating: String,
    pub(crate) status: String,
    pub(crate) updated_at: Timestamp,
    /// Per portal: `test`/`production`, whether confirmed, what went wrong.
    pub(crate) portals: Vec<At>,
}

#[derive(Serialize)]
pub(crate) struct At {
    pub(crate) portal: &'static str,
    pub(crate) applied: bool,
    pub(crate) error: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Entered {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) name_ja: String,
    pub(crate) name_en: String,
    pub(crate) operator_ja: String,
    pub(crate) operator_en: String,
    pub(crate) operating_ja: String,
    pub(crate) operating_en: String,
    pub(crate) status: String,
    pub(crate) test_issuer: String,
    pub(crate) test_client_id: String,
    pub(crate) test_resources: String,
    pub(crate) test_sso_client_id: String,
    pub(crate) test_initiate_login_uri: String,
    pub(crate) production_issuer: String,
    pub(crate) production_client_id: String,
    pub(crate) production_resources: String,
    pub(crate) production_sso_client_id: String,
    pub(crate) production_initiate_login_uri: String,
    pub(crate) seen: i64,
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Serialize)]
pub(crate) struct Edit {
    pub(crate) fresh: bool,
    pub(crate) raced: bool,
    /// The last part of the form's address.
    pub(crate) at: String,
    pub(crate) entered: Entered,
}

pub(crate) fn list_page(visit: &Visit, desk: &Desk, me: &StaffMember, own: Deliveries) -> Page {
    page(visit, desk.staff_frame(me, "deliveries"), "deliveries.html", "deliveries", own)
}

pub(crate) fn edit_page(visit: &Visit, desk: &Desk, me: &StaffMember, own: Edit) -> Page {
    let here = format!("/staff/deliveries/{}", own.at);
    let frame = desk.staff_frame(me, "deliveries");
    page(visit, frame, "delivery-edit.html", "delivery-edit", own).back("/staff/deliveries").at(here)
}

/// `GET /staff/deliveries`
pub(crate) async fn list(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    me.must_be(super::LOOKERS)?;
    let lang = visit.lang();
    let services = desk
        .db()
        .read(move |tx| {
            let mut out = Vec::new();
            for row in deliveries::all(tx)? {
                let service = DeliveryService::read(&row)?;
                let mut portals = Vec::new();
                for place in Place::ALL {
                    if let Some(p) = provisions::get(tx, place.as_str(), SERVICE, &row.id)? {
                        portals.push(At { portal: place.as_str(), applied: p.is_applied(), error: p.last_error });
                    }
                }
                out.push(Line {
                    id: row.id,
                    name: service.name.get(lang).to_owned(),
                    operating: service.operating.get(lang).to_owned(),
                    status: row.status,
                    updated_at: row.updated_at,
                    portals,
                });
            }
            Ok::<_, ::store::Error>(out)
        })
        .await?;
    let own = Deliveries { done: visit.query("done").is_some(), services, operator: operates(&me) };
    Ok(list_page(&visit, &desk, &me, own).respond())
}

fn entered(row: &deliveries::DeliveryRow) -> Result<Entered, Oops> {
    let s = DeliveryService::read(row)?;
    let field = |c: Option<&Connection>, get: fn(&Connection) -> Option<String>| c.and_then(get).unwrap_or_default();
    let (t, p) = (s.test.as_ref(), s.production.as_ref());
    Ok(Entered {
        id: row.id.clone(),
        test_issuer: field(t, |c| Some(c.issuer.clone())),
        test_client_id: field(t, |c| Some(c.client_id.clone())),
        test_resources: field(t, |c| c.resources.clone()),
        test_sso_client_id: field(t, |c| c.sso_client_id.clone()),
        test_initiate_login_uri: field(t, |c| c.initiate_login_uri.clone()),
        production_issuer: field(p, |c| Some(c.issuer.clone())),
        production_client_id: field(p, |c| Some(c.client_id.clone())),
        production_resources: field(p, |c| c.resources.clone()),
        production_sso_client_id: field(p, |c| c.sso_client_id.clone()),
        production_initiate_login_uri: field(p, |c| c.initiate_login_uri.clone()),
        name_ja: s.name.ja,
        name_en: s.name.en,
        operator_ja: s.operator.ja,
        operator_en: s.operator.en,
        operating_ja: s.operating.ja,
        operating_en: s.operating.en,
        status: row.status.clone(),
        seen: row.revision,
        note: String::new(),
    })
}

/// `GET /staff/deliveries/{id}`
pub(crate) async fn edit(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(id): Path<String>) -> Reply {
    must_operate(&me)?;
    let fresh = id == NEW;
    let entered = if fresh {
        Entered { status: "active".to_owned(), ..Entered::default() }
    } else {
        let key = id.clone();
        let row = desk.db().read(move |tx| deliveries::get(tx, &key)).await?.ok_or(Refusal::NotFound)?;
        entered(&row)?
    };
    Ok(edit_page(&visit, &desk, &me, Edit { fresh, raced: false, at: id, entered }).respond())
}

/// What is wrong with what was entered, as names of fields and texts.
fn judge(e: &Entered, fresh: bool) -> Result<(DeliveryService, Admission), Vec<(&'static str, &'static str)>> {
    let mut wrong = Vec::new();
    let plain =
        |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fresh && (!plain(&e.id) || e.id.starts_with(['-', '.'])) {
        wrong.push(("id", "delivery-wrong-id"));
    }
    for (field, text, max) in [
        ("name_ja", &e.name_ja, 100),
        ("name_en", &e.name_en, 100),
        ("operator_ja", &e.operator_ja, 100),
        ("operator_en", &e.operator_en, 100),
        ("operating_ja", &e.operating_ja, 500),
        ("operating_en", &e.operating_en, 500),
    ] {
        if text.is_empty() || text.chars().count() > max {
            wrong.push((field, if max == 100 { "delivery-wrong-name" } else { "delivery-wrong-operating" }));
        }
    }
    let mut connection = |fields: [(&'static str, &str); 5]| {
        let [issuer, client, resources, sso, initiate] = fields;
        if fields.iter().all(|(_, text)| text.is_empty()) {
            return None;
        }
        if Origin::parse(issuer.1).is_err() {
            wrong.push((issuer.0, "delivery-wrong-issuer"));
        }
        if client.1.is_empty() || !client.1.bytes().all(|b| b.is_ascii_graphic()) || client.1.len() > 255 {
            wrong.push((client.0, "delivery-wrong-client"));
        }
        if !resources.1.is_empty() && Origin::parse(resources.1).is_err() {
            wrong.push((resources.0, "delivery-wrong-issuer"));
        }
        if !sso.1.is_empty() && !plain(sso.1) {
            wrong.push((sso.0, "delivery-wrong-id"));
        }
        if !initiate.1.is_empty() && oauth::redirect::check_url("address", initiate.1).is_err() {
            wrong.push((initiate.0, "delivery-wrong-address"));
        }
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some(Connection {
            issuer: issuer.1.to_owned(),
            client_id: client.1.to_owned(),
            resources: some(resources.1),
            sso_client_id: some(sso.1),
            initiate_login_uri: some(initiate.1),
        })
    };
    let test = connection([
        ("test_issuer", &e.test_issuer),
        ("test_client_id", &e.test_client_id),
        ("test_resources", &e.test_resources),
        ("test_sso_client_id", &e.test_sso_client_id),
        ("test_initiate_login_uri", &e.test_initiate_login_uri),
    ]);
    let production = connection([
        ("production_issuer", &e.production_issuer),
        ("production_client_id", &e.production_client_id),
        ("production_resources", &e.production_resources),
        ("production_sso_client_id", &e.production_sso_client_id),
        ("production_initiate_login_uri", &e.production_initiate_login_uri),
    ]);
    if test.is_none() && production.is_none() {
        wrong.push(("test_issuer", "delivery-wrong-none"));
    }
    let status = Admission::parse(&e.status);
    if status.is_none() {
        wrong.push(("status", "delivery-wrong-status"));
    }
    match status {
        Some(status) if wrong.is_empty() => Ok((
            DeliveryService {
                name: Text::new(e.name_ja.clone(), e.name_en.clone()),
                operator: Text::new(e.operator_ja.clone(), e.operator_en.clone()),
                operating: Text::new(e.operating_ja.clone(), e.operating_en.clone()),
                test,
                production,
            },
            status,
        )),
        _ => Err(wrong),
    }
}

/// `POST /staff/deliveries/{id}`
pub(crate) async fn save(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(at): Path<String>,
    Form(mut entered): Form<Entered>,
) -> Reply {
    must_operate(&me)?;
    let fresh = at == NEW;
    for text in [
        &mut entered.id,
        &mut entered.name_ja,
        &mut entered.name_en,
        &mut entered.operator_ja,
        &mut entered.operator_en,
        &mut entered.operating_ja,
        &mut entered.operating_en,
        &mut entered.test_issuer,
        &mut entered.test_client_id,
        &mut entered.test_resources,
        &mut entered.test_sso_client_id,
        &mut entered.test_initiate_login_uri,
        &mut entered.production_issuer,
        &mut entered.production_client_id,
        &mut entered.production_resources,
        &mut entered.production_sso_client_id,
        &mut entered.production_initiate_login_uri,
        &mut entered.note,
    ] {
        *text = text.trim().to_owned();
    }
    if fresh {
        entered.seen = 0;
    } else {
        entered.id.clone_from(&at);
    }
    let (service, status) = match judge(&entered, fresh) {
        Ok(good) => good,
        Err(wrong) => {
            let error = |(field, key): (&str, &str)| {
                Ok::<_, web::text::TextError>(FieldError { field: field.to_owned(), message: visit.text(key, &[])? })
            };
            let errors = wrong.into_iter().map(error).collect::<Result<Vec<_>, _>>()?;
            let own = Edit { fresh, raced: false, at, entered };
            return Ok(edit_page(&visit, &desk, &me, own).errors(errors).respond());
        }
    };
    let order = Put {
        id: entered.id.clone(),
        service,
        status,
        seen: entered.seen,
        by: me.id().to_owned(),
        note: entered.note.clone(),
    };
    let writer = desk.clone();
    let kept = desk.db().write(move |tx| put(&writer, tx, &order)).await?;
    if kept {
        return Ok(visit.redirect("/staff/deliveries?done=1"));
    }
    if fresh {
        let error = FieldError { field: "id".to_owned(), message: visit.text("delivery-taken", &[])? };
        let own = Edit { fresh, raced: false, at, entered };
        return Ok(edit_page(&visit, &desk, &me, own).errors(vec![error]).respond());
    }
    // Somebody else saved meanwhile: the entries are kept, and the next save is over what stands now.
    let key = at.clone();
    let row = desk.db().read(move |tx| deliveries::get(tx, &key)).await?.ok_or(Refusal::NotFound)?;
    entered.seen = row.revision;
    Ok(edit_page(&visit, &desk, &me, Edit { fresh, raced: true, at, entered }).failed().respond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Entered {
        Entered {
            id: "mihon-post".into(),
            name_ja: "見本ポスト".into(),
            name_en: "Mihon Post".into(),
            operator_ja: "見本送達株式会社".into(),
            operator_en: "Mihon Delivery Inc.".into(),
            operating_ja: "年中無休".into(),
            operating_en: "Every day".into(),
            status: "active".into(),
            test_issuer: "https://post.example".into(),
            test_client_id: "portal".into(),
            ..Entered::default()
        }
    }

    #[test]
    fn what_is_entered_is_judged_field_by_field() {
        let (service, status) = judge(&good(), true).unwrap();
        assert!(service.production.is_none() && status == Admission::Active);
        assert_eq!(service.test.unwrap().issuer, "https://post.example");
        let fields = |e: Entered| judge(&e, true).unwrap_err().into_iter().map(|(f, _)| f).collect::<Vec<_>>();
        assert_eq!(fields(Entered { id: "a b".into(), ..good() }), ["id"]);
        assert_eq!(fields(Entered { id: NEW.into(), ..good() }), ["id"]);
        assert_eq!(fields(Entered { name_en: String::new(), ..good() }), ["name_en"]);
        assert_eq!(fields(Entered { test_issuer: "http://post.example/x".into(), ..good() }), ["test_issuer"]);
        assert_eq!(fields(Entered { production_client_id: "portal".into(), ..good() }), ["production_issuer"]);
        assert_eq!(fields(Entered { status: "gone".into(), ..good() }), ["status"]);
        let none = Entered { test_issuer: String::new(), test_client_id: String::new(), ..good() };
        assert_eq!(fields(none), ["test_issuer"]);
        assert_eq!(
            fields(Entered { test_initiate_login_uri: "javascript:alert(1)".into(), ..good() }),
            ["test_initiate_login_uri"]
        );
    }
}
