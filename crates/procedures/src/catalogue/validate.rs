//! What a catalogue has to be, beyond what its types say.

use std::collections::BTreeSet;

use super::{Act, Actor, Catalogue, Environment, Field, Form, Kind, Means, Procedure, Step, Task};
use crate::text::Text;

/// The members of client metadata that a sheet can set (RFC 7591 section 2).
pub(crate) const METADATA: [&str; 10] = [
    "client_name#ja",
    "client_name#en",
    "redirect_uris",
    "jwks",
    "client_uri",
    "policy_uri",
    "tos_uri",
    "logo_uri",
    "initiate_login_uri",
    "contacts",
];

pub(super) fn mistakes(c: &Catalogue) -> Vec<String> {
    let mut out = Vec::new();
    for p in &c.phases {
        id("phases.toml", &p.id, &mut out);
        texts(&format!("phases.toml, phase {}", p.id), [&p.label, &p.explanation], &mut out);
    }
    twice("phases.toml", "phase", c.phases.iter().map(|p| p.id.as_str()), &mut out);
    out.extend(c.working_days.mistakes().into_iter().map(|m| format!("calendar.toml: {m}")));
    for f in &c.forms {
        form(c, f, &mut out);
    }
    for p in &c.procedures {
        procedure(c, p, &mut out);
    }
    out
}

fn texts<'a>(place: &str, list: impl IntoIterator<Item = &'a Text>, out: &mut Vec<String>) {
    if list.into_iter().any(Text::is_sloppy) {
        out.push(format!("{place}: a text is empty in ja or en, or has blanks around it"));
    }
}

fn id(place: &str, text: &str, out: &mut Vec<String>) {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if text.is_empty() || text.len() > 64 || !text.bytes().all(legal) {
        out.push(format!("{place}: id '{text}' has to be 1 to 64 of letters, digits, '-' and '_'"));
    }
}

fn twice<'a>(place: &str, what: &str, ids: impl Iterator<Item = &'a str>, out: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            out.push(format!("{place}: {what} '{id}' stands there twice"));
        }
    }
}

fn form(c: &Catalogue, f: &Form, out: &mut Vec<String>) {
    let place = format!("forms/{}.toml", f.id);
    id(&place, &f.id, out);
    texts(&place, [&f.title, &f.explanation], out);
    twice(&place, "section", f.sections.iter().map(|s| s.id.as_str()), out);
    twice(&place, "field", f.fields().map(|x| x.id.as_str()), out);
    for s in &f.sections {
        texts(&format!("{place}, section {}", s.id), [&s.title].into_iter().chain(&s.explanation), out);
    }
    for x in f.fields() {
        let place = format!("{place}, field {}", x.id);
        field(&place, x, false, out);
        if let Some(after) = &x.after
            && (x.kind != Kind::Date || f.field(after).is_none_or(|o| o.kind != Kind::Date || o.id == x.id))
        {
            out.push(format!("{place}: after belongs to a date and names another date of the form, not '{after}'"));
        }
        if let Some(when) = &x.when {
            match f.field(&when.field) {
                None => out.push(format!("{place}: when names the field '{}', which the form has not", when.field)),
                Some(other) => {
                    if when.field == x.id || other.when.is_some() || when.is.is_empty() {
                        out.push(format!(
                            "{place}: when has to name another field that is always asked, and its values"
                        ));
                    }
                    if matches!(other.kind, Kind::Choice | Kind::Choices) {
                        for v in when.is.iter().filter(|v| other.choice(v).is_none()) {
                            out.push(format!("{place}: when names the value '{v}', which '{}' has not", other.id));
                        }
                    }
                }
            }
        }
    }
    for means in [
        Means::Apis,
        Means::DeliveryServices,
        Means::Testers,
        Means::PlannedDate,
        Means::PlannedTime,
        Means::ShortNoticeReason,
        Means::TestUntil,
        Means::ServiceStart,
    ] {
        let with: Vec<&Field> = f.fields().filter(|x| x.means == Some(means)).collect();
        if with.len() > 1 {
            out.push(format!("{place}: two fields mean {means:?}"));
        }
        let fits = |k: Kind| match means {
            Means::Apis => k == Kind::Apis,
            Means::DeliveryServices => k == Kind::DeliveryServices,
            Means::Testers => k == Kind::Testers,
            Means::PlannedDate | Means::TestUntil | Means::ServiceStart => k == Kind::Date,
            Means::PlannedTime => k == Kind::Time,
            Means::ShortNoticeReason => k == Kind::Paragraph,
        };
        for x in with.iter().filter(|x| !fits(x.kind)) {
            out.push(format!("{place}, field {}: a field of this kind can't mean {means:?}", x.id));
        }
    }
    if let Some(test) = &f.promotes {
        match c.form(test) {
            None => out.push(format!("{place}: promotes '{test}', which is not a form")),
            Some(t) => {
                if t.environment != Some(Environment::Test) || f.environment != Some(Environment::Production) {
                    out.push(format!("{place}: a production sheet promotes a sheet of the test environment"));
                }
                for x in f.fields() {
                    if t.field(&x.id).is_some_and(|other| other.kind != x.kind) {
                        out.push(format!("{place}, field {}: '{test}' has it with another kind", x.id));
                    }
                }
                for x in t.fields().filter(|x| x.metadata.is_some() && f.field(&x.id).is_none()) {
                    out.push(format!("{place}: lacks the field '{}' of '{test}', which is a setting", x.id));
                }
            }
        }
    }
}

