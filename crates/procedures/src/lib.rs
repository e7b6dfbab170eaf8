//! The procedures by which API users are admitted, as data, and the case as a pure state machine.
//!
//! **Invariant:** no effect without two different people; every open case has somebody who must act. **Boundary:** no I/O, no time
//! of its own; texts, forms, steps and deadlines are data files that the official ones can replace.
//!
//! ```text
//! data/*.toml ─▶ Catalogue ─┬─▶ Form::read ─▶ Answers ─▶ Form::check ─▶ Findings
//!                           └─▶ Case::open, Case::apply(Event, By, Context) ─▶ Effects
//!                                    └─▶ Case::todo, missing, draft, change, promotion, since_last
//! ```
//!
//! - [`Catalogue::builtin`] is the house's own; [`Catalogue::overlay`] lays an operator's files over it (whoever has
//!   the folder reads it and gives [`SourceFile`]s).
//! - [`Form::read`] takes pairs of name and text from a page or a spreadsheet and normalises them; [`Form::check`] says
//!   what is wrong, in both languages, with a nearby right value. A text with a private key can't become an answer:
//!   [`Plain`] is the only text of an [`Answer`], and refuses it also when it is loaded.
//! - A [`Case`] is plain JSON. [`Case::apply`] changes it or refuses; persist it and the [`Effect`]s in one transaction,
//!   then carry the effects out, each known by its `key`, and report [`Event::Applied`] for those of
//!   [`Act::Apply`] tasks ([`Case::awaits`]). Effects of approvals (disclosure, consent, tested) need no report.
//! - [`Case::todo`] says who must act and by when, [`Case::missing`] what keeps the drafts from being submitted,
//!   [`Case::draft`] what a form begins with. Drafts, files and assignments are the caller's.
//! - [`settings::client`] makes of approved sheets the client that a portal is told to have, in the words of
//!   `oauth::registry`, which both sides share.

pub mod answers;
pub mod case;
pub mod catalogue;
pub mod check;
pub mod compare;
pub mod private_key;
pub mod settings;
pub mod text;

pub use answers::{Answer, Answers, FileRef, Plain, PrivateKey, Row};
pub use case::{By, Case, Context, Effect, Event, Member, Opening, Outcome, Proposal, Refusal, Staff, Todo, Who};
pub use catalogue::{
    Act, Actor, Api, Catalogue, CatalogueError, Choice, EffectKind, Environment, Field, Form, Initiator, Kind, Means,
    Phase, Procedure, ServiceState, SourceFile, Step, Task,
};
pub use check::{Code, Finding, Place, Reading, Severity, World, has_errors, parse_keys};
pub use compare::{Difference, Differences, compare, compare_promotion};
pub use text::{Basis, Text};
