//! `GET /staff`: what waits, with filters, sorting and search.

use ::store::{Error, Tx};
use axum::extract::State;
use base::{Lang, Timestamp};
use desk::kit::{Frame, StaffMember, page, threads};
use desk::staff::StaffRole;
use desk::{Desk, Reply};
use procedures::Actor;
use serde::Serialize;
use web::{Page, Visit};

use crate::shared::{Choice, Names, days, staff_with};
use crate::store::queue::{self, Row};

/// Most lines of one page.
const SHOWN: usize = 50;
/// Longest search in characters.
const LONGEST: usize = 100;

/// What is asked for; as the address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Filter {
    pub(crate) q: String,
    pub(crate) phase: String,
    pub(crate) step: String,
    pub(crate) procedure: String,
    /// `desk`, or an actor.
    pub(crate) waiting: String,
    pub(crate) org: String,
    /// `me`, `none`, or an account.
    pub(crate) assignee: String,
    pub(crate) overdue: bool,
    pub(crate) closed: bool,
    /// [`SORTS`], with `-` before it: the other way round.
    pub(crate) sort: String,
    pub(crate) from: usize,
}

pub(crate) const SORTS: [&str; 6] = ["due", "receipt", "org", "step", "assignee", "age"];

#[derive(Serialize)]
pub(crate) struct Queue {
    pub(crate) filter: Filter,
    pub(crate) lines: Vec<Line>,
    pub(crate) total: usize,
    pub(crate) heads: Vec<Head>,
    pub(crate) earlier: Option<String>,
    pub(crate) later: Option<String>,
    pub(crate) phases: Vec<Choice>,
    pub(crate) steps: Vec<Choice>,
    pub(crate) procedures: Vec<Choice>,
    pub(crate) actors: Vec<Choice>,
    pub(crate) orgs: Vec<Choice>,
    pub(crate) people: Vec<Choice>,
    pub(crate) quick: Vec<Quick>,
    pub(crate) inquiries: usize,
}

/// A head of the table, a link that sorts by it.
#[derive(Serialize)]
pub(crate) struct Head {
    pub(crate) key: &'static str,
    pub(crate) href: String,
    /// `ascending`, `descending`, or nothing.
    pub(crate) sorted: Option<&'static str>,
}

/// A filter that is asked for often.
#[derive(Serialize)]
pub(crate) struct Quick {
    pub(crate) key: &'static str,
    pub(crate) href: &'static str,
    pub(crate) n: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) org: String,
    pub(crate) service: String,
    pub(crate) procedure: String,
    pub(crate) step: String,
    /// `applicant`, `desk`, `nobody`
    pub(crate) waiting: &'static str,
    pub(crate) who: String,
    pub(crate) due: Option<Timestamp>,
    pub(crate) overdue: bool,
    pub(crate) assignee: Option<String>,
    pub(crate) age: u64,
}

impl Filter {
    fn read(visit: &Visit) -> Self {
        let text =
            |name: &str| -> String { visit.query(name).unwrap_or_default().trim().chars().take(LONGEST).collect() };
        let sort = text("sort");
        let known = SORTS.contains(&sort.trim_start_matches('-'));
        Self {
            q: text("q"),
            phase: text("phase"),
            step: text("step"),
            procedure: text("procedure"),
            waiting: text("waiting"),
            org: text("org"),
            assignee: text("assignee"),
            overdue: !text("overdue").is_empty(),
            closed: !text("closed").is_empty(),
            sort: if known { sort } else { "due".to_owned() },
            from: text("from").parse().unwrap_or(0),
        }
    }

