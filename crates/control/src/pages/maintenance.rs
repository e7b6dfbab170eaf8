//! `/maintenance` for everybody, `/staff/maintenance` for operators: planned maintenance of delivery services.

use accounts::MaybeSignedIn;
use axum::extract::{Path, State};
use base::Timestamp;
use desk::kit::{Frame, StaffMember, page};
use desk::{Desk, Oops, Reply};
use jiff::civil::{Date, Time};
use procedures::Text;
use serde::{Deserialize, Serialize};
use web::{FieldError, Form, Page, Refusal, Visit};

use super::{Pressed, must_operate, operates};
use crate::config::Place;
use crate::deliveries::MAINTENANCE;
use crate::deliveries::maintenance::{Announcement, announce, withdraw};
use crate::deliveries::settings::DeliveryService;
use crate::store::{deliveries, provisions};

/// Longest remark in characters.
const LONGEST: usize = 500;
/// How long windows that are over are shown.
const PAST: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

#[derive(Serialize)]
pub(crate) struct Maintenance {
    /// Whether this is the staff's page.
    pub(crate) staff: bool,
    pub(crate) operator: bool,
    pub(crate) done: Option<String>,
    pub(crate) windows: Vec<Window>,
    /// Delivery services that can be chosen: id, name.
    pub(crate) deliveries: Vec<Choice>,
    /// Operating days and hours, by delivery service.
    pub(crate) hours: Vec<Hours>,
    pub(crate) entered: Entered,
}

#[derive(Serialize)]
pub(crate) struct Window {
    pub(crate) id: String,
    pub(crate) delivery: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) note: String,
    /// `planned`, `now`, `over`, `withdrawn`.
    pub(crate) state: &'static str,
    pub(crate) portals: Vec<super::deliveries::At>,
}

#[derive(Serialize)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
}

