/// Why the database did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A unique or primary key is taken. The text names it, as the engine does.
    #[error("already there: {0}")]
    Unique(String),
    /// A row that this one refers to is missing, or still referred to.
    #[error("foreign key: {0}")]
    ForeignKey(String),
    /// A stored value is not what the code expects: `table.column` and what is wrong.
    #[error("stored data does not fit the code: {0}")]
    Inconsistent(String),
    /// The database can't be reached, is shutting down, or is too busy; trying again may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database refused for another reason: a defect of ours.
    #[error("the database refused: {0}")]
    Refused(String),
    /// Another process has this database open (SQLite), or it can't be opened.
    #[error("{0}")]
    Open(String),
}

impl Error {
    /// A stored value in `place` (`table.column`) that the code can't read.
    pub fn inconsistent(place: &str, what: impl std::fmt::Display) -> Self {
        Self::Inconsistent(format!("{place}: {what}"))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let text = e.to_string();
        match e {
            rusqlite::Error::SqliteFailure(f, _) => match (f.extended_code, f.code) {
                (ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY, _) => Self::Unique(text),
                (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, _) => Self::ForeignKey(text),
                (
                    _,
                    ffi::ErrorCode::DatabaseBusy
                    | ffi::ErrorCode::DatabaseLocked
                    | ffi::ErrorCode::DiskFull
                    | ffi::ErrorCode::SystemIoFailure,
                ) => Self::Unavailable(text),
                _ => Self::Refused(text),
            },
            _ => Self::Refused(text),
        }
    }
}

impl From<postgres::Error> for Error {
    fn from(e: postgres::Error) -> Self {
        use postgres::error::SqlState;
        if let Some(db) = e.as_db_error() {
            let text = format!("{} ({})", db.message(), db.constraint().unwrap_or_else(|| db.code().code()));
            return match db.code() {
                &SqlState::UNIQUE_VIOLATION => Self::Unique(text),
                &SqlState::FOREIGN_KEY_VIOLATION => Self::ForeignKey(text),
                // Class 08 connection, 40 rollback, 53 resources, 57 operator intervention.
                code if ["08", "40", "53", "57"].iter().any(|class| code.code().starts_with(class)) => {
                    Self::Unavailable(text)
                }
                _ => Self::Refused(text),
            };
        }
        if e.is_closed() { Self::Unavailable("connection closed".to_owned()) } else { Self::Unavailable(e.to_string()) }
    }
}
