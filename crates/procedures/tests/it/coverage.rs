//! `docs/procedures.md`: the guideline's tables and steps, each with its basis, its page and its test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use base::Lang;
use procedures::{Basis, Catalogue, Form, Procedure, Task};

use crate::sample::CATALOGUE;

const DATA: &str = include_str!("../../data/coverage.toml");

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Coverage {
    forms: BTreeMap<String, Shown>,
    steps: BTreeMap<String, Shown>,
}

#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    page: String,
    test: String,
}

const INTRO: &str = "\
# Procedures: what the guideline asks for, and where it is

The desk carries the procedures of 「マイナポータル属性連携設定API 利用ガイドライン」 1.8, chapters 3 to 7. Forms, settings sheets, steps,
parties, deadlines and all their words are data files in `crates/procedures/data/`, so that the official texts can
replace ours without code.

**What is the guideline's and what is ours.** The guideline names the phases, the range A-1 to A-19, the forms with their
numbers and titles, and some sentences of what is done. The figures with the steps' labels are not in its text, and no
blank form is published. What we had to fill in is marked *reconstruction*; the fields of all forms are (but for single
ones that a sentence of the guideline asks for). A step whose basis is a section does what that section says; which number
it has within its phase is ours (only of A-15 does the guideline's own change log say that it carries documents).

**To replace a file**, put one of the same name into a folder and name the folder in the desk's configuration: it is laid over ours and
checked as strictly; a mistake is named with file and place, and the desk does not start with it. Open cases remember
their step by its id, so a new file has to keep the ids of steps at which cases are open.

This page is made from the catalogue and `crates/procedures/data/coverage.toml` (pages and tests); a test keeps it
equal. Do not edit it by hand: `ENISHI_UPDATE_SNAPSHOTS=1 cargo test -p enishi-procedures --test it coverage`.
";

fn cell(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { text.replace('|', "\\|") }
}

fn basis(b: &Basis) -> String {
    match b {
        Basis::Guideline(section) => section.clone(),
        Basis::Reconstruction => "*reconstruction*".to_owned(),
    }
}

/// The sections that single fields name, when they are not what the form says of all.
fn fields(form: &Form) -> String {
    let own: Vec<String> =
        form.fields().filter_map(|f| Some(format!("{}: {}", f.label.ja, basis(f.basis.as_ref()?)))).collect();
    let all = basis(&form.fields_basis);
    if own.is_empty() { all } else { format!("{all}; {}", own.join(", ")) }
}

fn form_rows(c: &Catalogue, shown: &Coverage, ids: &[&str], out: &mut String) {
    out.push_str("| No. | number | title | basis | fields | page | test |\n|---|---|---|---|---|---|---|\n");
    for (i, id) in ids.iter().enumerate() {
        let f = c.form(id).unwrap_or_else(|| panic!("there is no form {id}"));
        let s = shown.forms.get(*id).unwrap_or_else(|| panic!("coverage.toml has no [forms.{id}]"));
        let number = f.number.as_deref().unwrap_or("–");
        let (title, page, test) = (&f.title.ja, cell(&s.page), cell(&s.test));
        let _ = writeln!(
            out,
            "| {} | {number} | {title} (`{id}`) | {} | {} | {page} | {test} |",
            i + 1,
            basis(&f.basis),
            fields(f)
        );
    }
}

fn tasks(tasks: &[Task]) -> String {
    let one = |t: &Task| {
        let mut text = format!("{}：{}", t.actor.label().ja, t.name().ja);
        if !t.forms.is_empty() {
            let _ = write!(text, "（{}）", t.forms.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(" "));
        }
        if let Some(d) = t.due {
            let _ = write!(text, "、{}{}日以内", if d.working { "開庁日で" } else { "" }, d.days);
        }
        if let Some(e) = t.effect {
            let _ = write!(text, " → {}", e.label().ja);
        }
        text
    };
    tasks.iter().map(one).collect::<Vec<_>>().join("<br>")
}

fn step_rows(p: &Procedure, shown: &Coverage, out: &mut String) {
    out.push_str("| step | label | who does what | basis | page | test |\n|---|---|---|---|---|---|\n");
    for s in &p.steps {
        let v = shown.steps.get(&s.id).unwrap_or_else(|| panic!("coverage.toml has no [steps.{}]", s.id));
        let skip = if s.skippable { " (may be left out)" } else { "" };
        let _ = writeln!(
            out,
            "| {} | {}{skip} | {} | {} | {} | {} |",
            s.id,
            s.label.ja,
            tasks(&s.tasks),
            basis(&s.basis),
            cell(&v.page),
            cell(&v.test)
        );
    }
}

fn page() -> String {
    let c = &*CATALOGUE;
    let shown: Coverage = toml::from_str(DATA).unwrap();
    for id in shown.forms.keys() {
        assert!(c.form(id).is_some(), "coverage.toml: there is no form {id}");
    }
    for id in shown.steps.keys() {
        assert!(c.procedures.iter().any(|p| p.step(id).is_some()), "coverage.toml: there is no step {id}");
    }
    let mut out = INTRO.to_owned();
    out.push_str("\n## Settings sheets (guideline table 6.1-1)\n\n");
    let sheets = ["sheet-1-test", "sheet-1-production", "sheet-2", "sheet-4"];
    form_rows(c, &shown, &sheets, &mut out);
    out.push_str("\n## Application forms (guideline table 6.2-1)\n\nForm 8 is one in the guideline; here it is two, one for each of its uses.\n\n");
    let forms = ["form-3", "form-4", "form-6", "form-7", "form-8-suspension", "form-8-resumption", "form-9", "form-10"];
    form_rows(c, &shown, &forms, &mut out);
    out.push_str("\n## Documents of the application (guideline 5.1, 3.1, 3.2)\n\n");
    let documents = ["plan", "check-eligibility", "check-security"];
    form_rows(c, &shown, &documents, &mut out);
    let listed = sheets.len() + forms.len() + documents.len();
    assert_eq!(listed, c.forms.len(), "a form of the catalogue is in none of the tables");
    for p in &c.procedures {
        let _ = write!(out, "\n## {} ({}): {}\n\n", p.label.ja, p.label.en, basis(&p.basis));
        if let Some(days) = p.notice_days {
            let _ = write!(
                out,
                "Notice: {days} calendar days in Japan, in principle; sooner with a reason that two people of the staff accept.\n\n"
            );
        }
        step_rows(p, &shown, &mut out);
    }
    out
}

#[test]
fn every_test_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shown: Coverage = toml::from_str(DATA).unwrap();
    for (id, s) in shown.forms.iter().chain(&shown.steps) {
        assert!(s.page.starts_with('/'), "{id}: no page");
        let (file, text) = s.test.split_once(": ").unwrap_or_else(|| panic!("{id}: `{}` is not file: text", s.test));
        let code = std::fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{id}: {file}: {e}"));
        assert!(code.contains(text), "{id}: {file} has no test `{text}`");
    }
}

#[test]
fn the_page_is_what_the_catalogue_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/procedures.md");
    let page = page();
    if std::env::var_os("ENISHI_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/procedures.md is not what the catalogue says; run ENISHI_UPDATE_SNAPSHOTS=1 cargo test -p enishi-procedures --test it coverage"
    );
    for n in 1..=19 {
        assert!(page.contains(&format!("\n| A-{n} |")), "A-{n}");
    }
    for heading in Lang::ALL.map(|l| CATALOGUE.form("sheet-2").unwrap().heading(l)) {
        assert!(heading.contains("API-設シ2"));
    }
}
