//! What several pages need: names of people, choices, texts people type.

use std::collections::BTreeMap;

use ::store::{Error, Tx};
use base::Timestamp;
use desk::Desk;
use desk::kit::{StaffMember, staff};
use desk::staff::{StaffRole, StaffRoles};
use procedures::Plain;
use serde::Serialize;
use web::{FieldError, Upload, Visit};

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// Names of people, looked up once each.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// The name of an account; ids that are no account (`system`) stay as they are.
    pub(crate) fn of(&mut self, desk: &Desk, tx: &mut Tx<'_>, id: &str) -> Result<String, Error> {
        if let Some(name) = self.0.get(id) {
            return Ok(name.clone());
        }
        let name = desk.accounts().find_in(tx, id)?.map_or_else(|| id.to_owned(), |a| a.name);
        self.0.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}

/// Everybody of the staff with one of these roles.
pub(crate) fn staff_with(desk: &Desk, tx: &mut Tx<'_>, any: &[StaffRole]) -> Result<Vec<Choice>, Error> {
    let mut out = Vec::new();
    for (id, roles) in staff::all(tx)? {
        let roles = StaffRoles::parse(&roles);
        if any.iter().any(|r| roles.has(*r))
            && let Some(account) = desk.accounts().find_in(tx, &id)?.filter(|a| a.disabled.is_none())
        {
            out.push(Choice::new(id, account.name));
        }
    }
    Ok(out)
}

/// Whether a person has one of these roles.
pub(crate) fn is(me: &StaffMember, any: &[StaffRole]) -> bool {
    any.iter().any(|r| me.roles.has(*r))
}

/// What was typed into a field, trimmed.
pub(crate) fn typed(form: &Upload, name: &str) -> String {
    form.get(name).unwrap_or_default().trim().to_owned()
}

/// What was typed, where no private key may stand.
pub(crate) fn plain(form: &Upload, visit: &Visit, name: &str) -> Result<Result<Plain, FieldError>, web::Fault> {
    Ok(match Plain::new(typed(form, name)) {
        Ok(text) => Ok(text),
        Err(_) => Err(wrong(visit, name, "private-key")?),
    })
}

/// A field's error in the reader's language.
pub(crate) fn wrong(visit: &Visit, field: &str, key: &str) -> Result<FieldError, web::Fault> {
    Ok(FieldError { field: field.to_owned(), message: visit.text(key, &[])? })
}

/// `?done=` of the address, when it is one of these words.
pub(crate) fn done(visit: &Visit, words: &[&'static str]) -> Option<&'static str> {
    let word = visit.query("done")?;
    words.iter().copied().find(|w| *w == word)
}

/// Whole days between two times.
pub(crate) fn days(from: Timestamp, to: Timestamp) -> u64 {
    to.since(from).as_secs() / 86_400
}
