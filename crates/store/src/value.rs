//! Values going in and rows coming out, the same for both engines.

use base::Timestamp;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut};

use crate::{Error, Result};

/// A parameter of a statement. Made by [`params!`](crate::params).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`
    Int(i64),
    /// `TEXT`
    Text(&'a str),
    /// `BYTEA`
    Blob(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}
impl From<bool> for Value<'_> {
    fn from(v: bool) -> Self {
        Self::Int(v.into())
    }
}
impl From<Timestamp> for Value<'_> {
    fn from(v: Timestamp) -> Self {
        Self::Int(v.0)
    }
}
impl<'a> From<&'a str> for Value<'a> {
    fn from(v: &'a str) -> Self {
        Self::Text(v)
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(v: &'a String) -> Self {
        Self::Text(v)
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(v: &'a [u8]) -> Self {
        Self::Blob(v)
    }
}
impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(v: &'a Vec<u8>) -> Self {
        Self::Blob(v)
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(v: &'a [u8; N]) -> Self {
        Self::Blob(v)
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}
impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(v: &'a Option<String>) -> Self {
        v.as_deref().into()
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(i) => ValueRef::Integer(*i),
            Self::Text(t) => ValueRef::Text(t.as_bytes()),
            Self::Blob(b) => ValueRef::Blob(b),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(i) if *ty == Type::INT4 => i32::try_from(*i)?.to_sql(ty, out),
            Self::Int(i) => i.to_sql_checked(ty, out),
            Self::Text(t) => t.to_sql_checked(ty, out),
            Self::Blob(b) => b.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // each variant checks for itself
    }

    postgres::types::to_sql_checked!();
}

/// A value that came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A row that came out. Columns are numbered from 0, in the order of the `SELECT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub(crate) Vec<Cell>);

impl Row {
    fn wrong(&self, i: usize, wanted: &str) -> Error {
        let got = match self.0.get(i) {
            None => "no such column",
            Some(Cell::Null) => "NULL",
            Some(Cell::Int(_)) => "an integer",
            Some(Cell::Text(_)) => "text",
            Some(Cell::Blob(_)) => "bytes",
        };
        Error::Inconsistent(format!("column {i}: expected {wanted}, found {got}"))
    }

    /// Text; takes it out of the row, so ask for each column once.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when the column is `NULL` or of another type (also below).
    pub fn text(&mut self, i: usize) -> Result<String> {
        match self.0.get_mut(i) {
            Some(Cell::Text(t)) => Ok(std::mem::take(t)),
            _ => Err(self.wrong(i, "text")),
        }
    }

    /// Text or `NULL`.
    pub fn opt_text(&mut self, i: usize) -> Result<Option<String>> {
        match self.0.get(i) {
            Some(Cell::Null) => Ok(None),
            _ => self.text(i).map(Some),
        }
    }

    /// An integer.
    pub fn int(&self, i: usize) -> Result<i64> {
        match self.0.get(i) {
            Some(Cell::Int(v)) => Ok(*v),
            _ => Err(self.wrong(i, "an integer")),
        }
    }

    /// An integer or `NULL`.
    pub fn opt_int(&self, i: usize) -> Result<Option<i64>> {
        match self.0.get(i) {
            Some(Cell::Null) => Ok(None),
            _ => self.int(i).map(Some),
        }
    }

    /// A boolean stored as 0 or 1.
    pub fn bool(&self, i: usize) -> Result<bool> {
        Ok(self.int(i)? != 0)
    }

    /// A time.
    pub fn time(&self, i: usize) -> Result<Timestamp> {
        self.int(i).map(Timestamp)
    }

    /// A time or `NULL`.
    pub fn opt_time(&self, i: usize) -> Result<Option<Timestamp>> {
        Ok(self.opt_int(i)?.map(Timestamp))
    }

    /// Bytes; takes them out of the row.
    pub fn blob(&mut self, i: usize) -> Result<Vec<u8>> {
        match self.0.get_mut(i) {
            Some(Cell::Blob(b)) => Ok(std::mem::take(b)),
            _ => Err(self.wrong(i, "bytes")),
        }
    }

    /// Bytes or `NULL`.
    pub fn opt_blob(&mut self, i: usize) -> Result<Option<Vec<u8>>> {
        match self.0.get(i) {
            Some(Cell::Null) => Ok(None),
            _ => self.blob(i).map(Some),
        }
    }

    /// JSON stored as text, read into `T`. `place` (`table.column`) names it in an error.
    pub fn json<T: serde::de::DeserializeOwned>(&mut self, i: usize, place: &str) -> Result<T> {
        let text = self.text(i)?;
        serde_json::from_str(&text).map_err(|e| Error::inconsistent(place, e))
    }
}

impl From<&rusqlite::Row<'_>> for Row {
    fn from(row: &rusqlite::Row<'_>) -> Self {
        use rusqlite::types::ValueRef;
        let columns = row.as_ref().column_count();
        Self(
            (0..columns)
                .map(|i| match row.get_ref(i) {
                    Ok(ValueRef::Integer(v)) => Cell::Int(v),
                    Ok(ValueRef::Text(t)) => Cell::Text(String::from_utf8_lossy(t).into_owned()),
                    Ok(ValueRef::Blob(b)) => Cell::Blob(b.to_vec()),
                    // No REAL in the dialect; an error shows as NULL and is named on reading.
                    Ok(ValueRef::Null | ValueRef::Real(_)) | Err(_) => Cell::Null,
                })
                .collect(),
        )
    }
}

impl From<&postgres::Row> for Row {
    fn from(row: &postgres::Row) -> Self {
        fn cell<'a, T: postgres::types::FromSql<'a>>(row: &'a postgres::Row, i: usize, f: impl Fn(T) -> Cell) -> Cell {
            row.try_get::<_, Option<T>>(i).ok().flatten().map_or(Cell::Null, f)
        }
        Self(
            row.columns()
                .iter()
                .enumerate()
                .map(|(i, column)| match *column.type_() {
                    Type::INT8 => cell(row, i, Cell::Int),
                    Type::INT4 => cell(row, i, |v: i32| Cell::Int(v.into())),
                    Type::BOOL => cell(row, i, |v: bool| Cell::Int(v.into())),
                    Type::BYTEA => cell(row, i, Cell::Blob),
                    _ => cell(row, i, Cell::Text),
                })
                .collect(),
        )
    }
}
