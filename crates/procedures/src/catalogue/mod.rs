//! The catalogue: what the guideline (or its operator) prescribes, as data.
//!
//! Files: `phases.toml`, `calendar.toml`, `procedures/*.toml`, `forms/*.toml`. The house's own are embedded; an
//! operator's replace them file by file, with the same loader and the same checks.

mod builtin;
mod calendar;
mod form;
mod load;
mod procedure;
mod validate;

pub(crate) use calendar::plus_days;
pub use calendar::{WorkingDays, day_in_japan};
pub use form::{Api, Choice, Environment, Field, Form, Kind, Means, Section, When};
pub use load::{CatalogueError, SourceFile};
pub use procedure::{Act, Actor, Due, EffectKind, Initiator, Phase, Procedure, ServiceState, Step, Task};

/// Phases, procedures and forms, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// The phases, in order.
    pub phases: Vec<Phase>,
    /// The procedures, in the order of the guideline.
    pub procedures: Vec<Procedure>,
    /// The forms, in the order of the guideline.
    pub forms: Vec<Form>,
    /// The days on which the desk works.
    pub working_days: WorkingDays,
}

impl Catalogue {
    /// The house's own catalogue.
    ///
    /// # Errors
    /// None that a test has not ruled out.
    pub fn builtin() -> Result<Self, CatalogueError> {
        Self::load(&builtin::files())
    }

    /// The house's own files, as a start for an operator's folder.
    pub fn builtin_files() -> Vec<SourceFile> {
        builtin::files()
    }

    /// A catalogue from files; their order does not matter. Reading the folder is the caller's: this room does no
    /// I/O.
    ///
    /// # Errors
    /// Every mistake found, each with its file and place.
    pub fn load(files: &[SourceFile]) -> Result<Self, CatalogueError> {
        load::load(files)
    }

    /// The house's own files with an operator's laid over them: a file of the same name replaces ours.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn overlay(files: &[SourceFile]) -> Result<Self, CatalogueError> {
        let mut all = builtin::files();
        for file in files {
            match all.iter_mut().find(|f| f.name == file.name) {
                Some(ours) => ours.clone_from(file),
                None => all.push(file.clone()),
            }
        }
        Self::load(&all)
    }

    /// The phase of this id.
    pub fn phase(&self, id: &str) -> Option<&Phase> {
        self.phases.iter().find(|p| p.id == id)
    }

    /// The procedure of this id.
    pub fn procedure(&self, id: &str) -> Option<&Procedure> {
        self.procedures.iter().find(|p| p.id == id)
    }

    /// The form of this id.
    pub fn form(&self, id: &str) -> Option<&Form> {
        self.forms.iter().find(|f| f.id == id)
    }

    /// The production sheet that repeats a sheet of the test environment.
    pub fn promoted(&self, test_sheet: &str) -> Option<&Form> {
        self.forms.iter().find(|f| f.promotes.as_deref() == Some(test_sheet))
    }
}