#[derive(Serialize)]
pub(crate) struct Hours {
    pub(crate) name: String,
    pub(crate) operator: String,
    pub(crate) operating: String,
    pub(crate) status: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Entered {
    pub(crate) delivery: String,
    pub(crate) place: String,
    pub(crate) from_day: String,
    pub(crate) from_time: String,
    pub(crate) until_day: String,
    pub(crate) until_time: String,
    pub(crate) note_ja: String,
    pub(crate) note_en: String,
}

pub(crate) fn maintenance_page(visit: &Visit, frame: Frame, own: Maintenance) -> Page {
    let here = if own.staff { "/staff/maintenance" } else { "/maintenance" };
    page(visit, frame, "maintenance.html", "maintenance", own).at(here)
}

async fn view(desk: &Desk, visit: &Visit, staff: bool, operator: bool) -> Result<Maintenance, Oops> {
    let (lang, now) = (visit.lang(), desk.now());
    let (rows, windows) = desk
        .db()
        .read(move |tx| {
            let mut windows = Vec::new();
            for w in deliveries::windows(tx)?.into_iter().filter(|w| w.ends_at > now.minus(PAST)) {
                let mut portals = Vec::new();
                for place in Place::ALL {
                    if let Some(p) = provisions::get(tx, place.as_str(), MAINTENANCE, &w.id)? {
                        portals.push(super::deliveries::At {
                            portal: place.as_str(),
                            applied: p.is_applied(),
                            error: p.last_error,
                        });
                    }
                }
                windows.push((w, portals));
            }
            Ok::<_, ::store::Error>((deliveries::all(tx)?, windows))
        })
        .await?;
    let mut services = Vec::new();
    for row in &rows {
        services.push((row.id.clone(), row.status.clone(), DeliveryService::read(row)?));
    }
    let name = |id: &str| {
        services.iter().find(|(i, ..)| i == id).map_or_else(|| id.to_owned(), |(.., s)| s.name.get(lang).to_owned())
    };
    let window = |(w, portals): (deliveries::WindowRow, Vec<super::deliveries::At>)| Window {
        delivery: name(&w.delivery),
        state: match () {
            () if w.withdrawn_at.is_some() => "withdrawn",
            () if w.ends_at <= now => "over",
            () if w.starts_at <= now => "now",
            () => "planned",
        },
        note: if lang == base::Lang::Ja { w.note_ja } else { w.note_en },
        starts_at: w.starts_at,
        ends_at: w.ends_at,
        portals: if staff { portals } else { Vec::new() },
        id: w.id,
    };
    Ok(Maintenance {
        staff,
        operator,
        done: visit.query("done").filter(|d| matches!(d.as_str(), "announced" | "withdrawn")),
        windows: windows.into_iter().map(window).filter(|w| staff || w.state != "withdrawn").collect(),
        deliveries: services
            .iter()
            .map(|(id, _, s)| Choice { value: id.clone(), label: s.name.get(lang).to_owned() })
            .collect(),
        hours: services
            .iter()
            .filter(|(_, status, _)| status != "withdrawn")
            .map(|(_, status, s)| Hours {
                name: s.name.get(lang).to_owned(),
                operator: s.operator.get(lang).to_owned(),
                operating: s.operating.get(lang).to_owned(),
                status: status.clone(),
            })
            .collect(),
        entered: Entered { place: "both".to_owned(), ..Entered::default() },
    })
}

/// `GET /maintenance`
pub(crate) async fn public(State(desk): State<Desk>, visit: Visit, me: MaybeSignedIn) -> Reply {
    let own = view(&desk, &visit, false, false).await?;
    let frame = match &me.0 {
        Some(s) => Frame::person(&s.account, "maintenance"),
        None => Frame::stranger("maintenance"),
    };
    Ok(maintenance_page(&visit, frame, own).respond())
}

/// `GET /staff/maintenance`
pub(crate) async fn staff(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    me.must_be(super::LOOKERS)?;
    let own = view(&desk, &visit, true, operates(&me)).await?;
    Ok(maintenance_page(&visit, desk.staff_frame(&me, "maintenance"), own).respond())
}

/// A day and a time in Japan, as browsers send them.
fn moment(day: &str, time: &str) -> Option<Timestamp> {
    let day: Date = day.trim().parse().ok()?;
    let time: Time = web::form::line(time).parse().ok()?;
    Some(base::calendar::from_jst(day.to_datetime(time)))
}

/// What is wrong with what was entered, as names of fields and texts.
fn judge(e: &Entered, known: &[Choice], now: Timestamp) -> Result<Announcement, Vec<(&'static str, &'static str)>> {
    let mut wrong = Vec::new();
    if !known.iter().any(|k| k.value == e.delivery) {
        wrong.push(("delivery", "maintenance-wrong-delivery"));
    }
    let places = match e.place.as_str() {
        "test" => vec![Place::Test],
        "production" => vec![Place::Production],
        "both" => Place::ALL.to_vec(),
        _ => {
            wrong.push(("place", "maintenance-wrong-place"));
            Vec::new()
        }
    };
    let (from, until) = (moment(&e.from_day, &e.from_time), moment(&e.until_day, &e.until_time));
    if from.is_none() {
        wrong.push(("from_day", "maintenance-wrong-time"));
    }
    match (from, until) {
        (_, None) => wrong.push(("until_day", "maintenance-wrong-time")),
        (Some(from), Some(until)) if until <= from => wrong.push(("until_day", "maintenance-wrong-order")),
        (_, Some(until)) if until <= now => wrong.push(("until_day", "maintenance-wrong-past")),
        _ => {}
    }
    for (field, text) in [("note_ja", &e.note_ja), ("note_en", &e.note_en)] {
        if text.is_empty() || text.chars().count() > LONGEST {
            wrong.push((field, "maintenance-wrong-note"));
        }
    }
    match (from, until) {
        (Some(from), Some(until)) if wrong.is_empty() => Ok(Announcement {
            delivery: e.delivery.clone(),
            places,
            from,
            until,
            note: Text::new(e.note_ja.clone(), e.note_en.clone()),
            by: String::new(),
        }),
        _ => Err(wrong),
    }
}

/// `POST /staff/maintenance`
pub(crate) async fn announce_(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Form(mut entered): Form<Entered>,
) -> Reply {
    must_operate(&me)?;
    for text in [&mut entered.note_ja, &mut entered.note_en] {
        *text = text.trim().to_owned();
    }
    let own = view(&desk, &visit, true, true).await?;
    match judge(&entered, &own.deliveries, desk.now()) {
        Ok(announcement) => {
            let order = Announcement { by: me.id().to_owned(), ..announcement };
            let writer = desk.clone();
            desk.db().write(move |tx| announce(&writer, tx, &order)).await?;
            Ok(visit.redirect("/staff/maintenance?done=announced"))
        }
        Err(wrong) => {
            let error = |(field, key): (&str, &str)| {
                Ok::<_, web::text::TextError>(FieldError { field: field.to_owned(), message: visit.text(key, &[])? })
            };
            let errors = wrong.into_iter().map(error).collect::<Result<Vec<_>, _>>()?;
            let frame = desk.staff_frame(&me, "maintenance");
            Ok(maintenance_page(&visit, frame, Maintenance { entered, ..own }).errors(errors).respond())
        }
    }
}

/// `POST /staff/maintenance/{id}/withdraw`
pub(crate) async fn withdraw_(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(id): Path<String>,
    Form(_): Form<Pressed>,
) -> Reply {
    must_operate(&me)?;
    let (writer, by, key) = (desk.clone(), me.id().to_owned(), id.clone());
    let known = desk
        .db()
        .write(move |tx| {
            let known = deliveries::window_of(tx, &key)?.is_some();
            withdraw(&writer, tx, &key, &by)?;
            Ok::<_, ::store::Error>(known)
        })
        .await?;
    // Pressed twice it is withdrawn all the same.
    if known { Ok(visit.redirect("/staff/maintenance?done=withdrawn")) } else { Err(Refusal::NotFound.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_judged_in_japanese_time() {
        let known = [Choice { value: "post".into(), label: "x".into() }];
        let e = Entered {
            delivery: "post".into(),
            place: "both".into(),
            from_day: "2026-06-01".into(),
            from_time: "01:00".into(),
            until_day: "2026-06-01".into(),
            until_time: "05:30".into(),
            note_ja: "点検".into(),
            note_en: "Check".into(),
        };
        let now = Timestamp::parse_rfc3339("2026-05-20T00:00:00Z").unwrap();
        let a = judge(&e, &known, now).unwrap();
        assert_eq!((a.from.rfc3339().as_str(), a.places.len()), ("2026-05-31T16:00:00Z", 2));
        let wrong = |e: Entered| judge(&e, &known, now).unwrap_err();
        assert_eq!(
            wrong(Entered { until_time: "01:00".into(), ..e.clone() }),
            [("until_day", "maintenance-wrong-order")]
        );
        assert_eq!(wrong(Entered { from_day: "June".into(), ..e.clone() }), [("from_day", "maintenance-wrong-time")]);
        assert_eq!(wrong(Entered { delivery: "x".into(), ..e.clone() }), [("delivery", "maintenance-wrong-delivery")]);
        assert_eq!(wrong(Entered { place: "moon".into(), ..e.clone() }), [("place", "maintenance-wrong-place")]);
        assert_eq!(wrong(Entered { note_en: String::new(), ..e.clone() }), [("note_en", "maintenance-wrong-note")]);
        let past = Timestamp::parse_rfc3339("2027-01-01T00:00:00Z").unwrap();
        assert_eq!(judge(&e, &known, past).unwrap_err(), [("until_day", "maintenance-wrong-past")]);
    }
}