fn field(place: &str, x: &Field, is_column: bool, out: &mut Vec<String>) {
    id(place, &x.id, out);
    if !x.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        out.push(format!("{place}: the id of a field has lower-case letters, digits and '_' only"));
    }
    texts(place, [&x.label, &x.hint], out);
    let chooses = matches!(x.kind, Kind::Choice | Kind::Choices);
    if chooses == x.choices.is_empty() {
        out.push(format!("{place}: choices belong to the kinds choice and choices, and only to them"));
    }
    if x.kind.is_rows() == x.columns.is_empty() {
        out.push(format!("{place}: columns belong to the kinds table and testers, and only to them"));
    }
    for choice in &x.choices {
        id(place, &choice.id, out);
        texts(&format!("{place}, choice {}", choice.id), [&choice.label], out);
    }
    twice(place, "choice", x.choices.iter().map(|v| v.id.as_str()), out);
    twice(place, "column", x.columns.iter().map(|v| v.id.as_str()), out);
    if x.kind == Kind::Testers && (x.column("name").is_none() || x.column("email").is_none()) {
        out.push(format!("{place}: testers need the columns name and email"));
    }
    if let (Some(min), Some(max)) = (x.min, x.max)
        && min > max
    {
        out.push(format!("{place}: min is greater than max"));
    }
    if let Some(m) = &x.metadata
        && !METADATA.contains(&m.as_str())
    {
        out.push(format!("{place}: metadata '{m}' is none of {}", METADATA.join(", ")));
    }
    let simple = x.kind.fits_a_column() && x.when.is_none() && x.metadata.is_none() && x.means.is_none();
    if is_column && !simple {
        out.push(format!("{place}: a column is of a simple kind, without when, metadata and means"));
    }
    for column in &x.columns {
        field(&format!("{place}, column {}", column.id), column, true, out);
    }
}

fn procedure(c: &Catalogue, p: &Procedure, out: &mut Vec<String>) {
    let place = format!("procedures/{}.toml", p.id);
    id(&place, &p.id, out);
    texts(&place, [&p.label, &p.explanation], out);
    if p.steps.is_empty() {
        out.push(format!("{place}: has no step"));
    }
    let all = || p.steps.iter().chain(&p.winding_up);
    twice(&place, "step", all().map(|s| s.id.as_str()), out);
    for s in all() {
        let place = format!("{place}, step {}", s.id);
        id(&place, &s.id, out);
        texts(&place, [&s.label, &s.explanation], out);
        if let Some(phase) = &s.phase
            && c.phase(phase).is_none()
        {
            out.push(format!("{place}: phase '{phase}' is not in phases.toml"));
        }
        if s.tasks.is_empty() {
            out.push(format!("{place}: has no task"));
        }
        twice(&place, "task", s.tasks.iter().map(|t| t.id.as_str()), out);
        for t in &s.tasks {
            task(c, p, s, t, &format!("{place}, task {}", t.id), out);
        }
    }
    order(p.tasks().collect(), &place, out);
    order(p.tasks().filter(|(s, _)| !s.skippable).collect(), &format!("{place}, without the skippable steps"), out);
    if p.steps.iter().any(|s| s.skippable) && !p.tasks().any(|(_, t)| t.decides_tests) {
        out.push(format!("{place}: has skippable steps, but no approval decides_tests"));
    }
    if let Some(w) = &p.winding_up {
        order(w.tasks.iter().map(|t| (w, t)).collect(), &format!("{place}, winding_up"), out);
        if w.tasks.iter().any(|t| matches!(t.act, Act::Submit | Act::Accept | Act::Contact)) {
            out.push(format!("{place}, winding_up: belongs to the desk; the applicant has left"));
        }
    }
    if p.winding_up.is_none() && p.tasks().any(|(_, t)| t.effect.is_some_and(super::EffectKind::opens)) {
        out.push(format!("{place}: opens something and has no winding_up that closes it"));
    }
    if p.notice_days.is_some() {
        let planned = |id: &&str| c.form(id).is_some_and(|f| f.meaning(Means::PlannedDate).is_some());
        if !p.forms().iter().any(planned) {
            out.push(format!("{place}: has notice_days, but none of its forms has a field that means planned_date"));
        }
    }
}

