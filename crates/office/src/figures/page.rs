//! `/staff/figures` as tables, and as CSV.

use axum::extract::State;
use base::Lang;
use desk::kit::{Frame, StaffMember, cases, page};
use desk::{Desk, Oops, Reply};
use procedures::case::Case;
use serde::Serialize;
use web::{Page, Visit};

use super::{Figures, Seen, Spread, count};
use crate::csv as table;

/// A table: words already, so that page and file say the same.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
pub(crate) struct FiguresPage {
    pub(crate) open: usize,
    pub(crate) overdue: usize,
    pub(crate) tables: Vec<Table>,
}

async fn figures(desk: &Desk) -> Result<Figures, Oops> {
    let (reader, now) = (desk.clone(), desk.now());
    let seen = desk
        .db()
        .read(move |tx| {
            let mut out = Vec::new();
            for row in cases::all(tx)? {
                let case =
                    Case::from_json(&row.state).map_err(|e| ::store::Error::inconsistent("desk_cases.state", e))?;
                out.push(Seen {
                    case,
                    phase: row.phase,
                    due_at: row.due_at,
                    waiting_on: serde_json::from_value(serde_json::json!(row.waiting_on)).ok(),
                    closed_at: row.closed_at,
                });
            }
            Ok::<_, ::store::Error>(out)
        })
        .await?;
    let catalogue = reader.catalogue();
    let phases: Vec<String> = catalogue.phases.iter().map(|p| p.id.clone()).chain([String::new()]).collect();
    let steps = catalogue
        .procedures
        .iter()
        .flat_map(|p| p.steps.iter().chain(&p.winding_up).map(|s| (p.id.clone(), s.id.clone())));
    Ok(count(&seen, &phases, &steps.collect::<Vec<_>>(), now))
}

/// Days with one digit; nothing where nothing was counted.
fn days(seconds: u64, n: usize) -> String {
    if n == 0 { "–".to_owned() } else { format!("{:.1}", seconds as f64 / 86_400.0) }
}

fn spread(s: Spread) -> [String; 3] {
    [s.n.to_string(), days(s.median, s.n), days(s.ninetieth, s.n)]
}

/// The tables in the reader's language.
pub(crate) fn tables(desk: &Desk, figures: &Figures, lang: Lang) -> Result<Vec<Table>, web::Fault> {
    let t = |key: &str| desk.text(lang, key, &[]);
    let catalogue = desk.catalogue();
    let heads = |keys: &[&str]| keys.iter().map(|k| t(&format!("st-fig-{k}"))).collect::<Result<Vec<_>, _>>();
    let procedure = |id: &str| catalogue.procedure(id).map_or_else(|| id.to_owned(), |p| p.label.get(lang).to_owned());
    let mut phases = Vec::new();
    for p in figures.phases.iter().filter(|p| !p.phase.is_empty() || p.age.n > 0) {
        let label = match catalogue.phase(&p.phase) {
            Some(phase) => phase.label.get(lang).to_owned(),
            None => t("st-fig-no-phase")?,
        };
        let mut row = vec![label];
        row.extend(spread(p.age));
        row.extend([p.applicant, p.desk, p.overdue].map(|n| n.to_string()));
        phases.push(row);
    }
    let waiting = figures.waiting.iter().map(|w| {
        let mut row = vec![w.actor.label().get(lang).to_owned()];
        row.extend(spread(w.since));
        row.push(w.overdue.to_string());
        row
    });
    let steps = figures.steps.iter().map(|s| {
        let step = catalogue.procedure(&s.procedure).and_then(|p| p.step(&s.step));
        let label = step.map_or_else(|| s.step.clone(), |x| format!("{} {}", x.id, x.label.get(lang)));
        let mut row = vec![label, procedure(&s.procedure)];
        row.extend(spread(s.all));
        row.extend([days(s.applicant.median, s.applicant.n), days(s.desk.median, s.desk.n), s.there.to_string()]);
        row
    });
    let ended = figures.ended.iter().map(|e| {
        let mut row = vec![procedure(&e.procedure)];
        row.extend(spread(e.completed));
        row.extend([e.withdrawn.to_string(), e.refused.to_string()]);
        row
    });
    let table = |title: &str, head: &[&str], rows: Vec<Vec<String>>| {
        Ok::<_, web::Fault>(Table { title: t(&format!("st-fig-{title}"))?, head: heads(head)?, rows })
    };
    Ok(vec![
        table("phases", &["phase", "cases", "age-median", "age-90", "for-applicant", "for-desk", "late"], phases)?,
        table("waiting", &["actor", "cases", "median", "ninety", "late"], waiting.collect())?,
        table(
            "steps",
            &["step", "procedure", "through", "median", "ninety", "with-applicant", "with-desk", "there"],
            steps.collect(),
        )?,
        table("ended", &["procedure", "completed", "median", "ninety", "withdrawn", "refused"], ended.collect())?,
    ])
}

pub(crate) fn figures_page(visit: &Visit, frame: Frame, own: FiguresPage) -> Page {
    page(visit, frame, "staff-figures.html", "staff-figures", own)
}

/// `GET /staff/figures`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    let figures = figures(&desk).await?;
    let tables = tables(&desk, &figures, visit.lang())?;
    let own = FiguresPage { open: figures.open, overdue: figures.overdue, tables };
    Ok(figures_page(&visit, desk.staff_frame(&me, "staff-figures"), own).respond())
}

/// `GET /staff/figures.csv`: the same tables, one below the other.
pub(crate) async fn csv(State(desk): State<Desk>, visit: Visit, _: StaffMember) -> Reply {
    let figures = figures(&desk).await?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for table in tables(&desk, &figures, visit.lang())? {
        rows.push(vec![table.title]);
        rows.push(table.head);
        rows.extend(table.rows);
        rows.push(Vec::new());
    }
    Ok(table::respond("figures.csv", table::write(rows)))
}
