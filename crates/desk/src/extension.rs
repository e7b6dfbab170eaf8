//! Rooms that stand on the desk and are served at its origin: the staff's side (`office`) and the control plane (`control`).
//!
//! A room brings its templates, texts, routes, handlers, parts of the staff's navigation, and, if it acts on portals, a
//! handler for effects. [`crate::build_with`] puts all of them into one site. What such a room is built of stands in
//! [`crate::kit`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base::Lang;
use procedures::case::Effect;
use web::{Route, Routes};

use crate::Desk;
use crate::frame::StaffItem;

/// Something that goes on.
pub type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Registers a room's handlers, each against its row of [`Extension::routes`].
pub type Mount = Arc<dyn Fn(Routes<Desk>) -> Routes<Desk> + Send + Sync>;

/// Carries an effect out on the running system. Called at least once for each effect, so it has to be idempotent by
/// [`Effect::key`]. `Ok`: what came of it, in words, for the record; the case moves on then.
pub type EffectHandler = Arc<dyn Fn(Desk, EffectOf) -> Work<Result<String, EffectError>> + Send + Sync>;

/// Does a job of a kind that is the room's own ([`store::jobs`]): desk, payload. `Err` says why, in words; it comes back.
pub type JobHandler = Arc<dyn Fn(Desk, String) -> Work<Result<(), String>> + Send + Sync>;

/// Runs as long as the desk does, beside jobs and sweeps.
pub type Background = Arc<dyn Fn(Desk) -> Work<()> + Send + Sync>;

/// An effect with the case it is of.
#[derive(Clone, Debug)]
pub struct EffectOf {
    /// The case.
    pub case: String,
    /// What has to be done.
    pub effect: Effect,
    /// Counts the tries of this job, from 1.
    pub attempt: i64,
}

/// Why an effect was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EffectError {
    /// It will be tried again with growing pauses: a portal does not answer.
    #[error("{0}")]
    Later(String),
    /// Trying again does not help: an operator has to look ([`procedures::case::Event::ApplyFailed`]). Shown to staff.
    #[error("{0}")]
    Stuck(String),
}

/// A room on the desk.
#[derive(Clone, Default)]
pub struct Extension {
    /// Its name, for error messages.
    pub name: &'static str,
    /// Its templates; they extend the desk's `layout.html`. Their names must not be the desk's.
    pub templates: &'static [(&'static str, &'static str)],
    /// Its texts.
    pub texts: &'static [(Lang, &'static str)],
    /// Its rows of the route table.
    pub routes: &'static [Route],
    /// Its handlers.
    pub mount: Option<Mount>,
    /// Its parts of the staff's navigation.
    pub navigation: &'static [StaffItem],
    /// What carries effects out; of several rooms the first that has one.
    pub effects: Option<EffectHandler>,
    /// What does its jobs, by kind.
    pub jobs: Vec<(&'static str, JobHandler)>,
    /// What runs beside.
    pub background: Option<Background>,
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({})", self.name)
    }
}
