//! Settings of the desk.

use std::path::PathBuf;

use procedures::Text;
use web::{Environment, Origin};

/// Settings of the desk.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its public address.
    pub origin: Origin,
    /// Test: the band 「このサイトは見本です」, the outbox page, and addresses on this machine in sheets.
    pub environment: Environment,
    /// The catalogue: the house's own files with an operator's laid over them (each a name such as
    /// `forms/plan.toml` and its text).
    pub procedures: Vec<procedures::SourceFile>,
    /// What is disclosed on approval.
    pub documents: Vec<Document>,
    /// What a guess at a password costs.
    pub passwords: accounts::PasswordCost,
}

/// A document that is disclosed: a file of the operator's, read when it is asked for.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its name in addresses: letters, digits, `-` and `.`.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// Where it is.
    pub file: PathBuf,
    /// Its media type.
    pub media_type: String,
}

impl Config {
    /// The usual settings of the test environment.
    pub fn test(origin: Origin) -> Self {
        Self {
            origin,
            environment: Environment::Test,
            procedures: Vec::new(),
            documents: Vec::new(),
            passwords: accounts::PasswordCost::default(),
        }
    }
}