fn task(c: &Catalogue, p: &Procedure, s: &Step, t: &Task, place: &str, out: &mut Vec<String>) {
    id(place, &t.id, out);
    texts(place, &t.label, out);
    for f in t.forms.iter().filter(|f| c.form(f).is_none()) {
        out.push(format!("{place}: form '{f}' is not in forms/"));
    }
    twice(place, "form", t.forms.iter().map(String::as_str), out);
    let expected: &[Actor] = match t.act {
        Act::Submit | Act::Contact | Act::Accept => &[Actor::Applicant],
        Act::Confirm => &[Actor::Applicant, Actor::Reception, Actor::Reviewer, Actor::Operator],
        Act::OpenForm => &[Actor::Reception, Actor::Reviewer],
        Act::Review => &[Actor::Reception, Actor::Reviewer, Actor::Operator],
        Act::Approve => &[Actor::Approver],
        Act::Apply | Act::Wait => &[Actor::System],
    };
    if !expected.contains(&t.actor) {
        out.push(format!("{place}: {:?} can't be the task of {:?}", t.act, t.actor));
    }
    if (t.act == Act::Submit) == t.forms.is_empty() {
        out.push(format!("{place}: a task of act submit has forms, and no other has"));
    }
    match t.effect {
        Some(e) if e.is_remote() != (t.act == Act::Apply) => {
            out.push(format!(
                "{place}: {e:?} belongs to {} task",
                if e.is_remote() { "an apply" } else { "an approve" }
            ));
        }
        Some(_) if !matches!(t.act, Act::Apply | Act::Approve) => {
            out.push(format!("{place}: only apply and approve have effects"));
        }
        None if t.act == Act::Apply => out.push(format!("{place}: apply needs an effect")),
        _ => {}
    }
    if (t.decides_apis || t.decides_tests || t.promotion) && t.act != Act::Approve {
        out.push(format!("{place}: decides_apis, decides_tests and promotion belong to approve"));
    }
    if t.once && matches!(t.act, Act::Apply | Act::Submit | Act::Wait) {
        out.push(format!("{place}: submit, apply and wait can't be left out the second time"));
    }
    let may_reopen = matches!(t.act, Act::Confirm | Act::Accept) && t.actor == Actor::Applicant;
    if !may_reopen && !t.reopen.is_empty() {
        out.push(format!("{place}: reopen belongs to the applicant's confirm and accept"));
    }
    let before = |id: &str| {
        let at = |id: &str| p.steps.iter().position(|s| s.id == id);
        at(id).zip(at(&s.id)).is_some_and(|(a, b)| a < b)
    };
    for r in &t.reopen {
        let submits = p.step(r).is_some_and(|s| s.tasks.iter().any(|t| t.act == Act::Submit));
        if !before(r) || !submits {
            out.push(format!("{place}: reopen '{r}' is not an earlier step with something to submit"));
        }
    }
}

/// Four eyes, as a property of the data: an approval stands directly behind its review, and every effect behind an
/// approval of what was submitted last.
fn order(tasks: Vec<(&Step, &Task)>, place: &str, out: &mut Vec<String>) {
    let mut approved = false;
    let mut last: Option<(&Step, &Task)> = None;
    for (s, t) in tasks {
        let here = format!("{place}, step {}, task {}", s.id, t.id);
        match t.act {
            Act::Approve => {
                // A review that may be left out would leave its approval without a first pair of eyes.
                let reviewed = last.is_some_and(|(rs, r)| r.act == Act::Review && rs.id == s.id && r.once == t.once);
                if !reviewed {
                    out.push(format!("{here}: an approval has to follow its review in the same step"));
                }
                // One that is left out the second time has not seen what was submitted then.
                approved = !t.once;
            }
            Act::Submit => approved = false,
            _ => {}
        }
        if last.is_some_and(|(_, l)| l.act == Act::Review) && t.act != Act::Approve {
            out.push(format!("{here}: a review has to be followed by its approval"));
        }
        if t.effect.is_some() && !approved && t.act != Act::Approve {
            out.push(format!("{here}: an effect needs an approval of what was submitted last"));
        }
        last = Some((s, t));
    }
    if last.is_some_and(|(_, l)| l.act == Act::Review) {
        out.push(format!("{place}: ends with a review without an approval"));
    }
}
