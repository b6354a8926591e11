//! Columns to bytes.

use arrow::array::ArrayRef;
use bytes::Bytes;
use weir_catalog::{Column, FormatSpec};

use crate::{BadRecord, Error};

/// Encodes the keys or the values of rows. Reused from batch to batch.
#[derive(Debug)]
pub struct Encoder {}

/// The bytes of every row, slices of one buffer.
#[derive(Debug)]
pub struct Encoded {
    /// `None`: null bytes, for a row that is NULL as a whole.
    pub rows: Vec<Option<Bytes>>,
    /// Rows that this format cannot write, with the reason; their bytes are `None`.
    pub failures: Vec<(usize, BadRecord)>,
}

impl Encoder {
    /// `columns` are those of this part of the record, in order.
    pub fn try_new(_format: &FormatSpec, _columns: &[Column]) -> Result<Self, Error> {
        todo!()
    }

    /// `arrays` are the columns, in the order given to [`Encoder::try_new`], all of `rows` rows; `is_null` tells which
    /// rows are NULL as a whole (`None`: none is).
    pub fn encode(
        &mut self,
        _arrays: &[ArrayRef],
        _rows: usize,
        _is_null: Option<&arrow::array::BooleanArray>,
    ) -> Encoded {
        todo!()
    }
}