    pub(crate) fn fits(&self, row: &Row, me: &str, now: Timestamp) -> bool {
        let is = |wanted: &str, has: &str| wanted.is_empty() || wanted == has;
        let q = web::form::folded(&self.q);
        let all = || web::form::folded(&format!("{}\n{}\n{}\n{}", row.receipt, row.org, row.org_en, row.service));
        is(&self.phase, &row.phase)
            && is(&self.step, &row.step)
            && is(&self.procedure, &row.kind)
            && is(&self.org, &row.org_id)
            && match self.waiting.as_str() {
                "" => true,
                // What the desk waits for by itself is nobody's to do.
                "desk" => !matches!(row.waiting_on.as_str(), "applicant" | "nobody" | "system"),
                actor => row.waiting_on == actor,
            }
            && match self.assignee.as_str() {
                "" => true,
                "me" => row.assignee.as_deref() == Some(me),
                "none" => row.assignee.is_none(),
                account => row.assignee.as_deref() == Some(account),
            }
            && (!self.overdue || row.due_at.is_some_and(|t| t < now))
            && q.split_whitespace().all(|word| all().contains(word))
    }

    fn address(&self, sort: &str, from: usize) -> String {
        let mut out = String::from("/staff?sort=");
        out.push_str(sort);
        let mut put = |name: &str, value: &str| {
            if !value.is_empty() {
                out.push_str(&format!("&{name}={}", encode(value)));
            }
        };
        put("q", &self.q);
        put("phase", &self.phase);
        put("step", &self.step);
        put("procedure", &self.procedure);
        put("waiting", &self.waiting);
        put("org", &self.org);
        put("assignee", &self.assignee);
        put("overdue", if self.overdue { "1" } else { "" });
        put("closed", if self.closed { "1" } else { "" });
        if from > 0 {
            out.push_str(&format!("&from={from}"));
        }
        out
    }

    fn heads(&self) -> Vec<Head> {
        let (down, now) = (self.sort.starts_with('-'), self.sort.trim_start_matches('-'));
        let head = |key: &'static str| {
            let sorted = (key == now).then_some(if down { "descending" } else { "ascending" });
            let sort = if sorted == Some("ascending") { format!("-{key}") } else { key.to_owned() };
            Head { key, href: self.address(&sort, 0), sorted }
        };
        ["receipt", "org", "step", "due", "assignee", "age"].map(head).into()
    }
}

/// A value for a query.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// Sorts rows; what has no value comes last, whichever way round. `name` gives the name of an assignee.
pub(crate) fn sort(rows: &mut [Row], by: &str, name: impl Fn(&str) -> String) {
    let (down, by) = (by.starts_with('-'), by.trim_start_matches('-'));
    let key = |r: &Row| -> (bool, String, i64) {
        match by {
            "receipt" => (false, r.receipt.clone(), 0),
            "org" => (false, r.org.clone(), 0),
            // A-2 before A-10.
            "step" => {
                let (stem, number) = r.step.split_once('-').unwrap_or((&r.step, ""));
                (false, format!("{}/{stem}", r.kind), number.parse().unwrap_or(i64::MAX))
            }
            "assignee" => (r.assignee.is_none(), r.assignee.as_deref().map(&name).unwrap_or_default(), 0),
            "age" => (false, String::new(), r.opened_at.0),
            _ => (r.due_at.is_none(), String::new(), r.due_at.map_or(0, |t| t.0)),
        }
    };
    rows.sort_by(|a, b| {
        let ((a_none, a_text, a_number), (b_none, b_text, b_number)) = (key(a), key(b));
        let order = (a_text, a_number).cmp(&(b_text, b_number));
        a_none.cmp(&b_none).then(if down { order.reverse() } else { order }).then_with(|| a.id.cmp(&b.id))
    });
}

/// The name of who has to act.
pub(crate) fn actor_label(word: &str, lang: Lang) -> Option<String> {
    let actor: Actor = serde_json::from_value(serde_json::json!(word)).ok()?;
    Some(actor.label().get(lang).to_owned())
}

