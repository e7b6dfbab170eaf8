//! Reads data files strictly.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Catalogue, Form, Phase, Procedure, WorkingDays, validate};

/// A data file: its name in the folder, with `/`, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Such as `forms/sheet-2.toml`.
    pub name: String,
    /// TOML.
    pub text: String,
}

/// Every mistake that was found in data files, one a line, each with its file and place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct CatalogueError(pub Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phases {
    phase: Vec<Phase>,
    /// The order in which procedures and forms are listed.
    procedures: Vec<String>,
    forms: Vec<String>,
}

pub(super) fn load(files: &[SourceFile]) -> Result<Catalogue, CatalogueError> {
    let mut mistakes = Vec::new();
    let mut phases: Option<Phases> = None;
    let mut working_days: Option<WorkingDays> = None;
    let (mut procedures, mut forms) = (Vec::<Procedure>::new(), Vec::<Form>::new());
    for (i, file) in files.iter().enumerate() {
        if files[..i].iter().any(|f| f.name == file.name) {
            mistakes.push(format!("{}: given twice", file.name));
            continue;
        }
        let parts: Vec<&str> = file.name.split('/').collect();
        match parts[..] {
            ["phases.toml"] => phases = parse(file, &mut mistakes),
            ["calendar.toml"] => working_days = parse(file, &mut mistakes),
            ["procedures", name] if name.ends_with(".toml") => {
                if let Some(mut p) = parse::<Procedure>(file, &mut mistakes) {
                    name_tasks(&mut p);
                    named_after_its_file(&p.id, name, file, &mut mistakes);
                    procedures.push(p);
                }
            }
            ["forms", name] if name.ends_with(".toml") => {
                if let Some(f) = parse::<Form>(file, &mut mistakes) {
                    named_after_its_file(&f.id, name, file, &mut mistakes);
                    forms.push(f);
                }
            }
            _ => mistakes.push(format!(
                "{}: not a file of a catalogue; it has phases.toml, calendar.toml, procedures/*.toml and forms/*.toml",
                file.name
            )),
        }
    }
    for (name, missing) in [("phases.toml", phases.is_none()), ("calendar.toml", working_days.is_none())] {
        if missing && !files.iter().any(|f| f.name == name) {
            mistakes.push(format!("{name}: missing"));
        }
    }
    let (Some(phases), Some(working_days)) = (phases, working_days) else { return Err(CatalogueError(mistakes)) };
    let ids = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
    listed("procedures", &phases.procedures, &ids(procedures.iter().map(|p| p.id.as_str()).collect()), &mut mistakes);
    listed("forms", &phases.forms, &ids(forms.iter().map(|f| f.id.as_str()).collect()), &mut mistakes);
    procedures.sort_by_key(|p| phases.procedures.iter().position(|id| *id == p.id));
    forms.sort_by_key(|f| phases.forms.iter().position(|id| *id == f.id));
    let catalogue = Catalogue { phases: phases.phase, procedures, forms, working_days };
    mistakes.extend(validate::mistakes(&catalogue));
    if mistakes.is_empty() { Ok(catalogue) } else { Err(CatalogueError(mistakes)) }
}

fn parse<T: DeserializeOwned>(file: &SourceFile, mistakes: &mut Vec<String>) -> Option<T> {
    match toml::from_str(&file.text) {
        Ok(value) => Some(value),
        Err(e) => {
            // The library's own text draws the line with a mark under the place, over several lines.
            let at = e.span().map_or(1, |span| 1 + file.text[..span.start.min(file.text.len())].matches('\n').count());
            mistakes.push(format!("{}, line {at}: {}", file.name, e.message()));
            None
        }
    }
}

fn name_tasks(p: &mut Procedure) {
    for task in p.steps.iter_mut().chain(&mut p.winding_up).flat_map(|s| &mut s.tasks) {
        if task.id.is_empty() {
            task.id =
                serde_json::to_value(task.act).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        }
    }
}

fn named_after_its_file(id: &str, name: &str, file: &SourceFile, mistakes: &mut Vec<String>) {
    if name.strip_suffix(".toml") != Some(id) {
        mistakes.push(format!("{}: id '{id}' has to be the name of the file without .toml", file.name));
    }
}

fn listed(what: &str, order: &[String], found: &[String], mistakes: &mut Vec<String>) {
    for id in found.iter().filter(|id| !order.contains(id)) {
        mistakes.push(format!("phases.toml: {what} does not list '{id}'"));
    }
    for (i, id) in order.iter().enumerate() {
        if !found.contains(id) {
            mistakes.push(format!("phases.toml: {what} lists '{id}', but there is no {what}/{id}.toml"));
        }
        if order[..i].contains(id) {
            mistakes.push(format!("phases.toml: {what} lists '{id}' twice"));
        }
    }
}
