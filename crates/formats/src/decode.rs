//! Bytes to columns.

use arrow::array::{ArrayRef, BooleanArray};
use weir_catalog::{Column, FormatSpec, SqlType};

use crate::{Error, Misfit};

/// A column to decode: what stands at `path`, read as `sql_type`.
///
/// Two queries that ask for the same path and type ask for the same column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ColumnRequest {
    pub path: ColumnPath,
    pub sql_type: SqlType,
}

/// A declared column's name, then names of members of its STRUCTs: `["WINLOG", "EVENT_DATA", "COMMANDLINE"]`.
pub type ColumnPath = Vec<String>;

/// Decodes the keys or the values of records. One per format, schema and set of columns; reused from batch to batch.
#[derive(Debug)]
pub struct Decoder {}

/// What came out: every column has a row for every record, NULL where the record is bad.
#[derive(Debug)]
pub struct Decoded {
    /// In the order of the requests.
    pub columns: Vec<ArrayRef>,
    /// True where the whole key or value is NULL: null bytes, or `null` in JSON.
    pub is_null: BooleanArray,
    /// Empty as a rule; in the order of the rows.
    pub misfits: Vec<Misfit>,
}

impl Decoder {
    /// `columns` are the declared ones of this part of the record, in order (DELIMITED reads by position and KAFKA has
    /// but one); `requests` are those to produce.
    pub fn try_new(
        _format: &FormatSpec,
        _columns: &[Column],
        _requests: &[ColumnRequest],
    ) -> Result<Self, Error> {
        todo!()
    }

    pub fn decode(&mut self, _records: &[Option<&[u8]>]) -> Decoded {
        todo!()
    }
}