impl Line {
    fn of(desk: &Desk, tx: &mut Tx<'_>, names: &mut Names, row: &Row, lang: Lang) -> Result<Self, Error> {
        let procedure = desk.catalogue().procedure(&row.kind);
        let step = match procedure.and_then(|p| p.step(&row.step)) {
            Some(step) => format!("{} {}", step.id, step.label.get(lang)),
            None => desk.site().text(lang, &format!("outcome-{}", row.step), &[]).unwrap_or_default(),
        };
        let now = desk.now();
        Ok(Self {
            id: row.id.clone(),
            receipt: row.receipt.clone(),
            org: if lang == Lang::En && !row.org_en.is_empty() { row.org_en.clone() } else { row.org.clone() },
            service: row.service.clone(),
            procedure: procedure.map_or_else(|| row.kind.clone(), |p| p.label.get(lang).to_owned()),
            step,
            waiting: match row.waiting_on.as_str() {
                "applicant" => "applicant",
                "nobody" => "nobody",
                _ => "desk",
            },
            who: actor_label(&row.waiting_on, lang).unwrap_or_default(),
            due: row.due_at,
            overdue: row.due_at.is_some_and(|t| t < now),
            assignee: row.assignee.as_deref().map(|a| names.of(desk, tx, a)).transpose()?,
            age: days(row.opened_at, row.closed_at.unwrap_or(now)),
        })
    }
}

pub(crate) fn queue_page(visit: &Visit, frame: Frame, own: Queue) -> Page {
    page(visit, frame, "staff-queue.html", "staff-queue", own)
}

/// Everything the page shows.
fn view(desk: &Desk, tx: &mut Tx<'_>, me: &str, filter: Filter, lang: Lang) -> Result<Queue, Error> {
    let (all, now) = (queue::list(tx, filter.closed)?, desk.now());
    let mut names = Names::default();
    for row in &all {
        if let Some(id) = &row.assignee {
            names.of(desk, tx, id)?;
        }
    }
    let mut rows: Vec<Row> = all.iter().filter(|r| filter.fits(r, me, now)).cloned().collect();
    let people = staff_with(desk, tx, crate::ACTING)?;
    sort(&mut rows, &filter.sort, |id| {
        people.iter().find(|p| p.value == id).map_or_else(|| id.to_owned(), |p| p.label.clone())
    });
    let total = rows.len();
    let from = filter.from.min(total.saturating_sub(1) / SHOWN * SHOWN);
    let shown: Vec<_> = rows.iter().skip(from).take(SHOWN).collect();
    let lines = shown.into_iter().map(|r| Line::of(desk, tx, &mut names, r, lang)).collect::<Result<_, _>>()?;
    let count = |f: &Filter| all.iter().filter(|r| r.closed_at.is_none() && f.fits(r, me, now)).count();
    let mine = Filter { assignee: "me".to_owned(), ..Filter::default() };
    let late = Filter { overdue: true, waiting: "desk".to_owned(), ..Filter::default() };
    let free = Filter { assignee: "none".to_owned(), waiting: "desk".to_owned(), ..Filter::default() };
    let catalogue = desk.catalogue();
    let mut orgs: Vec<Choice> = all.iter().map(|r| Choice::new(&r.org_id, &r.org)).collect();
    orgs.sort_by(|a, b| (&a.label, &a.value).cmp(&(&b.label, &b.value)));
    orgs.dedup();
    let steps = catalogue.procedures.iter().flat_map(|p| p.steps.iter().chain(&p.winding_up));
    let actors = [Actor::Applicant, Actor::Reception, Actor::Reviewer, Actor::Approver, Actor::Operator, Actor::System];
    let word = |a: Actor| serde_json::to_value(a).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    Ok(Queue {
        lines,
        total,
        heads: filter.heads(),
        earlier: (from > 0).then(|| filter.address(&filter.sort, from - SHOWN)),
        later: (from + SHOWN < total).then(|| filter.address(&filter.sort, from + SHOWN)),
        phases: catalogue.phases.iter().map(|p| Choice::new(&p.id, p.label.get(lang))).collect(),
        steps: steps.map(|s| Choice::new(&s.id, format!("{} {}", s.id, s.label.get(lang)))).collect(),
        procedures: catalogue.procedures.iter().map(|p| Choice::new(&p.id, p.label.get(lang))).collect(),
        actors: actors.map(|a| Choice::new(word(a), a.label().get(lang))).into(),
        orgs,
        people,
        quick: vec![
            Quick { key: "mine", href: "/staff?assignee=me", n: count(&mine) },
            Quick { key: "free", href: "/staff?assignee=none&waiting=desk", n: count(&free) },
            Quick { key: "late", href: "/staff?overdue=1&waiting=desk", n: count(&late) },
        ],
        inquiries: threads::by_status(tx, "open")?.len(),
        filter: Filter { from, ..filter },
    })
}

/// `GET /staff?q=…&phase=…&step=…&procedure=…&waiting=…&org=…&assignee=…&overdue=1&closed=1&sort=…`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: StaffMember) -> Reply {
    let (filter, lang, id, reader) = (Filter::read(&visit), visit.lang(), me.id().to_owned(), desk.clone());
    // Who only looks after accounts has no business with cases.
    if me.roles.iter().all(|r| r == StaffRole::Administrator) {
        return Ok(visit.redirect("/staff/people"));
    }
    let own = desk.db().read(move |tx| view(&reader, tx, &id, filter, lang)).await?;
    Ok(queue_page(&visit, desk.staff_frame(&me, "staff"), own).respond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, step: &str, due: Option<i64>) -> Row {
        Row {
            id: id.to_owned(),
            receipt: format!("D-{id}"),
            org_id: "org_1".to_owned(),
            org: "見本株式会社".to_owned(),
            org_en: "Mihon Inc.".to_owned(),
            service: "ねんちょう".to_owned(),
            kind: "admission".to_owned(),
            phase: "production".to_owned(),
            step: step.to_owned(),
            waiting_on: "reviewer".to_owned(),
            due_at: due.map(Timestamp),
            assignee: None,
            opened_at: Timestamp(0),
            waiting_since: Timestamp(0),
            closed_at: None,
        }
    }

    #[test]
    fn due_ones_come_first_and_steps_count_as_numbers() {
        let mut rows = [row("1", "A-10", None), row("2", "A-2", Some(9)), row("3", "A-9", Some(5))];
        let order = |rows: &[Row]| rows.iter().map(|r| r.id.clone()).collect::<String>();
        sort(&mut rows, "due", str::to_owned);
        assert_eq!(order(&rows), "321");
        sort(&mut rows, "-due", str::to_owned);
        assert_eq!(order(&rows), "231", "what has no day stays last");
        sort(&mut rows, "step", str::to_owned);
        assert_eq!(order(&rows), "231");
    }

    #[test]
    fn filters_narrow_down() {
        let now = Timestamp(7);
        let fits = |f: &Filter, r: &Row| f.fits(r, "acc_me", now);
        let late = row("1", "A-3", Some(5));
        let q = |q: &str| Filter { q: q.to_owned(), ..Filter::default() };
        assert!(fits(&q("ＭＩＨＯＮ ねんちょう"), &late) && fits(&q("d-1"), &late) && !fits(&q("d-2"), &late));
        assert!(fits(&Filter { overdue: true, ..Filter::default() }, &late));
        assert!(!fits(&Filter { overdue: true, ..Filter::default() }, &row("1", "A-3", Some(8))));
        let waiting = |w: &str| Filter { waiting: w.to_owned(), ..Filter::default() };
        assert!(
            fits(&waiting("desk"), &late) && fits(&waiting("reviewer"), &late) && !fits(&waiting("applicant"), &late)
        );
        let assignee = |w: &str| Filter { assignee: w.to_owned(), ..Filter::default() };
        assert!(fits(&assignee("none"), &late) && !fits(&assignee("me"), &late));
    }

    #[test]
    fn an_address_keeps_the_filter() {
        let filter = Filter { q: "a&b=c".to_owned(), sort: "due".to_owned(), closed: true, ..Filter::default() };
        assert_eq!(filter.address("-org", 50), "/staff?sort=-org&q=a%26b%3Dc&closed=1&from=50");
        assert_eq!(filter.heads()[3].href, "/staff?sort=-due&q=a%26b%3Dc&closed=1");
    }
}
